"""`gitmem doctor --client` with the real client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.real_clients.claude import VERSION, Claude, said_at, with_gitmem, without_gitmem
from tests.real_clients.evidence import index_line, nudges
from tests.real_clients.model import ScriptedModel, runs
from tests.support.hooks import ledger
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

COMMIT = "git commit --quiet --allow-empty --message 'a chapter'"
MAY_COMMIT = "Bash(git *)"


def rehearse(
    claude: Claude, sandbox: Sandbox, tmp_path: Path, *, path: str | None = None
) -> dict[str, Any]:
    folder = tmp_path / "client"
    folder.mkdir(exist_ok=True)
    if not (folder / "claude").exists():
        (folder / "claude").symlink_to(claude.program)
    env = {"PATH": f"{folder}:{path or with_gitmem()}"}
    done = sandbox.gitmem("doctor", "--client", "claude-code", "--json", env=env)
    answer: dict[str, Any] = json.loads(done.out)
    assert done.code == (0 if answer["ok"] else 1)
    return answer


@pytest.mark.ability("claude-code", "doctor --client")
def test_the_words_are_shown_as_the_model_received_them(
    claude: Claude, wired: Sandbox, tmp_path: Path
) -> None:
    told = rehearse(claude, wired, tmp_path)["clients"][0]

    assert (told["version"], told["problems"]) == (VERSION, [])
    boot, nudge = told["model"]
    assert boot.startswith("SessionStart hook additional context: gitmem: 1 flag waits")
    assert nudge.startswith("PostToolBatch hook additional context: gitmem, after git commit")
    assert told["person"] == [boot.partition(": ")[2].splitlines()[0]]


@pytest.mark.ability("claude-code", "doctor looks")
def test_a_client_whose_hooks_are_off_or_find_no_gitmem_fails(
    claude: Claude, wired: Sandbox, tmp_path: Path
) -> None:
    missing = rehearse(claude, wired, tmp_path, path=f"{tmp_path}:{_gitmem_alone(tmp_path)}")
    assert "no hook nudged the model after the commit" in missing["clients"][0]["problems"]

    text = json.loads(wired.read(".claude/settings.json"))
    wired.write(".claude/settings.json", json.dumps({**text, "disableAllHooks": True}))
    off = rehearse(claude, wired, tmp_path)
    assert "no hook nudged the model after the commit" in off["clients"][0]["problems"]
    assert [one["what"] for one in off["findings"] if one["check"] == "hooks off"] == [
        ".claude/settings.json switches every hook off"
    ]


@pytest.mark.ability("claude-code", "doctor fires")
def test_every_hook_that_a_session_starts_is_fired_and_speaks(
    claude: Claude, wired: Sandbox
) -> None:
    session = claude.session(wired, ScriptedModel(main=[runs(COMMIT)]), "Work.", allow=[MAY_COMMIT])
    started = {entry["event"] for entry in ledger(wired)}

    done = wired.gitmem("doctor", "--fire", "--json", env={"PATH": with_gitmem()})
    answer = json.loads(done.out)

    assert nudges(session) == [0, 1]
    assert started <= {one["event"] for one in answer["fired"]}
    assert [one for one in answer["fired"] if one["problem"]] == []
    assert any("1 flag waits undrained" in one["model"] for one in answer["fired"])
    assert any("after git commit" in one["model"] for one in answer["fired"])


def _gitmem_alone(tmp_path: Path) -> str:
    """A PATH on which gitmem is there and broken, as after its environment was taken away."""
    (tmp_path / "gitmem").write_text("#!/nowhere/python\n", encoding="utf-8")
    (tmp_path / "gitmem").chmod(0o755)
    return without_gitmem()


def test_a_session_below_the_top_works_once_its_folder_is_wired(
    claude: Claude, wired: Sandbox
) -> None:
    wired.gitmem("flag", "the staging database is read-only")
    assert wired.gitmem("close").code == 0
    assert wired.gitmem("accept").code == 0
    wired.write("packages/app/main.py", "pass\n")
    model = ScriptedModel(main=[runs(COMMIT), runs("gitmem flag 'from below'")])

    before = claude.session(wired, model, "Work.", allow=["Bash(git *)"], below="packages/app")
    assert nudges(before) == [0, 0, 0]
    assert "requires approval" in before.last.all
    assert index_line(wired) not in before.last.all

    wired.gitmem("init", cwd=wired.path / "packages/app")
    model = ScriptedModel(main=[runs(COMMIT), runs("gitmem flag 'from below'")])
    after = claude.session(wired, model, "Work.", allow=["Bash(git *)"], below="packages/app")

    assert nudges(after) == [0, 1, 1]
    assert "flagged" in after.last.all
    (told,) = said_at("SessionStart", after.main[0])
    assert index_line(wired) in after.main[0].all
    assert "../../memory/MEMORY.md" in told
    assert after.told_person == []
    assert ledger(wired)[-1]["session"] == after.id


def test_hooks_in_a_person_s_own_file_at_the_top_serve_every_folder_below(
    claude: Claude, wired: Sandbox
) -> None:
    wired.write("packages/app/main.py", "pass\n")
    wired.write(".claude/settings.local.json", wired.read(".claude/settings.json"))

    for folder in ("", "packages/app"):
        model = ScriptedModel(main=[runs(COMMIT)])
        session = claude.session(wired, model, "Work.", allow=["Bash(git *)"], below=folder)
        assert nudges(session) == [0, 1]


@pytest.mark.parametrize("below", ["", "packages/app"])
def test_the_client_s_own_memory_is_off_where_a_person_said_so(
    claude: Claude, wired: Sandbox, below: str
) -> None:
    wired.write("packages/app/main.py", "pass\n")
    sessions = []
    for words in (["--auto-memory"], ["--no-auto-memory"]):
        wired.gitmem("init", *words)
        session = claude.session(wired, ScriptedModel(), "Hello.", below=below)
        sessions.append(json.dumps(session.main[0].body))

    assert ["/memory/" in text for text in sessions] == [True, False]
