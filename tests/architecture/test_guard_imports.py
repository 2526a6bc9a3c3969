"""The guards run for every flag: on ordinary text they may load nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import gitmem

ORDINARY = (
    "CI runs on Python 3.11 only; the wheel test needs a clean environment, so it is a job of its own.",
    "The API key is read from ANTHROPIC_API_KEY, and the token limit is 200000.",
    "Rebase with `git rebase --onto main`; x < 3 and a -> b stay as they are.",
    "The passing tests in tests/safety/test_text.py are keyed by name \u2014 \u201csee there\u201d.",
    "Mail the author at ci@example.org before you change packages/core/src/internal/pattern.py.",
    "Fixed in 3f2a9c1d4e5b6a7f8091a2b3c4d5e6f708192a3b, a commit on main.",
)


def loaded_by(calls: str, texts: tuple[str, ...]) -> set[str]:
    """What a fresh interpreter without site packages has loaded after the calls."""
    code = (
        "import sys\n"
        "from gitmem.safety.active import find_active\n"
        "from gitmem.safety.secrets import find_secret\n"
        "from gitmem.safety.text import clean, find_hidden, visible\n"
        f"for text in {texts!r}:\n    {calls}\n"
        "print(*sys.modules)\n"
    )
    folder = Path(gitmem.__file__).parent.parent
    command = [sys.executable, "-S", "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_ordinary_text_loads_neither_patterns_nor_unicode_data() -> None:
    calls = "clean(text), find_hidden(text), visible(text), find_active(text), find_secret(text)"
    loaded = loaded_by(calls, ORDINARY)
    assert "gitmem.safety.secrets" in loaded
    assert not loaded & {"re", "enum", "functools", "collections", "dataclasses", "typing"}
    assert not loaded & {
        "unicodedata",
        "gitmem.safety.unicode_rules",
        "gitmem.safety.active_rules",
        "gitmem.safety.secret_rules",
    }


@pytest.mark.parametrize(
    ("call", "text", "module"),
    [
        ("clean(text)", "\u65e5\u672c\u8a9e", "gitmem.safety.unicode_rules"),
        ("find_active(text)", "see @notes.md", "gitmem.safety.active_rules"),
        ("find_secret(text)", "password = h1dden-value", "gitmem.safety.secret_rules"),
    ],
)
def test_a_sign_of_trouble_loads_the_rules(call: str, text: str, module: str) -> None:
    assert module in loaded_by(call, (text,))
