"""Recorded payloads through the installed hook: in every state, in every order, several at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gitmem.boundaries.policy import BETWEEN
from gitmem.session import session_file
from tests.support.hooks import (
    DATA,
    PLAIN,
    RECORDED,
    SESSION,
    context,
    fire,
    fire_at_once,
    is_nudge,
    ledger,
    marks,
    recorded,
)
from tests.support.queues import folder_of
from tests.support.sandbox import Sandbox

STATES = {
    "new": [],
    "worked": ["work"],
    "pending": ["work", "mark commit aaa", "mark turn bbb", "failed f", "compacting 70000"],
}


#: The lines of a session whose last nudge is far enough back.
FAR = ["request"] * BETWEEN


def later(sandbox: Sandbox) -> None:
    """Some requests are answered in which nothing counts."""
    session_file.mark(str(folder_of(sandbox)), SESSION, FAR)


def known(sandbox: Sandbox, lines: list[str]) -> None:
    folder = folder_of(sandbox) / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SESSION).write_text("".join(line + "\n" for line in lines), encoding="utf-8")


@pytest.mark.parametrize("state", STATES)
def test_no_recorded_payload_gets_an_answer_the_client_would_reject(
    sandbox: Sandbox, state: str
) -> None:
    for name in RECORDED:
        known(sandbox, STATES[state])
        done = fire(sandbox, name, transcript_path=str(DATA / "transcript.jsonl"))
        event = name.partition(".")[0]
        inside = "in_subagent" in name
        if inside or event in {"Stop", "SubagentStop", "TaskCompleted", "SessionEnd"}:
            assert done.out == "", name
        assert bool(done.out) or event not in PLAIN, name
    assert [entry["event"] for entry in ledger(sandbox)] == [
        name.partition(".")[0] for name in RECORDED
    ]
    assert not [entry for entry in ledger(sandbox) if "error" in entry]


def test_a_recorded_session_replayed_is_nudged_once_for_each_boundary(sandbox: Sandbox) -> None:
    fire(sandbox, "SessionStart.startup")
    story = [
        ("UserPromptSubmit", 0),
        ("PostToolUse.Agent", 0), ("PostToolBatch.agent_calls", 0),
        ("PostToolUse.TaskUpdate", 0), ("PostToolBatch", 0),
        ("PostToolUse.TaskUpdate.completed", 0), ("PostToolBatch", 0),
        ("PostToolUse.TodoWrite", 0), ("PostToolBatch", 0),
        ("PostToolUse.Agent.background", 0), ("PostToolBatch", 0),
        ("UserPromptSubmit.agent_finished", 0), ("PostToolBatch.answered", 1),
        ("PostToolBatch", 0), ("PostToolBatch.rejected", 1), ("PostToolBatch.rejected", 1),
        ("PostToolBatch.plan_approved", 1), ("PostToolBatch.denied_by_host", 0),
        ("PostToolBatch", 0), ("Stop", 0), ("UserPromptSubmit.command_finished", 0),
        ("PostToolBatch", 0), ("PostToolBatch", 0), ("Stop", 0), ("UserPromptSubmit", 1),
        ("PostToolUseFailure.Bash", 0), ("PostToolUse.Bash", 0), ("PostToolBatch", 0),
        ("PreCompact.auto", 0), ("SubagentStop.compaction_fork", 0), ("SessionStart.compact", 1),
        ("PostCompact.auto", 0), ("SessionEnd.other", 0),
    ]  # fmt: skip

    for place, (name, nudges) in enumerate(story):
        changes: dict[str, Any] = {"tool_use_id": str(place), "prompt_id": str(place)}
        if name == "PostToolBatch.rejected":
            (call,) = recorded(name)["tool_calls"]
            changes["tool_calls"] = [{**call, "tool_use_id": str(place)}]
        assert is_nudge(fire(sandbox, name, **changes)) == bool(nudges), (place, name)


def test_the_summary_is_asked_in_plain_words_and_the_model_told_after_it(sandbox: Sandbox) -> None:
    asked = fire(sandbox, "PreCompact.auto").out

    assert "'Unflagged durable facts'" in asked
    assert asked.count("\n") == 1
    told = context(fire(sandbox, "SessionStart.compact"))
    assert "gitmem, after a compaction" in told
    assert "'Unflagged durable facts'" in told
    assert fire(sandbox, "PreCompact.manual").out == asked


def test_after_a_compaction_the_person_is_not_told_again_what_waits(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "the staging database is read-only")
    fire(sandbox, "PreCompact.auto")

    said = json.loads(fire(sandbox, "SessionStart.compact").out)

    assert "systemMessage" not in said
    assert "1 flag waits" in said["hookSpecificOutput"]["additionalContext"]


def test_a_context_that_grew_is_nudged_from_the_transcript(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    transcript = tmp_path / "session.jsonl"
    answered = {"type": "assistant", "timestamp": "2026-11-20T10:00:07.000Z"}
    for tokens, nudged in ((79_000, False), (81_000, True), (82_000, False), (161_000, True)):
        later(sandbox)
        usage = {"model": "claude-opus-5-5", "usage": {"input_tokens": tokens}}
        transcript.write_text(json.dumps({**answered, "message": usage}) + "\n", encoding="utf-8")
        done = fire(sandbox, "PostToolBatch", transcript_path=str(transcript))
        assert is_nudge(done) == nudged, tokens


def test_who_stands_outside_of_the_project_is_still_in_its_session(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = str(tmp_path_factory.mktemp("elsewhere"))
    done = [
        ("PostToolUse.Bash", {"cwd": elsewhere, "tool_name": "mcp__any__mark_chapter"}),
        ("PostToolBatch", {"cwd": elsewhere + "/gone"}),
    ]
    project = {"CLAUDE_PROJECT_DIR": str(sandbox.path)}
    known(sandbox, FAR)

    (marked,) = fire_at_once(sandbox, done[:1], env=project)
    (nudged,) = fire_at_once(sandbox, done[1:], env=project)

    assert (marked.out, is_nudge(nudged)) == ("", True)


#: Whatever the state and the order, twice as from a plugin and from settings.
BATCH = st.permutations(["PostToolBatch", "PostToolBatch", "PostToolUse.Bash", "PostToolUse.Bash",
                         "PostToolUse.Agent", "PostToolUse.Agent"])  # fmt: skip
TURN = st.permutations(["Stop", "Stop", "UserPromptSubmit", "UserPromptSubmit"])


class Orderings(RuleBasedStateMachine):
    """Hooks of one batch run at once, each order and twice; what is counted is what the model is told."""

    sandbox: Sandbox

    def __init__(self) -> None:
        super().__init__()
        self.number = 0
        self.open = 0  # boundaries the model may be told of
        folder_of(self.sandbox).mkdir(exist_ok=True)
        # The commits of earlier examples lie within the time that a hook looks back.
        made = self.sandbox.git("rev-list", "HEAD").splitlines()
        known(self.sandbox, [f"seen {oid}" for oid in made])

    def together(self, names: list[str], **changes: object) -> int:
        self.number += 1
        unique = {"tool_use_id": f"call-{self.number}", "prompt_id": f"prompt-{self.number}"}
        payloads = [(name, {**unique, **changes}) for name in names]
        done = fire_at_once(self.sandbox, payloads)
        assert not any(
            is_nudge(one) for one, name in zip(done, names, strict=True) if "in_" in name
        )
        return sum(is_nudge(one) for one in done)

    def settle(self) -> None:
        """A batch without anything new takes what is left; the one after it is silent."""
        left = self.together(["PostToolBatch"])
        assert left <= self.open
        self.open = 0
        assert self.together(["PostToolBatch", "PostToolBatch"]) == 0

    @rule(order=BATCH)
    def work(self, order: list[str]) -> None:
        self.sandbox.commit(f"chapter {self.number}")
        self.open += 1
        nudges = self.together(order)
        assert nudges <= self.open
        self.open -= nudges
        self.settle()
        told = [line for line in marks(self.sandbox) if line.startswith("nudge")]
        assert told

    @rule(order=BATCH)
    def work_of_a_sub_agent(self, order: list[str]) -> None:
        inside = {"agent_id": "helper"}
        assert self.together(order, **inside) == 0

    @rule(order=TURN)
    def turn(self, order: list[str]) -> None:
        self.together(["UserPromptSubmit"])  # takes what an earlier turn left
        self.together(["PostToolBatch"])
        later(self.sandbox)
        nudges = self.together(order)
        assert nudges <= 1
        later(self.sandbox)
        nudges += self.together(["UserPromptSubmit"])
        assert nudges == 1
        # A prompt that came before its turn's end counts as one of the next turn.
        self.together(["Stop"])
        assert self.together(["UserPromptSubmit"]) <= 1
        self.together(["Stop"])

    @rule(trigger=st.sampled_from(["auto", "manual"]))
    def compaction(self, trigger: str) -> None:
        self.together(["PostToolBatch"])
        assert self.together([f"PreCompact.{trigger}"] * 2) == 0
        assert self.together(["SessionStart.compact", "SessionStart.compact"]) == 1
        assert self.together(["SessionStart.compact", "PostCompact.auto"]) == 0

    @precondition(lambda self: self.number)
    @rule()
    def answer_to_a_nudge(self) -> None:
        self.sandbox.commit(f"chapter {self.number}")
        self.together(["PostToolUse.Bash"])
        assert self.together(["PostToolBatch", "PostToolBatch"]) == 1
        flag = {"tool_name": "Bash", "tool_input": {"command": "gitmem flag 'x'"}}
        assert self.together(["PostToolBatch"], tool_calls=[flag]) == 0
        self.together(["Stop"])
        assert self.together(["UserPromptSubmit.command_finished"]) == 0

    @rule(reason=st.sampled_from(["other", "clear", "prompt_input_exit"]))
    def end(self, reason: str) -> None:
        assert self.together([f"SessionEnd.{reason}"]) == 0
        assert self.together(["SessionStart.resume"]) == 0

    @invariant()
    def nothing_went_wrong(self) -> None:
        if (folder_of(self.sandbox) / "ledger.jsonl").exists():
            assert not [entry for entry in ledger(self.sandbox) if "error" in entry]


def test_hooks_at_once_never_nudge_twice_for_one_boundary(sandbox: Sandbox) -> None:
    machine = type("Machine", (Orderings,), {"sandbox": sandbox})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=5,
            deadline=None,
            # What runs at once cannot be replayed, so nothing is made smaller.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_payload_keeps_what_it_was_recorded_with() -> None:
    assert len(RECORDED) >= 55
    assert {recorded(name)["hook_event_name"] for name in RECORDED} == {
        name.partition(".")[0] for name in RECORDED
    }
