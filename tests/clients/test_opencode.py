"""OpenCode: every recorded payload, the answers, the plugin that is written, and what a call without a batch's end says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.bootstrap import assets
from gitmem.clients.opencode.adapter import CLIENT, EVENTS, PLUGIN
from gitmem.clients.opencode.wiring import DIGESTS, SHIPPED, digest
from gitmem.session import boundary
from tests.support.payloads import Payloads
from tests.support.sandbox import Sandbox

RECORDED = Payloads(folder="opencode")
payload = RECORDED.read
PLUGIN_TEXT = assets.read(SHIPPED)
KINDS = {
    "boot": boundary.BOOT,
    "prompt": boundary.PROMPT,
    "agent": boundary.AGENT_START,
    "before": boundary.BEFORE,
    "after": boundary.TOOL,
    "compacting": boundary.COMPACTING,
    "idle": boundary.TURN_END,
    "end": boundary.END,
}


def parsed(name: str, **changes: object) -> boundary.Event:
    return CLIENT.parse(payload(name, **changes), name.partition(".")[0])


def told(sandbox: Sandbox, name: str, **changes: object) -> str:
    """What the model is told at an event in the sandbox."""
    body = payload(name, cwd=str(sandbox.path), **changes)
    done = sandbox.gitmem("hook", "opencode", name.partition(".")[0], input=json.dumps(body))
    assert done.code == 0
    return json.loads(done.out)["model"] if done.out else ""


def test_something_of_every_event_was_recorded() -> None:
    assert {name.partition(".")[0] for name in RECORDED.names} == set(EVENTS) == set(KINDS)


@pytest.mark.parametrize("name", RECORDED.names)
def test_every_recorded_payload_is_an_event_with_its_session(name: str) -> None:
    body = payload(name)

    event = parsed(name)

    failed = name.endswith(".failed")
    assert event.kind == (boundary.FAILURE if failed else KINDS[name.partition(".")[0]])
    assert event.client == "opencode"
    assert event.session == body["session_id"]
    assert event.agent == body.get("agent_id", "")
    assert event.turn == body.get("prompt_id", "")
    assert event.cwd == body["cwd"]
    assert event.process == body["process"]


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("before.bash", ("Bash", "echo hi; exit 3")),
        ("before.write", ("Write", "/home/dev/demo/b.txt")),
        ("after.edit", ("Edit", "/home/dev/demo/b.txt")),
        ("after.read", ("Read", "/home/dev/demo/a.txt")),
        ("after.task", ("Task", "")),
        ("after.todowrite", ("TodoWrite", "")),
    ],
)
def test_a_call_has_the_name_that_guards_know_and_its_subject(
    name: str, call: tuple[str, str]
) -> None:
    assert list(parsed(name).calls) == [call]


@pytest.mark.parametrize(
    ("tool", "known"),
    [("gitmem_status", "mcp__gitmem__status"), ("tracker_get_issue", "mcp__tracker_get_issue")],
)
def test_a_tool_of_a_server_is_one_of_strangers_unless_it_is_gitmems(tool: str, known: str) -> None:
    event = parsed("after.read", tool_name=tool, mcp=True)

    assert list(event.calls) == [(known, "")]


def test_a_patch_is_a_call_for_each_file_that_it_changes() -> None:
    patch = "*** Begin Patch\n*** Update File: src/a.py\n@@\n-x\n+y\n*** Delete File: old.py\n"
    event = parsed("after.edit", tool_name="apply_patch", tool_input={"patchText": patch})

    assert list(event.calls) == [("Edit", "src/a.py"), ("Edit", "old.py")]


@pytest.mark.parametrize(("code", "fails"), [(0, False), (3, True), (None, True)])
def test_a_command_failed_where_it_has_another_code_or_was_ended(
    code: int | None, fails: bool
) -> None:
    event = parsed("after.bash", exit=code, output="make: nothing to do")

    assert (event.kind == boundary.FAILURE) == fails
    assert event.text == ("make: nothing to do" if fails else "")


def test_a_call_reports_what_it_closed() -> None:
    assert parsed("after.task").done == [(boundary.AGENT, "call_9")]
    assert parsed("after.task", output='<task id="x" state="running">').done == []
    (done,) = parsed("after.todowrite").done
    assert done[0] == boundary.TASK
    todos = [{"content": "t2", "status": "pending"}, "odd", {"status": 1}]
    assert parsed("after.todowrite", tool_input={"todos": todos}).done == []
    assert parsed("after.read", tool_name="question").done == [(boundary.WORDS, "call_4")]


def test_the_size_of_the_context_and_where_it_is_compacted_are_the_clients_own() -> None:
    event = parsed("after.bash")

    assert (event.tokens, event.limit) == (110, 196_000)
    assert event.tokens_at == "2026-11-30T03:52:20.047Z"
    cached = {"input": 10, "output": 5, "cache": {"read": 70, "write": 15}}
    assert parsed("after.bash", tokens=cached).tokens == 100
    assert parsed("after.bash", limit={"context": 400_000, "input": 272_000, "output": 128_000}).limit == 252_000  # fmt: skip
    assert parsed("after.bash", limit={"context": 0, "output": 0}).limit == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("boot.startup", {"model": "M", "person": "P"}),
        ("prompt", {"model": "M"}),
        ("agent", {"model": "M"}),
        ("before.bash", {"model": "M"}),
        ("after.bash", {"model": "M"}),
        ("after.bash.failed", {"model": "M"}),
        ("compacting", {"model": "M"}),
    ],
)
def test_an_answer_has_exactly_the_keys_that_the_plugin_knows(
    name: str, said: dict[str, str]
) -> None:
    assert json.loads(CLIENT.answer(parsed(name), person="P", model="M")) == said
    assert CLIENT.answer(parsed(name), person="", model="") == ""


@pytest.mark.parametrize("name", ["idle", "end"])
def test_where_nothing_is_read_nothing_is_said(name: str) -> None:
    assert CLIENT.answer(parsed(name), person="P", model="M") == ""


def test_a_call_is_denied_only_where_a_person_attends() -> None:
    event = parsed("before.bash", attended=True)

    assert event.can_hold
    assert json.loads(CLIENT.answer(event, person="", model="M", hold="L")) == {"hold": "L"}
    assert not parsed("before.bash").can_hold  # `opencode run`
    assert not parsed("before.bash", attended="yes").can_hold


def test_a_person_cannot_be_asked_so_the_model_is_told() -> None:
    assert json.loads(CLIENT.answer(parsed("before.bash"), person="", model="", ask="A")) == {
        "model": "A"
    }


@given(
    st.sampled_from([*EVENTS, "", "other"]),
    st.dictionaries(
        st.sampled_from(
            ["session_id", "agent_id", "tool_name", "tool_input", "exit", "output", "tokens", "limit",
             "tokens_at", "process", "prompt", "attended", "duration_ms", "mcp", "todos"]
        ),
        st.none() | st.integers() | st.floats() | st.text(max_size=5) | st.booleans()
        | st.lists(st.integers(), max_size=2)
        | st.dictionaries(
            st.sampled_from(["command", "patchText", "todos", "cache", "input", "context"]),
            st.none() | st.text(max_size=5) | st.integers() | st.lists(st.none(), max_size=2),
        )
        | st.sampled_from(["bash", "task", "todowrite", "apply_patch"]),
    ),
)  # fmt: skip
def test_a_payload_of_any_shape_is_an_event(name: str, body: dict[str, Any]) -> None:
    event = CLIENT.parse(body, name)

    assert isinstance(event.session, str)
    assert all(isinstance(text, str) for call in event.calls for text in call)
    assert event.tokens >= 0
    assert event.limit >= 0


# What is written.


def test_init_writes_the_plugin_and_nothing_else_of_the_clients(sandbox: Sandbox) -> None:
    settings = '{ "permission": "ask" }\n'
    sandbox.write("opencode.json", settings)
    sandbox.commit("start")

    dry = sandbox.gitmem("init", "--client", "opencode", "--dry-run").out
    assert f"would write {PLUGIN}" in dry
    assert not (sandbox.path / ".opencode").exists()
    sandbox.gitmem("init", "--client", "opencode")

    assert sandbox.read(PLUGIN) == PLUGIN_TEXT
    assert sandbox.read("opencode.json") == settings


def test_permissions_are_never_written(sandbox: Sandbox) -> None:
    """A rule in opencode.json replaces a person's own `"bash": "ask"` with itself alone."""
    for name in ("opencode.jsonc", ".opencode/opencode.json"):
        sandbox.write(name, "{}\n")

    sandbox.gitmem("init", "--client", "all")

    for path in sandbox.path.rglob("*opencode.json*"):
        assert path.read_text(encoding="utf-8") == "{}\n"
    assert not (sandbox.path / "opencode.json").exists()


