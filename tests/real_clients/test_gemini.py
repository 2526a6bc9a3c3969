"""The real Gemini CLI after `gitmem init --client gemini`: what reached its model, read from the request bodies."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.real_clients.evidence import did, undrained
from tests.real_clients.others import GEMINI
from tests.real_clients.wire import Asked, Turn, WireModel
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

shell, idle = GEMINI.shell, GEMINI.idle

#: The client as a person starts it: it asks before a call, and refuses one where it cannot ask.
CAREFUL = replace(GEMINI, command=lambda _, prompt: ("-m", "gemini-2.5-flash", "-p", prompt))


@pytest.fixture
def wired(sandbox: Sandbox) -> Sandbox:
    return sandbox.wire("--client", "gemini")


def last(asked: Asked) -> str:
    """What is new in a request: the last entry of the conversation."""
    return json.dumps(asked.body["contents"][-1])


@pytest.mark.ability("gemini", "boot words", "memory index")
def test_a_boot_says_what_waits_and_the_memory_is_loaded(wired: Sandbox, home: Path) -> None:
    wired.land("Integration tests need Postgres", "--topic", "testing")
    wired.gitmem("flag", "Deploys go out on Tuesdays")

    with WireModel() as model:
        done = GEMINI.run(wired, home, model, "hello")

    first = model.main[0].text
    assert first.count("1 flag waits undrained") == 1, done
    assert first.count("- Integration tests need Postgres") == 1, (
        done
    )  # AGENTS.md, which imports it


@pytest.mark.ability("gemini", "commit", "end mark")
def test_a_commit_is_followed_by_one_nudge_and_the_session_by_its_end(
    wired: Sandbox, home: Path
) -> None:
    turns = [shell("git commit -q --allow-empty -m chapter"), *idle(3)]

    with WireModel(turns=turns) as model:
        done = GEMINI.run(wired, home, model, "go on")

    said = model.told("after git commit: flag what's durable, now")
    assert said[0] == 0
    assert set(said[1:]) == {1}, (said, done)
    assert [event for event, deed in did(wired) if deed == "marked end"] == ["SessionEnd"]


@pytest.mark.ability("gemini", "turn nudge")
def test_the_next_prompt_asks_about_the_turn_before_and_is_what_the_person_typed(
    wired: Sandbox, home: Path
) -> None:
    with WireModel(turns=idle(5)) as model:
        GEMINI.run(wired, home, model, "do it")
    with WireModel() as model:
        done = GEMINI.run(wired, home, model, "go on", arguments=("--resume", "latest"))

    assert last(model.main[0]).count("after the end of the last turn: flag") == 1, done


@pytest.mark.ability("gemini", "chapter tool")
def test_a_closed_chapter_is_named_once(wired: Sandbox, home: Path) -> None:
    given = {"title": "Chapter 2", "summary": "did X", "strategic_intent": "go on"}
    turns = [*idle(4), Turn(tool="update_topic", given=given), shell("pwd")]

    with WireModel(turns=turns) as model:
        done = GEMINI.run(wired, home, model, "go on")

    said = model.told("after a closed chapter: flag what's durable, now")
    assert said == [0, 0, 0, 0, 0, 1, 1], done


@pytest.mark.ability("gemini", "growth")
def test_a_context_that_grew_is_asked_about(wired: Sandbox, home: Path) -> None:
    turns = [*idle(6), shell("pwd", 120_000), shell("ls", 121_000), shell("ls -a", 122_000)]

    with WireModel(turns=turns) as model:
        done = GEMINI.run(wired, home, model, "go on")

    said = model.told("after a long stretch of work: flag what's durable, now")
    assert said[-1] == 1, (said, done)
    assert said.index(1) <= 8


@pytest.mark.ability("gemini", "recovery")
def test_a_command_that_failed_and_then_worked_is_named(wired: Sandbox, home: Path) -> None:
    wired.write("make.py", "")
    turns = [
        shell("python3 build.py"),
        shell("cp make.py build.py"),
        *idle(3),
        shell("python3 build.py"),
    ]

    with WireModel(turns=turns) as model:
        done = GEMINI.run(wired, home, model, "go on")

    assert model.told("a command that failed and then worked")[-1] == 1, done


@pytest.mark.ability("gemini", "guard")
def test_a_guard_is_said_with_the_result_and_held_once(wired: Sandbox, home: Path) -> None:
    said = {"tool": "Bash", "match": "make release", "lesson": "Build the wheel first."}
    held = {"tool": "Bash", "match": "rm -r data", "lesson": "It is not backed up.", "mode": "once"}
    rows = "".join(json.dumps(one) + "\n" for one in (said, held))
    wired.commit("guards", {".gitmem/guards.jsonl": rows, "data/a.txt": "x"})
    turns = [shell("make release"), shell("rm -r data"), shell("rm -r data")]

    with WireModel(turns=turns) as model:
        done = GEMINI.run(wired, home, model, "go on")

    assert "Build the wheel first." in last(model.main[1]), done
    assert "It is not backed up." in last(model.main[2]), done
    assert "This call was not made." in last(model.main[2])
    assert "This call was not made." not in last(model.main[3])
    assert not (wired.path / "data").exists()
    assert [deed for _, deed in did(wired) if "held" in deed] == ["held -"]


@pytest.mark.ability("gemini", "recall at need")
def test_a_file_that_is_read_brings_the_line_that_cites_it(wired: Sandbox, home: Path) -> None:
    wired.commit("code", {"src/pay.py": "x = 1\n"})
    wired.land("Amounts in `src/pay.py` are in cents", "--topic", "payments")
    given = {"file_path": "src/pay.py"}
    with WireModel() as model:  # the first hook of a clone makes the view
        GEMINI.run(wired, home, model, "hello")
    wired.gitmem("recall", "cents")

    with WireModel(turns=[Turn(tool="read_file", given=given)]) as model:
        done = GEMINI.run(wired, home, model, "go on")

    assert "notes of this repository about src/pay.py" in last(model.main[1]), done


@pytest.mark.ability("gemini", "sub-agent")
def test_a_sub_agent_is_never_spoken_to_and_named_when_it_has_finished(
    wired: Sandbox, home: Path
) -> None:
    report = {"SummaryOfFindings": "x", "ExplorationTrace": ["y"], "RelevantLocations": []}
    turns = [
        *idle(5),
        Turn(tool="invoke_agent", given={"agent_name": "codebase_investigator", "prompt": "look"}),
        Turn(tool="read_file", given={"file_path": "AGENTS.md"}, tokens=200_000),
        Turn(tool="list_directory", given={"dir_path": "."}, tokens=200_000),
        Turn(tool="complete_task", given={"report": report}),
        shell("git commit -q --allow-empty -m chapter"),
    ]

    with WireModel(turns=turns) as model:
        done = GEMINI.run(wired, home, model, "go on")

    nudged = [one for one in model.main if "flag what's durable, now" in one.text]
    assert len(nudged) == 1, done
    assert "after git commit and a finished sub-agent" in last(nudged[0]), done


@pytest.mark.ability("gemini", "flag")
def test_a_personal_policy_lets_a_capture_through_and_nothing_else(
    wired: Sandbox, home: Path
) -> None:
    done = wired.gitmem("init", "--client", "gemini", "--personal", env={"HOME": str(home)})
    assert done.code == 0, done
    turns = [
        shell("gitmem flag 'Tests need Postgres'"),
        shell("gitmem snag 'The port was taken' --better 'Stop the old server'"),
        shell("gitmem flag 'one'; touch escaped"),
        shell("gitmem flag 'two' && touch escaped"),
        shell('gitmem flag "$(touch escaped)"'),
        shell("gitmem flag `touch escaped`"),
        shell("gitmem flag 'three' > escaped"),
        shell("gitmem flag 'four' | tee escaped"),
        shell("gitmem flags; touch escaped"),
        shell("gitmem flag 'five'\ntouch escaped"),
        shell("gitmem accept"),
    ]

    with WireModel(turns=turns) as model:
        ran = CAREFUL.run(wired, home, model, "go on")

    assert [flag["text"] for flag in undrained(wired)] == [
        "Tests need Postgres",
        "The port was taken",
    ], ran
    assert not (wired.path / "escaped").exists(), ran
    assert "escaped" not in wired.git("status", "--short")


def test_without_the_policy_a_capture_is_refused_where_the_client_cannot_ask(
    wired: Sandbox, home: Path
) -> None:
    with WireModel(turns=[shell("gitmem flag 'Tests need Postgres'")]) as model:
        done = CAREFUL.run(wired, home, model, "go on")

    assert [flag["text"] for flag in undrained(wired)] == [], done


def test_a_session_below_the_top_has_its_hooks_where_init_ran_there(
    wired: Sandbox, home: Path
) -> None:
    below = wired.path / "services/api"
    below.mkdir(parents=True)
    wired.gitmem("flag", "Deploys go out on Tuesdays")
    with WireModel() as model:
        GEMINI.run(wired, home, model, "hello", below="services/api")
    assert "1 flag waits undrained" not in model.main[0].text
    wired.gitmem("init", "--client", "gemini", cwd=below)

    with WireModel() as model:
        done = GEMINI.run(wired, home, model, "hello", below="services/api")

    assert model.main[0].text.count("1 flag waits undrained") == 1, done
