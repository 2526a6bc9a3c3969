"""The repository as a plugin: what the real client says of it, and what it does beside `gitmem init`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.real_clients.claude import Claude, said_at, with_gitmem, without_gitmem
from tests.real_clients.evidence import nudges
from tests.real_clients.model import ScriptedModel, runs
from tests.support.hooks import ledger
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

ROOT = Path(__file__).parents[2]
COMMIT = "git commit --quiet --allow-empty --message 'a chapter'"
MAY_COMMIT = ["Bash(git *)"]
#: The repository's own instructions lie where a plugin would have none; they are not part of it.
TOLERATED = {"CLAUDE.md"}


def plugin(claude: Claude, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HOME": str(claude.home), "PATH": with_gitmem()}
    return subprocess.run(
        [str(claude.program), "plugin", *arguments],
        cwd=claude.home,
        env=environment,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=60,
    )


def test_the_client_finds_plugin_and_marketplace_in_order(claude: Claude) -> None:
    done = plugin(claude, "validate", "--json", str(ROOT))
    report: dict[str, Any] = json.loads(done.stdout)

    assert done.returncode == 0, done.stdout
    shipped = json.loads((ROOT / "hooks/claude-code/hooks.json").read_text(encoding="utf-8"))
    assert {hook["event"] for hook in report["provides"]["hooks"]} == shipped["hooks"].keys()
    assert report["provides"]["skills"] == ["gitmem:gitmem-close"]
    complaints = [*_listed(report, "errors"), *_listed(report, "warnings")]
    assert [line for line in complaints if not any(name in line for name in TOLERATED)] == []


def _listed(value: Any, key: str) -> list[str]:
    """Everything under ``key``, however deep the report has it, but the catalog's own wishes."""
    if isinstance(value, list):
        return [line for entry in value for line in _listed(entry, key)]
    if not isinstance(value, dict):
        return []
    here = value.get(key)
    own = [json.dumps(entry) for entry in here] if isinstance(here, list) else []
    inside = [
        _listed(entry, key) for name, entry in value.items() if name not in {key, "directory"}
    ]
    return own + [line for lines in inside for line in lines]


@pytest.mark.parametrize("wired", [True, False], ids=["beside init", "alone"])
def test_an_installed_plugin_nudges_once_with_and_without_init(
    claude: Claude, sandbox: Sandbox, wired: bool
) -> None:
    if wired:
        sandbox.wire()
    sandbox.gitmem("flag", "the staging database is read-only")
    model = ScriptedModel(main=[runs(COMMIT), runs("git status")])

    session = claude.session(
        sandbox, model, "Commit.", allow=MAY_COMMIT, arguments=["--plugin-dir", str(ROOT)]
    )

    (booted,) = said_at("SessionStart", session.main[0])
    assert "1 flag waits" in booted
    assert len(session.told_person) == 1
    assert nudges(session) == [0, 1, 1]
    events = [entry["event"] for entry in ledger(sandbox) if entry["session"] == session.id]
    assert events.count("SessionStart") == events.count("SessionEnd") == 1
    assert {code for _, code in session.hooks} == {0}


def test_a_plugin_is_silent_in_a_repository_without_gitmem(
    claude: Claude, sandbox: Sandbox
) -> None:
    session = claude.session(
        sandbox,
        ScriptedModel(main=[runs(COMMIT)]),
        "Commit.",
        allow=MAY_COMMIT,
        arguments=["--plugin-dir", str(ROOT)],
    )

    assert nudges(session) == [0, 0]
    assert not (sandbox.path / ".git" / "gitmem").exists()


def test_a_missing_gitmem_is_said_once_by_plugin_and_settings(
    claude: Claude, sandbox: Sandbox
) -> None:
    sandbox.gitmem("init")
    sandbox.gitmem("flag", "the staging database is read-only")

    session = claude.session(
        sandbox,
        ScriptedModel(),
        "Hello.",
        path=without_gitmem(),
        arguments=["--plugin-dir", str(ROOT)],
    )

    assert len(session.told_person) == 1
    assert "nothing is captured" in session.told_person[0]


def test_the_marketplace_of_the_repository_installs_the_plugin(
    claude: Claude, sandbox: Sandbox
) -> None:
    assert plugin(claude, "marketplace", "add", str(ROOT)).returncode == 0
    done = plugin(claude, "install", "gitmem@gitmem", "--scope", "user")

    assert done.returncode == 0, done.stdout + done.stderr
    listed = json.loads(plugin(claude, "list", "--json").stdout)
    installed = [entry["id"] for entry in listed if not entry["id"].endswith("@builtin")]
    assert installed == ["gitmem@gitmem"]
