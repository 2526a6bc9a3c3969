"""A judged review answered line by line: each line can be rejected, and no other one changes."""

from __future__ import annotations

from dataclasses import replace
from difflib import unified_diff
from pathlib import Path

import pytest

from gitmem.capture.capture import FlagDraft
from gitmem.close.close import CloseResult
from gitmem.drain.plan import Op, Operation, Request
from gitmem.drain.ports import Answer
from gitmem.drain.verbatim import Verbatim
from gitmem.memory.tree import MemoryLine
from gitmem.review import line_by_line
from gitmem.review.line_by_line import Answers, ReviewLine
from tests.review.test_line_by_line import answer, asking
from tests.support.desk import AT, Desk
from tests.support.sandbox import Sandbox
from tests.support.scripted import Scripted, move, operation

FACTS, SKILL = "memory/facts.md", ".claude/skills/release/SKILL.md"
BODY = "---\nname: release\n---\n\n# Release\n\n## Before\n\n- Read the log\n\n## After\n\n- Tell all\n"
ITEM = "Does the deploy use a token or an app?"


class Judge(Scripted):
    """Files in its own words each flag that the script says nothing about."""

    def run(self, request: Request) -> Answer:
        said = super().run(request)
        done = {key for one in said.operations for key in one.flags}
        own = Verbatim().run(request).operations
        rest = [one for one in own if not done.issuperset(one.flags)]
        return replace(said, operations=(*said.operations, *rest))


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    """A memory that has landed, a skill and an instruction file."""
    desk = Desk(sandbox=sandbox)
    sandbox.commit("rules", {"CLAUDE.md": "# Mine\n\n- Be brief.\n", SKILL: BODY})
    for text in ("The port is 5432", "The pool opens late", "Builds run on Mondays"):
        desk.flag(text)
    desk.flag("The cache is on disk", topic="cache")
    desk.flag(ITEM, kind="pending")
    desk.land()
    return desk


def judged(desk: Desk) -> CloseResult:
    """One close with every operation there is."""
    port = desk.flag("The port is 5433, no longer 5432")
    one = desk.flag("Tests need the network in CI")
    two = desk.flag("Tests need the network at home")
    same = desk.keep(FlagDraft("The pool opens late", body="The probe asks first."))
    token = desk.flag("The deploy uses a token, not an app")
    names = [desk.flag(f"The table {name} has an index") for name in ("users", "orders", "items")]
    desk.flag("npm install rewrote the lock file", kind="snag", better="Use pnpm")
    desk.flag("the tag was missing", kind="snag", better="Check the tag", skill="release")
    desk.flag("Which region?", kind="pending")
    engine = Judge(
        operation("supersede", port, FACTS, "The port is 5433", "The port is 5432"),
        operation("keep", f"{one} {two}", FACTS, "Tests need the network in CI and at home"),
        operation("duplicate", same, "", "", "The pool opens late"),
        operation("keep", token, FACTS, "The deploy uses a token, not an app"),
        Operation(
            op=Op.SETTLED,
            flags=(token,),
            file="memory/PENDING.md",
            replaced=(MemoryLine(file="memory/PENDING.md", text=ITEM),),
        ),
        *[
            Operation(
                op=Op.KEEP,
                flags=(key,),
                file=FACTS,
                text=f"The table {name} has an index",
                topic="tables",
                about="What the tables have",
            )
            for key, name in zip(names, ("users", "orders", "items"), strict=True)
        ],
        move(FACTS, "Builds run on Mondays", "memory/cache.md"),
    )
    return desk.close(engine=engine)


def texts(desk: Desk) -> dict[str, list[str]]:
    """The files of the review but its records and the derived index."""
    names = desk.sandbox.git("ls-tree", "-r", "--name-only", "gitmem/drain").split("\n")
    derived = (".gitmem/drains/", "memory/MEMORY.md")
    return {name: desk.show(name).splitlines() for name in names if not name.startswith(derived)}


