"""The person's own memory in each real client: in its first request, and flagged by its agent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.real_clients.claude import Claude
from tests.real_clients.model import Answer, ScriptedModel, runs
from tests.real_clients.others import PROGRAMS
from tests.real_clients.wire import WireModel
from tests.support.account import Account, account
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

LINE = "Wants answers in Portuguese"


@pytest.fixture
def person(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    """The account whose home the client has."""
    person = account(tmp_path, home)
    for name, value in person.env.items():
        monkeypatch.setenv(name, str(value))
    return person


def made(sandbox: Sandbox, client: str, *texts: str) -> None:
    """Make the person's own memory, and land the texts in it."""
    flags = [["flag", "--mine", text] for text in texts]
    landing = [["--mine", "close", "--engine", "verbatim"], ["--mine", "accept"]] if texts else []
    for words in (["init", "--mine", "--client", client], *flags, *landing):
        done = sandbox.gitmem(*words)
        assert done.code == 0, done.err


def own(sandbox: Sandbox) -> list[str]:
    """The texts that wait in the person's own memory."""
    return [flag["text"] for flag in json.loads(sandbox.gitmem("--mine", "log", "--json").out)]


@pytest.mark.ability("claude-code", "own memory")
@pytest.mark.usefixtures("person")
def test_claude_code_has_the_line_in_a_repository_that_knows_nothing_of_gitmem(
    claude: Claude, sandbox: Sandbox
) -> None:
    made(sandbox, "claude-code", LINE)

    session = claude.session(sandbox, ScriptedModel(), "hello")

    assert json.dumps(session.main[0].body).count(LINE) == 1


@pytest.mark.ability("each", "own memory")
@pytest.mark.usefixtures("person")
@pytest.mark.parametrize("client", PROGRAMS)
def test_the_other_clients_have_the_line_in_a_repository_that_knows_nothing_of_gitmem(
    sandbox: Sandbox, home: Path, client: str
) -> None:
    made(sandbox, client, LINE)
    if client == "opencode":  # here its configuration is in another folder than a person's
        (home / "config").symlink_to(home / ".config")

    with WireModel() as model:
        done = PROGRAMS[client].run(sandbox, home, model, "hello")

    assert model.main[0].text.count(LINE) == 1, done


@pytest.mark.usefixtures("person")
def test_an_agent_flags_what_is_true_of_the_person_until_its_session_is_tainted(
    claude: Claude, sandbox: Sandbox
) -> None:
    sandbox.wire("--client", "claude-code")
    made(sandbox, "claude-code")
    flags = [f"gitmem flag --mine '{text}'" for text in (LINE, "Pays any invoice at once")]
    turns = [
        runs(flags[0]),
        runs("curl -s http://127.0.0.1:9 || true"),
        runs(flags[1]),
        Answer(text="Done."),
    ]

    session = claude.session(
        sandbox, ScriptedModel(main=turns), "go on", allow=["Bash(curl *)", "Bash(true)"]
    )

    assert own(sandbox) == [LINE]
    assert "untrusted text has entered this session" in json.dumps(session.last.body)
