"""The spool: where a flag waits that was made where the git directory cannot be written (hot lane).

See docs/data-model.md, "The spool", and docs/adr/0017-the-spool.md.
"""

from __future__ import annotations

import errno
import os

from gitmem.core.errors import NotSaved
from gitmem.core.flag import ID_ALPHABET, ID_LENGTH, new_id
from gitmem.git import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.core.flag import Flag

#: Leads to the folder that counts. Its time is 0 when nothing waits: one `stat` for a silent hook.
LINK = "/spool"
RECORDS = 1024  # names in the folder; what one session leaves is a few
RECORD_BYTES = 4 << 20  # as a queue's file (`gitmem.core.bounds.QUEUE_FILE`)
ASIDE = ".refused-"

_PLACES = "/spools"
_MOST_PLACES = 4
_PLACES_BYTES = 32 << 10  # a path has at most 4,096
_NAME = "spool-gitmem-"  # not `gitmem-`: folders of that name are swept (`gitmem.git.claim`)
_USUAL = "/tmp"  # noqa: S108 - where every system has it; the folder in it is made by mkdir, with a random name
_ENDING = ".jsonl"
_FOLDER, _MODE, _PLAIN, _TYPE = 0o040000, 0o777, 0o100000, 0o170000
_OWN = 0o700
_LOOKED_AT = 100_000  # names; anything in the sandbox can put some there
_DIGITS = 21  # of a number of 64 bits, and a blank
_BEGUN = 3600.0  # seconds after which no process writes a record any more
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


