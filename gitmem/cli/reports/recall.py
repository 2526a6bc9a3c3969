"""`gitmem recall` without its options' library: what is asked, and the lines that fit."""

from __future__ import annotations

import time

from gitmem.cli import render
from gitmem.core import quantities
from gitmem.core.errors import UsageError
from gitmem.recall.search import Question, search
from gitmem.safety.body import beginning
from gitmem.safety.paths import details_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.recall.index import Index
    from gitmem.recall.line import LandedLine
    from gitmem.recall.search import Hit
    from gitmem.session.showings import Showings

MOST = 8
_LIMIT = 100
_BEGINNING = 160  # characters of a body that are printed without --bodies


class Request:
    """The arguments of one `gitmem recall`. Raises UsageError where they ask for nothing, or for too much."""

    __slots__ = ("_command", "_path", "_words", "as_json", "bodies", "most")

    def __init__(
        self,
        words: Sequence[str],
        *,
        path: str,
        command: str,
        most: int,
        as_json: bool,
        bodies: bool,
    ) -> None:
        self._words = " ".join(words)
        self._path = path
        self._command = command
        self.most = most
        self.as_json = as_json
        self.bodies = bodies
        if not (self._words.strip() or path.strip() or command.strip()):
            raise UsageError(
                "there is nothing to look for", hint="gitmem recall WORDS, or --path or --command"
            )
        if not 1 <= most <= _LIMIT:
            raise UsageError(f"-n takes a number from 1 to {_LIMIT}, not {most}")

    def question(self, cwd: str, top: str) -> Question:
        """Return what is looked for in the repository at ``top``. Raises Refused for a path outside."""
        path = ""
        if self._path:
            from gitmem.capture.capture import inside  # only a path has to be inside

            path = inside(self._path, cwd, top)
        return Question(words=self._words, path=path, command=self._command)


def found(index: Index, question: Question, most: int) -> tuple[list[Hit], int]:
    """Return the lines that fit, and how many were searched."""
    return search(index, question, most, below=True), index.size


def show(hits: Sequence[Hit], size: int, folder: str, asked: Request) -> None:
    """Print the lines, for a person or a program; ``size`` is how many were searched.

    ``folder`` is gitmem's own, where it is known how often each was shown.
    """
    from gitmem.session import showings

    shown = showings.read(folder)
    if asked.as_json:
        render.as_json({"lines": [_answer(hit, shown) for hit in hits], "searched": size})
        return
    if not hits:
        render.say(
            f"no line of memory fits (of {size:,}); try fewer or other words"
            if size
            else "there is no memory yet; it begins with gitmem flag and gitmem close"
        )
    for hit in hits:
        render.say(hit.line.text)
        count = showings.sentence(shown.of(hit.line.keys))
        place = f"{hit.line.file}:{hit.line.number}{_age(hit.line.at)}"
        render.say(f"  {place}" + (f", {count}" if count else ""))
        for said in _body(hit.line, whole=asked.bodies):
            render.say(said)


def _body(line: LandedLine, *, whole: bool) -> Iterator[str]:
    """Yield what is below a line: its beginning and where to read on, or all of it."""
    if not line.body:
        return
    where = f"  more in {details_of(line.file)}:{line.below}"
    if not whole:
        yield f"{where}: {beginning(line.body, _BEGINNING)}"
        return
    yield f"{where}:"
    for row in line.body.split("\n"):
        yield f"    {row.expandtabs(4)}" if row else ""


def _answer(hit: Hit, shown: Showings) -> dict[str, object]:
    from gitmem.session import showings

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
        "body": line.body or None,
        "details": f"{details_of(line.file)}:{line.below}" if line.body else None,
        "shown": showings.answer(shown.of(line.keys)),
    }


def _age(at: str) -> str:
    return f", {quantities.ago(at, time.time())}" if at else ""
