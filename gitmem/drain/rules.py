"""Rules after the gate: what came back goes a rung up, and a rule made of a snag keeps its why (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitmem.drain import gate
from gitmem.drain.plan import Op, Operation, Request, Work, own_words
from gitmem.markdown.rule_text import rule_of, why_of, with_why
from gitmem.memory.guard import LESSON
from gitmem.memory.places import Rung
from gitmem.memory.topics import fact_key
from gitmem.safety.harmless import harmless
from gitmem.safety.text import MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.memory.places import Climb

_RULES = (Op.EDIT, Op.SUPERSEDE)
_CUT = "what went wrong is cut to fit the line; the record has it all"
_LEFT_OUT = "what went wrong stands only in the record: "


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
                text=operation.text if operation.worded_by else own_words(flag, Work.RULES),
                reason=operation.reason,
                again=operation.again,
                worded_by=operation.worded_by,
                was=operation.was,
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


def with_whys(
    request: Request, operations: Sequence[Operation], *, folder: str
) -> tuple[Operation, ...]:
    """Return the operations of a request; a rule says what went wrong, unless its text says so already.

    The operations have passed the gate, and a line with its why passes it too: where it would not, or is
    too long, the rule stands alone and the reviewer is told.
    """
    if request.work is not Work.RULES:
        return tuple(operations)
    flags = {flag.id: flag for flag in request.flags}
    return tuple(_with_why(one, flags, folder) for one in operations)


def _with_why(operation: Operation, flags: Mapping[str, Flag], folder: str) -> Operation:
    if operation.op not in _RULES:
        return operation
    if operation.worded_by:
        rule = rule_of(operation.text)
        return replace(operation, rule=rule if rule != operation.text else "")
    cited = [flags[key] for key in operation.flags if key in flags]
    why = "; ".join([*_whys(operation.text, cited), *_why_before(operation)])
    if not why:
        rule = rule_of(operation.text)
        own = {fact_key(harmless(with_why(rule, flag.text, MAX_TEXT))) for flag in cited}
        has_why = rule != operation.text and fact_key(harmless(operation.text)) in own
        return replace(operation, rule=rule) if has_why else operation
    most = LESSON if operation.match else MAX_TEXT
    line, remark = fitted(operation.text, why, file=operation.file, folder=folder, most=most)
    rule = operation.text if line != operation.text else ""
    told = "; ".join(one for one in (operation.reason, remark) if one)
    return replace(operation, text=line, rule=rule, reason=told)


def fitted(rule: str, why: str, *, file: str, folder: str, most: int = MAX_TEXT) -> tuple[str, str]:
    """Return a line for ``file`` and what the reviewer is told: the rule with its why, or the rule alone.

    It stands alone where the line would be longer than ``most``, or would not be written.
    """
    line = with_why(rule, why, most)
    if line == rule:
        return rule, f"{_LEFT_OUT}the line would be too long"
    written = Operation(op=Op.EDIT, flags=(), file=file, text=harmless(line))
    objection = gate.unfit(written, folder=folder)
    if objection:
        return rule, _LEFT_OUT + objection
    return line, _CUT if line.rstrip(".").endswith("…)") and "…" not in why else ""


def _why_before(operation: Operation) -> list[str]:
    """Return the why of each rule that is replaced, unless the new text says it."""
    whys = dict.fromkeys(why_of(line.text) for line in operation.replaced)
    return [why for why in whys if why and not _says(operation.text, why)]


def _whys(text: str, cited: Sequence[Flag]) -> list[str]:
    """Return what went wrong, of each snag, that the text of the rule does not say."""
    texts = dict.fromkeys(flag.text for flag in cited if flag.better)
    return [why for why in texts if not _says(text, why)]


def _says(text: str, why: str) -> bool:
    words, said = (fact_key(harmless(one)).casefold() for one in (why, text))
    if words in said:
        return True
    from gitmem.drain.content_loss import carries  # it loads the judge

    return carries(text, why)
