"""`gitmem check` as build machines run it: one commit, one ref, and a server to ask."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support import runner
from tests.support.desk import Desk, whole
from tests.support.runner import Runner
from tests.support.server import Server

QUEUE = "refs/heads/gitmem/queue"


@pytest.fixture
def desk(server: Server) -> Desk:
    return server.clone("desk")


def share(desk: Desk, *branches: str) -> None:
    """Pushes branches and the queue."""
    desk.sandbox.git("push", "--quiet", "--force", "origin", *branches)
    assert desk.sandbox.gitmem("sync").code == 0


def on_branch(desk: Desk, name: str, text: str) -> str:
    """A new branch with a commit and a flag made on it."""
    desk.sandbox.git("checkout", "--quiet", "-b", name, "main")
    desk.sandbox.commit("work", {f"{name.replace('/', '-')}.txt": "work\n"})
    return desk.flag(text)


# ---------------------------------------------------------------- what is looked at


def test_a_pull_request_fails_on_the_flags_of_its_own_branch_only(
    server: Server, desk: Desk
) -> None:
    desk.flag("made on main")
    mine = on_branch(desk, "feature", "made on the branch")
    share(desk, "feature")
    on_branch(desk, "other", "made elsewhere")
    share(desk, "other")

    code, answer = runner.pull_request(server, "feature").answer()

    assert (code, answer["undrained"]) == (1, [mine])
    assert (answer["scope"], answer["branches"]) == ("branch", ["feature"])


def test_close_here_within_the_pull_request_makes_it_pass(server: Server, desk: Desk) -> None:
    on_branch(desk, "feature", "made on the branch")
    share(desk, "feature")
    said = runner.pull_request(server, "feature").check()
    assert "run: gitmem sync, then gitmem close --here on feature, and push it" in said.out

    assert desk.sandbox.gitmem("sync").code == 0
    desk.close(here=True)
    share(desk, "feature")

    done = runner.pull_request(server, "feature").check()
    assert (done.code, done.out) == (0, "ok: no undrained flag was made on feature\n")


def test_the_pull_request_that_drains_passes_for_all_flags_too(server: Server, desk: Desk) -> None:
    desk.flag("a fact")
    share(desk, "main")
    desk.close()
    share(desk, "gitmem/drain")

    drain = runner.pull_request(server, "gitmem/drain")

    assert drain.answer("--scope", "all")[0] == 0


def test_the_default_branch_and_a_timer_look_at_all_flags(server: Server, desk: Desk) -> None:
    one = desk.flag("made on main")
    two = on_branch(desk, "feature", "made on the branch")
    share(desk, "main", "feature")

    for number, why in enumerate(("push", "schedule", "workflow_dispatch")):
        found = runner.push(server, "main", name=f"main{number}", why=why)
        code, answer = found.answer()
        assert (code, sorted(answer["undrained"])) == (1, sorted([one, two]))
    assert runner.push(server, "feature").answer()[1]["undrained"] == [two]


def test_a_merge_group_looks_at_the_branch_of_its_pull_request(server: Server, desk: Desk) -> None:
    desk.flag("made on main")
    mine = on_branch(desk, "feature", "made on the branch")
    share(desk, "feature", "main")
    runner.pull_request(server, "feature")

    code, answer = runner.merge_group(server).answer()

    assert (code, answer["undrained"], answer["branches"]) == (1, [mine], ["feature"])


def test_a_pull_request_from_a_fork_is_only_warned(server: Server, desk: Desk) -> None:
    desk.flag("made on main")
    on_branch(desk, "feature", "made on the branch")
    share(desk, "feature", "main")
    fork = runner.pull_request(server, "feature", fork=True)

    done = fork.check("--format", "github")

    assert done.code == 0
    assert "::warning title=gitmem check::2 flags not drained" in done.out
    assert "only a warning" in done.out
    assert fork.answer("--scope", "all")[0] == 1


def test_a_merge_group_for_a_fork_is_only_warned(server: Server, desk: Desk) -> None:
    on_branch(desk, "feature", "made on the branch")
    share(desk, "feature")
    runner.pull_request(server, "feature")
    server.bare.git("update-ref", "-d", "refs/heads/feature")

    code, answer = runner.merge_group(server).answer()

    assert (code, answer["warning"]) == (0, True)


def test_gitlab_says_the_same_in_its_own_words(server: Server, desk: Desk) -> None:
    desk.flag("made on main")
    mine = on_branch(desk, "feature", "made on the branch")
    share(desk, "feature", "main")
    sandbox = runner.checkout(server, "gitlab", "refs/heads/feature", "refs/remotes/origin/feature")
    env = {
        "GITLAB_CI": "true",
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_DEFAULT_BRANCH": "main",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "feature",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_PROJECT_ID": "1",
    }
    found = Runner(sandbox=sandbox, env=env, summary=sandbox.path)

    assert found.answer()[1]["undrained"] == [mine]
    env["CI_MERGE_REQUEST_SOURCE_PROJECT_ID"] = "2"
    assert found.answer()[0] == 0


def test_an_unknown_build_machine_names_the_branch(server: Server, desk: Desk) -> None:
    mine = on_branch(desk, "feature", "made on the branch")
    share(desk, "feature")
    sandbox = runner.checkout(server, "ci", "refs/heads/feature", "refs/remotes/origin/feature")
    found = Runner(sandbox=sandbox, env={}, summary=sandbox.path)

    assert found.check("--scope", "branch").code == 2
    assert found.answer("--branch", "feature")[1]["undrained"] == [mine]
    assert found.answer()[1]["undrained"] == [mine]


# ---------------------------------------------------------------- the base, and what it records


def test_a_record_that_landed_on_the_base_after_the_merge_commit_was_made_counts(
    server: Server, desk: Desk
) -> None:
    desk.flag("a fact")
    on_branch(desk, "feature", "made on the branch")
    share(desk, "main", "feature")
    stale = runner.pull_request(server, "feature")
    desk.sandbox.git("checkout", "--quiet", "main")
    desk.land()
    desk.sandbox.git("push", "--quiet", "origin", "main")

    assert stale.answer("--scope", "all")[0] == 0


@pytest.mark.parametrize("filtering", ["true", "false"])
def test_of_the_base_only_trees_and_new_records_are_fetched_where_the_server_can(
    server: Server, desk: Desk, tmp_path: Path, filtering: str
) -> None:
    server.bare.git("config", "uploadpack.allowFilter", filtering)
    desk.flag("a fact")
    desk.sandbox.commit("big", {"big.txt": "x" * 3_000_000 + "\n"})
    share(desk, "main")
    stale = runner.push(server, "main")
    desk.land()
    desk.sandbox.git("push", "--quiet", "origin", "main")

    assert stale.answer()[0] == 0


def test_a_flag_in_review_at_the_remote_is_told_apart(server: Server, desk: Desk) -> None:
    mine = desk.flag("a fact")
    share(desk, "main")
    desk.close()
    share(desk, "gitmem/drain")
    main = runner.push(server, "main")

    code, answer = main.answer()

    assert (code, answer["undrained"], answer["in_review"]) == (1, [], [mine])
    assert main.answer("--allow-in-review")[0] == 0


@pytest.mark.parametrize("filtering", ["true", "false"])
def test_a_review_that_landed_and_was_reverted_is_in_review_no_more(
    server: Server, desk: Desk, filtering: str
) -> None:
    server.bare.git("config", "uploadpack.allowFilter", filtering)
    mine = desk.flag("a fact")
    share(desk, "main")
    desk.close()
    share(desk, "gitmem/drain")
    before = server.clone("before")
    desk.sandbox.git("checkout", "--quiet", "main")
    desk.sandbox.commit("work", {"work.txt": "work\n"})
    desk.sandbox.git("merge", "--squash", "--quiet", "gitmem/drain")
    desk.sandbox.git("commit", "--quiet", "--message", "squashed")
    desk.sandbox.git("revert", "--no-edit", "HEAD")
    desk.sandbox.git("push", "--quiet", "origin", "main")

    machines = [runner.push(server, "main").sandbox, before.sandbox, desk.sandbox]
    for sandbox in (*machines, server.clone("after").sandbox):
        done = sandbox.gitmem("check", "--json", "--scope", "all", "--allow-in-review")
        answer = json.loads(done.out)
        assert (done.code, answer["undrained"], answer["in_review"]) == (1, [mine], [])


def test_a_review_upon_a_landing_that_was_reverted_is_about_its_own_flags_only(
    server: Server, desk: Desk
) -> None:
    first = desk.flag("landed and reverted")
    desk.land()
    desk.sandbox.git("push", "--quiet", "origin", "main")
    second = desk.flag("in review")
    desk.close()
    share(desk, "gitmem/drain")
    desk.sandbox.git("revert", "--no-edit", "HEAD")
    share(desk, "main")

    code, answer = runner.push(server, "main").answer("--allow-in-review")

    assert (code, answer["undrained"], answer["in_review"]) == (1, [first], [second])


def test_a_review_stays_in_review_when_the_target_moves_on_without_it(
    server: Server, desk: Desk
) -> None:
    mine = desk.flag("a fact")
    share(desk, "main")
    desk.close()
    share(desk, "gitmem/drain")
    desk.sandbox.commit("work", {"work.txt": "work\n"})
    share(desk, "main")

    code, answer = runner.push(server, "main").answer("--allow-in-review")

    assert (code, answer["in_review"]) == (0, [mine])


def test_a_review_of_several_closes_upon_the_target_is_in_review(
    server: Server, desk: Desk
) -> None:
    made = []
    for number in range(3):
        made.append(desk.flag(f"fact {number}"))
        desk.close()
    share(desk, "main", "gitmem/drain")

    code, answer = runner.push(server, "main").answer("--allow-in-review")

    assert (code, sorted(answer["in_review"])) == (0, sorted(made))


def test_a_review_that_was_merged_and_reverted_is_undrained(server: Server, desk: Desk) -> None:
    mine = [desk.flag("a fact")]
    desk.close()
    mine.append(desk.flag("another"))
    desk.close()
    desk.sandbox.git("merge", "--quiet", "--no-ff", "--no-edit", "gitmem/drain")
    share(desk, "main", "gitmem/drain")
    desk.sandbox.git("revert", "--no-edit", "-m", "1", "HEAD")
    desk.sandbox.git("push", "--quiet", "--force", "origin", "main")
    queued = server.clone("queued")
    for flag_id in mine:
        queued.foreign_flag(line=f'{{"v":1,"id":"{flag_id}","kind":"fact","text":"x"}}')
    assert queued.sandbox.gitmem("sync").code == 0

    code, answer = runner.push(server, "main").answer("--allow-in-review")

    assert (code, sorted(answer["undrained"]), answer["in_review"]) == (1, sorted(mine), [])


def test_a_target_that_this_clone_fetched_long_ago_is_not_believed(
    server: Server, desk: Desk
) -> None:
    mine = desk.flag("a fact")
    share(desk, "main")
    desk.land()
    desk.sandbox.git("push", "--quiet", "origin", "main")
    behind = server.clone("behind")
    pruned = server.clone("pruned")
    assert pruned.sandbox.gitmem("sync").code == 0
    assert behind.sandbox.gitmem("check").code == 0
    desk.sandbox.git("revert", "--no-edit", "HEAD")
    desk.sandbox.git("push", "--quiet", "origin", "main")
    share(desk, "main")

    for clone in (behind, pruned):
        done = clone.sandbox.gitmem("check", "--json")
        assert (done.code, json.loads(done.out)["undrained"]) == (1, [mine])


def test_a_target_that_was_deleted_at_the_remote_cannot_be_told(server: Server, desk: Desk) -> None:
    desk.flag("a fact")
    share(desk, "main", "main:other")
    sandbox = runner.checkout(server, "ci", "refs/heads/other", "refs/remotes/origin/other")
    server.bare.git("update-ref", "-d", "refs/heads/main")
    found = runner.event(sandbox, {}, GITHUB_EVENT_NAME="schedule")

    code, answer = found.answer()

    assert code == 5
    assert "the target branch main is not at origin" in answer["cannot_tell"]


def test_a_clone_whose_target_was_deleted_at_the_remote_cannot_tell_either(
    server: Server, desk: Desk
) -> None:
    desk.flag("a fact")
    desk.land()
    share(desk, "main", "main:other")
    server.bare.git("update-ref", "-d", "refs/heads/main")

    believed = desk.sandbox.gitmem("check")
    desk.sandbox.git("fetch", "--quiet", "--prune")
    pruned = desk.sandbox.gitmem("check")

    assert (believed.code, pruned.code) == (5, 5)
    assert believed.out.startswith("cannot tell: the target branch main is not at origin\n")
    assert "main is not at origin any more" in pruned.out
    assert "git remote set-head origin --auto" in pruned.out


# ---------------------------------------------------------------- nothing there, nobody there


def test_no_queue_at_the_remote_is_not_called_drained(server: Server) -> None:
    done = runner.push(server, "main").check()

    assert (done.code, done.out) == (0, "ok: there is no queue at origin\n")


def test_an_emptied_queue_is_drained(server: Server, desk: Desk) -> None:
    desk.flag("a fact")
    share(desk, "main")
    desk.land()
    share(desk, "main")

    done = runner.push(server, "main").check()

    assert (done.code, done.out) == (0, "ok: everything is drained\n")


@pytest.mark.parametrize("trouble", ["offline", "no remote", "several remotes"])
def test_what_cannot_be_asked_is_5_and_never_drained(server: Server, trouble: str) -> None:
    main = runner.push(server, "main")
    if trouble == "offline":
        main.sandbox.git("remote", "set-url", "origin", "git://127.0.0.1:1/gone")
    else:
        main.sandbox.git("remote", "remove", "origin")
    if trouble == "several remotes":
        main.sandbox.git("remote", "add", "one", server.url)
        main.sandbox.git("remote", "add", "two", server.url)

    code, answer = main.answer()
    said = main.check("--format", "github")

    assert (code, answer["ok"], said.code) == (5, False, 5)
    assert answer["cannot_tell"]
    assert "::error title=gitmem check::cannot tell: " in said.out
    assert "drained" not in said.out


def test_offline_looks_only_at_the_clone(server: Server, desk: Desk) -> None:
    mine = desk.flag("never pushed")
    desk.sandbox.git("remote", "set-url", "origin", "git://127.0.0.1:1/gone")

    assert desk.sandbox.gitmem("check").code == 5
    elsewhere = server.clone("elsewhere").sandbox.gitmem("check", "--offline")
    assert elsewhere.out == "ok: this clone has no queue branch; no remote was asked\n"
    done = desk.sandbox.gitmem("check", "--offline", "--json")

    assert (done.code, json.loads(done.out)["undrained"]) == (1, [mine])


def test_a_person_s_clone_counts_its_own_flags_and_those_at_the_remote(
    server: Server, desk: Desk
) -> None:
    theirs = desk.flag("pushed")
    share(desk, "main")
    mine = server.clone("mine", "--single-branch")
    own = mine.flag("not pushed")

    done = mine.sandbox.gitmem("check", "--json")

    assert sorted(json.loads(done.out)["undrained"]) == sorted([theirs, own])


def test_the_checkout_stays_as_it_is_to_the_byte(server: Server, desk: Desk) -> None:
    on_branch(desk, "feature", "made on the branch")
    share(desk, "feature")
    found = runner.pull_request(server, "feature")
    before = whole(found.sandbox.path)

    assert found.check().code == 1

    assert whole(found.sandbox.path) == before


# ---------------------------------------------------------------- what may wait


def test_policies_of_the_command_line_and_of_the_settings(server: Server, desk: Desk) -> None:
    for number in range(3):
        desk.flag(f"fact {number}")
    share(desk, "main")
    main = runner.push(server, "main")

    assert main.check("--max-flags", "3").code == 0
    assert main.check("--max-flags", "2").code == 1
    said = main.check("--max-age", "0")
    assert "3 flags older than 0 days" in said.out
    main.sandbox.write(".gitmem/config.yaml", "version: 1\ncheck:\n  max_flags: 5\n")
    assert main.check().code == 0
    assert main.check("--max-flags", "1").code == 1
    main.sandbox.write(".gitmem/config.yaml", "version: 1\ncheck:\n  max_flags: many\n")
    assert main.check().code == 5


# ---------------------------------------------------------------- output


def test_for_github_there_are_annotations_and_a_summary(server: Server, desk: Desk) -> None:
    mine = desk.flag("a fact, 100% true")
    share(desk, "main")
    main = runner.push(server, "main")

    done = main.check("--format", "github")

    commands = [line for line in done.out.splitlines() if line.startswith("::")]
    assert len(commands) == 1
    assert commands[0].startswith("::error title=gitmem check::1 flag not drained%0A")
    assert "a fact, 100%25 true" in commands[0]
    assert "run: gitmem sync, then gitmem close" in commands[0]
    summary = main.summary.read_text(encoding="utf-8")
    assert "`failed: 1 flag not drained`" in summary
    assert f"| `{mine}` | fact |" in summary
    assert "true" not in summary


HOSTILE = [
    "::error::x",
    "##[error]x",
    "a\\n::set-output name=x::y",
    "\\u001b]0;evil\\u0007\\u001b[2J",
    "%0A::error::x",
    "\\u202egnihtemos",
    "![x](http://127.0.0.1/x) <img src=x> | `x`",
]


def push_hostile(server: Server) -> None:
    """A queue of somebody who wants to command the build machine, or to stop it."""
    lines = []
    for number, text in enumerate(HOSTILE):
        flag_id = "a" * 11 + "abcdefgh"[number]
        lines.append(f'{{"v":1,"id":"{flag_id}","kind":"fact","text":"{text}","at":"{text}"}}')
        lines.append(f'{{"v":1,"id":"{flag_id}","kind":"::error::{number}","text":"x"}}')
    files = {
        "queue/aaaaaaaa-000001.jsonl": "\n".join(lines).encode() + b"\nnot json\n\xff\n",
        "queue/bbbbbbbb-000001.jsonl": b"[" * 200_000,
        "queue/cccccccc-000001.jsonl": b"x" * (17 << 20),
        "queue/::error::\x1b[2J\n::warning::x.jsonl": b"?\n",
        "queue/link.jsonl": b"/etc/passwd",
    }
    stream = [b"commit " + QUEUE.encode() + b"\ncommitter X <x@y> now\ndata 1\nx\n"]
    for path, content in files.items():
        mode = b"120000" if "link" in path else b"100644"
        name = b'"' + path.encode().replace(b"\n", b"\\n") + b'"'
        stream.append(b"M %s inline %s\ndata %d\n%s\n" % (mode, name, len(content), content))
    subprocess.run(
        ["git", "fast-import", "--quiet", "--date-format=now"],
        cwd=server.bare.path,
        input=b"".join(stream),
        check=True,
    )


@pytest.mark.parametrize("options", [(), ("--format", "github"), ("--json",)])
def test_a_hostile_queue_commands_nobody_and_hides_nothing(
    server: Server, options: tuple[str, ...]
) -> None:
    push_hostile(server)
    main = runner.push(server, "main")

    done = main.check(*options)

    assert done.code == 1
    assert "aaaaaaaaaaaa" in done.out
    said = done.out + done.err
    assert "\x1b" not in said
    assert "\u202e" not in said or "--json" in options
    assert "Traceback" not in said
    if "--json" not in options:
        assert "##[" not in said
        commands = [line for line in said.splitlines() if line.lstrip().startswith("::")]
        assert [
            line for line in commands if not line.startswith("::error title=gitmem check::")
        ] == []
        assert "larger than any file that gitmem writes" in done.err
    if "github" in options:
        summary = main.summary.read_text(encoding="utf-8")
        assert "![" not in summary
        assert "<img" not in summary


# ---------------------------------------------------------------- a hostile checkout


def test_nothing_that_the_clone_s_configuration_names_is_run(
    server: Server, desk: Desk, tmp_path: Path
) -> None:
    on_branch(desk, "feature", "made on the branch")
    share(desk, "feature")
    found = runner.pull_request(server, "feature")
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    for key in (
        "core.fsmonitor", "core.pager", "core.editor", "core.hooksPath", "diff.external",
        "filter.x.smudge", "filter.x.clean", "filter.x.process", "diff.x.textconv",
        "remote.origin.uploadpack", "uploadpack.packObjectsHook", "gpg.program", "alias.fetch",
        "core.alternateRefsCommand", "core.gitProxy", "init.templateDir",
    ):  # fmt: skip
        found.sandbox.git("config", key, str(trap))
    found.sandbox.git("config", "protocol.ext.allow", "always")
    hooks = found.sandbox.path / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-checkout", "pre-auto-gc", "post-index-change"):
        (hooks / name).symlink_to(trap)
    found.sandbox.write(".gitattributes", "* filter=x diff=x\n")

    assert found.check().code == 1
    found.sandbox.git("config", "remote.origin.url", f"ext::{trap}")
    assert found.check().code == 5

    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("mode", ["--offline", "--trace", "--stale"])
def test_no_way_of_the_check_runs_a_hook_or_a_program_of_the_clone(
    desk: Desk, tmp_path: Path, mode: str
) -> None:
    desk.flag("the README names src/gone.py")
    desk.land()
    sandbox = desk.sandbox
    sandbox.commit("attributes", {".gitattributes": "* filter=x diff=x\n"})
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho $0 $* >> {tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    for key in (
        "core.fsmonitor", "core.pager", "core.editor", "diff.external", "filter.x.smudge",
        "filter.x.clean", "filter.x.process", "diff.x.textconv", "gpg.program",
    ):  # fmt: skip
        sandbox.git("config", key, str(trap))
    hooks = sandbox.path / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-checkout", "pre-auto-gc", "post-index-change"):
        (hooks / name).symlink_to(trap)

    assert sandbox.gitmem("check", mode).code in {0, 1}

    assert not (tmp_path / "sprung").exists(), (tmp_path / "sprung").read_text()


def test_a_module_in_the_checkout_is_not_imported(server: Server, tmp_path: Path) -> None:
    main = runner.push(server, "main")
    for name in ("typer", "json", "git", "rich", "gitmem"):
        main.sandbox.write(f"{name}.py", f"open({str(tmp_path / 'sprung')!r}, 'w')\n")

    assert main.check().code == 0

    assert not (tmp_path / "sprung").exists()


def test_what_says_how_to_log_in_goes_along_and_is_written_nowhere(
    server: Server, desk: Desk, tmp_path: Path
) -> None:
    """As actions/checkout leaves it in the clone: an address that needs the clone's configuration."""
    desk.flag("a fact")
    share(desk, "main")
    main = runner.push(server, "main")
    main.sandbox.git(
        "config", f"url.{server.url}.insteadOf", "https://example.invalid/owner/project"
    )
    main.sandbox.git("remote", "set-url", "origin", "https://example.invalid/owner/project")

    assert main.answer()[0] == 1


def test_it_needs_no_environment_but_a_path_to_git(server: Server, desk: Desk) -> None:
    desk.flag("a fact")
    share(desk, "main")
    main = runner.push(server, "main")
    bare = dict.fromkeys(("HOME", "USER", "LANG", "TERM", "XDG_CONFIG_HOME"))

    done = main.sandbox.gitmem("check", env={**bare, **main.env})

    assert done.code == 1
