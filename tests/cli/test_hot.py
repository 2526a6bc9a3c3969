"""`flag`, `snag` and `hook` as people and clients start them: the installed command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gitmem.git.repository import BRANCH
from gitmem.recall import view_file
from tests.architecture import package
from tests.support.queues import folder_of, ids_in_journal, ids_on_branch, keep, repository_of
from tests.support.sandbox import GITMEM, Sandbox, changed_environment

TOKEN = "gh" + "p_" + "aB3" * 12


def line(sandbox: Sandbox) -> dict[str, object]:
    """The newest flag in the journal."""
    text = (folder_of(sandbox) / "journal").read_text(encoding="utf-8")
    found: dict[str, object] = json.loads(text.splitlines()[-1])
    return found


def test_a_flag_is_in_the_journal_and_on_the_branch(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("flag", "the cache is keyed by commit")

    assert (done.code, done.err) == (0, "")
    flag = line(sandbox)
    assert done.out == f"flagged {flag['id']} (fact) the cache is keyed by commit\n"
    assert ids_on_branch(sandbox) == [flag["id"]]
    assert flag == {
        "v": 1,
        "id": flag["id"],
        "kind": "fact",
        "text": "the cache is keyed by commit",
        "at": flag["at"],
        "by": "Test Person <person@example.com>",
        "branch": "main",
        "head": sandbox.git("rev-parse", "HEAD"),
    }


def test_every_option_ends_up_in_the_flag(sandbox: Sandbox) -> None:
    sandbox.write("src/a.py", "")
    done = sandbox.gitmem(
        "flag", "--kind=decision", "--topic", "Build System", "we use x", "--source", "a talk",
        "--paths", "src/a.py", "--paths=README.md", "--json",
        env={"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "session-1"},
    )  # fmt: skip

    flag = line(sandbox)
    assert json.loads(done.out) == {"id": flag["id"], "saved": "queue"}
    known = {key: flag[key] for key in ("kind", "topic", "source", "paths", "session", "client")}
    assert known == {
        "kind": "decision",
        "topic": "build-system",
        "source": "a talk",
        "paths": ["src/a.py", "README.md"],
        "session": "session-1",
        "client": "claude-code",
    }


def test_lines_on_stdin_are_flags_of_one_commit(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("flag", "-", "--json", input="one\r\n\n  two \nthree")

    rows = [json.loads(row) for row in done.out.splitlines()]
    assert [row["saved"] for row in rows] == ["queue"] * 3
    assert ids_on_branch(sandbox) == [row["id"] for row in rows]
    assert sandbox.git("rev-list", "--count", BRANCH) == "1"


def test_a_snag_has_its_better_path(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("snag", "ran all tests", "--better", "run one", "--skill", "testing")

    assert done.code == 0
    flag = line(sandbox)
    assert (flag["kind"], flag["better"], flag["skill"]) == ("snag", "run one", "testing")


def test_dry_run_says_what_it_would_do_and_does_not(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("flag", "--dry-run", "one")

    assert done.code == 0
    assert done.out.startswith("would flag (fact) ")
    assert not folder_of(sandbox).exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["flag"], "nothing to keep"),
        (["flag", "a", "b"], "more than one text"),
        (["flag", "a", "--knid", "fact"], "no such option: --knid"),
        (["flag", "a", "--kind"], "--kind needs a value"),
        (["flag", "a", "--json=1"], "takes no value"),
        (["flag", "a", "--kind", "rumour"], "unknown kind"),
        (["flag", "a", "--kind", "snag"], "gitmem snag"),
        (["flag", "-x is odd"], "put `--` before"),
        (["flag", "-"], "no line on standard input"),
        (["snag", "a"], "--better is missing"),
        (["snag", "a", "--better", "b", "--skill", "s", "--rule", "r"], "exclude"),
    ],
)
def test_a_wrong_command_line_is_told(sandbox: Sandbox, arguments: list[str], said: str) -> None:
    done = sandbox.gitmem(*arguments)

    assert done.code == 2
    assert said in done.err
    assert done.out == ""
    assert not folder_of(sandbox).exists()


def test_a_text_that_begins_with_a_dash_follows_two(sandbox: Sandbox) -> None:
    assert sandbox.gitmem("flag", "--kind", "gotcha", "--", "-x means execute").code == 0
    assert line(sandbox)["text"] == "-x means execute"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("two\nlines", "line"),
        ("bell\x07", "U+0007"),
        ("escape \x1b[31m", "U+001B"),
        ("right \u202e left", "U+202E"),
        ("tag \U000e0041", "U+E0041"),
        ("zero\u200bwidth", "U+200B"),
        ("separator \u2028 here", "U+2028"),
        ("x" * 1001, "1001"),
        ("   ", "empty"),
        (f"the token is {TOKEN}", "credential"),
        ("undecodable \udcff byte", "U+DCFF"),
    ],
)
def test_refused_text_is_named_and_nothing_is_written(
    sandbox: Sandbox, text: str, said: str
) -> None:
    done = sandbox.gitmem("flag", text)

    assert done.code == 4, done.err
    assert done.err.startswith("refused, nothing was saved: ")
    assert said in done.err
    assert TOKEN not in done.err
    assert done.err.isascii() or "\u202e" not in done.err
    assert not folder_of(sandbox).exists()


def test_one_refused_line_refuses_the_call(sandbox: Sandbox) -> None:
    assert sandbox.gitmem("flag", "-", input="good\nbad \u202e\n").code == 4
    assert not folder_of(sandbox).exists()


def test_a_path_outside_is_refused_and_one_inside_is_named_from_the_top(sandbox: Sandbox) -> None:
    inside = sandbox.path / "a"
    inside.mkdir()

    assert sandbox.gitmem("flag", "x", "--paths", "../..", cwd=inside).code == 4
    assert sandbox.gitmem("flag", "x", "--paths", "../b", cwd=inside).code == 0
    assert line(sandbox)["paths"] == ["b"]


def test_outside_of_a_repository_the_text_is_given_back(tmp_path: Path) -> None:
    done = Sandbox(tmp_path).gitmem("flag", "keep this, please")

    assert done.code == 3
    assert done.err.splitlines()[:2] == [
        "NOT SAVED: not inside a git repository",
        "  keep this, please",
    ]


def test_a_folder_that_is_gone_gives_the_text_back(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'rmdir "$PWD" && "{GITMEM}" flag "keep this, please"'
    done = subprocess.run(
        ["sh", "-c", script], cwd=gone, capture_output=True, text=True, check=False
    )

    assert done.returncode == 3
    assert done.stderr.startswith("NOT SAVED: ")
    assert "keep this, please" in done.stderr


def test_what_is_only_in_the_journal_is_said_and_published_by_the_next(sandbox: Sandbox) -> None:
    sandbox.git("branch", "gitmem")
    done = sandbox.gitmem("flag", "--json", "one")

    assert done.code == 0
    assert json.loads(done.out)["saved"] == "journal"
    assert "rename it" in done.err
    sandbox.git("branch", "-m", "gitmem", "elsewhere")
    assert sandbox.gitmem("flag", "two").err == ""
    assert sorted(ids_on_branch(sandbox)) == sorted(ids_in_journal(sandbox))


def test_git_missing_is_not_saved(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    done = sandbox.gitmem("flag", "one", env={"PATH": str(tmp_path / "bin")})

    assert done.code == 3
    assert "git could not be started" in done.err
    assert "  one\n" in done.err


def test_a_reader_that_left_changes_nothing_about_what_was_saved(sandbox: Sandbox) -> None:
    for redirection in ("| true", ">&-", ">&- 2>&-", ">&- 2>&- <&-", "<&-", ">/dev/full"):
        script = f'"{GITMEM}" flag "said to nobody" {redirection}'
        done = subprocess.run(
            ["sh", "-c", script], cwd=sandbox.path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (redirection, done.stderr)

    assert len(ids_on_branch(sandbox)) == 6
    assert "said to nobody\n" not in (folder_of(sandbox) / "publish.lock").read_text("utf-8")
    assert len(set(ids_in_journal(sandbox))) == 6


def test_a_closed_input_is_an_empty_one(sandbox: Sandbox) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"{GITMEM}" flag - <&-'],
        cwd=sandbox.path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "no line on standard input" in done.stderr


@pytest.mark.parametrize("state", ["unborn", "detached", "rebase", "merge"])
def test_every_state_of_a_work_tree_takes_flags(empty_sandbox: Sandbox, state: str) -> None:
    sandbox = empty_sandbox
    if state != "unborn":
        sandbox.commit("start", {"file": "a\n"})
        sandbox.git("checkout", "-q", "-b", "side")
        sandbox.commit("side", {"file": "b\n"})
        sandbox.git("checkout", "-q", "main")
        sandbox.commit("main", {"file": "c\n"})
    if state == "detached":
        sandbox.git("checkout", "-q", "--detach")
    if state == "rebase":
        sandbox.git("rebase", "-q", "side", check=False)
    if state == "merge":
        sandbox.git("merge", "-q", "side", check=False)
    before = sandbox.git("status", "--porcelain=v2", "--branch")

    assert sandbox.gitmem("flag", "one").code == 0

    assert sandbox.git("status", "--porcelain=v2", "--branch") == before
    assert len(ids_on_branch(sandbox)) == 1
    assert ("head" in line(sandbox)) == (state != "unborn")
    assert ("branch" in line(sandbox)) == (state in {"unborn", "merge"})


def test_linked_work_trees_share_one_queue(sandbox: Sandbox) -> None:
    linked = sandbox.worktree("second")
    sandbox.gitmem("flag", "one")
    linked.gitmem("flag", "two")

    assert len(ids_on_branch(sandbox)) == 2
    assert line(sandbox)["branch"] == "second"


def test_a_flag_from_a_git_hook_lands_where_it_stands(sandbox: Sandbox, tmp_path: Path) -> None:
    """A commit exports GIT_DIR and GIT_INDEX_FILE; flagging elsewhere must not touch this one."""
    other = Sandbox(tmp_path / "other")
    other.path.mkdir()
    other.git("init", "-q")
    hook = sandbox.write(
        ".git/hooks/pre-commit",
        f'#!/bin/sh\n"{GITMEM}" flag "here"\ncd "{other.path}" && "{GITMEM}" flag "there"\n',
    )
    hook.chmod(0o755)
    linked = sandbox.worktree("second")

    linked.commit("with a hook", {"file": "x\n"})

    assert line(sandbox)["text"] == "here"
    assert line(other)["text"] == "there"
    assert len(ids_on_branch(sandbox)) == len(ids_on_branch(other)) == 1
    assert linked.git("show", "--format=%s", "--name-only", "HEAD") == "with a hook\n\nfile"


def test_a_hostile_bare_repository_inside_runs_nothing(sandbox: Sandbox) -> None:
    trap = sandbox.path / "vendor" / "trap"
    sandbox.git("init", "-q", "--bare", str(trap))
    marker = sandbox.path / "ran"
    for name in ("reference-transaction", "post-index-change", "pre-commit"):
        hook = trap / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch '{marker}'\n", encoding="utf-8")
        hook.chmod(0o755)
    with (trap / "config").open("a", encoding="utf-8") as config:
        config.write(f"[core]\n\tfsmonitor = touch '{marker}'\n\tsshCommand = touch '{marker}'\n")

    done = sandbox.gitmem("flag", "one", cwd=trap)

    assert done.code == 0
    assert len(ids_on_branch(sandbox)) == 1
    assert sandbox.git("--git-dir", str(trap), "for-each-ref") == ""
    assert not marker.exists()


def test_a_home_behind_a_link_and_a_folder_that_is_no_text_work(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        sandbox.path.rename(odd)
    except OSError:
        pytest.skip("this file system takes only UTF-8 names (2026-11)")
    (tmp_path / "link").symlink_to(odd)
    (odd / "in").mkdir()

    for cwd in (odd, tmp_path / "link" / "in"):
        assert (
            Sandbox(odd).gitmem("flag", "one", cwd=cwd, env={"HOME": str(tmp_path / "link")}).code
            == 0
        )
    assert len(ids_on_branch(Sandbox(odd))) == 2


def test_settings_for_colour_pager_and_tracing_change_nothing(sandbox: Sandbox) -> None:
    for key, value in {"color.ui": "always", "core.pager": "false", "alias.var": "!false"}.items():
        sandbox.git("config", key, value)
    for number in range(2):
        done = sandbox.gitmem("flag", f"{number}", env={"GIT_TRACE": "1", "LANGUAGE": "de"})
        assert (done.code, done.err) == (0, "")
    assert len(ids_on_branch(sandbox)) == 2


def test_the_clock_decides_nothing(sandbox: Sandbox) -> None:
    """Order and identity do not come from time: a clock that runs backwards costs nothing."""
    faketime = shutil.which("faketime")
    for when in ("2040-01-01", "1999-01-01"):
        before = [faketime, when] if faketime else ["env"]
        subprocess.run([*before, GITMEM, "flag", when], cwd=sandbox.path, check=True)
        sandbox.gitmem("flag", "now")

    assert len(set(ids_on_branch(sandbox))) == 4


def modules(sandbox: Sandbox, *arguments: str, stdin: str = "") -> set[str]:
    """What a command of the hot lane has loaded when it ends."""
    code = (
        "import os, sys; from gitmem.cli import entry\n"
        "def leave(code): os.write(2, ' '.join(sys.modules).encode()); os.kill(os.getpid(), 9)\n"
        "os._exit = leave; sys.argv[0] = 'gitmem'; entry.main()"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            f"import sys; sys.path[:0] = {sys.path!r}\n{code}",
            *arguments,
        ],
        cwd=sandbox.path,
        env=changed_environment(None),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    return set(done.stderr.split())


def test_the_hot_lane_loads_nothing_from_outside_the_standard_library(sandbox: Sandbox) -> None:
    payload = json.dumps(
        {"hook_event_name": "SessionStart", "session_id": "s", "cwd": str(sandbox.path)}
    )
    for arguments, stdin in (
        (["flag", "one"], ""),
        (["snag", "a", "--better", "b"], ""),
        (["hook", "claude-code", "SessionStart"], payload),
    ):
        loaded = modules(sandbox, *arguments, stdin=stdin)
        foreign = {name.split(".")[0] for name in loaded} - sys.stdlib_module_names
        assert foreign == {"__main__", "gitmem"}, arguments
        costly = {"json", "re", "subprocess", "typing", "dataclasses", "pathlib", "enum"}
        assert loaded & costly == set(), arguments


def test_what_the_hot_lane_loads_says_so_in_its_docstring(sandbox: Sandbox) -> None:
    commands = [(["flag", "one"], ""), (["snag", "a", "--better", "b"], "")]
    for event in ("PostToolUse", "PostToolBatch", "PreToolUse", "Stop"):
        payload = {"hook_event_name": event, "session_id": "s", "cwd": str(sandbox.path)}
        commands.append((["hook", "claude-code", event], json.dumps(payload)))

    loaded = set[str]()
    for arguments, stdin in commands:
        modules(sandbox, *arguments, stdin=stdin)  # the first time makes what is missing
        loaded |= modules(sandbox, *arguments, stdin=stdin)

    ours = {name for name in loaded & package.MODULES.keys() if not package.says_nothing(name)}
    assert ours - package.marked(package.HOT) == set()


def test_a_silent_hook_starts_no_git_and_loads_no_store_of_objects(
    empty_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2020-01-01T00:00:00Z")  # before any tool of today
    sandbox = empty_sandbox
    sandbox.commit("old")
    spy = tmp_path / "bin" / "git"
    spy.parent.mkdir()
    spy.write_text(f"#!/bin/sh\ntouch '{tmp_path}/started'\nexit 1\n", encoding="utf-8")
    spy.chmod(0o755)
    for event in ("PostToolUse", "PostToolBatch", "SessionEnd"):
        payload = json.dumps(
            {"hook_event_name": event, "session_id": "s", "cwd": str(sandbox.path)}
        )
        arguments = ("hook", "claude-code", event)
        path = {"PATH": f"{spy.parent}:{os.environ['PATH']}"}
        done = sandbox.gitmem(*arguments, input=payload, env=path)
        loaded = modules(sandbox, *arguments, stdin=payload)

        assert (done.code, done.out, done.err) == (0, "", "")
        assert not {"gitmem.git.process", "gitmem.git.objects", "gitmem.cli.hot"} & loaded
    assert not (tmp_path / "started").exists()
    ledger = (folder_of(sandbox) / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    did = [json.loads(row)["did"] for row in ledger]
    assert did == ["nothing", "nothing", "nothing", "nothing", "marked end", "marked end"]


@pytest.mark.parametrize(
    ("event", "said"),
    [("UserPromptSubmit", {"prompt": "run the tests"}), ("SubagentStart", {"agent_type": "a"})],
)
def test_where_nothing_is_to_be_looked_up_a_hook_loads_no_sqlite(
    sandbox: Sandbox, event: str, said: dict[str, str]
) -> None:
    view_file.refresh(repository_of(sandbox))
    payload = {"hook_event_name": event, "session_id": "s", "cwd": str(sandbox.path), **said}
    loaded = modules(sandbox, "hook", "claude-code", event, stdin=json.dumps(payload))

    assert "gitmem.recall.view" in loaded
    assert not loaded & {"sqlite3", "re", "gitmem.recall.moment", "gitmem.git.process"}


def test_the_time_of_a_flag_does_not_grow_with_the_queue(sandbox: Sandbox) -> None:
    """The bench measures it; here only that nothing is read that grows: the bytes of the blob."""
    keep(sandbox, 1000)
    sandbox.gitmem("flag", "one")
    sandbox.gitmem("flag", "two")

    changed = sandbox.git("diff", "--stat", "--no-renames", f"{BRANCH}~1", BRANCH)
    assert "1 file changed, 1 insertion(+)" in changed


def test_what_is_not_saved_is_given_back_whole(tmp_path: Path) -> None:
    answer = Sandbox(tmp_path).gitmem(
        "snag", "what went wrong", "--better", "the better path", "--skill", "release"
    )

    assert answer.code == 3
    for part in ("NOT SAVED", "what went wrong", "--better the better path", "--skill release"):
        assert part in answer.err


def test_a_piped_markdown_list_is_kept_without_its_markers(sandbox: Sandbox) -> None:
    lines = "- item one\n* star\n+ plus\n1. number\n2) other\n-no list\n"
    sandbox.gitmem("flag", "-", input=lines)

    texts = [flag["text"] for flag in json.loads(sandbox.gitmem("log", "--json").out)]
    assert texts == ["item one", "star", "plus", "number", "other", "-no list"]


def test_a_refused_line_among_many_is_named_by_its_number(sandbox: Sandbox) -> None:
    answer = sandbox.gitmem("flag", "-", input="fine\nwith\ttab\n")

    assert answer.code == 4
    assert "line 2: text: character 5 is U+0009" in answer.err
    assert json.loads(sandbox.gitmem("log", "--json").out) == []


def test_a_snag_reads_no_standard_input(sandbox: Sandbox) -> None:
    assert sandbox.gitmem("snag", "-", "--better", "b").code == 2


def test_a_dry_run_answers_a_program_with_json(sandbox: Sandbox) -> None:
    answer = sandbox.gitmem("flag", "a fact", "--dry-run", "--json")

    assert json.loads(answer.out) == {"would": {"kind": "fact", "text": "a fact"}}


def test_a_snag_about_a_skill_nobody_has_says_so_at_once(sandbox: Sandbox) -> None:
    answer = sandbox.gitmem("snag", "a", "--better", "b", "--skill", "Release")

    assert answer.code == 0
    assert "no skill named Release" in answer.err


def test_a_topic_in_another_spelling_is_said_at_once_and_the_flag_is_saved(
    sandbox: Sandbox,
) -> None:
    sandbox.write("memory/testing.md", "# Testing\n")

    answer = sandbox.gitmem("flag", "a", "--topic", "tests")

    assert answer.code == 0
    assert "topic tests is new, and testing is there already" in answer.err
    assert sandbox.gitmem("flag", "b", "--topic", "testing").err == ""
    assert sandbox.gitmem("flag", "c", "--topic", "ui").err == ""


def test_a_line_of_the_journal_that_ends_too_soon_does_not_keep_flags_from_the_branch(
    sandbox: Sandbox,
) -> None:
    sandbox.gitmem("flag", "Deploys go out on Tuesdays")
    with (sandbox.path / ".git/gitmem/journal").open("a", encoding="utf-8") as journal:
        journal.write('{"v":1,"id":"ab\n')

    done = sandbox.gitmem("flag", "Tests need Postgres")

    assert (done.code, done.err) == (0, "")
    assert "Tests need Postgres" in sandbox.git("log", "--format=%s", "-1", "gitmem/queue")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("SessionStart", {"source": "startup"}),
        (
            "PostToolBatch",
            {"tool_calls": [{"tool_name": "Read", "tool_input": {"file_path": "a"}}]},
        ),
        (
            "PostToolUse",
            {"tool_name": "Bash", "tool_input": {"command": "make test"}, "tool_response": {}},
        ),
    ],
)
def test_a_silent_hook_loads_nothing_for_what_is_not_there(
    sandbox: Sandbox, event: str, said: dict[str, object]
) -> None:
    view_file.refresh(repository_of(sandbox))
    payload = {"hook_event_name": event, "session_id": "s", "cwd": str(sandbox.path), **said}
    given = ("hook", "claude-code", event)
    modules(sandbox, *given, stdin=json.dumps(payload))  # the first time finds out that all is well
    loaded = modules(sandbox, *given, stdin=json.dumps(payload))

    assert "gitmem.boundaries.fire" in loaded
    rare = {
        "gitmem.git.discovery",  # a repository whose `.git` does not tell all
        "gitmem.queue.mine",  # flags in the person's own memory
        "gitmem.recall.carried_words",  # memory that the client does not load
        "gitmem.session.shell_commands",  # a command that failed, or is gitmem's own
    }
    assert loaded & rare == set()
