"""Close in real repositories: what is filed where, what stays queued, and what is never touched."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from gitmem.check.terms import STRICT, Policy
from gitmem.core.errors import Refused, UsageError
from gitmem.git.trees import NotSigned
from gitmem.git.worktrees import InTheWay
from gitmem.records import target
from tests.support.desk import Desk, whole
from tests.support.sandbox import PATIENCE, Sandbox

SKILL = "---\nname: ship\ndescription: How to ship.\n---\n\n# Ship\n\nDo it.\n"


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox=sandbox)


# ------------------------------------------------------------------ what is filed where


def test_every_kind_goes_to_its_own_file_as_written(desk: Desk) -> None:
    desk.flag("the build uses uv")
    desk.flag("we ship on Fridays", kind="decision")
    desk.flag("port 80 is taken", kind="gotcha")
    desk.flag("short names", kind="preference")
    desk.flag("who owns it?", kind="pending")
    desk.flag("tests need TZ=UTC", topic="ci")

    done = desk.close()

    assert [(item.fate, item.file) for item in done.outcomes] == [
        ("added", "memory/facts.md"),
        ("added", "memory/decisions.md"),
        ("added", "memory/gotchas.md"),
        ("added", "memory/preferences.md"),
        ("pending", "memory/PENDING.md"),
        ("added", "memory/ci.md"),
    ]
    assert desk.lines("memory/ci.md") == ["tests need TZ=UTC"]
    assert desk.lines("memory/PENDING.md") == ["[ ] who owns it?"]
    assert "[ci](ci.md)" in desk.show("memory/MEMORY.md")
    assert desk.sandbox.git("rev-list", "--parents", "-1", "gitmem/drain").split()[1:] == [
        desk.head("main")
    ]


def test_exact_duplicates_fold_inside_the_close_and_into_lines_that_are_there(desk: Desk) -> None:
    desk.sandbox.commit("by hand", {"memory/notes.md": "# Notes\n\n- already known\n"})
    first = desk.flag("said twice")
    again = desk.flag("said twice.")
    known = desk.flag("already  known")

    done = desk.close()

    fates = {item.flag.id: (item.fate, item.survivor) for item in done.outcomes}
    assert fates == {
        first: ("added", ""),
        again: ("duplicate", first),
        known: ("duplicate", "memory/notes.md: already known"),
    }
    assert desk.lines("memory/facts.md") == ["said twice"]


def test_a_question_is_no_duplicate_of_a_fact_with_the_same_words(desk: Desk) -> None:
    desk.flag("release notes")
    desk.flag("release notes", kind="pending")

    desk.close()

    assert desk.lines("memory/facts.md") == ["release notes"]
    assert desk.lines("memory/PENDING.md") == ["[ ] release notes"]


def test_a_snag_goes_into_the_body_of_the_skill_it_names(desk: Desk) -> None:
    desk.sandbox.commit("skill", {".claude/skills/ship/SKILL.md": SKILL})
    desk.flag("tag failed", kind="snag", better="push before tagging", skill="ship")

    desk.close()

    after = desk.show(".claude/skills/ship/SKILL.md")
    assert after.startswith(SKILL)
    assert "- push before tagging" in after


def test_a_snag_for_a_skill_nobody_has_stays_queued_and_says_so(desk: Desk) -> None:
    snag = desk.flag("it broke", kind="snag", better="run make first", skill="nope")
    desk.flag("a fact")

    done = desk.close()

    assert [(left.id, left.reason) for left in done.left] == [
        (snag, "there is no skill named nope")
    ]
    assert [outcome.flag.text for outcome in done.outcomes] == ["a fact"]
    assert desk.states()["undrained"] == ["it broke"]


@pytest.mark.parametrize(
    ("files", "rule", "expected"),
    [
        ({}, "", "CLAUDE.md"),
        ({"AGENTS.md": "# Agents\n"}, "", "AGENTS.md"),
        ({"AGENTS.md": "# Agents\n"}, "CLAUDE.md", "AGENTS.md"),
        ({"AGENTS.md": "# Agents\n", "CLAUDE.md": "# Claude\n"}, "", "CLAUDE.md"),
        ({"AGENTS.md": "# Agents\n", "CLAUDE.md": "# Claude\n"}, "AGENTS.md", "AGENTS.md"),
    ],
)
def test_a_rule_goes_to_the_instruction_file_that_is_in_use(
    desk: Desk, files: dict[str, str], rule: str, expected: str
) -> None:
    desk.sandbox.commit("instructions", files)
    desk.flag("it broke", kind="snag", better="run make first", rule=rule)

    (outcome,) = desk.close().outcomes

    assert outcome.file == expected
    names = set(desk.sandbox.git("ls-tree", "--name-only", "gitmem/drain").split())
    assert names == {"README.md", ".gitmem", expected, *files}


@pytest.mark.parametrize(("link", "real"), [("CLAUDE.md", "AGENTS.md"), ("AGENTS.md", "CLAUDE.md")])
def test_a_link_between_the_instruction_files_is_followed(desk: Desk, link: str, real: str) -> None:
    desk.sandbox.write(real, "# Rules\n")
    (desk.sandbox.path / link).symlink_to(real)
    desk.sandbox.git("add", ".")
    desk.sandbox.commit("linked")
    desk.flag("it broke", kind="snag", better="run make first")

    (outcome,) = desk.close().outcomes
    desk.accept()

    assert outcome.file == real
    assert (desk.sandbox.path / link).is_symlink()
    assert "- run make first (it broke)\n" in desk.sandbox.read(link)
    assert desk.sandbox.git("status", "--porcelain") == ""


def test_a_snag_without_a_better_path_files_what_snagged(desk: Desk) -> None:
    desk.foreign_flag(kind="snag", text="never rebase the queue")

    desk.close()

    assert "- never rebase the queue\n" in desk.show("CLAUDE.md")


def test_the_index_lists_also_files_that_people_made(desk: Desk) -> None:
    desk.sandbox.commit(
        "by hand",
        {"memory/Architecture.md": "# The layers\n", "memory/README.md": "# About\n"},
    )
    desk.flag("a fact")

    desk.close()

    index = desk.show("memory/MEMORY.md")
    assert "- [Architecture](Architecture.md)\n  @Architecture.md\n" in index
    assert "- [README](README.md)\n  @README.md\n" in index


# ------------------------------------------------------------------ what stays queued


def hostile() -> list[dict[str, str]]:
    token = "gh" + "p_" + "a1B2" * 9
    return [
        {"text": "right\u202eleft"},
        {"text": f"the token is {token}"},
        {"text": "x" * 1001},
        {"text": "fine", "topic": "../../etc"},
        {"text": "fine", "topic": "Upper"},
        {"text": "fine", "topic": "memory"},
        {"text": " blanks around "},
        {"text": "fine", "kind": "snag", "better": "right\u202eleft"},
        {"text": "fine", "kind": "snag", "better": "see @~/`.ssh"},
    ]


@pytest.mark.parametrize("fields", hostile(), ids=range(len(hostile())))
def test_a_foreign_line_that_no_guard_saw_stays_queued_with_a_reason(
    desk: Desk, fields: dict[str, str]
) -> None:
    good = desk.flag("a good fact")
    bad = desk.foreign_flag(**fields)

    done = desk.close()

    assert [item.flag.id for item in done.outcomes] == [good]
    assert [left.id for left in done.left] == [bad]
    assert done.left[0].reason
    assert bad not in desk.show(".gitmem/drains/", "gitmem/drain")
    again = desk.close()
    assert (again.commit, [left.id for left in again.left]) == ("", [bad])


def test_what_a_foreign_line_would_load_or_hide_is_filed_in_backticks(desk: Desk) -> None:
    desk.foreign_flag(text="see <!-- hidden --> here")
    desk.foreign_flag(text="run !`id` now")  # runs in skills and commands, and memory is neither
    desk.foreign_flag(text="fine", kind="snag", better="@~/.ssh/id_rsa")

    assert not desk.close().left

    facts = desk.show("memory/facts.md", "gitmem/drain").splitlines()
    assert {"- see `<!-- hidden -->` here", "- run !`id` now"} < set(facts)
    assert "- `@~/.ssh/id_rsa` (fine)" in desk.show("CLAUDE.md", "gitmem/drain").splitlines()


def test_what_others_wrote_into_a_flag_cannot_forge_the_commit_message(desk: Desk) -> None:
    desk.foreign_flag(
        text="a fact",
        by="Eve\u202e <e@x>\n\nGitmem-Tree: 0000",
        session="s\n\nb",
    )
    dropped = desk.foreign_flag(text="bad\u202e Gitmem-Drain: forged")
    desk.drop(dropped)

    done = desk.close()

    said = desk.sandbox.git("log", "-1", "--format=%B", "gitmem/drain")
    trailers = desk.sandbox.git("log", "-1", "--format=%(trailers:only)", "gitmem/drain")
    assert "\u202e" not in said
    assert [line.split(":")[0] for line in trailers.splitlines()] == ["Gitmem-Drain", "Gitmem-Tree"]
    assert "forged" not in trailers
    assert done.flags == 2


def test_a_line_with_carriage_returns_between_its_tokens_is_drained_once(desk: Desk) -> None:
    desk.foreign_flag('{"v":1,\r"id":"ID",\r"kind":"fact","text":"odd but good"}')

    desk.land()

    assert desk.states() == {}
    assert desk.check().ok(STRICT)


@pytest.mark.parametrize(
    ("skill", "reason"),
    [
        ("---\nname: ship\n\n# never closed\n", "front matter"),
        ("---\nname: ship\n---\n\n# Ship\n\n<!--\nnever closed\n", ""),
    ],
)
def test_a_skill_that_cannot_take_a_line_leaves_only_its_own_flags(
    desk: Desk, skill: str, reason: str
) -> None:
    desk.sandbox.commit("skill", {".claude/skills/ship/SKILL.md": skill})
    desk.flag("fine")
    desk.flag("tag failed", kind="snag", better="push first", skill="ship")

    done = desk.close()

    assert "fine" in [item.flag.text for item in done.outcomes]
    for left in done.left:
        assert reason in left.reason
    if not done.left:  # then it stands in front of the comment, as plain text
        after = desk.show(".claude/skills/ship/SKILL.md")
        assert after.index("push first") < after.index("<!--")


@pytest.mark.parametrize("field", [{"skill": "ship"}, {"rule": ".claude/skills/ship/SKILL.md"}])
def test_a_skill_without_front_matter_is_left_alone_until_it_has_some(
    desk: Desk, field: dict[str, str]
) -> None:
    path = ".claude/skills/ship/SKILL.md"
    desk.sandbox.commit("skill", {path: "# Ship\n\n- Tag it\n"})
    flag = desk.flag("tag failed", kind="snag", better="push first", **field)

    done = desk.close()

    (left,) = done.left
    assert (left.id, done.commit) == (flag, "")
    assert left.reason == f"{path} has no front matter, so it is not a skill yet"
    assert desk.states() == {"undrained": ["tag failed"]}
    desk.sandbox.commit("front", {path: "---\nname: ship\n---\n\n# Ship\n\n- Tag it\n"})
    desk.close()
    assert desk.lines(path) == ["Tag it", "push first (tag failed)"]


def test_one_odd_topic_file_leaves_its_flags_and_no_others_of_the_same_request(
    desk: Desk,
) -> None:
    facts = desk.sandbox.write("memory/facts.md", "")
    facts.write_bytes(b"# Facts\n\n- caf\xe9\n")
    tool = desk.sandbox.write("memory/tools.md", "# Tools\n")
    tool.chmod(0o755)
    (desk.sandbox.path / "memory/linked.md").symlink_to("../README.md")
    desk.sandbox.git("add", ".")
    desk.sandbox.commit("odd files")
    desk.flag("for the latin file")
    desk.flag("for the executable", topic="tools")
    desk.flag("for the link", topic="linked")
    good = desk.flag("for a good one", topic="good")

    done = desk.close()

    assert [item.flag.id for item in done.outcomes] == [good]
    assert sorted(left.reason for left in done.left) == [
        "gitmem does not write memory/facts.md: it is not UTF-8 text",
        "gitmem does not write memory/linked.md: it is a link",
        "gitmem does not write memory/tools.md: it is executable",
    ]
    assert "[facts](facts.md)" in desk.show("memory/MEMORY.md")
    kept = desk.sandbox.git("diff", "--name-only", "main", "gitmem/drain").split()
    assert [path for path in kept if path.startswith("memory/")] == [
        "memory/MEMORY.md",
        "memory/good.md",
    ]


def test_a_broken_managed_block_leaves_the_rules_queued_and_says_so(desk: Desk) -> None:
    desk.sandbox.commit("broken", {"CLAUDE.md": "<!-- gitmem:begin -->\n\nno end\n"})
    desk.flag("a fact")
    snag = desk.flag("it broke", kind="snag", better="mend it")

    done = desk.close()

    assert [left.id for left in done.left] == [snag]
    assert "managed block is broken" in done.left[0].reason


# ------------------------------------------------------------------ what is never written


def refused(desk: Desk) -> Refused:
    before = desk.footprint()
    with pytest.raises(Refused) as raised:
        desk.close()
    assert desk.head("gitmem/drain") == ""
    assert desk.footprint() == before
    assert desk.states() == {"undrained": ["a fact"]}
    return raised.value


@pytest.mark.parametrize("pattern", ["memory/", "*.md", "memory/facts.md"])
def test_a_memory_path_that_git_ignores_is_refused(desk: Desk, pattern: str) -> None:
    desk.sandbox.commit("ignore", {".gitignore": f"{pattern}\n"})
    desk.flag("a fact")

    assert "git ignores memory/" in refused(desk).message


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({".gitignore": "CLAUDE.md\n"}, "git ignores it"),
        ({".gitattributes": "CLAUDE.md filter=lfs\n"}, "the attribute filter=lfs rewrites it"),
        (
            {".gitattributes": "CLAUDE.md ident\n", "CLAUDE.md": "# Rules\n"},
            "the attribute ident=set rewrites it",
        ),
    ],
)
def test_rules_for_a_file_that_git_would_not_share_stay_queued_and_hold_nothing_else_up(
    desk: Desk, files: dict[str, str], reason: str
) -> None:
    desk.sandbox.commit("unshared", files)
    desk.flag("a fact")
    snag = desk.flag("it broke", kind="snag", better="mend it")

    done = desk.close()

    assert [(left.id, left.reason) for left in done.left] == [
        (snag, f"gitmem does not write CLAUDE.md: {reason}")
    ]
    assert desk.lines("memory/facts.md") == ["a fact"]
    assert desk.states() == {"undrained": ["it broke"], "in review": ["a fact"]}


def test_a_skill_that_a_filter_rewrites_leaves_its_snags_queued(desk: Desk) -> None:
    path = ".claude/skills/ship/SKILL.md"
    skill = "---\nname: ship\ndescription: Ship it.\n---\n\n# Ship\n\n- push\n"
    desk.sandbox.commit("skill", {path: skill, ".gitattributes": ".claude/** filter=lfs\n"})
    desk.flag("a fact")
    snag = desk.flag("tag failed", kind="snag", better="push first", skill="ship")

    done = desk.close()

    assert [left.id for left in done.left] == [snag]
    assert path in done.left[0].reason
    assert desk.lines("memory/facts.md") == ["a fact"]


def test_rules_go_to_the_file_that_is_shared_when_the_other_one_is_ignored(desk: Desk) -> None:
    desk.sandbox.commit("agents", {".gitignore": "CLAUDE.md\n", "AGENTS.md": "# Rules\n"})
    desk.flag("it broke", kind="snag", better="mend it")

    assert desk.close().left == ()
    assert "mend it" in desk.show("AGENTS.md")


def test_a_drain_record_that_git_ignores_is_refused_by_its_name(desk: Desk) -> None:
    desk.sandbox.commit("ignore", {".gitignore": ".gitmem/drains/\n"})
    desk.flag("a fact")

    refusal = refused(desk)

    assert "git ignores .gitmem/drains/" in refusal.message
    assert "memory" not in refusal.message + refusal.hint


def test_an_ignored_file_that_is_tracked_all_the_same_is_written(desk: Desk) -> None:
    desk.sandbox.commit(
        "tracked", {".gitignore": "memory/facts.md\n", "memory/facts.md": "# Facts\n\n- old\n"}
    )
    desk.flag("a fact")

    desk.close()

    assert desk.lines("memory/facts.md") == ["old", "a fact"]


@pytest.mark.parametrize(
    "attribute", ["filter=lfs", "working-tree-encoding=UTF-16", "ident", "filter=git-crypt diff=x"]
)
def test_a_path_that_a_filter_rewrites_is_refused(desk: Desk, attribute: str) -> None:
    desk.sandbox.commit("attributes", {".gitattributes": f"memory/** {attribute}\n"})
    desk.flag("a fact")

    assert "rewrites memory/" in refused(desk).message


def test_a_memory_folder_that_is_a_link_is_never_followed(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (desk.sandbox.path / "memory").symlink_to(tmp_path / "outside")
    desk.sandbox.git("add", ".")
    desk.sandbox.commit("link")
    desk.flag("a fact")

    assert "no folder in the tree" in refused(desk).message
    assert not list((tmp_path / "outside").iterdir())


def test_a_submodule_where_memory_should_be_is_refused(desk: Desk) -> None:
    oid = desk.head("main")
    desk.sandbox.git("update-index", "--add", "--cacheinfo", f"160000,{oid},memory")
    desk.sandbox.commit("submodule")
    desk.flag("a fact")

    assert "no folder in the tree" in refused(desk).message


# ------------------------------------------------------------------ what is not touched


def busy(sandbox: Sandbox) -> None:
    """Staged, unstaged, untracked and stashed work."""
    sandbox.commit("more", {"a.txt": "a\n", "b.txt": "b\n"})
    sandbox.write("a.txt", "stashed\n")
    sandbox.git("stash", "--quiet")
    sandbox.write("a.txt", "staged\n")
    sandbox.git("add", "a.txt")
    sandbox.write("a.txt", "staged and edited\n")
    sandbox.write("b.txt", "edited\n")
    sandbox.write("memory/facts.md", "- somebody's untracked draft\n")


def on_main(sandbox: Sandbox) -> None:
    busy(sandbox)


def detached(sandbox: Sandbox) -> None:
    busy(sandbox)
    sandbox.git("config", "gitmem.test", "1")
    sandbox.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    sandbox.git("update-ref", "refs/remotes/origin/main", "main")
    sandbox.git("update-ref", "--no-deref", "HEAD", sandbox.git("rev-parse", "HEAD"))


def mid_merge(sandbox: Sandbox) -> None:
    sandbox.git("switch", "--quiet", "-c", "side")
    sandbox.commit("side", {"c.txt": "side\n"})
    sandbox.git("switch", "--quiet", "main")
    sandbox.commit("main", {"c.txt": "main\n"})
    sandbox.git("merge", "--quiet", "side", check=False)


def mid_rebase(sandbox: Sandbox) -> None:
    mid_merge(sandbox)
    sandbox.git("merge", "--abort")
    sandbox.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    sandbox.git("update-ref", "refs/remotes/origin/main", "main")
    sandbox.git("rebase", "--quiet", "main", "side", check=False)


def crlf(sandbox: Sandbox) -> None:
    sandbox.git("config", "core.autocrlf", "true")
    busy(sandbox)


@pytest.mark.parametrize("state", [on_main, detached, mid_merge, mid_rebase, crlf])
def test_work_tree_index_head_and_stash_stay_byte_for_byte(desk: Desk, state: object) -> None:
    assert callable(state)
    state(desk.sandbox)
    desk.flag("a fact")
    desk.flag("it broke", kind="snag", better="mend it")
    before = desk.footprint()

    done = desk.close()

    assert done.commit == desk.head("gitmem/drain")
    assert desk.footprint() == before
    assert "\r" not in desk.show("memory/facts.md")
    desk.discard()
    assert desk.footprint() == before


def test_commit_hooks_do_not_run_for_the_review_commit(desk: Desk, tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "pre-push"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran-{name}\nexit 1\n")
        (hooks / name).chmod(0o755)
    desk.sandbox.git("config", "core.hooksPath", str(hooks))
    desk.flag("a fact")

    desk.land()

    assert not list(tmp_path.glob("ran-*"))
    assert desk.lines("memory/facts.md", "main") == ["a fact"]


def test_a_dry_run_writes_nothing_at_all(desk: Desk) -> None:
    desk.flag("a fact")
    before = whole(desk.sandbox.path)

    done = desk.close(dry_run=True)

    assert done.commit == ""
    assert "a fact" in (done.files["memory/facts.md"] or "")
    assert whole(desk.sandbox.path) == before


def test_signing_fails_loudly_and_moves_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.sandbox.git("config", "commit.gpgSign", "true")
    desk.sandbox.git("config", "gpg.program", "false")
    desk.flag("a fact")
    before = desk.footprint()

    with pytest.raises(NotSigned):
        desk.close()

    assert desk.head("gitmem/drain") == ""
    assert desk.footprint() == before
    assert desk.states() == {"undrained": ["a fact"]}


def test_the_review_commit_is_signed_when_the_persons_git_would_sign(
    desk: Desk, tmp_path: Path
) -> None:
    program = tmp_path / "gpg"
    program.write_text(
        "#!/bin/sh\ncat >/dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\n"
        "printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nx\\n-----END PGP SIGNATURE-----\\n'\n"
    )
    program.chmod(0o755)
    desk.sandbox.git("config", "commit.gpgSign", "true")
    desk.sandbox.git("config", "gpg.program", str(program))
    desk.flag("a fact")

    desk.close()

    assert "gpgsig" in desk.sandbox.git("cat-file", "commit", "gitmem/drain")


def test_a_close_without_any_identity_commits_in_gitmems_name(desk: Desk) -> None:
    desk.sandbox.git("config", "--global", "user.useConfigOnly", "true")
    desk.sandbox.git("config", "--global", "--unset", "user.name")
    desk.sandbox.git("config", "--global", "--unset", "user.email")
    desk.flag("a fact")

    desk.close()

    assert desk.sandbox.git("log", "-1", "--format=%an <%ae>", "gitmem/drain") == (
        "gitmem <gitmem@localhost>"
    )


# ------------------------------------------------------------------ the review branch


def test_closing_twice_is_a_no_op(desk: Desk) -> None:
    desk.flag("a fact")
    first = desk.close()
    before = whole(desk.sandbox.path)

    again = desk.close()

    assert (again.commit, again.outcomes, again.in_review) == ("", (), 1)
    assert desk.head("gitmem/drain") == first.commit
    after = whole(desk.sandbox.path)
    assert {key for key in after if after[key] != before.get(key)} == set()


def test_a_second_close_stacks_a_commit_on_the_review_that_waits(desk: Desk) -> None:
    desk.flag("one")
    first = desk.close()
    desk.flag("two")

    second = desk.close()

    assert desk.head("gitmem/drain^") == first.commit
    assert second.base == first.commit
    assert desk.lines("memory/facts.md") == ["one", "two"]
    assert desk.states() == {"in review": ["one", "two"]}


def test_a_review_that_landed_by_squash_is_spent_and_the_next_starts_anew(desk: Desk) -> None:
    desk.flag("one")
    desk.close()
    desk.sandbox.git("merge", "--quiet", "--squash", "gitmem/drain")
    squashed = desk.sandbox.commit("squashed")
    desk.flag("two")

    desk.close()

    assert desk.head("gitmem/drain^") == squashed
    assert desk.lines("memory/facts.md") == ["one", "two"]
    assert desk.states() == {"in review": ["two"]}


def test_a_review_whose_merge_was_reverted_is_filed_again_with_its_text(desk: Desk) -> None:
    desk.flag("one")
    desk.close()
    desk.sandbox.git("merge", "--quiet", "--ff-only", "gitmem/drain")
    desk.sandbox.git("revert", "--no-edit", "HEAD")
    assert desk.states() == {"undrained": ["one"]}

    desk.land()

    assert desk.lines("memory/facts.md", "main") == ["one"]
    assert desk.states() == {}


def test_a_dropped_flag_leaves_the_review_and_discard_does_not_bring_it_back(desk: Desk) -> None:
    bad = desk.flag("wrong")
    desk.flag("right")
    desk.close()
    assert desk.drop(bad[:4]).in_review

    done = desk.close()

    fates = {item.flag.text: (item.fate, item.reason) for item in done.outcomes}
    assert fates == {"wrong": ("skipped", "not true"), "right": ("added", "")}
    assert desk.lines("memory/facts.md") == ["right"]
    assert desk.head("gitmem/drain^") == desk.head("main")
    desk.discard()
    assert [item.fate for item in desk.close().outcomes] == ["skipped", "added"]
    desk.accept()
    assert desk.lines("memory/facts.md", "main") == ["right"]
    assert desk.states() == {}


@pytest.mark.parametrize("how", ["amended", "extra"])
def test_a_drop_does_not_throw_a_reviewers_edit_away(desk: Desk, how: str) -> None:
    bad = desk.flag("wrong")
    desk.flag("right")
    desk.close()
    desk.sandbox.git("switch", "--quiet", "gitmem/drain")
    desk.sandbox.write("memory/facts.md", desk.sandbox.read("memory/facts.md") + "- by hand\n")
    desk.sandbox.git("add", ".")
    amend = ("--amend", "--no-edit") if how == "amended" else ("-m", "edit")
    desk.sandbox.git("commit", "--quiet", *amend)
    desk.sandbox.git("switch", "--quiet", "main")
    edited = desk.head("gitmem/drain")
    desk.drop(bad)

    done = desk.close()

    assert desk.head("gitmem/drain") == edited
    assert any("a person edited the review" in note for note in done.notes)
    assert any("hint: take its line out of gitmem/drain by hand" in note for note in done.notes)


def test_a_review_made_anew_keeps_the_flags_of_another_clone(desk: Desk) -> None:
    desk.flag("of the first clone")
    desk.close()
    other = desk.clone("other")
    other.sandbox.git("branch", "--quiet", "gitmem/drain", "origin/gitmem/drain")
    other.sandbox.git("branch", "--quiet", "-r", "-d", "origin/gitmem/queue")
    bad = other.flag("wrong")
    other.close()
    other.drop(bad)

    other.close()

    assert other.lines("memory/facts.md") == ["of the first clone"]


def test_a_review_that_somebody_has_checked_out_follows_or_is_refused(desk: Desk) -> None:
    bad = desk.flag("one")
    desk.close()
    desk.sandbox.git("switch", "--quiet", "gitmem/drain")
    desk.flag("two")

    desk.close()

    assert desk.sandbox.git("status", "--porcelain") == ""
    assert desk.sandbox.read("memory/facts.md").endswith("- one\n- two\n")
    desk.drop(bad)
    before = desk.footprint()
    with pytest.raises(InTheWay):
        desk.close()
    with pytest.raises(InTheWay):
        desk.discard()
    assert desk.footprint() == before


# ------------------------------------------------------------------ where it builds on


def upstream(desk: Desk) -> Desk:
    """A clone whose target follows ``desk``'s main."""
    return desk.clone("clone")


