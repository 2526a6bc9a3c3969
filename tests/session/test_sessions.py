"""Session marks, the ledger, HEAD's log, and the memory of a quiet boot."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gitmem.boundaries import boot
from gitmem.git import head_log
from gitmem.records import target
from gitmem.session import boundary, ledger, session_file
from gitmem.session.boundary import Action
from gitmem.session.session import Session
from tests.support.desk import Desk
from tests.support.queues import keep, repository_of
from tests.support.sandbox import Sandbox


def test_marks_are_pending_until_a_nudge_and_seen_for_ever(tmp_path: Path) -> None:
    folder = str(tmp_path / "gitmem")
    assert session_file.read(folder, "s").pending == []

    session_file.mark(folder, "s", ["mark commit aaa", "mark commit bbb"])
    assert session_file.read(folder, "s").pending == ["commit", "commit"]
    session_file.mark(folder, "s", ["nudge commit"])
    session_file.mark(folder, "s", ["mark commit ccc", "end other"])

    found = session_file.read(folder, "s")
    assert found.pending == ["commit"]
    assert found.seen == ["aaa", "bbb", "ccc"]
    assert session_file.read(folder, "another").seen == []


@pytest.mark.parametrize(
    ("lines", "stands"),
    [
        ([], False),
        (["mark commit aaa", "nudge commit"], False),
        (["taint WebFetch"], True),
        (["taint WebFetch", "end other"], True),
        # What a nudge asks for is about the chapter that it closes.
        (["taint WebFetch", "mark commit aaa", "nudge commit"], True),
        (["taint WebFetch", "nudge commit", "nudge commit"], False),
        (["nudge commit", "taint Bash", "nudge commit", "nudge commit", "taint Bash"], True),
        # What a compaction's nudge asks for comes from all that was summed up.
        (["taint Bash", "nudge commit", "nudge turn", "nudge commit compaction"], True),
        (["taint Bash", "nudge compaction", "nudge turn"], False),
        (["taint Bash", "nudge compaction", "nudge compaction"], False),
    ],
)
def test_a_taint_stands_until_the_nudge_after_the_one_that_asks_about_it(
    tmp_path: Path, lines: list[str], stands: bool
) -> None:
    folder = str(tmp_path / "gitmem")
    for line in lines:
        session_file.mark(folder, "s", [line])

    assert session_file.tainted(folder, "s") == stands
    assert not session_file.tainted(folder, "another")


def test_taints_are_known_since_the_last_nudge_and_a_file_nobody_can_read_taints(
    tmp_path: Path,
) -> None:
    folder = str(tmp_path / "gitmem")
    session_file.mark(folder, "s", ["taint mcp__x__y"])
    assert session_file.read(folder, "s").taints == ["mcp__x__y"]
    session_file.mark(folder, "s", ["nudge commit"])
    assert session_file.read(folder, "s").taints == []

    (tmp_path / "gitmem/sessions/folder").mkdir()
    assert session_file.tainted(folder, "folder")


def test_what_is_decided_is_written_before_anybody_else_decides(tmp_path: Path) -> None:
    folder = str(tmp_path / "gitmem")
    made = []

    def decide(known: Session) -> list[Action]:
        made.append(list(known.pending))
        time.sleep(0.01)
        return [Action(boundary.MARK_BOUNDARY, [f"commit c{len(made)}"])]

    threads = [
        threading.Thread(target=session_file.change, args=(folder, "s", decide)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [len(pending) for pending in made] == list(range(8))


def test_a_decision_that_leaves_nothing_writes_nothing(tmp_path: Path) -> None:
    folder = str(tmp_path / "gitmem")

    assert session_file.change(folder, "s", lambda _: [Action(boundary.SAY_BOOT)])
    assert Path(session_file.path(folder, "s")).read_bytes() == b""


def test_a_ledger_line_that_finds_no_room_comes_back_at_the_next_start(tmp_path: Path) -> None:
    folder = str(tmp_path)
    ledger.write(folder, {"event": "one"})
    (tmp_path / "ledger.jsonl").rename(tmp_path / "before")
    (tmp_path / "ledger.jsonl").symlink_to("/dev/full")

    ledger.write(folder, {"event": "two"})
    (tmp_path / "ledger.jsonl").unlink()
    (tmp_path / "before").rename(tmp_path / "ledger.jsonl")
    for _ in range(2):
        ledger.recover(folder)

    lines = (tmp_path / "ledger.jsonl").read_text(encoding="utf-8").split("\n")
    assert [json.loads(line)["event"] for line in lines if line] == ["one", "two"]
    assert (tmp_path / "ledger.spare").stat().st_size == 2048


def test_a_ledger_line_with_no_place_at_all_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space"):
        ledger.write(str(tmp_path), {"event": "x" * 5000})
    (tmp_path / "ledger.spare").unlink()
    (tmp_path / "ledger.spare").mkdir()
    with pytest.raises(OSError, match="No space"):
        ledger.write(str(tmp_path / "."), {"event": "x" * 5000})


@pytest.mark.parametrize("session", ["", "../../etc/passwd", "a/b\0c", "é" * 300, "x" * 300, "."])
def test_a_session_id_cannot_name_a_file_elsewhere(tmp_path: Path, session: str) -> None:
    path = Path(session_file.path(str(tmp_path), session))

    assert path.parent == tmp_path / "sessions"
    assert 0 < len(path.name) <= 80
    assert path.name not in {".", ".."}


def test_the_ledger_is_one_json_line_an_entry_and_two_generations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_LEDGER_BYTES", 200)
    for number in range(12):
        ledger.write(str(tmp_path), {"event": "Tool\n", "number": number})

    lines = [
        json.loads(line)
        for name in ("ledger.1.jsonl", "ledger.jsonl")
        if (tmp_path / name).exists()
        for line in (tmp_path / name).read_text(encoding="utf-8").splitlines()
    ]
    assert [line["number"] for line in lines] == list(range(12))[-len(lines) :]
    assert len(lines) < 12
    assert lines[0]["at"].endswith("Z")


def test_old_session_files_go_and_those_of_today_stay_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, now, day = str(tmp_path), time.time(), 86_400
    assert session_file.forget_old(folder, now) == 0
    monkeypatch.setattr(session_file, "_MANY", 3)
    ages = {"now": 0, "hours": 0.5, "noon": 0.6, "night": 0.9, "days": 3, "weeks": 20, "old": 31}
    for name, days in ages.items():
        session_file.mark(folder, name, ["end other"])
        os.utime(session_file.path(folder, name), (now - days * day, now - days * day))

    assert session_file.forget_old(folder, now) == 3
    assert set(os.listdir(tmp_path / "sessions")) == {"now", "hours", "noon", "night"}  # noqa: PTH208


def test_a_close_and_an_accept_forget_old_sessions(sandbox: Sandbox) -> None:
    desk = Desk(sandbox=sandbox)
    folder = repository_of(sandbox).folder
    for step in (desk.close, desk.accept):
        desk.flag(f"a fact before {step.__name__}")
        session_file.mark(folder, "old", ["end other"])
        os.utime(session_file.path(folder, "old"), (0, 0))
        if step == desk.accept:
            desk.close()
        step()
        assert not Path(session_file.path(folder, "old")).exists()


def test_commits_are_found_however_they_were_made(sandbox: Sandbox) -> None:
    repo = repository_of(sandbox)
    moment = time.time()
    one = sandbox.commit("one")
    sandbox.git("commit", "-q", "--amend", "--allow-empty", "-m", "again")
    two = sandbox.git("rev-parse", "HEAD")
    sandbox.git("checkout", "-q", "-b", "side")
    three = sandbox.commit("three")
    sandbox.git("checkout", "-q", "main")
    sandbox.git("merge", "-q", "--no-ff", "-m", "merged", "side")

    # The log keeps whole seconds: the commit made just before the moment may be in.
    assert head_log.commits_since(repo, moment)[-3:] == [one, two, three]
    assert head_log.commits_since(repo, moment + 100) == []


def test_moving_about_is_no_commit(sandbox: Sandbox) -> None:
    moment = time.time()
    sandbox.git("checkout", "-q", "-b", "side")
    sandbox.git("reset", "-q", "--hard", "HEAD")
    sandbox.git("commit", "-q", "-m", "nothing to commit", check=False)

    found = head_log.commits_since(repository_of(sandbox), moment + 1)
    assert found == []


def test_a_commit_in_a_linked_work_tree_is_that_work_trees(sandbox: Sandbox) -> None:
    linked = sandbox.worktree("second")
    moment = time.time() + 1
    time.sleep(1)
    made = linked.commit("there")

    assert head_log.commits_since(repository_of(linked), moment) == [made]
    assert head_log.commits_since(repository_of(sandbox), moment) == []


def test_without_a_log_the_commit_checked_out_is_looked_at(sandbox: Sandbox) -> None:
    sandbox.git("config", "core.logAllRefUpdates", "false")
    (sandbox.path / ".git" / "logs" / "HEAD").unlink()
    moment = time.time()
    made = sandbox.commit("one")
    repo = repository_of(sandbox)

    assert head_log.commits_since(repo, moment) == [made]
    assert head_log.commits_since(repo, moment + 100) == []
    sandbox.git("checkout", "-q", "--detach")
    assert head_log.commits_since(repo, moment) == [made]


def test_an_unborn_branch_has_no_commits(empty_sandbox: Sandbox) -> None:
    assert head_log.commits_since(repository_of(empty_sandbox), 0) == []


def remembered(sandbox: Sandbox) -> None:
    repo = repository_of(sandbox)
    boot.remember_quiet(repo, boot.look(repo, boot.deciding_refs(target.find(repo, ""))))
    assert boot.still_quiet(repo)


def test_quiet_holds_until_something_that_decides_changes(sandbox: Sandbox) -> None:
    repo = repository_of(sandbox)
    assert not boot.still_quiet(repo)
    sandbox.git("branch", "side")
    changes: list[Callable[[], object]] = [
        lambda: sandbox.commit("a landing, or its revert"),
        lambda: keep(sandbox, 1),
        lambda: sandbox.git("config", "branch.main.merge", "refs/heads/x"),
        lambda: sandbox.write(".gitmem/config.yaml", "target: side\n"),
        lambda: sandbox.git("update-ref", "refs/gitmem/archive", "HEAD"),
        lambda: sandbox.git("update-ref", "refs/remotes/origin/gitmem/queue", "HEAD"),
        lambda: sandbox.git("pack-refs", "--all"),
        lambda: sandbox.git("checkout", "-q", "side"),
    ]
    for change in changes:
        remembered(sandbox)
        change()
        assert not boot.still_quiet(repo)


def test_quiet_survives_what_decides_nothing(sandbox: Sandbox) -> None:
    remembered(sandbox)
    before = os.stat(repository_of(sandbox).folder + "/quiet").st_ino  # noqa: PTH116
    sandbox.write("file", "x")
    sandbox.git("add", "file")
    sandbox.git("branch", "other")

    remembered(sandbox)
    assert os.stat(repository_of(sandbox).folder + "/quiet").st_ino == before  # noqa: PTH116


def test_where_refs_are_no_files_nothing_is_remembered(sandbox: Sandbox) -> None:
    (sandbox.path / ".git" / "reftable").mkdir()
    repo = repository_of(sandbox)
    boot.remember_quiet(repo, boot.look(repo, ["refs/heads/main"]))

    assert not boot.still_quiet(repo)
