"""The rules about denials by language: none may vanish, come in or move (H7), and what is unknown (H17).

English has finer rules of its own in `gitmem.grounding.polarity`; these stand beside them. Each clause
of the line is compared with the clause of the flags that it has most in common with, and both must have the
same signs, each kind as often as the other. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from gitmem.grounding.denial_clauses import KNOWN, LISTED, Clause, Text, listed, read
from gitmem.grounding.denial_words import RULES, UNSPACED, Sign
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.spelling import fold

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
    text: str, sources: Sequence[str], replaced: Sequence[str], language: str
) -> Iterator[Finding]:
    """H17 where the language is not known, H7 for a denial that is lost, added or moved."""
    if any(_same_words(text, source) for source in sources):
        return
    if language in LISTED:
        denying = listed(language)
        if any(denying.search(one.lower()) for one in (text, *sources, *replaced)):
            yield Finding(Rule.H7, "it may deny what the cited flags say, or the other way round")
    elif language not in KNOWN:
        yield Finding(Rule.H17, "its language is not one whose denials gitmem knows")
    elif differs(text, sources, replaced, language):
        yield Finding(Rule.H7, "a denial, ban or restriction is not as in the cited flags")


def differs(text: str, sources: Sequence[str], replaced: Sequence[str], language: str) -> bool:
    """Whether a clause of ``text`` denies otherwise than the clause it is nearest to."""
    line = read(text, language)
    new = [read(source, language) for source in sources]
    old = [read(source, language) for source in replaced]
    told = _Told(new, old)
    if language == "en":
        totals = {_denials(one, *one.clauses) for one in (*new, *old)}
        lost = _denials(line, *line.clauses) not in totals
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

    def nearest(self, clause: Clause) -> list[Clause]:
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

    def sharing(self, clause: Clause) -> tuple[int, list[Clause]]:
        """How many words the clauses nearest to one share with it, and these clauses."""
        shared: dict[int, int] = {}
        for word in set(clause.said):
            for at in self._where.get(word, ()):
                shared[at] = shared.get(at, 0) + 1
        most = max(shared.values(), default=0)
        return most, [self._clauses[at] for at in sorted(shared) if shared[at] == most]


def _clause_differs(line: Text, clause: Clause, told: _Told, language: str) -> bool:
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


def _counts(line: Text, clause: Clause, nearest: Sequence[Clause]) -> list[Counter[str]]:
    """The signs of the nearest clauses: of two of one sentence that it has words of, taken together."""
    if len(nearest) == _PAIR and nearest[0].sentence == nearest[1].sentence:
        mine = set(clause.said)
        if mine.intersection(nearest[0].said) != mine.intersection(nearest[1].said):
            return [line.count(nearest[0]) + line.count(nearest[1])]
    return [line.count(other) for other in nearest]


def _bared(clause: Clause, other: Clause, language: str) -> bool:
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


def _english_differs(line: Text, clause: Clause, told: _Told, *, lost: bool) -> bool:
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


def _denials(text: Text, *clauses: Clause) -> int:
    counts = [text.count(clause) for clause in clauses]
    return sum(count["deny"] + count["without"] + count["instead"] for count in counts)


def _needed(line: Text, one: Clause, other: Clause) -> bool:
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


def _moved(clause: Clause, other: Clause, language: str) -> bool:
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
    sentences: dict[int, list[Clause]] = {}
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
