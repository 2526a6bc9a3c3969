"""Forget and show: what a flag brought goes, what others said stays, and all of it is told."""

from __future__ import annotations

import json

import pytest

from gitmem.capture import capture
from gitmem.check.terms import STRICT
from gitmem.core.errors import UsageError
from gitmem.core.failures import NeedsPerson, NoProgress
from gitmem.loops import loops
from gitmem.memory import guard, guard_file
from gitmem.review.forget import ForgetRequest, ForgetResult, forget
from gitmem.trace.line_fate import FlagStory, LineState, flag_story
from gitmem.trace.trace_check import check_trace
from gitmem.trace.why import why
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox
from tests.support.scripted import Scripted, operation

FACTS = "memory/facts.md"
SKILL = ".claude/skills/deploy/SKILL.md"
BODY = "---\nname: deploy\ndescription: d\n---\n\n# Deploy\n\n- Step one\n"


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox=sandbox)


def forgotten(desk: Desk, *ids: str, dry_run: bool = False, reason: str = "") -> ForgetResult:
    wanted = ForgetRequest(
        flags=ids, configured=desk.target, folder=desk.folder, dry_run=dry_run, reason=reason
    )
    return forget(desk.repo, wanted)


def shown(desk: Desk, flag: str) -> FlagStory:
    return flag_story(desk.repo, flag, configured=desk.target, folder=desk.folder)


def now(desk: Desk, flag: str) -> list[LineState]:
    return [fate.state for told in shown(desk, flag).outcomes for fate in told.lines]


def traces(desk: Desk) -> bool:
    return check_trace(desk.repo, folder=desk.folder).ok


def test_the_lines_of_a_flag_go_through_a_review_and_its_record_stays(desk: Desk) -> None:
    bad, good = desk.flag("The port is 5432"), desk.flag("Releases are tagged")
    desk.land()

    done = forgotten(desk, bad[:5], reason="it was a guess")

    assert desk.lines(FACTS, "main") == ["The port is 5432", "Releases are tagged"]
    assert desk.lines(FACTS) == ["Releases are tagged"]
    assert desk.head("gitmem/drain") == done.commit
    assert desk.close().commit == ""  # a close leaves the review where it is
    assert desk.accept().forgotten == (bad,)
    assert desk.lines(FACTS, "main") == ["Releases are tagged"]
    assert desk.check().ok(STRICT)
    assert (now(desk, bad), now(desk, good)) == ([LineState.FORGOTTEN], [LineState.THERE])
    assert [told.filed.outcome.fate.value for told in shown(desk, bad).outcomes] == [
        "added",
        "forgotten",
    ]
    assert traces(desk)


def test_a_dry_run_says_what_would_go_and_writes_nothing(desk: Desk) -> None:
    flag = desk.flag("The port is 5432")
    desk.land()
    before = desk.sandbox.git("for-each-ref"), desk.footprint()

    done = forgotten(desk, flag, dry_run=True)

    assert [one.item.text for one in done.taken] == ["The port is 5432"]
    assert (done.commit, before) == ("", (desk.sandbox.git("for-each-ref"), desk.footprint()))


def test_a_forget_and_a_close_stack_on_one_review_in_either_order(desk: Desk) -> None:
    one = desk.flag("The port is 5432")
    desk.land()
    desk.flag("Releases are tagged")
    desk.close()
    forgotten(desk, one)
    desk.flag("Tests run in parallel")
    desk.close()

    desk.accept()

    assert desk.lines(FACTS, "main") == ["Releases are tagged", "Tests run in parallel"]
    assert traces(desk)


def test_a_forget_lands_on_a_target_that_moved(desk: Desk) -> None:
    one = desk.flag("The port is 5432")
    desk.flag("Releases are tagged")
    desk.land()
    forgotten(desk, one)
    desk.sandbox.commit("meanwhile", {"other.txt": "x\n"})

    done = desk.accept()

    assert (done.rebuilt, done.forgotten) == (True, (one,))
    assert desk.lines(FACTS, "main") == ["Releases are tagged"]
    assert traces(desk)


