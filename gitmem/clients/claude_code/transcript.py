"""Claude Code's transcripts: where they are, and what their rows show of boundaries (hot lane).

Shapes as recorded from the client, version 2.1.328 (`tests/data/claude-code/transcripts/`); rows of
other versions show what they show, and are never an error.
"""

from __future__ import annotations

import os

from gitmem.clients.transcript_rows import ENDING, changed, session_of, tail
from gitmem.clients.transcripts import (
    AGENT,
    BACKGROUND,
    BATCH,
    COMMIT,
    COMPACTION,
    POLLED,
    PROMPT,
    SAID,
    TASK,
    TURN,
    ShownBoundary,
    Transcripts,
)
from gitmem.core import quantities
from gitmem.core.jsonline import loads, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitmem.clients.transcripts import SeenBy

# Which events' hooks see a boundary, and how many seconds before and after its row they end. A row is
# written asynchronously, a hook may take its whole timeout of 10 s, a batch waits for its longest call.
SEEN_BY: SeenBy = {
    COMMIT: (("PostToolUse", "PostToolUseFailure"), 15, 60),
    AGENT: (("PostToolUse",), 15, 600),
    POLLED: (("PostToolUse",), 15, 60),
    TASK: (("PostToolUse",), 15, 60),
    BATCH: (("PostToolBatch",), 15, 600),
    PROMPT: (("UserPromptSubmit",), 60, 60),
    SAID: (("PostToolBatch", "UserPromptSubmit"), 60, 600),
    BACKGROUND: (("UserPromptSubmit",), 15, 60),
    # Only the start after it speaks to the model.
    COMPACTION: (("SessionStart",), 120, 60),
    TURN: (("Stop", "StopFailure"), 15, 60),
}

# Only rows with one of these can show a boundary that a boot looks for; the rest need not be parsed.
SIGNS = (b'"gitOperation"', b'"agentId"', b'"compact_boundary"')

_NOTIFICATION = "<task-notification>"
# What the client writes as a user's row, and a person did not type as a prompt.
TOLD = ("<", "[Request interrupted", "Caveat: ", "This session is being continued")
# Rows with one of these may hold what a person said; what a hook asked has the other.
_SAID_BY = (b'"user"', b'"queued_command"')
_ASKED = b"gitmem, after "
_TEXTS = 3


_TRANSCRIPTS = 3  # the newest that changed
_TAIL = 256 << 10  # bytes of each, whatever its length


class ClaudeTranscripts(Transcripts):
    """One file a session, one JSON object a row; a sub-agent's own stands in a folder beside it."""

    __slots__ = ()

    seen_by = SEEN_BY

    def recent(
        self, transcript: str, since: int, top: str
    ) -> Iterator[tuple[str, list[ShownBoundary]]]:
        """Yield the newest sessions beside ``transcript``, with the boundaries of their last rows."""
        for path in changed(transcript.rpartition("/")[0], since, _TRANSCRIPTS):
            last = tail(path, _TAIL, SIGNS)
            if last:
                yield session_of(path), _shown_in(last, top)

    def last_said(self, transcript: str, session: str, top: str) -> list[str]:
        """Return the last texts of the person in the end of the session's transcript."""
        if "/" in session:
            return []
        path = f"{transcript.rpartition('/')[0]}/{session}{ENDING}"
        said: list[str] = []
        for raw in tail(path, _TAIL, _SAID_BY):
            if not any(sign in raw for sign in (*_SAID_BY, _ASKED)):
                continue
            try:
                row = loads(raw.decode("utf-8", "replace"))
            except ValueError:
                continue
            if not isinstance(row, dict) or row.get("isSidechain"):
                continue
            if _ASKED in raw and row.get("type") == "attachment":
                said = said[-1:]  # the nudge came with it, or later
            elif text := _said_in(row, session, top):
                said = [*said, text][-_TEXTS:]
        return said


def _said_in(row: Mapping[str, object], session: str, top: str) -> str:
    """What the person says in a row of a session: a prompt, a message inside a turn; empty for any other."""
    from gitmem.clients.claude_code import said

    if row.get("sessionId") != session or not f"{row.get('cwd')}/".startswith(top + "/"):
        return ""
    if row.get("type") == "attachment":
        return said.queued(row)
    return prompted(row) or said.beside(row)


