"""What lies in the spool is saved as `flag` would save it, once, or refused and told; whatever it is."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitmem.capture import capture, spooled
from gitmem.capture.capture import FlagDraft
from gitmem.core.errors import Overdue, Refused
from gitmem.core.flag import Flag, make, new_id, parse
from gitmem.git.local import Lock
from gitmem.queue import refused, spool
from gitmem.queue.journal import Journal
from gitmem.session import session_file
from tests.support.queues import (
    ids_in_journal,
    ids_on_branch,
    journal,
    new_flag,
    repository_of,
)
from tests.support.sandbox import Sandbox

AT = "2026-01-02T03:04:05Z"
NOW_AT = "2026-02-03T04:05:06Z"
NOW = 1770091506.0
TOKEN = "gh" + "p_" + "aB3" * 12


@pytest.fixture
def lying(sandbox: Sandbox, tmp_path: Path) -> Path:
    """The spool's folder of the sandbox."""
    repo = repository_of(sandbox)
    (tmp_path / "tmp").mkdir()
    spool.prepare(repo.folder, repo.top, str(tmp_path / "tmp"))
    return Path(spool.places(repo.folder)[0].path)


def saved(sandbox: Sandbox, session: str = "") -> spooled.SpoolSaving:
    return spooled.save(repository_of(sandbox), now=NOW, session=session)


def put(sandbox: Sandbox, *flags: Flag) -> None:
    spool.write(repository_of(sandbox).folder, flags)


def plant(folder: Path, text: str | bytes, name: str = "") -> Path:
    """What something in the sandbox writes by itself."""
    path = folder / (name or f"{new_id(os.urandom(12))}.jsonl")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def planted(folder: Path, **fields: object) -> str:
    """A record of one flag whose fields have not been checked; its id."""
    known = {
        "v": 1,
        "id": new_id(os.urandom(12)),
        "kind": "fact",
        "text": "x",
        "at": AT,
        "by": "me",
    }
    whole = {name: value for name, value in {**known, **fields}.items() if value is not None}
    plant(folder, json.dumps(whole) + "\n")
    return str(whole["id"])


def lines(sandbox: Sandbox) -> list[Flag]:
    data = Journal(repository_of(sandbox).folder).read().decode()
    return [parse(line) for line in data.splitlines() if line]


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_spooled_flag_keeps_its_id_time_and_session_and_gets_the_author_of_now(
    sandbox: Sandbox, lying: Path
) -> None:
    one = new_flag("one", session="s", client="codex", branch="main", by="Somebody <else@x>")

    put(sandbox, one)
    done = saved(sandbox)

    (flag,) = lines(sandbox)
    assert (flag.id, flag.text, flag.at, flag.session) == (one.id, "one", one.at, "s")
    assert (flag.client, flag.branch) == ("codex", "main")
    assert flag.by == "Test Person <person@example.com>"
    assert ids_on_branch(sandbox) == [one.id]
    assert done.sentences() == ["saved 1 spooled flag"]
    assert left(lying) == []
    assert not spool.come(repository_of(sandbox).folder)
    assert session_file.read(repository_of(sandbox).folder, "s").flagged


def test_several_flags_keep_their_order_and_make_one_commit(sandbox: Sandbox, lying: Path) -> None:
    flags = [new_flag(f"fact {number}") for number in range(5)]
    put(sandbox, *flags[:3])
    time.sleep(0.01)  # records have the order of their files' times
    put(sandbox, *flags[3:])

    saved(sandbox)

    assert ids_in_journal(sandbox) == [flag.id for flag in flags]
    assert sandbox.git("rev-list", "--count", "gitmem/queue") == "1"
    assert left(lying) == []


def test_nothing_is_done_where_nothing_lies(sandbox: Sandbox, lying: Path) -> None:
    assert saved(sandbox).sentences() == []
    assert left(lying) == []


