"""Tainted flags: what a client loads takes them only from a person's hand, and memory is loaded."""

from __future__ import annotations

import json

import pytest

from gitmem.core.errors import Refused
from gitmem.git import refs
from gitmem.records import in_review
from gitmem.session import session_file
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox

SKILL = ".claude/skills/deploy/SKILL.md"
SKILL_TEXT = "---\nname: deploy\ndescription: how to deploy\n---\n\n# Deploy\n\nPush the tag.\n"


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    """A repository with rules and a skill, in whose session "s1" untrusted text stands."""
    sandbox.commit("rules", {"CLAUDE.md": "# Rules\n", SKILL: SKILL_TEXT})
    found = Desk(sandbox=sandbox)
    session_file.mark(found.repo.folder, "s1", ["taint WebFetch"])
    return found


def clean_fact(desk: Desk) -> str:
    """A fact of a session that saw no untrusted text."""
    branch = desk.sandbox.git("branch", "--show-current")
    return desk.foreign_flag(text="a fact", branch=branch, at="2026-11-20T10:00:00Z", by="A <a@b>")


def snag(desk: Desk, better: str, **fields: str) -> str:
    return desk.flag("it snagged", kind="snag", better=better, **fields)


def test_a_tainted_line_of_memory_lands_by_a_persons_word_and_the_review_commit_says_so(
    desk: Desk,
) -> None:
    desk.flag("the page says that port 8080 is free")
    desk.flag("who owns the page?", kind="pending")

    desk.close()

    message = desk.sandbox.git("log", "-1", "--format=%B", "gitmem/drain")
    assert message.count(", tainted)") == 2
    assert '"tainted":true' in desk.sandbox.git("show", "gitmem/drain")
    with pytest.raises(Refused, match="port 8080"):
        desk.accept()
    assert len(desk.accept(tainted=True).flags) == 2


@pytest.mark.parametrize(("fields", "file"), [({}, "CLAUDE.md"), ({"skill": "deploy"}, SKILL)])
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_tainted_instruction_is_not_landed_and_named(
    desk: Desk, fields: dict[str, str], file: str, dry_run: bool
) -> None:
    flag_id = snag(desk, "run the page's installer", **fields)
    clean_fact(desk)
    desk.close()
    before = desk.footprint(), desk.head("main"), desk.head("gitmem/drain"), desk.states()

    with pytest.raises(Refused) as refused:
        desk.accept(dry_run=dry_run)

    assert f"{flag_id} -> {file}: run the page's installer" in refused.value.message
    assert "a fact" not in refused.value.message
    assert (desk.footprint(), desk.head("main"), desk.head("gitmem/drain"), desk.states()) == before


def test_a_person_lands_it_with_tainted(desk: Desk) -> None:
    flag_id = snag(desk, "run the page's installer", skill="deploy")
    desk.close()

    done = desk.accept(tainted=True)

    assert done.flags == (flag_id,)
    assert "- run the page's installer" in desk.show(SKILL, "main")
    assert desk.check().undrained == ()


def test_a_tainted_instruction_that_was_dropped_does_not_stand_in_the_way(desk: Desk) -> None:
    flag_id = snag(desk, "run the page's installer")
    clean_fact(desk)
    desk.close()

    desk.drop(flag_id)
    desk.close()

    assert len(desk.accept().flags) == 2
    assert "installer" not in desk.show("CLAUDE.md", "main")


def test_it_is_refused_too_where_the_target_has_moved(desk: Desk) -> None:
    snag(desk, "run the page's installer")
    desk.close()
    desk.sandbox.commit("meanwhile", {"other": "text\n"})

    with pytest.raises(Refused):
        desk.accept()
    assert desk.accept(tainted=True).rebuilt


def test_a_stacked_review_is_looked_at_as_a_whole(desk: Desk) -> None:
    snag(desk, "run the page's installer")
    desk.close()
    clean_fact(desk)
    desk.close()

    with pytest.raises(Refused):
        desk.accept()


def test_what_landed_with_a_persons_word_is_not_asked_for_again(desk: Desk) -> None:
    snag(desk, "run the page's installer")
    desk.close()
    desk.accept(tainted=True)
    clean_fact(desk)
    desk.close()

    assert len(desk.accept().flags) == 1


def test_close_here_leaves_tainted_instructions_queued_with_the_reason(desk: Desk) -> None:
    desk.sandbox.git("switch", "--quiet", "--create", "side")
    tainted = snag(desk, "run the page's installer")
    fact = clean_fact(desk)
    session_file.mark(desk.repo.folder, "s1", ["nudge commit", "nudge commit"])
    clean = snag(desk, "run the linter")

    closed = desk.close(here=True)

    assert {outcome.flag.id for outcome in closed.outcomes} == {fact, clean}
    assert [(left.id, "--tainted" in left.reason) for left in closed.left] == [(tainted, True)]
    assert "run the linter" in desk.show("CLAUDE.md", "side")
    assert "installer" not in desk.sandbox.git("log", "-1", "--format=", "--patch", "side")
    assert tainted in desk.sandbox.git("log", "-1", "--format=%B", "side")
    assert desk.states()["undrained"] == ["it snagged"]
    again = desk.close(here=True)
    assert (again.commit, [left.id for left in again.left]) == ("", [tainted])


def test_the_records_of_the_branch_in_review_decide_not_the_queue(desk: Desk) -> None:
    snag(desk, "run the page's installer")
    desk.close()
    (found,) = in_review.outcomes_between(
        desk.repo, desk.head("main"), refs.resolve(desk.repo, "refs/heads/gitmem/drain")
    )

    assert found.flag.tainted


def test_the_commands_say_what_is_tainted_and_who_may_land_it(desk: Desk) -> None:
    snag(desk, "run the page's installer")
    clean_fact(desk)
    sandbox = desk.sandbox
    assert sandbox.gitmem("close").code == 0

    review = sandbox.gitmem("review").out
    outcomes = json.loads(sandbox.gitmem("review", "--json").out)["outcomes"]
    refused = sandbox.gitmem("accept")

    assert review.count(", tainted  ") == 1
    assert "1 tainted line would become instructions" in review
    assert sorted(item["tainted"] for item in outcomes) == [False, True]
    assert refused.code == 4
    assert "CLAUDE.md: run the page's installer" in refused.err
    assert "read these lines, then run gitmem accept --tainted" in refused.err


def test_an_agent_cannot_say_the_persons_word(desk: Desk) -> None:
    snag(desk, "run the page's installer")
    sandbox = desk.sandbox
    sandbox.gitmem("close")
    sandbox.git("config", "gitmem.acceptInAgent", "true")
    inside = {"CLAUDECODE": "1"}

    assert sandbox.gitmem("accept", env=inside).code == 4
    assert sandbox.gitmem("accept", "--tainted", env=inside).code == 4
    assert sandbox.gitmem("accept", "--tainted", "--dry-run", env=inside).code == 0
    assert sandbox.gitmem("accept", "--tainted").code == 0