def prompted(row: Mapping[str, object]) -> str:
    """Return a prompt that a person typed; empty for any other row."""
    if row.get("type") != "user" or row.get("isMeta") or row.get("isCompactSummary"):
        return ""
    message = row.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):
        texts = [
            text_of(one, "text")
            for one in content
            if isinstance(one, dict) and one.get("type") == "text"
        ]
        content = texts[0] if texts and not call_of(row) else None
    return content if isinstance(content, str) and not content.startswith(TOLD) else ""


def folders(environ: Mapping[str, str], tops: Sequence[str]) -> list[str]:
    """Return the folders with transcripts of sessions in these work trees or below.

    They may hold others, too.

    The client names a folder after the working folder, with every character that is neither a letter
    nor a digit turned into a dash (2.1.328), so two working folders can share one.
    """
    projects = _projects(environ)
    try:
        names = sorted(os.listdir(projects))
    except OSError:
        return []
    wanted = [_slug(top) for top in tops]
    return [
        os.path.join(projects, name)
        for name in names
        if any(name == slug or name.startswith(slug + "-") for slug in wanted)
    ]


def folder_of(environ: Mapping[str, str], top: str) -> str:
    """Return the folder in which the client keeps what it has of a working folder; it may not exist."""
    return os.path.join(_projects(environ), _slug(top))


def _projects(environ: Mapping[str, str]) -> str:
    home = environ.get("CLAUDE_CONFIG_DIR") or os.path.join(environ.get("HOME", ""), ".claude")
    return os.path.join(home, "projects")


def _slug(path: str) -> str:
    return "".join([letter if letter.isascii() and letter.isalnum() else "-" for letter in path])


def _shown_in(rows_of: Sequence[bytes], top: str) -> list[ShownBoundary]:
    """The boundaries of rows that were written in a work tree."""
    boundaries = []
    for row in rows_of:
        if not any(sign in row for sign in SIGNS):
            continue
        try:
            value = loads(row.decode("utf-8", "replace"))
        except ValueError:
            continue
        if isinstance(value, dict) and f"{value.get('cwd')}/".startswith(top + "/"):
            boundaries += shown(value)
    return boundaries


def shown(row: Mapping[str, object]) -> list[ShownBoundary]:
    """Return the boundaries that a row shows; mostly none, at most two."""
    kind = row.get("type")
    if kind == "system" and row.get("subtype") == "compact_boundary":
        meta = row.get("compactMetadata")
        return [ShownBoundary(COMPACTION, when(row), text_of(meta, "trigger"))]
    message = row.get("message")
    if kind == "assistant" and not row.get("isSidechain"):
        ends = text_of(message, "stop_reason") == "end_turn"
        return [ShownBoundary(TURN, when(row), text_of(message, "id"))] if ends else []
    if kind != "user":
        return []
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str) and content.startswith(_NOTIFICATION):
        return [ShownBoundary(BACKGROUND, when(row), "", _keys(text_of(row, "promptId")))]
    return _of_result(row)


def _of_result(row: Mapping[str, object]) -> list[ShownBoundary]:
    result = row.get("toolUseResult")
    if not isinstance(result, dict):
        return []
    found = []
    operation = result.get("gitOperation")
    commit = operation.get("commit") if isinstance(operation, dict) else None
    keys = call_of(row)
    if isinstance(commit, dict):
        found.append(ShownBoundary(COMMIT, when(row), text_of(commit, "sha"), keys))
    if result.get("status") == "completed" and result.get("agentId"):
        found.append(ShownBoundary(AGENT, when(row), text_of(result, "agentId"), keys))
    return found


def call_of(row: Mapping[str, object]) -> Sequence[str]:
    """Return the id of the tool call whose result a row is; none for any other row."""
    message = row.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    blocks = content if isinstance(content, list) else []
    return _keys(*[text_of(block, "tool_use_id") for block in blocks])


def _keys(*told: str) -> list[str]:
    return [key for key in told if key]


def when(row: Mapping[str, object]) -> int:
    """Return the row's time in seconds since 1970; 0 without a readable one."""
    return quantities.seconds(text_of(row, "timestamp")[:19] + "Z") or 0
