"""A configuration that git itself cannot read: gitmem names it, and takes nothing for missing because of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.hooks import fire
from tests.support.sandbox import Sandbox

#: A value of git's own, an unclosed section, and what an editor of another program leaves.
BROKEN = ("[core]\n\tabbrev = zz\n", "[core\n", "[core]\n\tautocrlf = maybe not\n")


@pytest.fixture
def landed(sandbox: Sandbox) -> Sandbox:
    """A repository with a line of memory, and a flag that waits."""
    sandbox.wire().land("See `src/gone.py`")
    sandbox.gitmem("flag", "The port is 8080")
    return sandbox


def broken(folder: Path, text: str) -> dict[str, str | None]:
    path = folder / "broken.config"
    path.write_text(text, encoding="utf-8")
    return {"GIT_CONFIG_GLOBAL": str(path)}


@pytest.mark.parametrize("text", BROKEN)
@pytest.mark.parametrize(
    "words", ["status", "check", "check --stale", "check --trace", "close", "recall port", "stats"]
)
def test_git_s_own_words_are_said_and_no_check_passes(
    landed: Sandbox, tmp_path: Path, words: str, text: str
) -> None:
    done = landed.gitmem(*words.split(), env=broken(tmp_path, text))

    assert done.code in {5, 8}
    assert "bad " in done.err
    assert "config" in done.err
    assert "detached" not in done.err
    assert "not in this clone" not in done.err


def test_a_flag_is_saved_all_the_same(landed: Sandbox, tmp_path: Path) -> None:
    env = broken(tmp_path, BROKEN[0])

    done = landed.gitmem("flag", "Kept beside a broken configuration", env=env)

    assert done.code == 0
    assert "Kept beside a broken configuration" in landed.gitmem("log").out


def test_a_hook_ends_with_0(
    landed: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in broken(tmp_path, BROKEN[0]).items():
        monkeypatch.setenv(name, str(value))

    assert fire(landed, "SessionStart.startup").code == 0
