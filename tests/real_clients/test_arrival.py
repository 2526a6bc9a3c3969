"""What landed reaches the model of the real client, read from what it sent: loaded, carried, shown."""

from __future__ import annotations

import pytest

from tests.real_clients.claude import Claude, Session, said, said_at
from tests.real_clients.model import Answer, ScriptedModel, delegates, runs
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

FACT = "The staging database of the billing service is read-only"
PATH = "The client in src/api/client.py retries three times"
COMMAND = "`make migrate` needs the VPN; without it it ends in ECONNREFUSED 5432"
AGENT = "The upload worker deletes temporary files itself"


def land(sandbox: Sandbox, *flags: str, topic: str = "facts") -> None:
    for text in flags:
        assert sandbox.gitmem("flag", text, "--topic", topic).code == 0
    assert sandbox.gitmem("close", "--engine", "verbatim").code == 0
    assert sandbox.gitmem("accept").code == 0


def asked(claude: Claude, sandbox: Sandbox, below: str = "") -> str:
    """All that the first request of a session shows the model, its system prompt included."""
    session = claude.session(sandbox, ScriptedModel(), "What do you know?", below=below)
    return all_of(session)


def all_of(session: Session) -> str:
    request = session.main[0]
    system = request.body.get("system", "")
    blocks = [system] if isinstance(system, str) else [block["text"] for block in system]
    return "\n".join([*blocks, request.all])


def reads(sandbox: Sandbox, path: str) -> Answer:
    """An answer that reads a file."""
    return Answer(text="Reading.", calls=(("Read", {"file_path": str(sandbox.path / path)}),))


def make_view(claude: Claude, sandbox: Sandbox) -> None:
    """Make the view of the person that the client runs for: it depends on the settings in their home."""
    home = {"HOME": str(claude.home)}
    assert sandbox.gitmem("recall-view", str(sandbox.path), env=home).code == 0


@pytest.fixture
def unloaded(claude: Claude, wired: Sandbox) -> Sandbox:
    """A repository whose memory is over its budget: no session loads it by itself."""
    text = (wired.path / ".gitmem/config.yaml").read_text(encoding="utf-8")
    files = {
        ".gitmem/config.yaml": text + "\nmemory.budget: 0\n",
        "src/api/client.py": "RETRIES = 3\n",
        "Makefile": "migrate:\n\t@echo connect ECONNREFUSED 127.0.0.1:5432; exit 2\n",
    }
    wired.commit("budget", files)
    # The index describes a topic that is not loaded by its newest lines.
    land(wired, PATH, COMMAND, AGENT, *[f"Floor {n} has a printer" for n in range(3)])
    make_view(claude, wired)
    return wired


def test_a_landed_fact_stands_in_the_first_request_of_the_next_session(
    claude: Claude, wired: Sandbox
) -> None:
    land(wired, FACT)

    session = claude.session(wired, ScriptedModel(), "What do you know?")

    assert all_of(session).count(FACT) == 1
    assert said(session.main[0]) == []  # the client loaded it; no hook said it


def test_over_the_budget_a_file_that_is_read_brings_its_line_in_the_next_request(
    claude: Claude, unloaded: Sandbox
) -> None:
    model = ScriptedModel(main=[reads(unloaded, "src/api/client.py"), Answer(text="Done.")])

    session = claude.session(unloaded, model, "Look at the client.")

    assert PATH not in all_of(session)
    (words,) = said_at("PostToolBatch", session.main[1])
    assert f"- {PATH} (memory/facts.md:" in words
    assert COMMAND not in words


@pytest.mark.ability("claude-code", "recall at need")
def test_a_command_that_fails_brings_the_line_that_cites_it(
    claude: Claude, unloaded: Sandbox
) -> None:
    model = ScriptedModel(main=[runs("make migrate"), Answer(text="Done.")])

    session = claude.session(unloaded, model, "Migrate.", allow=["Bash(make *)"])

    assert COMMAND not in all_of(session)
    (words,) = said_at("PostToolUseFailure:Bash", session.main[1])
    assert f"- {COMMAND} (memory/facts.md:" in words


def test_the_first_request_of_a_sub_agent_has_the_lines_for_its_task(
    claude: Claude, unloaded: Sandbox
) -> None:
    task = "Find out why the upload worker leaves temporary files behind"
    session = claude.session(unloaded, ScriptedModel(main=[delegates(task)]), "Delegate it.")

    first = session.of_agents[0]
    assert f"- {AGENT} (memory/facts.md:" in first.all
    assert f"- {PATH}" not in first.all


def test_a_topic_for_certain_files_is_shown_when_one_is_read(
    claude: Claude, wired: Sandbox
) -> None:
    topic = (
        "---\nname: ui\npaths:\n  - src/ui/**\n---\n\n# UI\n\n- Use the grid\n- No inline styles\n"
    )
    wired.commit("ui", {"memory/ui.md": topic, "src/ui/page.tsx": "x\n"})
    land(wired, FACT)
    make_view(claude, wired)
    model = ScriptedModel(main=[reads(wired, "src/ui/page.tsx"), Answer(text="Done.")])

    session = claude.session(wired, model, "Look at the page.")

    assert "- No inline styles" not in all_of(session)
    (words,) = said_at("PostToolBatch", session.main[1])
    assert "memory/ui.md:\n# UI\n\n- Use the grid\n- No inline styles" in words


@pytest.mark.ability("claude-code", "started in a subfolder")
def test_below_the_top_the_budgeted_text_arrives_by_the_hook(
    claude: Claude, wired: Sandbox
) -> None:
    land(wired, FACT)
    wired.write("packages/app/main.py", "pass\n")
    inside = Sandbox(wired.path / "packages/app")
    assert inside.gitmem("init").code == 0
    wired.git("add", "--all")
    wired.commit("wired below")

    session = claude.session(wired, ScriptedModel(), "What do you know?", below="packages/app")

    assert all_of(session).count(FACT) == 1
    (words,) = said_at("SessionStart", session.main[0])
    assert "started in packages/app" in words
    assert "\nmemory/facts.md:\n# Facts\n" in words
    assert f"\n- {FACT}" in words


def test_the_newest_lines_of_a_file_too_large_to_be_loaded_arrive_at_the_top(
    claude: Claude, wired: Sandbox
) -> None:
    lines = [f"Fact {number} of the large topic {'x' * 200}" for number in range(80)]
    wired.commit("large", {"memory/large.md": "# Large\n\n" + "".join(f"- {x}\n" for x in lines)})
    land(wired, FACT)

    session = claude.session(wired, ScriptedModel(), "What do you know?")

    (words,) = said_at("SessionStart", session.main[0])
    assert f"\n- {lines[-1]}\n" in words
    assert "lines more: gitmem recall WORDS" in words
    assert lines[0] not in all_of(session)


def test_a_file_with_an_active_import_is_not_loaded(claude: Claude, wired: Sandbox) -> None:
    secret = claude.home / "notes.md"
    secret.write_text("THE PRIVATE NOTES\n", encoding="utf-8")
    wired.commit("by hand", {"memory/two.md": "# Two\n\n- See @~/notes.md\n- A second fact\n"})
    land(wired, FACT)

    told = asked(claude, wired)

    assert FACT in told
    assert "THE PRIVATE NOTES" not in told
    assert "- A second fact" not in told
