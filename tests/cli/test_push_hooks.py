"""gitmem's commands in a person's own pre-push hook: real pushes, real hooks, a real server."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.desk import Desk
from tests.support.sandbox import GITMEM, PATIENCE, SOURCE, Result, Sandbox
from tests.support.server import Server

#: What runs `gitmem check` in a hook, and what it leaves of the hook's standard input.
PLAIN = "exec gitmem check\n"
WITHOUT_INPUT = "gitmem check </dev/null\n"
AFTER_A_READER = "cat >/dev/null\ngitmem check\n"
BELOW_RUNNERS = "sh -c 'env -u GIT_DIR sh -c \"gitmem check\"; exit $?'\n"
PRE_COMMIT = """read -r local oid ref _
PRE_COMMIT=1 PRE_COMMIT_REMOTE_NAME=$1 PRE_COMMIT_REMOTE_BRANCH=$ref \\
    PRE_COMMIT_LOCAL_BRANCH=$local PRE_COMMIT_TO_REF=$oid gitmem check </dev/null
"""


@pytest.fixture
def desk(server: Server, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A wired clone whose setting up is at the remote, with gitmem on the PATH."""
    monkeypatch.setenv("PATH", f"{GITMEM.parent}{os.pathsep}{os.environ['PATH']}")
    found = server.clone("desk")
    assert found.sandbox.gitmem("init").code == 0
    found.sandbox.git("add", "--all")
    found.sandbox.git("commit", "--quiet", "--message", "gitmem")
    found.sandbox.git("push", "--quiet", "origin", "main")
    return found


def hook(sandbox: Sandbox, script: str, folder: str = ".githooks") -> Path:
    """A pre-push hook where hook managers have theirs: in a folder of the work tree."""
    sandbox.git("config", "core.hooksPath", folder)
    path = sandbox.write(f"{folder}/pre-push", "#!/bin/sh\n" + script)
    path.chmod(0o755)
    return path


