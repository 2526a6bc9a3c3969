"""The built-in engine without a model: nothing is judged, every flag is filed as written (pure).

A module of its own because each engine is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.drain.plan import Op, Operation, Work, own_words
from gitmem.drain.ports import Answer
from gitmem.memory.topics import fact_key

if TYPE_CHECKING:
    from gitmem.core.flag import Flag
    from gitmem.drain.plan import Plan, Request

_OPS = {Work.MEMORY: Op.KEEP, Work.PENDING: Op.PENDING, Work.RULES: Op.EDIT}


class Verbatim:
    """Files each flag in its usual file; a snag's better path is the line."""

    name = "verbatim"
    model = ""

    def prepared(self, plan: Plan) -> Plan:
        """Return the plan as it is: nothing is sent."""
        return plan

    def run(self, request: Request) -> Answer:
        """Return one operation for each flag, in the flag's own words. Never fails."""
        return Answer(operations=tuple(_operation(request, flag) for flag in request.flags))

    def stop(self) -> None:
        """Do nothing: nothing is ever under way."""


def _operation(request: Request, flag: Flag) -> Operation:
    return Operation(
        op=_OPS[request.work],
        flags=(flag.id,),
        file=request.usual[flag.id],
        text=own_words(flag, request.work),
        reason=request.remarks.get(flag.id, ""),
        again=_same(request, flag),
    )


def _same(request: Request, flag: Flag) -> str:
    """Return the earlier snag in exactly the same words; without a model nothing else counts as the same."""
    words = fact_key(flag.text)
    near = request.earlier.get(flag.id, ())
    return next((one.id for one in near if fact_key(one.text) == words), "")
