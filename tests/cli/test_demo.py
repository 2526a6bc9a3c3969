"""`gitmem demo` is the main job, shown; a machine with git and Python only must get through it."""

from __future__ import annotations

from pathlib import Path

from tests.support.sandbox import Sandbox


def test_the_demo_shows_every_step_of_the_loop(tmp_path: Path) -> None:
    answer = Sandbox(tmp_path).gitmem("demo")

    assert answer.code == 0, answer.out + answer.err
    shown = " ".join(answer.out.split())
    steps = [
        "after git commit: flag what's durable",
        "flag(decision): prices are integers",
        "4 flags undrained:",
        "(exit code 1)",
        "+ prices are integers in cents",
        "landed on main",
        "ok: everything is drained",
    ]
    places = [shown.index(step) for step in steps]
    assert places == sorted(places)
    assert "gitmem/queue" not in shown[shown.index("$ git branch --list") :]


def test_the_demo_leaves_nothing_behind_and_needs_no_repository(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()

    assert Sandbox(tmp_path).gitmem("demo", env={"TMPDIR": str(temporary)}).code == 0
    assert list(temporary.iterdir()) == []


def test_a_demo_that_fails_says_so_with_its_exit_code(tmp_path: Path) -> None:
    """A step that breaks must not look like a demo that worked."""
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text("#!/bin/sh\nexit 9\n")
    git.chmod(0o755)

    answer = Sandbox(tmp_path).gitmem("demo", env={"PATH": f"{git.parent}:/usr/bin:/bin"})

    assert answer.code != 0
