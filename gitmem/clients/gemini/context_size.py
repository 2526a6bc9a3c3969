"""The size of a session's context, from the end of Gemini CLI's transcript (hot lane).

Rows as Gemini CLI 0.61.0 writes them, one JSON object a line: each answer is
`{"id":...,"timestamp":...,"type":"gemini","tokens":{"total":n,...},"model":...}`, written before its calls are made.
A module of its own because most hooks do not need it.
"""

from __future__ import annotations

from gitmem.clients import transcript_rows
from gitmem.clients.transcript_rows import number
from gitmem.core.jsonline import inside, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# Bytes: the last answer is nearly always in the first, and behind the largest results of calls in the second.
_TAILS = (1 << 14, 1 << 18)
# The client compresses at half of the model's window, where the person set no other threshold.
_LIMIT = 1_048_576 // 2
_SMALL, _SMALL_LIMIT = "gemma", 256_000 // 2


def size(path: str) -> tuple[int, str, int]:
    """Return the tokens in the context as of the last answer, its time (ISO 8601), and the limit of a compaction."""
    return transcript_rows.size(path, _counted, sign=b'"tokens"', tails=_TAILS)


def _counted(row: Mapping[str, object]) -> tuple[int, int]:
    if row.get("type") != "gemini":
        return 0, 0
    small = text_of(row, "model").startswith(_SMALL)
    return number(inside(row, "tokens").get("total")), _SMALL_LIMIT if small else _LIMIT
