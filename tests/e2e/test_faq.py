"""Each answer of the page is asked of the program."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gitmem.core.bounds import BUDGET
from tests.support import judge
from tests.support import messages_api as api
from tests.support.messages_api import MessagesApi
from tests.support.sandbox import Result, Sandbox
from tests.support.server import Server

PAGE = Path(__file__).parents[2] / "docs" / "faq.md"
QUESTIONS = re.findall(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

#: What another test holds: the question, and that test.
ELSEWHERE = {
    "Does it slow my agent down?": "tests/bench/run.py",
    "The agent never flags anything. What now?": "tests/e2e/test_troubleshooting.py",
    "What about things that are true of me, not of a repository?": "tests/mine/test_mine.py",
}

asked: set[str] = set()


def answers(question: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Mark the test that tries the answer to a question."""
    asked.add(question)
    return lambda test: test


def did(sandbox: Sandbox, *words: str, code: int = 0, **env: str | None) -> Result:
    done = sandbox.gitmem(*words, env=env)
    assert done.code == code, done
    return done


def queued(sandbox: Sandbox) -> list[Any]:
    return list(json.loads(did(sandbox, "log", "--json").out))


def test_every_question_is_asked() -> None:
    assert set(QUESTIONS) == asked | set(ELSEWHERE)
    assert all((PAGE.parents[1] / path).exists() for path in ELSEWHERE.values())


@answers("Do I need a model or an API key?")
@answers("Can I use it alone, without a team?")
def test_without_a_key_a_model_or_a_remote_a_flag_lands_as_it_was_written(sandbox: Sandbox) -> None:
    did(sandbox, "flag", "tests need Postgres")
    closed = did(sandbox, "close", ANTHROPIC_API_KEY=None, OPENAI_API_KEY=None)
    did(sandbox, "accept")

    assert "nothing leaves this machine" in closed.out
    assert "- tests need Postgres" in sandbox.read("memory/facts.md")
    assert did(sandbox, "status").out.startswith("everything is drained")


@answers("What leaves my machine?")
def test_the_first_line_says_how_many_flags_leave_and_a_dry_run_sends_none(
    sandbox: Sandbox,
) -> None:
    did(sandbox, "flag", "tests need Postgres")
    with MessagesApi(judge.obedient, dialect=api.MESSAGES) as server:
        environ: dict[str, Any] = {**server.environ, "GITMEM_MODEL": api.MODEL}
        dry = did(sandbox, "close", "--dry-run", **environ)
        assert server.asked == []
        closed = did(sandbox, "close", **environ)
        assert len(server.asked) == 1

    assert "1 flag" in dry.out
    first = (closed.err + closed.out).splitlines()[0]
    assert "anthropic" in first
    assert "1 flag" in first


@answers("Does it write into my files while I work?")
def test_a_flag_touches_no_file_no_branch_and_no_index(wired: Sandbox) -> None:
    def state() -> tuple[object, ...]:
        index = (wired.path / ".git" / "index").read_bytes()
        refs = wired.git("for-each-ref", "refs/heads/").splitlines()
        branches = [ref for ref in refs if "refs/heads/gitmem/" not in ref]
        return (
            index,
            branches,
            wired.git("status", "--porcelain"),
            wired.git("symbolic-ref", "HEAD"),
        )

    before = state()
    did(wired, "flag", "tests need Postgres")
    did(wired, "close")
    assert state() == before
    did(wired, "accept")
    assert state() != before


@answers("How much context does it cost?")
def test_the_budget_is_what_the_page_says(wired: Sandbox) -> None:
    wired.land("tests need Postgres")
    answer = (
        PAGE.read_text(encoding="utf-8").partition("## How much context")[2].partition("\n## ")[0]
    )

    assert f"{BUDGET:,} bytes" in answer
    assert f"of {BUDGET:,} bytes" in did(wired, "stats").out
    assert "tokens in every request" in did(wired, "stats").out


@answers("Can I edit memory by hand?")
def test_a_line_that_a_person_changed_is_said_to_be_theirs(wired: Sandbox) -> None:
    wired.land("tests need Postgres")
    text = wired.read("memory/facts.md")
    wired.commit("by hand", {"memory/facts.md": text.replace("Postgres", "Postgres 16")})

    assert "changed by hand" in did(wired, "why", "Postgres 16").out
    did(wired, "check")


@answers("How do I remove something that is wrong?")
def test_what_is_wrong_is_corrected_or_forgotten(wired: Sandbox) -> None:
    wired.land("tests need Postgres", "--topic", "testing")
    (landed,) = json.loads(did(wired, "log", "--landed", "--json").out)
    number = wired.read("memory/testing.md").splitlines().index("- tests need Postgres") + 1
    did(wired, "flag", "tests need SQLite", "--corrects", f"memory/testing.md:{number}")
    did(wired, "close")
    did(wired, "accept")

    did(wired, "forget", landed["flags"][0]["id"])
    did(wired, "accept")
    assert "SQLite" in wired.git("grep", "-h", "need", "--", "memory")
    assert "Postgres" not in wired.git("grep", "-h", "need", "--", "memory")


@answers("What if I revert a landing?")
def test_a_reverted_landing_brings_its_flags_back(wired: Sandbox) -> None:
    wired.land("tests need Postgres")
    assert queued(wired) == []
    wired.git("revert", "--no-edit", "HEAD")

    did(wired, "status")
    assert [flag["text"] for flag in queued(wired)] == ["tests need Postgres"]


@answers("A flag held a secret. What now?")
def test_a_secret_is_refused_and_one_that_passed_is_dropped(server: Server) -> None:
    box = server.clone("here").sandbox
    secret = "ghp_" + "".join(Random(7).choices("abcdefghABCDEFGH0123456789", k=36))
    did(box, "flag", f"the key is {secret}", code=4)
    did(box, "flag", "the door opens with swordfish")
    did(box, "sync")
    (flag,) = queued(box)
    did(box, "drop", flag["id"], "--reason", "a secret")
    did(box, "close")
    assert "swordfish" not in box.git("show", "gitmem/drain", "--", "memory")

    history = server.bare.git("log", "-p", "gitmem/queue")
    assert "swordfish" in history
    assert secret not in history


@answers("Can I use several agents in one repository?")
def test_two_clients_flag_into_one_queue(wired: Sandbox) -> None:
    did(wired, "flag", "from one", CLAUDECODE="1", CLAUDE_CODE_SESSION_ID="a")
    did(wired, "flag", "from another", GITMEM_CLIENT="codex")

    assert {flag["text"] for flag in queued(wired)} == {"from one", "from another"}


@answers("How do I get rid of it?")
def test_what_init_wrote_goes_and_memory_stays(sandbox: Sandbox) -> None:
    before = {path.name for path in sandbox.path.iterdir()}
    sandbox.wire()
    sandbox.land("tests need Postgres")
    did(sandbox, "uninstall")

    assert "tests need Postgres" in sandbox.read("memory/facts.md")
    assert {path.name for path in sandbox.path.iterdir()} - before == {"memory", ".gitmem"}
    left = {path.name for path in (sandbox.path / ".gitmem").iterdir()}
    assert left == {"drains", ".gitattributes"}


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_is_short(question: str) -> None:
    answer = PAGE.read_text(encoding="utf-8").partition(f"## {question}\n")[2].partition("\n## ")[0]
    assert 2 < len(answer.split()) < 80
