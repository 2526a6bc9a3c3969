"""`gitmem apply`: close with the answers of a model that another program asked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.bootstrap.engines import handover
from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import All, Diff, DryRun, Here, Json, refuse_all
from gitmem.cli.reports.close import CloseView, answer, exit_code, report
from gitmem.close.close import CloseRequest
from gitmem.close.close import close as run_close
from gitmem.core.errors import Refused, UsageError
from gitmem.drain.handover import ExternalModel, key_of, match_answers, model_name, read_answers

if TYPE_CHECKING:
    from gitmem.drain.plan import Plan

_BYTES = 64 << 20  # of a file of answers: 10,000 flags with a long line each are some 15 MB


def apply(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The answers, as JSON lines; - reads stdin.")
    ],
    model: Annotated[
        str,
        typer.Option("--model", help="The model that answered, for lines that do not name one."),
    ] = "",
    here: Here = False,
    everything: All = False,
    diff: Diff = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    r"""Close with answers to the requests of gitmem plan, through the same gate as any close.

    A line is {"key": the request's key, "model": a name, "operations": [...]}; "plan" and "request"
    can stand in for the key. An answer is not applied when the queue or the memory has changed since:
    its flags stay queued, and the exit code is 6, or 7 when nothing was applied. With --here, the
    commit goes to the current feature branch. Use --here and --all as with gitmem plan.

    \b
    Examples: gitmem apply answers.jsonl
              gitmem apply --here answers.jsonl
    """
    name = model_name(model)
    if model and not name:
        raise UsageError(
            "--model is not a model's name",
            hint="it may have letters, digits, blanks and . _ - : / @ +",
        )
    rows = read_answers(_text(file))
    refuse_all(here=here, everything=everything)
    place = surroundings.here()
    given = ExternalModel(name)
    engine = handover(given, marked=False)
    notes: list[str] = []

    def begin(planned: Plan) -> None:
        keys = [key_of(engine.prompt(request)) for request in engine.asking(planned)]
        known = match_answers(rows, keys)
        notes[:] = known.notes
        given.expect(known)

    wanted = CloseRequest(
        engine=engine,
        configured=place.configured,
        folder=place.settings.folder,
        style=place.settings.commit,
        here=here,
        everything=everything,
        dry_run=dry_run,
        workers=1,
        begin=begin,
    )
    closed = run_close(place.repo, wanted)
    render.notes([*closed.notes, *notes])
    if json:
        render.as_json({**answer(closed), "notes": notes})
    else:
        report(place, closed, CloseView(dry_run=dry_run, here=here, json=json, diff=diff))
    code = exit_code(closed)
    if code:
        raise typer.Exit(code)


def _text(file: str) -> str:
    """Return the file's text; invalid UTF-8 becomes lone surrogates, which no answer may have."""
    try:
        if file == "-":
            content = sys.stdin.buffer.read(_BYTES + 1)
        else:
            with Path(file).open("rb") as source:
                content = source.read(_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    if len(content) > _BYTES:
        raise Refused(f"the file of answers is larger than {_BYTES >> 20} MB")
    return content.decode("utf-8", "surrogateescape")
