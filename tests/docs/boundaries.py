"""`python -m tests.docs.boundaries` draws the policy into docs/boundaries.md, from the function itself.

Every event of the catalogue is decided in every state that can be reached, and each distinct change becomes
an arrow of the diagram; what is said becomes a row of the table.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gitmem.boundaries import nudge, policy
from gitmem.session import boundary
from gitmem.session.boundary import Action, Event
from gitmem.session.session import Session, fold, lines

PAGE = Path(__file__).parents[2] / "docs" / "boundaries.md"

_DEPTH = 4  # events in a row, from a new session; every state is reached with fewer
_WORK = [("Bash", "make")]
_FLAG = [("Bash", "gitmem flag 'x'")]

#: The events that differ for the policy, by the name the diagram gives them.
CATALOGUE: dict[str, tuple[str, dict[str, Any]]] = {
    "start": (boundary.BOOT, {"detail": "startup"}),
    "commit": (boundary.TOOL, {"commits": ["a"]}),
    "sub-agent": (boundary.TOOL, {"done": [(boundary.AGENT, "b")]}),
    "task": (boundary.TOOL, {"done": [(boundary.TASK, "c")]}),
    "chapter": (boundary.TOOL, {"done": [(boundary.CHAPTER, "d")]}),
    "long call": (boundary.TOOL, {"calls": _WORK, "seconds": policy.SLOW_SECONDS, "call": "e"}),
    "failure": (boundary.FAILURE, {"calls": _WORK}),
    "success": (boundary.TOOL, {"calls": _WORK}),
    "batch": (boundary.BATCH, {"calls": _WORK}),
    "grown batch": (boundary.BATCH, {"calls": _WORK, "tokens": policy.STEP}),
    "full batch": (boundary.BATCH, {"calls": _WORK, "tokens": 59_000, "limit": 60_000}),
    "words inside": (boundary.BATCH, {"calls": _WORK, "done": [(boundary.WORDS, "h")]}),
    "flag": (boundary.BATCH, {"calls": _FLAG}),
    "prompt": (boundary.PROMPT, {"detail": boundary.PERSON}),
    "background done": (
        boundary.PROMPT,
        {"detail": "notice", "done": [(boundary.BACKGROUND, "f")]},
    ),
    "turn end": (boundary.TURN_END, {"turn": "g"}),
    "before a compaction": (boundary.COMPACTING, {"detail": boundary.AUTO}),
    "after a compaction": (boundary.BOOT, {"detail": boundary.COMPACTED, "at": "t"}),
    "end": (boundary.END, {"detail": "other"}),
}

NUDGES = {boundary.NUDGE, boundary.REMIND}
_STATES = {
    "Quiet": "nothing happened since the last nudge or flag",
    "Worked": "something happened",
    "Beside": "something closed that is no reason by itself",
    "Marked": "a boundary is marked",
    "TurnOver": "the turn is over",
    "Compacting": "a summary is being made, and nothing else happened",
    "Ended": "the session has ended",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event decided in one state."""

    before: str
    event: str
    after: str
    actions: tuple[Action, ...]

    @property
    def said(self) -> str:
        """What the model, the person or the summary is told."""
        kinds = [action.kind for action in self.actions]
        if not NUDGES.isdisjoint(kinds):
            return "nudge"
        if boundary.ASK_SUMMARY in kinds:
            return "words to the summary"
        return ""


def state_of(text: str) -> str:
    """The diagram's name for what a session's file says."""
    known = fold(text)
    if text.endswith("end other\n"):
        return "Ended"
    if set(known.pending) - {boundary.TURN, *boundary.ASIDE}:
        return "Marked"
    if boundary.TURN in known.pending:
        return "TurnOver"
    if known.pending:
        return "Beside"
    if known.worked:
        return "Worked"
    return "Compacting" if known.compacting else "Quiet"


