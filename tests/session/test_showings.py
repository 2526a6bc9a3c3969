"""What the ledger tells of lines of memory that were shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitmem.session import ledger, showings


def shown(at: str, session: str, trigger: str, *keys: str) -> str:
    fields = {"at": at, "event": "X", "session": session, "did": "showed 1 line"}
    return json.dumps({**fields, "shown": [*keys], "trigger": trigger}, separators=(",", ":"))


def wrote(folder: Path, name: str, *lines: str) -> str:
    (folder / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return str(folder)


def test_a_line_is_counted_over_both_files_by_any_of_its_keys(tmp_path: Path) -> None:
    wrote(
        tmp_path,
        ledger.NAMES[0],
        '{"at":"2026-11-01T00:00:00Z","event":"Stop"}',
        shown("2026-11-02T00:00:00Z", "s1", "path", "old", "other"),
    )
    folder = wrote(
        tmp_path,
        ledger.NAMES[1],
        shown("2026-11-03T00:00:00Z", "s1", "path", "new"),
        shown("2026-11-04T00:00:00Z", "s2", "failure", "new", "old"),
    )

    found = showings.read(folder)
    line = found.of(["new", "old"])

    assert found.since == "2026-11-01T00:00:00Z"
    assert (line.count, line.last) == (3, "2026-11-04T00:00:00Z")
    assert line.sessions == {"s1", "s2"}
    assert line.triggers == {"path": 2, "failure": 1}
    assert showings.sentence(line) == "shown 3 times in 2 sessions"
    assert found.keys == {"new", "old", "other"}


def test_a_line_that_was_never_shown_says_nothing(tmp_path: Path) -> None:
    found = showings.read(str(tmp_path))

    assert (found.all, found.since) == ((), "")
    assert showings.sentence(found.of(["x"])) == ""
    assert showings.answer(found.of(["x"])) == {
        "times": 0,
        "sessions": 0,
        "last": None,
        "triggers": {},
    }


@pytest.mark.parametrize(
    "line",
    [
        '{"at":"2026-11-02T00:00:00Z","shown":["k"',  # torn
        '{"at":"2026-11-02T00:00:00Z","shown":["k"],"shown":7}',
        '{"at":"2026-11-02T00:00:00Z","shown":[7]}',
        '{"at":["x"],"shown":["k"]}',
        '{"at":"yesterday","shown":["k"]}',
        '["shown":["k"]]',
    ],
)
def test_a_line_that_is_no_showing_is_passed_over(tmp_path: Path, line: str) -> None:
    good = shown("2026-11-03T00:00:00Z", "", "path", "k")
    folder = wrote(tmp_path, ledger.NAMES[1], line, good)

    line_shown = showings.read(folder).of(["k"])

    assert showings.sentence(line_shown) == "shown 1 time"
    assert line_shown.last == "2026-11-03T00:00:00Z"
