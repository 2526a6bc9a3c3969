"""The grounding gate: whether a reworded line may stand for the flags it cites (docs/grounding.md) (pure).

Deterministic, without a model: everything a line says must be found in the cited flags, or in the line it
replaces. What follows from a finding is `gitmem.drain.faithful`'s business; soft ones are for a
reviewer. A false alarm costs style, a miss costs truth, so doubt is an alarm. What it cannot catch, and how
often it is wrong either way, is measured in docs/grounding.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.grounding.bindings import (
    crossing_findings,
    merge_findings,
    role_findings,
    stale_findings,
    substitution_findings,
    value_role_findings,
)
from gitmem.grounding.claims import (
    certainty_findings,
    condition_findings,
    scope_findings,
)
from gitmem.grounding.clauses import clauses
from gitmem.grounding.denials import KNOWN, denial_findings
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.language import UNKNOWN, language_of
from gitmem.grounding.polarity import joining_findings, polarity_findings
from gitmem.grounding.relations.branches import branch_findings
from gitmem.grounding.relations.causes import cause_findings
from gitmem.grounding.relations.company import company_findings
from gitmem.grounding.relations.denied import allowed_denials, mistake_findings
from gitmem.grounding.relations.limits import (
    bound_findings,
    only_findings,
    tide_findings,
    time_findings,
)
from gitmem.grounding.relations.mixing import kept_findings, mixing_findings
from gitmem.grounding.relations.order import (
    counted_findings,
    order_findings,
    partner_findings,
    range_findings,
    rhythm_findings,
    settled_numbers,
)
from gitmem.grounding.relations.turned import turned_findings
from gitmem.grounding.sources import Sources
from gitmem.grounding.tokens import tokenize
from gitmem.grounding.values import value_findings, word_findings

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Finding", "Rule", "Verdict", "judge"]

# Where each denial has its rules by language: those for English would read "no", in, as a denial.
_BY_CLAUSE = KNOWN - {"en"}
_ENGLISH = frozenset({"en", UNKNOWN})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What stands against a line: ``hard`` (may not be written as worded) and ``soft`` (to be shown)."""

    hard: tuple[Finding, ...]
    soft: tuple[Finding, ...]


def judge(
    text: str,
    sources: Sequence[str],
    replaced: Sequence[str] = (),
    mistakes: Sequence[str] = (),
    *,
    merges: bool = False,
) -> Verdict:
    """Judge one line against the words of the flags it cites, and of the lines it replaces.

    ``sources`` are the cited flags' texts, better paths, sources and paths, one string each;
    ``replaced`` holds only the lines that the new one replaces, ``mistakes`` those sources that tell what
    went wrong, which the line may advise against; ``merges``: the new line says what the replaced ones say, too. Any text is judged, none raises. A line
    that is one of the sources, word for word, has no findings.
    """
    if text in sources:
        return Verdict((), ())
    ground = Sources(sources, replaced, merges=merges, mistakes=mistakes)
    tokens = tokenize(text)
    told = clauses(tokens)
    language = language_of((text, *sources, *replaced))
    allowed = allowed_denials(told, ground, mistakes) if language in _ENGLISH else frozenset[int]()
    found = dict.fromkeys(
        (
            *value_findings(tokens, ground),
            *(
                finding
                for finding in polarity_findings(told, ground, allowed)
                if finding.rule is not Rule.H7 or language not in _BY_CLAUSE
            ),
            *joining_findings(tokens, ground),
            *denial_findings(text, sources, replaced, language, allowed=len(allowed)),
            *certainty_findings(told, tokens, ground),
            *cause_findings(told, ground),
            *condition_findings(told, ground),
            *branch_findings(told, ground),
            *bound_findings(tokens, ground),
            *only_findings(tokens, ground),
            *time_findings(told, ground),
            *tide_findings(tokens, ground),
            *order_findings(told, ground),
            *range_findings(tokens, ground),
            *partner_findings(tokens, ground),
            *counted_findings(tokens, ground),
            *rhythm_findings(tokens, ground),
            *mixing_findings(told, ground),
            *kept_findings(told, ground),
            *mistake_findings(told, ground, mistakes),
            *role_findings(told, ground),
            *value_role_findings(told, ground, settled_numbers(tokens, ground)),
            *crossing_findings(told, ground),
            *company_findings(tokens, ground),
            *turned_findings(told, tokens, ground),
            *substitution_findings(told, ground),
            *stale_findings(told, ground),
            *scope_findings(told, tokens, ground),
            *word_findings(told, ground),
            *merge_findings(told, ground),
        )
    )
    return Verdict(
        hard=tuple(finding for finding in found if finding.rule.hard),
        soft=tuple(finding for finding in found if not finding.rule.hard),
    )
