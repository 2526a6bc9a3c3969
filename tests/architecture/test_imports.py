"""What the import contracts and ruff cannot say: costs at load time, and who starts processes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import gitmem

PACKAGE = Path(gitmem.__file__).parent

#: The modules that run for every flag and hook; what they load becomes hot with them.
HOT_LANE = (
    "gitmem.cli.entry",
    "gitmem.cli.folder",
    "gitmem.cli.hook",
    "gitmem.cli.hot",
    "gitmem.cli.loader",
    "gitmem.cli.started_by",
    "gitmem.cli.streams",
    "gitmem.safety.active",
    "gitmem.session.boundary",
    "gitmem.core.agent_clients",
    "gitmem.clients.context_size",
    "gitmem.core.errors",
    "gitmem.core.flag",
    "gitmem.boundaries.nudge",
    "gitmem.boundaries.policy",
    "gitmem.safety.secrets",
    "gitmem.safety.text",
    "gitmem.boundaries.below",
    "gitmem.boundaries.boot",
    "gitmem.boundaries.fire",
    "gitmem.capture.capture",
    "gitmem.boundaries.guarding",
    "gitmem.boundaries.lookback",
    "gitmem.boundaries.lookback_closes",
    "gitmem.boundaries.lookback_missed",
    "gitmem.boundaries.background",
    "gitmem.boundaries.waiting",
    "gitmem.clients.borrowed",
    "gitmem.clients.claude_code.adapter",
    "gitmem.clients.claude_transcripts",
    "gitmem.clients.origin",
    "gitmem.clients.registry",
    "gitmem.boundaries.guards",
    "gitmem.queue.journal",
    "gitmem.git.local",
    "gitmem.git.personal",
    "gitmem.git.process",
    "gitmem.queue.publisher",
    "gitmem.boundaries.quiet",
    "gitmem.git.repository",
    "gitmem.session.sessions",
    "gitmem.clients.claude_code.context_size",
)

#: What a bare interpreter has loaded already, or loads in well under a millisecond.
FREE = {"__future__", "_json", "builtins", "errno", "fcntl", "os", "select", "sys", "time"}
FREE |= {"_signal"}  # built in; `signal` itself loads enum
FREE |= {"marshal"}  # built in
FREE |= {"unicodedata"}  # only where a text is not plain ASCII; 0.3 ms

#: What starts a process. Ruff refuses these too, but exempts cli as a whole.
STARTERS = frozenset({"multiprocessing", "pty", "subprocess"})
OS_STARTERS = ("exec", "fork", "popen", "posix_spawn", "spawn", "system")


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module_name(path): ast.parse(path.read_bytes()) for path in PACKAGE.rglob("*.py")}


def named_by(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def loaded_by(body: list[ast.stmt]) -> Iterator[str]:
    """What the import statements outside functions and type-checking blocks name."""
    for node in body:
        yield from named_by(node)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from loaded_by(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt))
            yield from loaded_by(list(inner))


def own_modules(named: str) -> set[str]:
    """The modules of ours that importing ``named`` (a module, or a name in one) runs."""
    parts = named.split(".")
    prefixes = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return prefixes & MODULES.keys()


def hot_modules() -> set[str]:
    hot: set[str] = set()
    pending = {name for name in MODULES if name in HOT_LANE}
    while pending:
        name = pending.pop()
        hot.add(name)
        for named in [name, *loaded_by(MODULES[name].body)]:
            pending |= own_modules(named) - hot
    return hot


@pytest.mark.parametrize("name", sorted(hot_modules()))
def test_a_module_of_the_hot_lane_loads_nothing_costly(name: str) -> None:
    foreign = {named for named in loaded_by(MODULES[name].body) if not own_modules(named)}

    assert {named for named in foreign if named.split(".")[0] not in FREE} == set()


@pytest.mark.parametrize(
    "name",
    sorted(MODULES.keys() - {"gitmem.git.process", "gitmem.git.programs", "gitmem.models.command"}),
)
def test_only_git_s_door_the_doctor_and_the_command_engine_start_processes(name: str) -> None:
    found = []
    for node in ast.walk(MODULES[name]):
        if isinstance(node, ast.stmt):
            found += [named for named in named_by(node) if named.split(".")[0] in STARTERS]
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os":
            found += [node.attr] if node.attr.startswith(OS_STARTERS) else []

    assert found == []
