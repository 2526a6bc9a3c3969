"""How often a close is wrong about a reworded line, either way: ``python -m tests.bench.grounding_rates``.

Prints the tables of docs/grounding.md. ``--update`` writes them there; ``--pairs FILE`` scores a file of
sentence pairs instead (tab-separated with a heading, as the SICK data set comes: sentence_A, sentence_B,
entailment label).
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import process_time_ns

from gitmem.drain.faithful import findings, refuses
from gitmem.grounding.judge import Rule
from tests.bench.grounding_mutations import mutants

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "grounding.md"
DATA = ROOT / "tests" / "data" / "grounding"
HELD_OUT = ("held_out_1", "held_out_2", "held_out_3")
SETS = ("dev", *HELD_OUT)
START, END = "<!-- rates: {} -->", "<!-- end of rates -->"
_Z = 1.959964  # two-sided 95 % of a normal distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A line, what it cites and replaces, whether it is faithful, and its kind."""

    id: str
    faithful: bool
    kind: str
    text: str
    sources: tuple[str, ...]
    replaced: tuple[str, ...]


#: A case and the rules that object to it.
Scored = tuple[Case, tuple[Rule, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Lines, those that a close refuses as worded, and those with any finding."""

    lines: int
    refused: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRun:
    """What the gate said when it saw a held-out set for the first time. ``found``: rules by case id.

    ``mutants`` are lines, those with a hard finding, those with any: of them only these are known.
    """

    name: str
    cases_sha256: str
    mutants: tuple[int, int, int]
    found: dict[str, tuple[Rule, ...]]


def cases(name: str) -> list[Case]:
    """The cases of a set."""
    rows = [json.loads(row) for row in _file(name).read_text(encoding="utf-8").splitlines()]
    return [
        Case(
            id=row["id"],
            faithful=row["faithful"],
            kind=row["kind"],
            text=row["text"],
            sources=tuple(row["sources"]),
            replaced=tuple(row.get("replaced", ())),
        )
        for row in rows
    ]


def first_runs() -> list[FirstRun]:
    """The first runs, in order."""
    rows = [json.loads(row) for row in _file("first_runs").read_text(encoding="utf-8").splitlines()]
    return [
        FirstRun(
            name=row["set"],
            cases_sha256=row["cases_sha256"],
            mutants=tuple(row["mutants"]),
            found={key: tuple(map(Rule, value.split())) for key, value in row["found"].items()},
        )
        for row in rows
    ]


def digest(name: str) -> str:
    """The SHA-256 of a set's file."""
    return hashlib.sha256(_file(name).read_bytes()).hexdigest()


def today(case: Case) -> tuple[Rule, ...]:
    """The rules that object to a case now, by the policy that a close applies."""
    refusing, told = findings(case.text, case.sources, case.replaced)
    return tuple(finding.rule for finding in (*refusing, *told))


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a share (Wilson 1927)."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, _Z * _Z
    middle = share + square / (2 * of)
    spread = _Z * math.sqrt((share * (1 - share) + square / (4 * of)) / of)
    low, high = middle - spread, middle + spread
    return max(0.0, low / (1 + square / of)), high / (1 + square / of)


def tables() -> dict[str, str]:
    """The tables of the document by name."""
    known = {run.name: run for run in first_runs()}
    scored = {name: [(case, today(case)) for case in cases(name)] for name in SETS}
    first = {
        name: [(case, known[name].found.get(case.id, ())) for case, _ in scored[name]]
        for name in HELD_OUT
    }
    return {
        "first runs": _by_set(first),
        "today": _by_set(scored),
        "kinds": _by_kind(
            [pair for name in HELD_OUT for pair in first[name]],
            [pair for name in SETS for pair in scored[name]],
        ),
        "policies": _policies([pair for name in HELD_OUT for pair in first[name]]),
        "mutants": _mutants([case for name in SETS for case in cases(name) if case.faithful]),
    }


def document(text: str) -> str:
    """The document with its tables as they are computed now."""
    for name, table in tables().items():
        start = START.format(name)
        before, rest = text.split(start, 1)
        _, after = rest.split(END, 1)
        text = f"{before}{start}\n{table}\n{END}{after}"
    return text


def _file(name: str) -> Path:
    return DATA / f"{name}.jsonl"


def _count(scored: Iterable[Scored]) -> Count:
    found = [rules for _, rules in scored]
    refused = sum(any(map(refuses, rules)) for rules in found)
    return Count(lines=len(found), refused=refused, found=sum(map(bool, found)))


def _share(hits: int, of: int) -> str:
    low, high = wilson(hits, of)
    return f"{hits}/{of} = {hits / of:.2f} ({low:.2f}\u2013{high:.2f})"


def _table(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _by_set(scored: dict[str, list[Scored]]) -> str:
    everything = [pair for pairs in scored.values() for pair in pairs]
    rows = []
    for name, pairs in {**scored, "all": everything}.items():
        bad = _count(pair for pair in pairs if not pair[0].faithful)
        good = _count(pair for pair in pairs if pair[0].faithful)
        shares = [
            _share(bad.lines - bad.refused, bad.lines),
            _share(good.refused, good.lines),
            _share(bad.found, bad.lines),
            _share(good.found, good.lines),
        ]
        rows.append([name, *shares])
    heading = [
        "set",
        "fabricated, accepted (wrong)",
        "faithful, refused (wrong)",
        "fabricated: any finding",
        "faithful: any finding",
    ]
    return _table(heading, rows)


def _by_kind(first: list[Scored], now: list[Scored]) -> str:
    rows = []
    for faithful, label in ((False, "fabricated"), (True, "faithful")):
        kinds = dict.fromkeys(case.kind for case, _ in now if case.faithful is faithful)
        for kind in sorted(kinds):
            then, current = (
                _count(p for p in pairs if p[0].faithful is faithful and p[0].kind == kind)
                for pairs in (first, now)
            )
            numbers = [
                then.lines,
                then.refused,
                then.found,
                current.lines,
                current.refused,
                current.found,
            ]
            rows.append([label, kind, *numbers])
    heading = ["line", "kind", "held out", "refused", "any", "all sets, today", "refused", "any"]
    return _table(heading, rows)


def _policies(scored: list[Scored]) -> str:
    policies: dict[str, Callable[[Rule], bool]] = {
        "a hard finding": lambda rule: rule.hard,
        "a hard finding, S1, S3 or S4 (what runs)": refuses,
        "any finding": bool,
    }
    rows = []
    for name, policy in policies.items():
        shares = []
        for faithful in (False, True):
            found = [rules for case, rules in scored if case.faithful is faithful]
            shares.append(_share(sum(any(map(policy, rules)) for rules in found), len(found)))
        rows.append([name, *shares])
    return _table(["refused for", "fabricated lines refused", "faithful lines refused"], rows)


def _mutants(faithful: Sequence[Case]) -> str:
    scored: dict[str, list[Scored]] = {}
    for case in faithful:
        for kind, text in mutants(case.text, case.sources):
            mutant = replace(case, faithful=False, kind=kind, text=text)
            scored.setdefault(kind, []).append((mutant, today(mutant)))
    every = [pair for pairs in scored.values() for pair in pairs]
    rows = []
    for kind, pairs in {**dict(sorted(scored.items())), "all": every}.items():
        rows.append([kind, *_numbers(_count(pairs))])
    heading = ["changed by machine", "lines", "refused", "any finding", "refused", "any"]
    return _table(heading, rows)


def _numbers(count: Count) -> list[object]:
    """The counts and their shares, cut and not rounded: 0.999 is not 1."""
    shares = [math.floor(100 * hits / count.lines) / 100 for hits in (count.refused, count.found)]
    return [count.lines, count.refused, count.found, *(f"{share:.2f}" for share in shares)]


def _pairs(path: Path) -> str:
    """The shares of sentence pairs with findings, by their entailment label."""
    with path.open(encoding="utf-8", errors="replace", newline="") as lines:
        pairs = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    label = next(name for name in pairs[0] if "entailment" in name)
    rows = []
    for wanted in sorted({pair[label] for pair in pairs}):
        mine = [pair for pair in pairs if pair[label] == wanted]
        found = [
            findings(f"{pair['sentence_B']}.", [f"{pair['sentence_A']}."], ()) for pair in mine
        ]
        refused = sum(bool(refusing) for refusing, _ in found)
        either = sum(bool(refusing or told) for refusing, told in found)
        rows.append([wanted, _share(refused, len(mine)), _share(either, len(mine))])
    return _table(["label", "refused", "any finding"], rows)


def _milliseconds() -> float:
    """The median CPU time of judging one case of the sets."""
    taken = []
    for case in [case for name in SETS for case in cases(name)]:
        start = process_time_ns()
        today(case)
        taken.append((process_time_ns() - start) / 1e6)
    return median(taken)


def main(arguments: Sequence[str]) -> None:
    """Print, or with ``--update`` write, or with ``--pairs FILE`` score the pairs of a file."""
    match arguments:
        case []:
            for name, table in tables().items():
                print(f"{name}\n\n{table}\n")
            print(f"median CPU time of one line: {_milliseconds():.2f} ms")
        case ["--update"]:
            DOCUMENT.write_text(document(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
        case ["--pairs", path]:
            print(_pairs(Path(path)))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
