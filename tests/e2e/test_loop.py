"""Stories of the whole loop, through the installed command alone (also run against the built wheel)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.sandbox import Result, Sandbox


def ok(done: Result) -> str:
    assert done.code == 0, done.err + done.out
    return done.out


def asked(sandbox: Sandbox, *args: str) -> dict[str, Any]:
    found = json.loads(sandbox.gitmem(*args, "--json").out)
    assert isinstance(found, dict)
    return found


def test_flag_close_review_accept_check_and_the_queue_is_gone(sandbox: Sandbox) -> None:
    ok(sandbox.gitmem("init"))
    one = asked(sandbox, "flag", "the build uses uv", "--topic", "build")["id"]
    ok(sandbox.gitmem("flag", "-", input="ports below 1024 need root\n\nwe deploy on Fridays\n"))
    ok(sandbox.gitmem("snag", "tag failed", "--better", "push before tagging"))
    assert asked(sandbox, "status")["undrained"] == 4
    assert sandbox.gitmem("check").code == 1

    answer = asked(sandbox, "close")
    assert (answer["flags"], answer["outcomes"]) == (4, {"added": 3, "edited": 1})
    assert sandbox.git("status", "--porcelain", "memory") == ""
    assert one in ok(sandbox.gitmem("review"))
    assert sandbox.gitmem("check").code == 1
    assert sandbox.gitmem("check", "--allow-in-review").code == 0

    assert asked(sandbox, "accept")["queue_gone"]
    assert sandbox.gitmem("check").code == 0
    assert sandbox.read("memory/build.md").endswith("- the build uses uv\n")
    assert "[build](build.md)" in sandbox.read("memory/MEMORY.md")
    assert "- push before tagging (tag failed)\n" in sandbox.read("CLAUDE.md")
    assert sandbox.git("branch", "--list", "gitmem/*") == ""
    assert one in sandbox.git("log", "-1", "--format=%B", "main")


def test_the_second_round_adds_to_what_the_first_one_made(sandbox: Sandbox) -> None:
    for text in ("first", "second", "first."):
        sandbox.gitmem("flag", text)
        ok(sandbox.gitmem("close"))
        ok(sandbox.gitmem("accept"))

    assert sandbox.read("memory/facts.md").endswith("\n- first\n- second\n")
    assert sandbox.git("rev-list", "--count", "main") == "4"
    assert sandbox.git("status", "--porcelain") == ""


def test_the_memory_of_a_feature_travels_with_its_branch(sandbox: Sandbox) -> None:
    ok(sandbox.gitmem("init"))
    sandbox.git("add", ".")
    sandbox.commit("wire gitmem")
    sandbox.git("switch", "--quiet", "-c", "feature")
    sandbox.commit("work", {"work.txt": "1\n"})
    sandbox.gitmem("flag", "learned from the work")

    ok(sandbox.gitmem("close", "--here"))
    assert sandbox.gitmem("check").code == 1
    sandbox.git("switch", "--quiet", "main")
    sandbox.git("merge", "--quiet", "--squash", "feature")
    sandbox.commit("the feature")

    assert sandbox.gitmem("check").code == 0
    assert asked(sandbox, "close")["commit"] is None
    assert sandbox.git("branch", "--list", "gitmem/*") == ""


def test_a_reverted_landing_opens_the_loop_again(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "a fact")
    ok(sandbox.gitmem("close"))
    ok(sandbox.gitmem("accept"))

    sandbox.git("revert", "--no-edit", "HEAD")

    assert sandbox.gitmem("check").code == 1
    assert asked(sandbox, "status")["undrained"] == 1
    ok(sandbox.gitmem("close"))
    ok(sandbox.gitmem("accept"))
    assert sandbox.gitmem("check").code == 0


def test_a_rejected_flag_leaves_by_a_record_and_never_comes_back(sandbox: Sandbox) -> None:
    bad = asked(sandbox, "flag", "the moon is cheese")["id"]
    sandbox.gitmem("flag", "the moon is rock")
    ok(sandbox.gitmem("close"))
    ok(sandbox.gitmem("drop", bad, "--reason", "not true"))
    ok(sandbox.gitmem("discard"))
    ok(sandbox.gitmem("close"))
    ok(sandbox.gitmem("accept"))

    assert sandbox.read("memory/facts.md").endswith("\n\n- the moon is rock\n")
    assert sandbox.gitmem("check").code == 0
    assert "not true" in sandbox.git("log", "-1", "--format=%B", "main")


def test_a_review_that_lands_as_a_squashed_pull_request_is_drained_everywhere(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    hub = tmp_path / "hub.git"
    sandbox.git("clone", "--quiet", "--bare", ".", str(hub))
    mine, theirs = Sandbox(tmp_path / "mine"), Sandbox(tmp_path / "theirs")
    for each in (mine, theirs):
        sandbox.git("clone", "--quiet", str(hub), str(each.path))
    mine.gitmem("flag", "a fact")
    ok(mine.gitmem("close"))
    mine.git("push", "--quiet", "origin", "gitmem/drain", "gitmem/queue")
    theirs.git("fetch", "--quiet")
    assert theirs.gitmem("check").code == 1

    theirs.git("merge", "--quiet", "--squash", "origin/gitmem/drain")
    theirs.commit("memory (#1)")
    theirs.git("push", "--quiet", "origin", "main")
    mine.git("fetch", "--quiet")

    for each in (mine, theirs):
        assert each.gitmem("check").code == 0
    mine.git("merge", "--quiet", "--ff-only", "origin/main")
    ok(mine.gitmem("accept"))
    assert mine.git("branch", "--list", "gitmem/*") == ""
    assert mine.git("rev-parse", "main") == mine.git("rev-parse", "origin/main")


def test_closing_in_a_linked_work_tree_lands_in_the_one_that_has_the_target(
    sandbox: Sandbox,
) -> None:
    ok(sandbox.gitmem("init"))
    sandbox.git("add", ".")
    sandbox.commit("wire gitmem")
    linked = sandbox.worktree("linked")
    linked.gitmem("flag", "seen from the linked work tree")
    assert asked(sandbox, "status")["undrained"] == 1

    ok(linked.gitmem("close"))
    ok(linked.gitmem("accept"))

    assert sandbox.read("memory/facts.md").endswith("- seen from the linked work tree\n")
    assert sandbox.git("status", "--porcelain") == ""
    assert linked.gitmem("check").code == 0


def test_a_repository_without_a_commit_goes_through_the_whole_loop(empty_sandbox: Sandbox) -> None:
    empty_sandbox.write("draft.py", "print()\n")
    empty_sandbox.git("add", ".")
    empty_sandbox.gitmem("flag", "a fact")

    ok(empty_sandbox.gitmem("close"))
    ok(empty_sandbox.gitmem("accept"))

    assert empty_sandbox.gitmem("check").code == 0
    assert empty_sandbox.git("status", "--porcelain") == "A  draft.py"
    assert empty_sandbox.read("memory/facts.md").endswith("- a fact\n")
