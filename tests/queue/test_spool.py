"""The spool's folder: who makes it, when it counts, and what is read from it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gitmem.core.errors import NotSaved
from gitmem.queue import spool
from tests.support.queues import new_flag, repository_of
from tests.support.sandbox import Sandbox

NOW = 2e9


@pytest.fixture
def folder(sandbox: Sandbox, tmp_path: Path) -> Path:
    """gitmem's folder of a clone whose spool was made in ``tmp_path/tmp``."""
    (tmp_path / "tmp").mkdir()
    prepare(sandbox, tmp_path / "tmp")
    return Path(repository_of(sandbox).folder)


def prepare(sandbox: Sandbox, temporary: Path | str) -> spool.Place:
    repo = repository_of(sandbox)
    spool.prepare(repo.folder, repo.top, str(temporary))
    return spool.places(repo.folder)[0]


def path_of(folder: Path) -> Path:
    return Path(spool.places(str(folder))[0].path)


@contextmanager
def opened(folder: Path) -> Iterator[int]:
    (found,) = list(_descriptors(folder))
    try:
        yield found
    finally:
        os.close(found)


def _descriptors(folder: Path) -> Iterator[int]:
    for place in spool.places(str(folder)):
        descriptor = place.open()
        if descriptor >= 0:
            yield descriptor


def names(folder: Path, now: float = NOW) -> list[str]:
    with opened(folder) as descriptor:
        return spool.names(descriptor, now)


def reason(folder: Path, name: str) -> str:
    with opened(folder) as descriptor:
        return spool.read(descriptor, name).reason


NAME = "abcdefghijkl.jsonl"


