"""The one flag that the beginning of an id stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.errors import Usage
from gitmem.core.flag import ID_ALPHABET, ID_LENGTH
from gitmem.safety.secrets import redacted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitmem.core.flag import Flag


def find(flags: Iterable[Flag], prefix: str, *, what: str = "queued flag") -> Flag:
    """The one flag whose id starts with ``prefix``; raises Usage, ``what`` says of which flags."""
    given, prefix = prefix, prefix.lower()
    if not prefix or len(prefix) > ID_LENGTH or prefix.strip(ID_ALPHABET):
        raise Usage(f"{redacted(given)[:20]!r} is no flag id", hint="gitmem log lists the ids")
    found = [flag for flag in flags if flag.id.startswith(prefix)]
    if len(found) > 1:
        raise Usage(
            f"{prefix} stands for {len(found)} flags", hint="give more characters of the id"
        )
    if not found:
        raise Usage(f"no {what} has the id {prefix}", hint="gitmem log lists the queued ones")
    return found[0]
