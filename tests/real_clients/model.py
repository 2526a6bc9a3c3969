"""A Messages API on loopback that answers from a script and keeps what it was asked."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from email.message import Message
from itertools import count
from typing import Any, Self

from gitmem.proof.loopback import serving
from gitmem.proof.protocols.messages import ENDING, finished, texts
from gitmem.proof.protocols.turn import Response
from tests.support.sandbox import PATIENCE

#: The header by which the client tells requests of a sub-agent (measured, 2.1.328).
_AGENT_HEADER = "x-claude-code-agent-id"
#: How the client asks for the summary that replaces a conversation (measured, 2.1.328).
_SUMMARY = re.compile("Your task is to create a detailed summary|CRITICAL: Respond with TEXT ONLY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of the model: ``text``, then tool calls as pairs of tool name and input.

    ``tokens`` is the size of the context that the answer says it read. The answer is not given
    before ``until`` is true.
    """

    text: str = "Fine."
    calls: tuple[tuple[str, dict[str, object]], ...] = ()
    tokens: int = 1000
    until: Callable[[], bool] | None = None

    def blocks(self, number: int) -> list[dict[str, Any]]:
        """The answer's content blocks; ``number`` makes the call ids unique."""
        said: list[dict[str, Any]] = [{"type": "text", "text": self.text}]
        for place, (tool, arguments) in enumerate(self.calls):
            call = f"toolu_{number:04}_{place}"
            said.append({"type": "tool_use", "id": call, "name": tool, "input": arguments})
        return said


def runs(*commands: str, tokens: int = 1000) -> Answer:
    """An answer that runs shell commands, all in one batch."""
    return Answer(
        text="Working.",
        calls=tuple(("Bash", {"command": line, "description": "work"}) for line in commands),
        tokens=tokens,
    )


def delegates(*tasks: str, background: bool = False) -> Answer:
    """An answer that starts a sub-agent for each task, and waits for them unless they run in the background."""
    calls: list[dict[str, object]] = [
        {
            "description": "a task",
            "prompt": task,
            "subagent_type": "general-purpose",
            "run_in_background": background,
        }
        for task in tasks
    ]
    return Answer(text="Delegating.", calls=tuple(("Agent", call) for call in calls))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request body. ``of_agent``: made by a sub-agent, not by the main thread."""

    of_agent: bool
    body: dict[str, Any]

    @property
    def texts(self) -> list[str]:
        """Every text the model is shown in the conversation, in order: prompts, contexts, tool results."""
        return [text for message in self.body["messages"] for text in texts(message["content"])]

    @property
    def all(self) -> str:
        """The same as one text."""
        return "\n".join(self.texts)

    @property
    def of_summary(self) -> bool:
        """Whether the client asks for the summary that will replace the conversation."""
        said = [message for message in self.body["messages"] if message["role"] != "assistant"]
        return any(_SUMMARY.search(text) for one in said[-2:] for text in texts(one["content"]))


@dataclass(slots=True, kw_only=True)
class ScriptedModel:
    """A context manager: inside, ``url`` answers.

    ``main`` and ``agent`` are the answers for the main thread and for sub-agents, used up in order;
    after them, and for side questions (which come without tools), the answer is "Fine.". A summary
    of the conversation is always the same.
    """

    main: Sequence[Answer] = ()
    agent: Sequence[Answer] = ()
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    _served: AbstractContextManager[str] | None = None

    def __enter__(self) -> Self:
        script = _Script(main=iter(self.main), agent=iter(self.agent), requests=self.requests)
        self._served = serving(script.next)
        self.url = self._served.__enter__()
        return self

    def __exit__(self, *trouble: object) -> None:
        if self._served:
            self._served.__exit__(None, None, None)


@dataclass(slots=True, kw_only=True)
class _Script:
    main: Iterator[Answer]
    agent: Iterator[Answer]
    requests: list[Request]
    lock: threading.Lock = field(default_factory=threading.Lock)
    numbers: Iterator[int] = field(default_factory=count)

    def next(self, path: str, body: dict[str, Any], headers: Message) -> Response | None:
        """Keep the request and take its answer; None for a path that is not the one of messages."""
        if not path.endswith(ENDING):
            return None
        of_agent = _AGENT_HEADER in headers
        with self.lock:
            answer = Answer()
            request = Request(of_agent=of_agent, body=body)
            if request.of_summary:
                self.requests.append(request)
                answer = Answer(text="<summary>THE SUMMARY</summary>")
            elif body.get("tools"):
                self.requests.append(request)
                answer = next(self.agent if of_agent else self.main, answer)
            number = next(self.numbers)
        _wait(answer.until)
        message = {
            "id": f"msg_{number:04}",
            "type": "message",
            "role": "assistant",
            "model": body.get("model"),
            "content": answer.blocks(number),
            "stop_reason": "tool_use" if answer.calls else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": answer.tokens, "output_tokens": 20},
        }
        return finished(body, message)


def _wait(until: Callable[[], bool] | None) -> None:
    last = time.monotonic() + PATIENCE / 3
    while until and not until() and time.monotonic() < last:
        time.sleep(0.05)
