"""The shared settings without YAML: the values of the last text, kept in gitmem's folder beside the text.

Reading the file as YAML costs as much as the rest of `gitmem log`. What is kept are plain values, and they are
judged each time; the text in the work tree decides whether they count.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gitmem.bootstrap import settings
from gitmem.core.jsonline import dumps, loads
from gitmem.git import local
from gitmem.git.repository import SETTINGS_LONGEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.bootstrap.settings import SharedSettings

_NAME = "settings.json"
_FORM = 1  # what `gitmem.bootstrap.settings.parsed` accepts; a change of it takes the next number
_LARGEST = 8 * SETTINGS_LONGEST  # bytes; JSON may write a character as six
_PLAIN = (str, int, bool, type(None))


def read(folder: str, text: str) -> SharedSettings:
    """Return the settings in a text, as `gitmem.bootstrap.settings.read_shared` does, and keep its values in ``folder``.

    ``folder`` is gitmem's own; where it is not there, or cannot be written, nothing is kept.
    """
    if not text:
        return settings.read_shared(None)
    path = f"{folder}/{_NAME}"
    values = _kept(path, text)
    if values is not None:
        return settings.judged(values)
    values = settings.parsed(text)
    judged = settings.judged(values)
    if _is_plain(values):
        kept = dumps({"form": _FORM, "text": text, "values": values}) + "\n"
        with suppress(OSError):
            local.write_whole(path, kept.encode())
    return judged


def _kept(path: str, text: str) -> Mapping[object, object] | None:
    """Return the values of this text; None where they are not kept."""
    content = local.read_plain(path, _LARGEST)
    try:
        kept = loads(content.decode())
    except ValueError:
        return None
    if not isinstance(kept, dict) or (kept.get("form"), kept.get("text")) != (_FORM, text):
        return None
    values = kept.get("values")
    return values if isinstance(values, dict) else None


def _is_plain(values: object) -> bool:
    """Return whether JSON gives back what these values are."""
    if isinstance(values, dict):
        return all(type(key) is str and _is_plain(one) for key, one in values.items())
    return type(values) in _PLAIN
