"""What questions cost: one value, and what is derived from when its calls were under way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitmem.models.usage import Usage


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)).map(lambda it: (it[0], sum(it)))),
)
def test_the_most_at_once_is_the_greatest_number_of_spans_over_one_moment(
    spans: list[tuple[int, int]],
) -> None:
    moments = [begin + 0.5 for begin, _ in spans]
    most = max((sum(b < at < e for b, e in spans) for at in moments), default=0)

    assert Usage(spans=tuple(spans)).most_at_once == most
