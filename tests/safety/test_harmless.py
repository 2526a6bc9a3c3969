"""A line as it is written loads nothing, hides nothing, and is the same line still."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gitmem.memory.topics import fact_key
from gitmem.safety.active import find_active
from gitmem.safety.harmless import harmless
from tests.support.client_text import KEEPS, LOADS
from tests.support.growth import LINEAR, growth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

# The client's own pattern, and the paths it takes (Claude Code 2.1.328).
IMPORT = re.compile(r"(?:^|\s)@((?:[^\s\\]|\\ )+)")
PATH = re.compile(r"\./|~/|/.|[a-zA-Z0-9._-]")

WRITTEN = [
    ("Mark it with @RestController.", "Mark it with `@RestController`."),
    ("npx create-app@latest, or @latest", "npx create-app@latest, or `@latest`"),
    ("use @tanstack/react-query, not @a/b", "use `@tanstack/react-query`, not `@a/b`"),
    ("**@Id** and (@Version)", "**`@Id`** and (`@Version`)"),
    ('@RequestMapping("/x") on top', '`@RequestMapping`("/x") on top'),
    ("@OneToMany(fetch = LAZY)", "`@OneToMany`(fetch = LAZY)"),
    ("the aliases @/* and @/components", "the aliases `@/*` and `@/components`"),
    ("pin @scope/pkg@1.2.3: exact", "pin `@scope/pkg@1.2.3`: exact"),
    ("types are in node_modules/@types/node", "types are in `node_modules/@types/node`"),
    ("\u5fc5\u987b\u4f7f\u7528 @Email\u3001@Size \u6ce8\u89e3", "\u5fc5\u987b\u4f7f\u7528 `@Email`\u3001`@Size` \u6ce8\u89e3"),
    ("run `npm i @scope/pkg -D` first", "run `npm i` `@scope/pkg -D` first"),
    ("` @x ` and `` ` @y ``", "`@x` and `` ` `` ``@y``"),
    ("`code`@x", "`` `code`@x ``"),
    ("a ` stray @x", "a ` stray ``@x``"),
    ("mail tom@example.org, cc @tom", "mail tom@example.org, cc `@tom`"),
    ("https://unpkg.com/@scope/pkg and [x](/@y)", "https://unpkg.com/@scope/pkg and [x](/@y)"),
    ("\\@x stays, x\\/@y does not", "\\@x stays, x\\/`@y` does not"),
    ("put it into <head>, not <body>", "put it into `<head>`, not `<body>`"),
    ("use <script setup> here", "use `<script setup>` here"),
    ('<a href="x" @click="y">', '`<a href="x"` `@click="y">`'),
    ("<b>x</b><br>y", "`<b>`x`</b><br>`y"),
    ("a <br />`b`", "a `` <br />`b` ``"),
    ("a <!-- hidden --> word", "a `<!-- hidden -->` word"),
    ("a <!-- open", "a `<!--` open"),
    ("starts with <?php and no blank", "starts with `<?php` and no blank"),
    ("see ![logo](https://a.example/x.png)", "see `![logo](https://a.example/x.png)`"),
    ('see [docs](https://a.example "a title")', 'see `[docs](https://a.example "a title")`'),
    ("far" + " " * 30 + "away", "far away"),
]  # fmt: skip

PIECES = [
    "`", "``", "```", "@", "@x", " @y", " ", "a", "\\", "<", ">", "[", "]", "(", ")", "](", "<b>", "<br />",
    "https://a.example/", "m@b.example", "!", "![", "<!--", "-->", "<?", "?>", "*", "_", "~~", "> ", "|", "/",
    ".", "<a b='", "'", '"', "\u65e5", "\u00a0",
]  # fmt: skip


@pytest.mark.parametrize(("text", "written"), WRITTEN)
def test_what_would_load_or_hide_stands_in_backticks(text: str, written: str) -> None:
    assert harmless(text) == written
    assert find_active(written) is None


@pytest.mark.parametrize(
    "text",
    [
        "`@Foo` and ``@bar`` are code already",
        "Map<String, List<Object>>, `a < b`, x <- y",
        "tom@example.org, git@github.com:a/b.git, HEAD@{1}, @@ -1 +1 @@, 3 @ 4",
        "gitmem drop <id>, `<div>`, a --> b",
        "a [link](https://a.example) and [x] a box",
        "",
    ],
)
def test_an_ordinary_line_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("line", [*LOADS, *KEEPS])
def test_no_line_that_names_a_file_behind_an_at_sign_loads_it(line: str) -> None:
    text = harmless(line.format(name="evil.md"))
    assert loads(text) == []
    assert find_active(text) is None


def loads(line: str) -> list[str]:
    """What the client loads for a bullet: from its raw text, and from each piece of its text."""
    tokens = MarkdownIt("commonmark").disable("text_join").parse(f"- {line}\n")
    pieces = [line, *texts(tokens)]
    return [
        found
        for piece in pieces
        for found in IMPORT.findall(piece)
        if PATH.match(found.partition("#")[0].replace("\\ ", " "))
    ]


def texts(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.children is not None:
            yield from texts(token.children)
        elif token.type == "text":
            yield token.content


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example("`a\\ @b`")
@example("`` @x`")
def test_what_is_not_refused_loads_nothing_and_is_written_once(text: str) -> None:
    line = " ".join(text.split())
    written = harmless(line)
    assert harmless(written) == written
    if line and find_active(written) is None:
        assert loads(written) == []


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_only_backticks_and_blanks_are_added(text: str) -> None:
    def bare(line: str) -> str:
        return re.sub(r"[\s`]", "", line)

    assert bare(harmless(text)) == bare(text)


@given(st.text(max_size=120))
def test_it_never_raises(text: str) -> None:
    assert harmless(harmless(text)) == harmless(text)


def test_a_line_and_what_it_was_made_from_are_the_same_fact() -> None:
    for text, written in WRITTEN:
        assert fact_key(text) == fact_key(written)
    assert fact_key("use @a") != fact_key("use @b")


@pytest.mark.parametrize(
    "piece",
    [
        "@",
        "@x ",
        "`@x` ",
        "`a @x` ",
        "<b>",
        "<!--",
        "![a](b)",
        "[",
        "](",
        "` @x",
        "`",
        "<",
        "\\@x",
        "https://@x",
        "<?x ",
        "<?x ?>",
        "<![CDATA[ ",
    ],
)
def test_the_time_grows_in_step_with_the_text(piece: str) -> None:
    assert growth(harmless, piece) < LINEAR
