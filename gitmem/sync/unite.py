"""Make one queue of two, by flag id, in one commit; or take over a queue that was rewritten.

Ancestry decides nothing. A line that only one side has stays, unless its flag is drained: what another
clone pruned does not come back. What another clone wrote is bounded, and read only from files that
gitmem itself can have made.
"""

from __future__ import annotations

from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING

from gitmem.core.failures import NeedsPerson
from gitmem.git import refs
from gitmem.git.repository import BRANCH
from gitmem.queue import contents
from gitmem.queue.branch import forget_hint
from gitmem.queue.fast_import import NewCommit, current_author, fast_import
from gitmem.queue.journal import START, Journal
from gitmem.queue.lines import split, told

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gitmem.git.repository import Repository
    from gitmem.queue.fast_import import RefGuard

_SEALED = "sealed/"


class Side:
    """One queue: its tip (empty: none), its files, and sentences about what was set aside of it.

    ``unread`` are the paths that were set aside.
    """

    def __init__(
        self,
        tip: str,
        files: Mapping[str, bytes],
        aside: Sequence[str] = (),
        unread: Collection[str] = (),
    ) -> None:
        self.tip = tip
        self.files = files
        self.aside = aside
        self.unread = unread

    @cached_property
    def lines(self) -> dict[str, list[bytes]]:
        """Map each id to its different lines (one, as a rule) in the order of the files."""
        lines: dict[str, list[bytes]] = {}
        for path in sorted(self.files, key=contents.file_order):
            for line, key in split(self.files[path]):
                if key and line not in lines.setdefault(key, []):
                    lines[key].append(line)
        return lines

    @cached_property
    def ids(self) -> set[str]:
        """Return the ids of all lines, also of those that only a newer gitmem can read."""
        return set(self.lines)


def read_side(repo: Repository, tip: str) -> Side:
    """Return what a queue commit holds. Raises `gitmem.git.objects.Unreadable`."""
    if not tip:
        return Side("", {})
    files, aside = contents.read_bounded(repo, tip)
    return Side(tip, files, aside.sentences(), aside.paths)


def unite(
    repo: Repository,
    guard: RefGuard,
    theirs: Side,
    drained: Collection[str],
    chosen: Mapping[str, bytes] | None = None,
) -> str:
    """Add what ``theirs`` holds to the local queue branch; return the branch's new tip.

    The caller holds the guard. The new tip descends from both tips; it is their tip where they hold
    everything, and empty where neither side has a line and there is no branch. ``chosen`` names the
    line that stays of an id with different lines. Raises `refs.Moved`, and NeedsPerson for such an id
    without a chosen line.
    """
    chosen = chosen or {}
    tip = refs.resolve(repo, BRANCH)
    if not theirs.tip or (not tip and not any(theirs.files.values())):
        return tip
    ours = read_side(repo, tip)
    _refuse_conflicts(ours, theirs, chosen)
    settled = not any(ours.lines.get(key, [line]) != [line] for key, line in chosen.items())
    lacking_here = theirs.ids - ours.ids - set(drained)
    if tip and settled and not lacking_here and refs.contains(repo, tip, theirs.tip):
        return tip
    lacking = ours.ids - theirs.ids - set(drained)
    same = not any(theirs.lines.get(key, [line]) != [line] for key, line in chosen.items())
    forget_hint(repo.folder)
    if same and not lacking and (not tip or refs.contains(repo, theirs.tip, tip)):
        reason = "gitmem: what the remote has"
        refs.update(repo, BRANCH, theirs.tip, tip, reason, keep=guard.descriptor)
        return theirs.tip
    # On top of their tree: files that only a newer gitmem understands stay where they are.
    commit = NewCommit(
        current_author(repo),
        "sync: the flags of two clones\n",
        parent=theirs.tip,
        merge=tip,
        files=_changes(ours, theirs, drained, chosen),
    )
    done = fast_import(repo, guard, BRANCH, commit)
    if done.code:
        raise refs.Moved(f"the queue branch was not moved: {done.said.strip()}")
    return done.text


def differing(*sides: Side) -> dict[str, tuple[bytes, bytes]]:
    """Return the ids that have different lines, each with its first line and another one."""
    pairs: dict[str, tuple[bytes, bytes]] = {}
    known: dict[str, bytes] = {}
    for one in sides:
        for key, lines in one.lines.items():
            first = known.setdefault(key, lines[0])
            other = next((line for line in lines if line != first), None)
            if other is not None:
                pairs.setdefault(key, (first, other))
    return pairs


def _refuse_conflicts(ours: Side, theirs: Side, chosen: Collection[str]) -> None:
    left = {key: pair for key, pair in differing(ours, theirs).items() if key not in chosen}
    for key, (first, other) in left.items():
        one, two = (told(line.decode("utf-8", "replace")) for line in (first, other))
        raise NeedsPerson(f"{key} is the id of two lines: {one} and {two}; neither is taken")


