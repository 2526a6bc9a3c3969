"""`gitmem recall`: the lines of memory that fit."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.capture.capture import inside
from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import Json
from gitmem.cli.folder import working
from gitmem.core import quantities
from gitmem.core.errors import UsageError
from gitmem.recall.index import open_index
from gitmem.recall.search import Question, search
from gitmem.records import target
from gitmem.records.in_review import leading_commit
from gitmem.session import showings

if TYPE_CHECKING:
    from gitmem.recall.search import Hit
    from gitmem.session.showings import Showings

_MOST = 8
_LIMIT = 100


def recall(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="WORDS", help="What to look for.")
    ] = None,
    path: Annotated[
        str, typer.Option("--path", metavar="P", help="Lines about this file or folder.")
    ] = "",
    command: Annotated[
        str, typer.Option("--command", metavar="C", help="Lines about this command.")
    ] = "",
    most: Annotated[int, typer.Option("-n", metavar="N", help="How many lines at most.")] = _MOST,
    json: Json = False,
) -> None:
    r"""Find the lines of memory that fit, best first.

    Searches what has landed on the target branch: topics, rules and open items. What is still queued
    or in review is not searched. Says how often hooks showed each line in this clone.

    \b
    Examples: gitmem recall flaky upload test
              gitmem recall --path src/api/client.py
    """
    said = " ".join(words or [])
    if not (said.strip() or path.strip() or command.strip()):
        raise UsageError(
            "there is nothing to look for", hint="gitmem recall WORDS, or --path or --command"
        )
    if not 1 <= most <= _LIMIT:
        raise UsageError(f"-n takes a number from 1 to {_LIMIT}, not {most}")
    place = surroundings.here()
    where = target.find(place.repo, place.configured)
    asked = Question(
        words=said, path=inside(path, working(), place.repo.top) if path else "", command=command
    )
    commit, _ = leading_commit(place.repo, where)  # what is accepted counts before it is pushed
    with closing(open_index(place.repo, commit, place.settings.folder)) as index:
        hits = search(index, asked, most)
        size = index.size
    shown = showings.read(place.repo.folder)
    if json:
        render.as_json({"lines": [_answer(hit, shown) for hit in hits], "searched": size})
        return
    if not hits:
        render.say(
            f"none of the {size} lines of memory fits; try fewer or other words"
            if size
            else "there is no memory yet; it begins with gitmem flag and gitmem close"
        )
    for hit in hits:
        render.say(hit.line.text)
        count = showings.sentence(shown.of(hit.line.keys))
        place_of = f"{hit.line.file}:{hit.line.number}{_age(hit.line.at)}"
        render.say(f"  {place_of}" + (f", {count}" if count else ""))


def _answer(hit: Hit, shown: Showings) -> dict[str, object]:
    line = hit.line
    return {
        "file": line.file,
        "line": line.number,
        "text": line.text,
        "kind": line.kind.value,
        "at": line.at or None,
        "flags": list(line.flags),
        "about": list(line.about),
        "weight": round(hit.weight, 3),
        "shown": showings.answer(shown.of(line.keys)),
    }


def _age(at: str) -> str:
    return f", {quantities.ago(at, time.time())}" if at else ""
