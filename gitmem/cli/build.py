"""What a build machine says in its environment, read once, and where it takes a summary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.check.build import Build
from gitmem.check.build import build as told
from gitmem.cli.surroundings import ENVIRON

if TYPE_CHECKING:
    from typing import Any

_LARGEST = 8 << 20  # bytes of an event file; GitHub caps a payload at 25 MB, and few reach one


def here() -> Build:
    """The build this process belongs to."""
    return told(ENVIRON, _payload())


def summarize(text: str) -> None:
    """Appends Markdown to the step's summary, where the build machine takes one."""
    path = ENVIRON.get("GITHUB_STEP_SUMMARY", "")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text + "\n")


def _payload() -> Any:
    """The event's payload; None when there is none, or none that can be read."""
    path = ENVIRON.get("GITHUB_EVENT_PATH", "")
    if not path:
        return None
    try:
        with Path(path).open("rb") as file:
            return json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return None
