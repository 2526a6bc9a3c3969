"""What a close does with the bodies of flags: each goes below the line that its flag came to, and none is lost."""

from __future__ import annotations

import pytest

from gitmem.core.errors import Refused
from gitmem.memory.details.sections import MOST_BYTES, sections
from gitmem.trace.trace_check import check_trace
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox
from tests.support.scripted import Scripted, move, operation

DB, FACTS = "memory/db.md", "memory/facts.md"
BELOW = "memory/details/db.md"
LINE = "The pool opens late"
BODY = "## Why\n\nThe probe asks `/health`.\n\n```py\n@app.on_event()\n```"
FILED = BODY.replace("## Why", "### Why")


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox=sandbox)


def bodies(desk: Desk, path: str = BELOW, ref: str = "gitmem/drain") -> dict[str, str]:
    """The headings of a details file, each with what is below it."""
    if not desk.sandbox.git("ls-tree", ref, "--", path):
        return {}
    return {one.headline: one.body for one in sections(desk.show(path, ref))}


def linked(name: str, line: str) -> str:
    return f"- {line} ([details](details/{name}.md))\n"


def test_the_headline_is_the_line_and_the_body_goes_below_it_into_a_file_of_its_own(
    desk: Desk,
) -> None:
    desk.flag(LINE, body=BODY, topic="db")
    desk.flag("No body here", topic="db")
    done = desk.close()

    assert linked("db", LINE) in desk.show(DB)
    assert "- No body here\n" in desk.show(DB)
    assert bodies(desk) == {LINE: FILED}
    assert [(one.file, one.line, one.verbatim) for one in done.outcomes] == [
        (DB, LINE, True),
        (DB, "No body here", True),
    ]
    assert "details" not in desk.show("memory/MEMORY.md")
    assert done.imports is not None
    assert done.imports.names == ("db.md",)
    said = desk.sandbox.git("log", "-1", "--format=%B", "gitmem/drain")
    assert "with a body" in said
    assert "The probe asks" not in said


def test_an_open_item_may_have_a_body(desk: Desk) -> None:
    desk.flag("Who owns it?", kind="pending", body="Asked twice.")
    desk.close()

    assert desk.lines("memory/PENDING.md") == ["[ ] Who owns it? ([details](details/PENDING.md))"]
    assert bodies(desk, "memory/details/PENDING.md") == {"Who owns it?": "Asked twice."}


def test_a_close_after_the_landing_changes_nothing_and_the_same_flag_again_folds(
    desk: Desk,
) -> None:
    desk.flag(LINE, body=BODY, topic="db")
    desk.land()
    before = desk.show(DB, "main"), desk.show(BELOW, "main")
    assert desk.close().commit == ""
    again = desk.flag(LINE + ".", body=BODY, topic="db")
    done = desk.land()

    assert done.flags == (again,)
    assert (desk.show(DB, "main"), desk.show(BELOW, "main")) == before


def test_the_body_of_a_duplicate_goes_below_the_survivor(desk: Desk) -> None:
    desk.sandbox.commit(
        "by hand", {DB: f"# Db\n\n1. other\n\n- {LINE}\n  - nested\n\nend\n", FACTS: "- a\n"}
    )
    desk.flag("a", body="more on a", topic="db")
    desk.flag("new", topic="db")
    desk.flag("new", body="more on new", topic="ci")
    done = desk.close()

    assert [one.fate for one in done.outcomes] == ["duplicate", "added", "duplicate"]
    assert "its body goes below that line" in done.outcomes[0].reason
    assert desk.show(FACTS) == linked("facts", "a")
    assert bodies(desk, "memory/details/facts.md") == {"a": "more on a"}
    assert bodies(desk) == {"new": "more on new"}
    assert linked("db", "new") in desk.show(DB)


def test_a_judged_duplicate_brings_its_body_too_also_over_another_duplicate(desk: Desk) -> None:
    desk.sandbox.commit("by hand", {DB: f"- {LINE}\n"})
    one, two = desk.flag("late pool", body="one"), desk.flag("pool is late", body="two")
    engine = Scripted(
        operation("duplicate", two, "", "", one), operation("duplicate", one, "", "", LINE)
    )
    desk.close(engine=engine)

    assert desk.show(DB) == linked("db", LINE)
    assert bodies(desk) == {LINE: "one\n\ntwo"}


