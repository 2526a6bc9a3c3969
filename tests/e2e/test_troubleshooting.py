"""Each symptom of the page is provoked for real, and says what the page shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.docs import stories
from tests.support import judge
from tests.support import messages_api as api
from tests.support.hooks import fire
from tests.support.messages_api import MessagesApi
from tests.support.queues import keep
from tests.support.sandbox import GITMEM, PATIENCE, Result, Sandbox
from tests.support.server import Server

PAGE = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
PARTS = dict(
    part.split("\n", 1)
    for part in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
)
PATH = os.pathsep.join([str(GITMEM.parent), os.environ["PATH"]])

provoked: set[str] = set()


def symptom(heading: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Mark the test that provokes what is under a heading."""
    provoked.add(heading)
    return lambda test: test


def shown(heading: str) -> list[str]:
    """The lines of messages under a heading of the page."""
    blocks = re.findall(r"^ *```text\n(.*?)^ *```$", PARTS[heading], re.DOTALL | re.MULTILINE)
    return [line.strip() for block in blocks for line in block.splitlines()]


def holds(heading: str, *results: Result | str) -> None:
    """Assert that each line under the heading begins a line that gitmem said."""
    texts = [one if isinstance(one, str) else one.out + one.err for one in results]
    said = "\n".join(texts).splitlines()
    for line in shown(heading):
        wanted = re.compile(stories.pattern(line, {}))
        assert any(wanted.match(one.strip()) for one in said), (line, said)


def answered(sandbox: Sandbox, code: int, *words: str, **env: str | None) -> Result:
    done = sandbox.gitmem(*words, env=env)
    assert done.code == code, done
    return done


def github_token() -> str:
    return "ghp_" + "".join(Random(7).choices("abcdefghABCDEFGH0123456789", k=36))


def with_origin(sandbox: Sandbox, server: Server) -> None:
    sandbox.git("remote", "add", "origin", server.url)
    sandbox.git("push", "--quiet", "--force", "--set-upstream", "origin", "main")


def test_every_symptom_is_provoked() -> None:
    assert set(PARTS) == provoked


def test_each_message_on_the_page_stands_below_its_symptom() -> None:
    fences = PAGE.read_text(encoding="utf-8").count("```text")
    assert fences == sum(part.count("```text") for part in PARTS.values())


def test_a_message_that_gitmem_does_not_say_would_be_seen() -> None:
    with pytest.raises(AssertionError):
        holds("NOT SAVED", "saved")


@symptom("The agent flags nothing")
def test_the_agent_flags_nothing(wired: Sandbox) -> None:
    silent = wired.gitmem("doctor", env={"PATH": PATH})
    fire(wired, "SessionStart.startup")
    after = wired.gitmem("doctor", env={"PATH": PATH})

    assert "no hook has run" not in after.out
    assert "fired last" in after.out
    holds("The agent flags nothing", silent, answered(wired, 0, "audit"))


@symptom("A hook or a terminal does not find gitmem")
def test_a_session_without_gitmem_on_its_path(wired: Sandbox) -> None:
    bare = os.pathsep.join(
        name for name in os.environ["PATH"].split(os.pathsep) if not Path(name, "gitmem").exists()
    )
    hooks = json.loads(wired.read(".claude/settings.json"))["hooks"]
    command = hooks["SessionStart"][0]["hooks"][0]["command"]

    def started() -> str:
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=wired.path,
            env={**os.environ, "PATH": bare},
            input="{}",
            capture_output=True,
            check=True,
            encoding="utf-8",
        )
        return str(json.loads(done.stdout)["systemMessage"]) if done.stdout else ""

    assert started() == ""
    answered(wired, 0, "flag", "tests need Postgres")
    doctor = wired.gitmem("doctor", env={"PATH": bare})
    assert doctor.code == 1
    holds("A hook or a terminal does not find gitmem", started(), doctor)


@symptom("NOT SAVED")
def test_a_folder_that_is_no_repository(tmp_path: Path) -> None:
    done = answered(Sandbox(tmp_path), 3, "flag", "tests need Postgres")

    assert "tests need Postgres" in done.err
    holds("NOT SAVED", done)


@symptom("Refused, nothing was saved")
def test_a_guard_refuses(sandbox: Sandbox) -> None:
    done = answered(sandbox, 4, "flag", f"the key is {github_token()}")
    for text in ("a\u202eb", "Run !`date` first"):
        assert "hint: " in answered(sandbox, 4, "snag", "x", "--better", text).err

    holds("Refused, nothing was saved", done)


@symptom("`gitmem check` fails in CI after the review was accepted here")
def test_a_landing_that_is_not_pushed(server: Server, sandbox: Sandbox) -> None:
    with_origin(sandbox, server)
    answered(sandbox, 0, "flag", "tests need Postgres")
    answered(sandbox, 0, "sync")
    answered(sandbox, 0, "close")
    answered(sandbox, 0, "accept")
    waiting = answered(sandbox, 0, "status")

    answered(server.clone("before").sandbox, 1, "check")
    sandbox.git("push", "--quiet")
    answered(server.clone("after").sandbox, 0, "check")
    holds("`gitmem check` fails in CI after the review was accepted here", waiting)


