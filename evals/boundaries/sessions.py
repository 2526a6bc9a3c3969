"""The sessions of this eval: the lines of their files as steps, and the facts between them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA = Path(__file__).parent
SETS = {"tuned": "A", "held_out": "B"}
FROZEN = DATA / "frozen.sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something a later session needs. ``request`` is the first whose context tells of it.

    After the last request it is the one that opens the next session.
    """

    text: str
    channel: str
    request: int


@dataclass(slots=True, kw_only=True)
class Recorded:
    """A session: its name, the client's version and model, its steps in order and its facts."""

    name: str
    client: str
    model: str
    steps: list[Mapping[str, Any]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many requests were made of the model."""
        return sum("request" in step for step in self.steps)

    @property
    def calls(self) -> int:
        """How many tools the main thread called."""
        return sum(len(step.get("calls", ())) for step in self.steps)

    @property
    def prompts(self) -> list[str]:
        """What the person said between turns."""
        return [step["prompt"] for step in self.steps if "prompt" in step]


def sessions(folder: str) -> list[Recorded]:
    """Return the sessions of a set, in the order of their names."""
    return [_session(file) for file in sorted((DATA / folder).glob("*.jsonl"))]


def digests() -> str:
    """Return one line for each file of the data as it is now, as `sha256sum` prints it."""
    files = sorted(file for folder in SETS for file in (DATA / folder).glob("*.jsonl"))
    return "".join(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(DATA)}\n"
        for file in files
    )


def _session(file: Path) -> Recorded:
    head, *lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    session = Recorded(name=head["session"], client=head["client"], model=head["model"])
    made = 0
    for line in lines:
        made = line.get("request", made)
        if "fact" in line:
            known = Fact(text=line["fact"], channel=line["channel"], request=made + 1)
            session.facts.append(known)
        else:
            session.steps.append(line)
    return session