def test_a_merge_has_the_bodies_of_all_that_it_unites(desk: Desk) -> None:
    desk.flag(LINE, body="old", topic="db")
    desk.land()
    one, two = desk.flag("x", body="one"), desk.flag("y", body="two")
    merged = "The pool opens late, x and y"
    done = desk.close(engine=Scripted(operation("merge", f"{one} {two}", DB, merged, LINE)))

    assert linked("db", merged) in desk.show(DB)
    assert LINE + " (" not in desk.show(DB)
    assert bodies(desk) == {merged: "old\n\none\n\ntwo"}
    assert "a body, which stays below the new line" in done.outcomes[0].reason


def test_what_a_superseded_line_had_below_it_stays_unless_the_new_words_say_it(desk: Desk) -> None:
    desk.flag(LINE, body="It takes 4 seconds on `db-1`.", topic="db")
    desk.flag("The port is 5432", body="- It is 5432\n- for all", topic="db")
    desk.land()
    new = desk.flag("The pool opens at once now", body="Since 2.0.")
    port = desk.flag("The port is 5433 now", body="- It is 5432\n- for all\n- of us")
    engine = Scripted(
        operation("supersede", new, DB, "The pool opens at once now", LINE),
        operation("supersede", port, DB, "The port is 5433 now", "The port is 5432"),
    )
    done = desk.close(engine=engine)

    assert bodies(desk) == {
        "The pool opens at once now": f"Since 2.0.\n\n### Before: {LINE}\n\nIt takes 4 seconds on `db-1`.",
        "The port is 5433 now": "- It is 5432\n- for all\n- of us",
    }
    assert LINE not in desk.show(DB)
    assert linked("db", "The pool opens at once now") in desk.show(DB)
    assert [one.reason.partition(", ")[2] for one in done.outcomes] == [
        "which stays below the new line",
        "which the new words say",
    ]


def test_a_line_without_a_body_takes_over_the_body_of_the_one_it_replaces(desk: Desk) -> None:
    desk.flag(LINE, body="Once, `db-1` took 4 s.", topic="db")
    desk.land()
    new = desk.flag("The pool opens at once now")
    desk.close(engine=Scripted(operation("supersede", new, DB, "The pool opens at once now", LINE)))

    assert linked("db", "The pool opens at once now") in desk.show(DB)
    assert list(bodies(desk)) == ["The pool opens at once now"]


def test_a_settled_item_takes_its_body_with_it(desk: Desk) -> None:
    asked = "Which library do the invoices use?"
    desk.flag(asked, kind="pending", body="Asked twice.")
    desk.land()
    answer = desk.flag("The invoices use the library reportlab", topic="db")
    said = operation("keep", answer, DB, "The invoices use the library reportlab")
    desk.close(engine=Scripted(said, operation("settled", answer, "memory/PENDING.md", "", asked)))

    assert desk.sandbox.git("ls-tree", "-r", "--name-only", "gitmem/drain", "memory/").split() == [
        "memory/MEMORY.md",
        DB,
    ]


def test_a_line_that_moves_brings_its_body_along_and_what_is_folded_into_it(desk: Desk) -> None:
    desk.flag(LINE, body="why")
    desk.flag("Stays", body="because")
    desk.land()
    other = desk.flag("other", topic="db")
    again = desk.flag(LINE, body="more")
    engine = Scripted(
        operation("keep", other, DB, "other"),
        operation("duplicate", again, "", "", LINE),
        move(FACTS, LINE, DB),
    )
    desk.close(engine=engine)

    assert desk.show(FACTS).endswith(linked("facts", "Stays"))
    assert LINE not in desk.show(FACTS)
    assert linked("db", LINE) in desk.show(DB)
    assert bodies(desk) == {LINE: "why\n\nmore"}
    assert bodies(desk, "memory/details/facts.md") == {"Stays": "because"}
    desk.accept()
    assert check_trace(desk.repo, folder=desk.folder).ok


def test_a_skipped_flag_has_its_body_in_the_record_alone(desk: Desk) -> None:
    one = desk.flag(LINE, body="told only here", topic="db")
    skip = operation("skip", one, "", "")
    desk.close(engine=Scripted(type(skip)(op=skip.op, flags=skip.flags, reason="worthless")))

    grep = desk.sandbox.git("grep", "-l", "told only here", "gitmem/drain")
    assert grep.startswith("gitmem/drain:.gitmem/drains/")
    assert "\n" not in grep


