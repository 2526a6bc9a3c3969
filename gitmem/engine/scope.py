"""Which flags a check looks at: all of them, or those of the branch that is being built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.domain.build import Build, Kind
from gitmem.domain.check_policy import Scope
from gitmem.domain.errors import Unreachable, Usage
from gitmem.store import repository

if TYPE_CHECKING:
    from gitmem.domain.flag import Flag
    from gitmem.store.repository import Repository
    from gitmem.store.scratch import Scratch


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is looked at: all flags, or those made on ``branches``.

    ``lenient``: what waits is only warned about, because whoever proposes this cannot drain it.
    """

    scope: Scope = Scope.ALL
    branches: tuple[str, ...] = ()
    lenient: bool = False

    def has(self, flag: Flag) -> bool:
        """Whether a flag is looked at."""
        return self.scope is Scope.ALL or flag.branch in self.branches


EVERYTHING = View()


def decide(wanted: Scope, build: Build, branch: str, target: str) -> Scope:
    """What ``auto`` means: the branch on pull requests, merge groups and pushed branches, else all.

    ``branch`` is the one a person named; ``target`` the configured one, or empty.
    """
    if wanted is not Scope.AUTO:
        return wanted
    if branch:
        return Scope.BRANCH
    if build.kind in (Kind.REQUEST, Kind.GROUP):
        return Scope.ALL if build.fork else Scope.BRANCH
    main = {name for name in (target or build.default, build.default) if name}
    aside = build.kind is Kind.PUSH and main and build.branch not in main
    return Scope.BRANCH if aside else Scope.ALL


def view(repo: Repository, scope: Scope, build: Build, branch: str, place: Scratch | None) -> View:
    """The flags to look at for a decided scope. ``place``: where the remote can be asked.

    Raises Usage when no branch is known by name, and Unreachable when the pull request of a merge
    group cannot be asked for.
    """
    if scope is not Scope.BRANCH:
        return EVERYTHING
    named = branch or build.branch
    if named:
        return View(scope=scope, branches=(named,))
    if build.kind is Kind.GROUP:
        return _of_group(build, place)
    here = repository.head(repo)[0]
    if not here:
        raise Usage(
            "HEAD is detached, so which branch's flags are meant is not known",
            hint="name it: --branch NAME",
        )
    return View(scope=scope, branches=(here,))


def _of_group(build: Build, place: Scratch | None) -> View:
    """The branches whose tip is the head of the merge group's pull request.

    A pull request without one comes from a fork (a branch that was pushed to leaves the queue).
    """
    if not build.request or place is None:
        raise Unreachable(
            "which pull request this merge group is for is not known",
            hint="name its branch with --branch NAME, or check them all with --scope all",
        )
    found = place.branches_at(f"refs/pull/{build.request}/head")
    if not found:
        return View(lenient=True)
    return View(scope=Scope.BRANCH, branches=tuple(sorted(found)))
