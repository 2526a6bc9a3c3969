"""The page of `gitmem report` as a person has it: in a browser, by keyboard, small, large, dark, printed."""

from __future__ import annotations

import statistics
from typing import Any

import pytest

from tests.real_browser import page
from tests.real_browser.opened import Opened
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.browser

HOSTILE = [
    "<script>alert(1)</script><script src=https://x.example/a.js></script>",
    "</style></title></script><img src=x onerror=alert(1)><svg onload=alert(1)>",
    '" onmouseover="alert(1)" autofocus onfocus="alert(1)" x=\'',
    "' onclick='alert(1)' style='background:url(https://x.example/)'",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;b&#62; &amp;amp; &nbsp",
    "javascript:alert(1) [x](javascript:alert(1)) data:text/html,<script>alert(1)</script>",
    "<a href=javascript:alert(1)>x</a> <iframe srcdoc='<script>alert(1)</script>'>",
    "<base href=https://x.example/><meta http-equiv=refresh content='0;url=https://x.example/'>",
    "<link rel=stylesheet href=https://x.example/a.css><form action=https://x.example><button>",
    "<!-- --> ]]> <![CDATA[ <? ?> <!doctype html> <plaintext> <template> <noscript>",
    "{{ 7 * 191 }} {% raw %} {# x #} ${7*191} `x`",
    "a\u202eb\u2066c\u200bd\ufeffe\u00adf\u2028g",
    "a\x1b[31mb\x00c\x07d\x9be\x7ff\rg",
    "\ud800 lone, \U000e0041 tag, \ufffe none, e" + "\u0301" * 40,
    "flag-1",
    "x" * 2_000,
]

#: Tags and how often; names of attributes.
SHAPE = """() => {
    const tags = {}, names = {}
    for (const one of document.querySelectorAll('*')) {
        tags[one.localName] = (tags[one.localName] ?? 0) + 1
        for (const name of one.getAttributeNames()) names[name] = 1
    }
    return [tags, Object.keys(names).sort()]
}"""

#: What stands out of the window, or out of its own box, apart from a box that scrolls and can be reached.
CUT = """() => {
    const told = (one) => `${one.localName}.${one.className} ${one.textContent.trim().slice(0, 40)}`
    const wide = document.scrollingElement.scrollWidth - window.innerWidth
    const found = wide > 0 ? [`the page scrolls sideways by ${wide}`] : []
    for (const one of document.body.querySelectorAll('*')) {
        const style = getComputedStyle(one)
        const scrolls = one.closest('[tabindex]')
        const box = one.getBoundingClientRect()
        if (!scrolls && box.width && (box.right > window.innerWidth + 0.5 || box.left < -0.5)) found.push(told(one))
        if (style.overflowX === 'hidden' && one.scrollWidth > one.clientWidth) found.push('hidden: ' + told(one))
    }
    return found
}"""

#: What the keyboard is on, and whether a person sees that.
FOCUS = """() => {
    const one = document.activeElement
    if (one === document.body) return null
    const style = getComputedStyle(one), box = one.getBoundingClientRect()
    const all = [...document.querySelectorAll('*')]
    return {
        place: all.indexOf(one),
        name: one.textContent.trim(),
        ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        inside: box.bottom > 0 && box.top < window.innerHeight && box.width > 0,
    }
}"""

REACHABLE = """() => {
    const all = [...document.querySelectorAll('*')]
    return all.filter((one) => one.matches('a[href], summary, [tabindex]') && one.checkVisibility({ contentVisibilityAuto: true }))
        .map((one) => all.indexOf(one))
}"""

#: Milliseconds from the start of the navigation until the page was laid out and a frame of it was made.
SHOWN = """() => new Promise((done) => {
    document.body.getBoundingClientRect()
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))
})"""


@pytest.fixture(scope="session")
def made() -> list[str]:
    """Keeps the page of `real`, which takes a second to make."""
    return []


