"""OpenCode's database, read for an audit: boundaries, nudges, and what was not understood.

OpenCode 1.18.33 keeps all sessions in `$XDG_DATA_HOME/opencode/opencode.db` (SQLite, journal mode WAL): a row a session,
a message and a part, with its JSON in `data`. The database is only read, also while the program writes. Words that
gitmem added to those of the system are not in it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmem.clients import commits_shown
from gitmem.clients.abilities import SessionTranscript, UnknownRows
from gitmem.clients.row_conversation import NUDGE, SHOWING
from gitmem.clients.transcripts import (
    AGENT,
    BATCH,
    COMMIT,
    COMPACTION,
    PROMPT,
    TASK,
    TURN,
    ShownBoundary,
)
from gitmem.core.jsonline import inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_NAMES = "opencode*.db"  # a version that is tried out has a name of its own
_NOWHERE = ":memory:"
_WAIT = 2.0  # seconds for a database that is being written
_SAMPLE = 160  # characters
_END = 253_402_300_800_000  # milliseconds since 1970: the year 10000
#: Types of parts in 1.18.33.
_PARTS = frozenset({
    "agent", "compaction", "file", "patch", "reasoning", "retry", "snapshot", "step-finish", "step-start",
    "subtask", "text", "tool",
})  # fmt: skip
_UNKEPT = frozenset({"boot"})  # said as words of the system
_GOES_ON = "tool-calls"
_SESSIONS = "SELECT id, parent_id, directory, version, time_updated FROM session"
_PARTS_OF = (
    "SELECT message.id, message.data, part.data FROM message LEFT JOIN part ON part.message_id = message.id "
    "WHERE message.session_id = ? ORDER BY message.time_created, message.id, part.id"
)


def conversations(
    environ: Mapping[str, str], tops: Sequence[str], since: int
) -> dict[str, SessionTranscript]:
    """Return all sessions in these work trees written to since a moment, by their id.

    Raises OSError for a database that cannot be read.
    """
    found: dict[str, SessionTranscript] = {}
    for path in _databases(environ, since):
        try:
            with closing(_opened(path)) as database:
                found |= _sessions(database, tops, since)
        except sqlite3.Error as error:
            raise OSError(f"OpenCode's database cannot be read: {path}: {error}") from error
    return found


def _databases(environ: Mapping[str, str], since: int) -> list[str]:
    home = environ.get("HOME", "")
    data = environ.get("XDG_DATA_HOME") or (f"{home}/.local/share" if home else "")
    if not data:
        return []
    folder = Path(data, "opencode")
    named = environ.get("OPENCODE_DB", "")
    if named == _NOWHERE:
        return []
    places = [folder / named] if named else sorted(folder.glob(_NAMES))
    return [str(place) for place in places if _written(place) >= since]


def _written(place: Path) -> float:
    """When a database was written to; -1 for what is no plain file."""
    times = [-1.0]
    for name in (str(place), f"{place}-wal"):
        try:
            state = os.lstat(name)
        except OSError:
            continue
        if not stat.S_ISREG(state.st_mode):
            return -1.0
        times.append(state.st_mtime)
    return max(times) + 1 if place.is_file() else -1.0


def _opened(path: str) -> sqlite3.Connection:
    """Open a database so that nothing is written beside it either: without a log it is read as it lies there."""
    whole = not os.path.exists(f"{path}-wal")
    options = "mode=ro&immutable=1" if whole else "mode=ro"
    return sqlite3.connect(f"{Path(path).absolute().as_uri()}?{options}", uri=True, timeout=_WAIT)


def _sessions(
    database: sqlite3.Connection, tops: Sequence[str], since: int
) -> dict[str, SessionTranscript]:
    rows = {str(row[0]): row for row in database.execute(_SESSIONS)}
    beginnings = tuple(f"{top}/" for top in tops)
    found: dict[str, Conversation] = {}
    for name, parent, directory, version, updated in rows.values():
        here = f"{directory}/".startswith(beginnings)
        if parent is None and here and _seconds(updated) >= since:
            found[name] = Conversation(
                session=name, cwd=str(directory), versions={str(version)}, unkept=_UNKEPT
            )
            found[name].read(database.execute(_PARTS_OF, (name,)))
    for name in rows:
        main = _main(rows, name)
        if main != name and main in found:
            found[main].read(database.execute(_PARTS_OF, (name,)), agent=True)
    return {name: told for name, told in found.items() if told.began}


def _main(rows: Mapping[str, Sequence[Any]], name: str) -> str:
    """The session that a sub-agent's session belongs to."""
    seen = set()
    while name in rows and name not in seen and rows[name][1] is not None:
        seen.add(name)
        name = str(rows[name][1])
    return name


