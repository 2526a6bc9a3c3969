"""Hooks as Claude Code fires them: recorded payloads, several at once, and what it takes as an answer."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gitmem.session import boundary
from gitmem.session.boundary import Event
from tests.support.payloads import Payloads
from tests.support.queues import folder_of
from tests.support.sandbox import PATIENCE, Result, Sandbox

_PAYLOADS = Payloads(folder="claude-code")
DATA = _PAYLOADS.path
RECORDED = _PAYLOADS.names

#: Where the client takes additional context (measured, 2.1.328); elsewhere it is an error or is not read.
#: At the end of a turn it would replace the printed answer, in a sub-agent the report.
CONTEXT = {
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolBatch",
    "PostToolUseFailure",
    "SubagentStart",
}
#: Where plain text goes to the writer of the summary, and JSON would end up in it.
PLAIN = {"PreCompact"}

SESSION = "session-1"


def boot_event(session: str, folder: Path, source: str) -> Event:
    """The start of a session whose transcript is in this folder, as the adapter reads it."""
    return Event(
        boundary.BOOT,
        client="claude-code",
        name="SessionStart",
        session=session,
        detail=source,
        transcript=str(folder / f"{session}.jsonl"),
    )


def recorded(name: str, sandbox: Sandbox | None = None, **changes: object) -> dict[str, Any]:
    """A recorded payload; with a sandbox, as if the client stood in it."""
    here = {"cwd": str(sandbox.path)} if sandbox else {}
    return _PAYLOADS.read(name, **{**here, **changes})


def fire(sandbox: Sandbox, name: str, **changes: object) -> Result:
    """Fire one recorded payload in a session of the sandbox; it must end as every hook must."""
    (done,) = fire_at_once(sandbox, [(name, changes)])
    return done


def fire_at_once(
    sandbox: Sandbox,
    payloads: Sequence[tuple[str, Mapping[str, object]]],
    env: Mapping[str, str] | None = None,
) -> list[Result]:
    """Start a hook for each payload before any is waited for; the answers, in the same order."""
    started: list[tuple[subprocess.Popen[str], str, str]] = []
    for name, changes in payloads:
        payload = recorded(name, sandbox, **{"session_id": SESSION, **changes})
        event = name.partition(".")[0]
        child = sandbox.start("hook", "claude-code", event, env=env)
        started.append((child, event, json.dumps(payload)))
    for child, _, text in started:
        assert child.stdin
        child.stdin.write(text)
        child.stdin.close()
        child.stdin = None
    done = []
    for child, event, _ in started:
        out, err = child.communicate(timeout=PATIENCE)
        result = Result(code=child.returncode, out=out, err=err)
        assert (result.code, result.err) == (0, "")
        assert_accepted(event, result.out)
        done.append(result)
    return done


def assert_accepted(event: str, out: str) -> None:
    """The client would take this answer, and nothing in it blocks or stops anything."""
    if not out:
        return
    if event in PLAIN:
        assert not out.lstrip().startswith("{")
        return
    said = json.loads(out)
    assert event in CONTEXT, f"{event} must be silent, and said {out}"
    assert said.keys() <= {"systemMessage", "hookSpecificOutput"}
    assert "systemMessage" not in said or event == "SessionStart"
    inside = said.get("hookSpecificOutput", {"hookEventName": event})
    assert inside["hookEventName"] == event
    assert len(inside.get("additionalContext", "")) <= 10_000


def context(done: Result) -> str:
    """What the model is told; empty for silence."""
    if not done.out:
        return ""
    said: str = json.loads(done.out).get("hookSpecificOutput", {}).get("additionalContext", "")
    return said


def is_nudge(done: Result) -> bool:
    """Whether the model is told to flag."""
    return done.out.startswith("{") and "gitmem, after " in context(done)


def marks(sandbox: Sandbox) -> list[str]:
    """The lines of the session's file."""
    path = folder_of(sandbox) / "sessions" / SESSION
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def ledger(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The lines of the ledger: what fired, in order."""
    path = folder_of(sandbox) / "ledger.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read_file(sandbox: Sandbox, path: str, session: str = SESSION) -> str:
    """What the model is told after a batch that read one file."""
    call = {
        "tool_name": "Read",
        "tool_input": {"file_path": str(sandbox.path / path)},
        "tool_use_id": f"toolu_{path}",
        "tool_response": "1\tx",
    }
    return context(fire(sandbox, "PostToolBatch", tool_calls=[call], session_id=session))
