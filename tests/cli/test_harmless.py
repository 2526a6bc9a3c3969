"""A line with what a client would load: filed in backticks, and the flag's own words all the same."""

from __future__ import annotations

import json

import pytest

from tests.support.sandbox import Sandbox

RAW = "Mark controllers with @RestController, and import @tanstack/react-query"
WRITTEN = "Mark controllers with `@RestController`, and import `@tanstack/react-query`"


def landed(sandbox: Sandbox, *arguments: str) -> dict[str, str]:
    """The id of a flag that a close filed and a person accepted."""
    done = sandbox.gitmem("flag", *arguments, "--json")
    assert done.code == 0, done.err
    assert sandbox.gitmem("close").code == 0
    assert sandbox.gitmem("accept").code == 0
    return dict(json.loads(done.out))


@pytest.mark.parametrize(
    "text",
    [
        RAW,
        "install it with npx create-app@latest, or @latest",
        "`panic!` is for bugs, `unwrap!` for tests",
        "a --> b --> c",
        "add a ```diff block to the description",
        "the script goes into <head>",
        "run `npm i @scope/pkg` first",
        "the test key is pk_" + "test_" + "aB3" * 8,
        "skills run !`date` when they are loaded",
    ],
)
def test_an_ordinary_line_is_kept_and_filed(sandbox: Sandbox, text: str) -> None:
    assert sandbox.gitmem("flag", text).code == 0
    assert sandbox.gitmem("close").code == 0


def test_the_file_has_the_names_in_backticks_and_the_queue_has_the_flag_as_it_was_made(
    sandbox: Sandbox,
) -> None:
    flag = landed(sandbox, RAW)

    assert RAW in sandbox.gitmem("show", flag["id"]).out
    assert f"- {WRITTEN}\n" in sandbox.read("memory/facts.md")
    assert "verbatim" in sandbox.git("log", "-1", "--format=%B")
    assert "reworded" not in sandbox.git("log", "-1", "--format=%B")


def test_why_show_and_trace_know_the_line_as_the_flags_own_words(sandbox: Sandbox) -> None:
    flag = landed(sandbox, RAW)
    number = sandbox.read("memory/facts.md").splitlines().index(f"- {WRITTEN}") + 1

    for asked in (RAW, WRITTEN, f"memory/facts.md:{number}"):
        done = sandbox.gitmem("why", asked, "--json")
        assert done.code == 0, done.err
        assert flag["id"] in done.out
    assert f"memory/facts.md:{number}" in sandbox.gitmem("show", flag["id"]).out
    traced = sandbox.gitmem("check", "--trace")
    assert traced.code == 0, traced.out


def test_the_same_line_in_backticks_is_folded_into_it(sandbox: Sandbox) -> None:
    landed(sandbox, RAW)
    landed(sandbox, WRITTEN)

    assert sandbox.read("memory/facts.md").count("RestController") == 1


def test_a_person_may_take_the_backticks_away_and_why_still_knows(sandbox: Sandbox) -> None:
    flag = landed(sandbox, RAW)
    text = sandbox.read("memory/facts.md")
    sandbox.commit("by hand", {"memory/facts.md": text.replace(WRITTEN, RAW)})

    assert flag["id"] in sandbox.gitmem("why", RAW, "--json").out


def test_forget_takes_it_out(sandbox: Sandbox) -> None:
    flag = landed(sandbox, RAW)

    assert sandbox.gitmem("forget", flag["id"]).code == 0
    assert sandbox.git("grep", "RestController", "gitmem/drain", "--", "memory", check=False) == ""


def test_what_the_client_runs_in_a_skill_is_refused_for_a_snag(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("snag", "the date was wrong", "--better", "start with !`date`")

    assert done.code == 4
    assert "runs a command in a skill" in done.err
    assert sandbox.gitmem("snag", "it failed", "--better", "never use `panic!` or `x!`").code == 0
