"""CLAUDE.md and AGENTS.md: the managed block that loads the index and holds the rules (pure).

Claude Code imports ``@path`` on a line of its own, and reads AGENTS.md when there is no CLAUDE.md. So
both have the import, and AGENTS.md says it in words too, for clients that import nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gitmem.core.errors import Refused
from gitmem.markdown import managed_block
from gitmem.markdown.blocks import Block, BlockKind, blocks
from gitmem.markdown.bullets import add_bullets, bullets, exchange_bullet
from gitmem.markdown.lines import Line, blank, insert_lines, rows, split_lines
from gitmem.markdown.rule_text import rows_of
from gitmem.markdown.statements import statements
from gitmem.safety.paths import INDEX_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADING = "## Rules learned here"
NOTE = "managed by gitmem; your own text goes outside these two lines, rules may be edited"

_POINTER = {
    "claude": "What was learned in this repository is kept in `{folder}/`; this is its index:",
    "agents": (
        "What was learned in this repository is kept in `{folder}/`: read its index,"
        " `{folder}/{index}`, before you start, and the files it names as you need them."
    ),
}
_RECALL = (
    "Before you work on a topic, read its file; `gitmem recall WORDS` finds what is not loaded."
)
_CAPTURE = (
    "Save what is durable as soon as you learn it, one line each, in single quotes:"
    " `gitmem flag 'the fact'`, with `--topic NAME` where a topic of the index fits, or after trouble"
    " `gitmem snag 'what went wrong' --better 'the better path'`."
)
# As earlier versions wrote it.
_CAPTURE_BEFORE = (
    "Save what is durable as soon as you learn it, one line each, in single quotes:"
    " `gitmem flag 'the fact'`, or after trouble `gitmem snag 'what went wrong' --better 'the better"
    " path'`."
)


def has_block(text: str) -> bool:
    """Whether the file has a managed block. All functions here raise NeedsPerson for a broken one."""
    return managed_block.find(text) is not None


def block_of(text: str) -> str | None:
    """Return the block with its marks, without a final line end; None without a block."""
    span = managed_block.find(text)
    if span is None:
        return None
    return "".join(split_lines(text)[span.begin : span.end + 1]).rstrip("\r\n")


def with_block(text: str | None, *, folder: str, kind: Literal["claude", "agents"]) -> str:
    """Return the instruction file (None: a new one) with its block added or brought up to date.

    ``folder`` is the memory folder. Existing rules stay; text outside the block stays byte for byte.
    """
    lines = [
        _POINTER[kind].format(folder=folder, index=INDEX_NAME),
        "",
        f"@{folder}/{INDEX_NAME}",
        "",
        _RECALL,
        "",
        _CAPTURE,
    ]
    kept = _rules_part(text or "")
    return managed_block.put(text or "", [*lines, *(["", *kept] if kept else [])], note=NOTE)


def as_today(text: str) -> str:
    """Return the file with the sentences that an earlier version wrote into its block as they read now.

    Whatever a person changed in the block stays.
    """
    block = block_of(text)
    if block is None:
        return text
    return text.replace(block, block.replace(_CAPTURE_BEFORE, _CAPTURE, 1), 1)


def without_block(text: str) -> str:
    """Return the file as it was before `with_block` added the block, with a person's later edits."""
    return managed_block.cut(text)


def rules(text: str) -> list[Line]:
    """Return the rules in the block, with their line numbers in the file."""
    return [Line(text=rule.text, number=rule.first + 1) for rule in _listed(text)]


def own_lines(text: str) -> list[Line]:
    """Return what a person's own text says, outside the block: list items, prose and rows of tables."""
    span = managed_block.find(text)
    return [
        line
        for line in statements(text)
        if span is None or not span.begin < line.number - 1 < span.end
    ]


def add_rules(text: str, lines: Sequence[str]) -> str:
    """Return ``text`` with each line as a rule at the end of the block's rules.

    Raises Refused when there is no block, and for text of several lines.
    """
    span = managed_block.find(text)
    if span is None:
        raise Refused("the instruction file has no managed block", hint="`gitmem init` adds it")
    if not lines:
        return text
    if not _rule_blocks(text):
        before = [] if blank(rows(text)[span.end - 1]) else [""]
        text = insert_lines(text, span.end, [*before, HEADING, ""])
    return add_bullets(text, lines, among=_rule_blocks(text), floor=span.end, rows_of=rows_of)


def replace_rule(text: str, old: str, new: str) -> str:
    """Return ``text`` with ``new`` in place of the rule ``old``; raises Refused when there is none."""
    return _changed(text, old, [new])


def remove_rule(text: str, old: str) -> str:
    """Return ``text`` without the rule ``old``; raises as `replace_rule` does."""
    return _changed(text, old, [])


def _changed(text: str, old: str, new: Sequence[str]) -> str:
    """Return ``text`` with the rule ``old`` replaced by ``new``: one line, or none."""
    block = next((one for one in _listed(text) if one.text == old), None)
    if block is None:
        raise Refused(
            f"no rule reads {old[:60]!r}",
            hint="the file changed since it was read; run the close again",
        )
    after = exchange_bullet(text, block, new, listed=_listed, rows_of=rows_of)
    if after is None:
        raise Refused(f"the rule {old[:60]!r} cannot be changed without changing its neighbours")
    return after


def _listed(text: str) -> list[Block]:
    return bullets(_rule_blocks(text))


def transplant_block(from_text: str, into_text: str) -> str:
    """Return ``into_text`` with the block of ``from_text``, for a work tree file with its own edits.

    Raises Refused when ``from_text`` has no block.
    """
    span = managed_block.find(from_text)
    if span is None:
        raise Refused("there is no managed block to take over")
    return managed_block.put(into_text, managed_block.inner(from_text, span), note=NOTE)


def _rule_blocks(text: str) -> list[Block]:
    """Return the blocks inside the managed block from its first heading or list on."""
    span = managed_block.find(text)
    if span is None:
        return []
    inside = [block for block in blocks(text) if span.begin < block.first < span.end]
    ours = {BlockKind.HEADING, BlockKind.BULLET, BlockKind.NUMBERED}
    start = next((at for at, block in enumerate(inside) if block.kind in ours), len(inside))
    return inside[start:]


def _rules_part(text: str) -> list[str]:
    span, found = managed_block.find(text), _rule_blocks(text)
    if span is None or not found:
        return []
    return managed_block.inner(text, span)[found[0].first - span.begin - 1 :]
