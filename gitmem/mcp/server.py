"""Answer one request of the protocol (hot lane).

Reads no stream and writes none: `gitmem.cli.mcp` does. What a request needs is loaded when it comes, so that
the answer to `initialize` stays cheap.
"""

from __future__ import annotations

from gitmem.core.errors import GitmemError
from gitmem.mcp import protocol
from gitmem.mcp.protocol import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Protocol

    from gitmem.mcp.protocol import Request

    class Workings(Protocol):
        """What the server works on: one repository, seen by one client."""

        def instructions(self, client: str) -> str:
            """Return what a client is told at the start; never raises."""

        def call(self, tool: str, given: Mapping[str, object], client: str, session: str) -> str:
            """Run a tool. Raises GitmemError for what the model can mend."""

        def resources(self) -> list[Mapping[str, object]]:
            """Return every resource as `resources/list` gives it. Raises GitmemError."""

        def resource(self, uri: str) -> str | None:
            """Return the text of a resource; None where there is none. Raises GitmemError."""


_PROMPT = "flag-now"
_ABOUT_PROMPT = "Ask for everything durable that this conversation has not flagged yet."
_FOREVER = 3_600  # seconds that a client may keep what only another version of gitmem changes
_LONGEST = 64  # characters of a client's name
_CAPABILITIES: dict[str, object] = {"tools": {}, "resources": {}, "prompts": {}}


class Server:
    """A server for one repository. ``version`` is gitmem's."""

    __slots__ = ("_answers", "_client", "_info", "_workings")

    def __init__(self, workings: Workings, version: str) -> None:
        self._workings = workings
        self._info = {"name": "gitmem", "version": version}
        self._client = ""
        self._answers: dict[str, Callable[[Request], Mapping[str, object]]] = {
            "initialize": self._initialize,
            "server/discover": self._discover,
            "ping": _nothing,
            "tools/list": _tools,
            "tools/call": self._call,
            "resources/list": self._resources,
            "resources/templates/list": _templates,
            "resources/read": self._resource,
            "prompts/list": _prompts,
            "prompts/get": _prompt,
        }

    def answer(self, message: object) -> object | None:
        """Return the answer to one message of a line; None where the protocol has none."""
        try:
            asked = protocol.request(message)
            if asked is None:
                return None
            asked.refuse_unknown_revision()
            answers = self._answers.get(asked.method, _unknown)
            return protocol.result(asked, answers(asked), self._info)
        except Failed as failed:
            return protocol.error(protocol.identity(message), failed)
        except Exception as error:  # noqa: BLE001 - one request never ends the server
            told = f"{type(error).__name__}: {error} (a bug in gitmem)"[:500]
            ours = Failed(protocol.INTERNAL_ERROR, told)
            return protocol.error(protocol.identity(message), ours)

    def _initialize(self, asked: Request) -> Mapping[str, object]:
        self._client = asked.client[:_LONGEST]
        return {
            "protocolVersion": protocol.agreed(asked.params),
            "capabilities": _CAPABILITIES,
            "serverInfo": {**self._info, "title": "gitmem"},
            "instructions": self._workings.instructions(self._client),
        }

    def _discover(self, asked: Request) -> Mapping[str, object]:
        told = {
            "supportedVersions": [*protocol.STATELESS, *protocol.SESSIONS],
            "capabilities": _CAPABILITIES,
            "instructions": self._workings.instructions(self._named(asked)),
        }
        return protocol.cached(told, asked, seconds=0)  # what waits changes

    def _call(self, asked: Request) -> Mapping[str, object]:
        from gitmem.mcp import tools

        name, given = asked.params.get("name"), asked.params.get("arguments", {})
        if not isinstance(name, str) or name not in tools.NAMES:
            raise Failed(protocol.INVALID_PARAMS, f"Unknown tool: {_shown(name)}")
        if not isinstance(given, dict):
            raise Failed(protocol.INVALID_PARAMS, "Invalid params: arguments are an object")
        wrong = tools.objection(name, given)
        if wrong:
            return _said(wrong, failed=True)
        try:
            told = self._workings.call(name, given, self._named(asked), _session(asked.params))
        except GitmemError as error:
            hint = f"\nhint: {error.hint}" if error.hint else ""
            return _said(error.message + hint, failed=True)
        return _said(told, failed=False)

    def _resources(self, asked: Request) -> Mapping[str, object]:
        try:
            listed = self._workings.resources()
        except GitmemError as error:
            raise Failed(protocol.INTERNAL_ERROR, error.message) from error
        return protocol.cached({"resources": listed}, asked, seconds=0)

    def _resource(self, asked: Request) -> Mapping[str, object]:
        uri = asked.params.get("uri")
        if not isinstance(uri, str):
            raise Failed(protocol.INVALID_PARAMS, "Invalid params: uri is a string")
        try:
            text = self._workings.resource(uri)
        except GitmemError as error:
            raise Failed(protocol.INTERNAL_ERROR, error.message) from error
        if text is None:
            code = protocol.INVALID_PARAMS if asked.stateless else protocol.NOT_FOUND
            raise Failed(code, "Resource not found", {"uri": uri[:200]})
        content = {"uri": uri, "mimeType": "text/markdown", "text": text}
        return protocol.cached({"contents": [content]}, asked, seconds=0)

    def _named(self, asked: Request) -> str:
        return asked.client[:_LONGEST] or self._client


def _unknown(asked: Request) -> Mapping[str, object]:
    raise Failed(protocol.UNKNOWN_METHOD, f"Method not found: {asked.method[:100]}")


def _nothing(asked: Request) -> Mapping[str, object]:
    del asked
    return {}


def _tools(asked: Request) -> Mapping[str, object]:
    from gitmem.mcp import tools

    return protocol.cached({"tools": tools.listed()}, asked, seconds=_FOREVER)


def _templates(asked: Request) -> Mapping[str, object]:
    return protocol.cached({"resourceTemplates": []}, asked, seconds=_FOREVER)


def _prompts(asked: Request) -> Mapping[str, object]:
    listed = [{"name": _PROMPT, "title": "Flag what is durable", "description": _ABOUT_PROMPT}]
    return protocol.cached({"prompts": listed}, asked, seconds=_FOREVER)


def _prompt(asked: Request) -> Mapping[str, object]:
    if asked.params.get("name") != _PROMPT:
        named = _shown(asked.params.get("name"))
        raise Failed(protocol.INVALID_PARAMS, f"Unknown prompt: {named}")
    from gitmem.mcp import words

    message = {"role": "user", "content": {"type": "text", "text": words.FLAG_NOW}}
    return {"description": _ABOUT_PROMPT, "messages": [message]}


def _shown(name: object) -> str:
    """Return a name as an error shows it; anything else may be nested deeper than it can be shown."""
    return name[:100] if isinstance(name, str) else "its name is no string"


def _said(text: str, *, failed: bool) -> Mapping[str, object]:
    return {"content": [{"type": "text", "text": text}], "isError": failed}


def _session(params: Mapping[str, object]) -> str:
    """Return the session that a call names: Codex 0.171.0 does, as `threadId`."""
    found = protocol.mapping(params.get("_meta")).get("threadId")
    return found[:100] if isinstance(found, str) else ""
