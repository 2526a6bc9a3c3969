"""The terms that a text is searched by (pure).

Words and identifiers in lower case and NFC, each identifier also by its parts (`camelCase`,
`snake_case`, paths), without words that say nothing. Chinese, Japanese and Korean text, which has no
blanks between words, gives its pairs and triples of letters. Stems are the index's business.
"""

from __future__ import annotations

import re
import unicodedata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# English words that are in any line and tell none apart; the list is our own.
_WORDS = """
a about above after again all also am an and any are as at be because been before being below both but
by can cannot could did do does doing done down during each else etc ever every few for from further get
gets getting give go goes got had has have having he her here hers him his how i if in instead into is
it its itself just let lets like made make makes many may maybe me might more most much must my need
needs no nor not now of off on once one only onto or other our out over own per please put rather really
same say says see seen should since so some still such take than that the their them then there these
they thing things this those through to too under until up upon us use used uses using very want was way
we well were what when where whether which while who whom whose why will with within without would yes
yet you your aren couldn didn doesn don hadn hasn haven isn shouldn wasn weren won wouldn
"""
_STOP = frozenset(_WORDS.split())
_LONGEST = 20_000  # characters of a text that are looked at; a line of memory has 1,000
_TERM = 64  # characters of a term; longer ones are digests and encoded data
_WORD = re.compile("[^\\W_]+(?:[_'\u2019][^\\W_]+)*")
_APOSTROPHE = re.compile("['\u2019]")
_LETTERS = re.compile(r"[^\W\d_]+|\d+")
_CJK = re.compile(
    "[\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f]+"
)


def terms(text: str) -> list[str]:
    """Return the terms of ``text``, each once, in the order of their first place."""
    return list(dict.fromkeys(_all(unicodedata.normalize("NFC", text[:_LONGEST]))))


def _all(text: str) -> Iterator[str]:
    for run in _CJK.findall(text):
        yield from _grams(run)
    for match in _WORD.finditer(_CJK.sub(" ", text)):
        word = _APOSTROPHE.split(match[0])[0]
        parts = list(_parts(word))
        if len(parts) > 1:
            yield from _useful("".join(parts).casefold())
        for part in parts:
            yield from _useful(part.casefold())


def _parts(word: str) -> Iterator[str]:
    """The parts of an identifier: between underscores, digits and letters, small and large letters."""
    for run in _LETTERS.findall(word):
        start = 0
        for at in range(1, len(run)):
            large = run[at].isupper()
            begins = large and not run[at - 1].isupper()
            ends = large and run[at - 1].isupper() and run[at + 1 : at + 2].islower()
            if begins or ends:
                yield run[start:at]
                start = at
        yield run[start:]


def _useful(word: str) -> Iterator[str]:
    if word not in _STOP and len(word) <= _TERM and (len(word) > 1 or word.isdigit()):
        yield word


def _grams(run: str) -> Iterator[str]:
    """The pairs and triples of a run of letters; a single letter stands for itself."""
    if len(run) == 1:
        yield run
    for size in (2, 3):
        for start in range(len(run) - size + 1):
            yield run[start : start + size]
