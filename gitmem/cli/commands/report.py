"""`gitmem report`: one page of what gitmem keeps."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from gitmem.bootstrap import assets
from gitmem.bootstrap.engines import own_price
from gitmem.bootstrap.shipped import watched_clients
from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import DryRun, Json
from gitmem.cli.folder import working
from gitmem.core.errors import Refused, UsageError
from gitmem.proof.audit import AuditScope, work_trees
from gitmem.report import contents, page

_TEMPLATE = "templates/report/page.html"
_NAME = "report.html"
_TOP = 512  # bytes of a file in which gitmem's own mark stands
_STDOUT = "-"


def report(
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="Where to write; - is stdout.")
    ] = "",
    open_it: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    r"""Write one HTML page of what gitmem keeps.

    Sessions with their boundaries, nudges and flags; loops; what of memory is loaded and shown;
    closes by week; lines to look at. The page loads nothing and has no script. Without -o it goes
    to gitmem/report.html in the git directory. It never writes over a file that gitmem did not
    make.

    \b
    Examples: gitmem report --open
              gitmem report -o memory.html
    """
    if json and (output or open_it or dry_run):
        raise UsageError("--json prints the page's data and writes no file", hint="say it alone")
    if open_it and output == _STDOUT:
        raise UsageError("--open needs a file", hint="leave out -o -")
    if open_it and surroundings.agent():
        raise Refused("an agent client does not open a browser", hint="a person runs it")
    place = surroundings.here(looks_only=True)
    file = Path(working()) / output if output else Path(os.fsdecode(place.repo.folder)) / _NAME
    if not json and output != _STDOUT:
        _check(file)
    price = own_price(place)
    asked = contents.Asked(
        configured=place.configured,
        folder=place.settings.folder,
        scope=AuditScope(
            since=0,
            clients=watched_clients(),
            environ=surroundings.ENVIRON,
            tops=work_trees(place.repo),
            target=place.configured,
            by_itself=place.own_yes("autoClose"),
        ),
        now=time.time(),
        price=price.dollars if price else None,
    )
    fields = contents.gather(place.repo, asked)
    if json:
        render.as_json(fields)
        return
    text = page.html(fields, assets.read(_TEMPLATE))
    if output == _STDOUT:
        render.page(text)
        return
    if dry_run:
        render.say(f"would write {len(text.encode()):,} bytes to {file}")
        return
    _write(file, text)
    render.say(f"wrote {file}")
    if open_it:
        import webbrowser

        if not webbrowser.open(file.absolute().as_uri()):
            render.note("no browser could be started; open the file yourself")


def _check(file: Path) -> None:
    """Raise Refused where a file stands that gitmem did not make, UsageError where none can be."""
    try:
        mode = file.lstat().st_mode
    except FileNotFoundError:
        if file.parent.is_dir() or file.name == _NAME:
            return
        raise UsageError(f"there is no folder {file.parent}", hint="make it first") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"-o: {error}", hint="give another file") from error
    if stat.S_ISREG(mode):
        with file.open("rb") as opened:
            if page.MARK.encode() in opened.read(_TOP):
                return
    raise Refused(f"{file} is there, and gitmem did not make it", hint="give another file: -o FILE")


def _write(file: Path, text: str) -> None:
    """Write the file whole or not at all; only its owner reads it."""
    try:
        file.parent.mkdir(exist_ok=True)
        number, name = tempfile.mkstemp(prefix=".gitmem-report-", dir=file.parent)
        try:
            with os.fdopen(number, "w", encoding="utf-8") as opened:
                opened.write(text)
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Refused(
            f"cannot write {file}: {error.strerror}", hint="give another file: -o FILE"
        ) from error
