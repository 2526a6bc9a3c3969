"""The history of a commit: who changed what and when, what landed, which lines went, whom a line comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from gitmem.core.bounds import GROUND_FILE
from gitmem.core.failures import NeedsPerson
from gitmem.git import local
from gitmem.git.process import ANY, TooMuch
from gitmem.records import record_files
from gitmem.trace.filings import Filings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from gitmem.git.repository import Repository


_HEAD = re.compile(rb"([0-9a-f]{40,64}) (\d+) (\d+)(?: \d+)?$")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_LETTERS = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"b": b"\b", b"a": b"\a", b"f": b"\f"}

_FORMAT = (
    "%H%x00%P%x00%T%x00%an <%ae>%x00%ad%x00%s%x00%(trailers:key=Gitmem-Tree,valueonly,separator=)"
)
LONGEST = GROUND_FILE  # bytes of a file whose lines are told apart
#: Options of `git log`: times in UTC (with TZ=UTC), as a flag has them; no setting changes the output.
DATE = "--date=format-local:%Y-%m-%dT%H:%M:%SZ"
PLAIN = ("--no-show-signature", "--encoding=UTF-8", "--no-notes", "--no-decorate", "--no-mailmap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit: its author, when it was written (UTC), its first line.

    ``records`` are the drain records it adds. ``untouched``: gitmem made its tree, and no one amended
    the commit.
    """

    oid: str
    parents: tuple[str, ...]
    author: str
    at: str
    subject: str
    records: tuple[str, ...] = ()
    untouched: bool = False


def commits(repo: Repository, tip: str, oids: Collection[str]) -> dict[str, Commit]:
    """Return the named commits in the history of ``tip`` that are here, by name."""
    if not oids:
        return {}
    request = "".join(f"{oid}\n" for oid in oids).encode()
    shown = repo.git(
        "log", "--stdin", "--no-walk=unsorted", "-z", *PLAIN, DATE, f"--format=tformat:{_FORMAT}",
        stdin=request, env={"TZ": "UTC"},
    ).out.decode("utf-8", "surrogateescape")  # fmt: skip
    fields = shown.split("\0")
    brought = _records(repo, tip, request)
    found = {}
    for at in range(0, len(fields) - 6, 7):
        oid, parents, tree, author, date, subject, made = fields[at : at + 7]
        found[oid] = Commit(
            oid=oid, parents=tuple(parents.split()), author=author, at=date, subject=subject,
            records=tuple(brought.get(oid, [])), untouched=bool(tree) and made.strip() == tree,
        )  # fmt: skip
    return found


def _records(repo: Repository, tip: str, request: bytes) -> dict[str, list[str]]:
    """Return commit to the records it adds; a merge is compared with its first parent."""
    said = repo.git(
        "diff-tree", "--stdin", "-r", "--root", "--name-only", "--diff-filter=A", "--no-renames",
        "--diff-merges=first-parent", "--", *record_files.pathspecs(repo, tip), stdin=request,
    ).text  # fmt: skip
    found: dict[str, list[str]] = {}
    oid = ""
    for row in said.splitlines():
        if row.startswith(record_files.FOLDER):
            found.setdefault(oid, []).append(row)
        else:
            oid = row
    return found


def landings(repo: Repository, commit: str, paths: Collection[str]) -> dict[str, str]:
    """Return record to the latest commit of a history that added it, for those of ``paths`` that one did."""
    if not paths:
        return {}
    said = repo.git(
        "log", *PLAIN, "--name-only", "--diff-filter=A", "--no-renames", "--format=%x00%H",
        commit, "--", *record_files.pathspecs(repo, commit),
    ).text  # fmt: skip
    found: dict[str, str] = {}
    for part in said.split("\0")[1:]:
        oid, _, names = part.partition("\n")
        for name in names.split("\n"):
            if name in paths:
                found.setdefault(name, oid.strip())
    return found


def removals(
    repo: Repository,
    commit: str,
    paths: Sequence[str],
    *,
    merges: bool = False,
    patterns: bool = False,
) -> Iterator[tuple[str, str, str]]:
    """Yield every line that a commit took out of one of the files: commit, path, line; the latest first.

    With ``merges`` also lines that a merge left out and one of its parents has. With ``patterns`` the
    paths are git's pathspecs instead of file names.
    """
    how = ["-m", "--full-history"] if merges else []
    out = repo.git(
        "log", *PLAIN, *how, "-p", "-U0", "--no-renames", "--no-color", "--no-ext-diff",
        "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/", "--format=%x00%H", commit, "--",
        *paths, env={} if patterns else {"GIT_LITERAL_PATHSPECS": "1"},
    ).out.decode("utf-8", "surrogateescape")  # fmt: skip
    for part in out.split("\0")[1:]:
        oid, _, patch = part.partition("\n")
        path, inside = "", False
        for row in patch.split("\n"):
            if row.startswith("diff --git "):
                inside = False
            elif row.startswith("@@ "):
                inside = True
            elif not inside and row.startswith("--- "):
                path = row.removeprefix("--- ").removeprefix("a/").rstrip("\t")
            elif inside and row.startswith("-"):
                yield oid, path, row[1:]


