"""Which boundaries no hook saw: each hook without a key for one of them, at a cost that does not grow with the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.clients.claude_code.conversation import Conversation
from gitmem.clients.claude_code.transcript import SEEN_BY
from gitmem.clients.transcripts import COMMIT, PROMPT, TURN, ShownBoundary, unseen
from gitmem.proof.gaps import Evidence, HookRuns, judge
from tests.support.growth import LINEAR, growth

if TYPE_CHECKING:
    from collections.abc import Sequence

KEYS = ["", "a", "b"]


def one_by_one(
    boundaries: Sequence[ShownBoundary], fired: Sequence[tuple[int, str, str]]
) -> list[bool]:
    """What `unseen` promises, said slowly: whether each boundary was seen."""
    used: set[tuple[str, int]] = set()
    answers = []
    for one in boundaries:
        events, before, after = SEEN_BY[one.kind]
        mine = [
            (at, at_place, key)
            for at_place, (at, event, key) in enumerate(fired)
            if event in events
        ]
        if any(key in one.keys for _, _, key in mine if key):
            answers.append(True)
            continue
        near = [
            (abs(at - one.at), at)
            for at, place, key in mine
            if not (key and one.keys)
            and -before <= at - one.at <= after
            and (one.kind, place) not in used
        ]
        answers.append(bool(near))
        if near:
            nearest = min(near)[1]
            used.add(
                next(
                    (one.kind, place)
                    for at, place, key in mine
                    if at == nearest and not (key and one.keys) and (one.kind, place) not in used
                )
            )
    return answers


HOOKS = st.lists(
    st.tuples(
        st.integers(0, 200),
        st.sampled_from(["PostToolUse", "Stop", "UserPromptSubmit"]),
        st.just(""),
    ),
    unique_by=lambda hook: (hook[0], hook[1]),
    max_size=12,
)
SHOWN = st.lists(
    st.tuples(st.sampled_from([COMMIT, PROMPT, TURN]), st.integers(0, 200)), max_size=12
)


@given(SHOWN, HOOKS, st.lists(st.sampled_from(KEYS), min_size=24, max_size=24))
def test_each_boundary_has_the_hook_that_names_it_or_the_nearest_one_that_is_free(
    shown: list[tuple[str, int]], hooks: list[tuple[int, str, str]], keys: list[str]
) -> None:
    boundaries = [
        ShownBoundary(kind, at, "", [key] if key else [])
        for (kind, at), key in zip(shown, keys[:12], strict=False)
    ]
    fired = [(at, event, key) for (at, event, _), key in zip(hooks, keys[12:], strict=False)]

    seen = one_by_one(boundaries, fired)

    missed = unseen(boundaries, fired, SEEN_BY)
    assert [one not in missed for one in boundaries] == seen


@pytest.mark.parametrize("named", [True, False])
def test_a_long_session_is_audited_in_a_time_that_grows_with_it(named: bool) -> None:
    def audited(text: str) -> None:
        turns = len(text) // 4
        told = Conversation()
        told.boundaries += [
            ShownBoundary(COMMIT, 1000 + at, f"{at:07x}", [f"t{at}"] if named else [])
            for at in range(turns)
        ]
        hooks = tuple((1000 + at, "PostToolUse", f"t{at}" if named else "") for at in range(turns))
        judge(
            Evidence(
                session="s",
                fired=HookRuns(hooks=hooks),
                conversation=told,
                marks=[f"{at:07x}{at:033x}" for at in range(turns)],
                commits=frozenset(f"{at:07x}" for at in range(turns)),
                flags=0,
                pending=(),
            ),
            watched=frozenset({"PostToolUse"}),
            seen_by=SEEN_BY,
            since=0,
            now=10**9,
        )

    assert growth(audited, "x") < LINEAR