class Place:
    """A folder as the boot made it."""

    __slots__ = ("device", "inode", "path")

    def __init__(self, device: int, inode: int, path: str) -> None:
        self.device = device
        self.inode = inode
        self.path = path

    def fits(self, state: os.stat_result) -> bool:
        """Return whether this is the folder, still of this user and closed to all others."""
        return (
            (state.st_dev, state.st_ino, state.st_uid) == (self.device, self.inode, os.geteuid())
            and state.st_mode & _TYPE == _FOLDER
            and state.st_mode & _MODE == _OWN
        )

    def open(self) -> int:
        """Return a descriptor of the folder; -1 where something else, or nothing, is at its path."""
        try:
            descriptor = os.open(self.path, local.READ | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            return -1
        if self.fits(os.fstat(descriptor)):
            return descriptor
        local.close(descriptor)
        return -1


def places(folder: str) -> list[Place]:
    """Return the folders that boots have made for the clone, the newest first."""
    found = []
    for line in local.read_plain(folder + _PLACES, _PLACES_BYTES).split(b"\n"):
        device, _, rest = line.partition(b" ")
        inode, _, path = rest.partition(b" ")
        numbers = device.isdigit() and inode.isdigit() and len(line) - len(rest) <= _DIGITS
        named = path.startswith(b"/") and b"\0" not in path
        if numbers and len(inode) <= _DIGITS and named:
            found.append(Place(int(device), int(inode), os.fsdecode(path)))
    return found


def prepare(folder: str, top: str, temporary: str) -> None:
    """Make the clone's spool, unless the one that was made is still there. Raises OSError.

    ``top`` is the work tree and ``temporary`` the person's temporary folder; empty: the usual one.
    """
    known = places(folder)
    for place in known:
        try:
            there = place.fits(os.lstat(place.path))
        except OSError:
            continue
        if there:
            _link(folder, place)
            return
    local.make_folder(folder)
    lock = local.Lock(folder + "/spool.lock")
    if not lock.attempt():
        return  # another boot makes it
    try:
        place = _made(_outside(temporary, top, folder))
        # A line break in TMPDIR would make two lines of one.
        lines = [place, *known][:_MOST_PLACES]
        data = b"".join(
            [b"%d %d %s\n" % (one.device, one.inode, os.fsencode(one.path)) for one in lines]
        )
        local.write_whole(folder + _PLACES, data, durable=True)
        _link(folder, place)
    finally:
        lock.release()


def _outside(temporary: str, top: str, folder: str) -> str:
    """Return the temporary folder, or the usual one where a repository could put something into it."""
    if not temporary.startswith("/") or "\n" in temporary or not os.path.isdir(temporary):
        return _USUAL
    real = os.path.realpath(temporary)
    for inner in (os.path.realpath(top), os.path.realpath(os.path.dirname(folder))):
        if (real + "/").startswith(inner.rstrip("/") + "/"):
            return _USUAL
    return real


def _made(within: str) -> Place:
    """Make a folder that no one else can have made: `mkdir` refuses a name that is taken."""
    path = f"{within.rstrip('/')}/{_NAME}{new_id(os.urandom(ID_LENGTH))}"
    os.mkdir(path, _OWN)
    os.chmod(path, _OWN)  # a default ACL gives more
    rest(path)
    state = os.lstat(path)
    return Place(state.st_dev, state.st_ino, path)


def _link(folder: str, place: Place) -> None:
    link = folder + LINK
    try:
        if os.readlink(link) == place.path:
            return
    except OSError:
        pass
    local.forget(link + ".new")
    os.symlink(place.path, link + ".new")
    os.rename(link + ".new", link)


def rest(place: int | str) -> None:
    """Note that nothing waits in the folder. Whatever is put there changes the note."""
    os.utime(place, ns=(0, 0))


def takes(error: NotSaved) -> bool:
    """Return whether the journal could not be written because this process may not write there."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in _READ_ONLY


def write(folder: str, flags: Sequence[Flag]) -> None:
    """Store the flags of one call durably, all or none. Raises NotSaved."""
    data = "".join([flag.line + "\n" for flag in flags]).encode()
    if len(data) > RECORD_BYTES:
        raise NotSaved(
            f"{len(data):,} bytes at once are more than the spool takes",
            hint="flag fewer lines at once",
        )
    known = places(folder)
    descriptor = next((one for place in known if (one := place.open()) >= 0), -1)
    if descriptor < 0:
        raise NotSaved(
            "the spool that the session's start made is not there, or not the same, in this sandbox"
            if known
            else "no start of a session has made a spool for it"
        )
    try:
        # What was refused waits for a person, and keeps no flag out.
        if len([one for one in os.listdir(descriptor) if not one.startswith(ASIDE)]) >= RECORDS:
            raise NotSaved(
                "the spool is full", hint="gitmem status, outside the sandbox, empties it"
            )
        _write(descriptor, flags[0].id, data)
    except OSError as error:
        raise NotSaved(f"the spool cannot be written: {error.strerror or error}") from error
    finally:
        local.close(descriptor)


def _write(descriptor: int, flag_id: str, data: bytes) -> None:
    begun, name = "." + flag_id, flag_id + _ENDING
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    record = os.open(begun, flags, 0o600, dir_fd=descriptor)
    try:
        try:
            local.write_all(record, data)
            os.fsync(record)
        finally:
            os.close(record)
        os.rename(begun, name, src_dir_fd=descriptor, dst_dir_fd=descriptor)
        os.fsync(descriptor)
    except BaseException:
        # Not acknowledged, so not kept.
        for one in (begun, name):
            _remove(descriptor, one)
        raise


def _remove(descriptor: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=descriptor)
    except OSError:
        return  # it was not made, or somebody else took it


class Record:
    """What lies in the folder under one name: its bytes, or why it is not read."""

    __slots__ = ("data", "name", "reason")

    def __init__(self, name: str, data: bytes, reason: str) -> None:
        self.name = name
        self.data = data
        self.reason = reason


def names(descriptor: int, now: float) -> list[str]:
    """Return what waits in the folder, the oldest first, and no more than `RECORDS`.

    What begins with a dot is being written, or was refused; what a killed `flag` began is removed. ``now`` is
    seconds since 1970. Raises OSError, also where there are too many names to look at.
    """
    found: list[tuple[int, str]] = []
    looked_at = 0
    with os.scandir(descriptor) as entries:
        for entry in entries:
            looked_at += 1
            if looked_at > _LOOKED_AT:
                raise OSError(errno.E2BIG, f"more than {_LOOKED_AT:,} names are in it")
            begun = entry.name.startswith(".")
            if len(found) >= RECORDS or (begun and entry.name.startswith(ASIDE)):
                continue
            try:
                changed = entry.stat(follow_symlinks=False).st_mtime_ns
            except OSError:
                continue  # gone meanwhile
            if not begun:
                found.append((changed, entry.name))
            elif changed < (now - _BEGUN) * 1e9:
                _remove(descriptor, entry.name)
    return [name for _, name in sorted(found)]


def read(descriptor: int, name: str) -> Record:
    """Return what lies under a name. Waits for nothing, whatever it is; raises OSError where it is gone."""
    stem = name.removesuffix(_ENDING)
    if len(stem) != ID_LENGTH or stem.strip(ID_ALPHABET) or stem == name:
        return Record(name, b"", "gitmem gives no record such a name")
    try:
        record = os.open(name, local.READ | os.O_NOFOLLOW, dir_fd=descriptor)
    except FileNotFoundError:
        raise
    except OSError as error:
        return Record(name, b"", f"it is no plain file that can be read ({error.strerror})")
    try:
        reason = _odd(os.fstat(record))
        # No more than that: it may grow while it is read.
        data = b"" if reason else os.read(record, RECORD_BYTES)
    finally:
        local.close(record)
    return Record(name, data, reason)


def _odd(state: os.stat_result) -> str:
    """Return why a file is not read; empty for one that `write` can have made."""
    if state.st_mode & _TYPE != _PLAIN:
        return "it is not a plain file"
    if state.st_uid != os.geteuid():
        return "it belongs to another user"
    if state.st_nlink != 1:
        return "it has another name elsewhere (a hard link)"
    if state.st_size > RECORD_BYTES:
        return f"it is larger than the {RECORD_BYTES >> 20} MiB that a record has"
    return ""


def remove(descriptor: int, name: str) -> None:
    """Remove a record that is saved. Raises OSError, not for one that is gone."""
    try:
        os.unlink(name, dir_fd=descriptor)
    except FileNotFoundError:
        return


def put_aside(descriptor: int, name: str, aside: str) -> None:
    """Rename what was refused; what it is does not matter. Raises OSError, not for what is gone."""
    try:
        os.rename(name, aside, src_dir_fd=descriptor, dst_dir_fd=descriptor)
    except FileNotFoundError:
        return


def there(folder: str) -> Iterator[tuple[Place, int]]:
    """Yield each folder that is there, with a descriptor that is closed behind it."""
    for place in places(folder):
        descriptor = place.open()
        if descriptor >= 0:
            try:
                yield place, descriptor
            finally:
                local.close(descriptor)


def records(folder: str, now: float) -> Iterator[Record]:
    """Yield what waits in the clone's spools, as `names` and `read` have it. Raises OSError."""
    for _, descriptor in there(folder):
        for name in names(descriptor, now):
            try:
                record = read(descriptor, name)
            except FileNotFoundError:
                continue  # saved meanwhile
            yield record


def count(folder: str, now: float) -> int:
    """Return how many flags wait in the spool; what is no record counts as one. Raises OSError."""
    return sum([max(1, record.data.count(b"\n")) for record in records(folder, now)])


def come(folder: str) -> bool:
    """Return whether anything may have come since `rest`; one `stat`."""
    return local.changed(folder + LINK) != 0.0


def clear(folder: str) -> list[str]:
    """Remove the clone's spools with all that is in them; return their paths. Raises OSError."""
    removed = []
    for place, descriptor in there(folder):
        for name in os.listdir(descriptor):
            try:
                os.unlink(name, dir_fd=descriptor)
            except (IsADirectoryError, PermissionError):  # the latter on macOS
                os.rmdir(name, dir_fd=descriptor)  # gitmem makes none; one with content stays
        os.rmdir(place.path)
        removed.append(place.path)
    for name in (LINK, _PLACES):
        local.forget(folder + name)
    return removed
