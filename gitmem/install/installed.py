"""Where this gitmem came from, so that a build machine gets the same: metadata first, then git.

Of a folder, its commit counts, if the folder's remote has it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from gitmem.core.errors import GitmemError, Refused
from gitmem.git import network, refs, remotes, repository
from gitmem.git.process import ANY
from gitmem.install import ci_source
from gitmem.install.ci_source import PROJECT, Folder, Source, unknown
from gitmem.install.shipped_files import source_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitmem.git.network import Talk
    from gitmem.git.repository import Repository
    from gitmem.install.shipped_files import Host, ShippedCi

_STEERS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR")  # of another repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """Where this gitmem came from; ``notes`` say what a person should know of it."""

    source: Source
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """How a folder's repository and its remote are asked: the environment, and how git may talk."""

    environ: Mapping[str, str]
    talk: Talk


def installed(asks: Asks) -> Installed:
    """Return the source of the gitmem that runs.

    For one that was installed from a folder it asks that folder's remote. Raises Refused where a build
    machine could not get the same.
    """
    try:
        found = metadata.distribution(PROJECT)
    except metadata.PackageNotFoundError:
        raise unknown("it was not installed, but is run from a folder") from None
    told = ci_source.recorded(found.version, found.read_text("direct_url.json"))
    if isinstance(told, Source):
        return Installed(source=told)
    return of_folder(told, asks)


def of_folder(folder: Folder, asks: Asks) -> Installed:
    """Return the commit of a folder at its remote; a commit that is not there is refused."""
    said = f"it was installed from the folder {folder.path}"
    try:
        environ = {name: value for name, value in asks.environ.items() if name not in _STEERS}
        repo = repository.discover(folder.path, environ)
        remote = remotes.existing(repo)
    except GitmemError as error:
        raise unknown(f"{said}, which is no clone ({error.message})") from None
    commit = folder.commit or repository.head(repo)[1]
    below = os.path.relpath(os.path.realpath(folder.path), os.path.realpath(repo.top))
    below = "" if below == "." else below
    project = f"{commit}:{below}/pyproject.toml" if below else f"{commit}:pyproject.toml"
    if not commit or repo.git("cat-file", "-e", project, ok=ANY).code:
        raise unknown(f"{said}, and no commit there has its pyproject.toml")
    if not remote:
        raise unknown(f"{said}, whose repository has no remote")
    _refuse_unpushed(repo, remote, commit, said, asks.talk)
    url = network.fetch_url(repo, remote)
    if ci_source.local_path(url):
        raise unknown(f"{said}, whose remote {remote} is a folder of this machine, too")
    source = ci_source.at_commit(url, commit, below)
    changed = "" if folder.commit else repo.git("status", "--porcelain", "-uno").text
    notes = (
        (f"{folder.path} has changes that its commit {commit[:12]} lacks: CI runs the commit",)
        if changed
        else ()
    )
    return Installed(source=source, notes=notes)


def _refuse_unpushed(repo: Repository, remote: str, commit: str, said: str, talk: Talk) -> None:
    """Raise Refused unless the remote says now that it has a branch or a tag with this commit."""
    try:
        there = set(network.list_refs(repo, remote, talk).values())
    except GitmemError as error:
        raise unknown(f"{said}, and its remote cannot be asked: {error.message}") from None
    if commit in there:
        return
    known = refs.containing(repo, commit, f"refs/remotes/{remote}/")
    if there.isdisjoint(known.values()):
        raise unknown(
            f"{said}, and no branch that is known of its remote {remote} has the commit {commit[:12]}"
        )


def for_ci(root: Path, host: Host, shipped: ShippedCi, given: str, asks: Asks) -> Installed:
    """Return the source for the files of ``host`` in the work tree at ``root``.

    ``given``, a person's own choice, comes first. Then the source of this gitmem, unless the files are
    there already and name another place: they keep it, as they do where this one's is not known. Raises
    UsageError for a choice that is no source, and Refused where nothing tells one.
    """
    if given:
        return Installed(source=ci_source.given(given))
    present = source_in(root, host, shipped.versions)
    try:
        own = installed(asks)
    except Refused:
        if present is None:
            raise
        return Installed(source=present)
    if present is None or present.place == own.source.place:
        return own
    note = (
        f"CI goes on with {present.requirement}; to install what runs here: "
        f"{ci_source.OPTION} {own.source.quoted}"
    )
    return Installed(source=present, notes=(note,))