@pytest.mark.parametrize("case", ["ahead", "behind", "even", "diverged"])
def test_a_review_builds_on_whichever_of_target_and_upstream_contains_the_other(
    desk: Desk, case: str
) -> None:
    mine = upstream(desk)
    if case in {"behind", "diverged"}:
        desk.sandbox.commit("theirs", {"theirs.txt": "1\n"})
        mine.sandbox.git("fetch", "--quiet")
    if case in {"ahead", "diverged"}:
        mine.sandbox.commit("mine", {"mine.txt": "1\n"})
    mine.flag("a fact")

    done = mine.close()

    expected = "main" if case in {"ahead", "even"} else "origin/main"
    assert done.base == mine.head(expected)
    assert any("diverged" in note for note in done.notes) == (case == "diverged")


def test_what_is_accepted_but_not_pushed_is_neither_drained_again_nor_pruned(desk: Desk) -> None:
    mine = upstream(desk)
    mine.flag("a fact")
    done = mine.land()
    assert not done.pushed
    assert mine.states() == {"accepted": ["a fact"]}

    again = mine.close()

    assert (again.commit, again.outcomes) == ("", ())
    assert mine.head("gitmem/queue")
    assert not mine.check().ok(STRICT)
    assert mine.check().ok(Policy(allow_in_review=True))
    mine.sandbox.git("push", "--quiet", "origin", "main:landed")
    mine.sandbox.git("update-ref", "refs/remotes/origin/main", "main")
    mine.close()
    assert mine.head("gitmem/queue") == ""