@pytest.fixture
def real(made: list[str], request: pytest.FixtureRequest) -> str:
    """The page of a repository in which everything happened: flags, a loop, a close, memory."""
    if not made:
        sandbox: Sandbox = request.getfixturevalue("sandbox")
        assert sandbox.gitmem("snag", "make hung", "--better", "make -j1").code == 0
        assert sandbox.gitmem("flag", "the build needs node").code == 0
        assert sandbox.gitmem("close").code == 0
        assert sandbox.gitmem("accept").code == 0
        assert sandbox.gitmem("flag", "cites `no/such/file.py`", "--topic", "tests").code == 0
        done = sandbox.gitmem("report", "-o", "-")
        assert done.code == 0, done.err
        made.append(done.out)
    return made[0]


def violations(opened: Opened, axe: str) -> list[Any]:
    opened.tell(axe)
    found = opened.tell("async () => (await axe.run()).violations")
    return [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found]


@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("open_all", [False, True], ids=["closed", "open"])
def test_axe_finds_nothing_to_complain_about(
    opened: Opened, axe: str, real: str, width: int, scheme: str, open_all: bool
) -> None:
    for text in (
        real,
        page.saying("a text of somebody else"),
        page.of_flags(200),
        page.of_flags(0),
    ):
        opened.show(text, width=width, scheme=scheme, open_all=open_all)
        assert violations(opened, axe) == []


def test_axe_would_complain(opened: Opened, axe: str, real: str) -> None:
    opened.show(real.replace("--quiet: #5b6068", "--quiet: #c5c8cc").replace('lang="en"', ""))
    assert {name for name, _ in violations(opened, axe)} >= {"color-contrast", "html-has-lang"}


@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize(
    "text", ["a text of somebody else", "x" * 2_000, "word " * 200, "src/" * 90]
)
def test_no_width_cuts_anything_or_scrolls_the_page_sideways(
    opened: Opened, real: str, width: int, text: str
) -> None:
    for shown in (real, page.saying(text), page.of_flags(200)):
        opened.show(shown, width=width, open_all=True)
        assert opened.tell(CUT) == []


def test_a_page_that_is_too_wide_would_be_caught(opened: Opened) -> None:
    text = page.saying("x" * 2_000)
    opened.show(text.replace("overflow-wrap: anywhere", ""), width=400, open_all=True)
    assert [one for one in opened.tell(CUT) if "sideways" in one]
    hidden = "li { overflow-x: hidden; white-space: nowrap }</style>"
    opened.show(text.replace("</style>", hidden, 1), width=400, open_all=True)
    assert [one for one in opened.tell(CUT) if "hidden" in one]


def test_tab_goes_through_every_link_and_fold_in_order_and_is_seen(
    opened: Opened, real: str
) -> None:
    for text in (real, page.saying("a text of somebody else")):
        opened.show(text)
        wanted = opened.tell(REACHABLE)
        walked = []
        for _ in range(len(wanted) + 5):
            opened.tab.keyboard.press("Tab")
            now = opened.tell(FOCUS)
            if now is None:
                break
            assert now["ring"], now
            assert now["inside"], now
            walked.append(now["place"])
        assert walked == wanted
        assert len(wanted) > 6 + 3


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_fold_opens_and_closes_by_keyboard(opened: Opened, real: str, key: str) -> None:
    opened.show(real)
    count = opened.tell("() => document.querySelectorAll('summary').length")
    assert count > 5
    for place in range(count):
        states = []
        for _ in range(2):
            opened.tell(f"() => document.querySelectorAll('summary')[{place}].focus()")
            opened.tab.keyboard.press(key)
            states.append(opened.tell(f"() => document.querySelectorAll('details')[{place}].open"))
        assert states[0] is not states[1]


def test_a_link_leads_to_what_it_names_also_where_that_is_folded_away(opened: Opened) -> None:
    opened.show(page.of_flags(500))
    opened.tell("() => { document.querySelector('details').open = true }")
    opened.tell("() => document.querySelector('.ids li:last-child a').focus()")
    opened.tab.keyboard.press("Enter")
    target = (
        "() => { const one = document.querySelector(':target'), box = one.getBoundingClientRect(); "
    )
    target += (
        "return [one.id, one.checkVisibility(), box.top >= 0 && box.top < window.innerHeight] }"
    )
    assert opened.tell(target) == ["flag-500", True, True]


