"""The journal: the append-only file that acknowledges a flag (hot lane).

See docs/data-model.md, "The journal".
"""

from __future__ import annotations

import os

from gitmem.core.errors import NotSaved
from gitmem.core.failures import NeedsPerson
from gitmem.core.flag import new_id
from gitmem.git import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MAGIC = b"gitmem-journal 1 "
WRITER_LENGTH = 8
# "gitmem-journal 1 " + writer + blank + journal id + line break
_HEADER_LENGTH = len(MAGIC) + WRITER_LENGTH + 1 + 12 + 1


class Journal:
    """The journal of one clone. A read or an append sets ``writer`` and ``id`` from its header."""

    __slots__ = ("folder", "id", "path", "writer")

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.path = folder + "/journal"
        self.writer = ""
        self.id = ""

    def exists(self) -> bool:
        """Whether anything was ever flagged in this clone."""
        return os.path.exists(self.path)

    def append(self, lines: Sequence[str]) -> None:
        """Store flag lines durably, all or none. Raises NotSaved.

        After the return the lines survive a crash of the process and of the machine.
        """
        record = ("\n" + "\n".join(lines) + "\n").encode()
        try:
            local.make_folder(self.folder)
            with local.Lock(self.folder + "/journal.lock"):
                self._append(record)
        except OSError as error:
            raise NotSaved(f"the journal cannot be written: {error.strerror or error}") from error

    def _append(self, record: bytes) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
        try:
            descriptor = os.open(self.path, flags)
        except FileNotFoundError:
            self._create()
            descriptor = os.open(self.path, flags)
        try:
            self._read_header(descriptor)
            before = os.fstat(descriptor).st_size
            try:
                local.write_all(descriptor, record)
                os.fsync(descriptor)
            except BaseException:
                # Not acknowledged, so not kept: no other process appends while we hold the lock.
                os.ftruncate(descriptor, before)
                raise
        finally:
            local.close(descriptor)

    def _create(self) -> None:
        local.write_whole(self.path, header(new_writer()), durable=True)
        local.sync_folder(os.path.dirname(self.folder))

    def _read_header(self, descriptor: int) -> None:
        data = os.pread(descriptor, _HEADER_LENGTH, 0)
        parts = data[len(MAGIC) :].split()
        if not data.startswith(MAGIC) or len(parts) != 2:  # noqa: PLR2004 - writer and id
            raise NeedsPerson(
                "the journal in this clone's git directory is not one that this gitmem can read",
                hint="a newer gitmem may have written it: upgrade; otherwise move it aside",
            )
        self.writer, self.id = (
            parts[0].decode("ascii", "replace"),
            parts[1].decode("ascii", "replace"),
        )

    def read(self, offset: int = 0) -> bytes:
        """Return the complete records from a byte offset on (0: all of them), up to the last line break.

        Empty without a journal. Raises NeedsPerson for a header of another format.
        """
        try:
            descriptor = os.open(self.path, local.READ)
        except FileNotFoundError:
            return b""
        try:
            self._read_header(descriptor)
            data = local.read_from(descriptor, max(offset, _HEADER_LENGTH))
        finally:
            local.close(descriptor)
        return data[: data.rfind(b"\n") + 1]

    def file_prefix(self) -> str:
        """Return what the names of this clone's queue files begin with; empty without a journal."""
        self.read(self.size())
        return self.writer and self.writer + "-"

    def size(self) -> int:
        """Return the size of the file in bytes."""
        try:
            return os.stat(self.path).st_size
        except FileNotFoundError:
            return 0

    def rotate(self, keep: bytes, read_up_to: int) -> int:
        """Replace the journal by ``keep`` plus what was appended behind ``read_up_to``.

        Returns the offset at which the kept lines end. Readers and writers see the old file or the new
        one. The new one has a new id, so no hint or trailer about the old one applies to it.
        """
        with local.Lock(self.folder + "/journal.lock"):
            late = self.read(read_up_to)
            start = header(self.writer) + keep
            local.write_whole(self.path, start + late, durable=True)
            self.read(len(start))
            return len(start)


START = _HEADER_LENGTH


def header(writer: str) -> bytes:
    """Return the first line of a new journal, with a new journal id."""
    return MAGIC + f"{writer} {new_id(os.urandom(12))}\n".encode()


def new_writer() -> str:
    """Return a random name for this clone's queue files."""
    return new_id(os.urandom(12))[:WRITER_LENGTH]
