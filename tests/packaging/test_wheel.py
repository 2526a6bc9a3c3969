"""What is in the wheel. `.ci/run wheel` runs this from a folder without gitmem/, in an environment with only the wheel."""

from __future__ import annotations

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
    assert {top for top in tops if not top.endswith(".dist-info")} == {"gitmem"}


@pytest.mark.parametrize("command", ["gitmem", "git-mem", "gitmem-cli"])
def test_every_command_name_starts_the_same_function(command: str) -> None:
    (script,) = metadata.entry_points(group="console_scripts", name=command)

    assert script.value == "gitmem.cli.entry:main"


def test_a_flag_is_saved_by_the_installed_command(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("flag", "the wheel works")

    assert (done.code, done.err) == (0, "")
    assert "the wheel works" in sandbox.git("log", "--format=%s", "gitmem/queue")
