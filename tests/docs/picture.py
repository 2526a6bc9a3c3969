"""`python -m tests.docs.picture` draws docs/loop.svg: a real run of the loop, as a terminal shows it.

Ids, object names and ages differ from run to run; they are replaced, so that the same run draws the same bytes.
"""

from __future__ import annotations

import re
import sys
import tempfile
from html import escape
from pathlib import Path

import pytest

from tests.docs.stories import OID, ran
from tests.support.sandbox import GITMEM, Sandbox
from tests.support.seal import seal

PICTURE = Path(__file__).parents[2] / "docs" / "loop.svg"

#: What is run and shown, in order; what is only run comes before it.
QUIET = ("gitmem init", "git add -A", "git commit -q -m 'wire gitmem'")
SHOWN = (
    "gitmem flag 'Tests need Postgres on port 5433' --kind gotcha --topic testing",
    "gitmem snag 'make lint ran the tests' --better 'Run make style before a commit'",
    "gitmem status",
    "gitmem close | tail -3",
    "gitmem accept",
    "tail -1 memory/testing.md",
)

#: An id by its place: of twelve ids one has letters alone, and looks like a word.
_FLAGGED = re.compile(r"(?<=^flagged )[a-z2-7]{12}\b", re.MULTILINE)

_COLUMNS, _CHARACTER, _LINE, _EDGE = 84, 8.4, 20, 16
_STYLE = """
  .back { fill: #ffffff; stroke: #d0d7de } .said { fill: #424a53 } .typed { fill: #0550ae; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117; stroke: #30363d } .said { fill: #c9d1d9 } .typed { fill: #79c0ff }
  }
  text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre }
"""


def settled(text: str) -> str:
    """The text of a run with the ids, object names and ages of every run."""
    text = _FLAGGED.sub("t5xq2mzk7wba", text)
    text = OID.sub(lambda name: "4b1d90c7e2a6"[: len(name[0])], text)
    return re.sub(r"oldest [^,)]+", "oldest just now", text)


def lines(folder: Path) -> list[str]:
    """Runs the loop in a new repository in ``folder``; what a terminal shows, commands with a dollar sign."""
    shop = folder / "shop"
    shop.mkdir()
    sandbox = Sandbox(shop)
    sandbox.git("init", "--quiet")
    sandbox.commit("start", {"shop.py": "def price(): return 42\n"})
    programs = folder / "programs"
    programs.mkdir()
    (programs / "gitmem").symlink_to(GITMEM)
    found: list[str] = []
    for command in (*QUIET, *SHOWN):
        done = ran(command, sandbox, programs, COLUMNS=str(_COLUMNS))
        done.check_returncode()
        if command in SHOWN:
            found += [f"$ {command}", *settled(done.stdout).splitlines()]
    return found


def drawn(shown: list[str]) -> str:
    """The picture of such lines: one file, without a script, a font or an address to load."""
    width = round(max(map(len, shown)) * _CHARACTER) + 2 * _EDGE
    height = len(shown) * _LINE + 2 * _EDGE
    rows = []
    for number, line in enumerate(shown):
        kind = "typed" if line.startswith("$ ") else "said"
        at = _EDGE + _LINE * number + 14
        rows.append(
            f'  <text xml:space="preserve" class="{kind}" x="{_EDGE}" y="{at}">{escape(line)}</text>\n'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="t">\n'
        f'  <title id="t">The loop of gitmem in a terminal</title>\n  <style>{_STYLE}  </style>\n'
        f'  <rect class="back" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>\n'
        f"{''.join(rows)}</svg>\n"
    )


def main() -> int:
    """Draws the picture."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        home = Path(folder, "home")
        home.mkdir()
        seal(patch, home)
        PICTURE.write_text(drawn(lines(Path(folder))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
