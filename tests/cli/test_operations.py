"""Several lines replaced, an item settled and a line moved, through the console script from plan to forget."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.support.sandbox import Sandbox

_PART = re.compile(r"^(FLAGS|LINES|TARGETS) (\w*)\n(.*)\n\1 \2$", re.MULTILINE)
OLD = ["The queue is rabbit", "Jobs go through rabbit with two workers"]
ITEM = "Which PDF library draws the invoices?"
ANSWER = "Invoices are drawn with the PDF library pdf-lib"
RENAMED = "rabbit was renamed to hare"
CORES = "The runner has two cores"
OSLO = "The runner is in Oslo"


def flag(sandbox: Sandbox, text: str, *options: str) -> str:
    return str(json.loads(sandbox.gitmem("flag", text, "--json", *options).out)["id"])


def land(sandbox: Sandbox) -> None:
    assert sandbox.gitmem("close", "--engine", "verbatim").code == 0
    assert sandbox.gitmem("accept").code == 0


def question(sandbox: Sandbox) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """The one request of a plan, and the labels of its flags, lines and targets by their words."""
    (row,) = sandbox.gitmem("plan").out.splitlines()
    asked = json.loads(row)
    parts = {name: json.loads(data) for name, _, data in _PART.findall(asked["text"])}
    labels = {
        name: {item.get("text") or item["file"]: item["id"] for item in items}
        for name, items in parts.items()
    }
    return asked, labels


def operation(op: str, **fields: object) -> dict[str, object]:
    empty = {
        "flags": [],
        "target": "",
        "lines": [],
        "text": "",
        "reason": "",
        "topic": "",
        "about": "",
    }
    return {"op": op, **empty, **fields}


@pytest.fixture
def done(sandbox: Sandbox) -> tuple[Sandbox, dict[str, str]]:
    """Two closes: lines of three topics and an open item, then one that does all three; landed."""
    ids = {
        OLD[0]: flag(sandbox, OLD[0]),
        OLD[1]: flag(sandbox, OLD[1], "--kind", "decision"),
        CORES: flag(sandbox, CORES),
        ITEM: flag(sandbox, ITEM, "--kind", "pending"),
    }
    flag(sandbox, "The runner runs Debian", "--topic", "ci")
    land(sandbox)
    ids |= {text: flag(sandbox, text) for text in (RENAMED, ANSWER)}
    ids[OSLO] = flag(sandbox, OSLO, "--topic", "ci")
    asked, named = question(sandbox)
    flags, lines, targets = named["FLAGS"], named["LINES"], named["TARGETS"]
    answer = {
        "key": asked["key"],
        "model": "small-1",
        "operations": [
            operation(
                "supersede",
                flags=[flags[RENAMED]],
                lines=[lines[text] for text in OLD],
                text="The queue is hare, and jobs go through hare with two workers",
            ),
            operation("keep", flags=[flags[ANSWER]], target=targets["memory/facts.md"]),
            operation("keep", flags=[flags[OSLO]], target=targets["memory/ci.md"]),
            operation("settled", flags=[flags[ANSWER]], lines=[lines[ITEM]]),
            operation("settled", flags=[flags[OSLO]], lines=[lines[ITEM]]),
            operation("move", lines=[lines[CORES]], target=targets["memory/ci.md"]),
        ],
    }
    applied = sandbox.gitmem("apply", "-", input=json.dumps(answer) + "\n")
    assert applied.code == 0, applied.err
    return sandbox, ids


def test_the_review_and_its_commit_say_what_went_and_why(
    done: tuple[Sandbox, dict[str, str]],
) -> None:
    sandbox, ids = done
    review = sandbox.gitmem("review").out
    told = json.loads(sandbox.gitmem("review", "--json").out)
    message = sandbox.git("log", "-1", "--format=%B", "gitmem/drain")

    assert f"settled by {ids[ANSWER]}: {ITEM}" in review
    assert f"moved as it is from memory/facts.md to memory/ci.md: {CORES}" in review
    assert "does not settle" in review
    assert [(one["change"], one["line"]) for one in told["changes"]] == [
        ("settled", ITEM),
        ("moved", CORES),
    ]
    renamed = next(one for one in told["outcomes"] if one["id"] == ids[RENAMED])
    went = [renamed["survivor"], *[one.partition(": ")[2] for one in renamed["also"]]]
    assert sorted(went) == sorted(OLD)
    assert f"(settled by {ids[ANSWER]})" in message
    assert "(moved as it is from memory/facts.md to memory/ci.md)" in message
    assert message.count("in the place of memory/") == 2


def test_why_and_show_follow_each_of_them(done: tuple[Sandbox, dict[str, str]]) -> None:
    sandbox, ids = done
    assert sandbox.gitmem("accept").code == 0

    hare = sandbox.gitmem("why", "The queue is hare").out
    moved = sandbox.gitmem("why", CORES).out
    shown = {text: sandbox.gitmem("show", ids[text]).out for text in (*OLD, CORES, ITEM, ANSWER)}

    assert all(f"it replaced: {text}" in hare for text in OLD)
    assert "moved here from memory/facts.md, as it is, by drain" in moved
    assert ids[CORES] in moved
    assert f"flag {ids[RENAMED]}" in shown[OLD[0]]
    assert f"flag {ids[RENAMED]}" in shown[OLD[1]]
    assert re.search(r"now: memory/ci\.md:\d+, moved there by drain", shown[CORES])
    assert f"now: settled by flag {ids[ANSWER]}, drain" in shown[ITEM]
    assert "settled an open item of memory/PENDING.md" in shown[ANSWER]
    assert sandbox.gitmem("check", "--trace").code == 0


def test_forget_and_revert_undo_what_they_should(done: tuple[Sandbox, dict[str, str]]) -> None:
    sandbox, ids = done
    sandbox.gitmem("accept")

    gone = sandbox.gitmem("forget", ids[CORES], ids[ANSWER], "--dry-run")
    sandbox.git("revert", "--no-edit", "HEAD")

    assert f"{ids[ANSWER]} had settled: {ITEM}" in gone.out + gone.err
    assert CORES in gone.out
    assert f"- [ ] {ITEM}" in sandbox.read("memory/PENDING.md")
    assert f"- {CORES}\n" in sandbox.read("memory/facts.md")
    status = sandbox.gitmem("status").out
    assert "3 undrained" in status
