"""Bodies as a person and an agent see them: found, cut, printed whole, traced, and told apart in every list."""

from __future__ import annotations

import json

import pytest

from tests.support.sandbox import Sandbox

LINE = "The pool opens late"
BODY = (
    "The probe asks `/health`, which needs no pool.\n\n```py\n\twarm()  # zebra\n```\n\n"
    + "More. " * 60
)
BELOW = "memory/details/db.md"


@pytest.fixture
def queued(sandbox: Sandbox) -> Sandbox:
    assert sandbox.gitmem("flag", LINE, "--topic", "db", "--body", "-", input=BODY).code == 0
    assert sandbox.gitmem("flag", "Invoices are rounded per line").code == 0
    return sandbox


@pytest.fixture
def landed(queued: Sandbox) -> Sandbox:
    assert queued.gitmem("close", "--engine", "verbatim").code == 0
    assert queued.gitmem("accept").code == 0
    return queued


def test_a_word_of_the_body_finds_the_line_and_the_body_is_shown_cut(landed: Sandbox) -> None:
    done = landed.gitmem("recall", "zebra")

    line, place, more = done.out.splitlines()
    assert line == LINE
    assert place.startswith("  memory/db.md:8, ")
    assert more.startswith(f"  more in {BELOW}:5: The probe asks `/health`")
    assert more.endswith("…")
    assert len(more) < 220


def test_the_body_is_printed_whole_on_request_and_by_the_warm_way_too(landed: Sandbox) -> None:
    for _ in range(2):  # the second answer needs no library
        done = landed.gitmem("recall", "--bodies", "pool", "late")

        rows = done.out.splitlines()
        assert rows[2] == f"  more in {BELOW}:5:"
        assert "        warm()  # zebra" in rows
        assert rows[-1].strip().endswith("More.")


def test_a_program_gets_the_body_and_its_place(landed: Sandbox) -> None:
    (found,) = json.loads(landed.gitmem("recall", "zebra", "--json").out)["lines"]
    (plain,) = json.loads(landed.gitmem("recall", "invoices", "--json").out)["lines"]

    assert (found["body"], found["details"]) == (BODY.strip(), f"{BELOW}:5")
    assert (plain["body"], plain["details"]) == (None, None)


def test_a_line_whose_own_words_fit_comes_before_one_whose_body_has_them(landed: Sandbox) -> None:
    landed.gitmem("flag", "A zebra is striped")
    landed.gitmem("close", "--engine", "verbatim")
    landed.gitmem("accept")

    found = json.loads(landed.gitmem("recall", "zebra", "--json").out)["lines"]
    assert [line["text"] for line in found] == ["A zebra is striped", LINE]


def test_log_review_and_the_commit_say_that_there_is_a_body(queued: Sandbox) -> None:
    assert f"{LINE} [with a body]" in queued.gitmem("log").out
    (flag,) = [row for row in json.loads(queued.gitmem("log", "--json").out) if row["body"]]
    assert flag["body"] == BODY.strip()
    queued.gitmem("close", "--engine", "verbatim")

    said = queued.gitmem("review").out
    assert "added, with a body" in said
    assert "+\twarm()  # zebra" in said


def test_show_and_why_print_the_body(landed: Sandbox) -> None:
    flag = json.loads(landed.gitmem("why", "memory/db.md:8", "--json").out)["flags"][0]
    assert flag["body"] == BODY.strip()
    for said in (
        landed.gitmem("show", flag["id"]).out,
        landed.gitmem("why", "memory/db.md:8").out,
        landed.gitmem("why", f"{BELOW}:8").out,
    ):
        assert "its body:\n" in said
        assert "        warm()  # zebra" in said
        assert said.count(LINE) >= 1
    assert (
        json.loads(landed.gitmem("show", flag["id"], "--json").out)["flag"]["body"] == BODY.strip()
    )


def test_a_line_with_a_body_can_be_corrected(landed: Sandbox) -> None:
    done = landed.gitmem("flag", "The pool opens at once", "--corrects", "memory/db.md:8")

    assert done.code == 0
    assert f"corrects memory/db.md: {LINE}" in done.out


def test_hidden_text_that_a_person_left_in_a_details_file_is_named(landed: Sandbox) -> None:
    assert "hidden text" not in landed.gitmem("status").out
    text = (
        landed.read(BELOW)
        if (landed.path / BELOW).exists()
        else landed.git("show", f"main:{BELOW}")
    )
    landed.commit("odd", {BELOW: text + "\n## Mine\n\nleft\u202eright\n"})
    row = text.count("\n") + 4

    assert f"hidden text: {BELOW}:{row}: " in landed.gitmem("status").out
    assert len(json.loads(landed.gitmem("status", "--json").out)["memory"]["hidden"]) == 1


def test_details_are_no_topic_and_cost_no_budget(landed: Sandbox) -> None:
    memory = json.loads(landed.gitmem("status", "--json").out)["memory"]

    assert (memory["topics"], memory["not_loaded"]) == (2, [])
    assert memory["bytes"] < 200