def test_an_unborn_repository_gets_its_memory_as_a_root_commit(empty_sandbox: Sandbox) -> None:
    desk = Desk(sandbox=empty_sandbox)
    desk.sandbox.write("draft.txt", "mine\n")
    desk.sandbox.git("add", "draft.txt")
    desk.flag("a fact")

    desk.close()
    desk.accept()

    assert desk.sandbox.git("rev-list", "--count", "main") == "1"
    assert desk.sandbox.read("memory/facts.md").endswith("- a fact\n")
    assert desk.sandbox.git("status", "--porcelain") == "A  draft.txt"
    assert desk.states() == {}


def test_a_review_from_before_the_first_commit_is_made_again_on_it(empty_sandbox: Sandbox) -> None:
    desk = Desk(sandbox=empty_sandbox)
    desk.flag("a fact")
    desk.close()
    desk.sandbox.commit("start", {"README.md": "# A project\n"})

    done = desk.accept()

    assert done.rebuilt
    assert desk.head("main^") != ""
    assert desk.lines("memory/facts.md", "main") == ["a fact"]


def test_a_linked_worktree_of_a_bare_repository_closes_and_accepts(desk: Desk) -> None:
    bare = desk.sandbox.path.with_name("bare.git")
    desk.sandbox.git("clone", "--quiet", "--bare", ".", str(bare))
    tree = desk.sandbox.path.with_name("tree")
    Sandbox(bare).git("worktree", "add", "--quiet", str(tree), "main")
    mine = Desk(sandbox=Sandbox(tree))
    mine.flag("a fact")

    mine.land()

    assert mine.sandbox.read("memory/facts.md").endswith("- a fact\n")
    assert mine.sandbox.git("status", "--porcelain") == ""


