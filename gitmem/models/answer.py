"""Read a response of the Messages API: its bounded body, then an answer, a failure of the server, or a refusal.

The SDK builds objects from anything (a login page becomes a `str`, a wrong shape a message without
content), so the bytes are read as they came. They are hostile until they have passed here: 3,500 bytes that are
compressed twice unpack to 5,000 million, and a library that unpacks them at once takes that memory.
"""

from __future__ import annotations

import json
import zlib
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from gitmem.models.extract import Extraction, extract, outline
from gitmem.models.reply import LIMIT, Attempt, Credentials, Next, Prompt, Stop
from gitmem.models.shapes import TOOL, Way
from gitmem.models.usage import Usage, token_counts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, MutableMapping

    from gitmem.models.endpoint import Endpoint

ENCODING = "content-encoding"
_GZIP = ("gzip", "x-gzip")
_EITHER = 32 + zlib.MAX_WBITS  # of zlib: a gzip or a zlib header

_TRANSIENT = frozenset({408, 409, 425, 429})
_TOO_LARGE = ("too long", "request too large", "context length", "context window")
_UNPAID = ("credit balance", "spend limit", "spend_limit", "billing_error", "insufficient_quota")

_FAILED = {
    Stop.CUT: "the answer was cut off at max_tokens; a smaller question may fit",
    Stop.WINDOW: "the question is larger than the model's context window; a smaller one may fit",
}


def read(content: bytes, *, kind: str, prompt: Prompt, way: Way) -> Attempt:
    """Return the result of a body; ``kind`` is its content type, ``way`` how the question was asked."""
    try:
        message = json.loads(content)
    except (ValueError, RecursionError):
        if "html" in kind or content.lstrip().startswith(b"<"):
            return _not_the_api("it sent a web page (a captive portal, or a proxy's error)")
        what = "is not JSON: it was damaged on its way" if content.strip() else "was empty"
        return Attempt(stop=Stop.INVALID, then=Next.AGAIN, problem=f"the answer {what}")
    if not isinstance(message, dict):
        return _not_the_api("its answer is not a message")
    if message.get("type") == "error":
        return Attempt(stop=Stop.REJECTED, problem=f"the server says: {error_sentence(message)}")
    if not isinstance(message.get("content"), list):
        return _not_the_api("its answer has no content")
    return _judge(message, prompt, way)


def error_sentence(body: object) -> str:
    """Return the sentence in an error's body, wherever this server puts it; empty without one."""
    if isinstance(body, dict):
        for name in ("error", "message", "detail", "msg"):
            if body.get(name):
                return error_sentence(body[name])
        return ""
    if isinstance(body, list):
        return json.dumps(body)
    return body if isinstance(body, str) else ""


def _not_the_api(what: str) -> Attempt:
    return Attempt(
        stop=Stop.NOT_THE_API, then=Next.NEVER, problem=f"this is not the Messages API: {what}"
    )


def _judge(message: dict[str, Any], prompt: Prompt, way: Way) -> Attempt:
    named = message.get("model")
    extraction, stop, then = _answer(message, prompt, way)
    tokens_in, tokens_out = token_counts(message.get("usage"))
    return Attempt(
        stop=stop,
        then=then,
        data=extraction.data,
        problem=extraction.reason,
        usage=Usage(tokens_in=tokens_in, tokens_out=tokens_out, dollars=None),
        answered=named if isinstance(named, str) else "",
    )


def _answer(message: dict[str, Any], prompt: Prompt, way: Way) -> tuple[Extraction, Stop, Next]:
    """Return what the message says, why it stopped, and what follows."""
    reason = message.get("stop_reason")
    if reason == Stop.REFUSAL:
        details = message.get("stop_details")
        category = details.get("category") if isinstance(details, dict) else None
        about = f" ({category})" if isinstance(category, str) else ""
        return Extraction(reason=f"the model refused to answer{about}"), Stop.REFUSAL, Next.DONE
    if reason in _FAILED:
        stop = Stop(reason)
        return Extraction(reason=_FAILED[stop]), stop, Next.DONE
    if reason != Stop.END and not (reason == Stop.TOOL and way is Way.TOOL):
        problem = f"the answer ended for an unknown reason: {ascii(reason)[:40]}"
        return Extraction(reason=problem), Stop.INVALID, Next.DONE
    return _find(message["content"], prompt, Stop(reason))


def _find(content: list[Any], prompt: Prompt, stop: Stop) -> tuple[Extraction, Stop, Next]:
    """Return the answer among the blocks: the input of our tool, else the JSON object in the text."""
    blocks = [block for block in content if isinstance(block, dict)]
    given = [
        block.get("input")
        for block in blocks
        if block.get("type") == "tool_use" and block.get("name") == TOOL
    ]
    for value in given:
        if isinstance(value, dict) and not outline(value, prompt.schema):
            return Extraction(data=value), stop, Next.DONE
    texts = [block.get("text") for block in blocks if block.get("type") == "text"]
    text = "".join(text for text in texts if isinstance(text, str))
    if not text.strip() and not given:
        return Extraction(reason="the answer says nothing"), Stop.INVALID, Next.DONE
    extraction = extract(text, prompt.schema)
    if extraction.data is not None:
        return extraction, stop, Next.DONE
    reason = outline(given[0], prompt.schema) if given else extraction.reason
    problem = f"the answer is not what was asked for: {reason}"
    return Extraction(reason=problem), Stop.INVALID, Next.PLAINER


