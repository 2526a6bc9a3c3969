"""The real Qwen Code after `gitmem init --client qwen`: what reached its model, read from the request bodies."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.real_clients.evidence import did, undrained
from tests.real_clients.others import QWEN
from tests.real_clients.terminal import Terminal
from tests.real_clients.wire import Turn, WireModel
from tests.support.hooks import ledger
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

shell, idle = QWEN.shell, QWEN.idle

#: The client takes no other summary.
SUMMARY = "<state_snapshot>THE SUMMARY</state_snapshot>"


def _todo(status: str) -> Turn:
    """A list of two tasks, the first of them in this state."""
    tasks = [("1", "a", status), ("2", "b", "pending")]
    todos = [{"id": name, "content": what, "status": state} for name, what, state in tasks]
    return Turn(tool="todo_write", given={"todos": todos})


@pytest.fixture
def wired(sandbox: Sandbox) -> Sandbox:
    return sandbox.wire("--client", "qwen")


@pytest.mark.ability("qwen", "boot words", "memory index")
def test_a_boot_says_what_waits_and_the_memory_is_loaded(wired: Sandbox, home: Path) -> None:
    wired.land("Integration tests need Postgres", "--topic", "testing")
    wired.gitmem("flag", "Deploys go out on Tuesdays")

    with WireModel() as model:
        done = QWEN.run(wired, home, model, "hello")

    first = model.main[0].text
    assert first.count("1 flag waits undrained") == 1, done
    assert first.count("- Integration tests need Postgres") == 1  # AGENTS.md, which imports it


@pytest.mark.ability("qwen", "flag", "session id")
def test_a_flag_lands_on_the_queue_with_its_session(wired: Sandbox, home: Path) -> None:
    with WireModel(turns=[shell("gitmem flag 'Tests need Postgres' --kind gotcha")]) as model:
        done = QWEN.run(wired, home, model, "go on")

    assert "flagged " in model.main[1].text, done
    (flag,) = undrained(wired)
    assert flag["text"] == "Tests need Postgres"
    assert flag["session"] in {line.get("session") for line in ledger(wired)}


@pytest.mark.ability("qwen", "commit")
def test_a_commit_is_followed_by_one_nudge(wired: Sandbox, home: Path) -> None:
    turns = [shell("git commit -q --allow-empty -m chapter"), shell("true"), shell("true")]

    with WireModel(turns=turns) as model:
        done = QWEN.run(wired, home, model, "go on")

    said = model.told("after git commit: flag what's durable, now")
    assert said[0] == 0
    assert set(said[1:]) == {1}, (said, done)


@pytest.mark.ability("qwen", "recovery")
def test_a_command_that_failed_and_then_worked_is_asked_about(wired: Sandbox, home: Path) -> None:
    wired.write("check.sh", "test -e there\n")
    turns = [shell("sh check.sh"), shell("touch there"), shell("sh check.sh")]

    with WireModel(turns=[*turns, *idle(4)]) as model:
        done = QWEN.run(wired, home, model, "go on")

    assert model.told("after a command that failed and then worked")[-1] == 1, done


@pytest.mark.ability("qwen", "sub-agent")
def test_a_sub_agent_that_finished_is_named_in_the_next_nudge(wired: Sandbox, home: Path) -> None:
    task = {"description": "d", "prompt": "look", "subagent_type": "general-purpose"}
    turns = [Turn(tool="agent", given={**task, "run_in_background": False}), Turn(text="Done.")]

    with WireModel(turns=[*turns, shell("git commit -q --allow-empty -m chapter")]) as model:
        done = QWEN.run(wired, home, model, "go on")

    assert "a sub-agent that finished in the background and git commit" in model.main[-1].text, done


@pytest.mark.ability("qwen", "chapter tool")
def test_a_task_that_is_completed_is_named_in_the_next_nudge(wired: Sandbox, home: Path) -> None:
    QWEN.settle(home, wired.path, "")
    settings = home / ".qwen/settings.json"
    listed = {
        "tools": {"todoWrite": {"enabled": True}}
    }  # the person's choice: off where none is made
    person = json.loads(settings.read_text(encoding="utf-8")) | listed
    settings.write_text(json.dumps(person), encoding="utf-8")
    commit = shell("git commit -q --allow-empty -m chapter")
    turns = [_todo("in_progress"), shell("touch a"), _todo("completed"), commit]

    with WireModel(turns=turns) as model:
        done = QWEN.run(wired, home, model, "go on")

    said = model.told("after git commit and a completed task: flag what's durable, now")
    assert said == [0, 0, 0, 0, 1], (said, done)


@pytest.mark.ability("qwen", "turn nudge")
def test_the_next_prompt_asks_about_the_turn_before(wired: Sandbox, home: Path) -> None:
    with WireModel(turns=[shell("touch a"), *idle(5)]) as model:
        QWEN.run(wired, home, model, "go on")
    assert set(model.told("after the end of the last turn")) == {0}

    with WireModel() as model:
        done = QWEN.run(wired, home, model, "and now?", arguments=("--continue",))

    assert model.main[0].text.count("after the end of the last turn") == 1, done


@pytest.mark.ability("qwen", "growth")
def test_a_context_that_grew_is_asked_about(wired: Sandbox, home: Path) -> None:
    turns = [shell("touch a", 10_000), *idle(6, 100_000)]

    with WireModel(turns=turns) as model:
        done = QWEN.run(wired, home, model, "go on")

    assert model.told("after a long stretch of work")[-1] == 1, done


@pytest.mark.ability("qwen", "words to the summariser", "after a compaction")
def test_a_compaction_is_told_what_to_keep_and_asked_about_once(wired: Sandbox, home: Path) -> None:
    wired.gitmem("flag", "Deploys go out on Tuesdays")
    wired.write("long", "a long row of words\n" * 1_000)
    turns = [
        shell("cat long", 1_000),
        shell("touch a", 175_000),
        Turn(text=SUMMARY, tokens=175_000),
        shell("true", 3_000),
        shell("true", 3_000),
    ]

    with WireModel(turns=turns) as model:
        done = QWEN.run(wired, home, model, "go on")

    assert "end the summary with a section 'Unflagged durable facts'" in model.main[2].text, done
    after = model.main[3:]
    assert "THE SUMMARY" in after[0].text, done
    assert [one.text.count("after a compaction: flag what's durable") for one in after] == [0, 1, 1]
    assert {one.text.count("1 flag waits undrained") for one in after} == {1}


@pytest.mark.ability("qwen", "guard")
def test_a_guard_is_said_with_the_result_of_its_call(wired: Sandbox, home: Path) -> None:
    guard = {"tool": "Bash", "match": "make release", "lesson": "Build the wheel first."}
    wired.commit("guard", {".gitmem/guards.jsonl": json.dumps(guard) + "\n"})

    with WireModel(turns=[shell("make release")]) as model:
        done = QWEN.run(wired, home, model, "go on")

    assert model.told("gitmem, about Bash (make release): this snagged here before")[1:] == [1]
    assert "Build the wheel first." in model.main[1].text, done


@pytest.mark.ability("qwen", "guard")
def test_a_guard_of_mode_once_holds_the_call_and_the_retry_passes(
    wired: Sandbox, home: Path
) -> None:
    guard = {"tool": "Bash", "match": "make release", "mode": "once", "lesson": "Wheel first."}
    wired.commit("guard", {".gitmem/guards.jsonl": json.dumps(guard) + "\n"})
    turns = [shell("make release || touch made"), shell("make release || touch made")]
    asking = ("--approval-mode", "auto-edit", "--allowed-tools", "run_shell_command", "-p")
    program = replace(QWEN, command=lambda _, prompt: (*asking, prompt))

    with WireModel(turns=turns) as model:
        done = program.run(wired, home, model, "go on")

    assert "This call was not made." in model.main[1].text, done
    assert ("PreToolUse", "held -") in did(wired)
    assert (wired.path / "made").exists()


@pytest.mark.ability("qwen", "recall at need")
def test_a_file_that_a_line_is_about_brings_the_line(wired: Sandbox, home: Path) -> None:
    wired.land("The parser keeps CRLF", "--topic", "parser", "--paths", "src/parse.py")
    wired.commit("code", {"src/parse.py": "x = 1\n"})
    wired.gitmem("recall", "parser")
    read = Turn(tool="read_file", given={"file_path": str(wired.path / "src/parse.py")})

    with WireModel(turns=[shell("sleep 1"), read]) as model:
        done = QWEN.run(wired, home, model, "go on")

    assert model.told("notes of this repository about src/parse.py")[-1] == 1, done


def test_a_personal_permission_lets_a_flag_through_without_a_question(
    wired: Sandbox, home: Path
) -> None:
    QWEN.settle(home, wired.path, "")
    person = {"HOME": str(home)}
    assert wired.gitmem("init", "--client", "qwen", "--personal", env=person).code == 0
    program = replace(QWEN, command=lambda _, prompt: ("--approval-mode", "default", "-p", prompt))

    turns = [shell("gitmem flag 'Tests need Postgres'"), shell("touch other")]
    with WireModel(turns=turns) as model:
        done = program.run(wired, home, model, "go on")

    assert "flagged " in model.main[1].text, done
    assert not (wired.path / "other").exists()
    assert [flag["text"] for flag in undrained(wired)] == ["Tests need Postgres"]


def test_the_hooks_do_not_run_in_a_folder_below_the_top_and_there_where_they_are_wired(
    wired: Sandbox, home: Path
) -> None:
    wired.gitmem("flag", "Deploys go out on Tuesdays")
    below = wired.path / "services/api"
    below.mkdir(parents=True)

    with WireModel() as model:
        QWEN.run(wired, home, model, "hello", below="services/api")
    assert "1 flag waits undrained" not in model.main[0].text
    wired.gitmem("init", "--client", "qwen", cwd=below)
    with WireModel() as model:
        done = QWEN.run(wired, home, model, "hello", below="services/api")

    assert "1 flag waits undrained" in model.main[0].text, done


@pytest.mark.ability("qwen", "end mark")
def test_the_end_of_an_interactive_session_is_marked(
    wired: Sandbox, home: Path, tmp_path: Path
) -> None:
    with WireModel() as model, Terminal(tmp_path / "tmux") as terminal:
        person = QWEN.environ(wired, home, model, {"TERM": "xterm-256color"})
        terminal.start(wired.path, person, *QWEN.start)
        terminal.shows("Type your message")
        terminal.keys("/quit")
        terminal.shows("/quit")
        while ("SessionEnd", "marked end") not in did(wired):
            terminal.keys("Enter")  # the first may take what the client proposes
