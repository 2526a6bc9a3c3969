"""`gitmem init --client`: which clients are wired, what is written for each, and which stay."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from gitmem.bootstrap.shipped import wirings
from tests.support.sandbox import Sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A file of a client's as a person wrote it (``path``, ``text``), and what `init` writes.

    ``written``: beside the files of every client.
    """

    path: str
    text: str
    written: frozenset[str]


EVERY = {".gitmem/config.yaml", ".gitmem/.gitattributes"}
AGENTS = "AGENTS.md"
SKILL = ".agents/skills/gitmem-close/SKILL.md"
CLAUDE_SETTINGS, CLAUDE_SKILL = ".claude/settings.json", ".claude/skills/gitmem-close/SKILL.md"
EMPTY = '{ "hooks": {"Stop": [ ] } }\n'
OWN = {
    "claude-code": Own(
        path=CLAUDE_SETTINGS,
        text=EMPTY,
        written=frozenset({CLAUDE_SETTINGS, CLAUDE_SKILL, "CLAUDE.md"}),
    ),
    "codex": Own(
        path=".codex/hooks.json",
        text=EMPTY,
        written=frozenset({".codex/hooks.json", ".codex/rules/gitmem.rules", SKILL, AGENTS}),
    ),
    "gemini": Own(
        path=".gemini/settings.json",
        text='{ "context": {"fileName": "CONTEXT.md"},"hooks": {"AfterTool": [ ] } }\n',
        written=frozenset({".gemini/settings.json", SKILL, AGENTS}),
    ),
    "opencode": Own(
        path="opencode.json",
        text='{ "permission": "ask" }\n',
        written=frozenset({".opencode/plugins/gitmem.js", SKILL, AGENTS}),
    ),
    # It reads Claude Code's settings; with a file of its own beside them everything would be said twice.
    "copilot": Own(
        path=CLAUDE_SETTINGS,
        text=EMPTY,
        written=frozenset({CLAUDE_SETTINGS, CLAUDE_SKILL, AGENTS}),
    ),
    "qwen": Own(
        path=".qwen/settings.json",
        text='{ "hooks": {"Stop": [ ] }, "ui": {} }\n',
        written=frozenset({".qwen/settings.json", SKILL, AGENTS}),
    ),
}


def paths(sandbox: Sandbox) -> set[str]:
    """Every file and folder of the work tree."""
    found = {path.relative_to(sandbox.path) for path in sandbox.path.rglob("*")}
    return {str(path) for path in found if Path(".git") not in (path, *path.parents)}


def test_every_client_that_can_be_wired_is_looked_at_here() -> None:
    assert set(OWN) == set(wirings())


@pytest.mark.parametrize("client", OWN)
def test_a_client_gets_its_own_files_once_and_uninstall_gives_the_bytes_back(
    sandbox: Sandbox, client: str
) -> None:
    own = OWN[client]
    sandbox.write(own.path, own.text)
    before = paths(sandbox)

    said = sandbox.gitmem("init", "--client", client).out

    wrote = [line.removeprefix("wrote ") for line in said.splitlines() if line.startswith("wrote ")]
    assert sorted(wrote) == sorted(EVERY | own.written)
    new = {path for path in paths(sandbox) - before if (sandbox.path / path).is_file()}
    assert new == (EVERY | own.written) - {own.path}
    assert "everything is in place already" in sandbox.gitmem("init", "--client", client).out
    assert sandbox.gitmem("uninstall").code == 0
    assert sandbox.read(own.path) == own.text
    assert paths(sandbox) == before


def test_an_unknown_client_is_named_with_those_there_are(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("init", "--client", "emacs")

    assert done.code == 2
    assert "there is no client emacs" in done.err
    assert "claude-code" in done.err
    assert not (sandbox.path / ".gitmem").exists()


def test_without_a_known_client_claude_code_is_wired(sandbox: Sandbox) -> None:
    assert "wrote .claude/settings.json" in sandbox.gitmem("init").out


def test_a_second_init_changes_nothing_whatever_is_named(sandbox: Sandbox) -> None:
    sandbox.gitmem("init")

    for arguments in ((), ("--client", "claude-code")):
        assert "everything is in place already" in sandbox.gitmem("init", *arguments).out
