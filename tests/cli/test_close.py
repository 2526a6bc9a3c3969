"""`gitmem close`, `review`, `discard` and `drop`: shapes, exit codes and what a person reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.sandbox import Sandbox


def flag(sandbox: Sandbox, text: str, *options: str) -> str:
    return str(json.loads(sandbox.gitmem("flag", text, "--json", *options).out)["id"])


def closed(sandbox: Sandbox, *options: str) -> tuple[int, dict[str, Any]]:
    done = sandbox.gitmem("close", "--json", *options)
    return done.code, json.loads(done.out)


def foreign(sandbox: Sandbox, text: str) -> None:
    """A line that no guard of this version has seen, as an old or foreign client would leave it."""
    journal = sandbox.path / ".git/gitmem/journal"
    line = json.dumps({"v": 1, "id": "abcdefghijkl", "kind": "fact", "text": text})
    journal.write_bytes(journal.read_bytes() + f"\n{line}\n".encode())


def test_nothing_to_drain_is_exit_0_with_commit_null(sandbox: Sandbox) -> None:
    code, answer = closed(sandbox)

    wall = answer.pop("wall_s")
    assert (code, answer) == (
        0,
        {
            "branch": "gitmem/drain",
            "commit": None,
            "engine": "verbatim",
            "model": None,
            "flags": 0,
            "outcomes": {},
            "lines": [],
            "skipped": [],
            "left": [],
            "ran": {"calls": 0, "retries": 0, "tokens_in": 0, "tokens_out": 0, "dollars": 0.0},
        },
    )
    assert isinstance(wall, float)


def test_everything_drained_is_exit_0_with_the_commit_and_the_outcomes(sandbox: Sandbox) -> None:
    flag(sandbox, "a fact")
    flag(sandbox, "a fact.")
    flag(sandbox, "who?", "--kind", "pending")

    code, answer = closed(sandbox)

    assert code == 0
    assert answer["commit"] == sandbox.git("rev-parse", "gitmem/drain")
    assert (answer["flags"], answer["outcomes"]) == (3, {"added": 1, "duplicate": 1, "pending": 1})


def test_flags_left_are_exit_6_and_none_done_is_exit_7(sandbox: Sandbox) -> None:
    flag(sandbox, "a fact")
    foreign(sandbox, "see [x](javascript:alert(1))")

    code, answer = closed(sandbox)
    assert (code, answer["flags"]) == (6, 1)
    assert [left["id"] for left in answer["left"]] == ["abcdefghijkl"]
    assert answer["left"][0]["reason"]
    assert answer["commit"]

    code, answer = closed(sandbox)
    assert (code, answer["flags"], answer["commit"]) == (7, 0, None)
    done = sandbox.gitmem("close")
    assert done.code == 7
    assert "left in the queue: abcdefghijkl: " in done.out
    assert "gitmem drop ID" in done.out


@pytest.mark.parametrize(
    "files", [{".gitignore": "memory/\n"}, {".gitattributes": "* filter=lfs\n"}]
)
def test_an_ignored_or_filtered_path_is_exit_4(sandbox: Sandbox, files: dict[str, str]) -> None:
    sandbox.commit("odd", files)
    flag(sandbox, "a fact")

    done = sandbox.gitmem("close", "--json")

    assert (done.code, done.out) == (4, "")
    assert "hint: " in done.err


def test_an_instruction_file_that_git_ignores_is_exit_6_for_its_snags(sandbox: Sandbox) -> None:
    sandbox.commit("ignore", {".gitignore": "CLAUDE.md\n"})
    flag(sandbox, "a fact")
    assert sandbox.gitmem("snag", "it broke", "--better", "mend it").code == 0

    code, answer = closed(sandbox)

    assert (code, answer["flags"], len(answer["left"])) == (6, 1, 1)
    assert "CLAUDE.md" in answer["left"][0]["reason"]


def test_here_is_exit_2_on_the_target_and_names_the_feature_branch_elsewhere(
    sandbox: Sandbox,
) -> None:
    sandbox.write(".gitmem/config.yaml", "version: 1\ntarget: main\n")
    flag(sandbox, "a fact")
    assert sandbox.gitmem("close", "--here").code == 2
    sandbox.git("switch", "--quiet", "-c", "feature")

    code, answer = closed(sandbox, "--here", "--all")

    assert (code, answer["branch"]) == (0, "feature")
    assert sandbox.read("memory/facts.md").endswith("- a fact\n")


def test_here_takes_the_flags_of_its_branch_and_all_takes_the_rest(sandbox: Sandbox) -> None:
    sandbox.write(".gitmem/config.yaml", "version: 1\ntarget: main\n")
    flag(sandbox, "made on main")
    flag(sandbox, "made on main, too")
    sandbox.git("switch", "--quiet", "-c", "feature-x")
    flag(sandbox, "made on feature-x")

    done = sandbox.gitmem("close", "--here")

    assert (done.code, "1 flag: 1 added -> feature-x" in done.out) == (0, True)
    assert "gitmem: 2 flags of other branches (main) stay queued" in done.err
    assert "--all takes them along" in done.err
    facts = sandbox.read("memory/facts.md")
    assert "- made on feature-x\n" in facts
    assert "- made on main" not in facts
    again = sandbox.gitmem("close", "--here")
    assert (again.code, again.out.splitlines()[-1]) == (0, "nothing of this branch to drain")
    assert closed(sandbox, "--here", "--all")[1]["flags"] == 2
    assert "- made on main, too\n" in sandbox.read("memory/facts.md")


def test_what_was_flagged_on_no_branch_is_for_all_only(sandbox: Sandbox) -> None:
    sandbox.write(".gitmem/config.yaml", "version: 1\ntarget: main\n")
    sandbox.git("switch", "--quiet", "--detach")
    flag(sandbox, "made on no branch")
    sandbox.git("switch", "--quiet", "-c", "feature")

    done = sandbox.gitmem("close", "--here", "--dry-run")

    assert "gitmem: 1 flag of other branches stays queued" in done.err
    assert closed(sandbox, "--here", "--all")[1]["flags"] == 1


@pytest.mark.parametrize("command", [["close"], ["plan"], ["apply", "-"]])
def test_all_without_here_is_2(sandbox: Sandbox, command: list[str]) -> None:
    done = sandbox.gitmem(*command, "--all", input="")

    assert (done.code, "--all works only with --here" in done.err) == (2, True)


def test_a_person_reads_which_engine_ran_the_difference_and_what_to_do_next(
    sandbox: Sandbox,
) -> None:
    flag(sandbox, "a fact")

    dry = sandbox.gitmem("close", "--dry-run")
    done = sandbox.gitmem("close", "--diff")

    assert "would write memory/facts.md" in dry.out
    assert dry.out.endswith("nothing was written\n")
    assert done.out.splitlines()[0] == "engine verbatim (no model is configured)"
    assert "+- a fact\n" in done.out
    assert ".gitmem/drains" not in done.out
    assert "next: gitmem review" in done.out


def test_an_engine_nobody_knows_is_a_usage_error(sandbox: Sandbox) -> None:
    assert sandbox.gitmem("close", "--engine", "oracle").code == 2


def test_review_discard_and_drop_answer_in_json(sandbox: Sandbox) -> None:
    one, two = flag(sandbox, "right"), flag(sandbox, "wrong")
    commit = closed(sandbox)[1]["commit"]

    answer = json.loads(sandbox.gitmem("review", "--json").out)
    assert (answer["branch"], answer["commit"]) == ("gitmem/drain", commit)
    assert answer["base"] == sandbox.git("rev-parse", "main")
    assert [item["id"] for item in answer["outcomes"]] == [one, two]
    assert answer["outcomes"][0] == {
        "id": one, "outcome": "added", "file": "memory/facts.md", "line": "right", "survivor": None, "also": [],
        "reason": None, "again": None, "by": "Test Person <person@example.com>", "session": None, "verbatim": True,
        "tainted": False,
    }  # fmt: skip

    dropped = sandbox.gitmem("drop", two[:6], "--reason", "not true", "--json")
    assert json.loads(dropped.out) == {"id": two, "in_review": True}
    discarded = json.loads(sandbox.gitmem("discard", "--json").out)
    assert discarded == {"commit": commit, "flags": sorted([one, two])}
    assert sandbox.gitmem("discard").code == 7
    assert sandbox.gitmem("review").code == 7
    assert closed(sandbox)[1]["outcomes"] == {"added": 1, "skipped": 1}


def test_a_drop_needs_a_flag_that_is_there_and_a_reason(sandbox: Sandbox) -> None:
    one = flag(sandbox, "a fact")

    assert sandbox.gitmem("drop", one).code == 2
    assert sandbox.gitmem("drop", "zzzz", "--reason", "x").code == 2
    assert sandbox.gitmem("drop", one, "--reason", "a\u202eb").code == 4
    assert sandbox.gitmem("drop", one, "--reason", "x", "--dry-run").code == 0
    assert closed(sandbox)[1]["outcomes"] == {"added": 1}


def test_the_repository_s_own_form_of_commits_is_that_of_close_and_forget(sandbox: Sandbox) -> None:
    """What commitlint asks for: a type in front, no line of the body wider than 100 columns."""
    sandbox.gitmem("init")
    config = sandbox.read(".gitmem/config.yaml")
    style = 'commit:\n  subject: "chore(memory): {what}"\n  width: 100\n'
    sandbox.write(".gitmem/config.yaml", config + style)
    flag = json.loads(
        sandbox.gitmem("flag", "The release script tags " + "a commit, " * 30, "--json").out
    )
    sandbox.gitmem("close")
    closed = sandbox.git("log", "-1", "--format=%B", "gitmem/drain").splitlines()
    sandbox.gitmem("accept")
    assert sandbox.gitmem("forget", flag["id"]).code == 0
    forgot = sandbox.git("log", "-1", "--format=%B", "gitmem/drain").splitlines()

    assert closed[0] == "chore(memory): file 1 flag"
    assert forgot[0] == "chore(memory): forget 1 flag"
    assert max(map(len, [*closed, *forgot])) <= 100
    assert [line.partition(":")[0] for line in closed[-2:]] == ["Gitmem-Drain", "Gitmem-Tree"]
    assert sandbox.gitmem("check", "--trace").code == 0
