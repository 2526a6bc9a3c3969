"""Bring journal and queue branch together when the hint cannot be trusted.

After a crash between two steps, a prune, a foreign change or damage, the branch itself says what it
holds, and the rest is published. Damage is set aside and reported, never overwritten.
"""

from __future__ import annotations

from gitmem.core.failures import NeedsPerson
from gitmem.git import objects, refs
from gitmem.git.repository import BRANCH, NAME
from gitmem.queue import contents, damage
from gitmem.queue.branch import ACTIVE_LINES, TRAILER, Hint, message, sealed
from gitmem.queue.fast_import import NewCommit, RefGuard, current_author, fast_import
from gitmem.queue.journal import START
from gitmem.queue.lines import Conflict, Lines, same, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.queue.branch import PublishResult
    from gitmem.queue.journal import Journal

_ATTEMPTS = 3  # a broken loose ref may cover a broken packed one

README = """\
# The queue of gitmem

This branch holds what coding agents and people flagged as durable and no one has filed yet.
It is written by `gitmem flag` and emptied by `gitmem close`.

Never merge this branch, and never rebase it: it has no history in common with any other.
`gitmem status` says what is in it.
"""


def publish_missing(
    repo: Repository,
    journal: Journal,
    guard: RefGuard,
    identity: str,
    published: PublishResult,
    *,
    noted: bool,
) -> int:
    """Publish every journal line that the branch does not hold; return the offset up to which this looked.

    The caller holds the guard. ``noted``: there was a hint, so only its end is in doubt, and the tip's
    own message says what it covers; else everything on the branch is read. Raises GitmemError or
    OSError when the branch cannot be moved.
    """
    data = journal.read()
    end = START + len(data)
    base = _base(repo, published, journal if noted else None, end)
    new = base.missing(data)
    number = base.last_number(journal.writer) + 1
    tip = base.tip
    if new:
        tip = _commit(repo, guard, NewCommit(
            identity or current_author(repo),
            message(new, journal.id, end),
            parent=tip,
            files=_files(new, journal.writer, number, first=not tip),
        ))  # fmt: skip
        number += 1 + len(new) // ACTIVE_LINES
        published.ids.update([flag.id for flag in new])
    if tip and not published.notes:  # after damage the next publish looks again
        Hint(tip, journal.id, end, number, end).save(repo.folder)
    published.notes += base.differing(data)
    return end


class _Base:
    """The commit to build on (empty: none, a new orphan) and what it holds.

    The tip holds everything up to the journal offset ``covered``; 0: only ``lines`` (by id) tell.
    """

    __slots__ = ("covered", "lines", "paths", "tip")

    def __init__(self) -> None:
        self.tip = ""
        self.paths: list[str] = []
        self.covered = 0
        self.lines: dict[str, bytes] = {}

    def missing(self, data: bytes) -> list[Flag]:
        """Return the flags of the journal that the branch does not hold."""
        lines = Lines()
        lines.read(data[max(0, self.covered - START) :], "journal")
        return [flag for flag_id, flag in lines.flags.items() if flag_id not in self.lines]

    def differing(self, data: bytes) -> list[str]:
        """Return sentences on flags of the journal for whose id the branch holds another line."""
        lines = Lines()
        lines.read(data, "journal")
        sentences = []
        for flag_id, flag in lines.flags.items():
            published = self.lines.get(flag_id, b"").decode("utf-8", "replace")
            if published and not same(flag.line, published):
                clash = Conflict(
                    flag_id, (flag.line, "this clone's journal"), (published, "the queue branch")
                )
                sentences.append(f"{clash}; gitmem sync says what to do")
        return sentences

    def last_number(self, writer: str) -> int:
        """Return the highest file number of a writer; 0 without a file."""
        numbers = [0]
        for path in self.paths:
            name = path.rpartition("/")[2].removesuffix(".jsonl")
            if name.startswith(writer + "-") and name[len(writer) + 1 :].isdecimal():
                numbers.append(int(name[len(writer) + 1 :]))
        return max(numbers)


def _base(repo: Repository, published: PublishResult, trusted: Journal | None, end: int) -> _Base:
    """Return the local branch, else a remote-tracking one, else an empty base.

    A tip that cannot be read is set aside and reported.
    """
    for _ in range(_ATTEMPTS):
        try:
            tip = refs.resolve(repo, BRANCH)
            if tip:
                return _read(repo, tip, trusted, end)
            if not damage.exists(repo, BRANCH):
                return _tracking(repo)
            reason = "its ref names no commit"
        except objects.Unreadable as unreadable:
            reason = unreadable.message
        damage.refuse_partial_clone(repo)
        published.notes.append(damage.set_aside(repo, BRANCH, reason))
    raise NeedsPerson("the queue branch is damaged and cannot be set aside")


def _tracking(repo: Repository) -> _Base:
    for tip in refs.tracking_tips(repo, NAME).values():
        try:
            return _read(repo, tip, None, 0)
        except objects.Unreadable:
            continue
    return _Base()


def _read(repo: Repository, tip: str, trusted: Journal | None, end: int) -> _Base:
    """Read a tip and make sure that its objects exist."""
    listing = contents.list_files(repo, tip)
    base = _Base()
    base.tip = tip
    base.paths = [entry.path for entry in listing]
    base.covered = _covered(repo, tip, trusted, end) if trusted else 0
    aside = contents.Aside()  # what reads the whole queue reports it
    files = contents.select_files(repo, listing, aside)
    if base.covered:
        objects.require(repo, [entry.oid for entry in files])
        return base
    for _, content in contents.read_files(repo, files, aside):
        for line, flag_id in split(content):
            base.lines.setdefault(flag_id, line)
    return base


def _covered(repo: Repository, tip: str, journal: Journal, end: int) -> int:
    """Return the journal offset that the tip's message says it covers; 0 when it does not say."""
    text = repo.git("cat-file", "commit", tip).out.decode(errors="replace")
    trailers = [line for line in text.splitlines() if line.startswith(TRAILER)]
    if not trailers:
        return 0
    name, _, offset = trailers[-1].removeprefix(TRAILER).partition(" ")
    sure = name == journal.id and offset.isdecimal() and START <= int(offset) <= end
    return int(offset) if sure else 0


def _files(
    new: list[Flag], writer: str, number: int, *, first: bool
) -> list[tuple[str, bytes | None]]:
    """Return the flags in files that are sealed at once, and the README of a new branch."""
    files: list[tuple[str, bytes | None]] = [("README.md", README.encode())] if first else []
    for start in range(0, len(new), ACTIVE_LINES):
        text = "".join([flag.line + "\n" for flag in new[start : start + ACTIVE_LINES]])
        files.append((sealed(writer, number + start // ACTIVE_LINES), text.encode()))
    return files


def _commit(repo: Repository, guard: RefGuard, commit: NewCommit) -> str:
    done = fast_import(repo, guard, BRANCH, commit)
    if done.code:
        raise refs.Moved(_why(done.said))
    return done.text


def _why(said: str) -> str:
    """Return fast-import's message as one sentence with what to do about it."""
    other = refs.in_the_way(said)
    if other:
        return f"{other} is in the way of `{NAME}`: rename it (git branch -m OLD NEW)"
    lines = [line for line in said.splitlines() if line.startswith(("fatal: ", "error: "))]
    return "the queue branch cannot be moved: " + (lines or ["git said nothing"])[-1]
