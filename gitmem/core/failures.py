"""The errors that a silent hook never raises: a class costs, so they stand apart (pure, hot lane).

What a class of an error costs at load: 80,000 instructions, two thousandths of an empty Python.
"""

from __future__ import annotations

from gitmem.core.errors import GitmemError


class CheckFailed(GitmemError):
    """A check ran and its answer is no."""

    exit_code = 1


class Unreachable(GitmemError):
    """The remote was not reached, or a check cannot tell."""

    exit_code = 5


class Partial(GitmemError):
    """Some of the work is done; the rest stays queued."""

    exit_code = 6


class NoProgress(GitmemError):
    """Nothing was done; the queue is as it was."""

    exit_code = 7


class NeedsPerson(GitmemError):
    """Something was rewritten, damaged or in conflict: a person decides."""

    exit_code = 8


class Internal(GitmemError):
    """Our own bug."""

    exit_code = 70
