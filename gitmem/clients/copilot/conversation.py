"""A whole transcript of Copilot CLI, read for an audit: boundaries, nudges, and what was not understood.

Shapes as recorded from version 1.0.102 (`tests/data/copilot-claude/transcripts/`): a folder a session in
`session-state` of the client's folder, with `events.jsonl`. It writes down what each hook answered. A
module of its own because a hook does not need it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.clients import commits_shown
from gitmem.clients.row_conversation import RowConversation, sessions
from gitmem.clients.transcript_rows import changed
from gitmem.clients.transcripts import AGENT, COMMIT, COMPACTION, PROMPT, TURN, ShownBoundary
from gitmem.core.jsonline import inside, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.clients.abilities import SessionTranscript
    from gitmem.clients.transcripts import SeenBy

# Which events' hooks see a boundary, and how many seconds before and after its row they end. The client names
# neither a call nor a prompt to a hook. A compaction takes as long as its summary.
SEEN_BY: SeenBy = {
    COMMIT: (("PostToolUse",), 15, 60),
    AGENT: (("PostToolUse",), 15, 60),
    PROMPT: (("UserPromptSubmit",), 60, 60),
    COMPACTION: (("PreCompact",), 600, 60),
    TURN: (("Stop",), 15, 60),
}
#: Beginnings of the row types of 1.0.102.
_TYPES = (
    "assistant.", "hook.", "permission.", "session.", "subagent.", "system.", "tool.", "user.",
)  # fmt: skip
_LONGEST = 40  # characters of a version


def conversations(
    environ: Mapping[str, str], tops: Sequence[str], since: int
) -> dict[str, SessionTranscript]:
    """Return all sessions in these work trees written to since a moment, by their id."""
    home = environ.get("COPILOT_HOME") or os.path.join(environ.get("HOME", ""), ".copilot")
    found = (
        (path, _Conversation(session=folder.name))
        for folder in sorted(Path(home, "session-state").glob("*"))
        for path in changed(str(folder), since - 1, 1)
    )
    return sessions(found, tops)


@dataclass(slots=True, kw_only=True)
class _Conversation(RowConversation):
    """A session's transcript; rows of a sub-agent have its id, and are its own but for what it commits."""

    _commands: dict[str, str] = field(default_factory=dict)

    def knows(self, kind: str) -> bool:
        """Return whether rows of the kind are understood."""
        return kind.startswith(_TYPES)

    def shown(self, row: Mapping[str, object], at: int) -> list[ShownBoundary]:
        """Return the boundaries that a row shows; ``at`` is its time."""
        kind, data = text_of(row, "type"), inside(row, "data")
        agent = bool(row.get("agentId"))
        if kind == "session.start":
            self.cwd = self.cwd or text_of(inside(data, "context"), "cwd")
            self.versions.add(text_of(data, "copilotVersion")[:_LONGEST])
        elif kind == "hook.end":
            self.heard(text_of(inside(data, "output"), "additionalContext"))
        elif kind == "tool.execution_start":
            self._commands[text_of(data, "toolCallId")] = text_of(
                inside(data, "arguments"), "command"
            )
        elif kind == "tool.execution_complete":
            return self._command(data, at)
        elif kind == "session.compaction_complete" and data.get("success"):
            return [ShownBoundary(COMPACTION, at, text_of(data, "trigger"))]
        elif kind == "subagent.completed":
            return [ShownBoundary(AGENT, at, text_of(row, "agentId"))]
        elif kind == "user.message" and not agent and not text_of(data, "source"):
            return [ShownBoundary(PROMPT, at, "")]
        elif kind == "assistant.message" and not agent and not data.get("toolRequests"):
            return [ShownBoundary(TURN, at, text_of(data, "messageId"))]
        return []

    def _command(self, data: Mapping[str, object], at: int) -> list[ShownBoundary]:
        command = self._commands.get(text_of(data, "toolCallId"), "")
        name = commits_shown.shown(command, text_of(inside(data, "result"), "content"))
        worked = inside(data, "shellExecution").get("exitCode") == 0
        return [ShownBoundary(COMMIT, at, name)] if name is not None and worked else []
