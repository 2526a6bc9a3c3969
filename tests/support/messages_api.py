"""A scripted model's API on loopback: as much of the public ones as gitmem asks, and every way to fail.

Answers are written as the Messages API has them; a server that speaks another one translates them.
A test says what each request is answered with (`Sent`), by a list or by a function of the request;
the server keeps what it was asked, and when.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

MODEL = "claude-haiku-5-5"


@dataclass(slots=True, kw_only=True)
class Asked:
    """One request: its place in the order of arrival, its headers (lower case), its JSON body.

    ``began`` and ``ended`` are monotonic seconds; ``ended`` is 0 while it is being answered.
    """

    number: int
    method: str
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    size: int
    began: float
    ended: float = 0.0

    @property
    def wants_format(self) -> bool:
        """Whether structured output was asked for."""
        return self.way == "format"

    @property
    def way(self) -> str:
        """How the model is made to answer in JSON."""
        response = {"json_schema": "format", "json_object": "object"}
        if "response_format" in self.body:
            return response[self.body["response_format"]["type"]]
        if "format" in self.body.get("output_config", {}):
            return "format"
        return "tool" if self.tool else "text"

    @property
    def system(self) -> str:
        """The instructions."""
        if "system" in self.body:
            return str(self.body["system"][0]["text"])
        return str(self.body["messages"][0]["content"])

    @property
    def tool(self) -> str:
        """The tool that the model is made to use; empty when there is none."""
        return str(self.body.get("tool_choice", {}).get("name", ""))

    @property
    def text(self) -> str:
        """The user's words."""
        return str(self.body["messages"][-1]["content"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a request is answered with.

    ``delay`` are seconds before the first byte. ``trickle`` are seconds before each further byte.
    ``cut`` is how many bytes of the body are sent before the connection ends, and a negative one
    means that it is reset without an answer.
    """

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    trickle: float = 0.0
    cut: int | None = None

    def after(self, seconds: float) -> Sent:
        """The same, so many seconds later."""
        return replace(self, delay=seconds)


Script = Callable[[Asked], Sent] | Sequence[Sent]


def message(
    *content: Mapping[str, Any],
    stop: object = "end_turn",
    usage: tuple[int, int] = (1000, 20),
    **more: Any,
) -> Sent:
    """A message of these content blocks."""
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": list(content),
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": usage[0], "output_tokens": usage[1]},
        **more,
    }
    return Sent(body=json.dumps(body).encode())


def text(words: str, *, stop: str | None = "end_turn", **more: Any) -> Sent:
    """A message with one text block."""
    return message({"type": "text", "text": words}, stop=stop, **more)


def says(data: object) -> Sent:
    """The answer as a server that honours structured output gives it: bare JSON."""
    return text(json.dumps(data))


def in_prose(data: object) -> Sent:
    """The answer with words around it."""
    return text(f"Sure! Here it is:\n{json.dumps(data)}\nLet me know {{if}} that helps.")


def fenced(data: object) -> Sent:
    """The answer in a code fence, pretty-printed."""
    return text(f"```json\n{json.dumps(data, indent=2)}\n```")


def thought(data: object, draft: object) -> Sent:
    """The answer after thinking that holds a draft of another."""
    return text(f"<think>\nperhaps {json.dumps(draft)}?\n</think>\n\n{json.dumps(data)}")


def uses_tool(data: object, name: str = "answer") -> Sent:
    """The answer as the input of a tool call."""
    call = {"type": "tool_use", "id": "toolu_1", "name": name, "input": data}
    return message(call, stop="tool_use")


def chats() -> Sent:
    """No answer at all, only words."""
    return text("I have looked at the flags and they all seem fine to me.")


def refuses() -> Sent:
    """What the model's safety system ends with."""
    return message(stop="refusal", stop_details={"type": "refusal", "category": "cyber"})


def error(
    status: int, words: str = "no", *, kind: str = "api_error", code: str = "", **headers: str
) -> Sent:
    """An error as the API puts it; ``headers`` with underscores for hyphens."""
    inside: dict[str, Any] = {"type": kind, "message": words}
    if code:
        inside["details"] = {"error_code": code}
    body = json.dumps({"type": "error", "error": inside, "request_id": "req_1"}).encode()
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Sent(status=status, body=body, headers=sent)


def web_page(status: int = 200) -> Sent:
    """A captive portal's login page, or a proxy's error page."""
    page = b"<!doctype html><html><body><h1>Welcome to Free Airport WiFi</h1></body></html>"
    return Sent(status=status, body=page, kind="text/html; charset=utf-8")


def elsewhere(url: str, status: int = 307) -> Sent:
    """A redirection that keeps method and body."""
    return Sent(status=status, headers={"location": url})


RESET = Sent(cut=-1)


# How servers differ. Each takes what makes the answer out of a request.
Make = Callable[[Asked], object]


def vendor(make: Make) -> Callable[[Asked], Sent]:
    """Honours structured output."""

    def answer(asked: Asked) -> Sent:
        return says(make(asked)) if asked.wants_format else in_prose(make(asked))

    return answer


def deaf(make: Make) -> Callable[[Asked], Sent]:
    """Ignores structured output and forced tools; the model reads the schema and answers in prose."""
    return lambda asked: in_prose(make(asked))


def only_tools(make: Make) -> Callable[[Asked], Sent]:
    """Ignores structured output, and forces tools."""
    return lambda asked: uses_tool(make(asked)) if asked.tool else chats()


def only_text(make: Make) -> Callable[[Asked], Sent]:
    """Refuses each field that it does not know, by name."""

    def answer(asked: Asked) -> Sent:
        for name in ("thinking", "output_config", "tool_choice"):
            if name in asked.body:
                words = f"{name}: Extra inputs are not permitted"
                return error(400, words, kind="invalid_request_error")
        return fenced(make(asked))

    return answer


def sullen(make: Make) -> Callable[[Asked], Sent]:
    """Refuses fields that it does not know without saying which."""

    def answer(asked: Asked) -> Sent:
        known = {"model", "max_tokens", "system", "messages"}
        if asked.body.keys() <= known:
            return fenced(make(asked))
        return error(400, "bad request", kind="invalid_request_error")

    return answer


#: What a model ended with, in the words of Chat Completions.
_FINISHED = {"end_turn": "stop", "tool_use": "stop", "max_tokens": "length"}
_FINISHED |= {"model_context_window_exceeded": "length", "refusal": "content_filter"}


def as_chat(sent: Sent) -> Sent:
    """The same as a server of Chat Completions says it; what is no message or error stays as it is."""
    try:
        body = json.loads(sent.body)
    except (ValueError, RecursionError):
        return sent
    if isinstance(body, dict) and body.get("type") == "error":
        return replace(sent, body=json.dumps({"error": body["error"]}).encode())
    if not isinstance(body, dict) or not isinstance(body.get("content"), list):
        return sent
    texts = [block.get("text") for block in body["content"] if block.get("type") == "text"]
    texts += [json.dumps(one["input"]) for one in body["content"] if one.get("type") == "tool_use"]
    usage = body.get("usage", {})
    stop = body.get("stop_reason")
    message = {
        "role": "assistant",
        "content": "".join(filter(lambda it: isinstance(it, str), texts)),
    }
    chat = {
        "object": "chat.completion",
        "model": body.get("model"),
        "choices": [
            {"index": 0, "message": message, "finish_reason": _FINISHED.get(str(stop), stop)}
        ],
        "usage": {
            "prompt_tokens": usage.get("input_tokens"),
            "completion_tokens": usage.get("output_tokens"),
        },
    }
    return replace(sent, body=json.dumps(chat).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """An API: its name, its engine's name, its variables, and where a question goes.

    ``root`` is what the address in the variable has behind the host.
    """

    api: str
    engine: str
    address: str
    key: str
    path: str
    root: str = ""
    ways: tuple[str, ...] = ()
    say: Callable[[Sent], Sent] = lambda sent: sent


MESSAGES = Dialect(
    api="the Messages API",
    engine="anthropic",
    address="ANTHROPIC_BASE_URL",
    key="ANTHROPIC_API_KEY",
    path="/v1/messages",
    ways=("format", "tool", "text"),
)
CHAT = Dialect(
    api="the Chat Completions API",
    engine="openai",
    address="OPENAI_BASE_URL",
    key="OPENAI_API_KEY",
    path="/v1/chat/completions",
    root="/v1",
    ways=("format", "object", "text"),
    say=as_chat,
)
DIALECTS = (MESSAGES, CHAT)

KEY = "test-key-0123456789"
LISTED = {"object": "list", "data": [{"id": MODEL, "object": "model"}]}


class MessagesApi:
    """A context manager: inside, ``url`` answers as scripted. The last of a list answers all the rest.

    A server of Chat Completions tells its models by itself (``models``); that is no question, so it
    is not among ``asked``. What else it is asked of itself is in ``pages``, by path.
    """

    def __init__(
        self,
        script: Script,
        *,
        dialect: Dialect | None = None,
        pages: Mapping[str, object] | None = None,
    ) -> None:
        self.dialect = dialect or SPOKEN[-1]
        self.pages = {**({"/v1/models": LISTED} if self.dialect is CHAT else {}), **(pages or {})}
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self.url = ""
        self._script = script
        self._lock = threading.Lock()
        self._now = 0
        self.closing = threading.Event()

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"api": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(self, *trouble: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The request bodies, in order of arrival."""
        return [asked.body for asked in self.asked]

    @property
    def environ(self) -> dict[str, str]:
        """The environment that leads here, with a key."""
        return {self.dialect.address: self.url + self.dialect.root, self.dialect.key: KEY}

    def arrived(self, handler: BaseHTTPRequestHandler, raw: bytes) -> tuple[Asked, Sent]:
        """Keeps a request and finds its answer."""
        with self._lock:
            asked = Asked(
                number=len(self.asked),
                method=handler.command,
                path=handler.path,
                headers={name.lower(): value for name, value in handler.headers.items()},
                body=json.loads(raw or b"{}"),
                size=len(raw),
                began=time.monotonic(),
            )
            self.asked.append(asked)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        script = self._script
        sent = script(asked) if callable(script) else script[min(asked.number, len(script) - 1)]
        return asked, self.dialect.say(sent)

    def left(self, asked: Asked) -> None:
        """Notes the end of a request."""
        with self._lock:
            self._now -= 1
            asked.ended = time.monotonic()


#: What a server is asked beside questions.
_ASIDE = ("/models", "/props", "/api/ps", "/api/show")

#: What a server speaks when a test does not say; the last one counts.
SPOKEN: list[Dialect] = [MESSAGES]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # many workers start at the same moment

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    api: MessagesApi

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the library
        """Say nothing."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        chat = self.api.dialect is CHAT
        if self.path.endswith(_ASIDE) or (chat and not self.path.endswith(CHAT.path)):
            page = self.api.pages.get(self.path)
            found = page if isinstance(page, Sent) else Sent(body=json.dumps(page).encode())
            self._send(Sent(status=404) if page is None else found)
            return
        asked, sent = self.api.arrived(self, raw)
        try:
            self._send(sent)
        finally:
            self.api.left(asked)

    do_GET = do_POST  # noqa: N815 - its name in the library

    def _send(self, sent: Sent) -> None:
        self.api.closing.wait(sent.delay)
        if sent.cut is not None and sent.cut < 0:
            # Without lingering, closing sends a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.send_response_only(sent.status)
        length = {"content-type": sent.kind, "content-length": str(len(sent.body))}
        for name, value in {**length, **sent.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()
        if sent.trickle:
            for byte in sent.body:
                self.wfile.write(bytes([byte]))
                if self.api.closing.wait(sent.trickle):
                    break
        else:
            self.wfile.write(sent.body[: sent.cut])
        self.close_connection = self.close_connection or sent.cut is not None