def test_a_crash_between_journal_and_removal_saves_it_once(
    sandbox: Sandbox, lying: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = [new_flag("one", session="s"), new_flag("two", session="s")]
    put(sandbox, *flags)

    def killed(*_: object) -> None:
        raise Overdue

    with monkeypatch.context() as patched:
        patched.setattr(spool, "remove", killed)
        with pytest.raises(Overdue):
            saved(sandbox)
    assert ids_in_journal(sandbox) == [flag.id for flag in flags]
    # What was known of it may differ at the second look.
    sandbox.git("config", "user.name", "Another Name")
    session_file.mark(repository_of(sandbox).folder, "s", ["taint WebFetch"])

    done = saved(sandbox)

    assert done.sentences() == []
    assert ids_in_journal(sandbox) == [flag.id for flag in flags]
    assert left(lying) == []


def test_one_that_has_been_drained_and_pruned_meanwhile_is_not_saved_again(
    sandbox: Sandbox, lying: Path
) -> None:
    assert sandbox.gitmem("flag", "the cache is keyed by commit").code == 0
    (flag,) = lines(sandbox)
    for command in (["close", "--engine", "verbatim"], ["accept"]):
        assert sandbox.gitmem(*command).code == 0
    assert ids_in_journal(sandbox) == []

    put(sandbox, flag)
    done = saved(sandbox)

    assert done.sentences() == []
    assert ids_in_journal(sandbox) == []
    assert left(lying) == []


def test_an_id_of_another_flag_is_refused_wherever_that_one_is(
    sandbox: Sandbox, lying: Path
) -> None:
    assert sandbox.gitmem("flag", "the cache is keyed by commit").code == 0
    (queued,) = lines(sandbox)
    for command in (["close", "--engine", "verbatim"], ["accept"]):
        assert sandbox.gitmem(*command).code == 0
    waiting = new_flag("a fact")
    journal(sandbox, [waiting])

    for flag in (queued, waiting):
        planted(lying, id=flag.id, text="something else")
    done = saved(sandbox)

    assert [one.reason for one in done.refused] == [
        f"its id, {flag.id}, is another flag's" for flag in (queued, waiting)
    ]
    assert ids_in_journal(sandbox) == [waiting.id]


def test_one_id_twice_in_the_spool_is_one_flag_or_a_refused_one(
    sandbox: Sandbox, lying: Path
) -> None:
    one = new_flag("one")
    plant(lying, f"{one.line}\n{one.line}\n{json.dumps({**json.loads(one.line), 'text': 'two'})}\n")

    done = saved(sandbox)

    assert [flag.text for flag in lines(sandbox)] == ["one"]
    assert [one.text for one in done.refused] == ["two"]


def test_a_flag_of_a_tainted_session_is_tainted_and_so_is_what_a_tainted_session_saves(
    sandbox: Sandbox, lying: Path
) -> None:
    folder = repository_of(sandbox).folder
    session_file.mark(folder, "read", ["taint WebFetch"])

    put(sandbox, new_flag("own", session="read"))
    put(sandbox, new_flag("said", tainted=True))
    put(sandbox, new_flag("clean", session="other"))
    saved(sandbox)
    put(sandbox, new_flag("beside", session="other"))
    saved(sandbox, session="read")

    assert {flag.text: flag.tainted for flag in lines(sandbox)} == {
        "own": True,
        "said": True,
        "clean": False,
        "beside": True,
    }


def test_a_time_in_the_future_is_the_time_of_saving(sandbox: Sandbox, lying: Path) -> None:
    planted(lying, at="2099-01-01T00:00:00Z")

    saved(sandbox)

    assert [flag.at for flag in lines(sandbox)] == [NOW_AT]


@pytest.mark.parametrize(
    "fields",
    [
        {"text": f"the token is {TOKEN}"},
        {"text": "x" * 1001},
        {"text": "two\nlines"},
        {"text": "hidden \u202e"},
        {"text": "[x](javascript:alert(1))"},
        {"text": ""},
        {"text": 5},
        {"text": None},
        {"body": f"a body\nwith {TOKEN}", "v": 2},
        {"body": "y" * 5000, "v": 2},
        {"source": f"see {TOKEN}"},
        {"topic": "../up"},
        {"topic": TOKEN},
        {"kind": "rumour"},
        {"kind": "snag"},
        {"kind": "snag", "better": "b", "skill": "../up"},
        {"kind": "snag", "better": "b", "rule": "/etc/passwd"},
        {"kind": "snag", "better": "b", "rule": ".github/workflows/ci.yml"},
        {"kind": "snag", "better": "b", "skill": "s", "rule": "CLAUDE.md"},
        {"kind": "snag", "better": "b", "again": "aaaaaaaaaaaa"},
        {"kind": "snag", "better": "run !`date` first"},
        {"better": "only a snag has one"},
        {"skill": "only-a-snag"},
        {"paths": ["../outside"]},
        {"paths": ["/etc/passwd"]},
        {"paths": ["x"] * 21},
        {"paths": "x"},
        {"corrects": "no place"},
        {"corrects": "../x.md: words"},
        {"corrects": "memory/x.md: hidden \u202e"},
        {"corrects": "memory/x.md: words", "kind": "pending"},
        {"at": "yesterday"},
        {"at": None},
        {"head": "main"},
        {"session": "s" * 101},
        {"session": "a\nflag"},
        {"client": "c" * 101},
        {"branch": "b\x1b[31m"},
        {"trigger": "t" * 101},
        {"id": "short"},
        {"id": 5},
        {"v": 99},
        {"v": "1"},
    ],
)
def test_every_guard_of_flag_looks_again(
    sandbox: Sandbox, lying: Path, fields: dict[str, Any]
) -> None:
    planted(lying, **fields)
    good = new_flag("a good one")
    put(sandbox, good)

    done = saved(sandbox)

    assert ids_in_journal(sandbox) == [good.id]
    assert len(done.refused) == 1
    assert done.refused[0].reason
    everything = "".join(path.read_text("utf-8", "replace") for path in _files(sandbox))
    assert TOKEN not in everything
    assert TOKEN not in " ".join(done.sentences())
    (kept,) = left(lying)
    assert str(lying / kept) == done.refused[0].kept


def _files(sandbox: Sandbox) -> Iterator[Path]:
    return (path for path in Path(repository_of(sandbox).folder).rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"\xff\xfe",
        b"null\n",
        b"[]\n",
        b"{}\n",
        b"{" * 100_000,
        b'{"v":1,"id":"' + b"a" * 300_000,
        b"\x00" * 5000,
        b"x\n" * 1001,
        b'"\\ud800"\n',
    ],
)
def test_what_is_no_record_is_refused_and_kept(sandbox: Sandbox, lying: Path, data: bytes) -> None:
    plant(lying, data)

    done = saved(sandbox)

    assert done.refused
    assert done.left == ""
    (kept,) = left(lying)
    assert (lying / kept).read_bytes() == data
    assert not spool.come(repository_of(sandbox).folder)


