"""A flag with a body: said on the command line or piped, kept in the queue, given back when it is not saved."""

from __future__ import annotations

import json

import pytest

from gitmem.git.repository import BRANCH
from tests.support.queues import folder_of
from tests.support.sandbox import Sandbox

BODY = "Why it is so:\n\n- one\n- two\n\n```sh\nmake x\n```"


def lines(sandbox: Sandbox) -> list[dict[str, object]]:
    """Every line of the queue branch."""
    said = sandbox.git("grep", "-h", "-e", '"id"', BRANCH, "--", "queue/")
    return [json.loads(row) for row in said.splitlines()]


def line(sandbox: Sandbox) -> dict[str, object]:
    (found,) = lines(sandbox)
    return found


def test_one_line_and_one_character_are_said_in_the_singular(sandbox: Sandbox) -> None:
    assert "with a body of 1 line, 1 character\n" in sandbox.gitmem("flag", "x", "--body", "y").out


def test_a_headline_and_its_body_are_one_flag(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("flag", "the pool opens late", "--body", BODY, "--topic", "db")

    assert (done.code, done.err) == (0, "")
    assert "with a body of 8 lines, 44 characters" in done.out
    flag = line(sandbox)
    assert (flag["v"], flag["text"], flag["body"]) == (2, "the pool opens late", BODY)


def test_the_commit_names_the_headline_alone(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "the pool opens late", "--body", BODY)

    said = sandbox.git("log", "-1", "--format=%B", BRANCH)
    assert said.startswith("flag(fact): the pool opens late\n")
    assert "Why it is so" not in said


def test_a_body_can_be_read_from_standard_input(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("flag", "a", "--body", "-", "--json", input=f"\n{BODY}\n")

    assert done.code == 0
    assert json.loads(done.out)["body"] == len(BODY)
    assert line(sandbox)["body"] == BODY


def test_indented_lines_below_a_headline_are_its_body(sandbox: Sandbox) -> None:
    piped = "- one\n  first\n\n      code\n  last\n\ntwo\n* three\n\tits body\n"
    done = sandbox.gitmem("flag", "-", "--bodies", input=piped)

    assert done.code == 0
    found = [(flag["v"], flag["text"], flag.get("body")) for flag in lines(sandbox)]
    assert found == [
        (2, "one", "first\n\n    code\nlast"),
        (1, "two", None),
        (2, "three", "its body"),
    ]
    assert sandbox.git("rev-list", "--count", BRANCH) == "1"


def test_without_bodies_indented_lines_stay_flags_of_their_own(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "-", input="one\n  two\n")

    assert [(flag["v"], flag["text"]) for flag in lines(sandbox)] == [(1, "one"), (1, "two")]


@pytest.mark.parametrize(
    ("arguments", "piped", "said"),
    [
        (["flag", "-", "--body", "x"], "", "--body belongs to one headline"),
        (["flag", "-", "--body", "-"], "x", "--body belongs to one headline"),
        (["flag", "a", "--bodies"], "", "--bodies reads standard input"),
        (["flag", "-", "--bodies", "--body", "x"], "", "exclude each other"),
        (["flag", "-", "--bodies"], "  a\nb\n", "the first line is indented"),
        (["flag", "-", "--bodies"], "\n\n", "no line on standard input"),
        (["flag", "a", "--body", " \n"], "", "--body has no text"),
        (["flag", "a", "--body", "-"], "", "--body has no text"),
        (["snag", "a", "--better", "b", "--body", "c"], "", "all that a rule has"),
    ],
)
def test_a_wrong_command_line_is_told(
    sandbox: Sandbox, arguments: list[str], piped: str, said: str
) -> None:
    done = sandbox.gitmem(*arguments, input=piped)

    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not folder_of(sandbox).exists()


def test_of_several_the_one_that_is_refused_is_named_and_none_is_saved(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("flag", "-", "--bodies", input="one\n  fine\ntwo\n  ```\n  open\n")

    assert done.code == 4
    assert "flag 2: --body, line 1: a code fence begins here" in done.err
    assert not folder_of(sandbox).exists()


def test_a_dry_run_shows_the_body_and_keeps_nothing(sandbox: Sandbox) -> None:
    plain = sandbox.gitmem("flag", "a", "--body", BODY, "--dry-run")
    done = sandbox.gitmem("flag", "a", "--body", BODY, "--dry-run", "--json")

    assert "with a body of 8 lines" in plain.out
    assert json.loads(done.out)["would"]["body"] == BODY
    assert not folder_of(sandbox).exists()


def test_a_body_that_is_not_saved_is_given_back_line_by_line(sandbox: Sandbox) -> None:
    folder_of(sandbox).parent.joinpath("gitmem").write_text("in the way")
    done = sandbox.gitmem("flag", "a", "--body", BODY)

    assert done.code == 3
    assert "NOT SAVED" in done.err
    for row in filter(None, BODY.split("\n")):
        assert f"    {row}" in done.err


def test_two_bodies_under_one_id_are_a_conflict_and_both_are_told(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "a", "--body", "the pool opens lazily")
    (found,) = (folder_of(sandbox) / "journal").parent.glob("journal")
    text = found.read_text(encoding="utf-8")
    changed = text.rstrip().splitlines()[-1].replace("lazily", "at once")
    found.write_text(f"{text}\n{changed}\n", encoding="utf-8")

    said = sandbox.gitmem("log")
    assert "is the id of two lines" in said.err
    assert "the pool opens lazily" in said.err
    assert "the pool opens at once" in said.err
