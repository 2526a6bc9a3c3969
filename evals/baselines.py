"""The rates that are accepted today (`evals/baselines.json`), and what fell below them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evals.rates import Rate

FILE = Path(__file__).with_name("baselines.json")


def read(name: str) -> dict[str, tuple[int, int]]:
    """Return the accepted rates of an eval, count and total by the rate's name."""
    rows = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return {rate: (count, total) for rate, (count, total) in rows.get(name, {}).items()}


def accept(name: str, rates: Mapping[str, Rate]) -> None:
    """Write these rates of an eval as the accepted ones."""
    rows = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    rows[name] = {rate: [one.count, one.total] for rate, one in rates.items()}
    evals = []
    for title, accepted in sorted(rows.items()):
        lines = [
            f"    {json.dumps(rate)}: {json.dumps(counts)}" for rate, counts in accepted.items()
        ]
        evals.append(f"  {json.dumps(title)}: {{\n" + ",\n".join(lines) + "\n  }")
    FILE.write_text("{\n" + ",\n".join(evals) + "\n}\n", encoding="utf-8")


def drops(rates: Mapping[str, Rate], accepted: Mapping[str, tuple[int, int]]) -> list[str]:
    """Return the names of the rates that are worse than accepted, and of accepted ones that are gone."""
    gone = [name for name in accepted if name not in rates]
    fell = [
        name for name, rate in rates.items() if name in accepted and rate.dropped(*accepted[name])
    ]
    return gone + fell
