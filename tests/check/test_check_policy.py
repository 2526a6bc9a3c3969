"""What may wait."""

from __future__ import annotations

import pytest

from gitmem.check.report import objections
from gitmem.check.terms import STRICT, Policy
from gitmem.core import quantities
from tests.support.queues import new_flag

NOW = float(quantities.seconds("2026-11-20T12:00:00Z") or 0)
FRESH = new_flag("fresh", at="2026-11-20T11:00:00Z")
OLD = new_flag("old", at="2026-11-10T12:00:00Z")
ODD = new_flag("odd", at="yesterday")
AHEAD = new_flag("ahead", at="2031-01-01T00:00:00Z")


def test_nothing_waiting_passes_whatever_is_asked() -> None:
    for policy in (STRICT, Policy(max_age=0), Policy(max_flags=0)):
        assert objections(policy, [], 0, NOW) == ()


def test_without_a_limit_nothing_may_wait() -> None:
    assert objections(STRICT, [FRESH], 0, NOW) == ("1 flag not drained",)
    assert objections(STRICT, [], 2, NOW) == ("2 flags not drained",)


@pytest.mark.parametrize(("limit", "passes"), [(1, False), (2, True), (3, True)])
def test_so_many_may_wait_and_no_more(limit: int, passes: bool) -> None:
    assert (objections(Policy(max_flags=limit), [FRESH, OLD], 0, NOW) == ()) is passes


@pytest.mark.parametrize(("days", "passes"), [(0, False), (9, False), (10, False), (11, True)])
def test_so_old_a_flag_may_be(days: int, passes: bool) -> None:
    assert (objections(Policy(max_age=days), [FRESH, OLD], 0, NOW) == ()) is passes


def test_a_time_that_cannot_be_believed_is_old() -> None:
    assert objections(Policy(max_age=99), [ODD, AHEAD], 1, NOW) == ("3 flags older than 99 days",)


def test_both_limits_hold_at_once() -> None:
    found = objections(Policy(max_age=5, max_flags=1), [FRESH, OLD], 0, NOW)

    assert found == ("2 flags not drained, and at most 1 may wait", "1 flag older than 5 days")
