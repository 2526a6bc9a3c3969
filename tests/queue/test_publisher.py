"""From the journal to the branch: once each, in every kind of repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitmem.git import repository
from gitmem.git.repository import BRANCH
from gitmem.queue import publisher
from gitmem.queue.branch import ACTIVE_LINES, Hint, read_hint
from gitmem.queue.fast_import import NewCommit, RefGuard, fast_import
from gitmem.queue.journal import Journal
from tests.support.queues import (
    WHO,
    folder_of,
    fsck,
    ids_on_branch,
    journal,
    keep,
    new_flag,
    publish,
    repository_of,
    subjects,
)
from tests.support.sandbox import Sandbox


def files(sandbox: Sandbox) -> list[str]:
    found = sandbox.git("ls-tree", "-r", "--name-only", BRANCH).splitlines()
    return sorted(found, key=lambda path: ("sealed" in path, path))


def test_a_flag_becomes_one_commit_on_an_orphan_branch(sandbox: Sandbox) -> None:
    flag = keep(sandbox, 1)[0]
    found = Journal(repository_of(sandbox).folder)
    found.read()

    assert files(sandbox) == ["README.md", f"queue/sealed/{found.writer}-000001.jsonl"]
    assert sandbox.git("show", f"{BRANCH}:{files(sandbox)[1]}") == flag.line
    assert sandbox.git("log", "--format=%B%an <%ae>", BRANCH) == (
        f"flag(fact): fact 0\n\nGitmem-Flag: {flag.id}\n"
        f"Gitmem-Journal: {found.id} {found.size()}\n{WHO}"
    )
    assert sandbox.git("merge-base", "main", BRANCH, check=False) == ""


def test_each_publish_appends_to_the_active_file_until_it_is_full(sandbox: Sandbox) -> None:
    flags = keep(sandbox, 1)
    for count in (1, 100, 40):
        flags += keep(sandbox, count)
    writer = files(sandbox)[1].rpartition("/")[2].partition("-")[0]

    assert files(sandbox) == [
        "README.md",
        f"queue/{writer}-000003.jsonl",
        f"queue/sealed/{writer}-000001.jsonl",
        f"queue/sealed/{writer}-000002.jsonl",
    ]
    assert sorted(ids_on_branch(sandbox)) == sorted(flag.id for flag in flags)
    sealed = sandbox.git("show", f"{BRANCH}:queue/sealed/{writer}-000002.jsonl")
    assert len(sealed.splitlines()) == ACTIVE_LINES
    assert subjects(sandbox)[-1] == "flag: 40 flags"


def test_a_long_text_is_cut_in_the_subject_only(sandbox: Sandbox) -> None:
    keep(sandbox, 1, "x" * 100)

    assert subjects(sandbox) == ["flag(fact): " + "x" * 59 + "…"]


def test_publishing_again_changes_nothing(sandbox: Sandbox) -> None:
    keep(sandbox, 3)
    tip = sandbox.git("rev-parse", BRANCH)

    for change in (lambda: None, lambda: sandbox.git("pack-refs", "--all")):
        change()
        published = publish(sandbox)
        assert (published.reason, published.ids, published.notes) == ("", set(), [])
    assert sandbox.git("rev-parse", BRANCH) == tip


def test_nothing_is_made_where_nothing_was_flagged(sandbox: Sandbox) -> None:
    assert publish(sandbox).reason == ""
    assert not folder_of(sandbox).exists()


@pytest.mark.parametrize("content", ["", "garbage\n", None])
def test_a_lost_hint_costs_nothing(sandbox: Sandbox, content: str | None) -> None:
    flags = keep(sandbox, 2)
    hint = folder_of(sandbox) / "published"
    if content is None:
        hint.unlink()
    else:
        hint.write_text(content, encoding="utf-8")

    flags += keep(sandbox, 2)

    assert sorted(ids_on_branch(sandbox)) == sorted(flag.id for flag in flags)


def test_a_stale_hint_is_found_out_and_nothing_is_published_twice(sandbox: Sandbox) -> None:
    """As after a kill between the commit and the hint."""
    flags = keep(sandbox, 2)
    hint = folder_of(sandbox) / "published"
    stale = hint.read_text(encoding="utf-8")
    flags += keep(sandbox, 2) + keep(sandbox, 1)
    hint.write_text(stale, encoding="utf-8")

    assert publish(sandbox).ids == set()
    flags += keep(sandbox, 2)

    assert sorted(ids_on_branch(sandbox)) == sorted(flag.id for flag in flags)


@pytest.mark.parametrize(
    "text",
    [
        "{oid} journal 10 1 5",  # before the first line of a journal
        "{oid} journal 100 1 200",  # ends before it starts
        "{oid} journal 100 0 100",
        "{oid} journal x 1 100",
        "{oid} journal 100 1",
        "main journal 100 1 100",
    ],
)
def test_a_hint_that_cannot_be_meant_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "published").write_text(text.format(oid="a" * 40), encoding="utf-8")
    assert read_hint(str(tmp_path)) is None

    Hint("a" * 40, "journal", 100, 1, 90).save(str(tmp_path))
    hint = read_hint(str(tmp_path))
    assert hint is not None
    assert (hint.tip, hint.journal, hint.offset) == ("a" * 40, "journal", 100)


def test_a_branch_that_was_deleted_comes_back_from_the_journal(sandbox: Sandbox) -> None:
    flags = keep(sandbox, 3)
    sandbox.git("update-ref", "-d", BRANCH)

    assert publish(sandbox).ids == {flag.id for flag in flags}
    assert sorted(ids_on_branch(sandbox)) == sorted(flag.id for flag in flags)


def test_a_branch_that_was_set_back_gets_its_lines_again(sandbox: Sandbox) -> None:
    flags = keep(sandbox, 1) + keep(sandbox, 1) + keep(sandbox, 1)
    sandbox.git("update-ref", BRANCH, f"{BRANCH}~2")

    publish(sandbox)

    assert sorted(ids_on_branch(sandbox)) == sorted(flag.id for flag in flags)


def test_a_damaged_line_in_the_journal_is_passed_by_and_seals_the_file(sandbox: Sandbox) -> None:
    flags = keep(sandbox, 1) + keep(sandbox, 1)
    with (folder_of(sandbox) / "journal").open("ab") as file:
        file.write(b'\n{"v":1,"id":"torn')
    for _ in range(3):
        flags += keep(sandbox, 1)

    assert sorted(ids_on_branch(sandbox)) == sorted(flag.id for flag in flags)
    assert "torn" not in sandbox.git("grep", "torn", BRANCH, check=False)
    assert [path.count("sealed") for path in files(sandbox)[1:]] == [0, 1, 1]


def test_only_damage_in_the_journal_makes_no_commit(sandbox: Sandbox) -> None:
    keep(sandbox, 1)
    tip = sandbox.git("rev-parse", BRANCH)
    with (folder_of(sandbox) / "journal").open("ab") as file:
        file.write(b"\nnoise\n")

    assert publish(sandbox).reason == ""
    assert sandbox.git("rev-parse", BRANCH) == tip


def test_a_publisher_at_work_is_left_to_it(sandbox: Sandbox) -> None:
    flag = new_flag("one")
    journal(sandbox, [flag])
    guard = RefGuard(repository_of(sandbox))
    assert guard.attempt()
    assert publish(sandbox).reason == "another gitmem is publishing"
    guard.release()

    assert publish(sandbox).ids == {flag.id}


def test_the_holder_takes_along_what_was_appended_while_it_worked(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(sandbox, 1)
    late = new_flag("late")
    original = fast_import

    def slow(repo: repository.Repository, guard: RefGuard, ref: str, commit: NewCommit) -> object:
        if late.id not in ids_late:
            ids_late.append(late.id)
            journal(sandbox, [late])
            assert publish(sandbox).reason == "another gitmem is publishing"
        return original(repo, guard, ref, commit)

    ids_late: list[str] = []
    monkeypatch.setattr(publisher, "fast_import", slow)
    early = new_flag("early")
    journal(sandbox, [early])

    assert publish(sandbox).ids == {early.id, late.id}


@pytest.mark.parametrize("name", ["gitmem", "gitmem/queue/mine"])
def test_a_branch_in_the_way_is_named_and_the_flag_waits_in_the_journal(
    sandbox: Sandbox, name: str
) -> None:
    sandbox.git("branch", name)
    flag = new_flag("one")
    journal(sandbox, [flag])

    assert "rename it" in publish(sandbox).reason
    sandbox.git("branch", "-m", name, "elsewhere")
    assert publish(sandbox).ids == {flag.id}


def test_a_hook_that_rejects_leaves_the_flag_in_the_journal(sandbox: Sandbox) -> None:
    flag = keep(sandbox, 1)[0]
    hook = sandbox.write(".git/hooks/reference-transaction", "#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    waiting = new_flag("two")
    journal(sandbox, [waiting])

    assert "cannot be moved" in publish(sandbox).reason
    assert ids_on_branch(sandbox) == [flag.id]
    hook.unlink()
    assert publish(sandbox).ids == {waiting.id}


def test_other_hooks_do_not_run(sandbox: Sandbox) -> None:
    for name in ("pre-commit", "commit-msg", "post-commit", "post-checkout", "pre-auto-gc"):
        hook = sandbox.write(
            f".git/hooks/{name}", f"#!/bin/sh\ntouch '{sandbox.path}/ran'\nexit 1\n"
        )
        hook.chmod(0o755)

    keep(sandbox, 2)

    assert not (sandbox.path / "ran").exists()


def test_a_foreign_lock_is_waited_for_and_left_alone(sandbox: Sandbox) -> None:
    keep(sandbox, 1)
    lock = sandbox.path / ".git" / f"{BRANCH}.lock"
    lock.touch()
    flag = new_flag("two")
    journal(sandbox, [flag])

    assert publish(sandbox).reason == "another process holds the lock of gitmem/queue"
    assert lock.exists()
    lock.unlink()
    assert publish(sandbox).ids == {flag.id}


def test_the_lock_of_a_killed_publisher_is_removed_at_once(sandbox: Sandbox) -> None:
    keep(sandbox, 1)
    (folder_of(sandbox) / "publish.lock").write_bytes(b"12345\n")
    lock = sandbox.path / ".git" / f"{BRANCH}.lock"
    lock.touch()

    keep(sandbox, 1)

    assert not lock.exists()
    assert (folder_of(sandbox) / "publish.lock").read_bytes() == b""


def test_a_lock_older_than_the_killed_publisher_is_somebody_elses(sandbox: Sandbox) -> None:
    keep(sandbox, 1)
    lock = sandbox.path / ".git" / f"{BRANCH}.lock"
    lock.touch()
    os.utime(lock, (1_700_000_000, 1_700_000_000))
    (folder_of(sandbox) / "publish.lock").write_bytes(b"12345\n")
    journal(sandbox, [new_flag("two")])

    assert "holds the lock" in publish(sandbox).reason
    assert lock.exists()


@pytest.fixture
def gc(sandbox: Sandbox, tmp_path: Path) -> Iterator[list[str]]:
    """A living process that says it is `git gc`, with the arguments in the list it is given."""
    program = tmp_path / "git"
    program.write_text('#!/bin/sh\necho started\nread -r line\nexit "$line"\n', encoding="utf-8")
    program.chmod(0o755)
    arguments = ["gc"]
    running: list[subprocess.Popen[str]] = []

    class Started(list[str]):
        def start(self, *more: str) -> None:
            child = subprocess.Popen(
                [program, *arguments, *more],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert child.stdout is not None
            child.stdout.readline()
            running.append(child)
            sandbox.write(".git/gc.pid", f"{child.pid} some.host")

    yield Started(arguments)
    for child in running:
        child.communicate("0\n")


@pytest.mark.skipif(
    not Path("/proc/self").is_dir(), reason="no /proc: every gc counts as pruning (2026-11)"
)
def test_nothing_is_published_while_a_pruning_gc_runs(sandbox: Sandbox, gc: object) -> None:
    keep(sandbox, 1)
    gc.start("--prune=now")  # type: ignore[attr-defined]
    journal(sandbox, [new_flag("two")])
    assert publish(sandbox).reason == "a pruning `git gc` is running"

    gc.start()  # type: ignore[attr-defined]
    assert publish(sandbox).reason == ""
    sandbox.git("config", "gc.pruneExpire", "now")
    journal(sandbox, [new_flag("three")])
    assert "gc" in publish(sandbox).reason


@pytest.mark.skipif(
    not Path("/proc/self").is_dir(), reason="no /proc: every gc counts as pruning (2026-11)"
)
def test_a_pruning_gc_that_started_meanwhile_makes_the_next_publish_look_at_everything(
    sandbox: Sandbox, gc: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(sandbox, 1)
    original = fast_import

    def overlapped(
        repo: repository.Repository, guard: RefGuard, ref: str, commit: NewCommit
    ) -> object:
        gc.start("--prune=now")  # type: ignore[attr-defined]
        return original(repo, guard, ref, commit)

    monkeypatch.setattr(publisher, "fast_import", overlapped)
    flag = new_flag("two")
    journal(sandbox, [flag])

    assert publish(sandbox).ids == {flag.id}
    assert not (folder_of(sandbox) / "published").exists()


def test_the_process_number_of_a_dead_gc_stops_nobody(sandbox: Sandbox) -> None:
    with subprocess.Popen(["true"]) as dead:
        pass
    for content in (f"{dead.pid} host", f"{os.getpid()} host", "nonsense", "9" * 30 + " host"):
        sandbox.write(".git/gc.pid", content)
        keep(sandbox, 1)


def test_it_works_without_reflogs_and_with_packed_refs(sandbox: Sandbox) -> None:
    sandbox.git("config", "core.logAllRefUpdates", "false")
    flags = keep(sandbox, 2)
    for _ in range(3):
        sandbox.git("pack-refs", "--all")
        flags += keep(sandbox, 1)

    assert sorted(ids_on_branch(sandbox)) == sorted(flag.id for flag in flags)


def test_settings_of_the_person_that_would_spoil_a_flag_have_no_effect(sandbox: Sandbox) -> None:
    sandbox.git("config", "transfer.unpackLimit", "1")
    sandbox.git("config", "commit.gpgSign", "true")
    sandbox.git("config", "gpg.program", "false")
    sandbox.git("config", "core.autocrlf", "true")
    sandbox.write(".gitattributes", "* text eol=crlf\n")

    flags = keep(sandbox, 1) + keep(sandbox, 1)

    assert sorted(ids_on_branch(sandbox)) == sorted(flag.id for flag in flags)
    assert list((sandbox.path / ".git" / "objects" / "pack").glob("*.pack")) == []
    blob = sandbox.git("rev-parse", f"{BRANCH}:{files(sandbox)[1]}")
    assert "\r" not in sandbox.git("cat-file", "blob", blob)


def test_work_tree_index_and_head_are_not_touched(sandbox: Sandbox) -> None:
    sandbox.write("README.md", "edited\n")
    sandbox.write("new.txt", "new\n")
    sandbox.git("add", "new.txt")
    before = [
        (sandbox.path / ".git" / name).read_bytes() for name in ("HEAD", "index", "logs/HEAD")
    ]

    keep(sandbox, 2)

    after = [(sandbox.path / ".git" / name).read_bytes() for name in ("HEAD", "index", "logs/HEAD")]
    assert before == after
    assert sandbox.git("status", "--porcelain") == " M README.md\nA  new.txt"


def formats() -> list[str]:
    return ["--object-format=sha256", "--ref-format=reftable"]


@pytest.mark.parametrize("option", formats())
def test_other_object_and_ref_formats_are_the_same_to_it(tmp_path: Path, option: str) -> None:
    sandbox = Sandbox(tmp_path)
    if sandbox.git("init", "-q", option, check=False) or not (tmp_path / ".git").exists():
        pytest.skip(f"the installed git does not know {option} (2026-11: git 2.39 has no reftable)")
    sandbox.commit("start")
    flags = keep(sandbox, 1)
    for _ in range(3):
        flags += keep(sandbox, 2)
        assert publish(sandbox).ids == set()

    assert sorted(ids_on_branch(sandbox)) == sorted(flag.id for flag in flags)
    assert fsck(sandbox) == ""


def test_two_clones_write_files_of_different_names(sandbox: Sandbox, tmp_path: Path) -> None:
    keep(sandbox, 1)
    other = Sandbox(tmp_path / "other")
    other.path.mkdir()
    other.git("clone", "-q", str(sandbox.path), ".")

    keep(other, 1)

    assert set(files(sandbox)) & set(files(other)) == {"README.md", files(sandbox)[1]}
    assert len(ids_on_branch(other)) == 2


def test_paths_with_a_line_break_cannot_give_fast_import_orders(sandbox: Sandbox) -> None:
    """A queue fetched from somebody else may hold any name; prune rewrites such files."""
    main = sandbox.git("rev-parse", "main")
    keep(sandbox, 1)
    guard = RefGuard(repository_of(sandbox))
    assert guard.attempt()
    evil = f'queue/x"\\\nreset refs/heads/main\nfrom {BRANCH}\n\nM 100644 inline y'
    commit = NewCommit(WHO, "m", parent=sandbox.git("rev-parse", BRANCH), files=[(evil, b"z")])

    done = fast_import(repository_of(sandbox), guard, BRANCH, commit)
    guard.release()

    assert done.code == 0
    assert sandbox.git("rev-parse", "main") == main
    assert evil in sandbox.git("ls-tree", "-r", "-z", "--name-only", BRANCH).split("\0")


def test_an_answer_git_could_not_write_is_no_success(sandbox: Sandbox, tmp_path: Path) -> None:
    keep(sandbox, 1)
    shim = tmp_path / "bin" / "git"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    shim.chmod(0o755)
    flag = new_flag("two")
    journal(sandbox, [flag])
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{shim.parent}:{path}"
    try:
        published = publish(sandbox)
    finally:
        os.environ["PATH"] = path

    assert published.reason
    assert published.ids == set()
    assert publish(sandbox).ids == {flag.id}
