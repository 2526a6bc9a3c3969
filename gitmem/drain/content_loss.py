"""What would be lost when a new line takes the place of an old one (pure).

A model may call two things one, or a line stale, and be wrong. Before a line goes, the new one must say
what it says, or a flag must say that it changed. Doubt keeps both lines: a review shows a line too
many, but not a lost one. English is understood best; in other languages a missing word counts as lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.clauses import clauses, is_item
from gitmem.grounding.findings import Rule
from gitmem.grounding.judge import judge
from gitmem.grounding.losses import left_out, lost_in, share
from gitmem.grounding.relations.limits import NO_TIME
from gitmem.grounding.relations.taken_back import taken_back
from gitmem.grounding.sources import Facts, span_of
from gitmem.grounding.tokens import Kind, Token, inner, tokenize
from gitmem.grounding.words import NEUTRAL, OPPOSITES, stem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitmem.grounding.clauses import Clause

# How a flag says that something changed.
_CHANGED = lexicon.words("""
    now again longer since anymore instead moved switched renamed replaced changed migrated raised lowered
    doubled halved increased decreased reduced updated upgraded downgraded bumped became turned took removed
    dropped deleted disabled enabled fixed gone archived left retired stopped obsolete dead deprecated
    """)
# How it says that something is over: the content of such a clause may go.
_OVER = lexicon.words("""
    gone archived left retired removed dropped deleted replaced renamed moved switched migrated stopped
    obsolete dead deprecated disabled fixed anymore
    """)
# The same where nothing takes its place: then all that is said of it is over.
_END = re.compile(
    r"(?P<what>[^.;:]+?)\s(?:is|are|was|were)\s(?:now\s|all\s|both\s)?"
    r"(?:gone|removed|deleted|dropped|retired|dead|obsolete)\b(?=\s*(?:[.,;:)]|$|and\s|since\s))"
    r"|(?:^|[.;:]\s)(?:[Rr]emoved|[Dd]eleted|[Dd]ropped|[Rr]etired)\s(?P<left>[^.;:,]+)$"
    r"|\bno\s(?P<none>[^.;:,]+?)\s(?:any\s?more|any\slonger)\b"
)
_LIST = re.compile(r",?\s(?:and|or)\s(?:no\s)?|,\s")
_SENTENCE = re.compile(r"(?<=[.;])\s")
_GOES_ON = re.compile(r"(?:\w+\s)?(?:it|its|they|their|this|these|otherwise|else)\b", re.IGNORECASE)
_FIRST = 2  # things that a sentence begins with
# How it says that something was added.
_BESIDE = lexicon.words("also too additionally besides both plus well another else")
# What an exception begins with: ``not counting generated files``.
_COUNTING = frozenset(map(stem, ("counting", "including")))
_COUNTED = lexicon.words("port ports version versions")
# What leads to a place, a time or a circumstance.
_LEADING = lexicon.words("""
    in on at after before during until till for from via behind within inside outside under above below per
    since while through against between without with by into onto
    """)
_SAME = 1 / 2  # of the words of a duplicate that the survivor must have
_CLAUSE = 1 / 3  # of the words of each of its clauses
_TELLING = 2  # words from which on a clause says something of its own
_SHARED = (
    2  # words that two lines have in common before a value with the same unit is the same value
)
_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_PLAIN = re.compile(r"[\w./:-]{1,40}")
# Words of its own that a paraphrase has, and what only style is.
_STYLE = frozenset({Rule.S2, Rule.S3, Rule.S4})
# A cause is told by a colon, too, and what it joins is looked for by itself.
_TOLD_OTHERWISE = frozenset({Rule.H11})
_DENIALS = frozenset({Rule.H7, Rule.H9})
# What forbids or excepts without a denial.
_AGAINST = lexicon.words("""
    aside apart except excluding excluded without forbidden banned disallowed prohibited refused
    rejected unsupported
    """)


class _Family(StrEnum):
    """A thing may be replaced by another of its family only."""

    VALUE = "value"
    NAME = "name"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class _Item:
    """One thing in a line, with its place and the keys of the things before and after it.

    ``label``: it directly follows the thing before it, as in ``server 1``.
    """

    token: Token
    family: _Family
    before: str
    after: str
    place: int
    label: bool


def lost_content(old: str, new: str, flags: Sequence[str] = (), *, changed: bool = True) -> str:
    """Return what ``old`` says and is lost when ``new`` takes its place; empty when nothing is lost.

    ``flags`` are the words of the flags behind ``new``: what they call gone is not missed. One value,
    name or word may have been exchanged for another of its family; with ``changed`` False it may not,
    because no flag says that ``old`` is stale.
    """
    if old == new:
        return ""
    ended = _ended([new, *flags]) if changed else ()
    old = _alive(old, ended)
    if not old:
        return ""
    line = _facts([new])
    lost = [item for item in _speaks_of(old) if not _stands(item.token, line)]
    gone = 0
    if not any(is_item(token) and not _empty(token) for token in tokenize(old)):
        return _bare_words(old, new)
    if changed:
        over = _over(old, [new, *flags])
        parts = _parts_of(old, ended)
        lost = [item for item in lost if item.token.key not in parts and not _numbers(item, ended)]
        missed, lost = lost, [item for item in lost if not _stands(item.token, over)]
        gone = len(missed) - len(lost)
        back = taken_back(old, [new, *flags], {item.token.key for item in lost})
        lost = [item for item in lost if item.token.key not in back]
    if not lost:
        return left_out(old, " ".join([new, *(flags if changed else ())]))
    if changed and _exchanged(old, new, flags, lost, gone=bool(gone)):
        return ""
    return lost[0].token.raw


def carries(survivor: str, words: str) -> bool:
    """Tell whether ``survivor`` says what ``words`` say, so that these may be folded into it.

    A paraphrase may; words with a value, a name, a clause, a condition or a denial of their own may not.
    """
    if survivor == words:
        return True
    if lost_in(words, survivor) or left_out(words, survivor) or share(words, survivor) < _SAME:
        return False
    if not _as_denied(words, survivor) or not _judged(words, survivor):
        return False
    known = _facts([survivor])
    if any(not _known(token.key, known) for token in _led(tokenize(words))):
        return False
    return all(
        _clause_stands(clause.keys, clause.head, known) for clause in clauses(tokenize(words))
    )


def _judged(words: str, survivor: str) -> bool:
    """Tell whether ``words`` would pass as a rewording, but for what a duplicate may say otherwise."""
    verdict = judge(words, [survivor])
    # `_as_denied` has compared the denials.
    passing = _TOLD_OTHERWISE | _DENIALS | ({Rule.H4} if _in_order(words, survivor) else set())
    # A time word leads to something that `carries` looks for by itself.
    hard = {one.rule for one in verdict.hard if one.rule is not Rule.H8 or NO_TIME not in one.what}
    return passing >= hard and _STYLE.issuperset(one.rule for one in verdict.soft)


def _in_order(words: str, survivor: str) -> bool:
    """Tell whether both have the same numbers in one order, so that none stands for another."""
    numbers = [token.key for token in tokenize(words) if token.kind is Kind.NUMBER]
    rest = iter(token.key for token in tokenize(survivor) if token.kind is Kind.NUMBER)
    return all(number in rest for number in numbers)


def _as_denied(words: str, survivor: str) -> bool:
    """Tell whether each clause is denied, forbidden or excepted if that of the survivor nearest to it is."""
    known = [(_telling(clause), _is_against(clause)) for clause in clauses(tokenize(survivor))]
    for clause in clauses(tokenize(words)):
        mine = _telling(clause)
        # Most of its words, and of such clauses the one with the fewest others.
        ranked = [(len(mine & keys), -len(keys), against) for keys, against in known]
        best = max(((most, few) for most, few, _ in ranked), default=(0, 0))
        nearest = {against for most, few, against in ranked if (most, few) == best}
        if nearest != {_is_against(clause)} and (best[0] or clause.negated):
            return False
    return True


def _telling(clause: Clause) -> frozenset[str]:
    return clause.keys - NEUTRAL


def _is_against(clause: Clause) -> bool:
    mistake = ("an", "error") in pairwise(clause.said)
    return clause.negated or mistake or not _AGAINST.isdisjoint(clause.said)


def _ended(texts: Sequence[str]) -> tuple[frozenset[str], ...]:
    """Return the things that the texts call gone, each as the keys of its words."""
    return tuple(
        keys
        for text in texts
        for found in _END.finditer(text)
        for part in _LIST.split(found["what"] or found["left"] or found["none"])
        if not _denies(part)
        and (keys := frozenset(item.key for item in tokenize(part) if _tells(item)))
    )


def _tells(token: Token) -> bool:
    return is_item(token) and not _empty(token)


def _alive(old: str, ended: Sequence[frozenset[str]]) -> str:
    """Return a line without its sentences about what is gone.

    A sentence is about its first words. One that goes on with ``it`` goes with the one before it.
    """
    kept: list[str] = []
    gone = False
    for sentence in _SENTENCE.split(old) if ended else ():
        items = [token.key for token in tokenize(sentence) if _tells(token)]
        goes_on = gone and bool(_GOES_ON.match(sentence))
        gone = goes_on or any(keys <= set(items[: max(_FIRST, len(keys))]) for keys in ended)
        if not gone:
            kept.append(sentence)
    return " ".join(kept) if ended else old


def _parts_of(old: str, ended: Sequence[frozenset[str]]) -> set[str]:
    """Return the keys of paths and commands of a line that are named after what is gone, and their parts."""
    single = {key for keys in ended if len(keys) == 1 for key in keys}
    keys: set[str] = set()
    for token in tokenize(old):
        parts = {part.key for part in tokenize(" ".join(re.findall(r"\w+", token.raw)))}
        if token.kind is Kind.CODE and not single.isdisjoint(parts):
            keys |= {token.key, *parts}
    return keys


def _numbers(item: _Item, ended: Sequence[frozenset[str]]) -> bool:
    """Tell whether an item is the number of what is gone, as in ``webpack 5``."""
    return item.label and item.family is _Family.VALUE and frozenset({item.before}) in ended


def plain_word(word: str) -> str:
    """Return a word of a line for a sentence to the reviewer; empty when it is more than a plain word."""
    return word if _PLAIN.fullmatch(word) else ""


def _led(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield the first thing after each word that leads to a place, a time or a circumstance."""
    led = False
    for token in tokens:
        if token.kind is Kind.WORD and token.raw.lower() in _LEADING:
            led = True
        elif token.kind is Kind.BREAK:
            led = False
        elif led and is_item(token):
            led = False
            if not _empty(token):
                yield token


