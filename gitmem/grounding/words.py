"""Words cut to their stems, words that say the same, words that say the opposite (pure)."""

from __future__ import annotations

from functools import lru_cache

from gitmem.grounding import lexicon
from gitmem.grounding.english.thesaurus import ALIKE, CLASSIFIERS, FILLER, LIGHT

_FORMS = """
    write wrote written; run ran; build built; send sent; keep kept; hold held; make made; take took taken;
    go went gone; choose chose chosen; find found; get got gotten; give gave given; say said; see saw seen;
    break broke broken; tell told; think thought; buy bought; begin began begun; lose lost; pay paid;
    stand stood; show shown; know knew known; grow grew grown; freeze froze frozen; hide hidden hid;
    drive drove driven; come came; become became; mean meant; spend spent; draw drew drawn;
    fall fell fallen; leave left; lead led; bring brought; eat ate eaten; ride rode ridden;
    speak spoke spoken; steal stole stolen; bind bound; feed fed; teach taught; catch caught;
    child children; index indices indexes; matrix matrices; datum data; person people;
    artefact artifact artifacts; license licence licences licenses; colour color; behaviour behavior;
    centre center; favour favor; cache caches caching cached; use uses used using;
    be is are was were been being; has have had having; do does did done
"""
_IRREGULAR = {form: forms.split()[0] for forms in _FORMS.split(";") for form in forms.split()[1:]}
_ENDINGS = (
    "ations", "ation", "ibly", "ably", "ible", "able", "iness", "ments", "ment", "ness", "ions", "ion", "ings", "ing",
    "edly", "ed", "ies", "ers", "ors", "er", "or", "ily", "ly", "es", "s", "e", "y",
)  # fmt: skip
#: The endings by their last letter, so that few are tried: every word of the lexicon is cut when this loads.
_BY_LAST = {
    last: tuple(ending for ending in _ENDINGS if ending[-1] == last)
    for last in {ending[-1] for ending in _ENDINGS}
}
_ABLE = frozenset({"ibly", "ably", "ible", "able"})
_WHOLE = {"s": ("ss", "us", "is"), "ed": ("eed",)}
_SHORTEST = 3
_ROUNDS = 4
_VOWELS = frozenset("aeiouy\u00e4\u00f6\u00fc\u00e1\u00e9\u00ed\u00f3\u00fa")


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """The word without case, possessive and endings, and the same for words that say the same.

    ``Partitioned`` and ``partitions`` are one; so are ``repo`` and ``repositories``.
    """
    cut = _stem(word)
    return _SAME.get(cut, cut)


def _stem(word: str) -> str:
    """The word without endings.

    What is left has at least three letters and a vowel. Over-eager on purpose: one stem for two
    words only makes the gate see less novelty.
    """
    low = word.lower().removesuffix("'s").rstrip("'")
    low = _IRREGULAR.get(low) or _again(low)
    for _ in range(_ROUNDS):
        cut = _cut(low)
        if cut == low:
            break
        low = cut
    return low


def is_past(word: str) -> bool:
    """Whether the word is an irregular form: ``took``, ``written``."""
    return word in _IRREGULAR


def _again(word: str) -> str:
    """``rebuilt`` is ``rebuild``."""
    base = _IRREGULAR.get(word[2:], "") if word.startswith("re") else ""
    return f"re{base}" if base else word


def _cut(word: str) -> str:
    for ending in _BY_LAST.get(word[-1:], ()):
        if not word.endswith(ending):
            continue
        rest = word[: -len(ending)]
        if len(rest) < (_SHORTEST + 1 if ending in _ABLE else _SHORTEST) or (
            _VOWELS.isdisjoint(rest) and ending != "s"
        ):
            continue
        if word.endswith(_WHOLE.get(ending, ())):
            continue
        if ending in {"ies", "iness", "ily"}:
            return rest
        doubled = len(rest) > _SHORTEST and rest[-1] == rest[-2] and rest[-1] not in "lsz"
        if doubled and ending in {"ed", "ing", "er", "ers"}:
            return rest[:-1]
        return rest.removesuffix("i") if ending == "ed" and len(rest) > _SHORTEST else rest
    return word


def _same() -> dict[str, str]:
    rows = [row.split() for row in ALIKE.strip().splitlines()]
    return {_stem(word): _stem(row[0]) for row in rows for word in row}


_SAME = _same()
STOP = frozenset(map(stem, lexicon.STOP)) | lexicon.STOP
# Of words that say the same, the first one tells whether they say little.
NEUTRAL = frozenset(
    stem(word) for word in lexicon.NEUTRAL if stem(word) == _stem(word) or word in lexicon.MERE
)
#: What says little of its own.
LITTLE = NEUTRAL | frozenset(map(stem, FILLER | CLASSIFIERS | LIGHT))
WEAK = NEUTRAL - frozenset(map(stem, lexicon.MERE))
UNIVERSAL = frozenset(map(stem, lexicon.UNIVERSAL))
CAUSES = frozenset(map(stem, lexicon.CAUSES))


def _opposites() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pair in lexicon.OPPOSITES.split(","):
        one, other = (word.strip() for word in pair.split())
        found.setdefault(stem(one), set()).add(stem(other))
        found.setdefault(stem(other), set()).add(stem(one))
    return {word: frozenset(others) for word, others in found.items()}


OPPOSITES = _opposites()


def contrary(one: str, other: str) -> bool:
    """Whether one word is the other behind ``un``, ``in``, ``dis`` or the like."""
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    least = lexicon.CONTRARY.get(longer.removesuffix(shorter), len(shorter) + 1)
    return len(shorter) >= least
