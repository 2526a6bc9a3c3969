"""The recorded answers: who answered which question how, and what has no answer yet."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.consolidation.closes import sitting
from gitmem.bootstrap.engines import handover
from gitmem.drain.handover import (
    ExternalModel,
    key_of,
    match_answers,
    questions_out,
    read_answers,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evals.consolidation.closes import Closed, Sitting
    from evals.consolidation.project import Project
    from gitmem.drain.plan import Plan

FOLDER = Path(__file__).with_name("answers")


@dataclass(frozen=True, kw_only=True)
class Replay:
    """The closes that could be replayed; ``open`` are the questions that come next and have no answer."""

    closes: list[Closed]
    asked: int
    open: list[dict[str, Any]]


def recorded(name: str) -> list[dict[str, Any]]:
    """Return the recorded answers of a project."""
    file = FOLDER / f"{name}.jsonl"
    if not file.exists():
        return []
    return [json.loads(row) for row in file.read_text(encoding="utf-8").splitlines() if row]


def record(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add answers to those of a project."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{name}.jsonl").open("a", encoding="utf-8", newline="") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def replay(project: Project, rows: Sequence[Mapping[str, Any]]) -> Replay:
    """Close a project with these answers, as far as there are any.

    A close is made when each of its questions has an answer.
    """
    asked = 0
    with sitting(project) as one:
        while one.next is not None:
            now = questions(one)
            asked += len(now)
            known = {row["key"] for row in rows}
            missing = [question for question in now if question["key"] not in known]
            if missing:
                return Replay(closes=one.done, asked=asked, open=missing)
            _close(one, rows)
        return Replay(closes=one.done, asked=asked, open=[])


def questions(one: Sitting) -> list[dict[str, Any]]:
    """Return what `gitmem plan` prints for the next close, without a random mark."""
    engine = handover(ExternalModel(), marked=False)
    found: list[dict[str, Any]] = []

    def begin(plan: Plan) -> None:
        requests = engine.asking(plan)
        prompts = [engine.prompt(request) for request in requests]
        keys = [key_of(prompt) for prompt in prompts]
        found[:] = questions_out(requests, prompts, keys)

    one.ask(engine, begin)
    fixed: dict[str, Any] = {"project": one.project.name, "close": one.next}
    return [fixed | question for question in found]


def _close(one: Sitting, rows: Sequence[Mapping[str, Any]]) -> None:
    """Close as `gitmem apply` does."""
    given = ExternalModel()
    engine = handover(given, marked=False)
    lines = [
        {"key": row["key"], "model": row.get("by", ""), "operations": row["operations"]}
        for row in rows
    ]
    handed = read_answers("\n".join(json.dumps(line) for line in lines))

    def begin(plan: Plan) -> None:
        given.expect(match_answers(handed, [key_of(engine.prompt(q)) for q in engine.asking(plan)]))

    one.close(engine, begin)
