"""A whole transcript of Codex, read for an audit: boundaries, nudges, and what was not understood.

Shapes as recorded from version 0.171.0 (`tests/data/codex/transcripts/`): one file a session in
`sessions/YEAR/MONTH/DAY` of its folder, one JSON object a row, `{"timestamp": ..., "type": ..., "payload":
{...}}`. A row of an unknown kind is counted, and the first of each kind is kept as a sample.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.clients import commits_shown
from gitmem.clients.row_conversation import RowConversation, objects, sessions
from gitmem.clients.transcript_rows import changed
from gitmem.clients.transcripts import BATCH, COMMIT, COMPACTION, PROMPT, TURN, ShownBoundary
from gitmem.core.jsonline import inside, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitmem.clients.abilities import SessionTranscript
    from gitmem.clients.transcripts import SeenBy

# Which events' hooks see a boundary, and how many seconds before and after its row they end.
SEEN_BY: SeenBy = {
    COMMIT: (("PostToolUse",), 15, 60),
    BATCH: (("PostToolUse",), 15, 600),
    PROMPT: (("UserPromptSubmit",), 60, 60),
    # Only the start after it speaks to the model.
    COMPACTION: (("SessionStart",), 120, 60),
    TURN: (("Stop",), 15, 60),
}
#: Row types of 0.171.0.
_TYPES = frozenset({
    "compacted", "event_msg", "response_item", "session_meta", "token_usage_record", "turn_context",
    "world_state",
})  # fmt: skip
_STARTED = "unified_exec_startup"  # a command that a tool started, not the person
_MANY = 100_000  # transcripts in a folder
_LONGEST = 40  # characters of a version


def conversations(
    environ: Mapping[str, str], tops: Sequence[str], since: int
) -> dict[str, SessionTranscript]:
    """Return all sessions in these work trees written to since a moment, by their id.

    A sub-agent's file, which names the session that started it, is none of its own.
    """
    return sessions(((path, _Conversation()) for path in _files(environ, since)), tops)


def _files(environ: Mapping[str, str], since: int) -> Iterator[str]:
    home = environ.get("CODEX_HOME") or os.path.join(environ.get("HOME", ""), ".codex")
    for day in sorted(Path(home, "sessions").glob("*/*/*")):
        yield from changed(str(day), since - 1, _MANY)


@dataclass(slots=True, kw_only=True)
class _Conversation(RowConversation):
    """A session's transcript, taken in row by row.

    Rows that a fork copied are older than the session, and are passed over.
    """

    _born: int = 0
    _ran: set[str] = field(default_factory=set)  # commands that ended before their result came
    _called: set[str] = field(default_factory=set)  # calls of the model's own
    # Commands of a script that ended before its result came.
    _inside: list[str] = field(default_factory=list)
    _turns: set[str] = field(default_factory=set)  # turns whose prompt was seen

    def knows(self, kind: str) -> bool:
        """Return whether rows of the kind are understood."""
        return kind in _TYPES

    def belongs(self, row: Mapping[str, object], at: int) -> bool:
        """Return whether a row is the session's, and no copy of another one's."""
        if row.get("type") == "session_meta":
            self._meta(inside(row, "payload"), at)
        return bool(self.session) and at >= self._born

    def shown(self, row: Mapping[str, object], at: int) -> list[ShownBoundary]:
        """Return the boundaries that a row shows; ``at`` is its time."""
        kind, payload = row.get("type"), inside(row, "payload")
        if kind == "compacted":
            return [ShownBoundary(COMPACTION, at, "")]
        if kind == "event_msg":
            return self._event(payload, at)
        return self._item(payload, at) if kind == "response_item" else []

    def _meta(self, payload: Mapping[str, object], at: int) -> None:
        """The first row says whose file it is; a fork has that of its origin besides."""
        if self.session or isinstance(payload.get("source"), dict):
            return
        self.session = text_of(payload, "id")
        self.cwd = text_of(payload, "cwd")
        self.versions.add(text_of(payload, "cli_version")[:_LONGEST])
        self._born = at

    def _event(self, payload: Mapping[str, object], at: int) -> list[ShownBoundary]:
        kind, turn = payload.get("type"), text_of(payload, "turn_id")
        if kind == "task_complete":
            return [ShownBoundary(TURN, at, turn, _keys(turn))]
        item = inside(payload, "item")
        if kind != "item_completed":
            return []
        if item.get("type") == "UserMessage" and turn not in self._turns:
            self._turns.add(turn)
            return [ShownBoundary(PROMPT, at, "", _keys(turn))]
        if item.get("type") == "CommandExecution":
            return self._command(item, at)
        return []

    def _command(self, item: Mapping[str, object], at: int) -> list[ShownBoundary]:
        call, code = text_of(item, "id"), item.get("exit_code")
        if isinstance(code, int) and code >= 0:
            self._ran.add(call)
            if call not in self._called and item.get("source") == _STARTED:
                self._inside.append(call)
        words = item.get("command")
        command = str(words[-1]) if isinstance(words, list) and words else ""
        name = commits_shown.shown(command, text_of(item, "aggregated_output"))
        if name is None or code != 0:
            return []
        return [ShownBoundary(COMMIT, at, name, _keys(call))]

    def _item(self, payload: Mapping[str, object], at: int) -> list[ShownBoundary]:
        kind, call = payload.get("type"), text_of(payload, "call_id")
        if kind == "function_call":
            self._called.add(call)
        elif kind == "custom_tool_call_output":
            ended, self._inside = self._inside, []
            return [ShownBoundary(BATCH, at, "", _keys(one)) for one in ended]
        elif kind == "function_call_output":
            # A command that is still at work has no hook yet, and another tool none at all.
            return [ShownBoundary(BATCH, at, "", [call])] if call in self._ran else []
        elif kind == "message" and payload.get("role") == "developer":
            for part in objects(payload.get("content")):
                self.heard(text_of(part, "text"))
        return []


def _keys(told: str) -> list[str]:
    return [told] if told else []
