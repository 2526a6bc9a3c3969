"""The package's modules as syntax trees: what each imports, and which marks its docstring bears."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import gitmem

PACKAGE = Path(gitmem.__file__).parent

#: The marks that the first line of a module's docstring may end with: "(pure)", "(hot lane)", "(pure, hot lane)".
PURE, HOT = "pure", "hot lane"


def module_name(path: Path) -> str:
    """The dotted name of a module of the package."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


FILES = {module_name(path): path for path in PACKAGE.rglob("*.py")}
MODULES = {name: ast.parse(path.read_bytes()) for name, path in FILES.items()}


def named_by(node: ast.stmt) -> list[str]:
    """The modules, or names in modules, that an import statement names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def imported_by(body: list[ast.stmt], *, functions: bool) -> Iterator[str]:
    """What the import statements outside type-checking blocks name; those in functions only if asked for."""
    for node in body:
        yield from named_by(node)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from imported_by(node.orelse, functions=functions)
        elif functions or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from imported_by(list(_statements(node)), functions=functions)


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements directly inside a node, also those in its handlers and cases."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.excepthandler | ast.match_case):
            yield from _statements(child)


def own_modules(named: str) -> set[str]:
    """The modules of the package that importing ``named`` (a module, or a name in one) runs."""
    parts = named.split(".")
    prefixes = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return prefixes & MODULES.keys()


def reached(roots: set[str], *, functions: bool) -> set[str]:
    """The modules that importing ``roots`` runs; with what their functions import if asked for."""
    seen: set[str] = set()
    pending = set(roots)
    while pending:
        name = pending.pop()
        seen.add(name)
        for named in [name, *imported_by(MODULES[name].body, functions=functions)]:
            pending |= own_modules(named) - seen
    return seen


def foreign(name: str, *, functions: bool) -> set[str]:
    """The modules outside the package that a module imports."""
    named = imported_by(MODULES[name].body, functions=functions)
    return {other for other in named if not own_modules(other)}


def marked(mark: str) -> set[str]:
    """The modules whose docstring bears the mark, in brackets in its first line."""
    lines = {
        name: (ast.get_docstring(tree) or "").partition("\n")[0] for name, tree in MODULES.items()
    }
    return {
        name
        for name, line in lines.items()
        if any(re.search(rf"\b{mark}\b", note) for note in re.findall(r"\(([^()]*)\)", line))
    }


def says_nothing(name: str) -> bool:
    """Whether a module has a docstring and nothing else, as a folder's `__init__` does."""
    return all(
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for node in MODULES[name].body
    )
