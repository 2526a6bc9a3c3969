"""docs/architecture.md against the package: its rows are the folders, and what it names is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gitmem"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
WINGS = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}

LINES = 150  # one page


def rows() -> list[list[str]]:
    table = PAGE[PAGE.index("| wing |") :].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def drawing() -> list[list[str]]:
    """The floors as drawn, from the top: the first word of every room."""
    drawn = PAGE.partition("```\n")[2].partition("```")[0].splitlines()
    floors = [line.strip(" |").split("|") for line in drawn if line.startswith(" |")]
    return [[room.split()[0] for room in floor] for floor in floors]


def test_every_wing_has_one_row_and_every_row_is_a_wing() -> None:
    named = [row[0].strip("`") for row in rows()]

    assert sorted(named) == sorted(WINGS)


def test_the_drawing_is_the_contract_of_import_linter() -> None:
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = tables["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["id"] == "floors"]
    floors = [layer.split(" | ") for layer in layers if not layer.startswith("(")]

    assert [sorted(floor) for floor in drawing()] == [sorted(floor) for floor in floors]


def test_every_row_leads_into_its_wing() -> None:
    assert [row for row in rows() if not row[2].startswith(f"`{row[0].strip('`')}/")] == []


def test_every_file_the_page_names_exists() -> None:
    spans = set(re.findall(r"`([\w./-]+/[\w./-]+)`", PAGE))
    named = {span for span in spans if not span.startswith("gitmem/") or "." in span}
    here = {
        span
        for span in named
        if any(path.exists() for path in (ROOT / span, PACKAGE / span, PACKAGE / f"{span}.py"))
    }

    assert len(named) > 40  # the page is read as it is meant
    assert named - here == set()


def test_the_architecture_is_one_page() -> None:
    assert len(PAGE.splitlines()) <= LINES
