"""The pages for a user against the program: their tables, and their console blocks run in a sandbox."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import gitmem
from tests.docs import commands, picture, stories
from tests.support.sandbox import GITMEM, Sandbox

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

_INTERRUPTED = 130


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """A folder in which the command under test is called gitmem."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "gitmem").symlink_to(GITMEM)
    return folder


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table of a page in docs whose first heading cell is ``heading``."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    start = text.index(f"| {heading} |")
    lines = text[start:].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


_REACHED = """
import importlib, pkgutil, gitmem
from gitmem.core.errors import GitmemError
for module in pkgutil.walk_packages(gitmem.__path__, "gitmem."):
    if module.name != "gitmem.__main__":
        importlib.import_module(module.name)
pending = [GitmemError]
for kind in pending:
    pending += kind.__subclasses__()
    print(kind.exit_code)
"""


def error_codes() -> set[int]:
    """The exit codes of every error class that the commands can reach."""
    found = subprocess.run(
        [sys.executable, "-c", _REACHED], capture_output=True, check=True, encoding="utf-8"
    )
    return {int(code) for code in found.stdout.split()}


def test_the_page_of_commands_says_what_their_help_says() -> None:
    page = commands.PAGE.read_text(encoding="utf-8")

    assert commands.written(page) == page, "run: python -m tests.docs.commands"


def test_the_five_verbs_of_the_readme_are_commands() -> None:
    table = README.partition("| verb |")[2].partition("\n\n")[0]
    verbs = re.findall(r"^\| `gitmem (\w+)`", table, re.MULTILINE)

    assert len(verbs) == 5
    assert set(verbs) <= set(commands.commands())


def test_the_exit_code_table_has_every_code_an_error_can_have() -> None:
    table = [int(row[0]) for row in rows("commands.md", "exit code")]

    assert table == sorted({0, _INTERRUPTED} | error_codes())


def test_the_personal_settings_are_those_the_code_reads() -> None:
    sources = [path.read_text(encoding="utf-8") for path in Path(gitmem.__path__[0]).rglob("*.py")]
    shapes = r'(?:personal\("|"gitmem\.)(\w+)"'
    read = {key for text in sources for key in re.findall(shapes, text)}

    assert {row[0].strip("`") for row in rows("settings.md", "setting")} == {
        f"gitmem.{key}" for key in read
    }


def test_the_hook_table_has_the_events_that_are_installed() -> None:
    hooks = (ROOT / "hooks" / "claude-code" / "hooks.json").read_text(encoding="utf-8")
    installed = set(re.findall(r"gitmem hook claude-code (\w+)", hooks))

    assert {row[0].split("`")[1] for row in rows("hooks.md", "event")} == installed


def test_the_make_targets_it_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|    )make ([a-z]+)`", stories.text()))
    named |= set(re.findall(r"^    make ([a-z]+)", README, re.MULTILINE))

    assert "demo" in named
    assert {name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)} == set()


def test_the_first_screen_says_what_it_is_how_to_try_install_and_use_it() -> None:
    assert len(README.splitlines()) <= 60
    for word in (
        "make demo",
        "uv tool install gitmem-cli",
        "pipx install gitmem-cli",
        "gitmem init",
        "| verb |",
        "docs/loop.svg",
    ):
        assert word in README


def test_the_picture_is_what_a_terminal_shows_today(tmp_path: Path) -> None:
    drawn = picture.drawn(picture.lines(tmp_path))

    assert drawn == picture.PICTURE.read_text(encoding="utf-8"), "run: python -m tests.docs.picture"


@pytest.mark.parametrize("name", ["t5xq2mzk7wba", "abcdefghijkl", "234567234567", "abcdefabcdef"])
def test_the_picture_is_the_same_for_every_id(name: str) -> None:
    assert picture.settled(f"flagged {name} (fact) x\n") == "flagged t5xq2mzk7wba (fact) x\n"


def test_the_picture_loads_nothing_and_runs_nothing() -> None:
    text = picture.PICTURE.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")

    assert re.findall(r"https?:|url\(|<script|href|@import", text) == []


def test_every_console_block_belongs_to_a_story_that_is_run() -> None:
    pages = stories.text()
    told = stories.BLOCK.findall(pages)

    assert pages.count("```console") == len(told)
    assert {name for name, _ in told} == {"ci", "day", "loops", "why"}


def test_a_day_with_gitmem_goes_as_the_tutorial_shows(sandbox: Sandbox, bin_folder: Path) -> None:
    stories.run("day", sandbox, bin_folder)


def test_a_line_leads_back_as_its_page_shows(sandbox: Sandbox, bin_folder: Path) -> None:
    stories.run("why", sandbox, bin_folder)


def test_what_came_back_on_its_page_is_what_the_commands_say(
    sandbox: Sandbox, bin_folder: Path
) -> None:
    stories.run("loops", sandbox, bin_folder)


def test_a_clone_of_depth_one_in_ci_answers_as_its_page_shows(
    sandbox: Sandbox, bin_folder: Path, tmp_path: Path
) -> None:
    origin, clone = tmp_path / "origin.git", tmp_path / "clone"
    sandbox.wire()
    assert sandbox.gitmem("flag", "The cache is keyed by commit").code == 0
    sandbox.git("init", "--quiet", "--bare", str(origin))
    sandbox.git("push", "--quiet", str(origin), "main", "gitmem/queue")
    clone.mkdir()
    runner = Sandbox(clone)
    runner.git("init", "--quiet")
    runner.git("remote", "add", "origin", origin.as_uri())
    runner.git("fetch", "--quiet", "--depth=1", "origin", "+main:refs/remotes/pull/7/merge")
    runner.git("checkout", "--quiet", "--detach", "refs/remotes/pull/7/merge")

    stories.run("ci", runner, bin_folder)
