"""A client's sandbox that mounts the git directory read-only: a flag is spooled there, and saved outside."""

from __future__ import annotations

import json
import os
import subprocess
from itertools import count
from pathlib import Path

import pytest

from tests.real_clients.claude import with_gitmem
from tests.support.hooks import SESSION, fire
from tests.support.queues import folder_of, ids_in_journal, ids_on_branch, new_flag
from tests.support.readonly import needs_mounts, sandboxed
from tests.support.sandbox import PATIENCE, Sandbox

TOKEN = "gh" + "p_" + "aB3" * 12
SAID = "spooled; saved at the next boundary"
CODEX = {"CODEX_THREAD_ID": "thread-1"}

pytestmark = needs_mounts


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's temporary folder."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def booted(sandbox: Sandbox) -> Sandbox:
    """A clone in which a session has begun."""
    fire(sandbox, "SessionStart.startup")
    return sandbox


def spool_of(sandbox: Sandbox) -> Path:
    return (folder_of(sandbox) / "spool").readlink()


_SESSIONS = count(1)


def boot_text(sandbox: Sandbox) -> str:
    """What a new session's start prints."""
    return fire(sandbox, "SessionStart.startup", session_id=f"next-{next(_SESSIONS)}").out


def records(sandbox: Sandbox) -> list[str]:
    return [path.name for path in spool_of(sandbox).iterdir()]


def texts(sandbox: Sandbox) -> list[str]:
    done = sandbox.gitmem("log", "--json")
    return [flag["text"] for flag in json.loads(done.out)]


def test_a_flag_is_spooled_in_the_sandbox_and_saved_by_the_next_hook(booted: Sandbox) -> None:
    done = sandboxed(booted, "flag", "Tests need Postgres", "--kind", "gotcha", env=CODEX)

    assert (done.code, done.err) == (0, "")
    said, words = done.out.splitlines()
    flag_id = said.split()[1]
    assert said == f"flagged {flag_id} (gotcha) Tests need Postgres"
    assert words == SAID
    assert records(booted) == [f"{flag_id}.jsonl"]

    fire(booted, "PostToolUse.Bash")

    assert ids_on_branch(booted) == [flag_id]
    assert records(booted) == []
    flag = json.loads((folder_of(booted) / "journal").read_text("utf-8").splitlines()[-1])
    assert (flag["session"], flag["client"]) == ("thread-1", "codex")
    ledger = (folder_of(booted) / "ledger.jsonl").read_text("utf-8").splitlines()
    assert "saved 1 spooled flag" in json.loads(ledger[-1])["did"]


def test_a_snag_and_lines_of_a_pipe_are_spooled_too(booted: Sandbox) -> None:
    assert sandboxed(booted, "snag", "ran all", "--better", "run one").code == 0
    done = sandboxed(booted, "flag", "-", "--json", input="one\n- two\n")

    rows = [json.loads(row) for row in done.out.splitlines()]
    assert [row["saved"] for row in rows] == ["spool", "spool"]
    assert texts(booted) == ["ran all", "one", "two"]


def test_every_option_survives_the_spool(booted: Sandbox) -> None:
    booted.write("src/a.py", "")
    given = ["a fact", "--topic", "Build System", "--source", "a talk", "--paths", "a.py"]
    done = sandboxed(
        booted, "flag", *given, "--body", "more\n\n- about it", cwd=booted.path / "src"
    )
    assert done.code == 0, done.err

    booted.gitmem("status")

    flag = json.loads((folder_of(booted) / "journal").read_text("utf-8").splitlines()[-1])
    known = {key: flag[key] for key in ("topic", "source", "paths", "body", "branch", "head")}
    assert known == {
        "topic": "build-system",
        "source": "a talk",
        "paths": ["src/a.py"],
        "body": "more\n\n- about it",
        "branch": "main",
        "head": booted.git("rev-parse", "HEAD"),
    }


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["log"],
        ["close", "--engine", "verbatim"],
        ["sync", "--dry-run"],
        ["flag", "another"],
        ["drop", "aaaa", "--reason", "x"],
    ],
)
def test_each_command_outside_saves_it(booted: Sandbox, command: list[str]) -> None:
    flag_id = sandboxed(booted, "flag", "one", "--json").out.split('"')[3]

    done = booted.gitmem(*command)

    assert "saved 1 spooled flag" in done.err, done
    assert flag_id in ids_in_journal(booted)
    assert records(booted) == []


