"""The real Codex after `gitmem init --client codex`: what reached its model, read from the request bodies."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.real_clients.evidence import did, undrained
from tests.real_clients.others import CODEX
from tests.real_clients.wire import Turn, WireModel
from tests.support.hooks import ledger
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

shell, idle = CODEX.shell, CODEX.idle
#: One whose only tool is a script that calls the others, as the newest models of that list have it.
SCRIPTING = ("-m", "gpt-6.2-sol")
#: A model of the client's own list that has the tool `apply_patch`; one that it does not know has none.
PATCHING = ("-m", "gpt-5.5")
_BYPASS = ("--skip-git-repo-check", "--dangerously-bypass-hook-trust")


def script(call: str, given: object, tokens: int = 100) -> Turn:
    """An answer of such a model: a script that calls one of the tools."""
    return Turn(tool="exec", free=f"text(await tools.{call}({json.dumps(given)}))", tokens=tokens)


def scripted(command: str, tokens: int = 100) -> Turn:
    """An answer of such a model that runs a command in the client's shell."""
    return script("exec_command", {"cmd": command, "yield_time_ms": 10_000}, tokens)


@pytest.fixture
def wired(sandbox: Sandbox) -> Sandbox:
    return sandbox.wire("--client", "codex")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's home, with the temporary folder in it: the sandbox may write into that one, and the
    repository is not to lie in it, as the tests' own does."""
    folder = tmp_path / "home"
    (folder / "tmp").mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    return folder


@pytest.mark.ability("codex", "boot words", "memory index")
def test_a_boot_says_what_waits_and_carries_the_memory(wired: Sandbox, home: Path) -> None:
    wired.land("Integration tests need Postgres", "--topic", "testing")
    wired.gitmem("flag", "Deploys go out on Tuesdays")

    with WireModel() as model:
        done = CODEX.run(wired, home, model, "hello")

    first = model.main[0].text
    assert "1 flag waits undrained" in first, done
    assert "- Integration tests need Postgres" in first
    assert "read its index, `memory/MEMORY.md`" in first  # AGENTS.md


def test_a_rule_in_a_file_that_it_does_not_load_reaches_the_model_once(
    sandbox: Sandbox, home: Path
) -> None:
    rule = "Run the linter before a push"
    sandbox.write("CLAUDE.md", "# Mine\n")
    sandbox.wire("--client", "claude-code", "--client", "codex")
    sandbox.gitmem("snag", "The push failed on lint", "--better", rule)
    sandbox.gitmem("close", "--engine", "verbatim")
    sandbox.gitmem("accept")
    assert rule not in sandbox.read("AGENTS.md")

    with WireModel() as model:
        done = CODEX.run(sandbox, home, model, "hello")

    assert model.main[0].text.count(rule) == 1, done


@pytest.mark.ability("codex", "flag")
def test_a_flag_runs_outside_the_default_sandbox_and_lands_on_the_queue(
    wired: Sandbox, home: Path
) -> None:
    turns = [shell("gitmem flag 'Tests need Postgres' --kind gotcha")]

    with WireModel(turns=turns) as model:
        done = CODEX.run(wired, home, model, "go on")

    assert "flagged " in model.main[1].text, done
    assert [flag["text"] for flag in undrained(wired)] == ["Tests need Postgres"]


@pytest.mark.ability("codex", "flag", "session id")
@pytest.mark.parametrize(
    "command",
    [
        "cd . && gitmem flag 'Tests need Postgres'",
        "printf '%s\\n' '- Tests need Postgres' | gitmem flag -",
        "WHAT='Tests need Postgres'; gitmem flag \"$WHAT\"",
    ],
)
def test_a_flag_inside_the_default_sandbox_is_spooled_and_the_next_hook_saves_it(
    wired: Sandbox, home: Path, command: str
) -> None:
    with WireModel(turns=[shell(command)]) as model:
        done = CODEX.run(wired, home, model, "go on")

    assert "spooled; saved at the next boundary" in model.main[1].text, done
    saved = [event for event, deed in did(wired) if "saved 1 spooled flag" in deed]
    assert saved == ["PostToolUse"], did(wired)
    assert [flag["text"] for flag in undrained(wired)] == ["Tests need Postgres"]
    flag = json.loads(wired.read(".git/gitmem/journal").splitlines()[-1])
    assert flag["client"] == "codex"
    assert flag["session"] == ledger(wired)[0]["session"]


