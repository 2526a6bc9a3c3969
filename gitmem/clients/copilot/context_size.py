"""The size of a session's context, from the end of Copilot CLI's transcript (hot lane).

Rows as Copilot CLI 1.0.102 writes them, one JSON object a line: an answer of the main thread is
`{"type":"session.usage_record","timestamp":...,"data":{"usage":{"inputTokens":n,"outputTokens":n,"maxPromptTokens":m}}}`,
one of a sub-agent has an `agentId` beside it, a finished compaction is `{"type":"session.compaction_complete"}`.
A module of its own because most hooks do not need it.
"""

from __future__ import annotations

from gitmem.clients import transcript_rows
from gitmem.clients.transcript_rows import number
from gitmem.core.jsonline import inside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SIGN, _COMPACTED = b'"session.usage_record"', b'"session.compaction_complete"'
_HEAD = 100  # bytes of a row in which its type stands
# The client compacts at four fifths of what a prompt may have (measured: at 24,000 of 30,000, not at 23,900).
_PART = 0.8


def size(path: str) -> tuple[int, str, int]:
    """Return the tokens in the context as of the last answer, its time (ISO 8601), and the limit of a compaction.

    (0, "", 0) also where a compaction follows that answer.
    """
    return transcript_rows.size(path, _counted, sign=_SIGN, over=_COMPACTED, head=_HEAD)


def _counted(row: Mapping[str, object]) -> tuple[int, int]:
    if row.get("agentId"):
        return 0, 0
    usage = inside(inside(row, "data"), "usage")
    tokens = number(usage.get("inputTokens")) + number(usage.get("outputTokens"))
    return tokens, int(number(usage.get("maxPromptTokens")) * _PART)
