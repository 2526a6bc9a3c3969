"""A line that a flag says is wrong is in the question about that flag, whatever its rank."""

from __future__ import annotations

import json
from dataclasses import replace

from gitmem.core.flag import Flag, make
from gitmem.drain.plan import CHUNK, Plan, Request, make_plan
from gitmem.drain.prompting import make_question
from gitmem.drain.shown.nearest import narrow
from gitmem.drain.verbatim import Verbatim
from gitmem.memory import tree_reader
from gitmem.memory.tree import MemoryTree

WRONG = "Deploys go out on Tuesdays"


def flag(number: int, text: str, corrects: str = "") -> Flag:
    digits = "abcdefghijklmnopqrstuvwxyz"
    key = "a" * 10 + digits[number // 26] + digits[number % 26]
    return make({"id": key, "kind": "fact", "text": text, "corrects": corrects})


def planned(flags: list[Flag], lines: list[str]) -> Plan:
    rows = "".join(f"- {line}\n" for line in lines)
    tree = MemoryTree(folder="memory", texts={"memory/facts.md": f"# facts\n\n{rows}"})
    return make_plan(flags, tree_reader.places(tree), {})


def asked_about(plan: Plan, flag_id: str) -> Request:
    (request,) = [one for one in plan.requests if flag_id in [each.id for each in one.flags]]
    return request


def test_the_line_is_shown_though_a_hundred_are_nearer() -> None:
    near = [f"Releases wait for the release manager, case {n}" for n in range(100)]
    corrected = f"memory/facts.md: {WRONG}"
    wrong = flag(0, "Releases wait for the release manager", corrected)
    plan = planned([wrong], [*near, WRONG])

    request = asked_about(narrow(plan), wrong.id)

    assert WRONG in [line.text for line in request.existing]
    without = flag(0, wrong.text)
    others = asked_about(narrow(planned([without], [*near, WRONG])), without.id)
    assert WRONG not in [line.text for line in others.existing]


def test_of_many_questions_it_is_in_the_one_about_its_flag() -> None:
    lines = [f"Deploys go out from stage {n}" for n in range(80)]
    others = [flag(n, f"{WRONG}, said {n} times") for n in range(1, CHUNK + 9)]
    wrong = flag(60, "Releases wait", f"memory/facts.md: {WRONG}")
    request = asked_about(narrow(planned([*others, wrong], [*lines, WRONG])), wrong.id)

    assert WRONG in [line.text for line in request.existing]
    data = json.loads(make_question(request, "mark").text.splitlines()[1])
    labels = {row["text"]: row.get("corrects") for row in data}
    label = labels["Releases wait"]
    shown = json.loads(make_question(request, "mark").text.splitlines()[4])
    assert [row["text"] for row in shown if row["id"] == label] == [WRONG]
    assert not any(labels[one.text] for one in request.flags if one is not wrong)


def test_a_file_that_moved_is_no_trouble_and_a_line_that_is_gone_is_told() -> None:
    moved = flag(0, "Releases wait", f"memory/old.md: {WRONG}")
    gone = flag(1, "The port is 5432", "memory/facts.md: The port is 1")
    plan = planned([moved, gone], [WRONG])

    told = {
        operation.flags[0]: operation.reason
        for request in plan.requests
        for operation in Verbatim().run(replace(request)).operations
    }

    assert told[moved.id] == f"it corrects memory/facts.md: {WRONG}"
    assert told[gone.id] == "it corrects a line that is gone: memory/facts.md: The port is 1"
