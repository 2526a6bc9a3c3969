"""What a forge shows of a review: complete, short enough, and of others nothing but characters."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gitmem.bootstrap import assets
from gitmem.core.flag import Flag, parse
from gitmem.core.jsonline import dumps
from gitmem.drain.gate import QueuedFlag
from gitmem.forge import deliver, pull_request
from gitmem.forge.deliver import Forge
from gitmem.forge.pull_request import ReviewFacts
from gitmem.records.drain_record import Fate, Outcome

TEMPLATE = assets.read("templates/pr/body.md")
HOSTILE = (
    "@everyone fixes #1 ![x](https://evil.example/p.png) <img src=x> [a](javascript:b) `` ` ``",
    "```\n# A heading\n",
    "`",
    "\u202etxt.exe \x1b]0;x\x07 $target ${left} %s",
    "- [ ] a task\n\n<script>",
)


def flag(number: int, text: str = "a fact", **fields: object) -> Flag:
    names = "abcdefghijklmnopqrstuvwxyz"
    flag_id = "".join(names[number // 26**place % 26] for place in range(12))
    whole = {"v": 1, "id": flag_id, "kind": "fact", "text": text, "by": "A Person <a@example.com>"}
    return parse(dumps({**whole, **fields}))


def added(number: int, text: str = "a fact", line: str = "", **fields: object) -> Outcome:
    return Outcome(
        flag=flag(number, text, **fields),
        fate=Fate.ADDED,
        file="memory/facts.md",
        line=line or text,
    )


def facts(
    *outcomes: Outcome, left: tuple[QueuedFlag, ...] = (), engine: str = "verbatim"
) -> ReviewFacts:
    return ReviewFacts(outcomes=outcomes, left=left, target="main", engine=engine, model="m-1")


@pytest.mark.parametrize(
    ("url", "host", "path", "forge"),
    [
        ("https://github.com/a/b.git", "github.com", "a/b", Forge.GITHUB),
        ("git@github.com:a/b.git", "github.com", "a/b", Forge.GITHUB),
        ("ssh://git@github.example.com:22/a/b", "github.example.com", "a/b", Forge.GITHUB),
        ("https://user:secret@team.ghe.com/a/b/", "team.ghe.com", "a/b", Forge.GITHUB),
        ("https://gitlab.com/group/sub/b.git", "gitlab.com", "group/sub/b", Forge.GITLAB),
        ("git@gitlab.example.com:a/b", "gitlab.example.com", "a/b", Forge.GITLAB),
        ("https://codeberg.org/a/b", "codeberg.org", "a/b", Forge.PLAIN),
        ("https://example.com/github.com/b", "example.com", "github.com/b", Forge.PLAIN),
        ("https://notgithub.community/a/b", "notgithub.community", "a/b", Forge.PLAIN),
        ("/srv/git/b.git", "", "", Forge.PLAIN),
        ("../b.git", "", "", Forge.PLAIN),
        ("file:///srv/github.com/b.git", "", "", Forge.PLAIN),
        ("ext::sh -c x", "", "", Forge.PLAIN),
        ("", "", "", Forge.PLAIN),
    ],
)
def test_the_forge_is_told_by_the_host_s_name(url: str, host: str, path: str, forge: Forge) -> None:
    place = deliver.place_of(url)

    assert place.forge is forge
    if not url.startswith("ext"):
        assert (place.host, place.path) == (host, path)


def test_the_text_says_of_each_line_where_it_comes_from() -> None:
    outcomes = (
        added(1, "one", session="0123456789ab"),
        added(2, "two", "Two, reworded", tainted=True),
        Outcome(flag=flag(3, "three"), fate=Fate.DUPLICATE, survivor="memory/facts.md: 3"),
        Outcome(flag=flag(4, "four"), fate=Fate.SKIPPED, reason="no use"),
        Outcome(
            flag=flag(5, "five"), fate=Fate.SUPERSEDED, file="memory/b.md", line="five",
            survivor="old five",
        ),
    )  # fmt: skip
    left = (QueuedFlag(id=flag(6).id, reason="too long"),)

    text = pull_request.body(TEMPLATE, facts(*outcomes, left=left, engine="anthropic"))

    for outcome in outcomes:
        assert f"`{outcome.flag.id}`, `fact`, `A Person`" in text
    assert "session `01234567`, verbatim" in text
    assert "**reworded**, **tainted**\n    - said `two`" in text
    assert "in place of `old five`" in text
    assert f"### Left in the queue\n\n- `{flag(6).id}`: `too long`" in text
    assert "1 flag tainted" in text
    assert "a@example.com" not in text
    assert text.startswith("5 flags from the queue")


def test_the_text_says_what_came_back_what_is_forgotten_and_what_it_cites() -> None:
    again = Outcome(
        flag=flag(1, "it hung", kind="snag", better="wait"), fate=Fate.EDITED, file="CLAUDE.md",
        line="Wait for it", again=flag(9).id,
    )  # fmt: skip
    skipped = Outcome(
        flag=flag(2, "broke", kind="snag", better="mend it"), fate=Fate.SKIPPED, reason="known"
    )
    told = replace(
        facts(again, skipped, engine="x"),
        forgotten=(Outcome(flag=flag(3, "the secret port"), fate=Fate.FORGOTTEN, reason="wrong"),),
        restored=(
            Outcome(
                flag=flag(4, "four"), fate=Fate.SUPERSEDED, file="memory/a.md", line="four",
                survivor="four, and the secret port", reason=f"{flag(3).id} was forgotten",
            ),
        ),
        recurred=("it hung: second time",),
        stale=tuple(f"memory/a.md:{number}  path x: gone" for number in range(25)),
    )  # fmt: skip

    text = pull_request.body(TEMPLATE, told)

    assert text.startswith("2 flags from the queue of this repository, and 1 flag to forget, for")
    assert "### Came back\n\n- `it hung: second time`\n\n### `CLAUDE.md`" in text
    assert f"**reworded**, again, after `{flag(9).id}`\n    - said `it hung`, better `wait`" in text
    assert f"- `{flag(3).id}`, `fact`, `A Person`\n  - `wrong`\n" in text
    assert f"- `four`\n  - `{flag(4).id}`, `fact`, `A Person`, verbatim, in `memory/a.md`" in text
    assert "secret port" not in text
    assert "- `broke`, better `mend it`" in text
    assert text.count("path x: gone") == 20
    assert "and 5 more: `gitmem check --stale` says which" in text
    assert pull_request.title(told) == "memory: file 1 flag, skip 1, forget 1 flag"
    assert "2 flags judged by x, 1 flag forgotten, 2 files." in pull_request.description(told)
    only = replace(told, outcomes=(), restored=(), stale=())
    assert pull_request.description(only).startswith("1 flag forgotten. ")
    assert pull_request.body(TEMPLATE, only).startswith("1 flag to forget, for you to look at.\n")


def test_the_text_is_the_same_for_the_same_review() -> None:
    assert pull_request.body(TEMPLATE, facts(added(1))) == pull_request.body(
        TEMPLATE, facts(added(1))
    )


def test_a_line_of_several_flags_stands_once() -> None:
    text = pull_request.body(TEMPLATE, facts(added(1, "a", "ab"), added(2, "b", "ab"), engine="x"))

    assert text.count("- `ab`") == 1
    assert "said `a`" in text
    assert "said `b`" in text


def test_ten_thousand_flags_fit_and_what_is_cut_is_counted() -> None:
    outcomes = [added(number, f"{number} " + "x" * 900) for number in range(10_000)]
    left = tuple(QueuedFlag(id=flag(number).id, reason="y" * 200) for number in range(5_000))

    text = pull_request.body(TEMPLATE, facts(*outcomes, left=left))

    assert len(text) <= pull_request.LONGEST
    assert "more: the drain records, in .gitmem/drains, have them" in text
    shown = text.count(", verbatim")
    assert f"and {10_000 - shown} more" in text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_of_others_is_shown_and_never_obeyed(hostile: str) -> None:
    outcome = Outcome(
        flag=flag(1, "harmless", by=f"{hostile} <x@y>", kind="fact", session=hostile),
        fate=Fate.SUPERSEDED, file="memory/a.md", line=hostile, survivor=hostile, reason=hostile,
        again=hostile,
    )  # fmt: skip
    made = replace(
        facts(outcome, left=(QueuedFlag(id=flag(2).id, reason=hostile),), engine="x"),
        forgotten=(outcome,), restored=(outcome,), recurred=(hostile,), stale=(hostile,),
    )  # fmt: skip

    text = pull_request.body(TEMPLATE, made)

    assert_inert(text)
    plain = pull_request.body(TEMPLATE, facts(added(1, "x", "y"), engine="x"))
    assert (
        text.count("\n### ") == plain.count("\n### ") + 5
    )  # left, forgotten, restored, came back, cites


def assert_inert(text: str) -> None:
    allowed = {"text", "code_inline", "softbreak", "strong_open", "strong_close"}
    for token in MarkdownIt("commonmark").parse(text):
        assert token.type not in {"html_block", "fence", "code_block", "hr"}, token.content
        assert {child.type for child in token.children or ()} <= allowed, token.content
        for child in token.children or ():
            if child.type == "text":
                assert "@" not in child.content
                assert "#" not in child.content


@given(st.text())
def test_any_text_becomes_one_code_span_of_one_line(text: str) -> None:
    span = pull_request.span(text)
    [paragraph] = [token for token in MarkdownIt().parse("x " + span) if token.children]

    assert "\n" not in span
    assert [child.type for child in paragraph.children or ()][-1] == "code_inline"
    assert len(paragraph.children or ()) == 2


@given(st.text(max_size=50), st.integers(0, 3))
def test_what_goes_into_a_push_option_is_one_printable_line(engine: str, count: int) -> None:
    outcomes = [added(number, "x\u2028y", tainted=True) for number in range(count)]
    said = pull_request.description(facts(*outcomes, engine=engine))

    assert said.isascii()
    assert said.isprintable()
    assert len(said) <= 500
    assert pull_request.title(facts(*outcomes)).isprintable()
