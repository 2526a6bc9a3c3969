"""A queue branch that cannot be read: keep its remains as files and take it out of the way."""

from __future__ import annotations

import os
import time
import zlib

from gitmem.core.failures import Unreachable
from gitmem.git import local, repository
from gitmem.git.process import ANY, TooMuch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.git.repository import Repository

_PIECE = 1 << 20  # bytes
_LISTED_BYTES = 2 << 20  # of a tree listing that anybody may have made; 20,000 files


def exists(repo: Repository, ref: str) -> bool:
    """Whether the ref exists, readable or not."""
    return is_file(repo, ref) or bool(_value(repo, ref))


def is_file(repo: Repository, ref: str) -> bool:
    """Whether the ref is a loose file; a folder of that name belongs to a branch with a longer name."""
    path = f"{repo.common}/{ref}"
    return os.path.lexists(path) and not os.path.isdir(path)


def refuse_partial_clone(repo: Repository) -> None:
    """Raise Unreachable in a partial clone: there a missing object is elsewhere, not damaged."""
    promisor = repo.git("config", "--get-regexp", r"^remote\..*\.promisor$", ok=(0, 1))
    if promisor.code == 0:
        raise Unreachable("objects of this partial clone cannot be fetched now")


def stamp() -> str:
    """Return a new name for something set aside; names sort by time."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + "-" + os.urandom(3).hex()


def keep(repo: Repository, name: str, content: bytes) -> None:
    """Store a copy of something broken in ``gitmem/damaged/``."""
    folder = repo.folder + "/damaged"
    local.make_folder(folder)
    local.write_whole(f"{folder}/{name}", content, durable=True)


def set_aside(repo: Repository, ref: str, reason: str) -> str:
    """Keep the ref's value, its reflog and its broken objects as files, and remove the ref.

    Returns a sentence for the person. The caller holds the guard. A removed loose ref may uncover an
    older packed value, which is then the ref's.
    """
    name = f"{stamp()}-{ref.rpartition('/')[2]}"
    path = f"{repo.common}/{ref}"
    oid = _value(repo, ref)
    keep(repo, name, local.read(path) if is_file(repo, ref) else f"{oid}\n".encode())
    keep(repo, name + ".log", local.read(f"{repo.common}/logs/{ref}"))
    for broken in _broken(repo, oid):
        # git takes a broken object for a written one and never writes it again.
        os.rename(_loose_object(repo, broken), f"{repo.folder}/damaged/{name}.{broken}")
    if repo.git("update-ref", "--no-deref", "-d", ref, ok=ANY).code and is_file(repo, ref):
        os.unlink(path)  # git refuses to touch a ref file it cannot parse
    return (
        f"the queue branch was damaged ({reason}); it is set aside under the git directory's "
        f"gitmem/damaged/{name} and rebuilt from the journal"
    )


def _value(repo: Repository, ref: str) -> str:
    """Return the object name in a ref, whether the object exists or not; empty when unreadable."""
    value = repo.git("rev-parse", "--verify", "-q", "--end-of-options", ref, ok=ANY).text
    return value if repository.is_oid(value) else ""


def _broken(repo: Repository, tip: str) -> list[str]:
    """Return the loose objects of a tip (commit, trees, blobs) whose files cannot be unpacked."""
    if not tip:
        return []
    root = repo.git("rev-parse", "-q", "--verify", tip + "^{tree}", ok=ANY).text
    # A broken subtree ends the list early; git lists it before it opens it.
    try:
        out = repo.git(
            "ls-tree", "-r", "-t", "-z", "--full-tree", tip, ok=ANY, most=_LISTED_BYTES
        ).out
    except TooMuch as error:
        out = error.out
    rows = {row.split(b"\t")[0][-len(tip) :] for row in out.split(b"\0")[:-1]}
    oids = [tip, root] + [row.decode("ascii", "replace") for row in sorted(rows)]
    return [oid for oid in dict.fromkeys(oids) if repository.is_oid(oid) and _is_torn(repo, oid)]


def _is_torn(repo: Repository, oid: str) -> bool:
    """Whether an object cannot be unpacked; piece by piece, as a few bytes can stand for billions."""
    unpack = zlib.decompressobj()
    try:
        packed = local.read_there(_loose_object(repo, oid))
        while not unpack.eof and packed:
            unpack.decompress(packed, _PIECE)
            packed = unpack.unconsumed_tail
    except FileNotFoundError:
        return False
    except zlib.error:
        return True
    return not unpack.eof


def _loose_object(repo: Repository, oid: str) -> str:
    return f"{repo.common}/objects/{oid[:2]}/{oid[2:]}"
