"""The size of a session's context, from the end of Gemini CLI's transcript (hot lane).

Rows as Gemini CLI 0.61.0 writes them, one JSON object a line: each answer is
`{"id":...,"timestamp":...,"type":"gemini","tokens":{"total":n,...},"model":...}`, written before its calls are made.
A module of its own because most hooks do not need it.
"""

from __future__ import annotations

from gitmem.clients.transcript_rows import ENDING, tail
from gitmem.core.jsonline import loads

# Bytes: the last answer is nearly always in the first, and behind the largest results of calls in the second.
_TAILS = (1 << 14, 1 << 18)
_ROWS = 8  # rows that may be read for nothing
_SIGN = b'"tokens"'
_ODD = 100_000_000  # tokens no context has
# The client compresses at half of the model's window, where the person set no other threshold.
_LIMIT = 1_048_576 // 2
_SMALL, _SMALL_LIMIT = "gemma", 256_000 // 2


def size(path: str) -> tuple[int, str, int]:
    """Return the tokens in the context as of the last answer, its time (ISO 8601), and the limit of a compaction.

    (0, "", 0) when the end of the file tells of none.
    """
    if not path.endswith(ENDING):
        return 0, "", 0
    for most in _TAILS:
        rows = [row for row in tail(path, most, (_SIGN,)) if _SIGN in row]
        for row in rows[: -_ROWS - 1 : -1]:
            found = _counted(row)
            if found[0]:
                return found
    return 0, "", 0


def _counted(line: bytes) -> tuple[int, str, int]:
    try:
        row = loads(line.decode("utf-8", "replace"))
    except ValueError:
        return 0, "", 0  # the last row is being written
    if not isinstance(row, dict) or row.get("type") != "gemini":
        return 0, "", 0
    tokens, at, model = row.get("tokens"), row.get("timestamp"), row.get("model")
    total = tokens.get("total") if isinstance(tokens, dict) else None
    if type(total) is not int or not 0 < total < _ODD:
        return 0, "", 0
    small = isinstance(model, str) and model.startswith(_SMALL)
    return total, at if isinstance(at, str) else "", _SMALL_LIMIT if small else _LIMIT
