"""How often a command starts git for the same answer."""

from __future__ import annotations

import pytest

from tests.bench.starts import STARTS, traced
from tests.support.queues import keep
from tests.support.sandbox import Sandbox


def test_git_is_asked_once_which_remotes_there_are_and_started_no_oftener_than_the_bench_allows(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bare = Sandbox(tmp_path_factory.mktemp("bare"))
    bare.git("init", "--quiet", "--bare")
    sandbox.git("remote", "add", "origin", str(bare.path))
    sandbox.wire()
    sandbox.git("push", "--quiet", "-u", "origin", "HEAD")
    keep(sandbox, 6)
    commands = ("status", "log", "close --engine verbatim", "review", "accept")

    started = {words.split()[0]: traced(sandbox, *words.split()) for words in commands}
    sandbox.git("push", "--quiet")
    started["check"] = traced(sandbox, "check", "--offline")

    asked = {
        command: len([words for words in found if "remote" in words and "get-regexp" in words])
        for command, found in started.items()
    }
    assert asked == dict.fromkeys(started, 1)
    assert [name for name, most in STARTS.items() if len(started[name]) > most] == []
