"""Recorded payloads of the client that `gitmem doctor` fires its hooks with, in a session's order."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from gitmem.core.errors import Internal


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One payload.

    ``commits``: the agent's commit was made just before it. ``speaks``: a hook must answer with
    words for the model; at other events it may.
    """

    event: str
    tool: str
    body: dict[str, Any]
    commits: bool
    speaks: bool

    def matches(self, matcher: str) -> bool:
        """Whether a handler with the matcher fires.

        Empty and ``*`` are everything, else it is a regular expression for the whole name of the
        tool (or the source of a session's start, the cause of its end).
        """
        subject = self.tool or str(self.body.get("source") or self.body.get("reason") or "")
        if matcher in {"", "*"} or not subject:
            return True
        try:
            return re.fullmatch(matcher, subject) is not None
        except re.error:
            return False


def parse(shipped: str) -> tuple[str, list[Recorded]]:
    """The client's version they were recorded from, and the payloads; Internal when not in order."""
    try:
        found = json.loads(shipped)
        return str(found["version"]), [
            Recorded(
                event=entry["payload"]["hook_event_name"],
                tool=entry["payload"].get("tool_name", ""),
                body=entry["payload"],
                commits=entry.get("after") == "commit",
                speaks=entry.get("speaks", False),
            )
            for entry in found["payloads"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Internal("the shipped payloads.json is not in order") from error
