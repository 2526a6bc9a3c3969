"""Which checked operations one close makes: few enough to review, and what the files can take (pure).

The flags of the other operations stay queued for the next close.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

from gitmem.core.errors import Refused
from gitmem.core.failures import NeedsPerson
from gitmem.drain.assemble import assemble
from gitmem.drain.beside import Beside
from gitmem.drain.gate import QueuedFlag
from gitmem.drain.plan import Op, Operation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.memory.tree import MemoryLine, MemoryTree

    _Fitted = tuple[list[Operation], list[QueuedFlag]]

_REPLACING = (Op.SUPERSEDE, Op.MERGE)

_T = TypeVar("_T")

REPLACED_PERCENT = 20  # of the memory's existing lines
REPLACED_AT_LEAST = 8  # lines that may be replaced in the smallest memory
RULES_REPLACED_AT_LEAST = 2  # rules that may be replaced in the smallest file
RULES = 20  # rules added to one instruction file or skill


def within_limits(
    operations: Sequence[Operation],
    *,
    lines: int,
    rules: Mapping[str, int] | None = None,
) -> tuple[list[Operation], list[QueuedFlag]]:
    """Return the operations that one close may make, in order, and the flags of the others.

    ``lines`` is how many lines the memory has, ``rules`` how many each file of rules has that an
    edit may replace. What is over a limit is for the next close.
    """
    counted = _Counts(lines, rules or {})
    kept: list[Operation] = []
    left: list[QueuedFlag] = []
    for operation in operations:
        over = counted.over(operation)
        if over:
            reason = f"one close {over}; it is for the next close"
            left += [QueuedFlag(id=flag_id, reason=reason) for flag_id in operation.flags]
        else:
            kept.append(operation)
    return kept, left


class _Counts:
    """The lines that a close replaces and adds so far, in the memory and in each file of rules."""

    def __init__(self, lines: int, rules: Mapping[str, int]) -> None:
        self._rules = rules
        self._most = max(REPLACED_AT_LEAST, lines * REPLACED_PERCENT // 100)
        self._memory: set[MemoryLine] = set()
        self._reworded: dict[str, set[MemoryLine]] = defaultdict(set)
        self._added: dict[str, set[str]] = defaultdict(set)

    def over(self, operation: Operation) -> str:
        """Say which limit the operation would pass; empty when it is counted instead."""
        file = operation.file
        if operation.op is Op.SUPERSEDE and file in self._rules:
            most = max(RULES_REPLACED_AT_LEAST, self._rules[file] * REPLACED_PERCENT // 100)
            full = _full(self._reworded[file], _lines(operation), most)
            return f"replaces at most {most} lines of {file}" if full else ""
        if operation.op in (Op.SUPERSEDE, Op.MERGE, Op.SETTLED) and operation.replaced:
            full = _full(self._memory, _lines(operation), self._most)
            return f"replaces at most {self._most} lines of the memory" if full else ""
        if operation.op is Op.EDIT:
            full = _full(self._added[file], {operation.text}, RULES)
            return f"adds at most {RULES} rules to {file}" if full else ""
        return ""


def _lines(operation: Operation) -> set[MemoryLine]:
    return set(operation.replaced)


def _full(counted: set[_T], new: set[_T], most: int) -> bool:
    """Tell whether these would be too many; else add them."""
    if not new <= counted and len(counted | new) > most:
        return True
    counted |= new
    return False


def bounded(beside: Beside, operations: Sequence[Operation], *, lines: int) -> Beside:
    """Return what stands beside the operations without the items that are one too many for a close.

    A settled item counts as a line that is replaced.
    """
    counted = _Counts(lines, {})
    for operation in operations:
        if operation.op not in (Op.SUPERSEDE, Op.MERGE):
            continue
        counted.over(operation)
    kept = Beside(told=beside.told)
    for one in beside.operations:
        over = counted.over(one) if one.op is Op.SETTLED else ""
        if over:
            for item in one.replaced:
                kept.stays(one.flags, item, f"one close {over}")
        else:
            kept.operations.append(one)
    return kept


def taken(
    ground: MemoryTree,
    operations: Sequence[Operation],
    beside: Beside,
    flags: Mapping[str, Flag],
) -> Beside:
    """Return what the files can take beside the operations; an item that cannot be taken out stays."""
    kept = Beside(told=beside.told)
    waiting = [beside.operations] if beside.operations else []
    while waiting:
        part = waiting.pop()
        try:
            assemble(ground, [*operations, *kept.operations, *part], flags)
        except (Refused, NeedsPerson) as error:
            if len(part) > 1:
                half = len(part) // 2
                waiting += [part[half:], part[:half]]
            elif part[0].op is Op.SETTLED:
                for item in part[0].replaced:
                    kept.stays(part[0].flags, item, error.message)
        else:
            kept.operations += part
    return kept


def fitting(
    ground: MemoryTree, operations: Sequence[Operation], flags: Mapping[str, Flag]
) -> _Fitted:
    """Return the operations that the files can take together, in order, and the flags of the others."""
    kept: list[Operation] = []
    left: list[QueuedFlag] = []
    waiting = [list(operations)]
    while waiting:
        part = waiting.pop()
        try:
            assemble(ground, [*kept, *part], flags)
        except (Refused, NeedsPerson) as error:
            if len(part) > 1:
                half = len(part) // 2
                waiting += [part[half:], part[:half]]
            else:
                left += [QueuedFlag(id=flag_id, reason=error.message) for flag_id in part[0].flags]
        else:
            kept += part
    return surviving(kept, left)


def surviving(kept: Sequence[Operation], left: Sequence[QueuedFlag]) -> _Fitted:
    """Return both without the duplicates of a flag that is left; those flags are left too.

    So are duplicates of a line that another operation, of any request, takes away.
    """
    lost = {item.id for item in left}
    lost |= {line.text for one in kept if one.op in _REPLACING for line in one.replaced}
    orphans = [
        operation
        for operation in kept
        if operation.op is Op.DUPLICATE and operation.survivor in lost
    ]
    if not orphans:
        return list(kept), list(left)
    reason = "what it is a duplicate of does not stay"
    more = [QueuedFlag(id=flag_id, reason=reason) for one in orphans for flag_id in one.flags]
    return surviving([one for one in kept if one not in orphans], [*left, *more])
