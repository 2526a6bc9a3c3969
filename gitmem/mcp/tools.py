"""The tools of the server: names, what they say of themselves, and their arguments (pure, hot lane).

There is none that drains, lands or drops: these are a person's, or a command's.
"""

from __future__ import annotations

from gitmem.core.flag import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Shape = dict[str, object]

MOST_LINES = 100  # of one recall, as `gitmem recall -n`
USUAL_LINES = 8
_LONGEST = 4_000  # characters of an argument; each field of a flag has a limit of its own below it


def _string(about: str, **more: object) -> Shape:
    return {"type": "string", "description": about, "maxLength": _LONGEST, **more}


def _strings(about: str) -> Shape:
    return {"type": "array", "items": {"type": "string"}, "description": about, "maxItems": 20}


_SOURCE = _string("Where it comes from, such as an address; optional.")
_PATHS = _strings("Files or folders that it is about, from the top of the repository; optional.")

#: The arguments of each tool, as JSON Schema properties; the required ones first.
_ARGUMENTS: dict[str, dict[str, Shape]] = {
    "flag": {
        "text": _string("One line that stands by itself: the fact, with names and values."),
        "body": _string("What does not fit on the line, in Markdown; optional."),
        "kind": _string(
            "What it is; a fact unless it is said.",
            enum=[kind for kind in KINDS if kind != "snag"],
        ),
        "topic": _string("The topic file of memory that it belongs to, such as testing; optional."),
        "corrects": _string(
            "FILE:LINE of a line of memory that is wrong and that this one corrects; optional."
        ),
        "paths": _PATHS,
        "source": _SOURCE,
    },
    "snag": {
        "text": _string("What went wrong, in one line."),
        "better": _string("The better path, in one line: what to do instead."),
        "skill": _string("The skill that the better path belongs to; optional."),
        "rule": _string("The instruction file that it belongs to; optional."),
        "paths": _PATHS,
        "source": _SOURCE,
    },
    "recall": {
        "query": _string("What to look for: a few words."),
        "path": _string("A file or folder that lines are about; optional."),
        "command": _string("A shell command that lines are about; optional."),
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_LINES,
            "description": f"How many lines at most; {USUAL_LINES} unless it is said.",
        },
    },
    "status": {},
}
_REQUIRED = {"flag": ["text"], "snag": ["text", "better"], "recall": [], "status": []}
_TITLES = {
    "flag": "Flag one durable fact",
    "snag": "Flag a snag and its better path",
    "recall": "Look into the repository's memory",
    "status": "What waits to be filed",
}
_ABOUT = {
    "flag": "Save one durable fact about this repository for later sessions: a decision, gotcha, preference, "
    "fact or open question. One fact a call, as soon as you know it. It waits in a queue; a person reviews it "
    "before it becomes memory. Never put a credential in it.",
    "snag": "Save what went wrong and the better path, so that the next session is spared the trouble. It may "
    "become a rule or a line in a skill, after a person's review.",
    "recall": "Find the lines of this repository's memory that fit words, a path or a command, best first. Use "
    "it before work on unknown ground and after a failure. The lines were true when they landed; check what "
    "you rely on.",
    "status": "Say how many flags wait, how old they are and what is in review.",
}
_READS = ("recall", "status")
NAMES = tuple(_ARGUMENTS)


def listed() -> list[object]:
    """Return every tool as `tools/list` gives it, always in this order."""
    return [_tool(name) for name in NAMES]


def objection(name: str, given: Mapping[str, object]) -> str:
    """Say what is wrong with the arguments of a call, so that a model can mend it; empty when nothing is."""
    shapes = _ARGUMENTS[name]
    unknown = [key for key in given if key not in shapes]
    if unknown:
        return f"{name} has no argument {unknown[0][:40]!r}; it takes {', '.join(shapes) or 'none'}"
    missing = [key for key in _REQUIRED[name] if not given.get(key)]
    if missing:
        return f"{name} needs {' and '.join(missing)}"
    wrong = [f"{key} {trouble}" for key in given if (trouble := _wrong(shapes[key], given[key]))]
    return wrong[0] if wrong else ""


def _tool(name: str) -> Shape:
    schema: Shape = {
        "type": "object",
        "properties": _ARGUMENTS[name],
        "additionalProperties": False,
    }
    if _REQUIRED[name]:
        schema["required"] = _REQUIRED[name]
    hints = {"readOnlyHint": name in _READS, "destructiveHint": False, "openWorldHint": False}
    return {
        "name": name,
        "title": _TITLES[name],
        "description": _ABOUT[name],
        "inputSchema": schema,
        "annotations": {"title": _TITLES[name], **hints},
    }


def _wrong(shape: Shape, value: object) -> str:
    """Say why a value is not of the shape; empty when it is."""
    if shape["type"] == "integer":
        fits = type(value) is int and 1 <= value <= MOST_LINES
        return "" if fits else f"is a number from 1 to {MOST_LINES}"
    if shape["type"] == "array":
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
        return "" if fits else "is a list of strings"
    if not isinstance(value, str):
        return "is a string"
    if len(value) > _LONGEST:
        return f"has {len(value)} characters, and the limit is {_LONGEST}"
    known = shape.get("enum")
    return f"is one of {', '.join(known)}" if isinstance(known, list) and value not in known else ""