def _changes(
    ours: Side, theirs: Side, drained: Collection[str], chosen: Mapping[str, bytes]
) -> list[tuple[str, bytes | None]]:
    """Return the changes that make their tree hold both: path to new content (None: delete it).

    A drained line that one side pruned is pruned.
    """
    known, here = {*theirs.ids}, ours.ids
    torn = {line for text in theirs.files.values() for line, key in split(text) if not key}
    result = {
        path: [line for line, key in split(text) if key in here or key not in drained]
        for path, text in theirs.files.items()
    }
    changes: dict[str, bytes | None] = {}
    for path, place in _places(ours, theirs):
        lines = result.setdefault(place, [])
        if place != path and place in theirs.files and _SEALED in path:
            changes[place] = None  # the writer has sealed it since
            result[path] = lines = result.pop(place)
        for line, key in split(ours.files[path]):
            if (key not in known and key not in drained) if key else line not in torn:
                lines.append(line)
                known.add(key)
                torn.add(line)
    result = _as_chosen(result, chosen, drained)
    for path, lines in result.items():
        text = b"".join([line + b"\n" for line in lines])
        if text != theirs.files.get(path, b""):
            changes[path] = text or None
    return list(changes.items())


def _as_chosen(
    files: Mapping[str, list[bytes]], chosen: Mapping[str, bytes], drained: Collection[str]
) -> dict[str, list[bytes]]:
    """Return the files with each chosen line once, in the place of the first line of its id."""
    done: set[str] = set()
    result: dict[str, list[bytes]] = {}
    for path, lines in files.items():
        kept = result.setdefault(path, [])
        for line in lines:
            key = split(line)[0][1] if chosen else ""
            if key not in chosen:
                kept.append(line)
            elif key not in done and key not in drained:
                kept.append(chosen[key])
                done.add(key)
    return result


def _places(ours: Side, theirs: Side) -> list[tuple[str, str]]:
    """Return our files, each with their file that its lines go to; exact matches come first.

    Sealing does not make a writer's file another one. What was not read of theirs stays as it is:
    it may hold lines that no other clone has.
    """
    taken = set(ours.files) & set(theirs.files)
    places = [(path, path) for path in sorted(taken)]
    for path in sorted(set(ours.files) - taken, key=contents.file_order):
        name = contents.file_order(path)
        twin = "queue/" + name if _SEALED in path else "queue/" + _SEALED + name
        free = twin in theirs.files and twin not in taken
        taken.add(twin)
        places.append((path, twin if free else _unused(path, ours, theirs)))
    return places


def _unused(path: str, ours: Side, theirs: Side) -> str:
    """Return the path; where theirs has an unread file of that name, the writer's next free path."""
    if path not in theirs.unread:
        return path
    folder, _, name = path.rpartition("/")
    writer, _, number = name.removesuffix(".jsonl").partition("-")
    for higher in count(int(number) + 1):
        free = f"{folder}/{writer}-{higher:0{len(number)}}.jsonl"
        if not any(free in one for one in (ours.files, theirs.files, theirs.unread)):
            return free
    raise AssertionError(path)


def taken_out(repo: Repository, theirs: Side, seen: Sequence[str]) -> set[str]:
    """Return the ids that the remote's queue held when this clone saw it and no longer holds."""
    before: set[str] = set()
    for tip in seen:
        before |= read_side(repo, tip).ids
    return before - theirs.ids


def take_rewritten(repo: Repository, guard: RefGuard, theirs: Side, gone: Collection[str]) -> None:
    """Move the local queue branch to the remote's tip and remove the ids ``gone`` from the journal.

    Lines that only this clone holds go into the journal, and the next publish brings them onto the
    branch; lines of an id in ``gone`` do not. The caller holds the guard and has backed up what moves.
    Raises `refs.Moved`.
    """
    tip = refs.resolve(repo, BRANCH)
    ours = read_side(repo, tip)
    journal = Journal(repo.folder)
    data = journal.read()
    forget_hint(repo.folder)
    mine = {key: line for line, key in split(data)}
    for text in ours.files.values():
        for line, key in split(text):
            if key and key not in theirs.ids:
                mine.setdefault(key, line)
    left = [line for key, line in mine.items() if key and key not in gone]
    if data or left:
        if not data:
            journal.append([line.decode() for line in left])
        else:
            journal.rotate(b"".join([line + b"\n" for line in left]), START + len(data))
    if theirs.tip and theirs.tip != tip:
        reason = "gitmem: the remote's queue was rewritten"
        refs.update(repo, BRANCH, theirs.tip, tip, reason, keep=guard.descriptor)
    elif tip and not theirs.tip:
        refs.delete(repo, BRANCH, tip, "gitmem: the remote's queue is gone", keep=guard.descriptor)
