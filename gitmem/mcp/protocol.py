"""Messages of the Model Context Protocol: JSON-RPC 2.0, one message a line (pure, hot lane).

https://modelcontextprotocol.io/specification/2026-07-28 and the revisions before it. Up to 2025-11-25 a
client begins with `initialize`; since 2026-07-28 every request names its revision, and there is no session.
A request says by itself which of the two it is, so both are served at any time.
"""

from __future__ import annotations

from gitmem.core.jsonline import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

STATELESS = ("2026-07-28",)
#: Revisions with a handshake, the newest first.
SESSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")

PARSE_ERROR, INVALID_REQUEST, UNKNOWN_METHOD, INVALID_PARAMS, INTERNAL_ERROR = (
    -32700,
    -32600,
    -32601,
    -32602,
    -32603,
)
UNSUPPORTED_VERSION = -32022
NOT_FOUND = -32002  # a resource that is not there, in revisions with a handshake

_META = "io.modelcontextprotocol/"
_VERSION = _META + "protocolVersion"
_CAPABILITIES = _META + "clientCapabilities"
_CLIENT = _META + "clientInfo"
_SERVER = _META + "serverInfo"

MOST = 100  # messages of one batch; a client of 2025-03-26 may send them


class Failed(Exception):
    """A request that gets an error: its code (see above), a sentence, and data for a program."""

    def __init__(self, code: int, message: str, data: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class Request:
    """One request. ``client`` is the name that the client gives itself, as far as this request tells.

    ``stateless`` says that it is of a revision without a handshake.
    """

    __slots__ = ("client", "identity", "method", "params", "stateless")

    def __init__(self, identity: object, method: str, params: Mapping[str, object]) -> None:
        self.identity = identity
        self.method = method
        self.params = params
        meta = mapping(params.get("_meta"))
        self.stateless = _VERSION in meta
        named = meta.get(_CLIENT) if self.stateless else params.get("clientInfo")
        name = mapping(named).get("name")
        self.client = name if isinstance(name, str) else ""

    def refuse_unknown_revision(self) -> None:
        """Raise Failed for a revision that is not spoken here, or one that lacks what it has to say."""
        if not self.stateless:
            return
        meta = mapping(self.params.get("_meta"))
        asked = meta[_VERSION]
        if asked not in STATELESS:
            known = [*STATELESS, *SESSIONS]
            data = {"supported": known, "requested": asked if isinstance(asked, str) else ""}
            raise Failed(UNSUPPORTED_VERSION, "Unsupported protocol version", data)
        if not isinstance(meta.get(_CAPABILITIES), dict):
            raise Failed(INVALID_PARAMS, f"_meta lacks {_CAPABILITIES}")


def messages(line: bytes) -> tuple[list[object], bool]:
    """Return the messages of one line, and whether they came as a batch. Raises Failed."""
    try:
        value = loads(line.decode("utf-8"))
    except ValueError as error:  # of UTF-8, too
        raise Failed(PARSE_ERROR, "Parse error: a line is one JSON value in UTF-8") from error
    if not isinstance(value, list):
        return [value], False
    if not value:
        raise Failed(INVALID_REQUEST, "Invalid request: an empty batch")
    if len(value) > MOST:
        raise Failed(INVALID_REQUEST, f"Invalid request: more than {MOST} messages in a batch")
    return value, True


def request(message: object) -> Request | None:
    """Return a message as a request; None for a notification or an answer, which get none. Raises Failed."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise Failed(INVALID_REQUEST, 'Invalid request: no object with "jsonrpc":"2.0"')
    if "method" not in message and ("result" in message or "error" in message):
        return None
    method = message.get("method")
    if not isinstance(method, str):
        raise Failed(INVALID_REQUEST, "Invalid request: no method")
    if "id" not in message:
        return None
    if identity(message) is None:
        raise Failed(INVALID_REQUEST, "Invalid request: an id is a string or an integer")
    params = message.get("params", {})
    if not isinstance(params, dict):
        raise Failed(INVALID_PARAMS, "Invalid params: an object is expected")
    return Request(message["id"], method, params)


def identity(message: object) -> object:
    """Return the id of a message, a string or an integer; None when it has none."""
    found = message.get("id") if isinstance(message, dict) else None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None


def cancelled(message: object) -> object:
    """Return the id of the request that a notification takes back; None for every other message."""
    if not isinstance(message, dict) or message.get("method") != "notifications/cancelled":
        return None
    return identity({"id": mapping(message.get("params")).get("requestId")})


def agreed(params: Mapping[str, object]) -> str:
    """Return the revision of a session: the one that `initialize` asks for, else the newest with a handshake."""
    asked = params.get("protocolVersion")
    return asked if isinstance(asked, str) and asked in SESSIONS else SESSIONS[0]


def result(asked: Request, value: Mapping[str, object], server: Mapping[str, str]) -> object:
    """Return the answer to a request; ``server`` is the name and version of this server."""
    if asked.stateless:
        meta = {_SERVER: dict(server)}
        value = {"resultType": "complete", **value, "_meta": meta}
    return {"jsonrpc": "2.0", "id": asked.identity, "result": dict(value)}


def error(found: object, failed: Failed) -> object:
    """Return an error as the answer to the request with the id ``found`` (None: it cannot be told)."""
    told: dict[str, object] = {"code": failed.code, "message": failed.message}
    if failed.data is not None:
        told["data"] = dict(failed.data)
    return {"jsonrpc": "2.0", "id": found, "error": told}


def cached(value: Mapping[str, object], asked: Request, *, seconds: int) -> dict[str, object]:
    """Return a result with how long a client may keep it, where the request's revision has that."""
    if not asked.stateless:
        return dict(value)
    return {**value, "ttlMs": seconds * 1000, "cacheScope": "private"}


def line(answer: object) -> bytes:
    """Return an answer as it is sent."""
    return dumps(answer).encode("utf-8", "replace") + b"\n"


def mapping(value: object) -> Mapping[str, object]:
    """Return a JSON object as it is, and anything else as an empty one."""
    return value if isinstance(value, dict) else {}
