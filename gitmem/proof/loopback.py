"""A scripted model: a Messages API on loopback that answers from a script and keeps what it was asked.

For `gitmem doctor --client`: what a client sends to its model shows which of a hook's words arrived.
It listens on 127.0.0.1 only and asks no server. The shapes are those of the public Messages API,
streamed as server-sent events, as far as a client reads them.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from email.message import Message

_LARGEST = 64 << 20  # bytes of a request that are read
_USAGE = {"input_tokens": 1000, "output_tokens": 20}


class Loopback:
    """A context manager: inside it, ``url`` answers.

    ``commands`` are the shell commands the model asks for, one with each answer; after them it ends
    with ``text``. ``asked`` are the texts of each request that came with tools: system prompt left
    out, the conversation in order. Side questions (requests without tools) get ``text`` and are not
    kept.
    """

    def __init__(self, commands: Sequence[str], *, tool: str, text: str) -> None:
        self.asked: list[list[str]] = []
        self.url = ""
        self._commands = list(commands)
        self._tool = tool
        self._text = text
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._served = serving(self.answer)
        self.url = self._served.__enter__()
        return self

    def __exit__(self, *trouble: object) -> None:
        self._served.__exit__(None, None, None)

    def answer(self, body: dict[str, Any], _: Message) -> dict[str, Any]:
        """Return the answer to a request; the headers do not matter."""
        blocks: list[dict[str, Any]] = [{"type": "text", "text": self._text}]
        with self._lock:
            number = len(self.asked)
            if body.get("tools"):
                self.asked.append(list(_conversation(body)))
                if number < len(self._commands):
                    blocks = [self._call(number)]
        return {
            "id": f"msg_{number:04}",
            "type": "message",
            "role": "assistant",
            "model": body.get("model"),
            "content": blocks,
            "stop_reason": "tool_use" if blocks[0]["type"] == "tool_use" else "end_turn",
            "stop_sequence": None,
            "usage": _USAGE,
        }

    def _call(self, number: int) -> dict[str, Any]:
        given = {"command": self._commands[number], "description": "a chapter"}
        return {"type": "tool_use", "id": f"toolu_{number:04}", "name": self._tool, "input": given}


@contextmanager
def serving(answer: Callable[[dict[str, Any], Message], dict[str, Any]]) -> Iterator[str]:
    """Serve the Messages API on loopback inside the context; yield its address.

    ``answer`` makes the finished message out of a request's body and headers. It is called from
    several threads.
    """
    handler = type("Handler", (_Handler,), {"answer": staticmethod(answer)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answer: Callable[[dict[str, Any], Message], dict[str, Any]]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the library
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer a message; anything else does not exist."""
        length = min(int(self.headers.get("content-length") or 0), _LARGEST)
        raw = self.rfile.read(length)
        if not self.path.partition("?")[0].endswith("/v1/messages"):
            self._send(404, "application/json", b"{}")
            return
        body = json.loads(raw or b"{}")
        message = type(self).answer(body, self.headers)
        if body.get("stream"):
            self._send(200, "text/event-stream", "".join(_events(message)).encode())
        else:
            self._send(200, "application/json", json.dumps(message).encode())

    def do_GET(self) -> None:
        """Answer that nothing exists."""
        self._send(404, "application/json", b"{}")

    def do_HEAD(self) -> None:
        """Answer a client that asks whether a server listens."""
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


def _conversation(body: dict[str, Any]) -> Iterator[str]:
    """Every text of a request's messages, in order: prompts, contexts, results of tools."""
    for message in body.get("messages") or []:
        yield from texts(message.get("content"))


def texts(content: Any) -> Iterator[str]:
    """Yield every text of a message's content, in order."""
    if isinstance(content, str):
        yield content
        return
    for block in content if isinstance(content, list) else []:
        if block.get("type") == "text":
            yield block["text"]
        elif block.get("type") == "tool_result":
            yield from texts(block.get("content"))
