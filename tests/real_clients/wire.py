"""A scripted model on loopback in the protocols of the other clients: Responses, Chat Completions, Gemini.

It answers each request that offers tools with the next answer of its script, and keeps every body.

`gitmem.proof.protocols` speaks the same protocols, for `gitmem doctor --client`. The tests keep their own reading of
them. If they used the command's, one mistake would make the command and its tests wrong together; with two readings
it shows as a difference between `gitmem doctor --client` and the sessions here.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

#: What a request without tools gets: a title, a summary, a question of the client's own.
ASIDE = "THE SUMMARY"
#: How the questions for a summary begin that offer the tools of the conversation.
_SUMMARIES = (
    "Please create a detailed summary of the conversation so far.",
    "You are performing a CONTEXT CHECKPOINT COMPACTION.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One answer of the model: a text, or one call of a tool. ``tokens`` is the context that it says it read.

    In the Responses protocol ``namespace`` is the tool's, where it has one, and ``free`` what a tool is given that
    takes no JSON.
    """

    text: str = "Fine."
    tool: str = ""
    namespace: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    free: str = ""
    tokens: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. ``aside``: it offered no tools."""

    path: str
    body: dict[str, Any]
    aside: bool

    @property
    def text(self) -> str:
        """Every string of the body, in order, one a line."""
        return "\n".join(_strings(self.body))


@dataclass(slots=True, kw_only=True)
class WireModel:
    """A context manager: inside, ``url`` answers with ``turns`` in order, and with "Fine." after them.

    ``plain`` is what a request without tools gets. ``spoken`` are words of the conversation that the turns are
    for: a request without them, as a sub-agent's is, gets "Fine." (empty: every request gets a turn).
    """

    turns: Iterable[Turn] = ()
    plain: str = ASIDE
    spoken: str = ""
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        script = _Script(
            turns=iter(self.turns), asked=self.asked, plain=self.plain, spoken=self.spoken
        )
        handler = type("Handler", (_Handler,), {"script": script})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(self, *trouble: object) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    @property
    def main(self) -> list[Asked]:
        """The requests of the conversation, which offer tools."""
        return [one for one in self.asked if not one.aside]

    def told(self, words: str) -> list[int]:
        """How often each request of the conversation has the words."""
        return [one.text.count(words) for one in self.main]


@dataclass(slots=True, kw_only=True)
class _Script:
    turns: Iterator[Turn]
    asked: list[Asked]
    plain: str
    spoken: str
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, path: str, body: dict[str, Any]) -> tuple[Turn, int]:
        """Keep a request; return its answer and its number."""
        last = (body.get("messages") or body.get("input") or [{}])[-1]
        aside = not _tools(body) or any(one.startswith(_SUMMARIES) for one in _strings(last))
        with self.lock:
            self.asked.append(Asked(path=path, body=body, aside=aside))
            if not aside and self.spoken not in self.asked[-1].text:
                return Turn(), len(self.asked)
            turn = Turn(text=self.plain) if aside else next(self.turns, Turn())
            return turn, len(self.asked)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: _Script

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the library
        """Say nothing."""

    def do_GET(self) -> None:
        if self.path.partition("?")[0].endswith("/models"):
            listed = [{"id": "scripted", "object": "model", "created": 1, "owned_by": "tests"}]
            self._json({"object": "list", "data": listed, "models": []})
        else:
            self._json({}, 404)

    def do_POST(self) -> None:
        body = self._body()
        path = self.path.partition("?")[0]
        if path.endswith("/responses"):
            self._responses(body, *self.script.take(path, body))
        elif path.endswith("/chat/completions"):
            self._chat(body, *self.script.take(path, body))
        elif "generatecontent" in path.lower():
            self._gemini(body, path)
        elif path.endswith(":countTokens"):
            self._json({"totalTokens": 100})
        else:
            self._json({}, 404)

    def _body(self) -> dict[str, Any]:
        if "chunked" in self.headers.get("transfer-encoding", ""):
            raw = b""
            while size := int(self.rfile.readline().strip() or b"0", 16):
                raw += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("content-encoding") == "gzip":
            raw = gzip.decompress(raw)
        found: dict[str, Any] = json.loads(raw or b"{}")
        return found

    def _responses(self, body: dict[str, Any], turn: Turn, number: int) -> None:
        """https://platform.openai.com/docs/api-reference/responses-streaming, as far as Codex reads it."""
        item: dict[str, Any]
        if turn.free:
            item = {
                "type": "custom_tool_call",
                "id": f"ctc_{number}",
                "call_id": f"call_{number}",
                "name": turn.tool,
                "input": turn.free,
            }
        elif turn.tool:
            item = {
                "type": "function_call",
                "id": f"fc_{number}",
                "call_id": f"call_{number}",
                "name": turn.tool,
                "arguments": json.dumps(turn.given),
                **({"namespace": turn.namespace} if turn.namespace else {}),
            }
        else:
            said = {"type": "output_text", "text": turn.text, "annotations": []}
            item = {
                "type": "message",
                "id": f"msg_{number}",
                "role": "assistant",
                "content": [said],
            }
        item["status"] = "completed"
        begun: dict[str, Any] = {
            "id": f"resp_{number}",
            "object": "response",
            "created_at": 1,
            "model": body.get("model"),
            "status": "in_progress",
            "output": [],
        }
        usage = {
            "input_tokens": turn.tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 10,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": turn.tokens + 10,
        }
        done = {**begun, "status": "completed", "output": [item], "usage": usage}
        if not body.get("stream"):
            self._json(done)
            return
        events: list[dict[str, Any]] = [
            {"type": "response.created", "response": begun},
            {"type": "response.output_item.added", "output_index": 0, "item": item},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": done},
        ]
        numbered = [{**event, "sequence_number": at} for at, event in enumerate(events)]
        self._stream([f"event: {event['type']}\ndata: {json.dumps(event)}" for event in numbered])

    def _chat(self, body: dict[str, Any], turn: Turn, number: int) -> None:
        """https://platform.openai.com/docs/api-reference/chat."""
        call = {"name": turn.tool, "arguments": json.dumps(turn.given)}
        calls = [{"id": f"call_{number}", "type": "function", "function": call}]
        usage = {
            "prompt_tokens": turn.tokens,
            "completion_tokens": 10,
            "total_tokens": turn.tokens + 10,
        }
        head = {"id": f"chatcmpl-{number}", "created": 1, "model": body.get("model")}
        why = "tool_calls" if turn.tool else "stop"
        if not body.get("stream"):
            said: dict[str, Any] = {"role": "assistant", "content": turn.text}
            message = (
                {"role": "assistant", "content": None, "tool_calls": calls} if turn.tool else said
            )
            choice = {"index": 0, "message": message, "finish_reason": why}
            self._json({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
            return
        indexed = [{"index": 0, **one} for one in calls]
        delta: dict[str, Any] = {"tool_calls": indexed} if turn.tool else {"content": turn.text}
        parts: list[list[dict[str, Any]]] = [
            [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}],
            [{"index": 0, "delta": delta, "finish_reason": None}],
            [{"index": 0, "delta": {}, "finish_reason": why}],
        ]
        chunk = {**head, "object": "chat.completion.chunk"}
        events = [json.dumps({**chunk, "choices": choices}) for choices in parts]
        events += [json.dumps({**chunk, "choices": [], "usage": usage}), "[DONE]"]
        self._stream([f"data: {event}" for event in events])

    def _gemini(self, body: dict[str, Any], path: str) -> None:
        """https://ai.google.dev/api/generate-content."""
        turn, _ = self.script.take(path, body)
        wanted = body.get("generationConfig") or {}
        if not body.get("tools") and wanted.get("responseMimeType") == "application/json":
            routing = {"reasoning": "x", "model_choice": "flash", "complexity_score": 1}
            turn = Turn(text=json.dumps({**routing, "complexity_reasoning": "x"}))
        part: dict[str, Any] = {"text": turn.text}
        if turn.tool:
            part = {"functionCall": {"name": turn.tool, "args": turn.given}}
        content = {"role": "model", "parts": [part]}
        usage = {
            "promptTokenCount": turn.tokens,
            "candidatesTokenCount": 10,
            "totalTokenCount": turn.tokens + 10,
        }
        answer = {
            "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
            "usageMetadata": usage,
            "modelVersion": "scripted",
        }
        if "stream" in path.lower():
            self._stream([f"data: {json.dumps(answer)}"])
        else:
            self._json(answer)

    def _json(self, value: object, status: int = 200) -> None:
        self._send(status, "application/json", json.dumps(value).encode())

    def _stream(self, events: Sequence[str]) -> None:
        self._send(200, "text/event-stream", "".join(f"{one}\n\n" for one in events).encode())

    def _send(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _tools(body: dict[str, Any]) -> bool:
    """Whether a request offers tools; Codex offers those of its newer models as an item of the conversation."""
    given = body.get("input")
    items = given if isinstance(given, list) else []
    return bool(body.get("tools")) or any(one.get("type") == "additional_tools" for one in items)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
