"""The rules about how far a line goes: certainty, cause, condition, scope (H10, H11, H14) (pure)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.sources import span_of
from gitmem.grounding.tokens import Kind, Token
from gitmem.grounding.words import NEUTRAL, UNIVERSAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.grounding.clauses import Clause
    from gitmem.grounding.sources import Sources


def condition_findings(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H14: the flag says it under a condition, and the line leaves that out."""
    keys = frozenset[str]().union(*(clause.keys for clause in told))
    for clause in told:
        shared, nearest = ground.nearest(clause)
        if not shared or len(nearest) > 1:
            continue
        only = nearest[0].only
        if only and only not in keys and not lexicon.ONLY.intersection(clause.said):
            yield Finding(
                Rule.H14, "the cited flag says it only of something that the line leaves out"
            )
            return
        for other in ground.beside(nearest[0]):
            first = other.said[0] if other.said else ""
            if first in lexicon.CONDITIONS and keys.isdisjoint(other.keys):
                quoted = " ".join(other.said)[:60]
                yield Finding(Rule.H14, f'the cited flag has a condition: "{quoted}"')
                return


_LED = lexicon.words("after before on for with at")


def _is_known(tokens: Sequence[Token], ground: Sources) -> bool:
    return any(token.key in ground.facts.stems for token in tokens)


_GENERIC = lexicon.words("every each all any")
_SOME = lexicon.PARTLY | lexicon.words(
    "some most many several few part parts half the this that these those one"
)


def _whole(told: Sequence[Clause], token: Token, ground: Sources) -> bool:
    """Whether ``every`` stands at the start of what a flag says of its kind: ``jobs need a limit``."""
    for clause in told:
        if clause.said[:1] != (token.raw.lower(),):
            continue
        nearest = ground.nearest(clause)[1][:1]
        return any(
            other.keys - NEUTRAL <= clause.keys and _SOME.isdisjoint(other.said)
            for other in nearest
        )
    return False


def scope_findings(
    told: Sequence[Clause], tokens: Sequence[Token], ground: Sources
) -> Iterator[Finding]:
    """H14: ``all``, ``always``, ``only`` where no flag says so."""
    known = ground.facts.lower
    for at, token in enumerate(tokens):
        low = token.raw.lower()
        if token.kind is not Kind.WORD or token.key not in UNIVERSAL or low in known:
            continue
        if token.key in ground.facts.stems:
            continue
        if any(low in group and not group.isdisjoint(known) for group in lexicon.UNIVERSAL_ALIKE):
            continue
        if low in _GENERIC and _whole(told, token, ground):
            continue
        after = tokens[at + 1] if at + 1 < len(tokens) else token
        if low in {"every", "each"} and _is_rhythm(after):
            continue
        before = tokens[at - 1].raw.lower() if at else ""
        if (
            low in {"every", "each"}
            and before in _LED
            and _is_known(tokens[at + 1 : at + 3], ground)
        ):
            continue  # on every push: on push
        yield Finding(Rule.H14, f'"{token.raw}" is in none of the cited flags')


def _is_rhythm(token: Token) -> bool:
    """Whether ``every`` before the token tells how often, which H3 and H4 judge."""
    return token.kind is Kind.NUMBER or token.key.startswith("weekday") or bool(span_of(token))


_ASKING = lexicon.words(
    "whether if question decide decided unclear open ask todo clarify check pending"
)
_FUTURE = lexicon.PLANS | lexicon.words(
    "will would should todo going next pending later maybe soon"
)
_MAYBE = lexicon.words("may could might")
_MODAL = lexicon.DEMANDS | lexicon.words(
    "will would can may could might not no forbidden prohibited banned disallowed allowed never"
)