def test_a_flag_dropped_beside_a_forget_stays_in_review_and_the_way_out_is_said(desk: Desk) -> None:
    one = desk.flag("The port is 5432")
    desk.land()
    two = desk.flag("Releases are tagged")
    desk.close()
    forgotten(desk, one)
    desk.drop(two)

    why, hint = desk.close().notes

    assert why == (
        "the review also forgets something, so it stays as it is: "
        f"it has what was dropped or unmatched: {two}"
    )
    assert hint == (
        "hint: take its line out of gitmem/drain by hand; "
        f"or gitmem discard, gitmem close, then gitmem forget {one}"
    )
    desk.discard()
    desk.land()
    forgotten(desk, one)
    desk.accept()
    assert desk.lines(FACTS, "main") == []
    assert traces(desk)


def test_a_line_that_a_person_reworded_and_renamed_goes_too(desk: Desk) -> None:
    flag = desk.flag("The build cache is keyed by the lock file")
    desk.land()
    text = desk.sandbox.read(FACTS).replace("lock file", "lock file and the branch")
    desk.sandbox.commit("reword", {FACTS: text})
    desk.sandbox.git("mv", FACTS, "memory/build.md")
    desk.sandbox.git("commit", "--quiet", "--message", "rename")

    assert now(desk, flag) == [LineState.REWORDED]
    done = forgotten(desk, flag)

    assert [(one.file, one.item.text) for one in done.taken] == [
        ("memory/build.md", "The build cache is keyed by the lock file and the branch")
    ]
    assert "changed by hand" in done.notes[-1]


def test_of_a_merged_line_the_others_come_back_in_their_own_words(desk: Desk) -> None:
    bad, good = desk.flag("Postgres is on 5432"), desk.flag("Redis is on 6379")
    line = "Postgres is on 5432, Redis is on 6379"
    desk.close(engine=Scripted(operation("merge", f"{bad} {good}", FACTS, line)))
    desk.accept()

    forgotten(desk, bad)
    desk.accept()

    assert desk.lines(FACTS, "main") == ["Redis is on 6379"]
    found = why(desk.repo, "Redis is on", cwd=str(desk.sandbox.path), folder=desk.folder)
    assert [filed.outcome.flag.id for filed in found.filed] == [good]
    assert found.by_hand is False
    assert now(desk, bad) == [LineState.REPLACED]
    assert now(desk, good) == [LineState.REPLACED, LineState.THERE]
    assert traces(desk)


def test_a_line_that_another_flag_says_word_for_word_stays_until_both_are_forgotten(
    desk: Desk,
) -> None:
    one, two = desk.flag("The port is 5432"), desk.flag("The port is 5432.")
    desk.land()

    with pytest.raises(NoProgress, match=f"flag {two} says the same"):
        forgotten(desk, one)
    forgotten(desk, one, two)

    assert desk.lines(FACTS) == []


def test_rules_skills_and_guards_of_a_flag_go_and_nothing_else_of_their_files(desk: Desk) -> None:
    desk.sandbox.commit("skill", {SKILL: BODY, "CLAUDE.md": "# Mine\n\n- Tag before it\n"})
    one = desk.flag("it broke", kind="snag", better="Tag before it", skill="deploy")
    two = desk.flag("it failed", kind="snag", better="Run the linter")
    desk.land()
    guards = [
        {"tool": "Bash", "match": "make *", "lesson": "Run the linter", "flags": [two]},
        {"tool": "Bash", "match": "rm *", "lesson": "Look first"},
    ]
    text = "".join(json.dumps(guard) + "\n" for guard in guards)
    desk.sandbox.commit("guards", {".gitmem/guards.jsonl": text})

    done = forgotten(desk, one, two)
    desk.accept()

    assert desk.sandbox.read(SKILL) == BODY
    assert "Run the linter" not in desk.sandbox.read("CLAUDE.md")
    assert desk.sandbox.read("CLAUDE.md").startswith("# Mine\n\n- Tag before it\n")
    assert done.guards == 1
    assert desk.sandbox.read(".gitmem/guards.jsonl") == json.dumps(guards[1]) + "\n"
    assert traces(desk)


