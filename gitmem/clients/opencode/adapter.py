"""OpenCode: what its plugin tells as events, what is said as the plugin's answers (hot lane).

OpenCode 1.18.33 starts no hooks: `hooks/opencode/gitmem.js` runs inside of it, tells this what happens, and hands the
answer to the model (`tests/data/opencode/` has payloads of a real session). An answer has the keys ``model``,
``person`` and ``hold`` as far as there is something to say. The client loads AGENTS.md and follows no import.
"""

from __future__ import annotations

from gitmem.clients.client import Client
from gitmem.core.jsonline import dumps, figure, inside, text_of
from gitmem.session import boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.clients.abilities import Probe, SessionTranscript, Wiring
    from gitmem.clients.client import Read
    from gitmem.clients.transcripts import Transcripts

PLUGIN = ".opencode/plugins/gitmem.js"

_KINDS = {
    "boot": boundary.BOOT,
    "prompt": boundary.PROMPT,
    "agent": boundary.AGENT_START,
    "before": boundary.BEFORE,
    "after": boundary.TOOL,
    "compacting": boundary.COMPACTING,
    "idle": boundary.TURN_END,
    "end": boundary.END,
}
#: What the plugin tells of.
EVENTS = tuple(_KINDS)
_SILENT = ("idle", "end")
_TOOLS = {
    "bash": "Bash",
    "edit": "Edit",
    "read": "Read",
    "task": "Task",
    "todowrite": "TodoWrite",
    "webfetch": "WebFetch",
    "websearch": "WebSearch",
    "write": "Write",
}
_OWN = "gitmem_"  # tools of gitmem's MCP server: the server's name stands before them
_SUBJECTS = ("command", "filePath")
_PATCH = "apply_patch"
_MOST = 20  # completed todos that are looked at
_SAID = 4_000  # characters of a prompt, a task or an error that are looked at
_LONGEST = 100  # characters of an id
_ID = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
# What the client keeps free for an answer, in tokens: at most so many, and so many where the model
# tells how much it may read (1.18.33).
_ANSWER, _KEPT = 32_000, 20_000
_PATIENCES = {"boot": 8.0, "end": 1.0}


class OpenCode(Client):
    """OpenCode; the plugin was tried with version 1.18.33."""

    __slots__ = ()

    name = "opencode"
    title = "OpenCode"
    batches = False
    reads = (("AGENTS.md", "CLAUDE.md"),)
    hooked = PLUGIN
    briefs = True

    def patience(self, name: str) -> float:
        """Return the seconds after which a hook at an event gives up; the plugin waits 10."""
        return _PATIENCES.get(name, 4.0)

    def parse(
        self, payload: Mapping[str, object], name: str, environ: Mapping[str, str] | None = None
    ) -> boundary.Event:
        """Return the event of what the plugin tells; ``name`` is the event's name."""
        del environ  # all is in the payload
        call = _id(payload, "tool_use_id")
        event = boundary.Event(
            _KINDS.get(name, boundary.OTHER),
            client=self.name,
            name=name,
            session=_id(payload, "session_id"),
            cwd=text_of(payload, "cwd"),
            agent=_id(payload, "agent_id"),
            detail=text_of(payload, "source")
            or text_of(payload, "trigger")
            or text_of(payload, "reason"),
            seconds=figure(payload.get("duration_ms")) / 1000,
            calls=_calls(payload),
            call=call,
            turn=_id(payload, "prompt_id"),
            process=int(figure(payload.get("process"))),
            tokens=_tokens(inside(payload, "tokens")),
            tokens_at=text_of(payload, "tokens_at")[:_LONGEST],
            limit=_limit(inside(payload, "limit")),
        )
        given = inside(payload, "tool_input")
        if name == "prompt":
            event.detail = boundary.PERSON
            event.text = text_of(payload, "prompt")[:_SAID]
            event.done = [(boundary.WORDS, boundary.short_word(event.text))]
        elif name == "agent":
            event.detail = text_of(payload, "subagent_type")
            event.text = text_of(payload, "prompt")[:_SAID]
        elif name == "before":
            event.can_hold = payload.get("attended") is True
            if payload.get("tool_name") == "task":
                event.detail = text_of(given, "subagent_type")
                event.text = text_of(given, "prompt")[:_SAID]
        elif name == "after":
            event.done = _done(payload, given, call)
            if _failed(payload):
                event.kind = boundary.FAILURE
                event.text = text_of(payload, "output")[-_SAID:]
        return event

    def answer(
        self, event: boundary.Event, *, person: str, model: str, ask: str = "", hold: str = ""
    ) -> str:
        """Return what the plugin reads from standard output; empty at an event that nothing is said at.

        A plugin cannot make the client ask a person, so ``ask`` is said to the model with the call.
        """
        if event.name in _SILENT:
            return ""
        said = {"model": model or ask}
        if event.kind == boundary.BOOT:
            said["person"] = person
        if event.kind == boundary.BEFORE and hold:
            said = {"hold": hold}
        said = {key: text for key, text in said.items() if text}
        return dumps(said) if said else ""

    def transcripts(self) -> Transcripts:
        """Return which events see what its database shows; a boot is shown nothing of it."""
        from gitmem.clients.opencode.seen import OpenCodeTranscripts

        return OpenCodeTranscripts()

    def conversations(
        self, environ: Mapping[str, str], tops: Sequence[str], since: int
    ) -> dict[str, SessionTranscript]:
        """Return its sessions in these work trees written to since a moment, by their id."""
        from gitmem.clients.opencode.store import conversations

        return conversations(environ, tops, since)

    def wiring(self, read: Read) -> Wiring:
        """Return what `gitmem init` writes for it."""
        from gitmem.clients.opencode.wiring import wiring

        return wiring(self.title, read, path=PLUGIN, events=EVENTS)

    def probe(self, read: Read) -> Probe:
        """Return what `gitmem doctor` can look at and try."""
        from gitmem.clients.opencode.probe import OpenCodeProbe

        return OpenCodeProbe(read, path=PLUGIN, events=EVENTS)


