"""Read what a program left behind: as hostile as a server's answer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from gitmem.core.jsonline import figure
from gitmem.models.extract import extract, outline
from gitmem.models.outcome import Outcome
from gitmem.models.reply import Credentials, Prompt, Stop
from gitmem.models.usage import Usage, token_counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A program that ended by itself: its exit code, its answer, its last line of complaint."""

    code: int
    answer: str
    complaint: str


#: What the programs say when a person has to log in or to pay; matched only when they failed.
_LOGIN = re.compile(
    r"not logged in|/login|no key found|missing environment variable|invalid api key"
    r"|failed to authenticate|\b401\b|unauthorized|credit balance|insufficient_quota",
    re.IGNORECASE,
)
_TOO_LARGE = re.compile(r"too long|context (?:length|window)|request too large", re.IGNORECASE)
_ACCOUNT = frozenset({401, 402, 403})


def read_text(program: str, ended: Ended, prompt: Prompt) -> Outcome:
    """The outcome of a program whose answer is, or holds, the JSON object.

    Raises Credentials when it failed because a person has to log in.
    """
    if ended.code:
        raise_for_login(program, ended.complaint)
        problem = f"{program} ended with {ended.code}: {ended.complaint or 'it did not say why'}"
        return Outcome(stop=_why(ended.complaint), problem=problem)
    return _found(ended.answer, prompt)


def read_claude(program: str, ended: Ended, prompt: Prompt) -> Outcome:
    """The outcome of `claude -p --output-format json`: one JSON object about the session.

    Success alone says little: after mere prose `structured_output` is missing.
    """
    try:
        session = json.loads(ended.answer)
    except (ValueError, RecursionError):
        session = None
    if not isinstance(session, dict):
        return read_text(program, replace(ended, answer=""), prompt)
    said = session.get("result")
    said = said if isinstance(said, str) else ""
    if ended.code or session.get("is_error"):
        why = said or str(session.get("subtype") or ended.complaint)
        raise_for_login(program, why, refused=session.get("api_error_status") in _ACCOUNT)
        return _with_usage(Outcome(stop=_why(why), problem=f"{program} failed: {why}"), session)
    data = session.get("structured_output")
    if isinstance(data, dict) and not outline(data, prompt.schema):
        return _with_usage(Outcome(stop=Stop.END, data=data), session)
    return _with_usage(_found(said, prompt), session)


def raise_for_login(program: str, said: str, *, refused: bool = False) -> None:
    """Raises Credentials when a failed program's words, or ``refused``, say that a login is missing."""
    if refused or _LOGIN.search(said):
        raise Credentials(
            f"{program} is not logged in, or may not ask: {said}",
            hint=f"put {program}'s login in order; the queue is as it was",
        )


def _why(said: str) -> Stop:
    return Stop.TOO_LARGE if _TOO_LARGE.search(said) else Stop.FAILED


def _found(text: str, prompt: Prompt) -> Outcome:
    if not text.strip():
        return Outcome(stop=Stop.INVALID, problem="the answer says nothing")
    found = extract(text, prompt.schema)
    if found.data is None:
        problem = f"the answer is not what was asked for: {found.reason}"
        return Outcome(stop=Stop.INVALID, problem=problem)
    return Outcome(stop=Stop.END, data=found.data)


def _with_usage(outcome: Outcome, session: dict[str, Any]) -> Outcome:
    """The outcome with what the session counted; its dollars are the program's own reckoning."""
    dollars = session.get("total_cost_usd")
    models = session.get("modelUsage")
    tokens_in, tokens_out = token_counts(session.get("usage"))
    return replace(
        outcome,
        usage=Usage(
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            dollars=figure(dollars) if isinstance(dollars, int | float) else None,
        ),
        answered=", ".join(map(str, models)) if isinstance(models, dict) else "",
    )
