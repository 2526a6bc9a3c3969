"""No text makes a parser's time grow faster than the text: every parser against ever longer inputs.

The pieces are what the parsers look for, repeated: what opens and never closes, what could end
anywhere, what combines. A quadratic parser takes 16 times as long for four times the text.
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import pytest

from gitmem.boundaries import calls
from gitmem.clients.claude_code import settings as claude_settings
from gitmem.core import flag, jsonline
from gitmem.core.errors import GitmemError
from gitmem.markdown import blocks, lines, managed_block, sections
from gitmem.memory import (
    citations,
    guard,
    guard_file,
    index,
    instructions,
    passages,
    path_rules,
    skills,
    topics,
)
from gitmem.models import extract
from gitmem.queue.lines import Lines
from gitmem.records import drain_record
from gitmem.safety import active, secrets, text, unicode_rules
from gitmem.session import session, shell_commands
from gitmem.trace import lineage, repository_tree
from tests.support.growth import LINEAR, growth

SIZE = 1024
TOO_SHORT = 0.002  # seconds; below, noise and fixed costs decide
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}

PARSERS: dict[str, Callable[[str], object]] = {
    "active": active.find_active,
    "blocks": blocks.blocks,
    "citations": citations.citations,
    "client settings": claude_settings.SETTINGS.remove,
    "drain record": drain_record.read_outcomes,
    "extract": lambda said: extract.extract(said, SCHEMA),
    "front matter": skills.front_matter,
    "front value": lambda said: lines.front_value(f"---\n{said}", "name"),
    "guard file": guard_file.read_guards,
    "guard line": guard.parse,
    "guard match": lambda said: guard.matches("a*b*c*d", said),
    "index": lambda said: index.update_index(said, {"memory/a.md": said}),
    "instructions": instructions.rules,
    "json line": jsonline.loads,
    "line in its place": lambda said: lineage.counterpart(
        said.split("\n"), said.split("\n")[::-1], 0
    ),
    "line reworded": lambda said: lineage.alike(said, "x" + said[1:-1] + "y"),
    "makefile": lambda said: repository_tree.made_targets(said.split("\n")),
    "managed block": managed_block.find,
    "memory": topics.facts,
    "passages": passages.passages,
    "pending": topics.pending,
    "queue": lambda said: Lines().read(said.encode(), "x"),
    "record header": drain_record.read_header,
    "rule file": path_rules.paths_of,
    "secrets": secrets.find_secret,
    "sections": sections.sections,
    "session": session.fold,
    "shell commands": shell_commands.simple_commands,
    "shell tried": shell_commands.tried,
    "skill": skills.replaceable,
    "text": text.clean,
    "text escaped": text.visible,
    "topic": flag.slug,
    "topic file": lambda said: topics.add_facts(said, ["one"]),
    "unicode": unicode_rules.find,
    "untrusted": lambda said: calls.untrusted("Bash", said),
}

PIECES = [
    "a", " ", "`", "](", "a-", "a/", "a.", ":1", "x@", "@a ", "!", "<", "<!--", "&amp", "*", "**a", "_a",
    "[", "(", "'", '"', "\\", "{", "=", "$(", "#", "|", "~", "0", "1.", "é", "e\u0301", "\u0300\u0316",
    "中", "a b ", "no ", "not the ", "make ", "http://a", "`a` ", "``a`", "- a\n", "  ", "\t", "\n", "```\n",
    "<a ", "# a\n", "> ", "a: b\n", "[[", '{"a":', "a=1;", "A_B-", "sk-", "ghp", "; ", ". A", "&& cd ",
    "pass ", "token=", "Aa1+/", "was in the ", "---\n", "* * ", "1) ", "a|b ", "\u200b", "##[", "::",
]  # fmt: skip


def tried(parser: Callable[[str], object]) -> Callable[[str], object]:
    """The parser, a refusal of its own included."""

    def run(said: str) -> object:
        try:
            return parser(said)
        except (GitmemError, ValueError):
            return None

    return run


def seconds(look: Callable[[str], object], piece: str, size: int) -> float:
    said = (piece * size)[:size]
    start = process_time()
    look(said)
    return process_time() - start


def grows(look: Callable[[str], object], piece: str) -> bool:
    """Whether four times the text takes much more than four times as long; one look is cheap."""
    if seconds(look, piece, 4 * SIZE) <= LINEAR * max(seconds(look, piece, SIZE), TOO_SHORT):
        return False
    return growth(look, piece) > LINEAR


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_takes_four_times_as_long_for_four_times_the_text(name: str) -> None:
    look = tried(PARSERS[name])

    assert [piece for piece in PIECES if grows(look, piece)] == []


@pytest.mark.parametrize("piece", ["a b/c.py ", "`a` ", "](", "a-", "make ", "a b "])
def test_what_a_long_line_cites_is_found_in_linear_time(piece: str) -> None:
    """A memory line of 40 kB kept a close busy for 96 seconds."""
    assert not grows(citations.citations, piece)
