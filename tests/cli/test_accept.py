"""`gitmem accept` and `gitmem status`: shapes, exit codes, and who may run it."""

from __future__ import annotations

import json

import pytest

from tests.support.sandbox import Sandbox
from tests.support.server import Server


@pytest.fixture
def reviewed(sandbox: Sandbox) -> Sandbox:
    sandbox.gitmem("flag", "a fact")
    sandbox.gitmem("close")
    return sandbox


def test_the_answer_says_what_landed_and_what_is_left(reviewed: Sandbox) -> None:
    review = reviewed.git("rev-parse", "gitmem/drain")

    done = reviewed.gitmem("accept", "--json")

    answer = json.loads(done.out)
    (flag,) = answer.pop("flags")
    assert len(flag) == 12
    assert (done.code, answer) == (
        0,
        {
            "target": "main",
            "commit": review,
            "rebuilt": False,
            "queue_gone": True,
            "undrained": 0,
            "pushed": True,
        },
    )
    assert reviewed.gitmem("accept").code == 7


def test_what_only_the_own_memory_needs_is_not_loaded(reviewed: Sandbox) -> None:
    done = reviewed.gitmem("accept", env={"PYTHONPROFILEIMPORTTIME": "1"})

    assert done.code == 0
    loaded = {line.rpartition("|")[2].strip() for line in done.err.splitlines()}
    assert "gitmem.review.accept" in loaded
    assert loaded.isdisjoint({"gitmem.bootstrap.engines", "gitmem.bootstrap.shipped"})


def test_a_local_edit_in_the_way_is_exit_8_with_a_hint(reviewed: Sandbox) -> None:
    reviewed.write("memory/facts.md", "mine\n")

    done = reviewed.gitmem("accept")

    assert done.code == 8
    assert "memory/facts.md" in done.err
    assert "hint: commit, stash or move those files" in done.err


@pytest.mark.parametrize("allowed", [None, "true", "yes", "false"])
def test_inside_an_agent_client_it_needs_a_persons_permission(
    reviewed: Sandbox, allowed: str | None
) -> None:
    if allowed:
        reviewed.git("config", "gitmem.acceptInAgent", allowed)

    done = reviewed.gitmem("accept", env={"CLAUDECODE": "1"})

    assert done.code == (0 if allowed in {"true", "yes"} else 4)
    assert reviewed.gitmem("accept", "--dry-run", env={"CLAUDECODE": "1"}).code in {0, 7}


def test_a_repository_cannot_give_itself_that_permission(reviewed: Sandbox) -> None:
    reviewed.write(".gitmem/config.yaml", "version: 1\nacceptInAgent: true\n")

    assert reviewed.gitmem("accept", env={"CLAUDECODE": "1"}).code == 8


def test_status_counts_by_state_and_names_the_next_step(reviewed: Sandbox) -> None:
    reviewed.gitmem("flag", "who?", "--kind", "pending")

    answer = json.loads(reviewed.gitmem("status", "--json").out)

    assert answer.pop("oldest").endswith("Z")
    assert answer == {
        "undrained": 1,
        "in_review": 1,
        "accepted": 0,
        "journaled": 0,
        "sessions": [],
        "by_kind": {"pending": 1},
        "queue": reviewed.git("rev-parse", "gitmem/queue"),
        "target": "main",
        "damaged": [],
        "aside": [],
        "memory": {
            "topics": 0, "loaded": [], "bytes": 0, "budget": 10_000, "tokens": 0, "not_loaded": [],
        },
    }  # fmt: skip
    said = reviewed.gitmem("status").out
    assert "next: gitmem close" in said
    assert "next: gitmem review, gitmem accept" in said


def test_status_publishes_what_is_pending_in_the_journal(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "first")
    journal = sandbox.path / ".git/gitmem/journal"
    line = '{"v":1,"id":"abcdefghijkl","kind":"fact","text":"pending"}'
    journal.write_bytes(journal.read_bytes() + f"\n{line}\n".encode())

    answer = json.loads(sandbox.gitmem("status", "--json").out)

    assert (answer["undrained"], answer["journaled"]) == (2, 0)
    assert "pending" in sandbox.git("log", "-1", "--format=%s", "gitmem/queue")


def test_a_forget_that_was_accepted_and_not_pushed_waits_for_the_push(server: Server) -> None:
    desk = server.clone("one")
    flag = desk.flag("The port is 5432")
    desk.land()
    desk.sandbox.git("push", "--quiet", "origin", "main")
    desk.sandbox.gitmem("forget", flag, "--reason", "a guess")

    accepted = desk.sandbox.gitmem("accept")
    status = desk.sandbox.gitmem("status")
    told = json.loads(desk.sandbox.gitmem("status", "--json").out)
    checked = desk.sandbox.gitmem("check")
    asked = json.loads(desk.sandbox.gitmem("check", "--json").out)

    assert "it counts as forgotten once it is on origin/main; next: git push" in accepted.out
    assert "everything is drained" not in status.out
    words = " ".join(status.out.split())
    assert "1 forgotten on main, not on origin/main next: git push" in words
    assert told["forgotten"] == 1
    assert checked.code == 1
    assert "1 flag forgotten, not pushed" in checked.out
    assert asked["unpushed"] == [flag]

    desk.sandbox.git("push", "--quiet", "origin", "main")

    assert "everything is drained into origin/main" in desk.sandbox.gitmem("status").out
    assert desk.sandbox.gitmem("check").code == 0
