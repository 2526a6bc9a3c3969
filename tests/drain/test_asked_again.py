"""What an answer leaves out or names twice is asked again in a smaller question, and nothing is filed twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it brings no types

from gitmem.bootstrap.engines import handover
from gitmem.drain import model_engine
from gitmem.drain.drain import DrainResult, drain
from gitmem.drain.gate import unaccounted
from gitmem.drain.model_engine import ModelEngine
from gitmem.drain.plan import Op, Operation, Work, make_plan
from gitmem.drain.prompting import Bounds, schema_of_each
from gitmem.memory.places import Places
from gitmem.memory.tree import MemoryTree
from gitmem.models.answer_store import AnswerStore
from gitmem.models.reply import Prompt, Reply, Stop
from gitmem.models.usage import Usage
from tests.drain.test_judged import Scripted, fails, flag
from tests.support.judge import operation

LEFT_OUT = "the engine did not account for it"
TWICE = "the engine accounted for it more than once"
AGAIN = ", also when it was asked again"


def says(*rows: Mapping[str, Any]) -> Reply:
    usage = Usage(calls=1, dollars=None)
    return Reply(data={"operations": [*rows]}, stop="end_turn", usage=usage, seconds=0.1)


def keeps(*labels: str) -> Reply:
    return says(*[operation("keep", label) for label in labels])


class Asked(Scripted):
    """A model that answers as a test says, and keeps the bounded shapes."""

    def __init__(self, answer: Callable[[list[str]], Reply]) -> None:
        super().__init__(answer)
        self.shapes: list[Mapping[str, Any]] = []

    def ask(self, prompt: Prompt, *, until: float) -> Reply:
        self.shapes.append(prompt.bounded or {})
        return super().ask(prompt, until=until)

    @property
    def sizes(self) -> list[int]:
        return [len(texts) for texts in self.asked]


def engine(model: Scripted, folder: Path, **more: int) -> ModelEngine:
    return ModelEngine(
        model,
        {work: work.value for work in Work},
        mark=lambda: "mark",
        until=9.0,
        answers=AnswerStore(str(folder / "g")),
        **more,
    )


def closed(model: Scripted, folder: Path, flags: int, **more: int) -> DrainResult:
    """What a drain of so many flags comes to."""
    plan = make_plan([flag(number) for number in range(flags)], Places(folder="memory"), {})
    ground = MemoryTree(folder="memory", texts={}, odd={})
    return drain(plan, engine(model, folder, **more), ground, workers=2, clock=lambda: 0.0)


def texts(result: DrainResult) -> list[str]:
    return sorted(one.text for one in result.operations)


def reasons(result: DrainResult) -> dict[str, int]:
    return dict(Counter(one.reason for one in result.left))


def test_a_flag_that_an_answer_left_out_is_asked_about_alone(tmp_path: Path) -> None:
    model = Asked(lambda asked: keeps("f1") if len(asked) == 1 else keeps("f1", "f3"))

    result = closed(model, tmp_path, 3)

    assert model.asked == [["fact 0", "fact 1", "fact 2"], ["fact 1"]]
    assert texts(result) == ["fact 0", "fact 1", "fact 2"]
    assert result.left == ()
    assert result.run.usage.calls == 2


def test_what_the_first_answer_judged_stays_as_it_is(tmp_path: Path) -> None:
    first = says(operation("skip", "f1", reason="it is obvious"), operation("keep", "f2"))
    model = Asked(lambda asked: keeps("f1") if len(asked) == 1 else first)

    result = closed(model, tmp_path, 3)

    assert [(one.op.value, one.text) for one in result.operations] == [
        ("skip", ""),
        ("keep", "fact 1"),
        ("keep", "fact 2"),
    ]


def test_an_answer_that_says_nothing_is_asked_in_halves_down_to_one_flag(tmp_path: Path) -> None:
    model = Asked(lambda asked: keeps("f1") if len(asked) == 1 else says())

    result = closed(model, tmp_path, 8)

    assert model.sizes == [8, 4, 2, 1, 1, 2, 1, 1, 4, 2, 1, 1, 2, 1, 1]
    assert len(texts(result)) == 8
    assert result.left == ()


def test_a_flag_that_is_left_out_again_and_again_stays_queued_with_the_reason(
    tmp_path: Path,
) -> None:
    model = Asked(lambda asked: keeps("f1") if len(asked) > 1 else says())

    result = closed(model, tmp_path, 2)

    assert model.sizes == [2, 1]
    assert texts(result) == ["fact 0"]
    assert reasons(result) == {LEFT_OUT + AGAIN: 1}


def test_one_flag_alone_is_not_asked_about_twice(tmp_path: Path) -> None:
    model = Asked(lambda _: says())

    result = closed(model, tmp_path, 1)

    assert model.sizes == [1]
    assert reasons(result) == {LEFT_OUT: 1}


def test_two_different_judgements_of_a_flag_are_none_and_it_is_asked_again(tmp_path: Path) -> None:
    twice = says(
        operation("keep", "f1"), operation("skip", "f1", reason="no"), operation("keep", "f2")
    )
    model = Asked(lambda asked: keeps("f1") if len(asked) == 1 else twice)

    result = closed(model, tmp_path, 2)

    assert model.asked == [["fact 0", "fact 1"], ["fact 0"]]
    assert texts(result) == ["fact 0", "fact 1"]

    stubborn = closed(Asked(lambda _: twice), tmp_path / "other", 2)

    assert reasons(stubborn) == {TWICE + AGAIN: 1}


def test_the_same_judgement_said_twice_counts_once_and_nothing_is_asked(tmp_path: Path) -> None:
    same = says(operation("keep", "f1", "f1"), operation("keep", "f2"), operation("keep", "f2"))
    model = Asked(lambda _: same)

    result = closed(model, tmp_path, 2)

    assert model.sizes == [2]
    assert texts(result) == ["fact 0", "fact 1"]


def test_wordings_that_come_to_the_flags_own_words_are_the_same_judgement(tmp_path: Path) -> None:
    invented = says(
        operation("keep", "f1", text="Call Ada at noon"),
        operation("keep", "f1", text="Call Ada at noon"),
        operation("keep", "f2"),
    )
    model = Asked(lambda _: invented)

    assert texts(closed(model, tmp_path, 2)) == ["fact 0", "fact 1"]
    assert model.sizes == [2]


@pytest.mark.parametrize(
    "row",
    [
        operation("skip", "f1"),
        operation("duplicate", "f1"),
        operation("supersede", "f1"),
        operation("supersede", "f1", lines=["m7"]),
        operation("keep", "f9"),
        operation("keep"),
        {"op": "keep"},
        {"op": "settled", "flags": ["f1"], "lines": []},
    ],
    ids=[
        "skip without a reason",
        "duplicate of nothing",
        "replaces nothing",
        "replaces a line that is not there",
        "unknown",
        "none",
        "half",
        "beside",
    ],
)
def test_half_of_a_judgement_is_asked_again(tmp_path: Path, row: dict[str, Any]) -> None:
    model = Asked(
        lambda asked: keeps("f1") if len(asked) == 1 else says(row, operation("keep", "f2"))
    )

    result = closed(model, tmp_path, 2)

    assert model.sizes == [2, 1]
    assert texts(result) == ["fact 0", "fact 1"]


def test_a_duplicate_of_a_flag_that_is_asked_again_is_asked_again_too() -> None:
    flags = [flag(number) for number in range(4)]
    (request,) = make_plan(flags, Places(folder="memory"), {}).requests
    left_out, first, second, other = (one.id for one in flags)
    answer = [
        Operation(op=Op.DUPLICATE, flags=(second,), survivor=first),
        Operation(op=Op.DUPLICATE, flags=(first,), survivor=left_out),
        Operation(op=Op.KEEP, flags=(other,), file="memory/project.md", text="fact 3"),
    ]

    assert list(unaccounted(request, answer)) == [left_out, first, second]


def test_the_shape_of_a_further_question_has_one_operation_for_each_flag(tmp_path: Path) -> None:
    model = Asked(lambda asked: keeps("f1", "f2") if len(asked) == 2 else keeps("f1"))

    closed(model, tmp_path, 3)

    first, further = (shape["properties"]["operations"] for shape in model.shapes)
    assert first["items"]["properties"]["flags"]["items"]["enum"] == ["f1", "f2", "f3"]
    assert first["items"]["properties"]["op"]["enum"] == ["keep", "merge", "skip"]
    assert (further["minItems"], further["maxItems"]) == (2, 2)
    rows = [[way["properties"] for way in row["anyOf"]] for row in further["prefixItems"]]
    assert [[way["flags"] for way in row] for row in rows] == [
        [
            {
                "type": "array",
                "items": {"type": "string", "enum": [label]},
                "minItems": 1,
                "maxItems": 1,
            }
        ]
        * 2
        for label in ("f1", "f2")
    ]
    # No line is shown that the other operations need.
    assert [way["op"]["enum"] for way in rows[0]] == [["keep"], ["skip"]]
    assert [way["reason"].get("minLength") for way in rows[0]] == [None, 1]


@pytest.mark.parametrize("work", Work)
def test_what_fits_the_shape_of_a_further_question_is_never_half_a_judgement(work: Work) -> None:
    bounds = Bounds(
        flags=("f1",), lines=("m1",), files=("t1",), sections=(), earlier=(), longest=240
    )
    accepts = Draft202012Validator(schema_of_each(work, bounds)).is_valid
    first = {Work.MEMORY: "keep", Work.PENDING: "pending", Work.RULES: "edit"}[work]

    def row(op: str, **fields: Any) -> dict[str, Any]:
        """An answer with one operation; it has the fields of its kind of work."""
        other = {Work.MEMORY: ["topic", "about"], Work.RULES: ["section", "again"]}.get(work, [])
        kept = {"op": op, "flags": ["f1"], "target": "t1", "lines": [], "text": "", "reason": ""}
        return {"operations": [{**kept, **dict.fromkeys(other, ""), **fields}]}

    assert accepts(row(first))
    assert accepts(row("skip", reason="it is obvious"))
    assert accepts(row("duplicate", lines=["m1"]))
    assert not accepts(row("skip"))
    assert not accepts(row("duplicate"))
    assert not accepts(row("supersede"))
    assert not accepts(row(first, flags=[]))
    assert not accepts(row("settled", lines=["m1"]))


def test_the_bound_of_a_close_holds_for_all_its_questions_together(tmp_path: Path) -> None:
    model = Asked(lambda _: says())

    result = closed(model, tmp_path, 256)

    assert len(model.asked) == 256 // 32 + model_engine.FURTHER
    assert len(result.left) == 256
    assert set(reasons(result)) <= {LEFT_OUT, LEFT_OUT + AGAIN}


def test_a_server_that_fails_at_the_further_question_is_not_asked_on(tmp_path: Path) -> None:
    model = Asked(lambda asked: says() if len(asked) == 4 else fails(Stop.TIMED_OUT))

    result = closed(model, tmp_path, 4)

    assert model.sizes == [4, 2]
    assert reasons(result) == {
        LEFT_OUT: 2,
        LEFT_OUT + "; asked again, the engine gave no answer: it broke": 2,
    }


def test_a_further_answer_that_is_cut_off_is_asked_in_halves(tmp_path: Path) -> None:
    def answer(asked: list[str]) -> Reply:
        if len(asked) == 5:
            return keeps("f1")
        return fails(Stop.CUT) if len(asked) == 4 else keeps("f1", "f2")

    model = Asked(answer)

    result = closed(model, tmp_path, 5)

    assert model.sizes == [5, 4, 2, 2]
    assert len(texts(result)) == 5
    assert result.left == ()


def test_a_later_close_finds_all_answers_and_asks_nothing(tmp_path: Path) -> None:
    model = Asked(lambda asked: keeps("f1") if len(asked) == 1 else keeps("f1", "f3"))
    first = closed(model, tmp_path, 3)

    again = closed(model, tmp_path, 3)

    assert len(model.asked) == 2
    assert texts(again) == texts(first)
    assert again.run.kept == 2


def test_a_close_that_was_killed_between_the_two_questions_asks_the_second_only(
    tmp_path: Path,
) -> None:
    def killed(asked: list[str]) -> Reply:
        if len(asked) == 1:
            raise KeyboardInterrupt
        return keeps("f1", "f3")

    with pytest.raises(KeyboardInterrupt):
        closed(Asked(killed), tmp_path, 3)
    model = Asked(lambda asked: keeps("f1") if len(asked) == 1 else says())

    result = closed(model, tmp_path, 3)

    assert model.asked == [["fact 1"]]
    assert len(texts(result)) == 3


def test_an_answer_that_judges_nothing_is_not_kept(tmp_path: Path) -> None:
    closed(Asked(lambda _: says()), tmp_path, 1)
    model = Asked(lambda _: keeps("f1"))

    assert texts(closed(model, tmp_path, 1)) == ["fact 0"]
    assert model.sizes == [1]


def test_answers_that_are_handed_in_are_all_there_is(tmp_path: Path) -> None:
    model = Asked(lambda _: keeps("f1"))
    plan = make_plan([flag(number) for number in range(3)], Places(folder="memory"), {})
    ground = MemoryTree(folder="memory", texts={}, odd={})
    given = handover(model, marked=True)
    given._until = 9.0  # what the model of these tests expects

    result = drain(plan, given, ground, workers=1, clock=lambda: 0.0)

    assert model.sizes == [3]
    assert reasons(result) == {LEFT_OUT: 2}


_ROW = st.builds(
    lambda op, flags, lines, text: operation(op, *flags, lines=lines, text=text),
    st.sampled_from(["keep", "merge", "supersede", "duplicate", "skip", "settled", "move"]),
    st.lists(st.sampled_from([f"f{place}" for place in range(1, 9)]), max_size=3),
    st.lists(st.sampled_from(["f1", "f2", "m1"]), max_size=1),
    st.sampled_from(["", "fact 1", "Call Ada at noon"]),
)
_ANSWER = st.lists(_ROW, max_size=8).map(lambda rows: says(*rows)) | st.sampled_from(
    [fails(Stop.CUT), fails(Stop.TIMED_OUT)]
)


@settings(deadline=None, max_examples=150)
@given(number=st.integers(1, 8), answers=st.lists(_ANSWER, min_size=1, max_size=12))
def test_whatever_is_answered_each_flag_is_filed_once_or_left_once(
    tmp_path_factory: pytest.TempPathFactory, number: int, answers: list[Reply]
) -> None:
    waiting = list(answers)
    model = Asked(lambda _: waiting.pop(0) if len(waiting) > 1 else waiting[0])

    result = closed(model, tmp_path_factory.mktemp("close"), number)

    filed = [key for one in result.operations for key in one.flags]
    left = [one.id for one in result.left]
    assert sorted([*filed, *left]) == sorted(flag(one).id for one in range(number))
    assert all(one.reason for one in result.left)
    assert len(model.asked) <= 3 + model_engine.FURTHER
