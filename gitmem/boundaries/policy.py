"""The policy: what to do at an event, given what is known of the session (pure, hot lane).

One function of both, and of nothing else. `docs/boundaries.md` draws it.
"""

from __future__ import annotations

from gitmem.session import boundary
from gitmem.session.boundary import Action
from gitmem.session.session import SAID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitmem.session.boundary import Event
    from gitmem.session.session import Session

# The numbers and the two groups of boundaries come from `evals/boundaries` (what-ifs in docs/evals.md).
SLOW_SECONDS = 60.0
STEP = 80_000  # tokens the context grows by between two nudges
BETWEEN = 5  # requests from the session's start or one nudge to the next
_LITTLE = 10_000  # tokens in which hardly anything new is said
_MARGIN = 30_000  # tokens before a compaction, or a tenth of the limit if that is less


def decide(event: Event, session: Session) -> list[Action]:
    """Return what to do at an event.

    Untrusted text is marked once between two nudges, and before the nudge that asks about it. A
    boundary is marked where it happens; the main thread is nudged once for all that was marked since the last
    nudge, where words reach the model at no extra turn: after a batch, with a prompt, after a compaction.
    A sub-agent is never spoken to: the words would end up in its report.
    """
    step = _STEPS.get(event.kind)
    if step is None or (event.agent and event.kind not in _IN_AGENTS):
        return _taint(event, session)
    over = event.untold and session.compacting and event.kind in _GOING_ON and not event.agent
    before = _summarised(event, session) if over else []
    return before + _taint(event, session) + step(event, session)


def _taint(event: Event, session: Session) -> list[Action]:
    if not event.calls or session.taints:
        return []
    from gitmem.boundaries import calls

    tool = calls.taint_of(event)
    return [Action(boundary.MARK_TAINT, [tool])] if tool else []


def _boot(event: Event, session: Session) -> list[Action]:
    new = [oid for oid in event.commits if oid not in session.seen]
    # What was committed a moment before the session is not the session's work.
    actions = [Action(boundary.MARK_SEEN, new)] if new else []
    if event.detail == boundary.COMPACTED:
        actions.append(Action(boundary.MARK_COMPACTED, [event.at]))
        waits = set(session.pending) - {boundary.COMPACTION}
        if session.compacting or session.worked or waits:
            if session.told and not session.requests:
                # The client keeps the words of the batch before: this request has a nudge already.
                actions += _mark([(boundary.COMPACTION, event.at)], session)
            else:
                actions.append(Action(boundary.NUDGE, sorted({boundary.COMPACTION, *waits})))
    if event.detail == boundary.FORKED and event.tokens:
        # What the context holds so far, the session it was forked from was asked about.
        actions.append(Action(boundary.MARK_TOKENS, [str(event.tokens)]))
    return [*actions, Action(boundary.SAY_BOOT, [event.detail])]


def _call(event: Event, session: Session) -> list[Action]:
    """Decide after a call. What sub-agents commit is a boundary of the session; their troubles are their own."""
    from gitmem.boundaries import calls

    found = [(boundary.COMMIT, oid) for oid in event.commits]
    failed: list[str] = []
    if not event.agent:
        found += event.done
        tried = calls.shell_commands(event)
        if event.kind == boundary.FAILURE:
            from gitmem.session import shell_commands

            failed = [shell_commands.failed(command, event.text) for command in tried]
        elif session.failed:
            from gitmem.session import shell_commands

            words = [word for command in tried for word in shell_commands.tried(command)]
            found += [(boundary.RECOVERY, word) for word in session.failed if word in words][:1]
        if event.seconds >= SLOW_SECONDS and calls.is_slow(event):
            found.append((boundary.SLOW, event.call))
    failed = [word for word in failed if word not in session.failed]
    return _mark(found, session) + ([Action(boundary.MARK_FAILED, failed)] if failed else [])


def _agent_end(event: Event, session: Session) -> list[Action]:
    return _mark(event.done, session)


def _mark(found: Sequence[tuple[str, str]], session: Session) -> list[Action]:
    new = [
        f"{name} {key}"
        for name, key in found
        if name == boundary.RECOVERY or key not in session.seen
    ]
    return [Action(boundary.MARK_BOUNDARY, new)] if new else []


def _batch(event: Event, session: Session) -> list[Action]:
    worked = flagged = False
    if event.calls:
        from gitmem.boundaries import calls

        worked, flagged = calls.worked(event), calls.flagged_last(event)
    marks = _mark(event.done, session)
    # The end of the turn is spoken of at its end, also when another hook makes it go on.
    named = [name for name in _named(session, marks) if name != boundary.TURN]
    if flagged and (worked or set(named).isdisjoint(boundary.AT_ONCE)):
        # The model flagged by itself, after the work: nothing has happened since.
        flag = [Action(boundary.MARK_FLAG)] if session.worked or session.pending or marks else []
        return [*marks, *flag, *_answered(session)]
    if worked or session.worked:
        named += _growth(event, session, named)
    if _may_ask(named, session, 1):
        return [*marks, *_nudge(event, session, named)]
    work = [Action(boundary.MARK_WORK)] if worked and not session.busy else []
    return [*marks, *work, *_counted(event, session), *_answered(session)]


