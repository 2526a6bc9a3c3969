"""The settings are read as YAML once; afterwards the same text is answered from what was kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitmem.bootstrap import kept_settings, settings
from gitmem.core.failures import NeedsPerson

TEXT = "version: 1\ntarget: main\nmemory: notes\ncheck:\n  max_flags: 3\ncommit:\n  width: 72\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def kept(folder: Path) -> Path:
    return folder / "settings.json"


def read(folder: Path, text: str) -> settings.SharedSettings:
    return kept_settings.read(str(folder), text)


def test_a_kept_text_is_answered_without_yaml(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read(folder, TEXT)
    monkeypatch.delattr(settings, "parsed")

    assert (
        read(folder, TEXT)
        == first
        == settings.SharedSettings(
            target="main",
            folder="notes",
            check=first.check,
            commit=first.commit,
        )
    )
    assert (first.check.max_flags, first.commit.width) == (3, 72)


def test_another_text_is_read(folder: Path) -> None:
    read(folder, TEXT)

    assert read(folder, TEXT.replace("notes", "memory")).folder == "memory"
    assert read(folder, TEXT).folder == "notes"


@pytest.mark.parametrize("text", ["", "# nothing is set\n", "target: \N{SNOWMAN}\n"])
def test_what_is_kept_is_what_yaml_says(folder: Path, text: str) -> None:
    for _ in range(2):
        assert read(folder, text) == settings.read_shared(text or None)


@pytest.mark.parametrize("text", ["target: [a]\n", "engine: x\n", "a: &b 1\n", "2026-01-01: 1\n"])
def test_a_text_that_is_refused_is_refused_each_time_and_not_kept(folder: Path, text: str) -> None:
    for _ in range(2):
        with pytest.raises(NeedsPerson):
            read(folder, text)
    assert not kept(folder).exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b'{"form": 1}',
        json.dumps({"form": 1, "text": TEXT, "values": []}).encode(),
        json.dumps({"form": 0, "text": TEXT, "values": {"target": "other"}}).encode(),
        json.dumps({"form": 1, "text": TEXT + "#", "values": {"target": "other"}}).encode(),
    ],
)
def test_a_kept_file_that_is_damaged_or_of_another_text_does_not_count(
    folder: Path, content: bytes
) -> None:
    kept(folder).write_bytes(content)

    assert read(folder, TEXT) == settings.read_shared(TEXT)


def test_kept_values_are_judged_too(folder: Path) -> None:
    values = {"target": "--upload-pack=x"}
    kept(folder).write_text(json.dumps({"form": 1, "text": TEXT, "values": values}))

    with pytest.raises(NeedsPerson, match="is not a branch name"):
        read(folder, TEXT)


def test_a_folder_that_cannot_be_written_costs_nothing(folder: Path) -> None:
    assert read(folder / "missing", TEXT) == settings.read_shared(TEXT)


def test_a_link_in_its_place_is_not_followed(folder: Path) -> None:
    outside = folder / "outside"
    outside.write_text(json.dumps({"form": 1, "text": TEXT, "values": {"target": "other"}}))
    kept(folder).symlink_to(outside)

    assert read(folder, TEXT).target == "main"
    assert "other" in outside.read_text()
