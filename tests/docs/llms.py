"""`python -m tests.docs.llms` writes docs/llms.txt: each page with its title and its first sentences, for a model."""

from __future__ import annotations

import re
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "llms.txt"

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_ORDER = re.compile(r"\((\w[\w-]*\.md)[)#]")


def pages() -> list[Path]:
    """The pages in the order in which the first page names them, then the others."""
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    named = [DOCS / name for name in dict.fromkeys(_ORDER.findall(index))]
    others = sorted(set(DOCS.glob("*.md")) - {DOCS / "index.md"} - set(named))
    return [*named, *others]


def title_and_beginning(page: Path) -> tuple[str, str]:
    """The title of a page, and the sentences of its first paragraph up to 200 characters; links as their text."""
    text = page.read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix("# ")
    paragraphs = [part for part in text.partition("\n")[2].split("\n\n") if part.strip()]
    prose = [
        part for part in paragraphs if part.strip()[0].isalpha() or re.match(r"`[^`]", part.strip())
    ]
    words = " ".join(_LINK.sub(r"\1", prose[0]).split()) if prose else ""
    sentences = re.split(r"(?<=[.!?]) (?=[A-Z`])", words)
    found = sentences[0]
    for sentence in sentences[1:]:
        if len(found) + len(sentence) > 200:
            break
        found += f" {sentence}"
    return title, found.strip()


def written() -> str:
    """The whole file."""
    _, summary = title_and_beginning(DOCS / "index.md")
    parts = [f"# gitmem\n\n> {summary}\n\n## Pages\n\n"]
    for page in pages():
        title, beginning = title_and_beginning(page)
        parts.append(f"- [{title}]({page.name}): {beginning}\n")
    return "".join(parts)


def main() -> int:
    """Writes the file."""
    PAGE.write_text(written(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
