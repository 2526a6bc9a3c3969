"""What was folded into a line is nowhere once that line is gone: no close and no accept lets it go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitmem.core.failures import NeedsPerson
from gitmem.core.flag import Flag
from gitmem.drain.plan import Op, Operation, Request
from gitmem.drain.ports import Answer
from gitmem.drain.verbatim import Verbatim
from gitmem.memory.tree import MemoryLine
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox
from tests.support.scripted import Scripted, operation

FACTS = "memory/facts.md"
LINE = "The API listens on port 8080"


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    found = Desk(sandbox=sandbox)
    found.flag(LINE)
    found.flag("Backups are kept for 30 days")
    found.land()
    return found


def folded(desk: Desk) -> str:
    """A review that calls a flag the same as a line that is there."""
    flag = desk.flag("API port is 8080")
    desk.close(engine=Scripted(operation("duplicate", flag, "", "", LINE)))
    assert "API port" not in desk.show(FACTS)
    return flag


def change(desk: Desk, old: str, new: str) -> None:
    text = desk.show(FACTS, "main")
    assert old in text
    desk.sandbox.commit("memory by hand", {FACTS: text.replace(old, new)})


def test_a_review_whose_line_went_from_the_target_is_not_accepted_and_made_anew(desk: Desk) -> None:
    flag = folded(desk)
    change(desk, f"- {LINE}\n", "")

    with pytest.raises(NeedsPerson, match=flag):
        desk.accept()
    made = desk.close()

    assert any("rebuilt" in note and flag in note for note in made.notes)
    assert "- API port is 8080\n" in desk.show(FACTS)
    desk.accept()
    assert "- API port is 8080\n" in desk.show(FACTS, "main")


def test_a_line_that_somebody_reworded_is_one_that_has_to_be_judged_again(desk: Desk) -> None:
    flag = folded(desk)
    change(desk, LINE, "The API listens on a socket")

    with pytest.raises(NeedsPerson, match=flag):
        desk.accept()


def test_a_line_that_moved_to_another_topic_still_stands(desk: Desk) -> None:
    flag = folded(desk)
    text = desk.show(FACTS, "main").replace(f"- {LINE}\n", "")
    desk.sandbox.commit("tidy", {FACTS: text, "memory/api.md": f"# API\n\n- {LINE}\n"})

    assert flag in desk.accept().flags


def test_what_came_beside_the_line_is_in_nobody_s_way(desk: Desk) -> None:
    flag = folded(desk)
    desk.sandbox.commit("code", {"code.py": "x = 1\n"})

    assert flag in desk.accept().flags


class Judge(Verbatim):
    """Folds what begins with ``API`` into the line; what begins with ``The API`` replaces it."""

    def run(self, request: Request) -> Answer:
        return Answer(operations=tuple(self._one(flag) for flag in request.flags))

    def _one(self, flag: Flag) -> Operation:
        if flag.text.startswith("API"):
            return Operation(op=Op.DUPLICATE, flags=(flag.id,), survivor=LINE)
        keep = Operation(op=Op.KEEP, flags=(flag.id,), file=FACTS, text=flag.text)
        line = MemoryLine(file=FACTS, text=LINE)
        new = flag.text.startswith("The API")
        return replace(keep, op=Op.SUPERSEDE, replaced=(line,)) if new else keep


def test_a_duplicate_of_a_line_that_another_question_replaces_waits_for_the_next_close(
    desk: Desk,
) -> None:
    one = desk.flag("API port is 8080")
    for number in range(31):
        desk.flag(f"fact number {number}")
    desk.flag("The API listens on port 9090")  # the thirty-third: a question of its own

    made = desk.close(engine=Judge())

    assert [(left.id, left.reason) for left in made.left] == [
        (one, "what it is a duplicate of does not stay")
    ]
    assert "- The API listens on port 9090\n" in desk.show(FACTS)
