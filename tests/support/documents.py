"""Markdown that people write, line by line, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

LINES = (
    "", "- a", "  - b", "    - c", "  more", "lazy", "```", "```sh", "  ```", "   ```", "~~~", "~~~~",
    "# H", "## Two ##", "====", "-----", "<!-- note -->", "<!--", "-->", "1. x", "2. y", "* z", "+ w",
    "    code", "> quote", "-", "- ```", "- # h", "- - b", "* * *", "***", "-\ttab", "      deep",
    "-      deep", "10) ten", "`` ` ``", "``` `x` ```", " - in", "## Gotchas", "# Notes:",
)  # fmt: skip
FRONT = ("", "---\nname: x\ndescription: a --- b\n---\n", "---\nallowed-tools: [Bash]\n---\n\n")


def bodies() -> st.SearchStrategy[str]:
    """A body in which any line may follow any other; with a first paragraph, so that no rule opens it."""
    lines = st.lists(st.sampled_from(LINES), max_size=12)
    return lines.map(lambda drawn: "\n".join(["start", "", *drawn, ""]))


@st.composite
def files(draw: st.DrawFn) -> str:
    """A whole file: with or without front matter, byte order mark, CRLF, final line break."""
    text = draw(st.sampled_from(FRONT)) + draw(st.one_of(bodies(), st.just("")))
    if draw(st.booleans()):
        text = text.removesuffix("\n")
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return draw(st.sampled_from(("", "", "\ufeff"))) + text


def sentences() -> st.SearchStrategy[str]:
    """One visible line without blanks around it, often with what Markdown would act on at its start."""
    letters = st.characters(exclude_categories=["C", "Zl", "Zp"])
    starts = (
        "",
        "# ",
        "- ",
        "* ",
        "+ ",
        "1. ",
        "> ",
        "[ ] ",
        "---",
        "```",
        "~~~",
        "    ",
        "=",
        "|",
    )
    return (
        st.builds(str.__add__, st.sampled_from(starts), st.text(letters, max_size=40))
        .map(str.strip)
        .filter(bool)
    )
