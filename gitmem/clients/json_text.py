"""Edit a JSON text in its own style and leave every other byte alone (pure)."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from json import JSONDecoder
from typing import TYPE_CHECKING, NoReturn

from gitmem.core.failures import NeedsPerson

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

# Deeper than any settings file, and far from Python's own recursion limit.
_DEEPEST = 100
_WHITE = " \t\r\n"
_SPACE = re.compile(r"[ \t\r\n]*")
# What editors allow beside white space: comments to the end of a line, and between two marks.
_SPACE_AND_COMMENTS = re.compile(r"(?:[ \t\r\n]+|//[^\r\n]*|/\*(?s:.*?)\*/)*")
# What follows a member on its own line: a comment that speaks of it.
_ASIDE = re.compile(r"[ \t]*(?://[^\r\n]*|/\*[^\r\n]*?\*/[ \t]*(?=\r?\n))")


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
    """An object's member or a list's element; ``start`` is where its key (or itself) begins.

    ``comma`` is where the comma behind it stands; -1 without one.
    """

    name: str
    start: int
    value: Value
    comma: int = -1


def parse(text: str, *, name: str, comments: bool = False) -> Value:
    """Return the root value of a whole JSON text; ``name`` is the file's, for the error.

    A leading byte order mark is skipped. ``comments`` allows comments and a comma behind the last
    member, as editors do. Raises NeedsPerson when the text is not strict JSON (RFC 8259) otherwise,
    when an object has a key twice, or when it is nested more than 100 levels deep.
    """
    scanner = _Scanner(text, name, comments=comments)
    root = scanner.value(scanner.skip(1 if text.startswith("\ufeff") else 0), 0)
    if scanner.skip(root.end) != len(text):
        scanner.fail(scanner.skip(root.end), "something follows the end")
    return root


def plain(value: Value) -> object:
    """Return a value as Python's own; an integer is one, another number stays its text."""
    if value.kind is Kind.OBJECT:
        return {entry.name: plain(entry.value) for entry in value.members}
    if value.kind is Kind.ARRAY:
        return [plain(entry.value) for entry in value.members]
    if value.kind is Kind.STRING:
        return value.text
    if value.text in _CONSTANTS:
        return _CONSTANTS[value.text]
    return int(value.text) if value.text.isdigit() and len(value.text) < _DIGITS else value.text


_CONSTANTS = {"true": True, "false": False, "null": None}
_DIGITS = 19  # of a number that fits into 64 bits


def _constant(name: str) -> str:
    raise ValueError(name)


# Numbers stay text: a settings file may hold one that Python would rather not convert.
_LEAF = JSONDecoder(parse_int=str, parse_float=str, parse_constant=_constant)


class _Scanner:
    def __init__(self, text: str, name: str, *, comments: bool) -> None:
        self._text = text
        self._name = name
        self._comments = comments
        self._space = _SPACE_AND_COMMENTS if comments else _SPACE

    def fail(self, at: int, what: str) -> NoReturn:
        line = self._text.count("\n", 0, at) + 1
        raise NeedsPerson(
            f"{self._name} is not {'' if self._comments else 'plain '}JSON: line {line}: {what}",
            hint="mend it by hand first; nothing was changed",
        )

    def skip(self, at: int) -> int:
        match = self._space.match(self._text, at)
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
                members[-1] = dataclasses.replace(members[-1], comma=at)
                at = self.skip(at + 1)
                if self._comments and self._text.startswith(close, at):
                    break
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
    added = [_render(entry, container.kind, style, pad=pad, lined=lined) for entry in additions]
    last = container.members[-1]
    # A comment on the last member's line stays with it, a comma behind the last member behind the last.
    trailing = last.comma >= 0
    at = last.comma + 1 if trailing else last.value.end
    aside = _ASIDE.match(text, at) if lined else None
    head = text[:at] + ("" if trailing else ",") + (aside[0] if aside else "")
    tail = text[aside.end() if aside else at :]
    body = ("," + between).join(added) + ("," if trailing else "")
    return head + between + body + tail


