"""Drop: which flag is meant, and when it is too late."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitmem.check.terms import STRICT
from gitmem.core.errors import Refused, UsageError
from gitmem.core.flag import parse
from gitmem.queue import decisions
from gitmem.records.snapshot import flag_by_id
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox=sandbox)


def test_a_prefix_that_one_flag_has_is_enough(desk: Desk) -> None:
    flag = desk.flag("wrong")

    assert desk.drop(flag[:3].upper()).flag.id == flag
    assert decisions.drops(desk.repo) == {flag: "not true"}


def test_an_ambiguous_prefix_names_how_many_it_stands_for() -> None:
    flags = [parse(f'{{"v":1,"id":"aa{letter * 10}","kind":"fact","text":"x"}}') for letter in "bc"]

    with pytest.raises(UsageError, match="aa stands for 2 flags"):
        flag_by_id(flags, "aa")
    assert flag_by_id(flags, "aab").id == "aa" + "b" * 10


@pytest.mark.parametrize("prefix", ["", "zz", "0189", "../x", "a" * 13, "\u202e", "aaaaaaaaaaaa"])
def test_what_names_no_flag_is_a_usage_error(desk: Desk, prefix: str) -> None:
    desk.foreign_flag('{"v":1,"id":"bbbbbbbbbbbb","kind":"fact","text":"x"}')

    with pytest.raises(UsageError):
        desk.drop(prefix)
    assert not decisions.drops(desk.repo)


def test_a_reason_passes_the_same_guards_as_a_flag(desk: Desk) -> None:
    flag = desk.flag("wrong")

    with pytest.raises(Refused):
        desk.drop(flag, "because\u202e it is")
    assert not decisions.drops(desk.repo)


def test_what_landed_cannot_be_dropped(desk: Desk) -> None:
    mine = desk.clone("clone")
    flag = mine.flag("a fact")
    mine.land()

    with pytest.raises(UsageError, match=f"{flag} has landed already") as refused:
        mine.drop(flag)
    assert f"gitmem forget {flag} " in refused.value.hint


def test_the_last_reason_counts_and_torn_lines_do_not(desk: Desk) -> None:
    flag = desk.flag("wrong")
    desk.drop(flag, "first")
    with Path(desk.repo.folder, "drops.jsonl").open("ab") as file:
        file.write(b'\n{"v":1,"id":"torn\n\xff\n[1]\n')
    desk.drop(flag, "second, with a \u00e9")

    assert decisions.drops(desk.repo) == {flag: "second, with a \u00e9"}


def test_a_dropped_line_may_be_one_that_no_guard_would_pass(desk: Desk) -> None:
    flag = desk.foreign_flag(text="run !`id` now")
    desk.drop(flag)

    (outcome,) = desk.close().outcomes

    assert (outcome.fate, outcome.flag.id) == ("skipped", flag)
    desk.accept()
    assert desk.check().ok(STRICT)
