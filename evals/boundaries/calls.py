"""The calls of a session: what is given to a tool, and what it answers to the hooks and to the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_REFUSED = (
    "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file "
    "edit, the new_string was NOT written to the file). To tell you how to proceed, the user said:\n"
)
_PATHS = ("Read", "Edit", "Write")


@dataclass(slots=True, kw_only=True)
class Call:
    """One call of a tool: what is given to it, and what it answers to the hooks and to the model."""

    key: str
    tool: str
    fields: Mapping[str, Any]

    @classmethod
    def of(cls, fields: Mapping[str, Any], key: str) -> Call:
        """Return the call that a line tells of, under the client's id for it."""
        return cls(key=key, tool=fields["tool"], fields=fields)

    @property
    def seconds(self) -> float:
        """What it took."""
        return float(self.fields.get("seconds", 0.1))

    @property
    def error(self) -> str:
        """What a failed call printed; empty for one that worked."""
        return str(self.fields.get("error", ""))

    @property
    def refused(self) -> str:
        """What the model reads where the person refused the call with words; else empty."""
        words = self.fields.get("rejected", "")
        return _REFUSED + words if words else ""

    @property
    def inner(self) -> int:
        """How many calls a sub-agent made."""
        return int(self.fields.get("inner", 0))

    @property
    def agent(self) -> str:
        """The id of the sub-agent that the call starts."""
        return "a" + self.key.rpartition("_")[2]

    @property
    def block(self) -> Mapping[str, object]:
        """The call as a block of the model's message."""
        return {"type": "tool_use", "id": self.key, "name": self.tool, "input": self.given}

    @property
    def given(self) -> Mapping[str, object]:
        """The tool's input."""
        own = self.fields
        told: Mapping[str, object]
        match self.tool:
            case "Bash":
                told = {"command": own["command"], "description": "run"}
            case "Agent" | "Task":
                background = bool(own.get("background"))
                kind = "general-purpose"
                told = {
                    "description": "sub job",
                    "prompt": own["task"],
                    "subagent_type": kind,
                    "run_in_background": background,
                }
            case "TaskOutput":
                told = {"task_id": own["of"], "block": True, "timeout": 60_000}
            case "TaskUpdate":
                told = {"taskId": str(own["done"]), "status": "completed"}
            case "TodoWrite":
                told = {"todos": _todos(own, own["done"])}
            case "AskUserQuestion":
                told = {"questions": [_question(own)]}
            case "ExitPlanMode":
                told = {"plan": own["plan"]}
            case "Grep":
                told = {"pattern": own["pattern"]}
            case _:
                told = {"file_path": own["path"]}
        return told

    @property
    def said(self) -> str:
        """What the model reads."""
        own = self.fields
        if self.refused or self.error:
            return self.refused or self.error
        match self.tool:
            case "AskUserQuestion":
                answers = f'"{own["question"]}"="{own["answer"]}"'
                told = (
                    f"User has answered your questions: {answers}. You can now continue with the "
                    "user's answers in mind."
                )
            case "ExitPlanMode":
                told = (
                    "User has approved your plan. You can now start coding.\n\n"
                    f"## Approved Plan:\n{own['plan']}\n{own['answer']}"
                )
            case "TodoWrite":
                told = "Todos have been modified successfully."
            case "TaskUpdate":
                told = f"Updated task #{own['done']} status"
            case _:
                told = str(own.get("report", "ok"))
        return told

    def result(self, background: Mapping[str, str], commit: str) -> Mapping[str, object]:
        """Return the tool's structured answer; ``commit`` is one that it is to tell of."""
        own = self.fields
        told: Mapping[str, object]
        match self.tool:
            case "Bash":
                operation = {"commit": {"sha": commit[:7], "kind": "committed", "branch": "main"}}
                made = {"gitOperation": operation} if commit else {}
                told = {
                    "stdout": "ok",
                    "stderr": "",
                    "interrupted": False,
                    "isImage": False,
                    **made,
                }
            case "Agent" | "Task" if own.get("background"):
                told = {"status": "async_launched", "agentId": self.agent, "isAsync": True}
            case "Agent" | "Task":
                told = {
                    "status": "completed",
                    "prompt": own["task"],
                    "agentId": self.agent,
                    "content": [text(own["report"])],
                }
            case "TaskOutput":
                task = {
                    "task_id": background.get(own["of"], ""),
                    "task_type": "local_agent",
                    "status": "completed",
                    "result": own["report"],
                }
                told = {"retrieval_status": "success", "task": task}
            case "TaskUpdate":
                change = {"from": "in_progress", "to": "completed"}
                told = {"success": True, "taskId": str(own["done"]), "statusChange": change}
            case "TodoWrite":
                told = {
                    "oldTodos": _todos(own, own["done"] - 1),
                    "newTodos": _todos(own, own["done"]),
                }
            case "AskUserQuestion":
                told = {"questions": [_question(own)], "answers": {own["question"]: own["answer"]}}
            case "ExitPlanMode":
                told = {"plan": own["plan"], "isAgent": False}
            case tool if tool in _PATHS:
                told = {"filePath": own["path"]}
            case _:
                told = {}
        return told


def _todos(own: Mapping[str, Any], done: int) -> list[Mapping[str, str]]:
    return [
        {
            "content": f"step {number}",
            "status": "completed" if number <= done else "pending",
            "activeForm": f"step {number}",
        }
        for number in range(1, own["of"] + 1)
    ]


def _question(own: Mapping[str, Any]) -> Mapping[str, object]:
    return {"question": own["question"], "header": "Choice", "options": [], "multiSelect": False}


def text(said: str) -> Mapping[str, str]:
    """Return a text as a block of a message."""
    return {"type": "text", "text": said}
