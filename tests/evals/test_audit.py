"""The eval of the audit: what is planted is planted, and what counts as found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.audit.measure import SHAPES
from evals.audit.plants import NAMES, PLANTS, unseen
from evals.boundaries.clone import Clone
from evals.boundaries.sessions import Recorded
from gitmem.core.quantities import count

BY_NAME = {plant.name: plant for plant in PLANTS}
LOST = [plant for plant in PLANTS if plant.name.startswith("lost: ")]
STEPS: list[dict[str, Any]] = [
    {"prompt": "go", "wait": 0},
    {"request": 1, "tokens": 9000, "calls": [{"tool": "Read", "path": "a.py"}]},
    {
        "request": 2,
        "tokens": 9500,
        "calls": [{"tool": "Bash", "command": "git commit -m x", "commit": True}],
    },
    {"compaction": "auto"},
    {"request": 3, "tokens": 4000, "says": "done"},
    {"end": "other"},
]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def session() -> Recorded:
    return Recorded(name="s", client="2.1.42", model="m", steps=list(STEPS))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_version_s_transcript_has_the_rows_that_it_is_known_for(clone: Clone, shape: str) -> None:
    client = clone.client(session(), SHAPES[shape])
    for step in STEPS:
        list(client.take(step))

    rows = [json.loads(line) for line in client.transcript.read_text().splitlines()]
    answers = [row["message"] for row in rows if row["type"] == "assistant"]
    commits = [row for row in rows if "gitOperation" in str(row.get("toolUseResult"))]
    new = SHAPES[shape].prompt_ids
    assert {row["version"] for row in rows} == {SHAPES[shape].version}
    assert any("promptId" in row for row in rows) is new
    assert any(answer["stop_reason"] for answer in answers) is new
    assert bool(commits) is new


def test_a_plant_hits_the_hooks_of_its_kind(clone: Clone) -> None:
    client = clone.client(session())
    hooks = [fired for step in STEPS for fired in client.take(step)]

    def names(plant: str) -> list[str]:
        return [hooks[place].name for place in sorted(BY_NAME[plant].chosen(hooks, 0))]

    assert names("lost: commit") == ["PostToolUse"]
    assert names("lost: compaction") == ["PreCompact", "SessionStart"]
    assert names("lost: start after a compaction") == ["SessionStart"]
    assert names("dead: PostToolBatch") == ["PostToolBatch"] * 2
    assert names("dead: PostToolUse") == ["PostToolUse"] * 2
    assert names("lost: sub-agent") == []
    assert "PostToolBatch" in names("nudge withheld")


def test_what_the_audit_says_is_understood() -> None:
    said = ", ".join(f"{count(2, name)} (the first at 2026-11-20 10:00:05)" for name in NAMES)

    assert unseen([f"{said} that no hook saw"]) == set(NAMES)
    assert unseen(["1 polled sub-agent (at 2026-11-20 10:00:05) that no hook saw"]) == {
        "polled sub-agent"
    }


@pytest.mark.parametrize("plant", LOST, ids=[plant.name for plant in LOST])
def test_a_gap_of_another_kind_is_not_the_one_that_was_planted(plant: Any) -> None:
    for name in NAMES:
        gaps = [f"1 {name} (at 2026-11-20 10:00:05) that no hook saw"]
        assert plant.found(gaps) is (name in plant.named), name
        assert (plant.others(gaps) == set()) is (name in plant.named), name
