"""The size of a session's context, from the end of Qwen Code's transcript (hot lane).

Rows as Qwen Code 0.24.4 writes them, one JSON object a line: an answer is
`{"timestamp":...,"type":"assistant","usageMetadata":{"totalTokenCount":n}}`, a compaction
`{"timestamp":...,"type":"system","subtype":"chat_compression"}`. A module of its own because most hooks do not need it.
"""

from __future__ import annotations

from gitmem.clients.transcript_rows import ENDING, tail
from gitmem.core.jsonline import loads

_TAIL = 1 << 18  # bytes; an answer and the largest results of its calls
_ROWS = 8  # rows that may be read for nothing
_SIGN, _COMPACTED = b'"usageMetadata"', b'"chat_compression"'
_ODD = 100_000_000  # tokens no context has


def size(path: str) -> tuple[int, str]:
    """Return the tokens in the context as of the last answer, and its time (ISO 8601).

    (0, "") when the end of the file tells of no answer, or of a compaction after it.
    """
    if not path.endswith(ENDING):
        return 0, ""
    read = 0
    for row in reversed(tail(path, _TAIL, (_SIGN,))):
        if _COMPACTED in row or read == _ROWS:
            break
        if _SIGN in row:
            read += 1
            found = _counted(row)
            if found[0]:
                return found
    return 0, ""


def _counted(line: bytes) -> tuple[int, str]:
    try:
        row = loads(line.decode("utf-8", "replace"))
    except ValueError:
        return 0, ""  # the last row is being written
    if not isinstance(row, dict) or row.get("type") != "assistant":
        return 0, ""
    usage, at = row.get("usageMetadata"), row.get("timestamp")
    tokens = usage.get("totalTokenCount") if isinstance(usage, dict) else None
    if type(tokens) is not int or not 0 < tokens < _ODD:
        return 0, ""
    return tokens, at if isinstance(at, str) else ""
