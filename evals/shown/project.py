"""The pairs, and a project's close: its memory of so many lines, its queue, and its questions."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from evals.shown.fillers import fillers
from gitmem.core.flag import Flag, make
from gitmem.drain.plan import Plan, make_plan
from gitmem.memory.tree import MemoryTree
from gitmem.memory.tree_reader import places

FOLDER = "memory"
_PAIRS = Path(__file__).with_name("pairs.jsonl")
_NEW = 44  # flags of a queue that no line is about; with the labelled ones three questions
_TOPICS = ("facts", "decisions", "gotchas", "preferences", "build", "data", "ui", "ops", "testing")
_RULES = 60  # instructions beside the labelled ones
_ITEMS = 40
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A flag and the line that it replaces, repeats or settles; ``held`` pairs are never looked at."""

    project: str
    kind: str
    held: bool
    flag: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """A close that is about to ask: its plan, and which pair each labelled flag (id) belongs to."""

    plan: Plan
    pairs: dict[str, Pair]


@cache
def pairs() -> tuple[Pair, ...]:
    """Return all pairs, in the order of the file."""
    rows = _PAIRS.read_text(encoding="utf-8").splitlines()
    return tuple(Pair(**json.loads(row)) for row in rows)


def projects() -> list[str]:
    """Return the names of the projects."""
    return list(dict.fromkeys(pair.project for pair in pairs()))


@cache
def close_of(project: str, size: int) -> Close:
    """Return the close of a project whose memory has ``size`` lines."""
    own = [pair for pair in pairs() if pair.project == project]
    facts = [pair.line for pair in own if pair.kind not in {"settles", "instruction"}]
    made = fillers(
        project, [(pair.flag, pair.line) for pair in own], lines=size - len(facts), flags=_NEW
    )
    draw = random.Random(f"{project} {size}")  # noqa: S311 - it makes data, not secrets
    items = [pair.line for pair in own if pair.kind == "settles"]
    rules = [pair.line for pair in own if pair.kind == "instruction"]
    ground = MemoryTree(
        folder=FOLDER,
        texts={
            **_topics(_mixed(draw, facts, made.lines)),
            f"{FOLDER}/PENDING.md": _list(f"[ ] {item}" for item in _mixed(draw, items, made.items[:_ITEMS])),
            "CLAUDE.md": _list(_mixed(draw, rules, made.rules[:_RULES])),
        },
    )  # fmt: skip
    texts = _mixed(draw, [pair.flag for pair in own], made.flags)
    flags = [_flag(number, text) for number, text in enumerate(texts)]
    labelled = {pair.flag: pair for pair in own}
    return Close(
        plan=make_plan(flags, places(ground), {}),
        pairs={flag.id: labelled[flag.text] for flag in flags if flag.text in labelled},
    )


def _mixed(draw: random.Random, *texts: object) -> list[str]:
    mixed = [text for some in texts for text in some]  # type: ignore[attr-defined]
    draw.shuffle(mixed)
    return mixed


def _topics(lines: list[str]) -> dict[str, str]:
    return {
        f"{FOLDER}/{topic}.md": f"# {topic}\n\n" + _list(lines[at :: len(_TOPICS)])
        for at, topic in enumerate(_TOPICS)
    }


def _list(lines: object) -> str:
    return "".join(f"- {line}\n" for line in lines)  # type: ignore[attr-defined]


def _flag(number: int, text: str) -> Flag:
    key = "".join(_LETTERS[number // 32**place % 32] for place in (2, 1, 0))
    return make({"id": "b" * 9 + key, "kind": "fact", "text": text, "at": "2026-11-01T12:00:00Z"})
