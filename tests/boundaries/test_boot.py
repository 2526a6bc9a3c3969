"""What a session start says about what waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitmem.boundaries import boot
from gitmem.core.flag import Flag
from gitmem.git.repository import ARCHIVE, BRANCH, REVIEW
from gitmem.queue.prune import prune
from gitmem.records import snapshot
from gitmem.session.boundary import Words
from tests.support.desk import Desk
from tests.support.queues import (
    folder_of,
    journal,
    keep,
    new_flag,
    publish,
    repository_of,
)
from tests.support.sandbox import Sandbox

NOW = 1_767_420_000.0  # a day after the flags of the tests


def boot_words(sandbox: Sandbox) -> Words:
    return boot.words(repository_of(sandbox), NOW)


def record(sandbox: Sandbox, flags: list[Flag], name: str = "a") -> str:
    lines = [f'{{"id":"{flag.id}","outcome":"added"}}\n' for flag in flags]
    return sandbox.commit(f"record {name}", {f".gitmem/drains/{name}.jsonl": "".join(lines)})


def test_nothing_waits_in_a_repository_without_flags(sandbox: Sandbox) -> None:
    assert boot_words(sandbox).person == ""
    assert boot_words(sandbox).person == ""


def test_what_waits_is_said_with_age_and_sessions(sandbox: Sandbox) -> None:
    boot_words(sandbox)
    sessions = ["alpha-1234567", "beta-1234567", "gamma", "delta"]
    journal(sandbox, [new_flag(name, session=name) for name in sessions])

    said = boot_words(sandbox)

    assert said.person == (
        "gitmem: 4 flags wait undrained (oldest: 1 day; from sessions alpha-12, beta-123, delta "
        "and 1 more). Drain them: gitmem close"
    )
    assert said.model.startswith(said.person)
    assert "gitmem flag" in said.model
    assert said.did == "said boot words"


def test_a_boot_that_speaks_names_the_topics_to_the_model_alone(sandbox: Sandbox) -> None:
    sandbox.write("memory/testing.md", "# Testing\n")
    assert boot_words(sandbox).model == ""
    journal(sandbox, [new_flag("x")])

    said = boot_words(sandbox)

    assert said.model.endswith("Topics of memory: testing. Where one fits, add: --topic NAME")
    assert "testing" not in said.person


def test_one_flag_waits_in_the_singular(sandbox: Sandbox) -> None:
    journal(sandbox, [new_flag("x", session="s", at="?")])

    assert boot_words(sandbox).person.startswith(
        "gitmem: 1 flag waits undrained (from session s). Drain"
    )


def test_what_is_in_review_is_said_until_it_lands_and_then_there_is_silence(
    sandbox: Sandbox,
) -> None:
    flags = keep(sandbox, 2)
    commit = record(sandbox, flags)
    sandbox.git("update-ref", REVIEW, commit)
    sandbox.git("reset", "-q", "--hard", "HEAD~1")
    assert boot_words(sandbox).person == (
        "gitmem: 2 flags in review (oldest: 1 day). Look and land them: gitmem review, then gitmem accept"
    )

    sandbox.git("reset", "-q", "--hard", commit)
    prune(repository_of(sandbox), {flag.id for flag in flags})
    assert boot_words(sandbox).person == ""
    assert sandbox.git("for-each-ref", BRANCH) == ""


def test_a_reverted_landing_is_noticed_after_a_silent_boot(sandbox: Sandbox) -> None:
    flags = keep(sandbox, 2)
    record(sandbox, flags)
    prune(repository_of(sandbox), {flag.id for flag in flags})
    for _ in range(2):
        assert boot_words(sandbox).person == ""
    assert sandbox.git("rev-parse", ARCHIVE)

    sandbox.git("revert", "--no-edit", "HEAD")

    assert "2 flags wait undrained" in boot_words(sandbox).person


def test_flags_that_were_fetched_are_noticed_after_a_silent_boot(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    other = Sandbox(tmp_path / "other")
    other.path.mkdir()
    other.git("clone", "-q", str(sandbox.path), ".")
    for _ in range(2):
        assert boot_words(other).person == ""
    keep(sandbox, 3)

    other.git("fetch", "-q")

    assert "3 flags wait undrained" in boot_words(other).person


def test_a_line_of_a_newer_gitmem_waits_too(sandbox: Sandbox) -> None:
    newer = new_flag("x").line.replace('"v":1', '"v":2')
    journal(sandbox, []).append([newer])

    assert "1 flag waits undrained" in boot_words(sandbox).person


def test_what_cannot_be_told_is_said_only_where_something_was_flagged(sandbox: Sandbox) -> None:
    sandbox.git("checkout", "-q", "--detach")
    assert boot_words(sandbox).person == ""
    journal(sandbox, [new_flag("x")])

    said = boot_words(sandbox)

    assert said.person.startswith("gitmem: cannot tell what waits: HEAD is detached")
    assert (said.did, said.model) == ("could not tell", "")


def test_a_damaged_branch_is_said_until_it_is_rebuilt(sandbox: Sandbox) -> None:
    keep(sandbox, 1)
    (sandbox.path / ".git" / BRANCH).write_text("nonsense\n", encoding="utf-8")
    assert "cannot tell" in boot_words(sandbox).person

    publish(sandbox)

    assert "1 flag waits" in boot_words(sandbox).person


def test_a_snapshot_writes_nothing(sandbox: Sandbox) -> None:
    keep(sandbox, 1)
    journal(sandbox, [new_flag("waiting")])
    refs = sandbox.git("for-each-ref")
    before = {path: path.stat().st_mtime_ns for path in folder_of(sandbox).rglob("*")}

    seen = snapshot.take(repository_of(sandbox), "")

    assert len(seen.state.undrained) == 2
    assert len(seen.state.journaled) == 1
    assert sandbox.git("for-each-ref") == refs
    assert {path: path.stat().st_mtime_ns for path in folder_of(sandbox).rglob("*")} == before


@pytest.mark.parametrize("name", ["main", "memory"])
def test_the_shared_setting_names_the_target(sandbox: Sandbox, name: str) -> None:
    sandbox.git("branch", "memory")
    sandbox.write(".gitmem/config.yaml", f"target: {name}\n")
    flags = keep(sandbox, 1)
    record(sandbox, flags)

    assert (boot_words(sandbox).person == "") == (name == "main")


def test_memory_that_a_feature_branch_carries_is_noticed_when_that_branch_is_reset(
    sandbox: Sandbox,
) -> None:
    desk = Desk(sandbox=sandbox, target="main")
    sandbox.commit("target", {".gitmem/config.yaml": "target: main\n"})
    sandbox.git("switch", "-q", "-c", "feature")
    desk.flag("a fact")
    desk.close(here=True)
    for _ in range(2):
        assert boot_words(sandbox).person == ""

    sandbox.git("reset", "-q", "--hard", "HEAD~1")

    assert "1 flag waits undrained" in boot_words(sandbox).person


def test_what_was_accepted_here_is_noticed_when_the_landing_is_taken_back(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    other = Sandbox(tmp_path / "other")
    other.path.mkdir()
    other.git("clone", "-q", str(sandbox.path), ".")
    record(other, keep(other, 2))
    for _ in range(2):
        assert boot_words(other).person == ""

    other.git("reset", "-q", "--hard", "HEAD~1")

    assert "2 flags wait undrained" in boot_words(other).person
