"""The size of a context, read from the end of a transcript."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.clients.claude_code import context_size

RECORDED = Path(__file__).parents[1] / "data" / "claude-code" / "transcript.jsonl"


def row(tokens: int = 1000, **changes: Any) -> str:
    usage = {
        "input_tokens": tokens - 600,
        "cache_creation_input_tokens": 100,
        "cache_read_input_tokens": 400,
        "output_tokens": 100,
    }
    made = {
        "isSidechain": False,
        "message": {"model": "claude-opus-5-5", "usage": usage},
        "type": "assistant",
        "timestamp": "2026-11-20T10:00:07.000Z",
    }
    return json.dumps({**made, **changes}, separators=(",", ":"))


def written(folder: Path, *rows: str, end: str = "\n") -> str:
    file = folder / "session.jsonl"
    file.write_text("\n".join(rows) + end, encoding="utf-8")
    return str(file)


def test_the_last_answer_counts_with_its_cache(tmp_path: Path) -> None:
    path = written(tmp_path, row(1000), row(2000), json.dumps({"type": "user", "message": {}}))

    assert context_size.size(path) == (2000, "2026-11-20T10:00:07.000Z", "claude-opus-5-5")


def test_a_recorded_transcript_is_read() -> None:
    assert context_size.size(str(RECORDED)) == (
        22_020,
        "2026-11-20T10:00:07.124Z",
        "claude-opus-5-5",
    )


@pytest.mark.parametrize(
    "behind",
    [
        row(9000, isSidechain=True),
        row(9000, type="user", note="assistant"),
        row(9000, message={"usage": "assistant"}),
        row(9000, message="usage"),
        row(9000)[:-20],
        json.dumps({"toolUseResult": {"usage": {"input_tokens": 9000}}, "text": "assistant"}),
        json.dumps({"text": '{"type":"assistant","usage":{"input_tokens":9000}}'}),
        "\0\0\0",
        "x" * 200_000,
    ],
)
@pytest.mark.parametrize("end", ["\n", ""])
def test_rows_of_another_kind_are_passed_over(tmp_path: Path, behind: str, end: str) -> None:
    assert context_size.size(written(tmp_path, row(1000), behind, end=end))[0] == 1000


def test_what_was_counted_before_a_compaction_is_gone(tmp_path: Path) -> None:
    compacted = json.dumps({"type": "system", "subtype": "compact_boundary"})

    assert context_size.size(written(tmp_path, row(9000), compacted))[0] == 0
    assert context_size.size(written(tmp_path, row(9000), compacted, row(1000)))[0] == 1000


@pytest.mark.parametrize("tokens", [True, -5, 10**12, "9", None, 1.5])
def test_no_count_that_cannot_be_one(tmp_path: Path, tokens: object) -> None:
    odd = row(message={"usage": {"input_tokens": tokens}})

    assert context_size.size(written(tmp_path, odd))[0] in (0, 1)


def test_only_the_end_of_a_long_transcript_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, row(1000))
    long = tmp_path / "long.jsonl"
    with long.open("wb") as file:
        file.truncate(200 << 20)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + Path(path).read_bytes())

    assert context_size.size(str(long))[0] == 1000


def test_an_answer_too_far_up_is_not_looked_for(tmp_path: Path) -> None:
    assert context_size.size(written(tmp_path, row(1000), "x" * (1 << 18)))[0] == 0


def test_what_is_no_transcript_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "notes.txt").write_text(row(), encoding="utf-8")
    (tmp_path / "link.jsonl").symlink_to(written(tmp_path, row()))

    for name in (
        "pipe.jsonl",
        "folder.jsonl",
        "link.jsonl",
        "notes.txt",
        "absent.jsonl",
        "",
        "a\0.jsonl",
    ):
        assert context_size.size(str(tmp_path / name) if name else name) == (0, "", "")
    assert context_size.size("/dev/zero") == (0, "", "")


@given(st.binary(max_size=300))
def test_no_bytes_are_too_odd(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.mktemp("odd") / "x.jsonl"
    file.write_bytes(b'"usage" "assistant"' + data + b'\n{"usage":1,"type":"assistant"}')

    assert context_size.size(str(file)) == (0, "", "")
