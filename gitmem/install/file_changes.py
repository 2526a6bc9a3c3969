"""Changes of files in the work tree as a value: looked at, shown as a diff, then written whole."""

from __future__ import annotations

import contextlib
import difflib
import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.core.failures import NeedsPerson
from gitmem.git.claim import temporary_folder
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
LARGEST = 4 << 20  # bytes of a settings or instruction file; clients' own grow to some hundred kB


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file: its path relative to the work tree's root, and its bytes before and after.

    None is "no file". The path is the real file's, after any symlink.
    """

    path: str
    before: bytes | None
    after: bytes | None


def real_path(root: Path, path: str, *, follow: bool = True) -> str:
    """Return the file behind a path, relative to the root, where symlinks may lead elsewhere inside it.

    Raises Refused when a symlink leads out of the work tree or into git's own folder, ends
    nowhere, or (``follow=False``) is there at all, and when the path is not an ordinary file.
    """
    top = root.resolve()
    try:
        real = (top / path).resolve()
    except (OSError, RuntimeError) as error:  # a symlink that leads to itself
        raise Refused(f"{path} is behind a symlink that leads nowhere") from error
    inside = real.relative_to(top).as_posix() if real.is_relative_to(top) else ""
    if inside != path:
        in_git = ".git" in inside.lower().split("/")
        if not follow or not inside or in_git:
            raise Refused(
                f"{path} is behind a symlink, which is not followed to {visible(str(real))}"
            )
        if not real.exists():
            raise Refused(f"{path} is a symlink to {visible(inside)}, which does not exist")
    if real.exists() and not real.is_file():
        raise Refused(f"{path} is not an ordinary file")
    return inside


def read(root: Path, path: str) -> bytes | None:
    """Return a file's content; None when there is none. NeedsPerson when it cannot be read, or is too large."""
    try:
        with (root / path).open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NeedsPerson(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > LARGEST:
        raise NeedsPerson(
            f"{path} is larger than {LARGEST >> 20} MiB, so it is neither read nor changed",
            hint="no client reads a file of that size; look who committed it",
        )
    return content


def read_text(root: Path, path: str) -> str | None:
    """Return a file's text, line ends and byte order mark included; NeedsPerson when it is not UTF-8."""
    content = read(root, path)
    try:
        return None if content is None else content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NeedsPerson(f"{path} is not UTF-8 (byte {error.start})") from error


def change_text(path: str, before: str | None, after: str | None) -> FileChange:
    """Return the change from one text to another."""
    return FileChange(
        path=path,
        before=None if before is None else before.encode(),
        after=None if after is None else after.encode(),
    )


def undone(undo: Callable[[str], str | None], text: str | None) -> str | None:
    """Return the text without gitmem's part; None for no file."""
    return None if text is None else undo(text)


def effective(changes: Iterable[FileChange]) -> tuple[FileChange, ...]:
    """Return the changes that change something."""
    return tuple(change for change in changes if change.before != change.after)


def render_diff(changes: Sequence[FileChange]) -> str:
    """Return the changes as a unified diff, without colour; what a terminal would obey is escaped."""
    lines: list[str] = []
    for change in changes:
        lines += difflib.unified_diff(
            _lines(change.before),
            _lines(change.after),
            "/dev/null" if change.before is None else "a/" + change.path,
            "/dev/null" if change.after is None else "b/" + change.path,
            lineterm="",
        )
    return "".join("\t".join(map(visible, line.split("\t"))) + "\n" for line in lines)


def apply(root: Path, changes: Sequence[FileChange], *, staging: str) -> None:
    """Write the changes, each file in one step, keeping its mode.

    Every new content is on the disk, in a folder in ``staging`` (git's own directory), before the
    first file is replaced, so what can fail fails with nothing changed. No symlink is followed, not even
    one that replaces a folder meanwhile. Raises NeedsPerson when a file is not what it
    was when the change was planned, or cannot be written.
    """
    if not changes:
        return
    for change in changes:
        if read(root, change.path) != change.before:
            raise _changed(change.path)
    with contextlib.ExitStack() as stack:
        with _writing("git's own directory"):
            folder = stack.enter_context(temporary_folder(staging))
        places = []
        for number, change in enumerate(changes):
            with _writing(change.path):
                stack.callback(_remove_empty, root, change.path)
                place = _Place(root, change, f"{folder}/{number}")
                stack.callback(place.close)
                place.refuse_changed()
                place.stage()
                places.append(place)
        for place in places:
            with _writing(place.change.path):
                place.write()


def _changed(path: str) -> NeedsPerson:
    return NeedsPerson(f"{path} changed meanwhile", hint="run the command again")


def _remove_empty(root: Path, path: str) -> None:
    """Remove the folders above a file that have nothing in them."""
    with contextlib.suppress(OSError):
        for folder in Path(path).parents[:-1]:
            (root / folder).rmdir()


class _Place:
    """Where one change is written: its folder, opened part by part, so that no link is followed."""

    def __init__(self, root: Path, change: FileChange, staged: str) -> None:
        self.change = change
        self._staged = staged
        *folders, self._name = change.path.split("/")
        self._folder = os.open(root, _FOLDER)
        for name in folders:
            above = self._folder
            try:
                if change.after is not None:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(name, dir_fd=above)
                self._folder = os.open(name, _FOLDER, dir_fd=above)
            finally:
                os.close(above)

    def close(self) -> None:
        """Close the folder."""
        os.close(self._folder)

    def refuse_changed(self) -> None:
        """Raise NeedsPerson when the file is not what the change was planned for."""
        if self._read() != self.change.before:
            raise _changed(self.change.path)

    def stage(self) -> None:
        """Put the content on the disk, with the file's mode."""
        if self.change.after is not None:
            _put(os.open(self._staged, _NEW, 0o666), self.change.after, self._mode())

    def write(self) -> None:
        """Replace the file, or remove it."""
        if self.change.after is None:
            os.unlink(self._name, dir_fd=self._folder)
            return
        try:
            os.replace(self._staged, self._name, dst_dir_fd=self._folder)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # The work tree is on another file system than git's directory. The name is constant, so
            # that the next run replaces what a killed one leaves.
            beside = f".{self._name}.gitmem"
            with contextlib.suppress(FileNotFoundError):
                os.unlink(beside, dir_fd=self._folder)
            new = os.open(beside, _NEW, 0o666, dir_fd=self._folder)
            _put(new, self.change.after, self._mode())
            os.replace(beside, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)

    def _read(self) -> bytes | None:
        try:
            with os.fdopen(os.open(self._name, _PLAIN, dir_fd=self._folder), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def _mode(self) -> int:
        """The mode of the file that is there; 0 without one."""
        try:
            return stat.S_IMODE(os.lstat(self._name, dir_fd=self._folder).st_mode)
        except FileNotFoundError:
            return 0


def _put(descriptor: int, content: bytes, mode: int) -> None:
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        if mode:
            os.fchmod(descriptor, mode)
        out.flush()
        os.fsync(descriptor)


@contextlib.contextmanager
def _writing(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise NeedsPerson(
                f"{path} is behind a symlink or a file now", hint="run the command again"
            ) from error
        raise NeedsPerson(f"{path} cannot be written: {error.strerror}") from error


def _lines(content: bytes | None) -> list[str]:
    if not content:
        return []
    text = content.decode("utf-8", "replace").removesuffix("\n")
    return [line.removesuffix("\r") for line in text.split("\n")]
