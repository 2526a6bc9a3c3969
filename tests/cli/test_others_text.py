"""Text of others on a terminal and in a CI log: each byte that is not ours goes through one escape."""

from __future__ import annotations

import ast
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

import gitmem
from gitmem.cli import render
from tests.support.sandbox import GITMEM, PATIENCE, Sandbox, changed_environment

HOSTILE = (
    "a title \x1b]0;owned\x07 is set",
    "the screen \x1b[2J\x1b[1;1H is cleared",
    "hidden \x1b[8mtext\x1b[m",
    "##[error]a build failed",
    "::stop-commands::x",
    "\t::error::x",
    "reversed \u202egnp.exe",
    "zero\u200bwidth and \U000e0041 tags",
    "a bell \x07, a C1 \x9b2J",
)
# In a file that has these gitmem edits nothing; they come with other lines of a difference.
ENDS = (
    "a return \rgone",
    "a separator \u2028 and \x85 and \x0b and \x0c",
    "no text \udcff\udc9b2J",
)
# What a terminal or a runner obeys, or what cannot be seen. A tab and a line feed are ours to keep.
OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
    r"|##\w*\[|^\s*::",
    re.MULTILINE,
)


def harmless(shown: str) -> None:
    found = OBEYED.search(shown)
    assert not found, repr(shown[max(0, found.start() - 60) : found.end() + 20])


@pytest.fixture
def attacked(sandbox: Sandbox) -> Sandbox:
    """A clone whose committed memory and instructions hold such lines, as context of a change."""
    lines = "".join(f"- {line}\n" for line in HOSTILE)
    topic = f"---\nname: facts\ndescription: d\n---\n\n# Facts\n\n{lines}"
    sandbox.write("memory/facts.md", topic)
    sandbox.write("CLAUDE.md", "".join(f"{line}\n" for line in HOSTILE))
    sandbox.git("add", "--all")
    sandbox.git("commit", "--quiet", "--message", "hostile")
    sandbox.git("config", "diff.context", "30")
    assert sandbox.gitmem("init").code == 0
    sandbox.git("add", "--all")
    sandbox.git("commit", "--quiet", "--message", "wired")
    assert sandbox.gitmem("flag", "deploys need the VPN").code == 0
    return sandbox


def test_the_differences_of_close_and_review_show_it_escaped(attacked: Sandbox) -> None:
    close = attacked.gitmem("close", "--diff")
    review = attacked.gitmem("review")

    for done in (close, review):
        assert done.code == 0, done.out + done.err
        assert "+- deploys need the VPN" in done.out
        assert "the screen" in done.out
        harmless(done.out)
        harmless(done.err)


def test_the_difference_of_forget_shows_it_escaped(attacked: Sandbox) -> None:
    attacked.gitmem("close")
    assert attacked.gitmem("accept").code == 0
    (flag,) = re.findall(r'"id":"([a-z2-7]{12})"', attacked.git("log", "-1", "--format=", "-p"))[:1]

    done = attacked.gitmem("forget", flag)

    assert "-- deploys need the VPN" in done.out
    harmless(done.out)


@pytest.mark.parametrize(
    "args",
    [
        ("uninstall", "--dry-run"),
        ("init", "--dry-run", "--target", "main"),
        ("doctor", "--fix", "--dry-run"),
        ("status",),
        ("log",),
        ("check", "--stale"),
        ("check", "--trace"),
        ("why", "memory/facts.md:8"),
    ],
    ids=" ".join,
)
def test_every_other_command_shows_it_escaped(attacked: Sandbox, args: tuple[str, ...]) -> None:
    attacked.write("CLAUDE.md", "".join(f"{line}\n" for line in HOSTILE))
    done = attacked.gitmem(*args)

    harmless(done.out)
    harmless(done.err)


