"""What `gitmem doctor` says of the entries for the MCP server."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitmem.clients.mcp_hosts.table import HOSTS
from gitmem.proof.finding import Finding, Level
from gitmem.proof.mcp_entries import look
from tests.support.sandbox import GITMEM, Sandbox

PATH = str(GITMEM.parent)


def found(top: Path, path: str = PATH) -> list[Finding]:
    return look(top, HOSTS, path)


def entry(top: Path, text: str) -> None:
    (top / ".mcp.json").write_text(text, encoding="utf-8")


def test_each_file_with_an_entry_that_starts_is_said_once(sandbox: Sandbox) -> None:
    assert found(sandbox.path) == []
    sandbox.gitmem("init", "--mcp", "all")

    said = found(sandbox.path)

    assert [one.level for one in said] == [Level.OK] * len({host.file.path for host in HOSTS})
    assert f".mcp.json (Claude Code, Copilot CLI) starts {GITMEM}" in said[0].what


def test_a_command_that_is_not_on_the_path_fails(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.gitmem("init", "--mcp", "codex")

    (said,) = found(sandbox.path, str(tmp_path))

    assert said.level is Level.FAIL
    assert (
        ".codex/config.toml (Codex) starts gitmem, and no such command is on this PATH" in said.what
    )
    assert "install" in said.hint


@pytest.mark.parametrize("program", ["/nowhere/gitmem", "./bin/gitmem"])
def test_a_program_named_by_its_path_that_is_not_there_fails(tmp_path: Path, program: str) -> None:
    entry(tmp_path, f'{{"mcpServers":{{"gitmem":{{"command":"{program}","args":["mcp"]}}}}}}')

    (said,) = found(tmp_path)

    assert f"starts {program}, which is not there" in said.what


def test_a_program_named_by_its_path_that_is_there_is_fine(tmp_path: Path) -> None:
    entry(tmp_path, f'{{"mcpServers":{{"gitmem":{{"command":"{GITMEM}","args":["mcp"]}}}}}}')

    assert [one.level for one in found(tmp_path, "")] == [Level.OK]


def test_a_folder_that_is_not_there_fails_and_one_that_the_host_fills_in_does_not(
    tmp_path: Path,
) -> None:
    shape = '{"mcpServers":{"gitmem":{"command":"gitmem","args":["mcp","--repo","%s"]}}}'
    for folder, level in (
        ("/nowhere", Level.FAIL),
        ("${workspaceFolder}", Level.OK),
        (".", Level.OK),
    ):
        entry(tmp_path, shape % folder)
        assert [one.level for one in found(tmp_path)] == [level]


def test_a_broken_file_fails_where_it_speaks_of_gitmem(tmp_path: Path) -> None:
    entry(tmp_path, '{"mcpServers": {"gitmem"')
    assert [(one.level, "not plain JSON" in one.what) for one in found(tmp_path)] == [
        (Level.FAIL, True)
    ]

    entry(tmp_path, "{ broken")
    assert found(tmp_path) == []


def test_another_program_of_that_name_is_not_looked_at(tmp_path: Path) -> None:
    entry(tmp_path, '{"mcpServers":{"gitmem":{"command":"/nowhere/x"}}}')

    assert found(tmp_path) == []


def test_what_a_terminal_would_obey_is_shown_and_not_sent(tmp_path: Path) -> None:
    entry(tmp_path, '{"mcpServers":{"gitmem":{"command":"/x/\\u001b[2J/gitmem","args":["mcp"]}}}')

    (said,) = found(tmp_path)

    assert "\x1b" not in said.what
