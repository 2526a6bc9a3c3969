"""Edit a JSON text in its own style and leave every other byte alone (pure)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from json import JSONDecoder
from typing import TYPE_CHECKING, NoReturn

from gitmem.core.failures import NeedsPerson

if TYPE_CHECKING:
    from collections.abc import Sequence

# Deeper than any settings file, and far from Python's own recursion limit.
_DEEPEST = 100
_SPACE = re.compile(r"[ \t\r\n]*")


class Kind(StrEnum):
    """What a value is; numbers, true, false and null are one kind: gitmem does not look inside them."""

    OBJECT = "an object"
    ARRAY = "a list"
    STRING = "a string"
    OTHER = "a number, true, false or null"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value: ``start`` and ``end`` are its span in the text, in characters.

    ``text`` is the decoded string of a string and the source of a number or constant.
    """

    kind: Kind
    start: int
    end: int
    text: str = ""
    members: tuple[Member, ...] = ()

    def member(self, name: str) -> Value | None:
        """Return the value that an object has under a name."""
        return next((entry.value for entry in self.members if entry.name == name), None)

    def position(self, name: str) -> int:
        """Return the position of the member with the name, from 0; ValueError without one."""
        return [entry.name for entry in self.members].index(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An object's member or a list's element; ``start`` is where its key (or itself) begins."""

    name: str
    start: int
    value: Value


def parse(text: str, *, name: str) -> Value:
    """Return the root value of a whole JSON text; ``name`` is the file's, for the error.

    A leading byte order mark is skipped. Raises NeedsPerson when the text is not strict JSON
    (RFC 8259), when an object has a key twice, or when it is nested more than 100 levels deep.
    """
    scanner = _Scanner(text, name)
    root = scanner.value(scanner.skip(1 if text.startswith("\ufeff") else 0), 0)
    if scanner.skip(root.end) != len(text):
        scanner.fail(scanner.skip(root.end), "something follows the end")
    return root


def _constant(name: str) -> str:
    raise ValueError(name)


# Numbers stay text: a settings file may hold one that Python would rather not convert.
_LEAF = JSONDecoder(parse_int=str, parse_float=str, parse_constant=_constant)


class _Scanner:
    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name

    def fail(self, at: int, what: str) -> NoReturn:
        line = self._text.count("\n", 0, at) + 1
        raise NeedsPerson(
            f"{self._name} is not plain JSON: line {line}: {what}",
            hint="mend it by hand first; nothing was changed",
        )

    def skip(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def value(self, at: int, depth: int) -> Value:
        if depth > _DEEPEST:
            self.fail(at, f"nested more than {_DEEPEST} levels deep")
        if self._text.startswith("{", at):
            return self._container(at, depth, Kind.OBJECT, "}")
        if self._text.startswith("[", at):
            return self._container(at, depth, Kind.ARRAY, "]")
        return self._leaf(at)

    def _leaf(self, at: int) -> Value:
        try:
            value, end = _LEAF.raw_decode(self._text, at)
        except ValueError:
            self.fail(at, "a value is expected")
        if self._text.startswith('"', at):
            return Value(kind=Kind.STRING, start=at, end=end, text=value)
        return Value(kind=Kind.OTHER, start=at, end=end, text=self._text[at:end])

    def _container(self, start: int, depth: int, kind: Kind, close: str) -> Value:
        members: list[Member] = []
        at = self.skip(start + 1)
        while not self._text.startswith(close, at):
            if members:
                if not self._text.startswith(",", at):
                    self.fail(at, f"`,` or `{close}` is expected")
                at = self.skip(at + 1)
            members.append(self._member(at, depth, kind))
            at = self.skip(members[-1].value.end)
        self._once(members, kind)
        return Value(kind=kind, start=start, end=at + 1, members=tuple(members))

    def _member(self, at: int, depth: int, kind: Kind) -> Member:
        if kind is Kind.ARRAY:
            return Member(name="", start=at, value=self.value(at, depth + 1))
        if not self._text.startswith('"', at):
            self.fail(at, "a name in double quotes is expected")
        key = self._leaf(at)
        colon = self.skip(key.end)
        if not self._text.startswith(":", colon):
            self.fail(colon, "`:` is expected")
        return Member(name=key.text, start=at, value=self.value(self.skip(colon + 1), depth + 1))

    def _once(self, members: list[Member], kind: Kind) -> None:
        seen: set[str] = set()
        for member in members:
            if kind is Kind.OBJECT and member.name in seen:
                self.fail(member.start, f"the name {member.name!r} is there twice")
            seen.add(member.name)


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
    """Return the text with members (name and JSON value) at the end of an object or a list.

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
    """Return the text without one member of an object or a list, nor the comma and space it needed."""
    members = container.members
    if len(members) == 1:
        return text[: container.start + 1] + text[container.end - 1 :]
    if index:
        start, end = members[index - 1].value.end, members[index].value.end
    else:
        start, end = members[0].start, members[1].start
    return text[:start] + text[end:]


def replace(text: str, value: Value, new: object) -> str:
    """Return the text with a JSON value in the place of another one."""
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
