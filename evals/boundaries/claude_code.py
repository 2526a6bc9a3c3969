"""What Claude Code sends to its hooks in a session and writes into its transcript, step by step.

Shapes as recorded from the client (`tests/data/claude-code/`). What was not recorded there is as its
transcripts show it: a refused call, a question to the person, a plan, a message that was queued.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from evals.boundaries.calls import Call, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from evals.boundaries.sessions import Recorded

_THINKING = 6.0  # seconds of a request
_COMPACTING = 40.0  # seconds of a summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the rows of a version have.

    Ids of prompts, why an answer stopped, which commit a command made, rows about work under way.
    """

    version: str = ""  # empty: the session's own
    prompt_ids: bool = True
    stop_reasons: bool = True
    git_operations: bool = True
    progress: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """One hook: the event's name, what is matched, the payload, and when.

    ``queued``: its prompt was typed while the model worked.
    """

    name: str
    matched: str
    payload: Mapping[str, Any]
    at: float
    queued: bool = False


@dataclass(slots=True, kw_only=True)
class Client:
    """The client in one session. The steps are taken in order; each yields the hooks that it fires.

    ``commit`` makes a commit at a moment and returns its name.
    """

    session: Recorded
    top: Path
    transcript: Path
    now: float
    commit: Callable[[float], str]
    shape: Shape = field(default_factory=Shape)
    _number: int = 0
    _turn: str = ""
    _background: dict[str, str] = field(default_factory=dict)
    _queued: list[Mapping[str, Any]] = field(default_factory=list)

    def start(self) -> Fired:
        """The session begins."""
        return self._fired("SessionStart", matched="startup", source="startup")

    def take(self, step: Mapping[str, Any]) -> Iterator[Fired]:
        """Yield the hooks of a step; the transcript has its rows when they fire."""
        self.now += step.get("wait", 0)
        if "prompt" in step:
            yield self._prompted(step["prompt"])
        elif "notice" in step:
            yield self._prompted(self._notice(step))
        elif "says" in step:
            yield from self._answered(step)
        elif "calls" in step:
            yield from self._called(step)
        elif "queued" in step:
            self._queued.append(step)
            self._row("queue-operation", operation="enqueue", content=step["queued"])
        elif "compaction" in step:
            yield from self._compacted(step["compaction"])
        elif "interrupted" in step:
            self._row("user", message=_user([text("[Request interrupted by user]")]))
        elif step.get("end"):
            yield self._fired("SessionEnd", matched=step["end"], reason=step["end"])

    def hear(self, event: str, words: str) -> None:
        """Write down what a hook told the model; what goes to the writer of a summary leaves no row."""
        if not words or event == "PreCompact":
            return
        told = {"type": "hook_additional_context", "content": [words], "hookEvent": event}
        self._row("attachment", attachment=told)

    def _prompted(self, said: str) -> Fired:
        self._turn = self._id("prompt")
        self._row("user", **self._of_prompt("promptId"), message=_user(said))
        return self._fired("UserPromptSubmit", prompt=said)

    def _notice(self, step: Mapping[str, Any]) -> str:
        agent = self._background.get(step["notice"], "")
        return (
            f"<task-notification>\n<task-id>{agent}</task-id>\n<status>completed</status>\n"
            f'<summary>Agent "sub job" finished</summary>\n<result>{step["report"]}</result>\n'
            "</task-notification>"
        )

    def _answered(self, step: Mapping[str, Any]) -> Iterator[Fired]:
        self._asked(step, [text(step["says"])], "end_turn")
        yield self._fired("Stop", stop_hook_active=False, last_assistant_message=step["says"])
        self._row("system", subtype="stop_hook_summary", hookCount=1)

    def _called(self, step: Mapping[str, Any]) -> Iterator[Fired]:
        made = [Call.of(call, self._id("toolu")) for call in step["calls"]]
        self._asked(step, [call.block for call in made], "tool_use")
        for call in made:
            yield from self._one(call)
        yield from self._typed()
        self.now += max(call.seconds for call in made)
        yield self._fired(
            "PostToolBatch",
            tool_calls=[
                {
                    "tool_name": call.tool,
                    "tool_input": call.given,
                    "tool_use_id": call.key,
                    "tool_response": call.said,
                }
                for call in made
            ],
        )
        self._deliver()

    def _one(self, call: Call) -> Iterator[Fired]:
        told: dict[str, Any] = {
            "tool_name": call.tool,
            "tool_input": call.given,
            "tool_use_id": call.key,
        }
        if call.inner:
            yield from self._inside(call)
        if call.fields.get("background"):
            self._background[call.fields["background"]] = call.agent
        at, self.now = self.now, self.now + call.seconds
        made = self.commit(self.now) if call.fields.get("commit") else ""
        result = call.result(self._background, made if self.shape.git_operations else "")
        row = call.refused or call.error or result
        said = f"[main {made[:7]}] work" if made else call.said
        block = {"type": "tool_result", "tool_use_id": call.key, "content": said}
        failed = {"is_error": True} if call.refused or call.error else {}
        self._row("user", message=_user([{**block, **failed}]), toolUseResult=row)
        if not call.refused:
            told |= {"duration_ms": int(call.seconds * 1000)}
            if call.error:
                told |= {"error": call.error, "is_interrupt": False}
                yield self._fired("PostToolUseFailure", matched=call.tool, **told)
            else:
                told["tool_response"] = result
                yield self._fired("PostToolUse", matched=call.tool, **told)
        self.now = at

    def _inside(self, call: Call) -> Iterator[Fired]:
        inside: dict[str, Any] = {"agent_id": call.agent, "agent_type": "general-purpose"}
        yield self._fired("SubagentStart", matched="general-purpose", **inside)
        for _ in range(call.inner):
            key, given = self._id("toolu"), {"command": "rg -n limit", "description": "search"}
            told: dict[str, Any] = {"tool_name": "Bash", "tool_input": given, "tool_use_id": key}
            answer = {"stdout": "", "stderr": "", "interrupted": False, "isImage": False}
            yield self._fired(
                "PostToolUse",
                matched="Bash",
                **inside,
                **told,
                tool_response=answer,
                duration_ms=90,
            )
            yield self._fired("PostToolBatch", **inside, tool_calls=[{**told, "tool_response": ""}])

    def _typed(self) -> Iterator[Fired]:
        """What was typed while the model worked; not every version fires a hook for it."""
        for step in self._queued:
            if step["hook"]:
                typed = self._fired("UserPromptSubmit", prompt=step["queued"])
                yield replace(typed, queued=True)

    def _deliver(self) -> None:
        """It goes to the model with the results of the calls."""
        for step in self._queued:
            self._row("queue-operation", operation="remove", content=step["queued"])
            told = {"type": "queued_command", "prompt": step["queued"], "commandMode": "prompt"}
            self._row("attachment", attachment=told)
        self._queued = []

    def _compacted(self, trigger: str) -> Iterator[Fired]:
        yield self._fired("PreCompact", matched=trigger, trigger=trigger, custom_instructions=None)
        self.now += _COMPACTING
        meta = {"trigger": trigger, "preTokens": 0}
        self._row("system", subtype="compact_boundary", compactMetadata=meta)
        self._row("user", message=_user("This session is being continued"), isCompactSummary=True)
        yield self._fired("SessionStart", matched="compact", source="compact")
        yield self._fired("PostCompact", matched=trigger, trigger=trigger, compact_summary="...")

    def _asked(self, step: Mapping[str, Any], blocks: Sequence[object], reason: str) -> None:
        """A request was answered; its row has the size of the context."""
        self.now += _THINKING
        usage = {"input_tokens": step["tokens"], "output_tokens": 0}
        message = {
            "id": self._id("msg"),
            "role": "assistant",
            "model": self.session.model,
            "stop_reason": reason if self.shape.stop_reasons else None,
            "usage": usage,
        }
        for block in blocks:  # a row for each, of one message
            self._row("assistant", message={**message, "content": [block]})
        if self.shape.progress:
            self._row("progress", data={"type": "hook_progress", "hookEvent": "PostToolUse"})

    def _fired(self, name: str, matched: str = "", **own: object) -> Fired:
        payload = {
            "session_id": self.session.name,
            "transcript_path": str(self.transcript),
            "cwd": str(self.top),
            **self._of_prompt("prompt_id"),
            "permission_mode": "default",
            "hook_event_name": name,
            **own,
        }
        return Fired(name=name, matched=matched, payload=payload, at=self.now)

    def _row(self, kind: str, **own: object) -> None:
        moment = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(self.now))}.{int(self.now % 1 * 1000):03}Z"
        row = {
            "isSidechain": False,
            "type": kind,
            **own,
            "timestamp": moment,
            "cwd": str(self.top),
            "sessionId": self.session.name,
            "version": self.shape.version or self.session.client,
        }
        with self.transcript.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def _of_prompt(self, key: str) -> Mapping[str, str]:
        return {key: self._turn} if self._turn and self.shape.prompt_ids else {}

    def _id(self, kind: str) -> str:
        self._number += 1
        return f"{kind}_{self.session.name}_{self._number}"


def _user(content: object) -> Mapping[str, object]:
    return {"role": "user", "content": content}
