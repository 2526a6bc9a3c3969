"""A scripted model on loopback: it answers from a script and keeps what it was asked.

For `gitmem doctor --client`: what a client sends to its model shows which of a hook's words arrived.
It listens on 127.0.0.1 only and asks no server. Which protocol a client speaks is told by the path that
it asks at (`gitmem.proof.protocols`).
"""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Protocol, Self

from gitmem.proof.protocols import chat, gemini, messages, responses
from gitmem.proof.protocols.turn import Turn, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from email.message import Message

    from gitmem.proof.protocols.turn import Response

    #: Makes the response out of a request's path, body and headers; None where nothing is there.
    Answer = Callable[[str, dict[str, Any], Message], Response | None]

_LARGEST = 64 << 20  # bytes of a request that are read
_CHUNKED = "transfer-encoding"


class Spoken(Protocol):
    """One protocol: how the path of its requests ends, and what is read and answered."""

    ENDING: str

    def respond(self, body: dict[str, Any], turn: Turn, number: int, path: str) -> Response:
        """Return the response to a request; ``number`` makes its ids unique."""

    def shown(self, body: dict[str, Any]) -> list[str]:
        """Return every text that the model is shown, in order."""


_SPOKEN: tuple[Spoken, ...] = (messages, responses, chat, gemini)


def spoken(path: str) -> Spoken | None:
    """Return the protocol of a request's path (without its query); None for any other path."""
    lower = path.lower()
    return next((one for one in _SPOKEN if lower.endswith(one.ENDING)), None)


class Loopback:
    """A context manager: inside it, ``url`` answers.

    ``calls`` are the tools that the model calls, one with each answer, and what each is given; after
    them it ends with ``text``. ``asked`` are the texts of each request that came with tools, in order.
    Side questions (requests without tools) get ``text`` and are not kept.
    """

    def __init__(self, calls: Sequence[tuple[str, dict[str, object]]], *, text: str) -> None:
        self.asked: list[list[str]] = []
        self.url = ""
        self._turns = [Turn(tool=tool, given=given) for tool, given in calls]
        self._last = Turn(text=text)
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._served = serving(self.answer)
        self.url = self._served.__enter__()
        return self

    def __exit__(self, *trouble: object) -> None:
        self._served.__exit__(None, None, None)

    def answer(self, path: str, body: dict[str, Any], _: Message) -> Response | None:
        """Return the response to a request; the headers do not matter."""
        protocol = spoken(path)
        if protocol is None:
            return whole({"totalTokens": 100}) if path.endswith(":countTokens") else None
        turn = self._last
        with self._lock:
            number = len(self.asked)
            if body.get("tools"):
                self.asked.append(protocol.shown(body))
                turn = self._turns[number] if number < len(self._turns) else self._last
        return protocol.respond(body, turn, number, path)


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Serve a model on loopback inside the context; yield its address.

    ``answer`` is called from several threads.
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
    answer: Answer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the library
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer a model's request; anything else does not exist."""
        try:
            body = json.loads(self._read() or b"{}")
        except (ValueError, OSError, EOFError, zlib.error):
            body = None
        found = None
        if isinstance(body, dict):
            found = type(self).answer(self.path.partition("?")[0], body, self.headers)
        if found is None:
            self._send(404, "application/json", b"{}")
        else:
            self._send(200, found.kind, found.data)

    def do_GET(self) -> None:
        """Answer which models there are; nothing else exists."""
        if self.path.partition("?")[0].endswith("/models"):
            listed = [{"id": "scripted", "object": "model", "created": 1, "owned_by": "gitmem"}]
            found = whole({"object": "list", "data": listed, "models": []})
            self._send(200, found.kind, found.data)
        else:
            self._send(404, "application/json", b"{}")

    def do_HEAD(self) -> None:
        """Answer a client that asks whether a server listens."""
        self._send(200, "application/json", b"")

    def _read(self) -> bytes:
        """The body, at most so long; a longer one is cut and so is no JSON."""
        if "chunked" in self.headers.get(_CHUNKED, ""):
            raw = self._chunks()
        else:
            raw = self.rfile.read(min(int(self.headers.get("content-length") or 0), _LARGEST))
        return gzip.decompress(raw) if self.headers.get("content-encoding") == "gzip" else raw

    def _chunks(self) -> bytes:
        raw = b""
        while size := int(self.rfile.readline().strip() or b"0", 16):
            raw += self.rfile.read(min(size, _LARGEST))
            self.rfile.readline()
            if len(raw) > _LARGEST:
                raise EOFError
        self.rfile.readline()
        return raw

    def _send(self, code: int, kind: str, content: bytes) -> None:
        self.send_response(code)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