@given(data=st.binary(max_size=300))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_at_all_stop_the_others(sandbox: Sandbox, lying: Path, data: bytes) -> None:
    plant(lying, data)
    good = new_flag("a good one")
    put(sandbox, good)

    done = saved(sandbox)

    assert [flag.id for flag in done.flags] == [good.id]
    assert [name for name in left(lying) if not name.startswith(spool.ASIDE)] == []


_TEXT = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1, max_size=60
)


@given(text=_TEXT, source=_TEXT)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_flag_takes_is_saved_from_the_spool_as_it_was(
    sandbox: Sandbox, lying: Path, text: str, source: str
) -> None:
    repo = repository_of(sandbox)
    try:
        draft = FlagDraft(text, source=source, paths=["README.md"], topic="a topic")
        fields = capture.checked(draft, cwd=str(sandbox.path), repo=repo)
    except Refused:
        return
    known = {"id": new_id(os.urandom(12)), "at": AT, "by": "Test Person <person@example.com>"}
    flag = make({**known, **fields})

    put(sandbox, flag)
    done = saved(sandbox)

    assert [one.line for one in done.flags] == [flag.line]


def test_pipes_links_and_folders_are_refused_without_waiting(sandbox: Sandbox, lying: Path) -> None:
    names = [f"{new_id(os.urandom(12))}.jsonl" for _ in range(3)]
    os.mkfifo(lying / names[0])
    (lying / names[1]).symlink_to(sandbox.path / "README.md")
    (lying / names[2]).mkdir()
    (lying / names[2] / "inside").touch()
    (lying / "notes.txt").write_text("hello", encoding="utf-8")

    done = saved(sandbox)

    assert len(done.refused) == 4
    assert done.left == ""
    assert all(name.startswith(spool.ASIDE) for name in left(lying))
    assert sandbox.read("README.md") == "# A project\n"


