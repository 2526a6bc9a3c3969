"""A whole transcript of Gemini CLI, read for an audit: boundaries, nudges, and what was not understood.

Shapes as recorded from version 0.61.0 (`tests/data/gemini/transcripts/`): one file a session in
`tmp/PROJECT/chats` of its folder, `.project_root` beside that names the project. A row is a message with an
id, written again once its calls are done, or `{"$set": ...}` about the session, which repeats messages and
shows nothing new. Neither the version nor a compression is in it, and calls have no id that a hook is told.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.clients import commits_shown
from gitmem.clients.abilities import SessionTranscript, UnknownRows
from gitmem.clients.gemini.outcome import failed
from gitmem.clients.transcript_rows import changed, rows
from gitmem.clients.transcripts import AGENT, BATCH, COMMIT, PROMPT, TURN, ShownBoundary
from gitmem.core import quantities
from gitmem.core.jsonline import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitmem.clients.transcripts import SeenBy

# Which events' hooks see a boundary, and how many seconds before and after its row they end.
SEEN_BY: SeenBy = {
    COMMIT: (("AfterTool",), 15, 60),
    AGENT: (("AfterTool",), 15, 60),
    BATCH: (("AfterTool",), 15, 60),
    PROMPT: (("BeforeAgent",), 60, 60),
    TURN: (("AfterAgent",), 15, 60),
}
#: Types of messages of 0.61.0.
_TYPES = frozenset({"user", "gemini", "info", "error", "warning"})
_MANY = 100_000  # transcripts in a folder
_SAMPLE = 160  # characters
_ROOT_LONGEST = 4_096  # characters of a path
_CONTEXT = "<session_context>"  # what the client says to the model before a person does
_RESULT_END = "</untrusted_context>"  # of what a shell command printed
_NUDGE = "gitmem, after "
_SHOWING = "gitmem: notes of this repository"


def conversations(
    environ: Mapping[str, str], tops: Sequence[str], since: int
) -> dict[str, SessionTranscript]:
    """Return all sessions in these work trees written to since a moment, by their id.

    A sub-agent's file is in a folder below, and is none of its own.
    """
    beginnings = tuple(f"{top}/" for top in tops)
    found: dict[str, SessionTranscript] = {}
    for root, path in _files(environ, since):
        if not f"{root}/".startswith(beginnings):
            continue
        told = _Conversation(cwd=root)
        for raw in rows(path):
            told.take(raw)
        told.finish()
        if told.session and told.began:
            found[told.session] = told
    return found


def _files(environ: Mapping[str, str], since: int) -> Iterator[tuple[str, str]]:
    """Each transcript, and the project that it is about."""
    home = environ.get("GEMINI_CLI_HOME") or environ.get("HOME", "")
    for marker in sorted(Path(home, ".gemini", "tmp").glob("*/.project_root")):
        try:
            with marker.open(encoding="utf-8") as file:
                root = file.read(_ROOT_LONGEST).strip()
        except (OSError, UnicodeDecodeError):
            continue
        for path in changed(str(marker.parent / "chats"), since - 1, _MANY):
            yield os.path.normpath(root), path


@dataclass(slots=True, kw_only=True)
class _Conversation(SessionTranscript):
    """A session's transcript, taken in row by row."""

    _messages: set[str] = field(default_factory=set)
    _calls: set[str] = field(default_factory=set)
    _answer: ShownBoundary | None = (
        None  # the last one with words, which ends a turn if no call follows
    )

    def take(self, raw: bytes) -> None:
        """Take in one row."""
        try:
            row = json.loads(raw)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            self.damaged += 1
            return
        name = text_of(row, "sessionId")
        if name:
            self.session = self.session or name
            self.began = self.began or _when(row, "startTime")
        elif isinstance(row.get("id"), str):
            self._message(row, raw)
        elif not {"$set", "$rewindTo"} & row.keys():
            self._odd("without a type", raw)

    def finish(self) -> None:
        """Take in that no row follows."""
        if self._answer:
            self.boundaries.append(self._answer)
            self._answer = None

    def _message(self, row: Mapping[str, object], raw: bytes) -> None:
        kind, at, name = text_of(row, "type"), _when(row, "timestamp"), text_of(row, "id")
        self.ended = max(self.ended, at)
        if kind == "gemini":
            self._answered(row, name, at)
        elif kind == "user" and name not in self._messages:
            self._messages.add(name)
            self._said(row, at)
        elif kind not in _TYPES:
            self._odd(kind[:_SAMPLE], raw)

    def _answered(self, row: Mapping[str, object], name: str, at: int) -> None:
        calls = [call for call in _list(row.get("toolCalls")) if isinstance(call, dict)]
        self._answer = None
        if not calls and text_of(row, "content"):
            self._answer = ShownBoundary(TURN, at, name)
        for call in calls:
            number = text_of(call, "id")
            if number and number not in self._calls and call.get("status") == "success":
                self._calls.add(number)
                self.boundaries += _shown(call, _when(call, "timestamp") or at)

    def _said(self, row: Mapping[str, object], at: int) -> None:
        """What the model was told: by a person, or by the result of a call. Words of hooks are in both."""
        parts = [part for part in _list(row.get("content")) if isinstance(part, dict)]
        texts = [text_of(part, "text") for part in parts]
        outputs = [_output(part) for part in parts]
        self.nudges += sum(_NUDGE in text for text in (*texts, *outputs))
        self.showings += sum(_SHOWING in text for text in (*texts, *outputs))
        if not any(texts) or texts[0].startswith(_CONTEXT):
            return
        self.finish()
        self.boundaries.append(ShownBoundary(PROMPT, at, ""))

    def _odd(self, name: str, raw: bytes) -> None:
        sample = raw[:_SAMPLE].decode("utf-8", "replace")
        self.unknown.setdefault(name, UnknownRows(count=0, sample=sample)).count += 1


def _shown(call: Mapping[str, object], at: int) -> list[ShownBoundary]:
    """The boundaries that a successful call shows."""
    found = [ShownBoundary(BATCH, at, "")]
    tool, given = text_of(call, "name"), call.get("args")
    if tool == "invoke_agent":
        found.append(ShownBoundary(AGENT, at, text_of(given, "agent_name")))
    elif tool == "run_shell_command":
        output = "\n".join(_output(part) for part in _list(call.get("result")))
        end = output.rfind(_RESULT_END)
        output = output if end < 0 else output[:end].rstrip("\n")  # behind it stand words of hooks
        command = text_of(given, "command")
        name = None if failed(output) else commits_shown.shown(command, _plain(output))
        if name is not None:
            found.append(ShownBoundary(COMMIT, at, name))
    return found


def _plain(output: str) -> str:
    """What a shell command printed, from the beginning of its first line."""
    return output.partition("Output: ")[2]


def _output(part: object) -> str:
    response = part.get("functionResponse") if isinstance(part, dict) else None
    inner = response.get("response") if isinstance(response, dict) else None
    return text_of(inner, "output")


def _when(row: Mapping[str, object], key: str) -> int:
    return quantities.seconds(text_of(row, key)[:19] + "Z") or 0


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
