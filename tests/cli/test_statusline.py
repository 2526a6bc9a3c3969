"""`gitmem statusline`: one line for the client, kept while nothing changes, silent when nothing waits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitmem.clients.claude_code import wiring
from gitmem.core.failures import NeedsPerson
from tests.support.sandbox import Sandbox

#: Of what Claude Code 2.1.328 hands to its status line, what is read here, and some that is not.
TOLD = {"session_id": "s", "cwd": "/", "model": {"id": "m"}, "workspace": {"added_dirs": []}}


def line(sandbox: Sandbox, stdin: str = "", env: dict[str, str] | None = None) -> str:
    done = sandbox.gitmem("statusline", input=stdin, env=env)
    assert (done.code, done.err) == (0, "")
    return done.out


def test_nothing_is_printed_where_nothing_waits(wired: Sandbox) -> None:
    assert line(wired) == ""


def test_what_waits_is_counted_at_each_step(wired: Sandbox) -> None:
    wired.gitmem("flag", "Deploys go out on Tuesdays")
    wired.gitmem("flag", "Tests need Postgres")
    assert line(wired) == "2 to file\n"

    wired.gitmem("close", "--engine", "verbatim")
    wired.gitmem("flag", "The pool opens late")
    assert line(wired) == "1 to file · 2 in review\n"

    wired.gitmem("accept")
    assert line(wired) == "1 to file\n"

    wired.gitmem("close", "--engine", "verbatim")
    wired.gitmem("discard")
    assert line(wired) == "1 to file\n"


def test_while_nothing_changes_no_git_is_asked(wired: Sandbox) -> None:
    wired.gitmem("flag", "Deploys go out on Tuesdays")
    line(wired)

    assert line(wired, env={"PATH": "/nowhere"}) == "1 to file\n"


def test_a_review_branch_that_is_made_or_removed_by_hand_is_seen(wired: Sandbox) -> None:
    wired.gitmem("flag", "Deploys go out on Tuesdays")
    wired.gitmem("close", "--engine", "verbatim")
    assert line(wired) == "1 in review\n"

    wired.git("branch", "--delete", "--force", "gitmem/drain")

    assert line(wired) == "1 to file\n"


def test_the_folder_that_the_client_names_decides(wired: Sandbox, tmp_path: Path) -> None:
    wired.gitmem("flag", "Deploys go out on Tuesdays")
    outside = tmp_path / "outside"
    outside.mkdir()
    told = {**TOLD, "workspace": {"current_dir": str(wired.path)}}

    assert line(Sandbox(outside), json.dumps(told)) == "1 to file\n"
    assert line(Sandbox(outside), json.dumps(TOLD)) == ""


@pytest.mark.parametrize(
    "stdin",
    [
        "",
        "{",
        "[]",
        "null",
        '{"workspace": 1}',
        '{"workspace": {"current_dir": 3}}',
        '{"workspace": {"current_dir": "/nowhere/at/all"}}',
        '{"workspace": {"current_dir": "a\\u0000b"}}',
    ],
)
def test_an_input_of_another_shape_is_not_heard(wired: Sandbox, stdin: str) -> None:
    wired.gitmem("flag", "Deploys go out on Tuesdays")

    assert line(wired, stdin) == "1 to file\n"


@pytest.mark.parametrize("content", ["", "\n", "x\n9 to file", "\xff\n"])
def test_a_kept_line_that_is_damaged_does_not_count(wired: Sandbox, content: str) -> None:
    wired.gitmem("flag", "Deploys go out on Tuesdays")
    Path(wired.path, ".git/gitmem/statusline").write_text(content)

    assert line(wired) == "1 to file\n"


@pytest.mark.parametrize("arguments", [("extra",), ("--json",)])
def test_an_argument_is_a_usage_error(wired: Sandbox, arguments: tuple[str, ...]) -> None:
    done = wired.gitmem("statusline", *arguments)

    assert (done.code, done.out) == (2, "")
    assert done.err == "gitmem: gitmem statusline takes no argument\n"


LOCAL = ".claude/settings.local.json"


def test_init_writes_the_line_for_this_person_and_takes_it_back(wired: Sandbox) -> None:
    before = '{\n  "model": "m"\n}\n'
    wired.write(LOCAL, before)

    done = wired.gitmem("init", "--statusline")
    assert "Claude Code's status line shows what waits" in done.out
    written = json.loads(wired.read(LOCAL))
    assert written == {
        "model": "m",
        "statusLine": {"type": "command", "command": "gitmem statusline"},
    }
    first = wired.read(LOCAL)
    wired.gitmem("init", "--statusline")
    assert wired.read(LOCAL) == first

    wired.gitmem("init", "--no-statusline")
    assert wired.read(LOCAL) == before


def test_uninstall_gives_the_settings_back(wired: Sandbox) -> None:
    wired.gitmem("init", "--statusline", "--no-auto-memory")

    wired.gitmem("uninstall")

    assert not Path(wired.path, LOCAL).exists()


def test_another_status_line_is_left_alone(wired: Sandbox) -> None:
    own = '{"statusLine": {"type": "command", "command": "mine"}}\n'
    wired.write(LOCAL, own)

    done = wired.gitmem("init", "--statusline")

    assert (done.code, wired.read(LOCAL)) == (NeedsPerson.exit_code, own)
    assert "there is another status line" in done.err
    assert wiring.line_off(own) == own
