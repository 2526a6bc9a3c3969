"""Drain records in a tree: which flags they account for, and their lines (standard library only)."""

from __future__ import annotations

from gitmem.domain.flag import is_id
from gitmem.domain.jsonline import loads
from gitmem.store import objects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.store.repository import Repository

FOLDER = ".gitmem/drains/"
_ID_FIRST = b'{"id":"'
_ID_END = len(_ID_FIRST) + 12


def ids(repo: Repository, commit: str) -> frozenset[str]:
    """Ids of all flags that a drain record in the tree of ``commit`` accounts for.

    Raises `gitmem.store.objects.Unreadable`. A line no reader understands accounts for nothing.
    """
    if not commit:
        return frozenset()
    found: set[str] = set()
    for content in objects.files(repo, commit, FOLDER).values():
        for line in content.splitlines():
            flag_id = _id(line)
            if flag_id:
                found.add(flag_id)
    return frozenset(found)


def _id(line: bytes) -> str:
    """The id of a record line; writers put it first, so usually nothing is parsed."""
    if line.startswith(_ID_FIRST) and line[_ID_END : _ID_END + 1] == b'"':
        flag_id = line[len(_ID_FIRST) : _ID_END].decode("ascii", "replace")
        return flag_id if is_id(flag_id) and line.rstrip().endswith(b"}") else ""
    try:
        value = loads(line.decode())
    except (ValueError, UnicodeDecodeError):
        return ""
    named = value.get("id") if isinstance(value, dict) else None
    return str(named) if is_id(named) else ""
