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
    from gitmem.recall.carried import Block, Carried
    from gitmem.session.boundary import Words

LARGE = 4_000  # bytes; `gitmem.memory.imports.PART`, which the hot lane does not load
_OTHERS = ("MEMORY.md", "PENDING.md")  # files in the memory folder that are no topics
_INDEX = 3_000  # characters of the index where topics follow it
_RULES = 3_000  # characters of rules; each was learned from something that went wrong
_FILE = 4 << 20  # bytes of an instruction file that is looked at
# What has rules: `gitmem.memory.places.INSTRUCTIONS` with `gitmem.memory.instructions.HEADING`, and
# `gitmem.memory.path_rules.FOLDER` with its `PREFIX`, which the hot lane does not load either.
INSTRUCTIONS = ("CLAUDE.md", "AGENTS.md")
HEADING = b"## Rules learned here"
SCOPED = ".claude/rules/gitmem-"
_SPARE = 450  # characters of the sentences around what is carried, without the place of the index
_CHECK = "The notes were true when they landed; check what you rely on."
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
    from gitmem.recall import carried

    kept = carried.read(repo)
    if kept is None:
        from gitmem.recall import carried_file

        kept = carried_file.refresh(repo)
    room = carried.LONGEST - carried.width(before)
    if kept.trouble:
        return ("" if loads else _trouble(kept.trouble)), 0
    rules = carried.fitted(_others_rules(repo, client, kept, unread), min(room - _SPARE, _RULES))
    ruled = _ruled(rules)
    room -= carried.width(ruled) + 2 if ruled else 0
    if loads:
        tails = carried.fitted(kept.tails, room - _SPARE)
        said, number = _tails(tails), _lines(tails)
    else:
        said, number = _all(repo, kept, project if below else repo.top, room, below)
    if carried.width(said) >= room:
        said, number = "", 0
    return "\n\n".join([part for part in (ruled, said) if part]), number + _lines(rules)


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
        texts = _texts(repo, loaded)
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


def _texts(repo: Repository, names: Sequence[str]) -> list[bytes]:
    """The texts of files at the top, behind any link."""
    return [local.read_plain(os.path.realpath(f"{repo.top}/{name}"), _FILE) for name in names]


def _imported(name: str, texts: Sequence[bytes]) -> bool:
    signs = f"@{name}".encode(), f"@./{name}".encode()
    return any(sign in text for text in texts for sign in signs)


def _others_rules(
    repo: Repository, client: Client, kept: Carried, unread: Sequence[str]
) -> list[Block]:
    """The rules of the files that are not loaded, without those that a loaded file has too."""
    from gitmem.recall.carried import Block

    if not unread:
        return []
    texts = _texts(repo, _loaded(repo, client))
    known = {row.strip() for text in texts for row in text.decode("utf-8", "replace").splitlines()}
    found = []
    for block in kept.rules:
        if block.path.startswith(tuple(unread)):
            units = [unit for unit in block.units if unit not in known]
            known.update(units)
            found.append(Block(block.path, units, block.left))
    return [block for block in found if block.units]


def _ruled(blocks: Sequence[Block]) -> str:
    if not [block for block in blocks if block.units]:
        return ""
    head = "gitmem: rules learned in this repository, in files that this client does not load. Follow them."
    return "\n".join([part for part in (head, *_named(blocks), _more(blocks)) if part])


def _all(repo: Repository, kept: Carried, start: str, room: int, below: str) -> tuple[str, int]:
    """The index, the topics that it imports and the newest lines of large ones."""
    from gitmem.recall.carried import fitted, width

    if not kept.index:
        return "", 0
    path = os.path.relpath(
        f"{os.path.realpath(repo.top)}/{kept.index[0].path}", os.path.realpath(start)
    )
    why = (
        f"This session started in {below}, below the top of the repository, so the"
        if below
        else "This client loads no imports, so the"
    )
    head = f"gitmem: {why} repository's memory was not loaded. Its index is {path}; names in it are"
    said = [f"{head} relative to that folder. {_CHECK}"]
    room -= width(head) + width(path) + _SPARE
    index = fitted(kept.index, min(room, _INDEX) if kept.topics else room, newest=False)
    room -= sum([width(row) + 1 for block in index for row in block.units])
    topics = fitted(kept.topics, room)
    room -= sum([width(row) + 3 for block in topics for row in (block.path, *block.units)])
    tails = fitted(kept.tails, room)
    said += [row for block in index for row in block.units]
    cut = sum([block.left for block in index])
    said += [f"The index goes on: read {path}"] if cut else []
    said += [*_named(topics), _more(topics), _tails(tails)]
    return "\n".join([part for part in said if part]), _lines(topics) + _lines(tails)


def _tails(blocks: Sequence[Block]) -> str:
    if not [block for block in blocks if block.units]:
        return ""
    head = f"gitmem: the newest notes of this repository in files too large to be loaded. {_CHECK}"
    return "\n".join([part for part in (head, *_named(blocks), _more(blocks)) if part])


def _named(blocks: Sequence[Block]) -> list[str]:
    """The rows of the blocks, below the name of each file."""
    return ["\n".join([f"\n{one.path}:", *one.units]) for one in blocks if one.units]


def _more(blocks: Sequence[Block]) -> str:
    left = sum([block.left for block in blocks])
    return f"{left} line{'s' if left > 1 else ''} more: gitmem recall WORDS" if left else ""


def _lines(blocks: Sequence[Block]) -> int:
    from gitmem.recall.carried import lines

    return sum([lines(block.units) for block in blocks])


def _trouble(reason: str) -> str:
    from gitmem.safety.text import visible

    told = visible(" ".join(reason.split()))[:300]
    return f"gitmem: the repository's memory was not loaded: {told}. Look: gitmem status"


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
