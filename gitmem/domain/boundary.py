"""Boundaries: what happened in a session, and what gitmem does about it (pure; hot lane).

`decide` is the whole policy: a function of an event and the session's state. Adapters in
`gitmem.harness` translate a client's payload into an Event and Actions into its answer.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# What happened, in the words of no client in particular.
BOOT = "boot"  # a session starts, resumes, or goes on after a compaction
TOOL = "tool"  # one tool call succeeded
BATCH = "batch"  # all calls of one model answer are done; the next request comes after it
END = "end"  # the session ends
OTHER = "other"  # an event gitmem has nothing to do at

# Boundaries that a session file records and a nudge names.
COMMIT = "commit"

# What to do.
SAY_BOOT = "say boot words"
MARK_SEEN = "mark seen"
MARK_BOUNDARY = "mark boundary"
NUDGE = "nudge"
MARK_END = "mark end"

_NAMES = {COMMIT: "git commit"}


class Event:
    """One event of a session.

    ``kind`` is one of the constants above, ``name`` the client's own name for it, ``agent`` the sub-agent it
    happened in (empty: the main thread), ``commits`` the commits made during a tool call or just before
    a boot, ``detail`` the source of a boot or
    the reason of an end.
    """

    __slots__ = (
        "agent",
        "client",
        "commits",
        "cwd",
        "detail",
        "kind",
        "name",
        "seconds",
        "session",
    )

    def __init__(  # noqa: PLR0913 - a record
        self,
        kind: str,
        *,
        client: str,
        name: str,
        session: str,
        cwd: str = "",
        agent: str = "",
        detail: str = "",
        seconds: float = 0.0,
        commits: Sequence[str] = (),
    ) -> None:
        self.kind = kind
        self.client = client
        self.name = name
        self.session = session
        self.cwd = cwd
        self.agent = agent
        self.detail = detail
        self.seconds = seconds
        self.commits = commits


class Session:
    """What is known of a session: marked boundaries not nudged yet, and everything ever marked."""

    __slots__ = ("pending", "seen")

    def __init__(self, pending: Sequence[str] = (), seen: Sequence[str] = ()) -> None:
        self.pending = pending
        self.seen = seen


class Action:
    """One thing to do: its kind (constants above) and the boundary or commits it is about."""

    __slots__ = ("about", "kind")

    def __init__(self, kind: str, about: Sequence[str] = ()) -> None:
        self.kind = kind
        self.about = tuple(about)

    def __eq__(self, other: object) -> bool:
        """Actions are values."""
        return isinstance(other, Action) and (self.kind, self.about) == (other.kind, other.about)

    def __hash__(self) -> int:
        """Actions are values."""
        return hash((self.kind, self.about))

    def __repr__(self) -> str:
        """For test failures."""
        return f"Action({self.kind!r}, {self.about!r})"


def decide(event: Event, session: Session) -> list[Action]:
    """What to do at an event.

    A commit is marked wherever it happens, but only the main thread is nudged, once for all that
    was marked since the last nudge: text injected into a sub-agent would end up in its report.
    """
    new = [oid for oid in event.commits if oid not in session.seen]
    if event.kind == BOOT:
        # What was committed a moment before the session is not the session's work.
        return [*([Action(MARK_SEEN, new)] if new else []), Action(SAY_BOOT, [event.detail])]
    if event.kind == TOOL:
        return [Action(MARK_BOUNDARY, new)] if new else []
    if event.kind == BATCH and not event.agent and session.pending:
        return [Action(NUDGE, sorted(set(session.pending)))]
    if event.kind == END:
        return [Action(MARK_END, [event.detail])]
    return []


def nudge_text(boundaries: Sequence[str]) -> str:
    """The one instruction a hook injects; it names the boundary it comes from."""
    after = " and ".join([_NAMES.get(name, name) for name in boundaries]) or "this point"
    return (
        f"gitmem, after {after}: flag what's durable, now. For each decision, gotcha, preference "
        "or fact that a later session would need, run one line: "
        "gitmem flag 'what is durable' --kind decision (kinds: fact, decision, gotcha, preference, "
        "pending). If something snagged: gitmem snag 'what snagged' --better 'the better path'. "
        "Use single quotes, or pipe lines into: gitmem flag - . Flag it even if it is noted "
        "elsewhere. Nothing durable is a fine answer; then go on."
    )
