"""Where each value stands in a JSON text, so that an edit can leave everything else alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from json import JSONDecoder
from typing import NoReturn

from gitmem.core.failures import NeedsPerson

# Deeper than any settings file, and far from Python's own recursion limit.
_DEEPEST = 100
_SPACE = re.compile(r"[ \t\r\n]*")


class Kind(StrEnum):
    """What a value is; numbers, true, false and null are one kind, for nobody looks inside them."""

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
        """The value an object has under a name."""
        return next((entry.value for entry in self.members if entry.name == name), None)

    def position(self, name: str) -> int:
        """Which member of an object bears the name, counted from 0; ValueError when none does."""
        return [entry.name for entry in self.members].index(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An object's member or a list's element; ``start`` is where its key (or itself) begins."""

    name: str
    start: int
    value: Value


def parse(text: str, *, name: str) -> Value:
    """The root value of a whole JSON text; ``name`` is the file's, for the error.

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
