"""The embedded engine: no model, nothing judged, every flag filed as written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.drain.plan import Op, Operation, Work
from gitmem.drain.ports import Answer
from gitmem.memory.topics import fact_key

if TYPE_CHECKING:
    from gitmem.core.flag import Flag
    from gitmem.drain.plan import Plan, Request

_OPS = {Work.MEMORY: Op.KEEP, Work.PENDING: Op.PENDING, Work.RULES: Op.EDIT}


class Verbatim:
    """Files each flag under its usual file; a snag's better path is the line."""

    name = "verbatim"
    model = ""

    def prepared(self, plan: Plan) -> Plan:
        """Nothing is shown to anybody, so the plan stays as it is."""
        return plan

    def run(self, request: Request) -> Answer:
        """One operation per flag, in the flag's own words. Never fails."""
        return Answer(operations=tuple(_operation(request, flag) for flag in request.flags))

    def stop(self) -> None:
        """Nothing is ever under way."""


def _operation(request: Request, flag: Flag) -> Operation:
    return Operation(
        op=_OPS[request.work],
        flags=(flag.id,),
        file=request.usual[flag.id],
        text=(flag.better or flag.text) if request.work is Work.RULES else flag.text,
        reason=request.remarks.get(flag.id, ""),
        again=_same(request, flag),
    )


def _same(request: Request, flag: Flag) -> str:
    """The earlier snag in the very same words; nothing less is the same to an engine without a model."""
    words = fact_key(flag.text)
    near = request.earlier.get(flag.id, ())
    return next((one.id for one in near if fact_key(one.text) == words), "")
