"""What a question about rules shows beside flags and lines: the file's text, sections, earlier snags (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitmem.markdown.lines import front_matter_lines, rows
from gitmem.markdown.sections import sections
from gitmem.safety.active import find_refused
from gitmem.safety.secrets import find_secret
from gitmem.safety.text import find_hidden

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.drain.plan import Request

BODY = 12_000  # characters of a file's text in one question
ABOUT = 200  # characters of what a skill says it is for


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLabels:
    """What labels of sections (to titles) and of earlier snags (to flag ids) stand for.

    ``earlier`` has the flags that a label may be named for: those it was found near to.
    """

    sections: Mapping[str, str] = field(default_factory=dict)
    earlier: Mapping[str, str] = field(default_factory=dict)
    near: Mapping[str, frozenset[str]] = field(default_factory=dict)


def rule_labels(request: Request) -> RuleLabels:
    """The labels of one request: sections in the order of the file, snags in that of the flags."""
    titles = dict.fromkeys(
        part.title for part in sections(request.body) if part.title and not part.is_title
    )
    ids = dict.fromkeys(snag.id for snags in request.earlier.values() for snag in snags)
    earlier = {f"e{place}": flag_id for place, flag_id in enumerate(ids, 1)}
    near = {
        label: frozenset(
            key for key, snags in request.earlier.items() if flag_id in [one.id for one in snags]
        )
        for label, flag_id in earlier.items()
    }
    named = {f"s{place}": title for place, title in enumerate(filter(_fit, titles), 1)}
    return RuleLabels(sections=named, earlier=earlier, near=near)


def rule_parts(
    request: Request, labels: RuleLabels, flags: Mapping[str, str]
) -> list[tuple[str, object]]:
    """The further parts of a question, by name; ``flags`` is flag id to its label."""
    snags = {snag.id: snag for near in request.earlier.values() for snag in near}
    earlier = [
        {
            "id": label,
            "near": sorted(flags[key] for key in labels.near[label] if key in flags),
            "text": snags[flag_id].text,
            "better": snags[flag_id].better,
        }
        for label, flag_id in labels.earlier.items()
        if not find_secret(f"{snags[flag_id].text} {snags[flag_id].better}")
    ]
    named = [{"id": label, "title": title} for label, title in labels.sections.items()]
    return [("TEXT", _body(request.body)), ("SECTIONS", named), ("EARLIER", earlier)]


def told_about(request: Request, file: str) -> dict[str, str]:
    """What a target says it is for, as a field of its entry; none when it says nothing."""
    about = " ".join(request.about.get(file, "").split())[:ABOUT]
    return {"about": about} if about and _fit(about) else {}


def _body(text: str) -> list[str]:
    """The lines of a file below its front matter, cut; one with a credential is left out."""
    body = rows(text)[front_matter_lines(text) or 0 :]
    shown: list[str] = []
    left = BODY
    for row in body:
        left -= len(row) + 1
        if left < 0:
            shown.append("…")
            break
        shown.append("" if find_secret(row) else row)
    return shown


def _fit(text: str) -> bool:
    return not (find_hidden(text) or find_refused(text) or find_secret(text))
