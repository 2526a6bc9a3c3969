"""Files that gitmem ships whole, CI's and its own skill: written, kept up to date, never taken over.

A file is gitmem's while its text is one that some version shipped, whatever version of gitmem it
installs; a text that a person changed is theirs. `templates/ci/shipped.sha256` has the digests,
`templates/skills/gitmem-close/shipped.sha256` those of the skill.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.install import ci_source
from gitmem.install.ci_source import PROJECT, Source
from gitmem.install.file_changes import FileChange, change_text, read_text, real_path
from gitmem.memory.skills import skill_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

GITLAB_MAIN = ".gitlab-ci.yml"
GITLAB_CHECK = ".gitlab/gitmem-check.yml"
GITHUB_CHECK = ".github/workflows/gitmem-check.yml"
GITHUB_DRAIN = ".github/workflows/gitmem-drain.yml"


class Host(StrEnum):
    """Whose CI runs the check; none: no file of gitmem's for any."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


#: The files of each host, in the order they are written, to their shipped names.
FILES: Mapping[Host, Mapping[str, str]] = {
    Host.GITHUB: {
        GITHUB_CHECK: "templates/ci/github/gitmem-check.yml",
        GITHUB_DRAIN: "templates/ci/github/gitmem-drain.yml",
    },
    Host.GITLAB: {
        GITLAB_CHECK: "templates/gitmem-check/template.yml",
        GITLAB_MAIN: "templates/ci/gitlab/gitlab-ci.yml",
    },
    Host.NONE: {},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedCi:
    """The texts to write, by their place in the work tree, the pre-push hook, and all digests."""

    texts: Mapping[str, str] = field(default_factory=dict)
    hook: str = ""
    versions: frozenset[str] = frozenset()


def ci_changes(
    root: Path, host: Host, shipped: ShippedCi, source: Source | None = None
) -> tuple[list[FileChange], list[str]]:
    """Return the changes that make the work tree at ``root`` have the files of ``host``, and notes.

    The files install gitmem from ``source``; without one, from what the shipped texts name. `none` takes gitmem's files of every host out. A file that a person changed, or that is behind a
    symlink, stays as it is, and a note says so. Raises NeedsPerson for one that cannot be read.
    """
    if host is Host.NONE:
        return without_ci(root, shipped.versions)
    changes: list[FileChange] = []
    notes: list[str] = []
    for path in FILES[host]:
        text = shipped.texts[path]
        text = ci_source.with_source(text, source) if source else text
        change, said = _written(root, path, text, shipped.versions)
        changes += [change] if change else []
        notes += [said] if said else []
    return changes, notes


def without_ci(root: Path, versions: Collection[str]) -> tuple[list[FileChange], list[str]]:
    """Return the changes that take gitmem's own files out; those that a person changed stay, with a note."""
    changes: list[FileChange] = []
    notes: list[str] = []
    for path in (path for files in FILES.values() for path in files):
        try:
            now = read_text(root, real_path(root, path, follow=False))
        except Refused as refused:
            notes.append(f"left alone: {refused.message}")
            continue
        if now is None:
            continue
        if is_shipped(now, versions):
            changes.append(change_text(path, now, None))
        elif path != GITLAB_MAIN or GITLAB_CHECK in now:
            notes.append(f"{path} was edited by a person, and stays as it is")
    return changes, notes


def is_shipped(text: str, versions: Collection[str]) -> bool:
    """Return whether some version shipped this text; line ends and the source it names do not count."""
    return digest(text) in versions


def digest(text: str) -> str:
    """Return the digest of a shipped text, as `templates/ci/shipped.sha256` lists it."""
    plain = ci_source.NAMED.sub(PROJECT, text.replace("\r\n", "\n"))
    return sha256(plain.encode()).hexdigest()


def source_in(root: Path, host: Host, versions: Collection[str]) -> Source | None:
    """Return the source that gitmem's own files of ``host`` name in this work tree; None without any."""
    for path in FILES[host]:
        try:
            now = read_text(root, real_path(root, path, follow=False))
        except Refused:
            continue
        named = ci_source.named_in(now) if now and is_shipped(now, versions) else None
        if named:
            return named
    return None


def _written(
    root: Path, path: str, text: str, versions: Collection[str]
) -> tuple[FileChange | None, str]:
    try:
        real_path(root, path, follow=False)
    except Refused as refused:
        return None, f"{path} was not written: {refused.message}"
    now = read_text(root, path)
    if now is None or (is_shipped(now, versions) and now.replace("\r\n", "\n") != text):
        return change_text(path, now, text), ""
    if is_shipped(now, versions):
        return None, ""
    if path != GITLAB_MAIN:
        return None, f"{path} was edited by a person, and stays as it is"
    if GITLAB_CHECK in now:
        return None, ""
    return None, f"{path} is yours: put `- local: {GITLAB_CHECK}` under its `include:`"


def skill_changes(
    root: Path, folders: Iterable[str], text: str, versions: Collection[str]
) -> tuple[list[FileChange], list[str]]:
    """Return the changes that install or update the skill in these folders, and what to say about it.

    A place behind a symlink is left alone, unless the file is there, and a note says so.
    """
    found = [_skill_change(root, skill_in(folder), text, versions) for folder in folders]
    changes = {change.path: change for change, _ in found if change}
    return list(changes.values()), [note for _, note in found if note]


def _skill_change(
    root: Path, place: str, text: str, versions: Collection[str]
) -> tuple[FileChange | None, str]:
    try:
        path = real_path(root, place)
    except Refused as refused:
        return None, f"the skill gitmem-close was not installed: {refused.message}"
    now = read_text(root, path)
    if now is not None and not is_shipped_skill(now, versions):
        return None, f"{place} was edited by a person, and stays as it is"
    if now is not None and _with_plain_ends(now) == _with_plain_ends(text):
        return None, ""
    return change_text(path, now, text), ""


def without_skill(now: str, versions: Collection[str]) -> str | None:
    """Return the file's text after an uninstall: None if it is ours, else unchanged."""
    return None if is_shipped_skill(now, versions) else now


def is_shipped_skill(text: str, versions: Collection[str]) -> bool:
    """Return whether some version shipped this text; line ends do not count."""
    return sha256(_with_plain_ends(text).encode()).hexdigest() in versions


def _with_plain_ends(text: str) -> str:
    return text.replace("\r\n", "\n")
