"""`gitmem init --client`: which clients are wired, and which stay."""

from __future__ import annotations

from tests.support.sandbox import Sandbox


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
