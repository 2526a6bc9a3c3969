"""Copilot CLI: it runs Claude Code's settings file, and takes words and decisions in a shape of its own (hot lane).

Shapes as recorded from the client, version 1.0.102 (`tests/data/copilot-claude/`). It tells a hook neither the
prompt that is worked on nor whether a person attends, and of a failed command only the exit code in its
result. Its transcript is found by the session's id. What is said at a compaction is dropped, and no event
follows one: the next call or prompt counts as that.
"""

from __future__ import annotations

from gitmem.clients.claude_code.borrowed import Borrower
from gitmem.session import boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.clients.abilities import Probe, SessionTranscript, Wiring
    from gitmem.clients.client import Read
    from gitmem.clients.transcripts import SeenBy

_FAILED = " completed with exit code "
_SAID = 4_000  # characters of a result that are looked at
_LONGEST = 30_000  # characters of context; 80,000 were dropped whole
# Its own words for what Claude Code's payloads have, in a payload and in a call's input.
_KEYS = (("sessionId", "session_id"), ("transcriptPath", "transcript_path"))
_INPUTS = (("path", "file_path"), ("agent_type", "subagent_type"))


class Copilot(Borrower):
    """Copilot CLI; the shapes of its events are those of version 1.0.102."""

    __slots__ = ()

    name = "copilot"
    title = "Copilot CLI"
    imports = True
    reads = (("CLAUDE.md",), ("AGENTS.md",))
    speaks = (
        boundary.BOOT, boundary.PROMPT, boundary.BEFORE, boundary.TOOL, boundary.FAILURE, boundary.AGENT_START,
    )  # fmt: skip
    handled = (*speaks, boundary.TURN_END, boundary.COMPACTING, boundary.END)
    longest = _LONGEST

    def parse(
        self, payload: Mapping[str, object], name: str, environ: Mapping[str, str] | None = None
    ) -> boundary.Event:
        """Return the event of one payload; ``environ`` tells where its transcripts are."""
        given = _renamed(payload)
        event = super().parse(given, name, environ)
        event.untold = True
        event.can_hold = event.kind == boundary.BEFORE
        event.transcript = event.transcript or _transcript(event.session, environ or {})
        if event.kind == boundary.PROMPT and event.agent:
            event.kind = boundary.OTHER  # the task of a sub-agent
        elif event.kind == boundary.TOOL:
            result = given.get("tool_result")
            _add_result(event, result if isinstance(result, dict) else {})
        return event

    def context(self, event: boundary.Event) -> tuple[int, str, int]:
        """Return the tokens in the context, their time, and the limit of a compaction."""
        from gitmem.clients.copilot import context_size

        return context_size.size(event.transcript)

    def conversations(
        self, environ: Mapping[str, str], tops: Sequence[str], since: int
    ) -> dict[str, SessionTranscript]:
        """Return its sessions in these work trees written to since a moment, by their id."""
        from gitmem.clients.copilot.conversation import conversations

        return conversations(environ, tops, since)

    def seen_by(self) -> SeenBy:
        """Return which events' hooks see which boundary of `conversations`."""
        from gitmem.clients.copilot.conversation import SEEN_BY

        return SEEN_BY

    def wiring(self, read: Read) -> Wiring:
        """Return what `gitmem init` writes for it."""
        from gitmem.clients.copilot.wiring import wiring

        return wiring(self.title, read)

    def probe(self, read: Read) -> Probe:
        """Return what `gitmem doctor` can look at and try."""
        from gitmem.clients.copilot.probe import CopilotProbe

        return CopilotProbe(read)


CLIENT = Copilot()


def _renamed(payload: Mapping[str, object]) -> dict[str, object]:
    """The payload with the names of keys that Claude Code has, and the session that a sub-agent works for.

    A sub-agent's hooks are told its own id for the session's.
    """
    found = _with_keys(payload, _KEYS)
    if found.get("session_id") == found.get("agent_id") and "parent_agent_id" in found:
        found["session_id"] = found["parent_agent_id"]
    given = found.get("tool_input")
    if isinstance(given, dict):
        found["tool_input"] = _with_keys(given, _INPUTS)
    return found


def _with_keys(
    given: Mapping[str, object], names: tuple[tuple[str, str], ...]
) -> dict[str, object]:
    found = dict(given)
    for own, known in names:
        if own in found and known not in found:
            found[known] = found[own]
    return found


def _add_result(event: boundary.Event, result: Mapping[str, object]) -> None:
    """What the result of a call tells: a command's exit code, a sub-agent that is done."""
    told = result.get("text_result_for_llm")
    text = told if isinstance(told, str) else ""
    tool = event.calls[0][0] if event.calls else ""
    _, ended, code = text.rstrip().rpartition(_FAILED)
    if ended and tool == "Bash" and code.rstrip(">") != "0":
        event.kind, event.text = boundary.FAILURE, text[-_SAID:]
    elif tool == "Agent" and result.get("result_type") == "success":
        event.done = [(boundary.AGENT, event.call)]


def _transcript(session: str, environ: Mapping[str, str]) -> str:
    """Where the client writes the session down; empty for a session that is no plain name."""
    if not session or session.strip(".") != session or "/" in session or "\0" in session:
        return ""
    home = environ.get("COPILOT_HOME") or environ.get("HOME", "") + "/.copilot"
    return f"{home}/session-state/{session}/events.jsonl"
