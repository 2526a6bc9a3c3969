"""A guard: a tool, a pattern on its command or path, and the lesson said when both match (pure, hot lane).

`.gitmem/guards.jsonl` holds one JSON object a line (docs/data-model.md). Anyone can commit it, so
patterns are literals, or globs in which only ``*`` is special and none is slow; number and size are
bounded; a lesson is one visible line.
"""

from __future__ import annotations

from gitmem.core.jsonline import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = ".gitmem/guards.jsonl"
ASK = "ask"  # the client asks the person each time; only a person writes it
ONCE = "once"  # the first such call of a session is denied, with the lesson as the reason
# Claude Code's names for tools that run a command, and for tools that change a file. The shipped hook
# before a call is wired to these and to sub-agents: a hook for every Read of a session would cost too much.
SHELL = ("Bash",)
WRITERS = ("Edit", "MultiEdit", "NotebookEdit", "Write")
HEARD = SHELL + WRITERS
MOST = 256  # guards; more are not read
LARGEST = 131_072  # bytes of the file; a longer one is not read
LONGEST = 200  # characters of a pattern
LESSON = 400  # characters of a lesson
_SUBJECT = 4_000  # characters of a command that are compared
_STARS = 16
_LEAST = 2  # letters and digits a pattern needs, so that it does not match everything
_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
_TOOL = 100  # characters of a tool's name


class Guard:
    """One guard: ``tools`` are tool names, ``flags`` the ids it came from, ``mode`` is empty, `ASK` or `ONCE`."""

    __slots__ = ("flags", "lesson", "match", "mode", "tools")

    def __init__(
        self,
        tools: Sequence[str],
        match: str,
        lesson: str,
        *,
        flags: Sequence[str] = (),
        mode: str = "",
    ) -> None:
        self.tools = tuple(tools)
        self.match = match
        self.lesson = lesson
        self.flags = tuple(flags)
        self.mode = mode

    def __eq__(self, other: object) -> bool:
        """Guards with equal lines are equal."""
        return isinstance(other, Guard) and self.line == other.line

    def __hash__(self) -> int:
        """Return the hash of the line."""
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
        if self.mode:
            fields["mode"] = self.mode
        return dumps(fields)


def parse(line: str) -> Guard:
    """Return the guard on one line; raises ValueError with the reason.

    `gitmem.memory.guard_file` checks whether its texts may be shown.
    """
    from gitmem.core.flag import is_id  # a hook that only matches does not need it

    fields = loads(line)
    if not isinstance(fields, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a line that is no guard, as `loads` has it
    texts = {name: fields.get(name) for name in ("tool", "match", "lesson")}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise ValueError(f"{name} is not a string")  # noqa: TRY004 - as above
    flags, mode = fields.get("flags", []), fields.get("mode", "")
    if not isinstance(flags, list) or [flag for flag in flags if not is_id(flag)]:
        raise ValueError("flags is not a list of flag ids")
    if mode not in ("", ASK, ONCE):
        raise ValueError(f"mode can only be {ASK} or {ONCE}")
    guard = Guard(
        str(texts["tool"]).split("|"),
        str(texts["match"]),
        str(texts["lesson"]),
        flags=flags,
        mode=mode,
    )
    reason = objection(guard)
    if reason:
        raise ValueError(reason)
    return guard


def objection(guard: Guard) -> str:
    """Return what is wrong with a guard's tools, pattern or size; empty when nothing is."""
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
        tool = deaf[0] if deaf else "no tool"
        return f"no hook runs before {tool}; a guard can be for {', '.join(HEARD)}"
    return ""


def subject(text: str) -> str:
    """Return a command or path in the form that patterns match: one line, blanks folded, cut."""
    return " ".join(text[:_SUBJECT].split())


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches a `subject`.

    A glob matches the whole text or, without a slash, the last part of a path. A literal matches where
    it stands as whole words.
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
        start = text.find(part, at, end)
        if start < 0:
            return False
        at = start + len(part)
    return at <= end
