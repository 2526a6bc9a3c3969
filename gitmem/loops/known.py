"""A flag by its id or the beginning of it, wherever it is: queued, archived, recorded, in review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.core.flag import ID_ALPHABET, ID_LENGTH
from gitmem.loops import every_flag as history
from gitmem.records import target
from gitmem.safety.secrets import redacted

if TYPE_CHECKING:
    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository

_HINT = "gitmem loops lists the ids"


def flag(repo: Repository, prefix: str) -> Flag:
    """The one flag whose id starts with ``prefix``.

    Raises Refused when there is none or more than one, and what a snapshot raises.
    """
    wanted = prefix.strip().lower()
    if not wanted or len(wanted) > ID_LENGTH or wanted.strip(ID_ALPHABET):
        raise Refused(f"{redacted(prefix)[:20]!r} is no flag id", hint=_HINT)
    entries = history.take(repo, target.configured_name(repo)).entries
    found = [entry.flag for entry in entries if entry.flag.id.startswith(wanted)]
    if len(found) > 1:
        raise Refused(
            f"{wanted} stands for {len(found)} flags", hint="give more characters of the id"
        )
    if not found:
        raise Refused(f"no flag has the id {wanted}", hint=_HINT)
    return found[0]
