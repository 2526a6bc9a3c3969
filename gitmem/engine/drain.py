"""Run a plan through an engine and the gate: what may be applied, what stays, what it cost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.domain import gate
from gitmem.domain.drain import Run
from gitmem.domain.errors import GitmemError
from gitmem.domain.fitting import fitting
from gitmem.domain.gate import Left
from gitmem.engine.ports import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitmem.domain.assemble import Ground
    from gitmem.domain.plan import Operation, Plan, Request
    from gitmem.engine.ports import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """Operations that passed, flags that stay queued, and what really ran."""

    operations: tuple[Operation, ...]
    left: tuple[Left, ...]
    run: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """What one request came to: an answer, or why there is none; seconds it took."""

    answer: Answer
    trouble: str
    seconds: float


def drain(
    plan: Plan, engine: Engine, ground: Ground, *, workers: int, clock: Callable[[], float]
) -> Drained:
    """Asks the engine for every request, all at once up to ``workers``, and gates the answers.

    ``clock`` gives seconds of a monotonic clock. The result does not depend on the order in which
    answers arrive. A request without an answer leaves its flags queued; so does an operation that
    the files cannot take.
    """
    started = clock()

    def ask(request: Request) -> _Reply:
        begun = clock()
        answer, trouble = Answer(operations=()), ""
        try:
            answer = engine.run(request)
        except GitmemError as error:
            trouble = f"the engine gave no answer: {error.message}"
        return _Reply(answer=answer, trouble=trouble, seconds=clock() - begun)

    width = max(1, min(workers, len(plan.requests)))
    with ThreadPoolExecutor(max_workers=width) as pool:
        replies = list(pool.map(ask, plan.requests))
    operations: list[Operation] = list(plan.dropped)
    left: list[Left] = []
    for request, reply in zip(plan.requests, replies, strict=True):
        passed = _passed(request, reply, ground.folder)
        operations += passed.operations
        left += passed.left
    # Of two flags with one text the one made first stays, whatever its topic.
    place = {flag_id: number for number, flag_id in enumerate(plan.flags)}
    operations.sort(key=lambda operation: min(place[flag_id] for flag_id in operation.flags))
    fit, unfit = fitting(ground, operations, plan.flags)
    return Drained(
        operations=tuple(fit),
        left=(*left, *unfit),
        run=_run(engine, width, replies, clock() - started),
    )


def _passed(request: Request, reply: _Reply, folder: str) -> gate.Passed:
    if reply.trouble:
        left = tuple(Left(id=flag.id, reason=reply.trouble) for flag in request.flags)
        return gate.Passed(operations=(), left=left)
    return gate.check(request, reply.answer.operations, folder=folder)


def _run(engine: Engine, width: int, replies: Sequence[_Reply], wall: float) -> Run:
    return Run(
        engine=engine.name,
        model=engine.model,
        workers=width,
        calls=sum(reply.answer.usage.calls for reply in replies),
        tokens=sum(reply.answer.usage.tokens for reply in replies),
        dollars=sum(reply.answer.usage.dollars for reply in replies),
        wall_s=wall,
        slowest_s=max((reply.seconds for reply in replies), default=0.0),
        sum_s=sum(reply.seconds for reply in replies),
    )
