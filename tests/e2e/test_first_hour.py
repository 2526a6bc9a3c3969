"""The first hour: README's path to a first memory, and what a repository knows already, under review."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path

import pytest

from tests.support.hooks import context, fire
from tests.support.sandbox import Result, Sandbox

README = Path(__file__).parents[2] / "README.md"
MOST = 5
IN_CLIENT = {"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "session-1"}


def told(what: str, seconds: float, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(f" {what}: {seconds:.1f} s ")


def typed(sandbox: Sandbox, *words: str, **env: str | None) -> Result:
    done = sandbox.gitmem(*words, env=env)
    assert done.code == 0, done
    return done


def test_the_readme_leads_to_a_landed_memory_in_five_commands(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    (Path(os.environ["HOME"]) / ".claude").mkdir()
    readme = README.read_text(encoding="utf-8")
    first_screen = readme.partition("## Read on")[0]
    began = time.monotonic()

    # The first command is the installation; here gitmem is installed already.
    commands = [re.findall(r"^    (uv tool install \S+)", first_screen, re.MULTILINE)[0]]
    said = typed(sandbox, "init").out
    commands.append("gitmem init")
    assert ".claude/settings.json" in said
    sandbox.git("add", "-A")
    sandbox.git("commit", "--quiet", "--message", "wire gitmem")
    commands.append("git add -A && git commit")

    # The person works as before: after the agent's commit a hook asks it, and it flags.
    sandbox.commit("work", {"app.py": "print()\n"})
    fire(sandbox, "PostToolUse.Bash")
    assert "gitmem flag" in context(fire(sandbox, "PostToolBatch"))
    typed(sandbox, "flag", "The integration tests need Postgres", **IN_CLIENT)
    fire(sandbox, "SessionEnd.other")

    for verb in ("close", "accept"):
        typed(sandbox, verb)
        commands.append(f"gitmem {verb}")

    told(f"README to a landed memory, {len(commands)} commands", time.monotonic() - began, capsys)
    assert len(commands) <= MOST
    for command in commands:
        if command.startswith("gitmem"):
            assert f"{command}" in first_screen
    assert "Commit what `init` wrote" in first_screen
    assert "The integration tests need Postgres" in sandbox.git("show", "main:memory/facts.md")
    assert "@memory/MEMORY.md" in sandbox.git("show", "main:CLAUDE.md")


def test_forty_rules_and_sixty_notes_come_under_review_about_as_soon_as_one(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    def under_review(rules: int, notes: int) -> float:
        for number in range(rules):
            text = f"---\nglobs: src/{number}/**\n---\n\n- Module {number} has an owner.\n"
            sandbox.write(f".cursor/rules/area{number}.mdc", text)
        for number in range(notes):
            text = f"# Note\n\nThe service {number} listens on port {4000 + number}.\n"
            sandbox.write(f"memory-bank/note{number}.md", text)
        began = time.monotonic()
        typed(sandbox, "import", "cursor", "memory-bank")
        typed(sandbox, "close")
        return time.monotonic() - began

    few = under_review(1, 1)
    typed(sandbox, "discard")
    many = under_review(40, 60)

    told(f"100 items under review; 2 took {few:.1f} s", many, capsys)
    review = sandbox.git("grep", "-h", "-e", "has an owner", "-e", "listens on", "gitmem/drain", "--", "memory")  # fmt: skip
    assert len([line for line in review.splitlines() if line.startswith("- ")]) == 100
    assert len(json.loads(typed(sandbox, "log", "--json").out)) == 100
    assert many < 10 * few