# ------------------------------------------------------------------ --here


@pytest.fixture
def feature(desk: Desk) -> Desk:
    desk.sandbox.git("switch", "--quiet", "-c", "feature")
    desk.sandbox.commit("work", {"work.txt": "1\n"})
    return desk


def test_here_commits_onto_the_feature_branch_and_the_work_tree_follows(feature: Desk) -> None:
    feature.sandbox.write("README.md", "# edited\n")
    feature.flag("a fact")

    done = feature.close(here=True)

    assert (done.branch, done.commit) == ("feature", feature.head("feature"))
    assert feature.head("gitmem/drain") == ""
    assert feature.sandbox.read("memory/facts.md").endswith("- a fact\n")
    assert feature.sandbox.git("status", "--porcelain") == " M README.md"
    assert feature.states() == {"carried": ["a fact"]}
    assert feature.close().commit == ""
    assert feature.close(here=True).commit == ""


@pytest.mark.parametrize("how", ["merge", "squash"])
def test_the_memory_of_a_feature_branch_is_drained_when_that_lands(feature: Desk, how: str) -> None:
    feature.flag("a fact")
    feature.close(here=True)
    feature.sandbox.git("switch", "--quiet", "main")
    feature.sandbox.git("merge", "--quiet", f"--{how}" if how == "squash" else "--no-ff", "feature")
    if how == "squash":
        feature.sandbox.commit("squashed")

    assert feature.states() == {"drained": ["a fact"]}
    feature.close()
    assert feature.head("gitmem/queue") == ""
    assert feature.sandbox.git("for-each-ref", "refs/gitmem/here") == ""


