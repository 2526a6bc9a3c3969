"""What the real client's next session is told about the last one, and what its end starts."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.real_clients.claude import Claude, said_at, without_gitmem
from tests.real_clients.model import Answer, ScriptedModel, runs
from tests.support.hooks import ledger
from tests.support.sandbox import PATIENCE, Sandbox

pytestmark = pytest.mark.client

COMMIT = "git commit --quiet --allow-empty --message 'a chapter'"
MAY_COMMIT = ["Bash(git *)"]


def audited(claude: Claude, sandbox: Sandbox) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        sandbox.gitmem("audit", "--json", env={"HOME": str(claude.home)}).out
    )
    return found


def aged(claude: Claude, sandbox: Sandbox, seconds: int) -> None:
    """Lets all that happened so far have happened earlier: nothing is judged within a minute."""

    def earlier(text: str, key: str) -> str:
        lines = []
        for line in text.splitlines():
            fields = json.loads(line)
            if fields.get(key):
                at = time.strptime(fields[key][:19], "%Y-%m-%dT%H:%M:%S")
                then = time.gmtime(time.mktime(at) - time.timezone - seconds)
                fields[key] = time.strftime("%Y-%m-%dT%H:%M:%SZ", then)
            lines.append(json.dumps(fields, separators=(",", ":")) + "\n")
        return "".join(lines)

    folder = sandbox.path / ".git/gitmem"
    files = [(folder / "ledger.jsonl", "at")]
    files += [(path, "timestamp") for path in (claude.home / ".claude/projects").rglob("*.jsonl")]
    for path, key in files:
        path.write_text(earlier(path.read_text(encoding="utf-8"), key), encoding="utf-8")
    state = folder / "boot"
    words = state.read_text(encoding="utf-8").split("\n")
    words = [
        f"judged {int(line[7:]) - seconds}" if line.startswith("judged ") else line
        for line in words
    ]
    state.write_text("\n".join(words), encoding="utf-8")


@pytest.mark.parametrize(("signal", "died"), [("KILL", "; it died"), ("TERM", ""), ("INT", "")])
def test_a_session_that_committed_and_flagged_nothing_is_said_at_the_next_boot(
    claude: Claude, wired: Sandbox, signal: str, died: str
) -> None:
    wired.write("stop", f'kill -{signal} "$CLAUDE_PID"\nsleep 5\n')
    model = ScriptedModel(main=[runs(COMMIT), runs("sh stop")])
    first = claude.session(wired, model, "Go.", allow=[*MAY_COMMIT, "Bash(sh stop)"])

    second = claude.session(wired, ScriptedModel(), "What now?")

    told = f"1 earlier session ended without a single flag: {first.id[:8]} (1 commit{died})"
    (words,) = said_at("SessionStart", second.main[0])
    assert told in words
    assert told in second.told_person[0]
    third = claude.session(wired, ScriptedModel(), "And now?")
    assert third.told_person == []
    assert said_at("SessionStart", third.main[0]) == []


def test_a_commit_in_a_session_without_gitmem_is_said_and_audited(
    claude: Claude, wired: Sandbox
) -> None:
    claude.session(wired, ScriptedModel(), "Begin.")
    printed = "git commit --allow-empty --message 'a chapter'"
    model = ScriptedModel(main=[runs(printed), Answer(text="Done.")])
    unseen = claude.session(wired, model, "Go.", allow=MAY_COMMIT, path=without_gitmem())
    aged(claude, wired, 600)

    second = claude.session(wired, ScriptedModel(), "What now?")

    told = f"session {unseen.id[:8]} shows 1 commit that no hook saw"
    assert told in second.told_person[0]
    by_session = {one["session"]: one for one in audited(claude, wired)["sessions"]}
    (gap,) = by_session[unseen.id]["gaps"]
    assert gap.startswith("no hook fired in it, and its transcript shows 1 commit")
    assert by_session[second.id]["gaps"] == []


@pytest.mark.ability("claude-code", "audit")
def test_a_session_in_which_all_ran_is_in_order_for_the_audit(
    claude: Claude, wired: Sandbox
) -> None:
    model = ScriptedModel(main=[runs(COMMIT), runs("gitmem flag 'deploys need the VPN'")])
    session = claude.session(wired, model, "Go.", allow=MAY_COMMIT)
    aged(claude, wired, 600)

    found = audited(claude, wired)

    (one,) = found["sessions"]
    assert (one["session"], one["gaps"]) == (session.id, [])
    assert (one["transcript"]["commit"], one["nudges"], one["flags"]) == (1, 1, 1)
    assert one["transcript"]["nudges"] == 1
    assert found["not_understood"] == []


def test_the_end_of_a_session_leaves_a_prepared_review_that_the_next_boot_tells_of(
    claude: Claude, wired: Sandbox
) -> None:
    wired.git("config", "gitmem.autoClose", "true")
    wired.git("config", "gitmem.engine", "verbatim")
    model = ScriptedModel(main=[runs("gitmem flag 'deploys need the VPN'")])
    first = claude.session(wired, model, "Go.")
    until = time.monotonic() + PATIENCE
    while not [line for line in ledger(wired) if line["event"] == "close"]:
        assert time.monotonic() < until
        time.sleep(0.05)

    second = claude.session(wired, ScriptedModel(), "What now?")

    words = second.told_person[0]
    assert f"the close after session {first.id[:8]} put 1 flag into review" in words
    assert "1 flag in review" in words
    assert Path(wired.path / "memory").exists() is False
