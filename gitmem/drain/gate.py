"""The gate: an engine's answer is hostile input, and a tainted flag is kept out of instructions (pure).

Every flag is accounted for exactly once. Targets come from the request's own list and from the path
allow-list. No active, hidden or secret text gets through. What fails stays queued, with its reason.
The order of the answer does not change what passes and why.

A flag is tainted when untrusted text had entered its session. What a client loads is an instruction,
the topics of memory too: a tainted line lands there only when a person says so in `gitmem accept`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, assert_never

from gitmem.core.errors import Refused
from gitmem.drain.beside import Beside, proposed
from gitmem.drain.bodies import unfit_bodies
from gitmem.drain.plan import BESIDE, Op, Operation, Request, Work
from gitmem.safety.active import find_active, find_refused
from gitmem.safety.paths import LOADED, PathKind, writable
from gitmem.safety.secrets import find_secret
from gitmem.safety.text import MAX_TEXT, find_hidden

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.drain.plan import Plan
    from gitmem.memory.tree import MemoryLine
    from gitmem.records.drain_record import Outcome

HELD = (
    "it is tainted (untrusted text had entered its session) and would become an instruction; "
    "close without --here, and a person may land it with gitmem accept --tainted"
)

_ALLOWED = {
    Work.MEMORY: {Op.KEEP, Op.MERGE, Op.SUPERSEDE, Op.DUPLICATE, Op.SKIP},
    Work.PENDING: {Op.PENDING, Op.DUPLICATE, Op.SKIP},
    Work.RULES: {Op.EDIT, Op.SUPERSEDE, Op.DUPLICATE, Op.SKIP},
}


#: The begin of a reason for flags without an answer; a retry may help.
NO_ANSWER = "the engine gave no answer: "

_UNACCOUNTED = "the engine did not account for it"
_TWICE = "the engine accounted for it more than once"
_UNEXPLAINED = "the engine gave no reason for skipping it"
_NO_SURVIVOR = "the engine called it a duplicate without naming what survives"
_NOTHING_REPLACED = "the engine named a line to replace that is not there"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedFlag:
    """A flag that stays queued, and why."""

    id: str
    reason: str


def by_reason(left: Sequence[QueuedFlag]) -> dict[str, list[str]]:
    """Return each reason once, with the ids of its flags, both in order."""
    reasons: dict[str, list[str]] = {}
    for one in left:
        reasons.setdefault(one.reason, []).append(one.id)
    return reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """Operations that may be applied, and the flags that they do not account for.

    ``beside`` are items that may be settled and lines that may move, if these flags' operations stand.
    """

    operations: tuple[Operation, ...]
    left: tuple[QueuedFlag, ...]
    beside: Beside = field(default_factory=Beside)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    """What a request offered the engine, indexed for look-ups."""

    work: Work
    folder: str
    flags: frozenset[str]
    files: frozenset[str]
    lines: frozenset[MemoryLine]
    texts: frozenset[str]
    stays: frozenset[str]
    fixed: Mapping[str, str]
    unfit_bodies: Mapping[str, str]
    claims: Mapping[MemoryLine, tuple[str, ...]]


def check(request: Request, operations: Sequence[Operation], *, folder: str) -> GateResult:
    """Let sound operations pass; every flag of the request is in exactly one of the two lists."""
    beside = proposed(request, operations, folder=folder)
    offer = _Offer(
        work=request.work,
        folder=folder,
        flags=frozenset(flag.id for flag in request.flags),
        files=frozenset(request.files),
        lines=frozenset(request.existing),
        texts=frozenset(line.text for line in request.existing),
        stays=frozenset(line.text for line in (*request.pending_lines, *request.fixed_lines)),
        fixed={flag_id: request.usual[flag_id] for flag_id in request.fixed},
        unfit_bodies=unfit_bodies(request.flags),
        claims=_claims(request, operations) if request.work is Work.RULES else {},
    )
    operations = [operation for operation in operations if operation.op not in BESIDE]
    cited = Counter(flag_id for operation in operations for flag_id in operation.flags)
    reasons = dict.fromkeys(offer.flags, _UNACCOUNTED)
    sound = []
    for operation in operations:
        reason = _objection(offer, operation, cited)
        reasons.update(dict.fromkeys(operation.flags, reason))
        if not reason:
            sound.append(operation)
    done = _standing(offer, sound)
    passed = [operation for operation in sound if done.issuperset(operation.flags)]
    left = [
        QueuedFlag(id=flag.id, reason=reasons[flag.id] or "what it is a duplicate of does not stay")
        for flag in request.flags
        if flag.id not in done
    ]
    return GateResult(operations=tuple(passed), left=tuple(left), beside=beside)


def unaccounted(request: Request, operations: Sequence[Operation]) -> dict[str, str]:
    """Return the flags that an answer leaves out, names twice or says half of, each with the reason (id to sentence).

    A smaller question may cure that. What else the gate refuses is a judgement, and stands as it is. A
    duplicate of such a flag is among them: what it is a duplicate of is not known yet.
    """
    accounting = [operation for operation in operations if operation.op not in BESIDE]
    cited = Counter(flag_id for operation in accounting for flag_id in operation.flags)
    open_ = {flag.id: _UNACCOUNTED for flag in request.flags if flag.id not in cited}
    for operation in accounting:
        reason = _half_said(operation, cited)
        open_ |= dict.fromkeys(operation.flags, reason) if reason else {}
    folded = [operation for operation in accounting if operation.op is Op.DUPLICATE]
    while late := [
        one for one in folded if one.survivor in open_ and not open_.keys() >= {*one.flags}
    ]:
        open_ |= {flag_id: _UNACCOUNTED for one in late for flag_id in one.flags}
    return {flag.id: open_[flag.id] for flag in request.flags if flag.id in open_}


def _half_said(operation: Operation, cited: Mapping[str, int]) -> str:
    if any(cited[flag_id] != 1 for flag_id in operation.flags):
        return _TWICE
    if operation.op is Op.SKIP and not operation.reason.strip():
        return _UNEXPLAINED
    if operation.op is Op.SUPERSEDE and not operation.replaced:
        return _NOTHING_REPLACED
    return _NO_SURVIVOR if operation.op is Op.DUPLICATE and not operation.survivor else ""


def _standing(offer: _Offer, operations: Sequence[Operation]) -> set[str]:
    """Return the flags of these operations without duplicates of what is left, skipped or replaced."""
    survivors = offer.stays | offer.texts - {
        line.text for operation in operations if _replaces(operation) for line in operation.replaced
    }
    done: set[str] = set()
    ready: list[Operation] = []
    waiting: dict[str, list[Operation]] = {}
    for operation in operations:
        if operation.op is not Op.DUPLICATE or operation.survivor in survivors:
            ready.append(operation)
        else:
            waiting.setdefault(operation.survivor, []).append(operation)
    while ready:
        operation = ready.pop()
        done.update(operation.flags)
        if operation.op is not Op.SKIP:
            for flag_id in operation.flags:
                ready += waiting.pop(flag_id, [])
    return done


def _objection(offer: _Offer, operation: Operation, cited: Mapping[str, int]) -> str:
    """Say why an operation may not be applied; empty when it may."""
    miscited = _miscited(offer, operation, cited) or _unfit_body(offer, operation)
    if miscited:
        return miscited
    match operation.op:
        case Op.SKIP:
            return _bad_reason(operation.reason)
        case Op.DUPLICATE:
            return _no_survivor(offer, operation)
        case Op.MERGE | Op.SUPERSEDE:
            return (
                _nothing_replaced(offer, operation)
                or _claimed(offer, operation)
                or _bad_line(offer, operation)
            )
        case Op.KEEP | Op.PENDING | Op.EDIT:
            return _bad_line(offer, operation)
        case Op.SETTLED | Op.MOVE:
            return ""
        case _:
            assert_never(operation.op)


def _miscited(offer: _Offer, operation: Operation, cited: Mapping[str, int]) -> str:
    if any(cited[flag_id] != 1 for flag_id in operation.flags):
        return _TWICE
    if not operation.flags or not offer.flags.issuperset(operation.flags):
        return "the engine cited a flag that it was not given"
    if operation.op not in _ALLOWED[offer.work]:
        return f"the engine may not {operation.op} here"
    return ""


def _unfit_body(offer: _Offer, operation: Operation) -> str:
    """Say why the body of a flag may not be filed; a flag that is skipped has its own in the record alone."""
    if operation.op is Op.SKIP:
        return ""
    return next((why for key in operation.flags if (why := offer.unfit_bodies.get(key))), "")


def _no_survivor(offer: _Offer, operation: Operation) -> str:
    if operation.survivor in (offer.texts | offer.stays | offer.flags) - set(operation.flags):
        return ""
    return _NO_SURVIVOR


def _replaces(operation: Operation) -> bool:
    """Tell whether the operation replaces lines: a supersede, or a merge that names some."""
    return operation.op is Op.SUPERSEDE or (operation.op is Op.MERGE and bool(operation.replaced))


def _nothing_replaced(offer: _Offer, operation: Operation) -> str:
    if not _replaces(operation):
        return ""
    there = offer.lines.issuperset(operation.replaced)
    if operation.replaced and there and operation.replaced[0].file == operation.file:
        return ""
    return _NOTHING_REPLACED


def _claims(request: Request, operations: Sequence[Operation]) -> dict[MemoryLine, tuple[str, ...]]:
    """Map each line to replace to the flags of the one operation that may replace it.

    Of several, it is the one with the flag that was queued first, whatever their order.
    """
    place = {flag.id: number for number, flag in enumerate(request.flags)}
    claims: dict[MemoryLine, tuple[str, ...]] = {}
    for operation in operations:
        known = [flag_id for flag_id in operation.flags if flag_id in place]
        if not _replaces(operation) or not known:
            continue
        first = min(place[flag_id] for flag_id in known)
        for line in operation.replaced:
            if line not in claims or first < min(place.get(one, first) for one in claims[line]):
                claims[line] = operation.flags
    return claims


def _claimed(offer: _Offer, operation: Operation) -> str:
    """Say so when another edit of the same line has the right to it; these flags wait for the next close."""
    owners = [offer.claims.get(line, operation.flags) for line in operation.replaced]
    owner = next((flags for flags in owners if flags != operation.flags), ())
    if not owner:
        return ""
    return f"another edit of this close replaces the same line (for {owner[0]}); it is for the next close"


def unfit(operation: Operation, *, folder: str) -> str:
    """Say why an operation's line may not be written to its file; empty when it may, or writes none."""
    if operation.op in (Op.SKIP, Op.DUPLICATE):
        return ""
    try:
        target = writable(operation.file, folder=folder)
    except Refused as refusal:
        return refusal.message
    text = operation.text
    return bad_text(text, find_refused(text, skill=target in {PathKind.SKILL, PathKind.GUARDS}))


