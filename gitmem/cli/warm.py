"""The warm way: a command's usual case without typer, YAML or GitPython, and for `recall` without git.

A command has it when a person or an agent waits for an answer that is nearly ready. Where an argument is not
plain, or the answer is not ready, nothing is printed and the cold command runs.
"""

from __future__ import annotations

import os

from gitmem.cli import edge
from gitmem.cli.arguments import parse
from gitmem.core.errors import GitmemError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.cli.arguments import Arguments
    from gitmem.recall.search import Hit

_LONGEST_NUMBER = 4  # digits


def run(argv: Sequence[str]) -> int | None:
    """Answer a command of `gitmem.cli.entry.WARM`; return its exit code, or None where the cold lane has to."""
    edge.end_on_signals()
    name = argv[0] if argv else ""
    try:
        given = parse(name, argv[1:])
    except UsageError:
        return None  # typer says what is wrong with the arguments
    codes: list[int | None] = []

    def command() -> int:
        code = _WAYS[name](given)
        codes.append(code)
        return code or 0

    code = edge.answered(command)
    return None if codes == [None] else code


class _NotPlain(Exception):
    """An argument that typer has to judge."""


def _dashboard(_: Arguments) -> int | None:
    from gitmem.cli import surroundings
    from gitmem.core.errors import NoRepository

    try:
        place = surroundings.here()
    except NoRepository:
        return None  # not of the person's own memory: that has an error of its own
    if not place.wired:
        return None
    from gitmem.cli.reports import dashboard

    return _ended(dashboard.dashboard(place))


def _recall(given: Arguments) -> int | None:
    from gitmem.cli import folder
    from gitmem.cli.reports import recall
    from gitmem.git import repository
    from gitmem.recall.index import Damaged, open_kept
    from gitmem.recall.kept_source import known

    try:
        request = recall.Request(
            given.positionals,
            path=given.value("--path"),
            command=given.value("--command"),
            most=_number(given, "-n") or recall.MOST,
            as_json="--json" in given.switches,
            bodies="--bodies" in given.switches,
        )
        cwd = folder.working()
        repo = repository.discover(cwd, os.environ)
        source = known(repo)
        question = request.question(cwd, repo.top)
    except (GitmemError, OSError, _NotPlain):
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


def _status(given: Arguments) -> int | None:
    if given.positionals:
        return None
    from gitmem.cli.reports import status

    return _ended(status.status(as_json="--json" in given.switches))


def _log(given: Arguments) -> int | None:
    try:
        number = _number(given, "--number", "-n")
    except _NotPlain:
        return None
    if given.positionals or number == 0:
        return None
    from gitmem.cli.reports import log

    request = log.Request(
        number=number,
        everything="--all" in given.switches,
        landed="--landed" in given.switches,
        by=given.lists.get("--by", ()),
        as_json="--json" in given.switches,
        pager="--no-pager" not in given.switches,
    )
    return _ended(log.log(request))


def _check(given: Arguments) -> int | None:
    switches = given.switches
    try:
        age, flags = _number(given, "--max-age"), _number(given, "--max-flags")
    except _NotPlain:
        return None
    if given.positionals or {"--scope", "--format"} & given.values.keys():
        return None  # names of values, which typer knows
    if {"--trace", "--stale"} & switches:
        return None
    from gitmem.cli.reports import check

    request = check.Request(
        branch=given.value("--branch"),
        max_age=age,
        max_flags=flags,
        allow_in_review="--allow-in-review" in switches,
        offline="--offline" in switches,
        as_json="--json" in switches,
    )
    return _ended(check.check(request))


def _number(given: Arguments, *names: str) -> int | None:
    """Return the number that an option of these names was given; None without one."""
    found = [given.values[name] for name in names if name in given.values]
    if not found:
        return None
    (number, *more) = found
    if more or not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER):
        raise _NotPlain
    return int(number)


def _ended(code: int) -> int:
    from gitmem.cli import surroundings

    return edge.ended(code, surroundings.left_out())


_WAYS = {"": _dashboard, "recall": _recall, "status": _status, "log": _log, "check": _check}
