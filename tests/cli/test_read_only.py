"""A clone that can be read and not written: what only looks answers, and says nothing untrue of the queue."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.readonly import needs_mounts, sandboxed
from tests.support.sandbox import Sandbox

pytestmark = needs_mounts


@pytest.fixture
def clone(sandbox: Sandbox) -> Sandbox:
    """A repository with a landed line and one that waits."""
    sandbox.wire().land("The port is 8080")
    sandbox.gitmem("flag", "The import runs at night")
    return sandbox


@pytest.mark.parametrize(
    "words",
    [
        "",
        "status",
        "log",
        "log --landed",
        "recall port",
        "why memory/facts.md:8",
        "stats",
        "loops",
        "audit --since 1d",
        "check --trace",
        "close --dry-run --engine verbatim",
        "import --dry-run",
    ],
)
def test_what_only_looks_answers(clone: Sandbox, words: str) -> None:
    done = sandboxed(clone, *words.split())

    assert (done.code, done.err) == (0, "")


def test_a_report_is_written_where_a_person_says(clone: Sandbox, tmp_path: Path) -> None:
    done = sandboxed(clone, "report", "-o", str(tmp_path / "page.html"))

    assert (done.code, done.err) == (0, "")
    assert "The port is 8080" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_the_doctor_names_the_file_and_not_a_number(clone: Sandbox) -> None:
    done = sandboxed(clone, "doctor")

    assert done.code == 1
    assert "Errno" not in done.out
    assert "publish.lock: Read-only file system" in done.out
