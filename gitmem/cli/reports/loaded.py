"""What of memory a session loads, in words and for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.quantities import count
from gitmem.memory.details.sections import hidden_row
from gitmem.memory.imports import NOT_YET, OVER_BUDGET, SCOPED
from gitmem.safety.paths import is_details

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitmem.memory.imports import Imports

_BYTES_A_TOKEN = 4  # of English and code, as the vendors' tokenizers come out; an estimate


def tokens(size: int) -> int:
    """Return about how many tokens so many bytes cost a session's every request."""
    return -(-size // _BYTES_A_TOKEN)


def sentence(imports: Imports) -> str:
    """Return how many topics are loaded, and how much of the budget that takes."""
    number, total = len(imports.names), imports.total
    topics = "topic is" if total == 1 else "topics are"
    used = f"{imports.size:,} of {imports.budget:,} bytes"
    return f"{number} of {total} {topics} loaded, {used}"


def refusals(imports: Imports, folder: str) -> Iterator[str]:
    """Yield file, line and reason of each topic that something in it keeps from being loaded.

    What the next close imports has nothing in it to look at: it is counted on one line.
    """
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
