"""The real Copilot CLI after `gitmem init --client copilot`: what reached its model, read from the request bodies."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.real_clients.evidence import did, undrained
from tests.real_clients.others import COPILOT
from tests.real_clients.wire import Turn, WireModel
from tests.support.hooks import ledger
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

shell, idle = COPILOT.shell, COPILOT.idle


@pytest.fixture
def wired(sandbox: Sandbox) -> Sandbox:
    return sandbox.wire("--client", "copilot")


@pytest.mark.ability("copilot", "boot words", "memory index", "flag", "session id", "end mark")
def test_a_session_is_told_what_waits_and_its_flag_lands(wired: Sandbox, home: Path) -> None:
    wired.land("Integration tests need Postgres", "--topic", "testing")
    wired.gitmem("flag", "Deploys go out on Tuesdays")

    with WireModel(turns=[shell("gitmem flag 'Tests need Postgres' --kind gotcha")]) as model:
        done = COPILOT.run(wired, home, model, "hello")

    first = model.main[0].text
    assert first.count("1 flag waits undrained") == 1, done
    assert first.count("- Integration tests need Postgres") == 1  # AGENTS.md, which imports it
    assert "flagged " in model.main[1].text, done
    (flag,) = [flag for flag in undrained(wired) if flag["text"] == "Tests need Postgres"]
    assert {flag["session"]} == {
        line["session"] for line in ledger(wired) if line["event"] == "SessionEnd"
    }
    assert ("SessionEnd", "marked end") in did(wired)


@pytest.mark.ability("copilot", "commit")
def test_a_commit_is_followed_by_one_nudge(wired: Sandbox, home: Path) -> None:
    turns = [shell("git commit -q --allow-empty -m chapter"), *idle(2)]

    with WireModel(turns=turns) as model:
        done = COPILOT.run(wired, home, model, "go on")

    said = model.told("after git commit: flag what's durable, now")
    assert said[0] == 0
    assert set(said[1:]) == {1}, (said, done)


@pytest.mark.ability("copilot", "recovery", "sub-agent")
def test_a_recovery_and_a_finished_sub_agent_are_named(wired: Sandbox, home: Path) -> None:
    wired.write("check.sh", "test -e there\n")
    task = {"description": "d", "prompt": "look", "agent_type": "general-purpose"}
    turns = [
        shell("sh check.sh"),
        shell("touch there"),
        shell("sh check.sh"),
        Turn(tool="task", given={**task, "mode": "sync", "name": "sub"}),
        Turn(text="It is done."),
        *idle(4),
    ]

    with WireModel(turns=turns) as model:
        done = COPILOT.run(wired, home, model, "go on")

    assert "after a command that failed and then worked and a finished sub-agent: flag what's" in (
        model.main[-1].text
    ), done


@pytest.mark.ability("copilot", "turn nudge")
def test_the_next_prompt_asks_about_the_turn_before(wired: Sandbox, home: Path) -> None:
    with WireModel(turns=[shell("touch a"), *idle(5)]) as model:
        COPILOT.run(wired, home, model, "go on")
    assert set(model.told("after the end of the last turn")) == {0}
    session = json.loads(wired.read(".git/gitmem/ledger.jsonl").splitlines()[-1])["session"]

    # Beside `--resume` the client takes no `--trust-folder`.
    again = replace(COPILOT, command=lambda _, prompt: (f"--resume={session}", "-p", prompt))
    with WireModel() as model:
        done = again.run(wired, home, model, "and now?", env={"COPILOT_ALLOW_ALL": "true"})

    assert model.main[0].text.count("after the end of the last turn") == 1, done


@pytest.mark.ability("copilot", "growth")
def test_a_context_that_grew_is_asked_about(wired: Sandbox, home: Path) -> None:
    # The client writes the size of an answer when it has time, and the hook reads it from there.
    written = f"grep -rqs '\"inputTokens\":100000' {home / '.copilot'}"
    wait = f"for turn in $(seq 300); do {written} && break; sleep 0.1; done"
    turns = [
        shell("touch a", 10_000),
        *idle(5, 100_000),
        shell(wait, 100_000),
        *idle(2, 100_000),
    ]
    large = {"COPILOT_PROVIDER_MAX_PROMPT_TOKENS": "400000"}

    with WireModel(turns=turns) as model:
        done = COPILOT.run(wired, home, model, "go on", env=large)

    assert model.told("after a long stretch of work")[-1] == 1, done


@pytest.mark.ability("copilot", "after a compaction")
def test_a_compaction_is_asked_about_once(wired: Sandbox, home: Path) -> None:
    turns = [shell("seq 1 3000", 1_000), shell("touch a", 24_500), *idle(4, 3_000)]

    with WireModel(turns=turns) as model:
        done = COPILOT.run(wired, home, model, "go on")

    assert "THE SUMMARY" in model.main[-1].text, done
    asked = "after a compaction: flag what's durable, now. For each decision"
    assert model.told(asked)[-1] == 1
    assert [event for event, _ in did(wired)].count("PreCompact") == 1


@pytest.mark.parametrize(("tokens", "compacts"), [(23_900, False), (24_000, True)])
def test_a_context_of_four_fifths_of_a_prompt_is_compacted(
    wired: Sandbox, home: Path, tokens: int, compacts: bool
) -> None:
    turns = [shell("seq 1 3000", 1_000), shell("touch a", tokens), *idle(2, 3_000)]

    with WireModel(turns=turns) as model:
        done = COPILOT.run(wired, home, model, "go on")

    assert ("PreCompact" in [event for event, _ in did(wired)]) == compacts, done


@pytest.mark.ability("copilot", "guard")
def test_a_guard_is_said_with_its_call(wired: Sandbox, home: Path) -> None:
    guard = {"tool": "Bash", "match": "make release", "lesson": "Build the wheel first."}
    wired.commit("guard", {".gitmem/guards.jsonl": json.dumps(guard) + "\n"})

    with WireModel(turns=[shell("make release")]) as model:
        done = COPILOT.run(wired, home, model, "go on")

    assert "Build the wheel first." in model.main[1].text, done


@pytest.mark.ability("copilot", "guard")
def test_a_guard_of_mode_once_holds_the_call_and_the_retry_passes(
    wired: Sandbox, home: Path
) -> None:
    guard = {"tool": "Bash", "match": "make release", "mode": "once", "lesson": "Wheel first."}
    wired.commit("guard", {".gitmem/guards.jsonl": json.dumps(guard) + "\n"})
    turns = [shell("make release || touch made"), shell("make release || touch made")]

    with WireModel(turns=turns) as model:
        done = COPILOT.run(wired, home, model, "go on")

    assert "This call was not made." in model.main[1].text, done
    assert ("PreToolUse", "held -") in did(wired)
    assert (wired.path / "made").exists()


@pytest.mark.ability("copilot", "recall at need")
def test_a_sub_agent_is_given_the_line_that_is_about_its_task(wired: Sandbox, home: Path) -> None:
    wired.land("The tokenizer keeps zeppelin quotes", "--topic", "parser")
    wired.gitmem("recall", "parser")
    task = {"description": "d", "prompt": "look at zeppelin quotes in the tokenizer"}
    agent = {**task, "agent_type": "general-purpose", "mode": "sync", "name": "sub"}

    with WireModel(turns=[shell("sleep 1"), Turn(tool="task", given=agent)]) as model:
        done = COPILOT.run(wired, home, model, "go on")

    given = [one.text for one in model.main if "notes of this repository for this task" in one.text]
    assert given, done
    assert "The tokenizer keeps zeppelin quotes" in given[0]


def test_of_two_instruction_files_that_are_read_one_has_the_block(
    sandbox: Sandbox, home: Path
) -> None:
    sandbox.commit("both", {"CLAUDE.md": "# Project\n", "AGENTS.md": "# Project\n"})

    sandbox.gitmem("init", "--client", "copilot")

    with_block = [name for name in ("CLAUDE.md", "AGENTS.md") if "gitmem" in sandbox.read(name)]
    assert with_block == ["CLAUDE.md"]
    with WireModel() as model:
        done = COPILOT.run(sandbox, home, model, "hello")
    assert model.main[0].text.count("gitmem recall WORDS") == 1, done
