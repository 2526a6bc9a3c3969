"""What a boot says about what happened since the last one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitmem.boundaries import boot, fire, lookback
from gitmem.boundaries.background import Flight
from gitmem.session import boundary, ledger, session_file
from gitmem.session.boundary import Event, Words
from gitmem.session.session import boot_line
from tests.support.desk import Desk
from tests.support.hooks import boot_event
from tests.support.queues import folder_of, journal, new_flag, repository_of
from tests.support.sandbox import Sandbox

LATER = 3_600.0  # seconds; past all that is left to the next boot
PROJECT = "projects"


def booted(
    sandbox: Sandbox, session: str = "now", *, after: float = LATER, source: str = "startup"
) -> Words:
    event = boot_event(session, sandbox.path.parent / PROJECT, source)
    return boot.words(repository_of(sandbox), time.time() + after, event)


def fired(sandbox: Sandbox, session: str, event: str = "PostToolUse", **fields: object) -> None:
    folder = str(folder_of(sandbox))
    ledger.write(folder, {"event": event, "session": session, **fields})


def left(sandbox: Sandbox, session: str, *lines: str) -> None:
    """A session whose hooks left these lines."""
    session_file.mark(str(folder_of(sandbox)), session, lines)
    fired(sandbox, session)


@pytest.fixture
def began(sandbox: Sandbox) -> Sandbox:
    """A repository that has seen a boot."""
    assert booted(sandbox, "first", after=0).person == ""
    return sandbox


@pytest.fixture
def gone() -> int:
    """The number of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    return child.pid


def test_a_session_that_ended_without_a_flag_is_said_once(began: Sandbox) -> None:
    left(began, "abcdefgh-1", "mark commit aaa", "mark commit bbb", "mark turn t1", "end other")

    said = booted(began)

    assert said.person == (
        "gitmem: 1 earlier session ended without a single flag: abcdefgh (2 commits). "
        "What is worth keeping can still be flagged: gitmem flag"
    )
    assert said.model.startswith(said.person)
    assert booted(began, "next").person == ""


@pytest.mark.parametrize(
    "lines",
    [
        ["end other"],
        ["mark commit aaa", "nudge commit", "flag abc", "end other"],
        ["seen aaa", "taint Bash", "end other"],
    ],
)
def test_a_session_that_flagged_or_had_nothing_to_flag_is_no_news(
    began: Sandbox, lines: list[str]
) -> None:
    left(began, "s1", *lines)

    assert booted(began).person == ""


def test_a_session_is_dead_when_its_client_is_and_not_before(began: Sandbox, gone: int) -> None:
    mine = f"boot {os.getpid()} {lookback.started(os.getpid())}"
    left(began, "runs", mine, "mark commit aaa")
    left(began, "died", f"boot {gone} 1", "mark commit aaa")
    left(began, "silent", "boot 0 -", "mark commit aaa")

    assert "died (1 commit; it died)" in booted(began).person
    assert booted(began, "next").person == ""
    # What still ran then is judged when it has ended.
    left(began, "runs", "end other")
    assert "runs (1 commit)" in booted(began, "third").person
    assert "silent (1 commit; it died)" in booted(began, "fourth", after=13 * LATER).person


def test_a_process_number_that_was_used_again_is_another_process(gone: int) -> None:
    assert lookback.alive(os.getpid(), lookback.started(os.getpid()))
    assert lookback.alive(os.getpid(), "-")
    assert not lookback.alive(os.getpid(), "1")
    assert not lookback.alive(gone, "-")
    assert lookback.alive(1, "-")


def test_a_client_that_nobody_waited_for_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE)
    began = lookback.started(child.pid)
    assert child.stdout is not None
    child.stdout.read()
    while lookback.alive(child.pid, began):
        time.sleep(0.01)
    child.wait()
    child.stdout.close()


def test_many_sessions_are_one_sentence(began: Sandbox) -> None:
    for number in range(5):
        left(began, f"s{number}", "mark commit aaa", "end other")

    said = booted(began).person

    assert "5 earlier sessions ended without a single flag: s0 (1 commit), s1 (1 commit)" in said
    assert "and 2 more" in said


