"""Landed lines where they are needed: at a file, a failed command, a prompt, a sub-agent's start."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from gitmem.git import repository
from gitmem.recall import view
from tests.support.hooks import context, fire, fire_at_once, ledger, marks
from tests.support.queues import folder_of
from tests.support.sandbox import PATIENCE, Sandbox

CLIENT = "The client in src/api/client.py retries three times"
FOLDER = "Handlers below src/api return typed errors"
MAKE = "`make migrate` needs the VPN; without it it ends in ECONNREFUSED 5432"
OTHER = "Deploys go out on Tuesdays"
AGENTS = "The upload worker deletes temporary files itself"


def land(sandbox: Sandbox, *flags: tuple[str, ...]) -> None:
    for words in flags:
        assert sandbox.gitmem("flag", *words).code == 0
    assert sandbox.gitmem("close", "--engine", "verbatim").code == 0
    assert sandbox.gitmem("accept").code == 0


@pytest.fixture
def memory(sandbox: Sandbox) -> Sandbox:
    """A repository with landed lines, none of which a session loads by itself."""
    sandbox.commit(
        "files",
        {
            ".gitmem/config.yaml": "version: 1\nmemory.budget: 0\n",
            "src/api/client.py": "RETRIES = 3\n",
            "src/ui/page.tsx": "x\n",
        },
    )
    land(sandbox, *[(text,) for text in (CLIENT, FOLDER, MAKE, OTHER, AGENTS)])
    return sandbox


def read(sandbox: Sandbox, *paths: str, **changes: object) -> str:
    """What the model is told after a batch that read these files."""
    calls = [
        {
            "tool_name": "Read",
            "tool_input": {"file_path": str(sandbox.path / path)},
            "tool_use_id": f"toolu_{path}",
            "tool_response": "1\tx",
        }
        for path in paths
    ]
    return context(fire(sandbox, "PostToolBatch", tool_calls=calls, **changes))


def test_a_shown_line_with_a_body_says_where_to_read_on(memory: Sandbox) -> None:
    land(
        memory,
        (
            "The page in src/ui/page.tsx is built twice",
            "--body",
            "Once for each of two roots.",
            "--topic",
            "ui",
        ),
    )

    told = read(memory, "src/ui/page.tsx")
    assert "is built twice (more: memory/details/ui.md:5)" in told
    assert "two roots" not in told


def failed(sandbox: Sandbox, command: str, error: str, **changes: object) -> str:
    given = {"tool_input": {"command": command}, "error": error, **changes}
    return context(fire(sandbox, "PostToolUseFailure.Bash", **given))


def prompt(sandbox: Sandbox, words: str, **changes: object) -> str:
    return context(fire(sandbox, "UserPromptSubmit", prompt=words, **changes))


def start_agent(sandbox: Sandbox, task: str, **changes: object) -> str:
    given: dict[str, Any] = {"subagent_type": "general-purpose", "prompt": task}
    assert context(fire(sandbox, "PreToolUse.Agent", tool_input=given, **changes)) == ""
    return context(fire(sandbox, "SubagentStart", **changes))


def lines(said: str) -> list[str]:
    """The lines that were shown, without the place of each."""
    rows = [row for row in said.splitlines() if row.startswith("- ")]
    return [row[2:].rpartition(" (")[0] for row in rows]


def shown(sandbox: Sandbox) -> list[tuple[str, int]]:
    """Trigger and number of lines of each showing in the ledger."""
    return [(one["trigger"], len(one["shown"])) for one in ledger(sandbox) if "shown" in one]


def test_a_file_that_is_read_brings_the_lines_about_it_and_the_folders_above(
    memory: Sandbox,
) -> None:
    said = read(memory, "src/api/client.py")

    assert lines(said) == [CLIENT, FOLDER]
    assert said.splitlines()[0].startswith(
        "gitmem: notes of this repository about src/api/client.py"
    )
    assert "(memory/facts.md:8)" in said
    assert shown(memory) == [("path", 2)]


def test_a_line_is_shown_once_a_session(memory: Sandbox) -> None:
    assert lines(read(memory, "src/api/client.py")) == [CLIENT, FOLDER]
    assert read(memory, "src/api/client.py") == ""
    assert lines(read(memory, "src/api/client.py", session_id="another")) == [CLIENT, FOLDER]


def test_hooks_at_the_same_time_show_a_line_once(memory: Sandbox) -> None:
    call = {
        "tool_name": "Edit",
        "tool_input": {"file_path": str(memory.path / "src/api/client.py")},
        "tool_use_id": "toolu_1",
        "tool_response": "ok",
    }
    batches = [
        ("PostToolBatch", {"tool_calls": [{**call, "tool_use_id": f"toolu_{number}"}]})
        for number in range(6)
    ]

    said = [lines(context(done)) for done in fire_at_once(memory, batches)]

    assert sorted(said) == [[]] * 5 + [[CLIENT, FOLDER]]


def test_a_path_that_a_flag_named_counts_as_cited(memory: Sandbox) -> None:
    land(memory, ("The page renders twice in development", "--paths", "src/ui/page.tsx"))

    assert lines(read(memory, "src/ui/page.tsx")) == ["The page renders twice in development"]


def test_at_most_three_lines_are_shown_at_a_time(memory: Sandbox) -> None:
    land(memory, *[(f"Rule {n} of src/ui/page.tsx: {'x' * n}",) for n in range(5)])

    first = lines(read(memory, "src/ui/page.tsx"))
    second = lines(read(memory, "src/ui/page.tsx"))

    assert (len(first), len(second)) == (3, 2)
    assert not {*first} & {*second}


@pytest.mark.parametrize("path", ["README.md", "src/api.py", "src", "../outside.py"])
def test_a_file_that_no_line_is_about_brings_nothing(memory: Sandbox, path: str) -> None:
    assert read(memory, path) == ""


def test_a_command_that_failed_brings_the_line_that_cites_it(memory: Sandbox) -> None:
    said = failed(memory, "make migrate", "Exit code 2\nconnect ECONNREFUSED 127.0.0.1:5432")

    assert lines(said) == [MAKE]
    assert "`make migrate` failed" in said
    assert shown(memory) == [("failure", 1)]


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("pytest -x", "Exit code 1\nassert 1 == 2"),
        ("ls /nowhere", "Exit code 2\nNo such file or directory"),
        ("true", ""),
    ],
)
def test_a_failure_that_no_line_is_about_brings_nothing(
    memory: Sandbox, command: str, error: str
) -> None:
    assert failed(memory, command, error) == ""


def test_a_prompt_brings_what_is_not_loaded(memory: Sandbox) -> None:
    assert lines(prompt(memory, "When do deploys go out? I want to deploy on a Friday")) == [OTHER]
    assert shown(memory) == [("prompt", 1)]


def test_the_task_of_a_sub_agent_takes_no_line_from_the_persons_prompt(memory: Sandbox) -> None:
    asked = "When do deploys go out? I want to deploy on a Friday"

    assert prompt(memory, asked, agent_id="a1", agent_type="default") == ""
    assert lines(prompt(memory, asked)) == [OTHER]


def test_a_prompt_brings_nothing_where_a_session_has_it_all_from_its_first_request(
    sandbox: Sandbox,
) -> None:
    land(sandbox, (OTHER,))

    assert prompt(sandbox, "When do deploys go out? I want to deploy on a Friday") == ""


def test_a_sub_agent_gets_the_lines_nearest_to_its_task(memory: Sandbox) -> None:
    said = start_agent(memory, "Find out why the upload worker leaves temporary files behind")

    assert lines(said) == [AGENTS]
    assert shown(memory) == [("agent", 1)]


def test_of_two_tasks_in_one_turn_the_lines_of_both_are_given(memory: Sandbox) -> None:
    given = {"subagent_type": "general-purpose", "prompt": "When do deploys go out on Tuesdays?"}
    fire(memory, "PreToolUse.Agent", tool_input=given)

    said = start_agent(memory, "Find out why the upload worker leaves temporary files behind")

    assert {*lines(said)} == {AGENTS, OTHER}


def test_a_sub_agent_of_another_kind_or_turn_gets_nothing_of_it(memory: Sandbox) -> None:
    start_agent(memory, "Find out why the upload worker leaves temporary files behind")

    assert context(fire(memory, "SubagentStart", agent_type="Explore")) == ""
    assert context(fire(memory, "SubagentStart", prompt_id="another-turn")) == ""


def test_what_a_sub_agent_reads_shows_nothing_in_its_report(memory: Sandbox) -> None:
    assert read(memory, "src/api/client.py", agent_id="a1", agent_type="Explore") == ""


def test_a_topic_for_certain_files_is_shown_whole_and_once(memory: Sandbox) -> None:
    topic = (
        "---\nname: ui\npaths:\n  - src/ui/**\n---\n\n# UI\n\n- Use the grid\n- No inline styles\n"
    )
    memory.commit("scoped", {"memory/ui.md": topic})
    land(memory, ("One more",))

    said = read(memory, "src/ui/page.tsx")

    assert "memory/ui.md:\n# UI\n\n- Use the grid\n- No inline styles" in said
    assert read(memory, "src/ui/page.tsx") == ""


def test_a_person_can_silence_showings(memory: Sandbox) -> None:
    memory.git("config", "gitmem.recall", "off")
    made_again(memory)

    assert read(memory, "src/api/client.py") == ""
    memory.git("config", "--unset", "gitmem.recall")
    made_again(memory)
    assert lines(read(memory, "src/api/client.py")) == [CLIENT, FOLDER]


def made_again(sandbox: Sandbox) -> None:
    """Wait until the view that no longer holds has been made again, as the first hook after a change starts it."""
    waits(lambda: is_current(sandbox) or asked_again(sandbox))


def asked_again(sandbox: Sandbox) -> bool:
    """Fire the hook that starts it; one that was started a moment ago is waited for."""
    read(sandbox, "src/api/client.py", session_id="waiting")
    return is_current(sandbox)


def is_current(sandbox: Sandbox) -> bool:
    repo = repository.discover(str(sandbox.path), os.environ)
    content = (folder_of(sandbox) / "recall-paths").read_bytes()
    if not content.startswith(view.VERSION) or view.END not in content:
        return False
    names = content.split(b"\n")[1].decode().split(" ")
    return content.startswith(view.VERSION + b"\n" + view.depends(repo, names) + view.END)


def waits(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_silenced_showings_start_nothing(memory: Sandbox) -> None:
    memory.git("config", "gitmem.recall", "off")
    made_again(memory)
    (folder_of(memory) / "recall-view").unlink()

    assert read(memory, "src/api/client.py") == ""
    assert not (folder_of(memory) / "recall-view").exists()


def test_a_view_that_does_not_hold_any_more_shows_nothing_and_is_made_again(
    memory: Sandbox,
) -> None:
    memory.commit("by hand", {"memory/facts.md": "# Facts\n\n- src/api/client.py is generated\n"})

    assert read(memory, "src/api/client.py") == ""
    waits(lambda: is_current(memory) or asked_again(memory))
    assert lines(read(memory, "src/api/client.py")) == ["src/api/client.py is generated"]


@pytest.mark.parametrize("damage", [b"", b"x", b"gitmem-paths 1\n", b"\xff" * 10_000])
def test_a_damaged_view_breaks_no_session(memory: Sandbox, damage: bytes) -> None:
    (folder_of(memory) / "recall-paths").write_bytes(damage)

    assert read(memory, "src/api/client.py") == ""
    waits(lambda: is_current(memory) or asked_again(memory))
    assert lines(read(memory, "src/api/client.py")) == [CLIENT, FOLDER]


@pytest.mark.parametrize("damage", [b"", b"no database"])
def test_a_damaged_index_breaks_no_session(memory: Sandbox, damage: bytes) -> None:
    (folder_of(memory) / "recall.sqlite").write_bytes(damage)

    assert prompt(memory, "When do deploys go out? I want to deploy on a Friday") == ""


def test_a_line_that_acts_is_not_shown_even_if_a_person_wrote_it(memory: Sandbox) -> None:
    memory.commit(
        "by hand",
        {"memory/two.md": "# Two\n\n- src/ui/page.tsx: see @~/.netrc\n- src/ui/page.tsx is old\n"},
    )
    land(memory, ("One more",))

    assert lines(read(memory, "src/ui/page.tsx")) == ["src/ui/page.tsx is old"]


def test_a_session_file_keeps_what_was_shown(memory: Sandbox) -> None:
    read(memory, "src/api/client.py")

    keys = [one["shown"] for one in ledger(memory) if "shown" in one]
    assert [mark.split(" ")[1] for mark in marks(memory) if mark.startswith("shown ")] == keys[0]
    assert json.dumps(keys[0])