def test_a_deleted_feature_branch_gives_its_flags_back(feature: Desk) -> None:
    feature.flag("a fact")
    feature.close(here=True)
    feature.sandbox.git("switch", "--quiet", "main")
    feature.sandbox.git("branch", "--quiet", "-D", "feature")
    assert feature.states() == {"undrained": ["a fact"]}

    feature.sandbox.git("switch", "--quiet", "-c", "feature/two")
    assert feature.close(here=True).commit == ""
    feature.close(here=True, everything=True)

    assert feature.lines("memory/facts.md", "feature/two") == ["a fact"]


def test_a_feature_branch_that_was_renamed_still_carries_its_flags(feature: Desk) -> None:
    feature.flag("a fact")
    feature.close(here=True)
    feature.sandbox.git("branch", "--move", "feature", "feature-2")
    feature.sandbox.commit("more work", {"work.txt": "2\n"})

    assert feature.states() == {"carried": ["a fact"]}
    assert feature.close().commit == ""  # nothing is filed a second time
    assert target.carriers(feature.repo) == ["feature-2"]


def test_here_is_refused_on_the_target_and_when_detached(desk: Desk) -> None:
    desk.flag("a fact")
    with pytest.raises(UsageError, match="target branch main"):
        desk.close(here=True)
    desk.sandbox.git("switch", "--quiet", "--detach")
    with pytest.raises(UsageError, match="detached"):
        desk.close(here=True)