def drop(text: str, container: Value, index: int) -> str:
    """Return the text without one member of an object or a list, nor the comma and space it needed.

    Comments beside it stay.
    """
    members = container.members
    gone = members[index]
    # What stands between the member and its comma.
    aside = text[gone.value.end : gone.comma] if gone.comma >= 0 else ""
    behind = text[_behind(gone) :]
    if len(members) == 1 and not has_comments(text, container):
        return text[: container.start + 1] + text[container.end - 1 :]
    if not index and len(members) > 1:
        return text[: gone.start] + aside + behind.lstrip()
    if not index or gone.comma >= 0:
        since = members[index - 1].comma + 1 if index else container.start + 1
        return _closed(text[: gone.start], aside + behind, since)
    last = members[index - 1]
    before = text[: last.comma] + text[last.comma + 1 : gone.start]
    return _closed(before, behind, last.value.end)


def _closed(before: str, after: str, since: int) -> str:
    """The text around a cut, without the white space before it, unless that ends a comment.

    ``since`` is where what stands before the cut begins: from there on, `//` is no part of a string.
    """
    kept = before.rstrip(_WHITE)
    ends = after.lstrip(" \t").startswith(("\r", "\n"))
    return kept + after if ends or "//" not in kept[since:].rpartition("\n")[2] else before + after


def cut(text: str, chain: Sequence[tuple[Value, int]]) -> str:
    """Return the text without the last value of a chain, nor the containers that held nothing else.

    Each link is a container and the position of the next one in it. A container with a comment stays.
    """
    level = len(chain) - 1
    while level and _only(text, chain[level][0]):
        level -= 1
    container, index = chain[level]
    return drop(text, container, index)


def has_comments(text: str, container: Value) -> bool:
    """Return whether an object or a list, its members left aside, holds a comment."""
    at, around = container.start + 1, ""
    for member in container.members:
        around += text[at : member.start]
        at = member.value.end
    return bool((around + text[at : container.end - 1]).strip(_WHITE + ","))


def is_empty(text: str, root: Value, besides: Collection[str] = ()) -> bool:
    """Return whether a whole text says nothing: no member but of these names, no comment anywhere."""
    around = (text[: root.start] + text[root.end :]).strip("\ufeff" + _WHITE)
    known = {member.name for member in root.members} <= {*besides}
    return known and not around and not has_comments(text, root)


def _only(text: str, container: Value) -> bool:
    """Whether a container holds one member and nothing else."""
    return len(container.members) == 1 and not has_comments(text, container)


def _behind(member: Member) -> int:
    """Where the text behind a member and its comma begins."""
    return max(member.value.end, member.comma + 1)


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
    comments = text[container.start + 1 : container.end - 1].rstrip()
    if style.lined or comments:
        between = "," + style.newline + pad
        inside = style.newline + pad + between.join(added) + style.newline + base
    else:
        inside = ("," if style.tight else ", ").join(added)
    return text[: container.start + 1] + comments + inside + text[container.end - 1 :]


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
    members = container.members
    start = container.start if len(members) == 1 else members[-2].comma
    return _white_end(text[start + 1 : members[-1].start])


def _white_end(text: str) -> str:
    """The white space that a text ends with, after any comment."""
    return text[len(text.rstrip(_WHITE)) :]


def _style(text: str, root: Value) -> _Style:
    whole = text[root.start : root.end]
    unit, tight = "  ", False
    if root.members:
        first = root.members[0]
        gap = _white_end(text[root.start + 1 : first.start])
        unit = gap.rpartition("\n")[2] if "\n" in gap else unit
        tight = text[first.start : first.value.start].endswith(":")
    return _Style(
        newline="\r\n" if "\r\n" in text else "\n",
        unit=unit,
        lined="\n" in whole or not root.members,
        tight=tight,
    )