def test_a_guard_goes_with_the_flag_that_taught_it_and_stays_without_one_that_did_not(
    desk: Desk,
) -> None:
    first = desk.flag("`make release` was early", kind="snag", better="Look at the log")
    desk.land()
    second = desk.flag("early again", kind="snag", better="Ask the desk", again=first)
    desk.land()
    (kept,) = guard_file.read_guards(desk.show(guard.FILE, "main")).guards
    assert (kept.lesson, kept.flags) == ("Ask the desk (early again)", (first, second))

    done = forgotten(desk, first)
    desk.accept()
    (kept,) = guard_file.read_guards(desk.show(guard.FILE, "main")).guards
    assert (kept.lesson, kept.flags, done.guards) == ("Ask the desk (early again)", (second,), 0)

    done = forgotten(desk, second)
    desk.accept()
    assert (desk.sandbox.git("ls-files", guard.FILE), done.guards) == ("", 1)
    assert traces(desk)


def test_the_lesson_of_a_forgotten_flag_goes_though_its_guard_names_another(desk: Desk) -> None:
    first = desk.flag("`make release` was early", kind="snag", better="Look at the log")
    desk.land()
    second = desk.flag("early again", kind="snag", better="Ask the desk", again=first)
    desk.land()

    done = forgotten(desk, second)
    desk.accept()

    assert done.guards == 1
    assert desk.sandbox.git("ls-files", guard.FILE) == ""
    assert traces(desk)


def test_a_forgotten_snag_is_no_loop_any_more(desk: Desk) -> None:
    flag = desk.flag("it failed", kind="snag", better="Run the linter")
    desk.land()
    assert [told.loop.state for told in loops.read_loops(desk.repo, desk.target, desk.folder)]

    forgotten(desk, flag)
    assert [told.loop.state for told in loops.read_loops(desk.repo, desk.target, desk.folder)]
    desk.accept()

    assert loops.read_loops(desk.repo, desk.target, desk.folder) == []


def test_lines_that_a_person_wrote_into_the_item_are_not_lost(desk: Desk) -> None:
    flag = desk.flag("The port is 5432")
    desk.land()
    desk.sandbox.commit("more", {FACTS: desk.sandbox.read(FACTS) + "  - but not on CI\n"})

    with pytest.raises(NeedsPerson, match="a person wrote below"):
        forgotten(desk, flag)


def test_what_has_not_landed_is_refused_with_what_to_do(desk: Desk) -> None:
    flag = desk.flag("The port is 5432")
    with pytest.raises(UsageError) as queued:
        forgotten(desk, flag)
    desk.close()
    with pytest.raises(UsageError) as reviewed:
        forgotten(desk, flag)
    with pytest.raises(UsageError, match="no flag has the id"):
        forgotten(desk, "zzzz")

    assert "gitmem drop" in queued.value.hint
    assert "in review" in reviewed.value.message


def test_a_forget_that_was_reverted_brings_the_line_and_its_trace_back(desk: Desk) -> None:
    flag = desk.flag("The port is 5432")
    desk.land()
    forgotten(desk, flag)
    desk.accept()
    desk.sandbox.git("revert", "--no-edit", "HEAD")

    assert now(desk, flag) == [LineState.THERE]
    assert traces(desk)


