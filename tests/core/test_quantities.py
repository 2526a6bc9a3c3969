"""Ages in words, against the calendar of the standard library."""

from __future__ import annotations

import calendar
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.quantities import ago, oldest, seconds

NOW = 1_900_000_000


@given(st.integers(-(10**10), 10**11))
def test_seconds_agree_with_the_calendar(moment: int) -> None:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
    if len(at) != len("2026-01-01T00:00:00Z"):
        return

    assert seconds(at.zfill(20)) == calendar.timegm(time.gmtime(moment))


@given(st.text(max_size=22))
def test_any_text_is_a_time_or_none(at: str) -> None:
    assert seconds(at) is None or at.isascii()
    assert ago(at, NOW)


@pytest.mark.parametrize(
    ("back", "said"),
    [
        (-86400, "just now"),
        (59, "just now"),
        (60, "1 minute"),
        (7199, "1 hour"),
        (7200, "2 hours"),
        (3 * 86400, "3 days"),
    ],
)
def test_an_age_is_its_largest_whole_unit(back: int, said: str) -> None:
    assert ago(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - back)), NOW) == said


def test_an_unreadable_time_is_not_the_oldest() -> None:
    assert oldest(["yesterday", "2026-01-02T00:00:00Z", "2025-01-02T00:00:00Z"]).startswith("2025")
    assert oldest([""]) == ""
    assert ago("٢٠٢٦-01-02T00:00:00Z", NOW) == "?"
