"""The edge of a command outside the hot lane: where errors become sentences and exit codes."""

from __future__ import annotations

import signal

from gitmem.cli import render
from gitmem.core.errors import GitmemError
from gitmem.core.failures import Internal, NeedsPerson

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def end_on_signals() -> None:
    """Treat SIGTERM and SIGHUP like Ctrl-C, so that child processes stop and files are cleaned up."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
            signal.signal(number, signal.default_int_handler)


def ended(code: int, left_out: Sequence[str]) -> int:
    """Print what was too large to read; return the exit code of a command that ended with ``code``."""
    render.notes(left_out)
    return NeedsPerson.exit_code if render.was_set_aside() and code == 0 else code


def answered(command: Callable[[], int]) -> int:
    """Run a command; return its exit code, or that of what went wrong (docs/adr/0006-exit-codes.md)."""
    try:
        code = command()
        if code:
            return code
        render.refuse_loss()
    except GitmemError as error:
        render.failure(error)
        return error.exit_code
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        render.failure(
            NeedsPerson(
                f"{what}{error.strerror or error}",
                hint="what was saved stays saved; fix the cause and run the command again",
            )
        )
        return NeedsPerson.exit_code
    except KeyboardInterrupt:
        render.note("interrupted; what was saved stays saved")
        return 130
    except Exception:  # noqa: BLE001 - the edge: a bug is reported as one, with its traceback
        from traceback import format_exc

        render.trace(format_exc())
        render.failure(
            Internal(
                "this is a bug in gitmem; the queue is unchanged",
                hint="report the lines above",
            )
        )
        return Internal.exit_code
    return 0
