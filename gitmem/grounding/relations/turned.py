"""Words that turn a statement round without a denial: what is left out of something, added to it or shared (H7, H8, H14) (pure)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.clauses import is_item
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.tokens import Kind, Token
from gitmem.grounding.words import NEUTRAL, OPPOSITES, stem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.grounding.clauses import Clause
    from gitmem.grounding.sources import Sources

# A verb that says that something does not get what others get.
_EXCLUDING = frozenset(
    map(stem, lexicon.words("skip exclude ignore omit leave bypass exempt spare suppress filter"))
)
_TURNING = lexicon.words(
    "except unless without only excluding but other others rather instead insteadof besides never not no"
)
_ALIKE = frozenset({"same", "share", "shares", "shared", "common", "together", "jointly"})
_APART = frozenset({"separate", "separately", "different", "apart", "individually"})
_ADDING = lexicon.words(
    "also too second additional additionally another besides plus extra both too"
)
_INSTEAD = lexicon.words("instead insteadof")
_ADVICE = lexicon.words(
    "use call run set put take pass add wait try do enable disable install restart keep write send pin avoid"
)
_CONDITIONAL = lexicon.words(
    """if when whenever while once unless until without with on after before for during as where whose who otherwise else
    which by"""
)
_TWO = 2


def turned_findings(
    told: Sequence[Clause], tokens: Sequence[Token], ground: Sources
) -> Iterator[Finding]:
    """H7, H8 and H14 for a statement turned round by one plain word."""
    yield from _excluded(told, ground)
    yield from _shared(tokens, ground)
    yield from _added(tokens, ground)
    yield from _particles(tokens, ground)
    yield from _owners(tokens, ground)
    yield from _advice(told, ground)


def _excluded(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H7: the flag leaves something out (``skips buyers``), and the line does not."""
    said = {word for clause in told for word in clause.said}
    keys = frozenset[str]().union(*(clause.keys for clause in told))
    if _TURNING & said or lexicon.NEGATORS & said or _EXCLUDING & keys:
        return
    for known in ground.clauses:
        if known.negated:
            continue
        for at, item in enumerate(known.items):
            rest = {one.key for one in known.items[at + 1 :]} - NEUTRAL
            acts = item.token.kind is Kind.WORD and not item.led
            if item.key in _EXCLUDING and acts and len(rest) >= _TWO and rest <= keys:
                yield Finding(Rule.H7, f'"{item.raw}" of a cited flag is left out')
                return


def _shared(tokens: Sequence[Token], ground: Sources) -> Iterator[Finding]:
    """H8: ``its own`` for ``the same``, and the other way round."""
    said = _words(tokens)
    known = ground.facts.lower
    apart = said & _APART or _own(tokens)
    theirs = known & _APART or any(_own(one) for one in ground.tokens)
    if apart and not theirs and known & _ALIKE and not said & _ALIKE:
        yield Finding(Rule.H8, "something of its own where the cited flags say that it is shared")
    elif said & _ALIKE and not known & _ALIKE and theirs and not apart:
        yield Finding(Rule.H8, "something shared where the cited flags say that it is apart")


def _own(tokens: Sequence[Token]) -> bool:
    return any(
        two.raw.lower() == "own" and (one.raw.lower() in _HOLDERS or one.raw.endswith("'s"))
        for one, two in pairwise(tokens)
    )


_HOLDERS = lexicon.words("their its his her our my your an")


def _added(tokens: Sequence[Token], ground: Sources) -> Iterator[Finding]:
    """H14: ``instead`` for ``also``, and the other way round."""
    said, known = _words(tokens), ground.new.lower
    if said & _INSTEAD and not known & (_INSTEAD | {"rather", "not"}) and known & _ADDING:
        yield Finding(Rule.H14, '"instead" where the cited flags add something')
    elif said & {"also", "additionally"} and known & _INSTEAD and not known & _ADDING:
        yield Finding(Rule.H14, '"also" where the cited flags say "instead"')


def _particles(tokens: Sequence[Token], ground: Sources) -> Iterator[Finding]:
    """H8: ``the on phase`` for ``the off phase``."""
    mine = set(_led(tokens))
    theirs = {pair for told in ground.tokens for pair in _led(told)}
    for word, noun in sorted(mine - theirs):
        for other in sorted(OPPOSITES.get(stem(word), frozenset())):
            if (other, noun) in theirs and (other, noun) not in mine:
                yield Finding(Rule.H8, f'"{word}" where the cited flags say "{other}"')
                return


def _led(tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    for one, two in pairwise(tokens):
        if one.raw.lower() in lexicon.PARTICLES and two.kind is Kind.WORD and is_item(two):
            yield stem(one.raw), two.key


def _owners(tokens: Sequence[Token], ground: Sources) -> Iterator[Finding]:
    """H12: ``our own key`` for ``the customer's own key``."""
    known = ground.facts.lower
    others = "own" in known or any(one.raw.endswith("'s") for told in ground.tokens for one in told)
    for one, two in pairwise(tokens):
        low = one.raw.lower()
        holds = (low in {"our", "my", "your"} and is_item(two)) or (
            low == "our" and two.raw == "own"
        )
        if holds and others and low not in known and not {"ours", "us"} & known:
            yield Finding(Rule.H12, f'"{one.raw} {two.raw}" is not so in the cited flags')
            return


def _advice(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H14: what the flag advises, told as a condition of what it advises against."""
    if not _CONDITIONAL.isdisjoint(ground.facts.lower - {"with", "for", "on", "by"}):
        return
    for clause in told:
        if not clause.said or clause.said[0] not in {"if", "when", "whenever", "unless"}:
            continue
        for other in ground.nearest(clause)[1]:
            if other.said and other.said[0] in _ADVICE and not other.negated:
                yield Finding(Rule.H14, "what the cited flag advises is told as a condition")
                return


def _words(tokens: Sequence[Token]) -> frozenset[str]:
    return frozenset(token.raw.lower() for token in tokens if token.kind is Kind.WORD)
