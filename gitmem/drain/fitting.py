"""Which of the checked operations the files can take together; the flags of the others stay queued."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.errors import NeedsPerson, Refused
from gitmem.drain.assemble import assemble
from gitmem.drain.gate import Left
from gitmem.drain.plan import Op, Operation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.memory.memory_tree import Ground

    _Fitted = tuple[list[Operation], list[Left]]

_REPLACING = (Op.SUPERSEDE, Op.MERGE)


def fitting(ground: Ground, operations: Sequence[Operation], flags: Mapping[str, Flag]) -> _Fitted:
    """The operations that the files can take together, in order, and the flags of the others."""
    kept: list[Operation] = []
    left: list[Left] = []
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
                left += [Left(id=flag_id, reason=error.message) for flag_id in part[0].flags]
        else:
            kept += part
    return surviving(kept, left)


def surviving(kept: Sequence[Operation], left: Sequence[Left]) -> _Fitted:
    """The same, but that what was called a duplicate of a flag that is left is left too.

    So is what was called one of a line that another operation, of any request, takes away.
    """
    lost = {item.id for item in left}
    lost |= {one.survivor for one in kept if one.op in _REPLACING and one.survivor}
    orphans = [
        operation
        for operation in kept
        if operation.op is Op.DUPLICATE and operation.survivor in lost
    ]
    if not orphans:
        return list(kept), list(left)
    reason = "what it is a duplicate of does not stay"
    more = [Left(id=flag_id, reason=reason) for one in orphans for flag_id in one.flags]
    return surviving([one for one in kept if one not in orphans], [*left, *more])
