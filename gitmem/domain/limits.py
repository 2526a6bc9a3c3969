"""How much one close may change, so that no review is too large to be read and no memory is lost at once (pure)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from gitmem.domain.gate import Left
from gitmem.domain.plan import Op, Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

REPLACED_PERCENT = 20  # of the memory's existing lines
REPLACED_AT_LEAST = 8  # lines that may be replaced in the smallest memory
RULES = 20  # rules added to one instruction file or skill


def within_limits(
    operations: Sequence[Operation], *, lines: int
) -> tuple[list[Operation], list[Left]]:
    """The operations that one close may make, in order, and the flags of the others.

    ``lines`` is how many lines the memory has. What is over a limit is for the next close.
    """
    replaceable = max(REPLACED_AT_LEAST, lines * REPLACED_PERCENT // 100)
    replaced: set[tuple[str, str]] = set()
    rules: dict[str, set[str]] = defaultdict(set)
    kept: list[Operation] = []
    left: list[Left] = []
    for operation in operations:
        reason = ""
        if operation.op in (Op.SUPERSEDE, Op.MERGE) and operation.survivor:
            replaced.add((operation.file, operation.survivor))
            if len(replaced) > replaceable:
                replaced.discard((operation.file, operation.survivor))
                reason = f"one close replaces at most {replaceable} lines of the memory"
        elif operation.op is Op.EDIT:
            rules[operation.file].add(operation.text)
            if len(rules[operation.file]) > RULES:
                rules[operation.file].discard(operation.text)
                reason = f"one close adds at most {RULES} rules to {operation.file}"
        if reason:
            reason += "; it is for the next close"
            left += [Left(id=flag_id, reason=reason) for flag_id in operation.flags]
        else:
            kept.append(operation)
    return kept, left
