"""A line as clauses with their signs of denial, language by language (pure).

A clause ends at punctuation and at connectives. What denies and says nothing of its own belongs to the clause
beside it: ``Push to main? Never.``
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING

from gitmem.grounding.denial_words import LISTS, RULES, UNSPACED, Denials, Sign
from gitmem.grounding.spelling import fold, spell
from gitmem.grounding.words import stem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: The languages that gitmem has rules for, and those of which it only knows the words that deny.
KNOWN = frozenset({*RULES, *UNSPACED})
LISTED = frozenset(LISTS)

_TOKEN = re.compile(
    r"`[^`]*`|[^\W\d_]+(?:-[^\W\d_]+)*|[^\s\w.,;:!?()\u2014]*\w[^\s,;:!?()\u2014]*|[.,;:!?()\u2014\u2013]"
)
_BARE = frozenset({"ne", "n"})
_THAN = frozenset({"que", "qu"})
_STOPS = frozenset(".!?")
_BREAKS = frozenset(".,;:!?()\u2014\u2013")
_FEW = 2  # a piece that denies and says no more belongs to what follows
_SENTENCE = re.compile(r"(?<=[。！？!?；;\n])|(?<=\.) ")
_PART = re.compile(r"[、，,：:（）()「」『』—]+")
_LETTERS = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]|[^\W_]+")
_PROHIBITS = r"[うくぐすつぬぶむる]な(?=[よ.,!?」)\s]|$)"


@dataclass(slots=True)
class Clause:
    """What a clause speaks of, in order, and its signs with the place of each among that.

    ``denials``: how often it denies where several words do so once; ``words``, these words; ``leads``: one of
    them comes first.
    """

    sentence: int
    said: list[str] = field(default_factory=list)
    signs: list[tuple[Sign, int]] = field(default_factory=list)
    denials: int = 0
    words: set[str] = field(default_factory=set)
    leads: bool = False

    def take(self, other: Clause) -> None:
        """Go on with another clause, whose denials are its own unless one of the two says nothing else."""
        alone = not self.said or not other.said
        both = (self.denials, other.denials)
        self.denials = max(both) if alone else sum(both)
        self.leads |= other.leads and not self.said
        self.words |= other.words
        self.signs += [(sign, at + len(self.said)) for sign, at in other.signs]
        self.said += other.said

    def restrict(self) -> None:
        """Take what was read as a denial, ``ne``, for a restriction, ``ne ... que``."""
        self.signs = [(Sign.ONLY if sign is Sign.NOT else sign, at) for sign, at in self.signs]
        self.denials = 0
        self.words = set()


@dataclass(frozen=True, slots=True)
class Text:
    """The clauses of a text. ``doubled``: the words that deny in one clause deny once."""

    clauses: tuple[Clause, ...]
    doubled: bool

    def count(self, clause: Clause) -> Counter[str]:
        """How often each kind of sign stands in a clause; all that denies is one kind, ``deny``."""
        counts: Counter[str] = Counter()
        plain = 0
        for sign, _ in clause.signs:
            plain += sign is Sign.NOT
            if sign is not Sign.NOT:
                counts["deny" if sign is Sign.BAN else sign.value] += 1
        counts["deny"] += clause.denials if self.doubled else plain
        return +counts


@lru_cache(maxsize=256)
def read(text: str, language: str) -> Text:
    """A text in one of the `KNOWN` languages."""
    folded = fold(text)
    if language in UNSPACED:
        return Text(tuple(_unspaced(folded, language)), doubled=False)
    if language == "en":
        return Text(tuple(_carried(_pieces(spell(folded), language))), doubled=False)
    return Text(tuple(_attached(_pieces(folded, language))), RULES[language].doubled)


@lru_cache(maxsize=8)
def listed(language: str) -> re.Pattern[str]:
    """What finds a denial in a text, in small letters, of one of the `LISTED` languages."""
    forms = (
        re.escape(word).replace(r"\*", r"\w*").replace("_", r"\s")
        for word in LISTS[language].split()
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)")


def _pieces(text: str, language: str) -> list[Clause]:
    """The pieces between punctuation and connectives."""
    known = _compiled(language)
    tokens = [found.lower() for found in _TOKEN.findall(text.replace("'", " "))]
    pieces = [Clause(0)]
    sentence = at = 0
    while at < len(tokens):
        word = _unquoted(tokens[at])
        if word in _BREAKS:
            sentence += word in _STOPS
            pieces.append(Clause(sentence))
        elif pair := known.phrase(tokens, at):
            if pair[1]:
                pieces[-1].signs.append((pair[1], len(pieces[-1].said)))
                pieces[-1].denials |= pair[1] is Sign.NOT
            at += pair[0]
            continue
        elif word == "plus" and language == "fr" and pieces[-1].words & _BARE:
            pieces[-1].signs.append((Sign.NOT, len(pieces[-1].said)))
            pieces[-1].words.add(word)
        elif sign := known.sign(word):
            pieces[-1].signs.append((sign, len(pieces[-1].said)))
            if sign is Sign.NOT:
                pieces[-1].leads |= at == 0 or tokens[at - 1] in _BREAKS
                again = word in known.again and not known.again.isdisjoint(pieces[-1].words)
                pieces[-1].denials = pieces[-1].denials + 1 if again else max(1, pieces[-1].denials)
                pieces[-1].words.add(word)
        elif (
            word in _THAN and language == "fr" and pieces[-1].denials and pieces[-1].words <= _BARE
        ):
            pieces[-1].restrict()
        elif word in known.joins:
            pieces.append(Clause(sentence))
        elif word not in known.small:
            pieces[-1].said += [stem(part) for part in word.strip("`").split()]
        at += 1
    return [piece for piece in pieces if piece.said or piece.signs]


def _unquoted(token: str) -> str:
    """A word without the marks around it: in backticks, quotes or struck through ``not`` denies too."""
    word = token.strip('`~*_"')
    return word if word.isalpha() else token


def _attached(pieces: Sequence[Clause]) -> list[Clause]:
    """The pieces as clauses: one that denies and says little belongs to what follows, or else precedes."""
    found: list[Clause] = []
    for piece, after in zip_longest(pieces, pieces[1:]):
        same = bool(found) and found[-1].sentence == piece.sentence
        last = after is None or after.sentence != piece.sentence
        if (
            (same and found[-1].signs and len(found[-1].said) < _FEW)
            or (found and last and not piece.said)
            or (same and len(piece.said) < _FEW and not piece.signs)
        ):
            found[-1].take(piece)
        else:
            found.append(piece)
    return [clause for clause in found if clause.said]


def _carried(pieces: Sequence[Clause]) -> list[Clause]:
    """The pieces as clauses; a denial alone belongs to what follows, ``Never, ever``, or precedes."""
    found: list[Clause] = []
    for piece in pieces:
        same = bool(found) and found[-1].sentence == piece.sentence
        if same and not (found[-1].said and piece.said):
            found[-1].take(piece)
        else:
            found.append(piece)
    return [clause for clause in found if clause.said]


def _unspaced(text: str, language: str) -> Iterator[Clause]:
    forms = _compiled_unspaced(language)
    for number, sentence in enumerate(_SENTENCE.split(text)):
        pieces: list[Clause] = []
        for part in _PART.split(sentence):
            piece = Clause(number)
            end = 0
            for match in forms.finditer(part):
                piece.said += _runs(part[end : match.start()])
                kind = match.lastgroup or "none"
                if kind not in {"none", "first"}:
                    sign = Sign.NOT if kind == "prohibits" else Sign(kind)
                    piece.signs.append((sign, len(piece.said)))
                else:
                    piece.said += _runs(match[0])
                end = match.end()
            piece.said += _runs(part[end:])
            if piece.said or piece.signs:
                pieces.append(piece)
        yield from _attached(pieces)


def _runs(text: str) -> list[str]:
    """The letters of scripts without blanks one by one, other words whole."""
    return [run.lower() for run in _LETTERS.findall(text)]


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a language, ready to look up."""

    whole: dict[str, Sign]
    begins: tuple[tuple[str, Sign], ...]
    phrases: dict[tuple[str, ...], Sign | None]
    joins: frozenset[str]
    small: frozenset[str]
    again: frozenset[str]

    def sign(self, token: str) -> Sign | None:
        """What a word does, if anything."""
        if token in self.whole:
            return self.whole[token]
        return next((sign for start, sign in self.begins if token.startswith(start)), None)

    def phrase(self, tokens: Sequence[str], at: int) -> tuple[int, Sign | None] | None:
        """How many words a phrase takes here, and what it does."""
        for length in (3, 2):
            words = tuple(tokens[at : at + length])
            if words in self.phrases:
                return length, self.phrases[words]
        return None


