"""Run a plan through an engine and the gate: what may be applied, what stays, what it cost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.core.errors import GitmemError, Refused
from gitmem.drain import gate
from gitmem.drain.beside import Beside, standing, told
from gitmem.drain.gate import NO_ANSWER, QueuedFlag
from gitmem.drain.limits import bounded, fitting, surviving, taken, within_limits
from gitmem.drain.new_topics import with_new_topics
from gitmem.drain.plan import BESIDE, Op, Work
from gitmem.drain.ports import Answer
from gitmem.drain.rules import raised, with_whys
from gitmem.markdown.lines import rows
from gitmem.markdown.sections import sections
from gitmem.memory import likeness
from gitmem.memory.tree import existing_lines
from gitmem.models.reply import Credentials
from gitmem.models.usage import together
from gitmem.records.drain_record import Run
from gitmem.safety.paths import PathKind, writable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.drain.plan import Operation, Plan, Request
    from gitmem.drain.ports import Engine
    from gitmem.memory.tree import MemoryTree


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainResult:
    """Operations that passed, flags that stay queued, and what really ran.

    Of the operations, those that account for the flags come first, then what comes beside them.
    """

    operations: tuple[Operation, ...]
    left: tuple[QueuedFlag, ...]
    run: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class _TimedAnswer:
    """The answer to one request, and the seconds that it took."""

    answer: Answer
    seconds: float


def drain(
    plan: Plan,
    engine: Engine,
    ground: MemoryTree,
    *,
    workers: int,
    clock: Callable[[], float],
    watch: Callable[[Answer], None] = lambda _: None,
) -> DrainResult:
    """Ask the engine about every request, at most ``workers`` at once, and gate the answers.

    ``clock`` gives seconds of a monotonic clock. The result does not depend on the order in which
    answers arrive. A request without an answer leaves its flags queued. So does an operation that
    the files cannot take, or that is more than one close may do. ``watch`` receives every answer as
    it comes, from the worker's own thread. Raises Credentials when no model can be asked.
    """
    started = clock()

    def ask(request: Request) -> _TimedAnswer:
        begun = clock()
        if request.told:
            answer = Answer(operations=request.told, model=request.told_by[1], kept=1)
            watch(answer)
            return _TimedAnswer(answer=answer, seconds=0.0)
        try:
            answer = engine.run(request)
        except Credentials:
            engine.stop()  # so that no caller waits for the others
            raise
        except GitmemError as error:
            trouble = NO_ANSWER + error.message
            answer = Answer(operations=(), reasons=dict.fromkeys(_ids(request), trouble))
        watch(answer)
        return _TimedAnswer(answer=answer, seconds=clock() - begun)

    width = max(1, min(workers, len(plan.requests)))
    with ThreadPoolExecutor(max_workers=width) as pool:
        try:
            replies = list(pool.map(ask, plan.requests))
        except BaseException:
            engine.stop()
            raise
    operations: list[Operation] = list(plan.dropped)
    aside = Beside()
    left = [QueuedFlag(id=flag_id, reason=why) for flag_id, why in plan.unplaced.items()]
    for request, reply in zip(plan.requests, replies, strict=True):
        passed = _raised(request, _passed(request, reply.answer, ground.folder), plan, ground)
        operations += with_whys(request, passed.operations, folder=ground.folder)
        left += passed.left
        aside.operations += passed.beside.operations
        for flag_id, said in passed.beside.told.items():
            aside.told.setdefault(flag_id, []).extend(said)
    # Of two flags with one text the one made first stays, whatever its topic.
    place = {flag_id: number for number, flag_id in enumerate(plan.flags)}
    operations.sort(key=lambda operation: min(place[flag_id] for flag_id in operation.flags))
    operations, aside.operations = with_new_topics(operations, ground, aside.operations)
    operations = with_sections(operations, ground, plan.flags)
    rules = {
        request.files[0]: len(request.existing)
        for request in plan.requests
        if request.work is Work.RULES
    }
    lines = len(existing_lines(ground))
    within, over = surviving(*within_limits(operations, lines=lines, rules=rules))
    fit, unfit = fitting(ground, within, plan.flags)
    stands = bounded(standing(fit, aside), fit, lines=lines)
    stands = taken(ground, fit, stands, plan.flags)
    return DrainResult(
        operations=(*told(fit, stands), *stands.operations),
        left=(*left, *over, *unfit),
        run=_run(engine, _named(engine, plan), width, replies, clock() - started),
    )


def _passed(request: Request, answer: Answer, folder: str) -> gate.GateResult:
    passed = gate.check(request, answer.operations, folder=folder)
    accounting = [operation for operation in answer.operations if operation.op not in BESIDE]
    cited = {flag_id for operation in accounting for flag_id in operation.flags}
    reasons = {key: why for key, why in answer.reasons.items() if key not in cited}
    left = [QueuedFlag(id=one.id, reason=reasons.get(one.id, one.reason)) for one in passed.left]
    return replace(passed, left=tuple(left))


def _raised(
    request: Request, passed: gate.GateResult, plan: Plan, ground: MemoryTree
) -> gate.GateResult:
    """Return what came back a rung up; a line that is unfit there leaves its flags queued."""
    kept: list[Operation] = []
    left = list(passed.left)
    for operation in raised(request, passed.operations, plan.climbs):
        reason = gate.unfit(operation, folder=ground.folder)
        if reason:
            left += [QueuedFlag(id=flag_id, reason=reason) for flag_id in operation.flags]
        else:
            kept.append(operation)
    return replace(passed, operations=tuple(kept), left=tuple(left))


def _ids(request: Request) -> list[str]:
    return [flag.id for flag in request.flags]


def _named(engine: Engine, plan: Plan) -> str:
    """Return who judged: the engine, that of an earlier close whose judgement was used, or both."""
    earlier = [request.told_by[0] for request in plan.requests if request.told]
    present = [engine.name] if len(earlier) < len(plan.requests) or not earlier else []
    return ", ".join(dict.fromkeys([*filter(None, earlier), *present])) or engine.name


def _run(
    engine: Engine, name: str, width: int, replies: Sequence[_TimedAnswer], wall: float
) -> Run:
    usage = together([reply.answer.usage for reply in replies])
    # An engine that does not tell its calls apart: what can be told is each request's time.
    lengths = [end - begin for begin, end in usage.spans] or [reply.seconds for reply in replies]
    return Run(
        engine=name,
        model=_answered(replies) or engine.model,
        asked=engine.model,
        workers=width,
        in_flight=usage.most_at_once,
        questions=usage.calls - usage.retries,
        kept=sum(reply.answer.kept for reply in replies),
        usage=usage,
        wall_s=wall,
        calls_s=usage.first_to_last,
        slowest_s=max(lengths, default=0.0),
        sum_s=sum(lengths),
    )


def _answered(replies: Sequence[_TimedAnswer]) -> str:
    """Return the models that answered, where they said so: what ran, not what was asked for."""
    return ", ".join(dict.fromkeys(reply.answer.model for reply in replies if reply.answer.model))


def with_sections(
    operations: Sequence[Operation], ground: MemoryTree, flags: Mapping[str, Flag]
) -> list[Operation]:
    """Return the operations; a line for a skill gets the section whose words are most like its own."""
    return [
        replace(operation, section=_section(operation, ground, flags))
        if operation.op is Op.EDIT and not operation.section and _is_skill(operation, ground)
        else operation
        for operation in operations
    ]


def _is_skill(operation: Operation, ground: MemoryTree) -> bool:
    try:
        target = writable(operation.file, folder=ground.folder)
    except Refused:
        return False
    return target is PathKind.SKILL and operation.file in ground.texts


def _section(operation: Operation, ground: MemoryTree, flags: Mapping[str, Flag]) -> str:
    text = ground.texts[operation.file]
    lines = rows(text)
    parts = [part for part in sections(text) if part.title and not part.is_title]
    documents = [
        (part.title, "\n".join(lines[part.blocks[0].last + 1 : part.blocks[-1].last + 1]))
        for part in parts
    ]
    words = " ".join(
        [operation.text, *[flags[key].text for key in operation.flags if key in flags]]
    )
    best = likeness.nearest(words, documents, title=2)
    return parts[best[0]].title if best else ""
