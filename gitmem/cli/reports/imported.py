"""What `gitmem import` prints, in words and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.capture.capture import JOURNALED, SPOOLED
from gitmem.cli import render
from gitmem.core.errors import Refused
from gitmem.core.failures import Partial
from gitmem.importing import reviews

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.capture.capture import CaptureResult
    from gitmem.importing.plan import NewFlag, SourcePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportView:
    """The options that the report depends on; ``overview``: no source was named."""

    overview: bool
    dry_run: bool
    json: bool


def report(plans: Sequence[SourcePlan], kept: Sequence[CaptureResult], shown: ImportView) -> int:
    """Print what became of each source; return the exit code."""
    new = [one for source in plans for one in source.new]
    if shown.json:
        render.as_json(_answer(plans, new, kept))
    elif shown.overview and not shown.dry_run:
        _overview(plans)
    else:
        _each(plans, new, kept, shown)
    for result in kept:
        render.notes(result.notes)
        if result.reason:
            render.note(f"{JOURNALED}: {result.reason}")
    if shown.overview or not any(source.refused for source in plans):
        return 0
    done = new or any(source.duplicates for source in plans)
    return Partial.exit_code if done else Refused.exit_code


def _overview(plans: Sequence[SourcePlan]) -> None:
    rows = [(source.contents.name, _counts(source)) for source in plans]
    render.table([*rows, (reviews.NAME, "not asked for: gh reads them from GitHub")])
    _left_out(plans)
    names = [source.contents.name for source in plans if source.new]
    if names:
        render.say(f"next: gitmem import {' '.join(names)} --dry-run lists the items")
    else:
        render.say("nothing new here; gitmem import PATH takes any Markdown file or folder")


def _counts(source: SourcePlan) -> str:
    if not source.contents.there:
        return "nothing there"
    parts = [f"{len(source.new)} new"]
    parts += [f"{len(source.duplicates)} known already"] if source.duplicates else []
    parts += [f"{len(source.refused)} refused"] if source.refused else []
    tainted = sum(one.item.tainted for one in source.new)
    parts += [f"{tainted} tainted"] if tainted else []
    return f"{render.count(len(source.contents.items), 'item')}: {', '.join(parts)}"


def _each(
    plans: Sequence[SourcePlan],
    new: Sequence[NewFlag],
    kept: Sequence[CaptureResult],
    shown: ImportView,
) -> None:
    for source in plans:
        render.say(f"{source.contents.name}: {_counts(source)}")
        for one in source.new if shown.dry_run else ():
            body = (
                f" [with a body of {len(str(one.fields['body']))} characters]"
                if "body" in one.fields
                else ""
            )
            tainted = ", tainted" if one.item.tainted else ""
            kind, text = one.fields["kind"], one.fields["text"]
            render.say(f"  would flag ({kind}{tainted}) {text}{body} from {one.item.source}")
        for same in source.duplicates:
            render.say(f"  known already: {same.item.source}: {same.known}")
    for source in plans:
        for refused in source.refused:
            render.say(f"  refused: {refused.place}: {refused.reason}")
    _left_out(plans)
    if shown.dry_run:
        render.say("nothing was written")
    elif kept:
        render.say(f"flagged {render.count(len(new), 'item')}")
        spooled = any(result.spooled for result in kept)
        render.say(SPOOLED if spooled else "next: gitmem close files them for review")
    else:
        render.say("nothing new to flag")


def _left_out(plans: Sequence[SourcePlan]) -> None:
    for source in plans:
        for left in source.contents.left_out:
            render.say(f"  left out: {left.place}: {left.reason}")


def _answer(
    plans: Sequence[SourcePlan], new: Sequence[NewFlag], kept: Sequence[CaptureResult]
) -> dict[str, object]:
    ids = [flag.id for result in kept for flag in result.flags]
    saved = {
        "spool" if result.spooled else "journal" if result.reason else "queue" for result in kept
    }
    return {
        "sources": [
            {
                "name": source.contents.name,
                "there": source.contents.there,
                "items": len(source.contents.items),
                "new": len(source.new),
            }
            for source in plans
        ],
        "flags": [
            {
                "id": ids[at] if ids else None,
                "kind": one.fields["kind"],
                "text": one.fields["text"],
                "body": one.fields.get("body"),
                "topic": one.fields.get("topic"),
                "source": one.item.source,
                "tainted": one.item.tainted,
            }
            for at, one in enumerate(new)
        ],
        "known": [
            {"source": same.item.source, "known": same.known}
            for source in plans
            for same in source.duplicates
        ],
        "refused": [
            {"source": refused.place, "reason": refused.reason}
            for source in plans
            for refused in source.refused
        ],
        "left_out": [
            {"source": left.place, "reason": left.reason}
            for source in plans
            for left in source.contents.left_out
        ],
        "saved": next((name for name in ("spool", "journal", "queue") if name in saved), None),
    }
