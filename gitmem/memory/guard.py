"""Guards: a tool, a pattern on its command or path, and the lesson said when both fit (hot lane).

`.gitmem/guards.jsonl` holds one JSON object a line (docs/data-model.md). It is text from a
repository: patterns are literals, or globs in which ``*`` alone is special, so that no pattern can
be slow; number and size are bounded; a lesson is one visible line.
"""

from __future__ import annotations

from gitmem.core.jsonline import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = ".gitmem/guards.jsonl"
ASK = "ask"
# Claude Code's names for what runs a command, and for what changes a file. The shipped hook before a
# call is wired to these alone: one for every Read of a session would cost more than it says.
SHELL = ("Bash",)
WRITERS = ("Edit", "MultiEdit", "NotebookEdit", "Write")
HEARD = SHELL + WRITERS
MOST = 256  # guards; more are not read
LARGEST = 131_072  # bytes of the file; a longer one is not read
LONGEST = 200  # characters of a pattern
LESSON = 400  # characters of a lesson
_SUBJECT = 4_000  # characters of a command that are looked at
_STARS = 16
_LEAST = 2  # letters and digits a pattern needs, so that it does not fit everything
_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
_TOOL = 100  # characters of a tool's name


class Guard:
    """One guard. ``tools`` are tool names, ``ask`` whether a person wants to be asked each time.

    ``flags`` are the ids it came from.
    """

    __slots__ = ("ask", "flags", "lesson", "match", "tools")

    def __init__(
        self,
        tools: Sequence[str],
        match: str,
        lesson: str,
        *,
        flags: Sequence[str] = (),
        ask: bool = False,
    ) -> None:
        self.tools = tuple(tools)
        self.match = match
        self.lesson = lesson
        self.flags = tuple(flags)
        self.ask = ask

    def __eq__(self, other: object) -> bool:
        """Guards are values."""
        return isinstance(other, Guard) and self.line == other.line

    def __hash__(self) -> int:
        """Guards are values."""
        return hash(self.line)

    def __repr__(self) -> str:
        """For test failures."""
        return f"Guard({self.line})"

    @property
    def line(self) -> str:
        """The guard as its line of the file."""
        fields: dict[str, object] = {"tool": "|".join(self.tools), "match": self.match}
        fields["lesson"] = self.lesson
        if self.flags:
            fields["flags"] = list(self.flags)
        if self.ask:
            fields["mode"] = ASK
        return dumps(fields)


def parse(line: str) -> Guard:
    """The guard on one line; raises ValueError with the reason.

    Whether its texts are fit to be shown is for whoever reads them (`gitmem.memory.guard_file`).
    """
    from gitmem.core.flag import is_id  # a hook that only matches does not need it

    fields = loads(line)
    if not isinstance(fields, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a line that is no guard, as `loads` has it
    told = {name: fields.get(name) for name in ("tool", "match", "lesson")}
    for name, value in told.items():
        if not isinstance(value, str):
            raise ValueError(f"{name} is not a string")  # noqa: TRY004 - as above
    flags, mode = fields.get("flags", []), fields.get("mode", "")
    if not isinstance(flags, list) or [flag for flag in flags if not is_id(flag)]:
        raise ValueError("flags is not a list of flag ids")
    if mode not in ("", ASK):
        raise ValueError(f"mode can only be {ASK}")
    guard = Guard(
        str(told["tool"]).split("|"),
        str(told["match"]),
        str(told["lesson"]),
        flags=flags,
        ask=mode == ASK,
    )
    reason = objection(guard)
    if reason:
        raise ValueError(reason)
    return guard


def objection(guard: Guard) -> str:
    """What is wrong with a guard's tools, pattern or size; empty when nothing is."""
    reason = _no_tools(guard.tools)
    if reason:
        return reason
    if not guard.match or len(guard.match) > LONGEST or guard.match.count("*") > _STARS:
        return f"a pattern has 1 to {LONGEST} characters and at most {_STARS} stars"
    if len([letter for letter in guard.match if letter.isalnum()]) < _LEAST:
        return "the pattern matches everything, or nearly so"
    if not guard.lesson or len(guard.lesson) > LESSON:
        return f"a lesson has 1 to {LESSON} characters"
    return ""


def _no_tools(names: Sequence[str]) -> str:
    if [name for name in names if not name or len(name) > _TOOL or name.strip(_NAME)]:
        return "the tool is not a tool's name (or several with | between them)"
    deaf = [name for name in names if name not in HEARD]
    if deaf or not names:
        said = deaf[0] if deaf else "no tool"
        return f"no hook runs before {said}; a guard can be for {', '.join(HEARD)}"
    return ""


def subject(text: str) -> str:
    """A command or path as patterns see it: on one line, blanks folded, cut."""
    return " ".join(text[:_SUBJECT].split())


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern fits a `subject`.

    A glob fits the whole text, or, without a slash, the last part of a path; a literal fits where
    it stands as words of their own.
    """
    if "*" not in pattern:
        return _stands_in(pattern, text)
    return _glob(pattern, text) or ("/" not in pattern and _glob(pattern, text.rpartition("/")[2]))


def _stands_in(literal: str, text: str) -> bool:
    at = text.find(literal)
    while at >= 0:
        end = at + len(literal)
        open_left = not literal[0].isalnum() or not text[at - 1 : at].isalnum()
        open_right = not literal[-1].isalnum() or not text[end : end + 1].isalnum()
        if open_left and open_right:
            return True
        at = text.find(literal, at + 1)
    return False


def _glob(pattern: str, text: str) -> bool:
    first, *parts = pattern.split("*")
    last = parts.pop()
    if not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in parts:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return at <= end
