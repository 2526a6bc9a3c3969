"""The pre-push hook of this clone (githooks(5)): plan it, install it beside the person's own, remove it.

gitmem touches only the clone's own git directory. Where `core.hooksPath` leads elsewhere, others share
the folder or a program makes it; there a person adds the line.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, assert_never

from gitmem.core.failures import NeedsPerson
from gitmem.git.claim import temporary_folder
from gitmem.install.file_changes import FileChange, change_text
from gitmem.install.shipped_files import Host, ShippedCi, is_shipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitmem.git.repository import Repository

_NAME = "pre-push"
_BEFORE = "pre-push.before-gitmem"  # the shipped hook knows this name
_LONGEST = 1 << 20  # bytes of a hook that is looked at
#: The line for a person's own hook. It shares the queue and never fails their push.
LINE = "gitmem sync || true"


class HookOwner(StrEnum):
    """Whose hook git runs at a push."""

    NONE = "none"
    OURS = "ours"
    PERSON = "person"
    BOTH = "both"  # a person's hook, and another one set aside for ours earlier
    ELSEWHERE = "elsewhere"  # core.hooksPath leads out of the clone's git directory


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledHook:
    """The folder that git takes hooks from, the owner of the hook in it, and its text (empty: no hook)."""

    folder: str
    owner: HookOwner
    text: str = ""

    @property
    def path(self) -> str:
        """The path of the hook."""
        return f"{self.folder}/{_NAME}"


def find_hook(repo: Repository, ours: Callable[[str], bool]) -> InstalledHook:
    """Return the installed hook; ``ours`` says whether gitmem shipped a text.

    Raises NeedsPerson for a hook that cannot be read.
    """
    named = repo.git("rev-parse", "--git-path", "hooks").text
    folder = os.path.normpath(os.path.join(repo.top, named))
    common = os.path.realpath(repo.common)
    if os.path.commonpath([os.path.realpath(folder), common]) != common:
        return InstalledHook(folder=folder, owner=HookOwner.ELSEWHERE)
    path = f"{folder}/{_NAME}"
    if not os.path.lexists(path):
        return InstalledHook(folder=folder, owner=HookOwner.NONE)
    text = _text(path)
    if not os.path.islink(path) and ours(text):
        return InstalledHook(folder=folder, owner=HookOwner.OURS, text=text)
    both = os.path.lexists(f"{folder}/{_BEFORE}")
    return InstalledHook(
        folder=folder, owner=HookOwner.BOTH if both else HookOwner.PERSON, text=text
    )


def install(hook: InstalledHook, text: str) -> None:
    """Install ``text`` as the hook; a person's hook is set aside, and the new one runs it first.

    Raises NeedsPerson when the hook cannot be written. Whatever happens, a hook that ran still runs.
    """
    try:
        os.makedirs(hook.folder, exist_ok=True)
        # Beside the folder: git runs nothing there, and what a killed run leaves is swept.
        with temporary_folder(os.path.dirname(hook.folder)) as staging:
            new = f"{staging}/{_NAME}"
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            if hook.owner is HookOwner.PERSON:
                # A link first, so that a kill in between leaves the person's hook in its place.
                os.link(hook.path, f"{hook.folder}/{_BEFORE}", follow_symlinks=False)
            os.replace(new, hook.path)
    except OSError as error:
        raise NeedsPerson(f"{hook.path} cannot be written: {error.strerror}") from error


def remove(hook: InstalledHook) -> None:
    """Remove gitmem's hook and restore the person's. Raises NeedsPerson when that fails."""
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
    """The planned change of the hook, as it is shown (None: no change), and notes for the person."""

    hook: InstalledHook
    change: FileChange | None
    notes: tuple[str, ...] = ()


def plan_hook(repo: Repository, host: Host, shipped: ShippedCi) -> HookPlan:
    """Plan the hook that goes with the check in ``host``'s CI; `none` removes gitmem's hook."""
    hook = find_hook(repo, partial(is_shipped, versions=shipped.versions))
    if host is Host.NONE:
        return _plan_removal(repo, hook)
    match hook.owner:
        case HookOwner.OURS | HookOwner.NONE:
            before = hook.text or None
            if before == shipped.hook:
                return HookPlan(hook=hook, change=None)
            return HookPlan(hook=hook, change=_change(repo, hook, before, shipped.hook))
        case HookOwner.PERSON:
            note = f"your own {display_path(repo, hook)} runs first, as pre-push.before-gitmem"
            change = _change(repo, hook, hook.text, shipped.hook)
            return HookPlan(hook=hook, change=change, notes=(note,))
        case HookOwner.BOTH:
            note = (
                f"{display_path(repo, hook)} is not gitmem's hook, and pre-push.before-gitmem beside it is "
                f"taken: add the line `{LINE}` to it, or merge the two and run this again"
            )
            return HookPlan(hook=hook, change=None, notes=(note,))
        case HookOwner.ELSEWHERE:
            note = (
                f"git takes its hooks from {display_path(repo, hook)[: -len('/pre-push')]}, which others may "
                f"share, so no pre-push hook was put there: add the line `{LINE}` to it, or CI sees "
                "only what was synced"
            )
            return HookPlan(hook=hook, change=None, notes=(note,))
        case _:
            assert_never(hook.owner)


def apply_hook(plan: HookPlan) -> None:
    """Carry out the plan. Raises NeedsPerson when the file system refuses."""
    if plan.change is None:
        return
    if plan.change.after is None:
        remove(plan.hook)
    else:
        install(plan.hook, plan.change.after.decode())


def _plan_removal(repo: Repository, hook: InstalledHook) -> HookPlan:
    if hook.owner is not HookOwner.OURS:
        return HookPlan(hook=hook, change=None)
    return HookPlan(hook=hook, change=_change(repo, hook, hook.text, None))


def _change(
    repo: Repository, hook: InstalledHook, before: str | None, after: str | None
) -> FileChange:
    return change_text(display_path(repo, hook), before, after)


def display_path(repo: Repository, hook: InstalledHook) -> str:
    """Return the hook's path as a person at the top of the work tree writes it."""
    inside = os.path.commonpath([hook.path, repo.top]) == repo.top
    return os.path.relpath(hook.path, repo.top) if inside else hook.path
