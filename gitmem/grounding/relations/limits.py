"""How far a statement reaches: bounds of numbers, what ``only`` stands at, and since or until when (H8, H14, H16) (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.clauses import Category
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.tokens import Kind, Token
from gitmem.grounding.words import NEUTRAL, stem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.grounding.clauses import Clause
    from gitmem.grounding.sources import Sources

_UPPER = frozenset(
    map(
        stem,
        lexicon.words(
            "max maximum limit cap capped budget upper ceiling most allow longest largest"
        ),
    )
)
_LOWER = frozenset(
    map(stem, lexicon.words("min minimum require need least floor lower must shortest smallest"))
)
_IMPLIED = {"atmost": _UPPER, "atleast": _LOWER}
_AGAINST = {
    "atmost": "atleast",
    "atleast": "atmost",
    "morethan": "lessthan",
    "lessthan": "morethan",
}
_MOST, _WINDOW = 8, 12  # of one text; tokens beside one
_BEHIND = 4  # tokens from a number to its bound; the one behind that tells whose bound it is
_REACH = 3  # things before and behind "only" that it may stand at
# What stands beside a noun: "the maintainer can" has no verb in it, though "maintain" says little.
_BEFORE_NOUN = lexicon.words("the a an our their your its this that these those each every")
_BEHIND_NOUN = lexicon.BEING | lexicon.words("can could may might must should will would has have")
#: What tells when something is so; the words of a row go together.
_WHEN = (
    lexicon.words("before until till prior"),
    lexicon.words("after since once from following as"),
    lexicon.words("during while when whenever as throughout in on at within"),
)
_STRICT = lexicon.words("before until till after")
_ANY_TIME = lexicon.words(
    """before until till after since then when whenever once if first next later while during following prior
    sequence without unless otherwise ago"""
)
_TIMED = lexicon.words("before until till after since during while throughout")
_TIDES = {
    "still": lexicon.words("still"),
    "yet": lexicon.words("yet still"),
    "anymore": frozenset({"anymore"}),
}
_ENDED = lexicon.words(
    """anymore now former formerly previously used dropped removed gone retired stopped ended deprecated replaced moved
    switched until longer since deleted disabled abandoned discontinued over"""
)


def bound_findings(tokens: Sequence[Token], ground: Sources) -> Iterator[Finding]:
    """H8 and H16: ``at least`` for ``at most``, and a bound that is new or left out."""
    mine = _bounds(tokens)
    known: dict[str, set[str]] = {}
    words: set[str] = set()
    for told in ground.tokens:
        words.update(token.key for token in told)
        for number, found in _bounds(told).items():
            known.setdefault(number, set()).update(found)
    said = {token.key for token in tokens}
    every = {bound for bounds in known.values() for bound in bounds}
    exact = _exact(ground)
    for number, bounds in mine.items():
        theirs = known.get(number)
        if theirs is None:
            continue
        for bound in sorted(bounds):
            if bound in theirs or (
                bound and not theirs - {""} and number not in exact and _implied(bound, words)
            ):
                continue
            if not bound and (_fits(theirs, said) or "" in theirs):
                continue
            if bound and number not in ground.new.numbers and bound in every:
                continue
            if bound and ground.old_clauses and theirs == {""} and bound in every:
                continue
            rule = Rule.H8 if _AGAINST.get(bound) in theirs else Rule.H14 if bound else Rule.H16
            yield Finding(rule, f"{number} is another bound in the cited flags")
            return


def _exact(ground: Sources) -> set[str]:
    """The numbers whose sentence denies another number: ``needs 16, does not build with 17``."""
    found: set[str] = set()
    for clause in ground.clauses:
        if not clause.negated or not any(one.category is Category.NUMBER for one in clause.items):
            continue
        for other in ground.beside(clause):
            found.update(one.key for one in other.items if one.category is Category.NUMBER)
    return found


def _implied(bound: str, words: set[str]) -> bool:
    return bool(_IMPLIED.get(bound, frozenset()) & words)


def _fits(bounds: set[str], said: set[str]) -> bool:
    return any(_IMPLIED.get(bound, frozenset()) & said for bound in bounds)


def _bounds(tokens: Sequence[Token]) -> dict[str, set[str]]:
    """The bounds of each number, the empty one for none."""
    found: dict[str, set[str]] = {}
    for at, token in enumerate(tokens):
        if token.kind is not Kind.NUMBER:
            continue
        before = [one.raw for one in tokens[max(0, at - 2) : at] if one.raw in lexicon.BOUNDS]
        behind = _behind(tokens[at + 1 : at + 2 + _BEHIND])
        found.setdefault(token.key, set()).update(before or behind or [""])
    return found


def _behind(tokens: Sequence[Token]) -> list[str]:
    """The bound behind a number and its noun: ``10 results at most``, ``16 or newer``."""
    for token, after in list(zip_longest(tokens, tokens[1:]))[:_BEHIND]:
        if token.kind in {Kind.BREAK, Kind.NUMBER}:
            return []
        if token.raw in {"atmost", "atleast"}:
            return [] if after is not None and after.kind is Kind.NUMBER else [token.raw]
    return []


def only_findings(tokens: Sequence[Token], ground: Sources) -> Iterator[Finding]:
    """H14: ``only`` at something else than in the flags."""
    theirs = [one for known in ground.tokens for one in _only(known)]
    for mine in _only(tokens) if theirs else ():
        if not any(mine.stands_as(other) for other in theirs):
            yield Finding(Rule.H14, '"only" stands at something else in the cited flags')
            return


@dataclass(frozen=True, slots=True)
class _Only:
    """The things before and behind an ``only``, the nearest first; ``opens``: it is the first word."""

    before: tuple[str, ...]
    behind: tuple[str, ...]
    opens: bool

    def stands_as(self, other: _Only) -> bool:
        """Whether it limits the same thing as another one."""
        if not self.behind or not other.behind:
            mine = {*(self.behind or self.before)}
            return not mine.isdisjoint(other.behind or other.before)
        first, known = self.behind[0], other.behind[0]
        if first == known or (self.opens and other.opens):
            return first in other.behind[:2] or known in self.behind[:2]
        if other.opens:
            # "Only the manager can tag" is not "the manager can only tag".
            return known in self.behind
        if self.opens:
            return first in other.behind
        return first in other.behind or known in self.behind or self.before[:1] == (known,)


def _only(tokens: Sequence[Token]) -> list[_Only]:
    found = []
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else None
        if token.kind is not Kind.WORD or token.raw.lower() not in lexicon.ONLY:
            continue
        if before is not None and before.raw.lower() == "read":
            continue
        opens = before is None or before.kind is Kind.BREAK
        places = range(len(tokens))
        before_it, behind_it = places[:at][::-1], places[at + 1 :]
        found.append(_Only(_things(tokens, before_it), _things(tokens, behind_it), opens))
    return found[:_MOST]


def _things(tokens: Sequence[Token], places: Sequence[int]) -> tuple[str, ...]:
    keys: list[str] = []
    for at in places[:_WINDOW]:
        token = tokens[at]
        if token.kind is Kind.BREAK or len(keys) == _REACH:
            break
        little = token.key in NEUTRAL and not _is_noun(tokens, at)
        if token.kind is not Kind.WORD or (token.raw.lower() not in lexicon.STOP and not little):
            keys.append(token.key)
    return tuple(keys)


def _is_noun(tokens: Sequence[Token], at: int) -> bool:
    before = tokens[at - 1].raw.lower() if at else ""
    behind = tokens[at + 1].raw.lower() if at + 1 < len(tokens) else ""
    return before in _BEFORE_NOUN or behind in _BEHIND_NOUN


NO_TIME = "is in none of the cited flags"


def time_findings(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H8: ``until`` for ``since``, ``after`` for ``while``."""
    for clause in told:
        for word, keys in _timed(clause):
            groups = [row for row in _WHEN if word in row]
            known = {
                other
                for key in keys
                for holder in ground.holding(key)
                for other, led in _led(holder)
                if key in led
            }
            known &= frozenset[str]().union(*_WHEN)
            leads = any(
                key in [item.key for item in holder.items[:2]]
                for key in keys
                for holder in ground.holding(key)
            )
            new = not (leads and word == "after")
            if (
                new
                and not known & _TIMED
                and not _ANY_TIME & ground.facts.lower
                and word in _STRICT
            ):
                yield Finding(Rule.H8, f'"{word}" {NO_TIME}')
                return
            if known and not any(known & row for row in groups) and known & _TIMED:
                yield Finding(Rule.H8, f'"{word}" where the cited flags say "{min(known)}"')
                return


