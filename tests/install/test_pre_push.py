"""The pre-push hook in real clones: it shares the queue, and no push waits or fails for it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.desk import Desk
from tests.support.sandbox import GITMEM, PATIENCE, SOURCE, Result, Sandbox
from tests.support.server import Server

RECORDING = "#!/bin/sh\ncat >>'{seen}'\n"


@pytest.fixture
def desk(server: Server, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A clone with the hook, and gitmem on the PATH."""
    monkeypatch.setenv("PATH", f"{GITMEM.parent}{os.pathsep}{os.environ['PATH']}")
    found = server.clone("desk")
    assert found.sandbox.gitmem("init", "--ci", "github", *SOURCE).code == 0
    return found


def push(sandbox: Sandbox, *words: str) -> Result:
    """A person's push of a new commit on main."""
    sandbox.commit("work")
    done = subprocess.run(
        ["git", "push", *(words or ("origin", "main"))],
        cwd=sandbox.path,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    return Result(code=done.returncode, out=done.stdout, err=done.stderr)


def test_a_push_takes_the_queue_along(server: Server, desk: Desk) -> None:
    desk.flag("The cache is keyed by commit")

    done = push(desk.sandbox)

    assert (done.code, "gitmem" in done.err) == (0, False)
    assert "keyed by commit" in server.bare.git("log", "--format=%s", "gitmem/queue")
    assert server.tip("refs/heads/main") == desk.sandbox.git("rev-parse", "main")


def test_a_linked_work_tree_has_it_too(server: Server, desk: Desk) -> None:
    desk.flag("waits")
    linked = desk.sandbox.worktree("linked")

    assert push(linked, "origin", "linked").code == 0
    assert server.tip()


def test_a_push_of_gitmems_own_branches_starts_no_other(
    server: Server, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "gitmem").write_text(f"#!/bin/sh\ntouch '{tmp_path}/started'\n", encoding="utf-8")
    (programs / "gitmem").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")

    assert push(desk.sandbox, "origin", "main:gitmem/drain").code == 0
    assert not (tmp_path / "started").exists()
    assert push(desk.sandbox, "origin", "main:gitmem/drain", "main").code == 0
    assert (tmp_path / "started").exists()


def test_a_push_to_another_remote_shares_nothing(
    server: Server, desk: Desk, tmp_path: Path
) -> None:
    desk.flag("waits")
    desk.sandbox.git("init", "--quiet", "--bare", str(tmp_path / "fork.git"))
    desk.sandbox.git("remote", "add", "fork", str(tmp_path / "fork.git"))

    assert push(desk.sandbox, "fork", "main").code == 0
    assert server.tip() == ""


def test_a_server_that_declines_the_queue_does_not_fail_the_push(
    server: Server, desk: Desk
) -> None:
    server.hook(
        "update", '#!/bin/sh\ncase $1 in */gitmem/*) echo "protected branch"; exit 1; esac\n'
    )
    desk.flag("waits")

    done = push(desk.sandbox)

    assert done.code == 0
    assert "gitmem: the queue was not shared; gitmem sync says why" in done.err
    assert server.tip() == ""


def test_without_gitmem_on_the_path_it_is_silent(
    server: Server, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.flag("waits")
    path = os.environ["PATH"].split(os.pathsep)
    without = [part for part in path if not (Path(part) / "gitmem").exists()]
    monkeypatch.setenv("PATH", os.pathsep.join(without))

    done = push(desk.sandbox)

    assert (done.code, "gitmem" in done.err, server.tip()) == (0, False, "")


def test_a_sync_that_takes_long_goes_on_beside_the_push(
    server: Server, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    os.mkfifo(tmp_path / "gate")
    # A sync that waits for the gate, and a clock that does not: the hook's ten seconds pass at once.
    scripts = {
        "gitmem": f"#!/bin/sh\nread -r _ <'{tmp_path}/gate'\n",
        "sleep": "#!/bin/sh\nexit 0\n",
    }
    for name, script in scripts.items():
        (programs / name).write_text(script, encoding="utf-8")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")

    done = push(desk.sandbox)
    (tmp_path / "gate").write_text("\n", encoding="utf-8")

    assert done.code == 0
    assert "gitmem: sharing the queue takes long; it goes on beside your push" in done.err
    assert server.tip("refs/heads/main") == desk.sandbox.git("rev-parse", "main")


# ---------------------------------------------------------------- beside the person's own hook


def own(desk: Desk, script: str) -> Path:
    hook = desk.sandbox.path / ".git/hooks/pre-push"
    hook.write_text(script, encoding="utf-8")
    hook.chmod(0o755)
    return hook


def test_the_hook_that_was_there_runs_first_and_gets_what_git_says(
    server: Server, desk: Desk, tmp_path: Path
) -> None:
    desk.sandbox.gitmem("init", "--ci", "none")
    script = RECORDING.format(seen=tmp_path / "seen")
    hook = own(desk, script)
    answer = desk.sandbox.gitmem("init", "--ci", "github", *SOURCE)
    desk.flag("waits")

    assert "your own .git/hooks/pre-push runs first" in answer.err
    assert push(desk.sandbox).code == 0
    seen = (tmp_path / "seen").read_text(encoding="utf-8").splitlines()
    assert [line.split()[2] for line in seen] == ["refs/heads/main", "refs/heads/gitmem/queue"]

    assert desk.sandbox.gitmem("uninstall").code == 0
    assert hook.read_text(encoding="utf-8") == script
    assert os.access(hook, os.X_OK)
    assert not hook.with_name("pre-push.before-gitmem").exists()


def test_the_hook_that_was_there_still_refuses_a_push(server: Server, desk: Desk) -> None:
    desk.sandbox.gitmem("init", "--ci", "none")
    own(desk, "#!/bin/sh\necho 'not on a Friday' >&2\nexit 3\n")
    desk.sandbox.gitmem("init", "--ci", "github", *SOURCE)
    desk.flag("waits")
    before = server.tip("refs/heads/main")

    done = push(desk.sandbox)

    assert done.code != 0
    assert "not on a Friday" in done.err
    assert (server.tip("refs/heads/main"), server.tip()) == (before, "")


def test_a_second_hook_of_a_person_is_left_alone(desk: Desk) -> None:
    desk.sandbox.gitmem("init", "--ci", "none")
    own(desk, "#!/bin/sh\n")
    desk.sandbox.gitmem("init", "--ci", "github", *SOURCE)
    hook = own(desk, "#!/bin/sh\n: another\n")

    answer = desk.sandbox.gitmem("init", "--ci", "github", *SOURCE)

    assert "is not gitmem's hook" in answer.err
    assert hook.read_text(encoding="utf-8") == "#!/bin/sh\n: another\n"
    assert hook.with_name("pre-push.before-gitmem").read_text(encoding="utf-8") == "#!/bin/sh\n"


@pytest.mark.parametrize("folder", [".githooks", "../shared"])
def test_a_hooks_folder_that_others_share_is_not_written_to(
    server: Server, folder: str, tmp_path: Path
) -> None:
    desk = server.clone("other")
    desk.sandbox.git("config", "core.hooksPath", folder)

    answer = desk.sandbox.gitmem("init", "--ci", "github", *SOURCE)

    assert answer.code == 0
    assert "others may share" in answer.err
    assert not (desk.sandbox.path / folder / "pre-push").exists()
    assert not (desk.sandbox.path / ".git/hooks/pre-push").exists()


def test_a_hooks_folder_within_the_git_directory_is_where_it_goes(server: Server) -> None:
    desk = server.clone("other")
    desk.sandbox.git("config", "core.hooksPath", ".git/my-hooks")

    assert desk.sandbox.gitmem("init", "--ci", "github", *SOURCE).code == 0
    assert os.access(desk.sandbox.path / ".git/my-hooks/pre-push", os.X_OK)
    assert desk.sandbox.gitmem("uninstall").code == 0
    assert not (desk.sandbox.path / ".git/my-hooks/pre-push").exists()
