"""Running a plan: engines that are slow, silent or hostile, and answers in any order."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from gitmem.domain.assemble import Ground, assemble
from gitmem.domain.errors import Unreachable
from gitmem.domain.flag import make
from gitmem.domain.plan import Operation, Places, Plan, Request, make_plan
from gitmem.engine.drain import Drained, drain
from gitmem.engine.ports import Answer, Usage
from gitmem.engine.verbatim import Verbatim
from tests.support.operations import FOLDER, TEXTS, operations

GROUND = Ground(folder=FOLDER, texts=TEXTS)
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """An engine that answers as a test says."""

    answer: Callable[[Request], Answer]
    name: str = "scripted"
    model: str = "m-1"

    def run(self, request: Request) -> Answer:
        return self.answer(request)


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


def drained(plan: Plan, answer: Callable[[Request], Answer]) -> Drained:
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
        usage = Usage(calls=2, tokens=100, dollars=0.25)
        return Answer(operations=found.operations, usage=usage)

    run = drained(plan_of(70), answer).run

    assert (run.engine, run.model, run.workers) == ("scripted", "m-1", 3)
    assert (run.calls, run.tokens, run.dollars) == (6, 300, 0.75)
    assert 0 <= run.slowest_s <= run.sum_s


def test_an_empty_plan_asks_nothing() -> None:
    done = drained(plan_of(0), lambda _: Answer(operations=()))

    assert (done.operations, done.left, done.run.calls) == ((), (), 0)


def test_all_requests_run_at_once_under_the_limit() -> None:
    def answer(request: Request) -> Answer:
        time.sleep(0.1)
        return Verbatim().run(request)

    run = drained(plan_of(32 * 6), answer).run

    assert run.wall_s < run.sum_s / 2


@given(delays=st.permutations(range(4)))
@settings(max_examples=6)
def test_the_order_in_which_answers_arrive_makes_no_difference(delays: list[int]) -> None:
    plan = plan_of(100)
    order = {
        request.flags[0].id: delay for request, delay in zip(plan.requests, delays, strict=True)
    }

    def answer(request: Request) -> Answer:
        time.sleep(order[request.flags[0].id] * 0.003)
        return Verbatim().run(request)

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
