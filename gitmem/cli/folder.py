"""The working folder (hot lane)."""

from __future__ import annotations

import os

from gitmem.git import repository


def working() -> str:
    """Return the working folder. Raises `repository.Gone` when that folder was deleted."""
    try:
        return os.getcwd()
    except FileNotFoundError as error:
        raise repository.gone() from error
