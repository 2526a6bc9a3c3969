"""The size of a session's context, from the end of Codex's transcript (hot lane).

Rows as Codex 0.171.0 writes them, one JSON object a line: after each answer
`{"timestamp":...,"type":"event_msg","payload":{"type":"token_count","info":{"last_token_usage":{"total_tokens":n},
"model_context_window":w}}}`. The count is one answer behind.
A module of its own because most hooks do not need it.
"""

from __future__ import annotations

from gitmem.clients.transcript_rows import ENDING, tail
from gitmem.core.jsonline import inside, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_TAIL = 1 << 18  # bytes; an answer and the largest results of its calls
_ROWS = 8  # rows that may be read for nothing
_SIGN = b'"token_count"'
_ODD = 100_000_000  # tokens no context has
# The client compacts at nine tenths of the window, where the person set no other limit.
_PART = 0.9


def size(path: str) -> tuple[int, str, int]:
    """Return the tokens in the context as of the last answer, its time (ISO 8601), and the limit of a compaction.

    (0, "", 0) when the end of the file tells of none.
    """
    if not path.endswith(ENDING):
        return 0, "", 0
    rows = [row for row in tail(path, _TAIL, (_SIGN,)) if _SIGN in row]
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
    info = inside(inside(row, "payload"), "info")
    tokens = _number(inside(info, "last_token_usage"), "total_tokens")
    at = row.get("timestamp") if isinstance(row, dict) else ""
    window = _number(info, "model_context_window")
    return tokens, at if isinstance(at, str) else "", int(window * _PART)


def _number(value: Mapping[str, object], key: str) -> int:
    found = value.get(key)
    return found if type(found) is int and 0 < found < _ODD else 0
