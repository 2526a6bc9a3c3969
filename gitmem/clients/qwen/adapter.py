"""Qwen Code: its hook payloads as events, what is said as its answers (hot lane).

Shapes as recorded from the client, version 0.24.4 (`tests/data/qwen/`). They are Claude Code's, with other
names of tools. Words before a call are dropped there, so a guard speaks with the call's result; a denial
and a question reach the model and the person. Words at the start of a sub-agent are dropped too.
A tool result comes as a prompt without a text, which is no prompt.
"""

from __future__ import annotations

from gitmem.clients.claude_code import adapter as claude_code
from gitmem.clients.client import Client, hook_answer
from gitmem.session import boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.clients.abilities import Probe, SessionTranscript, Wiring
    from gitmem.clients.client import Read
    from gitmem.clients.transcripts import SeenBy

# Its tools by the names that gitmem's guards and boundaries use.
_TOOLS = {
    "run_shell_command": "Bash",
    "edit": "Edit",
    "write_file": "Write",
    "notebook_edit": "NotebookEdit",
    "read_file": "Read",
    "agent": "Agent",
    "web_fetch": "WebFetch",
    "web_search": "WebSearch",
}
_TODO = "todo_write"
_UNASKED = "yolo"  # the mode in which no person is asked about anything
_SPEAKS = (
    boundary.BOOT, boundary.PROMPT, boundary.TOOL, boundary.FAILURE, boundary.BATCH, boundary.COMPACTING,
)  # fmt: skip


class Qwen(Client):
    """Qwen Code; the shapes of its events are those of version 0.24.4."""

    __slots__ = ()

    name = "qwen"
    title = "Qwen Code"
    imports = True
    own_reads = ("QWEN.md",)
    hooked = ".qwen/settings.json"
    warns = False
    briefs = True

    def patience(self, name: str) -> float:
        """Return the seconds after which a hook at an event gives up."""
        return claude_code.CLIENT.patience(name)

    def parse(
        self, payload: Mapping[str, object], name: str, environ: Mapping[str, str] | None = None
    ) -> boundary.Event:
        """Return the event of one payload; ``name`` is the event's name when the payload has none.

        ``environ`` is what the client starts its hooks with: the session's folder.
        """
        event = claude_code.CLIENT.parse(_renamed(payload), name)
        event.client = self.name
        event.project = (environ or {}).get("QWEN_PROJECT_DIR", "")
        mode = payload.get("permission_mode")
        event.can_hold = event.kind == boundary.BEFORE and mode != _UNASKED
        if event.name == "PostCompact":
            event.kind = boundary.SUMMARISED
        elif event.name == "SubagentStop":
            event.kind, event.detail = boundary.TOOL, ""
            event.done, event.agent = [(boundary.BACKGROUND, event.agent)], ""
        elif event.kind == boundary.BOOT and event.detail == boundary.COMPACTED:
            event.kind = boundary.OTHER  # the words of the first start stay in its system prompt
        elif event.kind == boundary.PROMPT and not event.text:
            event.kind = boundary.OTHER  # the result of a tool
        elif event.kind == boundary.TOOL:
            event.done = [(boundary.TASK, event.call)] if _has_closed_task(payload) else []
        elif event.kind == boundary.AGENT_START:
            event.kind = boundary.OTHER
        return event

    def answer(
        self, event: boundary.Event, *, person: str, model: str, ask: str = "", hold: str = ""
    ) -> str:
        """Return what the client reads from standard output; empty where it would drop the words.

        ``ask`` is why the person must be asked before the call: only where one is asked at all, for
        elsewhere the client takes the question for a denial.
        """
        special: dict[str, object] = {}
        if event.kind == boundary.BEFORE:
            decision = "deny" if hold else "ask" if ask and event.can_hold else ""
            if decision:
                special = {
                    "permissionDecision": decision,
                    "permissionDecisionReason": hold or ask,
                }
        elif model and event.kind in _SPEAKS:
            special = {"additionalContext": model}
        return hook_answer(event, person, special)

    def context(self, event: boundary.Event) -> tuple[int, str, int]:
        """Return the tokens in the context and their time; it does not tell where it compacts."""
        from gitmem.clients.qwen import context_size

        return *context_size.size(event.transcript), 0

    def conversations(
        self, environ: Mapping[str, str], tops: Sequence[str], since: int
    ) -> dict[str, SessionTranscript]:
        """Return its sessions in these work trees written to since a moment, by their id."""
        from gitmem.clients.qwen.conversation import conversations

        return conversations(environ, tops, since)

    def seen_by(self) -> SeenBy:
        """Return which events' hooks see which boundary of `conversations`."""
        from gitmem.clients.qwen.conversation import SEEN_BY

        return SEEN_BY

    def wiring(self, read: Read) -> Wiring:
        """Return what `gitmem init` writes for it."""
        from gitmem.clients.qwen.wiring import wiring

        return wiring(self.title, read)

    def probe(self, read: Read) -> Probe:
        """Return what `gitmem doctor` can look at and try."""
        from gitmem.clients.qwen.probe import QwenProbe

        return QwenProbe(read)


CLIENT = Qwen()


def _renamed(payload: Mapping[str, object]) -> dict[str, object]:
    """The payload with the names of tools that gitmem uses, also in a batch, and the ids of calls."""
    found = _call(payload)
    batch = payload.get("tool_calls")
    if isinstance(batch, list):
        found["tool_calls"] = [_call(call) for call in batch if isinstance(call, dict)]
    return found


def _call(given: Mapping[str, object]) -> dict[str, object]:
    """One call: a batch names it by the id of the model's call only, so that is the id everywhere."""
    found = dict(given)
    tool = given.get("tool_name")
    if isinstance(tool, str):
        found["tool_name"] = _TOOLS.get(tool, tool)
    if isinstance(given.get("tool_call_id"), str):
        found["tool_use_id"] = given["tool_call_id"]
    return found


def _has_closed_task(payload: Mapping[str, object]) -> bool:
    """Whether the call completed a task of the client's list."""
    answered = payload.get("tool_response")
    shown = answered.get("returnDisplay") if isinstance(answered, dict) else None
    changes = shown.get("changes") if isinstance(shown, dict) else None
    return (
        payload.get("tool_name") == _TODO
        and isinstance(changes, dict)
        and bool(changes.get("completed"))
    )
