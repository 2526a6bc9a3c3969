"""The files of the drain records in a commit's tree: which flags they account for, and their text."""

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
_BESIDE = 1000  # folders beside the records that a command line names; gitmem makes none
_FOLDER_MODE = "040000"


class Texts:
    """Known lines by flag id, to compare records with; ``other`` holds the lines that records have instead.

    A record accounts for the line it holds. For an id with another line it accounts for nothing.
    """

    __slots__ = ("lines", "other")

    def __init__(self, lines: Mapping[str, str]) -> None:
        self.lines = lines
        self.other: dict[str, str] = {}

    def holds(self, flag_id: str, record: bytes) -> bool:
        """Whether a record's line is about the known line of this flag; True when none is known."""
        known = self.lines.get(flag_id)
        if known is None:
            return True
        line = _flag(record)
        if not line or same(known, line):
            return True
        self.other[flag_id] = line
        return False


def ids(repo: Repository, commit: str, texts: Texts | None = None) -> frozenset[str]:
    """Return the ids of all flags that drain records in the tree of ``commit`` account for.

    With ``texts``: without the flags whose record holds another line. A line that cannot be parsed
    accounts for nothing. Raises `gitmem.git.objects.Unreadable`.
    """
    return _ids(repo, at(repo, commit), texts)


def proposed(
    repo: Repository, tip: str, targets: Collection[str], texts: Texts | None = None
) -> frozenset[str]:
    """Return the ids in the records that ``tip`` proposes to the targets (commits), as `ids` does."""
    return _ids(repo, unlanded(repo, tip, targets), texts)


def _ids(repo: Repository, files: Mapping[str, str], texts: Texts | None) -> frozenset[str]:
    flag_ids: set[str] = set()
    read_each(repo, files, lambda _, content: flag_ids.update(ids_in([content], texts)))
    return frozenset(flag_ids)


def unlanded(repo: Repository, tip: str, targets: Collection[str]) -> dict[str, str]:
    """Return the records at ``tip``, path to object, that no target (commit) has or ever had.

    A record that a target once had was reverted: the commit that proposed it proposes nothing now,
    however it landed. Raises `gitmem.git.objects.Unreadable`.
    """
    if any(refs.contains(repo, has, tip) for has in targets):
        return {}
    records = at(repo, tip)
    for has in targets:
        for path in at(repo, has):
            records.pop(path, None)
    if records and targets:
        for path in touched(repo, targets, tip):
            records.pop(path, None)
    return records


def ids_in(contents: Iterable[bytes], texts: Texts | None = None) -> frozenset[str]:
    """Return the ids in the contents of records, as `ids` does."""
    if texts is None or not texts.lines:
        flag_ids = {_id(line) for content in contents for line in content.splitlines()}
    else:
        rows = (line for content in contents for line in content.splitlines())
        flag_ids = {flag_id for line in rows if texts.holds(flag_id := _id(line), line)}
    return frozenset(flag_ids - {""})


def by_object(
    repo: Repository, commit: str, texts: Texts | None = None
) -> dict[str, frozenset[str]]:
    """Return the records in the tree of a commit: object name to the ids in it."""
    files = at(repo, commit)
    ids_by_object: dict[str, frozenset[str]] = {}

    def note(path: str, content: bytes) -> None:
        ids_by_object[files[path]] = ids_in([content], texts)

    read_each(repo, files, note)
    return ids_by_object


def taken_back(repo: Repository, tip: str) -> frozenset[str]:
    """Return the ids in records that a commit's history once had and its tree does not."""
    done = repo.git(
        "log", "--full-history", "-m", "--format=", "--raw", "--no-abbrev", "--no-renames",
        "--diff-filter=D", "--no-show-signature", "-z", tip, "--", *pathspecs(repo, tip), ok=ANY,
    )  # fmt: skip
    rows = [row.split(b" ") for row in done.out.split(b"\0") if row.startswith(b":")]
    oids = dict.fromkeys(row[2].decode("ascii") for row in rows)
    return _ids(repo, {oid: oid for oid in oids}, None)


def pathspecs(repo: Repository, *commits: str) -> list[str]:
    """Return git's pathspecs of the records, without the folders that lie beside them at these commits.

    git compares trees to their end before it says a word, and ten folders nested ten deep are 10,000
    million paths. Raises TooLarge for more than `_BESIDE` folders, and Unreadable.
    """
    beside = {
        entry.path
        for commit in commits
        if commit
        for entry in objects.folder_entries(repo, commit, FOLDER, sized=False)
        if entry.mode == _FOLDER_MODE
    }
    if len(beside) > _BESIDE:
        raise objects.TooLarge(f"{FOLDER}, with {len(beside)} folders beside the records,", 0)
    return [FOLDER, *[f":(exclude,top,literal){path}" for path in sorted(beside)]]


