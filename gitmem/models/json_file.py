"""JSON files of gitmem's own folder in a clone, each of which may be lost."""

from __future__ import annotations

import json
from typing import Any

from gitmem.git import local


def read_object(path: str) -> dict[str, Any]:
    """Return the JSON object in a file; empty where there is no file, no object in it, or no way to read it."""
    try:
        fields = json.loads(local.read(path))
    except (OSError, ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}
