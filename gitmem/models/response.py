"""A response of any model's API, as far as they are alike: its body, and what an HTTP error comes to.

The vendors' libraries build objects from anything (a login page becomes a `str`, a wrong shape a
message without content), so the bytes are read as they came.
"""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from gitmem.core.jsonline import figure
from gitmem.models.extract import begins, extract
from gitmem.models.reply import Attempt, Credentials, Next, Stop
from gitmem.models.shapes import Way

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.models.endpoint import Endpoint
    from gitmem.models.reply import Prompt

_TRANSIENT = frozenset({408, 409, 425, 429})
_TOO_LARGE = (
    "too long",
    "request too large",
    "context length",
    "context window",
    "context size",
    "tokens is too large",
)
_SENTENCE = ("error", "message", "detail", "msg")
_UNPAID = ("credit balance", "spend limit", "spend_limit", "billing_error", "insufficient_quota")

# What a server of one's own says with any status where it cannot hold a model to the shape: a grammar that it
# cannot make of the schema, a vocabulary that it needs for a format.
_SHAPE = re.compile(
    r"\b(?:response_format|output_config|tool_choice|json_schema|json_object|grammar|format|schema)\b"
)

_TOO_MUCH = {
    Stop.CUT: "the answer was cut off at max_tokens; a smaller question may fit",
    Stop.WINDOW: "the question is larger than the model's context window; a smaller one may fit",
}


def body(content: bytes, *, kind: str, api: str) -> dict[str, Any] | Attempt:
    """Return the JSON object of a body, or what a body without one comes to.

    ``kind`` is its content type, ``api`` the name of the API that was asked.
    """
    try:
        message = json.loads(content)
    except (ValueError, RecursionError):
        if "html" in kind or content.lstrip().startswith(b"<"):
            return not_the_api(api, "it sent a web page (a captive portal, or a proxy's error)")
        what = "is not JSON: it was damaged on its way" if content.strip() else "was empty"
        return Attempt(stop=Stop.INVALID, then=Next.AGAIN, problem=f"the answer {what}")
    if not isinstance(message, dict):
        return not_the_api(api, "its answer is not a message")
    return message


def finished(text: str, prompt: Prompt, way: Way) -> Attempt:
    """Return what the text of an answer comes to that the model ended by itself."""
    if not text.strip():
        return Attempt(stop=Stop.INVALID, problem="the answer says nothing")
    found = extract(text, prompt.schema)
    if found.data is not None:
        return Attempt(stop=Stop.END, data=found.data, ignored=_ignored(text, prompt, way))
    return misshapen(found.reason, way)


def misshapen(reason: str, way: Way) -> Attempt:
    """Return what an answer comes to that is not what was asked for, for this reason."""
    problem = f"the answer is not what was asked for: {reason}"
    ignored = way is not Way.TEXT
    return Attempt(stop=Stop.INVALID, then=Next.PLAINER, problem=problem, ignored=ignored)


def cut(stop: Stop, text: str, prompt: Prompt, way: Way) -> Attempt:
    """Return what an answer comes to that ended too early.

    Text that does not even begin as the answer shows that the server ignored the shape: the model
    chats until it is cut off, and would do so over a smaller question, too. No text shows nothing.
    """
    ignored = bool(text) and _ignored(text, prompt, way)
    then = Next.PLAINER if ignored else Next.DONE
    return Attempt(stop=stop, then=then, problem=_TOO_MUCH[stop], ignored=ignored)


def _ignored(text: str, prompt: Prompt, way: Way) -> bool:
    return way is not Way.TEXT and not begins(text, prompt.schema)


def failed(message: Mapping[str, Any]) -> Attempt:
    """Return what an error comes to that arrived with a status of success."""
    words = error_sentence(message)
    problem = f"the server says: {words}"
    if _names_shape(words):
        return Attempt(stop=Stop.REJECTED, then=Next.PLAINER, problem=problem, refused=words)
    return Attempt(stop=Stop.REJECTED, problem=problem)


def not_the_api(api: str, what: str) -> Attempt:
    """Return what an answer of something else comes to."""
    return Attempt(stop=Stop.NOT_THE_API, then=Next.NEVER, problem=f"this is not {api}: {what}")


def _names_shape(words: str) -> bool:
    """Tell whether an error's words are about the shape that was asked for."""
    return _SHAPE.search(words.lower()) is not None


def error_sentence(body: object) -> str:
    """Return the sentence in an error's body, wherever this server puts it; empty without one."""
    while isinstance(body, dict):  # a loop: since Python 3.12, JSON nests deeper than calls may
        body = next((body[name] for name in _SENTENCE if body.get(name)), "")
    if isinstance(body, list):
        try:
            return json.dumps(body)
        except RecursionError:
            return ""
    return body if isinstance(body, str) else ""


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
    cannot = status == 501 or (status >= 500 and not endpoint.is_vendor and _names_shape(words))  # noqa: PLR2004
    asked_wrong = asked_wrong or cannot
    if status in _TRANSIENT or (status >= 500 and not cannot):  # noqa: PLR2004 - the server's own failures
        return _transient(host, status, headers, status_text)
    if not isinstance(body, dict | list):
        return not_the_api(endpoint.service.api, f"{host} answers {status_text}")
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
    if status == 401 and not endpoint.has_key:  # noqa: PLR2004 - not authorized
        raise Credentials(
            f"{endpoint.host} wants a key, and none was sent ({status_text})",
            hint=f"set {endpoint.key_name}, and choose the engine {endpoint.service.engine}, which sends it; {later}",
        )
    if status in {401, 403}:
        raise Credentials(
            f"{endpoint.host} does not accept the key ({status_text})",
            hint=f"check {endpoint.key_name}; {later}",
        )


def _transient(host: str, status: int, headers: Mapping[str, str], status_text: str) -> Attempt:
    limited = status == 429  # noqa: PLR2004 - too many requests
    what = "is at its rate limit" if limited else "is in trouble"
    return Attempt(
        stop=Stop.LIMITED if limited else Stop.UNREACHABLE,
        then=Next.DONE if headers.get("x-should-retry") == "false" else Next.LATER,
        problem=f"{host} {what} ({status_text})",
        wait=asked_wait(headers),
    )


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return seconds from `retry-after-ms`, or `retry-after` as seconds or a date; None without them.

    A date is compared with the answer's own date, so that no clock of this machine matters. What can be no
    wait (infinity, a NaN) is 0.
    """
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            return figure(float(headers.get(name, "")) / unit)
        except ValueError:
            continue
    try:
        until = parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, (until - parsedate_to_datetime(headers.get("date", ""))).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
