"""The repository that `why` is timed on: 40 skills and 2,000 lines of memory, from many closes."""

from __future__ import annotations

from tests.bench.measure import Case
from tests.support.desk import Desk
from tests.support.queues import journal, new_flag
from tests.support.sandbox import GITMEM, Sandbox

SKILLS = 40
TOPICS = 20
CLOSES = 20
EACH = 100  # lines of memory that a close files
WHY_LIMIT = 90.0
_LIST = "cache lock build deploy queue port index shard retry token proxy batch worker image"
_WORDS = _LIST.split()


def provenance(sandbox: Sandbox) -> list[Case]:
    """`why` for a line of the first close, of a skill, and of a person; `show`; `check --trace`."""
    first = grown(sandbox)
    topic = "memory/topic-0.md"
    lines = sandbox.read(topic).splitlines()
    place = next(number for number, line in enumerate(lines, 1) if line.startswith("- "))
    last = len(lines)
    return [
        _case("why, a line of the first close", sandbox, "why", f"{topic}:{place}"),
        _case("why, a line that a person changed", sandbox, "why", f"{topic}:{last}"),
        _case("why, a line of a skill", sandbox, "why", "step 7 is done before step 8"),
        _case("show, a flag of the first close", sandbox, "show", first),
        _case("check --trace", sandbox, "check", "--trace", limit=0),
    ]


def grown(sandbox: Sandbox) -> str:
    """Fills the repository; the id of a flag of the first close."""
    desk = Desk(sandbox=sandbox)
    names = [f"skill-{number}" for number in range(SKILLS)]
    text = "---\nname: {name}\ndescription: How to {name}.\n---\n\n# {name}\n\n{steps}"
    steps = "".join(f"- Step {number} of it\n" for number in range(30))
    sandbox.commit(
        "skills",
        {f".claude/skills/{name}/SKILL.md": text.format(name=name, steps=steps) for name in names},
    )
    first = ""
    for close in range(CLOSES):
        flags = [
            new_flag(
                f"{_WORDS[line % 14]} {close}-{line} depends on {_WORDS[(line + close) % 14]} {line}",
                topic=f"topic-{line % TOPICS}",
            )
            for line in range(EACH)
        ]
        first = first or flags[0].id
        snags = [
            new_flag(
                f"snag {close}",
                kind="snag",
                skill=names[at],
                better=f"step {at} is done before step {at + 1}",
            )
            for at in (2 * close, 2 * close + 1)
        ]
        journal(sandbox, [*flags, *snags])
        desk.land()
        for work in range(10):
            sandbox.commit(f"work {close}-{work}", {f"src/{work}.py": f"VALUE = {close}\n"})
    path = "memory/topic-0.md"
    sandbox.commit("a person's word", {path: sandbox.read(path).rstrip("\n") + ", on CI too\n"})
    return first


def _case(name: str, sandbox: Sandbox, *words: str, limit: float = WHY_LIMIT) -> Case:
    return Case(name=name, command=[GITMEM, *words], folder=sandbox.path, says=None, limit=limit)