@dataclass(slots=True, kw_only=True)
class Conversation(SessionTranscript):
    """A session, taken in message by message."""

    _completed: set[str] = field(default_factory=set)
    _answer: ShownBoundary | None = None  # the last answer, as long as it may be the end of a turn

    def read(self, rows: Iterable[Sequence[Any]], *, agent: bool = False) -> None:
        """Take in the rows of a session, in order; of a sub-agent's only the commits count."""
        before = len(self.boundaries)
        for message, parts in self._messages(rows):
            self._message(message, parts, agent=agent)
        if agent:
            commits = [one for one in self.boundaries[before:] if one.kind == COMMIT]
            self.boundaries[before:] = commits
        elif self._answer:
            self.boundaries.append(self._answer)
            self._answer = None

    def _messages(
        self, rows: Iterable[Sequence[Any]]
    ) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
        last: tuple[str, dict[str, Any], list[dict[str, Any]]] | None = None
        for name, data, part in rows:
            if last is None or last[0] != name:
                if last:
                    yield last[1], last[2]
                last = (name, self._object(data) or {}, [])
            if part is not None and (given := self._object(part)):
                last[2].append(given)
        if last:
            yield last[1], last[2]

    def _object(self, data: object) -> dict[str, Any] | None:
        try:
            found = json.loads(data) if isinstance(data, str | bytes) else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            self.damaged += 1
            return None
        return found

    def _message(
        self, message: Mapping[str, Any], parts: Sequence[Mapping[str, Any]], *, agent: bool
    ) -> None:
        time = inside(message, "time")
        at = _seconds(time.get("created"))
        ended = _seconds(time.get("completed"))
        if at and not agent:
            self.began = min(self.began or at, at)
            self.ended = max(self.ended, at, ended)
        for part in parts:
            self._part(part, at)
        if agent:
            return
        if message.get("role") == "user":
            self._said(parts, at)
        elif not message.get("summary") and ended and message.get("finish") != _GOES_ON:
            self._answer = ShownBoundary(TURN, ended, "")
        else:
            self._answer = None

    def _said(self, parts: Sequence[Mapping[str, Any]], at: int) -> None:
        """A person's message, or one of the client's: it ends the turn before, unless it was waiting in it."""
        compaction = next((part for part in parts if part.get("type") == "compaction"), None)
        if self._answer and self._answer.at <= at and compaction is None:
            self.boundaries.append(self._answer)
        self._answer = None
        if compaction is not None:
            cause = "auto" if compaction.get("auto") else "manual"
            self.boundaries.append(ShownBoundary(COMPACTION, at, cause))
        elif any(_is_typed(part) for part in parts):
            self.boundaries.append(ShownBoundary(PROMPT, at, ""))

    def _part(self, part: Mapping[str, Any], at: int) -> None:
        kind = part.get("type")
        if kind not in _PARTS:
            name = str(kind)[:_SAMPLE]
            sample = json.dumps(part, ensure_ascii=False)[:_SAMPLE]
            self.unknown.setdefault(name, UnknownRows(count=0, sample=sample)).count += 1
        elif kind == "text" and part.get("synthetic"):
            self._heard(part.get("text"))
        elif kind == "tool":
            state = inside(part, "state")
            if state.get("status") == "completed" and part.get("tool") != "invalid":
                self._heard(state.get("output"))
                self._call(part, state, _seconds(inside(state, "time").get("end")) or at)

    def _heard(self, text: object) -> None:
        if isinstance(text, str):
            self.nudges += text.count(NUDGE)
            self.showings += text.count(SHOWING)

    def _call(self, part: Mapping[str, Any], state: Mapping[str, Any], at: int) -> None:
        """A call that was made: the end of a batch of its own, and the chapter that it may have closed."""
        keys = [str(part.get("callID"))]
        tool, given, metadata = (
            part.get("tool"),
            inside(state, "input"),
            inside(state, "metadata"),
        )
        output = str(state.get("output"))
        self.boundaries.append(ShownBoundary(BATCH, at, "", keys))
        if tool == "bash" and metadata.get("exit") == 0:
            commit = commits_shown.shown(str(given.get("command")), output)
            if commit is not None:
                self.boundaries.append(ShownBoundary(COMMIT, at, commit, keys))
        elif tool == "task" and 'state="completed"' in output:
            self.boundaries.append(
                ShownBoundary(AGENT, at, str(metadata.get("sessionId", "")), keys)
            )
        elif tool == "todowrite":
            todos = given.get("todos")
            done = {
                str(todo.get("content"))
                for todo in (todos if isinstance(todos, list) else [])
                if isinstance(todo, dict) and todo.get("status") == "completed"
            }
            if done - self._completed:
                self.boundaries.append(ShownBoundary(TASK, at, "", keys))
            self._completed |= done


def _is_typed(part: Mapping[str, Any]) -> bool:
    return part.get("type") == "text" and not part.get("synthetic") and bool(part.get("text"))


def _seconds(milliseconds: object) -> int:
    if not isinstance(milliseconds, int) or not 0 <= milliseconds < _END:
        return 0
    return milliseconds // 1000
