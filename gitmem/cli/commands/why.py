"""`gitmem why`: where a line comes from."""

from __future__ import annotations

import json as jsons
import time
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import Json
from gitmem.cli.folder import working
from gitmem.core import quantities
from gitmem.queue import decisions
from gitmem.queue.decisions import DROP
from gitmem.recall.line import digest_key, topic_key
from gitmem.session import showings
from gitmem.trace.origin import Origin, OriginKind
from gitmem.trace.why import why as run_why

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.queue.decisions import Decision
    from gitmem.session.showings import LineShowings
    from gitmem.trace.filings import FiledOutcome
    from gitmem.trace.history import Commit

_SHORT = 12  # characters of a commit's name


def why(
    line: Annotated[
        str,
        typer.Argument(metavar="FILE:LINE", help="The line, or some words of its text."),
    ],
    json: Json = False,
) -> None:
    r"""Say where a line comes from: flags, session, drain.

    Takes a line of memory, the rules or a skill, as it is in the work tree. Follows renames, moves,
    merges and rewordings, and says when a person wrote or changed the line.

    \b
    Examples: gitmem why memory/testing.md:4
              gitmem why 'run uv add'
    """
    place = surroundings.here()
    origin = run_why(place.repo, line, cwd=working(), folder=place.settings.folder)
    decided = decisions.dropping(place.repo)
    shown = showings.read(place.repo.folder).of(_keys(origin))
    if json:
        made = {
            filed.outcome.flag.id: [one.answer for one in decided[filed.outcome.flag.id]]
            for filed in (*origin.filed, *origin.folded)
            if filed.outcome.flag.id in decided
        }
        answered = {**answer(origin), "shown": showings.answer(shown)}
        render.as_json({**answered, "decisions": made} if made else answered)
        return
    render.say(f"{origin.line.file}:{origin.line.first}  {origin.line.text}")
    for said in [*_story(origin, decided), *_shown(shown)]:
        render.say("  " + said)


def _keys(origin: Origin) -> list[str]:
    """Return what may name the line in the ledger: its flags, its words now and before, its topic."""
    flags = [filed.outcome.flag.id for filed in (*origin.filed, *origin.folded)]
    texts = [origin.line.text, *[change.was for change in origin.changes]]
    return [*flags, *map(digest_key, texts), topic_key(origin.line.file)]


def _shown(shown: LineShowings) -> Iterator[str]:
    """Yield how often hooks showed the line in this clone; nothing for never."""
    if shown.count:
        ago = quantities.ago(shown.last, time.time())
        yield f"{showings.sentence(shown)} of this clone, last {ago}" + (
            " ago" if ago[:1].isdigit() else ""
        )


def answer(origin: Origin) -> dict[str, object]:
    """Return where a line comes from, for a program."""
    first = origin.filed[0] if origin.filed else None
    return {
        "file": origin.line.file,
        "line": origin.line.first,
        "text": origin.line.text,
        "origin": origin.kind.value,
        "flags": [jsons.loads(filed.outcome.flag.line) for filed in origin.filed],
        "drain": first.drain if first else None,
        "commit": origin.commit.oid if origin.commit else None,
        "engine": first.engine or None if first else None,
        "model": first.model or None if first else None,
        "by_hand": origin.by_hand,
        "author": origin.commit.author if origin.commit else None,
        "at": origin.commit.at if origin.commit else None,
        "committed": origin.committed,
        "outcome": first.outcome.fate.value if first else None,
        "reason": first.outcome.reason or None if first else None,
        "review_commit": origin.landing.oid if origin.landing else None,
        "moves": [
            {"drain": one.drain, "from": one.moved.outcome.file if one.moved else None}
            for one in origin.moves
        ],
        "duplicates": [jsons.loads(filed.outcome.flag.line) for filed in origin.folded],
        "changes": [
            {
                "commit": change.commit.oid if change.commit else None,
                "author": change.commit.author if change.commit else None,
                "at": change.commit.at if change.commit else None,
                "was": change.was,
                **({"reworded_by": change.by} if change.by else {}),
            }
            for change in origin.changes
        ],
        "replaced": [
            {
                "text": one.line.text,
                "flags": [jsons.loads(filed.outcome.flag.line) for filed in one.filed],
                "drain": one.filed[0].drain if one.filed else None,
                "commit": one.landing.oid
                if one.landing
                else one.commit.oid
                if one.commit
                else None,
                "by_hand": one.by_hand,
            }
            for one in _chain(origin)
        ],
    }


