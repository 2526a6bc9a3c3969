"""The page about boundaries is drawn from the policy, and the policy keeps its nevers in every state."""

from __future__ import annotations

import re

from gitmem.session import boundary
from tests.docs import boundaries


def test_the_diagram_and_the_table_are_those_of_the_function() -> None:
    page = boundaries.PAGE.read_text(encoding="utf-8")

    assert boundaries.drawn(page) == page, "run: python -m tests.docs.boundaries"


def test_every_boundary_is_in_the_table() -> None:
    names = set(re.findall(r"^\| `([\w-]+)` \|", boundaries.table(), re.MULTILINE))

    assert names == {
        boundary.COMMIT, boundary.AGENT, boundary.BACKGROUND, boundary.TASK, boundary.CHAPTER, boundary.RECOVERY,
        boundary.SLOW, boundary.TURN, boundary.TOKENS, boundary.PRESSURE, boundary.COMPACTION, boundary.WORDS,
    }  # fmt: skip


def test_in_every_state_words_come_only_where_the_model_can_take_them() -> None:
    told = {
        (action.kind, boundaries.CATALOGUE[step.event][0])
        for step in boundaries.steps()
        for action in step.actions
    }

    spoken = {*boundaries.NUDGES, boundary.ASK_SUMMARY, boundary.SAY_BOOT}
    assert {pair for pair in told if pair[0] in spoken} == {
        (boundary.NUDGE, boundary.BATCH),
        (boundary.NUDGE, boundary.PROMPT),
        (boundary.NUDGE, boundary.BOOT),
        (boundary.REMIND, boundary.BATCH),
        (boundary.REMIND, boundary.PROMPT),
        (boundary.ASK_SUMMARY, boundary.COMPACTING),
        (boundary.SAY_BOOT, boundary.BOOT),
    }


def test_from_every_state_a_nudge_leads_to_quiet_and_quiet_answers_no_flag() -> None:
    for step in boundaries.steps():
        if step.said == "nudge":
            assert step.after == "Quiet"
        if step.before == "Quiet" and step.event in {"flag", "turn end", "after a compaction"}:
            assert step.said == ""
