"""Accept in real repositories: the target moves, work trees follow, and nothing of anybody's is lost."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gitmem.core.errors import GitmemError
from gitmem.core.failures import NoProgress
from gitmem.git.trees import ReplayConflict
from gitmem.git.worktrees import InTheWay
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox

BLOCK = "<!-- gitmem:begin"


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox=sandbox)


def init_block(text: str = "") -> str:
    """An instruction file as `gitmem init` leaves it."""
    from gitmem.drain.assemble import with_block

    return with_block("CLAUDE.md", text, "memory")


def refused(desk: Desk, error: type[GitmemError] = InTheWay) -> str:
    """That accept refuses and changes nothing, neither on disk nor in a ref; what it says."""
    before = desk.footprint()
    refs = desk.sandbox.git("for-each-ref")
    with pytest.raises(error) as raised:
        desk.accept()
    assert desk.footprint() == before
    assert desk.sandbox.git("for-each-ref") == refs
    return f"{raised.value.message} {raised.value.hint}"


# ------------------------------------------------------------------ where the target is


def test_the_work_tree_that_has_the_target_follows_and_the_branches_disappear(desk: Desk) -> None:
    flag = desk.flag("a fact")
    review = desk.close().commit

    done = desk.accept()

    assert (done.target, done.commit, done.flags) == ("main", review, (flag,))
    assert (done.rebuilt, done.pushed, done.queue_gone, done.waiting) == (False, True, True, 0)
    assert desk.sandbox.read("memory/facts.md").endswith("- a fact\n")
    assert desk.sandbox.git("status", "--porcelain") == ""
    assert desk.sandbox.git("for-each-ref", "--format=%(refname)").split() == [
        "refs/gitmem/archive",
        "refs/heads/main",
    ]


def test_a_flag_made_meanwhile_keeps_the_queue_branch(desk: Desk) -> None:
    desk.flag("a fact")
    desk.close()
    desk.flag("later")

    done = desk.accept()

    assert (done.queue_gone, done.waiting) == (False, 1)
    assert desk.states() == {"undrained": ["later"]}


def test_a_linked_work_tree_that_has_the_target_follows(desk: Desk) -> None:
    desk.sandbox.git("switch", "--quiet", "-c", "side")
    tree = Sandbox(desk.sandbox.path.with_name("linked"))
    desk.sandbox.git("worktree", "add", "--quiet", str(tree.path), "main")
    tree.write("README.md", "# edited there\n")
    desk.sandbox.write("mine.txt", "untracked here\n")
    desk.flag("a fact")

    desk.land()

    assert tree.read("memory/facts.md").endswith("- a fact\n")
    assert tree.git("status", "--porcelain") == " M README.md"
    assert desk.sandbox.git("status", "--porcelain") == "?? mine.txt"
    assert not (desk.sandbox.path / "memory").exists()


def test_the_main_work_tree_follows_when_accept_runs_in_a_linked_one(desk: Desk) -> None:
    tree = desk.sandbox.worktree("linked")
    desk.flag("a fact")
    desk.close()

    Desk(sandbox=tree).accept()

    assert desk.sandbox.read("memory/facts.md").endswith("- a fact\n")
    assert desk.sandbox.git("status", "--porcelain") == ""
    assert tree.git("status", "--porcelain") == ""


@pytest.mark.parametrize("how", ["elsewhere", "detached"])
def test_a_target_that_nobody_has_checked_out_just_moves(desk: Desk, how: str) -> None:
    desk.sandbox.git("switch", "--quiet", *(["-c", "side"] if how == "elsewhere" else ["--detach"]))
    desk.flag("a fact")
    desk.close()
    before = desk.footprint()

    desk.accept()

    after = desk.footprint()
    assert after.pop("branches") != before.pop("branches")
    assert after == before
    assert desk.lines("memory/facts.md", "main") == ["a fact"]


def test_a_vanished_work_tree_does_not_hold_the_target(desk: Desk) -> None:
    desk.sandbox.git("switch", "--quiet", "-c", "side")
    tree = desk.sandbox.path.with_name("gone")
    desk.sandbox.git("worktree", "add", "--quiet", str(tree), "main")
    tree.rename(tree.with_name("moved-away"))
    desk.flag("a fact")

    desk.land()

    assert desk.lines("memory/facts.md", "main") == ["a fact"]


def test_a_target_checked_out_twice_is_refused(desk: Desk) -> None:
    tree = desk.sandbox.path.with_name("second")
    desk.sandbox.git("worktree", "add", "--quiet", "--force", str(tree), "main")
    desk.flag("a fact")
    desk.close()

    assert "is checked out in" in refused(desk)


def test_a_submodule_lands_in_itself_and_not_in_its_superproject(desk: Desk) -> None:
    origin = desk.clone("module")
    desk.sandbox.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add",
        str(origin.sandbox.path), "module",
    )  # fmt: skip
    desk.sandbox.commit("submodule")
    inside = Desk(sandbox=Sandbox(desk.sandbox.path / "module"))
    outer = desk.head("main")
    inside.flag("a fact of the module")
    inside.sandbox.git("branch", "--unset-upstream")

    inside.land()

    assert inside.sandbox.read("memory/facts.md").endswith("- a fact of the module\n")
    assert inside.sandbox.git("status", "--porcelain") == ""
    assert desk.head("main") == outer
    assert desk.sandbox.git("status", "--porcelain") == " M module"


def test_a_linked_work_tree_of_a_submodule_finds_the_modules_own_main_work_tree(
    desk: Desk,
) -> None:
    origin = desk.clone("module")
    desk.sandbox.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add",
        str(origin.sandbox.path), "module",
    )  # fmt: skip
    inside = Sandbox(desk.sandbox.path / "module")
    inside.git("branch", "--unset-upstream")
    tree = Sandbox(desk.sandbox.path.with_name("tree"))
    inside.git("worktree", "add", "--quiet", "-b", "side", str(tree.path))
    linked = Desk(sandbox=tree)
    linked.flag("a fact")

    linked.land()

    assert inside.read("memory/facts.md").endswith("- a fact\n")
    assert inside.git("status", "--porcelain") == ""


def test_a_separate_git_directory_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "work"
    path.mkdir()
    sandbox = Sandbox(path)
    sandbox.git("init", "--quiet", "--separate-git-dir", str(tmp_path / "elsewhere.git"))
    sandbox.commit("start", {"README.md": "# A project\n"})
    desk = Desk(sandbox=sandbox)
    desk.flag("a fact")

    desk.land()

    assert sandbox.read("memory/facts.md").endswith("- a fact\n")


def test_a_target_that_only_the_upstream_has_is_made_and_follows_it(desk: Desk) -> None:
    desk.sandbox.git("branch", "side")
    mine = desk.clone("clone", "--branch", "side")
    assert mine.head("main") == ""
    mine.flag("a fact")

    done = mine.land()

    assert mine.head("main") == done.commit
    assert mine.sandbox.git("rev-parse", "--abbrev-ref", "main@{upstream}") == "origin/main"
    assert not done.pushed
    assert mine.states() == {"accepted": ["a fact"]}


def test_a_target_behind_its_upstream_is_brought_forward_and_not_split_from_it(desk: Desk) -> None:
    mine = desk.clone("clone")
    mine.flag("a fact")
    mine.close()
    desk.sandbox.commit("theirs", {"theirs.txt": "1\n"})
    mine.sandbox.git("fetch", "--quiet")

    done = mine.accept()

    assert done.rebuilt
    assert mine.head("main^") == desk.head("main")
    assert mine.sandbox.read("theirs.txt") == "1\n"
    assert mine.sandbox.git("status", "--porcelain") == ""


def test_on_a_target_that_diverged_only_the_review_lands_and_not_the_upstreams_commits(
    desk: Desk,
) -> None:
    mine = desk.clone("clone")
    desk.sandbox.commit("theirs", {"theirs.txt": "1\n"})
    local = mine.sandbox.commit("mine", {"mine.txt": "1\n"})
    mine.sandbox.git("fetch", "--quiet")
    mine.flag("a fact")
    mine.close()

    done = mine.accept()

    assert done.rebuilt
    assert mine.head("main^") == local
    assert not (mine.sandbox.path / "theirs.txt").exists()
    assert mine.lines("memory/facts.md", "main") == ["a fact"]


def test_history_that_was_rewritten_under_a_review_does_not_come_back_with_it(desk: Desk) -> None:
    desk.sandbox.commit("a mistake", {"mistake.txt": "1\n"})
    desk.flag("a fact")
    desk.close()
    desk.sandbox.git("reset", "--quiet", "--hard", "HEAD^")
    desk.sandbox.commit("better", {"better.txt": "1\n"})

    desk.accept()

    assert desk.lines("memory/facts.md", "main") == ["a fact"]
    assert not (desk.sandbox.path / "mistake.txt").exists()


# ------------------------------------------------------------------ nothing to land


def test_with_nothing_in_review_there_is_no_progress(desk: Desk) -> None:
    desk.flag("a fact")
    assert "nothing is in review" in refused(desk, NoProgress)


def test_a_review_that_was_deleted_gives_its_flags_back(desk: Desk) -> None:
    desk.flag("a fact")
    desk.close()
    desk.sandbox.git("branch", "--quiet", "-D", "gitmem/drain")

    refused(desk, NoProgress)

    assert desk.states() == {"undrained": ["a fact"]}


def test_a_review_that_landed_upstream_by_squash_does_not_split_the_local_target(
    desk: Desk,
) -> None:
    mine = desk.clone("clone")
    mine.flag("a fact")
    mine.close()
    mine.sandbox.git("push", "--quiet", "origin", "gitmem/drain")
    desk.sandbox.git("merge", "--quiet", "--squash", "gitmem/drain")
    desk.sandbox.commit("squashed")
    desk.sandbox.commit("corrected", {"memory/facts.md": "# Facts\n\n- a corrected fact\n"})
    mine.sandbox.git("fetch", "--quiet")
    local = mine.head("main")

    done = mine.accept()

    assert (done.flags, mine.head("main")) == ((), local)
    assert mine.head("gitmem/drain") == ""
    assert mine.lines("memory/facts.md", "origin/main") == ["a corrected fact"]


def test_a_dry_run_says_what_would_land_and_moves_nothing(desk: Desk) -> None:
    flag = desk.flag("a fact")
    review = desk.close().commit
    before, refs = desk.footprint(), desk.sandbox.git("for-each-ref")

    done = desk.accept(dry_run=True)

    assert (done.commit, done.flags) == (review, (flag,))
    assert (desk.footprint(), desk.sandbox.git("for-each-ref")) == (before, refs)


# ------------------------------------------------------------------ what is in the way


def test_local_edits_of_other_files_are_kept(desk: Desk) -> None:
    desk.sandbox.commit("more", {"a.txt": "a\n", "b.txt": "b\n"})
    desk.sandbox.write("a.txt", "staged\n")
    desk.sandbox.git("add", "a.txt")
    desk.sandbox.write("a.txt", "staged and edited\n")
    desk.sandbox.write("b.txt", "edited\n")
    desk.sandbox.write("c.txt", "untracked\n")
    desk.flag("a fact")

    desk.land()

    assert desk.sandbox.git("status", "--porcelain").splitlines() == [
        "MM a.txt",
        " M b.txt",
        "?? c.txt",
    ]
    assert desk.sandbox.git("show", ":a.txt") == "staged"
    assert desk.sandbox.read("a.txt") == "staged and edited\n"


@pytest.mark.parametrize("staged", [False, True])
def test_an_edited_memory_file_is_refused(desk: Desk, staged: bool) -> None:
    desk.flag("one")
    desk.land()
    desk.sandbox.write("memory/facts.md", desk.sandbox.read("memory/facts.md") + "- mine\n")
    if staged:
        desk.sandbox.git("add", ".")
    desk.flag("two")
    desk.close()

    assert "memory/facts.md" in refused(desk)


@pytest.mark.parametrize("ignored", [False, True])
def test_an_untracked_or_ignored_file_in_the_way_is_refused(desk: Desk, ignored: bool) -> None:
    desk.flag("a fact")
    desk.close()
    if ignored:
        (Path(desk.repo.git_dir) / "info/exclude").write_text("memory/facts.md\n")
    desk.sandbox.write("memory/facts.md", "a draft nobody else has\n")

    assert "memory/facts.md" in refused(desk)
    assert desk.sandbox.read("memory/facts.md") == "a draft nobody else has\n"


def test_an_untracked_or_ignored_file_in_the_way_of_a_first_commit_is_refused(
    empty_sandbox: Sandbox,
) -> None:
    desk = Desk(sandbox=empty_sandbox)
    desk.flag("a fact")
    desk.close()
    (Path(desk.repo.git_dir) / "info/exclude").write_text("memory/facts.md\n")
    desk.sandbox.write("memory/facts.md", "a draft nobody else has\n")

    assert "memory/facts.md" in refused(desk)


def test_a_link_in_the_way_is_never_written_through(desk: Desk, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "facts.md").write_text("not of this repository\n")
    desk.flag("a fact")
    desk.close()
    (desk.sandbox.path / "memory").symlink_to(outside)

    refused(desk)

    assert (outside / "facts.md").read_text() == "not of this repository\n"


@pytest.mark.parametrize("also_committed", [False, True])
@pytest.mark.parametrize("state", ["unstaged", "staged"])
def test_an_uncommitted_init_block_takes_the_rule_in_and_keeps_the_text_around_it(
    desk: Desk, state: str, also_committed: bool
) -> None:
    mine = "# My project\n\nMine.\n"
    if also_committed:
        desk.sandbox.commit("instructions", {"CLAUDE.md": mine})
    file = desk.sandbox.write("CLAUDE.md", init_block(mine) + "\nMore of mine.\n")
    file.chmod(0o640)
    if state == "staged":
        desk.sandbox.git("add", "CLAUDE.md")
    desk.flag("it broke", kind="snag", better="mend it")

    desk.land()

    text = desk.sandbox.read("CLAUDE.md")
    assert text.startswith(mine)
    assert text.endswith("\nMore of mine.\n")
    assert "- mend it (it broke)\n" in text
    assert text.count(BLOCK) == 1
    assert file.stat().st_mode & 0o777 == 0o640
    assert desk.sandbox.git("status", "--porcelain") == " M CLAUDE.md"
    assert not list(desk.sandbox.path.glob("*.new"))


def test_an_uncommitted_block_of_an_earlier_version_takes_the_rule_in(desk: Desk) -> None:
    before = ", with `--topic NAME` where a topic of the index fits, or"
    desk.sandbox.write("CLAUDE.md", init_block("# Mine\n").replace(before, ", or") + "\nMore.\n")
    desk.flag("it broke", kind="snag", better="mend it")

    desk.land()

    text = desk.sandbox.read("CLAUDE.md")
    assert "- mend it (it broke)\n" in text
    assert before in text
    assert text.endswith("\nMore.\n")


def test_an_uncommitted_init_block_with_crlf_takes_the_rule_in(desk: Desk) -> None:
    desk.sandbox.git("config", "core.autocrlf", "true")
    desk.sandbox.write("CLAUDE.md", init_block("# Mine\n").replace("\n", "\r\n"))
    desk.flag("it broke", kind="snag", better="mend it")

    desk.land()

    text = desk.sandbox.read("CLAUDE.md")
    assert "- mend it (it broke)\r\n" in text
    assert text.count("\n") == text.count("\r\n")


@pytest.mark.parametrize("edit", ["- a rule of mine\n", "A paragraph of mine.\n"])
def test_a_block_with_a_persons_own_edits_is_refused(desk: Desk, edit: str) -> None:
    end = "<!-- gitmem:end -->"
    desk.sandbox.write("CLAUDE.md", init_block("# Mine\n").replace(end, f"\n{edit}{end}"))
    desk.flag("it broke", kind="snag", better="mend it")
    desk.close()

    assert "CLAUDE.md" in refused(desk)
    assert edit in desk.sandbox.read("CLAUDE.md")


def test_a_persons_own_untracked_instruction_file_is_refused(desk: Desk) -> None:
    desk.sandbox.write("CLAUDE.md", "# Mine, and nobody asked gitmem in\n")
    desk.flag("it broke", kind="snag", better="mend it")
    desk.close()

    assert "CLAUDE.md" in refused(desk)


def test_what_was_merged_already_is_taken_back_when_another_file_is_in_the_way(
    desk: Desk,
) -> None:
    desk.sandbox.write("CLAUDE.md", init_block("# Mine\n"))
    desk.sandbox.git("add", "CLAUDE.md")
    desk.sandbox.write("memory/facts.md", "my draft\n")
    desk.flag("a fact")
    desk.flag("it broke", kind="snag", better="mend it")
    desk.close()
    before, index = desk.footprint(), desk.sandbox.git("ls-files", "--stage")

    with pytest.raises(InTheWay, match=r"memory/facts\.md"):
        desk.accept()

    after = desk.footprint()
    assert before.pop(".git/index") != after.pop(".git/index")  # it was written, and written back
    assert (after, desk.sandbox.git("ls-files", "--stage")) == (before, index)


# ------------------------------------------------------------------ in the middle of something


def merging(sandbox: Sandbox) -> None:
    sandbox.git("switch", "--quiet", "-c", "side")
    sandbox.commit("side", {"c.txt": "side\n"})
    sandbox.git("switch", "--quiet", "main")
    sandbox.commit("main", {"c.txt": "main\n"})
    sandbox.git("merge", "--quiet", "side", check=False)


def rebasing(sandbox: Sandbox) -> None:
    merging(sandbox)
    sandbox.git("merge", "--abort")
    sandbox.git("rebase", "--quiet", "side", "main", check=False)


def picking(sandbox: Sandbox) -> None:
    merging(sandbox)
    sandbox.git("merge", "--abort")
    sandbox.git("cherry-pick", "side", check=False)


def bisecting(sandbox: Sandbox) -> None:
    for number in range(4):
        sandbox.commit(f"c{number}")
    sandbox.git("bisect", "start", "HEAD", "HEAD~3")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (merging, "merge"),
        (rebasing, "main is being rebased or bisected"),
        (picking, "unmerged files"),
        (bisecting, "main is being rebased or bisected"),
    ],
)
def test_a_target_in_the_middle_of_something_is_refused_with_a_clear_sentence(
    desk: Desk, state: Callable[[Sandbox], None], said: str
) -> None:
    desk.flag("a fact")
    desk.close()
    state(desk.sandbox)

    assert said in refused(desk)


def test_a_live_index_lock_of_the_persons_git_is_respected(desk: Desk) -> None:
    desk.flag("a fact")
    desk.close()
    lock = Path(desk.repo.git_dir) / "index.lock"
    lock.touch()

    assert "index.lock" in refused(desk)
    assert lock.exists()


@pytest.mark.parametrize("unborn", [False, True])
def test_a_hook_that_refuses_the_target_leaves_the_work_tree_as_it_was(
    empty_sandbox: Sandbox, unborn: bool
) -> None:
    desk = Desk(sandbox=empty_sandbox)
    if not unborn:
        desk.sandbox.commit("start", {"README.md": "# A project\n", "CLAUDE.md": "# Mine\n"})
        desk.sandbox.write("README.md", "# edited\n")
        desk.sandbox.write("CLAUDE.md", init_block("# Mine\n"))
    desk.flag("a fact")
    desk.flag("it broke", kind="snag", better="mend it")
    desk.close()
    hook = Path(desk.repo.common) / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\n! { test "$1" = prepared && grep -q "refs/heads/main"; }\n')
    hook.chmod(0o755)
    before, index = desk.footprint(), desk.sandbox.git("ls-files", "--stage")

    with pytest.raises(InTheWay, match="hook"):
        desk.accept()

    after = desk.footprint()
    before.pop(".git/index", "")
    after.pop(".git/index")
    assert (after, desk.sandbox.git("ls-files", "--stage")) == (before, index)


# ------------------------------------------------------------------ the target moved


def test_the_review_is_made_again_on_a_target_that_moved(desk: Desk) -> None:
    desk.flag("a fact")
    desk.close()
    moved = desk.sandbox.commit("moved", {"other.txt": "1\n"})

    done = desk.accept()

    assert done.rebuilt
    assert desk.head("main^") == moved
    assert desk.sandbox.git("rev-list", "--count", "main") == "3"
    assert desk.sandbox.git("status", "--porcelain") == ""
    assert desk.states() == {}


def test_lines_added_on_both_sides_unite_and_a_line_that_both_added_stands_once(
    desk: Desk,
) -> None:
    desk.flag("base")
    desk.land()
    desk.flag("of the review")
    desk.flag("of both")
    desk.close()
    text = desk.sandbox.read("memory/facts.md")
    desk.sandbox.commit("by hand", {"memory/facts.md": text + "- of the target\n- of both.\n"})

    desk.accept()

    assert desk.lines("memory/facts.md", "main") == [
        "base",
        "of the target",
        "of both.",
        "of the review",
    ]


def test_a_line_that_a_person_corrected_meanwhile_stays_corrected(desk: Desk) -> None:
    desk.flag("the port is 80")
    desk.land()
    desk.flag("another fact")
    desk.close()
    text = desk.sandbox.read("memory/facts.md").replace("80", "8080")
    desk.sandbox.commit("corrected", {"memory/facts.md": text})

    desk.accept()

    assert desk.lines("memory/facts.md", "main") == ["the port is 8080", "another fact"]


def test_a_topic_that_both_sides_created_holds_both_lines_and_the_index_both_topics(
    desk: Desk,
) -> None:
    desk.flag("of the review", topic="ci")
    desk.close()
    desk.sandbox.commit(
        "by hand",
        {"memory/ci.md": "# Our CI\n\nIn prose.\n\n- by hand\n", "memory/net.md": "# Network\n"},
    )

    desk.accept()

    assert desk.show("memory/ci.md", "main").startswith("# Our CI\n\nIn prose.\n\n- by hand\n")
    assert desk.lines("memory/ci.md", "main") == ["by hand", "of the review"]
    assert {"[ci](ci.md)", "[net](net.md)"} <= set(desk.lines("memory/MEMORY.md", "main"))


def test_a_reviewers_rewording_survives_a_target_that_added_lines(desk: Desk) -> None:
    desk.flag("teh fact")
    desk.close()
    amend(desk, "teh", "the")
    desk.sandbox.commit("by hand", {"memory/net.md": "# Network\n\n- a line\n"})

    desk.accept()

    assert desk.lines("memory/facts.md", "main") == ["the fact"]


def amend(desk: Desk, old: str, new: str) -> None:
    desk.sandbox.git("switch", "--quiet", "gitmem/drain")
    text = desk.sandbox.read("memory/facts.md").replace(old, new)
    desk.sandbox.write("memory/facts.md", text)
    desk.sandbox.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    desk.sandbox.git("switch", "--quiet", "main")


def test_rules_changed_at_the_same_place_are_a_conflict_with_a_hint(desk: Desk) -> None:
    desk.flag("it broke", kind="snag", better="mend it")
    desk.land()
    desk.flag("it broke again", kind="snag", better="mend it well")
    desk.close()
    rule = "- mend it (it broke)\n"
    text = desk.sandbox.read("CLAUDE.md").replace(rule, f"{rule}- by hand\n")
    desk.sandbox.commit("by hand", {"CLAUDE.md": text})

    said = refused(desk, ReplayConflict)

    assert "CLAUDE.md" in said
    assert "gitmem discard" in said


def test_rules_changed_elsewhere_merge(desk: Desk) -> None:
    desk.flag("it broke", kind="snag", better="mend it")
    desk.land()
    desk.flag("it broke again", kind="snag", better="mend it well")
    desk.close()
    desk.sandbox.commit("by hand", {"CLAUDE.md": "# Mine\n\n" + desk.sandbox.read("CLAUDE.md")})

    desk.accept()

    text = desk.sandbox.read("CLAUDE.md")
    assert text.startswith("# Mine\n")
    assert "- mend it well (it broke again)\n" in text


@pytest.mark.parametrize("moved", [False, True])
def test_a_reviewers_amended_and_further_commits_are_kept(desk: Desk, moved: bool) -> None:
    desk.flag("teh fact")
    desk.close()
    amend(desk, "teh", "the")
    desk.sandbox.git("switch", "--quiet", "gitmem/drain")
    author = ("-c", "user.name=R\u00e9viewer", "-c", "user.email=r@example.com")
    desk.sandbox.write("docs/[n\u00f6te].md", "a note\n")
    desk.sandbox.git("add", ".")
    desk.sandbox.git(*author, "commit", "--quiet", "-m", "a further commit \u2713")
    desk.sandbox.git("switch", "--quiet", "main")
    if moved:
        desk.sandbox.commit("moved", {"other.txt": "1\n"})

    desk.accept()

    assert desk.lines("memory/facts.md", "main") == ["the fact"]
    assert desk.sandbox.read("docs/[n\u00f6te].md") == "a note\n"
    said = desk.sandbox.git("log", "-1", "--format=%an %s", "main")
    assert said == "R\u00e9viewer a further commit \u2713"
    assert desk.sandbox.git("status", "--porcelain") == ""


def test_a_review_that_somebody_merged_the_target_into_lands_with_their_resolution(
    desk: Desk,
) -> None:
    desk.flag("a fact")
    desk.close()
    desk.sandbox.commit("by hand", {"memory/facts.md": "# Facts\n\n- by hand\n"})
    desk.sandbox.git("switch", "--quiet", "gitmem/drain")
    desk.sandbox.git("merge", "--quiet", "main", check=False)
    desk.sandbox.write("memory/facts.md", "# Facts\n\n- by hand\n- a fact, resolved\n")
    desk.sandbox.git("add", ".")
    desk.sandbox.git("commit", "--quiet", "--no-edit")
    desk.sandbox.git("switch", "--quiet", "main")
    desk.sandbox.commit("moved", {"other.txt": "1\n"})

    desk.accept()

    assert desk.lines("memory/facts.md", "main") == ["by hand", "a fact, resolved"]
    assert desk.states() == {}


def test_a_link_or_submodule_on_the_moved_target_is_not_written_through(
    desk: Desk, tmp_path: Path
) -> None:
    desk.flag("a fact")
    desk.close()
    (desk.sandbox.path / "memory").symlink_to(tmp_path)
    desk.sandbox.git("add", ".")
    desk.sandbox.commit("a link")

    with pytest.raises(GitmemError, match="no folder in the tree"):
        desk.accept()

    assert not (tmp_path / "facts.md").exists()


def test_an_accept_from_the_review_branch_itself_leaves_it_and_says_so(desk: Desk) -> None:
    desk.flag("a fact")
    desk.close()
    desk.sandbox.git("switch", "--quiet", "gitmem/drain")

    done = desk.accept()

    assert any("stays" in note for note in done.notes)
    assert desk.sandbox.git("status", "--porcelain") == ""
    assert desk.states() == {}
    desk.sandbox.git("switch", "--quiet", "main")
    assert desk.accept().flags == ()
    assert desk.head("gitmem/drain") == ""


def test_the_persons_merge_settings_do_not_change_how_a_landing_works(desk: Desk) -> None:
    for key, value in {
        "merge.ff": "false",
        "branch.main.mergeOptions": "--no-ff --squash",
        "merge.autoStash": "true",
        "merge.verifySignatures": "true",
        "log.showSignature": "true",
        "i18n.commitEncoding": "ISO-8859-1",
        "i18n.logOutputEncoding": "ISO-8859-1",
        "status.showUntrackedFiles": "no",
        "diff.noprefix": "true",
        "core.quotePath": "false",
    }.items():
        desk.sandbox.git("config", key, value)
    desk.flag("caf\u00e9 \u2713")
    desk.close()
    desk.sandbox.commit("moved", {"other.txt": "1\n"})

    desk.accept()

    assert desk.sandbox.read("memory/facts.md").endswith("- caf\u00e9 \u2713\n")
    raw = desk.sandbox.git("cat-file", "commit", "main")
    assert "caf\u00e9 \u2713" in raw
    assert "\nencoding " not in raw
    assert desk.sandbox.git("rev-list", "--count", "--no-merges", "main") == "3"


# ------------------------------------------------------------------ odd places


def test_a_repository_that_only_git_dir_names_is_closed_and_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Sandbox(tmp_path / "home")
    home.path.mkdir()
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "dotfiles.git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(home.path))
    home.git("init", "--quiet")
    home.commit("start", {".profile": "x\n"})
    desk = Desk(sandbox=home)
    desk.flag("a fact")

    desk.land()

    assert home.read("memory/facts.md").endswith("- a fact\n")
    assert home.git("status", "--porcelain") == ""


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are UTF-8 (2026-11)")
def test_a_folder_whose_name_is_no_utf_8_is_closed_and_accepted(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / os.fsdecode(b"caf\xe9"))
    sandbox.path.mkdir()
    sandbox.git("init", "--quiet")
    sandbox.commit("start", {"README.md": "x\n"})
    desk = Desk(sandbox=sandbox)
    desk.flag("a fact")

    desk.land()

    assert sandbox.read("memory/facts.md").endswith("- a fact\n")


def test_another_memory_folder_is_used_throughout(sandbox: Sandbox) -> None:
    desk = Desk(sandbox=sandbox, folder="docs/memory")
    desk.flag("a fact")
    desk.flag("it broke", kind="snag", better="mend it")
    desk.close()
    sandbox.commit("moved", {"docs/memory/facts.md": "# Facts\n\n- by hand\n"})

    desk.accept()

    assert desk.lines("docs/memory/facts.md", "main") == ["by hand", "a fact"]
    assert "@docs/memory/MEMORY.md" in sandbox.read("CLAUDE.md")
    assert not (sandbox.path / "memory").exists()
