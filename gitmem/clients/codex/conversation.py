"""A whole transcript of Codex, read for an audit: boundaries, nudges, and what was not understood.

Shapes as recorded from version 0.171.0 (`tests/data/codex/transcripts/`): one file a session in
`sessions/YEAR/MONTH/DAY` of its folder, one JSON object a row, `{"timestamp": ..., "type": ..., "payload":
{...}}`. A row of an unknown kind is counted, and the first of each kind is kept as a sample.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.clients import commits_shown
from gitmem.clients.abilities import SessionTranscript, UnknownRows
from gitmem.clients.transcript_rows import changed, rows
from gitmem.clients.transcripts import BATCH, COMMIT, COMPACTION, PROMPT, TURN, ShownBoundary
from gitmem.core import quantities
from gitmem.core.jsonline import inside, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
_MANY = 100_000  # transcripts in a folder
_SAMPLE = 160  # characters
_LONGEST = 40  # characters of a version
_NUDGE = "gitmem, after "
_SHOWING = "gitmem: notes of this repository"


def conversations(
    environ: Mapping[str, str], tops: Sequence[str], since: int
) -> dict[str, SessionTranscript]:
    """Return all sessions in these work trees written to since a moment, by their id.

    A sub-agent's file, which names the session that started it, is none of its own.
    """
    beginnings = tuple(f"{top}/" for top in tops)
    found: dict[str, SessionTranscript] = {}
    for path in _files(environ, since):
        told = _Conversation()
        for raw in rows(path):
            told.take(raw)
            if told.session and not f"{told.cwd}/".startswith(beginnings):
                break
        else:
            if told.session and told.began:
                found[told.session] = told
    return found


def _files(environ: Mapping[str, str], since: int) -> Iterator[str]:
    home = environ.get("CODEX_HOME") or os.path.join(environ.get("HOME", ""), ".codex")
    for day in sorted(Path(home, "sessions").glob("*/*/*")):
        yield from changed(str(day), since - 1, _MANY)


@dataclass(slots=True, kw_only=True)
class _Conversation(SessionTranscript):
    """A session's transcript, taken in row by row.

    Rows that a fork copied are older than the session, and are passed over.
    """

    _born: int = 0
    _ran: set[str] = field(default_factory=set)  # commands that ended before their result came
    _turns: set[str] = field(default_factory=set)  # turns whose prompt was seen

    def take(self, raw: bytes) -> None:
        """Take in one row."""
        try:
            row = json.loads(raw)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            self.damaged += 1
            return
        kind, at = row.get("type"), quantities.seconds(text_of(row, "timestamp")[:19] + "Z") or 0
        payload = inside(row, "payload")
        if kind == "session_meta":
            self._meta(payload, at)
        if not self.session or not at or at < self._born:
            return
        self.began = self.began or at
        self.ended = max(self.ended, at)
        if kind not in _TYPES:
            name = str(kind)[:_SAMPLE]
            sample = raw[:_SAMPLE].decode("utf-8", "replace")
            known = self.unknown.setdefault(name, UnknownRows(count=0, sample=sample))
            known.count += 1
        elif kind == "compacted":
            self.boundaries.append(ShownBoundary(COMPACTION, at, ""))
        elif kind == "event_msg":
            self.boundaries += self._event(payload, at)
        elif kind == "response_item":
            self.boundaries += self._item(payload, at)

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
        words = item.get("command")
        command = str(words[-1]) if isinstance(words, list) and words else ""
        name = commits_shown.shown(command, text_of(item, "aggregated_output"))
        if name is None or code != 0:
            return []
        return [ShownBoundary(COMMIT, at, name, _keys(call))]

    def _item(self, payload: Mapping[str, object], at: int) -> list[ShownBoundary]:
        if payload.get("type") == "function_call_output":
            call = text_of(payload, "call_id")
            # A command that is still at work has no hook yet, and another tool none at all.
            return [ShownBoundary(BATCH, at, "", [call])] if call in self._ran else []
        if payload.get("type") == "message" and payload.get("role") == "developer":
            texts = [text_of(part, "text") for part in _list(payload.get("content"))]
            self.nudges += sum(_NUDGE in text for text in texts)
            self.showings += sum(_SHOWING in text for text in texts)
        return []


def _keys(told: str) -> list[str]:
    return [told] if told else []


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
