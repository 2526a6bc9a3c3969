"""Claude Code: its hook payloads as events, what is said as its answers (hot lane).

Shapes as recorded from the client, version 2.1.328 (`tests/data/claude-code/`). Only the events in
`_CONTEXT` may add context, and what PreCompact prints goes to the model that writes the summary.
A call is denied, or a person asked about it, only where a guard says so.
"""

from __future__ import annotations

from gitmem.clients.client import Client, hook_answer
from gitmem.core.jsonline import figure, text_of
from gitmem.session import boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.clients.abilities import Probe, SessionTranscript, Wiring
    from gitmem.clients.client import Read
    from gitmem.clients.transcripts import Transcripts

NAME = "claude-code"

# Clients that run `.claude/settings.json` too (Copilot CLI 1.0.102, Cursor): a key of their payloads,
# Claude Code's have neither, and a variable of their hooks. Written out beside the table of
# clients, which a silent hook does not load.
_BORROWERS = (
    ("cursor", "conversation_id", "CURSOR_VERSION"),
    ("copilot", "timestamp", "COPILOT_CLI"),
)
_KINDS = {
    "SessionStart": boundary.BOOT,
    "UserPromptSubmit": boundary.PROMPT,
    "PreToolUse": boundary.BEFORE,
    "PostToolUse": boundary.TOOL,
    "PostToolUseFailure": boundary.FAILURE,
    "PostToolBatch": boundary.BATCH,
    "SubagentStart": boundary.AGENT_START,
    "Stop": boundary.TURN_END,
    "PreCompact": boundary.COMPACTING,
    "SessionEnd": boundary.END,
}
_CONTEXT = (
    "SessionStart", "PreToolUse", "PostToolBatch", "PostToolUseFailure", "SubagentStart",
    "UserPromptSubmit",
)  # fmt: skip
_PLAIN = "PreCompact"
_LONGEST = 10_000  # characters of context; the client puts a longer one into a file

# Well within the client's limits: at the end of a session that is 1.5 s for all hooks together unless
# a timeout is set, elsewhere what `hooks.json` says.
_PATIENCES = {"SessionEnd": 1.0, "SessionStart": 8.0}

_SAID = 4_000  # characters of a prompt, a task or an error that are looked at
_NOTICE = "<task-notification>"
_AGENTS = ("Agent", "Task")
_POLL = "TaskOutput"
_CHAPTER = "__mark_chapter"
# How the result of a call begins that holds what the person said: "The user answered", "User has approved".
_PERSONS = ("The user ", "User has ", "Your questions ")
_ID = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


