"""`gitmem review -p` on a real terminal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.desk import Desk
from tests.support.sandbox import Sandbox
from tests.support.terminal import Terminal, answered

FILE = "memory/facts.md"
TEXTS = ("One", "Two", "Three")
CTRL_C, CTRL_D = b"\x03", b"\x04"


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    """Three lines in review."""
    sandbox.wire()
    for text in TEXTS:
        assert sandbox.gitmem("flag", text).code == 0
    assert sandbox.gitmem("close", "--engine", "verbatim").code == 0
    return Desk(sandbox=sandbox)


def test_y_keeps_every_line_and_moves_nothing(desk: Desk) -> None:
    tip = desk.head("gitmem/drain")

    code, shown = answered(desk.sandbox, ["y", "y", "y"])

    assert code == 0
    assert [f"[{n}/3] file this line? [y,n,e,s,a,d,q,?] y" in shown for n in (1, 2, 3)] == [
        True
    ] * 3
    assert shown.count(FILE) == 1
    assert "+ One" in shown
    assert "3 lines: 3 kept\n" in shown
    assert shown.endswith("next: gitmem accept lands it, gitmem review shows it\n")
    assert desk.head("gitmem/drain") == tip


@pytest.mark.parametrize("answers", [["n not true"], ["n", "not true"], ["n", "", "n", "not true"]])
def test_n_rejects_with_a_reason(desk: Desk, answers: list[str]) -> None:
    code, shown = answered(desk.sandbox, ["y", *answers, "y"])

    assert code == 0, shown
    assert "3 lines: 2 kept, 1 rejected\n" in shown
    assert re.search(r"dropped [a-z2-7]{12}: recorded as skipped, with the reason\n", shown)
    assert desk.lines(FILE) == ["One", "Three"]
    assert "not true" in desk.sandbox.gitmem("review").out
    assert desk.sandbox.gitmem("accept").code == 0
    assert desk.states() == {}


def test_what_was_rejected_can_be_queued_again(desk: Desk) -> None:
    answered(desk.sandbox, ["n wrong", "e Zwei", "q"])
    told = json.loads(desk.sandbox.gitmem("review", "--json").out)["outcomes"]
    rejected = next(one["id"] for one in told if one["outcome"] == "skipped")

    assert desk.sandbox.gitmem("undrop", rejected).code == 0
    assert desk.sandbox.gitmem("close", "--engine", "verbatim").code == 0

    assert sorted(desk.lines(FILE)) == ["One", "Three", "Zwei"]


def test_the_personal_memory_is_answered_too(sandbox: Sandbox) -> None:
    assert sandbox.gitmem("init", "--mine", "--client", "codex").code == 0
    assert sandbox.gitmem("flag", "--mine", "I like tabs").code == 0
    assert sandbox.gitmem("--mine", "close", "--engine", "verbatim").code == 0

    with Terminal(sandbox, "--mine", "review", "-p") as screen:
        screen.until("?] ")
        screen.type("e I like blanks")
        assert screen.end() == 0

    assert "gitmem --mine accept lands it" in screen.shown
    assert "I like blanks" in sandbox.gitmem("--mine", "review").out


def test_s_leaves_a_line_undecided_and_says_that_it_lands(desk: Desk) -> None:
    code, shown = answered(desk.sandbox, ["s", "n wrong", "s"])

    assert code == 0
    assert "3 lines: 1 rejected, 2 undecided\n" in shown
    assert "what is undecided stays in the review, and gitmem accept lands it, too\n" in shown
    assert desk.lines(FILE) == ["One", "Three"]


def test_q_half_way_writes_what_was_answered(desk: Desk) -> None:
    code, shown = answered(desk.sandbox, ["n wrong", "q"])

    assert code == 0
    assert "3 lines: 1 rejected, 2 undecided\n" in shown
    assert desk.lines(FILE) == ["Two", "Three"]


def test_the_end_of_the_input_is_as_q(desk: Desk) -> None:
    with Terminal(desk.sandbox, "review", "-p") as screen:
        screen.until("? ")
        screen.type("n wrong")
        screen.until("? ")
        screen.press(CTRL_D)
        assert screen.end() == 0

    assert desk.lines(FILE) == ["Two", "Three"]


def test_ctrl_c_writes_nothing(desk: Desk) -> None:
    tip = desk.head("gitmem/drain")

    with Terminal(desk.sandbox, "review", "-p") as screen:
        screen.until("? ")
        screen.type("n wrong")
        screen.until("[2/3]")
        screen.until("? ")
        screen.press(CTRL_C)
        assert screen.end() == 130
        assert "interrupted; no answer was written" in screen.shown

    assert desk.head("gitmem/drain") == tip
    assert "dropped since" not in desk.sandbox.gitmem("review").out


def test_a_question_mark_and_any_other_word_print_the_keys(desk: Desk) -> None:
    _, shown = answered(desk.sandbox, ["?", "what", "q"])

    assert shown.count("y - keep this line\n") == 2
    assert shown.count("[1/3]") == 3


def test_a_and_d_answer_for_the_rest_of_a_file(desk: Desk) -> None:
    desk.sandbox.gitmem("flag", "A token?", "--kind", "pending")
    desk.sandbox.gitmem("close", "--engine", "verbatim")

    code, shown = answered(desk.sandbox, ["a", "y", "d old news"])

    assert code == 0, shown
    assert "4 lines: 2 kept, 2 rejected\n" in shown
    assert desk.lines(FILE) == ["One"]
    assert desk.lines("memory/PENDING.md") == ["[ ] A token?"]


def test_e_edits_a_line_and_accept_lands_it(desk: Desk) -> None:
    code, shown = answered(desk.sandbox, ["e Eins, größer", "q"])

    assert code == 0, shown
    assert "3 lines: 1 edited, 2 undecided\n" in shown
    assert desk.lines(FILE) == ["Eins, größer", "Two", "Three"]
    assert "reworded by" in desk.sandbox.gitmem("review").out
    told = json.loads(desk.sandbox.gitmem("review", "--json").out)["outcomes"]
    assert [one.get("was") for one in told] == ["One", None, None]
    assert desk.sandbox.gitmem("accept").code == 0
    place = next(
        number
        for number, row in enumerate(desk.sandbox.read(FILE).splitlines(), 1)
        if "größer" in row
    )
    why = desk.sandbox.gitmem("why", f"{FILE}:{place}").out
    assert "reworded in review by " in why
    assert "it was: One" in why
    assert "flag " in why
    assert desk.sandbox.gitmem("check", "--trace").code == 0
    assert "Eins" in desk.sandbox.gitmem("recall", "größer").out


def test_e_without_words_opens_the_editor_as_git_does(desk: Desk, tmp_path: Path) -> None:
    editor = tmp_path / "my editor"
    editor.write_text('#!/bin/sh\nsed -i "s/^One$/One, edited/" "$2"\n')
    editor.chmod(0o755)

    code, shown = answered(desk.sandbox, ["e", "q"], GIT_EDITOR=f"'{editor}' --wait")

    assert code == 0, shown
    assert desk.lines(FILE)[0] == "One, edited"


def test_the_editor_of_the_configuration_counts_before_that_of_the_environment(
    desk: Desk,
) -> None:
    desk.sandbox.git("config", "core.editor", "sed -i 1s/One/Configured/")

    answered(desk.sandbox, ["e", "q"], GIT_EDITOR=None, VISUAL="false", EDITOR="false")

    assert desk.lines(FILE)[0] == "Configured"


@pytest.mark.parametrize(
    ("editor", "said"),
    [
        ("true", "the words are unchanged"),
        ("false", "the editor ended with 1"),
        ("sed -i d", "the words are unchanged"),
        ("sed -i d", "to take the line out: n"),
        ("rm", "the editor left no file to read"),
        ("sed -i 1aMore", "a line of memory is one line"),
        (None, "git knows no editor"),
    ],
)
def test_an_editor_that_leaves_no_new_line_asks_again(
    desk: Desk, editor: str | None, said: str
) -> None:
    code, shown = answered(desk.sandbox, ["e", "q"], GIT_EDITOR=editor, VISUAL=None, EDITOR=None)

    assert code == 0
    assert said in shown
    assert shown.count("[1/3]") == 2
    assert desk.lines(FILE) == [*TEXTS]


def test_refused_words_say_why_and_ask_again(desk: Desk) -> None:
    token = "gh" + "p_" + "aB3" * 12

    code, shown = answered(desk.sandbox, [f"e it is {token}", "e Two", "e Uno", "q"])

    assert code == 0
    assert "credential" in shown
    assert "has this line already" in shown
    assert desk.lines(FILE) == ["Uno", "Two", "Three"]


def test_no_edit_is_taken_twice(desk: Desk) -> None:
    _, shown = answered(desk.sandbox, ["e Same", "e Same", "q"])

    assert "another line has these words already" in shown
    assert desk.lines(FILE) == ["Same", "Two", "Three"]


def test_a_dry_run_asks_and_writes_nothing(desk: Desk) -> None:
    tip = desk.head("gitmem/drain")

    code, shown = answered(desk.sandbox, ["n wrong", "e Uno", "q"], "--dry-run")

    assert code == 0
    assert "nothing was written" in shown
    assert desk.head("gitmem/drain") == tip


def test_it_is_refused_inside_an_agent(desk: Desk) -> None:
    with Terminal(desk.sandbox, "review", "-p", env={"CLAUDECODE": "1"}) as screen:
        assert screen.end() == 4
        assert "a person reviews" in screen.shown


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("-p",), "asks on a terminal"),
        (("-p", "--json"), "--json does not go with --patch"),
        (("-p", "--unmatch", "aaaa"), "--unmatch does not go with --patch"),
    ],
)
def test_what_does_not_go_with_it_is_a_usage_error(
    desk: Desk, args: tuple[str, ...], said: str
) -> None:
    done = desk.sandbox.gitmem("review", *args)

    assert done.code == 2
    assert said in done.err
    assert "hint:" in done.err


def test_an_answer_that_is_not_utf_8_is_asked_for_again(desk: Desk) -> None:
    with Terminal(desk.sandbox, "review", "-p") as screen:
        screen.until("?] ")
        screen.press(b"e \xff\n")
        screen.until("that was not UTF-8")
        screen.until("?] ")
        screen.type("q")
        assert screen.end() == 0

    assert desk.lines(FILE) == [*TEXTS]


def test_the_review_names_it(desk: Desk) -> None:
    assert "gitmem review -p asks line by line" in desk.sandbox.gitmem("review").out


def test_nothing_in_review_is_no_progress(sandbox: Sandbox) -> None:
    with Terminal(sandbox, "review", "-p") as screen:
        assert screen.end() == 7


def test_a_long_line_wraps_under_itself_at_80_columns(desk: Desk) -> None:
    text = "A word " * 30 + "end"
    desk.sandbox.gitmem("flag", text)
    desk.sandbox.gitmem("close", "--engine", "verbatim")

    _, shown = answered(desk.sandbox, ["y", "y", "y", "q"])

    assert max(map(len, shown.splitlines())) <= 80
    assert "+ A word A word" in shown
    assert "\n  A word A word" in shown or "\n  word A word" in shown


def test_a_terminal_has_colours_and_no_escape_of_others(desk: Desk) -> None:
    _, shown = answered(desk.sandbox, ["q"], NO_COLOR=None)

    assert "\x1b[32m+ One\x1b[m" in shown
    assert "\x1b[1m[1/3] file this line? [y,n,e,s,a,d,q,?] \x1b[m" in shown


def test_a_review_that_somebody_else_pushed_is_answered_too(desk: Desk) -> None:
    theirs = desk.clone("theirs")
    theirs.sandbox.git("fetch", "--quiet", "origin", "gitmem/drain:gitmem/drain")
    theirs.sandbox.wire()

    code, shown = answered(theirs.sandbox, ["n wrong", "e Zwei", "q"])

    assert code == 0, shown
    assert theirs.lines(FILE) == ["Zwei", "Three"]
    assert theirs.sandbox.gitmem("accept").code == 0
    assert theirs.lines(FILE, "main") == ["Zwei", "Three"]


def test_a_body_is_shown_below_its_line(sandbox: Sandbox) -> None:
    sandbox.wire()
    sandbox.gitmem(
        "flag", "The pool opens late", "--body", "The probe asks first.\n\nThen it waits."
    )
    sandbox.gitmem("close", "--engine", "verbatim")

    _, shown = answered(sandbox, ["q"])

    assert "    | The probe asks first.\n    |\n    | Then it waits.\n" in shown
