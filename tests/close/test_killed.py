"""Killed at every step: a rerun of the same command ends where an undisturbed run does.

A step is whatever changes something outside the process: starting git, and opening, renaming,
removing or truncating a file. The process is killed right before its n-th step, for every n. A git child
that is killed halfway is told apart below: what it leaves behind is its lock.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gitmem.core.failures import NoProgress
from gitmem.drain.model_engine import ModelEngine
from gitmem.drain.plan import Work
from gitmem.models.answer_store import AnswerStore
from gitmem.models.reply import Prompt, Reply
from gitmem.models.usage import Usage
from tests.support.desk import Desk
from tests.support.judge import operation
from tests.support.sandbox import Sandbox

_STEPS = {"os.posix_spawn", "os.rename", "os.remove", "os.mkdir", "os.truncate", "os.chmod"}
# Commands that change nothing: a kill before them is the kill before the step that follows.
_LOOKS = {
    "cat-file", "check-attr", "check-ignore", "config", "diff-files", "diff-index", "diff-tree",
    "for-each-ref", "log", "ls-files", "ls-tree", "merge-base", "rev-list", "rev-parse", "show-ref",
    "symbolic-ref", "var", "worktree",
}  # fmt: skip
# A hint that may be lost.
_MAY_STAY = {"published"}
# What the next landing sweeps away before it begins.
_SWEPT = "landing/"
#: Steps a command may take at most; more would mean that the count is wrong.
_MOST = 200


def run(command: Callable[[Desk], object], desk: Desk, kill_at: int) -> bool:
    """Runs the command in a child that dies before its step number ``kill_at``; whether it did."""
    child = os.fork()
    if not child:
        count = 0

        def hook(event: str, args: tuple[object, ...]) -> None:
            nonlocal count
            if event in _STEPS or (event == "open" and _writes(args)):
                if event == "os.posix_spawn" and _only_looks(args[1]):
                    return
                count += 1
                if count == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(hook)
            command(desk)
        except NoProgress:
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - reported; no test's own handler may run
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in {0, -signal.SIGKILL}
    return status != 0


def _writes(args: tuple[object, ...]) -> bool:
    flags = args[2]
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def _only_looks(argv: object) -> bool:
    return bool(_LOOKS.intersection(argv)) if isinstance(argv, list | tuple) else False


def copied(desk: Desk, path: Path) -> Desk:
    """The same repository again, at a fresh place."""
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(desk.sandbox.path, path, symlinks=True)
    return Desk(sandbox=Sandbox(path))


def result(desk: Desk) -> dict[str, object]:
    """All that counts in the end: memory, drained flags, branches, the person's own edits."""
    sandbox = desk.sandbox
    assert sandbox.git("fsck", "--strict", "--no-dangling", "--connectivity-only") == ""
    names = sandbox.git("for-each-ref", "--format=%(refname)").split()
    found: dict[str, object] = {"refs": names, "states": desk.states()}
    for name in ("main", "gitmem/drain", "feature"):
        tree = f"refs/heads/{name}"
        paths = desk.sandbox.git("ls-tree", "-r", "--name-only", tree, check=False).split()
        contents = texts(sandbox, [f"{tree}:{path}" for path in paths]) if paths else []
        found[name] = {
            path: text
            for path, text in zip(paths, contents, strict=True)
            if not path.startswith(".gitmem/")
        }
        found[f"records of {name}"] = sum(
            text.count('{"id":')
            for path, text in zip(paths, contents, strict=True)
            if path.startswith(".gitmem/")
        )
    found["status"] = sandbox.git("status", "--porcelain")
    found["files"] = {
        path.name: path.read_bytes()
        for path in sandbox.path.rglob("*.*")
        if path.is_file() and ".git" not in str(path.relative_to(sandbox.path))
    }
    own = Path(desk.repo.folder)
    left = {str(path.relative_to(own)) for path in own.rglob("*") if path.is_file()}
    found["left over"] = sorted(
        name
        for name in left - _MAY_STAY
        if not name.startswith(_SWEPT) and not name.endswith((".lock", ".jsonl"))
    )
    found["locks"] = [
        str(path) for path in (sandbox.path / ".git").rglob("*.lock") if own not in path.parents
    ]
    return found


