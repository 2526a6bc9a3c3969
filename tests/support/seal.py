"""The environment a test runs in: nothing of the person's machine but PATH."""

from __future__ import annotations

import os
import pwd
import socket
from pathlib import Path
from typing import Any

import pytest

from gitmem.core import agent_clients as clients
from tests.support.account import account

#: The environment as the suite found it, for the few tests that need the real one (npm's settings).
FOUND = dict(os.environ)

_REMOVED = (
    "AI_AGENT",
    "CI_",
    "COVERAGE_",  # the process of a test is measured, not each command that it starts
    "GITHUB_",
    "GITLAB_",
    "ANTHROPIC_",
    "CLAUDE",
    "CODEX",
    "EDITOR",
    "EMAIL",
    "GITMEM_",
    "GIT_",
    "LC_",
    "NO_COLOR",
    "OPENAI_",
    "PYTHON",
    "VISUAL",
    "XDG_",
)

_GIT_CONFIG = """\
[user]
\tname = Test Person
\temail = person@example.com
[init]
\tdefaultBranch = main
"""


def seal(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Give the test process and its children a fresh home, a fixed identity and no way to ask.

    ``home`` is an existing empty folder. The global git configuration is ``home/.gitconfig``; a test may edit it.
    """
    for name in FOUND.keys() | os.environ.keys():
        if name.startswith(_REMOVED) or clients.is_own(name):
            monkeypatch.delenv(name, raising=False)
    (home / "tmp").mkdir()  # the spools that boots make go with it
    config = home / ".gitconfig"
    config.write_text(_GIT_CONFIG, encoding="utf-8")
    fixed = {
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_EDITOR": "false",
        "GIT_PAGER": "cat",
        "EDITOR": "false",
        "VISUAL": "false",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "TZ": "UTC",
    }
    for name, value in fixed.items():
        monkeypatch.setenv(name, value)
    _hide_own_memory(monkeypatch, home)


def _hide_own_memory(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Give every test the account's home in ``home``, so that none reads or makes the memory of the person who runs them.

    No variable does that in gitmem, as no repository may; `tests.support.account` gives a test an account of its own.
    """
    asked = pwd.getpwuid

    def answered(user: int) -> pwd.struct_passwd:
        return pwd.struct_passwd([*asked(user)[:5], str(home), *asked(user)[6:]])

    monkeypatch.setattr(pwd, "getpwuid", answered)
    for name, value in account(home, home).env.items():
        monkeypatch.setenv(name, str(value))


def refuse_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test process connect to loopback and unix sockets only."""

    def guarded(method: str) -> None:
        original = getattr(socket.socket, method)

        def connect(self: socket.socket, address: Any) -> Any:
            local = self.family not in {socket.AF_INET, socket.AF_INET6}
            if not local and address[0] not in {"127.0.0.1", "::1", "localhost"}:
                message = f"a test tried to reach {address[0]}"
                raise AssertionError(message)
            return original(self, address)

        monkeypatch.setattr(socket.socket, method, connect)

    guarded("connect")
    guarded("connect_ex")
