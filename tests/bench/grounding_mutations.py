"""Fabrications made by machine from faithful lines: one thing changed, added or taken away.

The word lists here are the script's own, not the gate's, so that a word missing there shows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_PAIRS = """
        before/after above/below newer/older longer/shorter higher/lower more/fewer first/last enable/disable
        enabled/disabled allowed/forbidden required/optional valid/invalid  up/down start/stop starts/ends
        add/remove added/removed accepts/rejects reject/accept rejected/accepted rejects/accepts fails/succeeds
        fail/pass internal/external local/remote green/red read-only/writable short/long high/low static/dynamic
        always/never with/without public/private stored/deleted deleted/kept kept/deleted drops/keeps ignores/obeys
        skips/handles blocked/open prefer/avoid prefers/dislikes least/most  stale/fresh
        old/new fixed/broken removed/restored flaky/stable opens/closes expires/renews ends/begins locked/unlocked
        secure/insecure read/write reads/writes slow/fast exits/continues merged/abandoned hosted/banned
"""
_ANTONYMS = {
    one: other for pair in _PAIRS.split() for one, other in [pair.split("/"), pair.split("/")[::-1]]
}
_BEFORE_NOT = re.compile(r"\b(is|are|was|were|must|should|can|will|has|have|may)\b(?! not| no\b)")
_IMPERATIVE = re.compile(
    r"(Use|Run|Call|Keep|Set|Ship|Prefer|Avoid|Build|Lint|Pass|Retry|Deploy)\b"
)
_NEGATIONS = (
    (re.compile(r"\b(is|do|does|must|can|should|will|was|has)n't\b"), r"\1"),
    (re.compile(r"\bcannot\b"), "can"),
    (re.compile(r"\bmustn't\b"), "must"),
    (re.compile(r"\b(?:Do not|Don't|Never) (\w)"), r"\1"),
    (re.compile(r"\b(?:not|never|no longer|no) "), ""),
    (re.compile(r"\bwithout\b"), "with"),
    (re.compile(r"\b(?:nicht|nie|pas|jamais|nunca) "), ""),
)
_NUMBER = re.compile(r"(?<![\w.`/-])\d[\d,.]*(?<![.,])(?![\w`/]|-\d)")
_IDENTIFIER = re.compile(r"`[^`]*\w[^`]*`|(?<!\S)[\w.~-]*/[\w./-]*\w|\b\w+_\w+\b")
_YEAR = re.compile(r"\b20\d\d\b")  # a date stays the date when its parts change places
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+\b")
_ADDED = {
    "date added": " on 2025-02-17",
    "weekday added": " on Thursday",
    "amount added": " for 4,200 EUR",
    "URL added": " (https://docs.example.net/x7)",
    "name added": ", says Ingrid",
    "command added": " with `make purge`",
    "clause added": ", and the vendor has confirmed it in writing",
    "tail added": ", which is fine",
}


def mutants(text: str, sources: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Kind and text of every fabrication of a line; never the line itself, nor what a source says."""
    said = " ".join(sources).lower()
    stem = text.rstrip(".\u3002")
    for kind, addition in _ADDED.items():
        yield kind, f"{stem}{addition}{text[len(stem) :]}"
    for kind, change in _CHANGES.items():
        changed = change(text)
        if changed != text and not (kind == "always inserted" and "always" in said):
            yield kind, changed


def _identifier(text: str) -> str:
    return _IDENTIFIER.sub(lambda match: _other_letter(match[0]), text, count=1)


def _other_letter(word: str) -> str:
    at = max(at for at, char in enumerate(word) if char.isalnum())
    return word[:at] + ("q" if word[at] != "q" else "z") + word[at + 1 :]


def _number(text: str) -> str:
    return _NUMBER.sub(
        lambda match: match[0][:-1] + str((int(match[0][-1]) + 3) % 10), text, count=1
    )


def _swap(text: str) -> str:
    found = list(_NUMBER.finditer(text))
    if len(found) < 2 or found[0][0] == found[1][0] or _YEAR.search(text):
        return text
    one, two = found[:2]
    middle = text[one.end() : two.start()]
    return text[: one.start()] + two[0] + middle + one[0] + text[two.end() :]


def _not_inserted(text: str) -> str:
    changed = _BEFORE_NOT.sub(r"\1 not", text, count=1)
    if changed != text:
        return changed
    return f"Do not {text[:1].lower()}{text[1:]}" if _IMPERATIVE.match(text) else text


def _not_removed(text: str) -> str:
    for pattern, replacement in _NEGATIONS:
        changed = pattern.sub(replacement, text, count=1)
        if changed != text:
            return changed
    return text


def _antonym(text: str) -> str:
    for match in re.finditer(r"[A-Za-z-]+", text):
        other = _ANTONYMS.get(match[0].lower())
        if other:
            return text[: match.start()] + other + text[match.end() :]
    return text


def _always(text: str) -> str:
    return _BEFORE_NOT.sub(r"\1 always", text, count=1)


def _name(text: str) -> str:
    return _NAME.sub("Ingrid", text, count=1)


_CHANGES: dict[str, Callable[[str], str]] = {
    "identifier altered": _identifier,
    "number changed": _number,
    "numbers swapped": _swap,
    "not inserted": _not_inserted,
    "not removed": _not_removed,
    "antonym": _antonym,
    "always inserted": _always,
    "name exchanged": _name,
}
