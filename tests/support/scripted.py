"""An engine that answers with operations written in the test."""

from __future__ import annotations

from gitmem.drain.plan import Op, Operation, Plan, Request
from gitmem.drain.ports import Answer
from gitmem.memory.tree import MemoryLine


class Scripted:
    """Answers every question with those of its operations that are about the question's flags.

    What moves a line is about none, and answers every question that shows the line.
    """

    name = "scripted"
    model = "m-1"

    def __init__(self, *operations: Operation) -> None:
        self._operations = operations

    def prepared(self, plan: Plan) -> Plan:
        return plan

    def run(self, request: Request) -> Answer:
        asked = {flag.id for flag in request.flags}
        shown = {*request.existing}
        return Answer(
            operations=tuple(
                one
                for one in self._operations
                if asked & {*one.flags} or (not one.flags and shown & {*one.replaced})
            )
        )

    def stop(self) -> None:
        return


def operation(op: str, flags: str, file: str, text: str, survivor: str = "") -> Operation:
    """An operation; ``flags`` are ids with blanks between them, ``survivor`` is the line of ``file`` it names."""
    ids = tuple(flags.split())
    replacing = Op(op) in (Op.SUPERSEDE, Op.MERGE, Op.SETTLED) and survivor
    return Operation(
        op=Op(op),
        flags=ids,
        file=file,
        text=text,
        replaced=(MemoryLine(file=file, text=survivor),) if replacing else (),
        survivor="" if replacing else survivor,
    )


def move(file: str, text: str, target: str) -> Operation:
    """Moves a line of ``file`` to ``target`` as it is."""
    line = MemoryLine(file=file, text=text)
    return Operation(op=Op.MOVE, flags=(), file=target, text=text, replaced=(line,))