def _clause_stands(keys: Iterable[str], head: str, known: Facts) -> bool:
    telling = [key for key in keys if key not in NEUTRAL]
    standing = [key for key in telling if _known(key, known)]
    if head and head not in NEUTRAL | _COUNTING and not _known(head, known):
        return False
    return len(telling) < _TELLING or len(standing) >= _CLAUSE * len(telling)


def _bare_words(old: str, new: str) -> str:
    """Return the first lost word of a line of small words only, like ``do as they do``: each counts."""
    words = set(re.findall(r"\w+", new.casefold()))
    return next((word for word in re.findall(r"\w+", old) if word.casefold() not in words), "")


def _speaks_of(text: str) -> list[_Item]:
    every = tokenize(text)
    at = [
        place
        for place, token in enumerate(every)
        if is_item(token) and not _counts(token, every[place + 1 : place + 2])
    ]
    keys = ["", *[every[place].key for place in at], ""]
    return [
        _Item(
            token=every[here],
            family=_family(every[here]),
            before=keys[place],
            after=keys[place + 2],
            place=place,
            label=place > 0 and at[place - 1] == here - 1,
        )
        for place, here in enumerate(at)
        if not _empty(every[here])
    ]


def _counts(token: Token, following: Sequence[Token]) -> bool:
    """Tell whether a word only names the number that follows: ``port 8080``."""
    number = bool(following) and following[0].kind is Kind.NUMBER
    return number and token.raw.lower() in _COUNTED


