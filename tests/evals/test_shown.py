"""The eval of what a question shows: its pairs, its fillers, and what it counts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from evals.shown import measure, plain_choice
from evals.shown.fillers import fillers
from evals.shown.project import close_of, pairs, projects
from gitmem.drain.plan import CHUNK, Plan
from gitmem.drain.shown.nearest import LINES, narrow
from gitmem.safety.secrets import find_secret


def test_there_are_pairs_of_every_kind_and_half_of_them_are_held_out() -> None:
    kinds = Counter(pair.kind for pair in pairs())
    held = Counter(pair.kind for pair in pairs() if pair.held)

    assert len(pairs()) >= 120
    assert len({(pair.flag, pair.line) for pair in pairs()}) == len(pairs())
    assert min(kinds.values()) >= 12
    assert all(0.4 <= held[kind] / count <= 0.6 for kind, count in kinds.items())
    assert [pair for pair in pairs() if find_secret(f"{pair.flag} {pair.line}")] == []


@pytest.mark.parametrize("project", projects())
def test_fillers_are_the_same_each_time_and_none_is_a_labelled_line(project: str) -> None:
    labelled = [(pair.flag, pair.line) for pair in pairs() if pair.project == project]
    made = fillers(project, labelled, lines=900, flags=40)

    assert made == fillers(project, labelled, lines=900, flags=40)
    assert len(set(made.lines)) == 900
    assert set(made.flags) & set(made.lines) == set()
    assert {line for _, line in labelled} & {*made.lines, *made.rules, *made.items} == set()


def test_a_question_has_32_flags_and_no_more_lines_than_before() -> None:
    plan = close_of("larder", 1_000).plan

    for request in narrow(plan).requests:
        assert len(request.flags) == CHUNK
        shown = [*request.existing, *request.pending_lines, *request.fixed_lines]
        assert len(shown) <= LINES == plain_choice.LINES


def test_a_pair_counts_only_where_an_answer_may_use_its_line() -> None:
    (request,) = narrow(close_of("spindle", 100).plan).requests[:1]
    settles = next(pair for pair in pairs() if pair.kind == "settles")
    item = replace(settles, line=request.fixed_lines[0].text)

    assert not measure.shows(request, item)
    assert measure.shows(request, replace(item, kind="instruction"))


def seconds(choose: Callable[[Plan], Plan], plan: Plan) -> float:
    """The least of three runs, in processor time."""
    least = float("inf")
    for _ in range(3):
        start = time.process_time()
        choose(plan)
        least = min(least, time.process_time() - start)
    return least


def test_the_choice_takes_little_more_time_than_the_one_before() -> None:
    plan = close_of("tideline", 6_000).plan

    # The old choice is one query, this one is Python: measuring coverage costs it eight times as much.
    assert seconds(narrow, plan) < 20 * seconds(plain_choice.narrow, plan)
