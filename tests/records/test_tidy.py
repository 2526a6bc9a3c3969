"""A landing that is undone brings its flags back, whatever ran in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitmem.check.terms import STRICT
from gitmem.core.failures import NoProgress
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox


@pytest.fixture
def landed(sandbox: Sandbox) -> Desk:
    desk = Desk(sandbox=sandbox)
    desk.flag("a fact")
    desk.land()
    assert desk.states() == {}
    return desk


def revert(desk: Desk) -> None:
    desk.sandbox.git("revert", "--no-edit", "HEAD")


def reset(desk: Desk) -> None:
    desk.sandbox.git("reset", "--quiet", "--hard", "HEAD^")


def status(desk: Desk) -> None:
    desk.status()


def check(desk: Desk) -> None:
    desk.check()


def accept(desk: Desk) -> None:
    with pytest.raises(NoProgress):
        desk.accept()


def close_another(desk: Desk) -> None:
    """A close that also prunes: another flag landed."""
    desk.flag("another")
    desk.land()


def nothing(desk: Desk) -> None:
    pass


@pytest.mark.parametrize("between", [nothing, status, check, accept, close_another])
@pytest.mark.parametrize("before", [nothing, status, close_another])
def test_a_landing_that_is_reverted_brings_its_flag_back(
    landed: Desk, before: Callable[[Desk], None], between: Callable[[Desk], None]
) -> None:
    record = landed.sandbox.git("ls-files", ".gitmem/drains")
    before(landed)
    take_back(landed, record)
    between(landed)

    if between is close_another:
        assert landed.lines("memory/facts.md", "main").count("a fact") == 1
        assert landed.check().ok(STRICT)
    else:
        assert [flag.text for flag in landed.check().undrained] == ["a fact"]


def take_back(desk: Desk, record: str) -> None:
    """A revert of the landing on a target that moved on since: its record and its line go."""
    desk.sandbox.git("rm", "--quiet", record)
    text = desk.sandbox.read("memory/facts.md").replace("- a fact\n", "")
    desk.sandbox.write("memory/facts.md", text)
    desk.sandbox.git("commit", "--quiet", "--all", "-m", "taken back")


@pytest.mark.parametrize("undo", [revert, reset])
def test_what_comes_back_is_filed_again_once_and_stays_drained_after(
    landed: Desk, undo: Callable[[Desk], None]
) -> None:
    undo(landed)
    assert landed.states() == {"undrained": ["a fact"]}

    done = landed.land()

    assert (len(done.flags), done.queue_gone) == (1, True)
    assert landed.lines("memory/facts.md", "main") == ["a fact"]
    assert landed.states() == {}
    assert landed.close().commit == ""


def test_a_revert_of_the_revert_drains_it_again_without_a_close(landed: Desk) -> None:
    revert(landed)
    landed.status()
    revert(landed)

    assert landed.states() == {"drained": ["a fact"]}
    landed.close()
    assert landed.head("gitmem/queue") == ""


def test_an_accepted_landing_that_is_reset_before_its_push_was_never_pruned(
    sandbox: Sandbox,
) -> None:
    desk = Desk(sandbox=sandbox)
    mine = desk.clone("clone")
    mine.flag("a fact")
    mine.land()
    mine.close()

    reset(mine)

    assert mine.states() == {"undrained": ["a fact"]}
    assert mine.land().flags


def test_a_reverted_skip_keeps_the_persons_decision(sandbox: Sandbox) -> None:
    desk = Desk(sandbox=sandbox)
    desk.drop(desk.flag("wrong"))
    desk.land()
    revert(desk)
    assert desk.states() == {"undrained": ["wrong"]}

    assert [item.fate for item in desk.close().outcomes] == ["skipped"]


def test_a_status_brings_a_flag_back_to_the_branch_and_a_check_only_counts_it(
    landed: Desk,
) -> None:
    revert(landed)
    assert [flag.text for flag in landed.check().undrained] == ["a fact"]
    assert landed.head("gitmem/queue") == ""

    landed.status()

    assert landed.head("gitmem/queue")


def test_marks_of_branches_that_landed_or_are_gone_are_forgotten(landed: Desk) -> None:
    for name in ("one", "two", "three"):
        landed.sandbox.git("switch", "--quiet", "-c", name, "main")
        landed.flag(f"of {name}")
        landed.close(here=True)
    landed.sandbox.git("switch", "--quiet", "main")
    landed.sandbox.git("merge", "--quiet", "--ff-only", "one")
    landed.sandbox.git("branch", "--quiet", "-D", "two")

    landed.close()

    marks = landed.sandbox.git("for-each-ref", "--format=%(refname)", "refs/gitmem/here")
    assert marks == "refs/gitmem/here/three"


def test_a_queue_that_cannot_be_pruned_now_is_said_and_the_close_goes_on(
    landed: Desk, tmp_path: Path
) -> None:
    landed.flag("one")
    landed.close()
    landed.sandbox.git("merge", "--quiet", "--ff-only", "gitmem/drain")
    hook = Path(landed.repo.common) / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ngrep -q "refs/gitmem/archive" && exit 1\nexit 0\n')
    hook.chmod(0o755)
    landed.flag("two")

    done = landed.close()

    assert [item.flag.text for item in done.outcomes] == ["two"]
    assert any("landed flags stay in the queue for now" in note for note in done.notes)
    hook.unlink()
    landed.accept()
    assert landed.states() == {}
