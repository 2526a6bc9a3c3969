"""Which flags a check looks at: all, or those of the branch that is being built or pushed.

A build is read from the build machine's variables. GitHub: docs.github.com, "Variables reference"
and "Webhook events and payloads" (Forgejo and Gitea set the same). GitLab: docs.gitlab.com,
"Predefined CI/CD variables". Other people choose some of these values (a branch's name, say), so
they are only compared, shown escaped, or given to git as a ref.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from gitmem.check.terms import Scope
from gitmem.core.errors import UsageError
from gitmem.core.failures import Unreachable
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


class BuildKind(StrEnum):
    """What started a build."""

    NONE = "none"
    REQUEST = "pull request"
    GROUP = "merge group"
    PUSH = "push"
    OTHER = "other"


class Build(NamedTuple):
    """One build, with short names of branches; empty where they are not known.

    ``branch`` is the pushed branch or the pull request's head, ``base`` the branch it goes to,
    ``default`` the repository's default branch. ``fork``: the head is in another repository.
    ``request`` is the number of a merge group's pull request.
    """

    kind: BuildKind = BuildKind.NONE
    branch: str = ""
    base: str = ""
    default: str = ""
    fork: bool = False
    request: str = ""


NO_BUILD = Build()


class View(NamedTuple):
    """The flags to check: all, or those made on ``branches``.

    ``lenient``: only warn about waiting flags, because the author of a fork cannot drain them.
    """

    scope: Scope = Scope.ALL
    branches: tuple[str, ...] = ()
    lenient: bool = False

    def has(self, flag: Flag) -> bool:
        """Return whether to check this flag."""
        return self.scope is Scope.ALL or flag.branch in self.branches


EVERYTHING = View()


def moves_target(repo: Repository, push: Push | None, configured: str) -> bool | None:
    """Return whether a push moves the target at its remote; None without a push."""
    if push is None:
        return None
    name = configured or target.default_name(repo)
    followed = refs.upstream(repo, name).remote_ref.removeprefix("refs/heads/")
    return bool({name, followed} & push.branches.keys())


def decide(
    wanted: Scope, build: Build, branch: str, configured: str, *, moves_target: bool | None = None
) -> Scope:
    """Resolve ``auto``: the branch on pull requests, merge groups and pushed branches, else all.

    ``branch`` is one that a person named, ``configured`` the target or empty. In the hook of a push
    (``moves_target`` is not None): all where it moves the target, else the branches it moves.
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
    """Return the flags to check for a resolved scope. ``place``: where the remote can be asked.

    Raises UsageError when no branch name is known, and Unreachable when a merge group's pull request
    cannot be asked for.
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
    current = repository.head(repo)[0]
    if not current:
        raise UsageError(
            "HEAD is detached, so it is not known which branch's flags to check",
            hint="name the branch: --branch NAME",
        )
    return View(scope=scope, branches=(current,))


def _of_group(build: Build, place: Scratch | None) -> View:
    """Return the branches whose tip is the head of the merge group's pull request.

    A pull request without such a branch comes from a fork: a push to the branch would have taken
    the request out of the merge queue.
    """
    if not build.request or place is None:
        raise Unreachable(
            "it is not known which pull request this merge group is for",
            hint="name its branch with --branch NAME, or check every flag with --scope all",
        )
    branches = place.branches_at(f"refs/pull/{build.request}/head")
    if not branches:
        return View(lenient=True)
    return View(scope=Scope.BRANCH, branches=tuple(sorted(branches)))


def build(environ: Mapping[str, str], payload: object) -> Build:
    """Return the build of this process; kind ``none`` on a person's or an unknown machine.

    ``payload`` is the JSON value of GitHub's event file; None without one.
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
    """Return the number in ``gh-readonly-queue/<base>/pr-<number>-<oid>``."""
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
    """Return the string at a path of keys; empty where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
