"""The words of a check that others use, too: what may wait, which flags count, what the remote has (pure)."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Scope(StrEnum):
    """Which flags a check looks at; with ``auto`` the build decides."""

    AUTO = "auto"
    BRANCH = "branch"
    ALL = "all"


class RemoteQueue(StrEnum):
    """What is known of the queue at the remote."""

    FOUND = "found"
    NONE = "none"
    NOT_ASKED = "not asked"


class Policy(NamedTuple):
    """What may wait without failing a check.

    ``max_age`` in days and ``max_flags``: None for no such limit; without either, nothing may wait.
    ``allow_in_review``: flags in review, or accepted and not pushed, do not count.
    """

    scope: Scope = Scope.AUTO
    max_age: int | None = None
    max_flags: int | None = None
    allow_in_review: bool = False


STRICT = Policy()
