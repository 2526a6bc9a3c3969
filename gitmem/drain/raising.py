"""Move operations on what came back a rung up, whatever the engine answered (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitmem.drain.faithful import own_words
from gitmem.drain.plan import Op, Operation, Request, Work
from gitmem.memory.places import Rung

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.memory.places import Climb


def raised(
    request: Request, operations: Sequence[Operation], climbs: Mapping[str, Climb]
) -> tuple[Operation, ...]:
    """Return the operations of a request about rules, those of a loop that came back at its next place.

    A flag that names an earlier one was asked about at that place already. One that an engine matched
    to an earlier snag goes there now, in its own words. A guard belongs to one flag only.
    """
    if request.work is not Work.RULES:
        return tuple(operations)
    flags = {flag.id: flag for flag in request.flags}
    result: list[Operation] = []
    for operation in operations:
        cited = [flags[key] for key in operation.flags if key in flags]
        if operation.again:
            result += _matched(operation, cited, climbs.get(operation.again))
        else:
            result += _named(operation, cited, climbs)
    return tuple(result)


def _named(
    operation: Operation, cited: Sequence[Flag], climbs: Mapping[str, Climb]
) -> list[Operation]:
    """Return a guard for each flag that climbs to one; everything else as it is."""
    guards = [
        climbs[flag.id]
        for flag in cited
        if flag.again and flag.id in climbs and climbs[flag.id].match
    ]
    if operation.op is not Op.EDIT or not guards or operation.file != guards[0].file:
        return [operation]
    return [
        _at(replace(operation, flags=(flag.id,), text=_words(operation, cited, flag)), climb)
        for flag, climb in zip(cited, guards, strict=False)
    ]


def _matched(operation: Operation, cited: Sequence[Flag], climb: Climb | None) -> list[Operation]:
    """Return the operation at the next place of its matched loop; at the top, as it is."""
    if climb is None or operation.op is Op.SKIP:
        return [operation]
    if operation.op is Op.DUPLICATE and not climb.higher:
        return [operation]
    return [
        _at(
            Operation(
                op=Op.EDIT,
                flags=(flag.id,),
                text=own_words(flag, Work.RULES),
                reason=operation.reason,
                again=operation.again,
            ),
            climb,
        )
        for flag in cited
    ]


def _at(operation: Operation, climb: Climb) -> Operation:
    """Return the operation at a loop's next place, with the reason for the reviewer."""
    remark = climb.remark if climb.remark not in operation.reason else ""
    return replace(
        operation,
        file=climb.file,
        section="" if climb.rung is not Rung.SKILL else operation.section,
        reason="; ".join(part for part in (operation.reason, remark) if part),
        again=operation.again or climb.root,
        tools=climb.tools,
        match=climb.match,
        mode=climb.mode,
    )


def _words(operation: Operation, cited: Sequence[Flag], flag: Flag) -> str:
    return operation.text if len(cited) == 1 else own_words(flag, Work.RULES)
