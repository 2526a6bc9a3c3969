"""The size of a session's context, from the end of Copilot CLI's transcript (hot lane).

Rows as Copilot CLI 1.0.102 writes them, one JSON object a line: an answer of the main thread is
`{"type":"session.usage_record","timestamp":...,"data":{"usage":{"inputTokens":n,"outputTokens":n,"maxPromptTokens":m}}}`,
one of a sub-agent has an `agentId` beside it, a finished compaction is `{"type":"session.compaction_complete"}`.
A module of its own because most hooks do not need it.
"""

from __future__ import annotations

from gitmem.clients.transcript_rows import ENDING, tail
from gitmem.core.jsonline import loads

_TAIL = 1 << 18  # bytes; an answer and the largest results of its calls
_ROWS = 8  # rows that may be read for nothing
_SIGN, _COMPACTED = b'"session.usage_record"', b'"session.compaction_complete"'
_ODD = 100_000_000  # tokens no context has
# The client compacts at four fifths of what a prompt may have (measured: at 24,000 of 30,000, not at 23,900).
_PART = 0.8


def size(path: str) -> tuple[int, str, int]:
    """Return the tokens in the context as of the last answer, its time (ISO 8601), and the limit of a compaction.

    (0, "", 0) when the end of the file tells of no answer, or of a compaction after it.
    """
    if not path.endswith(ENDING):
        return 0, "", 0
    read = 0
    for row in reversed(tail(path, _TAIL, (_SIGN,))):
        if _COMPACTED in row[:100] or read == _ROWS:
            break
        if _SIGN in row[:100]:
            read += 1
            found = _counted(row)
            if found[0]:
                return found
    return 0, "", 0


def _counted(line: bytes) -> tuple[int, str, int]:
    try:
        row = loads(line.decode("utf-8", "replace"))
    except ValueError:
        return 0, "", 0  # the last row is being written
    if not isinstance(row, dict) or row.get("agentId"):
        return 0, "", 0
    data = row.get("data")
    usage = data.get("usage") if isinstance(data, dict) else None
    if not isinstance(usage, dict):
        return 0, "", 0
    tokens = _number(usage.get("inputTokens")) + _number(usage.get("outputTokens"))
    at = row.get("timestamp")
    limit = int(_number(usage.get("maxPromptTokens")) * _PART)
    return tokens, at if isinstance(at, str) else "", limit


def _number(found: object) -> int:
    return found if type(found) is int and 0 < found < _ODD else 0
