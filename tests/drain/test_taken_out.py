"""Lines that an operation takes out: of one file or several, none twice, and none of them without a trace."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.flag import Flag
from gitmem.drain.assemble import AssembledTree, assemble
from gitmem.drain.drain import DrainResult, drain
from gitmem.drain.faithful import faithful
from gitmem.drain.limits import fitting
from gitmem.drain.plan import Op, Operation, Plan, Request, Work
from gitmem.drain.ports import Answer
from gitmem.memory import topics
from gitmem.memory.places import FiledLine
from gitmem.memory.tree import MemoryLine, MemoryTree, existing_lines
from gitmem.records.drain_record import Change, Fate, LineChange
from tests.support.operations import FOLDER, TEXTS
from tests.support.queues import new_flag
from tests.support.scripted import move

FACTS, CI, PENDING = "memory/facts.md", "memory/ci.md", "memory/PENDING.md"
GROUND = MemoryTree(folder=FOLDER, texts=TEXTS)
ONE, TWO = new_flag("one"), new_flag("two")
FLAGS = {flag.id: flag for flag in (ONE, TWO)}
FILED = FiledLine(drain="20260101T000000Z-abcdef", flags=("a" * 12, "b" * 12))


def line(file: str, text: str) -> MemoryLine:
    return MemoryLine(file=file, text=text)


def supersede(flag: Flag, text: str, *replaced: MemoryLine, op: Op = Op.SUPERSEDE) -> Operation:
    return Operation(
        op=op, flags=(flag.id,), file=replaced[0].file, text=text, replaced=tuple(replaced)
    )


def settle(item: str, *flags: Flag) -> Operation:
    ids = tuple(flag.id for flag in flags)
    return Operation(op=Op.SETTLED, flags=ids, replaced=(line(PENDING, item),))


def text(made: AssembledTree, file: str) -> str:
    return made.files[file] or ""


def test_one_new_line_takes_the_place_of_the_first_and_the_others_go() -> None:
    made = assemble(
        GROUND,
        [supersede(ONE, "new", line(FACTS, "known"), line(CI, "of ci"), line(FACTS, "also known"))],
        FLAGS,
    )
    (outcome,) = made.outcomes

    assert text(made, FACTS) == "# Facts\n\n- new\n"
    assert text(made, CI) == TEXTS[CI].replace("- of ci\n\n", "")
    assert (outcome.file, outcome.survivor) == (FACTS, "known")
    assert outcome.also == (f"{CI}: of ci", f"{FACTS}: also known")
    assert outcome.replaced == ((FACTS, "known"), (CI, "of ci"), (FACTS, "also known"))


def test_a_line_that_two_operations_replace_goes_once_and_both_lines_stand() -> None:
    made = assemble(
        GROUND,
        [
            supersede(ONE, "new", line(FACTS, "known"), line(FACTS, "also known")),
            supersede(TWO, "newer", line(FACTS, "also known"), line(CI, "of ci")),
        ],
        FLAGS,
    )

    assert "- new\n" in text(made, FACTS)
    assert "- newer\n" in text(made, CI)
    assert "known" not in text(made, FACTS)
    assert made.outcomes[1].replaced == ((CI, "of ci"),)


def test_of_two_operations_on_one_line_the_second_waits() -> None:
    both = [supersede(ONE, "new", line(CI, "of ci")), supersede(TWO, "newer", line(CI, "of ci"))]

    kept, left = fitting(GROUND, both, FLAGS)

    assert (kept, [one.id for one in left]) == ([both[0]], [TWO.id])


@pytest.mark.parametrize(
    ("items", "gone"),
    [
        ("- [ ] open\n- [ ] other\n", "- [ ] other\n"),
        ("- open\n- [x] open\n", "- [x] open\n"),
        ("- [x] open\n- [ ] open\n", "- [x] open\n"),
        ("* [ ] open\n\nText.\n", "\nText.\n"),
    ],
)
def test_an_open_item_goes_and_a_done_one_stays(items: str, gone: str) -> None:
    ground = replace(GROUND, texts={**TEXTS, PENDING: f"# Pending\n\n{items}"})
    keep = Operation(op=Op.KEEP, flags=(ONE.id,), file=FACTS, text="new")

    made = assemble(ground, [keep, settle("open", ONE), settle("open", TWO)], FLAGS)

    assert text(made, PENDING).replace("# Pending\n\n", "").strip() == gone.strip()
    assert made.changes == (
        LineChange(what=Change.SETTLED, file=PENDING, line="open", flags=(ONE.id, TWO.id)),
    )
    assert [one.flag.id for one in made.outcomes] == [ONE.id]


def test_a_line_that_moves_is_the_same_in_the_other_file_and_a_duplicate_names_it_there() -> None:
    same = Operation(op=Op.DUPLICATE, flags=(ONE.id,), survivor="known", within=FACTS)
    moved = replace(move(FACTS, "known", CI), filed=FILED)

    made = assemble(GROUND, [same, moved, moved], FLAGS)

    assert "- known\n" not in text(made, FACTS)
    assert text(made, CI).count("- known\n") == 1
    assert made.outcomes[0].survivor == f"{CI}: known"
    assert made.changes == (
        LineChange(
            what=Change.MOVED,
            file=CI,
            line="known",
            flags=FILED.flags,
            before=FACTS,
            drain=FILED.drain,
        ),
    )


def test_a_topic_that_gave_its_last_line_away_goes_and_the_index_with_it() -> None:
    ground = replace(GROUND, texts={**TEXTS, FACTS: topics.new_topic_file("facts") + "\n- known\n"})
    moved = replace(move(FACTS, "known", CI), filed=FILED)
    keep = Operation(op=Op.KEEP, flags=(ONE.id,), file=CI, text="new")

    made = assemble(ground, [keep, moved], FLAGS)

    assert made.files[FACTS] is None
    assert "facts" not in text(made, "memory/MEMORY.md")


def test_a_topic_with_a_persons_words_stays_when_its_last_line_goes() -> None:
    theirs = topics.new_topic_file("facts") + "\nMine.\n\n- known\n"
    ground = replace(GROUND, texts={**TEXTS, FACTS: theirs})

    made = assemble(ground, [replace(move(FACTS, "known", CI), filed=FILED)], FLAGS)

    assert text(made, FACTS).endswith("Mine.\n")


def test_a_file_that_a_line_left_or_came_to_is_no_newer_for_it() -> None:
    ground = replace(GROUND, newest={FACTS: "20260101T000000Z-a", CI: "20250101T000000Z-a"})
    moved = replace(move(FACTS, "known", CI), filed=FILED)

    made = assemble(ground, [moved], FLAGS)

    assert made.imports is not None
    assert made.imports.names.index("facts.md") < made.imports.names.index("ci.md")


# Whatever an engine answers, what a line says is afterwards in memory or in the row that says why it went.

_VALUES = ["8080", "9090", "redis", "make deploy", "pnpm", "Tuesday"]
_TEXTS = [
    *(f"the API of part {number} listens on port {value}" for number, value in enumerate(_VALUES)),
    "deploys go out on Tuesday and never on Friday",
    "the importer skips rows without a date",
    "jobs run at night unless the queue is long",
]
_FLAGS = tuple(
    new_flag(text)
    for text in (
        "the API of part 1 listens on port 7070 now",
        "the API listens on port 9090",
        "deploys go out on Wednesday now, not on Tuesday",
        "the importer retries rows without a date",
    )
)
_ITEMS = ["which port does the API of part 1 listen on?", "who deploys on Tuesday?"]
_GROUND = MemoryTree(
    folder=FOLDER,
    texts={
        FACTS: "# Facts\n\n" + "".join(f"- {text}\n" for text in _TEXTS[:5]),
        CI: "# CI\n\n" + "".join(f"- {text}\n" for text in _TEXTS[5:]),
        PENDING: "# Pending\n\n" + "".join(f"- [ ] {text}\n" for text in _ITEMS),
    },
)
_LINES = [one for one in existing_lines(_GROUND) if one.file != PENDING]
_OPEN = [one for one in existing_lines(_GROUND) if one.file == PENDING]
_IDS = [flag.id for flag in _FLAGS]


def _replacing() -> st.SearchStrategy[Operation]:
    return st.builds(
        lambda op, flag, new, lines: Operation(
            op=op, flags=(flag,), file=lines[0].file, text=new, replaced=tuple(lines)
        ),
        op=st.sampled_from([Op.SUPERSEDE, Op.MERGE]),
        flag=st.sampled_from(_IDS),
        new=st.sampled_from(["", *(flag.text for flag in _FLAGS), *_TEXTS, "ports differ"]),
        lines=st.lists(st.sampled_from(_LINES), min_size=1, max_size=4, unique=True),
    )


def _others() -> st.SearchStrategy[Operation]:
    keep = st.builds(
        lambda flag: Operation(op=Op.KEEP, flags=(flag,), file=FACTS), st.sampled_from(_IDS)
    )
    same = st.builds(
        lambda flag, one: Operation(
            op=Op.DUPLICATE, flags=(flag,), file=FACTS, survivor=one.text, within=one.file
        ),
        st.sampled_from(_IDS),
        st.sampled_from([*_LINES, *_OPEN]),
    )
    settled = st.builds(
        lambda flags, items: Operation(op=Op.SETTLED, flags=tuple(flags), replaced=tuple(items)),
        st.lists(st.sampled_from(_IDS), min_size=1, max_size=2, unique=True),
        st.lists(st.sampled_from(_OPEN), min_size=1, unique=True),
    )
    moved = st.builds(lambda one: move(one.file, one.text, CI), st.sampled_from(_LINES))
    return st.one_of(keep, same, settled, moved)


class _Answers:
    name, model = "drawn", ""

    def __init__(self, operations: list[Operation]) -> None:
        self._operations = operations

    def prepared(self, plan: Plan) -> Plan:
        return plan

    def run(self, request: Request) -> Answer:
        return Answer(operations=faithful(request, self._operations))

    def stop(self) -> None:
        return


def _drained(operations: list[Operation]) -> DrainResult:
    request = Request(
        work=Work.MEMORY,
        flags=_FLAGS,
        files=(CI, FACTS),
        existing=tuple(_LINES),
        pending_lines=tuple(_OPEN),
        usual=dict.fromkeys(_IDS, FACTS),
        movable={one: FILED for one in _LINES if one.file == FACTS},
    )
    plan = Plan(requests=(request,), flags={flag.id: flag for flag in _FLAGS})
    return drain(plan, _Answers(operations), _GROUND, workers=1, clock=lambda: 0.0)


def _words(said: str) -> set[str]:
    return set(re.findall(r"\w+", said.casefold()))


@given(st.lists(st.one_of(_replacing(), _others()), min_size=1, max_size=6))
def test_nothing_that_a_line_said_is_lost_by_any_operation(operations: list[Operation]) -> None:
    drained = _drained(operations)
    made = assemble(_GROUND, drained.operations, {flag.id: flag for flag in _FLAGS})

    memory = {**_GROUND.texts, **made.files}
    left = {
        one.text
        for one in existing_lines(replace(_GROUND, texts={k: v for k, v in memory.items() if v}))
    }
    rows = {text for one in made.outcomes for _, text in one.replaced}
    rows |= {one.line for one in made.changes if one.what is Change.SETTLED}
    for one in [*_LINES, *_OPEN]:
        assert one.text in left | rows
    for outcome in made.outcomes:
        for _, old in outcome.replaced:
            # What went for a new line is carried by it, or its flag says that it changed.
            said = _words(f"{outcome.line} {outcome.flag.text}")
            assert len(_words(old) - said) <= 2, (old, outcome.line)
    moved = [one for one in made.changes if one.what is Change.MOVED]
    assert all(one.line in left for one in moved)
    accounted = [one.flag.id for one in made.outcomes] + [one.id for one in drained.left]
    assert sorted(accounted) == sorted(_IDS)


@given(st.lists(st.one_of(_replacing(), _others()), min_size=1, max_size=6))
def test_the_order_of_an_answer_does_not_lose_a_line(operations: list[Operation]) -> None:
    made = assemble(
        _GROUND, _drained(operations[::-1]).operations, {flag.id: flag for flag in _FLAGS}
    )

    counted = [text for one in made.outcomes for text in one.replaced]
    assert all(one.fate in {Fate.SUPERSEDED, Fate.MERGED} for one in made.outcomes if one.also)
    assert len(counted) == len(set(counted))
