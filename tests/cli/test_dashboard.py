"""`gitmem` alone: the dashboard in a wired repository, the short help elsewhere."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.test_narrow import seen
from tests.support.sandbox import Sandbox


def shown(sandbox: Sandbox) -> list[str]:
    done = sandbox.gitmem()
    assert (done.code, done.err) == (0, "")
    return [re.sub(r"[a-z0-9]{12}", "ID", line) for line in done.out.splitlines()]


def test_a_quiet_repository_is_told_in_two_lines(wired: Sandbox) -> None:
    assert shown(wired) == [
        "everything is drained into main",
        "",
        "next: gitmem flag 'what is durable'",
    ]


def test_what_waits_the_newest_flags_and_one_next_command(wired: Sandbox) -> None:
    for number in range(4):
        wired.gitmem("flag", f"fact number {number}")
    wired.gitmem("snag", "Guessed the port", "--better", "Read it from the settings of the service")

    lines = shown(wired)

    assert lines[0].startswith("5 undrained: 4 facts, 1 snag (oldest")
    assert lines[1:3] == ["", "newest flags:"]
    assert len(lines[3:-2]) == 3
    assert lines[3].endswith("  snag  Guessed the port -> Read it from the se…")
    assert lines[-2:] == ["", "next: gitmem close"]


def test_a_review_comes_before_a_close(wired: Sandbox) -> None:
    wired.gitmem("flag", "Deploys go out on Tuesdays")
    wired.gitmem("close", "--engine", "verbatim")
    wired.gitmem("flag", "Tests need Postgres")

    lines = shown(wired)

    assert [line.partition(":")[0] for line in lines[:2]] == ["1 undrained", "1 in review"]
    assert lines[-1] == "next: gitmem review"


def test_what_is_loaded_and_what_went_wrong_lately(wired: Sandbox) -> None:
    wired.gitmem("flag", "Deploys go out on Tuesdays")
    wired.gitmem("close", "--engine", "verbatim")
    wired.gitmem("accept")
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    entry = {"at": now, "event": "SessionStart", "client": "codex", "error": "no space left"}
    old = {**entry, "at": "2020-01-01T00:00:00Z"}
    ledger = Path(wired.path, ".git/gitmem/ledger.jsonl")
    ledger.write_text(json.dumps(old) + "\n")
    assert shown(wired)[-1] == "next: gitmem flag 'what is durable'"

    ledger.write_text(json.dumps(entry) + "\n")
    lines = shown(wired)

    assert lines[2:-2] == [
        "1 of 1 topic is loaded, 37 of 10,000 bytes",
        "went wrong: 1 hook failed; the last was SessionStart, just now: no space left",
    ]
    assert lines[-1] == "next: gitmem doctor"


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_it_holds_in_a_narrow_terminal(wired: Sandbox, columns: int) -> None:
    wired.gitmem("flag", "The staging database is read-only between two and four in the morning")

    lines = seen(wired, columns).splitlines()

    assert all(len(line) <= columns for line in lines), lines
    assert lines[-1] == "next: gitmem close"


def test_outside_a_wired_repository_the_short_help_is_shown(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()

    unwired = sandbox.gitmem()

    assert unwired.err.startswith("Usage: gitmem [OPTIONS] COMMAND")
    assert Sandbox(outside).gitmem() == unwired
