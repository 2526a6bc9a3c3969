"""The pre-push hook of this clone (githooks(5)): put there beside the person's own, and taken out.

Only in the clone's own git directory. Where `core.hooksPath` leads elsewhere, others share the
folder, or a program makes it; there a person adds the line.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, assert_never

from gitmem.core.errors import NeedsPerson
from gitmem.git import temporary
from gitmem.install.file_changes import FileChange, change_text
from gitmem.install.shipped_files import Host, ShippedCi, is_shipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitmem.git.repository import Repository

_NAME = "pre-push"
_BEFORE = "pre-push.before-gitmem"  # the hook itself knows this name
_LONGEST = 1 << 20  # bytes of a hook that is looked at
#: For a hook that is a person's: it shares the queue and never fails their push.
LINE = "gitmem sync || true"


class There(StrEnum):
    """Whose hook git would run at a push."""

    NOBODY = "nobody"
    OURS = "ours"
    PERSON = "person"
    BOTH = "both"  # a person's, and one that was set aside for ours before
    ELSEWHERE = "elsewhere"  # core.hooksPath leads out of the clone's git directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """The folder git takes hooks from, whose hook is there, and its text (empty: none)."""

    folder: str
    there: There
    text: str = ""

    @property
    def path(self) -> str:
        """The hook's file."""
        return f"{self.folder}/{_NAME}"


def look(repo: Repository, ours: Callable[[str], bool]) -> Hook:
    """What is there now; ``ours`` says whether gitmem shipped a text. Raises NeedsPerson."""
    named = repo.git("rev-parse", "--git-path", "hooks").text
    folder = os.path.normpath(os.path.join(repo.top, named))
    common = os.path.realpath(repo.common)
    if os.path.commonpath([os.path.realpath(folder), common]) != common:
        return Hook(folder=folder, there=There.ELSEWHERE)
    path = f"{folder}/{_NAME}"
    if not os.path.lexists(path):
        return Hook(folder=folder, there=There.NOBODY)
    text = _text(path)
    if not os.path.islink(path) and ours(text):
        return Hook(folder=folder, there=There.OURS, text=text)
    both = os.path.lexists(f"{folder}/{_BEFORE}")
    return Hook(folder=folder, there=There.BOTH if both else There.PERSON, text=text)


def install(hook: Hook, text: str) -> None:
    """Puts ``text`` there; a person's hook is set aside, and the new one runs it first.

    Raises NeedsPerson when that cannot be done; whatever happens, a hook that ran still runs.
    """
    try:
        os.makedirs(hook.folder, exist_ok=True)
        # Beside the folder, whatever is in it: git runs nothing there, and a killed run litters nothing.
        with temporary.folder(os.path.dirname(hook.folder)) as staging:
            new = f"{staging}/{_NAME}"
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            if hook.there is There.PERSON:
                # A link first, so that a kill in between leaves the person's hook in its place.
                os.link(hook.path, f"{hook.folder}/{_BEFORE}", follow_symlinks=False)
            os.replace(new, hook.path)
    except OSError as error:
        raise NeedsPerson(f"{hook.path} cannot be written: {error.strerror}") from error


def remove(hook: Hook) -> None:
    """Takes gitmem's hook out, and puts the person's back in its place. Raises NeedsPerson."""
    before = f"{hook.folder}/{_BEFORE}"
    try:
        if os.path.lexists(before):
            os.replace(before, hook.path)
        else:
            os.unlink(hook.path)
    except OSError as error:
        raise NeedsPerson(f"{hook.path} cannot be removed: {error.strerror}") from error


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(_LONGEST).decode("utf-8", "replace")
    except FileNotFoundError:  # a symlink that leads nowhere
        return ""
    except OSError as error:
        raise NeedsPerson(f"{path} cannot be read: {error.strerror}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class HookPlan:
    """What becomes of the hook: ``change`` as it is shown (None: nothing), and notes about it."""

    hook: Hook
    change: FileChange | None
    notes: tuple[str, ...] = ()


def plan_hook(repo: Repository, host: Host, shipped: ShippedCi) -> HookPlan:
    """The hook that goes with the check in ``host``'s CI; none is taken out with `none`."""
    hook = look(repo, partial(is_shipped, versions=shipped.versions))
    if host is Host.NONE:
        return _out(repo, hook)
    match hook.there:
        case There.OURS | There.NOBODY:
            before = hook.text or None
            if before == shipped.hook:
                return HookPlan(hook=hook, change=None)
            return HookPlan(hook=hook, change=_shown(repo, hook, before, shipped.hook))
        case There.PERSON:
            note = f"your own {name_of(repo, hook)} runs first, as pre-push.before-gitmem"
            change = _shown(repo, hook, hook.text, shipped.hook)
            return HookPlan(hook=hook, change=change, notes=(note,))
        case There.BOTH:
            note = (
                f"{name_of(repo, hook)} is no hook of gitmem's, and pre-push.before-gitmem beside it is "
                f"taken: add the line `{LINE}` to it, or make one of both and run this again"
            )
            return HookPlan(hook=hook, change=None, notes=(note,))
        case There.ELSEWHERE:
            note = (
                f"git takes its hooks from {name_of(repo, hook)[: -len('/pre-push')]}, which others may "
                f"share, so no pre-push hook was put there: add the line `{LINE}` to it, or CI sees "
                "only what somebody synced"
            )
            return HookPlan(hook=hook, change=None, notes=(note,))
        case _:
            assert_never(hook.there)


def apply_hook(plan: HookPlan) -> None:
    """Does what was planned. Raises NeedsPerson when the file system does not let it."""
    if plan.change is None:
        return
    if plan.change.after is None:
        remove(plan.hook)
    else:
        install(plan.hook, plan.change.after.decode())


def _out(repo: Repository, hook: Hook) -> HookPlan:
    if hook.there is not There.OURS:
        return HookPlan(hook=hook, change=None)
    return HookPlan(hook=hook, change=_shown(repo, hook, hook.text, None))


def _shown(repo: Repository, hook: Hook, before: str | None, after: str | None) -> FileChange:
    return change_text(name_of(repo, hook), before, after)


def name_of(repo: Repository, hook: Hook) -> str:
    """The hook's path as a person at the top of the work tree would write it."""
    inside = os.path.commonpath([hook.path, repo.top]) == repo.top
    return os.path.relpath(hook.path, repo.top) if inside else hook.path
