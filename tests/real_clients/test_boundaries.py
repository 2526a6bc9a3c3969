"""Each boundary within a session of the real client: one nudge, before the next request, by its name."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.real_clients.claude import Claude, Session
from tests.real_clients.evidence import asked, no_hook_failed, nudges, queued, turn_over
from tests.real_clients.model import Answer, ScriptedModel, delegates, runs
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

COMMIT = "git commit --quiet --allow-empty --message 'a chapter'"
MAY_COMMIT = ["Bash(git *)"]
#: The lowest window the client takes; it compacts above 67,000 tokens then (measured, 2.1.328).
SMALL_WINDOW = ("--autocompact", "100000")

BACKGROUND = "a sub-agent that finished in the background"
AGENT = "a finished sub-agent"
TURN = "the end of the last turn"
GROWN = "a long stretch of work"
COMPACTION = "a compaction"


#: As many requests as lie between two nudges, but one.
SOME = tuple(runs(f"ls -{letter}") for letter in "abcd")


@pytest.mark.ability("claude-code", "sub-agent")
def test_two_sub_agents_of_one_batch_are_named_with_the_next_nudge(
    claude: Claude, wired: Sandbox
) -> None:
    model = ScriptedModel(
        main=[delegates("Do this.", "Do that."), runs(COMMIT), Answer(text="THE ANSWER")],
        agent=[Answer(text="A REPORT"), Answer(text="A REPORT")],
    )

    session = claude.session(wired, model, "Delegate.", allow=MAY_COMMIT)

    assert asked(session) == [[], [], [f"git commit and {AGENT}"]]
    assert session.last.all.count("A REPORT") == 2
    assert "gitmem, after" not in "".join(request.all for request in session.of_agents)
    assert session.printed == ["THE ANSWER"]
    assert no_hook_failed(session)


def test_a_sub_agent_in_the_background_is_asked_about_when_it_reports(
    claude: Claude, wired: Sandbox
) -> None:
    launch = delegates("Do this.", background=True)
    model = ScriptedModel(
        main=[*SOME, launch, Answer(text="LAUNCHED"), Answer(text="THE ANSWER")],
        agent=[Answer(text="THE REPORT", until=lambda: turn_over(wired))],
    )

    session = claude.session(wired, model, "Delegate.")

    assert asked(session) == [*[[]] * 6, [f"{BACKGROUND} and {TURN}"]]
    assert "<task-notification>" in session.last.all
    assert "THE REPORT" in session.last.all
    assert session.printed == ["LAUNCHED", "THE ANSWER"]
    assert no_hook_failed(session)


def test_a_sub_agent_that_reports_into_a_turn_is_named_with_the_next_nudge(
    claude: Claude, wired: Sandbox
) -> None:
    launch = delegates("Do this.", background=True)
    model = ScriptedModel(
        main=[launch, runs("sleep 2"), runs("ls"), runs(COMMIT), Answer(text="THE ANSWER")],
        agent=[Answer(text="THE REPORT")],
    )

    session = claude.session(wired, model, "Delegate.", allow=["Bash(sleep *)", *MAY_COMMIT])

    assert asked(session) == [[], [], [], [], [f"{BACKGROUND} and git commit"]]
    assert session.printed == ["THE ANSWER"]
    assert no_hook_failed(session)


@pytest.mark.ability("claude-code", "turn nudge")
def test_the_end_of_a_turn_is_asked_about_with_the_next_prompt(
    claude: Claude, wired: Sandbox
) -> None:
    model = ScriptedModel(main=[*SOME, Answer(text="ONE"), Answer(text="TWO")])

    session = claude.session(wired, model, "Look.", "And now?", "Thanks.")

    assert asked(session) == [*[[]] * 5, [TURN], [TURN]]
    assert session.printed == ["ONE", "TWO", "Fine."]
    assert no_hook_failed(session)


@pytest.mark.ability("claude-code", "growth")
def test_a_grown_context_is_asked_about_once_for_each_stretch(
    claude: Claude, wired: Sandbox
) -> None:
    sizes = [
        *range(20_000, 70_000, 10_000),
        90_000,
        *range(100_000, 140_000, 10_000),
        190_000,
        195_000,
    ]
    steps = [runs("ls", tokens=size) for size in sizes]
    model = ScriptedModel(main=[*steps, Answer(text="THE ANSWER", tokens=199_000)])

    session = claude.session(wired, model, "Work.")

    # The transcript may be an answer behind: the nudge comes one request later then.
    assert nudges(session)[:6] == [0] * 6
    assert nudges(session)[7:10] == [1] * 3
    assert asked(session)[-1] == [GROWN, GROWN]
    assert session.printed == ["THE ANSWER"]
    assert no_hook_failed(session)


def after_summary(session: Session) -> list[list[str]]:
    """What the requests after a compaction show that the model was asked about."""
    both = zip(asked(session), session.main, strict=True)
    return [shown for shown, request in both if "THE SUMMARY" in request.all]


@pytest.mark.ability("claude-code", "words to the summariser", "after a compaction")
def test_a_compaction_by_the_client_asks_for_facts_in_the_summary_and_then_for_flags(
    claude: Claude, wired: Sandbox
) -> None:
    model = ScriptedModel(
        main=[
            runs("ls", tokens=20_000),
            *[runs(f"ls -{letter}", tokens=21_000) for letter in "efgh"],
            # The transcript may be an answer behind what the client knows.
            runs("ls -a", tokens=61_000),
            runs("ls -b", tokens=62_000),
            runs("gitmem flag 'before'", tokens=63_000),
            runs("ls -c", tokens=64_000),
            runs("ls -d", tokens=68_000),
            runs("gitmem flag 'after'", tokens=25_000),
            runs("ls -l", tokens=26_000),
            Answer(text="THE ANSWER", tokens=27_000),
        ]
    )

    session = claude.session(wired, model, "Work.", arguments=SMALL_WINDOW)

    (summary,) = session.of_summaries
    assert "Unflagged durable facts" in summary.all
    # Below so small a window nothing grows enough to be asked about before.
    assert not any(asked(session)[: len(session.main) - 3])
    assert after_summary(session) == [[COMPACTION]] * 3
    assert {flag["text"] for flag in queued(wired)} == {"before", "after"}
    assert session.printed == ["THE ANSWER"]
    assert no_hook_failed(session)


def test_a_compaction_by_the_person_asks_the_same(claude: Claude, wired: Sandbox) -> None:
    steps = [runs(f"ls -{letter}") for letter in "abcd"]
    model = ScriptedModel(main=[*steps, Answer(text="ONE"), runs("ls"), Answer(text="TWO")])

    session = claude.session(wired, model, "Work.", "/compact", "And now?")

    (summary,) = session.of_summaries
    assert "Unflagged durable facts" in summary.all
    assert after_summary(session) == [[f"{COMPACTION} and {TURN}"]] * 2
    assert session.printed[0] == "ONE"
    assert session.printed[-1] == "TWO"
    assert no_hook_failed(session)


@pytest.mark.ability("claude-code", "recovery")
def test_a_command_that_failed_and_then_worked_asks_for_a_snag(
    claude: Claude, wired: Sandbox
) -> None:
    wired.write("Makefile", "all:\n\ttest -f ready\n")
    model = ScriptedModel(
        main=[
            *SOME,
            runs("make all"),
            runs("touch ready"),
            runs("make all"),
            Answer(text="THE ANSWER"),
        ]
    )

    session = claude.session(wired, model, "Build.", allow=["Bash(make *)", "Bash(touch *)"])

    recovered = "a command that failed and then worked"
    assert asked(session) == [*[[]] * 7, [recovered]]
    assert "gitmem snag 'what snagged'" in session.last.all
    assert session.printed == ["THE ANSWER"]
    assert no_hook_failed(session)


SERVER = """\
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    given = {}
    if asked["method"] == "initialize":
        version = asked["params"]["protocolVersion"]
        server = {"name": "chapters", "version": "1"}
        given = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": server}
    elif asked["method"] == "tools/list":
        schema = {"type": "object", "properties": {"title": {"type": "string"}}}
        tool = {"name": "mark_chapter", "description": "Closes a chapter.", "inputSchema": schema}
        given = {"tools": [tool]}
    elif asked["method"] == "tools/call":
        given = {"content": [{"type": "text", "text": "CLOSED"}]}
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": given}), flush=True)
"""


@pytest.mark.ability("claude-code", "chapter tool")
def test_a_chapter_closed_with_a_tool_of_a_server_is_asked_about(
    claude: Claude, wired: Sandbox, tmp_path: Path
) -> None:
    server = tmp_path / "server.py"
    server.write_text(SERVER, encoding="utf-8")
    servers = {"any": {"command": sys.executable, "args": [str(server)]}}
    config = tmp_path / "mcp.json"
    config.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    chapter = Answer(calls=(("mcp__any__mark_chapter", {"title": "one"}),))
    model = ScriptedModel(main=[*SOME, chapter, runs("ls -l"), Answer(text="THE ANSWER")])

    session = claude.session(
        wired,
        model,
        "Work.",
        allow=["mcp__any__mark_chapter"],
        arguments=("--mcp-config", str(config)),
    )

    closed = "a closed chapter"
    assert "CLOSED" in session.last.all
    assert asked(session) == [*[[]] * 5, [closed], [closed]]
    assert session.printed == ["THE ANSWER"]
    assert no_hook_failed(session)
