"""A flag and what became of it, by the commands that a person types; each of them has to succeed."""

from __future__ import annotations

import json
from typing import Any

from tests.support.desk import Desk
from tests.support.sandbox import Sandbox

DEPLOYS = "Deploys go out on Fridays"


def run(sandbox: Sandbox, *args: str) -> str:
    """What gitmem prints."""
    done = sandbox.gitmem(*args)
    assert done.code == 0, done.err
    return done.out


def flag(sandbox: Sandbox, text: str = DEPLOYS, *options: str) -> str:
    """Flags a text; the flag's id."""
    return str(json.loads(run(sandbox, "flag", "--json", *options, "--", text))["id"])


def queued(sandbox: Sandbox, *options: str) -> list[dict[str, Any]]:
    """The flags that `gitmem log` lists."""
    return list(json.loads(run(sandbox, "log", "--json", *options)))


def facts(sandbox: Sandbox, ref: str = "gitmem/drain") -> list[str]:
    """The lines of memory/facts.md on a ref."""
    return Desk(sandbox=sandbox).lines("memory/facts.md", ref)
