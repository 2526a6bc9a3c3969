"""`gitmem loops`, `snag --again` and `review --unmatch` as a person and a program meet them."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from typing import Any

import pytest
from ruamel.yaml import YAML

from gitmem.memory import path_rules
from tests.support.sandbox import GITMEM, Sandbox, changed_environment

SKILL = "---\nname: release\ndescription: Make a release.\n---\n\n# Release\n\n## Steps\n\n1. Tag.\n\n## Notes\n\n- x\n"


def flagged(sandbox: Sandbox, *args: str) -> str:
    done = sandbox.gitmem("snag", *args, "--json")
    assert done.code == 0, done.err
    return str(json.loads(done.out)["id"])


def loops(sandbox: Sandbox) -> list[dict[str, Any]]:
    return list(json.loads(sandbox.gitmem("loops", "--json").out))


def land(sandbox: Sandbox) -> str:
    assert sandbox.gitmem("close").code == 0
    assert sandbox.gitmem("accept").code == 0
    return sandbox.git("rev-parse", "main")


def test_the_shape_of_a_loop_for_a_program(sandbox: Sandbox) -> None:
    first = flagged(sandbox, "`make x` broke", "--better", "Run make y.")
    assert loops(sandbox) == [
        {
            "snags": [first],
            "target": "CLAUDE.md",
            "state": "proposed",
            "recurrences": [],
            "commit": None,
            "rung": "rule",
        }
    ]
    sandbox.gitmem("close")
    (loop,) = loops(sandbox)
    assert (loop["state"], loop["commit"]) == (
        "in_review",
        sandbox.git("rev-parse", "gitmem/drain"),
    )
    sandbox.gitmem("accept")
    main = sandbox.git("rev-parse", "main")

    again = flagged(sandbox, "again", "--better", "Never make x.", "--again", first)

    (loop,) = loops(sandbox)
    at = loop["recurrences"][0].pop("at")
    assert loop == {
        "snags": [first],
        "target": "CLAUDE.md",
        "state": "recurred",
        "recurrences": [{"id": again, "session": None}],
        "commit": main,
        "rung": "guard",
    }
    assert at.endswith("Z")
    sandbox.gitmem("close")
    assert loops(sandbox)[0]["state"] == "recurred"


def test_a_person_reads_what_came_back_first(sandbox: Sandbox) -> None:
    assert sandbox.gitmem("loops").out.startswith("no snag yet")
    first = flagged(sandbox, "`make x` broke", "--better", "Run make y.")
    flagged(sandbox, "another", "--better", "Another way.")
    main = land(sandbox)
    flagged(sandbox, "again", "--better", "Never make x.", "--again", first)

    lines = sandbox.gitmem("loops").out.splitlines()

    assert lines[0] == "recurred: `make x` broke"
    assert f"  landed in {main[:7]}: CLAUDE.md" in lines
    assert f"  first time since the rule landed in {main[:7]}; the rule did not take" in lines
    assert "  next edit: guard in .gitmem/guards.jsonl (a rung up from rule to guard)" in lines
    assert (lines[-4], lines[-1]) == ("closed: another", "next: gitmem close")


def test_a_snag_that_is_queued_says_where_it_goes_or_why_it_stays(sandbox: Sandbox) -> None:
    flagged(sandbox, "one", "--better", "One way.")
    flagged(sandbox, "two", "--better", "Two ways.", "--skill", "nosuch")

    lines = sandbox.gitmem("loops").out.splitlines()

    assert lines[2] == "  next edit: rule in CLAUDE.md"
    assert lines[5:] == [
        "  stays in the queue: there is no skill named nosuch",
        "next: gitmem close",
    ]
    sandbox.gitmem("close")
    assert sandbox.gitmem("loops").out.splitlines()[-1] == "next: gitmem review, then gitmem accept"
    sandbox.gitmem("accept")
    assert sandbox.gitmem("loops").out.splitlines()[-1] == lines[5]


def test_on_a_terminal_a_long_line_breaks_between_words_and_goes_on_under_itself(
    sandbox: Sandbox,
) -> None:
    text = "The release script tagged the commit before the changelog was written by anybody"
    first = flagged(sandbox, text, "--better", "Write it first.")
    main, far = pty.openpty()

    subprocess.run(
        [GITMEM, "loops"],
        cwd=sandbox.path,
        env=changed_environment({"COLUMNS": "60"}),
        stdout=far,
        check=True,
    )
    os.close(far)
    shown = os.read(main, 4096).decode().replace("\r\n", "\n")
    os.close(main)

    assert shown.startswith(
        "proposed: The release script tagged the commit before the\n"
        f"    changelog was written by anybody\n  {first} (just now): Write it first.\n"
    )
    assert sandbox.gitmem("loops").out.startswith(f"proposed: {text}\n")


@pytest.mark.parametrize("name", ["aaaaaaaaaaaa", "not-an-id", "a" * 13])
def test_again_with_an_id_nobody_has_saves_nothing_and_says_where_to_look(
    sandbox: Sandbox, name: str
) -> None:
    done = sandbox.gitmem("snag", "x", "--better", "y", "--again", name)

    assert done.code == 4
    assert done.err.startswith("refused, nothing was saved: ")
    assert "gitmem loops lists the ids" in done.err
    assert loops(sandbox) == []


def test_a_line_goes_into_the_section_it_belongs_to(sandbox: Sandbox) -> None:
    sandbox.commit("skill", {".claude/skills/release/SKILL.md": SKILL})
    flagged(
        sandbox, "the steps forgot a push", "--better", "Push in the steps.", "--skill", "release"
    )

    land(sandbox)

    assert sandbox.read(".claude/skills/release/SKILL.md") == SKILL.replace(
        "1. Tag.\n", "1. Tag.\n\n- Push in the steps.\n"
    )


def test_a_snag_about_paths_makes_a_rule_file_and_the_next_one_joins_it(sandbox: Sandbox) -> None:
    flagged(sandbox, "x", "--better", "Migrate first.", "--paths", "src/db/**")
    land(sandbox)
    flagged(sandbox, "y", "--better", "Seed last.", "--paths", "src/db/**")
    land(sandbox)

    assert sandbox.read(".claude/rules/gitmem-src-db.md") == (
        '---\npaths:\n  - "src/db/**"\n---\n\n# Learned about `src/db/**`\n\n'
        "- Migrate first (x).\n- Seed last (y).\n"
    )


@pytest.mark.parametrize(
    ("files", "options", "reason"),
    [
        ({}, ["--skill", "nope"], "there is no skill named nope"),
        (
            {".claude/rules/gitmem-own.md": "---\npaths: x\n---\n\n- mine\n"},
            ["--rule", ".claude/rules/gitmem-own.md"],
            "somebody else's",
        ),
        (
            {".claude/skills/s/SKILL.md": "---\nname: s\n\n# S\n"},
            ["--skill", "s"],
            "front matter is not closed",
        ),
    ],
)
def test_what_cannot_be_placed_stays_queued_with_a_clear_reason(
    sandbox: Sandbox, files: dict[str, str], options: list[str], reason: str
) -> None:
    sandbox.commit("files", files)
    snag = flagged(sandbox, "x", "--better", "y", *options)

    closed = sandbox.gitmem("close")

    assert closed.code == 7
    assert reason in closed.out
    assert snag in sandbox.gitmem("log").out
    assert all(sandbox.read(path) == text for path, text in files.items())


@pytest.mark.parametrize(
    "path",
    [
        "app/[slug]/page.tsx",
        "app/[[...slug]]/page.tsx",
        "app/(shop)/cart/page.tsx",
        "app/@modal/(.)photo/page.tsx",
        "routes/$id.tsx",
        "docs/r\u00e9sum\u00e9.md",
        "docs/\u65e5\u672c\u8a9e.md",
        "\u65e5\u672c\u8a9e",
        "docs/what's new & old.md",
        "src/C#/Main.cs",
        "src/~backup/100%.txt",
        "a=b;c!.txt",
    ],
)
def test_a_snag_about_a_file_is_filed_whatever_its_name(sandbox: Sandbox, path: str) -> None:
    flagged(sandbox, "x", "--better", "Mind it.", "--paths", path)

    land(sandbox)

    (file,) = (sandbox.path / ".claude/rules").iterdir()
    text = file.read_text(encoding="utf-8")
    assert text.endswith("- Mind it (x).\n")
    (glob,) = path_rules.paths_of(text) or ()
    assert YAML(typ="safe").load(text.split("---")[1]) == {"paths": [glob]}
    assert re.fullmatch(re.escape(glob).replace("\\?", "."), path)


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--paths", "src\\a.py", "cannot be the paths of a rule"),
        ("--paths", "a/" * 250 + "b", "cannot be the paths of a rule"),
        ("--rule", "docs/x.md", "is not a file that gitmem writes rules to"),
        ("--rule", ".gitmem/guards.jsonl", "is not a file that gitmem writes rules to"),
    ],
)
def test_a_snag_that_could_never_be_filed_is_refused_at_once(
    sandbox: Sandbox, option: str, value: str, reason: str
) -> None:
    done = sandbox.gitmem("snag", "x", "--better", "y", option, value)

    assert done.code == 4
    assert reason in done.err
    assert sandbox.gitmem("log").out.count("snag") == 0


def test_a_snag_for_a_skill_without_front_matter_stays_and_loops_says_why(sandbox: Sandbox) -> None:
    sandbox.commit("skill", {".agents/skills/s/SKILL.md": "# S\n\n- a\n"})
    snag = flagged(sandbox, "x", "--better", "y", "--skill", "s")
    reason = ".agents/skills/s/SKILL.md has no front matter, so it is not a skill yet"

    done = sandbox.gitmem("close")

    assert (done.code, f"left in the queue: {snag}: {reason}" in done.out) == (7, True)
    assert f"  stays in the queue: {reason}" in sandbox.gitmem("loops").out


def test_a_match_is_shown_with_both_texts_and_taken_back_in_the_review(sandbox: Sandbox) -> None:
    first = flagged(sandbox, "`make x` broke", "--better", "Run make y.")
    land(sandbox)
    again = flagged(sandbox, "`make x` broke", "--better", "Never make x.")
    sandbox.gitmem("close")

    shown = sandbox.gitmem("review").out
    assert shown.startswith("came back: `make x` broke: first time since the rule landed in ")
    assert f"{again} counts as a return of {first}:" in shown
    assert "  now: `make x` broke -> Never make x." in shown
    assert "  then: `make x` broke -> Run make y." in shown
    assert f"  if it is not: gitmem review --unmatch {again}" in shown
    (outcome,) = json.loads(sandbox.gitmem("review", "--json").out)["outcomes"]
    assert outcome["again"] == first

    tried = sandbox.gitmem("review", "--unmatch", again, "--dry-run")
    assert "would be no return" in tried.out
    assert json.loads(sandbox.gitmem("review", "--unmatch", again, "--json").out) == {
        "id": again,
        "again": first,
    }
    shown = sandbox.gitmem("review").out
    assert "  undone; gitmem close rebuilds the review without the match" in shown
    assert "--unmatch" not in shown
    assert sandbox.gitmem("close").code == 0
    (outcome,) = json.loads(sandbox.gitmem("review", "--json").out)["outcomes"]
    assert (outcome["again"], outcome["file"]) == (None, "CLAUDE.md")
    assert sandbox.gitmem("review", "--unmatch", again).code == 2


def test_a_line_of_the_guards_file_that_is_no_guard_is_said_with_the_reason(
    sandbox: Sandbox,
) -> None:
    everything = '{"tool":"Bash","match":"*","lesson":"x"}'
    deaf = '{"tool":"Read","match":"src/*","lesson":"x"}'
    good = '{"tool":"Bash","match":"make x","lesson":"Run make y."}'
    sandbox.commit("guards", {".gitmem/guards.jsonl": f"{good}\n{everything}\n"})
    sandbox.write(".gitmem/guards.jsonl", f"{good}\n{everything}\n{deaf}\n")

    told = sandbox.gitmem("loops")
    doctor = sandbox.gitmem("doctor", "--json")

    first, second = told.err.splitlines()
    said = "gitmem: not a guard, so it never fires: .gitmem/guards.jsonl"
    assert first == f"{said}:2: the pattern matches everything, or nearly so"
    assert second.startswith(f"{said}:3: no hook runs before Read; a guard can be for Bash, Edit")
    assert (told.code, loops(sandbox)) == (0, [])
    for part in (".gitmem/guards.jsonl:2", ".gitmem/guards.jsonl:3", "1 guard is in force on main"):
        assert part in doctor.out


def test_a_guard_that_never_matched_is_told_until_it_does(sandbox: Sandbox) -> None:
    first = flagged(sandbox, "`make x` broke", "--better", "Run make y.")
    land(sandbox)
    flagged(sandbox, "`make x` broke again", "--better", "Never make x.", "--again", first)
    land(sandbox)

    told = sandbox.gitmem("loops").out
    (fields,) = loops(sandbox)
    doctor = json.loads(sandbox.gitmem("doctor", "--json").out)

    assert "  guard never matched a call in this clone" in told
    assert fields["fires"] == 0
    said = [one for one in doctor["findings"] if one["check"] == "guards"]
    assert [(one["level"], one["what"]) for one in said] == [
        ("ok", "1 guard is in force on main"),
        ("ok", "never matched a call in this clone: make x"),
    ]

    old = {"GIT_COMMITTER_DATE": "2020-01-01T00:00:00Z"}
    sandbox.git("commit", "--quiet", "--amend", "--no-edit", env=old)
    (_, late) = [
        one
        for one in json.loads(sandbox.gitmem("doctor", "--json").out)["findings"]
        if one["check"] == "guards"
    ]
    assert (late["level"], "no fix" in late["hint"]) == ("warn", True)

    call: dict[str, object] = {
        "hook_event_name": "PreToolUse",
        "session_id": "s1",
        "cwd": str(sandbox.path),
    }
    call |= {"tool_name": "Bash", "tool_input": {"command": "make x"}}
    sandbox.gitmem("hook", "claude-code", "PreToolUse", input=json.dumps(call))

    assert "  guard fired 1 time" in sandbox.gitmem("loops").out
    assert "never matched" not in sandbox.gitmem("doctor").out


def test_a_guard_that_was_said_in_vain_is_held_once_and_loops_doctor_and_audit_tell(
    sandbox: Sandbox,
) -> None:
    call: dict[str, object] = {
        "hook_event_name": "PreToolUse",
        "session_id": "s1",
        "cwd": str(sandbox.path),
        "tool_name": "Bash",
        "tool_input": {"command": "make x"},
    }

    def hook() -> str:
        return sandbox.gitmem("hook", "claude-code", "PreToolUse", input=json.dumps(call)).out

    first = flagged(sandbox, "`make x` broke", "--better", "Run make y.")
    land(sandbox)
    flagged(sandbox, "`make x` broke again", "--better", "Never make x.", "--again", first)
    land(sandbox)
    assert "additionalContext" in hook()
    flagged(sandbox, "`make x` broke once more", "--better", "Really.", "--again", first)

    told = sandbox.gitmem("loops").out
    assert "next edit: hold in .gitmem/guards.jsonl (a rung up from guard to hold)" in told
    assert sandbox.gitmem("close").code == 0
    shown = sandbox.gitmem("review").out
    assert "a rung up from guard to hold" in shown
    assert '"mode":"once"' in shown
    assert "additionalContext" in hook()  # until a person lands it
    assert sandbox.gitmem("accept").code == 0

    assert '"permissionDecision":"deny"' in hook()
    assert "additionalContext" in hook()
    assert "  guard fired 4 times, held 1 call, the snag" in sandbox.gitmem("loops").out
    (fields,) = loops(sandbox)
    assert (fields["rung"], fields["fires"], fields["holds"]) == ("hold", 4, 1)
    doctor = sandbox.gitmem("doctor").out
    assert "1 guard is in force on main, 1 of mode once" in doctor
    assert "never matched" not in doctor
    audit = json.loads(sandbox.gitmem("audit", "--json").out)
    (session,) = [one for one in audit["sessions"] if one["session"] == "s1"]
    assert (session["holds"], session["gaps"]) == (1, [])
    assert session["notes"] == ["1 call held once by a guard"]


def test_an_audit_names_a_hold_whose_mark_is_not_in_the_session_s_file(sandbox: Sandbox) -> None:
    folder = sandbox.path / ".git/gitmem"
    (folder / "sessions").mkdir(parents=True)
    (folder / "sessions/s1").write_text("held 1 2\n", encoding="utf-8")
    line = {"at": "2026-11-20T10:00:00Z", "client": "claude-code", "event": "PreToolUse"}
    row = json.dumps(line | {"session": "s1", "did": f"held {'a' * 12}"}, separators=(",", ":"))
    (folder / "ledger.jsonl").write_text(f"{row}\n{row}\n", encoding="utf-8")

    done = sandbox.gitmem("audit")

    assert done.code == 1
    assert "2 calls held by a guard, 1 marked: a call may have been held twice" in done.out