CLIENT = OpenCode()


def _calls(payload: Mapping[str, object]) -> Sequence[tuple[str, str]]:
    """The call with its subject, its shell command or the file it is about; a patch is a call for each file."""
    tool = text_of(payload, "tool_name")
    if not tool:
        return []
    given = inside(payload, "tool_input")
    if tool == _PATCH:
        from gitmem.clients.patches import edits

        return edits(text_of(given, "patchText")) or [("Edit", "")]
    if payload.get("mcp") is True:
        own = tool.startswith(_OWN)
        return [(f"mcp__gitmem__{tool[len(_OWN) :]}" if own else f"mcp__{tool}", "")]
    told = [text_of(given, name) for name in _SUBJECTS]
    return [(_TOOLS.get(tool, tool), next((text for text in told if text), ""))]


def _done(
    payload: Mapping[str, object], given: Mapping[str, object], call: str
) -> Sequence[tuple[str, str]]:
    """The boundaries that a call is by itself.

    The list of todos comes whole each time; a todo is known by its text, and counts once.
    """
    tool = text_of(payload, "tool_name")
    if tool == "task" and 'state="completed"' in text_of(payload, "output"):
        return [(boundary.AGENT, call)]
    if tool == "question":
        return [(boundary.WORDS, call)]  # the person answered
    todos = given.get("todos") if tool == "todowrite" else None
    closed = [
        (boundary.TASK, boundary.short_word(text_of(todo, "content")))
        for todo in (todos if isinstance(todos, list) else [])
        if isinstance(todo, dict) and todo.get("status") == "completed"
    ]
    return closed[:_MOST]


def _failed(payload: Mapping[str, object]) -> bool:
    """Whether a shell command failed, or was ended before it was done: then it has no exit code."""
    return payload.get("tool_name") == "bash" and "exit" in payload and payload["exit"] != 0


def _tokens(counted: Mapping[str, object]) -> int:
    """The size of the context, as the client counts it."""
    cache = inside(counted, "cache")
    parts = [counted.get("input"), counted.get("output"), cache.get("read"), cache.get("write")]
    return int(figure(counted.get("total")) or sum(map(figure, parts)))


def _limit(model: Mapping[str, object]) -> int:
    """The tokens at which the client compacts, unless the person set another limit; 0 where it does not."""
    answer = min(int(figure(model.get("output"))) or _ANSWER, _ANSWER)
    most, reads = int(figure(model.get("context"))), int(figure(model.get("input")))
    if not most:
        return 0
    return max(0, reads - min(_KEPT, answer) if reads else most - answer)


def _id(payload: Mapping[str, object], key: str) -> str:
    return "".join([letter for letter in text_of(payload, key)[:_LONGEST] if letter in _ID])
