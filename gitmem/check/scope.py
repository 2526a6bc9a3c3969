"""Which flags a check looks at: all of them, or those of the branch that is being built."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gitmem.core.errors import Unreachable, Usage
from gitmem.git import refs, repository
from gitmem.records import target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.check.push import Push
    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.git.scratch import Scratch


_MERGE_GROUP = "gh-readonly-queue/"
_REQUESTS = ("pull_request", "pull_request_target", "pull_request_review")


class Scope(StrEnum):
    """Which flags a check looks at; ``auto`` is decided by what is being built."""

    AUTO = "auto"
    BRANCH = "branch"
    ALL = "all"


class BuildKind(StrEnum):
    """What started a build."""

    NONE = "none"
    REQUEST = "pull request"
    GROUP = "merge group"
    PUSH = "push"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One build. Names are short names of branches; empty where they are not known.

    ``branch`` is what was pushed, or the head of the pull request; ``base`` where it goes to,
    ``default`` the repository's default branch. ``fork``: the head is in another repository.
    ``request`` is the number of the pull request of a merge group.
    """

    kind: BuildKind = BuildKind.NONE
    branch: str = ""
    base: str = ""
    default: str = ""
    fork: bool = False
    request: str = ""


NO_BUILD = Build()


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
    if moves_target is not None and build.kind is BuildKind.NONE:
        return Scope.ALL if moves_target else Scope.BRANCH
    if build.kind in (BuildKind.REQUEST, BuildKind.GROUP):
        return Scope.ALL if build.fork else Scope.BRANCH
    main = {name for name in (configured or build.default, build.default) if name}
    aside = build.kind is BuildKind.PUSH and main and build.branch not in main
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
    if build.kind is BuildKind.GROUP:
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


def build(environ: Mapping[str, str], payload: object) -> Build:
    """The build this process belongs to; kind ``none`` on a person's machine, or an unknown one.

    ``payload`` is the JSON value of GitHub's event file, None without one.
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        return _github(environ, payload)
    if environ.get("GITLAB_CI") == "true":
        return _gitlab(environ)
    return NO_BUILD


def _github(environ: Mapping[str, str], payload: object) -> Build:
    event = environ.get("GITHUB_EVENT_NAME", "")
    default = _text(payload, "repository", "default_branch")
    if event in _REQUESTS:
        head = _text(payload, "pull_request", "head", "repo", "full_name")
        base = _text(payload, "pull_request", "base", "repo", "full_name")
        return Build(
            kind=BuildKind.REQUEST,
            branch=environ.get("GITHUB_HEAD_REF", ""),
            base=environ.get("GITHUB_BASE_REF", ""),
            default=default,
            fork=bool(base) and head != base,  # a fork that was deleted since has no name
        )
    if event == "merge_group":
        ref = environ.get("GITHUB_REF", "").removeprefix("refs/heads/")
        return Build(
            kind=BuildKind.GROUP,
            base=_text(payload, "merge_group", "base_ref").removeprefix("refs/heads/"),
            default=default,
            request=_request(ref),
        )
    if event == "push" and environ.get("GITHUB_REF_TYPE") == "branch":
        return Build(
            kind=BuildKind.PUSH, branch=environ.get("GITHUB_REF_NAME", ""), default=default
        )
    return Build(kind=BuildKind.OTHER, default=default)


def _request(ref: str) -> str:
    """The number in ``gh-readonly-queue/<base>/pr-<number>-<oid>``."""
    last = ref.rpartition("/")[2] if ref.startswith(_MERGE_GROUP) else ""
    number = last.removeprefix("pr-").partition("-")[0]
    return number if number.isdecimal() and number.isascii() else ""


def _gitlab(environ: Mapping[str, str]) -> Build:
    source = environ.get("CI_PIPELINE_SOURCE", "")
    default = environ.get("CI_DEFAULT_BRANCH", "")
    if source == "merge_request_event":
        head = environ.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "")
        return Build(
            kind=BuildKind.REQUEST,
            branch=environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", ""),
            base=environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", ""),
            default=default,
            fork=head != environ.get("CI_MERGE_REQUEST_PROJECT_ID", ""),
        )
    branch = environ.get("CI_COMMIT_BRANCH", "")
    kind = BuildKind.PUSH if source == "push" and branch else BuildKind.OTHER
    return Build(kind=kind, branch=branch, default=default)


def _text(value: object, *keys: str) -> str:
    """The string at a path of keys; empty where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