def deletions(repo: Repository, commits: Sequence[str], names: Collection[str]) -> dict[str, str]:
    """Return name to the latest commit that deleted a file of that path, or of a path with that end.

    A name may also be that of a folder. Names that never existed are left out.
    """
    if not names or not commits:
        return {}
    specs = [f":(top,glob){head}{name}" for name in sorted(names) for head in ("", "**/")]
    specs += [spec + "/**" for spec in specs]
    said = repo.git(
        "log", *PLAIN, "-z", "--name-only", "--diff-filter=D", "--no-renames", "--format=%x00%H",
        *commits, "--", *specs,
    ).out.decode("utf-8", "surrogateescape")  # fmt: skip
    found: dict[str, str] = {}
    oid = ""
    for field in said.split("\0"):
        path = field.strip("\n")
        if len(path) in {40, 64} and not path.strip("0123456789abcdef"):
            oid = path
        elif path:
            for name in names:
                if f"/{name}/" in f"/{path}/":
                    found.setdefault(name, oid)
    return found


def known_objects(repo: Repository, names: Sequence[str]) -> set[str]:
    """Return the abbreviated object names among these that name an object here."""
    if not names:
        return set()
    request = "".join(f"{name}\n" for name in names).encode()
    said = repo.git("cat-file", "--batch-check", stdin=request, ok=ANY).text.splitlines()
    pairs = zip(names, said, strict=False)
    return {name for name, row in pairs if not row.endswith(" missing")}


def ignored_paths(repo: Repository, paths: Sequence[str]) -> set[str]:
    """Return the paths among these that git ignores in this work tree."""
    request = "".join(path + "\0" for path in paths).encode("utf-8", "surrogateescape")
    done = repo.git("check-ignore", "--no-index", "-z", "--stdin", stdin=request, ok=ANY)
    return set(done.out.decode("utf-8", "surrogateescape").split("\0")) - {""}


def shallow(repo: Repository) -> frozenset[str]:
    """Return the commits where this clone's history is cut off; none in a full clone."""
    if repo.git("rev-parse", "--is-shallow-repository").text != "true":
        return frozenset()
    listed = repo.git("rev-parse", "--git-path", "shallow").text
    path = listed if listed.startswith("/") else f"{repo.top}/{listed}"
    return frozenset(local.read(path).decode("ascii", "replace").split())


def changed_markdown(repo: Repository, old: str, new: str) -> list[str]:
    """Return the Markdown files that differ between two commits."""
    done = repo.git("diff-tree", "-r", "-z", "--name-only", "--no-renames", old, new, "--", "*.md")
    return [path for path in done.out.decode("utf-8", "surrogateescape").split("\0") if path]


def text_at(repo: Repository, commit: str, path: str) -> str | None:
    """Return a file's text at a commit; None when it is missing, not UTF-8, or longer than `LONGEST`."""
    try:
        done = repo.git("cat-file", "blob", f"{commit}:{path}", ok=ANY, most=LONGEST)
    except TooMuch:
        return None
    if done.code:
        return None
    try:
        return done.out.decode()
    except UnicodeDecodeError:
        return None


def text_here(repo: Repository, path: str) -> str | None:
    """Return a plain file's text in the work tree; None when it is missing, empty, not UTF-8, or too long."""
    content = local.read_plain(f"{repo.top}/{path}", LONGEST)
    if not content or len(content) > LONGEST:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def tracked_files(repo: Repository, *paths: str) -> list[str]:
    """Return the files below the paths that git tracks or would track in the work tree."""
    done = repo.git(
        "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *paths,
        env={"GIT_LITERAL_PATHSPECS": "1"},
    )  # fmt: skip
    names = done.out.decode("utf-8", "surrogateescape").split("\0")
    return sorted({name for name in names if name})


