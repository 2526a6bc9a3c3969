"""The root error: what happened, a hint, and the exit code (docs/adr/0006).

Specific errors live next to the code that raises them and derive from one of these.
"""

from __future__ import annotations


class GitmemError(Exception):
    """A failure a person or an agent can read.

    ``message`` says what happened, in one sentence. ``hint`` says what to do next and never holds
    a complete destructive command. ``exit_code`` is the process's answer.
    """

    exit_code = 70

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class CheckFailed(GitmemError):
    """A check ran and its answer is no."""

    exit_code = 1


class Usage(GitmemError):
    """The command line was wrong."""

    exit_code = 2


class NotSaved(GitmemError):
    """A flag could not be stored; the caller still has its text."""

    exit_code = 3


class Refused(GitmemError):
    """A guard refused the input or the output; nothing was written."""

    exit_code = 4


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


class Overdue(BaseException):
    """The time a hook may take is over.

    Not an Exception: nothing that handles an error on its way may take it for one it knows.
    """