class ClaudeCode(Client):
    """Claude Code; the shapes of its events are those of version 2.1.328."""

    __slots__ = ()

    name = NAME
    title = "Claude Code"
    imports = True
    reads = (("CLAUDE.md", ".claude/CLAUDE.md", "CLAUDE.local.md", "AGENTS.md"),)
    scoped = True
    own_reads = (".claude/rules/",)
    hooked = ".claude/settings.json"
    briefs = True

    def runner(self, payload: Mapping[str, object], environ: Mapping[str, str]) -> str:
        """Return who runs a hook of `.claude/settings.json`: Copilot CLI and Cursor read it too.

        Their variables are inherited by a Claude Code that was started inside them, which knows its
        own session.
        """
        if "hookEventName" in payload:
            return (
                self.name
            )  # VS Code, from its documentation: other keys, and Claude Code's answers
        session = payload.get("session_id")
        if session and session == environ.get("CLAUDE_CODE_SESSION_ID"):
            return self.name
        for name, key, variable in _BORROWERS:
            if key in payload or variable in environ:
                return name
        return self.name

    def plugin(self, environ: Mapping[str, str]) -> str:
        """Return the folder of the plugin that started this hook; empty for a settings file."""
        return environ.get("CLAUDE_PLUGIN_ROOT", "")

    def patience(self, name: str) -> float:
        """Return the seconds after which a hook at an event gives up."""
        return _PATIENCES.get(name, 4.0)

    def parse(
        self, payload: Mapping[str, object], name: str, environ: Mapping[str, str] | None = None
    ) -> boundary.Event:
        """Return the event of one payload; ``name`` is the event's name when the payload has none.

        ``environ`` is what the client starts its hooks with: the project's folder, a configured window.
        """
        named = text_of(payload, "hook_event_name") or text_of(payload, "hookEventName") or name
        kind = _KINDS.get(named, boundary.OTHER)
        event = boundary.Event(
            kind,
            client=self.name,
            name=named,
            session=text_of(payload, "session_id") or text_of(payload, "sessionId"),
            cwd=text_of(payload, "cwd"),
            agent=text_of(payload, "agent_id"),
            detail=text_of(payload, "source")
            or text_of(payload, "reason")
            or text_of(payload, "trigger"),
            seconds=figure(payload.get("duration_ms")) / 1000,
            calls=_calls(payload),
            call=_id(payload, "tool_use_id") or _first_id(payload),
            turn=_id(payload, "prompt_id"),
            transcript=text_of(payload, "transcript_path"),
            tokens=int(figure(payload.get("context_tokens"))),
        )
        if environ:
            event.project = environ.get("CLAUDE_PROJECT_DIR", "")
            event.process = _process(environ)
            attended = environ.get("CLAUDE_CODE_SESSION_ATTENDED", "1") != "0"
            event.can_hold = kind == boundary.BEFORE and attended
            window = environ.get("CLAUDE_CODE_AUTO_COMPACT_WINDOW", "")
            event.window = (
                int(window) if window.isdecimal() and len(window) < len("100000000") else 0
            )
        if kind == boundary.PROMPT:
            _add_prompt(event, text_of(payload, "prompt"))
            event.text = text_of(payload, "prompt")[:_SAID]
        elif kind == boundary.BATCH:
            event.done = _said(payload)
        elif kind == boundary.BEFORE and event.calls and event.calls[0][0] in _AGENTS:
            event.detail, event.text = _task(payload)
        elif kind == boundary.AGENT_START:
            event.detail = text_of(payload, "agent_type")
        elif kind == boundary.TOOL and (closed := _closed(payload)):
            event.done = [(closed, event.call)]
        elif kind == boundary.FAILURE and payload.get("is_interrupt"):
            event.kind = boundary.OTHER  # the person stopped it; nothing failed
        elif kind == boundary.FAILURE:
            event.text = text_of(payload, "error")[-_SAID:]
        return event

    def answer(
        self, event: boundary.Event, *, person: str, model: str, ask: str = "", hold: str = ""
    ) -> str:
        """Return what the client reads from standard output; empty where it would drop the words.

        ``ask`` is why the person must be asked before the call, ``hold`` why it is denied: the
        reason reaches the model. Only PreToolUse has either.
        """
        model = model[:_LONGEST]
        if event.name == _PLAIN:
            return model
        special: dict[str, object] = {}
        if hold and event.kind == boundary.BEFORE:
            special = {"permissionDecision": "deny", "permissionDecisionReason": hold[:_LONGEST]}
        elif model and event.name in _CONTEXT:
            special = {"additionalContext": model}
            if ask and event.kind == boundary.BEFORE:
                special |= {"permissionDecision": "ask", "permissionDecisionReason": ask}
        return hook_answer(event, person, special)

    def context(self, event: boundary.Event) -> tuple[int, str, int]:
        """Return the tokens in the context, their time, and the limit of a compaction.

        Adds to what is ``done`` what the person said, where only the transcript tells.
        """
        from gitmem.clients.claude_code import context_size

        tail = context_size.last(event.transcript)
        (tokens, at, model), end = context_size.size_in(tail)
        if event.kind == boundary.BATCH and context_size.may_hold_words(tail, end):
            from gitmem.clients.claude_code import said

            keys = said.in_rows(tail, end, event.session)
            event.done = [*event.done, *[(boundary.WORDS, _plain(key)) for key in keys]]
        return tokens, at, context_size.limit(model, event.window) if tokens else 0

    def transcripts(self) -> Transcripts:
        """Return the reader of the end of its transcripts, for a boot."""
        from gitmem.clients.claude_code.transcript import ClaudeTranscripts

        return ClaudeTranscripts()

    def conversations(
        self, environ: Mapping[str, str], tops: Sequence[str], since: int
    ) -> dict[str, SessionTranscript]:
        """Return its sessions in these work trees written to since a moment, by their id."""
        from gitmem.clients.claude_code.conversation import conversations

        return conversations(environ, tops, since)

    def wiring(self, read: Read) -> Wiring:
        """Return what `gitmem init` writes for it."""
        from gitmem.clients.claude_code.wiring import wiring

        return wiring(self.title, read)

    def probe(self, read: Read) -> Probe:
        """Return what `gitmem doctor` can look at and try."""
        from gitmem.clients.claude_code.probe import ClaudeProbe

        return ClaudeProbe(read)


CLIENT = ClaudeCode()


def _process(environ: Mapping[str, str]) -> int:
    """The client's process number, as it tells its hooks; 0 when it does not."""
    number = environ.get("CLAUDE_PID", "")
    return int(number) if number.isdecimal() and len(number) < 10 else 0  # noqa: PLR2004 - digits