def at(repo: Repository, commit: str) -> dict[str, str]:
    """Return all records in a commit's tree (empty: no commit), path to object name; reads no content.

    Only files directly in the folder are records.
    """
    entries = objects.folder_entries(repo, commit, FOLDER, sized=False) if commit else []
    return {entry.path: entry.oid for entry in entries if entry.mode == "100644"}


def read_each(
    repo: Repository, files: Mapping[str, str], take: Callable[[str, bytes], None]
) -> None:
    """Call ``take`` with path and content of each of these records (path to object), one at a time.

    Raises Unreadable, and TooLarge with the path for more than honest use makes in decades: then
    what is drained cannot be known.
    """
    paths = iter(files)
    path = ""

    def note(content: bytes) -> None:
        nonlocal path
        take(path, content)
        path = next(paths, "")

    path = next(paths, "")
    try:
        objects.read_each(repo, list(files.values()), note, most=RECORDS, largest=RECORD)
    except objects.TooLarge as error:
        raise objects.TooLarge(f"the drain record {path}", error.size) from error


def texts(repo: Repository, files: Mapping[str, str]) -> dict[str, str]:
    """Return path to text of these records. Raises as `read_each`, and TooLarge beyond `ROWS` bytes."""
    text_by_path: dict[str, str] = {}
    left = ROWS

    def note(path: str, content: bytes) -> None:
        nonlocal left
        left -= len(content)
        if left < 0:
            raise objects.TooLarge(f"what the drain records say up to {path}", ROWS - left)
        text_by_path[path] = content.decode("utf-8", "replace")

    read_each(repo, files, note)
    return text_by_path


def newest_texts(repo: Repository, commit: str) -> dict[str, str]:
    """Return path to text of the newest records in a commit's tree (empty: no commit), up to `ROWS` bytes.

    The oldest are left out when there are too many, and the repository notes that (`left_out`). This
    answers what became of a flag; it does not decide what is drained.
    """
    files = at(repo, commit)
    text_by_path: dict[str, str] = {}
    names = sorted(files, reverse=True)  # a record's name begins with its time
    size = 0

    def note(content: bytes) -> None:
        nonlocal size
        size += len(content)
        text_by_path[names[len(text_by_path)]] = content.decode("utf-8", "replace")

    for start in range(0, len(names), _PART):
        oids = [files[path] for path in names[start : start + _PART]]
        try:
            objects.read_each(repo, oids, note, most=ROWS - size)
        except objects.TooLarge:
            older = len(names) - len(text_by_path)
            repo.left_out[f"{older} of {len(names)} drain records are too old to be looked at"] = (
                None
            )
            break
    return {path: text_by_path[path] for path in sorted(text_by_path)}


def touched(repo: Repository, targets: Collection[str], tip: str) -> set[str]:
    """Return the paths of records that commits of the targets, and not of ``tip``, added or removed.

    Where history is cut off, everything in the oldest tree counts as added there.
    """
    key = ("touched", tip, *sorted(targets))
    known: frozenset[str] | None = objects.cache_of(repo).get(key)
    if known is not None:
        return set(known)
    done = repo.git(
        "log", "--full-history", "--format=", "--name-only", "--no-renames", "--no-show-signature",
        "-z", *targets, "^" + tip, "--", *pathspecs(repo, tip, *targets), ok=ANY,
    )  # fmt: skip
    # In a shallow or damaged clone history may end early; then no record is known to be taken back.
    paths = set(done.text.split("\0"))
    if not done.code and all(map(is_oid, key[1:])):
        objects.cache_of(repo).keep(key, frozenset(paths), len(done.out) * 2)
    return paths


def _flag(record: bytes) -> str:
    """Return the flag's line within a record's line; empty when it cannot be parsed."""
    _, mark, rest = record.rstrip().partition(b'"flag":')
    try:
        line = rest[:-1].decode()
        parse(line)
    except (BadLine, UnicodeDecodeError):
        return ""
    return line if mark else ""


def _id(line: bytes) -> str:
    """Return the id of a record line. Writers put it first, so usually nothing is parsed."""
    if line.startswith(_ID_FIRST) and line[_ID_END : _ID_END + 1] == b'"':
        flag_id = line[len(_ID_FIRST) : _ID_END].decode("ascii", "replace")
        return flag_id if is_id(flag_id) and line.rstrip().endswith(b"}") else ""
    try:
        value = loads(line.decode())
    except (ValueError, UnicodeDecodeError):
        return ""
    named = value.get("id") if isinstance(value, dict) else None
    return str(named) if is_id(named) else ""
