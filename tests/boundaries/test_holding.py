"""A guard of mode once: the first call of a session that it fits is denied with the lesson, and the retry passes."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gitmem.boundaries import hold
from gitmem.boundaries.hold import MOST
from gitmem.git import local
from gitmem.memory.guard import ASK, FILE, ONCE, Guard
from gitmem.session import session_file
from gitmem.session.boundary import MARK_HELD, Action
from gitmem.session.session import fold, lines
from tests.support.hooks import SESSION, fire, fire_at_once, ledger, marks
from tests.support.queues import folder_of
from tests.support.sandbox import GITMEM, PATIENCE, Sandbox, changed_environment

ID = "a" * 12
RELEASE = Guard(["Bash"], "make release", "Is the changelog done?", flags=[ID], mode=ONCE)
CALL = "make release"


def made(command: str = CALL, **changes: object) -> dict[str, object]:
    """The changes to a recorded payload that make it one about this command."""
    return {"tool_input": {"command": command}, **changes}


def said(out: str) -> dict[str, Any]:
    return dict(json.loads(out)["hookSpecificOutput"]) if out else {}


def call(sandbox: Sandbox, command: str = CALL, **changes: object) -> dict[str, Any]:
    """What the hook answers before a call."""
    return said(fire(sandbox, "PreToolUse.Bash", **made(command, **changes)).out)


def denied(answer: Mapping[str, Any]) -> bool:
    return answer.get("permissionDecision") == "deny"


def passes_with_the_lesson(answer: Mapping[str, Any]) -> bool:
    return "permissionDecision" not in answer and RELEASE.lesson in answer["additionalContext"]


def land(sandbox: Sandbox, *guards: Guard) -> Sandbox:
    sandbox.commit("guards", {FILE: "".join(guard.line + "\n" for guard in guards)})
    return sandbox


@pytest.fixture
def guarded(sandbox: Sandbox) -> Sandbox:
    return land(sandbox, RELEASE)


def test_the_first_call_is_denied_with_the_lesson_and_the_retry_passes(guarded: Sandbox) -> None:
    first = call(guarded)

    assert denied(first)
    assert "additionalContext" not in first
    told = first["permissionDecisionReason"].splitlines()
    assert told[1] == "- Is the changelog done?"
    assert told[2].endswith(f" --again {ID}")
    assert told[-1].endswith("make it again, and it passes.")
    assert passes_with_the_lesson(call(guarded))
    assert passes_with_the_lesson(call(guarded, "make release VERSION=2"))
    assert [line["did"] for line in ledger(guarded)] == [
        f"held {ID}",
        f"guarded {ID}",
        f"guarded {ID}",
    ]
    assert ledger(guarded)[0]["decided"] == marks(guarded)
    assert CALL not in "".join(marks(guarded))


def test_another_session_has_a_first_call_of_its_own(guarded: Sandbox) -> None:
    assert denied(call(guarded))
    assert denied(call(guarded, session_id="another"))
    assert not denied(call(guarded, session_id="another"))


def test_a_compaction_and_a_resume_do_not_make_a_call_the_first_one(guarded: Sandbox) -> None:
    assert denied(call(guarded))
    fire(guarded, "PreCompact.auto")
    fire(guarded, "SessionStart.compact")
    assert passes_with_the_lesson(call(guarded))
    fire(guarded, "SessionEnd.other")
    fire(guarded, "SessionStart.resume")
    assert passes_with_the_lesson(call(guarded))


def test_of_parallel_calls_one_is_held(guarded: Sandbox) -> None:
    commands = [CALL, CALL, "make release A=1", "make release A=2", "cd x && make release"]
    payloads = [
        ("PreToolUse.Bash", made(command, tool_use_id=f"toolu_{number}"))
        for number, command in enumerate(commands)
    ]

    answers = [said(done.out) for done in fire_at_once(guarded, payloads)]

    assert [denied(answer) for answer in answers].count(True) == 1
    assert all(passes_with_the_lesson(one) for one in answers if not denied(one))
    assert len(marks(guarded)) == 1


def test_one_call_that_several_guards_fit_is_held_once_for_all(sandbox: Sandbox) -> None:
    other = Guard(["Bash"], "make*", "Read the Makefile.", mode=ONCE)
    said_only = Guard(["Bash"], "release", "Tell ops.")
    land(sandbox, said_only, RELEASE, other)

    first = call(sandbox)

    assert denied(first)
    assert first["permissionDecisionReason"].splitlines()[1:4] == [
        "- Is the changelog done?",
        "- Read the Makefile.",
        "- Tell ops.",
    ]
    assert not denied(call(sandbox))
    assert not denied(call(sandbox, "make test"))


def test_a_guard_that_lands_between_a_call_and_its_retry_does_not_hold_the_retry(
    guarded: Sandbox,
) -> None:
    assert denied(call(guarded))
    land(guarded, RELEASE, Guard(["Bash"], "make*", "Read the Makefile.", mode=ONCE))

    assert not denied(call(guarded))
    assert denied(call(guarded, "make test"))


def test_a_session_has_at_most_so_many_holds(sandbox: Sandbox) -> None:
    land(sandbox, *[Guard(["Bash"], f"make t{n}", f"Lesson {n}.", mode=ONCE) for n in range(5)])

    answers = [call(sandbox, f"make t{number}") for number in range(5)]

    assert [denied(answer) for answer in answers] == [True] * MOST + [False] * (5 - MOST)
    assert "Lesson 4." in answers[4]["additionalContext"]


def test_a_file_that_is_written_is_held_by_its_path(sandbox: Sandbox) -> None:
    land(sandbox, Guard(["Edit", "Write"], "src/db/*", "Migrations first.", mode=ONCE))
    given = {"tool_name": "Edit", "tool_input": {"file_path": f"{sandbox.path}/src/db/a.sql"}}

    answers = [said(fire(sandbox, "PreToolUse.Bash", **given).out) for _ in range(2)]

    assert [denied(answer) for answer in answers] == [True, False]


def test_a_person_who_is_to_be_asked_is_asked_at_the_retry(sandbox: Sandbox) -> None:
    land(sandbox, RELEASE, Guard(["Bash"], "make release", "Ask ops.", mode=ASK))

    assert denied(call(sandbox))
    assert call(sandbox)["permissionDecision"] == "ask"


@pytest.mark.parametrize("session", ["", "///", "\u202e", 7, None])
def test_without_a_session_s_id_the_lesson_is_said_and_the_call_passes(
    guarded: Sandbox, session: object
) -> None:
    assert passes_with_the_lesson(call(guarded, session_id=session))
    assert not (folder_of(guarded) / "sessions").exists()


def test_where_no_person_attends_the_lesson_is_said_and_the_call_passes(guarded: Sandbox) -> None:
    for attended, expected in (("0", False), ("1", True)):
        environment = {"CLAUDE_CODE_SESSION_ATTENDED": attended}
        (done,) = fire_at_once(guarded, [("PreToolUse.Bash", made())], env=environment)
        assert denied(said(done.out)) is expected
    assert ledger(guarded)[0]["did"] == f"guarded {ID}"


def test_a_sub_agent_is_told_the_lesson_and_takes_no_hold_from_the_main_thread(
    guarded: Sandbox,
) -> None:
    done = fire(guarded, "PreToolUse.Bash.in_subagent", **made())

    assert passes_with_the_lesson(said(done.out))
    assert denied(call(guarded))


def read_only(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "sessions").write_text("a file", encoding="utf-8")


def a_folder(folder: Path) -> None:
    (folder / "sessions" / SESSION).mkdir(parents=True)


def a_full_device(folder: Path) -> None:
    (folder / "sessions").mkdir(parents=True)
    (folder / "sessions" / SESSION).symlink_to("/dev/full")


@pytest.mark.parametrize("break_it", [read_only, a_folder, a_full_device])
def test_where_the_mark_cannot_be_written_the_call_passes_and_the_ledger_says_why(
    guarded: Sandbox, break_it: Callable[[Path], None]
) -> None:
    break_it(folder_of(guarded))

    assert passes_with_the_lesson(call(guarded))
    line = ledger(guarded)[-1]
    assert line["did"] == f"guarded {ID}"
    assert line["error"].startswith("a call was not held: ")


def test_on_a_full_disk_the_call_passes_and_is_not_half_held(guarded: Sandbox) -> None:
    fire(guarded, "SessionStart.startup")
    call(guarded, "make test")
    file = folder_of(guarded) / "sessions" / SESSION
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"work\n" * 819 + b"\n")
    size = file.stat().st_size
    payload = json.dumps(
        {"hook_event_name": "PreToolUse", "session_id": SESSION, "cwd": str(guarded.path)}
        | {"tool_name": "Bash", "tool_input": {"command": CALL}}
    )
    done = subprocess.run(
        [GITMEM, "hook", "claude-code", "PreToolUse"],
        cwd=guarded.path,
        env=changed_environment(None),
        input=payload,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert passes_with_the_lesson(said(done.stdout))
    assert file.stat().st_size == size
    assert denied(call(guarded))


def test_a_session_file_that_another_hook_holds_on_to_lets_the_call_pass(guarded: Sandbox) -> None:
    file = folder_of(guarded) / "sessions" / SESSION
    file.parent.mkdir(parents=True)
    file.touch()
    with local.Lock(str(file)):
        assert passes_with_the_lesson(call(guarded))
    assert "TimeoutError" in ledger(guarded)[-1]["error"]


def test_a_hook_killed_between_its_mark_and_its_answer_lets_the_retry_pass(
    guarded: Sandbox,
) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while os.write(writing, b" " * 512):
            pass
    except BlockingIOError:
        os.set_blocking(writing, True)  # from here on a writer waits for a reader that there is not
    child = subprocess.Popen(
        [GITMEM, "hook", "claude-code", "PreToolUse"],
        cwd=guarded.path,
        env=changed_environment(None),
        stdin=subprocess.PIPE,
        stdout=writing,
        encoding="utf-8",
    )
    with child:
        assert child.stdin
        payload = {"hook_event_name": "PreToolUse", "session_id": SESSION}
        payload |= {"cwd": str(guarded.path), "tool_name": "Bash"}
        child.stdin.write(json.dumps(payload | {"tool_input": {"command": CALL}}))
        child.stdin.close()
        while not marks(guarded):
            assert child.poll() is None
            time.sleep(0.01)
        child.kill()
    os.close(reading)
    os.close(writing)

    assert passes_with_the_lesson(call(guarded))
    assert len(marks(guarded)) == 1


def test_the_mark_is_synced_before_the_denial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    action = Action(MARK_HELD, ["1", "2"])

    session_file.change(str(tmp_path), SESSION, lambda _: [action], durable=True)
    session_file.change(str(tmp_path), SESSION, lambda _: [action])

    sessions = tmp_path / "sessions"
    assert synced == [path.stat().st_ino for path in (sessions / SESSION, sessions, tmp_path)]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("", ["9", "1", "2"]),
        ("held 9 1\n", []),
        ("held 8 1\n", ["9", "2"]),
        ("held 8 1 2\n", []),
        ("held 7 1\nheld 8 2\n", []),
        ("held\nheld\n", ["9", "1", "2"]),
        ("held 3 4\nheld 5 6\nheld 7 8\n", []),
        ("held 8", ["9", "1", "2"]),
    ],
)
def test_what_is_held_follows_from_the_session_s_file_alone(told: str, expected: list[str]) -> None:
    actions = hold.decide(fold(told), "9", ["1", "2"])

    assert [list(action.about) for action in actions] == ([expected] if expected else [])
    for action in actions:
        after = told + ("" if told.endswith("\n") else "\n") + "\n".join(lines(action))
        assert hold.decide(fold(after), "9", ["1", "2"]) == []
