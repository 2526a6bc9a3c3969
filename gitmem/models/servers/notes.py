"""What this clone remembers of servers: the shape that each honours, its context, its speed (docs/data-model.md).

One small JSON file, which may be lost: then a server is found out again.
"""

from __future__ import annotations

import calendar
import json
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from gitmem.core.jsonline import figure
from gitmem.git import local
from gitmem.models import json_file

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 1
AGE = 7 * 24 * 3600  # seconds that a note counts: a newer server may honour more
MOST = 32  # servers and models
_FILE = "servers.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What was seen of one server and model.

    ``shape`` has the fields of the shape that it honoured (empty: none yet), ``context`` the tokens
    of a question and its answer together (0: not known), ``pace`` the tokens that it answered in a
    second, all questions of a close together (0: not known).
    """

    shape: Mapping[str, Any] = field(default_factory=dict)
    context: int = 0
    pace: float = 0.0


class ServerNotes:
    """The notes in ``folder``, gitmem's own folder of a clone."""

    def __init__(self, folder: str) -> None:
        self._path = f"{folder}/{_FILE}"

    def find(self, key: str) -> Note | None:
        """Return the note about a server and model; None when there is none that counts."""
        fields = self._read().get(key)
        if fields is None or not _now() - AGE <= figure(fields.get("at")) <= _now():
            return None
        shape = fields.get("shape")
        return Note(
            shape=shape if isinstance(shape, dict) else {},
            context=int(figure(fields.get("context"))),
            pace=figure(fields.get("pace")),
        )

    def keep(self, key: str, note: Note) -> None:
        """Keep a note, and the newest of the others. A full disk is no trouble: it is found out again."""
        try:
            with local.Lock(f"{self._path}.lock"):
                notes = {**self._read(), key: {**asdict(note), "at": _now()}}
                newest = sorted(notes, key=lambda one: figure(notes[one].get("at")))[-MOST:]
                kept = {"v": VERSION, "servers": {one: notes[one] for one in newest}}
                local.write_whole(self._path, json.dumps(kept, indent=1).encode() + b"\n")
        except (OSError, UnicodeEncodeError):
            return

    def _read(self) -> dict[str, dict[str, Any]]:
        fields = json_file.read_object(self._path)
        if fields.get("v") != VERSION:
            return {}
        servers = fields.get("servers")
        found = servers.items() if isinstance(servers, dict) else ()
        return {key: note for key, note in found if isinstance(note, dict)}


def _now() -> int:
    return calendar.timegm(time.gmtime())
