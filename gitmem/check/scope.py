"""Which flags a check looks at: all of them, or those of the branch that is being built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.check.build import Build, Kind
from gitmem.check.check_policy import Scope
from gitmem.core.errors import Unreachable, Usage
from gitmem.git import refs, repository
from gitmem.records import target

if TYPE_CHECKING:
    from gitmem.check.push import Push
    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.git.scratch import Scratch


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


def moves_target(repo: Repository, push: Push | None, configured: str) -> bool | None:
    """Whether the push whose hook asks moves the target at its remote; None when no push asks."""
    if push is None:
        return None
    name = configured or target.default_name(repo)
    there = refs.followed(repo, name).there.removeprefix("refs/heads/")
    return bool({name, there} & push.branches.keys())


def decide(
    wanted: Scope, build: Build, branch: str, configured: str, *, moves_target: bool | None = None
) -> Scope:
    """What ``auto`` means: the branch on pull requests, merge groups and pushed branches, else all.

    ``branch`` is the one a person named; ``configured`` the target, or empty. In the hook of a
    push (``moves_target`` is not None): all where it moves the target, else the branches it moves.
    """
    if wanted is not Scope.AUTO:
        return wanted
    if branch:
        return Scope.BRANCH
    if moves_target is not None and build.kind is Kind.NONE:
        return Scope.ALL if moves_target else Scope.BRANCH
    if build.kind in (Kind.REQUEST, Kind.GROUP):
        return Scope.ALL if build.fork else Scope.BRANCH
    main = {name for name in (configured or build.default, build.default) if name}
    aside = build.kind is Kind.PUSH and main and build.branch not in main
    return Scope.BRANCH if aside else Scope.ALL


def view(
    repo: Repository,
    scope: Scope,
    build: Build,
    branch: str,
    place: Scratch | None,
    push: Push | None = None,
) -> View:
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
    if push is not None:
        return View(scope=scope, branches=tuple(sorted({*push.branches, *push.names})))
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
