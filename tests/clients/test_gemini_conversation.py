"""Gemini CLI's transcripts in `gitmem audit`: what a recorded one shows, and odd ones."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.clients.gemini.conversation import conversations
from gitmem.clients.transcripts import AGENT, BATCH, COMMIT, PROMPT, TURN
from tests.support.sandbox import Sandbox
from tests.support.transcripts import gap_without_hooks, moved, odd_values, wired_a_day_ago

RECORDED = Path(__file__).parents[1] / "data/gemini/transcripts/session.jsonl"
SESSION = "ca07d452-7ad0-4ffe-9f50-68fc84699a32"
TOP = "/home/dev/demo"
_BEGAN = 1796011951  # when the recorded session began


def keep(home: Path, text: str, top: str = TOP, name: str = "session-2026-11-30T04-12") -> Path:
    """Lay a transcript where the client lays it."""
    folder = home / ".gemini/tmp/demo"
    file = folder / f"chats/{name}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    (folder / ".project_root").write_text(top, encoding="utf-8")
    return file


def read(home: Path, *tops: str, since: int = 0) -> dict[str, Any]:
    return dict(conversations({"HOME": str(home)}, tops or [TOP], since))


def test_a_recorded_transcript_shows_its_boundaries_and_nudges(tmp_path: Path) -> None:
    keep(tmp_path, RECORDED.read_text())

    told = read(tmp_path)[SESSION]

    assert Counter(one.kind for one in told.boundaries) == {
        PROMPT: 2,
        BATCH: 6,
        COMMIT: 2,
        AGENT: 1,
        TURN: 2,
    }
    commits = [one.detail for one in told.boundaries if one.kind == COMMIT]
    assert commits == ["9560874", ""]  # the second was quiet, and a third made none
    assert (told.began, told.cwd, told.nudges) == (_BEGAN, TOP, 3)
    assert (told.unknown, told.damaged) == ({}, 0)


def test_a_commit_that_failed_is_none_also_where_a_hook_said_something(tmp_path: Path) -> None:
    text = RECORDED.read_text()
    assert text.count("git commit -m nothing") == 1
    rows = [
        row.replace("git commit -m nothing", "git commit -qm nothing").replace(
            "</untrusted_context>", "</untrusted_context>\\n\\n<hook_context>a\\nb</hook_context>"
        )
        for row in text.splitlines()
    ]
    keep(tmp_path, "\n".join(rows))

    commits = [one for one in read(tmp_path)[SESSION].boundaries if one.kind == COMMIT]

    assert len(commits) == 2


def test_the_home_of_the_client_may_be_another(tmp_path: Path) -> None:
    keep(tmp_path, RECORDED.read_text())

    found = conversations({"HOME": "/nowhere", "GEMINI_CLI_HOME": str(tmp_path)}, [TOP], 0)

    assert found.keys() == {SESSION}


def test_sessions_of_other_folders_are_none(tmp_path: Path) -> None:
    keep(tmp_path, RECORDED.read_text())

    assert read(tmp_path, "/home/dev/demo-2") == {}
    assert read(tmp_path, "/home/dev").keys() == {SESSION}
    (tmp_path / ".gemini/tmp/demo/.project_root").write_bytes(b"\xff")
    assert read(tmp_path) == {}


def test_a_transcript_that_nothing_was_written_to_since_is_not_read(tmp_path: Path) -> None:
    file = keep(tmp_path, RECORDED.read_text())
    os.utime(file, (100, 100))

    assert read(tmp_path, since=1000) == {}


def test_rows_of_an_unknown_kind_and_torn_ones_are_counted(tmp_path: Path) -> None:
    odd = '{"id":"x","timestamp":"2026-11-30T04:13:00.000Z","type":"dream"}\n{torn\n[1]\n{"a":1}\n'
    keep(tmp_path, RECORDED.read_text() + odd)

    told = read(tmp_path)[SESSION]

    assert {name: one.count for name, one in told.unknown.items()} == {
        "dream": 1,
        "without a type": 1,
    }
    assert told.damaged == 2


_VALUES = odd_values(
    "name args id status result content text command functionResponse response output timestamp"
)


@given(
    rows=st.lists(st.tuples(st.sampled_from(["user", "gemini", "info", 7]), _VALUES, _VALUES)),
)
def test_no_row_is_too_odd_to_be_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, Any, Any]]
) -> None:
    at = "2026-11-30T04:13:00.000Z"
    lines = [
        json.dumps({"id": "x", "timestamp": at, "type": kind, "content": one, "toolCalls": other})
        for kind, one, other in rows
    ]
    home = tmp_path_factory.mktemp("home")
    keep(home, RECORDED.read_text().splitlines()[0] + "\n" + "\n".join(lines))

    assert read(home).keys() == {SESSION}


def test_audit_holds_a_session_against_its_hooks(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wired_a_day_ago(sandbox, "gemini")
    monkeypatch.setenv("GEMINI_CLI_HOME", str(tmp_path))
    keep(tmp_path, moved(RECORDED.read_text(), _BEGAN), str(sandbox.path))

    gap = gap_without_hooks(sandbox, SESSION)

    assert gap.startswith("no hook fired in it, and its transcript shows 2 commits")