def refusal(endpoint: Endpoint, status: int, headers: Mapping[str, str], body: object) -> Attempt:
    """Return the result of an HTTP status that is not a success; ``body`` is parsed JSON or text.

    ``headers`` look names up in lower case. Raises Credentials when no further question has a
    chance before a person has put the account in order.
    """
    words = endpoint.redact(error_sentence(body) if isinstance(body, dict | list) else "")
    status_text = f"HTTP {status}" + (f": {words}" if words else "")
    host = endpoint.host
    _check_account(endpoint, status, f"{words} {_codes(body)}".lower(), status_text)
    if status // 100 == 3:  # noqa: PLR2004 - the class of redirections
        goal = endpoint.redact(headers.get("location", "elsewhere"))
        return Attempt(
            stop=Stop.NOT_THE_API,
            then=Next.NEVER,
            problem=f"{host} redirects to {goal}; what is sent stays with the host you named",
        )
    asked_wrong = status in {400, 422}
    if status == 413 or (asked_wrong and any(mark in words.lower() for mark in _TOO_LARGE)):  # noqa: PLR2004
        problem = f"the question is too large for {host} ({status_text}); a smaller one may fit"
        return Attempt(stop=Stop.TOO_LARGE, problem=problem)
    if status in _TRANSIENT or status >= 500:  # noqa: PLR2004 - the server's own failures
        return _transient(host, status, headers, status_text)
    if not isinstance(body, dict | list):
        problem = f"this is not the Messages API: {host} answers {status_text}"
        return Attempt(stop=Stop.NOT_THE_API, then=Next.NEVER, problem=problem)
    if asked_wrong:
        problem = f"{host} refuses the question ({status_text})"
        return Attempt(stop=Stop.REJECTED, then=Next.PLAINER, problem=problem, refused=words)
    unknown = "does not know that model or address; --model names another"
    what = unknown if status == 404 else "refuses"  # noqa: PLR2004
    return Attempt(stop=Stop.REJECTED, then=Next.NEVER, problem=f"{host} {what} ({status_text})")


def _codes(body: object) -> str:
    """Return the codes of an error beside its sentence, not the whole body: it may echo the question."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return ""
    details = error.get("details")
    inner = details.get("error_code") if isinstance(details, dict) else ""
    return f"{error.get('type')} {error.get('code')} {inner}"


def _check_account(endpoint: Endpoint, status: int, words: str, status_text: str) -> None:
    later = "the queue is as it was"
    if status == 402 or (  # noqa: PLR2004 - payment required
        status in {400, 403, 429} and any(mark in words for mark in _UNPAID)
    ):
        raise Credentials(
            f"{endpoint.host} will not be paid by this account ({status_text})",
            hint=f"check the account's credit and its spend limit; {later}",
        )
    if status in {401, 403}:
        name = "ANTHROPIC_AUTH_TOKEN" if endpoint.is_token else "ANTHROPIC_API_KEY"
        raise Credentials(
            f"{endpoint.host} does not accept the key ({status_text})",
            hint=f"check {name}; {later}",
        )


def _transient(host: str, status: int, headers: Mapping[str, str], status_text: str) -> Attempt:
    limited = status == 429  # noqa: PLR2004 - too many requests
    what = "is at its rate limit" if limited else "is in trouble"
    return Attempt(
        stop=Stop.LIMITED if limited else Stop.UNREACHABLE,
        then=Next.DONE if headers.get("x-should-retry") == "false" else Next.LATER,
        problem=f"{host} {what} ({status_text})",
        wait=_wait(headers),
    )


def _wait(headers: Mapping[str, str]) -> float | None:
    """Return seconds from `retry-after-ms`, or `retry-after` as seconds or a date; None without them.

    A date is compared with the answer's own date, so that no clock of this machine matters.
    """
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            return max(0.0, float(headers.get(name, "")) / unit)
        except ValueError:
            continue
    try:
        until = parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, (until - parsedate_to_datetime(headers.get("date", ""))).total_seconds())
    except (ValueError, TypeError):
        return None


class BodyTooLong(Exception):
    """A body is larger than any answer."""


class UnexpectedEncoding(Exception):
    """A body in an encoding that was not asked for; the message names it."""


def decoded(
    headers: MutableMapping[str, str], chunks: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    """Return the decoded chunks of a body; the encoding is taken out of ``headers``.

    Iterating raises BodyTooLong when they are more than any answer has, and UnexpectedEncoding for a
    body that is compressed twice, or not with gzip or deflate: no encoding was asked for.
    """
    named = headers.pop(ENCODING, "").lower().replace(" ", "")
    words = [word for word in named.split(",") if word not in {"", "identity"}]
    return _read(words, named, chunks)


async def _read(words: list[str], named: str, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if len(words) > 1 or (words and words[0] not in (*_GZIP, "deflate")):
        raise UnexpectedEncoding(named)
    unpack = zlib.decompressobj(_EITHER) if words else None
    size = 0
    async for chunk in chunks:
        try:
            # One byte above the limit shows that there is more.
            piece = unpack.decompress(chunk, LIMIT + 1 - size) if unpack else chunk
        except zlib.error as error:
            raise UnexpectedEncoding(f"{named}, damaged") from error
        size += len(piece)
        if size > LIMIT:
            raise BodyTooLong
        yield piece
