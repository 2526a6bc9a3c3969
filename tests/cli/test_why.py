"""`why`, `show`, `forget` and the two looks of `check`: words, JSON and exit codes."""

from __future__ import annotations

import json
from typing import Any

from tests.support.hooks import read_file
from tests.support.sandbox import Sandbox

FACTS = "memory/facts.md"


def flag(sandbox: Sandbox, *words: str) -> dict[str, Any]:
    found = json.loads(sandbox.gitmem("flag", *words, "--json").out)
    return dict(found)


def landed(sandbox: Sandbox, text: str) -> str:
    made = flag(sandbox, text)
    assert sandbox.gitmem("close").code == 0
    assert sandbox.gitmem("accept").code == 0
    return str(made["id"])


def test_why_answers_with_the_flag_as_stored_and_who_made_the_line(sandbox: Sandbox) -> None:
    flag_id = landed(sandbox, "The port is 5432")
    commit = sandbox.git("rev-parse", "HEAD")

    answer = json.loads(sandbox.gitmem("why", f"{FACTS}:8", "--json").out)

    assert [one["id"] for one in answer["flags"]] == [flag_id]
    assert answer["flags"][0]["text"] == "The port is 5432"
    assert (answer["commit"], answer["engine"], answer["by_hand"]) == (commit, "verbatim", False)
    assert (sandbox.path / f".gitmem/drains/{answer['drain']}.jsonl").exists()


def test_why_of_a_line_by_hand_has_no_flags_and_no_drain(sandbox: Sandbox) -> None:
    answer = json.loads(sandbox.gitmem("why", "README.md:1", "--json").out)

    nobody: dict[str, object] = {"flags": [], "drain": None, "engine": None, "by_hand": True}
    assert {key: answer[key] for key in nobody} == nobody
    assert answer["commit"] == sandbox.git("rev-parse", "HEAD")


def test_why_works_from_a_folder_below_and_tells_the_whole_story(sandbox: Sandbox) -> None:
    flag_id = landed(sandbox, "The port is 5432")
    sandbox.write(FACTS, sandbox.read(FACTS).replace("5432", "5433"))

    done = sandbox.gitmem("why", "facts.md:8", cwd=sandbox.path / "memory")

    assert done.code == 0
    rows = [row.strip() for row in done.out.splitlines()]
    assert rows[0] == f"{FACTS}:8  The port is 5433"
    assert rows[1:3] == ["changed by hand, not committed yet", "it was: The port is 5432"]
    assert f"flag {flag_id} (fact): The port is 5432" in rows


def test_why_says_how_often_a_line_was_shown_also_after_a_person_changed_it(
    sandbox: Sandbox,
) -> None:
    landed(sandbox, "The port in README.md is 5432")
    before = json.loads(sandbox.gitmem("why", f"{FACTS}:8", "--json").out)["shown"]
    assert (before["times"], before["last"]) == (0, None)
    assert "shown" not in sandbox.gitmem("why", f"{FACTS}:8").out
    sandbox.gitmem("recall-view", str(sandbox.path))
    assert "5432" in read_file(sandbox, "README.md", "one")
    sandbox.write(FACTS, sandbox.read(FACTS).replace("5432", "5433"))

    assert "shown 1 time in 1 session of this clone, last just now" in (
        sandbox.gitmem("why", f"{FACTS}:8").out
    )
    found = json.loads(sandbox.gitmem("why", f"{FACTS}:8", "--json").out)["shown"]
    assert (found["times"], found["triggers"]) == (1, {"path": 1})


def test_show_tells_where_a_flag_stands(sandbox: Sandbox) -> None:
    flag_id = landed(sandbox, "The port is 5432")

    answer = json.loads(sandbox.gitmem("show", flag_id[:6], "--json").out)
    words = sandbox.gitmem("show", flag_id).out

    assert (answer["flag"]["id"], answer["state"]) == (flag_id, "drained")
    assert answer["outcomes"][0]["now"][0]["is"] == "there"
    assert f"now: {FACTS}:8" in words
    assert sandbox.gitmem("show", "zzzz").code == 2


def test_forget_shows_what_goes_and_check_trace_agrees(sandbox: Sandbox) -> None:
    flag_id = landed(sandbox, "The port is 5432")

    dry = json.loads(sandbox.gitmem("forget", flag_id, "--dry-run", "--json").out)
    done = sandbox.gitmem("forget", flag_id, "--reason", "it was a guess")

    assert [one["text"] for one in dry["taken"]] == ["The port is 5432"]
    assert dry["commit"] is None
    assert (done.code, "-- The port is 5432" in done.out) == (0, True)
    assert "to forget" in sandbox.gitmem("status").out
    assert "1 flag forgotten" in sandbox.gitmem("accept").out
    assert sandbox.gitmem("why", "The port").code == 2
    assert sandbox.gitmem("forget", flag_id).code == 7
    assert sandbox.gitmem("check", "--trace").code == 0
    assert json.loads(sandbox.gitmem("stats", "--json").out)["totals"]["closes"] == 1


def test_check_trace_lists_gaps_and_ends_with_1(sandbox: Sandbox) -> None:
    landed(sandbox, "The port is 5432")
    sandbox.commit("odd", {".gitmem/drains/x.jsonl": "garbage\n"})

    done = sandbox.gitmem("check", "--trace", "--json")
    answer = json.loads(done.out)

    assert (done.code, answer["ok"]) == (1, False)
    assert [gap["file"] for gap in answer["gaps"]] == [".gitmem/drains/x.jsonl"]
    assert ".gitmem/drains/x.jsonl" in sandbox.gitmem("check", "--trace").out


def test_check_stale_lists_what_is_gone_and_ends_with_1(sandbox: Sandbox) -> None:
    sandbox.commit("script", {"scripts/rel.sh": "x\n"})
    landed(sandbox, "Releases need scripts/rel.sh")
    assert sandbox.gitmem("check", "--stale").code == 0
    sandbox.git("rm", "--quiet", "scripts/rel.sh")
    sandbox.git("commit", "--quiet", "--message", "gone")

    done = sandbox.gitmem("check", "--stale", "--json")

    assert done.code == 1
    assert [one["cites"] for one in json.loads(done.out)["stale"]] == ["scripts/rel.sh"]
