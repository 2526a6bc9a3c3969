"""What commands answer for `--json`, against the schemas that the wheel brings, in real repositories.

`tests.support.schemas` holds every answer of every test to its schema; here each command answers in each state.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitmem.bootstrap.settings import NAME
from tests.docs import commands
from tests.support import schemas
from tests.support.sandbox import Sandbox

WITH_JSON = {name for name, options in commands.every().items() if "--json" in options}


def stored(sandbox: Sandbox, ref: str, folder: str, name: str) -> int:
    """Hold every line below a folder of a ref against a schema; how many there are."""
    paths = sandbox.git("ls-tree", "-r", "--name-only", ref, folder).splitlines()
    lines = [line for path in paths for line in sandbox.git("show", f"{ref}:{path}").splitlines()]
    for line in lines:
        assert schemas.reasons(name, json.loads(line)) == []
    return len(lines)


def look(sandbox: Sandbox, *ids: str) -> set[str]:
    """Ask everything that only looks; the commands that answered. What they print is held to its schema."""
    asked = [
        ["status"],
        ["log", "--all"],
        ["log", "--landed"],
        ["check", "--offline"],
        ["check", "--trace", "--stale"],
        ["recall", "tests"],
        ["loops"],
        ["stats"],
        ["report"],
        ["audit"],
        ["review"],
        ["close", "--dry-run"],
        ["accept", "--dry-run"],
        ["discard", "--dry-run"],
        *[["show", one] for one in ids],
    ]
    answered = {argv[0] for argv in asked if sandbox.gitmem(*argv, "--json").out.strip()}
    assert {"status", "log", "recall", "loops", "stats", "audit", "report"} <= answered
    return answered


WIRING = (["doctor"], ["init", "--dry-run"], ["uninstall", "--dry-run"], ["import"])


def look_at_the_wiring(sandbox: Sandbox) -> set[str]:
    """The same of what is wired here, and of what could be flagged."""
    return {argv[0] for argv in WIRING if sandbox.gitmem(*argv, "--json").out.strip()}


def saved(sandbox: Sandbox, *argv: str) -> str:
    done = sandbox.gitmem(*argv, "--json")
    assert done.code == 0, done.err
    flag_id: str = json.loads(done.out)["id"]
    return flag_id


def test_every_answer_fits_its_schema_from_an_empty_repository_to_a_forgotten_line(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """One repository: empty, waiting, in review, landed, forgotten, and with a remote."""
    answered = look(sandbox) | look_at_the_wiring(sandbox)
    sandbox.wire()

    fact = saved(sandbox, "flag", "tests need TMPDIR", "--topic", "testing", "--paths", "tests/")
    snag = saved(sandbox, "snag", "npm rewrote the lock file", "--better", "Use pnpm")
    saved(sandbox, "flag", "ask about the mirror", "--kind", "pending")
    wrong = saved(sandbox, "flag", "the moon is made of cheese", "--source", "a poem")
    saved(sandbox, "flag", "tests run alone", "--body", "- one\n- two")
    for argv in (["flag", "x y z"], ["snag", "x", "--better", "y", "--again", snag]):
        assert "would" in json.loads(sandbox.gitmem(*argv, "--dry-run", "--json").out)
    for argv in (
        ["drop", wrong, "--reason", "so"],
        ["undrop", wrong],
        ["drop", wrong, "--reason", "no"],
    ):
        assert sandbox.gitmem(*argv, "--json").code == 0
    assert sandbox.gitmem("edit", fact, "--dry-run", "--kind", "gotcha", "--json").code == 0
    old, fact = fact, saved(sandbox, "edit", fact, "tests need TMPDIR set")
    answered |= {"flag", "snag", "drop", "undrop", "edit", *look(sandbox, old, fact, snag, wrong)}

    assert sandbox.gitmem("close", "--engine", "verbatim", "--json").code == 0
    assert sandbox.gitmem("discard", "--json").code == 0
    assert sandbox.gitmem("close", "--engine", "verbatim", "--json").code == 0
    answered |= look(sandbox, fact, wrong)
    assert sandbox.gitmem("accept", "--json").code == 0
    for line in ("tests need TMPDIR set", "Use pnpm", "memory/testing.md:1"):
        assert sandbox.gitmem("why", line, "--json").code == 0

    assert sandbox.gitmem("undrop", wrong, "--json").code == 0  # its drop has landed: a new flag
    saved(sandbox, "snag", "npm again", "--better", "Use pnpm", "--again", snag)
    assert sandbox.gitmem("close", "--engine", "verbatim", "--json").code == 0
    assert sandbox.gitmem("accept", "--json").code == 0
    assert sandbox.gitmem("forget", fact, "--dry-run", "--json").code == 0
    assert sandbox.gitmem("forget", fact, "--reason", "gone", "--json").code == 0
    answered |= {"why", "forget", *look(sandbox, fact, snag)}
    assert sandbox.gitmem("accept", "--json").code == 0

    bare = Sandbox(tmp_path / "remote.git")
    bare.path.mkdir()
    bare.git("init", "--quiet", "--bare")
    sandbox.git("remote", "add", "origin", str(bare.path))
    saved(sandbox, "flag", "shared")
    assert sandbox.gitmem("sync", "--json").code == 0
    sandbox.write("notes.md", "- imported one\n- imported two\n")
    assert sandbox.gitmem("import", "notes.md", "--json").code == 0
    answered |= {"sync", *look(sandbox, fact), *look_at_the_wiring(sandbox)}

    assert stored(sandbox, "gitmem/queue", "queue", "flag") >= 1
    assert stored(sandbox, "main", ".gitmem/drains", "record") >= 8
    assert WITH_JSON - answered == {"apply"}, "held by tests/cli/test_plan_apply.py"


def test_answers_fit_their_schema_where_something_is_broken(sandbox: Sandbox) -> None:
    """A conflict, a damaged line, something aside, and broken settings."""
    sandbox.wire()
    one = saved(sandbox, "flag", "tests are slow")
    saved(sandbox, "flag", "tests are many")
    (found,) = sandbox.git("grep", "-l", "slow", "gitmem/queue").splitlines()
    path = found.partition(":")[2]
    text = sandbox.git("show", found)
    sandbox.git("worktree", "add", "--quiet", "--detach", "../queue", "gitmem/queue")
    queue = Sandbox(sandbox.path.with_name("queue"))
    changed = text.replace("slow", "quick") + "\n{broken\n"
    queue.commit("by hand", {path: changed, "queue/odd.txt": "odd"})
    sandbox.git("update-ref", "refs/heads/gitmem/queue", queue.git("rev-parse", "HEAD"))

    told = json.loads(sandbox.gitmem("status", "--json").out)
    look(sandbox, one)

    assert (len(told["conflicts"]), bool(told["damaged"]), bool(told["aside"])) == (1, True, True)
    sandbox.write(NAME, "engine: anthropic\n")
    assert sandbox.gitmem("doctor", "--json").out.strip()
    assert sandbox.gitmem("check", "--offline", "--json").code in {1, 3, 5, 8}


def test_a_new_key_in_an_answer_is_seen() -> None:
    told = {"id": "a" * 12, "in_review": False}

    schemas.answer_fits(["drop", "x", "--json"], json.dumps(told))
    with pytest.raises(AssertionError, match="json does not allow"):
        schemas.answer_fits(["drop", "x", "--json"], json.dumps({**told, "new": 1}))