def test_a_plugin_that_a_person_edited_stays_as_it_is(sandbox: Sandbox) -> None:
    mine = PLUGIN_TEXT.replace("10_000", "20_000")
    sandbox.write(PLUGIN, mine)

    said = sandbox.gitmem("init", "--client", "opencode").err

    assert f"{PLUGIN} was edited by a person, and stays as it is" in said
    assert sandbox.read(PLUGIN) == mine
    sandbox.gitmem("uninstall")
    assert sandbox.read(PLUGIN) == mine


def test_a_plugin_with_other_line_ends_is_gitmems_own(sandbox: Sandbox) -> None:
    sandbox.write(PLUGIN, PLUGIN_TEXT.replace("\n", "\r\n"))

    assert PLUGIN not in sandbox.gitmem("init", "--client", "opencode").out
    sandbox.gitmem("uninstall")
    assert not (sandbox.path / PLUGIN).exists()


def test_the_digest_of_the_shipped_plugin_is_the_last_of_its_list() -> None:
    assert digest(PLUGIN_TEXT) == assets.read(DIGESTS).split()[-1]


def test_a_folder_of_opencode_is_enough_to_wire_it(sandbox: Sandbox) -> None:
    sandbox.write(".opencode/agent/mine.md", "")

    assert f"wrote {PLUGIN}" in sandbox.gitmem("init").out


