"""The warm way: a cold command's usual case without typer, YAML, GitPython or, as a rule, a git process.

A command has it when a person or an agent waits for an answer that is ready. It answers whole or not at
all: where an argument is not plain or the answer is not ready, nothing is printed and the cold command runs.
"""

from __future__ import annotations

import os

from gitmem.cli import edge, folder
from gitmem.cli.arguments import parse
from gitmem.cli.reports import recall
from gitmem.core.errors import GitmemError, UsageError
from gitmem.git import repository
from gitmem.recall.index import Damaged, open_kept
from gitmem.recall.kept_source import known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.recall.search import Hit

_LONGEST_NUMBER = 4  # digits


def run(argv: Sequence[str]) -> int | None:
    """Answer a command of `gitmem.cli.entry.WARM`; return its exit code, or None where the cold lane has to."""
    edge.end_on_signals()
    codes: list[int | None] = []

    def command() -> int:
        code = _recall(argv)
        codes.append(code)
        return code or 0

    code = edge.answered(command)
    return None if codes == [None] else code


def _recall(argv: Sequence[str]) -> int | None:
    request = _request(argv)
    if request is None:
        return None
    try:
        cwd = folder.working()
        repo = repository.discover(cwd, os.environ)
        source = known(repo)
        question = request.question(cwd, repo.top)
    except (GitmemError, OSError):
        return None  # the cold command says what is wrong, after what it says before
    index = open_kept(repo, source) if source else None
    if index is None or repo.left_out:
        return None
    answer: tuple[list[Hit], int] | None = None
    try:
        answer = recall.found(index, question, request.most)
    except Damaged:
        return None  # the cold command makes it again
    finally:
        index.close()
    recall.show(*answer, repo.folder, request)
    return 0


def _request(argv: Sequence[str]) -> recall.Request | None:
    """Return what is asked; None where typer has to judge the arguments, or to say what is wrong with them."""
    try:
        given = parse(argv[0], argv[1:])
        number = given.values.get("-n", str(recall.MOST))
        if not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER):
            return None
        return recall.Request(
            given.positionals,
            path=given.value("--path"),
            command=given.value("--command"),
            most=int(number),
            as_json="--json" in given.switches,
            bodies="--bodies" in given.switches,
        )
    except UsageError:
        return None
