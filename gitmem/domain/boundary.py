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
MARK_TAINT = "mark taint"

_NAMES = {COMMIT: "git commit"}

# Tools whose results are text of strangers; tools of an MCP server begin with _MCP.
_WEB = ("WebFetch", "WebSearch")
_MCP = "mcp__"
_OWN_MCP = "mcp__gitmem__"
_CHAPTER = "__mark_chapter"
_SHELL = "Bash"
# Programs that fetch, and what of a forge's program reads what others wrote.
_FETCHERS = ("curl", "wget")
_FORGES = {
    "gh": (("api",), ("issue", "view"), ("issue", "list"), ("pr", "view"), ("pr", "diff"), ("pr", "list")),
    "glab": (("issue",), ("mr",)),
}  # fmt: skip
_APART = str.maketrans(dict.fromkeys("\t\n\r;|&<>(){}[]$`\"'\\,=", " "))
_SHELL_SIGNS = ';|&<>($`"\\\n\r'


class Event:
    """One event of a session.

    ``kind`` is one of the constants above, ``name`` the client's own name for it, ``agent`` the sub-agent it
    happened in (empty: the main thread), ``commits`` the commits made during a tool call or just before
    a boot, ``detail`` the source of a boot or
    the reason of an end, ``calls`` the tools called, each with its shell command (empty: no shell).
    """

    __slots__ = (
        "agent",
        "calls",
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
        calls: Sequence[tuple[str, str]] = (),
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


class Session:
    """What is known of a session: marked boundaries not nudged yet, and everything ever marked.

    ``taints`` are the tools that brought untrusted text in since the last nudge.
    """

    __slots__ = ("pending", "seen", "taints")

    def __init__(
        self, pending: Sequence[str] = (), seen: Sequence[str] = (), taints: Sequence[str] = ()
    ) -> None:
        self.pending = pending
        self.seen = seen
        self.taints = taints


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

    Untrusted text is marked once between two nudges, and before the nudge that asks about it. A
    commit is marked wherever it happens, but only the main thread is nudged, once for all that
    was marked since the last nudge: text injected into a sub-agent would end up in its report.
    """
    new = [oid for oid in event.commits if oid not in session.seen]
    if event.kind == BOOT:
        # What was committed a moment before the session is not the session's work.
        return [*([Action(MARK_SEEN, new)] if new else []), Action(SAY_BOOT, [event.detail])]
    if event.kind == END:
        return [Action(MARK_END, [event.detail])]
    tool = "" if session.taints else taint_of(event)
    actions = [Action(MARK_TAINT, [tool])] if tool else []
    if event.kind == TOOL and new:
        actions.append(Action(MARK_BOUNDARY, new))
    if event.kind == BATCH and not event.agent and session.pending:
        actions.append(Action(NUDGE, sorted(set(session.pending))))
    return actions


def taint_of(event: Event) -> str:
    """The first tool of the event's calls that brought untrusted text in; empty for none."""
    for tool, command in event.calls:
        if untrusted(tool, command):
            return tool
    return ""


def untrusted(tool: str, command: str) -> bool:
    """Whether a call brings text of strangers in: from the web, an MCP server, an issue or a PR.

    ``command`` is the shell command of a shell call. Its words count wherever they stand, so it says
    yes too often rather than too seldom; only gitmem's own capture of a quoted text is left out.
    """
    if tool in _WEB:
        return True
    if tool.startswith(_MCP):
        return not (tool.startswith(_OWN_MCP) or tool.endswith(_CHAPTER))
    if tool != _SHELL or _captures(command):
        return False
    words = {word.rpartition("/")[2] for word in command.translate(_APART).split()}
    if not words.isdisjoint(_FETCHERS):
        return True
    return any(
        words.issuperset(reads)
        for forge, ways in _FORGES.items()
        if forge in words
        for reads in ways
    )


def _captures(command: str) -> bool:
    """Whether the command is one call of gitmem whose texts stand in single quotes."""
    outside = "".join(command.split("'")[::2])
    return command.startswith("gitmem ") and not [sign for sign in _SHELL_SIGNS if sign in outside]


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
