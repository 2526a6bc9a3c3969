"""A review answered line by line, in real repositories."""

from __future__ import annotations

import pytest

from gitmem.capture import capture
from gitmem.capture.capture import FlagDraft
from gitmem.core.errors import Refused
from gitmem.core.failures import NeedsPerson, NoProgress
from gitmem.review import line_by_line, review, wording
from gitmem.review.line_by_line import Answers, Asking, ReviewLine, Written
from gitmem.review.wording import Wording
from tests.support.desk import AT, Desk
from tests.support.sandbox import Sandbox

FILE = "memory/facts.md"
TOKEN = "gh" + "p_" + "aB3" * 12


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox=sandbox)


def asking(desk: Desk) -> Asking:
    return line_by_line.lines(desk.repo, desk.target)


def named(asked: Asking, words: str) -> ReviewLine:
    return next(line for line in asked.lines if line.line == words)


def worded(desk: Desk, asked: Asking, words: str, new: str) -> Wording:
    line = named(asked, words)
    wanted = Wording(file=line.file, line=line.line, new=new)
    return wording.checked(desk.repo, asked.review.tip, wanted, desk.folder)


def answer(
    desk: Desk,
    *,
    reject: dict[str, str] | None = None,
    edit: dict[str, str] | None = None,
    asked: Asking | None = None,
) -> Written:
    """Answers with lines by their words."""
    asked = asked or asking(desk)
    rejected = {named(asked, words): why for words, why in (reject or {}).items()}
    reworded = {
        named(asked, words): worded(desk, asked, words, new) for words, new in (edit or {}).items()
    }
    return line_by_line.write(
        desk.repo,
        asked,
        Answers(rejected=rejected, reworded=reworded),
        configured=desk.target,
        folder=desk.folder,
        at=AT,
    )


def test_a_rejected_line_is_dropped_and_all_others_stay_byte_for_byte(desk: Desk) -> None:
    for text in ("One", "Two", "Three"):
        desk.flag(text)
    desk.close()
    before = desk.show(FILE)

    done = answer(desk, reject={"Two": "not true"})

    assert [flag.text for flag in done.dropped] == ["Two"]
    assert desk.show(FILE) == before.replace("- Two\n", "")
    assert desk.head("gitmem/drain") == done.commit
    assert "Two" in desk.sandbox.git("log", "-1", "--format=%b", "gitmem/drain")
    assert "not true" in desk.sandbox.git("log", "-1", "--format=%b", "gitmem/drain")
    desk.accept()
    assert desk.lines(FILE, "main") == ["One", "Three"]
    assert desk.states() == {}


def test_a_rejected_line_takes_its_folded_duplicates_along(desk: Desk) -> None:
    for text in ("One", "Two", "Two"):
        desk.flag(text)
    desk.close()
    asked = asking(desk)

    done = answer(desk, reject={"Two": "wrong"}, asked=asked)

    assert [line.line for line in asked.lines] == ["One", "Two"]
    assert [flag.text for flag in done.dropped] == ["Two", "Two"]
    assert not desk.close().commit
    desk.accept()
    assert desk.lines(FILE, "main") == ["One"]


def test_a_duplicate_of_a_later_close_goes_with_the_line_of_the_first(desk: Desk) -> None:
    for text in ("One", "Two"):
        desk.flag(text)
        desk.close()
    again = desk.flag("One")
    desk.close()

    done = answer(desk, reject={"One": "wrong"})

    assert again in {flag.id for flag in done.dropped}
    assert len(desk.sandbox.git("rev-list", "main..gitmem/drain").split()) == 3
    assert desk.lines(FILE) == ["Two"]


def test_a_review_of_which_nothing_is_left_records_the_skips(desk: Desk) -> None:
    desk.flag("One")
    desk.close()

    answer(desk, reject={"One": "wrong"})

    assert desk.lines(FILE) == []
    desk.accept()
    assert desk.states() == {}
    assert desk.head("gitmem/queue") == ""


def test_commits_before_the_first_rejected_line_stay_as_they_are(desk: Desk) -> None:
    desk.flag("One")
    first = desk.close().commit
    desk.flag("Two")
    desk.flag("Three")
    desk.close()

    answer(desk, reject={"Two": "wrong"})

    assert desk.head("gitmem/drain~1") == first
    assert desk.lines(FILE) == ["One", "Three"]


def test_a_queued_flag_is_not_filed_by_an_answer(desk: Desk) -> None:
    desk.flag("One")
    desk.flag("Two")
    desk.close()
    desk.flag("Later")

    answer(desk, reject={"One": "wrong"})

    assert desk.lines(FILE) == ["Two"]
    assert desk.states()["undrained"] == ["Later"]


def test_a_review_that_grew_meanwhile_is_taken_as_it_is_now(desk: Desk) -> None:
    desk.flag("One")
    desk.close()
    asked = asking(desk)
    desk.flag("Two")
    desk.close()

    answer(desk, reject={"One": "wrong"}, asked=asked)

    assert desk.lines(FILE) == ["Two"]


