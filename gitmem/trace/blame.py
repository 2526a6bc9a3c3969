"""Which commit each line of a file comes from: `git blame`, as the work tree has it or at a commit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.failures import NeedsPerson
from gitmem.git.process import ANY

if TYPE_CHECKING:
    from gitmem.git.repository import Repository

_HEAD = re.compile(rb"([0-9a-f]{40,64}) (\d+) (\d+)(?: \d+)?$")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_LETTERS = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"b": b"\b", b"a": b"\a", b"f": b"\f"}


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
