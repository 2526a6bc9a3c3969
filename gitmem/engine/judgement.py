"""Read from a review what was judged in it, and what the target has had since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.domain.assemble import existing_lines
from gitmem.domain.drain import FORGET, forgets
from gitmem.domain.earlier import Earlier
from gitmem.domain.ran import ran
from gitmem.engine import base, ground
from gitmem.store import objects, records

if TYPE_CHECKING:
    from gitmem.domain.assemble import Ground
    from gitmem.engine.ground import Again
    from gitmem.store.repository import Repository


def read(repo: Repository, again: Again, now: Ground) -> Earlier:
    """The judgement of a review, for a close that builds on ``now``."""
    before = base.read(repo, again.base, now.folder)
    known = {line.text for line in existing_lines(before)}
    # What the review itself added is on no target unless somebody else landed it, too.
    new = tuple(line for line in existing_lines(now) if line.text not in known)
    engine, model = judges(repo, again.base, again.tip)
    return Earlier(
        outcomes=tuple(
            outcome
            for record in ground.by_record(repo, again.base, again.tip)
            if not forgets(record)
            for outcome in record
        ),
        engine=engine,
        model=model,
        new=new,
    )


def judges(repo: Repository, start: str, tip: str) -> tuple[str, str]:
    """Engines and models of the records that ``tip`` has and ``start`` (empty: no commit) has not."""
    texts = objects.files(repo, tip, records.FOLDER)
    had = objects.files(repo, start, records.FOLDER).keys() if start else set()
    headers = [ran(texts[path].decode("utf-8", "replace")) for path in sorted(texts.keys() - had)]
    named = [header.run for header in headers if header and header.run.engine != FORGET]
    engines = [word for run in named for word in run.engine.split(", ") if word]
    models = [word for run in named for word in run.model.split(", ") if word]
    return ", ".join(dict.fromkeys(engines)), ", ".join(dict.fromkeys(models))
