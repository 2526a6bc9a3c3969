"""What the import contracts and ruff cannot say: costs at load time, purity, and who starts processes."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.package import (
    HOT,
    MODULES,
    PURE,
    foreign,
    marked,
    named_by,
    reached,
    says_nothing,
)

#: Where the hot lane begins; every other module of it says so in its docstring.
ENTRANCES = {"gitmem.cli.entry", "gitmem.cli.hot", "gitmem.cli.hook", "gitmem.cli.mcp"}

#: What a bare interpreter has loaded already, or loads in well under a millisecond.
FREE = {"__future__", "_json", "builtins", "errno", "fcntl", "os", "select", "sys", "time"}
FREE |= {"_signal"}  # built in; `signal` itself loads enum
FREE |= {"gc", "marshal", "pwd"}  # built in
FREE |= {"unicodedata"}  # only where a text is not plain ASCII; 0.3 ms

#: What the warm way loads besides: the search needs it.
WARM = FREE | {"collections", "enum", "math", "re", "signal", "sqlite3"}

#: What computes and does nothing else: no file, clock, chance, process or environment.
COMPUTES = {"__future__", "_json", "bisect", "collections", "contextlib", "dataclasses", "datetime", "difflib"}  # fmt: skip
COMPUTES |= {"enum", "functools", "hashlib", "heapq", "html", "itertools", "json", "math"}
COMPUTES |= {"operator", "re", "string", "textwrap", "tomllib", "typing", "unicodedata", "zlib"}
COMPUTES |= {"markdown_it"}  # text to tokens

#: The builtins that reach outside.
REACHES_OUT = {"__import__", "breakpoint", "exec", "eval", "input", "open", "print"}

#: What starts a process. Ruff refuses these too, but exempts cli as a whole.
STARTERS = frozenset({"multiprocessing", "pty", "subprocess"})
OS_STARTERS = ("exec", "fork", "popen", "posix_spawn", "spawn", "system")


@pytest.mark.parametrize("name", sorted(reached(marked(HOT) | ENTRANCES, functions=False)))
def test_a_module_of_the_hot_lane_loads_nothing_costly(name: str) -> None:
    assert {
        named for named in foreign(name, functions=False) if named.split(".")[0] not in FREE
    } == set()


@pytest.mark.parametrize("name", sorted(reached({"gitmem.cli.warm"}, functions=False)))
def test_a_module_of_the_warm_way_loads_no_library(name: str) -> None:
    assert {
        named for named in foreign(name, functions=False) if named.split(".")[0] not in WARM
    } == set()


def test_marks_are_found() -> None:
    assert len(marked(HOT)) > 20
    assert len(marked(PURE)) > 20


@pytest.mark.parametrize("name", sorted(reached(marked(PURE), functions=True)))
def test_a_pure_module_imports_nothing_that_reaches_outside(name: str) -> None:
    assert {
        named for named in foreign(name, functions=True) if named.split(".")[0] not in COMPUTES
    } == set()


@pytest.mark.parametrize("name", sorted(reached(marked(PURE), functions=True)))
def test_a_pure_module_calls_nothing_that_reaches_outside(name: str) -> None:
    calls = [node.func for node in ast.walk(MODULES[name]) if isinstance(node, ast.Call)]

    assert {
        call.id for call in calls if isinstance(call, ast.Name) and call.id in REACHES_OUT
    } == set()


@pytest.mark.parametrize("name", sorted(reached(marked(HOT) | ENTRANCES, functions=False)))
def test_what_a_module_of_the_hot_lane_loads_bears_the_mark(name: str) -> None:
    assert says_nothing(name) or name in marked(HOT)


@pytest.mark.parametrize("name", sorted(reached(marked(PURE), functions=True)))
def test_what_a_pure_module_imports_bears_the_mark(name: str) -> None:
    assert says_nothing(name) or name in marked(PURE)


@pytest.mark.parametrize(
    "name",
    sorted(MODULES.keys() - {"gitmem.git.process", "gitmem.git.programs", "gitmem.models.command"}),
)
def test_only_git_s_door_the_doctor_and_the_command_engine_start_processes(name: str) -> None:
    starters = []
    for node in ast.walk(MODULES[name]):
        if isinstance(node, ast.stmt):
            starters += [named for named in named_by(node) if named.split(".")[0] in STARTERS]
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os":
            starters += [node.attr] if node.attr.startswith(OS_STARTERS) else []

    assert starters == []
