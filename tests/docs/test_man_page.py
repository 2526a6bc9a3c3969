"""The man page: it says what the help says, and man shows it as it is written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs import commands, man_page
from tests.support.sandbox import GITMEM, Sandbox

TEXT = (man_page.PAGES / "gitmem.1").read_text(encoding="utf-8")
HOSTILE = (
    ".SH not a heading",
    "'br is not a request",
    r"C:\new\fB and \n",
    "--no-auto-memory / -h",
    'a ^ b ~ c, it\'s "so"',
    "5 · naïve · 記憶",
)
_REQUESTS = {
    "TH",
    "SH",
    "SS",
    "PP",
    "TP",
    "B",
    "BR",
    "RI",
    "br",
    "nf",
    "fi",
    "RS",
    "RE",
    "nh",
    "ad",
}
_ESCAPE = re.compile(r"\\(?:[e&-]|\((?:aq|ga|ha|ti|dq)|f[BR]|\[u[0-9A-F]{4,6}\])")

needs_groff = pytest.mark.skipif(
    not shutil.which("groff"), reason="2026-11-30: no groff on this machine"
)
needs_man = pytest.mark.skipif(
    not shutil.which("groff") or not shutil.which("man"),
    reason="2026-11-30: no man on this machine",
)


def rendered(text: str) -> str:
    """What a terminal of 80 columns shows of a page, without bold; a warning of groff fails."""
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-P-c", "-P-b", "-P-u", "-rLL=78n"],
        input=text,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert done.stderr == ""
    return done.stdout


def test_the_man_page_says_what_the_help_says() -> None:
    assert man_page.written() == TEXT, "run: python -m tests.docs.commands"
    assert (man_page.PAGES / "git-mem.1").read_text(encoding="utf-8") == man_page.ALIAS


def test_every_line_is_text_or_a_request_that_man_knows() -> None:
    for line in TEXT.splitlines():
        assert not line.startswith("'")
        if line.startswith(".") and not line.startswith('.\\"'):
            assert line[1:].split(" ")[0] in _REQUESTS
            continue
        assert "\\" not in _ESCAPE.sub("", line.removeprefix('.\\"'))
        assert line.isascii()


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_text_is_taken_for_roff(text: str) -> None:
    for line in man_page.roff(text).splitlines():
        assert line[0] not in ".'"
        assert "\\" not in _ESCAPE.sub("", line)


@needs_groff
@pytest.mark.parametrize("text", HOSTILE)
def test_groff_shows_a_text_unchanged(text: str) -> None:
    shown = rendered(f'.TH X 1 "" x x\n.SH X\n.nf\n{man_page.roff(text)}\n.fi\n')

    assert text in [line.strip() for line in shown.splitlines()]


@needs_groff
def test_the_page_has_every_command_and_its_examples_within_eighty_columns() -> None:
    lines = rendered(TEXT).splitlines()
    shown = " ".join(" ".join(lines).split())

    assert [line for line in lines if len(line) > 80] == []
    for name, command in commands.commands().items():
        assert f"gitmem {name}" in shown
        assert commands.first_line(command) in shown
    assert "Examples: gitmem close gitmem close --engine anthropic --dry-run" in shown


@needs_man
def test_git_mem_help_opens_the_page(sandbox: Sandbox, tmp_path: Path) -> None:
    programs, pages = tmp_path / "bin", tmp_path / "elsewhere" / "man1"
    programs.mkdir()
    (programs / "git-mem").symlink_to(GITMEM)
    shutil.copytree(man_page.PAGES, pages)

    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": path, "MANPATH": f"{pages.parent}:", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"}
    shown = sandbox.git("mem", "--help", env=env)

    assert "gitmem, git-mem - a coding agent's memory, kept in git" in shown
    assert "EXIT STATUS" in shown
