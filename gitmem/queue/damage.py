"""A ref that cannot be read: keep what is there of it as files and take it out of the way."""

from __future__ import annotations

import os
import time
import zlib

from gitmem.core.errors import Unreachable
from gitmem.git import local, repository
from gitmem.git.process import ANY, TooMuch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.git.repository import Repository

_PIECE = 1 << 20  # bytes
_LISTED_BYTES = 2 << 20  # of a tree that anybody may have made; 20,000 files


def exists(repo: Repository, ref: str) -> bool:
    """Whether the ref is there at all, readable or not."""
    return is_file(repo, ref) or bool(_value(repo, ref))


def is_file(repo: Repository, ref: str) -> bool:
    """Whether a loose ref file is there; a folder of that name is a branch with a longer name."""
    path = f"{repo.common}/{ref}"
    return os.path.lexists(path) and not os.path.isdir(path)


def refuse_partial_clone(repo: Repository) -> None:
    """Raises Unreachable in a partial clone: what is missing there is elsewhere, not damaged."""
    found = repo.git("config", "--get-regexp", r"^remote\..*\.promisor$", ok=(0, 1))
    if found.code == 0:
        raise Unreachable("objects of this partial clone cannot be fetched now")


def stamp() -> str:
    """A new name for something set aside; sorts by time."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + "-" + os.urandom(3).hex()


def keep(repo: Repository, name: str, content: bytes) -> None:
    """Stores a copy of something broken under ``gitmem/damaged/``."""
    folder = repo.folder + "/damaged"
    local.make_folder(folder)
    local.write_whole(f"{folder}/{name}", content, durable=True)


def set_aside(repo: Repository, ref: str, reason: str) -> str:
    """Keeps the ref's value, its reflog and its broken objects as files, and removes the ref.

    Returns the sentence to say. The caller holds the guard. What a removed loose ref covered, an
    older packed value, is the ref's value then.
    """
    name = f"{stamp()}-{ref.rpartition('/')[2]}"
    path = f"{repo.common}/{ref}"
    oid = _value(repo, ref)
    keep(repo, name, local.read(path) if is_file(repo, ref) else f"{oid}\n".encode())
    keep(repo, name + ".log", local.read(f"{repo.common}/logs/{ref}"))
    for broken in _broken(repo, oid):
        # git takes a broken object for written and would never write it again.
        os.rename(_loose_object(repo, broken), f"{repo.folder}/damaged/{name}.{broken}")
    if repo.git("update-ref", "--no-deref", "-d", ref, ok=ANY).code and is_file(repo, ref):
        os.unlink(path)  # git refuses to touch a ref file it cannot parse
    return (
        f"the queue branch was damaged ({reason}); it is set aside under the git directory's "
        f"gitmem/damaged/{name} and rebuilt from the journal"
    )


def _value(repo: Repository, ref: str) -> str:
    """The object name in a ref, whether the object is there or not; empty when unreadable."""
    said = repo.git("rev-parse", "--verify", "-q", "--end-of-options", ref, ok=ANY).text
    return said if repository.is_oid(said) else ""


def _broken(repo: Repository, tip: str) -> list[str]:
    """The loose objects of a tip (commit, trees, blobs) whose files cannot be unpacked."""
    if not tip:
        return []
    root = repo.git("rev-parse", "-q", "--verify", tip + "^{tree}", ok=ANY).text
    # A broken subtree ends the list early; itself it is listed before it is opened.
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
    """Unpacks it piece by piece: a few bytes can stand for thousands of millions."""
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
