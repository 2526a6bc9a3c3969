"""What an engine proposes beside the one operation for each flag: items that are settled, lines that move (pure).

Both take a line from where it is, so both ask for more than a label. A wrong one is worse than a missed
one: a question that is closed by mistake is not asked again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.drain.plan import BESIDE, Op, Operation, Request, Work
from gitmem.grounding import lexicon
from gitmem.memory.topics import fact_key, is_catch_all
from gitmem.safety.paths import PathKind, writable
from gitmem.safety.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitmem.grounding.tokens import Token
    from gitmem.memory.tree import MemoryLine

MOVES = 8  # lines that one close moves; as many as it may replace in the smallest memory
_BEGIN = 60  # characters of an item that a sentence to the reviewer has

# What a flag says that answers nothing yet. Doubts and plans are in the lexicon, but a data plan is none,
# and what somebody may do is an answer.
_OPEN = (
    lexicon.words("still whether undecided unclear unresolved unknown todo tbd yet")
    | (lexicon.HEDGES - lexicon.MAY)
    | (lexicon.PLANS - lexicon.words("plan plans"))
)
_UNDONE = re.compile(
    r"\bplans? to\b|\b(?:not|never)\s+(?:been|done|begun|started|finished|fixed|decided|settled)\b|n't\s+(?:been|done)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
# Telling words that a flag and the item have in common, and their part of the item's. Of the 16 pairs that
# evals/consolidation settles both rules together keep 16, of its other 641 pairs of a flag and an older
# item 4 (docs/grounding.md).
_ENOUGH = ((3, 3 / 8), (2, 2 / 3))


@dataclass(slots=True)
class Beside:
    """What stands beside the flags' own operations, and what the reviewer is told (flag id to sentences)."""

    operations: list[Operation] = field(default_factory=list)
    told: dict[str, list[str]] = field(default_factory=dict)

    def stays(self, flags: Iterable[str], item: MemoryLine, why: str) -> None:
        """Note that an item stays open after all."""
        for flag_id in flags:
            sentence = f"it does not settle {cut(item.text, _BEGIN)!r}: {why}"
            said = self.told.setdefault(flag_id, [])
            if sentence not in said:
                said.append(sentence)


def proposed(request: Request, operations: Sequence[Operation], *, folder: str) -> Beside:
    """Return what an engine proposes of a request and may; the rest changes nothing."""
    found = Beside()
    for operation in operations:
        if operation.op is Op.SETTLED:
            _settle(request, operation, found)
        elif operation.op is Op.MOVE and _may_move(request, operation, folder):
            filed = request.movable[operation.replaced[0]]
            found.operations.append(replace(operation, flags=(), filed=filed))
    return found


def standing(operations: Sequence[Operation], beside: Beside) -> Beside:
    """Return what stands once it is known what becomes of the flags: ``operations`` are those that stand."""
    found = Beside(told=beside.told)
    accounted = {flag_id for one in operations if one.op not in BESIDE for flag_id in one.flags}
    asked = {
        fact_key(one.survivor if one.op is Op.DUPLICATE else one.text)
        for one in operations
        if one.op in (Op.DUPLICATE, Op.PENDING)
    }
    replaced = {line for one in operations if one.op not in BESIDE for line in one.replaced}
    moves = 0
    for operation in beside.operations:
        if operation.op is Op.MOVE:
            if accounted and operation.replaced[0] not in replaced and moves < MOVES:
                replaced.add(operation.replaced[0])
                moves += 1
                found.operations.append(operation)
            continue
        flags = tuple(key for key in operation.flags if key in accounted)
        again = [line for line in operation.replaced if fact_key(line.text) in asked]
        for line in again:
            found.stays(flags, line, "a flag of this close asks the same")
        kept = tuple(line for line in operation.replaced if line not in again)
        if flags and kept:
            found.operations.append(replace(operation, flags=flags, replaced=kept))
    return found


def told(operations: Sequence[Operation], beside: Beside) -> list[Operation]:
    """Return the operations, each with what the reviewer is told of the items that its flags do not settle."""
    return [
        replace(one, reason="; ".join(dict.fromkeys(filter(None, [one.reason, *said]))))
        if one.op not in BESIDE
        and (said := [word for key in one.flags for word in beside.told.get(key, ())])
        else one
        for one in operations
    ]


def _settle(request: Request, operation: Operation, found: Beside) -> None:
    flags = {flag.id: flag for flag in request.flags}
    cited = [flags[key] for key in operation.flags if key in flags]
    if len(cited) < len(operation.flags) or request.work is Work.RULES:
        return
    for item in operation.replaced:
        if item not in request.items:
            continue
        reasons = {flag.id: unsettled(flag.text, item.text) for flag in cited}
        settling = tuple(key for key, why in reasons.items() if not why)
        if settling:
            one = replace(operation, flags=settling, replaced=(item,), file=item.file, text="")
            found.operations.append(one)
        else:
            for key, why in reasons.items():
                found.stays([key], item, why)


def unsettled(said: str, item: str) -> str:
    """Say why a flag with these words does not settle an open item; empty when it may."""
    words = {word.lower() for word in re.findall(r"\w+", said)}
    asks = said.rstrip().endswith(("?", "\uff1f"))
    if asks or not _OPEN.isdisjoint(words) or _UNDONE.search(said):
        return "the flag leaves it open"
    asked = _telling(item)
    # A long flag has many words; what answers stands in one sentence.
    answers = [_telling(sentence) for sentence in _SENTENCE.split(said)]
    common = max(({key for key in asked if key in answer} for answer in answers), key=len)
    values = {token.key for token in asked.values() if _is_value(token)} & common
    if any(len(common) >= least and len(common) >= part * len(asked) for least, part in _ENOUGH):
        return ""
    if values and len(common) == len(asked):
        return ""  # of an item of one name or value
    return "the two have too little in common"


def _telling(text: str) -> dict[str, Token]:
    from gitmem.grounding.clauses import is_item
    from gitmem.grounding.tokens import Kind, tokenize
    from gitmem.grounding.words import NEUTRAL

    return {
        token.key: token
        for token in tokenize(text)
        if is_item(token) and not (token.kind is Kind.WORD and token.key in NEUTRAL)
    }


def _is_value(token: Token) -> bool:
    from gitmem.grounding.tokens import Kind

    return token.kind is not Kind.WORD or (token.is_name and not token.initial)


def _may_move(request: Request, operation: Operation, folder: str) -> bool:
    """Tell whether a line may go: a drain filed it in a catch-all topic, and no flag corrects it."""
    if len(operation.replaced) != 1 or request.work is not Work.MEMORY:
        return False
    line = operation.replaced[0]
    free = line in request.existing and line in request.movable
    corrected = line in request.corrected.values()
    # Where a new topic is asked for, its file is known once all answers are.
    fits = bool(operation.topic) or takes_moved(operation.file, line.file, folder)
    return free and not corrected and fits


def takes_moved(file: str, before: str, folder: str) -> bool:
    """Tell whether a line may move from one file to another: out of a catch-all topic, to a topic that is none."""
    try:
        kind = writable(file, folder=folder)
    except Refused:
        return False
    return kind is PathKind.TOPIC and is_catch_all(before) and not is_catch_all(file)
