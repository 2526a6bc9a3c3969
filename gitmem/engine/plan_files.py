"""Changes of files in the work tree as a value: looked at, shown as a diff, then written whole."""

from __future__ import annotations

import contextlib
import difflib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.domain.errors import NeedsPerson, Refused
from gitmem.domain.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file: its path relative to the work tree's root, and its bytes before and after.

    None is "no file". The path is the real file's, after any symlink.
    """

    path: str
    before: bytes | None
    after: bytes | None


def real_path(root: Path, path: str, *, follow: bool = True) -> str:
    """The file behind a path, relative to the root, where symlinks may lead elsewhere inside it.

    Raises Refused when a symlink leads out of the work tree or into git's own folder, ends
    nowhere, or (``follow=False``) is there at all, and when the path is no ordinary file.
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
    """A file's content; None when there is none. NeedsPerson when it cannot be read."""
    try:
        return (root / path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NeedsPerson(f"{path} cannot be read: {error.strerror}") from error


def read_text(root: Path, path: str) -> str | None:
    """A file's text, line ends and byte order mark included; NeedsPerson when it is not UTF-8."""
    content = read(root, path)
    try:
        return None if content is None else content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NeedsPerson(f"{path} is not UTF-8 (byte {error.start})") from error


def change_text(path: str, before: str | None, after: str | None) -> FileChange:
    """The change from one text to another."""
    return FileChange(
        path=path,
        before=None if before is None else before.encode(),
        after=None if after is None else after.encode(),
    )


def render_diff(changes: Sequence[FileChange]) -> str:
    """The changes as a unified diff, without colour; what a terminal would obey is escaped."""
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


def apply(root: Path, changes: Sequence[FileChange]) -> None:
    """Writes the changes, each file in one step, keeping its mode.

    Every new content is on the disk beside its file before the first file is replaced, so what
    can fail fails with nothing changed. Raises NeedsPerson when a file is not what it was when
    the change was planned, or cannot be written.
    """
    for change in changes:
        if read(root, change.path) != change.before:
            raise NeedsPerson(f"{change.path} changed meanwhile", hint="run the command again")
    with contextlib.ExitStack() as leftovers:
        staged: list[Path | None] = []
        for change in changes:
            with _writing(change.path):
                staged.append(_stage(root / change.path, change.after, leftovers))
        for change, temporary in zip(changes, staged, strict=True):
            with _writing(change.path):
                if temporary:
                    temporary.replace(root / change.path)
                else:
                    _remove(root, change.path)


@contextlib.contextmanager
def _writing(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NeedsPerson(f"{path} cannot be written: {error.strerror}") from error


def _stage(file: Path, content: bytes | None, leftovers: contextlib.ExitStack) -> Path | None:
    """The content in a new file beside the file, with its mode; None when it is to be removed."""
    if content is None:
        return None
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}.gitmem")
    with temporary.open("xb") as out:
        leftovers.callback(temporary.unlink, missing_ok=True)
        out.write(content)
        if file.exists():
            os.fchmod(out.fileno(), stat.S_IMODE(file.stat().st_mode))
        out.flush()
        os.fsync(out.fileno())
    return temporary


def _remove(root: Path, path: str) -> None:
    """Removes a file, and the folders above it that have nothing else in them."""
    (root / path).unlink()
    with contextlib.suppress(OSError):
        for folder in Path(path).parents[:-1]:
            (root / folder).rmdir()


def _lines(content: bytes | None) -> list[str]:
    if not content:
        return []
    text = content.decode("utf-8", "replace").removesuffix("\n")
    return [line.removesuffix("\r") for line in text.split("\n")]
