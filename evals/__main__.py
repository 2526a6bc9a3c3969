"""`python -m evals [NAME] [--json] [--accept] [--misses]`: run the evals, compare them with what is accepted."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evals import audit, baselines, boundaries, consolidation, grounding, recall, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evals.rates import Rate

_EVALS = {
    "audit": audit.run,
    "boundaries": boundaries.run,
    "consolidation": consolidation.run,
    "grounding": grounding.run,
    "recall": recall.run,
    "shown": shown.run,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    names: tuple[str, ...]
    as_json: bool
    accept: bool
    misses: bool = field(default=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named evals, or all.

    Returns 1 when a rate is worse than accepted by more than its interval, or a required one misses
    its target.
    """
    options = _options(arguments)
    reports = {}
    failed = False
    for name in options.names:
        rates, misses = _EVALS[name]()
        if options.accept:
            baselines.accept(name, rates)
        drops = baselines.drops(rates, baselines.read(name))
        missed = [title for title, rate in rates.items() if rate.required and not rate.reached]
        failed = failed or bool(drops or missed)
        reports[name] = {
            "rates": {title: _row(rate) for title, rate in rates.items()},
            "drops": drops,
        }
        if not options.as_json:
            print_rates(name, rates, drops)
            print(*(misses if options.misses else ()), sep="\n")
            for title in missed:
                print(f"{title}: has to be reached; --misses says what is missing")
    if options.as_json:
        print(json.dumps(reports, ensure_ascii=False, indent=1))
    return 1 if failed else 0


def _options(arguments: Sequence[str] | None) -> _Options:
    parser = argparse.ArgumentParser(prog="python -m evals", description=__doc__)
    parser.add_argument("name", nargs="*", choices=[*_EVALS, []], help="an eval (default: all)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--accept", action="store_true", help="write evals/baselines.json")
    parser.add_argument(
        "--misses", action="store_true", help="print the cases that fail (never held-out ones)"
    )
    found = parser.parse_args(arguments)
    return _Options(
        names=tuple(found.name or _EVALS),
        as_json=found.json,
        accept=found.accept,
        misses=found.misses,
    )


def _row(rate: Rate) -> dict[str, object]:
    low, high = rate.interval
    return {
        "count": rate.count,
        "total": rate.total,
        "rate": round(rate.value, 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "target": rate.target,
        "reached": rate.reached,
    }


def print_rates(name: str, rates: Mapping[str, Rate], drops: Sequence[str]) -> None:
    """Print the rates of an eval as a table; ``drops`` names those that fell."""
    width = max(map(len, rates))
    print(f"{name:{width}}  {'cases':>9}  {'rate':>5}  {'95 %':>9}  target")
    for title, rate in rates.items():
        low, high = rate.interval
        sign = "<=" if rate.low_is_good else ">="
        target = "" if rate.target is None else f"{sign} {rate.target:.2f}"
        notes = ["" if rate.reached else "missed", "DROPPED" if title in drops else ""]
        told = " ".join([target, *filter(None, notes)])
        cases = f"{rate.count}/{rate.total}"
        print(
            f"{title:{width}}  {cases:>9}  {rate.value:5.2f}  {low:.2f}-{high:.2f}  {told}".rstrip()
        )
    for title in drops:
        if title not in rates:
            print(f"{title}: accepted, but not measured any more")


if __name__ == "__main__":
    sys.exit(main())
