"""OpenCode's database: a recorded session, one that is being written, and what is damaged or somebody else's."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.clients import commits_shown
from gitmem.clients.opencode.adapter import CLIENT

RECORDED = Path(__file__).parents[1] / "data/opencode/database.jsonl"
TABLES = """
CREATE TABLE session (id TEXT PRIMARY KEY, parent_id TEXT, directory TEXT, version TEXT, time_updated INTEGER);
CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER, data TEXT);
CREATE TABLE part (id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT, data TEXT);
"""
INSERTS = {
    "session": "INSERT INTO session VALUES (?, ?, ?, ?, ?)",
    "message": "INSERT INTO message VALUES (?, ?, ?, ?)",
    "part": "INSERT INTO part VALUES (?, ?, ?, ?)",
}
TOP = "/home/dev/demo"


def rows() -> list[list[Any]]:
    return [json.loads(line) for line in RECORDED.read_text(encoding="utf-8").splitlines()]


def filled(path: Path, rows: Iterable[list[Any]]) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode=WAL")
    database.executescript(TABLES)
    for table, *values in rows:
        database.execute(INSERTS[table], values)
    database.commit()
    return database


def read(data: Path, top: str = TOP, since: int = 0) -> dict[str, Any]:
    return dict(CLIENT.conversations({"XDG_DATA_HOME": str(data)}, [top], since))


def test_a_recorded_session_shows_its_boundaries_with_the_ids_of_its_hooks(tmp_path: Path) -> None:
    filled(tmp_path / "opencode/opencode.db", rows()).close()

    (told,) = read(tmp_path).values()

    kinds = Counter(one.kind for one in told.boundaries)
    assert kinds == {
        "tool batch": 9,
        "commit": 1,
        "sub-agent": 1,
        "completed task": 1,
        "compaction": 1,
        "prompt": 2,
        "turn end": 2,
    }
    assert told.cwd == TOP
    assert told.versions == {"1.18.33"}
    assert told.nudges == 1
    assert (told.damaged, told.unknown) == (0, {})
    assert [one.keys for one in told.boundaries if one.kind == "commit"] == [["call_10"]]
    assert [one.keys for one in told.boundaries if one.kind == "sub-agent"] == [["call_9"]]
    assert told.began <= min(one.at for one in told.boundaries)


def test_a_session_is_read_while_it_is_written_and_nothing_is_written_beside_it(
    tmp_path: Path,
) -> None:
    with closing(filled(tmp_path / "opencode/opencode.db", rows())) as writer:
        assert len(read(tmp_path)) == 1  # from the log
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM part")
        assert len(read(tmp_path)) == 1
        writer.rollback()
    names = sorted(path.name for path in (tmp_path / "opencode").iterdir())

    assert len(read(tmp_path)) == 1

    assert sorted(path.name for path in (tmp_path / "opencode").iterdir()) == names


def test_sessions_of_other_folders_and_of_before_are_not_told(tmp_path: Path) -> None:
    filled(tmp_path / "opencode/opencode.db", rows()).close()

    assert read(tmp_path, "/home/dev/dem") == {}
    assert read(tmp_path, "/home/dev/demo/below") == {}
    assert read(tmp_path, TOP, 4_000_000_000) == {}
    assert list(read(tmp_path, "/home/dev")) == list(read(tmp_path))
    assert read(tmp_path / "none") == {}
    assert CLIENT.conversations({}, [TOP], 0) == {}


def test_what_is_no_database_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "opencode/opencode.db"
    path.parent.mkdir()
    path.write_bytes(b"not a database\n" * 100)

    with pytest.raises(OSError, match=r"OpenCode's database cannot be read: .*opencode\.db"):
        read(tmp_path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    filled(tmp_path / "other.db", rows()).close()
    (tmp_path / "opencode").mkdir()
    (tmp_path / "opencode/opencode.db").symlink_to(tmp_path / "other.db")

    assert read(tmp_path) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(
        st.sampled_from(["type", "tool", "state", "time", "created", "completed", "role", "input", "todos"]),
        inner,
        max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip
PARTS = st.sampled_from(["text", "tool", "compaction", "new kind"])


@given(st.lists(st.tuples(JSON, PARTS, JSON), max_size=4), st.text(max_size=5))
def test_rows_of_any_shape_are_counted_and_break_nothing(
    given_rows: list[tuple[Any, str, Any]], torn: str
) -> None:
    table: list[list[Any]] = [["session", "s", None, TOP, "9", 1]]
    for at, (message, kind, state) in enumerate(given_rows):
        part = {"type": kind, "tool": "bash", "callID": at, "state": state}
        table += [
            ["message", f"m{at}", "s", at, json.dumps(message)],
            ["part", f"p{at}", f"m{at}", "s", json.dumps(part)],
            ["part", f"q{at}", f"m{at}", "s", torn],
        ]
    table.append(["message", "z", "s", 9, '{"role":"user","time":{"created":1000000}}'])
    with TemporaryDirectory() as folder:
        filled(Path(folder, "opencode/opencode.db"), table).close()

        (told,) = read(Path(folder)).values()

    assert set(told.unknown) <= {"new kind"}


@pytest.mark.parametrize(
    ("command", "printed", "commit"),
    [
        ("git commit -m x", "[main e655c3f] x\n", "e655c3f"),
        ("git commit -qm x", "", ""),
        ("git commit --quiet -m x", "", ""),
        ("git commit -m x", "nothing to commit", None),
        ("git rebase main; echo commit", "[main e655c3f] x", None),
        ("git merge a; git commit -m x", "[main e655c3f] x", "e655c3f"),
        ("ls", "[main e655c3f] x", None),
    ],
)
def test_a_commit_is_known_by_what_git_was_asked_and_printed(
    command: str, printed: str, commit: str | None
) -> None:
    assert commits_shown.shown(command, printed) == commit
