from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.errors import Refused
from gitmem.safety.paths import (
    PathKind,
    check_tree_entry,
    check_tree_parent,
    memory_folder,
    writable,
)

GOOD = [
    ("memory/facts.md", PathKind.TOPIC),
    ("memory/build-system.md", PathKind.TOPIC),
    ("memory/MEMORY.md", PathKind.INDEX),
    ("memory/PENDING.md", PathKind.PENDING),
    ("memory/details/facts.md", PathKind.DETAILS),
    ("memory/details/PENDING.md", PathKind.DETAILS),
    ("CLAUDE.md", PathKind.INSTRUCTIONS),
    ("AGENTS.md", PathKind.INSTRUCTIONS),
    (".claude/skills/deploy/SKILL.md", PathKind.SKILL),
    (".agents/skills/My_skill.v2/SKILL.md", PathKind.SKILL),
    (".gitmem/drains/20261120T101112Z-abc234.jsonl", PathKind.DRAIN),
]

HOSTILE = [
    "",
    "/",
    ".",
    "..",
    "/memory/facts.md",
    "//memory/facts.md",
    "./memory/facts.md",
    "memory//facts.md",
    "memory/./facts.md",
    "memory/../CLAUDE.md",
    "../memory/facts.md",
    "memory/../../etc/passwd",
    "memory/sub/facts.md",
    "memory",
    "memory/",
    "memory/details",
    "memory/details/",
    "memory/details/MEMORY.md",
    "memory/details/a/facts.md",
    "memory/details/details/facts.md",
    "memory/details/Facts.md",
    "memory/details/facts.txt",
    "memory/details/../facts.md",
    "memory/Details/facts.md",
    "details/facts.md",
    "memory/.md",
    "memory/facts.md/",
    "memory/facts.md/x",
    "memory/facts.md\n",
    "memory/facts.md\0",
    "memory/fa\tcts.md",
    "memory/facts.md ",
    " memory/facts.md",
    "memory/facts.md.",
    "memory./facts.md",
    "memory/facts.MD",
    "memory/Facts.md",
    "memory/memory.md",
    "memory/pending.md",
    "memory/Memory.md",
    "memory/claude.md",
    "memory/agents.md",
    "memory/readme.md",
    "memory/con.md",
    "memory/nul.md",
    "memory/lpt1.md",
    "memory/-facts.md",
    "memory/facts-.md",
    "memory/f\u0430cts.md",
    "memory/fa\u200bcts.md",
    "memory/facts\u202e.md",
    "memory\\facts.md",
    "memory/facts.md:stream",
    "memory/facts.md::$DATA",
    "C:/memory/facts.md",
    "C:memory",
    "memory/" + "a" * 41 + ".md",
    "memory/" + "a" * 300 + ".md",
    "Memory/facts.md",
    "memory2/facts.md",
    "xmemory/facts.md",
    "claude.md",
    "CLAUDE.MD",
    "CLAUDE.md ",
    "CLAUDE.local.md",
    "sub/CLAUDE.md",
    ".claude/CLAUDE.md",
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".claude/agents/helper.md",
    ".claude/commands/run.md",
    ".claude/hooks/run.sh",
    ".claude/rules/x.md",
    ".claude/skills/SKILL.md",
    ".claude/skills/deploy/skill.md",
    ".claude/skills/deploy/scripts/run.sh",
    ".claude/skills/deploy/sub/SKILL.md",
    ".claude/skills/../SKILL.md",
    ".claude/skills/./SKILL.md",
    ".claude/skills/.hidden/SKILL.md",
    ".claude/skills/-x/SKILL.md",
    ".claude/skills/x./SKILL.md",
    ".claude/skills/con/SKILL.md",
    ".claude/skills/nul.x/SKILL.md",
    ".claude/skills/.git/SKILL.md",
    ".Claude/skills/deploy/SKILL.md",
    "skills/deploy/SKILL.md",
    ".mcp.json",
    ".git/config",
    ".git/hooks/pre-commit",
    ".GIT/config",
    ".Git/hooks/post-checkout",
    "git~1/config",
    "GIT~1/hooks/pre-commit",
    ".g\u200cit/config",
    ".git\u200d/config",
    ".git /config",
    ".git./config",
    ".gitattributes",
    ".gitmodules",
    ".gitignore",
    ".github/workflows/ci.yml",
    ".gitlab-ci.yml",
    ".gitmem/config.yaml",
    ".gitmem/guards.json",
    ".gitmem/drains/x.json",
    ".gitmem/drains/x.jsonl.sh",
    ".gitmem/drains/x.jsonl/y",
    ".claude/skills/deploy/SKILL.md.sh",
    ".gitmem/drains/.jsonl",
    ".gitmem/drains/a/b.jsonl",
    ".gitmem/drains/../config.yaml",
    ".gitmem/drains/a.b.jsonl",
    ".GitMem/drains/a.jsonl",
    ".vscode/tasks.json",
    ".cursor/rules/x.md",
    "Makefile",
    "pyproject.toml",
    "README.md",
    "-rf",
]