def push(sandbox: Sandbox, *words: str) -> Result:
    done = subprocess.run(
        ["git", "push", *words],
        cwd=sandbox.path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    return Result(code=done.returncode, out=done.stdout, err=done.stderr)


@pytest.mark.parametrize(
    "script", [PLAIN, WITHOUT_INPUT, AFTER_A_READER, BELOW_RUNNERS, PRE_COMMIT]
)
def test_what_is_accepted_can_be_pushed_past_a_check_in_the_hook(
    server: Server, desk: Desk, script: str
) -> None:
    desk.flag("The cache is keyed by commit")
    desk.land()
    hook(desk.sandbox, script)

    done = push(desk.sandbox, "origin", "main")

    assert (
        done.code,
        "to be pushed" in done.err + done.out or "drained" in done.err + done.out,
    ) == (
        0,
        True,
    )
    assert server.tip("refs/heads/main") == desk.sandbox.git("rev-parse", "main")
    assert desk.sandbox.gitmem("check").code == 0


def test_a_push_of_the_target_is_declined_while_a_flag_waits(server: Server, desk: Desk) -> None:
    desk.flag("nobody drained this")
    hook(desk.sandbox, PLAIN)
    desk.sandbox.commit("work")

    done = push(desk.sandbox, "origin", "main")

    assert done.code == 1
    assert "1 flag undrained" in done.err + done.out


@pytest.mark.parametrize("script", [PLAIN, WITHOUT_INPUT, PRE_COMMIT])
def test_a_push_of_another_branch_is_about_that_branch(
    server: Server, desk: Desk, script: str
) -> None:
    desk.flag("made on main")
    hook(desk.sandbox, script)
    desk.sandbox.git("switch", "--quiet", "--create", "feature")
    desk.sandbox.commit("work")

    assert push(desk.sandbox, "origin", "feature").code == 0

    desk.flag("made on feature")
    desk.sandbox.commit("more")
    refused = push(desk.sandbox, "origin", "feature")
    assert refused.code == 1
    assert "1 flag undrained on feature" in refused.err + refused.out


def test_a_branch_pushed_from_elsewhere_is_told_from_the_one_checked_out(
    server: Server, desk: Desk
) -> None:
    desk.sandbox.git("switch", "--quiet", "--create", "feature")
    desk.flag("made on feature")
    desk.sandbox.git("switch", "--quiet", "--create", "other", "main")
    desk.sandbox.commit("work")
    hook(desk.sandbox, PLAIN)

    assert push(desk.sandbox, "origin", "other").code == 0
    assert push(desk.sandbox, "origin", "feature:topic").code == 1


def test_what_close_here_committed_goes_with_the_branch(server: Server, desk: Desk) -> None:
    desk.sandbox.git("switch", "--quiet", "--create", "feature")
    desk.flag("made on feature")
    desk.close(here=True)
    hook(desk.sandbox, PLAIN)

    assert push(desk.sandbox, "origin", "feature").code == 0


def test_tags_and_deletions_pass(server: Server, desk: Desk) -> None:
    desk.flag("waits")
    push(desk.sandbox, "origin", "main:old")
    desk.sandbox.git("tag", "v1")
    hook(desk.sandbox, PLAIN)

    tagged = push(desk.sandbox, "origin", "v1")
    deleted = push(desk.sandbox, "origin", ":old")

    assert (tagged.code, deleted.code) == (0, 0)
    assert "moves no branch" in tagged.out + tagged.err


def test_a_detached_push_whose_hook_tells_nothing_is_not_called_one_of_no_branch(
    server: Server, desk: Desk
) -> None:
    desk.flag("waits")
    desk.sandbox.git("switch", "--quiet", "--detach")
    hook(desk.sandbox, WITHOUT_INPUT)

    done = push(desk.sandbox, "origin", "HEAD:refs/heads/other")

    assert done.code == 0
    assert "moves no branch" not in done.out + done.err
    assert "nothing was checked" in done.out + done.err


@pytest.mark.parametrize("command", [["-m", "push"], ["-m", "x", "--", "push"]])
def test_a_commit_that_speaks_of_a_push_is_none(
    server: Server, desk: Desk, command: list[str]
) -> None:
    """What is accepted and not pushed fails a check there as it does in any other commit."""
    desk.flag("The cache is keyed by commit")
    desk.land()
    path = desk.sandbox.write(".githooks/pre-commit", "#!/bin/sh\nexec gitmem check\n")
    path.chmod(0o755)
    desk.sandbox.git("config", "core.hooksPath", ".githooks")
    desk.sandbox.write("push", "x")
    desk.sandbox.git("add", "push")

    done = subprocess.run(
        ["git", "-c", "core.abbrev=8", "commit", *command],
        cwd=desk.sandbox.path,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )

    assert done.returncode == 1
    assert "accepted, not pushed" in done.stdout + done.stderr


def test_a_push_through_an_alias_and_git_s_own_options_is_seen(server: Server, desk: Desk) -> None:
    desk.flag("The cache is keyed by commit")
    desk.land()
    hook(desk.sandbox, PLAIN)
    desk.sandbox.git("config", "alias.up", "push --force-with-lease")

    done = subprocess.run(
        ["git", "-c", "push.default=current", "-C", str(desk.sandbox.path), "up", "origin", "main"],
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )

    assert done.returncode == 0


@pytest.mark.parametrize("script", [PLAIN, WITHOUT_INPUT])
def test_a_check_in_the_hook_lets_the_queue_through(
    server: Server, desk: Desk, script: str
) -> None:
    desk.flag("waits")
    hook(desk.sandbox, script)

    done = desk.sandbox.gitmem("sync")

    assert done.code == 0
    assert server.tip()


def test_the_queue_pushed_by_hand_passes_a_check_in_the_hook(server: Server, desk: Desk) -> None:
    desk.flag("waits")
    hook(desk.sandbox, PLAIN)

    assert push(desk.sandbox, "origin", "gitmem/queue").code == 0


def test_the_json_of_a_check_in_a_hook_says_that_a_push_asks(server: Server, desk: Desk) -> None:
    desk.flag("waits")
    desk.land()
    told = desk.sandbox.path.parent / "told"
    hook(desk.sandbox, f"gitmem check --json >{told}\n")

    assert push(desk.sandbox, "origin", "main").code == 0
    answer = json.loads(told.read_text("utf-8"))
    assert (answer["ok"], answer["pushing"]) == (True, True)


def test_a_check_outside_a_push_reads_nobody_s_input(server: Server, desk: Desk) -> None:
    """A pipe that stays open, as a build machine's may, does not hold it up."""
    desk.flag("waits")
    with desk.sandbox.start("check") as child:
        assert child.stdout is not None
        assert "1 flag undrained" in child.stdout.read()
        assert child.wait(PATIENCE) == 1


@pytest.mark.parametrize("script", ["gitmem sync || true\n", "gitmem sync\n", "exec gitmem sync\n"])
def test_a_sync_in_the_hook_shares_the_queue_and_lets_the_push_through(
    server: Server, desk: Desk, script: str
) -> None:
    desk.flag("The cache is keyed by commit")
    hook(desk.sandbox, script)
    desk.sandbox.commit("work")

    done = push(desk.sandbox, "origin", "main")

    assert done.code == 0
    assert server.tip("refs/heads/main") == desk.sandbox.git("rev-parse", "main")
    assert "keyed by commit" in server.bare.git("log", "--format=%s", "gitmem/queue")


def test_a_sync_by_hand_passes_the_sync_in_its_own_hook(server: Server, desk: Desk) -> None:
    desk.flag("waits")
    told = desk.sandbox.path.parent / "told"
    hook(desk.sandbox, f"gitmem sync --json >>{told}; echo $? >>{told}\n")

    done = desk.sandbox.gitmem("sync")

    assert done.code == 0
    assert server.tip()
    answer, code = told.read_text("utf-8").splitlines()
    assert (json.loads(answer)["sent"], code) == ([], "0")


def test_another_repository_s_sync_in_the_hook_is_a_sync(
    server: Server, desk: Desk, tmp_path: Path
) -> None:
    """Only the repository that pushes is at work already."""
    other = server.clone("other")
    other.flag("from the other one")
    desk.flag("waits")
    hook(desk.sandbox, f"cd {other.sandbox.path} && gitmem sync || true\n")

    assert desk.sandbox.gitmem("sync").code == 0
    said = server.bare.git("log", "--format=%s", "gitmem/queue")
    assert "from the other one" in said


def test_the_line_to_paste_never_fails_a_push(server: Server, desk: Desk, tmp_path: Path) -> None:
    from gitmem.sync.push_hook import LINE

    desk.flag("waits")
    script = hook(desk.sandbox, LINE + "\n")
    assert f"`{LINE}`" in desk.sandbox.gitmem("init", "--ci", "github", *SOURCE).err.replace(
        "\n", " "
    )
    desk.sandbox.commit("work", {"new": "file"})
    desk.sandbox.git("config", "gitmem.remote", "nowhere")

    assert push(desk.sandbox, "origin", "main").code == 0
    assert script.exists()


def sharing(sandbox: Sandbox) -> list[tuple[str, str]]:
    """What the doctor says of sharing: level and words."""
    answer = json.loads(sandbox.gitmem("doctor", "--json").out)
    found = [entry for entry in answer["findings"] if entry["check"] == "sharing"]
    return [(entry["level"], f"{entry['what']} {entry['hint']}") for entry in found]


def test_the_doctor_says_when_ci_is_wired_and_nothing_shares_here(
    server: Server, desk: Desk
) -> None:
    assert sharing(desk.sandbox) == []
    script = hook(desk.sandbox, "# gitmem sync\nnpm test\n", folder=".husky/_")
    assert desk.sandbox.gitmem("init", "--ci", "github", *SOURCE).code == 0

    [(level, said)] = sharing(desk.sandbox)
    assert (level, "nothing in this clone shares" in said, ".husky/_" in said) == (
        "warn",
        True,
        True,
    )

    desk.sandbox.write(".husky/pre-push", "gitmem sync || true\n")
    assert [level for level, _ in sharing(desk.sandbox)] == ["ok"]
    assert script.exists()


def test_the_doctor_names_init_where_the_clone_has_no_hook(server: Server, desk: Desk) -> None:
    assert desk.sandbox.gitmem("init", "--ci", "github", *SOURCE).code == 0
    assert [level for level, _ in sharing(desk.sandbox)] == ["ok"]

    (Path(desk.repo.common) / "hooks" / "pre-push").unlink()

    [(level, said)] = sharing(desk.sandbox)
    assert (level, "gitmem init --ci github" in said) == ("warn", True)
    desk.sandbox.git("config", "gitmem.sync", "auto")
    assert [level for level, _ in sharing(desk.sandbox)] == ["ok"]
