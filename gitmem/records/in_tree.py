"""Drain records in a tree: which flags they account for, and their lines (standard library only)."""

from __future__ import annotations

from gitmem.core.bounds import RECORD, RECORDS, ROWS
from gitmem.core.flag import BadLine, is_id, parse
from gitmem.core.jsonline import loads
from gitmem.git import objects, refs
from gitmem.git.process import ANY
from gitmem.git.repository import is_oid
from gitmem.queue.lines import same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from gitmem.git.repository import Repository

FOLDER = ".gitmem/drains/"
_ID_FIRST = b'{"id":"'
_ID_END = len(_ID_FIRST) + 12
_PART = 256  # records asked for at once


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

    ``texts``: without those of which the records hold another line. Raises `gitmem.git.objects.Unreadable`. A line no reader understands accounts for nothing.
    """
    return _ids(repo, at(repo, commit), texts)


def proposed(
    repo: Repository, tip: str, targets: Collection[str], texts: Texts | None = None
) -> frozenset[str]:
    """Ids of the records that ``tip`` proposes to the targets (commits); as `ids`."""
    return _ids(repo, unlanded(repo, tip, targets), texts)


def _ids(repo: Repository, files: Mapping[str, str], texts: Texts | None) -> frozenset[str]:
    found: set[str] = set()
    read(repo, files, lambda _, content: found.update(ids_in([content], texts)))
    return frozenset(found)


def unlanded(repo: Repository, tip: str, targets: Collection[str]) -> dict[str, str]:
    """The records at ``tip`` that none of the targets (commits) has, or has once had: path to object.

    A record that was on a target and is not any more was reverted: the commit that proposed it
    proposes nothing now, however it had landed. Raises `gitmem.git.objects.Unreadable`.
    """
    if any(refs.contains(repo, has, tip) for has in targets):
        return {}
    found = at(repo, tip)
    for has in targets:
        for path in at(repo, has):
            found.pop(path, None)
    if found and targets:
        for path in touched(repo, targets, tip):
            found.pop(path, None)
    return found


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
    files = at(repo, commit)
    found: dict[str, frozenset[str]] = {}

    def note(path: str, content: bytes) -> None:
        found[files[path]] = ids_in([content], texts)

    read(repo, files, note)
    return found


def taken_back(repo: Repository, tip: str) -> frozenset[str]:
    """Ids of the records that once were in the history of a commit, and are not in its tree."""
    done = repo.git(
        "log", "--full-history", "-m", "--format=", "--raw", "--no-abbrev", "--no-renames",
        "--diff-filter=D", "--no-show-signature", "-z", tip, "--", FOLDER, ok=ANY,
    )  # fmt: skip
    rows = [row.split(b" ") for row in done.out.split(b"\0") if row.startswith(b":")]
    oids = dict.fromkeys(row[2].decode("ascii") for row in rows)
    return _ids(repo, {oid: oid for oid in oids}, None)


def at(repo: Repository, commit: str) -> dict[str, str]:
    """All records in a tree (empty: of no commit), path to object name; needs no content.

    Right in their folder only: what is nested deeper is none.
    """
    found = objects.beside(repo, commit, FOLDER, sized=False) if commit else []
    return {entry.path: entry.oid for entry in found if entry.mode == "100644"}


def read(repo: Repository, files: Mapping[str, str], hears: Callable[[str, bytes], None]) -> None:
    """Hands over path and content of the named records, one at a time.

    Raises Unreadable, and TooLarge, with the path, for more than honest use makes in decades: then
    it cannot be told what is drained.
    """
    paths = iter(files)
    path = ""

    def take(content: bytes) -> None:
        nonlocal path
        hears(path, content)
        path = next(paths, "")

    path = next(paths, "")
    try:
        objects.each(repo, list(files.values()), take, most=RECORDS, largest=RECORD)
    except objects.TooLarge as error:
        raise objects.TooLarge(f"the drain record {path}", error.size) from error


def texts(repo: Repository, files: Mapping[str, str]) -> dict[str, str]:
    """Path to text of the named records. Raises as `read`, and TooLarge for more than one reads whole."""
    found: dict[str, str] = {}
    left = ROWS

    def note(path: str, content: bytes) -> None:
        nonlocal left
        left -= len(content)
        if left < 0:
            raise objects.TooLarge(f"what the drain records say up to {path}", ROWS - left)
        found[path] = content.decode("utf-8", "replace")

    read(repo, files, note)
    return found


def newest(repo: Repository, commit: str) -> dict[str, str]:
    """Path to text of the records in a tree (empty: of no commit), as `texts` reads them.

    Where they are too many the oldest are left out, which the repository notes (`left_out`). For who
    wants to know what became of a flag, not for who decides what is drained.
    """
    files = at(repo, commit)
    found: dict[str, str] = {}
    names = sorted(files, reverse=True)  # a record's name begins with its time
    size = 0

    def note(content: bytes) -> None:
        nonlocal size
        size += len(content)
        found[names[len(found)]] = content.decode("utf-8", "replace")

    for start in range(0, len(names), _PART):
        oids = [files[path] for path in names[start : start + _PART]]
        try:
            objects.each(repo, oids, note, most=ROWS - size)
        except objects.TooLarge:
            older = len(names) - len(found)
            repo.left_out[f"{older} of {len(names)} drain records are too old to be looked at"] = (
                None
            )
            break
    return {path: found[path] for path in sorted(found)}


def touched(repo: Repository, targets: Collection[str], tip: str) -> set[str]:
    """Paths of the records that commits of the targets, and not of ``tip``, added or removed.

    Where history is cut off, what is in the oldest tree counts as added by it.
    """
    asked = ("touched", tip, *sorted(targets))
    known: frozenset[str] | None = objects.cache_of(repo).get(asked)
    if known is not None:
        return set(known)
    done = repo.git(
        "log", "--full-history", "--format=", "--name-only", "--no-renames", "--no-show-signature",
        "-z", *targets, "^" + tip, "--", FOLDER, ok=ANY,
    )  # fmt: skip
    # In a shallow or damaged clone history may end early: then nothing is known to be taken back.
    found = set(done.text.split("\0"))
    if not done.code and all(map(is_oid, asked[1:])):
        objects.cache_of(repo).keep(asked, frozenset(found), len(done.out) * 2)
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
