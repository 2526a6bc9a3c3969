"""What of memory a session loads, in words and for a program."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gitmem.bootstrap.version import version
from gitmem.core.jsonline import dumps, loads
from gitmem.core.quantities import count
from gitmem.git import local
from gitmem.safety.paths import is_details

# What parses memory is imported where it is needed: it costs as much as the rest of `gitmem status`.
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitmem.git.repository import Repository
    from gitmem.memory.imports import Imports
    from gitmem.memory.tree import MemoryTree

_NAME = "told.json"
_LARGEST = 64 << 10  # bytes of kept sentences; more are made each time
_BYTES_A_TOKEN = 4  # of English and code, as the vendors' tokenizers come out; an estimate


def tokens(size: int) -> int:
    """Return about how many tokens so many bytes cost a session's every request."""
    return -(-size // _BYTES_A_TOKEN)


def of_commit(repo: Repository, commit: str, folder: str) -> tuple[MemoryTree, Imports]:
    """Return the memory at a commit, and what its index imports."""
    from gitmem.memory import tree_reader
    from gitmem.memory.imports import imported_now

    files = tree_reader.read_memory(repo, commit, folder)
    texts = {**dict.fromkeys(files.odd, ""), **files.texts}
    return files, imported_now(texts, folder=files.folder, budget=files.budget)


def told(repo: Repository, commit: str, folder: str) -> list[str]:
    """Return, as sentences, what of memory at a commit is loaded, what is not and why, and what is hidden in it.

    They are kept in gitmem's folder for the next time: the commit, the name of the memory folder and gitmem's
    version decide what they say. Where the file cannot be written, they are made each time.
    """
    of = [version(), commit, folder]
    path = f"{repo.folder}/{_NAME}"
    sentences = _kept(path, of)
    if sentences is not None:
        return sentences
    files, imports = of_commit(repo, commit, folder)
    sentences = [
        *([sentence(imports)] if imports.total else []),
        *refusals(imports, folder),
        *hidden(files.texts, folder),
    ]
    data = (dumps({"of": of, "sentences": sentences}) + "\n").encode()
    if len(data) <= _LARGEST:
        with suppress(OSError):
            local.write_whole(path, data)
    return sentences


def _kept(path: str, of: list[str]) -> list[str] | None:
    """Return the sentences that were made of these; None where they are not kept."""
    try:
        kept = loads(local.read_plain(path, _LARGEST).decode())
    except ValueError:
        return None
    if not isinstance(kept, dict) or kept.get("of") != of:
        return None
    sentences = kept.get("sentences")
    if not isinstance(sentences, list) or not all(isinstance(one, str) for one in sentences):
        return None
    return sentences


def sentence(imports: Imports) -> str:
    """Return how many topics are loaded, and how much of the budget that takes."""
    number, total = len(imports.names), imports.total
    topics = "topic" if total == 1 else "topics"
    verb = "is" if 1 in {number, total} else "are"
    used = f"{imports.size:,} of {imports.budget:,} bytes"
    return f"{number} of {total} {topics} {verb} loaded, {used}"


def refusals(imports: Imports, folder: str) -> Iterator[str]:
    """Yield file, line and reason of each topic that something in it keeps from being loaded.

    What the next close imports has nothing in it to look at: it is counted on one line.
    """
    from gitmem.memory.imports import NOT_YET, OVER_BUDGET, SCOPED

    coming = sum(refusal.reason == NOT_YET for refusal in imports.left.values())
    if coming:
        them = "them" if coming > 1 else "it"
        told = f"the next close that changes memory imports {them}"
        yield f"not loaded yet: {count(coming, 'topic')}; {told}"
    for name, refusal in sorted(imports.left.items()):
        if refusal.reason not in {OVER_BUDGET, SCOPED, NOT_YET}:
            line = f":{refusal.line}" if refusal.line else ""
            yield f"not loaded: {folder}/{name}{line}: {refusal.reason}"


def hidden(texts: Mapping[str, str], folder: str) -> Iterator[str]:
    """Yield file and line of hidden text in each details file: no session loads it, and recall shows it."""
    from gitmem.memory.details.sections import hidden_row

    for path in sorted(texts):
        row = hidden_row(texts[path]) if is_details(path, folder) else 0
        if row:
            yield f"hidden text: {path}:{row}: gitmem recall may show it to an agent; look at it and take it out"


def answer(imports: Imports, folder: str) -> dict[str, object]:
    """Return the same for a program."""
    return {
        "topics": imports.total,
        "loaded": [f"{folder}/{name}" for name in imports.names],
        "bytes": imports.size,
        "budget": imports.budget,
        "tokens": tokens(imports.size),
        "not_loaded": [
            {"file": f"{folder}/{name}", "line": refusal.line or None, "reason": refusal.reason}
            for name, refusal in sorted(imports.left.items())
        ],
    }