def texts(sandbox: Sandbox, names: list[str]) -> list[str]:
    """The blobs of these names, by one git."""
    rest = sandbox.git("cat-file", "--batch", input="".join(f"{name}\n" for name in names)) + "\n"
    contents = []
    for _ in names:
        head, _, rest = rest.partition("\n")
        size = int(head.rpartition(" ")[2])
        contents.append(rest[:size])
        rest = rest[size + 1 :]
    return contents


def waiting(desk: Desk) -> None:
    """Landed flags that can be pruned, and new ones."""
    desk.flag("landed")
    desk.close()
    desk.sandbox.git("merge", "--quiet", "--ff-only", "gitmem/drain")
    desk.sandbox.write("README.md", "# edited, not committed\n")
    desk.flag("one")
    desk.flag("it broke", kind="snag", better="mend it")


def in_review(desk: Desk) -> None:
    from gitmem.drain.assemble import with_block

    waiting(desk)
    desk.close()
    desk.sandbox.write("CLAUDE.md", with_block("CLAUDE.md", "# Mine\n", "memory"))


def moved(desk: Desk) -> None:
    in_review(desk)
    desk.sandbox.commit(
        "moved", {"memory/facts.md": desk.sandbox.read("memory/facts.md") + "- x\n"}
    )


def on_a_feature_branch(desk: Desk) -> None:
    waiting(desk)
    desk.sandbox.git("switch", "--quiet", "-c", "feature")


def came_back(desk: Desk) -> None:
    desk.flag("landed")
    desk.land()
    desk.sandbox.git("revert", "--no-edit", "HEAD")


def nobody_has_it(desk: Desk) -> None:
    waiting(desk)
    desk.close()
    desk.sandbox.git("switch", "--quiet", "-c", "feature")


class Obedient:
    """A model that files everything as it is."""

    name = model = host = "obedient"

    here = True

    def warm(self) -> None: ...

    def sent(self, prompt: Prompt) -> dict[str, object]:
        return {"text": prompt.text}

    def stop(self) -> None: ...

    def ask(self, prompt: Prompt, *, until: float) -> Reply:  # noqa: ARG002 - the port's own name
        rows = [operation("keep" if prompt.system == "memory" else "edit", "f1")]
        return Reply(
            data={"operations": rows},
            stop="end_turn",
            usage=Usage(calls=1, dollars=None),
            seconds=0.0,
        )


def judged(desk: Desk) -> object:
    engine = ModelEngine(
        Obedient(),
        {work: work.value for work in Work},
        mark=lambda: "m",
        until=0.0,
        answers=AnswerStore(desk.repo.folder),
    )
    return desk.close(engine=engine)