def _empty(token: Token) -> bool:
    return token.kind is Kind.WORD and token.key in NEUTRAL and not span_of(token)


def _family(token: Token) -> _Family:
    if token.kind in {Kind.NUMBER, Kind.DATE, Kind.TIME} or span_of(token):
        return _Family.VALUE
    if token.key.startswith("weekday ") or _numbered(token):
        return _Family.VALUE
    named = token.is_name and (not token.initial or token.raw[1:] != token.raw[1:].lower())
    return _Family.NAME if named or token.kind is Kind.CODE else _Family.WORD


def _numbered(token: Token) -> str:
    """Return an identifier like ``-j4`` or ``haiku-5`` without its number; empty when it has none."""
    bare = _NUMBER.sub("#", token.key) if token.kind is Kind.CODE else ""
    return bare if bare != token.key else ""


def _facts(texts: Sequence[str]) -> Facts:
    facts = Facts()
    for text in texts:
        facts.add(tokenize(text))
    return facts


def _over(old: str, texts: Sequence[str]) -> Facts:
    """Return the facts of the clauses that say that something is over or was replaced."""
    facts = Facts()
    telling = _OVER - set(re.findall(r"\w+", old.lower()))
    for text in texts:
        for clause in clauses(tokenize(text)):
            words = set(clause.said)
            left = "from" in words and ("to" in words or not _CHANGED.isdisjoint(words))
            over = left or not telling.isdisjoint(words)
            facts.add(item.token for item in clause.items if over or item.key in clause.scope)
    return facts


