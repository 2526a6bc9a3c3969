"""The batches that this clone has sent and not used yet, in a folder of their own that a CI can cache (docs/data-model.md).

One small JSON file, which may be lost: then the questions are asked again, and paid for again.
"""

from __future__ import annotations

import calendar
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.jsonline import figure
from gitmem.git import local
from gitmem.models import json_file

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

VERSION = 1
AGE = 28 * 24 * 3600  # seconds; the vendor keeps results for 29 days
MOST = 32  # batches
FOLDER = "batches"
_FILE = "sent.json"
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBatch:
    """A batch: its id, host and model, when it was sent (seconds since the epoch), its questions' keys, their flags."""

    id: str
    host: str
    model: str
    at: int
    questions: tuple[str, ...]
    flags: tuple[str, ...]


def is_batch_id(text: object) -> bool:
    """Tell whether a text can be a batch's id; it becomes part of an address."""
    return isinstance(text, str) and bool(_ID.fullmatch(text))


class SentBatches:
    """The batches kept in ``folder``, gitmem's own folder of a clone. The caller of `keep` and `drop` has the lock."""

    def __init__(self, folder: str) -> None:
        self._parent = folder
        self._folder = f"{folder}/{FOLDER}"

    def lock(self) -> local.Lock:
        """Return the lock that one close holds from its look at the batches until it has used them."""
        local.make_folder(self._parent)
        local.make_folder(self._folder)
        return local.Lock(f"{self._folder}/lock")

    def of(self, host: str, model: str) -> tuple[SentBatch, ...]:
        """Return the batches of a host and model whose results may be there, oldest first."""
        return tuple(one for one in self._read() if (one.host, one.model) == (host, model))

    def asking(self, flags: Collection[str]) -> tuple[SentBatch, ...]:
        """Return the batches of any host and model that ask about one of these flags, oldest first."""
        return tuple(one for one in self._read() if not {*one.flags}.isdisjoint(flags))

    def keep(self, batch: SentBatch) -> None:
        """Keep a batch for the next close; raises OSError where that cannot be."""
        self._write([*self._read(), batch][-MOST:])

    def drop(self, *ids: str) -> None:
        """Forget batches that are used, or that no close can use.

        The file stays, also without a batch: a CI's cache that is not written again brings the old one back.
        """
        before = self._read()
        after = [one for one in before if one.id not in ids]
        if after != before:
            self._write(after)

    def _write(self, batches: Sequence[SentBatch]) -> None:
        rows = [
            {
                "id": one.id,
                "host": one.host,
                "model": one.model,
                "at": one.at,
                "questions": [*one.questions],
                "flags": [*one.flags],
            }
            for one in batches
        ]
        whole = json.dumps({"v": VERSION, "batches": rows}, indent=1)
        local.write_whole(f"{self._folder}/{_FILE}", whole.encode() + b"\n", durable=True)

    def _read(self) -> list[SentBatch]:
        fields = json_file.read_object(f"{self._folder}/{_FILE}")
        if fields.get("v") != VERSION:
            return []
        rows = fields.get("batches")
        batches = (
            [_batch(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        )
        since = now() - AGE
        return [one for one in batches if one is not None and one.at >= since]


def _batch(row: dict[str, object]) -> SentBatch | None:
    name, host, model = row.get("id"), row.get("host"), row.get("model")
    if not (is_batch_id(name) and isinstance(host, str) and isinstance(model, str)):
        return None
    return SentBatch(
        id=str(name),
        host=host,
        model=model,
        at=int(figure(row.get("at"))),
        questions=_texts(row.get("questions")),
        flags=_texts(row.get("flags")),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def now() -> int:
    """Return the seconds since the epoch."""
    return calendar.timegm(time.gmtime())
