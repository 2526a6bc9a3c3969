"""How well gitmem reads languages other than English: ``python -m tests.bench.language_rates``.

Prints, by language, how many passwords and keys the secret gate finds and how many ordinary lines it
takes for one. ``--update`` writes the tables into the documents. The first runs, which were made before
anything was mended by what they showed, are kept beside the sets in ``tests/data/languages/``.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from gitmem.domain.secrets import find_secret
from tests.support.made_secrets import filled

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "languages"
END = "<!-- end of rates -->"
NAMES = {
    "ar": "Arabic", "cs": "Czech", "de": "German", "en": "English", "es": "Spanish", "fa": "Persian",
    "fr": "French", "hi": "Hindi", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "ko": "Korean", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ru": "Russian",
    "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that gives a credential (``secret``) or only speaks of one."""

    language: str
    secret: bool
    text: str


@dataclass(slots=True)
class Both:
    """Lines that should be found and those that were; lines that should not, and those that were."""

    positive: int = 0
    found: int = 0
    negative: int = 0
    alarms: int = 0

    def take(self, *, positive: bool, found: bool) -> None:
        """Count one line."""
        self.positive += positive
        self.found += positive and found
        self.negative += not positive
        self.alarms += found and not positive


def secret_lines() -> list[Line]:
    """The lines of the secret set, their credentials made up; the same ones each time."""
    rows = (row.split("\t") for row in _text("secrets.tsv").splitlines())
    return [
        Line(language=language, secret=sign == "+", text=filled(text, Random(number)))
        for number, (language, sign, text) in enumerate(rows)
    ]


def secrets_today() -> dict[str, Both]:
    """What the secret gate finds now, by language."""
    found: dict[str, Both] = {}
    for line in secret_lines():
        both = found.setdefault(line.language, Both())
        both.take(positive=line.secret, found=find_secret(line.text) is not None)
    return found


def first_run(name: str) -> dict[str, Any]:
    """What was found when the set was seen for the first time."""
    return dict(json.loads(_text(f"{name}_first_run.json")))


def digest(name: str) -> str:
    """The SHA-256 of a set's file."""
    return hashlib.sha256((DATA / name).read_bytes()).hexdigest()


def secrets_table() -> str:
    """The table of docs/limitations.md."""
    first = {
        language: Both(row["told"], row["found"], row["ordinary"], row["alarms"])
        for language, row in first_run("secrets")["languages"].items()
    }
    now = secrets_today()
    rows = [
        [NAMES[one], *_cells(first[one]), *_cells(now[one])]
        for one in sorted(now, key=NAMES.__getitem__)
    ]
    rows.append(["all", *_cells(_sum(first.values())), *_cells(_sum(now.values()))])
    heading = ["language", "found, first run", "false alarms", "found today", "false alarms today"]
    return table(heading, rows)


def table(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


#: Name of a table, the document that has it, and what makes it.
TABLES = (("secrets by language", ROOT / "docs" / "limitations.md", secrets_table),)


def document(path: Path) -> str:
    """A document with its tables as they are computed now."""
    text = path.read_text(encoding="utf-8")
    for name, where, made in TABLES:
        if where == path:
            start = f"<!-- rates: {name} -->"
            before, rest = text.split(start, 1)
            after = rest.split(END, 1)[1]
            text = f"{before}{start}\n{made()}\n{END}{after}"
    return text


def _text(name: str) -> str:
    return (DATA / name).read_text(encoding="utf-8")


def _cells(both: Both) -> list[str]:
    return [f"{both.found}/{both.positive}", f"{both.alarms}/{both.negative}"]


def _sum(every: Iterable[Both]) -> Both:
    total = Both()
    for both in every:
        total.positive += both.positive
        total.found += both.found
        total.negative += both.negative
        total.alarms += both.alarms
    return total


def main(arguments: Sequence[str]) -> None:
    """Print the tables, or with ``--update`` write them."""
    match arguments:
        case []:
            for name, _, made in TABLES:
                print(f"{name}\n\n{made()}\n")
        case ["--update"]:
            for path in dict.fromkeys(where for _, where, _ in TABLES):
                path.write_text(document(path), encoding="utf-8")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