@pytest.mark.ability("codex", "flag")
def test_a_flag_inside_the_sandbox_is_not_saved_where_no_hook_has_made_a_spool(
    wired: Sandbox, home: Path
) -> None:
    (wired.path / ".codex/hooks.json").unlink()

    with WireModel(turns=[shell("cd . && gitmem flag 'Tests need Postgres'")]) as model:
        done = CODEX.run(wired, home, model, "go on")

    said = model.main[1].text
    assert "NOT SAVED" in said, done
    assert "as a command of its own" in said
    assert [flag["text"] for flag in undrained(wired)] == []


@pytest.mark.ability("codex", "commit", "end mark")
def test_a_commit_is_followed_by_one_nudge_and_the_session_by_its_end(
    wired: Sandbox, home: Path
) -> None:
    turns = [shell("git commit -q --allow-empty -m chapter"), shell("true"), shell("true")]

    with WireModel(turns=turns) as model:
        done = CODEX.run(wired, home, model, "go on", arguments=CODEX.unsandboxed)

    said = model.told("after git commit: flag what's durable, now")
    assert said[0] == 0
    assert set(said[1:]) == {1}, (said, done)
    assert "as a command of its own" in model.main[1].text
    assert "gitmem flag - " not in model.main[1].text
    assert [event for event, deed in did(wired) if deed == "marked end"] == ["SessionEnd"]


@pytest.mark.ability("codex", "recovery")
def test_a_command_that_failed_and_then_worked_is_asked_about(wired: Sandbox, home: Path) -> None:
    wired.write("check.sh", "test -e there\n")
    turns = [shell("sh check.sh"), shell("touch there"), shell("sh check.sh"), *idle(4)]

    with WireModel(turns=turns) as model:
        done = CODEX.run(wired, home, model, "go on", arguments=CODEX.unsandboxed)

    assert model.told("after a command that failed and then worked")[-1] == 1, done


@pytest.mark.ability("codex", "guard")
def test_a_guard_is_said_with_its_call(wired: Sandbox, home: Path) -> None:
    guard = {"tool": "Bash", "match": "make release", "lesson": "Build the wheel first."}
    wired.commit("guard", {".gitmem/guards.jsonl": json.dumps(guard) + "\n"})
    turns = [shell("make release")]

    with WireModel(turns=turns) as model:
        done = CODEX.run(wired, home, model, "go on", arguments=CODEX.unsandboxed)

    assert "Build the wheel first." in model.main[1].text, done


@pytest.mark.ability("codex", "started in a subfolder")
def test_a_hook_fires_in_a_folder_below_the_top_too(wired: Sandbox, home: Path) -> None:
    wired.gitmem("flag", "Deploys go out on Tuesdays")
    (wired.path / "services/api").mkdir(parents=True)

    with WireModel() as model:
        done = CODEX.run(wired, home, model, "hello", below="services/api")

    assert "1 flag waits undrained" in model.main[0].text, done


@pytest.mark.ability("codex", "turn nudge")
def test_the_next_prompt_asks_about_the_turn_before(wired: Sandbox, home: Path) -> None:
    with WireModel(turns=[shell("touch a"), *idle(5)]) as model:
        CODEX.run(wired, home, model, "go on", arguments=CODEX.unsandboxed)

    (home / ".codex/config.toml").unlink()  # it names the first model's address
    with WireModel() as model:
        resumed = replace(
            CODEX, command=lambda _, prompt: ("exec", *_BYPASS, "resume", "--last", prompt)
        )
        done = resumed.run(wired, home, model, "and now?", arguments=CODEX.unsandboxed)

    assert model.main[0].text.count("after the end of the last turn") == 1, done


