"""What `gitmem status` prints: what waits, where, and what to do next."""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from gitmem.check.terms import RemoteQueue
from gitmem.cli import folder, render, surroundings
from gitmem.cli.reports import loaded
from gitmem.cli.reports.conflicts import conflicts
from gitmem.core import quantities
from gitmem.queue import decisions, mine, refused, spool
from gitmem.records import forgetting, target, tidy
from gitmem.records.unpushed import unpushed
from gitmem.safety.text import visible
from gitmem.sync.remote_queue import unknown_queue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.bootstrap.workplace import Workplace
    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.queue.refused import RefusedText
    from gitmem.records.snapshot import Snapshot


class Row(NamedTuple):
    """What waits: how many, their state, something about them, and what to do next (empty: nothing)."""

    number: str
    state: str
    about: str
    then: str

    @property
    def line(self) -> str:
        """Return it as one line, without what to do next."""
        between = (": " if self.about[:1].isdigit() else " ") if self.about else ""
        return f"{self.number} {self.state}{between}{self.about}"


_HEAD = 200  # characters of a refused text
#: Kinds whose plural is not the kind with an s.
_NOUNS = {"pending": "pending item"}


def status(*, as_json: bool) -> int:
    """Print what waits; return the exit code. Publishes pending flags."""
    place = surroundings.here()
    seen, notes = tidy.settle(place.repo, place.configured)
    render.notes(notes)
    render.aside(seen.aside)
    spooled, lost = spool.count(place.repo.folder, time.time()), refused.read(place.repo.folder)
    if as_json:
        waiting = len(forgetting.to_forget(place.repo, seen.target))
        gone = len(forgetting.forgotten_here(place.repo, seen.target))
        counts = {"to_forget": waiting, "forgotten": gone}
        counts |= {"spooled": spooled, "refused": len(lost)}
        more = {key: number for key, number in counts.items() if number}
        commit, _ = target.leading_commit(place.repo, seen.target)
        files, imports = loaded.of_commit(place.repo, commit, place.settings.folder)
        known = loaded.answer(imports, place.settings.folder)
        odd = [*loaded.hidden(files.texts, place.settings.folder)]
        known |= {"hidden": odd} if odd else {}
        more |= {"mine": own} if (own := _own()) else {}
        render.as_json({**_answer(place.repo, seen), **more, "memory": known})
        return 0
    render.unread(seen.state.damaged)
    render.notes([str(one) for one in seen.state.conflicts.values()])
    _print(place, seen)
    for said in in_own_memory():
        render.say(said)
    _say_spooled(place.repo, spooled, lost)
    return 0


def in_own_memory() -> list[str]:
    """Return, as sentences, what waits in the person's own memory, where this is another repository."""
    said = mine.sentence(_own())
    return [said] if said else []


def _own() -> int:
    return 0 if folder.is_mine() else mine.waiting()


def _say_spooled(repo: Repository, number: int, lost: Sequence[RefusedText]) -> None:
    """Say what waits in the spool and each text that was refused; then forget those that a person took away."""
    if number:
        then = "the next hook or command saves them that may write the git directory"
        render.say(f"{number} in the spool\n  {then}")
    if not lost:
        return
    render.say(f"{render.count(len(lost), 'spooled text')} refused, and not in the queue")
    for one in lost:
        render.say(f"  {one.reason}: {one.text[:_HEAD] or one.record}")
        gone = not os.path.lexists(one.kept)
        render.say(f"    {'no longer kept' if gone else f'kept in {visible(one.kept)}'}")
    render.say(
        "  flag again what is worth it, then remove these files; status names them until then"
    )
    with suppress(OSError):  # a git directory that cannot be written
        refused.forget_gone(repo.folder, lost)


def _answer(repo: Repository, seen: Snapshot) -> dict[str, object]:
    state = seen.state
    flags = state.undrained
    return {
        "undrained": len(flags) + len(state.unreadable),
        "in_review": len(state.in_review),
        "accepted": len(state.accepted),
        "journaled": len(state.journaled),
        "oldest": quantities.oldest([flag.at for flag in flags]) or None,
        "sessions": _sessions(flags),
        "by_kind": dict(Counter(flag.kind for flag in flags)),
        "queue": seen.queue.tip or None,
        **({"conflicts": conflicts(state.conflicts.values())} if state.conflicts else {}),
        "target": seen.target.name,
        **(
            {"remote_queue": RemoteQueue.NOT_ASKED.value}
            if unknown_queue(repo, seen.target)
            else {}
        ),
        "damaged": [str(line) for line in state.damaged],
        "aside": seen.aside,
    }


