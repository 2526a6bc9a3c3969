"""Lines of the same trades, made by rule: the rivals among which a labelled line has to be found.

A line is about a part of the project, often one that labelled lines are about, too, and says of it what
is said of other parts. A larger memory is about more parts: of each it has up to 25 lines. No line says
of a part what a labelled line says of it. The same project and size give the same lines.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.recall.terms import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FILE = Path(__file__).with_name("trades.json")
_SAME = 0.6  # of the terms of both: then it says what a labelled line says, and is no rival
_LINES_FOR_A_PART = 30  # of the memory: then it is about one part more than the trade's own

_OF_ONE = """
{c} retries {n} times and then gives up
{c} has a timeout of {n} seconds
{c} writes its log to var/log/{s}.log
{c} reads its settings from config/{s}.toml at start
{c} needs {n} MB of memory at peak
tests of {c} are slow, run them with -m {s}
{c} must be restarted after its settings changed
{c} runs on its own host since the move
the owner of {c} is the platform team
{c} is started by systemd, unit {s}.service
{c} may not be deployed on a Friday
the metrics of {c} begin with {s}_
{c} was rewritten last year, the old code is in legacy/{s}
{c} logs a warning instead of failing when the disk is full
{c} keeps {n} entries in memory and drops the oldest
{c} is single threaded on purpose
{c} has no authentication, it listens on localhost only
{c} listens on port 8{n}
never run two copies of {c} at once
{c} fails silently when DNS is down
{c} shows an empty page until the first run is through
{c} is covered by the contract tests in tests/contract/{s}
{c} is limited to {n} requests a second
{c} uses optimistic locking, a conflict is tried again
the person on call is paged when {c} is down for {n} minutes
{c} has a debug switch, {s}.debug
{c} ignores unknown fields
{c} refuses input over {n} kB
documentation of {c} is generated from its comments
{c} is built with link time optimization
errors of {c} carry a code between {n}00 and {n}99
{c} runs every {n} minutes
{c} caches its answers for {n} minutes
{c} was moved out of the main package into packages/{s}
the benchmark of {c} is flaky on small machines
{c} sorts by name, not by age
{c} rounds half to even
{c} truncates text after {n} characters
{c} prefers the newest entry of two with one name
{c} holds a lock while it writes
{c} is the only one that may write to its table
{c} is read only in staging
{c} needs the locale en_US.UTF-8
{c} was switched from polling to events
{c} drops what is older than {n} days
{c} does not support Windows
{c} prints its version with --version only
the schema of {c} is version {n}
{c} is excluded from coverage
{c} was the cause of the outage in week {n}
""".strip().splitlines()
_OF_A_THING = """
{c} stores each {x} as a string
{c} checks every {x} twice
{c} never changes a {x} once it is written
{c} sends a {x} without waiting for an answer
{c} counts a missing {x} as zero
{c} shows the {x} in grey when it is old
{c} sorts by {x}
{c} compares the {x} without regard to case
{c} refuses an empty {x}
{c} keeps the last {n} of every {x}
{c} asks again when the {x} is unknown
the {x} in {c} has at most {n} characters
{c} indexes the {x} for the search
{c} hides the {x} from people without rights
{c} reads the {x} from the header
{c} takes the {x} from the environment in tests
{c} logs every {x} at level debug
{c} groups by {x} before it writes
{c} splits a {x} at the first colon
{c} makes a new {x} instead of an edit
""".strip().splitlines()
_OF_TWO = """
{c} calls {d} over HTTP and waits {n} seconds at most
{c} must be deployed before {d}
{c} shares its database with {d}
{c} and {d} use one connection pool
{c} sends an event to {d} after every write
{c} falls back to {d} when it gets no answer
{c} does not know {d}, they meet in the queue only
a change of {c} needs a review by the people of {d}
{c} took over the checks that {d} used to do
{c} is tested together with {d} in the nightly run
{c} has the same release number as {d}
{c} blocks while {d} is in maintenance
{c} gets its clock from {d}
{c} and {d} disagree about leap years
{c} links the types of {d} statically
""".strip().splitlines()
_RULES = """
Never change {c} without a test that was red first.
Ask before you touch the settings of {c}.
Keep {c} free of network calls.
Log through the helper in {c}, not by print.
Changes of {c} need an entry in the changelog.
Use the fake of {c} in unit tests.
""".strip().splitlines()
_OPEN = """
should {c} get a timeout of its own?
who owns {c} from next quarter on?
find out why {c} is slow on Mondays
write the missing tests of {c}
does {c} need a second host?
remove the old switch of {c}
""".strip().splitlines()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fillers:
    """Lines of memory, new facts that no line is about, instructions, open items, new open items."""

    lines: tuple[str, ...]
    flags: tuple[str, ...]
    rules: tuple[str, ...]
    items: tuple[str, ...]


def fillers(
    project: str, labelled: Sequence[tuple[str, str]], *, lines: int, flags: int
) -> Fillers:
    """Return the fillers of a project: ``lines`` for memory and ``flags`` for the queue, all different.

    None of them says what a ``labelled`` line says; each of these comes with its flag.
    """
    trade = json.loads(_FILE.read_text(encoding="utf-8"))[project]
    random_ = random.Random(project)  # noqa: S311 - it makes data, not secrets
    known = [(_terms(line), _terms(line) | _terms(flag)) for flag, line in labelled]
    more = [f"{noun} {role}" for role in trade["roles"] for noun in trade["nouns"]]
    parts = [*trade["parts"], *more[: lines // _LINES_FOR_A_PART]]
    families = [
        _fit(_all(parts, templates, trade, random_), known, random_)
        for templates in (_OF_ONE, _OF_A_THING, _OF_TWO)
    ]
    families.append(_fit(_local(trade["local"]), known, random_))
    made: list[str] = []
    while len(made) < lines + flags:
        for family, weight in zip(families, (6, 6, 6, 1), strict=True):
            made += islice(family, weight)
    return Fillers(
        lines=tuple(made[flags : lines + flags]),
        flags=tuple(made[:flags]),
        rules=tuple(_fit(_all(parts, _RULES, trade, random_), known, random_)),
        items=tuple(_fit(_all(parts, _OPEN, trade, random_), known, random_)),
    )


_Known = tuple[frozenset[str], frozenset[str]]


def _all(
    parts: Sequence[str], templates: Sequence[str], trade: dict[str, list[str]], draw: random.Random
) -> list[tuple[str, str]]:
    """The lines of the templates, each with the part that it is about."""
    return [
        (
            part,
            template.format(
                c=part, d=other, x=thing, n=draw.randint(2, 99), s=part.lower().replace(" ", "_")
            ),
        )
        for template in templates
        for part in parts
        for other in (draw.sample(parts, 12) if "{d}" in template else [""])
        for thing in (trade["things"] if "{x}" in template else [""])
        if other != part
    ]


def _local(trade: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(part, line.format(c=part)) for line in trade["lines"] for part in trade["parts"]]


def _fit(
    made: list[tuple[str, str]], known: Sequence[_Known], draw: random.Random
) -> Iterator[str]:
    """The lines that say what no labelled line says, in any order."""
    draw.shuffle(made)
    for part, text in made:
        if not any(_says(part, text, one) for one in known):
            yield text


def _says(part: str, text: str, known: _Known) -> bool:
    """Whether a line may say what a labelled one says: of the same part, with one more word in common."""
    own, about = _terms(text), _terms(part)
    line, both = known
    if about <= line:
        return bool((own - about) & both)
    return len(own & line) >= _SAME * len(own | line)


@cache
def _terms(text: str) -> frozenset[str]:
    return frozenset(terms(text))
