"""The rules about yes and no: a denial added or lost, the opposite word (H7, H8, H9) (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.tokens import Kind, Token
from gitmem.grounding.words import NEUTRAL, OPPOSITES, contrary, stem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from gitmem.grounding.clauses import Clause
    from gitmem.grounding.sources import Sources

_COMPARED = 32  # clauses of the flags
_BACK = lexicon.words("it them they this that these those one ones him her")
_CONTRARY_TO = 8  # stems this near in length are worth comparing letter by letter


def polarity_findings(
    told: Sequence[Clause], ground: Sources, allowed: Collection[int] = ()
) -> Iterator[Finding]:
    """Compare each clause with the clauses of the flags that it is nearest to.

    ``allowed`` are the places of clauses whose denials the flags have in another form.
    """
    for at, clause in enumerate(told):
        opposite = _opposite(clause, ground, ground.new.stems, old=False)
        if opposite is None and ground.old_clauses:
            # Only a word that no flag has: what replaces the old line may well say the opposite of it.
            stems = ground.facts.stems | ground.new.lower
            opposite = _opposite(clause, ground, stems, old=True)
        if opposite is not None:
            word, known, same_sign = opposite
            if same_sign:
                yield Finding(Rule.H8, f'"{word}" where the cited flags say "{known}"')
            continue
        if at in allowed:
            continue
        nearest = _nearest(clause, ground)
        if clause.negated:
            yield from _added(clause, nearest, ground)
        else:
            yield from _lost(clause, nearest, ground)


def joining_findings(tokens: Sequence[Token], ground: Sources) -> Iterator[Finding]:
    """H8 for ``and`` between two things that the flags join by ``or``, and the other way round."""
    known = {pair for told in ground.tokens for pair in _joined(told)}
    for left, word, right in _joined(tokens):
        other = "or" if word == "and" else "and"
        apart = not any(left in text and right in text for text in ground.texts)
        if word == "or" and apart and {left, right} <= ground.facts.stems:
            yield Finding(Rule.H8, '"or" between what no single flag has')
            return
        if (left, other, right) in known and (left, word, right) not in known:
            yield Finding(Rule.H8, f'"{word}" where the cited flags say "{other}"')
            return


def _joined(tokens: Sequence[Token]) -> Iterator[tuple[str, str, str]]:
    said = [token for token in tokens if token.raw.lower() not in lexicon.ARTICLES]
    for left, middle, right in zip(said, said[1:], said[2:], strict=False):
        if middle.raw.lower() in {"and", "or"} and middle.kind is Kind.WORD:
            yield left.key, middle.raw.lower(), right.key


def _nearest(clause: Clause, ground: Sources) -> list[Clause]:
    """The nearest clauses of the flags, or of the replaced lines when those are nearer."""
    shared, new = ground.nearest(clause)
    shared_old, old = ground.nearest(clause, old=True)
    return old if shared_old > shared else new


def _opposite(
    clause: Clause, ground: Sources, known_stems: set[str], *, old: bool
) -> tuple[str, str, bool] | None:
    """A word whose opposite stands in or beside the nearest clauses, that, and whether both are denied or neither.

    With ``old``: those of the replaced lines.
    """
    nearest = ground.nearest(clause, old=old)[1]
    among = [*nearest, *(beside for other in nearest[:1] for beside in ground.beside(other))]
    said = dict.fromkeys(
        (stem(word), word) for word in clause.said if word.isalpha() or "-" in word
    )
    for key, word in said:
        particle = word in lexicon.PARTICLES
        if (particle and not _is_state(word, clause)) or (
            key in known_stems and (old or not particle)
        ):
            continue
        for other in among:
            known = _against(key, word, other)
            if known and not _said_beside(clause, (word, known), ground, own=other not in nearest):
                return word, known, other.negated == clause.negated
    return None


def _said_beside(clause: Clause, words: tuple[str, str], ground: Sources, *, own: bool) -> bool:
    """Whether a replaced line has a word beside its opposite already, each of something else.

    Either both are in one clause: ``it writes readings``. Or the clause is that line's ``own``, and the flags
    say the opposite elsewhere: ``keeps frames, the oldest dropped first``.
    """
    return any(
        clause.keys <= old.keys if own else frozenset(words) <= frozenset(old.said)
        for old in ground.old_clauses
    )


def _is_state(word: str, clause: Clause) -> bool:
    """Whether ``on``, ``off``, ``up``, ``down`` say how something is: ``is still down``."""
    at = clause.said.index(word)
    counts = "".join(clause.said[at + 1 : at + 2])[:1].isdigit()
    if word in {"over", "under"} and counts:
        return True
    return not lexicon.STATES.isdisjoint(clause.said[max(0, at - 2) : at])


def _against(key: str, word: str, other: Clause) -> str:
    """The word of another clause that says the opposite; empty when none does."""
    opposites = OPPOSITES.get(key, frozenset())
    if word in other.said:
        return ""
    for known in other.said:
        if not known.isalpha():
            continue
        if stem(known) in opposites:
            return known
        near = abs(len(known) - len(word)) < _CONTRARY_TO
        if near and known not in lexicon.STOP and contrary(known, word):
            return known
    return ""


def _added(clause: Clause, nearest: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H7 or H9 for a clause that denies what no flag denies."""
    denied = {key for key in clause.scope for other in ground.holding(key) if key in other.scope}
    plainly = nearest and not any(other.negated for other in nearest)
    reaches = any(not clause.scope.isdisjoint(other.keys) for other in nearest)
    if not plainly and clause.scope == clause.keys and nearest:
        return
    content = clause.keys - NEUTRAL
    if any(other.negated and other.keys - NEUTRAL == content for other in nearest):
        return  # "A is not in B", "B does not have A"
    if any(_says_so(clause, other, ground) for other in ground.clauses[:_COMPARED]):
        return
    if clause.contrast and clause.head in denied:
        return
    if not denied or (plainly and reaches and clause.keys - denied):
        yield _denial(clause, "it denies what no cited flag denies")


