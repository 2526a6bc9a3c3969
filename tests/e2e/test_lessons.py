"""47 lessons of the lengths of real ones: with bodies all of them are saved, closed, landed and found again."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence

import pytest

from gitmem.cli import hot
from gitmem.core.errors import Refused
from gitmem.drain.plan import Op, Operation
from gitmem.memory import tree_reader
from gitmem.memory.details.sections import sections, written
from gitmem.memory.tree import existing_lines
from gitmem.safety.paths import details_of, is_details
from gitmem.safety.text import MAX_TEXT, clean
from gitmem.trace.trace_check import check_trace
from tests.support.desk import Desk
from tests.support.lessons import Lesson, lessons
from tests.support.sandbox import Sandbox
from tests.support.scripted import Scripted

LESSONS = lessons()


def piped(these: Sequence[Lesson]) -> str:
    """The lessons as one text: each headline, and its body indented below it."""
    rows = []
    for lesson in these:
        rows.append(f"- {lesson.headline}")
        rows += [f"  {row}" if row else "" for row in lesson.body.split("\n")]
    return "\n".join(rows) + "\n"


def queued(sandbox: Sandbox) -> list[tuple[str, str]]:
    found = json.loads(sandbox.gitmem("log", "--json").out)
    return [(flag["text"], flag["body"]) for flag in found]


WHOLE = [(lesson.headline, lesson.body) for lesson in LESSONS]


def test_they_are_as_long_as_real_ones_are_and_31_do_not_fit_into_a_line() -> None:
    sizes = [lesson.size for lesson in LESSONS]
    too_long = 0
    for lesson in LESSONS:
        try:
            clean(f"{lesson.headline}: {' '.join(lesson.body.split())}")
        except Refused:
            too_long += 1

    assert len(LESSONS) == 47
    assert sum(size > MAX_TEXT for size in sizes) == 31
    assert 1200 <= statistics.median(sizes) <= 1300
    assert too_long >= 28  # some have more blanks than a line would


def test_all_are_saved_at_once_from_standard_input(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("flag", "-", "--bodies", input=piped(LESSONS))

    assert (done.code, done.err) == (0, "")
    assert queued(sandbox) == WHOLE
    assert sandbox.git("rev-list", "--count", "gitmem/queue") == "1"


def test_each_is_saved_on_the_command_line(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sandbox.path)
    codes = [
        hot.run(["flag", lesson.headline, "--body", lesson.body, "--topic", lesson.topic])
        for lesson in LESSONS
    ]

    assert codes == [0] * 47
    assert queued(sandbox) == WHOLE


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    desk = Desk(sandbox=sandbox)
    for lesson in LESSONS:
        desk.flag(lesson.headline, body=lesson.body, topic=lesson.topic)
    return desk


def found(desk: Desk, ref: str = "main") -> dict[str, str]:
    """Every line of memory, each with what is below it; every section has a line."""
    tree = tree_reader.read_tree(desk.repo, desk.head(ref), desk.folder)
    bodies = {
        (path, one.headline): one.body
        for path, text in tree.texts.items()
        if is_details(path, desk.folder)
        for one in sections(text)
    }
    lines = {
        line.text: bodies.pop((details_of(line.file), line.text), "")
        for line in existing_lines(tree)
    }
    assert bodies == {}
    return lines


def test_all_are_closed_as_written_landed_and_found_by_a_word_of_their_bodies(desk: Desk) -> None:
    done = desk.close()
    assert done.left == ()
    desk.accept()

    assert found(desk) == {lesson.headline: written(lesson.body) for lesson in LESSONS}
    assert check_trace(desk.repo, folder=desk.folder).ok
    for lesson in LESSONS[::9]:
        word = f"{lesson.word} measured restore reviewers"
        answer = json.loads(desk.sandbox.gitmem("recall", word, "--json").out)["lines"]
        assert answer[0]["text"] == lesson.headline
        assert answer[0]["body"] == written(lesson.body)
    index = desk.show("memory/MEMORY.md", "main")
    assert "details" not in index


def test_all_are_closed_by_a_model_that_merges_and_folds_and_none_is_lost(desk: Desk) -> None:
    ids = {flag.text: flag.id for flag in desk.status().state.undrained}
    of = [ids[lesson.headline] for lesson in LESSONS]

    def one(op: Op, *at: int, text: str = "", survivor: str = "") -> Operation:
        file = f"memory/{LESSONS[at[0]].topic}.md" if op is not Op.DUPLICATE else ""
        flags = tuple(of[place] for place in at)
        return Operation(op=op, flags=flags, file=file, text=text, survivor=survivor)

    merged = "In alder, bonsai and hazel two workers may take one port"
    script = [one(Op.MERGE, 0, 6, 18, text=merged), one(Op.DUPLICATE, 12, survivor=of[24])]
    rest = [at for at in range(47) if at not in {0, 6, 18, 12}]
    script += [one(Op.KEEP, at, text=LESSONS[at].headline) for at in rest]
    done = desk.close(engine=Scripted(*script))
    assert done.left == ()
    desk.accept()

    lines = found(desk)
    assert len(lines) == 44
    whole = "\n".join(lines.values())
    for lesson in LESSONS:
        assert written(lesson.body) in whole
    assert lines[merged].count("\n\n") >= 3
    assert check_trace(desk.repo, folder=desk.folder).ok
