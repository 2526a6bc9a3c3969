"""Drain records in a tree: which flags they account for, and their lines (standard library only)."""

from __future__ import annotations

from gitmem.domain.flag import BadLine, is_id, parse
from gitmem.domain.jsonline import loads
from gitmem.domain.queue import same
from gitmem.store import objects, refs
from gitmem.store.process import ANY
from gitmem.store.repository import is_oid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from gitmem.store.repository import Repository

FOLDER = ".gitmem/drains/"
_ID_FIRST = b'{"id":"'
_ID_END = len(_ID_FIRST) + 12


class Texts:
    """Lines that are known by id, to compare records with; ``other`` is what records have instead.

    A record accounts for the line it holds: for an id with another line it accounts for nothing.
    """

    __slots__ = ("lines", "other")

    def __init__(self, lines: Mapping[str, str]) -> None:
        self.lines = lines
        self.other: dict[str, str] = {}

    def holds(self, flag_id: str, record: bytes) -> bool:
        """Whether a record's line is about the line that is known; True where none is."""
        known = self.lines.get(flag_id)
        if known is None:
            return True
        line = _flag(record)
        if not line or same(known, line):
            return True
        self.other[flag_id] = line
        return False


def ids(repo: Repository, commit: str, texts: Texts | None = None) -> frozenset[str]:
    """Ids of all flags that a drain record in the tree of ``commit`` accounts for.

    ``texts``: without those of which the records hold another line. Raises `gitmem.store.objects.Unreadable`. A line no reader understands accounts for nothing.
    """
    if not commit:
        return frozenset()
    return ids_in(objects.files(repo, commit, FOLDER).values(), texts)


def proposed(
    repo: Repository, tip: str, targets: Collection[str], texts: Texts | None = None
) -> frozenset[str]:
    """Ids of the records that ``tip`` proposes to the targets (commits); as `ids`."""
    return ids_in(unlanded(repo, tip, targets).values(), texts)


def unlanded(repo: Repository, tip: str, targets: Collection[str]) -> dict[str, bytes]:
    """The records at ``tip`` that none of the targets (commits) has, or has once had, by path.

    A record that was on a target and is not any more was reverted: the commit that proposed it
    proposes nothing now, however it had landed. Raises `gitmem.store.objects.Unreadable`.
    """
    if any(refs.contains(repo, has, tip) for has in targets):
        return {}
    found = {entry.path: entry for entry in objects.entries(repo, tip, FOLDER)}
    for has in targets:
        for entry in objects.entries(repo, has, FOLDER):
            found.pop(entry.path, None)
    if found and targets:
        for path in touched(repo, targets, tip):
            found.pop(path, None)
    new = [entry for entry in found.values() if entry.mode == "100644"]
    contents = objects.blobs(repo, [entry.oid for entry in new])
    return {entry.path: content for entry, content in zip(new, contents, strict=True)}


def ids_in(contents: Iterable[bytes], texts: Texts | None = None) -> frozenset[str]:
    """The same of the contents of records."""
    if texts is None or not texts.lines:
        found = {_id(line) for content in contents for line in content.splitlines()}
    else:
        rows = (line for content in contents for line in content.splitlines())
        found = {flag_id for line in rows if texts.holds(flag_id := _id(line), line)}
    return frozenset(found - {""})


def by_object(
    repo: Repository, commit: str, texts: Texts | None = None
) -> dict[str, frozenset[str]]:
    """The records in the tree of a commit: object name to the ids in it."""
    oids = list(at(repo, commit).values())
    contents = objects.blobs(repo, oids)
    return {oid: ids_in([content], texts) for oid, content in zip(oids, contents, strict=True)}


def taken_back(repo: Repository, tip: str) -> frozenset[str]:
    """Ids of the records that once were in the history of a commit, and are not in its tree."""
    done = repo.git(
        "log", "--full-history", "-m", "--format=", "--raw", "--no-abbrev", "--no-renames",
        "--diff-filter=D", "--no-show-signature", "-z", tip, "--", FOLDER, ok=ANY,
    )  # fmt: skip
    rows = [row.split(b" ") for row in done.out.split(b"\0") if row.startswith(b":")]
    oids = dict.fromkeys(row[2].decode("ascii") for row in rows)
    return ids_in(objects.blobs(repo, list(oids)))


def at(repo: Repository, commit: str) -> dict[str, str]:
    """All records in a tree, path to object name; needs no content."""
    found = objects.entries(repo, commit, FOLDER) if commit else []
    return {entry.path: entry.oid for entry in found if entry.mode == "100644"}


def touched(repo: Repository, targets: Collection[str], tip: str) -> set[str]:
    """Paths of the records that commits of the targets, and not of ``tip``, added or removed.

    Where history is cut off, what is in the oldest tree counts as added by it.
    """
    asked = ("touched", tip, *sorted(targets))
    known: frozenset[str] | None = repo.cache.get(asked)
    if known is not None:
        return set(known)
    done = repo.git(
        "log", "--full-history", "--format=", "--name-only", "--no-renames", "--no-show-signature",
        "-z", *targets, "^" + tip, "--", FOLDER, ok=ANY,
    )  # fmt: skip
    # In a shallow or damaged clone history may end early: then nothing is known to be taken back.
    found = set(done.text.split("\0"))
    if not done.code and all(map(is_oid, asked[1:])):
        repo.cache.keep(asked, frozenset(found), len(done.out) * 2)
    return found


def _flag(record: bytes) -> str:
    """The flag's line within a record's line; empty where it cannot be told."""
    _, mark, rest = record.rstrip().partition(b'"flag":')
    try:
        line = rest[:-1].decode()
        parse(line)
    except (BadLine, UnicodeDecodeError):
        return ""
    return line if mark else ""


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
