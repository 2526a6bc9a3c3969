"""The README against the program: its tables, and its console blocks run in a sandbox."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import typer

import gitmem
from gitmem.cli.app import app
from tests.support.sandbox import GITMEM, PATIENCE, Sandbox, changed_environment

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

_BLOCK = re.compile(r"<!-- run: (\w+) -->\n```console\n(.*?)```\n", re.DOTALL)
_INTERRUPTED = 130
#: A flag's id as the README writes it: with a digit, so that no word is one, and no object name.
_ID = re.compile(r"\b(?=[a-z]*[2-7])(?=[2-7a-f]*[g-z])[a-z2-7]{12}\b")
#: The beginning of an object name.
_OID = re.compile(r"\b(?=[a-f]*[0-9])(?:[0-9a-f]{12}|[0-9a-f]{7})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of a console block, and the lines it shows below it."""

    command: str
    shown: list[str] = field(default_factory=list)


def steps(story: str) -> list[Step]:
    """The commands of all blocks of one story, in order."""
    found: list[Step] = []
    for name, block in _BLOCK.findall(README):
        for line in block.splitlines() if name == story else ():
            if line.startswith("$ "):
                found.append(Step(command=line.removeprefix("$ ")))
            else:
                found[-1].shown.append(line)
    return found


def pattern(line: str, known: dict[str, str]) -> str:
    """A shown line as a regular expression: ids, ages and column widths differ from run to run.

    An id that is ``known`` must come again; a new one becomes a group named after it.
    """
    parts = [re.escape(part) for part in re.split(r"\s+", line)]
    wanted = r"\s+".join(parts).replace(r"just\s+now", r"(?:just\s+now|\d+\s+\w+)")
    wanted = _OID.sub(lambda name: f"[0-9a-f]{{{len(name[0])}}}", wanted)
    for word in dict.fromkeys(_ID.findall(wanted)):
        again = re.escape(known[word]) if word in known else f"(?P<{word}>[a-z2-7]{{12}})"
        wanted = wanted.replace(word, again, 1)
    return wanted


def matched(shown: list[str], said: list[str], known: dict[str, str]) -> None:
    """Asserts that a command said what is shown, in order; `...` stands for any lines."""
    at, anywhere = 0, False
    for line in shown:
        if line == "...":
            anywhere = True
            continue
        wanted = re.compile(pattern(line, known))
        places = range(at, len(said) if anywhere else min(at + 1, len(said)))
        hit = next((place for place in places if wanted.fullmatch(said[place].rstrip())), None)
        assert hit is not None, f"the README shows {line!r}; it said {said[at:]!r}"
        known.update((wanted.fullmatch(said[hit].rstrip()) or {}).groupdict())  # type: ignore[union-attr]
        at, anywhere = hit + 1, False
    assert anywhere or at == len(said), f"the README leaves out {said[at:]!r}"


