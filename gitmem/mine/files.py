"""The person's own instruction files: which clients have one, and what gitmem's block in them says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gitmem.clients.abilities import PersonalFile
from gitmem.git import mine, refs
from gitmem.install import personal
from gitmem.memory import tree_reader
from gitmem.mine import block
from gitmem.records import drain_record, record_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitmem.clients.abilities import Wiring
    from gitmem.git.repository import Repository
    from gitmem.install.personal import PersonalPlan


UNREAD = "no instruction file of yours has the block, so no session reads it"


def lines_of(repo: Repository, ref: str, *, folder: str) -> list[str]:
    """Return the lines of the block as the memory on the branch ``ref`` has them. Raises what reading it raises."""
    commit = refs.resolve(repo, ref)
    tree = tree_reader.read_memory(repo, commit, folder)
    newest = drain_record.newest_by_file(record_files.newest_texts(repo, commit)) if commit else {}
    return block.own_lines(tree.texts, newest, folder=folder)


def own_files(wirings: Iterable[Wiring], lines: Sequence[str]) -> list[PersonalFile]:
    """Return the own instruction files of these clients, with these lines in the block."""
    return [
        PersonalFile(
            path=wiring.own_instructions.path,
            reason=f"{wiring.title} loads it when a session starts",
            wire=partial(block.with_block, lines=lines),
            unwire=block.without_block,
            mark=block.MARK.encode(),
        )
        for wiring in wirings
        if wiring.own_instructions
    ]


def refresh(repo: Repository, files: Iterable[PersonalFile]) -> PersonalPlan:
    """Bring the block up to date in those files that have one; return what changed.

    Raises as `gitmem.install.personal.plan_writing` does; no file is changed then.
    """
    home = mine.home()
    there = [file for file in files if personal.is_wired(home, file)]
    plan = personal.plan_writing(home, there)
    personal.write(plan, there, repo.common, staging=repo.git_dir)
    return plan


def readers(files: Iterable[PersonalFile]) -> list[str]:
    """Return the paths, from the home, of those files that have the block. Raises Refused for an account without a home."""
    home = mine.home()
    return [file.path for file in files if personal.is_wired(home, file)]


def told_elsewhere(environ: Mapping[str, str], wirings: Iterable[Wiring]) -> list[str]:
    """Return a sentence for each of these clients that a variable leads to another folder."""
    return [
        f"{own.variable} is set, so a session may read another file than ~/{own.path}; gitmem does not follow the "
        "variable: link that file to this one, or import this one there"
        for wiring in wirings
        if (own := wiring.own_instructions) and own.variable and environ.get(own.variable)
    ]
