"""The root error: what happened, a hint, and the exit code (docs/adr/0006) (pure, hot lane).

Specific errors live next to the code that raises them and derive from one of these. `NoRepository` is here because two
modules raise it, of which a hook seldom loads the second one.
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


class UsageError(GitmemError):
    """The command line was wrong."""

    exit_code = 2


class NotSaved(GitmemError):
    """A flag could not be stored; the caller still has its text."""

    exit_code = 3


class Refused(GitmemError):
    """A guard refused the input or the output; nothing was written."""

    exit_code = 4


class Overdue(BaseException):
    """The time a hook may take is over.

    Not an Exception: nothing that handles an error on its way may take it for one it knows.
    """


class NoRepository(GitmemError):
    """There is no repository here that gitmem may use."""

    exit_code = 3


class Distrusted(NoRepository):
    """git does not trust the repository, because it belongs to another user (safe.directory)."""


class Gone(NoRepository):
    """The working folder no longer exists."""
