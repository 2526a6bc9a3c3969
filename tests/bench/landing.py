"""What gitmem makes of every way of landing: ``python -m tests.bench.landing [WAY ...]``.

Prints the table of docs/landing.md, and which rows are not as tested. ``--update`` writes it there.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.landing import DOCUMENT, END, START, Seen, observed, rendered
from tests.support.seal import seal
from tests.support.ways import WAYS


def main(arguments: list[str]) -> None:
    wanted = [argument for argument in arguments if not argument.startswith("-")]
    rows: dict[str, Seen] = {}
    for way in WAYS:
        if not wanted or way.name in wanted:
            with tempfile.TemporaryDirectory() as folder:
                rows[way.name] = observed(Path(folder), way)
            if rows[way.name] != way.expected:
                print(f"{way.name}:\n  is   {rows[way.name].cells}\n  not  {way.expected.cells}")
    table = rendered(rows)
    if "--update" in arguments:
        before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(START)
        after = rest.partition(END)[2]
        DOCUMENT.write_text(f"{before}{START}\n\n{table}\n\n{END}{after}", encoding="utf-8")
    else:
        print(table)


if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as home:
        seal(patch, Path(home))
        main(sys.argv[1:])