def test_every_link_has_its_target(opened: Opened, real: str) -> None:
    for text in (real, page.of_flags(500)):
        opened.show(text)
        dead = "() => [...document.querySelectorAll('a')].filter((a) => !document.querySelector(a.getAttribute('href'))).length"
        assert opened.tell(dead) == 0


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_the_text_of_others_stays_text(opened: Opened, text: str) -> None:
    opened.show(page.saying("harmless"), open_all=True)
    tags, names = opened.tell(SHAPE)
    opened.show(page.saying(text), open_all=True)
    opened.tab.mouse.move(300, 300)
    opened.tell(
        "() => document.querySelectorAll('li, summary, code').forEach((one) => one.click())"
    )
    assert opened.tell(SHAPE)[0] == tags or text == "flag-1"
    assert opened.tell(SHAPE)[1] == names
    assert opened.tell("() => document.title") == "What gitmem keeps"
    assert opened.tell("() => location.href").partition("#")[0] == opened.file.as_uri()
    words = opened.tell("() => document.body.textContent")
    if text.isascii() and text.isprintable():
        assert words.count(text) > 20
    else:
        assert not set(
            "\u202e\u2066\u200b\ufeff\u00ad\u2028\x1b\x00\x07\x9b\x7f\ufffe\U000e0041"
        ) & set(words)


def test_a_page_without_the_escape_would_be_caught(opened: Opened) -> None:
    opened.show(
        page.of_flags(1).replace(
            "&lt;b&gt;", "<img src='https://x.example/'><script>alert(1)</script>"
        )
    )
    assert [one for one in opened.amiss if "x.example" in one]
    opened.amiss.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_print_shows_what_is_folded_away_in_ink_on_paper(opened: Opened, scheme: str) -> None:
    opened.show(page.saying("a text of somebody else"), scheme=scheme)
    opened.tab.emulate_media(media="print")
    opened.tab.set_viewport_size({"width": 680, "height": 1000})  # A4 between its margins
    hidden = """() => [...document.querySelectorAll('main li, main td, main p')]
        .filter((one) => !one.checkVisibility({ contentVisibilityAuto: true }) || !one.getBoundingClientRect().height)
        .map((one) => one.outerHTML.slice(0, 90))"""
    assert opened.tell(hidden) == []
    assert opened.tell(CUT) == []
    scrolls = "() => [...document.querySelectorAll('.wide')].filter((one) => one.scrollWidth > one.clientWidth).length"
    assert opened.tell(scrolls) == 0
    colours = "() => { const style = getComputedStyle(document.body); return [style.color, style.backgroundColor] }"
    assert opened.tell(colours) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    assert opened.tell("() => document.querySelector('nav').checkVisibility()") is False
    assert opened.tab.pdf(format="A4").startswith(b"%PDF-")


def _shown(opened: Opened, text: str) -> float:
    times = []
    for _ in range(3):
        opened.show(text)
        times.append(opened.tell(SHOWN))
    return float(statistics.median(times))


def test_ten_thousand_flags_are_shown_sooner_than_so_many_bytes_of_plain_text(
    opened: Opened, capsys: pytest.CaptureFixture[str]
) -> None:
    many = page.of_flags(10_000)
    line = "the build needs node, and a line of plain text has about eighty letters in it\n"
    plain = f"<!doctype html><title>x</title><pre>{line * (len(many) // len(line))}</pre>"
    whole, beside = _shown(opened, many), _shown(opened, plain)
    few = _shown(opened, page.of_flags(100))
    with capsys.disabled():
        print(
            f" {len(many):,} bytes: 10,000 flags {whole:.0f} ms, plain {beside:.0f}, 100 flags {few:.0f} "
        )
    assert whole < beside
