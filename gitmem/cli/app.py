"""The cold lane: the typer application and the edge where errors become exit codes."""

from __future__ import annotations

import signal
import traceback
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.cli import render, surroundings
from gitmem.cli.commands import (
    accept,
    apply,
    audit,
    auto_close,
    check,
    close,
    demo,
    discard,
    doctor,
    drop,
    flag,
    forget,
    init,
    log,
    loops,
    plan,
    review,
    show,
    stats,
    status,
    sync,
    uninstall,
    why,
)
from gitmem.domain.errors import GitmemError, Internal, NeedsPerson

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="gitmem",
    add_completion=True,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _name, _command, _hidden in (
    ("init", init.init, False),
    ("flag", flag.flag, False),
    ("snag", flag.snag, False),
    ("drop", drop.drop, False),
    ("status", status.status, False),
    ("log", log.log, False),
    ("close", close.close, False),
    ("review", review.review, False),
    ("accept", accept.accept, False),
    ("discard", discard.discard, False),
    ("loops", loops.loops, False),
    ("sync", sync.sync, False),
    ("check", check.check, False),
    ("why", why.why, False),
    ("show", show.show, False),
    ("forget", forget.forget, False),
    ("stats", stats.stats, False),
    ("audit", audit.audit, False),
    ("doctor", doctor.doctor, False),
    ("uninstall", uninstall.uninstall, False),
    ("demo", demo.demo, False),
    ("hook", flag.hook, True),
    ("plan", plan.plan, True),
    ("apply", apply.apply, True),
    ("auto-close", auto_close.auto_close, True),
):
    app.command(_name, hidden=_hidden)(_command)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        render.say(f"gitmem {version('gitmem-cli')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print the version and leave."
        ),
    ] = False,
) -> None:
    """A coding agent's memory, kept in git: flag what is durable, close, review, accept."""


def _end_on_signals() -> None:
    """Ends on SIGTERM and SIGHUP as on Ctrl-C, so that what was started is stopped and tidied up."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
            signal.signal(number, signal.default_int_handler)


def run(argv: Sequence[str]) -> int:
    """Runs one command; returns the exit code (docs/adr/0006-exit-codes.md)."""
    surroundings.seal()
    _end_on_signals()
    try:
        try:
            app(args=list(argv), prog_name="gitmem")
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
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
                hint="what was saved is saved; mend it and run the command again",
            )
        )
        return NeedsPerson.exit_code
    except KeyboardInterrupt:
        render.note("interrupted; whatever was saved is saved")
        return 130
    except Exception:  # noqa: BLE001 - the edge: a bug is told as one, with what a report needs
        traceback.print_exc()
        render.failure(
            Internal(
                "this is a bug in gitmem; the queue is as it was", hint="report the lines above"
            )
        )
        return Internal.exit_code
    return 0
