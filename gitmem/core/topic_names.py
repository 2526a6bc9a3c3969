"""When two topic names are one topic in two spellings (pure, hot lane).

A module of its own, because what is near is a list of words and endings.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

_ENDINGS = (
    "izations", "ization", "ations", "ation", "ments", "ment", "ings", "ing", "ers", "er", "ions",
    "ion", "es", "ed", "s", "e",
)  # fmt: skip
_STEM = 3  # letters that stay of a word without its ending
_ONE_SLIP = 6  # letters from which on one slip of the keys makes no other word
# Words that say nothing about the subject of a topic.
_EMPTY = frozenset(
    {"a", "and", "about", "for", "in", "info", "notes", "of", "on", "our", "the", "topic"}
)
_SHORT = {
    "auth": "authentication", "config": "configuration", "configs": "configuration", "db": "database",
    "dbs": "database", "deps": "dependencies", "docs": "documentation", "doc": "documentation",
    "env": "environment", "envs": "environment", "k8s": "kubernetes", "perf": "performance",
    "repo": "repository", "repos": "repository", "infra": "infrastructure",
}  # fmt: skip


def alike(one: str, other: str) -> bool:
    """Tell whether two slugs name one topic: the same words in another order, form or spelling.

    Names that differ in a number are two topics.
    """
    one, other = one.lower(), other.lower()
    mine, theirs = _stems(one), _stems(other)
    if sorted(mine) == sorted(theirs) or "".join(mine) == "".join(theirs):
        return True
    if _digits(one) != _digits(other):
        return False
    bare, rest = one.replace("-", ""), other.replace("-", "")
    return bare == rest or (min(len(bare), len(rest)) >= _ONE_SLIP and _one_slip(bare, rest))


def is_part_of(name: str, topics: Collection[str]) -> str:
    """Return the topic that a slug names a part of, as ``build-2`` does of ``build``; empty for none."""
    whole, _, number = name.rpartition("-")
    return whole if whole in topics and number.isdecimal() else ""


def _stems(name: str) -> list[str]:
    words = [_SHORT.get(word, word) for word in name.split("-")]
    telling = [word for word in words if word not in _EMPTY] or words
    return [_stem(word) for word in telling if word]


def _stem(word: str) -> str:
    word = word.removesuffix("ies") + "y" if word.endswith("ies") else word
    ending = next(
        (end for end in _ENDINGS if word.endswith(end) and len(word) - len(end) >= _STEM), ""
    )
    stem = word.removesuffix(ending)
    # planning and plans: plan
    return stem[:-1] if len(stem) > _STEM and stem[-1] == stem[-2] else stem


def _digits(name: str) -> str:
    return "".join(letter for letter in name if letter.isdigit())


def _one_slip(one: str, other: str) -> bool:
    """Tell whether one letter more, less, another or two exchanged make one word the other."""
    if len(one) > len(other):
        one, other = other, one
    at = next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if len({*pair}) > 1), len(one)
    )
    if len(one) < len(other):
        return one[at:] == other[at + 1 :] and len(other) - len(one) == 1
    exchanged = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return one[at + 1 :] == other[at + 1 :] or exchanged
