"""The version of the installation that runs (hot lane)."""

from __future__ import annotations

import os

_DISTRIBUTION = "gitmem_cli-"
_ENDING = ".dist-info"


def version() -> str:
    """Return gitmem's version: that of the installation that this module is part of.

    `importlib.metadata` costs more than the rest of a server's start, so a name is looked for first.
    """
    beside = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    for name in os.listdir(beside):
        if name.startswith(_DISTRIBUTION) and name.endswith(_ENDING):
            return name[len(_DISTRIBUTION) : -len(_ENDING)]
    from importlib import metadata

    return metadata.version("gitmem-cli")