def test_a_review_that_changed_otherwise_is_left_alone(desk: Desk) -> None:
    desk.flag("One")
    desk.close()
    asked = asking(desk)
    desk.discard()
    desk.flag("Two")
    tip = desk.close().commit

    with pytest.raises(NeedsPerson, match="changed while you looked"):
        answer(desk, reject={"One": "wrong"}, asked=asked)

    assert desk.head("gitmem/drain") == tip
    assert desk.states() == {"in review": ["One", "Two"]}


def test_a_review_that_a_person_edited_by_hand_says_why_no_line_can_be_rejected(
    desk: Desk,
) -> None:
    desk.flag("One")
    desk.close()
    desk.sandbox.git("checkout", "--quiet", "gitmem/drain")
    desk.sandbox.commit("by hand", {"memory/facts.md": desk.show(FILE) + "- Mine\n"})
    held = asking(desk)
    desk.sandbox.git("checkout", "--quiet", "main")

    assert "edited the review" in held.unmade
    assert "edited the review" in asking(desk).unmade
    answer(desk, edit={"One": "One more"})
    assert desk.lines(FILE) == ["One more", "Mine"]


def test_a_review_that_is_checked_out_says_why_no_line_can_be_rejected(desk: Desk) -> None:
    desk.flag("One")
    desk.close()
    desk.sandbox.git("checkout", "--quiet", "gitmem/drain")

    assert "checked out" in asking(desk).unmade

    answer(desk, edit={"One": "One more"})
    assert "One more" in desk.sandbox.read(FILE)


def test_a_review_that_is_checked_out_meanwhile_takes_no_answer(desk: Desk) -> None:
    desk.flag("One")
    desk.close()
    asked = asking(desk)
    desk.sandbox.git("checkout", "--quiet", "gitmem/drain")
    tip = desk.head("gitmem/drain")

    with pytest.raises(NeedsPerson):
        answer(desk, reject={"One": "wrong"}, asked=asked)

    assert desk.head("gitmem/drain") == tip
    desk.sandbox.git("checkout", "--quiet", "main")
    assert asking(desk).lines  # nothing counts as dropped


def test_a_rejected_line_stays_rejected_when_the_review_is_discarded(desk: Desk) -> None:
    desk.flag("One")
    desk.flag("Two")
    desk.close()
    answer(desk, reject={"One": "wrong"})

    desk.discard()
    desk.close()

    assert desk.lines(FILE) == ["Two"]


def test_a_review_out_of_date_asks_for_a_close_first(desk: Desk) -> None:
    flag = desk.flag("One")
    desk.flag("Two")
    desk.close()
    desk.drop(flag)

    with pytest.raises(NoProgress, match="out of date"):
        asking(desk)


def test_an_edited_line_is_a_commit_by_the_person_and_its_record_has_the_words(desk: Desk) -> None:
    flag = desk.flag("One")
    desk.flag("Two")
    closed = desk.close().commit
    before = desk.show(FILE)

    answer(desk, edit={"One": "One, of two"})

    assert desk.head("gitmem/drain~1") == closed
    assert desk.show(FILE) == before.replace("- One\n", "- One, of two\n")
    message = desk.sandbox.git("log", "-1", "--format=%B", "gitmem/drain")
    tree = desk.sandbox.git("rev-parse", "gitmem/drain^{tree}")
    assert message.rstrip().endswith(f"Gitmem-Reviewed: {tree}")
    assert "Gitmem-Tree" not in message
    told = {one.flag.id: one for one in review.read(desk.repo, "main").outcomes}
    assert (told[flag].line, told[flag].was) == ("One, of two", "One")
    assert "@" in told[flag].worded_by
    desk.accept()
    assert desk.lines(FILE, "main") == ["One, of two", "Two"]
    assert desk.states() == {}


def test_reject_and_edit_together_move_the_branch_once(desk: Desk) -> None:
    for text in ("One", "Two", "Three"):
        desk.flag(text)
    desk.close()
    moves = len(desk.sandbox.git("reflog", "gitmem/drain").splitlines())

    answer(desk, reject={"One": "wrong"}, edit={"Three": "Three it is"})

    assert desk.lines(FILE) == ["Two", "Three it is"]
    assert len(desk.sandbox.git("reflog", "gitmem/drain").splitlines()) == moves + 1


def test_an_edited_line_stays_when_another_is_rejected_later(desk: Desk) -> None:
    for text in ("One", "Two", "Three"):
        desk.flag(text)
    desk.close()
    desk.flag("Four")
    desk.close()
    answer(desk, edit={"One": "Quite another thing", "Four": "Four it is"})

    answer(desk, reject={"Two": "wrong"})

    assert desk.lines(FILE) == ["Quite another thing", "Three", "Four it is"]
    told = {one.flag.text: one.worded_by for one in asking(desk).review.outcomes}
    assert told["One"]
    assert not told["Three"]


