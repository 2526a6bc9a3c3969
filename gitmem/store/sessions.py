"""What a session did, as far as gitmem saw it: marks, nudges, and the ledger (hot lane).

One append-only file per session, so that concurrent hooks of one batch cannot lose each other's
marks: lines ``seen <commit>`` (made before the session began), ``mark <boundary> <commit>``,
``taint <tool>`` (it brought untrusted text in), ``nudge <boundary>…``, ``end <reason>``.
"""

from __future__ import annotations

import os
import time

from gitmem.domain.jsonline import dumps
from gitmem.store import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.domain.boundary import Session

_LEDGER_BYTES = 4 << 20  # then the ledger is put aside once; two generations are kept
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"


def path(folder: str, session: str) -> str:
    """The session's file. The id comes from a client: anything but plain letters is dropped."""
    name = "".join([letter for letter in session if letter in _LETTERS])[:80]
    return f"{folder}/sessions/{name or 'unnamed'}"


def read(folder: str, session: str) -> Session:
    """What the session's file says; empty for a new one."""
    from gitmem.domain.boundary import Session

    pending: list[str] = []
    seen: list[str] = []
    taints: list[str] = []
    for line in _lines(folder, session):
        words = line.split(" ")
        if words[0] == "mark" and len(words) == 3:  # noqa: PLR2004 - mark, boundary, commit
            pending.append(words[1])
            seen.append(words[2])
        elif words[0] == "seen" and len(words) == 2:  # noqa: PLR2004 - seen, commit
            seen.append(words[1])
        elif words[0] == "taint":
            taints.append(line[6:])
        elif words[0] == "nudge":
            pending = []
            taints = []
    return Session(pending, seen, taints)


def tainted(folder: str, session: str) -> bool:
    """Whether a flag made in the session now may repeat untrusted text.

    That is what entered since the boundary before the last nudge: what is flagged in answer to a
    nudge comes from the chapter that the nudge closed. A file that cannot be read taints.
    """
    chapters = [False, False]  # the one that the last nudge closed, and the one since
    try:
        lines = _lines(folder, session)
    except OSError:
        return True
    for line in lines:
        if line.startswith("taint "):
            chapters[-1] = True
        elif line.startswith("nudge"):
            chapters = [chapters[-1], False]
    return True in chapters


def _lines(folder: str, session: str) -> list[str]:
    return local.read(path(folder, session)).decode("utf-8", "replace").splitlines()


def mark(folder: str, session: str, lines: Sequence[str]) -> None:
    """Appends lines to the session's file."""
    local.make_folder(folder)
    local.make_folder(folder + "/sessions")
    local.append(path(folder, session), ("\n".join(lines) + "\n").encode())


def write_ledger(folder: str, entry: Mapping[str, object]) -> None:
    """Appends one line to the ledger: what fired and what was done."""
    local.make_folder(folder)
    file = folder + "/ledger.jsonl"
    line = dumps({"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **entry}) + "\n"
    local.append(file, line.encode("utf-8", "backslashreplace"))
    if os.stat(file).st_size > _LEDGER_BYTES:
        os.replace(file, folder + "/ledger.1.jsonl")
