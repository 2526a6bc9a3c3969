"""gitmem's own folder in the git common directory: locks, small files written whole (hot lane)."""

from __future__ import annotations

import fcntl
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC

# Not to wait for a writer where somebody put a pipe; of no meaning for a file.
READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK

_TYPE, _PLAIN = 0o170000, 0o100000  # S_IFMT and S_IFREG of stat(2)


class Lock:
    """An `flock` on a file of its own; released when the process (and whoever inherited it) ends.

    As a context manager it waits; `attempt` waits as long as it is told.
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
        """Takes the lock if that is possible within ``wait`` seconds."""
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
        """Lets go, also for whatever a git hook left running with our descriptor.

        A process that is killed does not get here: then its git children keep the lock.
        """
        if self.descriptor < 0:
            return
        descriptor, self.descriptor = self.descriptor, -1
        _unlock(descriptor)
        close(descriptor)

    def _open(self) -> None:
        self.descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


def _unlock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    except OSError:
        return  # what was done under the lock is done; the end of the process lets go, too


def close(descriptor: int) -> None:
    """Lets go of what was read, or written and synced: no trouble at the end can undo that."""
    try:
        os.close(descriptor)
    except OSError:
        return  # Linux and macOS have let go of the descriptor all the same


def make_folder(path: str) -> None:
    """Creates the folder if it is not there; its parent exists."""
    try:
        os.mkdir(path)
    except FileExistsError:
        return


def read(path: str) -> bytes:
    """The whole file; empty when there is none."""
    try:
        return read_there(path)
    except FileNotFoundError:
        return b""


def read_there(path: str) -> bytes:
    """The whole file; raises FileNotFoundError when there is none."""
    descriptor = os.open(path, READ)
    try:
        return read_from(descriptor, 0)
    finally:
        close(descriptor)


def read_tail(path: str, limit: int) -> bytes:
    """The last ``limit`` bytes of the file, and no more; empty when there is none."""
    try:
        descriptor = os.open(path, READ)
    except FileNotFoundError:
        return b""
    try:
        return os.pread(descriptor, limit, max(0, os.fstat(descriptor).st_size - limit))
    finally:
        close(descriptor)


def changed(path: str) -> float:
    """When a file was last written to, in seconds since 1970; 0 without one."""
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


def read_plain(path: str, limit: int) -> bytes:
    """At most ``limit`` + 1 bytes of a plain file; empty for a link, a device or none at all."""
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
    """Everything from an offset to the end."""
    chunks: list[bytes] = []
    while True:
        chunk = os.pread(descriptor, 1 << 16, offset)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        offset += len(chunk)


def write_whole(path: str, data: bytes, *, durable: bool = False) -> None:
    """Replaces the file in one step; ``durable`` also survives a power loss.

    The caller holds the lock under which the file is written: a process number would not tell two
    containers that share a repository apart, and leave litter behind when its process is killed.
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
    """Writes a small record of constant length over the last one; the caller holds its lock.

    Replacing a file by another makes some file systems flush it first (ext4, auto_da_alloc), which
    costs more than a silent hook. Only for what may be lost: a power loss may leave old or no data.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        os.pwrite(descriptor, data, 0)
    finally:
        os.close(descriptor)


def append(path: str, data: bytes, *, durable: bool = False) -> None:
    """Appends one record in one write."""
    descriptor = os.open(path, _APPEND, 0o666)
    try:
        write_all(descriptor, data)
        if durable:
            os.fsync(descriptor)
    finally:
        close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Writes everything; a short write (a disk about to be full) is continued or raises."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def sync_folder(path: str) -> None:
    """Makes a rename or a new file in the folder survive a power loss."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        close(descriptor)


def forget(path: str) -> None:
    """Removes a file of our own that may be gone already."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