@lru_cache(maxsize=16)
def _compiled(language: str) -> _Words:
    rules: Denials = RULES[language]
    whole: dict[str, Sign] = {}
    begins: list[tuple[str, Sign]] = []
    phrases: dict[tuple[str, ...], Sign | None] = {
        tuple(phrase.split("_")): None for phrase in rules.neutral.split()
    }
    for sign, text in rules.signs.items():
        for word in text.split():
            if "_" in word:
                phrases[tuple(word.split("_"))] = sign
            elif word.endswith("*"):
                begins.append((word[:-1], sign))
            else:
                whole[word] = sign
    joins, small, again = (
        frozenset(words.split()) for words in (rules.joins, rules.small, rules.again)
    )
    return _Words(whole, tuple(begins), phrases, joins, small, again)


@lru_cache(maxsize=4)
def _compiled_unspaced(language: str) -> re.Pattern[str]:
    rows = UNSPACED[language]
    parts: list[str] = []
    for name, text in rows.items():
        forms = sorted(text.split(), key=lambda form: (-len(form), form))
        parts.append(f"(?P<{name or 'none'}>{'|'.join(map(re.escape, forms))})")
    return re.compile(_order(language, parts))


def _order(language: str, parts: list[str]) -> str:
    prohibits = [f"(?P<prohibits>{_PROHIBITS})"] if language == "ja" else []
    # What is no denial comes first; a ban's word before the sign that it has inside.
    first = r"(?P<first>(?<![\u3400-\u9fff])まず)|" if language == "ja" else ""
    return first + "|".join([parts[0], *prohibits, *parts[2:], parts[1]])
