"""`gitmem stats`, the part about arrival: what sessions load, what was shown, and what came back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.test_narrow import seen, words
from tests.support.hooks import read_file
from tests.support.queues import folder_of
from tests.support.sandbox import Sandbox

CLIENT = "The client in src/api/client.py retries three times"
OLD_FLAG = "Deploys go out on Tuesdays"


def land(sandbox: Sandbox, *command: str) -> str:
    made = sandbox.gitmem(*command, "--json")
    assert made.code == 0, made.err
    assert sandbox.gitmem("close", "--engine", "verbatim").code == 0
    assert sandbox.gitmem("accept").code == 0
    return str(json.loads(made.out)["id"])


def part(sandbox: Sandbox) -> dict[str, Any]:
    done = sandbox.gitmem("stats", "--json")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)["arrival"]
    return found


def showed(sandbox: Sandbox, at: str, session: str, trigger: str, *keys: str) -> None:
    """A showing of some time ago, as a hook writes it."""
    fields = {"at": at, "event": "PostToolBatch", "session": session, "did": "showed 1 line"}
    with (folder_of(sandbox) / "ledger.jsonl").open("a", encoding="utf-8") as ledger:
        entry = {**fields, "shown": [*keys], "trigger": trigger}
        ledger.write(json.dumps(entry, separators=(",", ":")) + "\n")


@pytest.fixture
def memory(sandbox: Sandbox) -> Sandbox:
    sandbox.commit("files", {"src/api/client.py": "RETRIES = 3\n"})
    land(sandbox, "flag", CLIENT)
    return sandbox


def test_before_any_showing_it_tells_what_every_session_loads(memory: Sandbox) -> None:
    status = json.loads(memory.gitmem("status", "--json").out)["memory"]

    found = part(memory)

    assert {name: found[name] for name in status} == status
    assert (found["lines"], found["lines_loaded"], found["showings"]) == (1, 1, 0)
    assert (found["triggers"], found["most_shown"], found["recurred"]) == ({}, [], [])
    rows = [row.strip() for row in memory.gitmem("stats").out.splitlines()]
    assert rows[rows.index("arrival:") + 1 :] == [
        (
            f"1 of 1 topic is loaded, {found['bytes']} of 10,000 bytes, "
            f"about {found['tokens']} tokens in every request"
        ),
        "1 of 1 line of memory is loaded",
        "no hook of this clone has shown a line yet",
    ]


def test_what_hooks_showed_is_counted_by_trigger_and_by_line(memory: Sandbox) -> None:
    memory.gitmem("recall-view", str(memory.path))
    for session in ("one", "two"):
        assert read_file(memory, "src/api/client.py", session)

    found = part(memory)

    assert (found["showings"], found["triggers"]) == (2, {"path": 2})
    (most,) = found["most_shown"]
    assert (most["text"], most["shown"]["times"], most["shown"]["sessions"]) == (CLIENT, 2, 2)
    said = memory.gitmem("stats").out
    assert "hooks showed 2 lines (2 path)" in said
    assert f"shown 2 times in 2 sessions  memory/facts.md:8  {CLIENT}" in said


def test_a_snag_that_came_back_after_its_line_was_shown_is_told(memory: Sandbox) -> None:
    first = land(memory, "snag", "The client hung", "--better", "Set a timeout in the client")
    showed(memory, "2026-01-01T00:00:00Z", "one", "failure", first)
    showed(memory, "2026-01-02T00:00:00Z", "two", "failure", first)
    again = memory.gitmem("snag", "It hung", "--better", "Set it", "--again", first, "--json")

    (loop,) = part(memory)["recurred"]

    assert (loop["snag"], loop["showings"]) == (first, 2)
    assert loop["again"] == [json.loads(again.out)["id"]]
    said = memory.gitmem("stats").out
    assert "came back 1 time after 2 showings of its line: The client hung" in said


def test_a_snag_whose_line_was_shown_only_later_is_not_told(memory: Sandbox) -> None:
    first = land(memory, "snag", "The client hung", "--better", "Set a timeout in the client")
    memory.gitmem("snag", "It hung", "--better", "Set it", "--again", first)
    showed(memory, "2099-01-01T00:00:00Z", "one", "failure", first)

    assert part(memory)["recurred"] == []


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_terminal_shows_the_words_of_a_pipe(memory: Sandbox, width: int) -> None:
    for number in range(8):
        key = land(memory, "flag", f"{OLD_FLAG}, part {number} of a rule that takes more words")
        showed(memory, "2026-01-01T00:00:00Z", "one", "prompt", key)
    piped = memory.gitmem("stats").out.partition("arrival:")[2]

    shown = seen(memory, width, "stats").partition("arrival:")[2]

    assert sorted(words(shown)) == sorted(words(piped))
    assert max(map(len, shown.splitlines())) <= width
