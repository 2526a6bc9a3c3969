"""A whole transcript of Claude Code, read for an audit: boundaries, nudges, and what was not understood.

Shapes as recorded from version 2.1.328. A row of a kind that nobody here knows is counted, and the
first of each kind is kept as a sample; it is never an error.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitmem.domain import claude_transcript
from gitmem.domain.claude_transcript import COMMIT, TURN, Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Row types of 2.1.328, and `summary` and `progress` of older versions.
_TYPES = frozenset({
    "agent-name", "ai-title", "api-request", "api-request-blob", "api-request-shape", "assistant",
    "atis-latch", "attachment", "cost-state", "custom-title", "file-history-snapshot", "last-prompt",
    "mode", "permission-mode", "progress", "queue-operation", "summary", "system", "tag", "tools-used",
    "user",
})  # fmt: skip
_SUBTYPES = frozenset({
    "api_error", "compact_boundary", "informational", "local_command", "stop_hook_summary",
    "turn_duration",
})  # fmt: skip
_SAMPLE = 160  # characters
_NUDGE = "gitmem, after "
# What `git commit` prints: "[main e655c3f] work"; with --quiet, nothing.
_PRINTED = re.compile(r"^\[[^\]\n]+ ([0-9a-f]{7,64})\]", re.MULTILINE)
_COMMAND = re.compile(r"\bgit\b.*\bcommit\b.*(?:\s-\w*q|--quiet)", re.DOTALL)


@dataclass(slots=True, kw_only=True)
class Unknown:
    """Rows of one kind that nobody here knows: how many, and the first one, cut."""

    count: int
    sample: str


@dataclass(slots=True, kw_only=True)
class Conversation:
    """What a session's transcript shows; times are seconds since 1970, 0 where there is none.

    ``nudges`` are gitmem's nudges that reached the model, ``damaged`` rows that are no JSON object.
    """

    cwd: str = ""
    began: int = 0
    ended: int = 0
    versions: set[str] = field(default_factory=set)
    boundaries: list[Shown] = field(default_factory=list)
    nudges: int = 0
    damaged: int = 0
    unknown: dict[str, Unknown] = field(default_factory=dict)
    _calls: dict[str, str] = field(default_factory=dict)
    _turns: set[str] = field(default_factory=set)

    def read(self, rows: Iterable[bytes], *, agent: bool = False) -> None:
        """Takes in rows; of a sub-agent's own transcript only the commits count."""
        for raw in rows:
            try:
                row = json.loads(raw)
            except (ValueError, RecursionError):
                row = None
            if isinstance(row, dict):
                self._row(row, raw, agent=agent)
            else:
                self.damaged += 1

    def _row(self, row: Mapping[str, object], raw: bytes, *, agent: bool) -> None:
        self._place(row)
        self._know(row, raw)
        for one in [*claude_transcript.shown(row), *self._printed(row)]:
            if agent and one.kind != COMMIT:
                continue
            if one.kind == TURN:
                if one.detail in self._turns:  # one row for each block of a message
                    continue
                self._turns.add(one.detail)
            self.boundaries.append(one)
        self.nudges += _is_nudge(row)

    def _place(self, row: Mapping[str, object]) -> None:
        cwd, version = row.get("cwd"), row.get("version")
        if not self.cwd and isinstance(cwd, str):
            self.cwd = cwd
        if isinstance(version, str):
            self.versions.add(version[:40])
        at = claude_transcript.when(row)
        if at:
            self.began = min(self.began or at, at)
            self.ended = max(self.ended, at)

    def _know(self, row: Mapping[str, object], raw: bytes) -> None:
        kind, subtype = row.get("type"), row.get("subtype")
        if kind in _TYPES and (kind != "system" or subtype in _SUBTYPES):
            return
        name = f"{kind}/{subtype}" if kind == "system" else str(kind)
        sample = raw[:_SAMPLE].decode("utf-8", "replace")
        known = self.unknown.setdefault(name[:_SAMPLE], Unknown(count=0, sample=sample))
        known.count += 1

    def _printed(self, row: Mapping[str, object]) -> list[Shown]:
        """Commits that the client did not mark as such, from what git printed or was asked."""
        found = []
        for block in _blocks(row):
            if block.get("type") == "tool_use":
                given = block.get("input")
                command = given.get("command") if isinstance(given, dict) else None
                if isinstance(command, str):
                    self._calls[str(block.get("id"))] = command
            elif block.get("type") == "tool_result" and not _marked(row):
                command = self._calls.pop(str(block.get("tool_use_id")), "")
                if "commit" in command and not block.get("is_error"):
                    text = block.get("content")
                    match = _PRINTED.search(text) if isinstance(text, str) else None
                    if match or _COMMAND.search(command):
                        name = match[1] if match else ""
                        found.append(Shown(COMMIT, claude_transcript.when(row), name))
        return found


def _marked(row: Mapping[str, object]) -> bool:
    result = row.get("toolUseResult")
    operation = result.get("gitOperation") if isinstance(result, dict) else None
    return isinstance(operation, dict) and "commit" in operation


def _blocks(row: Mapping[str, object]) -> list[Mapping[str, object]]:
    message = row.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    return (
        [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []
    )


def _is_nudge(row: Mapping[str, object]) -> bool:
    attachment = row.get("attachment")
    if not isinstance(attachment, dict) or attachment.get("type") != "hook_additional_context":
        return False
    content = attachment.get("content")
    texts = content if isinstance(content, list) else [content]
    return any(isinstance(text, str) and _NUDGE in text for text in texts)
