"""Gemini CLI: its hook payloads as events, what is said as its answers (hot lane).

Shapes as recorded from the client, version 0.61.0 (`tests/data/gemini/`). PreCompress fires before every
request, whether or not the context is compressed, so it is not wired. What BeforeTool adds as context is
dropped; there a call can be denied. A person is never asked: a session without one would wait for the answer.
"""

from __future__ import annotations

from gitmem.clients.client import Client, hook_answer
from gitmem.core.jsonline import dumps, text_of
from gitmem.session import boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.clients.abilities import Probe, SessionTranscript, Wiring
    from gitmem.clients.client import Read
    from gitmem.clients.transcripts import SeenBy

_KINDS = {
    "SessionStart": boundary.BOOT,
    "BeforeAgent": boundary.PROMPT,
    "BeforeTool": boundary.BEFORE,
    "AfterTool": boundary.TOOL,
    "AfterAgent": boundary.TURN_END,
    "SessionEnd": boundary.END,
}
_SPEAKS = (boundary.BOOT, boundary.PROMPT, boundary.TOOL, boundary.FAILURE)
# Its tools under the names that guards and the policy know.
_TOOLS = {
    "run_shell_command": "Bash",
    "write_file": "Write",
    "replace": "Edit",
    "read_file": "Read",
    "web_fetch": "WebFetch",
    "google_web_search": "WebSearch",
    "list_mcp_resources": "ListMcpResources",
    "read_mcp_resource": "ReadMcpResource",
}
_CHAPTER, _AGENT, _ASK, _PLAN = "update_topic", "invoke_agent", "ask_user", "exit_plan_mode"
_TODOS = "write_todos"
_MCP = "mcp_"
_PATIENCES = {"SessionEnd": 1.0, "SessionStart": 8.0}
_SAID = 4_000  # characters of a prompt or an error that are looked at
_WORDS = 10_000  # characters of context
_HOOK, _HOOK_END = "<hook_context>", "</hook_context>"  # around a hook's words in a prompt
_ID = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
_SUBJECTS = ("command", "file_path")


class Gemini(Client):
    """Gemini CLI; the shapes of its events are those of version 0.61.0."""

    __slots__ = ()

    name = "gemini"
    title = "Gemini CLI"
    batches = False
    timed = False
    imports = True
    own_reads = ("GEMINI.md",)
    hooked = ".gemini/settings.json"
    warns = False

    def patience(self, name: str) -> float:
        """Return the seconds after which a hook at an event gives up."""
        return _PATIENCES.get(name, 4.0)

    def parse(
        self, payload: Mapping[str, object], name: str, environ: Mapping[str, str] | None = None
    ) -> boundary.Event:
        """Return the event of one payload; ``name`` is the event's name when the payload has none."""
        named = text_of(payload, "hook_event_name") or name
        event = boundary.Event(
            _KINDS.get(named, boundary.OTHER),
            client=self.name,
            name=named,
            session=text_of(payload, "session_id"),
            cwd=text_of(payload, "cwd"),
            detail=text_of(payload, "source") or text_of(payload, "reason"),
            transcript=text_of(payload, "transcript_path"),
            project=environ.get("GEMINI_PROJECT_DIR", "") if environ else "",
        )
        if event.kind == boundary.PROMPT:
            event.text = _typed(text_of(payload, "prompt"))
            event.detail = boundary.PERSON
            event.done = [(boundary.WORDS, boundary.short_word(event.text))]
        elif event.kind in (boundary.BEFORE, boundary.TOOL):
            event.calls = _calls(payload)
            event.agent = _agent(payload, event)
            # Whether a person attends is not told; a call that is held passes when it is made again.
            event.can_hold = event.kind == boundary.BEFORE
            if event.kind == boundary.TOOL:
                _add_result(event, payload)
        return event

    def answer(
        self, event: boundary.Event, *, person: str, model: str, ask: str = "", hold: str = ""
    ) -> str:
        """Return what the client reads from standard output; empty where it would drop the words.

        Before a call only the reason of a denial reaches the model.
        """
        del ask
        if event.kind == boundary.BEFORE and hold:
            return dumps({"decision": "deny", "reason": hold[:_WORDS]})
        if event.kind not in _SPEAKS:
            return ""
        return hook_answer(event, person, {"additionalContext": model[:_WORDS]} if model else {})

    def context(self, event: boundary.Event) -> tuple[int, str, int]:
        """Return the tokens in the context, their time, and the limit of a compaction."""
        from gitmem.clients.gemini import context_size

        return context_size.size(event.transcript)

    def conversations(
        self, environ: Mapping[str, str], tops: Sequence[str], since: int
    ) -> dict[str, SessionTranscript]:
        """Return its sessions in these work trees written to since a moment, by their id."""
        from gitmem.clients.gemini.conversation import conversations

        return conversations(environ, tops, since)

    def seen_by(self) -> SeenBy:
        """Return which events' hooks see which boundary of `conversations`."""
        from gitmem.clients.gemini.conversation import SEEN_BY

        return SEEN_BY

    def wiring(self, read: Read) -> Wiring:
        """Return what `gitmem init` writes for it."""
        from gitmem.clients.gemini.wiring import wiring

        return wiring(self.title, read)

    def probe(self, read: Read) -> Probe:
        """Return what `gitmem doctor` can look at and try."""
        from gitmem.clients.gemini.probe import GeminiProbe

        return GeminiProbe(read)