class CommitHistory:
    """The history of the commit ``tip`` (empty: no commit), with each part read once."""

    def __init__(self, repo: Repository, commit: str) -> None:
        self.repo = repo
        self.tip = commit
        self._commits: dict[str, Commit] = {}
        self._texts: dict[tuple[str, str], str | None] = {}

    @cached_property
    def filings(self) -> Filings:
        """The outcomes in the drain records of the commit's tree."""
        return Filings(record_files.newest_texts(self.repo, self.tip))

    @cached_property
    def cut(self) -> frozenset[str]:
        """The commits where this clone's history is cut off."""
        return shallow(self.repo)

    @cached_property
    def _landings(self) -> dict[str, str]:
        paths = {filed.path for filed in self.filings.all}
        return landings(self.repo, self.tip, paths) if self.tip else {}

    def landing_of(self, record: str) -> Commit | None:
        """Return the commit that added a record; None when that cannot be known (a shallow clone)."""
        oid = self._landings.get(record, "")
        return self.commit(oid) if oid and oid not in self.cut else None

    def load(self, oids: Collection[str]) -> None:
        """Read many commits at once."""
        new = [oid for oid in dict.fromkeys(oids) if oid and oid not in self._commits]
        self._commits |= commits(self.repo, self.tip, new)

    def commit(self, oid: str) -> Commit:
        """Return one commit of this history."""
        self.load([oid])
        return self._commits[oid]

    def text(self, commit: str, path: str) -> str | None:
        """Return a file's text at a commit (empty: in the work tree); None when there is none."""
        key = (commit, path)
        if key not in self._texts:
            self._texts[key] = (
                text_at(self.repo, commit, path) if commit else text_here(self.repo, path)
            )
        return self._texts[key]


class NoBlame(NeedsPerson):
    """git cannot say where the lines of a file come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blamed:
    """One line: its 1-based number, the commit it comes from, and file and number there.

    ``commit`` is empty for a line that is not committed. ``before`` and ``before_path`` are the
    commit and the file in which it was not there yet; empty where the file began.
    """

    number: int
    commit: str
    path: str
    origin: int
    before: str = ""
    before_path: str = ""


def blame(
    repo: Repository,
    path: str,
    *,
    commit: str = "",
    lines: tuple[int, int] | None = None,
    moved: bool = False,
) -> list[Blamed]:
    """Return the lines of a file at a commit (empty: in the work tree), or some of them, in order.

    Renames of the file are followed; with ``moved`` also lines that one commit moved or copied
    within the file or from another. Raises NoBlame for a file that git does not know there.
    """
    span = [f"-L{lines[0]},{lines[1]}"] if lines else []
    follow = ["-M", "-C"] if moved else []
    # A file of revisions to ignore (often set for all repositories) would hide a person's change.
    # `-c blame.ignoreRevsFile=` adds to a list that the configuration began (git 2.39); this empties it.
    done = repo.git(
        "blame", "--no-ignore-revs-file", "--porcelain", "--no-textconv", *follow, *span,
        *([commit] if commit else []), "--", path, ok=ANY,
    )  # fmt: skip
    if done.code:
        raise NoBlame(f"git cannot say where {path} comes from: {done.said.strip()}")
    return _parsed(done.out)


def _parsed(out: bytes) -> list[Blamed]:
    found: list[Blamed] = []
    told: dict[tuple[str, bytes], tuple[str, str]] = {}
    oid, origin, number, path, before = "", 0, 0, b"", b""
    paths: dict[str, bytes] = {}
    for row in out.split(b"\n"):
        if row.startswith(b"\t"):
            # git tells commit and file once, with the first line that comes from there.
            known = told.setdefault((oid, path), _previous(before))
            commit = oid if oid.strip("0") else ""
            found.append(
                Blamed(
                    number=number, commit=commit, path=_unquoted(path), origin=origin,
                    before=known[0], before_path=known[1],
                )
            )  # fmt: skip
            before = b""
        elif head := _HEAD.match(row):
            oid, origin, number = head[1].decode(), int(head[2]), int(head[3])
            path = paths.get(oid, b"")
        elif row.startswith(b"filename "):
            path = paths[oid] = row.removeprefix(b"filename ")
        elif row.startswith(b"previous "):
            before = row.removeprefix(b"previous ")
    return found


def _previous(told: bytes) -> tuple[str, str]:
    oid, _, path = told.partition(b" ")
    return oid.decode(), _unquoted(path)


def _unquoted(path: bytes) -> str:
    """A path as git quotes it (core.quotePath)."""
    if path.startswith(b'"') and path.endswith(b'"'):
        path = _ESCAPE.sub(_plain, path[1:-1])
    return path.decode("utf-8", "surrogateescape")


def _plain(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8)]) if code.isdigit() else _LETTERS.get(code, code)