def _bad_line(offer: _Offer, operation: Operation) -> str:
    if operation.file not in offer.files:
        return "the engine named a file that is not among the targets"
    if any(
        offer.fixed.get(flag_id, operation.file) != operation.file for flag_id in operation.flags
    ):
        return "the engine chose another file than the one it asks for"
    return unfit(operation, folder=offer.folder)


def _bad_reason(reason: str) -> str:
    """Say why a skip's reason may not stand in the drain record; it must be as harmless as a line."""
    if not reason.strip():
        return _UNEXPLAINED
    objection = bad_text(reason, find_active(reason, skill=True))
    return (
        f"the engine's reason for skipping it is unfit to be shown: {objection}"
        if objection
        else ""
    )


def bad_text(text: str, active: str | None) -> str:
    """Say why a text may not be shown; ``active`` is what executes or loads in it, if anything does."""
    if not text.strip():
        return "the engine gave no text"
    if len(text) > MAX_TEXT:
        return f"the line has {len(text)} characters, and the limit is {MAX_TEXT}"
    objection = find_hidden(text) or active
    if objection:
        return objection
    secret = find_secret(text)
    return f"it looks like it holds a credential ({secret.rule})" if secret else ""


def instructing(outcomes: Sequence[Outcome], *, folder: str) -> tuple[Outcome, ...]:
    """Return the outcomes that put a tainted flag's line, or its body, into what reaches a model."""
    return tuple(
        outcome
        for outcome in outcomes
        if outcome.flag.tainted and (_instructs(outcome.file, folder) or outcome.brings_body)
    )


def held_back(plan: Plan) -> tuple[Plan, tuple[QueuedFlag, ...]]:
    """Return the plan without tainted flags, and those flags as left."""
    requests = []
    left: list[QueuedFlag] = []
    for request in plan.requests:
        clean = tuple(flag for flag in request.flags if not flag.tainted)
        left += [QueuedFlag(id=flag.id, reason=HELD) for flag in request.flags if flag.tainted]
        if clean:
            requests.append(replace(request, flags=clean))
    return replace(plan, requests=tuple(requests)), tuple(left)


def _instructs(path: str, folder: str) -> bool:
    try:
        return bool(path) and writable(path, folder=folder) in LOADED
    except Refused:
        # gitmem does not write such a file; what it is stays unknown, so a person decides.
        return True
