"""Codex: its hook payloads as events, what is said as its answers (hot lane).

Shapes as recorded from the client, version 0.171.0 (`tests/data/codex/`). They are Claude Code's under
the same names, but an answer with a key more than it knows fails the hook. It loads AGENTS.md and follows
no import. What PreCompact prints goes to the person only, so that event is not wired. How a command ended
stands in its transcript only. A script by which a newer model calls its tools fires a hook for each call in it,
and none for itself.
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

_SHELL = "Bash"
_PATCH = "apply_patch"
_GOAL = "update_goal"
_AGENT_DONE = "SubagentStop"
_BYPASSED = "bypassPermissions"  # no person is asked about anything
_LONGEST = 100  # characters of an id
_WORDS = 10_000  # characters of context; the client cuts a longer one
_SAID = 4_000  # characters of a failed command's output that are looked at
_SPEAKS = (boundary.BOOT, boundary.PROMPT, boundary.BEFORE, boundary.TOOL, boundary.FAILURE)
_HELD = 3.0  # seconds after which the client ends a hook of SessionEnd


class Codex(Client):
    """Codex; the shapes of its events are those of version 0.171.0."""

    __slots__ = ()

    name = "codex"
    title = "Codex"
    batches = False
    hooked = ".codex/hooks.json"
    alone = True
    timed = False  # of a command that outlives its call nothing is told

    def patience(self, name: str) -> float:
        """Return the seconds after which a hook at an event gives up."""
        return _HELD / 2 if name == "SessionEnd" else claude_code.CLIENT.patience(name)

    def parse(
        self, payload: Mapping[str, object], name: str, environ: Mapping[str, str] | None = None
    ) -> boundary.Event:
        """Return the event of one payload; ``name`` is the event's name when the payload has none."""
        del environ  # it tells a hook nothing
        event = claude_code.CLIENT.parse(payload, name)
        event.client = self.name
        turn = payload.get("turn_id")
        event.turn = turn[:_LONGEST] if isinstance(turn, str) else ""
        event.calls = _files(payload) or event.calls
        if event.name == _AGENT_DONE:
            # It fires in the session that the sub-agent worked for.
            event.kind, event.detail = boundary.AGENT_END, ""
            event.done, event.agent = [(boundary.BACKGROUND, f"{event.agent}.{event.turn}")], ""
        elif event.kind == boundary.TOOL and payload.get("tool_name") == _SHELL:
            _add_end(event, payload)
        elif event.kind == boundary.TOOL and _has_reached_goal(payload):
            event.done = [(boundary.CHAPTER, event.call)]
        attended = payload.get("permission_mode") != _BYPASSED
        event.can_hold = event.kind == boundary.BEFORE and attended
        return event

    def answer(
        self, event: boundary.Event, *, person: str, model: str, ask: str = "", hold: str = ""
    ) -> str:
        """Return what the client reads from standard output; empty where it would drop the words.

        It asks no person because of a hook, so ``ask`` is said to the model with the call.
        """
        if event.kind not in _SPEAKS:
            return ""
        special: dict[str, object] = {}
        if hold and event.kind == boundary.BEFORE:
            special = {"permissionDecision": "deny", "permissionDecisionReason": hold[:_WORDS]}
        elif model or ask:
            special = {"additionalContext": (model or ask)[:_WORDS]}
        return hook_answer(event, person, special)

    def context(self, event: boundary.Event) -> tuple[int, str, int]:
        """Return the tokens in the context, their time, and the limit of a compaction."""
        from gitmem.clients.codex import context_size

        return context_size.size(event.transcript)

    def conversations(
        self, environ: Mapping[str, str], tops: Sequence[str], since: int
    ) -> dict[str, SessionTranscript]:
        """Return its sessions in these work trees written to since a moment, by their id."""
        from gitmem.clients.codex.conversation import conversations

        return conversations(environ, tops, since)

    def seen_by(self) -> SeenBy:
        """Return which events' hooks see which boundary of `conversations`."""
        from gitmem.clients.codex.conversation import SEEN_BY

        return SEEN_BY

    def wiring(self, read: Read) -> Wiring:
        """Return what `gitmem init` writes for it."""
        from gitmem.clients.codex.wiring import wiring

        return wiring(self.title, read)

    def probe(self, read: Read) -> Probe:
        """Return what `gitmem doctor` can look at and try."""
        from gitmem.clients.codex.probe import CodexProbe

        return CodexProbe(read)


CLIENT = Codex()


def _add_end(event: boundary.Event, payload: Mapping[str, object]) -> None:
    """How a shell command ended: whether it failed, and how long it took, so that an early commit in it counts."""
    from gitmem.clients.codex import outcome

    found = outcome.ended(event.transcript, event.call)
    if found is None:
        return
    code, event.seconds = found
    if code:
        said = payload.get("tool_response")
        event.kind, event.text = boundary.FAILURE, said[-_SAID:] if isinstance(said, str) else ""


def _has_reached_goal(payload: Mapping[str, object]) -> bool:
    """Whether a call has closed the goal of the session; a goal is what this client has of a chapter."""
    answered = payload.get("tool_response")
    goal = answered.get("goal") if isinstance(answered, dict) else None
    called = payload.get("tool_name") == _GOAL
    return called and isinstance(goal, dict) and goal.get("status") == "complete"


def _files(payload: Mapping[str, object]) -> Sequence[tuple[str, str]]:
    """The files that a patch changes, as calls of a tool that writes a file; empty for another tool."""
    given = payload.get("tool_input")
    if payload.get("tool_name") != _PATCH or not isinstance(given, dict):
        return []
    patch = given.get("command") or given.get("input")
    if not isinstance(patch, str):
        return []
    from gitmem.clients.patches import edits

    return edits(patch)
