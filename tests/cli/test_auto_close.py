"""The close that a session's end starts in the background: what it does, survives and tells."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitmem.boundaries.background import Flight, under_way
from gitmem.git.local import Lock
from gitmem.session import ledger
from tests.support import messages_api as api
from tests.support.messages_api import Asked, MessagesApi
from tests.support.queues import folder_of
from tests.support.sandbox import GITMEM, PATIENCE, Result, Sandbox

SESSION = "11111111-aaaa-bbbb-cccc-222222222222"
IN_CLIENT = {"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": SESSION}


@pytest.fixture
def agreed(sandbox: Sandbox) -> Sandbox:
    """A repository whose person said yes to closing by itself, with one flag in the queue."""
    sandbox.git("config", "gitmem.autoClose", "true")
    assert sandbox.gitmem("flag", "deploys need the VPN", env=IN_CLIENT).code == 0
    return sandbox


def end(
    sandbox: Sandbox, session: str = SESSION, env: dict[str, str | None] | None = None
) -> Result:
    payload = {"hook_event_name": "SessionEnd", "session_id": session, "reason": "other"}
    done = sandbox.gitmem(
        "hook",
        "claude-code",
        "SessionEnd",
        input=json.dumps({**payload, "cwd": str(sandbox.path)}),
        env={**IN_CLIENT, **(env or {})},
    )
    assert (done.code, done.out, done.err) == (0, "", "")
    return done


def lines(sandbox: Sandbox, event: str = "close") -> list[dict[str, Any]]:
    path = folder_of(sandbox) / "ledger.jsonl"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [line for line in map(json.loads, text.splitlines()) if line["event"] == event]


def wait(until: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.02)


def outcome(sandbox: Sandbox, count: int = 1) -> dict[str, Any]:
    wait(lambda: len(lines(sandbox)) >= count)
    return lines(sandbox)[-1]


def test_nothing_is_started_unless_the_person_said_so(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "deploys need the VPN")
    for value in (None, "false", "perhaps"):
        if value:
            sandbox.git("config", "gitmem.autoClose", value)
        end(sandbox)

    assert [line["did"] for line in lines(sandbox, "SessionEnd")] == ["marked end"] * 3


def test_a_repository_without_a_flag_starts_nothing(sandbox: Sandbox) -> None:
    sandbox.git("config", "gitmem.autoClose", "true")
    end(sandbox)

    assert [line["did"] for line in lines(sandbox, "SessionEnd")] == ["marked end"]


def test_the_end_of_a_session_prepares_a_review_and_lands_nothing(agreed: Sandbox) -> None:
    before = agreed.git("rev-parse", "main")
    end(agreed)

    found = outcome(agreed)
    assert lines(agreed, "SessionEnd")[0]["did"] == "marked end, started a close"
    assert (found["did"], found["how"], found["session"]) == ("drained 1", "detached", SESSION)
    assert (found["engine"], found["why"]) == ("verbatim", "no model is configured")
    assert found["branch"] == "gitmem/drain"
    assert "VPN" in agreed.git("show", "gitmem/drain")
    assert found["drain"] in agreed.git("log", "-1", "--format=%B", "gitmem/drain")
    assert agreed.git("rev-parse", "main") == before
    assert agreed.git("status", "--porcelain") == ""


def test_it_asks_the_engine_of_git_config_and_no_variable_of_the_client_s(agreed: Sandbox) -> None:
    def keeps(asked: Asked) -> object:
        flags = json.loads(asked.body["messages"][0]["content"].splitlines()[1])
        rest = {"target": "t1", "line": "", "text": "", "reason": ""}
        return {"operations": [{"op": "keep", "flags": [one["id"]], **rest} for one in flags]}

    agreed.git("config", "gitmem.engine", "anthropic")
    with MessagesApi(lambda asked: api.says(keeps(asked))) as server:
        agreed.git("config", "gitmem.host", server.url.removeprefix("http://"))
        end(agreed, env={**server.environ, "GITMEM_ENGINE": "verbatim"})
        found = outcome(agreed)

    assert (found["engine"], found["configured"]) == ("anthropic", "anthropic")
    assert (found["model"], found["wanted"], found["in_flight"]) == ("claude-haiku-5-5", 8, 1)


def test_a_server_that_the_repository_s_settings_may_have_named_is_not_asked(
    agreed: Sandbox,
) -> None:
    agreed.git("config", "gitmem.engine", "anthropic")
    with MessagesApi(lambda _: api.text("no")) as server:
        end(agreed, env=dict(server.environ))
        found = outcome(agreed)

    assert server.asked == []
    assert (found["did"], found["code"]) == ("failed", 4)
    assert "a repository's settings can name the server" in found["error"]


def test_without_a_key_it_says_so_and_the_flag_stays_queued(agreed: Sandbox) -> None:
    agreed.git("config", "gitmem.engine", "anthropic")
    end(agreed, env={"ANTHROPIC_API_KEY": None})

    found = outcome(agreed)
    assert (found["did"], found["code"], found["configured"]) == ("failed", 9, "anthropic")
    assert "1 undrained" in agreed.gitmem("status").out


def test_it_outlives_the_client_and_the_kill_of_its_process_group(agreed: Sandbox) -> None:
    slow = agreed.write("slow", "#!/bin/sh\nsleep 1\necho '{}'\n")
    slow.chmod(0o755)
    agreed.git("config", "gitmem.engine", "command")
    agreed.git("config", "gitmem.command", str(slow))
    payload = json.dumps(
        {"hook_event_name": "SessionEnd", "session_id": SESSION, "reason": "other"}
    )
    script = f'"$0" hook claude-code SessionEnd <<"END"\n{payload}\nEND\nsleep 60'

    with subprocess.Popen(
        ["sh", "-c", script, GITMEM], cwd=agreed.path, start_new_session=True
    ) as client:
        wait(lambda: lines(agreed, "SessionEnd"))
        os.killpg(client.pid, signal.SIGKILL)

    assert outcome(agreed)["engine"] == "command"


def test_many_ends_at_once_make_one_review_and_every_start_has_its_outcome(
    agreed: Sandbox,
) -> None:
    ends = [
        agreed.start("hook", "claude-code", "SessionEnd", env=dict(IN_CLIENT)) for _ in range(5)
    ]
    for number, hook in enumerate(ends):
        payload = {"hook_event_name": "SessionEnd", "session_id": f"s{number}"}
        hook.communicate(json.dumps(payload), timeout=PATIENCE)
        assert hook.returncode == 0

    wait(lambda: len(lines(agreed)) == 5)
    did = sorted(line["did"] for line in lines(agreed))
    assert did.count("drained 1") == 1
    assert set(did) <= {"drained 1", "drained nothing", "left it to another"}
    assert sorted(line["session"] for line in lines(agreed)) == [f"s{n}" for n in range(5)]
    assert agreed.git("rev-list", "--count", "main..gitmem/drain") == "1"


def test_one_works_one_waits_and_a_third_leaves(tmp_path: Path) -> None:
    folder = str(tmp_path / "gitmem")
    with Flight(folder) as first:
        assert first.take(0)
        assert under_way(folder)
        waiting = Lock(folder + "/close.next.lock")
        assert waiting.attempt()
        assert not Flight(folder).take(0)
        waiting.release()
        assert not Flight(folder).take(0.01)

    assert not under_way(folder)
    with Flight(folder) as second:
        assert second.take(0)


def test_a_module_of_the_repository_is_not_taken_for_gitmem(agreed: Sandbox) -> None:
    agreed.write("gitmem/__init__.py", "")
    agreed.write("gitmem/__main__.py", "open('hostile', 'w').close()\n")
    end(agreed)

    assert outcome(agreed)["did"] == "drained 1"
    assert not (agreed.path / "hostile").exists()


def test_a_close_that_asks_a_client_starts_no_close(agreed: Sandbox) -> None:
    end(agreed, env={"GITMEM_INSIDE": "1"})

    assert lines(agreed, "SessionEnd") == []


def test_settings_that_are_not_in_order_are_an_outcome_too(agreed: Sandbox) -> None:
    agreed.write(".gitmem/config.yaml", "target: [\n")
    end(agreed)

    found = outcome(agreed)
    assert (found["did"], found["code"]) == ("failed", 8)


def test_what_hangs_is_ended_and_told(agreed: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of its own, because the end takes its process group along."""
    script = (
        "import os, time, sys\n"
        "from gitmem.cli.commands import auto_close\n"
        "auto_close._WHOLE = 1\n"
        "auto_close.run_close = lambda *_: time.sleep(60)\n"
        f"auto_close.auto_close({str(agreed.path)!r}, 's9', 'claude-code')\n"
    )
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    subprocess.run(
        [sys.executable, "-c", script], check=True, start_new_session=True, timeout=PATIENCE
    )

    found = outcome(agreed)
    assert (found["session"], found["did"]) == ("s9", "failed")
    assert "did not finish within 1 seconds" in found["error"]