@pytest.mark.parametrize("command", [["check"], ["doctor"]])
def test_a_command_that_only_looks_saves_nothing(booted: Sandbox, command: list[str]) -> None:
    sandboxed(booted, "flag", "one")

    booted.gitmem(*command)

    assert len(records(booted)) == 1


def test_check_fails_for_a_flag_that_is_in_the_spool_only(booted: Sandbox) -> None:
    sandboxed(booted, "flag", "its text is not shown")

    done = booted.gitmem("check")

    assert done.code == 1
    assert done.out.splitlines() == [
        "1 flag in the spool only, not saved yet",
        "run: gitmem close, then gitmem review and gitmem accept",
    ]
    told = json.loads(booted.gitmem("check", "--json").out)
    assert (told["ok"], told["spooled"], told["undrained"]) == (False, 1, [])
    assert told["why"] == ["1 flag not drained"]
    assert booted.gitmem("check", "--max-flags", "1").out == (
        "ok: nothing waits too long (1 may wait)\n"
    )

    booted.gitmem("close", "--engine", "verbatim")
    booted.gitmem("accept")

    assert booted.gitmem("check").code == 0


def test_check_counts_a_flag_of_the_checked_branch_only(booted: Sandbox) -> None:
    sandboxed(booted, "flag", "made on main")

    assert booted.gitmem("check", "--scope", "branch", "--branch", "main").code == 1
    assert booted.gitmem("check", "--scope", "branch", "--branch", "feature").code == 0


def test_check_counts_a_flag_once_that_is_saved_and_still_in_the_spool(booted: Sandbox) -> None:
    sandboxed(booted, "flag", "one")
    record = next(spool_of(booted).iterdir())
    content = record.read_bytes()
    booted.gitmem("status")
    record.write_bytes(content)

    told = json.loads(booted.gitmem("check", "--json").out)

    assert told["why"] == ["1 flag not drained"]
    assert "spooled" not in told


@pytest.mark.parametrize("content", [b"", b"\n", b"{}\n", b"\xff\n", b"[" * 9_000, b"x\n" * 20_000])
def test_what_is_no_flag_in_the_spool_is_told_and_fails_no_check(
    booted: Sandbox, content: bytes
) -> None:
    (spool_of(booted) / "aaaaaaaaaaaa.jsonl").write_bytes(content)

    done = booted.gitmem("check")

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == (
        "1 spooled text that cannot be read as a flag; gitmem status says why"
    )
    assert records(booted) == ["aaaaaaaaaaaa.jsonl"]


def test_a_build_does_not_fail_for_what_a_person_left_in_the_spool(booted: Sandbox) -> None:
    sandboxed(booted, "flag", "one")
    build = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "schedule",
        "GITHUB_REF": "refs/heads/main",
    }

    done = booted.gitmem("check", "--offline", env=build)

    assert done.code == 0, done


def test_the_status_line_counts_what_is_in_the_spool(booted: Sandbox) -> None:
    booted.gitmem("flag", "saved")
    assert booted.gitmem("statusline").out == "1 to file\n"

    sandboxed(booted, "flag", "spooled")

    assert booted.gitmem("statusline").out == "1 to file · 1 in the spool\n"
    # No git is asked while nothing changes.
    assert (
        booted.gitmem("statusline", env={"PATH": "/nowhere"}).out == "1 to file · 1 in the spool\n"
    )

    booted.gitmem("status")

    assert booted.gitmem("statusline").out == "2 to file\n"


def test_a_linked_work_tree_spools_into_the_same_folder(booted: Sandbox) -> None:
    linked = booted.worktree("linked")

    assert sandboxed(linked, "flag", "from beside").code == 0

    assert len(records(booted)) == 1
    assert texts(booted) == ["from beside"]


