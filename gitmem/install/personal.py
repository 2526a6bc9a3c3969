"""Files of a person's home: written only where they ask for it by name, taken out the same way.

A home may hold logins, so what is kept for the way back is the edit and not the text: where the bytes
differ, and the bytes that stood there. It is in the clone's git directory; from another clone
gitmem's part is taken out of the file as it is.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmem.core.errors import Refused
from gitmem.core.failures import NeedsPerson
from gitmem.git import local
from gitmem.install import way_back
from gitmem.install.file_changes import (
    LARGEST,
    FileChange,
    apply,
    change_text,
    effective,
    read_text,
    real_path,
    undone,
)
from gitmem.install.way_back import digest
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from gitmem.clients.abilities import PersonalFile

_NAME = "gitmem-personal.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalPlan:
    """Changes of files, relative to the person's ``home`` (empty: none is looked at), and sentences."""

    home: str = ""
    changes: tuple[FileChange, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[FileChange, ...]:
        """The changes with the paths that a person reads."""
        return tuple(replace(change, path=shown(change.path)) for change in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """One edit of a file's bytes: ``put`` stood where bytes ``start`` to ``end`` stand now.

    ``wrote`` is the digest of the file after it, ``made`` says that there was no file.
    """

    wrote: str
    start: int
    end: int
    put: bytes
    made: bool

    def undo(self, now: bytes) -> bytes | None:
        return None if self.made else now[: self.start] + self.put + now[self.end :]


def shown(path: str) -> str:
    """Return a path relative to a person's home as they read it."""
    return f"~/{path}"


def is_wired(home: str, file: PersonalFile) -> bool:
    """Return whether gitmem's part is in the file; behind a link inside the home it counts, too."""
    try:
        path = real_path(Path(home), file.path)
    except (OSError, Refused):
        return False
    return file.mark in local.read_plain(f"{Path(home).resolve()}/{path}", LARGEST)


def plan_writing(
    home: str, files: Iterable[PersonalFile], *, beside: Collection[str] = ()
) -> PersonalPlan:
    """Return what writing gitmem's part into the files changes, and the reason for each file.

    ``beside`` are the real paths of the files that the same run changes. Raises NeedsPerson where there is no
    home, or a file is not in order; Refused when the home, a file or a folder on the way belongs to
    somebody else, or a link leads out of the home.
    """
    files = tuple(files)
    if not files:
        return PersonalPlan()
    root = _home(home)
    changes, notes = [], []
    for file in files:
        change = _change(root, file.path, file.wire)
        if f"{root.resolve()}/{change.path}" in beside:
            raise Refused(
                f"{shown(file.path)} is a file of this work tree, too",
                hint="what is in it is the repository's: run the command without --personal",
            )
        changes.append(change)
        notes.append(f"{shown(file.path)} is yours, for every repository: {file.reason}")
    return PersonalPlan(home=str(root), changes=effective(changes), notes=tuple(notes))


def plan_removal(home: str, files: Iterable[PersonalFile], common: str) -> PersonalPlan:
    """Return what taking gitmem's part out of the files changes.

    ``common`` is the clone's git directory. A file that `plan_writing` would refuse is left alone, and
    a note says so. Raises NeedsPerson when a file is not in order.
    """
    files = tuple(files)
    if not files:
        return PersonalPlan()
    root = _home(home)
    changes, notes = [], []
    known = _recall(common)
    for file in files:
        try:
            change = _change(root, file.path, partial(undone, file.unwire))
        except Refused as refused:
            notes.append(f"left alone: {refused.message}")
            continue
        edit = known.get(change.path)
        if edit and change.before is not None and digest(change.before) == edit.wrote:
            change = replace(change, after=edit.undo(change.before))
        changes.append(change)
    return PersonalPlan(home=str(root), changes=effective(changes), notes=tuple(notes))


def write(plan: PersonalPlan, files: Iterable[PersonalFile], common: str, *, staging: str) -> None:
    """Write a plan of `plan_writing`, after recording its edits for the way back.

    Raises NeedsPerson when a file is not what it was, or cannot be written.
    """
    if not plan.changes:
        return
    marks = [file.mark for file in files]
    known = _recall(common)
    _save(common, {**known, **_edits(plan.changes, marks, known)})
    apply(Path(plan.home), plan.changes, staging=staging)


def take_out(plan: PersonalPlan, common: str, *, staging: str) -> None:
    """Make the changes of `plan_removal`, and forget their edits."""
    if not plan.changes:
        return
    apply(Path(plan.home), plan.changes, staging=staging)
    done = {change.path for change in plan.changes}
    kept = {path: edit for path, edit in _recall(common).items() if path not in done}
    if kept:
        _save(common, kept)
    else:
        Path(common, _NAME).unlink(missing_ok=True)


def _home(home: str) -> Path:
    if not Path(home).is_absolute() or not Path(home).is_dir():
        raise NeedsPerson(
            "HOME names no folder, so there is no home to write into",
            hint="set HOME, or run the command without --personal",
        )
    _refuse_foreign(Path(home).resolve(), "nothing in it")
    return Path(home)


def _change(root: Path, path: str, edit: Callable[[str | None], str | None]) -> FileChange:
    try:
        real = real_path(root, path)
    except Refused as refused:
        raise Refused(f"~/{refused.message}", hint=refused.hint) from refused
    top = root.resolve()
    for place in [top / real, *(top / real).parents]:
        if place == top:
            break
        _refuse_foreign(place, shown(path))
    try:
        text = read_text(root, real)
        return change_text(real, text, edit(text))
    except NeedsPerson as error:
        told = error.message if error.message.startswith("~") else f"~/{error.message}"
        raise NeedsPerson(told, hint=error.hint) from error


def _refuse_foreign(place: Path, told: str) -> None:
    try:
        owner = os.lstat(place).st_uid
    except FileNotFoundError:
        return
    except OSError as error:
        raise NeedsPerson(f"{told} cannot be looked at: {error.strerror}") from error
    if owner != os.geteuid():
        raise Refused(f"{visible(str(place))} belongs to another user, so {told} is not changed")


def _edits(
    changes: Iterable[FileChange], marks: Collection[bytes], known: Mapping[str, _Edit]
) -> dict[str, _Edit]:
    """The edits to record: none of a file that had gitmem's part from elsewhere."""
    found = {}
    for change in changes:
        before, after = change.before, change.after
        earlier = known.get(change.path)
        if earlier and before is not None and digest(before) == earlier.wrote:
            before = earlier.undo(before)
        if after is not None and not any(mark in (before or b"") for mark in marks):
            found[change.path] = _edit(before, after)
    return found


def _edit(before: bytes | None, after: bytes) -> _Edit:
    there = before or b""
    start = _same(there, after)
    most = min(len(there), len(after)) - start
    same = _same(there[::-1][:most], after[::-1][:most])
    return _Edit(
        wrote=digest(after),
        start=start,
        end=len(after) - same,
        put=there[start : len(there) - same],
        made=before is None,
    )


def _same(one: bytes, other: bytes) -> int:
    """How many bytes both begin with."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _recall(common: str) -> dict[str, _Edit]:
    """The edits that were recorded, by path; empty when nothing is known or the file cannot be read."""
    return way_back.recall(Path(common, _NAME), _recorded)


def _recorded(fields: Mapping[str, Any]) -> _Edit:
    return _Edit(
        wrote=fields["wrote"],
        start=fields["start"],
        end=fields["end"],
        put=fields["put"].encode("latin-1"),
        made=fields["made"],
    )


def _save(common: str, edits: Mapping[str, _Edit]) -> None:
    files = {
        path: asdict(edit) | {"put": edit.put.decode("latin-1")} for path, edit in edits.items()
    }
    way_back.remember(Path(common, _NAME), files)
