"""What stopped somebody on a first day, and stays mended."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.sandbox import GITMEM, Sandbox


def ids(sandbox: Sandbox) -> dict[str, str]:
    """Text to id of every queued flag."""
    listed = json.loads(sandbox.gitmem("log", "--json").out)
    return {flag["text"]: flag["id"] for flag in listed}


def wired(sandbox: Sandbox) -> None:
    assert sandbox.gitmem("init").code == 0
    sandbox.git("add", "--all")
    sandbox.git("commit", "--quiet", "--message", "wire gitmem")


def test_what_was_dropped_after_the_review_was_made_does_not_land(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "keep")
    sandbox.gitmem("flag", "reject me")
    sandbox.gitmem("close")
    sandbox.gitmem("drop", ids(sandbox)["reject me"], "--reason", "no")

    refused = sandbox.gitmem("accept")
    assert refused.code == 8
    assert "gitmem close" in refused.err
    assert "1 dropped since" in sandbox.gitmem("status").out

    assert sandbox.gitmem("close").code == 0
    assert sandbox.gitmem("accept").code == 0
    assert "reject me" not in sandbox.read("memory/facts.md")


def test_of_two_flags_with_one_text_the_first_one_s_topic_counts(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "another fact comes first")
    sandbox.gitmem("flag", "line one", "--kind", "decision", "--topic", "build")
    sandbox.gitmem("flag", "line one")
    sandbox.gitmem("close")

    assert "line one" in sandbox.git("show", "gitmem/drain:memory/build.md")
    assert "line one" not in sandbox.git("show", "gitmem/drain:memory/facts.md")


def test_a_close_says_which_skill_a_snag_asked_for_in_vain(sandbox: Sandbox) -> None:
    sandbox.commit("skill", {".claude/skills/ship/SKILL.md": "# Ship\n"})
    sandbox.gitmem("snag", "w", "--better", "run make changelog", "--skill", "Release")

    closed = sandbox.gitmem("close")

    assert closed.code == 7
    assert "there is no skill named Release (there are: ship)" in closed.out
    assert "undrained" in sandbox.gitmem("log").out


def test_a_target_that_is_nowhere_is_refused_at_init(sandbox: Sandbox) -> None:
    answer = sandbox.gitmem("init", "--target", "nope")

    assert answer.code == 2
    assert not (sandbox.path / ".gitmem").exists()


def test_the_target_stays_what_it_is_on_a_branch_without_the_settings_file(
    sandbox: Sandbox,
) -> None:
    sandbox.git("branch", "feature")
    wired(sandbox)
    sandbox.gitmem("flag", "x")
    sandbox.gitmem("close")
    sandbox.gitmem("accept")
    sandbox.git("checkout", "--quiet", "feature")

    status = sandbox.gitmem("status", "--json")

    assert json.loads(status.out)["undrained"] == 0
    assert json.loads(status.out)["target"] == "main"
    assert "came back" not in status.err


def test_the_target_is_found_in_a_clone_that_never_ran_init(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sandbox.git("branch", "old")
    wired(sandbox)
    clone = Sandbox(tmp_path_factory.mktemp("clone"))
    clone.git("clone", "--quiet", str(sandbox.path), ".")
    clone.git("remote", "set-head", "origin", "--delete")
    clone.git("checkout", "--quiet", "old")

    assert json.loads(clone.gitmem("status", "--json").out)["target"] == "main"


def test_after_a_push_accept_takes_the_queue_branch_away(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    hub = Sandbox(tmp_path_factory.mktemp("hub"))
    hub.git("init", "--quiet", "--bare")
    sandbox.git("remote", "add", "origin", str(hub.path))
    sandbox.git("push", "--quiet", "--set-upstream", "origin", "main")
    sandbox.gitmem("flag", "x")
    sandbox.gitmem("close")
    assert "git push" in sandbox.gitmem("accept").out
    sandbox.git("push", "--quiet")

    assert "the next gitmem close removes the queue branch" in sandbox.gitmem("status").out
    assert sandbox.gitmem("accept").code == 7

    assert sandbox.git("branch", "--list", "gitmem/queue") == ""


@pytest.mark.parametrize("what", ["device", "folder"])
def test_a_settings_file_that_is_no_plain_file_is_not_read(sandbox: Sandbox, what: str) -> None:
    place = sandbox.path / ".gitmem" / "config.yaml"
    place.parent.mkdir()
    if what == "device":
        place.symlink_to("/dev/zero")
    else:
        place.mkdir()

    assert sandbox.gitmem("check").code == 0


def in_shell(sandbox: Sandbox, script: str) -> subprocess.CompletedProcess[str]:
    """What bash makes of a script in which ``gitmem`` is the command under test."""
    whole = f"gitmem() {{ '{GITMEM}' \"$@\"; }}; {script}"
    return subprocess.run(
        ["bash", "-c", whole], cwd=sandbox.path, check=False, capture_output=True, text=True
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here (2026-11)")
def test_a_full_standard_output_is_said_and_is_no_bug(sandbox: Sandbox) -> None:
    told = in_shell(sandbox, "gitmem status > /dev/full")

    assert told.returncode == 8
    assert "the answer could not be written: No space left" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here (2026-11)")
@pytest.mark.parametrize("where", ["> /dev/full", ">&-", "2>&-", ">&- 2>&- <&-"])
def test_an_answer_that_is_not_taken_ends_no_work_halfway(sandbox: Sandbox, where: str) -> None:
    sandbox.gitmem("flag", "x")

    told = in_shell(sandbox, f"gitmem close --engine verbatim {where}")

    assert told.returncode == (8 if "full" in where else 0)
    assert sandbox.git("branch", "--list", "gitmem/drain") != ""
    assert "Traceback" not in told.stderr


def test_the_answer_no_of_a_check_outlives_a_full_standard_output(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "x")

    assert in_shell(sandbox, "gitmem check --offline > /dev/full").returncode == 1


def test_nobody_reading_any_more_changes_no_exit_code(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "x")

    told = in_shell(sandbox, "gitmem close | head -1 >/dev/null; exit ${PIPESTATUS[0]}")

    assert told.returncode == 0
    assert sandbox.git("branch", "--list", "gitmem/drain") != ""


def test_uninstall_works_whatever_the_settings_say(sandbox: Sandbox) -> None:
    wired(sandbox)
    sandbox.write(".gitmem/config.yaml", "target: [\n")

    assert sandbox.gitmem("uninstall").code == 0
    assert not (sandbox.path / ".gitmem/config.yaml").exists()


def test_the_subject_counts_what_was_filed_and_what_was_skipped(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "keep")
    sandbox.gitmem("flag", "reject me")
    sandbox.gitmem("drop", ids(sandbox)["reject me"], "--reason", "no")
    sandbox.gitmem("close")

    assert sandbox.git("log", "-1", "--format=%s", "gitmem/drain") == "memory: file 1 flag, skip 1"
