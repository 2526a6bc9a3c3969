"""Flags without processes, and what the queue branch of a repository really holds."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from gitmem.core.flag import Flag, make, new_id
from gitmem.git import repository
from gitmem.git.repository import BRANCH, Repository
from gitmem.queue import publisher
from gitmem.queue.branch import PublishResult
from gitmem.queue.journal import Journal
from tests.support.sandbox import Sandbox

WHO = "Test Person <person@example.com>"


def repository_of(sandbox: Sandbox) -> Repository:
    """The repository as gitmem sees it from the sandbox's folder."""
    return repository.discover(str(sandbox.path), os.environ)


def folder_of(sandbox: Sandbox) -> Path:
    """gitmem's own folder in the git common directory."""
    return Path(repository_of(sandbox).folder)


def new_flag(text: str, **fields: object) -> Flag:
    """A flag with a new id."""
    known = {"id": new_id(os.urandom(12)), "kind": "fact", "at": "2026-01-02T03:04:05Z", "by": WHO}
    return make({**known, "text": text, **fields})


def journal(sandbox: Sandbox, flags: Sequence[Flag]) -> Journal:
    """Puts flags into the journal only."""
    found = Journal(repository_of(sandbox).folder)
    found.append([flag.line for flag in flags])
    return found


def publish(sandbox: Sandbox, wait: float = 0.0) -> PublishResult:
    """Publishes what the journal holds."""
    repo = repository_of(sandbox)
    return publisher.publish(repo, Journal(repo.folder), WHO, wait=wait)


def keep(sandbox: Sandbox, count: int, text: str = "fact") -> list[Flag]:
    """``count`` new flags in the journal, in one record, and on the branch."""
    flags = [new_flag(f"{text} {number}") for number in range(count)]
    journal(sandbox, flags)
    assert publish(sandbox).reason == ""
    return flags


def ids_on_branch(sandbox: Sandbox, ref: str = BRANCH, folder: str = "queue/") -> list[str]:
    """The id of every line at a ref, in the order of files and lines, twice when it is there twice."""
    if not sandbox.git("rev-parse", "--verify", "-q", ref, check=False):
        return []
    found = sandbox.git("grep", "-h", "-o", '"id":"[a-z2-7]*"', ref, "--", folder, check=False)
    return [line[6:-1] for line in found.splitlines()]


def ids_in_journal(sandbox: Sandbox) -> list[str]:
    """The id of every line in the journal."""
    data = (folder_of(sandbox) / "journal").read_text(encoding="utf-8")
    return re.findall(r'"id":"([a-z2-7]*)"', data)


def subjects(sandbox: Sandbox, ref: str = BRANCH) -> list[str]:
    """The subjects of the queue's commits, oldest first."""
    return sandbox.git("log", "--reverse", "--format=%s", ref).splitlines()


def fsck(sandbox: Sandbox) -> str:
    """What `git fsck` complains about, dangling objects left out."""
    return sandbox.git("fsck", "--full", "--strict", "--no-dangling", "--no-progress")
