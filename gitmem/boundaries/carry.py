"""What a session's start carries of memory, beside the boot words: what its client does not load (hot lane).

A client loads the index and its imports where a session starts at the top of the repository. Below it, and
in a client that follows no import, the hook carries the same text; everywhere it carries the newest lines
of topic files that are too large to be imported, and the rules in a file that the client does not load. All
that a boot says stays below 9,000 characters.
"""

from __future__ import annotations

import os

from gitmem.core.errors import Overdue
from gitmem.git import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.clients.client import Client
    from gitmem.git.repository import Repository
    from gitmem.session.boundary import Words

LARGE = 4_000  # bytes; `gitmem.memory.imports.PART`, which the hot lane does not load
_OTHERS = ("MEMORY.md", "PENDING.md")  # files in the memory folder that are no topics
_FILE = 4 << 20  # bytes of an instruction file that is looked at
# What has rules: `gitmem.memory.places.INSTRUCTIONS` with `gitmem.memory.instructions.HEADING`, and
# `gitmem.memory.path_rules.FOLDER` with its `PREFIX`, which the hot lane does not load either.
INSTRUCTIONS = ("CLAUDE.md", "AGENTS.md")
HEADING = b"## Rules learned here"
SCOPED = ".claude/rules/gitmem-"
_LATE = "gitmem: the repository's memory was not loaded: the look at it took too long. Look: gitmem recall WORDS"


def add_memory(words: Words, repo: Repository, client: Client, project: str) -> None:
    """Add what is carried to the words of a boot; ``project`` is the folder that the session started in."""
    try:
        said, number = _memory(repo, client, project, words.model)
    except Overdue:  # what was found so far is said all the same
        said, number = _LATE, 0
    if not said:
        return
    words.model = "\n\n".join([part for part in (words.model, said) if part])
    if number:
        carried = f"carried {number} line" + ("s" if number > 1 else "")
        words.did = ", ".join([part for part in (words.did, carried) if part])


def _memory(repo: Repository, client: Client, project: str, before: str) -> tuple[str, int]:
    below = _below_top(repo, project)
    loads = client.imports and not below
    unread = _unread(repo, client)
    # A session that loads memory is carried nothing unless a file is large; most stop here.
    if loads and not unread and not _has_large(repo):
        return "", 0
    from gitmem.recall import carried_words

    start = carried_words.Start(
        project if below else repo.top,
        below=below,
        loads=loads,
        loaded=_loaded(repo, client),
        unread=unread,
    )
    return carried_words.of_memory(repo, start, before)


def _unread(repo: Repository, client: Client) -> list[str]:
    """How the names of the files begin that have rules and that a session of this client does not load."""
    loaded = _loaded(repo, client)
    found = [
        name
        for name in INSTRUCTIONS
        if name not in loaded and HEADING in local.read_plain(f"{repo.top}/{name}", _FILE)
    ]
    if found:
        # One may be a link to the other.
        places = [os.path.realpath(f"{repo.top}/{name}") for name in loaded]
        found = [name for name in found if os.path.realpath(f"{repo.top}/{name}") not in places]
    if found and client.imports:
        from gitmem.recall import carried_words

        texts = carried_words.texts(repo, loaded)
        found = [name for name in found if not _imported(name, texts)]
    folder, _, begin = SCOPED.rpartition("/")
    if not client.scoped:
        try:
            listed = os.listdir(f"{repo.top}/{folder}")
        except OSError:
            listed = []
        found += [SCOPED] if [name for name in listed if name.startswith(begin)] else []
    return found


def _loaded(repo: Repository, client: Client) -> list[str]:
    """The instruction files at the top that a session of this client loads."""
    found = []
    for group in client.reads:
        there = [name for name in group if os.path.exists(f"{repo.top}/{name}")]
        found += there[:1]
    return found


def _imported(name: str, texts: Sequence[bytes]) -> bool:
    signs = f"@{name}".encode(), f"@./{name}".encode()
    return any(sign in text for text in texts for sign in signs)


def _below_top(repo: Repository, project: str) -> str:
    """The folder below the top that a session started in; empty at the top and outside."""
    if project in {"", repo.top}:
        return ""
    top, start = os.path.realpath(repo.top), os.path.realpath(project)
    return start[len(top) + 1 :] if start.startswith(top.rstrip("/") + "/") else ""


def _has_large(repo: Repository) -> bool:
    """Whether a file in the memory folder of the work tree is larger than a topic file becomes."""
    from gitmem.records.plain_settings import memory_folder

    try:
        with os.scandir(f"{repo.top}/{memory_folder(repo)}") as entries:
            files = [entry for entry in entries if entry.name.endswith(".md")]
            sizes = [
                entry.stat(follow_symlinks=False).st_size
                for entry in files
                if entry.name not in _OTHERS
            ]
    except OSError:
        return False
    return max(sizes, default=0) > LARGE
