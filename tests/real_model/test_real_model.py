"""A real model, small and weak, on this machine: what it answers is filed or refused, and all flags are accounted for.

`.ci/run model` installs the server and the weights from the registry, and names the Python that has them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox import Sandbox
from tests.support.seal import FOUND

pytestmark = pytest.mark.model

FLAGS = (
    "Integration tests need Postgres on port 5433",
    "Deploys go out on Tuesdays after the 10:00 standup",
    "The connection pool opens late when the cache is cold",
    "make lint runs the tests too",
    "The staging database is read-only between 02:00 and 04:00",
    "Release notes are written by hand in docs/NEWS.md",
    "The upload test is flaky on macOS 14",
    "Install packages with pnpm, not with npm",
)
MODEL = "gemma-3-270m-q4_k_m.gguf"
#: Words of grammar, which a rewording may use in another place: "no npm" for "not with npm".
_GRAMMAR = frozenset(
    [
        "a",
        "an",
        "the",
        "is",
        "are",
        "be",
        "and",
        "or",
        "of",
        "to",
        "in",
        "on",
        "at",
        "by",
        "for",
        "with",
        "no",
        "not",
        "it",
        "its",
    ]
)
_WORD = re.compile(r"[\w./:-]*\w")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the server, which ends with the tests."""
    python = FOUND["GITMEM_MODEL_PYTHON"]
    folder = FOUND.get("GITMEM_MODEL_FOLDER") or str(tmp_path_factory.mktemp("weights"))
    start = [python, str(Path(__file__).with_name("serve.py")), folder]
    with subprocess.Popen(
        start,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**FOUND, "PATH": os.defpath},
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.stdin.close()


@pytest.fixture
def queued(sandbox: Sandbox) -> Sandbox:
    """A repository with eight flags of eight subjects."""
    sandbox.wire()
    for text in FLAGS:
        assert sandbox.gitmem("flag", text).code == 0
    return sandbox


def landed(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The rows of the record on the target; the first one is its head."""
    (name,) = sandbox.git("ls-tree", "-r", "--name-only", "HEAD", ".gitmem/drains").splitlines()
    return [json.loads(row) for row in sandbox.git("show", f"HEAD:{name}").splitlines()]


def invented(sandbox: Sandbox) -> set[tuple[str, str]]:
    """The words of memory's lines that no flag has, each with its line; without any, nothing was made up."""
    given = _GRAMMAR.union(word.lower() for text in FLAGS for word in _WORD.findall(text))
    folder = sandbox.path / "memory"
    lines = [
        line.removeprefix("- ")
        for file in folder.glob("*.md")
        if file.name != "MEMORY.md"
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.startswith("- ")
    ]
    return {
        (word.lower(), line)
        for line in lines
        for word in _WORD.findall(line)
        if word.lower() not in given
    }


@pytest.mark.parametrize("api", ["chat completions", "messages"])
def test_eight_flags_are_filed_or_left_with_a_reason_and_nothing_is_made_up(
    queued: Sandbox, address: str, api: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if api == "chat completions":
        queued.git("config", "gitmem.host", address.removeprefix("http://"))
        chosen, env = ["--engine", "llamacpp"], {}
    else:
        # It ignores both shapes, so the close goes on until its deadline.
        chosen = ["--engine", "anthropic", "--model", MODEL, "--deadline", "60"]
        env = {"ANTHROPIC_BASE_URL": address, "ANTHROPIC_API_KEY": "unused"}

    done = queued.gitmem("close", "--json", *chosen, env=env)

    answer = json.loads(done.out)
    left = {flag["id"]: flag["reason"] for flag in answer["left"]}
    assert all(left.values())
    assert answer["flags"] + len(left) == len(FLAGS), done
    rewordings = 0
    if answer["flags"]:
        assert queued.gitmem("accept").code == 0
        head, *rows = landed(queued)
        assert queued.gitmem("check", "--trace").code == 0
        assert invented(queued) == set()
        assert head["tokens_in"] > 0
        assert head["tokens_out"] > 0
        assert head["calls_s"] > 0
        rewordings = sum(
            row["outcome"] == "added" and row.get("line") != row["flag"]["text"] for row in rows
        )
    waits = json.loads(queued.gitmem("status", "--json").out)
    assert waits["undrained"] == len(left)
    if (
        api == "chat completions"
    ):  # the server holds the model to the shape, to one operation for each flag at last
        assert left == {}
    with capsys.disabled():
        print(
            f"\n{api}: {answer['flags']} of {len(FLAGS)} filed, {rewordings} reworded, "
            f"{answer['ran']['calls']} calls, {answer['ran']['tokens_in']} + "
            f"{answer['ran']['tokens_out']} tokens, {answer['wall_s']:.0f} s"
        )
        for reason in sorted(set(left.values())):
            print(f"  left: {reason}")
