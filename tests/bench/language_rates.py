"""How well gitmem reads other languages: ``python -m tests.bench.language_rates``.

Prints, by language, how many reversals of a denial a close accepts and how many faithful rewordings it
refuses; how many passwords and keys the secret gate finds, and how many ordinary lines it takes for one.
``--update`` writes the tables into the documents. The first runs, which were made before anything was mended
by what they showed, are kept beside the sets in ``tests/data/languages/``; ``--first-run NAME`` prints one,
``--wrong`` what is wrong today.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from gitmem.drain.faithful import findings
from gitmem.grounding.language import language_of
from gitmem.safety.secrets import find_secret
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


#: The sets of rewordings; each has its first run beside it.
DENIALS = ("denials", "denials_2", "denials_3")
_FIRST = ("reversals accepted, first run (wrong)", "faithful refused (wrong)", "language not told")
_TODAY = ("reversals accepted today", "faithful refused today", "not told today")
_CHANGE = re.compile(r"\{([^{}|]*)\|([^{}|]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewording:
    """A line, the flag it cites, and whether it says the same. ``id``: the row, and ``-`` or ``+``.

    Of a reversal ``-`` leaves the denial out, ``+`` brings it in.
    """

    id: str
    language: str
    faithful: bool
    flag: str
    line: str


@dataclass(frozen=True, slots=True)
class Judged:
    """Of some rewordings: the reversals accepted, the faithful ones refused, those of no told language."""

    accepted: frozenset[str]
    refused: frozenset[str]
    untold: frozenset[str]


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


def rewordings(name: str) -> list[Rewording]:
    """The rewordings of a set, two for each row that is a reversal."""
    found = []
    for number, row in enumerate(_text(name).splitlines(), start=1):
        language, *sign, text = row.split("\t")
        denied, bare = (_side(text, side) for side in (1, 2))
        if sign == ["+"]:
            found.append(_rewording(f"{number}", language, denied, bare, faithful=True))
        else:
            found.append(_rewording(f"{number}-", language, denied, bare, faithful=False))
            found.append(_rewording(f"{number}+", language, bare, denied, faithful=False))
    return found


def judged(every: Iterable[Rewording]) -> Judged:
    """What a close does with each of them now."""
    accepted, refused, untold = set(), set(), set()
    for one in every:
        refusing, _ = findings(one.line, [one.flag], ())
        if refusing and one.faithful:
            refused.add(one.id)
        if not refusing and not one.faithful:
            accepted.add(one.id)
        if not language_of((one.line, one.flag)):
            untold.add(one.id)
    return Judged(frozenset(accepted), frozenset(refused), frozenset(untold))


def denials_table() -> str:
    """The first table of docs/grounding.md: what was held out, when it was seen first, and today."""
    rows = []
    for name in DENIALS:
        every = rewordings(f"{name}.tsv")
        now = judged(every)
        then = first_run(name)
        first = Judged(*(frozenset(then[key]) for key in ("accepted", "refused", "untold")))
        languages = sorted({one.language for one in every}, key=NAMES.__getitem__)
        for language in [*languages, ""] if len(languages) > 1 else languages:
            mine = [one for one in every if language in {"", one.language}]
            label = NAMES.get(language, "all")
            rows.append([name, label, *_rates(mine, first), *_rates(mine, now)])
    heading = ["set", "language", *_FIRST, *_TODAY]
    return table(heading, rows)


def unknown_table() -> str:
    """What a close does with reversals in languages that it does not know."""
    every = rewordings("unknown.tsv")
    accepted = judged(every).accepted
    languages = len({one.language for one in every} - {"mixed", "short"})
    heading = ["languages", "reversals", "accepted (wrong)"]
    return table(heading, [[languages, len(every), len(accepted)]])


def _rates(every: Sequence[Rewording], outcome: Judged) -> list[str]:
    reversals = {one.id for one in every if not one.faithful}
    faithful = {one.id for one in every if one.faithful}
    wrong = len(reversals & outcome.accepted)
    return [
        f"{wrong}/{len(reversals)} ({100 * wrong / len(reversals):.1f} %)",
        f"{len(faithful & outcome.refused)}/{len(faithful)}" if faithful else "-",
        f"{len((reversals | faithful) & outcome.untold)}",
    ]


def _rewording(number: str, language: str, flag: str, line: str, *, faithful: bool) -> Rewording:
    return Rewording(id=number, language=language, faithful=faithful, flag=flag, line=line)


def _side(text: str, side: int) -> str:
    said = " ".join(_CHANGE.sub(lambda match: match[side], text).split())
    return said.replace(" .", ".").replace(" ,", ",")


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
TABLES = (
    ("denials by language", ROOT / "docs" / "grounding.md", denials_table),
    ("denials in other languages", ROOT / "docs" / "grounding.md", unknown_table),
    ("secrets by language", ROOT / "docs" / "limitations.md", secrets_table),
)


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
        case ["--wrong"]:
            for name in (*DENIALS, "unknown"):
                every = rewordings(f"{name}.tsv")
                result = judged(every)
                for one in every:
                    if one.id in result.accepted | result.refused:
                        print(f"{one.language} {one.id}: {one.flag} -> {one.line}")
        case ["--first-run", name]:
            result = judged(rewordings(f"{name}.tsv"))
            told = {key: sorted(getattr(result, key)) for key in ("accepted", "refused", "untold")}
            print(json.dumps({"set": name, "cases_sha256": digest(f"{name}.tsv"), **told}))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
