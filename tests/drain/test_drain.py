"""Running a plan: engines that are slow, silent or hostile, and answers in any order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gitmem.core.failures import Unreachable
from gitmem.core.flag import make
from gitmem.drain.assemble import assemble
from gitmem.drain.drain import DrainResult, drain
from gitmem.drain.plan import Op, Operation, Plan, Request, make_plan
from gitmem.drain.ports import Answer
from gitmem.drain.verbatim import Verbatim
from gitmem.memory.places import Places
from gitmem.memory.tree import MemoryLine, MemoryTree
from gitmem.models.usage import Usage
from tests.support.operations import FOLDER, TEXTS, operations
from tests.support.sandbox import PATIENCE

GROUND = MemoryTree(folder=FOLDER, texts=TEXTS)
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """An engine that answers as a test says."""

    answer: Callable[[Request], Answer]
    name: str = "scripted"
    model: str = "m-1"

    def prepared(self, plan: Plan) -> Plan:
        return plan

    def run(self, request: Request) -> Answer:
        return self.answer(request)

    def stop(self) -> None:
        pass


def plan_of(count: int, kind: str = "fact") -> Plan:
    flags = [
        make(
            {
                "id": "b" * 10 + LETTERS[number // 32] + LETTERS[number % 32],
                "kind": kind,
                "text": f"fact number {number}",
            }
        )
        for number in range(count)
    ]
    return make_plan(flags, Places(folder=FOLDER), {})


def drained(plan: Plan, answer: Callable[[Request], Answer]) -> DrainResult:
    return drain(plan, Scripted(answer=answer), GROUND, workers=8, clock=time.monotonic)


def test_an_engine_that_gives_no_answer_leaves_the_flags_of_its_request_and_no_others() -> None:
    plan = plan_of(70)

    def answer(request: Request) -> Answer:
        if len(request.flags) < 32:
            raise Unreachable("it is down")
        return Verbatim().run(request)

    done = drained(plan, answer)

    assert len(done.operations) == 64
    assert {left.reason for left in done.left} == {"the engine gave no answer: it is down"}
    assert [left.id for left in done.left] == [flag.id for flag in plan.requests[2].flags]


def test_what_a_run_cost_is_added_up_over_its_requests() -> None:
    def answer(request: Request) -> Answer:
        found = Verbatim().run(request)
        usage = Usage(
            calls=2,
            retries=1,
            tokens_in=90,
            tokens_out=10,
            sent=500,
            dollars=0.25,
            priced="2026-01-01",
            spans=((0.0, 2.0), (2.0, 5.0)),
        )
        return Answer(operations=found.operations, usage=usage, model="m-1-20260101")

    run = drained(plan_of(70), answer).run

    assert (run.engine, run.model, run.asked) == ("scripted", "m-1-20260101", "m-1")
    assert (run.workers, run.in_flight) == (3, 3)
    assert (run.questions, run.usage.calls, run.usage.retries) == (3, 6, 3)
    assert (run.usage.tokens_in, run.usage.tokens_out, run.usage.tokens, run.usage.sent) == (
        270,
        30,
        300,
        1_500,
    )
    assert (run.usage.dollars, run.usage.priced) == (0.75, "2026-01-01")
    assert (run.calls_s, run.slowest_s, run.sum_s) == (5.0, 3.0, 15.0)


def test_the_dollars_of_a_run_are_unknown_when_those_of_one_request_are() -> None:
    def answer(request: Request) -> Answer:
        known = len(request.flags) < 32
        found = Verbatim().run(request)
        usage = Usage(calls=1, dollars=0.25 if known else None)
        return Answer(operations=found.operations, usage=usage)

    assert drained(plan_of(70), answer).run.usage.dollars is None


def test_every_model_that_answered_is_named_once() -> None:
    def answer(request: Request) -> Answer:
        found = Verbatim().run(request)
        return Answer(operations=found.operations, model="a" if len(request.flags) == 32 else "b")

    assert drained(plan_of(70), answer).run.model == "a, b"


def test_an_empty_plan_asks_nothing() -> None:
    done = drained(plan_of(0), lambda _: Answer(operations=()))

    assert (done.operations, done.left, done.run.usage.calls) == ((), (), 0)


def test_all_requests_run_at_once_under_the_limit() -> None:
    together = threading.Barrier(6)

    def answer(request: Request) -> Answer:
        together.wait(PATIENCE)  # the first is answered when the last is asked
        return Verbatim().run(request)

    done = drained(plan_of(32 * 6), answer)

    assert done.left == ()
    assert not together.broken


@given(delays=st.permutations(range(4)))
@settings(max_examples=6)
def test_the_order_in_which_answers_arrive_makes_no_difference(delays: list[int]) -> None:
    plan = plan_of(100)
    order = {
        request.flags[0].id: delay for request, delay in zip(plan.requests, delays, strict=True)
    }
    answered = [threading.Event() for _ in delays]

    def answer(request: Request) -> Answer:
        place = order[request.flags[0].id]
        if place:
            assert answered[place - 1].wait(PATIENCE)
        found = Verbatim().run(request)
        answered[place].set()
        return found

    expected = drained(plan, Verbatim().run)
    done = drained(plan, answer)

    assert (done.operations, done.left) == (expected.operations, expected.left)
    one, other = (assemble(GROUND, each.operations, plan.flags) for each in (done, expected))
    assert one == other


@given(answers=st.lists(operations(), min_size=3, max_size=3))
def test_every_flag_of_a_plan_is_applied_or_left_exactly_once(
    answers: list[list[Operation]],
) -> None:
    flags = [
        make({"id": "a" * 11 + letter, "kind": kind, "text": f"text {letter}"})
        for letter, kind in zip("abcdefgh", ["fact", "pending", "snag", "fact"] * 2, strict=True)
    ]
    plan = make_plan(flags, Places(folder=FOLDER), {flags[0].id: "no"})
    script = dict(zip((request.work for request in plan.requests), answers, strict=True))

    done = drained(plan, lambda request: Answer(operations=tuple(script[request.work])))

    applied = [flag_id for operation in done.operations for flag_id in operation.flags]
    left = [item.id for item in done.left]
    assert sorted(applied + left) == sorted(flag.id for flag in flags)
    assemble(GROUND, done.operations, plan.flags)


def test_a_line_that_two_questions_replace_goes_once_and_the_later_flags_wait() -> None:
    line = MemoryLine(file=f"{FOLDER}/facts.md", text="known")
    plan = plan_of(40)
    plan = replace(plan, requests=tuple(replace(one, existing=(line,)) for one in plan.requests))

    def answer(request: Request) -> Answer:
        first, second, *rest = request.flags
        made = [
            Operation(
                op=Op.SUPERSEDE,
                flags=(first.id,),
                file=line.file,
                text=f"new: {first.text}",
                replaced=(line,),
            ),
            Operation(op=Op.DUPLICATE, flags=(second.id,), survivor=line.text, within=line.file),
        ]
        kept = Verbatim().run(replace(request, flags=tuple(rest))).operations
        return Answer(operations=(*made, *kept))

    done = drained(plan, answer)
    one, other = plan.requests
    replaced = [operation.flags for operation in done.operations if operation.replaced]
    waiting = [one.flags[1].id, other.flags[0].id, other.flags[1].id]

    assert replaced == [(one.flags[0].id,)]
    assert sorted(item.id for item in done.left) == sorted(waiting)
