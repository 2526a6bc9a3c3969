"""Edit: a waiting flag gets other words. A flag is never rewritten, so a new one takes its place.

See docs/data-model.md, "One flag in the place of another".
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.capture import capture, mine, spooled
from gitmem.core import flag as flags
from gitmem.core.errors import Refused, UsageError
from gitmem.git import repository
from gitmem.queue import decisions
from gitmem.queue.fast_import import recorded_author
from gitmem.records import snapshot
from gitmem.records.snapshot import flag_by_id
from gitmem.records.states import ACCEPTED, CARRIED, DRAINED, IN_REVIEW, UNDRAINED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.records.snapshot import Snapshot

#: What of a flag an edit can change.
CHANGES = ("text", "kind", "topic", "source", "better")
#: What tells of the making of a flag, so the new one has its own.
_OWN = ("at", "by", "session", "client", "trigger")


@dataclass(frozen=True, slots=True, kw_only=True)
class EditResult:
    """The flag as it was, and the one that takes its place (None: nothing changes).

    In a dry run the new one's id is not that of any flag. ``saved`` is where it is: `queue`, or
    `journal` with the ``reason``; empty when nothing was saved.
    """

    old: Flag
    new: Flag | None
    saved: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()


def editable(repo: Repository, prefix: str, *, configured: str) -> Flag:
    """Return the waiting flag whose id starts with ``prefix``.

    Raises UsageError, with the next step, for one that does not wait any more, and what a snapshot raises.
    """
    seen = snapshot.take(repo, configured)
    flag = flag_by_id(seen.queue.flags.values(), prefix)
    refusal = _refusal(repo, seen, flag)
    if refusal:
        raise UsageError(refusal[0], hint=refusal[1])
    return flag


def _refusal(repo: Repository, seen: Snapshot, flag: Flag) -> tuple[str, str] | None:
    """Return why a flag cannot be edited, and what to do; None where it can."""
    now = decisions.replaced(seen.queue).get(flag.id, "")
    if now:
        return f"{flag.id} is {now} now", f"gitmem edit {now}"
    state = seen.records.state(flag.id)
    if state == UNDRAINED and flag.id in decisions.drops(repo):
        return f"{flag.id} is dropped", f"gitmem undrop {flag.id} queues it again"
    if state == UNDRAINED and flag.id in seen.state.conflicts:
        return f"there are two lines with the id {flag.id}", "gitmem sync says what to do"
    landed = (
        f"{flag.id} has landed, and a correction changes a landed line",
        f"gitmem show {flag.id} says where its line is; gitmem flag TEXT --corrects FILE:LINE",
    )
    return {
        DRAINED: landed,
        ACCEPTED: landed,
        CARRIED: (
            f"{flag.id} is on a branch that gitmem close --here committed to",
            "edit the memory file on that branch; that is a commit like any other",
        ),
        IN_REVIEW: (
            f"{flag.id} is in review",
            "gitmem review -p edits its line; gitmem discard takes the review back, and then the flag waits again",
        ),
    }.get(state)


def edit(
    repo: Repository,
    old: Flag,
    changes: Mapping[str, str],
    *,
    session: Mapping[str, str],
    at: str,
    dry_run: bool = False,
) -> EditResult:
    """Queue a flag in the place of one that `editable` returned; ``changes`` are some of `CHANGES`.

    An empty topic or source takes it away. What an edit does not change stays, taint always. ``session``
    and ``at`` are as `gitmem.capture.capture.keep` takes them. Raises UsageError for changes that do not fit
    the kind, Refused for what a guard objects to, NotSaved.
    """
    _refuse_unfit(old, changes)
    changes = {name: _guarded(name, said) for name, said in changes.items()}
    if all(getattr(old, name) == said for name, said in changes.items()):
        return EditResult(old=old, new=None)
    if repository.is_mine(repo):
        mine.refuse_strange(repo.environ, session.get("session", ""), None)
    by = recorded_author(repo)
    context, notes = capture.around({"at": at, "by": by, **session})
    wanted = flags.changed(
        old,
        {
            **dict.fromkeys(_OWN, ""),
            **context,
            **changes,
            "id": flags.new_id(os.urandom(flags.ID_LENGTH)),
            "replaces": old.id,
            "tainted": old.tainted or capture.tainted(repo, [session.get("session", "")]),
        },
    )
    # What did not change, too: a newer gitmem may know a secret by more of its marks.
    new = flags.changed(wanted, spooled.fields_of(repo, wanted))
    if dry_run:
        return EditResult(old=old, new=new)
    saved = capture.save(repo, [new], by)
    return EditResult(
        old=old,
        new=new,
        saved="journal" if saved.reason else "queue",
        reason=saved.reason,
        notes=(*saved.notes, *notes),
    )


def _guarded(name: str, said: str) -> str:
    """Return what a field is to say, cleaned. Raises Refused."""
    if not said:
        return said
    what = "text" if name == "text" else f"--{name}"
    said = capture.guarded(said, what)
    return flags.slug(said) if name == "topic" else said


def _refuse_unfit(old: Flag, changes: Mapping[str, str]) -> None:
    kind = changes.get("kind", old.kind)
    if kind not in flags.KINDS:
        known = ", ".join(one for one in flags.KINDS if one != "snag")
        raise UsageError("gitmem edit: unknown kind", hint=f"one of {known}")
    if (kind == "snag") != (old.kind == "snag"):
        raise UsageError(
            "a snag has a better path, and no other kind has",
            hint=f"gitmem drop {old.id} --reason '…', then gitmem flag or gitmem snag",
        )
    if "better" in changes and kind != "snag":
        raise UsageError("only a snag has a better path", hint="gitmem edit without --better")
    if kind == "snag" and changes.get("topic"):
        raise UsageError("a snag has no topic", hint="gitmem edit without --topic")
    for name in ("text", "better"):
        if name in changes and not changes[name].strip():
            raise Refused(f"the {'text' if name == 'text' else 'better path'} is empty")