class Sentence:
    """What one sentence says about its own certainty."""

    __slots__ = ("asks", "doubt", "may", "must", "partly", "plans", "words")

    def __init__(self, tokens: Sequence[Token], *, asks: bool) -> None:
        """The tokens of the sentence without its end; ``asks`` when that is a question mark."""
        words = [token.raw.lower() for token in tokens if token.kind is Kind.WORD]
        quoted = [word for token in tokens if token.quoted for word in token.raw.lower().split()]
        self.words = frozenset(words).union(quoted)
        self.asks = asks
        flat = " ".join(words)
        denied = {one for one, two in pairwise(words) if two == "not"}
        self.may = (self.words & lexicon.MAY) - denied
        self.must = self.words & lexicon.MUST
        self.doubt = lexicon.HEDGES.intersection(words) - (denied & lexicon.MAY)
        spoken = any(f" {phrase} " in f" {flat} " for phrase in lexicon.HEDGE_PHRASES)
        if spoken or flat.startswith("looks like "):
            self.doubt |= {"?"}
        if self.doubt & {"assume", "assuming"} and self.words.isdisjoint({"i", "we"}):
            self.doubt -= {"assume", "assuming"}
        if self.doubt & {"appear", "appears"} and "to" not in self.words:
            self.doubt -= {"appear", "appears"}
        self.partly = self.words & lexicon.PARTLY
        self.plans = lexicon.PLANS.intersection(words)


def sentences(tokens: Sequence[Token]) -> list[Sentence]:
    """The sentences, numbered as `grounding_clauses.Clause.sentence` numbers them."""
    found: list[Sentence] = []
    part: list[Token] = []
    for token in tokens:
        if token.kind is Kind.BREAK and token.key == ".":
            found.append(Sentence(part, asks=token.raw == "?"))
            part = []
        else:
            part.append(token)
    return [*found, Sentence(part, asks=False)]


def certainty_findings(
    told: Sequence[Clause], tokens: Sequence[Token], ground: Sources
) -> Iterator[Finding]:
    """H10, at most once: the nearest clauses of the flags stand in sentences of doubt, this one does not."""
    mine = sentences(tokens)
    theirs: dict[int, list[Sentence]] = {}
    for clause in told:
        _, nearest = ground.nearest(clause)
        own = mine[min(clause.sentence, len(mine) - 1)]
        lost = []
        for other in nearest:
            if other.origin not in theirs:
                theirs[other.origin] = sentences(ground.tokens[other.origin])
            known = theirs[other.origin]
            lost.append(_more(own, known[min(other.sentence, len(known) - 1)], clause, other))
        if lost and all(lost):
            yield Finding(Rule.H10, lost[0])
            return


def _more(own: Sentence, known: Sentence, clause: Clause, other: Clause) -> str:
    """What a clause claims beyond the one it is nearest to, by their sentences; empty for nothing."""
    norm = known.words & lexicon.DEMANDS & set(other.said)
    # "They may hold data" is no doubt about the clause before it; "I think" is.
    doubt = known.doubt - (_MAYBE - set(other.said))
    weak = doubt <= _MAYBE and own.may
    claims = {
        "the cited flag is not sure, and the line is": (
            doubt and not (own.doubt or own.asks or weak)
        ),
        "the cited flag says it happens at times, and the line says it does": (
            known.partly.intersection(other.said) and not (own.partly or own.doubt)
        ),
        "the cited flag is about a plan, and the line says it is so": (
            known.plans and own.words.isdisjoint(_FUTURE)
        ),
        "the cited flag demands it, and the line says it is so": (
            norm
            and lexicon.BEING.intersection(clause.said)
            and not (own.must or own.words & _MODAL)
        ),
        "the cited flag says it is under way, and the line says it is done": (
            "being" in known.words and own.words & lexicon.DONE and "being" not in own.words
        ),
        "the cited flag allows it, and the line demands it": (
            own.must and known.may and not known.must
        ),
        "the cited flag demands or forbids it, and the line allows it": (
            own.may and known.must and not known.may
        ),
        "the cited flag asks, and the line answers": (
            known.asks and not own.asks and own.words.isdisjoint(_ASKING)
        ),
    }
    return next((claim for claim, made in claims.items() if made), "")
