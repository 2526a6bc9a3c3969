"""How git is started: hardened, and never blocked by a full pipe."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitmem.git import process
from tests.support.sandbox import Sandbox


def run(
    sandbox: Sandbox, *args: str, stdin: bytes = b"", ok: tuple[int, ...] = (0,)
) -> process.ProcessResult:
    return process.run(
        args, env=process.clean(os.environ), cwd=str(sandbox.path), stdin=stdin, ok=ok
    )


def test_large_input_and_output_flow_at_the_same_time(sandbox: Sandbox) -> None:
    oid = sandbox.git("rev-parse", "HEAD:README.md")
    done = run(sandbox, "cat-file", "--batch", stdin=f"{oid}\n".encode() * 20_000)

    assert done.out.count(b"# A project") == 20_000


def test_a_child_that_stops_reading_is_no_broken_pipe(sandbox: Sandbox) -> None:
    done = run(sandbox, "version", stdin=b"x" * 1_000_000)

    assert done.text.startswith("git version")


def test_an_unexpected_answer_is_an_error_with_what_git_said(sandbox: Sandbox) -> None:
    with pytest.raises(process.GitFailed, match="git rev-parse failed: Needed a single") as raised:
        run(sandbox, "rev-parse", "--verify", "no-such")

    assert raised.value.code == 128
    assert run(sandbox, "rev-parse", "--verify", "-q", "no-such", ok=(1,)).code == 1


@pytest.mark.parametrize(
    ("script", "code", "hint"),
    [
        ("echo 'fatal: write error: No space left on device' >&2; exit 128", 8, "free some space"),
        ("echo 'error: x: Input/output error' >&2; exit 1", 8, "the disk"),
        ("echo 'fatal: unexpected line in .git/packed-refs: x' >&2; exit 128", 8, "git fsck"),
        ("exit 3", 8, "run the command again"),
        ("kill -9 $$", 7, "run it again"),
        ("echo 'usage: git x' >&2; exit 129", 70, "run the command again"),
    ],
)
def test_a_git_that_fails_is_a_bug_of_ours_only_where_we_asked_what_it_does_not_know(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    code: int,
    hint: str,
) -> None:
    stand_in(tmp_path, script, version="2.39.5")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    with pytest.raises(process.GitFailed) as raised:
        run(sandbox, "rev-parse")

    assert raised.value.exit_code == code
    assert hint in raised.value.hint


def test_a_git_that_is_too_old_says_so_whatever_it_was_asked(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    stand_in(tmp_path, "echo 'error: unknown option' >&2; exit 129", version="2.30.2")

    done = sandbox.gitmem("status", env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})

    assert done.code == 3
    assert "git 2.30 is too old" in done.err
    assert "2.39 or newer" in done.err


def stand_in(folder: Path, script: str, *, version: str) -> None:
    """A program named git that knows its version and does nothing else as it should."""
    text = f"#!/bin/sh\ncase \"$*\" in *' version') echo git version {version}; exit ;; esac\n{script}\n"
    (folder / "git").write_text(text, encoding="utf-8")
    (folder / "git").chmod(0o755)


def test_git_missing_is_said_with_what_to_do(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(process.GitMissing, match="could not be started") as raised:
        run(sandbox, "version")

    assert "install git" in raised.value.hint


def test_no_descriptor_is_left_open(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def count() -> int:
        return len(os.listdir("/dev/fd"))  # noqa: PTH208

    run(sandbox, "version")
    before = count()
    for stdin in (b"", b"x" * 200_000):
        run(sandbox, "version", stdin=stdin)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(process.GitMissing):
        run(sandbox, "version")

    assert count() == before


def test_what_points_at_another_repository_is_taken_out_of_the_environment(
    sandbox: Sandbox,
) -> None:
    known = set(sandbox.git("rev-parse", "--local-env-vars").split())
    known |= {f"GIT_{how}_PATHSPECS" for how in ("LITERAL", "GLOB", "NOGLOB", "ICASE")}
    known |= {"GIT_QUARANTINE_PATH", "GIT_ATTR_SOURCE", "GIT_CONFIG_KEY_0"}
    environ = dict.fromkeys([*known, "HOME"], "x")
    environ["LC_ALL"] = "de_DE.UTF-8"

    assert process.clean(environ) == {
        "HOME": "x",
        "LC_ALL": "C",
        "LANGUAGE": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
    }


def test_a_configured_command_is_not_run(sandbox: Sandbox) -> None:
    marker = sandbox.path / "ran"
    sandbox.git("config", "core.fsmonitor", f"touch '{marker}'; false")
    sandbox.git("config", "core.pager", f"touch '{marker}'")

    run(sandbox, "ls-files")
    run(sandbox, "status", "--porcelain")
    run(sandbox, "log")

    assert not marker.exists()


def test_an_inherited_descriptor_is_only_for_the_child_it_was_given_to(sandbox: Sandbox) -> None:
    kept, other = os.pipe()
    sandbox.git("config", "alias.open", f"!test -e /dev/fd/{kept} && echo open || echo closed")

    def seen(keep: int) -> str:
        cwd = str(sandbox.path)
        return process.run(["open"], env=process.clean(os.environ), cwd=cwd, keep=keep).text

    assert [seen(kept), seen(-1)] == ["open", "closed"]
    os.close(kept)
    os.close(other)


def test_of_an_answer_without_end_only_so_much_is_read_and_the_child_is_ended(
    sandbox: Sandbox,
) -> None:
    oid = sandbox.git("rev-parse", "HEAD:README.md")
    with pytest.raises(process.TooMuch, match="git cat-file answers with more") as raised:
        process.run(
            ["cat-file", "--batch"],
            env=process.clean(os.environ),
            cwd=str(sandbox.path),
            stdin=f"{oid}\n".encode() * 20_000,
            most=1000,
        )

    assert raised.value.out.startswith(oid.encode())
    assert raised.value.exit_code == 8


def test_what_takes_an_answer_may_stop_it_and_leaves_no_descriptor_open(sandbox: Sandbox) -> None:
    def stop(_: bytes) -> None:
        raise ValueError("enough")

    before = len(os.listdir("/dev/fd"))  # noqa: PTH208
    with pytest.raises(ValueError, match="enough"):
        process.run(
            ["cat-file", "--batch-all-objects", "--batch"],
            env=process.clean(os.environ),
            cwd=str(sandbox.path),
            takes=stop,
        )

    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208
