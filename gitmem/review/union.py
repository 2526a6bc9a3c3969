"""Unite two versions of a memory file whose lines are independent of each other."""

from __future__ import annotations

from gitmem.memory import topics as memory


def united(before: str, one: str, other: str) -> str | None:
    """``one`` with the bullets that ``other`` added to ``before``, or the other way round.

    A fact that is there already is not added twice. None when both sides did more than add
    bullets as a close adds them: then the place of a line matters.
    """
    for kept, extended in ((one, other), (other, one)):
        added = _added(before, extended)
        if added is not None:
            there = {memory.fact_key(fact.text) for fact in memory.facts(kept)}
            new = [line for line in added if memory.fact_key(line) not in there]
            return memory.add_facts(kept, new)
    return None


def _added(before: str, after: str) -> list[str] | None:
    """The bullets that make ``after`` of ``before``; None when more than that changed."""
    known = {memory.fact_key(fact.text) for fact in memory.facts(before)}
    facts = [fact.text for fact in memory.facts(after)]
    added = [text for text in facts if memory.fact_key(text) not in known]
    return added if memory.add_facts(before, added) == after else None
