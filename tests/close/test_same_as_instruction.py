"""A flag that repeats what an instruction file says is a duplicate of that line, and the line stays as it is."""

from __future__ import annotations

import pytest

from gitmem.core.failures import NeedsPerson
from gitmem.drain.faithful import faithful
from gitmem.drain.plan import Op, Operation, Request
from gitmem.drain.ports import Answer
from gitmem.records.drain_record import Fate
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox
from tests.support.scripted import Scripted

TEXT = "# Shop\n\nRun `pnpm test` before every commit.\n\n- Prices are integers of cents.\n"
SAYS = "Run `pnpm test` before every commit."


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    found = Desk(sandbox=sandbox)
    found.sandbox.commit("instructions", {"CLAUDE.md": TEXT})
    return found


class Judge(Scripted):
    """The same, as an engine with a model: what is no duplicate becomes a line of its own."""

    def run(self, request: Request) -> Answer:
        return Answer(operations=faithful(request, super().run(request).operations))


def same(flag: str, text: str = SAYS) -> Operation:
    return Operation(
        op=Op.DUPLICATE, flags=(flag,), file="memory/facts.md", survivor=text, within="CLAUDE.md"
    )


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("run `pnpm test` before each commit", SAYS),
        ("Prices are cents, as integers", "Prices are integers of cents."),
    ],
)
def test_the_record_names_file_and_line_and_the_line_is_not_touched(
    desk: Desk, said: str, line: str
) -> None:
    flag = desk.flag(said)

    made = desk.close(engine=Judge(same(flag, line)))

    (outcome,) = made.outcomes
    assert (outcome.fate, outcome.survivor) == (Fate.DUPLICATE, f"CLAUDE.md: {line}")
    assert [path for path in made.files if not path.startswith(".gitmem")] == []
    assert desk.show("CLAUDE.md") == TEXT
    desk.accept()
    assert "undrained" not in desk.states()


@pytest.mark.parametrize(
    "said",
    ["run `npm test` before every commit", "run `pnpm test` before every push", "backups are kept"],
)
def test_what_says_something_else_is_a_line_of_its_own(desk: Desk, said: str) -> None:
    flag = desk.flag(said)

    made = desk.close(engine=Judge(same(flag)))

    assert desk.lines("memory/facts.md") == [said]
    assert "duplicate of what does not say the same" in made.outcomes[0].reason


def test_when_the_line_goes_from_the_target_the_flag_is_judged_again(desk: Desk) -> None:
    flag = desk.flag("run `pnpm test` before each commit")
    desk.close(engine=Judge(same(flag)))
    desk.sandbox.commit("by hand", {"CLAUDE.md": TEXT.replace(f"{SAYS}\n\n", "")})

    with pytest.raises(NeedsPerson, match=flag):
        desk.accept()
    desk.close()

    assert desk.lines("memory/facts.md") == ["run `pnpm test` before each commit"]


def test_a_review_that_is_made_again_still_names_the_file(desk: Desk) -> None:
    flag = desk.flag("run `pnpm test` before each commit")
    other = desk.flag("to be dropped")
    desk.close(
        engine=Judge(
            same(flag),
            Operation(op=Op.KEEP, flags=(other,), file="memory/facts.md", text="to be dropped"),
        )
    )
    desk.drop(other)

    made = desk.close()

    assert [(one.fate, one.survivor) for one in made.outcomes if one.flag.id == flag] == [
        (Fate.DUPLICATE, f"CLAUDE.md: {SAYS}")
    ]
