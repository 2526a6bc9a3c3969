"""What is known of an agent client is in its folder, and in its row of the table of clients."""

from __future__ import annotations

import ast
import re

import pytest

from gitmem.clients import registry
from gitmem.core.agent_clients import CLIENTS
from tests.architecture.package import FILES, MODULES, PACKAGE

FOLDERS = sorted(file.parent.name for file in (PACKAGE / "clients").glob("*/adapter.py"))

#: What only the wing of clients may say in its code: their files, variables, events and fields.
KNOWLEDGE = re.compile(
    r"\.claude/settings|\bCLAUDE_[A-Z]|\bSessionStart\b|\bSessionEnd\b|\bPreToolUse\b|\bPostTool"
    r"|\bPreCompact\b|\bUserPromptSubmit\b|hookSpecificOutput|hook_event_name|transcript_path"
    r"|autoMemoryEnabled|compact_boundary"
)
#: The table of all clients; what asks a program for an answer, where it runs as a model and no client;
#: and texts that a client would expand.
ELSEWHERE = {"gitmem.core.agent_clients", "gitmem.models.programs.claude"}
ELSEWHERE |= {"gitmem.safety.active", "gitmem.safety.active_rules"}
#: claude-mem, a program of its own, has a variable whose name begins as those of Claude Code do.
ELSEWHERE.add("gitmem.importing.claude_mem")


def strings(name: str) -> list[str]:
    """The string constants of a module that are no docstrings."""
    tree = MODULES[name]
    told = [
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    ]
    return [
        str(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in told
    ]


def test_every_folder_has_a_row_and_bears_its_name() -> None:
    named = {client.name.replace("-", "_"): client.name for client in registry.every()}

    assert sorted(named) == FOLDERS
    assert set(named.values()) <= {row.name for row in CLIENTS}


@pytest.mark.parametrize("name", sorted(FILES.keys() - ELSEWHERE))
def test_what_is_a_client_s_own_is_said_in_the_wing_of_clients_only(name: str) -> None:
    if name.startswith("gitmem.clients."):
        return

    assert [text for text in strings(name) if KNOWLEDGE.search(text)] == []
