"""What keeps memory from being read in this clone: attributes that rewrite it, a sparse checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.git import refs, trees
from gitmem.git.process import ANY
from gitmem.git.repository import SETTINGS
from gitmem.proof.finding import Finding, fail, warn
from gitmem.records import record_files

if TYPE_CHECKING:
    from gitmem.git.repository import Repository


def look(repo: Repository, folder: str) -> list[Finding]:
    """Return findings about the memory folder; none where what a close writes is what this clone reads.

    ``folder`` is relative to the top of the work tree. Looks only.
    """
    return [*_rewritten(repo, folder), *_left_out(repo, folder)]


def _rewritten(repo: Repository, folder: str) -> list[Finding]:
    """A close refuses a path whose bytes a filter (LFS, git-crypt) would change."""
    paths = [
        f"{folder}/MEMORY.md",
        f"{folder}/topic.md",
        SETTINGS,
        f"{record_files.FOLDER}record.jsonl",
    ]
    try:
        reasons = trees.unshared(repo, refs.resolve(repo, "HEAD"), paths)
    except Refused as refused:
        return [fail("memory", refused.message, refused.hint)]
    found = {
        reason: path
        for path, reason in reversed(reasons.items())
        if reason.startswith("the attribute")
    }
    return [
        fail(
            "memory",
            f"{reason.removesuffix(' it')} {path}: every close that writes there is refused",
            f"except it in .gitattributes: {path.rpartition('/')[0]}/** -filter -ident "
            "-working-tree-encoding",
        )
        for reason, path in found.items()
    ]


def _left_out(repo: Repository, folder: str) -> list[Finding]:
    """git-sparse-checkout(1): what is not in the work tree, no client can load."""
    if repo.git("config", "--bool", "core.sparseCheckout", ok=ANY).text != "true":
        return []
    skipped = [
        row[2:]
        for row in repo.git("ls-files", "-z", "-t", "--", folder, ".gitmem").text.split("\0")
        if row.startswith("S ")
    ]
    if not skipped and _in_cone(repo, folder):
        return []
    return [
        warn(
            "memory",
            f"{folder}/ is outside this clone's sparse checkout, so the client loads nothing of it",
            f"git sparse-checkout add {folder} .gitmem",
        )
    ]


def _in_cone(repo: Repository, folder: str) -> bool:
    """Whether a folder that no file is tracked in yet would be checked out.

    In cone mode the folders are listed. Otherwise the patterns are gitignore's, and only one that
    names the folder or everything is understood.
    """
    listed = repo.git("sparse-checkout", "list", ok=ANY).text.splitlines()
    names = {line.strip().strip("/").removesuffix("/*") for line in listed}
    if f"!/{folder}" in names:
        return False
    parents = ["/".join(folder.split("/")[: at + 1]) for at in range(folder.count("/") + 1)]
    return bool(names.intersection(["*", "", *parents]))