def test_a_persons_edits_of_a_details_file_stay(desk: Desk) -> None:
    desk.flag(LINE, body="one", topic="db")
    desk.land()
    text = desk.show(BELOW, "main").replace("one", "One,  as I see it.\n\n- mine\t\n")
    desk.sandbox.commit("mine", {BELOW: text + "\n## My own\n\nwords\n"})
    desk.flag("Another", body="two", topic="db")
    desk.close()

    assert desk.show(BELOW) == text + "\n## My own\n\nwords\n\n## Another\n\ntwo\n"


def test_the_body_follows_a_line_that_a_person_reworded(desk: Desk) -> None:
    desk.flag(LINE, body="why", topic="db")
    desk.land()
    desk.sandbox.commit("mine", {DB: desk.show(DB, "main").replace(LINE, "The pool is late")})
    new = desk.flag("The pool opens at once now")
    desk.flag("The pool is late", body="more", topic="ci")
    desk.close()
    assert bodies(desk) == {LINE: "why\n\nmore"}
    desk.discard()
    merged = "The pool is late, and opens at once now"
    desk.close(engine=Scripted(operation("merge", new, DB, merged, "The pool is late")))

    assert bodies(desk) == {merged: "why"}
    assert linked("db", merged) in desk.show(DB)


def test_a_details_file_that_is_left_open_leaves_the_flag_queued_and_files_the_others(
    desk: Desk,
) -> None:
    desk.sandbox.commit("mine", {BELOW: "# Mine\n\n```\nopen\n"})
    held = desk.flag(LINE, body="one", topic="db")
    desk.flag("Another", topic="db")
    done = desk.close()

    assert [one.id for one in done.left] == [held]
    assert done.left[0].reason == (
        f"gitmem cannot write {BELOW}: its sections cannot be told apart; "
        "look for a code fence or a comment that does not end"
    )
    assert desk.lines(DB) == ["Another"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("a\u202eb", "line 1: "),
        ("```\nopen", "does not end"),
        ("x" * 4001, "the limit is 4000"),
        ("key: AKIA" + "J7XQ2MWN4PRTV5ZB", "credential"),
        ("one \ntwo", "not as gitmem writes one"),
        ("- a\n  ```\nout of the list\n  ```", "does not end"),
    ],
)
def test_a_body_that_no_guard_of_this_version_has_seen_is_judged_again(
    desk: Desk, body: str, said: str
) -> None:
    odd = desk.foreign_flag(v=2, text="odd", body=body)
    desk.flag("fine")
    done = desk.close()

    assert [(one.id, said in one.reason) for one in done.left] == [(odd, True)], done.left
    assert desk.lines(FACTS) == ["fine"]


def test_a_tainted_body_of_a_duplicate_lands_only_when_a_person_says_so(desk: Desk) -> None:
    desk.sandbox.commit("by hand", {FACTS: "- known\n"})
    desk.foreign_flag(v=2, text="known", body="more", tainted=True)
    desk.close()

    with pytest.raises(Refused, match=r"the body below memory/facts\.md: known"):
        desk.accept()
    assert desk.accept(tainted=True).flags
    assert bodies(desk, "memory/details/facts.md", "main") == {"known": "more"}


def test_the_next_part_of_a_topic_begins_where_the_bodies_have_no_room(desk: Desk) -> None:
    lesson = "word " * 790
    for number in range(MOST_BYTES // (len(lesson) * 2) + 40):
        desk.flag(f"Lesson {number}", body=f"{number} {lesson}", topic="db")
    done = desk.close()

    assert done.left == ()
    names = desk.sandbox.git("ls-tree", "--name-only", "gitmem/drain", "memory/details/").split()
    assert names == ["memory/details/db-2.md", BELOW]
    sizes = [len(desk.show(name).encode()) for name in names]
    assert max(sizes) <= MOST_BYTES
    assert sum(len(bodies(desk, name)) for name in names) == done.flags


def test_the_whole_is_taken_back_with_the_review(desk: Desk) -> None:
    desk.flag(LINE, body=BODY, topic="db")
    desk.close()
    desk.discard()
    assert desk.states()["undrained"] == [LINE]
    desk.land()
    desk.sandbox.git("revert", "--no-edit", "HEAD")

    assert desk.sandbox.git("ls-files", "memory") == ""
    desk.status()
    desk.close()
    assert bodies(desk) == {LINE: FILED}
