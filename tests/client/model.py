"""A Messages API on loopback that answers from a script and keeps what it was asked.

The shapes are those of the public Messages API, streamed as server-sent events: as much of them as
the client reads.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from types import TracebackType
from typing import Any, Self

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
        return [text for message in self.body["messages"] for text in _texts(message["content"])]

    @property
    def all(self) -> str:
        """The same as one text."""
        return "\n".join(self.texts)

    @property
    def of_summary(self) -> bool:
        """Whether the client asks for the summary that will replace the conversation."""
        said = [message for message in self.body["messages"] if message["role"] != "assistant"]
        return any(_SUMMARY.search(text) for one in said[-2:] for text in _texts(one["content"]))


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
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        script = _Script(main=iter(self.main), agent=iter(self.agent), requests=self.requests)
        handler = type("Handler", (_Handler,), {"script": script})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()


@dataclass(slots=True, kw_only=True)
class _Script:
    main: Iterator[Answer]
    agent: Iterator[Answer]
    requests: list[Request]
    lock: threading.Lock = field(default_factory=threading.Lock)
    numbers: Iterator[int] = field(default_factory=count)

    def next(self, body: dict[str, Any], *, of_agent: bool) -> dict[str, Any]:
        """Keep the request and take its answer, as a finished message."""
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
        return {
            "id": f"msg_{number:04}",
            "type": "message",
            "role": "assistant",
            "model": body.get("model"),
            "content": answer.blocks(number),
            "stop_reason": "tool_use" if answer.calls else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": answer.tokens, "output_tokens": 20},
        }


def _wait(until: Callable[[], bool] | None) -> None:
    last = time.monotonic() + PATIENCE / 3
    while until and not until() and time.monotonic() < last:
        time.sleep(0.05)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: _Script

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the library
        """Say nothing."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        if not self.path.partition("?")[0].endswith("/v1/messages"):
            self._send(404, "application/json", b"{}")
            return
        message = self.script.next(body, of_agent=_AGENT_HEADER in self.headers)
        if body.get("stream"):
            self._send(200, "text/event-stream", "".join(_events(message)).encode())
        else:
            self._send(200, "application/json", json.dumps(message).encode())

    def do_GET(self) -> None:
        self._send(404, "application/json", b"{}")

    def do_HEAD(self) -> None:
        self._send(200, "application/json", b"")

    def _send(self, code: int, kind: str, content: bytes) -> None:
        self.send_response(code)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _events(message: dict[str, Any]) -> Iterator[str]:
    """A finished message as the events of its stream."""
    yield _event("message_start", message={**message, "content": [], "stop_reason": None})
    for index, block in enumerate(message["content"]):
        if block["type"] == "text":
            empty, delta = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            given = json.dumps(block["input"])
            empty = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": given}
        yield _event("content_block_start", index=index, content_block=empty)
        yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    stop = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield _event("message_delta", delta=stop, usage=message["usage"])
    yield _event("message_stop")


def _event(kind: str, **fields: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n"


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    found = []
    for block in content or []:
        if block["type"] == "text":
            found.append(block["text"])
        elif block["type"] == "tool_result":
            found += _texts(block.get("content"))
    return found
