"""Folders that can be looked over, and no module that exists to be small."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pytest

from tests.architecture.package import FILES, MODULES, imported_by, own_modules

#: Files in a folder, `__init__` counted: what an editor shows without scrolling.
MOST_FILES = 17
#: One file for each verb; the folder grows with the commands.
VERBS = "gitmem.cli.commands"

#: Lines of code below which a module with one importer belongs into that importer.
FEWEST_LINES = 40
#: How a docstring says why a small module stands apart.
REASON = re.compile(r"\b(?:A module of its own|Apart from .+?),?\s+because\s+\w", re.DOTALL)


def code_lines(name: str) -> int:
    """The lines with code: no blank ones, no comments, no docstrings."""
    lines = FILES[name].read_text(encoding="utf-8").splitlines()
    code = {
        number for number, line in enumerate(lines, 1) if line.strip() and line.strip()[0] != "#"
    }
    for node in ast.walk(MODULES[name]):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            code -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(code)


def importers() -> dict[str, set[str]]:
    """The modules that import each module, at the top, in a function or for its types."""
    found: dict[str, set[str]] = {name: set() for name in MODULES}
    for name, tree in MODULES.items():
        statements = [
            node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        for named in imported_by([*statements], functions=True):
            for own in own_modules(named) - {name}:
                found[own].add(name)
    return found


def small_and_alone() -> list[str]:
    """The modules with one importer and few lines; packages and commands, which a table loads, are none."""
    packages = {name for name, path in FILES.items() if path.name == "__init__.py"}
    return [
        name
        for name, by in importers().items()
        if len(by) == 1
        and name not in packages
        and not name.startswith(VERBS)
        and code_lines(name) < FEWEST_LINES
    ]


def test_a_folder_can_be_looked_over() -> None:
    counted = Counter(
        str(path.parent)
        for path in FILES.values()
        if VERBS not in str(path.parent).replace("/", ".")
    )

    assert {folder: count for folder, count in counted.items() if count > MOST_FILES} == {}


@pytest.mark.parametrize("name", sorted(small_and_alone()))
def test_a_small_module_with_one_importer_says_why_it_stands_apart(name: str) -> None:
    assert REASON.search(ast.get_docstring(MODULES[name]) or "")
