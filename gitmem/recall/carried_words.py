"""What a session's start says of the memory that its client does not load (hot lane)."""

from __future__ import annotations

import os

from gitmem.git import local
from gitmem.recall import carried
from gitmem.recall.carried import Block, fitted, lines, width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository
    from gitmem.recall.carried import Carried

_INDEX = 3_000  # characters of the index where topics follow it
_RULES = 3_000  # characters of rules; each was learned from something that went wrong
_FILE = 4 << 20  # bytes of an instruction file that is looked at
_SPARE = 450  # characters of the sentences around what is carried, without the place of the index
_CHECK = "The notes were true when they landed; check what you rely on."


class Start:
    """How a session starts.

    ``folder`` is where, ``below`` that folder's path below the top (empty: at the top), ``loads`` whether the client
    loads the index with its imports, ``loaded`` are the instruction files at the top that it loads, ``unread`` how the
    names of those begin that have rules and that it does not load.
    """

    __slots__ = ("below", "folder", "loaded", "loads", "unread")

    def __init__(
        self, folder: str, *, below: str, loads: bool, loaded: Sequence[str], unread: Sequence[str]
    ) -> None:
        self.folder = folder
        self.below = below
        self.loads = loads
        self.loaded = loaded
        self.unread = unread


def of_memory(repo: Repository, start: Start, before: str) -> tuple[str, int]:
    """Return what is said of memory after the words ``before``, and the number of lines in it."""
    kept = carried.read(repo)
    if kept is None:
        from gitmem.recall import carried_file

        kept = carried_file.refresh(repo)
    room = carried.LONGEST - width(before)
    if kept.trouble:
        return ("" if start.loads else _trouble(kept.trouble)), 0
    rules = fitted(_others_rules(repo, start, kept), min(room - _SPARE, _RULES))
    ruled = _ruled(rules)
    room -= width(ruled) + 2 if ruled else 0
    if start.loads:
        tails = fitted(kept.tails, room - _SPARE)
        said, number = _tails(tails), _lines(tails)
    else:
        said, number = _all(repo, start, kept, room)
    if width(said) >= room:
        said, number = "", 0
    return "\n\n".join([part for part in (ruled, said) if part]), number + _lines(rules)


def texts(repo: Repository, names: Sequence[str]) -> list[bytes]:
    """Return the texts of files at the top, behind any link."""
    return [local.read_plain(os.path.realpath(f"{repo.top}/{name}"), _FILE) for name in names]


def _others_rules(repo: Repository, start: Start, kept: Carried) -> list[Block]:
    """The rules of the files that are not loaded, without those that a loaded file has too."""
    if not start.unread:
        return []
    loaded = [text.decode("utf-8", "replace") for text in texts(repo, start.loaded)]
    known = {row.strip() for text in loaded for row in text.splitlines()}
    found = []
    for block in kept.rules:
        if block.path.startswith(tuple(start.unread)):
            units = [unit for unit in block.units if unit not in known]
            known.update(units)
            found.append(Block(block.path, units, block.left))
    return [block for block in found if block.units]


def _ruled(blocks: Sequence[Block]) -> str:
    if not [block for block in blocks if block.units]:
        return ""
    head = "gitmem: rules learned in this repository, in files that this client does not load. Follow them."
    return "\n".join([part for part in (head, *_named(blocks), _more(blocks)) if part])


def _all(repo: Repository, start: Start, kept: Carried, room: int) -> tuple[str, int]:
    """The index, the topics that it imports and the newest lines of large ones."""
    if not kept.index:
        return "", 0
    path = os.path.relpath(
        f"{os.path.realpath(repo.top)}/{kept.index[0].path}", os.path.realpath(start.folder)
    )
    why = (
        f"This session started in {start.below}, below the top of the repository, so the"
        if start.below
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
    return sum([lines(block.units) for block in blocks])


def _trouble(reason: str) -> str:
    from gitmem.safety.text import visible

    told = visible(" ".join(reason.split()))[:300]
    return f"gitmem: the repository's memory was not loaded: {told}. Look: gitmem status"
