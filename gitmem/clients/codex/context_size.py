"""The size of a session's context, from the end of Codex's transcript (hot lane).

Rows as Codex 0.171.0 writes them, one JSON object a line: after each answer
`{"timestamp":...,"type":"event_msg","payload":{"type":"token_count","info":{"last_token_usage":{"total_tokens":n},
"model_context_window":w}}}`. The count is one answer behind.
A module of its own because most hooks do not need it.
"""

from __future__ import annotations

from gitmem.clients import transcript_rows
from gitmem.clients.transcript_rows import number
from gitmem.core.jsonline import inside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# The client compacts at nine tenths of the window, where the person set no other limit.
_PART = 0.9


def size(path: str) -> tuple[int, str, int]:
    """Return the tokens in the context as of the last answer, its time (ISO 8601), and the limit of a compaction."""
    return transcript_rows.size(path, _counted, sign=b'"token_count"')


def _counted(row: Mapping[str, object]) -> tuple[int, int]:
    info = inside(inside(row, "payload"), "info")
    window = number(info.get("model_context_window"))
    return number(inside(info, "last_token_usage").get("total_tokens")), int(window * _PART)
