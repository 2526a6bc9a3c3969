"""The pages as a site: links to a heading lead to one, the menu has every page, and commands named exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import commands, llms, stories

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(page: Path) -> set[str]:
    """What a forge and the site call the headings of a page."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    plain = [re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading).lower() for heading in headings]
    return {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading).strip()) for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_to_a_heading_leads_to_one(page: Path) -> None:
    prose = _CODE.sub("", _FENCE.sub("", page.read_text(encoding="utf-8")))
    links = [link.partition("#") for link in _LINK.findall(prose) if "://" not in link]
    missing = [
        f"{path}#{anchor}"
        for path, _, anchor in links
        if anchor and anchor not in anchors((page.parent / path).resolve() if path else page)
    ]

    assert missing == []


def test_the_menu_of_the_site_has_every_page_once() -> None:
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    named = re.findall(r"- ([\w/-]+\.md)$", menu, re.MULTILINE)
    pages = [name_of(page).removeprefix("docs/") for page in PAGES[1:]]

    assert sorted(named) == sorted(page for page in pages if not page.startswith("changelog/"))


def test_the_first_page_leads_to_every_page() -> None:
    named = {page.name for page in llms.pages()} | {"index.md"}
    linked = set(llms._ORDER.findall((ROOT / "docs" / "index.md").read_text(encoding="utf-8")))

    assert named - linked == {"index.md"}


def test_the_list_for_a_model_is_that_of_the_pages() -> None:
    assert llms.PAGE.read_text(encoding="utf-8") == llms.written(), "run: python -m tests.docs.llms"


def test_every_command_and_option_that_a_page_names_exists() -> None:
    known = commands.every()
    prose = _FENCE.sub("", stories.text())
    code = [span for text in prose.split("\n\n") for span in re.findall(r"`([^`]+)`", text)]
    wrong = []
    for span in code:
        words = " ".join(span.split()).split(" | ")[0]
        for found in re.finditer(r"(?<![\w/.-])(?:gitmem|git mem) ([a-z][a-z-]*)\b([^&;]*)", words):
            name, rest = found[1], re.sub(r"'[^']*'", "", found[2])
            options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", rest))
            if name not in known or options - known[name]:
                wrong.append(words)

    assert wrong == []
