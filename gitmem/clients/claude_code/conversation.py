"""A whole transcript of Claude Code, read for an audit: boundaries, nudges, and what was not understood.

Shapes as recorded from version 2.1.328. A row of an unknown kind is counted, and the
first of each kind is kept as a sample; it is never an error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitmem.clients import commits_shown
from gitmem.clients.abilities import SessionTranscript, UnknownRows
from gitmem.clients.claude_code import said
from gitmem.clients.claude_code.transcript import (
    call_of,
    folders,
    prompted,
    shown,
    when,
)
from gitmem.clients.row_conversation import NUDGE, SHOWING
from gitmem.clients.transcript_rows import ENDING, changed, rows, session_of
from gitmem.clients.transcripts import (
    BATCH,
    COMMIT,
    POLLED,
    PROMPT,
    SAID,
    TASK,
    TURN,
    ShownBoundary,
)
from gitmem.core.jsonline import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
_MANY = 100_000  # transcripts in a folder
_SAMPLE = 160  # characters
_TODOS = ("newTodos", "oldTodos")


def conversations(
    environ: Mapping[str, str], tops: Sequence[str], since: int
) -> dict[str, SessionTranscript]:
    """Return all sessions in these work trees written to since a moment, by their id."""
    sessions: dict[str, SessionTranscript] = {}
    for path in [
        path for folder in folders(environ, tops) for path in changed(folder, since - 1, _MANY)
    ]:
        told = Conversation(session=session_of(path))
        told.read(rows(path))
        inside = f"{told.cwd}/".startswith(tuple(f"{top}/" for top in tops))
        if not told.began or not inside:
            continue
        for agent in changed(path.removesuffix(ENDING) + "/subagents", 0, _MANY):
            told.read(rows(agent), agent=True)
        sessions[session_of(path)] = told
    return sessions


class Batch:
    """The calls of one message of the model, as far as their results have come."""

    __slots__ = ("at", "calls", "left", "name", "refused", "said")

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls: list[str] = []
        self.left: set[str] = set()
        self.at = 0
        self.refused = self.said = False

    def take(self, row: Mapping[str, object]) -> None:
        """A result row; one that a person refused without a word ends the batch before its hook."""
        self.left.update(call_of(row))
        self.at = max(self.at, when(row))
        if said.in_row(row) and row.get("type") == "user":
            self.said = True
            return
        for block in _blocks(row):
            answer = block.get("content")
            if block.get("is_error") and isinstance(answer, str) and said.rejected(answer):
                self.refused = True

    def finished(self) -> list[ShownBoundary]:
        """The batch as a boundary; none where a call has no result, or was refused."""
        if self.refused or not set(self.calls) <= self.left:
            return []
        words = [ShownBoundary(SAID, self.at, "", self.calls)] if self.said else []
        return [ShownBoundary(BATCH, self.at, "", self.calls), *words]


@dataclass(slots=True, kw_only=True)
class Conversation(SessionTranscript):
    """A session's transcript, taken in row by row.

    The rows that a fork copied name another session and are passed over.
    """

    _calls: dict[str, str] = field(default_factory=dict)
    _turns: set[str] = field(default_factory=set)
    _prompts: set[str] = field(default_factory=set)
    _answered: bool = False  # the turn's end was seen, and nothing was said since
    _batch: Batch | None = None

    def read(self, rows: Iterable[bytes], *, agent: bool = False) -> None:
        """Take in rows; of a sub-agent's own transcript only the commits count."""
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
        whose = row.get("sessionId")
        if self.session and isinstance(whose, str) and whose != self.session:
            return
        told = [*self._committed(row), *self._printed(row)]
        if not agent and not row.get("isSidechain"):
            told += [*self._batched(row), *_closed(row), *self._prompted(row), *self._ended(row)]
        self.boundaries += told if not agent else [one for one in told if one.kind == COMMIT]
        self.nudges += _was_told(row, NUDGE)
        self.showings += _was_told(row, SHOWING)

    def _committed(self, row: Mapping[str, object]) -> list[ShownBoundary]:
        """What the row shows by itself, without the commits that a rebase and its like made again."""
        boundaries = shown(row)
        command = " ".join(self._calls.get(key, "") for key in call_of(row))
        again = commits_shown.replays(command)
        return [
            one for one in boundaries if one.kind != TURN and not (one.kind == COMMIT and again)
        ]

    def _ended(self, row: Mapping[str, object]) -> list[ShownBoundary]:
        """The end of a turn: the model's last message, or in old versions the hooks that it ran."""
        kind = row.get("type")
        if kind == "system" and row.get("subtype") == "stop_hook_summary":
            if self._answered:
                return []
            self._answered = True
            return [ShownBoundary(TURN, when(row), "")]
        if kind in ("user", "assistant"):
            self._answered = False
        ends = [one for one in shown(row) if one.kind == TURN]
        ends = [one for one in ends if one.detail not in self._turns]  # a row for each block
        self._turns.update(one.detail for one in ends)
        if kind == "assistant":
            self._answered = bool(ends) or text_of(row.get("message"), "stop_reason") == "end_turn"
        return ends

    def _prompted(self, row: Mapping[str, object]) -> list[ShownBoundary]:
        """A prompt of the person's, once for each, or a message inside a turn.

        A row without an id is one in the versions that give prompts none (2.0, 2.1.42).
        """
        if said.queued(row):
            return [ShownBoundary(SAID, when(row), "")]
        key = text_of(row, "promptId")
        if not prompted(row) or key in self._prompts or (self._prompts and not key):
            return []
        if not key:
            return [ShownBoundary(PROMPT, when(row), "")]
        self._prompts.add(key)
        return [ShownBoundary(PROMPT, when(row), "", [key])]

    def _batched(self, row: Mapping[str, object]) -> list[ShownBoundary]:
        """A finished batch: all its calls have a result, and the model was asked again."""
        found = []
        if row.get("type") == "assistant":
            name = text_of(row.get("message"), "id")
            if self._batch is not None and self._batch.name != name:
                found, self._batch = self._batch.finished(), None
            calls = [
                text_of(block, "id") for block in _blocks(row) if block.get("type") == "tool_use"
            ]
            if calls and name:
                self._batch = self._batch or Batch(name)
                self._batch.calls += calls
        elif self._batch is not None:
            self._batch.take(row)
        return found

    def _place(self, row: Mapping[str, object]) -> None:
        cwd, version = row.get("cwd"), row.get("version")
        if not self.cwd and isinstance(cwd, str):
            self.cwd = cwd
        if isinstance(version, str):
            self.versions.add(version[:40])
        at = when(row)
        if at:
            self.began = min(self.began or at, at)
            self.ended = max(self.ended, at)

    def _know(self, row: Mapping[str, object], raw: bytes) -> None:
        kind, subtype = _word(row.get("type")), _word(row.get("subtype"))
        if kind in _TYPES and (kind != "system" or subtype in _SUBTYPES):
            return
        name = f"{kind}/{subtype}" if kind == "system" else kind
        sample = raw[:_SAMPLE].decode("utf-8", "replace")
        known = self.unknown.setdefault(name[:_SAMPLE], UnknownRows(count=0, sample=sample))
        known.count += 1

    def _printed(self, row: Mapping[str, object]) -> list[ShownBoundary]:
        """Commits that the client did not mark as such, from what git printed or was asked."""
        found = []
        for block in _blocks(row):
            if block.get("type") == "tool_use":
                given = block.get("input")
                command = given.get("command") if isinstance(given, dict) else None
                if isinstance(command, str):
                    self._calls[str(block.get("id"))] = command
            elif block.get("type") == "tool_result" and not _marked(row):
                key = str(block.get("tool_use_id"))
                command = self._calls.pop(key, "")
                text = block.get("content")
                name = commits_shown.shown(command, text if isinstance(text, str) else "")
                if name is not None and not block.get("is_error"):
                    found.append(ShownBoundary(COMMIT, when(row), name, [key]))
        return found