def _says_so(clause: Clause, other: Clause, ground: Sources) -> bool:
    """Whether a short denial of the flags is meant, whose verb or object stands in the clause before it.

    ``B never`` behind ``A is retried``, ``we cannot read them`` behind ``the exports are encrypted``.
    """
    content = other.keys - NEUTRAL
    place = ground.place(other)
    before = ground.clauses[place - 1] if place > 0 else None
    if not other.negated or not content or not content <= clause.keys or before is None:
        return False
    if before.origin != other.origin or before.negated:
        return False
    back = not _BACK.isdisjoint(other.said)
    lead = before.items[0].key
    return back or (len(content) == 1 and lead not in clause.keys)


def _lost(clause: Clause, nearest: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H7 or H9 for a clause that says what the flags only deny."""
    if nearest and all(other.negated for other in nearest):
        if any(not other.scope.isdisjoint(clause.keys) for other in nearest):
            yield _denial(clause, "it says what the cited flags deny")
        return
    for other in nearest[:1]:
        for beside in ground.beside(other):
            content = beside.keys - NEUTRAL or beside.keys
            if (
                beside.negated
                and len(content) == 1
                and content <= clause.keys
                and not content & other.keys
            ):
                yield _denial(clause, "it says what the cited flags deny")
                return
    for item in clause.items:
        if item.key in NEUTRAL:
            continue
        holding = list(ground.holding(item.key))
        if holding and all(item.key == other.head for other in holding):
            yield _denial(clause, "it says what the cited flags deny")
            return


def _denial(clause: Clause, what: str) -> Finding:
    quoted = " ".join(clause.said)[:80]
    exchanged = clause.contrast and clause.said[0] != "without"
    return Finding(Rule.H9 if exchanged else Rule.H7, f'{what}: "{quoted}"')
