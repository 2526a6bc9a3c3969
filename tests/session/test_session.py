"""A session's lines: written by actions, folded into a value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.session import boundary, session
from gitmem.session.boundary import Action
from gitmem.session.session import Session, fold, lines


def shown(session: Session) -> dict[str, Any]:
    return {name: getattr(session, name) for name in Session.__slots__}


@pytest.mark.parametrize(
    ("action", "left"),
    [
        (
            Action(boundary.MARK_BOUNDARY, ["commit aaa", "task b"]),
            ["mark commit aaa", "mark task b"],
        ),
        (Action(boundary.MARK_SEEN, ["aaa", "bbb"]), ["seen aaa", "seen bbb"]),
        (Action(boundary.NUDGE, ["commit", "task"]), ["nudge commit task"]),
        (Action(boundary.MARK_WORK), ["work"]),
        (Action(boundary.MARK_TAINT, ["mcp__x\nnudge a"]), ["taint mcp__x_nudge a"]),
        (Action(boundary.MARK_TAINT, ["\x85\u2028é"]), ["taint ___"]),
        (Action(boundary.MARK_BOUNDARY, ["task a b\nc"]), ["mark task a_b_c"]),
        (Action(boundary.SAY_BOOT, ["startup"]), []),
        (Action(boundary.ASK_SUMMARY), []),
    ],
)
def test_an_action_leaves_lines_or_none(action: Action, left: list[str]) -> None:
    assert lines(action) == left


def test_lines_fold_into_what_is_known() -> None:
    told = [
        "seen aaa", "work", "mark commit bbb", "taint Bash", "failed f1", "failed f2",
        "nudge commit", "tokens 50000", "mark recovery f1", "compacting 97000", "compacting 95000",
    ]  # fmt: skip

    assert shown(fold("\n".join(told))) == {
        **shown(Session()),
        "pending": ["recovery"],
        "seen": ["aaa", "bbb", "f1"],
        "failed": ["f2"],
        "base": 50_000,
        "compacting": True,
        "limit": 95_000,
        "told": True,
        "strange": True,
        "marked": ["commit", "recovery"],
        "tainted_before": True,
        "tainted_whole": True,
    }


@pytest.mark.parametrize(
    ("told", "began"),
    [
        ("work", None),
        ("boot", None),
        ("boot 7 1 abc", ""),
        ("boot 7 1 abc startup\nend other\nboot 8 2 abc resume", "startup"),
        ("boot 7 1 abc fork\nboot 8 2 abc startup", "fork"),
    ],
)
def test_the_first_boot_says_how_the_session_began(told: str, began: str | None) -> None:
    assert fold(told).began == began


def test_a_compaction_begins_anew() -> None:
    known = fold("tokens 50000\nnudge pressure\ncompacting\ncompacted 2026-11-20T10:00:06.700Z\n")

    assert (known.base, known.pressed, known.limit, known.told) == (None, False, 0, False)
    assert known.compacted == "2026-11-20T10:00:06.700Z"


def test_requests_are_counted_from_the_last_nudge() -> None:
    known = fold("request\nrequest\nnudge turn\nturn t1 k1\nrequest\n")

    assert (known.requests, known.turn, known.seen) == (1, "t1", ["k1"])


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ("work said", False),
        ("work", True),
        ("work\nmark turn t", True),
        ("work\nflag", False),
        ("work\nasked", False),
        ("work\nasked\nwork", True),
        ("nudge commit\nwork\nrequest", False),
        ("nudge commit\nwork\nrequest\nrequest\nrequest", True),
        ("nudge commit\nmark commit bbb", True),
        ("nudge commit\nmark task t", False),
    ],
)
def test_a_turn_is_left_where_something_was_done_far_enough_from_a_nudge(
    told: str, left: bool
) -> None:
    assert fold(told).left(3) is left


@pytest.mark.parametrize(
    "torn", ["mark", "mark commit", "mark commit a b", "tokens", "tokens x", "tokens " + "9" * 99, "seen",
             "compacting -1", "what is this", "\0\0\0", "end", "failed"],
)  # fmt: skip
def test_a_torn_line_changes_nothing_that_counts(torn: str) -> None:
    known = fold(f"work\n{torn}\nmark commit aaa\n")

    assert (known.pending, known.worked, known.base, known.limit) == (["commit"], True, 0, 0)


@given(st.text(alphabet=st.sampled_from("markseentaintnudgework 0129\n\0é"), max_size=200))
def test_no_text_is_too_odd_to_fold(text: str) -> None:
    assert isinstance(fold(text), Session)


@given(st.sampled_from([boundary.MARK_BOUNDARY, boundary.MARK_TAINT, boundary.MARK_END]), st.text())
def test_whatever_an_action_is_about_it_is_one_line_of_ascii(kind: str, about: str) -> None:
    (line,) = lines(Action(kind, ["x " + about]))

    assert line.isascii()
    assert line.isprintable()


def test_only_so_many_failures_are_waited_for() -> None:
    assert len(fold("".join(f"failed {number}\n" for number in range(200))).failed) == 50


@given(
    st.integers(1, 5), st.sampled_from(["", "end other", "work", "mark commit a", "boot 8 2 abc"])
)
def test_a_session_that_is_started_again_and_again_is_as_one_that_was_started_once(
    times: int, between: str
) -> None:
    boot = "boot 7 1 abc startup\n"

    many = fold(f"{boot * times}{between}\n{boot * times}")

    assert shown(many) == shown(fold(f"{boot}{between}\n{boot}"))


def test_starts_that_say_nothing_new_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    monkeypatch.setitem(session._STEPS, "boot", lambda _, words: read.append(words))

    fold("boot 7 1 abc startup\n" * 100)

    assert len(read) == 1
