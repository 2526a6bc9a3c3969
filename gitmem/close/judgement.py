"""Read from a review what was judged in it, and what the target has had since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.close.earlier import Earlier
from gitmem.git import objects
from gitmem.markdown import sections
from gitmem.memory import tree as base
from gitmem.memory.memory_tree import existing_lines, rule_lines
from gitmem.records import in_review
from gitmem.records import in_tree as records
from gitmem.records.drain_record import FORGET, Fate, read_header

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.close.start import Again
    from gitmem.git.repository import Repository
    from gitmem.memory.memory_tree import Existing, Ground
    from gitmem.records.drain_record import Outcome


def read(repo: Repository, again: Again, now: Ground) -> Earlier:
    """The judgement of a review, for a close that builds on ``now``."""
    known = {line.text for line in _lines(base.read(repo, again.base, now.folder))}
    # What the review itself added is on no target unless somebody else landed it, too.
    new = tuple(line for line in _lines(now) if line.text not in known)
    outcomes = tuple(in_review.filed(repo, again.base, again.tip))
    engine, model = judges(repo, again.base, again.tip)
    return Earlier(
        outcomes=outcomes,
        engine=engine,
        model=model,
        new=new,
        sections=_sections(repo, again.tip, outcomes, now),
    )


def _lines(found: Ground) -> tuple[Existing, ...]:
    return (*existing_lines(found), *rule_lines(found))


def _sections(
    repo: Repository, tip: str, outcomes: Sequence[Outcome], now: Ground
) -> dict[tuple[str, str], str]:
    """File and line of each edit to the heading it stands under there, if ``now`` has it, too."""
    edits = {(one.file, one.line) for one in outcomes if one.fate is Fate.EDITED}
    files = {file for file, _ in edits if file in now.texts}
    there = objects.files(repo, tip, *sorted(files)) if files else {}
    texts = {file: content.decode("utf-8", "replace") for file, content in there.items()}
    return {
        (file, line): title
        for file, line in edits
        if file in texts and (title := sections.holding(texts[file], line))
        if sections.named(now.texts[file], title)
    }


def judges(repo: Repository, start: str, tip: str) -> tuple[str, str]:
    """Engines and models of the records that ``tip`` has and ``start`` (empty: no commit) has not."""
    now, had = records.at(repo, tip), records.at(repo, start)
    new = {path: now[path] for path in sorted(now.keys() - had.keys())}
    headers = [read_header(text) for text in records.texts(repo, new).values()]
    named = [header.run for header in headers if header and header.run.engine != FORGET]
    engines = [word for run in named for word in run.engine.split(", ") if word]
    models = [word for run in named for word in run.model.split(", ") if word]
    return ", ".join(dict.fromkeys(engines)), ", ".join(dict.fromkeys(models))
