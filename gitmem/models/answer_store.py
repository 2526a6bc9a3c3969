"""Answers of models, kept in this clone so that no question is asked twice (docs/data-model.md).

One small JSON file for each answer, named by the question's key. Every file may be lost: then the
question is asked again.
"""

from __future__ import annotations

import calendar
import json
import os
import time
from typing import TYPE_CHECKING

from gitmem.git import local
from gitmem.models import json_file
from gitmem.models.reply import Reply, Stop
from gitmem.models.usage import NOTHING, Usage

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

VERSION = 1
AGE = 7 * 24 * 3600  # seconds that an answer is kept at most
MOST = 1024  # answers; 10,000 flags are some 313
SIZE = 256 * 1024  # bytes of one answer; no model's answer is larger
_ENDING = ".json"


class AnswerStore:
    """The answers kept in ``folder``, gitmem's own folder of a clone."""

    def __init__(self, folder: str) -> None:
        self._parent = folder
        self._folder = folder + "/answers"

    def find(self, key: str) -> Reply | None:
        """Return the answer under a key, as a reply that cost nothing; None when there is none."""
        fields = self._read(key + _ENDING)
        data = fields.get("data")
        if fields.get("v") != VERSION or not isinstance(data, dict):
            return None
        answered = fields.get("model")
        return Reply(
            data=data,
            stop=Stop.END,
            usage=NOTHING,
            seconds=0.0,
            answered=answered if isinstance(answered, str) else "",
        )

    def keep(self, key: str, flags: Sequence[str], reply: Reply) -> None:
        """Keep an answer about these flags (ids), whole or not at all. May be called from any thread."""
        fields = {"v": VERSION, "flags": [*flags], "model": reply.answered, "data": reply.data}
        try:
            content = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
            if len(content) > SIZE:
                return
            local.make_folder(self._parent)
            local.make_folder(self._folder)
            with self._lock():
                local.write_whole(f"{self._folder}/{key}{_ENDING}", content)
        except (OSError, UnicodeEncodeError):
            # A full disk, or half a surrogate pair, must not cost the answer that is at hand.
            return

    def spent(self, _key: str) -> Usage:
        """Return what an answer has cost that could not be used: none is kept."""
        return NOTHING

    def forget(self, flags: Collection[str]) -> None:
        """Remove answers about these flags only, those older than AGE, and the oldest beyond MOST."""
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return
        with self._lock():
            kept = []
            for name in names:
                ids = self._read(name).get("flags") if name.endswith(_ENDING) else None
                if isinstance(ids, list) and not set(map(str, ids)).issubset(flags):
                    kept.append((self._changed(name), name))
                elif name != "lock":
                    local.forget(f"{self._folder}/{name}")
            youngest = sorted(kept, reverse=True)
            since = calendar.timegm(time.gmtime()) - AGE
            for place, (changed, name) in enumerate(youngest):
                if changed < since or place >= MOST:
                    local.forget(f"{self._folder}/{name}")

    def _lock(self) -> local.Lock:
        return local.Lock(f"{self._folder}/lock")

    def _changed(self, name: str) -> float:
        try:
            return os.stat(f"{self._folder}/{name}").st_mtime
        except FileNotFoundError:
            return 0.0

    def _read(self, name: str) -> dict[str, object]:
        return json_file.read_object(f"{self._folder}/{name}")
