"""Files and locks in gitmem's own folder in the git common directory (hot lane)."""

from __future__ import annotations

import fcntl
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC

# Does not wait for a writer where the path is a pipe; has no effect on a file.
READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK

_TYPE, _PLAIN = 0o170000, 0o100000  # S_IFMT and S_IFREG of stat(2)


class Lock:
    """An `flock` on a file of its own; it ends with the process and the children that inherited it.

    As a context manager it waits; `attempt` waits for a given time.
    """

    __slots__ = ("_path", "descriptor")

    def __init__(self, path: str) -> None:
        self._path = path
        self.descriptor = -1

    def __enter__(self) -> Self:
        self._open()
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def attempt(self, wait: float = 0.0) -> bool:
        """Take the lock within ``wait`` seconds; return whether that worked."""
        self._open()
        until = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    os.close(self.descriptor)
                    self.descriptor = -1
                    return False
                time.sleep(0.005)
            else:
                return True

    def release(self) -> None:
        """Release the lock, also for a process that a git hook left running with our descriptor.

        A killed process does not get here: then its git children keep the lock.
        """
        if self.descriptor < 0:
            return
        descriptor, self.descriptor = self.descriptor, -1
        _unlock(descriptor)
        close(descriptor)

    def _open(self) -> None:
        self.descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


def held(path: str) -> bool:
    """Whether another process holds the `Lock` of this path; asks without writing, and of a missing file says no."""
    try:
        descriptor = os.open(path, READ)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        close(descriptor)
    return False


def _unlock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    except OSError:
        return  # the work under the lock is done; the end of the process releases it, too


def close(descriptor: int) -> None:
    """Close what was read, or written and synced: an error at the end cannot undo that."""
    try:
        os.close(descriptor)
    except OSError:
        return  # Linux and macOS have closed the descriptor all the same


def make_folder(path: str) -> None:
    """Make the folder if it does not exist; its parent exists."""
    try:
        os.mkdir(path)
    except FileExistsError:
        return


def read(path: str) -> bytes:
    """Return the whole file; empty without one."""
    try:
        return read_there(path)
    except FileNotFoundError:
        return b""


def read_there(path: str) -> bytes:
    """Return the whole file. Raises FileNotFoundError without one."""
    descriptor = os.open(path, READ)
    try:
        return read_from(descriptor, 0)
    finally:
        close(descriptor)


def read_tail(path: str, limit: int) -> bytes:
    """Return the last ``limit`` bytes of the file; empty without one."""
    try:
        descriptor = os.open(path, READ)
    except FileNotFoundError:
        return b""
    try:
        # No more than is there: a buffer of a megabyte costs pages that malloc has to map.
        size = os.fstat(descriptor).st_size
        return os.pread(descriptor, min(limit, size), max(0, size - limit))
    finally:
        close(descriptor)


def changed(path: str) -> float:
    """Return the time of the last change of a file in seconds since 1970; 0 without one."""
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def stamp(path: str) -> tuple[int, int] | None:
    """Return what tells a file from its successor at a path: time of change and inode; None without a file."""
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_mtime_ns, state.st_ino


def state_of(path: str) -> bytes:
    """Return the file's time, size and number, to see whether it changed; ``-`` without one."""
    try:
        state = os.stat(path)
    except OSError:
        return b"-"
    return b"%d %d %d" % (state.st_mtime_ns, state.st_size, state.st_ino)


def target_state(git_dir: str, common: str, top: str, names: Sequence[str]) -> list[bytes]:
    """Return all that the target's tree depends on, to see whether it changed; the first line holds ``names``.

    ``names`` are the refs that decide. A view of that tree is kept beside these lines.
    """
    files = [git_dir + "/HEAD", common + "/refs/remotes/origin/HEAD"]
    files += [f"{common}/{name}" for name in names]
    kept = [common + name for name in ("/packed-refs", "/config", "/reftable/tables.list")]
    return [
        " ".join(names).encode("utf-8", "surrogateescape"),
        *[read(file).strip() or b"-" for file in files],
        *[state_of(file) for file in [*kept, top + "/.gitmem/config.yaml"]],
    ]


def read_plain(path: str, limit: int) -> bytes:
    """Return at most ``limit`` + 1 bytes of a plain file; empty for a link, a device or no file."""
    try:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(path, flags)
    except OSError:
        return b""
    try:
        plain = os.fstat(descriptor).st_mode & _TYPE == _PLAIN
        return os.read(descriptor, limit + 1) if plain else b""
    finally:
        close(descriptor)


def read_from(descriptor: int, offset: int) -> bytes:
    """Return everything from an offset to the end."""
    chunks: list[bytes] = []
    while True:
        chunk = os.pread(descriptor, 1 << 16, offset)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        offset += len(chunk)


def write_whole(path: str, data: bytes, *, durable: bool = False) -> None:
    """Replace the file in one step; ``durable`` also survives a power loss.

    The caller holds the lock of the file. A process number in a temporary name does not tell apart two
    containers that share a repository, and leaves litter when the process is killed.
    """
    temporary = path + ".new"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        try:
            write_all(descriptor, data)
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(temporary, path)
    except BaseException:
        forget(temporary)
        raise
    if durable:
        sync_folder(os.path.dirname(path))


def overwrite(path: str, data: bytes) -> None:
    """Write a small record of constant length over the last one; the caller holds its lock.

    Replacing a file makes some file systems flush it first (ext4, auto_da_alloc), which costs more than a
    silent hook. Only for what may be lost: a power loss may leave old or no data.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        os.pwrite(descriptor, data, 0)
    finally:
        os.close(descriptor)


def append(path: str, data: bytes, *, durable: bool = False) -> None:
    """Append one record in one write."""
    descriptor = os.open(path, _APPEND, 0o666)
    try:
        write_all(descriptor, data)
        if durable:
            os.fsync(descriptor)
    finally:
        close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything; a short write (a disk that is almost full) continues or raises OSError."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def sync_folder(path: str) -> None:
    """Make a rename or a new file in the folder survive a power loss."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        close(descriptor)


def forget(path: str) -> None:
    """Remove a file of gitmem's that may be gone already."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
