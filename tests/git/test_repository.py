"""Which repository gitmem acts on, and which it refuses."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from gitmem.core.errors import NoRepository
from gitmem.core.failures import NeedsPerson
from gitmem.git import repository
from gitmem.git.repository import discover, head
from gitmem.queue.journal import Journal
from tests.support.queues import folder_of, ids_on_branch
from tests.support.sandbox import Sandbox


def found(path: Path, **environ: str) -> repository.Repository:
    return discover(str(path), {**os.environ, **environ})


def test_the_work_tree_is_found_from_any_folder_inside(sandbox: Sandbox) -> None:
    inside = sandbox.path / "a" / "b"
    inside.mkdir(parents=True)

    repo = found(inside)

    assert Path(repo.top) == sandbox.path
    assert Path(repo.common) == Path(repo.git_dir) == sandbox.path / ".git"
    assert repo.folder == f"{sandbox.path}/.git/gitmem"


def test_a_linked_work_tree_shares_the_common_folder_and_has_its_own_head(sandbox: Sandbox) -> None:
    linked = sandbox.worktree("second")

    repo = found(linked.path)

    assert Path(repo.top) == linked.path
    assert Path(repo.common) == sandbox.path / ".git"
    assert head(repo)[0] == "second"
    assert Path(repo.git_dir) == sandbox.path / ".git" / "worktrees" / "second"


def test_a_submodule_is_a_repository_of_its_own(sandbox: Sandbox, tmp_path: Path) -> None:
    other = Sandbox(tmp_path / "other")
    other.path.mkdir()
    other.git("init", "-q")
    other.commit("start")
    sandbox.git(
        "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other.path), "sub"
    )

    repo = found(sandbox.path / "sub")

    assert Path(repo.top) == sandbox.path / "sub"
    assert Path(repo.common) == sandbox.path / ".git" / "modules" / "sub"


def test_a_bare_repository_is_refused_where_it_stands(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.git("clone", "-q", "--bare", str(sandbox.path), str(tmp_path / "bare"))

    with pytest.raises(NoRepository, match="bare repository") as raised:
        found(tmp_path / "bare" / "objects")

    assert raised.value.exit_code == 3


def test_a_bare_git_folder_is_refused_but_its_work_trees_are_not(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    sandbox.git("clone", "-q", "--bare", str(sandbox.path), str(home / ".git"))
    Sandbox(home).git("worktree", "add", "-q", "-b", "side", "side")

    with pytest.raises(NoRepository, match="bare repository"):
        found(home)
    assert Path(found(home / "side").common) == home / ".git"


def test_a_git_folder_without_the_bare_setting_is_a_work_tree(sandbox: Sandbox) -> None:
    sandbox.git("config", "--unset", "core.bare")

    assert Path(found(sandbox.path).top) == sandbox.path


def test_a_bare_repository_committed_inside_a_work_tree_is_not_entered(sandbox: Sandbox) -> None:
    trap = sandbox.path / "vendor"
    sandbox.git("init", "-q", "--bare", str(trap))

    assert Path(found(trap).top) == sandbox.path


def test_no_repository_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoRepository, match="not inside a git repository") as raised:
        found(tmp_path)

    assert "git init" in raised.value.hint


def test_a_work_tree_whose_repository_is_gone_is_named(sandbox: Sandbox) -> None:
    linked = sandbox.worktree("second")
    (linked.path / ".git").write_text("gitdir: /nowhere/at/all\n", encoding="utf-8")

    with pytest.raises(NoRepository, match="not there"):
        found(linked.path)


def test_a_file_named_dot_git_that_is_none_is_passed_by(sandbox: Sandbox) -> None:
    sandbox.write("inner/.git", "something else")
    (sandbox.path / "empty" / ".git").mkdir(parents=True)

    assert Path(found(sandbox.path / "inner").top) == sandbox.path
    assert Path(found(sandbox.path / "empty").top) == sandbox.path


def test_the_folder_wins_over_git_dir(sandbox: Sandbox, tmp_path: Path) -> None:
    """A git hook exports GIT_DIR of its own repository; gitmem acts on the one it stands in."""
    other = Sandbox(tmp_path / "other")
    other.path.mkdir()
    other.git("init", "-q")

    repo = found(other.path, GIT_DIR=str(sandbox.path / ".git"), GIT_INDEX_FILE="/nowhere")

    assert Path(repo.top) == other.path
    assert Path(repo.git("rev-parse", "--absolute-git-dir").text) == other.path / ".git"


def test_git_dir_counts_where_there_is_no_other_repository(tmp_path: Path) -> None:
    home, store = Sandbox(tmp_path / "home"), tmp_path / "dotfiles"
    home.path.mkdir()
    home.git("init", "-q", "--bare", str(store))
    with pytest.raises(NoRepository, match="no work tree"):
        found(home.path, GIT_DIR=str(store))

    assert Path(found(home.path, GIT_DIR=str(store), GIT_WORK_TREE=".").top) == home.path
    home.git("--git-dir", str(store), "config", "core.bare", "false")
    home.git("--git-dir", str(store), "config", "core.worktree", str(home.path))
    (home.path / "deep").mkdir()
    repo = found(home.path / "deep", GIT_DIR="../../dotfiles")
    assert Path(repo.top) == home.path
    assert repo.git("rev-parse", "--is-inside-work-tree").text == "true"


def test_git_dir_that_is_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoRepository, match="GIT_DIR names no work tree"):
        found(tmp_path, GIT_DIR="nothing")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away (2026-11)")
def test_somebody_elses_repository_is_refused_with_gits_advice(sandbox: Sandbox) -> None:
    for path in (sandbox.path, sandbox.path / ".git"):
        os.chown(path, 12345, 12345)

    with pytest.raises(NoRepository, match="dubious ownership"):
        found(sandbox.path)
    sandbox.git("config", "--global", "safe.directory", str(sandbox.path))
    assert Path(found(sandbox.path).top) == sandbox.path


def test_head_names_branch_and_commit(sandbox: Sandbox) -> None:
    oid = sandbox.git("rev-parse", "HEAD")
    repo = found(sandbox.path)

    assert head(repo) == ("main", oid)
    sandbox.git("pack-refs", "--all")
    assert head(repo) == ("main", oid)
    sandbox.git("checkout", "-q", "--detach")
    assert head(repo) == ("", oid)


def test_a_packed_branch_is_read_without_git_and_what_is_newer_counts(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    traces = tmp_path_factory.mktemp("traces")
    sandbox.git("tag", "-a", "-m", "one", "one")
    sandbox.git("branch", "a/main")
    sandbox.commit("two")
    sandbox.git("pack-refs", "--all")
    packed = sandbox.git("rev-parse", "HEAD")
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(traces))
    assert head(found(sandbox.path)) == ("main", packed)
    assert [*traces.iterdir()] == []
    monkeypatch.delenv("GIT_TRACE2_EVENT")

    newer = sandbox.commit("three")
    assert head(found(sandbox.path)) == ("main", newer)
    sandbox.git("branch", "-q", "other", packed)
    sandbox.git("symbolic-ref", "refs/heads/main", "refs/heads/other")
    assert head(found(sandbox.path)) == ("main", packed)


def test_a_branch_among_very_many_packed_ones_is_told_by_git(sandbox: Sandbox) -> None:
    oid = sandbox.git("rev-parse", "HEAD")
    sandbox.git("pack-refs", "--all")
    with (sandbox.path / ".git" / "packed-refs").open("a", encoding="utf-8") as file:
        file.writelines(f"{oid} refs/tags/release-{number:06}\n" for number in range(20_000))

    assert head(found(sandbox.path)) == ("main", oid)


def test_an_unborn_branch_has_a_name_and_no_commit(empty_sandbox: Sandbox) -> None:
    assert head(found(empty_sandbox.path)) == ("main", "")


def test_a_broken_head_names_nothing(sandbox: Sandbox) -> None:
    repo = found(sandbox.path)
    (sandbox.path / ".git" / "HEAD").write_text("garbage\n", encoding="utf-8")

    assert head(repo) == ("", "")


def test_a_branch_that_is_a_symbolic_ref_is_followed(sandbox: Sandbox) -> None:
    sandbox.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    sandbox.git("symbolic-ref", "HEAD", "refs/heads/alias")

    assert head(found(sandbox.path)) == ("alias", sandbox.git("rev-parse", "main"))


def test_a_folder_name_that_is_no_text_is_a_folder_all_the_same(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/caf\xe9 \xff"
    try:
        os.mkdir(odd)  # noqa: PTH102
    except OSError:
        pytest.skip("this file system takes only UTF-8 names (2026-11)")
    subprocess.run(["git", "init", "-q", odd], check=True)

    repo = discover(os.fsdecode(odd), os.environ)

    assert os.fsencode(repo.top) == odd
    assert os.fsencode(repo.git("rev-parse", "--show-toplevel").text) == odd


def test_object_names_have_forty_or_sixty_four_hex_digits() -> None:
    assert repository.is_oid("a" * 40)
    assert repository.is_oid("0" * 64)
    assert not repository.is_oid("A" * 40)
    assert not repository.is_oid("a" * 41)
    assert not repository.is_oid("")


@pytest.mark.parametrize("damage", ["garbage\n", "", "\0\0\0", "ref refs/heads/main\n"])
def test_a_damaged_head_is_called_so_and_not_detached(sandbox: Sandbox, damage: str) -> None:
    (sandbox.path / ".git" / "HEAD").write_text(damage)

    for command, code in (["status"], 3), (["flag", "a fact"], 3), (["init"], 3), (["check"], 5):
        done = sandbox.gitmem(*command)
        assert done.code == code, command
        assert "HEAD is damaged: it names no branch" in done.out + done.err, command
        assert "detached" not in done.err


@pytest.mark.parametrize("place", ["HEAD", "config", "commondir", "gitmem/journal"])
def test_a_pipe_in_the_git_directory_keeps_nobody_waiting(sandbox: Sandbox, place: str) -> None:
    """git itself waits for ever at some of these; what gitmem opens it opens without waiting."""
    sandbox.gitmem("flag", "x")
    path = sandbox.path / ".git" / place
    path.unlink(missing_ok=True)
    os.mkfifo(path)

    with contextlib.suppress(NoRepository, NeedsPerson, OSError):
        Journal(found(sandbox.path).folder).read()


def test_a_head_that_is_an_old_symbolic_link_is_one(sandbox: Sandbox) -> None:
    place = sandbox.path / ".git" / "HEAD"
    place.unlink()
    place.symlink_to("refs/heads/main")

    assert found(sandbox.path).top == str(sandbox.path)


def test_a_git_folder_that_cannot_be_read_is_not_called_absent(sandbox: Sandbox) -> None:
    loop = sandbox.path / "sub" / ".git"
    loop.parent.mkdir()
    loop.symlink_to(".git")

    with pytest.raises(NoRepository, match="cannot be read: Too many levels"):
        found(loop.parent)


@pytest.mark.parametrize("name", ["beside", "Ümlaut Beside"])
def test_core_worktree_decides_where_files_are_written_and_read(
    sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    beside = tmp_path / name
    beside.mkdir()
    (beside / "README.md").write_text("# A project\n", encoding="utf-8")
    sandbox.git("config", "core.worktree", f"../../{name}")

    for command in (["init"], ["flag", "a fact"], ["close", "--engine", "verbatim"], ["accept"]):
        done = sandbox.gitmem(*command, env={"CLAUDECODE": None})
        assert done.code == 0, done.err

    assert found(sandbox.path).top == str(beside)
    assert (beside / "CLAUDE.md").exists()
    assert (beside / "memory" / "facts.md").exists()
    assert sorted(path.name for path in sandbox.path.iterdir()) == [".git", "README.md"]


def test_a_submodule_asks_git_nothing_about_its_work_tree(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Sandbox(tmp_path / "Other")
    other.path.mkdir()
    other.git("init", "-q")
    other.commit("start")
    sandbox.git(
        "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other.path), "Sub"
    )
    monkeypatch.setenv("PATH", str(tmp_path))

    assert found(sandbox.path / "Sub").top == str(sandbox.path / "Sub")


def test_what_gitmem_makes_in_a_shared_repository_is_the_groups_too(sandbox: Sandbox) -> None:
    """`core.sharedRepository=group`: also what it made before the repository was shared."""
    sandbox.gitmem("flag", "before")
    sandbox.git("init", "-q", "--shared")
    subprocess.run(["chmod", "-R", "g+w", str(sandbox.path / ".git")], check=True)
    subprocess.run(["chmod", "-R", "g-w", str(sandbox.path / ".git/gitmem")], check=True)

    done = sandbox.gitmem("flag", "after", env={"CLAUDE_CODE_SESSION_ID": "s1", "CLAUDECODE": "1"})

    assert done.code == 0
    made = [folder_of(sandbox), *folder_of(sandbox).rglob("*")]
    assert len(made) > 5
    assert [path for path in made if not path.stat().st_mode & stat.S_IWGRP] == []


_HOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); from gitmem.cli.entry import main; main()"


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="a second user needs root and setpriv (2026-11)",
)
def test_the_second_user_of_a_shared_repository_flags_too(sandbox: Sandbox) -> None:
    python = shutil.which("python3", path="/usr/bin")
    if not python:
        pytest.skip("no Python that every user may start (2026-11)")
    sandbox.gitmem("flag", "mine")
    config = Path(os.environ["HOME"], ".gitconfig")
    config.write_text(config.read_text() + "[safe]\n\tdirectory = *\n")
    sandbox.git("init", "-q", "--shared")
    subprocess.run(["chgrp", "-R", "4242", str(sandbox.path)], check=True)
    subprocess.run(["chmod", "-R", "g+w", str(sandbox.path / ".git")], check=True)
    subprocess.run(["chmod", "-R", "g-w", str(sandbox.path / ".git/gitmem")], check=True)
    for folder in [sandbox.path, *sandbox.path.parents, config.parent]:
        folder.chmod(folder.stat().st_mode | 0o055)
    assert sandbox.gitmem("status").code == 0
    powers = ["setpriv", "--reuid", "4301", "--regid", "4242", "--clear-groups"]
    root = Path(__file__).parents[2]

    done = subprocess.run(
        [*powers, python, "-c", _HOT, str(root), "flag", "theirs"],
        cwd=sandbox.path,
        check=False,
        capture_output=True,
        text=True,
    )

    assert (done.stderr, "flagged" in done.stdout) == ("", True)
    assert sandbox.gitmem("flag", "mine again").code == 0
    assert len(ids_on_branch(sandbox)) == 3
