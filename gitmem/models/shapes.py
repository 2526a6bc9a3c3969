"""The same question in plainer and plainer shapes, for servers that ignore or refuse the better ones (pure).

Of the servers that speak the Messages API, some honour `output_config.format`, some ignore it, some
only force tools, some refuse unknown fields. One ladder serves them all: structured output first, then
a forced tool, then plain text. The schema's text is always in the prompt.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.models.reply import Prompt

TOOL = "answer"

_ORDER = """\
Answer with one JSON object and nothing else: no words around it, no code fence.
It fits this JSON schema:
"""


def with_schema(prompt: Prompt) -> str:
    """Return the instructions, the order to answer in JSON, and the schema."""
    schema = json.dumps(prompt.schema, ensure_ascii=False, separators=(",", ":"))
    return f"{prompt.system}\n\n{_ORDER}{schema}"


class Way(StrEnum):
    """How the server is made to answer in JSON."""

    FORMAT = "format"
    TOOL = "tool"
    OBJECT = "object"
    TEXT = "text"


class Shape(Protocol):
    """Which fields a request has; the way to JSON is one of them."""

    @property
    def way(self) -> Way:
        """How the server is made to answer in JSON."""

    def body(self, prompt: Prompt, model: str) -> dict[str, Any]:
        """Return the parameters of a request."""

    def without(self, refusal: str) -> Shape | None:
        """Return the shape without the field that a server refused in these words; None at the end."""

    def below(self) -> Shape | None:
        """Return the next plainer shape, after an answer that was not JSON; None at the end."""

    def kept(self) -> dict[str, str | bool]:
        """Return what a note about a server keeps of the shape (docs/data-model.md)."""

    def as_kept(self, fields: Mapping[str, object]) -> Shape:
        """Return the shape as a note has it; what cannot be right there stays as it is."""


_BELOW = {Way.FORMAT: Way.TOOL, Way.TOOL: Way.TEXT}

#: The subject of a refusal with one of these words; the first that fits and is in use counts.
_NAMED = (
    ("cache", ("cache_control",)),
    ("thinking", ("thinking",)),
    ("effort", ("effort",)),
    (Way.FORMAT, ("format", "schema", "grammar", "structured", "output_config")),
    (Way.TOOL, ("tool",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesShape:
    """Which fields a request of the Messages API has: the way to JSON, and whether `thinking` and `effort` are sent.

    ``cache``: what questions share is marked for the prompt cache. A mark pays only where the questions
    after the first one wait for it, so only the vendor is sent one.
    """

    way: Way = Way.FORMAT
    thinking: bool = True
    effort: bool = True
    cache: bool = False

    def body(self, prompt: Prompt, model: str) -> dict[str, Any]:
        """Return the parameters of `messages.create`.

        Thinking is switched off because it counts against `max_tokens`, and local servers switch it
        on by default.
        """
        schema = dict(prompt.schema)
        shared: dict[str, Any] = {"type": "text", "text": with_schema(prompt)}
        if self.cache and prompt.shared:
            shared["cache_control"] = {"type": "ephemeral"}
        body: dict[str, Any] = {
            "model": model,
            "max_tokens": prompt.max_tokens,
            "system": [shared],
            "messages": [{"role": "user", "content": prompt.text}],
        }
        if self.thinking:
            body["thinking"] = {"type": "disabled"}
        config: dict[str, Any] = {"effort": "low"} if self.effort else {}
        if self.way is Way.FORMAT:
            config["format"] = {"type": "json_schema", "schema": schema}
        if config:
            body["output_config"] = config
        if self.way is Way.TOOL:
            body["tools"] = [
                {"name": TOOL, "description": "Gives the answer.", "input_schema": schema}
            ]
            body["tool_choice"] = {"type": "tool", "name": TOOL, "disable_parallel_tool_use": True}
        return body

    def without(self, refusal: str) -> MessagesShape | None:
        """Return the shape without the field that a server refused in these words; None at the end.

        Words that name no field of the request lead to the plainest shape.
        """
        words = refusal.lower()
        for field, marks in _NAMED:
            if not any(mark in words for mark in marks):
                continue
            if field == "cache" and self.cache:
                return replace(self, cache=False)
            if field == "thinking" and self.thinking:
                return replace(self, thinking=False)
            if field == "effort" and self.effort:
                return replace(self, effort=False)
            if field is self.way:
                # "output_config" alone may mean either of its fields.
                effort = self.effort and "output_config" not in words.replace("output_config.", "")
                return replace(self, way=_BELOW[self.way], effort=effort)
        plainest = MessagesShape(way=Way.TEXT, thinking=False, effort=False)
        return None if self == plainest else plainest

    def below(self) -> MessagesShape | None:
        """Return the next plainer shape, after an answer that was not JSON; None at the end."""
        return replace(self, way=_BELOW[self.way]) if self.way in _BELOW else None

    def kept(self) -> dict[str, str | bool]:
        """Return what a note about a server keeps of the shape."""
        return {"way": self.way.value, "thinking": self.thinking, "effort": self.effort}

    def as_kept(self, fields: Mapping[str, object]) -> MessagesShape:
        """Return the shape as a note has it; what cannot be right there stays as it is."""
        ways = {way.value: way for way in (*_BELOW, Way.TEXT)}
        return replace(
            self,
            way=ways.get(str(fields.get("way")), self.way),
            thinking=self.thinking and fields.get("thinking") is not False,
            effort=self.effort and fields.get("effort") is not False,
        )
