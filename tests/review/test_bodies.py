"""Bodies in a review that moves, and in one that forgets: each follows its line, and what a person wrote stays."""

from __future__ import annotations

import pytest

from gitmem.core.failures import NeedsPerson
from gitmem.memory.details.sections import sections
from gitmem.review.forget import ForgetRequest, ForgetResult, forget
from gitmem.trace.trace_check import check_trace
from gitmem.trace.why import why
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox
from tests.support.scripted import Scripted, operation

DB, BELOW = "memory/db.md", "memory/details/db.md"
LINE = "The pool opens late"


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox=sandbox)


def bodies(desk: Desk, ref: str = "gitmem/drain") -> dict[str, str]:
    if not desk.sandbox.git("ls-tree", ref, "--", BELOW):
        return {}
    return {one.headline: one.body for one in sections(desk.show(BELOW, ref))}


def forgotten(desk: Desk, *ids: str) -> ForgetResult:
    return forget(desk.repo, ForgetRequest(flags=ids, configured=desk.target, folder=desk.folder))


def line(name: str) -> str:
    return f"{name} ([details](details/db.md))"


# ------------------------------------------------------------------ a review on a target that moved


def test_bodies_that_two_reviews_added_are_united(desk: Desk) -> None:
    desk.flag("Known", body="known", topic="db")
    desk.land()
    desk.flag("Mine", body="mine", topic="db")
    desk.flag("Known", body="more on it", topic="db")
    desk.close()
    other = desk.clone("other")
    other.flag("Theirs", body="theirs", topic="db")
    other.land()
    desk.sandbox.git("pull", "--quiet", "--no-rebase", str(other.sandbox.path), "main")
    desk.accept()

    assert bodies(desk, "main") == {
        "Known": "known\n\nmore on it",
        "Theirs": "theirs",
        "Mine": "mine",
    }
    assert sorted(desk.lines(DB, "main")) == [line("Known"), line("Mine"), line("Theirs")]
    assert check_trace(desk.repo, folder=desk.folder).ok


def test_a_body_for_a_line_that_landed_meanwhile_finds_it(desk: Desk) -> None:
    desk.sandbox.commit("by hand", {DB: "- First\n"})
    desk.flag("First", body="more", topic="db")
    desk.flag("Both say so", body="mine", topic="db")
    desk.close()
    desk.sandbox.commit("theirs", {DB: "- First\n- Both say so\n"})
    desk.accept()

    assert desk.lines(DB, "main") == [line("First"), line("Both say so")]
    assert bodies(desk, "main") == {"First": "more", "Both say so": "mine"}


def test_a_review_closed_again_has_each_body_once(desk: Desk) -> None:
    desk.flag(LINE, body="one", topic="db")
    desk.flag(LINE, body="two", topic="ci")
    dropped = desk.flag("Dropped", body="three", topic="db")
    desk.close()
    desk.drop(dropped)
    done = desk.close()

    assert bodies(desk) == {LINE: "one\n\ntwo"}
    reasons = [one.reason for one in done.outcomes if one.fate == "duplicate"]
    assert [reason.count("its body goes below that line") for reason in reasons] == [1]


def test_a_duplicate_whose_body_is_in_review_and_was_dropped_since_does_not_land(
    desk: Desk,
) -> None:
    desk.flag(LINE, topic="db")
    again = desk.flag(LINE, body="a lie", topic="db")
    desk.close()
    desk.drop(again)

    with pytest.raises(NeedsPerson, match=again):
        desk.accept()
    desk.close()
    desk.accept()
    assert bodies(desk, "main") == {}
    assert desk.lines(DB, "main") == [LINE]


# ------------------------------------------------------------------ forget


def test_the_body_goes_with_the_line_and_the_neighbours_stay(desk: Desk) -> None:
    bad = desk.flag(LINE, body="## Why\n\nNobody knows.", topic="db")
    desk.flag("Other", body="other", topic="db")
    desk.land()
    forgotten(desk, bad)

    assert bodies(desk) == {"Other": "other"}
    assert desk.lines(DB) == [line("Other")]
    desk.accept()
    assert check_trace(desk.repo, folder=desk.folder).ok


def test_an_emptied_details_file_goes(desk: Desk) -> None:
    bad = desk.flag(LINE, body="one", topic="db")
    desk.land()
    forgotten(desk, bad)

    assert desk.sandbox.git("ls-tree", "-r", "--name-only", "gitmem/drain", "memory/details") == ""


def test_the_body_of_a_duplicate_goes_and_the_line_loses_its_link(desk: Desk) -> None:
    desk.flag(LINE, topic="db")
    bad = desk.flag(LINE, body="a lie", topic="db")
    desk.land()
    forgotten(desk, bad)

    assert desk.lines(DB) == [LINE]
    assert bodies(desk) == {}


def test_of_a_merged_line_each_other_flag_keeps_its_own_words_and_its_own_body(desk: Desk) -> None:
    bad, one, two = (
        desk.flag(text, body=f"body {text}", topic="db") for text in ("bad", "one", "two")
    )
    desk.close(engine=Scripted(operation("merge", f"{bad} {one} {two}", DB, "bad, one, two")))
    desk.accept()
    forgotten(desk, bad)

    assert desk.lines(DB) == [line("one"), line("two")]
    assert bodies(desk) == {"one": "body one", "two": "body two"}


def test_what_a_superseded_flag_left_under_before_goes_too(desk: Desk) -> None:
    bad = desk.flag(LINE, body="Once, `db-1` took 4 s.", topic="db")
    desk.land()
    new = desk.flag("The pool opens at once now", body="Since 2.0.")
    desk.close(engine=Scripted(operation("supersede", new, DB, "The pool opens at once now", LINE)))
    desk.accept()
    forgotten(desk, bad)

    assert bodies(desk) == {"The pool opens at once now": "Since 2.0."}
    assert desk.lines(DB) == [line("The pool opens at once now")]


def test_what_a_person_wrote_below_a_line_is_theirs_to_remove(desk: Desk) -> None:
    bad = desk.flag(LINE, body="one", topic="db")
    desk.land()
    desk.sandbox.commit("mine", {BELOW: desk.show(BELOW, "main") + "\nMy own remark.\n"})

    with pytest.raises(NeedsPerson, match="a person wrote below 'The pool opens late'"):
        forgotten(desk, bad)


# ------------------------------------------------------------------ where a line comes from


def test_why_takes_a_row_of_a_body_for_its_line(desk: Desk) -> None:
    flag = desk.flag(LINE, body="one\n\ntwo", topic="db")
    desk.land()
    number = desk.show(BELOW, "main").splitlines().index("two") + 1

    for asked in (f"{BELOW}:{number}", f"{DB}:8", LINE, f"- {line(LINE)}"):
        found = why(desk.repo, asked, cwd=str(desk.sandbox.path), folder=desk.folder)
        assert found.line.text == LINE
        assert [filed.outcome.flag.id for filed in found.filed] == [flag]


def test_a_list_in_a_body_is_no_line_that_has_to_come_from_somewhere(desk: Desk) -> None:
    desk.flag(LINE, body="- one\n- two", topic="db")
    desk.land()

    traced = check_trace(desk.repo, folder=desk.folder)
    assert (traced.ok, traced.filed) == (True, 1)
