"""`gitmem check`: the answer as text, as JSON and as an exit code."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from tests.support.sandbox import Result, Sandbox


def asked(sandbox: Sandbox, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit code, and the flags' part of the answer."""
    done = sandbox.gitmem("check", "--json", *options)
    keys = ("ok", "undrained", "in_review", "accepted", "cannot_tell")
    return done.code, {key: json.loads(done.out)[key] for key in keys}


def flag(sandbox: Sandbox, text: str) -> str:
    return str(json.loads(sandbox.gitmem("flag", text, "--json").out)["id"])


def test_the_shape_and_the_exit_code_follow_a_flag_through_its_life(sandbox: Sandbox) -> None:
    nothing: dict[str, Any] = {
        "undrained": [],
        "in_review": [],
        "accepted": [],
        "cannot_tell": None,
    }
    assert asked(sandbox) == (0, {"ok": True, **nothing})
    one = flag(sandbox, "a fact")
    assert asked(sandbox) == (1, {**nothing, "ok": False, "undrained": [one]})
    sandbox.gitmem("close")
    assert asked(sandbox) == (1, {**nothing, "ok": False, "in_review": [one]})
    assert asked(sandbox, "--allow-in-review") == (0, {**nothing, "ok": True, "in_review": [one]})
    sandbox.gitmem("accept")
    assert asked(sandbox) == (0, {"ok": True, **nothing})


def test_a_forget_that_waits_is_in_review_for_check_status_and_close(sandbox: Sandbox) -> None:
    one = flag(sandbox, "a fact")
    sandbox.gitmem("close")
    sandbox.gitmem("accept")
    sandbox.gitmem("forget", one)

    code, found = asked(sandbox)

    assert (code, found["ok"], found["in_review"]) == (1, False, [one])
    assert asked(sandbox, "--allow-in-review")[0] == 0
    assert sandbox.gitmem("check").out.startswith("1 flag to forget, in review:\n  " + one)
    status = json.loads(sandbox.gitmem("status", "--json").out)
    assert (status["in_review"], status["to_forget"]) == (0, 1)
    assert sandbox.gitmem("close").out == (
        "nothing new to drain; 1 flag to forget: gitmem review, then gitmem accept\n"
    )
    shown = sandbox.gitmem("review").out.splitlines()
    assert f"{one}  forgotten  a fact" in shown
    tried = sandbox.gitmem("discard", "--dry-run").out.splitlines()
    assert tried[1:] == [f"1 flag would not be forgotten: {one}"]
    sandbox.gitmem("accept")
    assert asked(sandbox)[0] == 0
    assert "to_forget" not in json.loads(sandbox.gitmem("status", "--json").out)


def test_what_is_undrained_is_listed_with_age_and_session(sandbox: Sandbox) -> None:
    one = flag(sandbox, "a fact")

    done = sandbox.gitmem("check")

    assert done.code == 1
    assert [line.split() for line in done.out.splitlines()] == [
        ["1", "flag", "undrained:"],
        [one, "just", "now", "no", "session", "fact", "a", "fact"],
        ["run:", "gitmem", "close,", "then", "gitmem", "review", "and", "gitmem", "accept"],
    ]


def broken_settings(sandbox: Sandbox) -> None:
    sandbox.write(".gitmem/config.yaml", "engine: evil\n")


def missing_target(sandbox: Sandbox) -> None:
    sandbox.write(".gitmem/config.yaml", "version: 1\ntarget: elsewhere\n")


def damaged_queue(sandbox: Sandbox) -> None:
    flag(sandbox, "a fact")
    (sandbox.path / ".git/refs/heads/gitmem/queue").write_text("garbage\n")


@pytest.mark.parametrize("trouble", [broken_settings, missing_target, damaged_queue])
def test_what_cannot_be_told_is_5_with_the_reason(sandbox: Sandbox, trouble: Any) -> None:
    trouble(sandbox)

    code, answer = asked(sandbox)
    said = sandbox.gitmem("check")

    assert (code, answer["ok"]) == (5, False)
    assert answer["cannot_tell"]
    assert said.code == 5
    assert said.out.startswith("cannot tell: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere (2026-11)")
def test_a_repository_that_cannot_be_written_can_be_checked(sandbox: Sandbox) -> None:
    flag(sandbox, "a fact")
    folders = [sandbox.path / ".git", sandbox.path / ".git/gitmem"]
    for folder in folders:
        folder.chmod(0o555)
    try:
        assert asked(sandbox)[0] == 1
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_text_of_others_cannot_command_a_terminal_or_a_build_machine(sandbox: Sandbox) -> None:
    flag(sandbox, "a fact")
    journal = sandbox.path / ".git/gitmem/journal"
    hostile = '{"v":1,"id":"abcdefghijkl","kind":"fact","text":"::error::x ##[add]y \\u001b]0;z"}'
    hostile = hostile.replace("\\u001b]0;z", "\u202ez")
    journal.write_bytes(journal.read_bytes() + f"\n{hostile}\n".encode())

    done: Result = sandbox.gitmem("check")

    assert done.code == 1
    assert "abcdefghijkl" in done.out
    assert "\u202e" not in done.out
    assert "##[" not in done.out