def _chain(origin: Origin) -> Iterator[Origin]:
    """Yield the lines that it replaced, each followed by those that this one had replaced."""
    for before in origin.replaced:
        yield before
        yield from _chain(before)


def decision_lines(made: Sequence[Decision]) -> Iterator[str]:
    """Yield who dropped a flag or queued it again, when and why, the earliest first."""
    for one in made:
        verb = "dropped" if one.what == DROP else "queued again"
        yield f"{verb} by {one.by}, {one.at}" + (f": {one.reason}" if one.reason else "")


def _story(origin: Origin, decided: Mapping[str, Sequence[Decision]]) -> Iterator[str]:
    """Yield a sentence each: what people did, what the drain did, the flags, the lines before."""
    match origin.kind:
        case OriginKind.HAND:
            yield _hand(origin)
        case OriginKind.OURS:
            yield "gitmem's own words around what was filed" + since(origin.commit)
        case OriginKind.UNKNOWN:
            yield "not known: this clone is shallow, and no drain record has this line"
            yield "to fetch the full history: git fetch --unshallow"
        case OriginKind.FILED | OriginKind.REWORDED:
            yield from _filed(origin, decided)
    for before in _chain(origin):
        who = ", ".join(_who(filed.outcome.flag) for filed in before.filed)
        if not who:
            who = "by hand" + since(before.commit) if before.by_hand else "origin not known"
        yield f"it replaced: {before.line.text}"
        yield f"  ({who})"


def _filed(origin: Origin, decided: Mapping[str, Sequence[Decision]]) -> Iterator[str]:
    for change in origin.changes:
        by = f"reworded in review by {change.by}" if change.by else "changed by hand"
        yield by + since(change.commit)
        yield f"  it was: {change.was}"
    first = origin.filed[0]
    for move in origin.moves:
        before = move.moved.outcome.file if move.moved else ""
        yield f"moved here from {before}, as it is, by drain {move.drain}"
    moved = not origin.moves and origin.kind is OriginKind.FILED and origin.commit != origin.landing
    if moved and not origin.committed:
        yield "moved here by hand, not committed yet"
    elif moved and origin.landing is not None and origin.commit is not None:
        yield f"moved or put back by hand{since(origin.commit)}"
    how = f"engine {first.engine}" + (f", model {first.model}" if first.model else "")
    yield f"{first.outcome.fate.value} by drain {first.drain} ({how})" + _verbatim(first)
    if first.outcome.reason:
        yield f"  because: {first.outcome.reason}"
    landed = origin.landing
    yield (
        f"review commit{since(landed)}" if landed else "review commit: not in this clone's history"
    )
    for filed in origin.filed:
        yield from _flag(filed.outcome.flag, decided)
    for filed in origin.folded:
        yield "the same was flagged again:"
        yield from _flag(filed.outcome.flag, decided)


def _flag(flag: Flag, decided: Mapping[str, Sequence[Decision]]) -> Iterator[str]:
    yield from flag_lines(flag)
    for told in decision_lines(decided.get(flag.id, ())):
        yield f"  {told}"


def _verbatim(filed: FiledOutcome) -> str:
    return ", as it was written" if filed.outcome.verbatim else ", reworded"


def _hand(origin: Origin) -> str:
    if not origin.committed:
        return "written by hand, not committed yet"
    return f"written by hand{since(origin.commit)}"


def since(commit: Commit | None) -> str:
    """Return commit, author, time and subject; without a commit, that the line is not committed."""
    if commit is None:
        return ", not committed yet"
    return f" in {commit.oid[:_SHORT]} by {commit.author}, {commit.at}: {commit.subject}"


def _who(flag: Flag) -> str:
    session = f", session {flag.session}" if flag.session else ""
    return f"flag {flag.id}, {flag.by}, {flag.at}{session}"


def flag_lines(flag: Flag) -> Iterator[str]:
    """Yield a flag's own words and where it was made, one line each."""
    yield f"flag {flag.id} ({flag.kind}{', tainted' if flag.tainted else ''}): {render.words(flag)}"
    session = f"session {flag.session}" if flag.session else "no session"
    client = f" of {flag.client}" if flag.client else ""
    yield f"  by {flag.by}, {flag.at}, {session}{client}"
    where = f"on branch {flag.branch}" if flag.branch else "on no branch"
    yield f"  {where}" + (f" at {flag.head[:_SHORT]}" if flag.head else "")
    if flag.source:
        yield f"  learned from {flag.source}"
    if flag.replaces:
        yield f"  in the place of flag {flag.replaces}"
    if flag.body:
        yield "  its body:"
        for row in flag.body.split("\n"):
            yield f"    {row.expandtabs(4)}" if row else ""