def _timed(clause: Clause) -> Iterator[tuple[str, frozenset[str]]]:
    for word, keys in _led(clause):
        if word in _TIMED and keys:
            yield word, keys


def _led(clause: Clause) -> Iterator[tuple[str, frozenset[str]]]:
    """What stands right behind each preposition, and behind the connective that opens a clause."""
    first = clause.said[0] if clause.said else ""
    if first in _TIMED | {"when", "once", "whenever"}:
        yield first, clause.keys - NEUTRAL
    led: dict[tuple[str, int], set[str]] = {}
    for at, item in enumerate(clause.items):
        if item.led and at - item.led_at <= 1 and item.key not in NEUTRAL:
            led.setdefault((item.led, item.led_at), set()).add(item.key)
    for (word, _), keys in led.items():
        yield word, frozenset(keys)


def tide_findings(tokens: Sequence[Token], ground: Sources) -> Iterator[Finding]:
    """H14: ``no longer``, ``still`` or ``yet`` where the flags do not say so."""
    said = {token.raw.lower() for token in tokens if token.kind is Kind.WORD}
    for word, alike in _TIDES.items():
        if word not in said:
            continue
        if word == "anymore" and (ground.old_clauses or not _ENDED.isdisjoint(ground.facts.lower)):
            continue
        if alike.isdisjoint(ground.facts.lower):
            yield Finding(Rule.H14, f'"{word}" is in none of the cited flags')
            return
    known = ground.new.lower
    if "yet" in known and "anymore" in said:
        yield Finding(Rule.H14, "the cited flag speaks of what is not yet so")
    if (
        "both" in said
        and known.isdisjoint({"both", "and", "two", "2", "each"})
        and not ground.old_clauses
    ):
        yield Finding(Rule.H14, '"both" is in none of the cited flags')
