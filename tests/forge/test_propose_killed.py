"""`close --pr` killed at every step: the next one completes, with one request and no line twice.

A step here is the start of a git that changes a ref or speaks to the remote, and of the program that
opens the request. What happens between those steps of a close is in tests/close/test_killed.py.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gitmem.forge.deliver import Forge
from tests.forge.test_propose import (
    REVIEW,
    Project,
    forget,
    landed,
    landing_sync,
    pr,
    program,
)
from tests.support.desk import Desk
from tests.support.landing import BRANCH
from tests.support.sandbox import Sandbox

_STEPS = {"fetch", "push", "ls-remote", "update-ref", "fast-import", "gh"}
_MOST = 60  # steps at most; more would mean that the count is wrong

# What GitHub's program does to a list of requests with at most one in it; $MEANT is where it dies.
GH = """
dies() { test "$MEANT" != "$1" || { kill -9 $VICTIM; exit 137; }; }
cd "$FORGE"
dies "before $2"
case "$2" in
list) test ! -e text && echo '[]' ||
        echo '[{"number":7,"url":"https://forge.example/7","isCrossRepository":false}]' ;;
create) test ! -e text || { echo 'it exists' >&2; exit 1; }
        cat > text; echo create >> done; echo https://forge.example/7 ;;
edit) cat > text ;;
esac
dies "after $2"
"""


def first(project: Project) -> Desk:
    project.one.flag("a fact")
    project.one.flag("it hung", "snag", better="Run it with --offline")
    return project.one


def beside_another(project: Project) -> Desk:
    """Another clone's review is at the remote, and one of the same queue is here."""
    project.one.flag("shared")
    landing_sync(project.one)
    landing_sync(project.two)
    project.two.flag("of two")
    project.two.close()
    pr(project.one)
    return project.two


def forgetting(project: Project) -> Desk:
    """Another clone's review is at the remote, and what is in review here forgets something."""
    bad, _ = landed(project, "The port is 5432", "Releases are tagged")
    project.one.flag("of one")
    pr(project.one)
    project.two.flag("of two")
    project.two.close()
    forget(project.two, bad)
    return project.two


CASES: dict[str, tuple[Callable[[Project], Desk], list[str], str]] = {
    "first": (first, ["a fact"], "memory: file 2 flags"),
    "beside another": (beside_another, ["shared", "of two"], "memory: file 2 flags"),
    "forgetting": (
        forgetting,
        ["Releases are tagged", "of one", "of two"],
        "memory: file 2 flags, forget 1 flag",
    ),
}


class Stage:
    """A desk with its remote and its forge, to be copied for every kill."""

    def __init__(self, desk: Desk, bare: Path, forge: Path) -> None:
        self.desk = desk
        self.bare = bare
        self.forge = forge
        self.forge.mkdir(exist_ok=True)

    def copied(self, folder: Path) -> Stage:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copytree(self.desk.sandbox.path, folder / "desk", symlinks=True)
        shutil.copytree(self.bare, folder / "project.git", symlinks=True)
        desk = Desk(sandbox=Sandbox(folder / "desk"))
        desk.sandbox.git("remote", "set-url", "origin", (folder / "project.git").as_uri())
        return Stage(desk, folder / "project.git", folder / "forge")

    def run(self, kill_at: int = 0, meant: str = "") -> bool:
        """Closes and proposes in a child that dies before its step, or where it is meant to."""
        child = os.fork()
        if not child:
            os.environ.update(FORGE=str(self.forge), MEANT=meant, VICTIM=str(os.getpid()))
            _die_before(kill_at)
            try:
                pr(self.desk, forge=Forge.GITHUB)
            except BaseException as error:  # noqa: BLE001 - told, and no test's own handler shall run
                os.write(2, f"{type(error).__name__}: {error}\n".encode())
                os._exit(1)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status in {0, -signal.SIGKILL}
        return status != 0

    def finish(self, monkeypatch: pytest.MonkeyPatch, lines: list[str], title: str) -> None:
        """The next close completes what was killed."""
        monkeypatch.setenv("FORGE", str(self.forge))
        monkeypatch.setenv("MEANT", "")
        done = pr(self.desk, forge=Forge.GITHUB)[1]

        tip = Sandbox(self.bare).git("rev-parse", REVIEW)
        assert (done.problem, done.title, done.commit) == ("", title, tip)
        assert self.desk.lines("memory/facts.md") == lines
        assert self.desk.lines("CLAUDE.md").count("Run it with --offline") <= 1
        assert done.url == "https://forge.example/7"
        assert (self.forge / "done").read_text(encoding="utf-8") == "create\n"
        text = (self.forge / "text").read_text(encoding="utf-8")
        assert text.count(f"- `{lines[-1]}`\n") == 1
        assert self.desk.sandbox.git("fsck", "--strict", "--no-dangling") == ""


def _die_before(step: int) -> None:
    count = 0

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal count
        argv = args[1] if event == "os.posix_spawn" else ()
        if isinstance(argv, list | tuple) and _STEPS.intersection(argv):
            count += 1
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def staged(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    program(tmp_path / "bin", "gh", GH)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    (tmp_path / "forges").mkdir()
    project = Project(tmp_path / "forges")
    return Stage(CASES[name][0](project), project.bare.path, tmp_path / "forge")


@pytest.mark.parametrize("name", CASES)
def test_a_kill_at_any_step_is_completed_by_the_next_close(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = staged(name, tmp_path, monkeypatch)
    for step in range(1, _MOST):
        mine = stage.copied(tmp_path / "killed")
        if not mine.run(step):
            break
        mine.finish(monkeypatch, *CASES[name][1:])
    assert 5 < step < _MOST - 1


@pytest.mark.parametrize("meant", ["before list", "after list", "before create", "after create"])
def test_a_kill_while_the_request_is_opened_leaves_one_request(
    meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = staged("first", tmp_path, monkeypatch)

    assert stage.run(meant=meant)

    stage.finish(monkeypatch, *CASES["first"][1:])


@pytest.mark.parametrize("meant", ["before edit", "after edit"])
def test_a_kill_while_the_request_is_updated_leaves_one_request_with_the_newest_text(
    meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = staged("first", tmp_path, monkeypatch)
    assert not stage.run()
    stage.desk.flag("one more")

    assert stage.run(meant=meant)

    stage.finish(monkeypatch, ["a fact", "one more"], "memory: file 3 flags")


@pytest.mark.parametrize("branch", [BRANCH, "gitmem/queue"])
def test_a_kill_while_the_server_has_the_push_and_nobody_here_knows(
    branch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = staged("first", tmp_path, monkeypatch)
    hook = f"grep -q refs/heads/{branch} && kill -9 $VICTIM\nexit 0\n"
    program(stage.bare / "hooks", "post-receive", hook)

    assert stage.run()

    (stage.bare / "hooks" / "post-receive").unlink()
    stage.finish(monkeypatch, *CASES["first"][1:])
