"""The seal itself: what it lets through would make every other test depend on the machine."""

from __future__ import annotations

import os
import socket

import pytest

from tests.support.sandbox import Sandbox


def test_no_test_sees_the_persons_git_or_agent_settings(sandbox: Sandbox) -> None:
    kept = {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_EDITOR", "GIT_PAGER"}
    kept |= {"GIT_TERMINAL_PROMPT"}
    prefixes = ("GIT_", "GITMEM_", "CLAUDE", "ANTHROPIC_", "CODEX", "AI_AGENT")

    assert {name for name in os.environ if name.startswith(prefixes)} == kept
    assert sandbox.git("config", "user.email") == "person@example.com"
    origins = sandbox.git("config", "--list", "--show-scope").splitlines()
    assert {line.split("\t")[0] for line in origins} == {"global", "local"}


def test_no_test_reaches_the_network() -> None:
    with socket.socket() as outside, pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        outside.connect(("192.0.2.1", 80))


def test_a_test_may_talk_to_its_own_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())


def test_an_empty_sandbox_is_unborn_and_a_sandbox_has_one_commit(empty_sandbox: Sandbox) -> None:
    assert empty_sandbox.git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert empty_sandbox.git("rev-parse", "--verify", "HEAD", check=False) == ""

    commit = empty_sandbox.commit("first", {"a/b.txt": "text\r\n"})

    assert empty_sandbox.git("rev-list", "--all") == commit
    assert empty_sandbox.read("a/b.txt") == "text\r\n"


def test_a_failing_git_command_tells_what_git_said(sandbox: Sandbox) -> None:
    with pytest.raises(AssertionError, match="not-there"):
        sandbox.git("rev-parse", "--verify", "not-there")


def test_a_linked_work_tree_stands_beside_its_repository(sandbox: Sandbox) -> None:
    linked = sandbox.worktree("second")

    assert linked.git("rev-parse", "--abbrev-ref", "HEAD") == "second"
    assert linked.git("rev-parse", "HEAD") == sandbox.git("rev-parse", "HEAD")
