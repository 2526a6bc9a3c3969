"""A whole transcript of Gemini CLI, read for an audit: boundaries, nudges, and what was not understood.

Shapes as recorded from version 0.61.0 (`tests/data/gemini/transcripts/`): one file a session in
`tmp/PROJECT/chats` of its folder, `.project_root` beside that names the project. A row is a message with an
id, written again once its calls are done, or `{"$set": ...}` about the session, which repeats messages and
shows nothing new. Neither the version nor a compression is in it, and calls have no id that a hook is told.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.clients import commits_shown
from gitmem.clients.gemini.outcome import failed
from gitmem.clients.row_conversation import RowConversation, objects, sessions, when
from gitmem.clients.transcript_rows import changed
from gitmem.clients.transcripts import AGENT, BATCH, COMMIT, PROMPT, TURN, ShownBoundary
from gitmem.core.jsonline import inside, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitmem.clients.abilities import SessionTranscript
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
_ROOT_LONGEST = 4_096  # characters of a path
_CONTEXT = "<session_context>"  # what the client says to the model before a person does
_RESULT_END = "</untrusted_context>"  # of what a shell command printed


def conversations(
    environ: Mapping[str, str], tops: Sequence[str], since: int
) -> dict[str, SessionTranscript]:
    """Return all sessions in these work trees written to since a moment, by their id.

    A sub-agent's file is in a folder below, and is none of its own.
    """
    return sessions(_found(environ, tops, since), tops)


def _found(
    environ: Mapping[str, str], tops: Sequence[str], since: int
) -> Iterator[tuple[str, _Conversation]]:
    """Each transcript of a project in these work trees, and what takes it in."""
    beginnings = tuple(f"{top}/" for top in tops)
    home = environ.get("GEMINI_CLI_HOME") or environ.get("HOME", "")
    for marker in sorted(Path(home, ".gemini", "tmp").glob("*/.project_root")):
        try:
            with marker.open(encoding="utf-8") as file:
                root = os.path.normpath(file.read(_ROOT_LONGEST).strip())
        except (OSError, UnicodeDecodeError):
            continue
        if f"{root}/".startswith(beginnings):
            for path in changed(str(marker.parent / "chats"), since - 1, _MANY):
                yield path, _Conversation(cwd=root)


@dataclass(slots=True, kw_only=True)
class _Conversation(RowConversation):
    """A session's transcript, taken in row by row."""

    _messages: set[str] = field(default_factory=set)
    _calls: set[str] = field(default_factory=set)
    _answer: ShownBoundary | None = (
        None  # the last one with words, which ends a turn if no call follows
    )

    def take_row(self, row: Mapping[str, object], raw: bytes) -> None:
        """Take in a row: a message has an id and no kind of its own."""
        name = text_of(row, "sessionId")
        if name:
            self.session = self.session or name
            self.began = self.began or when(row, "startTime")
        elif isinstance(row.get("id"), str):
            self._message(row, raw)
        elif not {"$set", "$rewindTo"} & row.keys():
            self.wonder("without a type", raw)

    def finish(self) -> None:
        """Take in that no row follows."""
        if self._answer:
            self.boundaries.append(self._answer)
            self._answer = None

    def _message(self, row: Mapping[str, object], raw: bytes) -> None:
        kind, at, name = text_of(row, "type"), when(row, "timestamp"), text_of(row, "id")
        self.ended = max(self.ended, at)
        if kind == "gemini":
            self._answered(row, name, at)
        elif kind == "user" and name not in self._messages:
            self._messages.add(name)
            self._said(row, at)
        elif kind not in _TYPES:
            self.wonder(kind, raw)

    def _answered(self, row: Mapping[str, object], name: str, at: int) -> None:
        calls = objects(row.get("toolCalls"))
        self._answer = None
        if not calls and text_of(row, "content"):
            self._answer = ShownBoundary(TURN, at, name)
        for call in calls:
            number = text_of(call, "id")
            if number and number not in self._calls and call.get("status") == "success":
                self._calls.add(number)
                self.boundaries += _shown(call, when(call, "timestamp") or at)

    def _said(self, row: Mapping[str, object], at: int) -> None:
        """What the model was told: by a person, or by the result of a call. Words of hooks are in both."""
        parts = objects(row.get("content"))
        texts = [text_of(part, "text") for part in parts]
        for words in (*texts, *map(_output, parts)):
            self.heard(words)
        if not any(texts) or texts[0].startswith(_CONTEXT):
            return
        self.finish()
        self.boundaries.append(ShownBoundary(PROMPT, at, ""))


def _shown(call: Mapping[str, object], at: int) -> list[ShownBoundary]:
    """The boundaries that a successful call shows."""
    found = [ShownBoundary(BATCH, at, "")]
    tool, given = text_of(call, "name"), call.get("args")
    if tool == "invoke_agent":
        found.append(ShownBoundary(AGENT, at, text_of(given, "agent_name")))
    elif tool == "run_shell_command":
        output = "\n".join(_output(part) for part in objects(call.get("result")))
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
    return text_of(inside(inside(part, "functionResponse"), "response"), "output")
