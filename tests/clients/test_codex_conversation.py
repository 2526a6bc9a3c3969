"""Codex's transcripts in `gitmem audit`: what a recorded one shows, and odd ones."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.clients import commits_shown
from gitmem.clients.codex.conversation import conversations
from gitmem.clients.transcripts import BATCH, COMMIT, COMPACTION, PROMPT, TURN
from tests.support.sandbox import Sandbox
from tests.support.transcripts import gap_without_hooks, moved, odd_values, wired_a_day_ago

RECORDED = Path(__file__).parents[1] / "data/codex/transcripts/session.jsonl"
SESSION = "01a22a99-dd51-7ef2-bc07-9210768b6460"
TOP = "/home/dev/demo"
_BEGAN = 1796011056  # when the recorded session began


def keep(codex: Path, text: str, name: str = SESSION) -> Path:
    """Lay a transcript where the client lays it."""
    file = codex / f"sessions/2026/11/30/rollout-2026-11-30T03-57-36-{name}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def read(codex: Path, *tops: str, since: int = 0) -> dict[str, Any]:
    return dict(conversations({"CODEX_HOME": str(codex)}, tops or [TOP], since))


def test_a_recorded_transcript_shows_its_boundaries_and_nudges(tmp_path: Path) -> None:
    keep(tmp_path, RECORDED.read_text())

    told = read(tmp_path)[SESSION]

    assert Counter(one.kind for one in told.boundaries) == {
        PROMPT: 1,
        COMMIT: 2,
        BATCH: 3,
        COMPACTION: 1,
        TURN: 1,
    }
    commits = [one for one in told.boundaries if one.kind == COMMIT]
    assert [(one.detail, one.keys) for one in commits] == [
        ("6d401f0", ["call_1"]),
        ("", ["call_2"]),
    ]
    assert (told.nudges, told.versions, told.unknown, told.damaged) == (2, {"0.171.0"}, {}, 0)


def test_a_command_that_is_still_at_work_when_its_turn_ends_has_no_hook(tmp_path: Path) -> None:
    keep(tmp_path, RECORDED.read_text())

    keys = {key for one in read(tmp_path)[SESSION].boundaries for key in one.keys}

    assert "call_5" in RECORDED.read_text()
    assert "call_5" not in keys


def test_a_script_shows_the_commands_that_it_ran_and_none_of_the_persons(tmp_path: Path) -> None:
    text = (RECORDED.parent / "script.jsonl").read_text()
    keep(tmp_path, text)

    (told,) = read(tmp_path).values()
    batches = [one.keys for one in told.boundaries if one.kind == BATCH]
    keep(tmp_path, text.replace("unified_exec_startup", "user_shell"))
    (persons,) = read(tmp_path).values()

    ran = [json.loads(row)["payload"].get("item", {}) for row in text.splitlines()]
    commands = [item["id"] for item in ran if item.get("type") == "CommandExecution"]
    assert batches == [[call] for call in commands]
    assert [one.detail for one in told.boundaries if one.kind == COMMIT] != []
    assert (told.nudges, told.unknown, told.damaged) == (1, {}, 0)
    assert not [one for one in persons.boundaries if one.kind == BATCH]


def test_sessions_of_other_folders_and_of_sub_agents_are_none(tmp_path: Path) -> None:
    first, *others = RECORDED.read_text().splitlines()
    meta = json.loads(first)
    meta["payload"]["source"] = {"subagent": {"thread_spawn": {"parent_thread_id": SESSION}}}
    keep(tmp_path, "\n".join([json.dumps(meta), *others]))
    assert read(tmp_path) == {}

    keep(tmp_path, RECORDED.read_text())
    assert read(tmp_path, "/home/dev/demo-2") == {}
    assert read(tmp_path, "/home/dev").keys() == {SESSION}


def test_what_a_fork_copied_from_another_session_is_passed_over(tmp_path: Path) -> None:
    first, *others = RECORDED.read_text().splitlines()
    meta = json.loads(first)
    meta["payload"]["id"] = "fork"
    meta["timestamp"] = "2026-11-30T03:57:40.000Z"
    keep(tmp_path, "\n".join([json.dumps(meta), first, *others]), "fork")

    told = read(tmp_path)["fork"]

    assert [one.kind for one in told.boundaries if one.kind in (COMMIT, PROMPT)] == []
    assert told.began == _BEGAN + 4


def test_rows_of_an_unknown_kind_and_torn_ones_are_counted(tmp_path: Path) -> None:
    odd = '{"timestamp":"2026-11-30T03:58:00.000Z","type":"dream","payload":7}\n{torn\n[1]\n'
    keep(tmp_path, RECORDED.read_text() + odd)

    told = read(tmp_path)[SESSION]

    assert (told.unknown["dream"].count, told.damaged) == (1, 2)


def test_a_transcript_that_nothing_was_written_to_since_is_not_read(tmp_path: Path) -> None:
    file = keep(tmp_path, RECORDED.read_text())
    os.utime(file, (100, 100))

    assert read(tmp_path, since=1000) == {}


_VALUES = odd_values(
    "type item id turn_id call_id content text command exit_code role source cwd cli_version"
)


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["event_msg", "response_item", "session_meta", "compacted"]),
            _VALUES,
        )
    )
)
def test_no_row_is_too_odd_to_be_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, Any]]
) -> None:
    at = "2026-11-30T03:58:00.000Z"
    lines = [json.dumps({"timestamp": at, "type": kind, "payload": value}) for kind, value in rows]
    codex = tmp_path_factory.mktemp("codex")
    keep(codex, RECORDED.read_text().splitlines()[0] + "\n" + "\n".join(lines))

    assert read(codex).keys() == {SESSION}


@pytest.mark.parametrize(
    ("command", "output", "commit"),
    [
        ("git commit -m x", "[main 6d401f0] x\n", "6d401f0"),
        ("git commit -qm x", "", ""),
        ("git commit --amend", "nothing to commit", None),
        ("git rebase main", "[main 6d401f0] x\n", None),
        ("git rebase main && git commit -m x", "[main 6d401f0] x\n", "6d401f0"),
        ("make release", "[main 6d401f0] x\n", None),
    ],
)
def test_a_commit_is_told_by_what_git_printed_or_was_asked(
    command: str, output: str, commit: str | None
) -> None:
    assert commits_shown.shown(command, output) == commit


def test_audit_holds_a_codex_session_against_its_hooks(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wired_a_day_ago(sandbox, "codex")
    codex = tmp_path / "codex"
    monkeypatch.setenv("CODEX_HOME", str(codex))
    keep(codex, moved(RECORDED.read_text().replace(TOP, str(sandbox.path)), _BEGAN))

    gap = gap_without_hooks(sandbox, SESSION)

    assert gap.startswith("no hook fired in it, and its transcript shows 2 commits")
    assert "1 compaction" in gap
