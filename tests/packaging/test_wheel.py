"""What is in the wheel. `.ci/run wheel` runs this from a folder without gitmem/, in an environment with only the wheel."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from importlib import metadata, resources
from pathlib import Path

import pytest

import gitmem
from tests.support.sandbox import Sandbox
from tests.support.seal import FOUND

pytestmark = pytest.mark.wheel

TREE = Path(__file__).parents[2]


def files_under(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in files
        if "__pycache__" not in path.parts
    }


def test_the_suite_sees_the_wheel_and_not_the_checkout() -> None:
    assert not (TREE / "gitmem").exists()
    assert "site-packages" in Path(gitmem.__file__).parts


@pytest.mark.parametrize("folder", ["hooks", "templates"])
def test_what_is_shipped_equals_the_tree_byte_for_byte(folder: str) -> None:
    tree = files_under(TREE / folder)
    installed = files_under(Path(str(resources.files("gitmem"))) / "_data" / folder)

    assert tree
    assert installed == tree


def test_the_wheel_holds_the_package_its_type_marker_and_nothing_else() -> None:
    with zipfile.ZipFile(FOUND["GITMEM_WHEEL"]) as wheel:
        names = wheel.namelist()

    assert "gitmem/py.typed" in names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith((".dist-info", ".data"))} == {"gitmem"}


@pytest.mark.parametrize("page", ["gitmem.1", "git-mem.1"])
def test_the_man_page_is_below_the_prefix_of_the_installation(page: str) -> None:
    installed = Path(sys.prefix, "share", "man", "man1", page)

    assert installed.read_bytes() == (TREE / "docs" / "man" / page).read_bytes()


@pytest.mark.skipif(
    not shutil.which("man") or not shutil.which("groff"),
    reason="2026-11-30: no man on this machine",
)
@pytest.mark.parametrize("way", ["from PATH alone", "from MANPATH"])
def test_git_mem_help_opens_the_man_page_that_was_installed(sandbox: Sandbox, way: str) -> None:
    prefix = Path(sys.prefix)
    env = {"MANWIDTH": "80", "MANPATH": None, "LC_ALL": "C.UTF-8"}
    if way == "from MANPATH":
        env["MANPATH"] = f"{prefix}/share/man:"

    path = f"{prefix / 'bin'}{os.pathsep}{os.environ['PATH']}"
    shown = sandbox.git("mem", "--help", env={**env, "PATH": path})

    assert "gitmem, git-mem - a coding agent's memory, kept in git" in shown
    assert "gitmem close --engine anthropic --dry-run" in shown


@pytest.mark.parametrize("command", ["gitmem", "git-mem", "gitmem-cli"])
def test_every_command_name_starts_the_same_function(command: str) -> None:
    (script,) = metadata.entry_points(group="console_scripts", name=command)

    assert script.value == "gitmem.cli.entry:main"


def test_a_flag_is_saved_by_the_installed_command(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("flag", "the wheel works")

    assert (done.code, done.err) == (0, "")
    assert "the wheel works" in sandbox.git("log", "--format=%s", "gitmem/queue")
