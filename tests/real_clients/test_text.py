"""What the real client loads and runs of the lines that gitmem may write."""

from __future__ import annotations

import pytest

from gitmem.safety.harmless import harmless
from tests.real_clients.claude import Claude
from tests.real_clients.model import ScriptedModel
from tests.support.client_text import KEEPS, LOADS, RESTS, RUNS
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client


def loaded(claude: Claude, sandbox: Sandbox, lines: list[str]) -> list[int]:
    """Which of the files f0.md, f1.md, ... the client loads for a topic file with these lines."""
    files = {f"memory/f{number}.md": f"loaded-{number}-\n" for number in range(len(lines))}
    topic = "# Facts\n\n" + "".join(f"- {line}\n\n" for line in lines)
    sandbox.commit("memory", {**files, "memory/facts.md": topic, "CLAUDE.md": "@memory/facts.md\n"})
    session = claude.session(sandbox, ScriptedModel(), "What do you know?")
    sent = "\n".join(session.main[0].texts)
    assert "# Facts" in sent
    return [number for number in range(len(lines)) if f"loaded-{number}-" in sent]


def filled(templates: tuple[str, ...]) -> list[str]:
    return [line.format(name=f"f{number}.md") for number, line in enumerate(templates)]


def test_the_client_loads_a_file_for_each_of_these_lines(claude: Claude, sandbox: Sandbox) -> None:
    assert loaded(claude, sandbox, filled(LOADS)) == list(range(len(LOADS)))


def test_it_loads_none_for_these_nor_for_any_line_as_gitmem_writes_it(
    claude: Claude, sandbox: Sandbox
) -> None:
    written = [harmless(line) for line in filled((*KEEPS, *LOADS))]

    assert loaded(claude, sandbox, [*filled(KEEPS), *written]) == []


@pytest.mark.parametrize(("lines", "runs"), [(RUNS, True), (RESTS, False)])
def test_it_runs_a_span_behind_a_bang_in_a_skill_where_a_blank_stands_before_it(
    claude: Claude, sandbox: Sandbox, lines: tuple[str, ...], runs: bool
) -> None:
    body = [line.format(command=f"echo ran-{at}-$((1+1))") for at, line in enumerate(lines)]
    for at, line in enumerate(body):
        skill = f"---\nname: s{at}\ndescription: says {at}\n---\n\n# S\n\n- {line}\n"
        sandbox.commit(f"skill {at}", {f".claude/skills/s{at}/SKILL.md": skill})
    session = claude.session(
        sandbox,
        ScriptedModel(),
        *[f"/s{at}" for at in range(len(body))],
        allow=["Bash(echo *)"],
    )
    sent = "\n".join(session.last.texts)

    assert [f"ran-{at}-2" in sent for at in range(len(body))] == [runs] * len(body)


def test_it_runs_none_in_memory(claude: Claude, sandbox: Sandbox) -> None:
    body = [line.format(command=f"echo ran-{at}-$((1+1))") for at, line in enumerate(RUNS)]
    topic = "# Facts\n\n" + "".join(f"- {line}\n" for line in body)
    sandbox.commit("memory", {"memory/facts.md": topic, "CLAUDE.md": "@memory/facts.md\n"})

    session = claude.session(sandbox, ScriptedModel(), "What do you know?", allow=["Bash(echo *)"])

    sent = "\n".join(session.main[0].texts)
    assert "$((1+1))" in sent
    assert not any(f"ran-{at}-2" in sent for at in range(len(body)))