def test_what_is_refused_is_noted_once_also_after_a_crash(
    sandbox: Sandbox, lying: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(lying, text="x" * 1001)

    def killed(*_: object) -> None:
        raise Overdue

    with monkeypatch.context() as patched:
        patched.setattr(spool, "put_aside", killed)
        with pytest.raises(Overdue):
            saved(sandbox)
    saved(sandbox)
    saved(sandbox)

    folder = repository_of(sandbox).folder
    (one,) = refused.read(folder)
    assert "1001" in one.reason
    assert len(left(lying)) == 1
    assert Path(folder, "refused.jsonl").read_bytes().count(b'"v":1') == 1


def test_a_good_line_beside_a_bad_one_is_saved(sandbox: Sandbox, lying: Path) -> None:
    good = new_flag("good")
    plant(lying, f"{good.line}\nnot json\n")

    done = saved(sandbox)

    assert ids_in_journal(sandbox) == [good.id]
    assert [one.text for one in done.refused] == ["not json"]
    saved(sandbox)
    assert ids_in_journal(sandbox) == [good.id]


def test_what_cannot_be_journaled_stays(
    sandbox: Sandbox, lying: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(sandbox, new_flag("one"))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("gitmem.git.local.write_all", full)
        done = saved(sandbox)

    assert "No space left on device" in done.sentences()[0]
    assert lines(sandbox) == []
    assert len(left(lying)) == 1
    assert saved(sandbox).sentences() == ["saved 1 spooled flag"]


def test_a_refusal_that_cannot_be_noted_is_not_put_aside(
    sandbox: Sandbox, lying: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(lying, text="x" * 1001)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("gitmem.git.local.append", full)
        assert "No space left" in saved(sandbox).left

    assert not left(lying)[0].startswith(".")
    assert len(saved(sandbox).refused) == 1


def test_a_damaged_queue_branch_does_not_keep_them(sandbox: Sandbox, lying: Path) -> None:
    assert sandbox.gitmem("flag", "first").code == 0
    tip = sandbox.git("rev-parse", "gitmem/queue")
    path = sandbox.path / ".git/objects" / tip[:2] / tip[2:]
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    one = new_flag("one")
    put(sandbox, one)

    saved(sandbox)

    assert one.id in ids_in_journal(sandbox)
    assert left(lying) == []


def test_another_process_that_saves_is_not_waited_for(sandbox: Sandbox, lying: Path) -> None:
    put(sandbox, new_flag("one"))

    with Lock(repository_of(sandbox).folder + "/spool.lock"):
        assert saved(sandbox).sentences() == []

    assert len(left(lying)) == 1


def test_a_spool_that_is_not_the_one_that_was_made_is_not_read(
    sandbox: Sandbox, lying: Path, tmp_path: Path
) -> None:
    put(sandbox, new_flag("one"))
    lying.rename(tmp_path / "moved")
    lying.symlink_to(tmp_path / "moved")

    assert "not the one" in saved(sandbox).left
    assert lines(sandbox) == []


def test_a_thousand_records_are_saved_once_each(sandbox: Sandbox, lying: Path) -> None:
    flags = [new_flag(f"fact {number}") for number in range(1000)]
    for flag in flags:
        plant(lying, flag.line + "\n", f"{flag.id}.jsonl")

    saved(sandbox)

    assert sorted(ids_in_journal(sandbox)) == sorted(flag.id for flag in flags)
    assert left(lying) == []


def test_a_folder_with_more_names_than_it_may_have_is_said_and_not_read(
    sandbox: Sandbox, lying: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "_LOOKED_AT", 10)
    for number in range(11):
        (lying / f".{number}").touch()

    assert "more than 10 names" in saved(sandbox).left