def _closed(row: Mapping[str, object]) -> list[ShownBoundary]:
    """A completed task or todo, and a sub-agent that a poll found finished."""
    result = row.get("toolUseResult")
    if row.get("type") != "user" or not isinstance(result, dict):
        return []
    at, keys = when(row), call_of(row)
    change, task = result.get("statusChange"), result.get("task")
    if isinstance(change, dict) and change.get("to") == "completed":
        return [ShownBoundary(TASK, at, "", keys)]
    new, old = ({text_of(one, "content") for one in _done(result.get(key))} for key in _TODOS)
    if new - old:
        return [ShownBoundary(TASK, at, "", keys)]
    if isinstance(task, dict) and "agent" in text_of(task, "task_type"):
        done = task.get("status") == "completed"
        return [ShownBoundary(POLLED, at, text_of(task, "task_id"), keys)] if done else []
    return []


def _done(todos: object) -> list[object]:
    return [
        one
        for one in (todos if isinstance(todos, list) else [])
        if isinstance(one, dict) and one.get("status") == "completed"
    ]


def _word(value: object) -> str:
    return value if isinstance(value, str) else repr(value)[:_SAMPLE]


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


def _was_told(row: Mapping[str, object], words: str) -> bool:
    """Whether a row is what a hook told the model, with these words in it."""
    attachment = row.get("attachment")
    if not isinstance(attachment, dict) or attachment.get("type") != "hook_additional_context":
        return False
    content = attachment.get("content")
    texts = content if isinstance(content, list) else [content]
    return any(isinstance(text, str) and words in text for text in texts)
