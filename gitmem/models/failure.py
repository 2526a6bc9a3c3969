"""What an answer other than HTTP 200 means: whose fault it is, and whether to ask again."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from gitmem.models.answer import said
from gitmem.models.outcome import Next, Outcome
from gitmem.models.reply import Credentials, Stop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.models.endpoint import Endpoint

_TRANSIENT = frozenset({408, 409, 425, 429})
_TOO_LARGE = ("too long", "request too large", "context length", "context window")
_UNPAID = ("credit balance", "spend limit", "spend_limit", "billing_error", "insufficient_quota")


def refusal(endpoint: Endpoint, status: int, headers: Mapping[str, str], body: object) -> Outcome:
    """The outcome of an HTTP status that is no success; ``body`` is parsed JSON or text.

    ``headers`` look names up in lower case. Raises Credentials when no further question has a
    chance before a person has put the account in order.
    """
    words = endpoint.redact(said(body) if isinstance(body, dict | list) else "")
    told = f"HTTP {status}" + (f": {words}" if words else "")
    host = endpoint.host
    _check_account(endpoint, status, f"{words} {_codes(body)}".lower(), told)
    if status // 100 == 3:  # noqa: PLR2004 - the class of redirections
        goal = endpoint.redact(headers.get("location", "elsewhere"))
        return Outcome(
            stop=Stop.NOT_THE_API,
            then=Next.NEVER,
            problem=f"{host} redirects to {goal}; what is sent stays with the host you named",
        )
    asked_wrong = status in {400, 422}
    if status == 413 or (asked_wrong and any(mark in words.lower() for mark in _TOO_LARGE)):  # noqa: PLR2004
        problem = f"the question is too large for {host} ({told}); a smaller one may fit"
        return Outcome(stop=Stop.TOO_LARGE, problem=problem)
    if status in _TRANSIENT or status >= 500:  # noqa: PLR2004 - the server's own failures
        return _transient(host, status, headers, told)
    if not isinstance(body, dict | list):
        problem = f"this is not the Messages API: {host} answers {told}"
        return Outcome(stop=Stop.NOT_THE_API, then=Next.NEVER, problem=problem)
    if asked_wrong:
        problem = f"{host} refuses the question ({told})"
        return Outcome(stop=Stop.REJECTED, then=Next.PLAINER, problem=problem, refused=words)
    unknown = "does not know that model or address; --model names another"
    what = unknown if status == 404 else "refuses"  # noqa: PLR2004
    return Outcome(stop=Stop.REJECTED, then=Next.NEVER, problem=f"{host} {what} ({told})")


def _codes(body: object) -> str:
    """The codes of an error beside its sentence; never the whole body, which may echo the question."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return ""
    details = error.get("details")
    inner = details.get("error_code") if isinstance(details, dict) else ""
    return f"{error.get('type')} {error.get('code')} {inner}"


def _check_account(endpoint: Endpoint, status: int, words: str, told: str) -> None:
    later = "the queue is as it was"
    if status == 402 or (  # noqa: PLR2004 - payment required
        status in {400, 403, 429} and any(mark in words for mark in _UNPAID)
    ):
        raise Credentials(
            f"{endpoint.host} will not be paid by this account ({told})",
            hint=f"check the account's credit and its spend limit; {later}",
        )
    if status in {401, 403}:
        name = "ANTHROPIC_AUTH_TOKEN" if endpoint.is_token else "ANTHROPIC_API_KEY"
        raise Credentials(
            f"{endpoint.host} does not accept the key ({told})", hint=f"check {name}; {later}"
        )


def _transient(host: str, status: int, headers: Mapping[str, str], told: str) -> Outcome:
    limited = status == 429  # noqa: PLR2004 - too many requests
    what = "is at its rate limit" if limited else "is in trouble"
    return Outcome(
        stop=Stop.LIMITED if limited else Stop.UNREACHABLE,
        then=Next.DONE if headers.get("x-should-retry") == "false" else Next.LATER,
        problem=f"{host} {what} ({told})",
        wait=_wait(headers),
    )


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds from `retry-after-ms`, or `retry-after` as seconds or as a date; None without them.

    A date is measured against the answer's own date, so that nobody's clock matters.
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