def test_a_session_that_was_spoken_of_and_went_on_is_judged_anew(began: Sandbox) -> None:
    left(began, "s1", "mark commit aaa", "end other")
    assert "s1 (1 commit)" in booted(began).person

    left(began, "s1", "boot 0 -", "end other")
    assert booted(began, "next").person == ""
    left(began, "s1", "boot 0 -", "mark commit bbb", "end other")
    assert "s1 (1 commit)" in booted(began, "third").person


def test_a_flag_tells_the_file_of_its_session(began: Sandbox) -> None:
    Desk(sandbox=began).flag("a fact")

    assert session_file.told(str(folder_of(began)), "s1")[0].startswith("flag ")


def test_a_hook_that_failed_is_said_once_a_day(began: Sandbox) -> None:
    fired(began, "s1", error="OSError: No space left on \x1b[31mdevice")
    fired(began, "s1", event="Stop", error="OSError: No space left on \x1b[31mdevice")

    said = booted(began).person
    assert said == (
        "gitmem: 2 hooks failed since the last session start; the last one, Stop, 1 hour ago: "
        "OSError: No space left on \\x1b[31mdevice. Look: gitmem audit"
    )
    assert booted(began, "next").person == ""
    fired(began, "s1", event="Stop", error="OSError: No space left on \x1b[31mdevice")
    assert booted(began, "third").person == ""
    fired(began, "s1", event="Stop", error="OSError: No space left on \x1b[31mdevice")
    assert "1 hook failed" in booted(began, "fourth", after=LATER + 86_400).person


CLOSE = {"how": "detached", "engine": "anthropic", "model": "claude-haiku-5-5", "flags": 5}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (CLOSE, "put 5 flags into review (engine anthropic, claude-haiku-5-5)"),
        (
            {**CLOSE, "flags": 1, "model": "", "engine": "verbatim", "left": 2, "reason": "why"},
            "put 1 flag into review (engine verbatim); 2 flags stay queued (why)",
        ),
        ({**CLOSE, "flags": 0, "left": 1, "reason": "no answer"}, "filed nothing: 1 flag stays "),
        ({"how": "detached", "code": 9, "error": "no key"}, "its flags stay queued: no key"),
    ],
)
def test_what_a_close_in_the_background_came_to_is_said_once(
    began: Sandbox, fields: dict[str, object], said: str
) -> None:
    fired(began, "s1", event="SessionEnd", did="marked end, started a close")
    fired(began, "s1", event="close", did="x", **fields)

    told = booted(began).person
    assert told.startswith("gitmem: the close after session s1 ")
    assert said in told
    assert "hook" not in told
    assert booted(began, "next").person == ""


def test_a_close_that_had_nothing_to_do_or_that_a_person_ran_is_no_news(began: Sandbox) -> None:
    fired(began, "s1", event="SessionEnd", did="marked end, started a close")
    fired(began, "s1", event="close", how="detached", did="drained nothing", flags=0)
    fired(began, "s1", event="close", how="inline", did="drained 3", flags=3)

    assert booted(began).person == ""


NOT_SYNCED = "not synced (5): origin was not reached: Connection refused"


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "sync", "did": NOT_SYNCED},
        {"event": "close", "how": "detached", "did": "drained nothing", "sync": NOT_SYNCED},
    ],
)
def test_a_sync_in_the_background_that_failed_is_said_once_a_day(
    began: Sandbox, fields: dict[str, str]
) -> None:
    fired(began, "s1", **fields)

    said = booted(began, "s2").person
    assert said == (
        "gitmem: the queue was not shared after session s1: origin was not reached: Connection "
        "refused. Nothing is lost; to try again: gitmem sync"
    )
    fired(began, "s1", **fields)
    assert booted(began, "s3").person == ""


