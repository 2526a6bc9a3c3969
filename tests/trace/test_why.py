"""Where a line comes from: through landings, renames, moves, rewordings and shallow clones."""

from __future__ import annotations

import pytest

from gitmem.core.errors import UsageError
from gitmem.trace.origin import Origin, OriginKind
from gitmem.trace.why import why
from tests.support import hostile
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox
from tests.support.scripted import Scripted, operation

FACTS = "memory/facts.md"
FACT = "The build cache is keyed by the lock file"


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox=sandbox)


def asked(desk: Desk, line: str) -> Origin:
    return why(desk.repo, line, cwd=str(desk.sandbox.path), folder=desk.folder)


def ids(found: Origin) -> list[str]:
    return [filed.outcome.flag.id for filed in found.filed]


def landed(desk: Desk, text: str = FACT) -> str:
    flag = desk.flag(text)
    desk.land()
    return flag


def number(desk: Desk, words: str, file: str = FACTS) -> int:
    rows = desk.sandbox.read(file).splitlines()
    return next(at for at, row in enumerate(rows, 1) if words in row)


def reworded(desk: Desk, old: str, new: str, file: str = FACTS) -> None:
    text = desk.sandbox.read(file)
    assert old in text
    desk.sandbox.write(file, text.replace(old, new))


def test_a_filed_line_leads_to_its_flag_its_drain_and_the_review_commit(desk: Desk) -> None:
    flag = landed(desk)
    commit = desk.head("main")

    found = asked(desk, f"{FACTS}:{number(desk, FACT)}")

    assert (found.kind, found.by_hand, ids(found)) == (OriginKind.FILED, False, [flag])
    assert found.commit is not None
    assert found.landing is not None
    assert (found.commit.oid, found.landing.oid) == (commit, commit)
    assert (found.filed[0].engine, found.filed[0].outcome.flag.session) == ("verbatim", "s1")


@pytest.mark.parametrize("how", ["merge", "squash", "rebase", "cherry-pick"])
def test_however_the_review_landed_the_line_leads_to_its_flag(desk: Desk, how: str) -> None:
    flag = desk.flag(FACT)
    desk.close()
    desk.sandbox.commit("meanwhile", {"other.txt": "x\n"})
    if how == "merge":
        desk.sandbox.git("merge", "--quiet", "--no-ff", "--no-edit", "gitmem/drain")
    elif how == "squash":
        desk.sandbox.git("merge", "--quiet", "--squash", "gitmem/drain")
        desk.sandbox.git("commit", "--quiet", "--message", "memory (#1)")
    elif how == "rebase":
        desk.sandbox.git("rebase", "--quiet", "main", "gitmem/drain")
        desk.sandbox.git("switch", "--quiet", "main")
        desk.sandbox.git("merge", "--quiet", "--ff-only", "gitmem/drain")
    else:
        desk.sandbox.git("cherry-pick", "gitmem/drain")

    found = asked(desk, FACT)

    assert (found.kind, ids(found), found.landing) == (OriginKind.FILED, [flag], found.commit)


def test_a_line_that_a_person_reworded_names_both(desk: Desk) -> None:
    flag = landed(desk)
    reworded(desk, "the lock file", "the lock file, not by the branch")

    loose = asked(desk, f"{FACTS}:{number(desk, 'not by the branch')}")
    desk.sandbox.git("commit", "--quiet", "--all", "--message", "say more")
    found = asked(desk, f"{FACTS}:{number(desk, 'not by the branch')}")

    assert (loose.kind, loose.committed, ids(loose)) == (OriginKind.REWORDED, False, [flag])
    assert (found.kind, found.by_hand, ids(found)) == (OriginKind.REWORDED, True, [flag])
    assert found.commit is not None
    assert found.commit.subject == "say more"
    assert [change.was for change in found.changes] == [FACT]


def test_a_reviewers_edit_in_a_squashed_review_names_both(desk: Desk) -> None:
    flag = desk.flag(FACT)
    desk.close()
    desk.sandbox.git("switch", "--quiet", "gitmem/drain")
    reworded(desk, "is keyed by", "is keyed only by")
    desk.sandbox.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    desk.sandbox.git("switch", "--quiet", "main")
    desk.sandbox.git("merge", "--quiet", "--squash", "gitmem/drain")
    desk.sandbox.git("commit", "--quiet", "--message", "memory (#1)")

    found = asked(desk, "keyed only by")

    assert (found.kind, ids(found)) == (OriginKind.REWORDED, [flag])


