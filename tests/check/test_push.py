"""What a push sends, as hooks are told it."""

from __future__ import annotations

import pytest

from gitmem.check.push import from_hook, from_pre_commit

A, B, NONE = "a" * 40, "b" * 40, "0" * 40


def test_the_lines_of_a_hook_name_the_branches_and_where_they_come_from() -> None:
    push = from_hook([f"refs/heads/work {A} refs/heads/topic {NONE}", f"HEAD {B} refs/heads/x {A}"])

    assert push is not None
    assert (dict(push.branches), set(push.names), push.own) == (
        {"topic": A, "x": B},
        {"work"},
        False,
    )


@pytest.mark.parametrize(
    ("lines", "own"),
    [
        ([f"refs/heads/gitmem/queue {A} refs/heads/gitmem/queue {B}"], True),
        ([f"(delete) {NONE} refs/heads/gitmem/drain {B}"], True),
        ([f"refs/tags/v1 {A} refs/tags/v1 {NONE}"], False),
        ([f"(delete) {NONE} refs/heads/old {A}"], False),
    ],
)
def test_what_moves_no_branch_of_a_person_s_has_none(lines: list[str], own: bool) -> None:
    push = from_hook(lines)

    assert push is not None
    assert (dict(push.branches), push.own) == ({}, own)


def test_gitmem_s_branches_beside_a_person_s_make_no_push_of_its_own() -> None:
    push = from_hook(
        [f"a {A} refs/heads/main {B}", f"b {A} refs/heads/gitmem/queue {B}"],
    )

    assert push is not None
    assert (list(push.branches), push.own) == (["main"], False)


@pytest.mark.parametrize(
    "lines", [[], [""], ["hello world"], ["a b c d"], [f"x {A} y"], ["\x00" * 80]]
)
def test_what_is_not_git_s_is_no_push(lines: list[str]) -> None:
    assert from_hook(lines) is None


def test_sha256_names_are_read_too() -> None:
    push = from_hook([f"refs/heads/main {'c' * 64} refs/heads/main {'0' * 64}"])

    assert push is not None
    assert list(push.branches) == ["main"]


def test_pre_commit_s_variables_name_one_branch() -> None:
    told = {
        "PRE_COMMIT_REMOTE_BRANCH": "refs/heads/topic",
        "PRE_COMMIT_LOCAL_BRANCH": "refs/heads/work",
        "PRE_COMMIT_TO_REF": A,
    }
    push = from_pre_commit(told)

    assert push is not None
    assert (dict(push.branches), set(push.names)) == ({"topic": A}, {"work"})
    assert from_pre_commit({"PRE_COMMIT": "1"}) is None
