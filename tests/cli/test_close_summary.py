"""What `gitmem close` shows of itself: the new lines by file, and the skips with their reasons."""

from __future__ import annotations

import json

import pytest

from tests.cli.test_close import flag
from tests.cli.test_narrow import seen
from tests.support.sandbox import Sandbox

LONG = "The release script tags the commit before the changelog is written, so write it by hand, number"


@pytest.fixture
def busy(sandbox: Sandbox) -> Sandbox:
    """Five hundred flags of five topics wait, and fourteen of them were dropped."""
    for topic in ("api", "build", "data", "ops", "tests"):
        said = "".join(f"{LONG} {topic} {number}\n" for number in range(100))
        done = sandbox.gitmem("flag", "-", "--topic", topic, input=said)
        assert done.code == 0, done.err
    rows = json.loads(sandbox.gitmem("log", "--json").out)
    for row in rows[:14]:
        assert sandbox.gitmem("drop", row["id"], "--reason", "not true").code == 0
    return sandbox


def test_a_close_shows_the_new_lines_by_file_and_why_a_flag_was_skipped(sandbox: Sandbox) -> None:
    flag(sandbox, "a fact")
    flag(sandbox, "deploys need the VPN", "--topic", "ops")
    wrong = flag(sandbox, "no longer so")
    sandbox.gitmem("drop", wrong, "--reason", "it was fixed")

    dry = sandbox.gitmem("close", "--dry-run")
    done = sandbox.gitmem("close")

    shown = (
        "\nmemory/facts.md: 1 new line\n  +  a fact\n"
        "\nmemory/ops.md: 1 new line\n  +  deploys need the VPN\n"
        f"\nskipped: 1 flag\n  {wrong}  no longer so (it was fixed)\n\n"
    )
    assert shown in done.out
    assert shown in dry.out
    assert "@@" not in done.out + dry.out


def test_the_difference_is_shown_on_demand_also_before_anything_is_written(
    sandbox: Sandbox,
) -> None:
    flag(sandbox, "a fact")

    dry = sandbox.gitmem("close", "--dry-run", "--diff")
    assert "+- a fact\n" in dry.out
    assert "--- /dev/null\n+++ b/memory/facts.md\n" in dry.out
    assert sandbox.git("branch", "--list", "gitmem/drain") == ""

    done = sandbox.gitmem("close", "--diff")
    assert "+- a fact\n" in done.out
    assert "new line" not in done.out


def test_a_program_gets_the_lines_and_the_skips_beside_what_it_got_before(sandbox: Sandbox) -> None:
    kept, wrong = flag(sandbox, "a fact"), flag(sandbox, "no longer so")
    sandbox.gitmem("drop", wrong, "--reason", "it was fixed")

    answer = json.loads(sandbox.gitmem("close", "--json").out)

    assert answer["lines"] == [{"file": "memory/facts.md", "line": "a fact", "flags": [kept]}]
    assert answer["skipped"] == [{"id": wrong, "reason": "it was fixed"}]
    assert answer["outcomes"] == {"added": 1, "skipped": 1}


def test_of_five_hundred_flags_some_are_shown_the_rest_is_counted_and_the_record_has_all(
    busy: Sandbox,
) -> None:
    dry = busy.gitmem("close", "--dry-run")
    shown = seen(busy, 80, "close").splitlines()

    assert "all of them: the same with --diff, or with --json" in dry.out
    assert len(shown) <= 120
    assert max(map(len, shown)) <= 80
    assert "memory/build.md and 2 parts: 100 new lines" in shown
    assert "  and 94 more lines" in shown
    assert "skipped: 14 flags" in shown
    assert "  and 2 more flags" in shown
    assert "all of them: gitmem review" in shown

    letter = busy.git("log", "-1", "--format=%B", "gitmem/drain").splitlines()
    assert len(letter) < 45
    assert letter[0] == "memory: file 486 flags, skip 14"
    record = busy.git("show", "--format=", "gitmem/drain", "--", ".gitmem/drains")
    assert record.count(LONG) >= 500
    assert next(row for row in letter if row.startswith(".gitmem/drains/")) in record


def test_after_a_large_close_review_why_and_a_rebuilt_review_have_every_flag(busy: Sandbox) -> None:
    busy.gitmem("close")

    assert len(json.loads(busy.gitmem("review", "--json").out)["outcomes"]) == 500
    extra = flag(busy, "one more")
    assert busy.gitmem("close").code == 0
    assert busy.gitmem("accept").code == 0
    traced = json.loads(busy.gitmem("why", "memory/build.md:20", "--json").out)
    assert LONG in json.dumps(traced)
    assert extra in busy.git("log", "--format=%B", "main")
    assert json.loads(busy.gitmem("status", "--json").out)["undrained"] == 0
