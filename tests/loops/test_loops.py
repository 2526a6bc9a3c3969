"""Loops: a snag, its edit, and what happens when it comes back."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from gitmem.core.errors import Refused, UsageError
from gitmem.drain.plan import Operation, Plan, Request
from gitmem.drain.ports import Answer
from gitmem.drain.verbatim import Verbatim
from gitmem.loops import flag_history, loops
from gitmem.loops.loops import LoopReport
from gitmem.memory.guard_file import read_guards
from gitmem.review import review
from gitmem.session import ledger
from tests.support import hostile
from tests.support.desk import AT, Desk
from tests.support.sandbox import Sandbox

SKILL = (
    "---\nname: release\ndescription: Make a release, tag it, publish it.\n---\n\n# Release\n\n"
    "## Tagging a release\n\n1. Run `make release`.\n\n## Mirrors\n\n- Sync them.\n"
)
FILE = ".claude/skills/release/SKILL.md"
GUARDS = ".gitmem/guards.jsonl"


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox=sandbox)


def read(desk: Desk) -> list[LoopReport]:
    return loops.read_loops(desk.repo, desk.target, desk.folder)


def state(desk: Desk) -> tuple[str, str, int]:
    """State, rung and number of recurrences of the only loop."""
    (told,) = read(desk)
    return told.loop.state.value, told.climb.rung.value, len(told.loop.again)


def snag(desk: Desk, text: str = "`make release` tagged too early", **fields: str) -> str:
    better = fields.pop("better", f"Check the changelog ({text[-12:]})")
    return desk.flag(text, kind="snag", better=better, **fields)


@dataclass(slots=True)
class Matching:
    """A drain worker that takes every snag for a return of the first earlier one it is shown."""

    name: str = "test"
    model: str = ""
    shown: list[Request] = field(default_factory=list)

    def prepared(self, plan: Plan) -> Plan:
        return plan

    def run(self, request: Request) -> Answer:
        self.shown.append(request)
        made = Verbatim().run(request).operations
        return Answer(
            operations=tuple(
                Operation(
                    op=one.op,
                    flags=one.flags,
                    file=one.file,
                    text=one.text,
                    again=next((snag.id for snag in request.earlier.get(one.flags[0], ())), ""),
                )
                for one in made
            )
        )

    def stop(self) -> None:
        return


def test_a_loop_goes_from_proposed_to_closed(desk: Desk) -> None:
    first = snag(desk)
    assert state(desk) == ("proposed", "rule", 0)

    closed = desk.close()
    assert state(desk) == ("in_review", "rule", 0)
    (told,) = read(desk)
    assert told.loop.proposal is not None
    assert told.loop.proposal.commit == closed.commit

    landed = desk.accept()
    (told,) = read(desk)
    assert (told.loop.state, told.target) == ("closed", "CLAUDE.md")
    assert told.loop.edit is not None
    assert told.loop.edit.commit == landed.commit
    assert [entry.flag.id for entry in told.loop.opened] == [first]


def test_a_snag_that_comes_back_climbs_from_rule_to_skill_to_guard(desk: Desk) -> None:
    desk.sandbox.commit("skill", {FILE: SKILL})
    first = snag(desk)
    desk.land()
    snag(desk, "the release was tagged too early again", again=first)
    assert state(desk) == ("recurred", "skill", 1)

    closed = desk.close()
    (outcome,) = closed.outcomes
    assert (outcome.file, outcome.reason) == (FILE, "a rung up from rule to skill")
    assert "did not take" in closed.recurred[0]
    assert state(desk) == ("reopened", "skill", 1)
    desk.accept()
    assert state(desk) == ("closed", "skill", 1)
    assert desk.show(FILE, "main").index("- Check the changelog") < desk.show(FILE, "main").index(
        "## Mirrors"
    )

    third = snag(desk, "tagged too early once more", again=first[:6])
    assert state(desk) == ("recurred", "guard", 2)
    desk.land()
    assert state(desk) == ("closed", "guard", 2)
    (guard,) = read_guards(desk.show(GUARDS, "main")).guards
    assert (guard.tools, guard.match, guard.flags) == (
        ("Bash",),
        "make release",
        (first, third),
    )
    assert guard.lesson == "Check the changelog (ly once more) (tagged too early once more)"


def test_without_a_fitting_skill_the_next_rung_is_a_guard(desk: Desk) -> None:
    first = snag(desk)
    desk.land()

    snag(desk, "again", again=first)

    assert state(desk) == ("recurred", "guard", 1)


def test_gitmem_s_own_skill_is_no_rung(desk: Desk) -> None:
    own = "---\nname: gitmem-close\ndescription: How make release tagged too early.\n---\n\n# Own\n"
    desk.sandbox.commit("own", {".claude/skills/gitmem-close/SKILL.md": own})
    first = snag(desk)
    desk.land()

    snag(desk, "again", again=first)

    assert state(desk) == ("recurred", "guard", 1)


def test_without_a_command_or_path_the_fix_stays_where_it_is_and_says_so(desk: Desk) -> None:
    first = snag(desk, "people forget the changelog")
    desk.land()
    snag(desk, "forgotten again", again=first)

    (outcome,) = desk.close().outcomes

    assert outcome.file == "CLAUDE.md"
    assert "name it in backticks, or with --paths" in outcome.reason


def test_a_note_in_memory_that_did_not_help_becomes_a_rule(desk: Desk) -> None:
    note = desk.flag("the changelog comes before the tag", kind="gotcha")
    desk.land()
    assert read(desk) == []

    snag(desk, "tagged too early", again=note)

    (told,) = read(desk)
    assert (told.loop.state, told.climb.rung, told.target) == (
        "recurred",
        "rule",
        "memory/gotchas.md",
    )
    desk.land()
    assert state(desk) == ("closed", "rule", 1)


def test_a_queued_recurrence_counts_before_its_loop_has_landed(desk: Desk) -> None:
    first = snag(desk)
    snag(desk, "again", again=first)

    assert state(desk) == ("recurred", "rule", 1)
    desk.land()
    assert state(desk) == ("closed", "rule", 1)


def test_a_dropped_snag_is_no_loop_and_no_recurrence(desk: Desk) -> None:
    first = snag(desk)
    desk.land()
    desk.drop(snag(desk, "again", again=first))
    assert state(desk) == ("closed", "rule", 0)

    desk.drop(snag(desk, "another one"))
    assert len(read(desk)) == 1


def test_a_reverted_landing_is_proposed_again(desk: Desk) -> None:
    snag(desk)
    desk.land()

    desk.sandbox.git("revert", "--no-edit", "HEAD")

    assert state(desk)[0] == "proposed"


@pytest.mark.parametrize("name", ["zzzzzzzzzzzz", "not an id", ""])
def test_an_id_that_nobody_has_is_refused_and_nothing_is_saved(desk: Desk, name: str) -> None:
    if name:
        with pytest.raises(Refused, match="id"):
            snag(desk, again=name)
    assert read(desk) == []


def test_those_that_came_back_most_often_stand_first(desk: Desk) -> None:
    quiet = snag(desk, "`make quiet` broke")
    once = snag(desk, "`make once` broke")
    often = snag(desk, "`make often` broke")
    desk.land()
    snag(desk, "once again", again=once)
    for number in range(2):
        snag(desk, f"often again {number}", again=often)

    told = read(desk)

    assert [one.loop.opened[0].flag.id for one in told] == [often, once, quiet]
    assert desk.close().recurred[0].startswith("`make often` broke: second time since the rule")


def test_a_worker_sees_near_snags_only_and_its_match_climbs(desk: Desk) -> None:
    first = snag(desk, "`make release` tagged too early")
    snag(desk, "the staging database is read-only", better="Use the copy.")
    desk.land()
    engine = Matching()
    again = snag(desk, "the release got tagged too early")

    (outcome,) = desk.close(engine=engine).outcomes

    assert [one.id for one in engine.shown[0].earlier[again]] == [first]
    assert (outcome.again, outcome.file) == (first, GUARDS)
    told = next(one for one in read(desk) if one.loop.again)
    assert (told.loop.state, told.climb.rung) == ("reopened", "guard")
    desk.accept()
    told = next(one for one in read(desk) if one.loop.again)
    assert [entry.flag.id for entry in told.loop.again] == [again]


def test_a_match_can_be_taken_back_and_the_review_is_made_anew(desk: Desk) -> None:
    first = snag(desk)
    desk.land()
    again = snag(desk, "the release was tagged too early, for another reason")
    desk.close(engine=Matching())
    assert [item.flag.id for item in review.read(desk.repo, desk.target).matched] == [again]

    done = review.unmatch(desk.repo, desk.target, again[:5], at=AT, dry_run=False)
    assert (done.flag.id, done.again) == (again, first)
    closed = desk.close(engine=Matching())

    (outcome,) = closed.outcomes
    assert (outcome.again, outcome.file) == ("", "CLAUDE.md")
    assert len(read(desk)) == 2
    desk.accept()
    assert [len(one.loop.again) for one in read(desk)] == [0, 0]


def test_taking_back_what_was_never_matched_is_refused(desk: Desk) -> None:
    first = snag(desk)
    desk.close()

    with pytest.raises(UsageError, match="no match in review"):
        review.unmatch(desk.repo, desk.target, first, at=AT, dry_run=False)


def test_the_embedded_engine_matches_the_very_same_words_alone(desk: Desk) -> None:
    first = snag(desk, "`make release` tagged too early")
    desk.land()
    snag(desk, "`make release` tagged  too early.", better="Wait for the changelog.")
    snag(desk, "`make release` tagged too late")

    outcomes = desk.close().outcomes

    assert [item.again for item in outcomes] == [first, ""]


def test_the_same_better_path_again_is_a_recurrence_of_the_line_it_made(desk: Desk) -> None:
    snag(desk, "tagged too early", better="Check the changelog.")
    desk.land()
    snag(desk, "something else broke", better="Check the changelog.")
    desk.land()

    assert state(desk) == ("recurred", "rule", 1)


def test_a_guard_that_fires_is_counted_for_its_loop(desk: Desk) -> None:
    first = snag(desk)
    desk.land()
    snag(desk, "again", again=first)
    desk.land()
    for did in (
        f"guarded {first}",
        f"guarded bbbbbbbbbbbb {first}",
        "guarded cccccccccccc",
        "nothing",
    ):
        ledger.write(desk.repo.folder, {"event": "PreToolUse", "did": did})

    (told,) = read(desk)

    assert told.fires == 2


def test_a_snag_that_names_no_call_makes_no_guard_and_the_review_says_so(desk: Desk) -> None:
    first = snag(desk, "the stash was gone", better="commit, do not stash")
    desk.land()
    snag(desk, "git lost my stash after a rebase", better="commit, do not stash it", again=first)

    done = desk.close()

    assert "no guard could be made" in done.outcomes[0].reason
    assert desk.sandbox.git("ls-tree", "gitmem/drain", GUARDS) == ""


def test_a_tainted_snag_reaches_a_guard_only_when_a_person_says_so(desk: Desk) -> None:
    first = snag(desk)
    desk.land()
    desk.foreign_flag(
        kind="snag", text="again", better="run it", at=AT, by="x", again=first, tainted=True
    )
    desk.close()

    with pytest.raises(Refused, match="tainted"):
        desk.accept()
    desk.accept(tainted=True)
    assert len(read_guards(desk.show(GUARDS, "main")).guards) == 1


def test_a_hostile_lesson_from_the_queue_becomes_no_guard_and_stays_queued(desk: Desk) -> None:
    first = snag(desk)
    desk.land()
    bad = desk.foreign_flag(
        kind="snag", text="again", better="look \u202e here", at=AT, by="x", again=first
    )

    assert [left.id for left in desk.close().left] == [bad]


def test_history_names_the_commit_that_landed_and_survives_a_squash(desk: Desk) -> None:
    first = snag(desk)
    desk.close()
    desk.sandbox.git("merge", "--squash", "--quiet", "gitmem/drain")
    desk.sandbox.git("commit", "--quiet", "--message", "squashed")

    (entry,) = flag_history.take(desk.repo, desk.target).entries

    assert (entry.flag.id, entry.landed) == (first, True)
    assert entry.commit == desk.head("main")


def test_the_record_of_a_match_is_one_key_beside_the_flag(desk: Desk) -> None:
    first = snag(desk)
    desk.land()
    snag(desk, "the release was tagged too early")
    desk.close(engine=Matching())

    name = desk.sandbox.git("diff", "--name-only", "main", "gitmem/drain", ".gitmem/drains/")
    line = json.loads(desk.show(name).splitlines()[1])

    assert line["again"] == first
    assert "again" not in line["flag"]


def test_folders_nested_without_end_beside_the_records_do_not_hold_a_history_up(desk: Desk) -> None:
    snag(desk)
    desk.land()
    landing = desk.head("main")
    commit = hostile.nested_beside(desk.sandbox, ".gitmem/drains")
    desk.sandbox.git("update-ref", "HEAD", commit)

    (entry,) = flag_history.take(desk.repo, desk.target).entries

    assert (entry.commit, entry.landed) == (landing, True)


def said(desk: Desk, *flags: str, at: str = AT, session: str = "s1", did: str = "guarded") -> None:
    """What a hook leaves in the ledger when guards with these flags speak."""
    entry = {"event": "PreToolUse", "at": at, "session": session, "did": " ".join([did, *flags])}
    ledger.write(desk.repo.folder, entry)


def guarded(desk: Desk) -> str:
    """A loop whose edit in force is a guard; the id of its first snag."""
    first = snag(desk)
    desk.land()
    snag(desk, "again", again=first)
    desk.land()
    assert state(desk) == ("closed", "guard", 1)
    return first


def guards_of(desk: Desk, ref: str = "main") -> list[tuple[str, str]]:
    """Pattern and mode of each guard."""
    return [(one.match, one.mode) for one in read_guards(desk.show(GUARDS, ref)).guards]


def test_a_guard_that_was_said_before_the_snag_came_back_climbs_to_a_hold(desk: Desk) -> None:
    first = guarded(desk)
    said(desk, first)
    third = snag(desk, "tagged too early all the same", again=first)
    assert state(desk) == ("recurred", "hold", 2)

    closed = desk.close()

    (outcome,) = closed.outcomes
    assert (outcome.file, outcome.reason) == (GUARDS, "a rung up from guard to hold")
    assert "the guard did not take" in closed.recurred[0]
    assert guards_of(desk) == [("make release", "")]
    assert guards_of(desk, "gitmem/drain") == [("make release", "once")]
    desk.accept()
    assert state(desk) == ("closed", "hold", 2)
    (guard,) = read_guards(desk.show(GUARDS, "main")).guards
    assert guard.flags[-1] == third
    assert guard.lesson == "Check the changelog (all the same) (tagged too early all the same)"


def test_a_guard_that_was_not_said_stays_a_guard_and_the_review_says_why(desk: Desk) -> None:
    first = guarded(desk)
    said(desk, "c" * 12)
    snag(desk, "again with `gmake release`", again=first)
    assert state(desk) == ("recurred", "guard", 2)

    (outcome,) = desk.close().outcomes

    assert "no hook of this clone said the guard" in outcome.reason
    desk.accept()
    assert guards_of(desk) == [("make release", ""), ("gmake release", "")]


@pytest.mark.parametrize(
    ("at", "session"), [("2026-11-20T10:00:01Z", "s1"), (AT, "another session"), (AT, "")]
)
def test_only_a_guard_that_spoke_before_and_in_the_session_counts_as_said(
    desk: Desk, at: str, session: str
) -> None:
    first = guarded(desk)
    said(desk, first, at=at, session=session)
    snag(desk, "tagged too early all the same", again=first)

    assert state(desk) == ("recurred", "guard", 2)


def test_a_return_that_names_no_session_counts_after_any_showing(desk: Desk) -> None:
    first = guarded(desk)
    said(desk, first, session="s7")
    desk.foreign_flag(kind="snag", text="again", better="wait", at=AT, by="x", again=first)

    assert state(desk) == ("recurred", "hold", 2)


def test_above_a_hold_there_is_nothing_and_it_takes_the_new_lesson(desk: Desk) -> None:
    first = guarded(desk)
    said(desk, first)
    snag(desk, "tagged too early all the same", again=first)
    desk.land()
    said(desk, first, did="held")
    snag(desk, "and it was tagged once more", again=first)

    (outcome,) = desk.close().outcomes

    assert outcome.reason == "there is nothing above a hold; a person may set its mode to ask"
    desk.accept()
    assert guards_of(desk) == [("make release", "once")]
    (told,) = read(desk)
    assert (told.climb.rung, told.fires, told.holds) == ("hold", 2, 1)


def test_a_guard_that_asks_a_person_each_time_keeps_its_mode(desk: Desk) -> None:
    first = guarded(desk)
    asking = desk.show(GUARDS, "main").replace("}", ',"mode":"ask"}')
    desk.sandbox.commit("a person's word", {GUARDS: asking})
    said(desk, first)
    snag(desk, "tagged too early all the same", again=first)

    (outcome,) = desk.close().outcomes

    assert outcome.reason == "there is nothing above a guard of mode ask"
    desk.accept()
    assert guards_of(desk) == [("make release", "ask")]


def test_a_return_that_a_worker_finds_climbs_to_a_hold_too(desk: Desk) -> None:
    first = guarded(desk)
    said(desk, first)
    snag(desk, "the release got tagged too early", better="Wait for the changelog.")

    desk.close(engine=Matching())

    assert guards_of(desk, "gitmem/drain") == [("make release", "once")]
