"""`gitmem audit` after real sessions of the clients beside Claude Code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.real_clients.others import CODEX, GEMINI, PROGRAMS
from tests.real_clients.test_others import shell
from tests.real_clients.wire import Turn, WireModel
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client


@pytest.mark.ability("codex", "audit")
def test_a_codex_session_shows_what_the_ledger_saw(sandbox: Sandbox, tmp_path: Path) -> None:
    assert sandbox.gitmem("init", "--client", "codex").code == 0
    sandbox.git("add", "--all")
    sandbox.commit("wire gitmem")
    given = {"cmd": "git commit --allow-empty -m chapter", "yield_time_ms": 10_000}
    turns = [Turn(tool="exec_command", given=given), Turn(tool="exec_command", given={"cmd": "ls"})]
    home = tmp_path / "home"
    home.mkdir()
    with WireModel(turns=turns) as model:
        done = CODEX.run(sandbox, home, model, "go on", arguments=("-s", "danger-full-access"))

    audit = sandbox.gitmem("audit", "--json", env={"CODEX_HOME": str(home / ".codex")})

    report = json.loads(audit.out)
    (session,) = report["sessions"]
    assert (audit.code, session["gaps"], report["not_understood"]) == (0, [], []), done
    shown = session["transcript"]
    assert (shown["commit"], shown["turn end"], shown["nudges"]) == (1, 1, 1)
    assert shown["versions"] == [CODEX.version]
    assert (session["client"], session["nudges"]) == ("codex", 1)
    assert session["hooks"]["PostToolUse"] == 2


@pytest.mark.ability("gemini", "audit")
def test_a_gemini_session_shows_what_the_ledger_saw(sandbox: Sandbox, tmp_path: Path) -> None:
    assert sandbox.gitmem("init", "--client", "gemini").code == 0
    sandbox.git("config", "user.name", "A")
    sandbox.git("config", "user.email", "a@example.com")
    sandbox.git("add", "--all")
    sandbox.commit("wire gitmem")
    commands = ["git commit --allow-empty -m chapter", "ls"]
    turns = [Turn(tool="run_shell_command", given={"command": command}) for command in commands]
    home = tmp_path / "home"
    home.mkdir()
    with WireModel(turns=turns) as model:
        done = GEMINI.run(sandbox, home, model, "go on")

    audit = sandbox.gitmem("audit", "--json", env={"HOME": str(home)})

    report = json.loads(audit.out)
    (session,) = report["sessions"]
    assert (audit.code, session["gaps"], report["not_understood"]) == (0, [], []), done
    shown = session["transcript"]
    assert (shown["commit"], shown["turn end"], shown["nudges"]) == (1, 1, 1)
    assert (session["client"], session["nudges"]) == ("gemini", 1)
    assert session["hooks"]["AfterTool"] == 2


@pytest.mark.ability("qwen", "audit")
@pytest.mark.ability("copilot", "audit")
@pytest.mark.parametrize("name", ["qwen", "copilot"])
def test_a_session_shows_what_the_ledger_saw(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    assert sandbox.gitmem("init", "--client", name).code == 0
    sandbox.git("add", "--all")
    sandbox.commit("wire gitmem")
    home = tmp_path / "home"
    home.mkdir()
    turns = [shell(name, "git commit --allow-empty -m chapter"), shell(name, "ls")]
    with WireModel(turns=turns) as model:
        done = PROGRAMS[name].run(sandbox, home, model, "go on")

    audit = sandbox.gitmem("audit", "--json", env={"HOME": str(home)})

    report = json.loads(audit.out)
    (session,) = report["sessions"]
    assert (audit.code, session["gaps"], report["not_understood"]) == (0, [], []), done
    shown = session["transcript"]
    assert (shown["commit"], shown["turn end"], shown["nudges"]) == (1, 1, 1)
    assert shown["versions"] == [PROGRAMS[name].version]
    assert (session["client"], session["nudges"]) == (name, 1)
