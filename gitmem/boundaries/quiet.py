"""Remember that there was nothing to say at a boot, and see whether that still holds (hot lane).

Where every flag stands follows from a few refs and files. While none of them has changed since a
boot that was silent, the next one is silent too, and costs no git process.
"""

from __future__ import annotations

import os

from gitmem.git import local
from gitmem.git.repository import ARCHIVE, BRANCH, NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository
    from gitmem.records.target import Target


def holds(repo: Repository) -> bool:
    """Whether nothing changed since `remember`; False when nothing is remembered."""
    remembered = local.read(_path(repo))
    if not remembered:
        return False
    names = remembered.split(b"\n", 1)[0].decode("utf-8", "surrogateescape").split(" ")
    return remembered == look(repo, names)


def names_of(target: Target) -> list[str]:
    """The refs that decide, beside gitmem's own."""
    return [target.ref, target.upstream_ref or target.ref, target.shared_ref or target.ref]


def look(repo: Repository, names: Sequence[str]) -> bytes:
    """All that the states depend on, as bytes to compare; the first line holds ``names``.

    Empty where refs are no files (reftable).
    """
    if os.path.isdir(repo.common + "/reftable"):
        return b""
    files = [repo.git_dir + "/HEAD", f"{repo.common}/refs/remotes/origin/HEAD"]
    files += [f"{repo.common}/{ref}" for ref in (*names, BRANCH, ARCHIVE, *_tracking(repo))]
    lines = [" ".join(names).encode("utf-8", "surrogateescape")]
    lines += [local.read(file).strip() for file in files]
    lines += [
        _stamp(repo.folder + "/journal"),
        _stamp(repo.common + "/packed-refs"),
        _stamp(repo.common + "/config"),
        _stamp(repo.top + "/.gitmem/config.yaml"),
    ]
    return b"\n".join(lines)


def remember(repo: Repository, seen: bytes) -> None:
    """Keeps what `look` saw before a boot that turned out silent."""
    if not seen or seen == local.read(_path(repo)):
        return
    local.make_folder(repo.folder)
    lock = local.Lock(_path(repo) + ".lock")
    if lock.attempt():
        local.write_whole(_path(repo), seen)
        lock.release()


def _path(repo: Repository) -> str:
    return repo.folder + "/quiet"


def _tracking(repo: Repository) -> list[str]:
    try:
        remotes = sorted(os.listdir(repo.common + "/refs/remotes"))
    except OSError:
        return []
    return [f"refs/remotes/{remote}/{NAME}" for remote in remotes]


def _stamp(path: str) -> bytes:
    try:
        state = os.stat(path)
    except OSError:
        return b"-"
    return b"%d %d %d" % (state.st_mtime_ns, state.st_size, state.st_ino)