def test_here_that_would_lose_an_edit_is_refused_and_nothing_changes(feature: Desk) -> None:
    feature.sandbox.write("memory/facts.md", "- a draft of mine\n")
    feature.flag("a fact")
    before = feature.footprint()
    tip = feature.head("feature")

    with pytest.raises(InTheWay, match=r"memory/facts\.md"):
        feature.close(here=True)

    assert feature.footprint() == before
    assert feature.head("feature") == tip
    assert feature.states() == {"undrained": ["a fact"]}


def test_a_drop_of_a_flag_on_a_feature_branch_says_where_to_edit(feature: Desk) -> None:
    flag = feature.flag("wrong")
    feature.close(here=True)

    with pytest.raises(UsageError, match="close --here"):
        feature.drop(flag)


# ------------------------------------------------------------------ two clones


def test_a_queue_drained_in_two_clones_lands_every_line_once(desk: Desk) -> None:
    desk.flag("shared")
    mine, theirs = desk.clone("mine"), desk.clone("theirs")
    mine.close()
    theirs.flag("only theirs")
    theirs.close()
    assert mine.lines("memory/facts.md") == ["shared"]
    assert sorted(theirs.lines("memory/facts.md")) == ["only theirs", "shared"]
    mine.accept()
    desk.sandbox.git("switch", "--quiet", "--detach")
    mine.sandbox.git("push", "--quiet", "origin", "main")
    theirs.sandbox.git("fetch", "--quiet")
    assert theirs.states() == {"drained": ["shared"], "in review": ["only theirs"]}

    done = theirs.accept()

    assert done.rebuilt
    assert sorted(theirs.lines("memory/facts.md", "main")) == ["only theirs", "shared"]
    theirs.sandbox.git("push", "--quiet", "origin", "main")
    theirs.close()
    assert theirs.states().keys() <= {"drained"}