def test_a_line_follows_renames_and_moves_to_another_file(desk: Desk) -> None:
    flag = landed(desk)
    desk.sandbox.git("mv", FACTS, "memory/build.md")
    desk.sandbox.git("commit", "--quiet", "--message", "rename")
    renamed = asked(desk, f"memory/build.md:{number(desk, FACT, 'memory/build.md')}")
    text = desk.sandbox.read("memory/build.md")
    desk.sandbox.commit(
        "move",
        {"memory/build.md": text.replace(f"- {FACT}\n", ""), "memory/ci.md": f"# CI\n\n* {FACT}\n"},
    )
    moved = asked(desk, "memory/ci.md:3")

    assert (renamed.kind, ids(renamed)) == (OriginKind.FILED, [flag])
    assert (moved.kind, ids(moved)) == (OriginKind.FILED, [flag])


def test_a_line_that_was_moved_and_reworded_at_once_leads_to_its_flag(desk: Desk) -> None:
    flag = landed(desk)
    text = desk.sandbox.read(FACTS)
    desk.sandbox.commit(
        "move",
        {FACTS: text.replace(f"- {FACT}\n", ""), "memory/ci.md": f"# CI\n\n- {FACT}, on CI too\n"},
    )

    found = asked(desk, "memory/ci.md:3")

    assert (found.kind, ids(found)) == (OriginKind.REWORDED, [flag])


def test_a_line_of_a_persons_own_is_by_hand_committed_or_not(desk: Desk) -> None:
    landed(desk)
    desk.sandbox.write(FACTS, desk.sandbox.read(FACTS) + "- Nobody flagged Fridays\n")
    loose = asked(desk, "Nobody flagged")
    desk.sandbox.git("commit", "--quiet", "--all", "--message", "by hand")
    found = asked(desk, "Nobody flagged")

    assert (loose.kind, loose.committed, loose.commit) == (OriginKind.HAND, False, None)
    assert (found.kind, found.by_hand, ids(found)) == (OriginKind.HAND, True, [])
    assert found.commit is not None
    assert found.commit.subject == "by hand"


def test_a_superseding_line_names_what_it_replaced_as_far_back_as_it_goes(desk: Desk) -> None:
    first = landed(desk, "The port is 5432")
    second = desk.flag("The port is 5433")
    desk.close(
        engine=Scripted(
            operation("supersede", second, FACTS, "The port is 5433", "The port is 5432")
        )
    )
    desk.accept()
    third = desk.flag("The port is 5434")
    desk.close(
        engine=Scripted(
            operation("supersede", third, FACTS, "The port is 5434", "The port is 5433")
        )
    )
    desk.accept()

    found = asked(desk, "The port is")

    chain = [found]
    while chain[-1].replaced:
        chain += chain[-1].replaced
    assert [ids(one) for one in chain] == [[third], [second], [first]]


def test_a_line_of_a_skill_and_a_rule_leads_to_its_snag(desk: Desk) -> None:
    skill = ".claude/skills/deploy/SKILL.md"
    head = "---\nname: deploy\ndescription: d\n---\n\n# Deploy\n\n- Step one"
    desk.sandbox.commit("skill", {skill: head})  # no line end: git blames the old last line, too
    one = desk.flag("it broke", kind="snag", better="Tag before the deploy", skill="deploy")
    two = desk.flag("it failed", kind="snag", better="Run the linter first")
    desk.land()

    assert ids(asked(desk, "Tag before")) == [one]
    assert ids(asked(desk, "Run the linter")) == [two]
    assert asked(desk, f"{skill}:8").kind is OriginKind.HAND
    assert asked(desk, "CLAUDE.md:1").kind is OriginKind.OURS


def test_a_shallow_clone_says_what_it_cannot_know(desk: Desk) -> None:
    flag = landed(desk)
    desk.sandbox.commit("by hand", {FACTS: desk.sandbox.read(FACTS) + "- My own line\n"})
    shallow = desk.clone("shallow", "--depth=1")

    filed, hand = asked(shallow, FACT), asked(shallow, "My own line")

    assert (filed.kind, ids(filed), filed.landing, filed.commit) == (
        OriginKind.FILED,
        [flag],
        None,
        None,
    )
    assert (hand.kind, hand.by_hand) == (OriginKind.UNKNOWN, None)


