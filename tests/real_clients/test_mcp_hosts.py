"""Each real client with the entry that `gitmem init --mcp` wrote: it starts the server, and its model flags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.real_clients.claude import Claude
from tests.real_clients.evidence import queued
from tests.real_clients.model import Answer, ScriptedModel
from tests.real_clients.others import PROGRAMS, Program
from tests.real_clients.wire import Turn, WireModel
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

FACT = "Tests need Postgres"
GIVEN = {"text": FACT, "kind": "gotcha"}
#: Requests after which a server is taken for one that does not come.
MOST = 200
#: The begin of what the server says of itself.
ABOUT = "gitmem keeps what coding agents learn about this repository"


#: What a person has in the file already, with a comment: the client must still read it.
MINE = {
    "codex": (".codex/config.toml", "# mine\nhide_agent_reasoning = true # plain\n"),
    "gemini": (".gemini/settings.json", '// mine\n{\n  "ui": {} /* plain */\n}\n'),
    "opencode": ("opencode.json", '// mine\n{\n  "share": "disabled", // plain\n}\n'),
    "qwen": (".qwen/settings.json", '// mine\n{\n  "ui": {} /* plain */\n}\n'),
}


def with_entry(sandbox: Sandbox, client: str) -> None:
    """A repository whose only wiring for the client is the entry."""
    if client in MINE:
        sandbox.write(*MINE[client])
    assert sandbox.gitmem("init", "--client", "claude-code", "--mcp", client).code == 0
    (sandbox.path / ".claude/settings.json").unlink()  # Copilot reads the hooks in it
    sandbox.git("add", "--all")
    sandbox.commit("an entry for the server")


def run(sandbox: Sandbox, home: Path, program: Program, turns: Sequence[Turn] | None) -> WireModel:
    """One run of the program in a person's home; without ``turns`` it asks no model."""
    with WireModel(turns=turns or ()) as model:
        done = program.run(sandbox, home, model, "go on")
    assert turns is None or len(model.main) > len(turns), done
    return model


def flags(sandbox: Sandbox) -> list[tuple[str, str]]:
    """Text and client of each flag on the queue."""
    return [(flag["text"], flag["client"]) for flag in queued(sandbox)]


@pytest.mark.ability("codex", "mcp")
def test_codex_flags_through_the_server_in_its_default_sandbox(
    sandbox: Sandbox, home: Path
) -> None:
    """The client does not wait for its servers, so the model works until it is offered the tool."""
    with_entry(sandbox, "codex")
    model = WireModel()

    def turns() -> Iterator[Turn]:
        while ABOUT not in model.asked[-1].text and len(model.asked) < MOST:
            yield PROGRAMS["codex"].shell("true")
        yield Turn(tool="flag", namespace="mcp__gitmem", given=GIVEN)

    model.turns = turns()
    with model:
        done = PROGRAMS["codex"].run(sandbox, home, model, "go on")

    assert "flagged " in model.main[-1].text, done
    assert flags(sandbox) == [(FACT, "codex")]


@pytest.mark.ability("gemini", "mcp")
def test_gemini_flags_through_the_server_where_a_shell_would_have_to_ask(
    sandbox: Sandbox, home: Path
) -> None:
    with_entry(sandbox, "gemini")
    asking = replace(
        PROGRAMS["gemini"], command=lambda _, prompt: ("-m", "gemini-2.5-flash", "-p", prompt)
    )

    model = run(sandbox, home, asking, [Turn(tool="mcp_gitmem_flag", given=GIVEN)])

    assert ABOUT in model.main[0].text
    assert "flagged " in model.main[1].text
    assert flags(sandbox) == [(FACT, "gemini")]


@pytest.mark.ability("opencode", "mcp")
def test_opencode_flags_through_the_server(sandbox: Sandbox, home: Path) -> None:
    with_entry(sandbox, "opencode")

    model = run(sandbox, home, PROGRAMS["opencode"], [Turn(tool="gitmem_flag", given=GIVEN)])

    assert ABOUT in model.main[0].text
    assert "flagged " in model.main[1].text
    assert flags(sandbox) == [(FACT, "opencode")]
    assert "// plain" in sandbox.read("opencode.json")


@pytest.mark.ability("copilot", "mcp")
def test_copilot_flags_through_the_server(sandbox: Sandbox, home: Path) -> None:
    with_entry(sandbox, "copilot")

    model = run(sandbox, home, PROGRAMS["copilot"], [Turn(tool="gitmem-flag", given=GIVEN)])

    assert "flagged " in model.main[1].text
    assert flags(sandbox) == [(FACT, "copilot")]


@pytest.mark.ability("qwen", "mcp")
def test_qwen_flags_through_the_server_once_the_person_approved_it(
    sandbox: Sandbox, home: Path
) -> None:
    with_entry(sandbox, "qwen")
    approving = replace(PROGRAMS["qwen"], command=lambda *_: ("mcp", "approve", "gitmem"))
    asking = replace(PROGRAMS["qwen"], command=lambda _, prompt: ("-p", prompt))
    named = "mcp__gitmem__flag"
    turns = [
        Turn(tool="tool_search", given={"query": f"select:{named}"}),
        Turn(tool="tool_call", given={"name": named, "arguments": GIVEN}),
    ]

    run(sandbox, home, approving, None)
    model = run(sandbox, home, asking, turns)

    assert ABOUT in model.main[0].text
    assert "flagged " in model.main[2].text
    assert flags(sandbox) == [(FACT, "qwen")]


@pytest.mark.ability("claude-code", "mcp")
def test_claude_code_flags_through_the_server(claude: Claude, sandbox: Sandbox) -> None:
    with_entry(sandbox, "claude-code")
    model = ScriptedModel(main=[Answer(calls=(("mcp__gitmem__flag", {**GIVEN}),))])

    session = claude.session(sandbox, model, "Go.", allow=["mcp__gitmem__flag"])

    assert [text for text in session.last.texts if text.startswith("flagged ")]
    assert flags(sandbox) == [(FACT, "claude-code")]
