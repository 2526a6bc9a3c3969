"""`gitmem report`: one page, in which the text of others stays text."""

from __future__ import annotations

import json
import stat
from html.parser import HTMLParser

import pytest

from tests.support.sandbox import Sandbox

KNOWN = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "h1",
        "h2",
        "h3",
        "p",
        "time",
        "nav",
    ),
    *(
        "ul",
        "li",
        "a",
        "main",
        "section",
        "details",
        "summary",
        "b",
        "ol",
        "div",
        "span",
        "br",
        "article",
    ),
    *("code", "table", "thead", "tbody", "tr", "th", "td", "footer"),
}


class Page(HTMLParser):
    """What a browser would make of it: tags, addresses, ids and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.odd: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "href":
                self.links.append(value or "")
            elif name == "id":
                self.ids.append(value or "")
            elif name.startswith("on") or name in {"src", "style", "srcdoc"}:
                self.odd.append(name)

    def handle_data(self, data: str) -> None:
        self.text += data


def page(sandbox: Sandbox) -> Page:
    done = sandbox.gitmem("report", "-o", "-")
    assert done.code == 0, done.err
    found = Page(done.out)
    assert found.tags <= KNOWN
    assert not found.odd
    assert len(found.ids) == len(set(found.ids))
    assert all(link.startswith("#") and link[1:] in found.ids for link in found.links)
    return found


def test_before_the_first_flag_there_is_a_page_all_the_same(sandbox: Sandbox) -> None:
    assert "No flag yet." in page(sandbox).text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "</style></title><img src=x onerror=alert(1)>",
        '" onmouseover="alert(1)" x=\'',
        "javascript:alert(1) https://x.example/?q=%22%3E<b>",
        "{{ 7 * 191 }} {% raw %} &lt;b&gt; ]]> <!--",
        "long " + "word " * 190,
    ],
)
def test_the_text_of_a_flag_cannot_become_markup(sandbox: Sandbox, text: str) -> None:
    flagged = sandbox.gitmem("flag", text)
    assert flagged.code == 0, flagged.err
    assert text.strip() in page(sandbox).text


def test_hidden_characters_and_lone_surrogates_are_written_out(sandbox: Sandbox) -> None:
    from gitmem.report.page import MARK, html

    template = "{{ mark|safe }}{{ flags[0].text }}"
    flag = {"id": "a", "text": "a\u202eb\x1b[31mc\ud800d" + "x" * 10_000}
    text = html({"flags": [flag]}, template)
    assert text.startswith(MARK)
    assert not {"\u202e", "\x1b", "\ud800"} & set(text)
    assert "x" * 10_000 in text
    text.encode()


def test_the_page_tells_snags_closes_and_memory(sandbox: Sandbox) -> None:
    assert sandbox.gitmem("snag", "make hung", "--better", "make -j1").code == 0
    assert sandbox.gitmem("flag", "the build needs node").code == 0
    assert sandbox.gitmem("close").code == 0
    assert sandbox.gitmem("accept").code == 0
    found = page(sandbox).text
    assert "closed: make hung" in found
    assert "the build needs node" in found
    assert "verbatim" in found
    data = json.loads(sandbox.gitmem("report", "--json").out)
    assert {flag["text"] for flag in data["flags"]} == {"make hung", "the build needs node"}
    assert [week["flags"] for week in data["weeks"]] == [2]


def test_it_writes_over_its_own_page_and_over_nothing_else(sandbox: Sandbox) -> None:
    target = sandbox.path / "memory.html"
    for _ in range(2):
        done = sandbox.gitmem("report", "-o", "memory.html")
        assert done.code == 0, done.err
        assert str(target) in done.out
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
    target.write_text("mine")
    assert sandbox.gitmem("report", "-o", "memory.html").code == 4
    assert target.read_text() == "mine"
    link = sandbox.path / "link.html"
    link.symlink_to(target)
    assert sandbox.gitmem("report", "-o", "link.html").code == 4
    assert sandbox.gitmem("report", "-o", "no/such/page.html").code == 2
    assert sandbox.gitmem("report", "--json", "-o", "x.html").code == 2
    assert sandbox.gitmem("report", "--dry-run", "-o", "x.html").code == 0
    assert not (sandbox.path / "x.html").exists()


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_colour_of_text_has_the_contrast_of_wcag_aa() -> None:
    import re

    from gitmem.bootstrap import assets

    schemes = re.findall(r":root \{([^}]*)\}", assets.read("templates/report/page.html"))
    assert len(schemes) == 3
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", scheme))
        paper = _luminance(colours["paper"])
        for name in ("ink", "quiet", "link", "warn"):
            low, high = sorted([paper, _luminance(colours[name])])
            assert (high + 0.05) / (low + 0.05) >= 4.5, (name, scheme)


def _cpu(flags: int, template: str) -> float:
    """The least CPU of three runs that build a page of so many flags."""
    import time

    from gitmem.report.contents import sessions
    from gitmem.report.page import html

    those = [
        {
            "id": f"id{place}", "kind": "fact", "text": "needs <b> & node", "better": "",
            "at": "2026-11-20T10:00:00Z", "session": f"s{place // 50}", "state": "undrained",
            "tainted": False,
        }
        for place in range(flags)
    ]  # fmt: skip
    memory = {"bytes": 0, "budget": 1, "lines": 0, "lines_loaded": 0, "showings": 0, "topics": []}
    ids = {"fact": [str(flag["id"]) for flag in those]}
    spent = []
    for _ in range(3):
        began = time.process_time()
        html(
            {
                "at": "2026-11-20T10:00:00Z", "target": "main", "flags": those, "states": ids,
                "kinds": ids, "sessions": sessions([], those), "loops": [], "memory": memory,
                "weeks": [], "unreadable": [], "stale": [], "not_shown": {"days": 30, "lines": []},
            },
            template,
        )  # fmt: skip
        spent.append(time.process_time() - began)
    return min(spent)


def test_ten_times_the_flags_cost_about_ten_times_the_work() -> None:
    from gitmem.bootstrap import assets

    template = assets.read("templates/report/page.html")
    assert _cpu(10_000, template) < 25 * _cpu(1_000, template)