CLIENT = Gemini()


def _typed(prompt: str) -> str:
    """What the person typed: without the words of hooks, which a session without a terminal puts before it."""
    while prompt.startswith(_HOOK) and _HOOK_END in prompt:
        prompt = prompt.partition(_HOOK_END)[2].lstrip()
    return prompt[:_SAID]


def _calls(payload: Mapping[str, object]) -> Sequence[tuple[str, str]]:
    """Tool and subject of the call: its shell command, or the file that it reads or writes."""
    tool = text_of(payload, "tool_name")
    if not tool:
        return []
    if tool.startswith(_MCP):
        # "mcp_<server>_<tool>", with which the client calls what others call "mcp__<server>__<tool>".
        server, _, rest = tool[len(_MCP) :].partition("_")
        return [(f"mcp__{server}__{rest}", "")]
    given = payload.get("tool_input")
    told = [text_of(given, name) for name in _SUBJECTS] if isinstance(given, dict) else []
    return [(_TOOLS.get(tool, tool), next((text for text in told if text), ""))]


def _agent(payload: Mapping[str, object], event: boundary.Event) -> str:
    """The sub-agent that makes a call; empty for the main thread.

    Payloads do not tell: session and transcript are the main thread's. Each sub-agent writes a transcript of
    its own into a folder with the session's id, and while it works the main one is not written to.
    """
    folder, _, name = event.transcript.rpartition("/")
    if text_of(payload, "tool_name") == _AGENT or not name or set(event.session) - _ID:
        return ""
    import os

    try:
        with os.scandir(f"{folder}/{event.session}") as entries:
            written = {entry.name: entry.stat(follow_symlinks=False).st_mtime for entry in entries}
        newest = max(written, key=written.__getitem__, default="")
        late = newest and written[newest] > os.stat(event.transcript).st_mtime
    except OSError:
        return ""  # no sub-agent has worked in this session
    return newest.partition(".")[0] if late else ""


def _add_result(event: boundary.Event, payload: Mapping[str, object]) -> None:
    """Whether the call failed, and the boundary that it is by itself."""
    answered = payload.get("tool_response")
    if not isinstance(answered, dict):
        return
    tool = text_of(payload, "tool_name")
    shown = text_of(answered, "llmContent")
    if answered.get("error") or (tool == "run_shell_command" and _failed(shown)):
        event.kind = boundary.FAILURE
        event.text = shown[-_SAID:]
        return
    given = payload.get("tool_input")
    if tool == _CHAPTER and isinstance(given, dict) and text_of(given, "title"):
        event.done = [(boundary.CHAPTER, boundary.short_word(text_of(given, "title")))]
    elif tool == _AGENT:
        event.done = [(boundary.AGENT, _when(payload))]
    elif tool == _TODOS and isinstance(given, dict) and _completed(given):
        event.done = [(boundary.TASK, boundary.short_word(dumps(_completed(given))))]
    elif (tool == _ASK and shown.startswith('{"answers":{"')) or (
        tool == _PLAN and shown.startswith(("Plan approved", "Plan rejected"))
    ):
        event.done = [(boundary.WORDS, boundary.short_word(shown))]


def _failed(shown: str) -> bool:
    """Whether a shell command failed."""
    if "Exit Code: " not in shown and "Signal: " not in shown:
        return False
    from gitmem.clients.gemini.outcome import failed

    return failed(shown)


def _completed(given: Mapping[str, object]) -> list[str]:
    todos = given.get("todos")
    return [
        text_of(todo, "description")
        for todo in (todos if isinstance(todos, list) else [])
        if isinstance(todo, dict) and todo.get("status") == "completed"
    ]


def _when(payload: Mapping[str, object]) -> str:
    """When the event was, as an id: the client gives its calls none."""
    return "".join([letter for letter in text_of(payload, "timestamp")[:40] if letter in _ID])