def _print(place: Workplace, seen: Snapshot) -> None:
    waiting = rows(place, seen)
    hidden = unknown_queue(place.repo, seen.target)
    for row in waiting:
        render.say(row.line)
        if row.then:
            render.say(f"  {row.then}")
    if not waiting and not hidden:
        render.say(all_drained(seen))
        if seen.queue.tip:
            render.say("the next gitmem close removes the queue branch")
    for sentence in told_of_memory(place, seen):
        render.say(sentence)
    if hidden:
        render.say(hidden)
    if not place.wired:
        render.say("gitmem is not wired here; next: gitmem init")


def all_drained(seen: Snapshot) -> str:
    """Return the sentence for a queue in which nothing waits."""
    where = seen.target
    names = dict.fromkeys([where.deciding_ref, *([where.shared_ref] if where.shared else [])])
    return f"everything is drained into {' and '.join(_short(ref) for ref in names)}"


def told_of_memory(place: Workplace, seen: Snapshot) -> list[str]:
    """Return, as sentences, what of memory is loaded, what is not and why, and what is hidden in it.

    Of the person's own memory: which files of theirs have its block, because no session follows its index.
    """
    if folder.is_mine():
        return _told_of_mine()
    commit, _ = target.leading_commit(place.repo, seen.target)
    return loaded.told(place.repo, commit, place.settings.folder)


def _told_of_mine() -> list[str]:
    from gitmem.bootstrap.shipped import wirings  # every client
    from gitmem.mine import files

    read = [f"~/{path}" for path in files.readers(files.own_files(wirings().values(), ()))]
    if not read:
        return [f"{files.UNREAD}; next: gitmem init --mine"]
    return [f"read in every repository: {', '.join(read)}"]


def rows(place: Workplace, seen: Snapshot) -> list[Row]:
    """Return what waits, in the order in which it is told."""
    state = seen.state
    rows: list[Row] = []
    if state.undrained or state.unreadable:
        number = len(state.undrained) + len(state.unreadable)
        parts = [_about(state.undrained)] if state.undrained else []
        if state.unreadable:
            parts.append(f"{len(state.unreadable)} that this version cannot read")
        then = (
            "next: gitmem close" if state.undrained else "next: upgrade gitmem, then gitmem close"
        )
        rows.append(Row(str(number), "undrained", "; ".join(parts), then))
    if state.conflicts:
        about = "(two different lines with one id)"
        rows.append(Row(str(len(state.conflicts)), "in conflict", about, "next: gitmem sync"))
    if state.proposed:
        outdated = _outdated(place.repo, seen)
        about = _about(state.proposed)
        about += "".join([f"; {number} {what} since" for what, number in outdated.items()])
        then = "next: gitmem close" if outdated else "next: gitmem review, gitmem accept"
        rows.append(Row(str(len(state.proposed)), "in review", about, then))
    forgotten = forgetting.to_forget(place.repo, seen.target)
    if forgotten:
        then = "next: gitmem review, gitmem accept"
        rows.append(Row(str(len(forgotten)), "to forget", "in review", then))
    if state.carried:
        names = ", ".join(target.carriers(place.repo))
        about = f"by {names}"
        rows.append(Row(str(len(state.carried)), "carried", about, f"next: land {names}"))
    waits = unpushed(place.repo, seen)
    about = f"on {seen.target.name}, not on {' and '.join(waits.lacks)}"
    for flags, name in ((waits.flags, "accepted"), (waits.forgotten, "forgotten")):
        if flags:
            rows.append(Row(str(len(flags)), name, about, f"next: {waits.run}"))
    if state.journaled:
        rows.append(Row(str(len(state.journaled)), "in the journal only", "", ""))
    return rows


def _outdated(repo: Repository, seen: Snapshot) -> dict[str, int]:
    """Return how many proposed flags were dropped, edited or queued again since, by that word."""
    if not (decisions.dropping(repo) or decisions.replaced(seen.queue)):
        return {}
    from gitmem.records import in_review  # reads records and parses memory

    proposed = {flag.id for flag in seen.state.proposed}
    since = in_review.outdated(repo, seen)
    return {what: len(ids & proposed) for what, ids in since.items() if ids & proposed}


def _about(flags: Sequence[Flag]) -> str:
    kinds = Counter(flag.kind for flag in flags)
    said = ", ".join(
        render.count(number, _NOUNS.get(kind, kind)) for kind, number in kinds.most_common()
    )
    first = quantities.oldest([flag.at for flag in flags])
    parts = [f"oldest {quantities.ago(first, time.time())}"] if first else []
    sessions = _sessions(flags)
    if sessions:
        parts.append(render.count(len(sessions), "session"))
    return f"{said} ({', '.join(parts)})" if parts else said


def _sessions(flags: Sequence[Flag]) -> list[str]:
    return sorted({flag.session for flag in flags if flag.session})


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")
