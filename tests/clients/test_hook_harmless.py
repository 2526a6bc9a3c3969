"""What a hook meets that it cannot mend: it ends in time, says nothing, and leaves a line that a boot can say."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.hooks import SESSION, fire, fire_at_once, is_nudge, ledger, marks, recorded
from tests.support.queues import folder_of
from tests.support.sandbox import GITMEM, PATIENCE, Result, Sandbox, changed_environment


def session_file(sandbox: Sandbox) -> Path:
    folder = folder_of(sandbox) / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / SESSION


def limited(sandbox: Sandbox, name: str, size: int) -> Result:
    """Fire a hook that may write no file beyond ``size`` bytes, as on a disk that is full from there on."""
    done = subprocess.run(
        [GITMEM, "hook", "claude-code", name.partition(".")[0]],
        cwd=sandbox.path,
        env=changed_environment(None),
        input=json.dumps(recorded(name, sandbox, session_id=SESSION)),
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )
    return Result(code=done.returncode, out=done.stdout, err=done.stderr)


def chapter(sandbox: Sandbox) -> None:
    """A commit during a call: it is asked about at once."""
    sandbox.commit("a chapter")
    fire(sandbox, "PostToolUse.Bash")


@given(st.binary(max_size=400))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_corrupt_session_file_breaks_nothing(sandbox: Sandbox, data: bytes) -> None:
    session_file(sandbox).write_bytes(data)

    chapter(sandbox)
    assert is_nudge(fire(sandbox, "PostToolBatch"))
    assert "error" not in ledger(sandbox)[-1]


def test_a_line_that_was_cut_off_does_not_swallow_the_next_one(sandbox: Sandbox) -> None:
    session_file(sandbox).write_text("work\nmark comm", encoding="utf-8")

    chapter(sandbox)

    assert marks(sandbox)[1] == "mark comm"
    assert marks(sandbox)[2].startswith("mark commit ")
    assert is_nudge(fire(sandbox, "PostToolBatch"))


def a_folder(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_loop(path: Path) -> None:
    path.symlink_to(path.name)


def a_full_device(path: Path) -> None:
    path.symlink_to("/dev/full")


def a_large_file(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 << 30)


@pytest.mark.parametrize("make", [a_folder, a_pipe, a_loop, a_full_device])
def test_a_session_file_that_is_none_is_said_in_the_ledger(
    sandbox: Sandbox, make: Callable[[Path], None]
) -> None:
    make(session_file(sandbox))

    assert fire(sandbox, "SessionEnd.other").out == ""
    assert ledger(sandbox)[-1]["error"]


def test_only_the_end_of_a_huge_session_file_is_read(sandbox: Sandbox) -> None:
    a_large_file(session_file(sandbox))

    assert fire(sandbox, "SessionEnd.other").out == ""
    assert "error" not in ledger(sandbox)[-1]


def test_a_full_disk_is_silent_to_the_agent_and_said_at_the_next_boot(sandbox: Sandbox) -> None:
    chapter(sandbox)
    file = folder_of(sandbox) / "ledger.jsonl"
    for full in (file, session_file(sandbox)):
        full.write_bytes(full.read_bytes() + b" " * 4096 + b"\n")
    before = file.read_bytes()

    assert limited(sandbox, "PostToolBatch", 4096) == Result(code=0, out="", err="")
    assert file.read_bytes() == before

    fire(sandbox, "SessionStart.startup")
    lines = [
        json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line.strip()
    ]
    assert [line["event"] for line in lines] == ["PostToolUse", "PostToolBatch", "SessionStart"]
    assert "OSError" in lines[1]["error"]
    # What could not be said then is said when there is room again.
    assert is_nudge(fire(sandbox, "PostToolBatch"))


def test_on_a_full_disk_a_session_without_any_place_of_its_own_goes_on(sandbox: Sandbox) -> None:
    for name in ("SessionStart.startup", "PostToolUse.Agent", "PostToolBatch", "SessionEnd.other"):
        assert limited(sandbox, name, 0) == Result(code=0, out="", err="")


def test_a_payload_of_ten_megabytes_is_read(sandbox: Sandbox) -> None:
    large = "x" * (10 << 20)

    chapter(sandbox)
    fire(sandbox, "PostToolUse.Agent", tool_input={"prompt": large})
    call = {"tool_name": "Bash", "tool_input": {"command": large}, "tool_response": large}
    assert is_nudge(fire(sandbox, "PostToolBatch", tool_calls=[call]))
    fire(sandbox, "UserPromptSubmit", prompt=large)
    fire(sandbox, "PostToolUseFailure.Bash", tool_input={"command": f"make '{large}"})
    assert [entry for entry in ledger(sandbox) if "error" in entry] == []


def hung_git(folder: Path) -> dict[str, str]:
    folder.mkdir()
    git = folder / "git"
    git.write_text(f"#!/bin/sh\necho $$ >{folder}/pid\nexec sleep 600\n", encoding="utf-8")
    git.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def lives(process: str) -> bool:
    """Whether it runs; one that ended may wait for somebody to ask how."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", process], capture_output=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.startswith(b"Z")


def test_a_hung_git_is_given_up_on_and_not_left_behind(sandbox: Sandbox, tmp_path: Path) -> None:
    fire(sandbox, "SessionStart.startup")
    config = sandbox.path / ".git" / "config"
    config.write_text(
        config.read_text(encoding="utf-8").replace("bare = false", ""), encoding="utf-8"
    )
    env = hung_git(tmp_path / "bin")

    (done,) = fire_at_once(sandbox, [("SessionEnd.other", {})], env=env)

    assert done.out == ""
    assert ledger(sandbox)[-1]["error"].startswith("gave up after ")
    assert ledger(sandbox)[-1]["event"] == "SessionEnd"
    started = (tmp_path / "bin" / "pid").read_text(encoding="utf-8").strip()
    while lives(started):
        time.sleep(0.01)


def test_a_client_that_never_ends_its_payload_is_given_up_on(sandbox: Sandbox) -> None:
    with sandbox.start("hook", "claude-code", "SessionEnd") as child:
        assert child.stdin
        child.stdin.write('{"cwd":')
        child.stdin.flush()
        assert child.wait(timeout=PATIENCE) == 0


def test_another_hook_that_hangs_with_the_lock_is_not_waited_for_long(sandbox: Sandbox) -> None:
    file = session_file(sandbox)
    file.touch()
    with subprocess.Popen(["flock", str(file), "sleep", "600"]) as holder:
        try:
            while subprocess.run(["flock", "-n", str(file), "true"], check=False).returncode == 0:
                pass
            assert fire(sandbox, "PostToolUse.Agent").out == ""
            assert "TimeoutError" in ledger(sandbox)[-1]["error"]
        finally:
            holder.kill()


def test_a_repository_that_went_away_is_silent(sandbox: Sandbox) -> None:
    chapter(sandbox)
    (sandbox.path / ".git").rename(sandbox.path / "gone")

    assert fire(sandbox, "PostToolBatch").out == ""
    assert not (sandbox.path / ".git").exists()
