"""`gitmem audit` after a real session of each client beside Claude Code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.real_clients.others import PROGRAMS
from tests.real_clients.wire import WireModel
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

#: The hook that fires after a call, and whether the transcripts say which version wrote them.
KNOWN = {
    "codex": ("PostToolUse", True),
    "gemini": ("AfterTool", False),
    "opencode": ("after", True),
    "copilot": ("PostToolUse", True),
    "qwen": ("PostToolBatch", True),
}


@pytest.mark.ability("each", "audit")
@pytest.mark.parametrize("client", PROGRAMS)
def test_a_session_shows_what_the_ledger_saw(sandbox: Sandbox, home: Path, client: str) -> None:
    sandbox.wire("--client", client)
    program = PROGRAMS[client]
    turns = [program.shell("git commit --allow-empty -m chapter"), program.shell("ls")]
    with WireModel(turns=turns) as model:
        done = program.run(sandbox, home, model, "go on", arguments=program.unsandboxed)

    own = {"HOME": str(home), **program.environment(home, model.url)}
    audit = sandbox.gitmem("audit", "--json", env=own)

    report = json.loads(audit.out)
    (session,) = report["sessions"]
    assert (audit.code, session["gaps"], report["not_understood"]) == (0, [], []), done
    shown = session["transcript"]
    assert (shown["commit"], shown["turn end"], shown["nudges"]) == (1, 1, 1)
    hook, versioned = KNOWN[client]
    assert shown["versions"] == ([program.version] if versioned else [])
    assert (session["client"], session["nudges"]) == (client, 1)
    assert session["hooks"][hook] == 2