def difference(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """The lines of lists that go (-) and come (+)."""
    rows = [
        row
        for name in sorted(before.keys() | after.keys())
        for row in unified_diff(before.get(name, []), after.get(name, []), n=0, lineterm="")
    ]
    return [row for row in rows if row[1:].startswith("- ")]


GONE = {
    "Check the tag (the tag was missing)": ["-- Check the tag (the tag was missing)"],
    "Use pnpm (npm install rewrote the lock file)": [
        "-- Use pnpm (npm install rewrote the lock file)"
    ],
    "Which region?": ["-- [ ] Which region?"],
    "The port is 5433": ["-- The port is 5433", "+- The port is 5432"],
    "Tests need the network in CI and at home": ["-- Tests need the network in CI and at home"],
    "The deploy uses a token, not an app": [
        f"+- [ ] {ITEM}",
        "-- The deploy uses a token, not an app",
    ],
    "": ["-- The pool opens late ([details](details/facts.md))", "+- The pool opens late"],
    "The table users has an index": ["-- The table users has an index"],
    "The table orders has an index": ["-- The table orders has an index"],
    "The table items has an index": ["-- The table items has an index"],
}


def test_each_line_can_be_rejected_and_no_other_line_changes(desk: Desk) -> None:
    assert judged(desk).left == ()
    tip, before, lines = desk.head("gitmem/drain"), texts(desk), asking(desk).lines
    assert {line.line for line in lines} == GONE.keys()

    for line in lines:
        reject(desk, line)

        assert difference(before, texts(desk)) == GONE[line.line], line.line
        assert desk.sandbox.git("rev-list", "--count", "main..gitmem/drain") == "1"
        desk.sandbox.git("branch", "--force", "gitmem/drain", tip)
        Path(desk.repo.folder, "drops.jsonl").unlink()


def reject(desk: Desk, line: ReviewLine) -> None:
    asked = asking(desk)
    same = next(one for one in asked.lines if one.key == line.key)
    answers = Answers(rejected={same: "no"})
    line_by_line.write(desk.repo, asked, answers, configured=desk.target, folder=desk.folder, at=AT)


def test_a_line_that_replaced_one_of_an_earlier_close_brings_it_back(desk: Desk) -> None:
    desk.flag("The host is alpha")
    desk.close()
    later = desk.flag("The host is beta, no longer alpha")
    desk.close(
        engine=Scripted(
            operation("supersede", later, FACTS, "The host is beta", "The host is alpha")
        )
    )
    assert [line.line for line in asking(desk).lines] == ["The host is beta"]

    done = answer(desk, reject={"The host is beta": "it is not"})

    assert [line.line for line in done.back] == ["The host is alpha"]
    assert "The host is alpha" in desk.lines(FACTS)


def test_every_line_can_be_edited_and_all_land(desk: Desk) -> None:
    judged(desk)
    lines = [line.line for line in asking(desk).lines if line.line]
    before = texts(desk)

    answer(desk, edit={line: f"{line}, says Ada" for line in lines})

    after = texts(desk)
    assert after.keys() == before.keys()
    assert [line.line for line in asking(desk).lines if line.line] == [
        f"{line}, says Ada" for line in lines
    ]
    same = {row for rows in before.values() for row in rows} - {
        row for rows in before.values() for row in rows for line in lines if line in row
    }
    assert same <= {row for rows in after.values() for row in rows}
    desk.accept()
    assert desk.states() == {}


def test_an_edited_review_is_made_again_as_it_is(desk: Desk) -> None:
    judged(desk)
    edited = {
        line.line: f"{line.line}, says Ada"
        for line in asking(desk).lines
        if line.line and line.line != "Which region?"
    }
    answer(desk, edit=edited)
    before = texts(desk)

    answer(desk, reject={"Which region?": "we have one"})

    assert difference(before, texts(desk)) == ["-- [ ] Which region?"]
