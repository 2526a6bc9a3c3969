"""Published data: what is not the very archive, or is not free, is not used, and is said."""

from __future__ import annotations

import io
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest

from evals.public import __main__ as program
from evals.public.packages import BETTERMEMORY, LEDGER, Archive, Package, Unavailable


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "gitmem" / "evals"
    folder.mkdir(parents=True)
    return folder


def packed(folder: Path, files: dict[str, str]) -> Package:
    """A package in the cache with these files."""
    path = folder / "notes-1.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"notes-1/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return Package(name="notes", version="1", digest=sha256(path.read_bytes()).hexdigest())


def test_a_free_package_is_read_without_being_unpacked(cache: Path) -> None:
    files = {"LICENSE": "MIT License\n", "a/x.json": "[1]", "a/y.jsonl": '{"k":1}\n\n{"k":2}\n'}
    archive = Archive(packed(cache, files))

    assert archive.licence == "MIT License"
    assert archive.value("a/x.json") == [1]
    assert archive.rows("a/y.jsonl") == [{"k": 1}, {"k": 2}]
    assert sorted(archive.below("a")) == ["a/x.json", "a/y.jsonl"]
    assert [path.name for path in cache.iterdir()] == ["notes-1.tar.gz"]
    with pytest.raises(Unavailable, match=r"no b\.json"):
        archive.value("b.json")


def test_a_package_under_another_licence_is_not_used(cache: Path) -> None:
    with pytest.raises(Unavailable, match="licence of notes"):
        Archive(packed(cache, {"LICENSE": "All rights reserved\n"}))


def test_what_is_not_the_very_archive_is_skipped_and_said(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for package in (BETTERMEMORY, LEDGER):
        (cache / f"{package.stem}.tar.gz").write_bytes(b"something else")

    assert program.main() == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2
    assert all(line.startswith("skipped: ") for line in said)