def test_files_keep_their_modes_and_nothing_is_left_in_gitmems_folder(desk: Desk) -> None:
    desk.flag("a fact")
    desk.land()

    mode = (desk.sandbox.path / "memory/facts.md").stat().st_mode
    assert not mode & stat.S_IXUSR
    left = [path.name for path in Path(desk.repo.folder).rglob("*") if path.is_file()]
    assert sorted(name for name in left if not name.endswith(".lock")) == ["journal", "s1"]
    assert (Path(desk.repo.folder) / "land.lock").read_bytes() == b""


# ------------------------------------------------------------------ at once


def test_closes_at_once_drain_every_flag_once(desk: Desk) -> None:
    ids = [desk.flag(f"fact {number}") for number in range(5)]

    children = [desk.sandbox.start("close", "--json") for _ in range(4)]
    answers = [(child.communicate(timeout=PATIENCE)[0], child.returncode) for child in children]

    assert [code for _, code in answers] == [0] * 4
    commits = [json.loads(out)["commit"] for out, _ in answers]
    assert len([commit for commit in commits if commit]) == 1
    assert desk.sandbox.git("rev-list", "--count", "main..gitmem/drain") == "1"
    records = desk.sandbox.git("ls-tree", "--name-only", "gitmem/drain", ".gitmem/drains/")
    text = desk.show(records)
    assert all(text.count(f'{{"id":"{flag_id}","outcome"') == 1 for flag_id in ids)


def test_accepts_and_closes_at_once_end_in_one_landing(desk: Desk) -> None:
    desk.flag("a fact")
    desk.close()
    desk.flag("later")

    children = [desk.sandbox.start(command) for command in ("accept", "close", "accept", "close")]
    codes = []
    for child in children:
        child.communicate(timeout=PATIENCE)
        codes.append(child.returncode)

    assert set(codes) <= {0, 7, 8}
    desk.close()
    if desk.head("gitmem/drain"):
        desk.accept()
    assert desk.lines("memory/facts.md", "main") == ["a fact", "later"]
    assert desk.sandbox.git("status", "--porcelain") == ""
    assert desk.states() == {}
