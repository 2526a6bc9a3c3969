"""How often `gitmem flag` refuses an ordinary line: ``python -m tests.bench.refusals FOLDER...``.

Reads every Markdown file below the folders (``.md`` and ``.mdc``) and asks the guards of `flag` about each
line a person wrote for an agent: list items, and with ``--all`` also paragraphs and rows of tables.
Front matter, code, headings, lines without a letter and lines seen before are left out. ``--show``
prints every line that is refused. Nothing is written, and no text of the files is kept.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from gitmem.capture.capture import guarded
from gitmem.core.errors import Refused
from gitmem.markdown.lines import front_matter_lines, rows
from gitmem.safety.text import MAX_TEXT

SUFFIXES = {".md", ".mdc"}
_FENCE = re.compile(r"[\s>]*(?:[-*+]\s+|\d+[.)]\s+)?(?P<run>`{3,}|~{3,})")
_MARK = re.compile(r"[ \t>]*(?P<item>(?:[-*+]|\d{1,9}[.)])[ \t]+)?(?:\[[ xX]\][ \t]+)?")


def lines_of(text: str, *, items_only: bool) -> Iterator[str]:
    """The lines of one file, without list markers and boxes."""
    fence = ""
    for row in rows(text)[front_matter_lines(text) or 0 :]:
        mark = _FENCE.match(row)
        if fence:
            ends = mark and mark["run"].startswith(fence) and not row.strip("\t >`~")
            fence = "" if ends else fence
            continue
        if mark:
            fence = mark["run"]
            continue
        lead = _MARK.match(row)
        line = row[lead.end() :].strip() if lead else row.strip()
        wanted = (lead and lead["item"]) or not items_only
        if wanted and not line.startswith("#") and any(char.isalpha() for char in line):
            yield line


def refused(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each line that the guards refuse, with the reason."""
    for line in lines:
        try:
            guarded(line, "text")
        except Refused as refusal:
            yield line, refusal.message


def main(arguments: list[str]) -> None:
    """Prints how many lines there are, and how many are refused for what."""
    folders = [Path(name) for name in arguments if not name.startswith("--")]
    if not folders:
        sys.exit(__doc__)
    files = [
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix in SUFFIXES and path.is_file()
    ]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    seen = {
        line: None
        for text in texts
        for line in lines_of(text, items_only="--all" not in arguments)
        if len(line) <= MAX_TEXT
    }
    found = list(refused(seen))
    rate = 100 * len(found) / max(len(seen), 1)
    print(f"{len(seen)} lines of {len(files)} files, {len(found)} refused: {rate:.3f} %")
    for reason, count in Counter(
        reason.partition(",")[0][:60] for _, reason in found
    ).most_common():
        print(f"{count:6} {reason}")
    if "--show" in arguments:
        print(*(f"{reason}\n    {line}" for line, reason in found), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
