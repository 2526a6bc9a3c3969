"""A system that lacks file locks gets one clear sentence; its hooks stay silent."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.sandbox import Sandbox

_WITHOUT_LOCKS = """
import sys
sys.modules["fcntl"] = None  # what an import of it comes to on Windows
sys.argv = ["gitmem", *sys.argv[1:]]
from gitmem.cli.entry import main
sys.exit(main())
"""


def without_locks(*argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _WITHOUT_LOCKS, *argv]
    return subprocess.run(command, capture_output=True, text=True, check=False, input="{}")


@pytest.mark.parametrize("argv", [["flag", "a fact"], ["snag", "a", "--better", "b"], ["status"]])
def test_without_file_locks_a_command_says_so_in_one_sentence(argv: list[str]) -> None:
    answer = without_locks(*argv)

    assert answer.returncode == 3
    assert "file locks" in answer.stderr
    assert "hint: " in answer.stderr
    assert ("NOT SAVED" in answer.stderr) == (argv[0] != "status")
    assert "Traceback" not in answer.stderr


def test_without_file_locks_a_hook_is_silent_and_ends_with_zero() -> None:
    answer = without_locks("hook", "claude-code", "SessionStart")

    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "argv", [["status", "--help"], ["flag", "--dry-run", "a fact"]], ids=" ".join
)
def test_as_a_module_it_takes_no_library_from_the_working_folder(
    sandbox: Sandbox, argv: list[str]
) -> None:
    trap = "import os\nopen('ran', 'a').write(__name__)\nos._exit(9)\n"
    for name in ("typer", "fcntl", "__future__", "_json"):
        sandbox.write(f"{name}.py", trap)
    command = [sys.executable, "-m", "gitmem", *argv]

    done = subprocess.run(command, cwd=sandbox.path, capture_output=True, check=False)

    assert not (sandbox.path / "ran").exists()
    assert done.returncode == 0, done.stderr
