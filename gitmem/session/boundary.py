"""Boundaries: what can happen in a session, what gitmem can do about it and say (pure, hot lane).

Adapters in `gitmem.clients` translate a client's payload into an Event and what is said into its answer;
`gitmem.boundaries.policy` decides.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# What happened, in the words of no client in particular.
BOOT = "boot"  # a session starts, resumes, or goes on after a compaction
PROMPT = "prompt"  # somebody said something: the person, or the client about work in the background
BEFORE = "before"  # one tool call is about to be made
TOOL = "tool"  # one tool call succeeded
FAILURE = "failure"  # one tool call failed
BATCH = "batch"  # all calls of one model answer are done; the next request comes after it
AGENT_START = "agent start"  # a sub-agent starts
AGENT_END = "agent end"  # a sub-agent is done, where that is an event of its own; words said then reach no model
TURN_END = "turn end"  # the model has answered and waits for a prompt
COMPACTING = "compacting"  # the context is about to be replaced by a summary
SUMMARISED = "summarised"  # a summary has replaced the context, where nothing can be said
END = "end"  # the session ends
OTHER = "other"  # an event at which gitmem has nothing to do

# Details of an event that the policy knows; any other is only written down.
COMPACTED = "compact"  # of a boot: the context was just replaced
RESUMED = "resume"  # of a boot: a session goes on that ended before
FORKED = "fork"  # of a boot: a new session that knows what another one knew
AUTO = "auto"  # of a compaction: the client's doing, so the context had reached its limit
PERSON = "person"  # of a prompt: the person's own

# Boundaries that a session file records and a nudge names.
COMMIT = "commit"
AGENT = "sub-agent"
BACKGROUND = "background"
TASK = "task"
CHAPTER = "chapter"
WORDS = "words"  # the person said something while the model was at work
RECOVERY = "recovery"  # a command failed, and then worked
SLOW = "slow"  # a call took over a minute
TURN = "turn"
TOKENS = "tokens"
PRESSURE = "pressure"
COMPACTION = "compaction"
LAST_TURN = "last-turn"  # of an earlier session; a boot asks about it
#: Those that are asked about however near the last nudge is.
AT_ONCE = (COMMIT, WORDS, COMPACTION)
#: Those that are named with others and are no reason to ask by themselves.
ASIDE = (TASK, AGENT, BACKGROUND, SLOW)

# What to do.
SAY_BOOT = "say boot words"
MARK_SEEN = "mark seen"
MARK_BOUNDARY = "mark boundary"
MARK_TAINT = "mark taint"
MARK_WORK = "mark work"
MARK_TURN = "mark turn"
MARK_REQUEST = "mark request"
MARK_FLAG = "mark flag"
MARK_HELD = "mark held"
MARK_FAILED = "mark failed"
MARK_TOKENS = "mark tokens"
MARK_SHOWN = "mark shown"
MARK_COMPACTING = "mark compacting"
MARK_COMPACTED = "mark compacted"
ASK_SUMMARY = "ask summary"
NUDGE = "nudge"
REMIND = "remind"  # a nudge in one sentence, where the model has had the whole one
MARK_END = "mark end"


_PRIME = (1 << 61) - 1
_COMPARED = 4_000  # characters of a text that tell it from others


def short_word(text: str) -> str:
    """Return a short word to compare a text by: it may hold what must not be written down."""
    data = text[:_COMPARED].strip().encode("utf-8", "backslashreplace")
    return f"{int.from_bytes(data, 'big') % _PRIME:x}"


class Event:
    """One event of a session.

    ``kind`` is one of the constants above, ``name`` the client's own name for it, ``agent`` the sub-agent it
    happened in (empty: the main thread), ``detail`` the source of a boot, the trigger of a compaction, the
    origin of a prompt or the reason of an end; ``calls`` the tools called, each with its shell command or the
    file it writes (empty: neither), ``call`` the id of a single one, or of a batch's first, and ``seconds`` what it took; ``done`` the boundaries that the
    client reports, each with an id; ``turn`` the id of the prompt that is worked on; ``transcript`` the
    client's record of the session, ``project`` the folder it was started in, ``window`` the size of the context if it
    was configured, ``process`` the client's process number (0: unknown), ``text`` what a prompt, a sub-agent's task or
    a failed command's error says, ``can_hold`` whether the client can deny this call and a person attends, ``untold``
    that it takes no words at a compaction and does not tell when one is over. Filled in by
    looking: ``commits`` made during the call or just before a boot, ``tokens`` in the context as of the time
    ``tokens_at``, ``limit`` the tokens at which the client compacts (0: unknown), ``at`` now.
    """

    __slots__ = (
        "agent",
        "at",
        "call",
        "calls",
        "can_hold",
        "client",
        "commits",
        "cwd",
        "detail",
        "done",
        "kind",
        "limit",
        "name",
        "process",
        "project",
        "seconds",
        "session",
        "text",
        "tokens",
        "tokens_at",
        "transcript",
        "turn",
        "untold",
        "window",
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
        calls: Sequence[tuple[str, str]] = (),
        call: str = "",
        done: Sequence[tuple[str, str]] = (),
        turn: str = "",
        transcript: str = "",
        project: str = "",
        window: int = 0,
        tokens: int = 0,
        tokens_at: str = "",
        limit: int = 0,
        at: str = "",
        process: int = 0,
        text: str = "",
        can_hold: bool = False,
        untold: bool = False,
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
        self.calls = calls
        self.call = call
        self.done = done
        self.turn = turn
        self.transcript = transcript
        self.project = project
        self.window = window
        self.tokens = tokens
        self.tokens_at = tokens_at
        self.limit = limit
        self.at = at
        self.process = process
        self.text = text
        self.can_hold = can_hold
        self.untold = untold


class Action:
    """One thing to do: its kind (constants above) and what it is about (boundaries, ids, tokens)."""

    __slots__ = ("about", "kind")

    def __init__(self, kind: str, about: Sequence[str] = ()) -> None:
        self.kind = kind
        self.about = tuple(about)

    def __eq__(self, other: object) -> bool:
        """Compare by value."""
        return isinstance(other, Action) and (self.kind, self.about) == (other.kind, other.about)

    def __hash__(self) -> int:
        """Compare by value."""
        return hash((self.kind, self.about))

    def __repr__(self) -> str:
        """For test failures."""
        return f"Action({self.kind!r}, {self.about!r})"


class Words:
    """``did`` and ``decided`` go to the ledger, ``person`` and ``model`` to whom they name; empty is silence.

    ``did`` is for a person, ``decided`` one entry an action: the line it left in the session's file.
    ``ask`` is why the person must be asked before a tool runs, ``hold`` why it is not run now. ``shown`` are
    the keys of lines of memory in ``model``, ``trigger`` why they were shown. ``error`` goes to the ledger:
    what went wrong although there are words.
    """

    __slots__ = (
        "ask",
        "decided",
        "did",
        "error",
        "hold",
        "model",
        "person",
        "shown",
        "trigger",
    )

    def __init__(  # noqa: PLR0913 - a record
        self,
        did: str = "",
        *,
        person: str = "",
        model: str = "",
        ask: str = "",
        decided: Sequence[str] = (),
        shown: Sequence[str] = (),
        trigger: str = "",
    ) -> None:
        self.shown = shown
        self.trigger = trigger
        self.ask = ask
        self.did = did
        self.error = self.hold = ""
        self.person = person
        self.model = model
        self.decided = decided
