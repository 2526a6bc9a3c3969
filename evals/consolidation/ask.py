"""`python -m evals.consolidation.ask PROJECT`: the next questions without an answer, and where answers go in.

Prints one JSON object a line: project, close, key, work, system, text, schema and max_tokens. It shows
nothing of the labels. With --answers FILE, one {"key": ..., "operations": [...]} a line, it first records
the answers in evals/consolidation/answers; a file with a bad line is refused as a whole.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.consolidation import answers, project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHOWN = ("project", "close", "key", "work", "flags", "system", "text", "schema", "max_tokens")


class BadAnswer(Exception):
    """A line of answers that cannot be recorded, and why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Record answers, if any are given, and print the questions that come next. Returns 1 for bad answers."""
    options = _options(arguments)
    this = project.read(options.project)
    rows = answers.recorded(this.name)
    if options.answers:
        asked = {question["key"]: question for question in answers.replay(this, rows).open}
        try:
            new = read(Path(options.answers).read_text(encoding="utf-8"), asked, options.by)
        except BadAnswer as bad:
            print(f"nothing was recorded: {bad}", file=sys.stderr)
            return 1
        answers.record(this.name, new)
        rows += new
    for question in answers.replay(this, rows).open:
        print(json.dumps({name: question[name] for name in _SHOWN}, ensure_ascii=False))
    return 0


def read(text: str, asked: Mapping[str, Mapping[str, Any]], by: str) -> list[dict[str, Any]]:
    """Return the answers of a file as they are recorded; ``asked`` are the open questions by key.

    Raises BadAnswer for the first line that does not answer one of them as its schema wants.
    """
    rows: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
        except ValueError as error:
            raise BadAnswer(f"line {number} is not JSON") from error
        key = str(given.get("key")) if isinstance(given, dict) else ""
        if key not in asked:
            raise BadAnswer(f"line {number}: its key is not that of an open question")
        if key in rows:
            raise BadAnswer(f"line {number} answers a question that an earlier line answers")
        question = asked[key]
        operations = given.get("operations")
        trouble = _trouble(operations, question["schema"])
        if trouble:
            raise BadAnswer(f"line {number}: {trouble}")
        fixed = {name: question[name] for name in ("close", "work", "key")}
        rows[key] = {**fixed, "by": by, "operations": operations}
    return list(rows.values())


def _trouble(operations: Any, schema: Mapping[str, Any]) -> str:
    """Say how operations differ from the schema of their question; empty when they do not."""
    if not isinstance(operations, list):
        return "it has no list of operations"
    fields = schema["properties"]["operations"]["items"]["properties"]
    for place, one in enumerate(operations, 1):
        if not isinstance(one, dict) or set(one) != set(fields):
            return f"operation {place} has other fields than {', '.join(fields)}"
        for name, wanted in fields.items():
            value = one[name]
            items = value if wanted["type"] == "array" else [value]
            if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
                return f"operation {place}: {name} is no {wanted['type']} as the schema has it"
            if "enum" in wanted and value not in wanted["enum"]:
                return f"operation {place}: {name} is not one of {', '.join(wanted['enum'])}"
    return ""


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m evals.consolidation.ask", description=__doc__)
    parser.add_argument("project", choices=project.NAMES)
    parser.add_argument("--answers", help="a file of answers, one JSON object a line")
    parser.add_argument("--by", default="", help="who answered: a model's name, for the record")
    options = parser.parse_args(arguments)
    if options.answers and not options.by:
        parser.error("--answers needs --by: who answered")
    return options


if __name__ == "__main__":
    sys.exit(main())
