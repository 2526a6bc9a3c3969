"""The policy: what to do at an event, given what is known of the session (pure, hot lane).

One function of both, and of nothing else. `docs/boundaries.md` draws it.
"""

from __future__ import annotations

from gitmem.session import boundary
from gitmem.session.boundary import Action

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitmem.session.boundary import Event
    from gitmem.session.session import Session

SLOW_SECONDS = 60.0
STEP = 60_000  # tokens the context grows by between two nudges
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
    return _taint(event, session) + step(event, session)


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
        if session.compacting or session.worked or session.pending:
            actions.append(Action(boundary.NUDGE, sorted({boundary.COMPACTION, *session.pending})))
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
            failed = [calls.failed(command) for command in tried]
        elif session.failed:
            words = [word for command in tried for word in calls.tried(command)]
            found += [(boundary.RECOVERY, word) for word in session.failed if word in words][:1]
        if event.seconds >= SLOW_SECONDS and calls.is_slow(event):
            found.append((boundary.SLOW, event.call))
    failed = [word for word in failed if word not in session.failed]
    return _mark(found, session) + ([Action(boundary.MARK_FAILED, failed)] if failed else [])


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
    # The end of the turn is spoken of at its end, also when another hook makes it go on.
    named = [name for name in session.pending if name != boundary.TURN]
    if flagged and (worked or not named):
        # The model flagged by itself, after the work: nothing has happened since.
        return [Action(boundary.MARK_FLAG)] if session.worked or session.pending else []
    if worked or session.worked:
        named += _growth(event, session, named)
    if named:
        return _nudge(event, named)
    return [Action(boundary.MARK_WORK)] if worked and not session.worked else []


def _prompt(event: Event, session: Session) -> list[Action]:
    marks = _mark(event.done, session)
    named = [*session.pending, *[mark.partition(" ")[0] for done in marks for mark in done.about]]
    if session.worked:
        named += _growth(event, session, named)
    if session.resting and event.detail != boundary.PERSON and not session.worked:
        # The nudge after the compaction is in the same request: what the notice reports is asked about next.
        return marks
    told = "prompt." + event.turn
    if named:
        return [
            *marks,
            *_nudge(event, named),
            *([Action(boundary.MARK_SEEN, [told])] if event.turn else []),
        ]
    # What a person says may be durable; what came with a nudge was asked for, also when the client tells twice.
    new = event.detail == boundary.PERSON and not session.worked and told not in session.seen
    return [Action(boundary.MARK_WORK)] if new else []


def _nudge(event: Event, named: Sequence[str]) -> list[Action]:
    grown = [Action(boundary.MARK_TOKENS, [str(event.tokens)])] if event.tokens else []
    return [Action(boundary.NUDGE, sorted(set(named))), *grown]


def _growth(event: Event, session: Session, named: Sequence[str]) -> list[str]:
    """Return the boundary that the size of the context is, once each time it grew and before a compaction."""
    if not _fresh(event, session):
        return []
    limit = session.limit or event.limit
    if limit and not session.pressed and event.tokens >= limit - min(_MARGIN, limit // 10):
        return [boundary.PRESSURE]
    # With another reason to nudge, growth is not one of its own.
    return [boundary.TOKENS] if not named and event.tokens - session.base >= STEP else []


def _fresh(event: Event, session: Session) -> bool:
    """Return whether the tokens were counted after the last compaction: the client writes them down late."""
    return event.tokens > 0 and event.tokens_at >= session.compacted


def _turn_end(event: Event, session: Session) -> list[Action]:
    if not session.worked or boundary.TURN in session.pending:
        return []
    return _mark([(boundary.TURN, event.turn)], session)


def _compacting(event: Event, session: Session) -> list[Action]:
    # Where the client compacts is learned from where it did; the transcript may be an answer behind.
    known = event.detail == boundary.AUTO and event.tokens >= STEP and _fresh(event, session)
    reached = [str(event.tokens)] if known else []
    return [Action(boundary.MARK_COMPACTING, reached), Action(boundary.ASK_SUMMARY)]


def _end(event: Event, _: Session) -> list[Action]:
    return [Action(boundary.MARK_END, [event.detail])]


_STEPS: dict[str, Callable[[Event, Session], list[Action]]] = {
    boundary.BOOT: _boot,
    boundary.PROMPT: _prompt,
    boundary.TOOL: _call,
    boundary.FAILURE: _call,
    boundary.BATCH: _batch,
    boundary.TURN_END: _turn_end,
    boundary.COMPACTING: _compacting,
    boundary.END: _end,
}
_IN_AGENTS = (boundary.TOOL, boundary.FAILURE, boundary.END)