def _stands(token: Token, facts: Facts) -> bool:
    match token.kind:
        case Kind.NUMBER | Kind.DATE | Kind.TIME:
            return facts.has(token)
        case Kind.CODE:
            return facts.has(token) or _parts_stand(token, facts)
        case _:
            return _known(token.key, facts) or token.raw.lower() in facts.lower


def _parts_stand(token: Token, facts: Facts) -> bool:
    parts = inner(token)
    alone = len(parts) == 1 and parts[0].kind is Kind.CODE
    return bool(parts) and not alone and all(_stands(part, facts) for part in parts)


def _known(key: str, facts: Facts) -> bool:
    kinds = (facts.stems, facts.identifiers, facts.numbers, facts.dates, facts.times)
    return any(key in known for known in kinds)


def _exchanged(
    old: str, new: str, flags: Sequence[str], lost: Sequence[_Item], *, gone: bool
) -> bool:
    """Tell whether what is lost was exchanged for something of its family, and nothing else is lost.

    ``gone``: something else of the old line was called gone.
    """
    words = {word.lower() for text in (new, *flags) for word in re.findall(r"\w+", text)}
    before = _facts([old])
    fresh = [item for item in _speaks_of(new) if not _stands(item.token, before)]
    lost, fresh = _as_values(lost, fresh), _as_values(fresh, lost)
    lost = _named(lost)
    families = {item.family for item in lost}
    items = _speaks_of(old)
    beside = not words.isdisjoint(_BESIDE) or any(map(_is_subject, lost))
    if len(families) != 1 or beside or (_denies(old) and not _denies(new)):
        return False
    changed = not _CHANGED.isdisjoint(words)
    common = len(items) - len(lost)
    if families == {_Family.VALUE}:
        values = [item for item in fresh if item.family is _Family.VALUE]
        return len(values) >= len(lost) and all(
            any(
                _same_place(item, value)
                or (changed and common >= _SHARED and _same_unit(item, value))
                for value in values
            )
            for item in lost
        )
    if len(lost) > 1 or not fresh or not lost[0].token.raw.isascii():
        return False
    if families == {_Family.NAME}:
        named = [item for item in fresh if item.family is not _Family.VALUE]
        return changed and any(_same_place(lost[0], one) for one in named)
    opposites = OPPOSITES.get(lost[0].token.key, frozenset())
    if any(item.token.key in opposites for item in fresh):
        return True
    stale = gone or lost[0].token.raw.lower() in _CHANGED
    return changed and (stale or any(_same_place(lost[0], one) for one in fresh))


def _denies(text: str) -> bool:
    return any(
        token.kind is Kind.WORD and token.raw.lower() in lexicon.NEGATORS
        for token in tokenize(text)
    )


def _as_values(these: Sequence[_Item], those: Sequence[_Item]) -> list[_Item]:
    """Return ``these``; an identifier with a number is a value only if ``those`` have it with another.

    ``-j1`` and ``-j2`` differ in a value; ``kubectl apply -f k8s/`` and a command of another program do not.
    """
    known = {_numbered(item.token) for item in those}
    return [
        replace(item, family=_Family.NAME)
        if item.family is _Family.VALUE and {_numbered(item.token)}.isdisjoint({"", *known})
        else item
        for item in these
    ]


def _named(lost: Sequence[_Item]) -> list[_Item]:
    """Return ``lost`` without the number of a name that is lost too: ``MySQL 5.7`` is one thing."""
    names = {item.token.key for item in lost if item.family is _Family.NAME}
    return [
        item
        for item in lost
        if not (item.family is _Family.VALUE and item.label and item.before in names)
    ]


def _is_subject(item: _Item) -> bool:
    """Tell whether it is the subject of the line: the first thing, or its number (``server 1 runs …``)."""
    numbered = item.label and item.token.kind is not Kind.CODE
    return item.place == 0 or (item.place == 1 and numbered and bool(item.after))


def _same_place(one: _Item, other: _Item) -> bool:
    values = {one.family, other.family} == {_Family.VALUE}
    if values and _numbered(one.token) != _numbered(other.token):
        return False
    return bool(one.before and one.before == other.before) or bool(
        one.after and one.after == other.after
    )


def _same_unit(one: _Item, other: _Item) -> bool:
    units = {bool(item.token.unit or span_of(item.token)) for item in (one, other)}
    return units == {True}
