"""The journal: what it acknowledges is there, whatever happens around it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.errors import NotSaved
from gitmem.core.failures import NeedsPerson
from gitmem.queue.journal import MAGIC, START, Journal
from gitmem.queue.lines import Lines, split
from tests.support.queues import new_flag


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(str(tmp_path / "gitmem"))


def ids(data: bytes) -> list[str]:
    lines = Lines()
    lines.read(data, "journal")
    return list(lines.flags)


def test_appended_lines_are_read_back_in_order(journal: Journal) -> None:
    flags = [new_flag(f"fact {number}") for number in range(5)]
    assert not journal.exists()
    assert journal.read() == b""
    assert journal.size() == 0

    journal.append([flags[0].line])
    journal.append([flag.line for flag in flags[1:]])

    assert ids(journal.read()) == [flag.id for flag in flags]
    assert journal.size() == START + len(journal.read())


def test_the_header_has_the_documented_shape(journal: Journal) -> None:
    journal.append([new_flag("one").line])
    first, second = Path(journal.path).read_bytes().split(b"\n")[:2]

    assert first == MAGIC + f"{journal.writer} {journal.id}".encode()
    assert len(first) + 1 == START
    assert (len(journal.writer), len(journal.id)) == (8, 12)
    assert second == b""


@given(st.integers(0, 400))
def test_a_record_torn_anywhere_costs_only_itself(tmp_path_factory, cut: int) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    journal = Journal(str(tmp_path_factory.mktemp("torn") / "gitmem"))
    one, torn, two = new_flag("one"), new_flag("torn"), new_flag("two")
    journal.append([one.line])
    with Path(journal.path).open("ab") as file:
        file.write(f"\n{torn.line}\n".encode()[:cut])
    assert ids(journal.read())[:1] == [one.id]

    journal.append([two.line])

    assert [name for name in ids(journal.read()) if name != torn.id] == [one.id, two.id]


def test_reading_from_an_offset_starts_there_and_ends_at_a_whole_line(journal: Journal) -> None:
    journal.append([new_flag("one").line])
    offset = journal.size()
    two = new_flag("two")
    journal.append([two.line])
    with Path(journal.path).open("ab") as file:
        file.write(b'\n{"v":1,"id')

    assert ids(journal.read(offset)) == [two.id]
    assert journal.read(offset).endswith(b"\n")


def test_rotation_keeps_what_it_is_told_and_what_came_late(journal: Journal) -> None:
    old, kept, late = new_flag("old"), new_flag("kept"), new_flag("late")
    journal.append([old.line, kept.line])
    seen = START + len(journal.read())
    first_id, writer = journal.id, journal.writer
    journal.append([late.line])

    end = journal.rotate(f"{kept.line}\n".encode(), seen)

    assert ids(journal.read()) == [kept.id, late.id]
    assert ids(journal.read(end)) == [late.id]
    assert journal.writer == writer
    assert journal.id != first_id


def test_nothing_is_lost_when_appenders_and_rotations_overlap(tmp_path: Path) -> None:
    folder = str(tmp_path / "gitmem")
    Journal(folder).append([new_flag("first").line])
    kept: list[str] = []
    stop = threading.Event()

    def write() -> None:
        for number in range(60):
            flag = new_flag(f"fact {number}")
            Journal(folder).append([flag.line])
            kept.append(flag.id)

    def rotate() -> None:
        while not stop.is_set():
            journal = Journal(folder)
            data = journal.read()
            lines = b"".join([line + b"\n" for line, _ in split(data)])
            journal.rotate(lines, START + len(data))

    writers = [threading.Thread(target=write) for _ in range(4)]
    rotator = threading.Thread(target=rotate)
    for thread in [*writers, rotator]:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    rotator.join()

    found = ids(Journal(folder).read())
    assert set(kept) <= set(found)
    assert len(found) == len(kept) + 1


@pytest.mark.parametrize("content", [b"", b"\0" * 80, b"gitmem-journal 2 abc def\n", b"hello\n"])
def test_a_file_that_is_no_journal_is_left_alone(journal: Journal, content: bytes) -> None:
    Path(journal.folder).mkdir()
    Path(journal.path).write_bytes(content)

    with pytest.raises(NeedsPerson, match="not one that this gitmem can read"):
        journal.append([new_flag("one").line])
    with pytest.raises(NeedsPerson):
        journal.read()
    assert Path(journal.path).read_bytes() == content


def test_a_folder_that_cannot_be_written_is_not_saved(journal: Journal) -> None:
    Path(journal.folder).write_text("in the way", encoding="utf-8")

    with pytest.raises(NotSaved, match="Not a directory"):
        journal.append([new_flag("one").line])


def test_a_write_that_fails_half_way_leaves_nothing_behind(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append([new_flag("one").line])
    before = Path(journal.path).read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotSaved, match="No space left"):
        journal.append([new_flag(f"fact {number}").line for number in range(50)])

    assert Path(journal.path).read_bytes() == before
