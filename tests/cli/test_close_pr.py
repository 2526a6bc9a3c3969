"""`gitmem close --pr` as a person runs it: words, exit codes, settings."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox

CLIENT = {"CLAUDECODE": "1"}


@pytest.fixture
def project(sandbox: Sandbox) -> Sandbox:
    """A clone with a remote, and a flag in it."""
    bare = sandbox.path.with_name("project.git")
    sandbox.git("clone", "--quiet", "--bare", ".", str(bare))
    sandbox.git("remote", "add", "origin", bare.as_uri())
    sandbox.git("fetch", "--quiet")
    sandbox.git("branch", "--quiet", "--set-upstream-to", "origin/main")
    assert sandbox.gitmem("flag", "a fact").code == 0
    return sandbox


def at_remote(project: Sandbox, ref: str = "gitmem/drain") -> str:
    return project.git("ls-remote", "origin", f"refs/heads/{ref}").partition("\t")[0]


def command(project: Sandbox) -> Path:
    path = project.path.with_name("open-request")
    path.write_text("#!/bin/sh\ncat > /dev/null\necho https://forge.example/pr/1\n", "utf-8")
    path.chmod(0o755)
    return path


def test_it_says_what_was_pushed_and_what_is_next(project: Sandbox) -> None:
    done = project.gitmem("close", "--pr")

    assert done.code == 0, done.err
    tip = project.git("rev-parse", "gitmem/drain")
    assert at_remote(project) == tip
    assert at_remote(project, "gitmem/queue")
    assert done.out.splitlines()[-2:] == [
        f"gitmem/drain {tip[:12]} was pushed to origin: memory: file 1 flag",
        "next: open a pull request on the forge, from gitmem/drain",
    ]


def test_the_address_of_a_plain_push_is_where_a_person_goes_next(project: Sandbox) -> None:
    hook = project.path.with_name("project.git") / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'Open one: https://forge.example/new?b=1'\n", "utf-8")
    hook.chmod(0o755)

    done = project.gitmem("close", "--pr")

    last = "next: open the pull request, or find it, at https://forge.example/new?b=1"
    assert done.out.splitlines()[-1] == last


def test_a_second_run_says_that_it_is_there_already(project: Sandbox) -> None:
    project.gitmem("close", "--pr")
    before = project.git("for-each-ref")

    done = project.gitmem("close", "--pr")

    assert done.code == 0
    assert "is at origin: memory: file 1 flag" in done.out
    assert project.git("for-each-ref") == before


def test_for_a_program_it_is_one_object(project: Sandbox) -> None:
    project.git("config", "gitmem.prCommand", str(command(project)))

    done = project.gitmem("close", "--pr", "--json")

    answer = json.loads(done.out)
    assert answer["commit"] == answer["pr"]["commit"] == at_remote(project)
    assert answer["pr"] == {
        "remote": "origin",
        "way": "command",
        "commit": at_remote(project),
        "pushed": True,
        "url": "https://forge.example/pr/1",
        "title": "memory: file 1 flag",
        "problem": None,
        "hint": None,
    }


def test_a_dry_run_shows_the_text_and_pushes_nothing(project: Sandbox) -> None:
    before = project.git("for-each-ref")

    done = project.gitmem("close", "--pr", "--dry-run")

    assert done.code == 0
    assert "would push gitmem/drain to origin (push): memory: file 1 flag" in done.out
    assert "(as of this clone's last fetch from origin: a dry run does not ask it)" in done.out
    assert "- `a fact`" in done.out
    assert project.git("for-each-ref") == before
    assert at_remote(project) == ""


def test_a_dry_run_with_nothing_to_propose_shows_no_text(project: Sandbox) -> None:
    project.gitmem("close", "--pr")
    project.gitmem("accept")

    done = project.gitmem("close", "--pr", "--dry-run")

    assert done.out.splitlines() == ["would push no review to origin", "nothing was written"]


def test_a_dry_run_without_a_remote_says_so(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "a fact")

    done = sandbox.gitmem("close", "--pr", "--dry-run")

    assert done.code == 5
    assert "has no remote" in done.err


def test_a_remote_that_is_away_is_5_and_the_close_stands(project: Sandbox) -> None:
    there = project.git("remote", "get-url", "origin")
    project.git("remote", "set-url", "origin", "git://127.0.0.1:1/nowhere")

    done = project.gitmem("close", "--pr")

    assert done.code == 5
    assert project.git("rev-parse", "--verify", "gitmem/drain")
    assert "was not proposed: origin was not reached" in done.err
    assert "hint: run it again when the remote can be reached" in done.err
    answer = project.gitmem("close", "--pr", "--json")
    assert (answer.code, bool(json.loads(answer.out)["pr"]["problem"])) == (5, True)
    project.git("remote", "set-url", "origin", there)
    assert project.gitmem("close", "--pr").code == 0
    assert at_remote(project) == project.git("rev-parse", "gitmem/drain")


def test_a_request_that_was_not_opened_is_5_too(project: Sandbox) -> None:
    failing = project.path.with_name("failing")
    failing.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    failing.chmod(0o755)
    project.git("config", "gitmem.prCommand", str(failing))

    done = project.gitmem("close", "--pr")

    assert done.code == 5
    assert at_remote(project) == project.git("rev-parse", "gitmem/drain")


@pytest.mark.parametrize(
    ("options", "setting", "said"),
    [
        (["--here"], "", "--pr and --here cannot be used together"),
        ([], "sourceforge", "git config gitmem.forge is 'sourceforge'"),
    ],
)
def test_what_cannot_be_meant_is_2_before_anything_is_done(
    project: Sandbox, options: list[str], setting: str, said: str
) -> None:
    if setting:
        project.git("config", "gitmem.forge", setting)

    done = project.gitmem("close", "--pr", *options)

    assert done.code == 2
    assert said in done.err
    assert at_remote(project) == ""


@pytest.mark.parametrize("client", [False, True])
def test_inside_a_client_only_this_clone_s_configuration_names_a_command(
    project: Sandbox, *, client: bool
) -> None:
    mark = project.path.with_name("ran")
    evil = project.path.with_name("evil")
    evil.write_text(f"#!/bin/sh\ntouch {mark}\n", encoding="utf-8")
    evil.chmod(0o755)
    config = Path(os.environ["GIT_CONFIG_GLOBAL"])
    config.write_text(config.read_text("utf-8") + f"[gitmem]\n\tprCommand = {evil}\n", "utf-8")
    env = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "gitmem.prCommand",
        "GIT_CONFIG_VALUE_0": str(evil),
        "GITMEM_PR_COMMAND": str(evil),
    }

    done = project.gitmem("close", "--pr", env={**env, **(CLIENT if client else {})})

    assert done.code == 0
    assert mark.exists() is not client
    assert at_remote(project)


def test_a_file_of_the_repository_names_no_command(project: Sandbox) -> None:
    mark = project.path.with_name("ran")
    text = f"version: 1\nprCommand: touch {mark}\ngitmem.prCommand: touch {mark}\n"
    project.commit("settings", {".gitmem/config.yaml": text})

    done = project.gitmem("close", "--pr")

    assert not mark.exists()
    assert done.code in (0, 8)


@pytest.mark.parametrize("wanted", ["true", "false"])
def test_the_review_is_signed_off_when_the_person_said_so(project: Sandbox, wanted: str) -> None:
    project.git("config", "gitmem.signOff", wanted)

    project.gitmem("close", "--pr")
    project.gitmem("flag", "another")
    project.gitmem("close", "--pr")

    message = project.git("log", "-2", "--format=%(trailers:key=Signed-off-by)", "gitmem/drain")
    line = "Signed-off-by: Test Person <person@example.com>"
    assert message.count(line) == (2 if wanted == "true" else 0)
    trailers = project.git("log", "-1", "--format=%(trailers:key=Gitmem-Tree)", "gitmem/drain")
    assert trailers.startswith("Gitmem-Tree: ")


def test_words_of_a_server_cannot_drive_the_terminal(project: Sandbox) -> None:
    hook = project.path.with_name("project.git") / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nprintf '\\033]0;evil\\007 no\\n' >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)

    done = project.gitmem("close", "--pr")

    assert done.code == 5
    assert "\x1b" not in done.out + done.err
    assert "declined the push" in done.err