def test_a_sub_agent_is_spoken_to_neither_for_the_person_nor_for_the_session(
    wired: Sandbox, home: Path
) -> None:
    wired.commit("no index", {".gitmem/config.yaml": "version: 1\nmemory.budget: 0\n"})
    for name in "abcd":
        wired.gitmem("flag", f"Table {name} is wide")
    wired.land("Deploys go out on Tuesdays")
    given = {"message": "When do deploys go out? I want to deploy on a Friday"}
    task = Turn(tool="spawn_agent", namespace="multi_agent_v1", given=given)
    # Recall makes what a hook reads. Whose request comes after the task is open, so either may run the commits.
    commits = [shell("git commit -q --allow-empty -m chapter; sleep 1") for _ in range(2)]

    with WireModel(turns=[shell("gitmem recall deploys"), task, *commits]) as model:
        done = CODEX.run(wired, home, model, "GO ON", arguments=CODEX.unsandboxed)

    of_agent = [one.text for one in model.main if "GO ON" not in one.text]
    assert any(given["message"] in text for text in of_agent), done
    assert not any("gitmem, after " in text for text in of_agent)
    assert not any("gitmem: notes of this repository" in text for text in of_agent)


@pytest.mark.ability("codex", "sub-agent")
def test_a_finished_sub_agent_is_named_in_the_next_nudge(wired: Sandbox, home: Path) -> None:
    given = {"message": "Look at the tests"}
    task = Turn(tool="spawn_agent", namespace="multi_agent_v1", given=given)
    commit = shell("git commit -q --allow-empty -m chapter")

    with WireModel(turns=[task, shell("sleep 8"), commit, *idle(2)], spoken="GO ON") as model:
        done = CODEX.run(wired, home, model, "GO ON", arguments=CODEX.unsandboxed)

    assert ("SubagentStop", "marked background") in did(wired), done
    said = model.told("a sub-agent that finished in the background")
    assert said[-1] == 1, (said, done)


@pytest.mark.ability("codex", "chapter tool")
def test_a_goal_that_is_reached_is_named_in_the_next_nudge(wired: Sandbox, home: Path) -> None:
    turns = [
        Turn(tool="create_goal", given={"objective": "ship it"}),
        *[shell("true") for _ in range(5)],
        Turn(tool="update_goal", given={"status": "complete"}),
        *idle(2),
    ]

    with WireModel(turns=turns) as model:
        done = CODEX.run(wired, home, model, "go on", arguments=CODEX.unsandboxed)

    assert model.told("after a closed chapter")[-1] == 1, done


@pytest.mark.ability("codex", "growth")
def test_a_context_that_grew_is_asked_about(wired: Sandbox, home: Path) -> None:
    turns = [shell("touch a", 10_000), *idle(6, 100_000)]

    with WireModel(turns=turns) as model:
        done = CODEX.run(wired, home, model, "go on", arguments=CODEX.unsandboxed)

    said = model.told("after a long stretch of work")
    assert said[-1] == 1, (said, done)


@pytest.mark.ability("codex", "after a compaction")
def test_a_compaction_is_asked_about_in_the_next_request(wired: Sandbox, home: Path) -> None:
    wired.land("Integration tests need Postgres")
    wired.gitmem("flag", "Deploys go out on Tuesdays")
    turns = [shell("touch a", 1_000), shell("touch b", 190_000), *idle(2, 3_000)]

    with WireModel(turns=turns) as model:
        done = CODEX.run(wired, home, model, "go on", arguments=CODEX.unsandboxed)

    before, after = model.main[:2], model.main[2:]
    assert [one.text.count("THE SUMMARY") for one in before + after] == [0, 0, 1, 1, 1], done
    asked = "after a compaction: flag what's durable, now. For each decision"
    assert model.told(asked) == [0, 0, 1, 1, 1]
    assert set(model.told("1 flag waits undrained")) == {1}
    assert set(model.told("- Integration tests need Postgres")) == {1}