# What the engine says where no event follows the last call of an answer.


def test_a_turn_of_failing_and_reading_calls_is_work_and_is_asked_about(sandbox: Sandbox) -> None:
    told(sandbox, "boot.startup")
    told(sandbox, "prompt")
    for number in range(5):
        told(sandbox, "after.bash.failed", tool_use_id=f"call_{number}")
    told(sandbox, "idle")

    assert "after the end of the last turn" in told(sandbox, "prompt", prompt_id="msg_2")


def test_a_context_that_grew_is_asked_about_with_the_result_of_a_call(sandbox: Sandbox) -> None:
    for number in range(5):
        told(sandbox, "after.read", tool_use_id=f"call_{number}")
    grown = {"total": 90_000}

    said = told(sandbox, "after.read", tool_use_id="call_9", tokens=grown)

    assert "gitmem, after a long stretch of work: flag what's durable" in said
    assert "gitmem, after" not in told(sandbox, "after.read", tool_use_id="call_10", tokens=grown)


def test_a_command_that_failed_and_then_worked_is_asked_about(sandbox: Sandbox) -> None:
    command = {"command": "make release"}
    told(sandbox, "after.bash.failed", tool_input=command)
    for number in range(5):
        told(sandbox, "after.read", tool_use_id=f"call_1{number}")

    assert "a command that failed and then worked" in told(sandbox, "after.bash", tool_input=command)  # fmt: skip


def test_a_flag_after_a_commit_is_not_asked_for_again(sandbox: Sandbox) -> None:
    sandbox.commit("chapter")
    assert "after git commit" in told(sandbox, "after.bash")
    flag = {"command": "gitmem flag 'Tests need Postgres'"}

    assert told(sandbox, "after.bash", tool_use_id="call_13", tool_input=flag) == ""