def _prompt(event: Event, session: Session) -> list[Action]:
    if event.turn and event.turn == session.turn:
        # Said while the model is at work: the end of the batch, before the next request, asks about it.
        return _mark(event.done, session)
    told = [key for name, key in event.done if name == boundary.WORDS][:1]
    begun = [Action(boundary.MARK_TURN, [event.turn, *told])] if event.turn else []
    marks = _mark([done for done in event.done if done[0] != boundary.WORDS], session)
    named = _named(session, marks)
    if session.worked:
        named += _growth(event, session, named)
    if _may_ask(named, session, 0):
        return [*begun, *marks, *_nudge(event, session, named)]
    # What a person says may be durable; what came with a nudge was asked for.
    new = event.detail == boundary.PERSON and not session.worked
    work = [Action(boundary.MARK_WORK, [SAID])] if new else []
    return [*begun, *marks, *work, *_counted(event, session)]


def _named(session: Session, marks: Sequence[Action]) -> list[str]:
    """The boundaries to ask about: those of before and those marked now."""
    return [*session.pending, *[mark.partition(" ")[0] for done in marks for mark in done.about]]


def _may_ask(named: Sequence[str], session: Session, more: int) -> bool:
    """Return whether to nudge now; ``more`` requests were answered beside those that are counted."""
    requests = session.requests + more
    # Without a request since, the one that carries the last nudge would carry this one too.
    if not requests or set(named) <= set(boundary.ASIDE):
        return False
    return requests >= BETWEEN or not set(named).isdisjoint(boundary.AT_ONCE)


def _answered(session: Session) -> list[Action]:
    """Count a request that was answered, as long as the count matters."""
    return [Action(boundary.MARK_REQUEST)] if session.requests < BETWEEN else []


def _nudge(event: Event, session: Session, named: Sequence[str]) -> list[Action]:
    grown = [Action(boundary.MARK_TOKENS, [str(event.tokens)])] if _fresh(event, session) else []
    kind = boundary.REMIND if session.told else boundary.NUDGE
    return [Action(kind, sorted(set(named))), *grown]


def _counted(event: Event, session: Session) -> list[Action]:
    """After a compaction, growth counts from the first size that is known."""
    if session.base is None and _fresh(event, session):
        return [Action(boundary.MARK_TOKENS, [str(event.tokens)])]
    return []


def _growth(event: Event, session: Session, named: Sequence[str]) -> list[str]:
    """Return the boundary that the size of the context is, once each time it grew and before a compaction."""
    if not _fresh(event, session):
        return []
    limit = session.limit or event.limit
    grown = event.tokens - (event.tokens if session.base is None else session.base)
    near = limit and event.tokens >= limit - min(_MARGIN, limit // 10)
    if near and not session.pressed and (grown >= _LITTLE or session.base is None):
        return [boundary.PRESSURE]
    # With another reason to nudge, growth is not one of its own.
    return [boundary.TOKENS] if grown >= STEP and set(named) <= set(boundary.ASIDE) else []


def _fresh(event: Event, session: Session) -> bool:
    """Return whether the tokens were counted after the last compaction: the client writes them down late."""
    return event.tokens > 0 and event.tokens_at >= session.compacted


def _turn_end(event: Event, session: Session) -> list[Action]:
    if not session.worked or boundary.TURN in session.pending:
        return _answered(session)
    return [*_mark([(boundary.TURN, event.turn)], session), *_answered(session)]


def _compacting(event: Event, session: Session) -> list[Action]:
    # Where the client compacts is learned from where it did; the transcript may be an answer behind.
    known = event.detail == boundary.AUTO and event.tokens >= STEP and _fresh(event, session)
    reached = [str(event.tokens)] if known else []
    asked = [] if event.untold else [Action(boundary.ASK_SUMMARY)]
    return [Action(boundary.MARK_COMPACTING, reached), *asked]


def _summarised(event: Event, session: Session) -> list[Action]:
    """Decide where a client tells of a finished compaction and takes no words: what comes next asks about it."""
    lost = session.compacting or session.worked or session.pending
    marks = _mark([(boundary.COMPACTION, event.at)], session) if lost else []
    return [Action(boundary.MARK_COMPACTED, [event.at]), *marks]


def _end(event: Event, _: Session) -> list[Action]:
    return [Action(boundary.MARK_END, [event.detail])]


_STEPS: dict[str, Callable[[Event, Session], list[Action]]] = {
    boundary.BOOT: _boot,
    boundary.PROMPT: _prompt,
    boundary.TOOL: _call,
    boundary.FAILURE: _call,
    boundary.AGENT_END: _agent_end,
    boundary.BATCH: _batch,
    boundary.TURN_END: _turn_end,
    boundary.COMPACTING: _compacting,
    boundary.SUMMARISED: _summarised,
    boundary.END: _end,
}
# What shows that a compaction is over, or well on its way, where nothing else does.
_GOING_ON = (boundary.PROMPT, boundary.TOOL, boundary.FAILURE)
_IN_AGENTS = (boundary.TOOL, boundary.FAILURE, boundary.END)
