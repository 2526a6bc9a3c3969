"""`gitmem init --ci`: what it writes, keeps up to date, leaves to a person, and takes out again."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.sandbox import SOURCE, Sandbox

CHECK, DRAIN = ".github/workflows/gitmem-check.yml", ".github/workflows/gitmem-drain.yml"
LAB, MAIN = ".gitlab/gitmem-check.yml", ".gitlab-ci.yml"
HOOK = ".git/hooks/pre-push"


def changed(sandbox: Sandbox, *args: str) -> list[str]:
    answer = sandbox.gitmem(*args, "--json")
    assert answer.code == 0, answer.err
    return list(json.loads(answer.out)["changed"])


@pytest.fixture
def wired(sandbox: Sandbox) -> Sandbox:
    sandbox.gitmem("init")
    return sandbox


@pytest.mark.parametrize(("host", "files"), [("github", [CHECK, DRAIN]), ("gitlab", [LAB, MAIN])])
def test_it_writes_the_files_of_the_host_and_takes_exactly_them_out(
    wired: Sandbox, host: str, files: list[str]
) -> None:
    before = wired.git("status", "--short", "--untracked-files=all")

    assert changed(wired, "init", "--ci", host, *SOURCE) == [*files, HOOK]
    assert os.access(wired.path / HOOK, os.X_OK)
    assert changed(wired, "init", "--ci", host, *SOURCE) == []
    assert changed(wired, "init") == []
    assert changed(wired, "init", "--ci", "none") == [*files, HOOK]

    assert wired.git("status", "--short", "--untracked-files=all") == before
    assert not (wired.path / HOOK).exists()


def test_another_clone_is_told_of_its_hook_and_has_nothing_to_commit(wired: Sandbox) -> None:
    first = wired.gitmem("init", "--ci", "github", *SOURCE)
    (wired.path / HOOK).unlink()

    second = wired.gitmem("init", "--ci", "github", *SOURCE)

    line = "the pre-push hook is in this clone only; in each other clone: gitmem init --ci github"
    assert line in first.out.splitlines()
    assert line in second.out.splitlines()
    assert "next: commit these files, then work; " in first.out
    assert second.out.splitlines()[0] == f"wrote {HOOK}"
    assert "next: work; gitmem status says what was flagged" in second.out
    assert line not in wired.gitmem("init", "--ci", "none").out


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_uninstall_leaves_nothing_of_it(sandbox: Sandbox, host: str) -> None:
    sandbox.gitmem("init", "--ci", host, *SOURCE)

    assert sandbox.gitmem("uninstall").code == 0

    assert sandbox.git("status", "--short") == ""
    assert not (sandbox.path / HOOK).exists()


def test_without_the_option_nothing_of_ci_is_written(wired: Sandbox) -> None:
    assert not (wired.path / ".github").exists()
    assert not (wired.path / HOOK).exists()


def test_a_dry_run_shows_files_and_hook_and_writes_neither(wired: Sandbox) -> None:
    answer = wired.gitmem("init", "--ci", "github", *SOURCE, "--dry-run")

    assert f"+++ b/{CHECK}" in answer.out
    assert f"would write {HOOK}" in answer.out
    assert not (wired.path / CHECK).exists()
    assert not (wired.path / HOOK).exists()

    wired.gitmem("init", "--ci", "github", *SOURCE)
    taken = wired.gitmem("uninstall", "--dry-run")
    assert f"would remove {CHECK}" in taken.out
    assert f"would remove {HOOK}" in taken.out
    assert (wired.path / HOOK).exists()


def test_an_older_version_is_brought_up_to_date(wired: Sandbox) -> None:
    wired.gitmem("init", "--ci", "github", *SOURCE)
    now = wired.read(CHECK)
    wired.write(CHECK, now.replace("gitmem-cli==", "gitmem-cli==0.0.0.dev"))

    assert changed(wired, "init", "--ci", "github", *SOURCE) == [CHECK]
    assert wired.read(CHECK) == now


@pytest.mark.parametrize(
    "command", [("init", "--ci", "github", *SOURCE), ("init", "--ci", "none"), ("uninstall",)]
)
def test_what_a_person_changed_stays(wired: Sandbox, command: tuple[str, ...]) -> None:
    wired.gitmem("init", "--ci", "github", *SOURCE)
    theirs = wired.read(CHECK).replace("ubuntu-latest", "our-own-runner")
    wired.write(CHECK, theirs)

    answer = wired.gitmem(*command)

    assert f"{CHECK} was edited by a person, and stays as it is" in answer.err
    assert wired.read(CHECK) == theirs


def test_a_pipeline_that_is_there_gets_no_line_but_a_sentence(wired: Sandbox) -> None:
    wired.write(MAIN, "test:\n  script: make\n")

    answer = wired.gitmem("init", "--ci", "gitlab", *SOURCE)

    assert f"put `- local: {LAB}` under its `include:`" in answer.err
    assert wired.read(MAIN) == "test:\n  script: make\n"
    assert wired.gitmem("init", "--ci", "none").err == ""


def test_a_place_behind_a_symlink_is_not_written(wired: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (wired.path / ".github").symlink_to(tmp_path / "outside")

    answer = wired.gitmem("init", "--ci", "github", *SOURCE)

    assert answer.code == 0
    assert "symlink" in answer.err
    assert list((tmp_path / "outside").iterdir()) == []


def test_an_unknown_host_is_refused(wired: Sandbox) -> None:
    assert wired.gitmem("init", "--ci", "jenkins").code == 2
