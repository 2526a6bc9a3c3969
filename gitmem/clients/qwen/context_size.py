"""The size of a session's context, from the end of Qwen Code's transcript (hot lane).

Rows as Qwen Code 0.24.4 writes them, one JSON object a line: an answer is
`{"timestamp":...,"type":"assistant","usageMetadata":{"totalTokenCount":n}}`, a compaction
`{"timestamp":...,"type":"system","subtype":"chat_compression"}`. A module of its own because most hooks do not need it.
"""

from __future__ import annotations

from gitmem.clients import transcript_rows
from gitmem.clients.transcript_rows import number
from gitmem.core.jsonline import inside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SIGN, _COMPACTED = b'"usageMetadata"', b'"chat_compression"'


def size(path: str) -> tuple[int, str]:
    """Return the tokens in the context as of the last answer, and its time (ISO 8601).

    (0, "") when the end of the file tells of no answer, or of a compaction after it.
    """
    return transcript_rows.size(path, _counted, sign=_SIGN, over=_COMPACTED)[:2]


def _counted(row: Mapping[str, object]) -> tuple[int, int]:
    found = inside(row, "usageMetadata").get("totalTokenCount")
    return number(found) if row.get("type") == "assistant" else 0, 0
