"""A whole transcript of Qwen Code, read for an audit: boundaries, nudges, and what was not understood.

Shapes as recorded from version 0.24.4 (`tests/data/qwen/transcripts/`): one file a session in
`projects/FOLDER/chats` of the client's folder. A module of its own because a hook does not need it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.clients import commits_shown
from gitmem.clients.row_conversation import RowConversation, objects, sessions
from gitmem.clients.transcript_rows import changed, session_of
from gitmem.clients.transcripts import (
    BACKGROUND,
    BATCH,
    COMMIT,
    COMPACTION,
    PROMPT,
    TURN,
    ShownBoundary,
)
from gitmem.core.jsonline import inside, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.clients.abilities import SessionTranscript
    from gitmem.clients.transcripts import SeenBy

# Which events' hooks see a boundary, and how many seconds before and after its row they end.
SEEN_BY: SeenBy = {
    COMMIT: (("PostToolUse",), 15, 60),
    BATCH: (("PostToolBatch",), 15, 600),
    BACKGROUND: (("SubagentStop",), 60, 60),
    PROMPT: (("UserPromptSubmit",), 60, 60),
    COMPACTION: (("PostCompact",), 60, 60),
    TURN: (("Stop",), 15, 60),
}
#: Row types of 0.24.4.
_TYPES = frozenset({"assistant", "system", "tool_result", "user"})
_MANY = 100_000  # transcripts in a folder
_LONGEST = 40  # characters of a version
_SHELL = "run_shell_command"
_OUTPUT = "\nOutput: "


def conversations(
    environ: Mapping[str, str], tops: Sequence[str], since: int
) -> dict[str, SessionTranscript]:
    """Return all sessions in these work trees written to since a moment, by their id."""
    home = os.path.join(environ.get("HOME", ""), ".qwen")
    found = (
        (path, _Conversation(session=session_of(path)))
        for folder in sorted(Path(home, "projects").glob("*/chats"))
        for path in changed(str(folder), since - 1, _MANY)
    )
    return sessions(found, tops)


@dataclass(slots=True, kw_only=True)
class _Conversation(RowConversation):
    """A session's transcript; the calls of the last answer wait for their results."""

    _commands: dict[str, str] = field(default_factory=dict)
    _calls: list[str] = field(default_factory=list)
    _left: set[str] = field(default_factory=set)

    def knows(self, kind: str) -> bool:
        """Return whether rows of the kind are understood."""
        return kind in _TYPES

    def shown(self, row: Mapping[str, object], at: int) -> list[ShownBoundary]:
        """Return the boundaries that a row shows; ``at`` is its time."""
        self.cwd = self.cwd or text_of(row, "cwd")
        if version := text_of(row, "version"):
            self.versions.add(version[:_LONGEST])
        kind, subtype = text_of(row, "type"), text_of(row, "subtype")
        if kind == "system":
            self.heard(text_of(inside(row, "systemPayload"), "hookContext"))
            return [ShownBoundary(COMPACTION, at, "")] if subtype == "chat_compression" else []
        parts = objects(inside(row, "message").get("parts"))
        if kind == "assistant":
            return self._answer(parts, at)
        if kind == "tool_result":
            return self._results(parts, at)
        self.heard(text_of(inside(row, "systemPayload"), "hookContext"))
        if subtype == "notification":
            words = "".join(text_of(part, "text") for part in parts)
            done = "<status>completed</status>" in words and "<summary>Agent " in words
            task = words.partition("<task-id>")[2].partition("</task-id>")[0]
            return [ShownBoundary(BACKGROUND, at, task)] if done else []
        return [ShownBoundary(PROMPT, at, "")] if row.get("provenance") == "real_user" else []

    def _answer(self, parts: Sequence[Mapping[str, object]], at: int) -> list[ShownBoundary]:
        calls = [inside(part, "functionCall") for part in parts if "functionCall" in part]
        self._calls, self._left = [text_of(call, "id") for call in calls], set()
        for call in calls:
            if call.get("name") == _SHELL:
                self._commands[text_of(call, "id")] = text_of(inside(call, "args"), "command")
        return [] if calls else [ShownBoundary(TURN, at, "")]

    def _results(self, parts: Sequence[Mapping[str, object]], at: int) -> list[ShownBoundary]:
        found: list[ShownBoundary] = []
        for part in parts:
            result = inside(part, "functionResponse")
            call, output = text_of(result, "id"), text_of(inside(result, "response"), "output")
            self._left.add(call)
            self.heard(output or text_of(inside(result, "response"), "error"))
            command = self._commands.get(call, "")
            name = commits_shown.shown(command, output.partition(_OUTPUT)[2])
            if name is not None and "\nExit Code: 0" in output:
                found.append(ShownBoundary(COMMIT, at, name, [call]))
        if self._calls and set(self._calls) <= self._left:
            found.append(ShownBoundary(BATCH, at, "", self._calls))
            self._calls = []
        return found
