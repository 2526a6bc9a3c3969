"""The pre-push hook that shares the queue beside a person's own push, planned and then done."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, assert_never

from gitmem.install.file_changes import FileChange, change_text
from gitmem.install.shipped_files import Host, ShippedCi, is_shipped
from gitmem.sync import push_hook
from gitmem.sync.push_hook import There

if TYPE_CHECKING:
    from gitmem.git.repository import Repository
    from gitmem.sync.push_hook import Hook


#: For a hook that is a person's: it shares the queue and never fails their push.
LINE = "gitmem sync || true"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookPlan:
    """What becomes of the hook: ``change`` as it is shown (None: nothing), and notes about it."""

    hook: Hook
    change: FileChange | None
    notes: tuple[str, ...] = ()


def plan_hook(repo: Repository, host: Host, shipped: ShippedCi) -> HookPlan:
    """The hook that goes with the check in ``host``'s CI; none is taken out with `none`."""
    hook = push_hook.look(repo, partial(is_shipped, versions=shipped.versions))
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
        push_hook.remove(plan.hook)
    else:
        push_hook.install(plan.hook, plan.change.after.decode())


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