@cache
def steps() -> tuple[Step, ...]:
    """Every event in every state that `_DEPTH` events in a row lead to."""
    return tuple(_steps())


def _steps() -> Iterator[Step]:
    reached = {""}
    for _ in range(_DEPTH):
        found = set()
        for text in sorted(reached):
            for name, (kind, fields) in CATALOGUE.items():
                actions = decided(kind, fields, fold(text))
                left = [line + "\n" for action in actions for line in lines(action)]
                after = text + "".join(left)
                yield Step(
                    before=state_of(text), event=name, after=state_of(after), actions=actions
                )
                if state_of(text) != "Ended":
                    found.add(after)
        reached = {shortest(same) for same in alike(found)}


def decided(kind: str, fields: dict[str, Any], known: Session) -> tuple[Action, ...]:
    """What the policy does at an event of the catalogue, far enough from the last nudge."""
    known.requests = policy.BETWEEN
    event = Event(kind, client="c", name="n", session="s", **fields)
    return tuple(policy.decide(event, known))


def alike(texts: Iterable[str]) -> list[list[str]]:
    """The files that tell of the same state."""
    groups: dict[tuple[object, ...], list[str]] = {}
    for text in texts:
        known = fold(text)
        key = (tuple(sorted(set(known.pending))), tuple(sorted(set(known.seen))), known.worked,
               tuple(known.failed), known.compacting, known.base, known.pressed, known.busy, "end" in text)  # fmt: skip
        groups.setdefault(key, []).append(text)
    return list(groups.values())


def shortest(texts: Iterable[str]) -> str:
    """One of them, always the same."""
    return min(texts, key=lambda text: (len(text), text))


def diagram() -> str:
    """The arrows as a Mermaid state diagram; events with the same arrow share it."""
    arrows: dict[tuple[str, str, str], list[str]] = {}
    for step in steps():
        if step.before == "Ended" or (step.before == step.after and not step.said):
            continue
        names = arrows.setdefault((step.before, step.after, step.said), [])
        names += [step.event] if step.event not in names else []
    order = list(_STATES)
    drawn = ["stateDiagram-v2", "    direction LR"]
    drawn += [f"    {state}: {words}" for state, words in _STATES.items()]
    drawn.append("    [*] --> Quiet")
    for before, after, said in sorted(
        arrows, key=lambda key: (order.index(key[0]), order.index(key[1]), key[2])
    ):
        events = ", ".join(sorted(arrows[before, after, said], key=list(CATALOGUE).index))
        told = f" / {said}" if said else ""
        drawn.append(f"    {before} --> {after}: {events}{told}")
    return "\n".join(["```mermaid", *drawn, "```"])


def table() -> str:
    """What each boundary is called in a nudge, and the events a nudge about it was decided at."""
    at: dict[str, set[str]] = {}
    for step in steps():
        for action in step.actions:
            if action.kind in NUDGES:
                for name in action.about:
                    at.setdefault(name, set()).add(CATALOGUE[step.event][0])
    rows = ["| boundary | the nudge says | it is said at | how soon |", "|---|---|---|---|"]
    for name in sorted(at):
        words = nudge.text([name]).partition(": ")[0].removeprefix("gitmem, ")
        rows.append(f"| `{name}` | {words} | {', '.join(sorted(at[name]))} | {_how_soon(name)} |")
    return "\n".join(rows)


def _how_soon(name: str) -> str:
    if name in boundary.ASIDE:
        return "with the next nudge"
    return "at once" if name in boundary.AT_ONCE else f"{policy.BETWEEN} requests after the last"


def drawn(page: str) -> str:
    """The page with its generated parts as they are now."""
    for name, part in (("diagram", diagram()), ("table", table())):
        found = re.search(rf"<!-- {name}: .*? -->\n(.*?)<!-- /{name} -->", page, flags=re.DOTALL)
        assert found, name
        page = page[: found.start(1)] + part + "\n" + page[found.end(1) :]
    return page


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