def test_a_work_tree_that_is_gone_harms_nothing(agreed: Sandbox) -> None:
    linked = agreed.worktree("linked")
    end(linked)
    agreed.git("worktree", "remove", "--force", str(linked.path))

    wait(lambda: lines(agreed) or (folder_of(agreed) / "close.log").read_bytes())


def test_a_working_folder_that_is_gone_harms_nothing(agreed: Sandbox) -> None:
    below = agreed.path / "below"
    below.mkdir()
    payload = {"hook_event_name": "SessionEnd", "session_id": SESSION, "cwd": str(below)}
    script = 'cd below && "$0" hook claude-code SessionEnd && rmdir ../below'
    subprocess.run(
        ["sh", "-c", script, GITMEM],
        cwd=agreed.path,
        input=json.dumps(payload),
        text=True,
        check=True,
        env={**os.environ, **IN_CLIENT},
    )

    assert outcome(agreed)["did"] == "drained 1"


def test_a_close_by_hand_is_in_the_ledger_too(agreed: Sandbox) -> None:
    agreed.gitmem("close", "--dry-run")
    assert lines(agreed) == []
    agreed.gitmem("close", "--workers", "3")

    (found,) = lines(agreed)
    assert (found["how"], found["session"], found["wanted"]) == ("inline", "", 3)
    assert found["engine"] == "verbatim"