@pytest.mark.parametrize(("path", "target"), GOOD)
def test_what_gitmem_owns_can_be_written(path: str, target: PathKind) -> None:
    assert writable(path) is target


@pytest.mark.parametrize("path", HOSTILE)
def test_everything_else_is_refused_with_a_reason_that_prints(path: str) -> None:
    with pytest.raises(Refused) as caught:
        writable(path)

    assert caught.value.message.isascii()
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("path", [path for path, _ in GOOD])
@given(st.data())
def test_one_changed_character_never_makes_another_writable_kind(
    path: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(path)))
    strange = data.draw(st.sampled_from("/\\:~ \n\0.\u200b\u202e\u212a$*"))
    changed = path[:at] + strange + path[at:]

    try:
        target = writable(changed)
    except Refused:
        return
    assert target is PathKind.SKILL
    assert strange == "."


def test_another_memory_folder_moves_the_memory_and_nothing_else() -> None:
    assert writable("docs/memory/facts.md", folder="docs/memory") is PathKind.TOPIC
    assert writable("docs/memory/MEMORY.md", folder="docs/memory/") is PathKind.INDEX
    assert writable("docs/memory/details/facts.md", folder="docs/memory") is PathKind.DETAILS
    assert writable("CLAUDE.md", folder="docs/memory") is PathKind.INSTRUCTIONS
    for path in (
        "memory/facts.md",
        "docs/facts.md",
        "docs/memory/a/facts.md",
        "memory/details/facts.md",
    ):
        with pytest.raises(Refused):
            writable(path, folder="docs/memory")


@pytest.mark.parametrize(
    "raw", ["memory", "memory/", "docs/memory", "a/b/c", "Notes_2", "v1.0/memory"]
)
def test_a_folder_of_its_own_can_hold_the_memory(raw: str) -> None:
    assert memory_folder(raw) == raw.removesuffix("/")


FOLDERS = [
    "",
    "/",
    "/memory",
    "memory//",
    ".",
    "..",
    "../memory",
    "memory/..",
    "./memory",
    "a/b/c/d",
    "a b",
    "m\u00e9moire",
    "mem\nory",
    "mem\\ory",
    "C:memory",
    "-memory",
    "memory.",
    "con",
    "docs/nul.md",
    ".git",
    ".git/hooks",
    ".GIT",
    "git~1",
    ".github",
    ".gitmem",
    ".gitmem/drains",
    ".claude",
    ".claude/rules",
    ".claude/skills/deploy",
    ".agents",
    ".vscode",
    ".cursor/rules",
    "hooks",
    "docs/Hooks",
    "commands",
    "agents",
    "skills/x",
    "node_modules",
    "mem$ory",
    "x" * 201,
]


@pytest.mark.parametrize("raw", FOLDERS)
def test_a_folder_that_is_not_plain_or_that_tools_obey_cannot(raw: str) -> None:
    with pytest.raises(Refused) as caught:
        memory_folder(raw)
    assert caught.value.message.isascii()
    with pytest.raises(Refused):
        writable(f"{raw}/facts.md", folder=raw)


def test_a_plain_file_in_the_tree_can_be_written() -> None:
    check_tree_entry("CLAUDE.md", "100644", "blob")
    check_tree_parent("memory", "040000", "tree")


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("120000", "blob"),
        ("160000", "commit"),
        ("100755", "blob"),
        ("040000", "tree"),
        ("100664", "blob"),
        ("100644", "tree"),
        ("", ""),
    ],
)
def test_a_link_a_submodule_a_folder_or_a_program_is_refused(mode: str, kind: str) -> None:
    with pytest.raises(Refused, match="no plain file"):
        check_tree_entry("CLAUDE.md", mode, kind)


@pytest.mark.parametrize(
    ("mode", "kind"), [("120000", "blob"), ("160000", "commit"), ("100644", "blob")]
)
def test_a_link_or_a_submodule_on_the_way_is_refused(mode: str, kind: str) -> None:
    with pytest.raises(Refused, match="no folder"):
        check_tree_parent("memory", mode, kind)
