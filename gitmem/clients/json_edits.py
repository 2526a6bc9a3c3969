"""Insert into and cut out of a JSON text, in its own style, leaving every other byte alone."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gitmem.clients.json_text import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.clients.json_text import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    """How a text is laid out: its line ending, one level's indentation, lines or one line."""

    newline: str
    unit: str
    lined: bool
    tight: bool


def append(
    text: str, root: Value, container: Value, additions: Sequence[tuple[str, object]]
) -> str:
    """The text with members (name and JSON value) at the end of an object or a list.

    ``container`` is a value within ``root``, both parsed from ``text``; names are ignored in a
    list. New lines look like the ones beside them: indentation, line ending, one line or many.
    """
    style = _style(text, root)
    if not container.members:
        return _fill(text, container, additions, style)
    gap = _gap(text, container)
    lined = "\n" in gap
    pad = gap.rpartition("\n")[2]
    if lined:
        between = style.newline + pad
    elif len(container.members) > 1:
        between = gap
    else:
        between = "" if style.tight else " "
    at = container.members[-1].value.end
    added = [_render(entry, container.kind, style, pad=pad, lined=lined) for entry in additions]
    return text[:at] + "".join("," + between + part for part in added) + text[at:]


def drop(text: str, container: Value, index: int) -> str:
    """The text without one member of an object or a list, nor the comma and space it needed."""
    members = container.members
    if len(members) == 1:
        return text[: container.start + 1] + text[container.end - 1 :]
    if index:
        start, end = members[index - 1].value.end, members[index].value.end
    else:
        start, end = members[0].start, members[1].start
    return text[:start] + text[end:]


def replace(text: str, value: Value, new: object) -> str:
    """The text with a JSON value in the place of another one."""
    return text[: value.start] + json.dumps(new, ensure_ascii=False) + text[value.end :]


def _fill(
    text: str, container: Value, additions: Sequence[tuple[str, object]], style: _Style
) -> str:
    """The text with the members in a container that is empty so far."""
    head = text[: container.start]
    line = head[head.rfind("\n") + 1 :].removeprefix("\ufeff")
    base = line[: len(line) - len(line.lstrip(" \t"))]
    pad = base + style.unit
    added = [
        _render(entry, container.kind, style, pad=pad, lined=style.lined) for entry in additions
    ]
    if style.lined:
        between = "," + style.newline + pad
        inside = style.newline + pad + between.join(added) + style.newline + base
    else:
        inside = ("," if style.tight else ", ").join(added)
    return text[: container.start + 1] + inside + text[container.end - 1 :]


def _render(entry: tuple[str, object], kind: Kind, style: _Style, *, pad: str, lined: bool) -> str:
    name, value = entry
    colon = ":" if style.tight and not lined else ": "
    comma = "," if style.tight or lined else ", "
    rendered = json.dumps(
        value,
        ensure_ascii=False,
        indent=style.unit if lined else None,
        separators=(comma, colon),
    ).replace("\n", "\n" + pad)
    if kind is not Kind.ARRAY:
        rendered = json.dumps(name, ensure_ascii=False) + colon + rendered
    if lined:
        rendered = _STRINGS.sub(partial(_on_one_line, before=len(pad)), rendered)
    return rendered.replace("\n", style.newline)


def _on_one_line(found: re.Match[str], *, before: int) -> str:
    """A list of strings on the line it begins on, where it fits, as formatters write it."""
    start = found.string.rfind("\n", 0, found.start()) + 1
    column = found.start() - start + (0 if start else before)
    items = [item.strip() for item in found["items"].split("\n")]
    row = f"[{' '.join(items)}]"
    return row if column + len(row) < _WIDTH else found[0]


# A list of strings only, one a line; and what prettier takes for the width of a line.
_STRINGS = re.compile(r'\[\n(?P<items>\s*"(?:[^"\\\n]|\\.)*"(?:,\n\s*"(?:[^"\\\n]|\\.)*")*)\n\s*\]')
_WIDTH = 80


def _gap(text: str, container: Value) -> str:
    """The white space before the last member."""
    if len(container.members) == 1:
        return text[container.start + 1 : container.members[0].start]
    return text[container.members[-2].value.end : container.members[-1].start].partition(",")[2]


def _style(text: str, root: Value) -> _Style:
    whole = text[root.start : root.end]
    unit, tight = "  ", False
    if root.members:
        first = root.members[0]
        gap = text[root.start + 1 : first.start]
        unit = gap.rpartition("\n")[2] if "\n" in gap else unit
        tight = text[first.start : first.value.start].endswith(":")
    return _Style(
        newline="\r\n" if "\r\n" in text else "\n",
        unit=unit,
        lined="\n" in whole or not root.members,
        tight=tight,
    )
