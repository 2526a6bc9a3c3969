"""The rules about denials by language: none may vanish, come in or move (H7), and what is unknown (H17) (pure).

English has finer rules of its own in `gitmem.grounding.polarity`; these stand beside them. Each clause
of the line is compared with the clause of the flags that it has most in common with, and both must have the
same signs, each kind as often as the other.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING

from gitmem.grounding.denial_words import LISTS, RULES, UNSPACED, Denials, Sign
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.spelling import fold, spell
from gitmem.grounding.words import stem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COMMON_TO = 32  # a word in more clauses than this does not help to find the one that is meant
#: So many words, or signs of a script without blanks, behind and before a denial are what it denies. In
#: German it stands behind them.
_NEAR = {"": (1, 2), "de": (3, 2), "zh": (4, 4), "ja": (4, 4)}
_PAIR = 2
_WHOLE = 0.6  # of a sentence that a line has: then its denials have to be there
_HALF = 0.5  # of a clause
_SHORT = 2  # a clause of so few words that it hardly says more than its denial
_ONLY = frozenset({Sign.ONLY.value, Sign.LOOSE.value})
_NEEDS = ("need", "requir", "must", "mandatory")
_DENY = frozenset({Sign.NOT, Sign.BAN})
_LEADS = frozenset({Sign.INSTEAD, Sign.WITHOUT, Sign.EXCEPT})


def denial_findings(
    text: str, sources: Sequence[str], replaced: Sequence[str], language: str, *, allowed: int = 0
) -> Iterator[Finding]:
    """H17 where the language is not known, H7 for a denial that is lost, added or moved.

    ``allowed``: so many clauses of an English line deny, or not, as the flags do in another form.
    """
    if any(_same_words(text, source) for source in sources):
        return
    if language in LISTED:
        denying = listed(language)
        if any(denying.search(one.lower()) for one in (text, *sources, *replaced)):
            yield Finding(Rule.H7, "it may deny what the cited flags say, or the other way round")
    elif language not in KNOWN:
        yield Finding(Rule.H17, "its language is not one whose denials gitmem knows")
    elif differs(text, sources, replaced, language, allowed):
        yield Finding(Rule.H7, "a denial, ban or restriction is not as in the cited flags")


def differs(
    text: str, sources: Sequence[str], replaced: Sequence[str], language: str, allowed: int = 0
) -> bool:
    """Whether a clause of ``text`` denies otherwise than the clause it is nearest to."""
    line = read(text, language)
    new = [read(source, language) for source in sources]
    old = [read(source, language) for source in replaced]
    told = _Told(new, old)
    if language == "en":
        totals = {_denials(one, *one.clauses) for one in (*new, *old)}
        mine = _denials(line, *line.clauses)
        lost = not any(abs(mine - total) <= allowed for total in totals)
        return any(_english_differs(line, clause, told, lost=lost) for clause in line.clauses)
    if any(_clause_differs(line, clause, told, language) for clause in line.clauses):
        return True
    every = (*new, *old)
    return any(_sentence_differs([line], one) for one in new) or _sentence_differs(every, line)


class _Told:
    """The clauses of the flags and of the replaced lines, found by their words."""

    __slots__ = ("_new", "_old")

    def __init__(self, new: Sequence[Text], old: Sequence[Text]) -> None:
        self._new, self._old = _Index(new), _Index(old)

    def nearest(self, clause: ClauseSigns) -> list[ClauseSigns]:
        """The clauses that share most with one; those of the replaced lines when these share more."""
        shared, nearest = self._new.sharing(clause)
        shared_old, nearest_old = self._old.sharing(clause)
        return nearest_old if shared_old > shared else nearest


class _Index:
    """Which clauses hold a word."""

    __slots__ = ("_clauses", "_where")

    def __init__(self, texts: Sequence[Text]) -> None:
        self._clauses = [clause for one in texts for clause in one.clauses]
        self._where: dict[str, list[int]] = {}
        for at, clause in enumerate(self._clauses):
            for word in set(clause.said):
                places = self._where.setdefault(word, [])
                if len(places) < _COMMON_TO:
                    places.append(at)

    def sharing(self, clause: ClauseSigns) -> tuple[int, list[ClauseSigns]]:
        """How many words the clauses nearest to one share with it, and these clauses."""
        shared: dict[int, int] = {}
        for word in set(clause.said):
            for at in self._where.get(word, ()):
                shared[at] = shared.get(at, 0) + 1
        most = max(shared.values(), default=0)
        return most, [self._clauses[at] for at in sorted(shared) if shared[at] == most]


def _clause_differs(line: Text, clause: ClauseSigns, told: _Told, language: str) -> bool:
    nearest = told.nearest(clause)
    mine = line.count(clause)
    if not nearest:
        return bool(mine)
    if any(_unlike(mine, theirs) for theirs in _counts(line, clause, nearest)):
        return True
    return any(
        _bared(clause, other, language)
        or _bared(other, clause, language)
        or _moved(clause, other, language)
        for other in nearest
    )


def _counts(line: Text, clause: ClauseSigns, nearest: Sequence[ClauseSigns]) -> list[Counter[str]]:
    """The signs of the nearest clauses: of two of one sentence that it has words of, taken together."""
    if len(nearest) == _PAIR and nearest[0].sentence == nearest[1].sentence:
        mine = set(clause.said)
        if mine.intersection(nearest[0].said) != mine.intersection(nearest[1].said):
            return [line.count(nearest[0]) + line.count(nearest[1])]
    return [line.count(other) for other in nearest]


def _bared(clause: ClauseSigns, other: ClauseSigns, language: str) -> bool:
    """Whether a clause lost the one of several denying words that it cannot be without: *hay ninguno*."""
    lost = other.words - clause.words
    if language not in RULES or not lost or not clause.words:
        return False
    rules = RULES[language]
    if not lost.isdisjoint(rules.kept.split()):
        return True
    if not rules.doubled or not clause.words.isdisjoint(rules.particle.split()):
        return False
    leads = rules.leading and clause.leads
    return not (leads and not other.words.isdisjoint(rules.particle.split()))


def _english_differs(line: Text, clause: ClauseSigns, told: _Told, *, lost: bool) -> bool:
    """English: whether a denial is lost or added that the rules for English take for none.

    `gitmem.grounding.polarity` compares what is denied. ``lost``: the line has not as many denials
    as a flag.
    """
    nearest = told.nearest(clause)
    mine, excepts = _denials(line, clause), line.count(clause)["except"]
    if nearest and all(excepts > line.count(other)["except"] for other in nearest):
        return True
    return (
        lost
        and bool(nearest)
        and all(
            _denials(line, other) != mine and not _needed(line, clause, other) for other in nearest
        )
    )


def _denials(text: Text, *clauses: ClauseSigns) -> int:
    counts = [text.count(clause) for clause in clauses]
    return sum(count["deny"] + count["without"] + count["instead"] for count in counts)


def _needed(line: Text, one: ClauseSigns, other: ClauseSigns) -> bool:
    """Whether one of two clauses denies nothing and says what is needed; the other, what goes without."""
    bare, denying = sorted((one, other), key=lambda clause: _denials(line, clause))
    without = line.count(denying)["without"]
    return (
        bool(without)
        and not _denials(line, bare)
        and any(word.startswith(_NEEDS) for word in bare.said)
    )


def _unlike(mine: Counter[str], theirs: Counter[str]) -> bool:
    """Whether two clauses have not the same signs; ``nur noch`` may be said or not."""
    if Sign.LOOSE.value in mine + theirs:
        mine, theirs = (
            Counter({sign: count for sign, count in one.items() if sign not in _ONLY})
            for one in (mine, theirs)
        )
    return mine != theirs


def _moved(clause: ClauseSigns, other: ClauseSigns, language: str) -> bool:
    """Whether a sign stands at something that no such sign of the other clause stands near to."""
    before, behind = _NEAR.get(language, _NEAR[""])
    for signs in (_DENY, _LEADS):
        back = 0 if signs is _LEADS and language not in UNSPACED else before
        near = {
            word
            for sign, at in other.signs
            if sign in signs
            for word in other.said[max(0, at - back) : at + behind]
        }
        heads = [
            clause.said[min(at, len(clause.said) - 1)] for sign, at in clause.signs if sign in signs
        ]
        if heads and near and near.isdisjoint(heads):
            return True
    return False


def _sentence_differs(texts: Sequence[Text], source: Text) -> bool:
    """Whether texts have most of what a sentence says, and not as many denials."""
    every = [(text, clause) for text in texts for clause in text.clauses]
    said = {word for _, clause in every for word in clause.said}
    total: Counter[str] = Counter()
    for text, clause in every:
        total += text.count(clause)
    sentences: dict[int, list[ClauseSigns]] = {}
    for clause in source.clauses:
        sentences.setdefault(clause.sentence, []).append(clause)
    for clauses in sentences.values():
        words = {word for clause in clauses for word in clause.said}
        if len(words & said) < _WHOLE * len(words):
            continue
        wanted: Counter[str] = Counter()
        for clause in clauses:
            kept = len(said.intersection(clause.said))
            if len(clause.said) <= _SHORT or kept >= _HALF * len(set(clause.said)):
                wanted += source.count(clause)
        if Sign.LOOSE.value in wanted + total:
            for sign in _ONLY:
                wanted.pop(sign, None)
        if wanted - total:
            return True
    return False


def _same_words(text: str, source: str) -> bool:
    """Whether a line has a flag's words in their order, and only signs and letters' cases differ."""
    return _words(text) == _words(source)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\s.,;:!?`\"'()*]+", fold(text).casefold())


#: The languages that gitmem has rules for, and those whose denying words alone it knows.
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
class ClauseSigns:
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

    def take(self, other: ClauseSigns) -> None:
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

    clauses: tuple[ClauseSigns, ...]
    doubled: bool

    def count(self, clause: ClauseSigns) -> Counter[str]:
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


def _pieces(text: str, language: str) -> list[ClauseSigns]:
    """The pieces between punctuation and connectives."""
    known = _compiled(language)
    tokens = [found.lower() for found in _TOKEN.findall(text.replace("'", " "))]
    pieces = [ClauseSigns(0)]
    sentence = at = 0
    while at < len(tokens):
        word = _unquoted(tokens[at])
        if word in _BREAKS:
            sentence += word in _STOPS
            pieces.append(ClauseSigns(sentence))
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
            pieces.append(ClauseSigns(sentence))
        elif word not in known.small:
            pieces[-1].said += [stem(part) for part in word.strip("`").split()]
        at += 1
    return [piece for piece in pieces if piece.said or piece.signs]


def _unquoted(token: str) -> str:
    """A word without the marks around it: in backticks, quotes or struck through ``not`` denies too."""
    word = token.strip('`~*_"')
    return word if word.isalpha() else token


def _attached(pieces: Sequence[ClauseSigns]) -> list[ClauseSigns]:
    """The pieces as clauses: one that denies and says little belongs to what follows, or else precedes."""
    found: list[ClauseSigns] = []
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


def _carried(pieces: Sequence[ClauseSigns]) -> list[ClauseSigns]:
    """The pieces as clauses; a denial alone belongs to what follows, ``Never, ever``, or precedes."""
    found: list[ClauseSigns] = []
    for piece in pieces:
        same = bool(found) and found[-1].sentence == piece.sentence
        if same and not (found[-1].said and piece.said):
            found[-1].take(piece)
        else:
            found.append(piece)
    return [clause for clause in found if clause.said]


def _unspaced(text: str, language: str) -> Iterator[ClauseSigns]:
    forms = _compiled_unspaced(language)
    for number, sentence in enumerate(_SENTENCE.split(text)):
        pieces: list[ClauseSigns] = []
        for part in _PART.split(sentence):
            piece = ClauseSigns(number)
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
