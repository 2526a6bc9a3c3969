"""Which of OpenCode's events see which boundary of its database; a boot reads none of it (hot lane).

A module of its own because a silent hook does not need it, and a boot not the rest.
"""

from __future__ import annotations

from gitmem.clients.transcripts import (
    AGENT,
    BATCH,
    COMMIT,
    COMPACTION,
    PROMPT,
    TASK,
    TURN,
    Transcripts,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitmem.clients.transcripts import SeenBy, ShownBoundary

_CALL = ("after",)
# Seconds before and after the row: the plugin waits 10 s for an answer, a summary takes minutes.
SEEN_BY: SeenBy = {
    COMMIT: (_CALL, 15, 60),
    AGENT: (_CALL, 15, 60),
    TASK: (_CALL, 15, 60),
    BATCH: (_CALL, 15, 60),
    PROMPT: (("prompt",), 60, 60),
    COMPACTION: (("boot",), 15, 600),
    TURN: (("idle",), 15, 60),
}


class OpenCodeTranscripts(Transcripts):
    """The database holds every session of the person: too much for a boot, which is shown nothing of it."""

    __slots__ = ()

    seen_by = SEEN_BY

    def recent(
        self, transcript: str, since: int, top: str
    ) -> Iterator[tuple[str, list[ShownBoundary]]]:
        """Yield nothing."""
        del transcript, since, top
        return iter(())
