"""Topic files and PENDING.md: facts as bullets in Markdown that a person would write (pure).

Functions take a file's text and return its new text; a person's own structure, line ends and sections
stay as they are.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.core.quantities import count
from gitmem.markdown.blocks import Block, BlockKind, blocks, code_rows
from gitmem.markdown.bullets import add_bullets, bullets, exchange_bullet
from gitmem.markdown.lines import Line, front_matter_lines, front_value, split_lines, split_mark
from gitmem.safety.harmless import harmless
from gitmem.safety.paths import DETAILS_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TOPICS = {
    "fact": "facts",
    "decision": "decisions",
    "gotcha": "gotchas",
    "preference": "preferences",
}
#: The topics that take what names none, by its kind: whatever they hold, it is of several subjects.
CATCH_ALL = frozenset(_TOPICS.values())
_DESCRIPTIONS = {
    "facts": "How things are in this repository.",
    "decisions": "Decisions made in this repository, and why.",
    "gotchas": "What surprises here, and what to do about it.",
    "preferences": "How the people here like things done.",
}
_PENDING = """\
# Pending

Open questions and todos. Tick a box, or delete its line, once it is settled.
"""
_PART = re.compile(r"-[0-9]+$")
_BOX = re.compile(r"\[(?P<mark>[ xX])\](?:[ \t]+(?P<text>.*))?")
# Text that YAML reads as the same text without quotes.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ,.'()/-]*")
_YAML_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
# `- The pool opens late ([details](details/db.md))`: a person can follow it, an agent can open it, and
# the words before it are the line.
_LINK = re.compile(rf" \(\[details\]\({DETAILS_NAME}/[A-Za-z0-9-]{{1,64}}\.md\)\)$")


def bare(text: str) -> str:
    """Return a line without the link to its body, as whatever compares, searches or judges lines takes it."""
    return _LINK.sub("", text) if text.endswith(".md))") else text


def link_of(path: str) -> str:
    """Return what a line of the memory file at ``path`` ends with when it has a body."""
    return f" ([details]({DETAILS_NAME}/{path.rpartition('/')[2]}))"


def default_topic(kind: str) -> str:
    """Return the topic of a flag that names none; raises Refused for a kind without a topic file."""
    try:
        return _TOPICS[kind]
    except KeyError:
        raise Refused(f"a flag of kind {kind!r} has no topic file") from None


def is_catch_all(file: str) -> bool:
    """Return whether a file is a topic that takes what names none, or a further part of one."""
    topic = _PART.sub("", file.rpartition("/")[2].removesuffix(".md"))
    return topic in CATCH_ALL


def by_topic(files: Iterable[str]) -> dict[str, list[str]]:
    """Return the paths in order, further parts of a topic below its first one where that is among them."""
    topics: dict[str, list[str]] = {}
    for file in sorted(set(files), key=lambda path: (path.removesuffix(".md"), path)):
        first = _PART.sub("", file.removesuffix(".md")) + ".md"
        topics.setdefault(first if first in topics else file, []).append(file)
    return topics


def and_parts(files: Sequence[str]) -> str:
    """Return how a topic of these files is named: the first one, and how many parts follow."""
    more = len(files) - 1
    return files[0] + (f" and {count(more, 'part')}" if more else "")


# The spelling of names that stand in slugs.
_WRITTEN = {
    **{word: word.upper() for word in (
        "ai", "api", "aws", "cd", "ci", "cli", "cpu", "css", "csv", "db", "dns", "gcp", "gpu", "gui",
        "html", "http", "https", "ide", "io", "jwt", "llm", "mcp", "orm", "os", "pr", "qa", "rpc", "sdk",
        "sql", "ssh", "ssl", "tls", "ui", "url", "ux", "xml", "yaml",
    )},
    "apis": "APIs", "graphql": "GraphQL", "oauth": "OAuth", "github": "GitHub", "gitlab": "GitLab",
    "json": "JSON", "postgresql": "PostgreSQL", "sqlite": "SQLite", "javascript": "JavaScript",
    "typescript": "TypeScript", "macos": "macOS", "grpc": "gRPC",
}  # fmt: skip


def new_topic_file(topic: str, description: str = "", *, part_of: str = "") -> str:
    """Return the text of a topic file without facts; ``topic`` is a slug.

    Without a description: a fixed one for the default topics, else one made from the name alone.
    ``part_of`` is the topic that the file is a further part of (empty: none).
    """
    words = _words(topic)
    title = " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])
    told = description or made_description(topic)
    part = f"part_of: {_scalar(part_of)}\n" if part_of else ""
    return f"---\nname: {_scalar(topic)}\ndescription: {_scalar(told)}\n{part}---\n\n# {title}\n"


def made_description(topic: str) -> str:
    """Return the description of a topic file without one of its own."""
    return _DESCRIPTIONS.get(topic) or f"What was learned about {' '.join(_words(topic))}."


def own_description(name: str, text: str) -> str:
    """Return the description that a person or a model gave a topic file; empty for a made one, or none.

    ``name`` is that of the file, for a text that names no topic.
    """
    told = front_value(text, "description")
    return "" if told == made_description(front_value(text, "name") or name) else told


def _words(topic: str) -> list[str]:
    """The words of a slug as they are written."""
    return [_WRITTEN.get(word, word) for word in topic.split("-")]


def emptied(text: str) -> bool:
    """Return whether a file of gitmem's own holds only front matter and a title.

    A paragraph or a section that a person wrote counts as content.
    """
    if text.strip() == new_pending_file().strip():
        return True
    content = [block for block in blocks(text) if block.first >= (front_matter_lines(text) or 0)]
    return not content or (
        len(content) == 1 and content[0].kind is BlockKind.HEADING and content[0].level == 1
    )


def new_pending_file() -> str:
    """Return the text of a PENDING.md without items."""
    return _PENDING


def facts(text: str) -> list[Line]:
    """Return the top-level bullets outside front matter, code and comments.

    A bullet includes its wrapped lines and nested bullets, folded to one line, without the link to its
    body.
    """
    return [Line(text=bare(block.text), number=block.first + 1) for block in bullets(blocks(text))]


def add_facts(text: str, lines: Sequence[str]) -> str:
    """Return ``text`` with one bullet per line at the end of its last list, or at its end.

    The caller removes duplicates. Raises Refused for text of several lines.
    """
    floor = front_matter_lines(text) or 0
    return add_bullets(text, lines, among=blocks(text), floor=floor)


def raw_facts(text: str) -> list[str]:
    """Return the texts of `facts` with the links to their bodies."""
    return [block.text for block in bullets(blocks(text))]


def with_link(text: str, line: str, link: str) -> str:
    """Return ``text`` with ``link`` at the end of the first bullet that reads ``line`` and has none.

    A box in front of it does not count. Unchanged where there is no such bullet, or where it ends with what no link can follow.
    """
    items = bullets(blocks(text))
    boxed = (f"[{mark}] {line}" for mark in " xX")
    block = next((block for block in items if block.text in {line, *boxed}), None)
    if block is None or block.last in code_rows(text):
        return text
    mark, rest = split_mark(text)
    rows = split_lines(rest)
    row = rows[block.last]
    own = row.rstrip(" \t\r\n")
    rows[block.last] = own + link + row[len(row.rstrip("\r\n")) :]
    after = mark + "".join(rows)
    return after if facts(after) == facts(text) else text


def without_link(text: str, line: str) -> str:
    """Return ``text`` without the link of the first bullet that reads ``line`` and has one."""
    mark, rest = split_mark(text)
    rows = split_lines(rest)
    for block in bullets(blocks(text)):
        row = rows[block.last].rstrip("\r\n")
        if bare(block.text) == line and bare(row) != row:
            rows[block.last] = bare(row) + rows[block.last][len(row) :]
            return mark + "".join(rows)
    return text


def replace_fact(text: str, old: str, new: str) -> str:
    """Return ``text`` with ``new``, on one line, in place of the first bullet ``old``.

    Raises Refused when there is none, or when another line would then read differently.
    """
    return _change(text, old, [new])


def remove_fact(text: str, old: str) -> str:
    """Return ``text`` without the first bullet ``old``; raises as `replace_fact` does."""
    return _change(text, old, [])


def fact_key(text: str) -> str:
    """Return the key that exact duplicates share: the harmless form, in NFC, with blanks folded.

    A link to the line's body does not count. One final full stop is ignored. Case counts: ``PATH`` is not ``path``.
    """
    folded = " ".join(unicodedata.normalize("NFC", harmless(bare(text))).split())
    return folded if folded.endswith("..") else folded.removesuffix(".").rstrip()


def add_pending(text: str, lines: Sequence[str]) -> str:
    """Return PENDING.md with one open box per line at the end of its list."""
    return add_facts(text, [f"[ ] {line}" for line in lines])


def remove_pending(text: str, item: str) -> str:
    """Return PENDING.md without the first open item that reads ``item``; raises as `replace_fact` does."""
    for fact in facts(text):
        if [one.text for one in pending(f"- {fact.text}\n")] == [item]:
            return remove_fact(text, fact.text)
    return remove_fact(text, item)


def pending(text: str) -> list[Line]:
    """Return the open items of PENDING.md: bullets with an open box, and bullets without a box."""
    items = []
    for fact in facts(text):
        box = _BOX.fullmatch(fact.text)
        item = fact.text if box is None else box["text"]
        if item and (box is None or box["mark"] == " "):
            items.append(Line(text=item, number=fact.number))
    return items


def _change(text: str, old: str, new: Sequence[str]) -> str:
    """Return ``text`` with the first bullet ``old`` replaced by ``new``: one line, or none."""
    block = next((one for one in _listed(text) if old in {one.text, bare(one.text)}), None)
    if block is None:
        raise Refused(
            f"no line reads {old[:60]!r}",
            hint="the file changed since it was read; run the close again",
        )
    after = exchange_bullet(text, block, new, listed=_listed)
    if after is None:
        raise Refused(
            f"the line {old[:60]!r} cannot be changed without changing its neighbours",
            hint="put a blank line and no indentation around its list",
        )
    return after


def _listed(text: str) -> list[Block]:
    return bullets(blocks(text))


def _scalar(text: str) -> str:
    """Return ``text`` as a YAML value on one line."""
    if _PLAIN.fullmatch(text) and text.lower() not in _YAML_WORDS and text == text.strip():
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