@symptom("`gitmem check` says that the remote has no queue")
def test_a_remote_without_a_queue(server: Server, sandbox: Sandbox) -> None:
    with_origin(sandbox, server)
    answered(sandbox, 0, "flag", "tests need Postgres")
    before = answered(server.clone("before").sandbox, 0, "check")
    answered(sandbox, 0, "sync")

    answered(server.clone("after").sandbox, 1, "check")
    holds("`gitmem check` says that the remote has no queue", before)


@symptom("Exit code 8: something was rewritten or damaged")
@pytest.mark.parametrize("choice", ["take", "keep"])
def test_a_rewritten_queue(server: Server, sandbox: Sandbox, choice: str) -> None:
    with_origin(sandbox, server)
    answered(sandbox, 0, "flag", "tests need Postgres")
    answered(sandbox, 0, "sync")
    server.bare.git("update-ref", "refs/heads/gitmem/queue", "refs/heads/main")
    stopped = answered(sandbox, 8, "sync")

    holds("Exit code 8: something was rewritten or damaged", stopped)
    answered(sandbox, 0, "sync", "--rewritten", choice)
    waiting = 0 if choice == "take" else 1
    assert len(json.loads(answered(sandbox, 0, "log", "--json").out)) == waiting
    assert sandbox.git("for-each-ref", "refs/gitmem/backup/")


@symptom("A flag came back after it was accepted")
def test_a_landing_that_was_undone(sandbox: Sandbox) -> None:
    sandbox.land("tests need Postgres")
    sandbox.git("revert", "--no-edit", "HEAD")
    said = answered(sandbox, 0, "status")

    (flag,) = json.loads(answered(sandbox, 0, "log", "--json").out)
    assert "it waits in the queue" in answered(sandbox, 0, "show", flag["id"]).out
    holds("A flag came back after it was accepted", said)
    answered(sandbox, 0, "drop", flag["id"], "--reason", "not true")
    answered(sandbox, 0, "close")
    assert "need Postgres" not in sandbox.git("show", "gitmem/drain", "--", "memory")


@symptom("The agent does not follow a line of memory")
def test_a_line_that_does_not_fit_or_is_not_found(sandbox: Sandbox) -> None:
    settings = "version: 1\ntarget: main\nmemory.budget: 950\n"
    sandbox.commit("settings", {".gitmem/config.yaml": settings})
    sandbox.land("word " * 190, "--topic", "long")
    sandbox.land("tests need Postgres", "--topic", "testing")

    holds(
        "The agent does not follow a line of memory",
        answered(sandbox, 0, "status"),
        answered(sandbox, 0, "recall", "zebra"),
    )
    assert "Postgres" in answered(sandbox, 0, "recall", "postgres").out


@symptom("A close with a model ends with exit code 6, 7, 9 or 10")
def test_a_close_with_a_model_that_does_not_answer_well(sandbox: Sandbox) -> None:
    keep(sandbox, 2)
    nokey = {"ANTHROPIC_API_KEY": None, "ANTHROPIC_BASE_URL": None}
    refused = answered(sandbox, 9, "close", "--engine", "anthropic", **nokey)
    half = [api.says({"operations": [judge.operation("keep", "f1")]}), api.says({"operations": []})]
    for script, code, left in (([api.error(400, "no such thing")], 7, 2), (half, 6, 1)):
        with MessagesApi(script, dialect=api.MESSAGES) as server:
            answered(sandbox, code, "close", **{**server.environ, "GITMEM_MODEL": api.MODEL})
        assert f"{left} undrained" in answered(sandbox, 0, "status").out

    holds("A close with a model ends with exit code 6, 7, 9 or 10", refused)
    answered(sandbox, 0, "discard")
    answered(sandbox, 0, "close", "--engine", "verbatim")


@symptom("A close in the background did nothing")
def test_a_close_in_the_background_that_failed(wired: Sandbox) -> None:
    wired.git("config", "gitmem.autoClose", "true")
    wired.git("config", "gitmem.engine", "anthropic")
    answered(wired, 0, "flag", "deploys need the VPN")
    fire(wired, "SessionEnd.other")
    limit = time.monotonic() + PATIENCE
    while "the last close failed" not in (doctor := wired.gitmem("doctor", env={"PATH": PATH})).out:
        assert time.monotonic() < limit, doctor
        time.sleep(0.2)

    holds("A close in the background did nothing", doctor)
    started = fire(wired, "SessionStart.startup", session_id="the-next")
    assert "its flags stay queued: no key for api.anthropic.com" in started.out
    assert "no key" in answered(wired, 1, "audit").out


@symptom("Something else")
def test_more_is_said_as_json(wired: Sandbox) -> None:
    for command in ("doctor", "audit"):
        found: Any = json.loads(wired.gitmem(command, "--json", env={"PATH": PATH}).out)
        assert found