def test_a_sync_that_went_well_is_no_news_and_makes_up_for_an_earlier_one(began: Sandbox) -> None:
    fired(began, "s1", event="sync", did=NOT_SYNCED)
    fired(began, "s2", event="sync", did="synced with origin: 0 received, 1 sent")

    assert booted(began, "s3").person == ""


def test_a_close_at_work_is_said_and_one_that_vanished_too(began: Sandbox) -> None:
    fired(began, "s1", event="SessionEnd", did="marked end, started a close")
    assert booted(began, after=0).person == ""  # it may be about to begin
    with Flight(str(folder_of(began))) as flight:
        assert flight.take(0)
        assert "still at work in the background" in booted(began, "second").person

    said = booted(began, "third").person
    assert "the close that the end of session s1 started ended without a word" in said
    assert booted(began, "fourth").person == ""


def row(sandbox: Sandbox, seconds: float, **fields: object) -> str:
    at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds))
    base = {"type": "user", "timestamp": at, "cwd": str(sandbox.path)}
    return json.dumps({**base, **fields}) + "\n"


def commit(sandbox: Sandbox, seconds: float = 0.0, **fields: object) -> str:
    result = {"gitOperation": {"commit": {"sha": "e655c3f", "kind": "committed"}}}
    return row(sandbox, seconds, toolUseResult=result, **fields)


def transcript(sandbox: Sandbox, session: str, *rows: str) -> Path:
    file = sandbox.path.parent / PROJECT / f"{session}.jsonl"
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(rows), encoding="utf-8")
    return file


def test_a_boundary_that_no_hook_saw_is_said_once(began: Sandbox) -> None:
    compaction = {"type": "system", "subtype": "compact_boundary"}
    agent = {"toolUseResult": {"status": "completed", "agentId": "a1"}}
    rows = [commit(began), row(began, 0, **agent), row(began, 0, **compaction), "{torn"]
    transcript(began, "session-1", *rows)

    assert booted(began).person == (
        "gitmem: session session- shows 1 commit, 1 sub-agent, 1 compaction that no hook saw. "
        "Look: gitmem audit"
    )
    assert booted(began, "next", after=2 * LATER).person == ""


def test_a_boundary_that_a_hook_saw_is_no_news_and_a_late_hook_is_waited_for(
    began: Sandbox,
) -> None:
    transcript(began, "s1", commit(began))
    assert booted(began, after=0).person == ""
    fired(began, "s1", event="PostToolUse")

    assert booted(began, "next").person == ""


@pytest.mark.parametrize("event", ["SessionStart", "SessionEnd"])
def test_a_hook_of_another_session_or_event_did_not_see_it(began: Sandbox, event: str) -> None:
    transcript(began, "s1", commit(began))
    fired(began, "s1", event=event)
    fired(began, "s10", event="PostToolUse")

    assert "session s1 shows 1 commit" in booted(began).person


def test_what_was_done_elsewhere_or_long_ago_or_is_no_file_is_not_looked_at(
    began: Sandbox,
) -> None:
    transcript(began, "elsewhere", commit(began, cwd="/somewhere/else"))
    transcript(began, "before", commit(began, seconds=-LATER))
    folder = began.path.parent / PROJECT
    (folder / "link.jsonl").symlink_to(folder / "elsewhere.jsonl")
    os.mkfifo(folder / "pipe.jsonl")

    assert booted(began).person == ""


def test_only_the_end_of_a_long_transcript_is_read(began: Sandbox) -> None:
    file = transcript(began, "s1", commit(began))
    with file.open("ab") as long:
        long.truncate(300 << 20)

    assert booted(began).person == ""
    with file.open("ab") as long:
        long.write(b"\n" + commit(began, LATER).encode())
    os.utime(file, (time.time() + LATER, time.time() + LATER))
    assert "1 commit that no hook saw" in booted(began, "next", after=2 * LATER).person


def test_after_a_compaction_nothing_is_looked_back_at(began: Sandbox) -> None:
    left(began, "s1", "mark commit aaa", "end other")

    assert booted(began, source="compact").person == ""
    assert booted(began, "next").person != ""