CASES: dict[str, tuple[Callable[[Desk], None], Callable[[Desk], object]]] = {
    "close": (waiting, lambda desk: desk.close()),
    "close with a model": (waiting, judged),
    "close here": (on_a_feature_branch, lambda desk: desk.close(here=True, everything=True)),
    "close again": (came_back, lambda desk: desk.close()),
    "accept": (in_review, lambda desk: desk.accept()),
    "accept moved": (moved, lambda desk: desk.accept()),
    "accept elsewhere": (nobody_has_it, lambda desk: desk.accept()),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rerun_after_a_kill_at_any_step_ends_where_an_undisturbed_run_does(
    sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    prepare, command = CASES[name]
    desk = Desk(sandbox=sandbox)
    prepare(desk)
    undisturbed = copied(desk, tmp_path / "undisturbed")
    assert not run(command, undisturbed, 0)
    expected = result(undisturbed)
    assert expected["locks"] == []

    for step in range(1, _MOST):
        mine = copied(desk, tmp_path / "killed")
        if not run(command, mine, step):
            break
        assert not run(command, mine, 0), step
        assert result(mine) == expected, step
    assert 5 < step < _MOST - 1


# ------------------------------------------------------------------ git itself is killed

SHIM = """\
#!/bin/sh
# Dies as git does when it is killed: with its lock taken, and its starter killed with it.
case " $* " in
*" {word} "*)
    {before}
    : > "{lock}"
    kill -9 $PPID
    exit 137 ;;
esac
exec "{git}" "$@"
"""


def killed_in(
    desk: Desk,
    command: Callable[[Desk], object],
    tmp_path: Path,
    word: str,
    lock: str,
    before: str = ":",
) -> None:
    """Runs the command with a git that is killed in ``word`` and leaves its lock."""
    folder = tmp_path / "bin"
    folder.mkdir()
    git = shutil.which("git")
    shim = folder / "git"
    path = desk.sandbox.path / ".git" / lock
    path.parent.mkdir(parents=True, exist_ok=True)
    shim.write_text(SHIM.format(word=word, lock=path, git=git, before=before))
    shim.chmod(0o755)
    usual = os.environ["PATH"]
    os.environ["PATH"] = f"{folder}:{usual}"
    try:
        assert run(command, desk, 0)
    finally:
        os.environ["PATH"] = usual
    assert path.exists()


@pytest.mark.parametrize(
    ("name", "word", "lock"),
    [
        ("accept", "merge", "index.lock"),
        ("accept", "update-index --add", "index.lock"),
        ("accept", "merge", "HEAD.lock"),
        ("accept", "merge", "refs/heads/main.lock"),
        ("accept", "-d refs/heads/gitmem/drain", "packed-refs.lock"),
        ("accept", "-d refs/heads/gitmem/drain", "refs/heads/gitmem/drain.lock"),
        ("accept elsewhere", "gitmem: accept refs/heads/main", "refs/heads/main.lock"),
        ("close", "gitmem: close refs/heads/gitmem/drain", "refs/heads/gitmem/drain.lock"),
        ("close here", "merge", "index.lock"),
        ("close here", "refs/gitmem/here/feature", "refs/gitmem/here/feature.lock"),
    ],
)
def test_the_lock_of_a_git_that_was_killed_does_not_block_the_rerun(
    sandbox: Sandbox, tmp_path: Path, name: str, word: str, lock: str
) -> None:
    prepare, command = CASES[name]
    desk = Desk(sandbox=sandbox)
    prepare(desk)
    undisturbed = copied(desk, tmp_path / "undisturbed")
    assert not run(command, undisturbed, 0)
    mine = copied(desk, tmp_path / "killed")

    killed_in(mine, command, tmp_path, word, lock)

    assert not run(command, mine, 0)
    assert result(mine) == result(undisturbed)


def test_a_merge_that_wrote_half_of_the_files_is_finished_by_the_rerun(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    desk = Desk(sandbox=sandbox)
    in_review(desk)
    undisturbed = copied(desk, tmp_path / "undisturbed")
    undisturbed.accept()
    half = f"'{shutil.which('git')}' -C '{tmp_path}/killed' show gitmem/drain:memory/facts.md > "

    mine = copied(desk, tmp_path / "killed")
    killed_in(
        mine,
        CASES["accept"][1],
        tmp_path,
        "merge",
        "index.lock",
        before=f"{half} '{tmp_path}/killed/memory/facts.md'",
    )
    mine.accept()

    assert result(mine) == result(undisturbed)


def test_a_lock_from_long_after_the_kill_is_somebodys_and_is_left_alone(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    desk = Desk(sandbox=sandbox)
    in_review(desk)
    killed_in(desk, CASES["accept"][1], tmp_path, "merge", "index.lock")
    lock = sandbox.path / ".git/index.lock"
    later = lock.stat().st_mtime + 120
    os.utime(lock, (later, later))

    with pytest.raises(Exception, match=r"index\.lock"):
        desk.accept()

    assert lock.exists()