def run_story(story: str, sandbox: Sandbox, bin_folder: Path) -> None:
    """Runs every command of a story in the sandbox and compares what it says."""
    known: dict[str, str] = {}
    environment = changed_environment(None)
    environment["PATH"] = f"{bin_folder}:{environment['PATH']}"
    for step in steps(story):
        command = step.command
        for short, whole in known.items():
            for length in range(12, 3, -1):
                command = re.sub(rf"\b{short[:length]}\b", whole[:length], command)
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=sandbox.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        assert done.returncode == 0, f"{command} answered {done.returncode}: {done.stdout}"
        matched(step.shown, done.stdout.splitlines(), known)


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """A folder in which the command under test is called gitmem."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "gitmem").symlink_to(GITMEM)
    return folder


def commands() -> dict[str, str]:
    """Every visible command of the live application, and the first line of its help."""
    group = typer.main.get_command(app)
    found = getattr(group, "commands")  # noqa: B009 - typer's own group class is private
    return {
        f"gitmem {name}": (command.help or "").splitlines()[0]
        for name, command in found.items()
        if not command.hidden
    }


def rows(heading: str) -> list[list[str]]:
    """The cells of the table whose first heading cell is ``heading``."""
    start = README.index(f"| {heading} |")
    lines = README[start:].partition("\n\n")[0].splitlines()[2:]
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


def test_the_command_table_has_every_visible_command_with_its_own_help() -> None:
    table = {row[0].strip("`"): row[1] for row in rows("command")}

    assert table == commands()


def test_the_command_table_has_the_order_of_the_help() -> None:
    assert [row[0].strip("`") for row in rows("command")] == list(commands())


def test_the_exit_code_table_has_every_code_an_error_can_have() -> None:
    table = [int(row[0]) for row in rows("exit code")]

    assert table == sorted({0, _INTERRUPTED} | error_codes())


def test_the_personal_settings_are_those_the_code_reads() -> None:
    sources = [path.read_text(encoding="utf-8") for path in Path(gitmem.__path__[0]).rglob("*.py")]
    shapes = r'(?:personal\("|"gitmem\.)(\w+)"'
    read = {key for text in sources for key in re.findall(shapes, text)}

    assert {row[0].strip("`") for row in rows("setting")} == {f"gitmem.{key}" for key in read}


def test_the_hook_table_has_the_events_that_are_installed() -> None:
    hooks = (ROOT / "hooks" / "claude-code" / "hooks.json").read_text(encoding="utf-8")
    installed = set(re.findall(r"gitmem hook claude-code (\w+)", hooks))

    assert {row[0].split("`")[1] for row in rows("event")} == installed


def test_the_make_targets_it_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|    )make ([a-z]+)", README))

    assert "demo" in named
    assert {name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)} == set()


def test_the_first_screen_says_what_it_is_how_to_try_install_and_use_it() -> None:
    screen = README.partition("\n## ")[0]

    assert len(screen.splitlines()) <= 45
    for word in (
        "make demo",
        "uv tool install gitmem-cli",
        "pipx install gitmem-cli",
        "| command |",
    ):
        assert word in screen


def test_every_console_block_belongs_to_a_story_that_is_run() -> None:
    assert README.count("```console") == len(_BLOCK.findall(README))
    assert {name for name, _ in _BLOCK.findall(README)} == {"ci", "day", "loops", "why"}


def test_a_day_with_gitmem_goes_as_the_readme_shows(sandbox: Sandbox, bin_folder: Path) -> None:
    run_story("day", sandbox, bin_folder)


def test_a_line_leads_back_as_the_readme_shows(sandbox: Sandbox, bin_folder: Path) -> None:
    run_story("why", sandbox, bin_folder)


def test_what_came_back_in_the_readme_is_what_the_commands_say(
    sandbox: Sandbox, bin_folder: Path
) -> None:
    run_story("loops", sandbox, bin_folder)


def test_a_clone_of_depth_one_in_ci_answers_as_the_readme_shows(
    sandbox: Sandbox, bin_folder: Path, tmp_path: Path
) -> None:
    origin, clone = tmp_path / "origin.git", tmp_path / "clone"
    assert sandbox.gitmem("init").code == 0
    sandbox.git("add", "--all")
    sandbox.commit("wire gitmem")
    assert sandbox.gitmem("flag", "The cache is keyed by commit").code == 0
    sandbox.git("init", "--quiet", "--bare", str(origin))
    sandbox.git("push", "--quiet", str(origin), "main", "gitmem/queue")
    clone.mkdir()
    runner = Sandbox(clone)
    runner.git("init", "--quiet")
    runner.git("remote", "add", "origin", origin.as_uri())
    runner.git("fetch", "--quiet", "--depth=1", "origin", "+main:refs/remotes/pull/7/merge")
    runner.git("checkout", "--quiet", "--detach", "refs/remotes/pull/7/merge")

    run_story("ci", runner, bin_folder)