@pytest.mark.ability("codex", "recall at need")
def test_a_patch_to_a_file_that_a_line_is_about_brings_the_line(wired: Sandbox, home: Path) -> None:
    wired.land("The parser keeps CRLF", "--topic", "parser", "--paths", "src/parse.py")
    wired.commit("code", {"src/parse.py": "x = 1\n"})
    wired.gitmem("recall", "parser")
    patch = "*** Begin Patch\n*** Update File: src/parse.py\n@@\n-x = 1\n+x = 2\n*** End Patch\n"
    turns = [shell("sleep 1"), Turn(tool="apply_patch", free=patch), *idle(1)]
    arguments = (*CODEX.unsandboxed, *PATCHING)

    with WireModel(turns=turns) as model:
        done = CODEX.run(wired, home, model, "go on", arguments=arguments)

    assert wired.read("src/parse.py") == "x = 2\n", done
    assert model.told("notes of this repository about src/parse.py") == [0, 0, 1, 1]


@pytest.mark.ability("codex", "flag", "accept refused", "session id")
def test_a_script_of_calls_flags_in_the_default_sandbox_and_lands_no_review(
    wired: Sandbox, home: Path
) -> None:
    turns = [
        scripted("gitmem flag 'Tests need Postgres'"),
        scripted("cd . && gitmem flag 'Deploys go out on Tuesdays'"),
        scripted("gitmem accept"),
    ]

    with WireModel(turns=turns) as model:
        done = CODEX.run(wired, home, model, "go on", arguments=SCRIPTING)

    assert "flagged " in model.main[1].text, done
    assert "spooled; saved at the next boundary" in model.main[2].text
    assert "accept is a person's command" in model.main[3].text
    assert {flag["text"] for flag in undrained(wired)} == {
        "Tests need Postgres",
        "Deploys go out on Tuesdays",
    }
    assert {flag["session"] for flag in undrained(wired)} == {ledger(wired)[0]["session"]}


@pytest.mark.ability(
    "codex", "boot words", "memory index", "guard", "recall at need", "commit", "after a compaction"
)
def test_a_script_of_calls_is_told_what_calls_by_themselves_are(wired: Sandbox, home: Path) -> None:
    wired.land("The parser keeps CRLF", "--topic", "parser", "--paths", "src/parse.py")
    guard = {"tool": "Bash", "match": "make release", "lesson": "Build the wheel first."}
    files = {".gitmem/guards.jsonl": json.dumps(guard) + "\n", "src/parse.py": "x = 1\n"}
    wired.commit("code", files)
    wired.gitmem("recall", "parser")
    wired.gitmem("flag", "Deploys go out on Tuesdays")
    patch = "*** Begin Patch\n*** Update File: src/parse.py\n@@\n-x = 1\n+x = 2\n*** End Patch\n"
    turns = [
        scripted("make release; sleep 1"),
        script("apply_patch", patch),
        scripted("git commit -qam chapter"),
        scripted("touch a", 190_000),
        *[scripted("true") for _ in range(2)],
    ]

    with WireModel(turns=turns) as model:
        arguments = (*CODEX.unsandboxed, *SCRIPTING)
        done = CODEX.run(wired, home, model, "go on", arguments=arguments)

    waits = model.told("1 flag waits undrained")
    lines = model.told("- The parser keeps CRLF")
    assert set(waits) == {1}, done
    assert set(lines[:2]) == {1}  # then the patch brings it once more
    assert model.told("Build the wheel first.")[:4] == [0, 1, 1, 1]
    assert model.told("notes of this repository about src/parse.py")[:4] == [0, 0, 1, 1]
    assert model.told("after git commit: flag what's durable, now")[:4] == [0, 0, 0, 1]
    assert model.told("after a compaction: flag what's durable, now") == [0, 0, 0, 0, 1, 1, 1]
    own = {"HOME": str(home), **CODEX.environment(home, model.url)}
    report = json.loads(wired.gitmem("audit", "--json", env=own).out)
    (shown,) = report["sessions"]
    assert (shown["gaps"], shown["transcript"]["commit"]) == ([], 1)
    assert (shown["transcript"]["compaction"], report["not_understood"]) == (1, [])