@pytest.mark.parametrize(
    "args",
    [
        ("\x1b[2J",),
        ("close", "--\x1b[2J"),
        ("close", "--workers", "\x1b[2J"),
        ("close", "extra\x1b[2J\u202e"),
        ("sync", "--rewritten", "::error::\x1b[2J"),
        ("flag", "--kind", "\x1b[2J", "text"),
        ("flag", "--\x1b[2J", "text"),
        ("audit", "--since", "\x1b[2J"),
        ("close", "--engine", "\x1b[2J"),
        ("drop", "\x1b[2J", "--reason", "r"),
        ("undrop", "\x1b[2J"),
        ("edit", "\x1b[2J", "text"),
    ],
    ids=ascii,
)
def test_what_was_typed_is_repeated_escaped(sandbox: Sandbox, args: tuple[str, ...]) -> None:
    done = sandbox.gitmem(*args)

    assert done.code == 2
    harmless(done.err)


def test_a_proposal_s_text_is_shown_escaped(attacked: Sandbox) -> None:
    bare = attacked.path.with_name("project.git")
    attacked.git("clone", "--quiet", "--bare", ".", str(bare))
    attacked.git("remote", "add", "origin", bare.as_uri())
    attacked.git("fetch", "--quiet")

    harmless(attacked.gitmem("close", "--pr", "--dry-run").out)


def test_on_a_terminal_the_only_colours_are_ours(attacked: Sandbox) -> None:
    attacked.gitmem("close")
    leader, follower = pty.openpty()
    env = changed_environment({"TERM": "xterm-256color", "NO_COLOR": None})
    with subprocess.Popen(
        [GITMEM, "review"],
        cwd=attacked.path,
        env=env,
        stdin=follower,
        stdout=follower,
        stderr=follower,
    ) as child:
        os.close(follower)
        said = b""
        while True:
            try:
                more = os.read(leader, 65536)
            except OSError:
                break
            if not more:
                break
            said += more
        child.wait(PATIENCE)
    os.close(leader)

    text = said.decode("utf-8").replace("\r\n", "\n")
    assert "\x1b[32m+- deploys need the VPN\x1b[m" in text
    assert "\x1b[36m@@ -" in text
    harmless(re.sub(r"\x1b\[(?:1|31|32|36)?m", "", text))


@pytest.mark.parametrize("line", [*HOSTILE, *ENDS], ids=ascii)
@pytest.mark.parametrize("before", ["", " ", "+", "-"])
def test_each_line_of_a_difference_goes_through_the_escape(
    capfd: pytest.CaptureFixture[str], line: str, before: str
) -> None:
    render.diff(f"@@ -1 +1 @@\n{before}{line}\n")
    render.page(before + line)

    harmless(capfd.readouterr().out)


def test_a_line_that_looks_like_a_header_is_coloured_as_what_it_is() -> None:
    lines = [
        "diff --git a/x b/x",
        "--- a/x",
        "+++ b/x",
        "@@ -1,2 +1,2 @@",
        "--- old",
        "+++ new",
        " @@ -1 +1 @@",
    ]

    assert [start for start, _ in render._coloured(lines)] == [
        "\x1b[1m", "\x1b[1m", "\x1b[1m", "\x1b[36m", "\x1b[31m", "\x1b[32m", ""
    ]  # fmt: skip


def test_nothing_is_printed_past_the_escape() -> None:
    """Only `render` and `streams` write, and the one unescaped way of `render` is for a CI runner's commands."""
    package = Path(gitmem.__file__).parent
    writers, commands = set(), set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called in {
                    "print",
                    "typer.echo",
                    "typer.secho",
                    "sys.stdout.write",
                    "sys.stderr.write",
                }:
                    writers.add(path.relative_to(package).as_posix())
                if called == "render.command":
                    commands.add(path.relative_to(package).as_posix())

    assert writers == {"cli/progress.py"}  # git's progress, piece by piece through the escape
    assert commands == {"cli/reports/verdict.py"}