def test_the_first_boot_of_a_clone_blames_nobody_for_old_transcripts(sandbox: Sandbox) -> None:
    transcript(sandbox, "old", commit(sandbox, seconds=-LATER))

    assert booted(sandbox).person == ""


def test_two_boots_at_once_say_it_once(began: Sandbox) -> None:
    left(began, "s1", "mark commit aaa", "end other")
    lock = lookback.lock(str(folder_of(began)))
    assert lock.attempt()
    assert booted(began).person == ""
    lock.release()

    assert booted(began, "next").person != ""


@pytest.mark.parametrize("content", ["", "\0" * 99, "ledger x y\njudged -1\nclose\n", "watch \n"])
def test_a_state_that_cannot_be_read_begins_anew(began: Sandbox, content: str) -> None:
    (folder_of(began) / "boot").write_text(content, encoding="utf-8")
    left(began, "s1", "mark commit aaa", "end other")

    assert "s1" in booted(began).person
    assert booted(began, "next").person == ""


def test_the_queue_is_told_of_where_nothing_can_be_looked_back_at(began: Sandbox) -> None:
    journal(began, [new_flag("x")])
    state = folder_of(began) / "boot"
    state.unlink()
    state.mkdir()

    said = booted(began).person
    assert said.startswith("gitmem: cannot tell what happened since the last session start: ")
    assert "1 flag waits undrained" in said


def test_the_state_is_bounded(began: Sandbox) -> None:
    folder = str(folder_of(began))
    state = lookback.Lookback()
    state.watched = ["w" * 80] * 500
    state.closes = {f"{number}" * 30: number for number in range(500)}
    state.said = {f"{number} {'x' * 190}": number for number in range(500)}
    lookback.write(folder, state)

    assert (folder_of(began) / "boot").stat().st_size == 8192
    assert len(lookback.read(folder).watched) == 24


def test_a_ledger_that_was_put_aside_is_read_on(
    began: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(folder_of(began))
    fired(began, "s0")
    lines, inode, offset = ledger.since(folder, 0, 0)
    assert len(lines) == 1
    fired(began, "s1")
    monkeypatch.setattr(ledger, "_LEDGER_BYTES", 10)
    fired(began, "s2")  # put aside
    monkeypatch.undo()
    fired(began, "s3")

    lines, inode, offset = ledger.since(folder, inode, offset)
    assert [ledger.entry(line)["session"] for line in lines] == ["s1", "s2", "s3"]
    assert ledger.since(folder, inode, offset)[0] == []
    assert len(ledger.entries(folder)[0]) == 4


def test_a_line_that_is_being_written_comes_next_time(began: Sandbox) -> None:
    folder = str(folder_of(began))
    fired(began, "s1")
    path = folder_of(began) / "ledger.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    lines, inode, offset = ledger.since(folder, 0, 0)
    assert len(lines) == 1
    path.write_bytes(whole + whole)

    assert len(ledger.since(folder, inode, offset)[0]) == 1


def test_a_large_ledger_is_read_from_its_end(began: Sandbox) -> None:
    line = json.dumps({"session": "s1", "event": "Stop", "did": "x" * 300}) + "\n"
    (folder_of(began) / "ledger.jsonl").write_text(line * 10_000, encoding="utf-8")

    lines, inode, offset = ledger.since(str(folder_of(began)), 0, 0)

    assert 2_000 < len(lines) < 4_000
    assert ledger.since(str(folder_of(began)), inode, offset)[0] == []
    assert sum(map(len, ledger.tail(str(folder_of(began))))) <= ledger.MOST


def test_a_boot_through_the_hook_s_door_marks_its_session(sandbox: Sandbox) -> None:
    event = Event(
        boundary.BOOT, client="claude-code", name="SessionStart", session="s1", process=os.getpid()
    )
    fire.fire(repository_of(sandbox), event, time.time())

    (line,) = session_file.told(str(folder_of(sandbox)), "s1")[-1:]
    began = lookback.started(os.getpid())
    assert line == boot_line(os.getpid(), began, str(sandbox.path))
