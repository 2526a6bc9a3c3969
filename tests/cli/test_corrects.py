"""`gitmem flag --corrects`: a line that is wrong is not shown here until the flag is drained."""

from __future__ import annotations

import json

import pytest

from tests.support.hooks import context, fire, read_file
from tests.support.queues import folder_of
from tests.support.sandbox import Sandbox

CLIENT = "The client in src/api/client.py retries three times"
MAKE = "`make migrate` needs the VPN; without it it ends in ECONNREFUSED 5432"
RIGHT = "The client in src/api/client.py retries five times"


@pytest.fixture
def memory(sandbox: Sandbox) -> Sandbox:
    sandbox.commit(
        "files",
        {
            ".gitmem/config.yaml": "version: 1\nmemory.budget: 0\n",
            "src/api/client.py": "RETRIES = 3\n",
        },
    )
    assert sandbox.gitmem("flag", CLIENT).code == 0
    assert sandbox.gitmem("flag", MAKE).code == 0
    assert sandbox.gitmem("snag", "Hung", "--better", "Set a timeout").code == 0
    assert sandbox.gitmem("close", "--engine", "verbatim").code == 0
    assert sandbox.gitmem("accept").code == 0
    return sandbox


def place(sandbox: Sandbox, words: str, file: str = "memory/facts.md") -> str:
    rows = sandbox.read(file).splitlines()
    return f"{file}:{next(at for at, row in enumerate(rows, 1) if words in row)}"


def shown_for_the_file(sandbox: Sandbox, session: str) -> bool:
    assert sandbox.gitmem("recall-view", str(sandbox.path)).code == 0
    return CLIENT in read_file(sandbox, "src/api/client.py", session)


def test_a_line_that_is_wrong_is_shown_again_only_after_the_flag_is_drained(
    memory: Sandbox,
) -> None:
    assert shown_for_the_file(memory, "before")

    done = memory.gitmem("flag", RIGHT, "--corrects", place(memory, "three times"))

    assert done.code == 0, done.err
    assert f"corrects memory/facts.md: {CLIENT}" in done.out.splitlines()
    assert not shown_for_the_file(memory, "after")
    memory.gitmem("close", "--engine", "verbatim")
    assert f"it corrects memory/facts.md: {CLIENT}" in memory.gitmem("review").out
    assert not shown_for_the_file(memory, "in review")
    memory.gitmem("accept")
    # Without a model both lines stand; the review said so.
    assert shown_for_the_file(memory, "landed")


def test_a_line_that_is_wrong_is_not_shown_for_a_failed_command_either(memory: Sandbox) -> None:
    done = memory.gitmem("flag", "It works without", "--corrects", place(memory, "VPN"), "--json")
    assert json.loads(done.out)["corrects"] == f"memory/facts.md: {MAKE}"
    memory.gitmem("recall-view", str(memory.path))
    call = {"tool_input": {"command": "make migrate"}, "error": "ECONNREFUSED 5432"}

    assert "VPN" not in context(fire(memory, "PostToolUseFailure.Bash", **call))
    assert CLIENT in read_file(memory, "src/api/client.py", "another line is shown as before")


def test_a_flag_that_is_dropped_holds_no_line_back(memory: Sandbox) -> None:
    done = memory.gitmem("flag", RIGHT, "--corrects", place(memory, "three times"), "--json")
    memory.gitmem("drop", json.loads(done.out)["id"], "--reason", "it was right")

    assert shown_for_the_file(memory, "after")


def test_the_flag_carries_the_line_and_a_file_may_be_named_from_a_folder_below(
    memory: Sandbox,
) -> None:
    number = place(memory, "three times").rpartition(":")[2]
    done = memory.gitmem(
        "flag", RIGHT, "--corrects", f"facts.md:{number}", "--dry-run", "--json",
        cwd=memory.path / "memory",
    )  # fmt: skip

    assert json.loads(done.out)["would"]["corrects"] == f"memory/facts.md: {CLIENT}"
    assert not (folder_of(memory) / "corrections").exists()


def test_a_damaged_file_of_corrections_holds_no_line_back(memory: Sandbox) -> None:
    (folder_of(memory) / "corrections").write_bytes(b'\n{"v":1,"id":7}\n\xff\n{"id":"x","li')

    assert shown_for_the_file(memory, "after")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((RIGHT, "--corrects", "facts"), 2, "is not FILE:LINE"),
        ((RIGHT, "--corrects", "memory/facts.md:0"), 4, "no line of memory at"),
        ((RIGHT, "--corrects", "memory/facts.md:1"), 4, "no line of memory at"),
        ((RIGHT, "--corrects", "memory/none.md:8"), 4, "no line of memory at"),
        ((RIGHT, "--corrects", "../elsewhere.md:8"), 4, "not inside this repository"),
        (("-", "--corrects", "memory/facts.md:8"), 2, "takes one text"),
        ((RIGHT, "--kind", "pending", "--corrects", "memory/facts.md:8"), 2, "an open item"),
        ((RIGHT, "--corrects"), 2, "needs a value"),
    ],
)
def test_what_names_no_line_of_memory_is_refused_and_nothing_is_saved(
    memory: Sandbox, words: tuple[str, ...], code: int, said: str
) -> None:
    before = memory.gitmem("log", "--json").out

    done = memory.gitmem("flag", *words, input=RIGHT)

    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert memory.gitmem("log", "--json").out == before


def test_a_rule_is_corrected_by_a_snag(memory: Sandbox) -> None:
    done = memory.gitmem("flag", RIGHT, "--corrects", place(memory, "Set a timeout", "CLAUDE.md"))

    assert done.code == 4
    assert "is a rule, not a line of memory" in done.err
    assert "--rule FILE" in done.err