def test_the_folder_is_closed_to_others_and_its_name_cannot_be_guessed(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    place = prepare(sandbox, tmp_path)

    state = Path(place.path).lstat()
    assert Path(place.path).parent == tmp_path
    assert (state.st_mode & 0o7777, state.st_uid) == (0o700, os.geteuid())
    assert (place.device, place.inode) == (state.st_dev, state.st_ino)
    repo = repository_of(sandbox)
    assert Path(repo.folder, "spool").readlink() == Path(place.path)
    assert not spool.come(repo.folder)


def test_a_folder_that_is_still_there_is_kept_also_when_the_temporary_folder_is_another(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    first = prepare(sandbox, tmp_path)
    (tmp_path / "other").mkdir()

    assert prepare(sandbox, tmp_path / "other").path == first.path


def test_a_folder_that_was_cleaned_away_is_made_again(sandbox: Sandbox, tmp_path: Path) -> None:
    first = prepare(sandbox, tmp_path)
    Path(first.path).rmdir()

    second = prepare(sandbox, tmp_path)

    assert second.path != first.path
    assert Path(repository_of(sandbox).folder, "spool").readlink() == Path(second.path)


@pytest.mark.parametrize("inner", ["", "tmp", ".git/tmp"])
def test_it_is_never_made_where_a_repository_could_put_files(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, inner: str
) -> None:
    monkeypatch.setattr(spool, "_USUAL", str(tmp_path))
    (sandbox.path / inner).mkdir(exist_ok=True)

    place = prepare(sandbox, sandbox.path / inner)

    assert Path(place.path).parent == tmp_path


@pytest.mark.parametrize("odd", ["", "relative", "/is/not/there", "/var\n1 2 /etc"])
def test_an_odd_temporary_folder_is_not_used(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, odd: str
) -> None:
    monkeypatch.setattr(spool, "_USUAL", str(tmp_path))

    assert Path(prepare(sandbox, odd).path).parent == tmp_path


def test_a_linked_work_tree_shares_the_spool(sandbox: Sandbox, tmp_path: Path) -> None:
    first = prepare(sandbox, tmp_path)

    assert prepare(sandbox.worktree("linked"), tmp_path).path == first.path


def test_no_more_than_four_folders_are_remembered(sandbox: Sandbox, tmp_path: Path) -> None:
    for _ in range(6):
        Path(prepare(sandbox, tmp_path).path).rmdir()

    assert len(spool.places(repository_of(sandbox).folder)) == 4


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_folder_that_is_open_to_others_is_not_written_to(folder: Path, mode: int) -> None:
    path_of(folder).chmod(mode)

    with pytest.raises(NotSaved, match="not the same"):
        spool.write(str(folder), [new_flag("x")])
    assert list(path_of(folder).iterdir()) == []


def test_a_link_in_its_place_is_not_followed(folder: Path, tmp_path: Path) -> None:
    path = path_of(folder)
    path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")

    with pytest.raises(NotSaved, match="not the same"):
        spool.write(str(folder), [new_flag("x")])
    assert list((tmp_path / "moved").iterdir()) == []


def test_a_folder_made_again_at_its_path_is_another_one(folder: Path, tmp_path: Path) -> None:
    path = path_of(folder)
    path.rename(tmp_path / "moved")  # so that its number is not free
    path.mkdir(0o700)

    with pytest.raises(NotSaved, match="not the same"):
        spool.write(str(folder), [new_flag("x")])


def test_a_number_that_is_used_again_elsewhere_does_not_count(folder: Path, tmp_path: Path) -> None:
    """The path has to fit, too: the folder with the right number lies somewhere else."""
    path_of(folder).rename(tmp_path / "moved")

    with pytest.raises(NotSaved, match="not there"):
        spool.write(str(folder), [new_flag("x")])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file away (2026-11-30)")
def test_a_folder_of_another_user_is_not_written_to(folder: Path) -> None:
    os.chown(path_of(folder), 12345, 12345)

    with pytest.raises(NotSaved, match="not the same"):
        spool.write(str(folder), [new_flag("x")])


def test_without_a_spool_it_says_so(sandbox: Sandbox) -> None:
    with pytest.raises(NotSaved, match="no start of a session has made a spool"):
        spool.write(repository_of(sandbox).folder, [new_flag("x")])


def test_a_record_is_whole_and_everything_is_synced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    really = os.fsync

    def sync(descriptor: int) -> None:
        synced.append(Path(f"/dev/fd/{descriptor}").resolve().name)
        really(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    flags = [new_flag("one"), new_flag("two")]

    spool.write(str(folder), flags)

    path = path_of(folder) / f"{flags[0].id}.jsonl"
    assert path.read_text(encoding="utf-8") == "".join(f"{flag.line}\n" for flag in flags)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(synced) == 2
    assert synced[1] == path.parent.name
    assert spool.come(str(folder))
    assert spool.count(str(folder), NOW) == 2


@pytest.mark.parametrize("broken", ["fsync", "write", "rename"])
def test_a_full_disk_leaves_nothing_behind_and_says_not_saved(
    folder: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, broken, full)
        with pytest.raises(NotSaved, match="No space left"):
            spool.write(str(folder), [new_flag("x")])

    assert list(path_of(folder).iterdir()) == []


def test_the_folder_s_own_sync_failing_is_not_saved_either(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, calls = os.fsync, []

    def second_fails(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(5, "Input/output error")
        really(descriptor)

    monkeypatch.setattr(os, "fsync", second_fails)
    with pytest.raises(NotSaved, match="Input/output"):
        spool.write(str(folder), [new_flag("x")])

    assert list(path_of(folder).iterdir()) == []


def test_a_spool_with_too_many_names_takes_no_more(folder: Path) -> None:
    for number in range(spool.RECORDS):
        (path_of(folder) / f"n{number}").touch()

    with pytest.raises(NotSaved, match="the spool is full"):
        spool.write(str(folder), [new_flag("x")])


def test_what_was_refused_keeps_no_flag_out(folder: Path) -> None:
    """It lies there until a person takes it away; `gitmem status`, which the hint names, does not."""
    for number in range(spool.RECORDS):
        (path_of(folder) / f"{spool.ASIDE}{number}").touch()

    spool.write(str(folder), [new_flag("x")])

    assert spool.count(str(folder), 0.0) == 1


def test_a_call_that_is_larger_than_a_record_is_not_saved(folder: Path) -> None:
    flags = [new_flag("x", body="y" * 4000) for _ in range(1100)]

    with pytest.raises(NotSaved, match="more than the spool takes"):
        spool.write(str(folder), flags)
    assert list(path_of(folder).iterdir()) == []


def test_only_a_file_as_flag_writes_it_is_read(folder: Path, tmp_path: Path) -> None:
    path = path_of(folder)
    good = path / NAME
    good.write_text("{}\n", encoding="utf-8")
    assert reason(folder, NAME) == ""
    (path / "notes.txt").touch()
    assert "such a name" in reason(folder, "notes.txt")
    os.link(good, tmp_path / "elsewhere")
    assert "hard link" in reason(folder, NAME)
    good.unlink()
    good.symlink_to("/etc/passwd")
    assert "no plain file" in reason(folder, NAME)
    good.unlink()
    os.mkfifo(good)
    assert "not a plain file" in reason(folder, NAME)
    good.unlink()
    good.mkdir()
    assert "not a plain file" in reason(folder, NAME)
    good.rmdir()
    with socket.socket(socket.AF_UNIX) as there:
        here = Path.cwd()
        os.chdir(path)  # a socket's path has at most 107 bytes
        try:
            there.bind(NAME)
        finally:
            os.chdir(here)
        assert "no plain file" in reason(folder, NAME)
    good.unlink()
    with good.open("wb") as file:
        file.truncate(spool.RECORD_BYTES + 1)
    assert "larger" in reason(folder, NAME)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file away (2026-11-30)")
def test_a_record_of_another_user_is_not_read(folder: Path) -> None:
    (path_of(folder) / NAME).touch()
    os.chown(path_of(folder) / NAME, 12345, 12345)

    assert "another user" in reason(folder, NAME)


def test_records_come_in_the_order_in_which_they_were_made(folder: Path) -> None:
    for number, name in enumerate(["c", "a", "b"]):
        (path_of(folder) / name).touch()
        os.utime(path_of(folder) / name, (number, number))

    assert names(folder) == ["c", "a", "b"]


def test_what_a_killed_flag_began_goes_after_an_hour_and_what_is_being_written_stays(
    folder: Path,
) -> None:
    begun = path_of(folder) / ".abcdefghijkl"
    begun.touch()
    os.utime(begun, (NOW - 60, NOW - 60))
    assert names(folder) == []
    assert begun.exists()

    os.utime(begun, (NOW - 4000, NOW - 4000))
    assert names(folder) == []
    assert not begun.exists()


def test_what_was_refused_is_kept_however_old(folder: Path) -> None:
    kept = path_of(folder) / f"{spool.ASIDE}abcdefghijkl"
    kept.touch()
    os.utime(kept, (0, 0))

    assert names(folder) == []
    assert kept.exists()


def test_the_note_that_nothing_waits_is_undone_by_whatever_comes(folder: Path) -> None:
    spool.write(str(folder), [new_flag("x")])
    with opened(folder) as descriptor:
        for name in spool.names(descriptor, NOW):
            spool.remove(descriptor, name)
        spool.rest(descriptor)
    assert not spool.come(str(folder))

    spool.write(str(folder), [new_flag("y")])

    assert spool.come(str(folder))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "1 2",
        "1 2 relative",
        "a b /var",
        "-1 2 /var",
        "\x00\xff",
        "9" * 5000 + " 1 /var",
        "1 " + "9" * 5000 + " /var",
        "1 2 /var\x00",
    ],
)
def test_a_damaged_list_of_folders_is_none(folder: Path, text: str) -> None:
    (folder / "spools").write_text(text, encoding="utf-8")

    assert [one for one in spool.places(str(folder)) if one.open() >= 0] == []


def test_clearing_removes_everything_and_what_points_there(folder: Path) -> None:
    path = path_of(folder)
    (path / f"{spool.ASIDE}a").touch()
    (path / f"{spool.ASIDE}b").mkdir()

    assert spool.clear(str(folder)) == [str(path)]
    assert not path.exists()
    assert not (folder / "spools").exists()
    assert not (folder / "spool").is_symlink()