def _add_prompt(event: boundary.Event, prompt: str) -> None:
    """Who speaks: the person, or the client about something in the background.

    A sub-agent that finished is told by `<status>completed</status>` and `<summary>Agent "..." finished`
    before its `<result>`; a shell command by `<summary>Background command ...`. One that is spoken to
    again may finish again under the same task id.
    """
    if not prompt.startswith(_NOTICE):
        event.detail = boundary.PERSON
        event.done = [(boundary.WORDS, boundary.short_word(prompt))]
        return
    event.detail = "notice"
    head = prompt[:4000].partition("<result>")[0]
    if "<status>completed</status>" in head and "<summary>Agent " in head:
        task = head.partition("<task-id>")[2].partition("</task-id>")[0]
        event.done = [(boundary.BACKGROUND, f"{_plain(task)}.{len(prompt)}.{event.turn}")]


def _said(payload: Mapping[str, object]) -> Sequence[tuple[str, str]]:
    """What the person said in a batch: a rejection with words, an answer, a yes to a plan."""
    calls = payload.get("tool_calls")
    found = []
    for call in calls if isinstance(calls, list) else ():
        answer = call.get("tool_response") if isinstance(call, dict) else None
        if isinstance(answer, str) and answer.startswith(_PERSONS):
            from gitmem.clients.claude_code import said  # most batches have none

            if said.in_answer(text_of(call, "tool_name"), answer):
                found.append((boundary.WORDS, _id(call, "tool_use_id")))
    return found


def _task(payload: Mapping[str, object]) -> tuple[str, str]:
    """The kind of the sub-agent that is about to start, and its task."""
    given = payload.get("tool_input")
    if not isinstance(given, dict):
        return "", ""
    return text_of(given, "subagent_type"), text_of(given, "prompt")[:_SAID]


def _closed(payload: Mapping[str, object]) -> str:
    """The boundary that a successful call is by itself; empty for none."""
    tool = text_of(payload, "tool_name")
    if tool.startswith("mcp__") and tool.endswith(_CHAPTER):
        return boundary.CHAPTER
    answered = payload.get("tool_response")
    if not isinstance(answered, dict):
        return ""
    # One in the background is "async_launched" here, and reports later or when it is asked.
    if tool in _AGENTS and answered.get("status") == "completed":
        return boundary.AGENT
    if tool == _POLL and _is_agent_done(answered):
        return boundary.BACKGROUND
    return boundary.TASK if _is_task_done(tool, answered) else ""


def _is_task_done(tool: str, answered: Mapping[str, object]) -> bool:
    """Whether the answer says that a task or a todo was completed by this call."""
    change = answered.get("statusChange")
    if tool == "TaskUpdate":
        return isinstance(change, dict) and change.get("to") == "completed"
    done = _completed(answered, "newTodos") - _completed(answered, "oldTodos")
    return tool == "TodoWrite" and bool(done)


def _is_agent_done(answered: Mapping[str, object]) -> bool:
    """Whether the answer to a poll says that a sub-agent in the background has finished."""
    task = answered.get("task")
    return (
        isinstance(task, dict)
        and task.get("status") == "completed"
        and "agent" in text_of(task, "task_type")
    )


def _completed(answered: Mapping[str, object], key: str) -> set[str]:
    todos = answered.get(key)
    return {
        text_of(todo, "content")
        for todo in (todos if isinstance(todos, list) else [])
        if isinstance(todo, dict) and todo.get("status") == "completed"
    }


def _calls(payload: Mapping[str, object]) -> Sequence[tuple[str, str]]:
    """Tool and subject of the call, or of every call of a batch: its shell command, or the file it writes.

    A batch also lists the calls that failed, unmarked.
    """
    batch = payload.get("tool_calls")
    calls = batch if isinstance(batch, list) else [payload]
    return [_call(call) for call in calls if isinstance(call, dict) and "tool_name" in call]


def _first_id(payload: Mapping[str, object]) -> str:
    """The id of a batch's first call; empty outside a batch."""
    batch = payload.get("tool_calls")
    first = batch[0] if isinstance(batch, list) and batch else None
    return _id(first, "tool_use_id") if isinstance(first, dict) else ""


# What a call is about: its command, or the file that it writes.
_SUBJECTS = ("command", "file_path", "notebook_path")


def _call(call: Mapping[str, object]) -> tuple[str, str]:
    given = call.get("tool_input")
    if not isinstance(given, dict):
        return text_of(call, "tool_name"), ""
    told = [text_of(given, name) for name in _SUBJECTS]
    return text_of(call, "tool_name"), next((text for text in told if text), "")


def _id(payload: Mapping[str, object], key: str) -> str:
    return _plain(text_of(payload, key))


def _plain(text: str) -> str:
    return "".join([letter for letter in text[:100] if letter in _ID])
