"""What a build machine says about what it builds, read from its variables.

GitHub: docs.github.com, "Variables reference" and "Webhook events and payloads" (Forgejo and Gitea
set the same). GitLab: docs.gitlab.com, "Predefined CI/CD variables". Anything there was written by
others too (a branch's name, say), so it is only ever compared, shown escaped, or given to git as a ref.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MERGE_GROUP = "gh-readonly-queue/"
_REQUESTS = ("pull_request", "pull_request_target", "pull_request_review")


class Kind(StrEnum):
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

    kind: Kind = Kind.NONE
    branch: str = ""
    base: str = ""
    default: str = ""
    fork: bool = False
    request: str = ""


NO_BUILD = Build()


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
            kind=Kind.REQUEST,
            branch=environ.get("GITHUB_HEAD_REF", ""),
            base=environ.get("GITHUB_BASE_REF", ""),
            default=default,
            fork=bool(base) and head != base,  # a fork that was deleted since has no name
        )
    if event == "merge_group":
        ref = environ.get("GITHUB_REF", "").removeprefix("refs/heads/")
        return Build(
            kind=Kind.GROUP,
            base=_text(payload, "merge_group", "base_ref").removeprefix("refs/heads/"),
            default=default,
            request=_request(ref),
        )
    if event == "push" and environ.get("GITHUB_REF_TYPE") == "branch":
        return Build(kind=Kind.PUSH, branch=environ.get("GITHUB_REF_NAME", ""), default=default)
    return Build(kind=Kind.OTHER, default=default)


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
            kind=Kind.REQUEST,
            branch=environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", ""),
            base=environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", ""),
            default=default,
            fork=head != environ.get("CI_MERGE_REQUEST_PROJECT_ID", ""),
        )
    branch = environ.get("CI_COMMIT_BRANCH", "")
    kind = Kind.PUSH if source == "push" and branch else Kind.OTHER
    return Build(kind=kind, branch=branch, default=default)


def _text(value: object, *keys: str) -> str:
    """The string at a path of keys; empty where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