def test_show_follows_a_flag_from_the_queue_to_where_it_stands(desk: Desk) -> None:
    one, two = desk.flag("The port is 5432"), desk.flag("The port is 5432.")
    waiting = shown(desk, one)
    desk.close()
    proposed = shown(desk, one)
    desk.accept()
    landed, folded = shown(desk, one), shown(desk, two)
    dropped = desk.flag("no")
    desk.drop(dropped, "not true")

    assert (waiting.state, waiting.outcomes) == ("undrained", ())
    assert (proposed.state, proposed.ref) == ("in review", "gitmem/drain")
    assert (landed.state, landed.ref, landed.archived) == ("drained", "main", True)
    assert landed.outcomes[0].lines[0].file == FACTS
    assert folded.outcomes[0].filed.outcome.survivor == one
    assert folded.outcomes[0].lines[0].text == "The port is 5432"
    assert shown(desk, dropped).dropped == "not true"
    assert desk.land().flags == (dropped,)
    assert shown(desk, dropped).outcomes[0].filed.outcome.fate.value == "skipped"


def test_show_names_the_commit_that_took_a_line_out(desk: Desk) -> None:
    flag = desk.flag("The port is 5432")
    desk.land()
    text = desk.sandbox.read(FACTS).replace("- The port is 5432\n", "")
    commit = desk.sandbox.commit("tidy", {FACTS: text})

    fate = shown(desk, flag).outcomes[0].lines[0]

    assert fate.state is LineState.REMOVED
    assert fate.commit is not None
    assert fate.commit.oid == commit


def test_a_topic_of_which_nothing_is_left_goes_with_its_index_line(desk: Desk) -> None:
    one, two = desk.flag("The port is 5432"), desk.flag("Who owns it?", kind="pending")
    desk.flag("Releases are tagged", kind="decision")
    desk.land()
    assert "[facts](facts.md)" in desk.show("memory/MEMORY.md", "main")

    done = forgotten(desk, one, two)
    desk.accept()

    assert done.files[FACTS] is None
    assert sorted(desk.sandbox.git("ls-files", "memory").splitlines()) == [
        "memory/MEMORY.md",
        "memory/decisions.md",
    ]
    assert not (desk.sandbox.path / FACTS).exists()
    index = desk.sandbox.read("memory/MEMORY.md")
    assert "facts" not in index
    assert "PENDING" not in index
    assert "decisions.md" in index
    assert desk.sandbox.git("status", "--porcelain") == ""
    assert traces(desk)
    desk.flag("The port is 5433")
    desk.land()
    assert desk.lines(FACTS, "main") == ["The port is 5433"]
    assert desk.check().ok(STRICT)


def test_a_topic_with_a_person_s_own_words_stays_without_the_line(desk: Desk) -> None:
    one = desk.flag("The port is 5432")
    desk.land()
    text = desk.sandbox.read(FACTS) + "\nAsk Ada about ports.\n"
    desk.sandbox.commit("words", {FACTS: text})

    forgotten(desk, one)

    assert "Ask Ada about ports." in desk.show(FACTS)
    assert "5432" not in desk.show(FACTS)


def test_a_rule_file_for_paths_of_which_nothing_is_left_goes(desk: Desk) -> None:
    rule = desk.keep(
        capture.FlagDraft("edits broke", kind="snag", better="Run the check", paths=("db/*.sql",))
    )
    desk.land()
    assert len(desk.sandbox.git("ls-files", ".claude/rules").splitlines()) == 1

    forgotten(desk, rule)
    desk.accept()

    assert desk.sandbox.git("ls-files", ".claude/rules") == ""


@pytest.mark.parametrize("more", ["", "The port is 5433"])
def test_an_emptied_topic_goes_from_a_target_that_moved_unless_it_gained_a_line(
    desk: Desk, more: str
) -> None:
    one = desk.flag("The port is 5432")
    desk.land()
    forgotten(desk, one)
    text = desk.sandbox.read(FACTS)
    desk.sandbox.commit(
        "meanwhile", {"other.txt": "x\n", FACTS: text + (f"- {more}\n" if more else "")}
    )

    done = desk.accept()

    assert (done.rebuilt, done.forgotten) == (True, (one,))
    assert desk.lines(FACTS, "main") == ([more] if more else [])
    assert (desk.sandbox.path / FACTS).exists() == bool(more)
    assert ("facts.md" in desk.sandbox.read("memory/MEMORY.md")) == bool(more)