def test_what_no_line_or_several_lines_answer_to_is_a_usage_error_that_lists_them(
    desk: Desk,
) -> None:
    desk.flag("The port is 5432")
    desk.flag("The port of the proxy is 80")
    desk.land()

    for wrong in ("nothing like it", f"{FACTS}:999", f"{FACTS}:5", "nofile.md:3"):
        with pytest.raises(UsageError):
            asked(desk, wrong)
    with pytest.raises(UsageError, match=rf"{FACTS}:8 .*{FACTS}:9 "):
        asked(desk, "The port")


def test_a_copied_line_with_its_marker_and_a_file_of_any_kind_will_do(desk: Desk) -> None:
    flag = landed(desk)

    assert ids(asked(desk, f"- {FACT}.")) == [flag]
    assert asked(desk, "README.md:1").kind is OriginKind.HAND


def test_a_user_who_ignores_revisions_in_blame_is_told_the_truth_all_the_same(desk: Desk) -> None:
    flag = landed(desk)
    for scope, name in (("--global", "no-such-file"), ("--local", ".ignored")):
        desk.sandbox.git("config", scope, "--add", "blame.ignoreRevsFile", name)
    desk.sandbox.write(".ignored", desk.sandbox.git("rev-parse", "HEAD") + "\n")

    assert ids(asked(desk, FACT)) == [flag]
    assert desk.sandbox.gitmem("check", "--trace").code == 0


OWN = "Bump the lock file, and every runner starts cold"


@pytest.mark.parametrize("how", ["amended", "upon it", "squashed", "rebased"])
def test_a_reviewers_own_words_in_the_place_of_a_filed_line_name_both(desk: Desk, how: str) -> None:
    """However little the two lines have in common: a review is where a person says it better."""
    flag, other = desk.flag(FACT), desk.flag("Tests run on two machines")
    desk.close()
    desk.sandbox.git("switch", "--quiet", "gitmem/drain")
    reworded(desk, FACT, OWN)
    amend = ["--amend", "--no-edit"] if how == "amended" else ["--message", "say it better"]
    desk.sandbox.git("commit", "--quiet", "--all", *amend)
    desk.sandbox.git("switch", "--quiet", "main")
    if how == "squashed":
        desk.sandbox.git("merge", "--quiet", "--squash", "gitmem/drain")
        desk.sandbox.git("commit", "--quiet", "--message", "memory (#1)")
    elif how == "rebased":
        desk.sandbox.commit("meanwhile", {"other.txt": "x\n"})
        desk.sandbox.git("rebase", "--quiet", "main", "gitmem/drain")
        desk.sandbox.git("switch", "--quiet", "main")
        desk.sandbox.git("merge", "--quiet", "--ff-only", "gitmem/drain")
    else:
        desk.sandbox.git("merge", "--quiet", "--no-ff", "--no-edit", "gitmem/drain")

    found = asked(desk, OWN)

    assert (found.kind, ids(found)) == (OriginKind.REWORDED, [flag])
    assert [change.was for change in found.changes] == [FACT]
    assert ids(asked(desk, "Tests run on two machines")) == [other]
    assert desk.sandbox.gitmem("check", "--trace").code == 0


def test_a_reviewers_line_beside_the_filed_ones_is_by_hand(desk: Desk) -> None:
    desk.flag(FACT)
    desk.flag("Tests run on two machines")
    desk.close()
    desk.sandbox.git("switch", "--quiet", "gitmem/drain")
    reworded(desk, f"- {FACT}\n", f"- {OWN}\n- Ask before a release\n")
    desk.sandbox.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    desk.sandbox.git("switch", "--quiet", "main")
    desk.sandbox.git("merge", "--quiet", "--ff-only", "gitmem/drain")

    assert asked(desk, OWN).kind is OriginKind.HAND
    assert asked(desk, "Ask before a release").kind is OriginKind.HAND


def test_folders_nested_without_end_beside_the_records_do_not_hold_why_up(desk: Desk) -> None:
    flag = landed(desk)
    commit = hostile.nested_beside(desk.sandbox, ".gitmem/drains")
    desk.sandbox.git("update-ref", "HEAD", commit)

    found = asked(desk, FACT)

    assert ids(found) == [flag]
    assert found.landing is not None
    assert found.landing.records == (found.filed[0].path,)