def test_the_server_spools_inside_and_saves_outside(booted: Sandbox) -> None:
    def messages(name: str, given: dict[str, str]) -> str:
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x"}}
        call = {"name": name, "arguments": given}
        rows = [
            {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
            {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call},
        ]
        return "".join(json.dumps(row) + "\n" for row in rows)

    inside = sandboxed(booted, "mcp", input=messages("flag", {"text": "one", "kind": "fact"}))
    assert SAID in inside.out
    assert len(records(booted)) == 1

    outside = booted.gitmem("mcp", input=messages("status", {}))

    assert "1 flag waits undrained" in outside.out
    assert records(booted) == []


def test_the_start_of_the_server_makes_a_spool_too(sandbox: Sandbox) -> None:
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x"}}
    row = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
    sandbox.gitmem("mcp", input=json.dumps(row) + "\n")

    assert sandboxed(sandbox, "flag", "one").out.endswith(f"{SAID}\n")


@pytest.mark.parametrize(
    ("env", "hint"),
    [(CODEX, "as a command of its own"), ({}, "where the git directory can be written")],
)
def test_in_a_private_file_system_it_is_not_saved_and_says_what_to_do(
    booted: Sandbox, temporary: Path, env: dict[str, str], hint: str
) -> None:
    done = sandboxed(booted, "flag", "Tests need Postgres", private=temporary, env=env)

    assert (done.code, done.out) == (3, "")
    first, text, then = done.err.splitlines()
    assert first.startswith("NOT SAVED: the journal cannot be written: Read-only file system, and ")
    assert text == "  Tests need Postgres"
    assert hint in then
    assert records(booted) == []


def test_without_a_start_of_a_session_it_is_not_saved(sandbox: Sandbox) -> None:
    done = sandboxed(sandbox, "flag", "one")

    assert done.code == 3
    assert "NOT SAVED" in done.err
    assert "no start of a session has made a spool" in done.err


def test_a_changed_temporary_folder_changes_nothing(booted: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()

    done = sandboxed(booted, "flag", "one", env={"TMPDIR": str(tmp_path / "other")})

    assert SAID in done.out
    assert texts(booted) == ["one"]


def test_a_credential_is_refused_in_the_sandbox_already(booted: Sandbox) -> None:
    done = sandboxed(booted, "flag", f"the token is {TOKEN}")

    assert done.code == 4
    assert records(booted) == []


def test_inside_the_sandbox_status_and_boot_count_what_lies_there(booted: Sandbox) -> None:
    sandboxed(booted, "flag", "-", input="one\ntwo\n")

    inside = sandboxed(booted, "status")
    assert "2 in the spool" in inside.out
    assert json.loads(sandboxed(booted, "status", "--json").out)["spooled"] == 2
    booted.commit("work that the boot would mark")
    payload = json.dumps({"session_id": "s", "cwd": str(booted.path), "source": "startup"})
    boot = sandboxed(booted, "hook", "claude-code", "SessionStart", input=payload)
    assert "2 flags wait in the spool" in boot.out

    assert booted.gitmem("status", "--json").out.count("spooled") == 0


def test_doctor_counts_what_lies_there_and_mends_it(booted: Sandbox) -> None:
    sandboxed(booted, "flag", "one")

    found = booted.gitmem("doctor")
    assert "not saved yet, in the spool only: 1" in found.out
    booted.gitmem("doctor", "--fix")

    assert records(booted) == []
    assert "nothing waits in it" in booted.gitmem("doctor").out


def test_doctor_says_where_the_spool_is_another_one(booted: Sandbox, tmp_path: Path) -> None:
    path = spool_of(booted)
    path.rename(tmp_path / "moved")
    path.mkdir(0o700)

    assert "is not the folder that a session's start made" in booted.gitmem("doctor").out
    fire(booted, "SessionStart.resume", session_id="next")
    assert spool_of(booted) != path


def test_what_is_refused_is_said_at_boots_until_a_person_takes_it_away(booted: Sandbox) -> None:
    (spool_of(booted) / "aaaaaaaaaaaa.jsonl").write_text("not a flag\n", encoding="utf-8")

    fire(booted, "PostToolUse.Bash")
    first = boot_text(booted)
    again = boot_text(booted)

    assert "1 spooled flag was refused and is not in the queue (not a JSON line" in first
    assert "1 spooled flag was refused" in again
    shown = booted.gitmem("status").out
    assert "1 spooled text refused" in shown
    assert "not a flag" in shown
    assert json.loads(booted.gitmem("status", "--json").out)["refused"] == 1
    assert "1 spooled text refused" in booted.gitmem("doctor").out
    (kept,) = spool_of(booted).iterdir()
    assert str(kept) in shown

    kept.unlink()
    assert "no longer kept" in booted.gitmem("status").out
    assert "refused" not in booted.gitmem("status").out
    assert boot_text(booted) == ""


def test_a_planted_credential_is_in_no_message_and_no_file_of_the_git_directory(
    booted: Sandbox,
) -> None:
    planted = new_flag("x", source="y").line.replace('"x"', f'"the token is {TOKEN}"')
    (spool_of(booted) / "aaaaaaaaaaaa.jsonl").write_text(planted + "\n", encoding="utf-8")

    said = [booted.gitmem("status"), booted.gitmem("status"), booted.gitmem("doctor")]

    assert all(TOKEN not in done.out + done.err for done in said)
    assert "credential" in said[0].out
    files = [path for path in folder_of(booted).rglob("*") if path.is_file()]
    assert all(TOKEN.encode() not in path.read_bytes() for path in files)


def test_a_repository_cannot_plant_a_flag(sandbox: Sandbox, temporary: Path) -> None:
    """A committed folder that looks like a spool is none: only the one that a boot made counts."""
    flag = new_flag("planted")
    sandbox.commit("plant", {f"spool-gitmem-aaaaaaaaaaaa/{flag.id}.jsonl": flag.line + "\n"})
    env_tmp = {"TMPDIR": str(sandbox.path)}
    payload = json.dumps({"session_id": "s", "cwd": str(sandbox.path), "source": "startup"})
    sandbox.gitmem("hook", "claude-code", "SessionStart", input=payload, env=env_tmp)

    assert sandbox.path not in spool_of(sandbox).parents
    assert texts(sandbox) == []
    spool_of(sandbox).rmdir()


def test_two_processes_at_once_save_each_once(booted: Sandbox) -> None:
    ids = []
    for number in range(20):
        done = sandboxed(booted, "flag", f"fact {number}", "--json")
        ids.append(json.loads(done.out)["id"])

    started = [booted.start("flag", f"beside {number}") for number in range(4)]
    started += [booted.start("status") for _ in range(2)]
    for child in started:
        child.communicate(timeout=PATIENCE)
        assert child.returncode == 0

    saved = ids_in_journal(booted)
    assert [one for one in saved if one in ids] == ids
    assert len(saved) == 24
    assert records(booted) == []


def test_flags_that_are_spooled_while_others_are_saved_are_not_lost(booted: Sandbox) -> None:
    stop = booted.path / "stop"
    loop = "while [ ! -e stop ]; do gitmem status >/dev/null 2>&1; done"
    with subprocess.Popen(
        ["sh", "-c", loop], cwd=booted.path, env={**os.environ, "PATH": with_gitmem()}
    ) as child:
        ids = [
            json.loads(sandboxed(booted, "flag", f"fact {number}", "--json").out)["id"]
            for number in range(15)
        ]
        stop.touch()
        child.wait(timeout=PATIENCE)
    booted.gitmem("status")

    assert ids_in_journal(booted) == ids
    assert records(booted) == []


def test_uninstall_saves_what_waits_and_removes_the_spool(booted: Sandbox, temporary: Path) -> None:
    sandboxed(booted, "flag", "one")
    path = spool_of(booted)

    shown = booted.gitmem("uninstall", "--dry-run")
    assert f"would remove the spool {path}" in shown.out
    assert path.exists()
    done = booted.gitmem("uninstall")

    assert f"removed the spool {path}" in done.out
    assert list(temporary.iterdir()) == []
    assert texts(booted) == ["one"]


def test_a_demo_and_a_doctor_leave_no_spool_behind(booted: Sandbox, temporary: Path) -> None:
    before = sorted(temporary.iterdir())

    booted.gitmem("doctor", "--fire")
    booted.gitmem("demo")

    assert sorted(temporary.iterdir()) == before


def test_what_sweeps_temporary_folders_leaves_the_spool(booted: Sandbox) -> None:
    booted.gitmem("flag", "one")
    booted.gitmem("close", "--engine", "verbatim")
    booted.gitmem("accept")

    assert spool_of(booted).is_dir()


def test_a_boot_is_silent_again_once_everything_is_saved(booted: Sandbox) -> None:
    assert boot_text(booted) == ""


def test_the_session_that_spooled_a_flag_is_not_nudged_for_it_again(booted: Sandbox) -> None:
    sandboxed(booted, "flag", "one", env={"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": SESSION})
    fire(booted, "PostToolUse.Bash")

    assert "flag " in (folder_of(booted) / "sessions" / SESSION).read_text("utf-8")
