"""A program that brings its own login: how it is started, and how its answer is read.

What a program prints is as hostile as a server's answer.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from gitmem.models.extract import extract
from gitmem.models.reply import Attempt, Credentials, Prompt, Stop
from gitmem.models.shapes import with_schema
from gitmem.models.usage import sound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gitmem.models.usage import Usage

#: What the programs say when a person must log in or pay; matched only when they failed.
_LOGIN = re.compile(
    r"not logged in|/login|no key found|missing environment variable|invalid api key"
    r"|api[ _]key not valid|incorrect api key|no auth(?:entication)? (?:type|method|information)"
    r"|set an auth method|must specify .{0,40}api_key|authentication required|please log in"
    r"|failed to authenticate|\b401\b|unauthorized|credit balance|insufficient_quota",
    re.IGNORECASE,
)
#: Where a printed object may begin, and how many beginnings are tried: a program may warn before it.
_BEGINS = re.compile(r"^[ \t]*(?=\{)", re.MULTILINE)
_NOISE = 16
_DECODER = json.JSONDecoder()
_TOO_LARGE = re.compile(r"too long|context (?:length|window)|request too large", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramExit:
    """A program that ended by itself.

    ``code`` is its exit code. ``answer`` is what it wrote into the file for it, or else printed.
    ``printed`` is its standard output, ``usage`` the file for its figures, ``complained`` its standard
    error and ``complaint`` the last line of that.
    """

    code: int
    answer: str
    complaint: str
    printed: str = ""
    complained: str = ""
    usage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramCall:
    """One start of a program: the question, the model, and the files made for it.

    ``folder`` is fresh and for this start alone; ``environ`` is what the program gets.
    """

    prompt: Prompt
    model: str
    folder: str
    environ: Mapping[str, str]

    @property
    def schema_file(self) -> str:
        """The file with the JSON schema."""
        return f"{self.folder}/schema.json"

    @property
    def order_file(self) -> str:
        """The file with the bare order to answer."""
        return f"{self.folder}/order.md"

    @property
    def answer_file(self) -> str:
        """Where the program may write its answer."""
        return f"{self.folder}/answer"

    @property
    def usage_file(self) -> str:
        """Where the program may write its figures."""
        return f"{self.folder}/usage"

    @property
    def has_key(self) -> bool:
        """Whether the key of the Messages API is set."""
        return bool(self.environ.get("ANTHROPIC_API_KEY"))


def in_one(call: ProgramCall) -> str:
    """Return instructions, schema and data as one text, for programs that take no more."""
    return f"{with_schema(call.prompt)}\n\n{call.prompt.text}"


def read_text(program: str, ended: ProgramExit, prompt: Prompt) -> Attempt:
    """Return the result of a program whose answer is, or holds, the JSON object.

    Raises Credentials when it failed because a person must log in.
    """
    if ended.code:
        return failed(program, f"ended with {ended.code}", last_line(ended))
    return found(ended.answer, prompt)


def last_line(ended: ProgramExit) -> str:
    """Return what a program complained last."""
    return ended.complaint


def nothing(call: ProgramCall) -> Mapping[str, str]:
    """Prepare nothing: for programs that are led by their arguments alone."""
    del call
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How to ask a program: its command line, its standard input, how its answer is read.

    ``trouble`` finds what a program said of its trouble, also when it was ended at the deadline.
    ``model`` is the default; empty leaves the choice to the program. ``settings`` are environment
    variables; ``prepare`` may write into the folder of a call and returns more of them. ``name`` is a
    preset's. Where an agent client's session may have set them, variables of ``homes`` (each leads the
    program to files of its own) may name nothing in the work tree, and those of ``leads`` (a server, a
    command, settings as a text; names or beginnings) are taken away.
    """

    program: str
    arguments: Callable[[ProgramCall], Sequence[str]]
    question: Callable[[ProgramCall], str] = in_one
    read: Callable[[str, ProgramExit, Prompt], Attempt] = read_text
    trouble: Callable[[ProgramExit], str] = last_line
    prepare: Callable[[ProgramCall], Mapping[str, str]] = nothing
    model: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    homes: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()


def failed(
    program: str, how: str, why: str, *, refused: bool = False, usage: Usage | None = None
) -> Attempt:
    """Return the result of a program that failed, ``why`` in its own words (empty: it said none).

    Raises Credentials when these, or ``refused``, say that a login is missing.
    """
    if refused or _LOGIN.search(why):
        raise Credentials(
            f"{program} is not logged in, or may not ask: {why}",
            hint=f"put {program}'s login in order; the queue is as it was",
        )
    stop = Stop.TOO_LARGE if _TOO_LARGE.search(why) else Stop.FAILED
    attempt = Attempt(stop=stop, problem=f"{program} {how}: {why or 'it did not say why'}")
    return attempt if usage is None else replace(attempt, usage=usage)


def found(text: str, prompt: Prompt) -> Attempt:
    """Return the result of a text that should be, or hold, the JSON object."""
    if not text.strip():
        return Attempt(stop=Stop.INVALID, problem="the answer says nothing")
    extraction = extract(text, prompt.schema)
    if extraction.data is None:
        problem = f"the answer is not what was asked for: {extraction.reason}"
        return Attempt(stop=Stop.INVALID, problem=problem)
    return Attempt(stop=Stop.END, data=extraction.data)


def rows(text: str) -> list[dict[str, Any]]:
    """Return the JSON objects of a text with one on each line, or of one JSON list; others are passed over."""
    whole = _value(text)
    if isinstance(whole, list):
        return [row for row in whole if isinstance(row, dict)]
    values = (_value(line) for line in text.splitlines() if line.startswith("{"))
    return [row for row in values if isinstance(row, dict)]


def document(text: str) -> dict[str, Any]:
    """Return the JSON object that a text is, or that begins on a line of its own in it; empty without one."""
    for begin in islice(_BEGINS.finditer(text), _NOISE):
        try:
            value, _ = _DECODER.raw_decode(text, begin.end())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return {}


def part(value: object, *names: str) -> dict[str, Any]:
    """Return an object inside of objects by the names that lead to it; empty where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def words(value: object) -> str:
    """Return a value that should be a text; empty where it is none."""
    return value if isinstance(value, str) else ""


def total(counts: Iterable[Mapping[str, Any]], *names: str) -> int:
    """Return the sum of the numbers under these names; what is no count is 0."""
    return sum(sound(one.get(name)) for one in counts for name in names)


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
