"""What build machines say, and what comes of it."""

from __future__ import annotations

from typing import Any

import pytest

from gitmem.check.scope import NO_BUILD, Build, BuildKind, build, decide
from gitmem.check.terms import Scope

GITHUB = {"GITHUB_ACTIONS": "true"}


def request(head: Any = "owner/project") -> dict[str, Any]:
    repo = {"full_name": head} if head else None
    return {
        "repository": {"default_branch": "trunk"},
        "pull_request": {"head": {"repo": repo}, "base": {"repo": {"full_name": "owner/project"}}},
    }


PR = {
    **GITHUB,
    "GITHUB_EVENT_NAME": "pull_request",
    "GITHUB_HEAD_REF": "feature",
    "GITHUB_BASE_REF": "trunk",
}


def test_a_person_s_machine_builds_nothing() -> None:
    assert build({}, None) == NO_BUILD
    assert build({"CI": "true"}, None) == NO_BUILD


@pytest.mark.parametrize(
    ("head", "fork"), [("owner/project", False), ("x/project", True), ("", True)]
)
def test_a_pull_request_and_whether_it_is_from_a_fork(head: str, fork: bool) -> None:
    found = build(PR, request(head))

    assert found == Build(
        kind=BuildKind.REQUEST, branch="feature", base="trunk", default="trunk", fork=fork
    )


@pytest.mark.parametrize(
    "payload",
    [None, [], "x", 3, {"pull_request": None}, {"pull_request": {"head": []}}, {"repository": 1}],
)
def test_a_payload_of_any_shape_is_survived(payload: object) -> None:
    assert build(PR, payload).branch == "feature"


@pytest.mark.parametrize(
    ("ref", "number"),
    [
        ("refs/heads/gh-readonly-queue/main/pr-12-abc", "12"),
        ("refs/heads/gh-readonly-queue/release/2.x/pr-3-abc", "3"),
        ("refs/heads/gh-readonly-queue/main/pr-x/../../heads/main-1", ""),
        ("refs/heads/main", ""),
        ("", ""),
    ],
)
def test_a_merge_group_names_its_pull_request_by_number(ref: str, number: str) -> None:
    environ = {**GITHUB, "GITHUB_EVENT_NAME": "merge_group", "GITHUB_REF": ref}

    assert build(environ, {"merge_group": {"base_ref": "refs/heads/main"}}) == Build(
        kind=BuildKind.GROUP, base="main", request=number
    )


def test_a_tag_and_a_timer_are_neither_branch_nor_request() -> None:
    for more in (
        {"GITHUB_EVENT_NAME": "push", "GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1"},
        {"GITHUB_EVENT_NAME": "schedule"},
    ):
        assert build({**GITHUB, **more}, request()).kind is BuildKind.OTHER


BUILDS = [
    (NO_BUILD, Scope.ALL),
    (Build(kind=BuildKind.REQUEST, branch="x"), Scope.BRANCH),
    (Build(kind=BuildKind.REQUEST, branch="x", fork=True), Scope.ALL),
    (Build(kind=BuildKind.GROUP), Scope.BRANCH),
    (Build(kind=BuildKind.OTHER), Scope.ALL),
    (Build(kind=BuildKind.PUSH, branch="trunk", default="trunk"), Scope.ALL),
    (Build(kind=BuildKind.PUSH, branch="x", default="trunk"), Scope.BRANCH),
    (Build(kind=BuildKind.PUSH, branch="x"), Scope.ALL),
]


@pytest.mark.parametrize(("built", "scope"), BUILDS)
def test_auto_means_the_branch_where_one_is_built_and_all_else(built: Build, scope: Scope) -> None:
    assert decide(Scope.AUTO, built, "", "") is scope
    assert decide(Scope.ALL, built, "", "") is Scope.ALL
    assert decide(Scope.BRANCH, built, "", "") is Scope.BRANCH
    assert decide(Scope.AUTO, built, "named", "") is Scope.BRANCH


def test_the_configured_target_is_no_branch_aside() -> None:
    pushed = Build(kind=BuildKind.PUSH, branch="memory", default="trunk")

    assert decide(Scope.AUTO, pushed, "", "memory") is Scope.ALL
