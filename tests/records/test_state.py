"""Where every flag stands follows from sets, in whatever order they came."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.flag import Flag, make, new_id
from gitmem.queue.lines import DamagedLine
from gitmem.records.states import ACCEPTED, DRAINED, IN_REVIEW, UNDRAINED, Records, State, derive

IDS = st.sets(st.sampled_from([new_id(bytes([number] * 12)) for number in range(12)]))


def flags_of(ids: set[str], order: int = 1) -> dict[str, Flag]:
    return {
        flag_id: make({"id": flag_id, "kind": "fact", "text": "x"})
        for flag_id in sorted(ids)[::order]
    }


def derived(
    queue: set[str],
    journal: set[str],
    archive: set[str],
    deciding: set[str],
    local: set[str],
    review: set[str],
    order: int = 1,
) -> State:
    return derive(
        queue=flags_of(queue, order),
        journal=flags_of(journal, order),
        archive=flags_of(archive, order),
        records=Records(deciding, local, review),
        damaged=[],
    )


def sets_of(state: State) -> dict[str, set[str]]:
    return {name: {flag.id for flag in flags} for name, flags in state.by_state.items()}


@given(IDS, IDS, IDS, IDS, IDS, IDS)
def test_every_flag_has_one_state_and_drained_is_what_the_deciding_ref_records(
    queue: set[str],
    journal: set[str],
    archive: set[str],
    deciding: set[str],
    local: set[str],
    review: set[str],
) -> None:
    state = derived(queue, journal, archive, deciding, local, review)
    found = sets_of(state)
    live = queue | journal

    assert sum(len(flags) for flags in state.by_state.values()) == len(set().union(*found.values()))
    assert found[DRAINED] == live & deciding
    assert found[ACCEPTED] == ((live | archive) & local) - deciding
    assert found[IN_REVIEW] == ((live | archive) & review) - local - deciding
    assert found[UNDRAINED] == (live | archive) - review - local - deciding
    assert set(state.healed) == archive - live - deciding - local - review
    assert set(state.journaled) == journal - queue
    assert {flag.id for flag in state.open} == (live | archive) - deciding


@given(IDS, IDS, IDS, IDS, IDS, IDS)
def test_the_order_in_which_records_and_lines_come_changes_nothing(
    one: set[str],
    two: set[str],
    archive: set[str],
    deciding: set[str],
    local: set[str],
    review: set[str],
) -> None:
    forward = derived(one, two, archive, deciding, local, review)
    backward = derived(two, one, archive, deciding, local, review, order=-1)

    assert sets_of(forward) == sets_of(backward)
    assert set(forward.healed) == set(backward.healed)


def test_an_unreadable_line_with_an_id_waits_until_a_record_accounts_for_it() -> None:
    damaged = [DamagedLine("q:1", "newer", "abcdefgh2345"), DamagedLine("q:2", "noise", "")]

    def unreadable(deciding: set[str]) -> object:
        records = Records(deciding, set(), set())
        state = derive(queue={}, journal={}, archive={}, records=records, damaged=damaged)
        return state.unreadable

    assert unreadable(set()) == ["abcdefgh2345"]
    assert unreadable({"abcdefgh2345"}) == []


def test_an_unreadable_line_in_the_journal_and_on_the_branch_is_one_flag() -> None:
    damaged = [DamagedLine(place, "newer", "abcdefgh2345") for place in ("q:1", "journal:1")]

    state = derive(
        queue={}, journal={}, archive={}, records=Records(set(), set(), set()), damaged=damaged
    )

    assert list(state.unreadable) == ["abcdefgh2345"]


def test_a_record_on_a_feature_branch_is_in_review_and_carried_by_it() -> None:
    flag = make({"id": new_id(b"a" * 12), "kind": "fact", "text": "x"})
    records = Records(set(), set(), set(), carried={flag.id})

    state = derive(queue={flag.id: flag}, journal={}, archive={}, records=records, damaged=[])

    assert list(state.in_review) == list(state.carried) == [flag]
    assert list(state.undrained) == []