def test_an_edited_line_survives_a_close_that_stacks_and_one_that_rebuilds(desk: Desk) -> None:
    desk.flag("One")
    two = desk.flag("Two")
    desk.close()
    answer(desk, edit={"One": "Nothing that the flag says"})
    desk.flag("Three")
    desk.close()
    assert desk.lines(FILE) == ["Nothing that the flag says", "Two", "Three"]

    desk.drop(two)
    closed = desk.close()

    assert any("rebuilt" in note for note in closed.notes)
    assert sorted(desk.lines(FILE)) == ["Nothing that the flag says", "Three"]
    desk.accept()
    assert desk.states() == {}


def test_an_edited_line_lands_on_a_target_that_got_lines_beside_it(desk: Desk) -> None:
    desk.flag("Old")
    desk.land()
    desk.flag("One")
    desk.close()
    answer(desk, edit={"One": "One, of many"})
    desk.sandbox.commit("theirs", {FILE: desk.show(FILE, "main") + "- Theirs\n"})

    done = desk.accept()

    assert done.rebuilt
    assert desk.lines(FILE, "main") == ["Old", "Theirs", "One, of many"]


def test_what_folded_into_an_edited_line_stays_folded(desk: Desk) -> None:
    for text in ("One", "One", "Two"):
        desk.flag(text)
    desk.close()
    answer(desk, edit={"One": "Something else"})

    answer(desk, reject={"Two": "wrong"})

    assert desk.lines(FILE) == ["Something else"]


def test_an_edited_line_keeps_its_body(desk: Desk) -> None:
    desk.keep(FlagDraft("One", kind="fact", body="More about it."))
    desk.close()

    answer(desk, edit={"One": "One of them"})

    assert desk.lines(FILE) == ["One of them ([details](details/facts.md))"]
    assert "## One of them\n\nMore about it." in desk.show("memory/details/facts.md")


def test_an_open_item_and_a_rule_can_be_edited(desk: Desk) -> None:
    desk.sandbox.commit("rules", {"CLAUDE.md": "# Mine\n"})
    desk.flag("A token or an app?", kind="pending")
    desk.flag("npm install rewrote the lock file", kind="snag", better="Use pnpm")
    desk.close()
    rule = next(line for line in asking(desk).lines if line.file == "CLAUDE.md")

    answer(
        desk,
        edit={"A token or an app?": "A token, or an app?", rule.line: "Use pnpm, never npm"},
    )

    assert "- [ ] A token, or an app?" in desk.show("memory/PENDING.md")
    assert "- Use pnpm, never npm\n" in desk.show("CLAUDE.md")
    assert "rewrote" not in desk.show("CLAUDE.md")
    desk.accept()
    assert desk.states() == {}


def test_a_rule_is_rejected_on_its_own(desk: Desk) -> None:
    before = "# Mine\n"
    desk.sandbox.commit("rules", {"CLAUDE.md": before})
    desk.flag("One")
    desk.flag("npm install rewrote the lock file", kind="snag", better="Use pnpm")
    desk.close()
    rule = next(line for line in asking(desk).lines if line.file == "CLAUDE.md")

    answer(desk, reject={rule.line: "we use npm"})

    assert desk.lines(FILE) == ["One"]
    assert "pnpm" not in desk.show("CLAUDE.md")


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("Two", "already"),
        ("One", "unchanged"),
        ("  ", "empty"),
        ("x" * 1001, "characters"),
        (f"the token is {TOKEN}", "credential"),
        ("hidden \u202e text", "U\\+202E"),
        ("# A heading", "heading"),
    ],
)
def test_words_that_no_flag_may_say_are_refused(desk: Desk, new: str, why: str) -> None:
    desk.flag("One")
    desk.flag("Two")
    desk.close()

    with pytest.raises(Refused, match=why):
        worded(desk, asking(desk), "One", new)


def test_what_a_client_would_load_is_in_backticks(desk: Desk) -> None:
    desk.flag("One")
    desk.close()

    answer(desk, edit={"One": "Ask @ada about it"})

    assert desk.lines(FILE) == ["Ask `@ada` about it"]


def test_a_topic_of_several_files_stays_as_it_is(desk: Desk) -> None:
    texts = [f"The fact number {number} is about part {number * 7} of it" for number in range(260)]
    wanted = [
        capture.checked(FlagDraft(text), cwd=str(desk.sandbox.path), repo=desk.repo)
        for text in texts
    ]
    capture.keep(desk.repo, wanted, session={}, at=AT)
    desk.close()
    files = [f"memory/facts{part}.md" for part in ("", "-2", "-3")]
    before = [desk.show(file) for file in files]

    answer(desk, reject={texts[3]: "no", texts[250]: "no"}, edit={texts[100]: "Something else"})

    expected = [
        text.replace(f"- {texts[3]}\n", "")
        .replace(f"- {texts[250]}\n", "")
        .replace(texts[100], "Something else")
        for text in before
    ]
    assert expected != before
    assert [desk.show(file) for file in files] == expected