def test_an_outcome_is_bounded_whatever_an_engine_says(agreed: Sandbox) -> None:
    ledger.write(str(folder_of(agreed)), {"event": "x"})
    loud = agreed.write("loud", "#!/bin/sh\nyes 'no such thing' | head -c 100000 >&2\nexit 3\n")
    loud.chmod(0o755)
    agreed.git("config", "gitmem.engine", "command")
    agreed.git("config", "gitmem.command", str(loud))
    end(agreed)

    found = outcome(agreed)
    assert (found["flags"], found["left"]) == (0, 1)
    assert len(json.dumps(found)) < 2_000


def remote(sandbox: Sandbox, name: str) -> Sandbox:
    """An empty repository that is the origin of another."""
    bare = Sandbox(sandbox.path.with_name(name))
    bare.path.mkdir()
    bare.git("init", "--quiet", "--bare")
    sandbox.git("remote", "add", "origin", str(bare.path))
    return bare


def test_the_queue_is_shared_after_the_close_where_the_person_asked_for_it(agreed: Sandbox) -> None:
    origin = remote(agreed, "origin.git")
    agreed.git("config", "gitmem.sync", "auto")
    end(agreed)

    found = outcome(agreed)
    assert (found["event"], found["did"]) == ("close", "drained 1")
    assert found["sync"] == "synced with origin: 0 received, 1 sent"
    assert origin.git("for-each-ref", "--format=%(refname)") == "refs/heads/gitmem/queue"


def test_a_sync_that_fails_is_told_beside_what_the_close_did(agreed: Sandbox) -> None:
    agreed.git("remote", "add", "origin", "git://127.0.0.1:1/nowhere")
    agreed.git("config", "gitmem.sync", "auto")
    end(agreed)

    found = outcome(agreed)
    assert found["did"] == "drained 1"
    assert found["sync"].startswith("not synced (5): origin was not reached")


def test_without_a_word_about_sync_nothing_is_shared(agreed: Sandbox) -> None:
    origin = remote(agreed, "origin.git")
    end(agreed)

    assert "sync" not in outcome(agreed)
    assert origin.git("for-each-ref") == ""


def test_a_sync_needs_no_close_by_itself(agreed: Sandbox) -> None:
    origin = remote(agreed, "origin.git")
    agreed.git("config", "gitmem.autoClose", "false")
    agreed.git("config", "gitmem.sync", "auto")
    end(agreed)

    wait(lambda: lines(agreed, "sync"))
    assert lines(agreed, "SessionEnd")[0]["did"] == "marked end, started a sync"
    (found,) = lines(agreed, "sync")
    assert found["did"] == "synced with origin: 0 received, 1 sent"
    assert (found["how"], found["session"]) == ("detached", SESSION)
    assert lines(agreed) == []
    audited = agreed.gitmem("audit", "--json").out
    assert "SessionEnd" in audited
    assert '"sync"' not in audited
    assert origin.git("for-each-ref", "--format=%(refname)") == "refs/heads/gitmem/queue"


def test_a_close_that_failed_shares_the_queue_all_the_same(agreed: Sandbox) -> None:
    remote(agreed, "origin.git")
    agreed.git("config", "gitmem.engine", "anthropic")
    agreed.git("config", "gitmem.sync", "auto")
    end(agreed, env={"ANTHROPIC_API_KEY": None})

    found = outcome(agreed)
    assert (found["did"], found["code"]) == ("failed", 9)
    assert found["sync"] == "synced with origin: 0 received, 1 sent"


def test_a_sync_that_hangs_is_ended_and_the_close_is_told(agreed: Sandbox) -> None:
    """In a process of its own, because the end takes its process group along."""
    agreed.git("config", "gitmem.sync", "auto")
    script = (
        "import subprocess\n"
        "from gitmem.cli.commands import auto_close\n"
        "auto_close._WHOLE = 3\n"
        "auto_close.sync.sync = lambda *_: subprocess.run(['sleep', '60'])\n"
        f"auto_close.auto_close({str(agreed.path)!r}, 's9', 'claude-code')\n"
    )
    subprocess.run(
        [sys.executable, "-c", script], check=True, start_new_session=True, timeout=PATIENCE
    )

    found = outcome(agreed)
    assert found["did"] == "drained 1"
    assert found["sync"] == "not synced (7): it did not finish within 3 seconds"
