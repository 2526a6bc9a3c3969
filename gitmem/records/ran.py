"""Read back what a drain record's header says of a close: of any version, and of anybody's making."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.jsonline import figure
from gitmem.records.drain_record import Run

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A close that landed: its drain's name, when (as the record has it), how many flags, what ran.

    ``tokens`` are those in and out together: an older header has no more than that.
    """

    drain: str
    at: str
    flags: int
    tokens: int
    run: Run


def ran(text: str) -> Ran | None:
    """What the first line of a record says; None when that is no header.

    The record is a file of the repository: a figure that cannot be one counts as 0, and what an
    older header did not have yet is 0, too, or derived from what it had.
    """
    first, _, rest = text.partition("\n")
    try:
        fields = json.loads(first)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or not isinstance(fields.get("drain"), str):
        return None
    run = _run(fields)
    flags = _count(fields, "flags") if "flags" in fields else rest.count('{"id":"')
    tokens = _count(fields, "tokens") or run.tokens
    at = _word(fields, "at")
    return Ran(drain=fields["drain"], at=at, flags=flags, tokens=tokens, run=run)


def _run(fields: Mapping[str, object]) -> Run:
    model, calls = _word(fields, "model"), _count(fields, "calls")
    retries = _count(fields, "retries")
    return Run(
        engine=_word(fields, "engine"),
        model=model,
        asked=_word(fields, "asked") or model,
        workers=_count(fields, "workers"),
        in_flight=_count(fields, "in_flight"),
        questions=_count(fields, "questions") or max(0, calls - retries),
        kept=_count(fields, "kept"),
        calls=calls,
        retries=retries,
        tokens_in=_count(fields, "tokens_in"),
        tokens_out=_count(fields, "tokens_out"),
        sent=_count(fields, "sent"),
        dollars=None if fields.get("dollars") is None else figure(fields.get("dollars")),
        priced=_word(fields, "priced"),
        wall_s=figure(fields.get("wall_s")),
        calls_s=figure(fields.get("calls_s")),
        slowest_s=figure(fields.get("slowest_s")),
        sum_s=figure(fields.get("sum_s")),
    )


def _word(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _count(fields: Mapping[str, object], name: str) -> int:
    return int(figure(fields.get(name)))
