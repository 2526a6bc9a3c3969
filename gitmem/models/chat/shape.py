"""A question as a request of the Chat Completions API, in plainer and plainer shapes (pure).

Most servers that speak it hold an answer to a JSON schema by a grammar; some only to JSON, some to
nothing. The schema's text is always in the prompt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gitmem.models.shapes import Way, with_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.models.reply import Prompt

_BELOW = {Way.FORMAT: Way.OBJECT, Way.OBJECT: Way.TEXT}
_NAME = "answer"
_LIMITS = ("max_tokens", "max_completion_tokens")

#: What a refusal is about, by its words; the first that fits and is in use counts.
_EFFORT = ("reasoning", "thinking", "effort")
_FORMAT = ("format", "schema", "grammar", "json", "structured")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatShape:
    """Which fields a request has.

    ``effort`` is `reasoning_effort` (empty: not sent), ``limit`` the field that bounds the answer.
    ``near`` is true for a server on this machine or network: it compiles the schema of each question,
    so it gets the one with the question's own bounds. A vendor compiles a schema once and keeps it.
    """

    way: Way = Way.FORMAT
    effort: str = "low"
    limit: str = "max_completion_tokens"
    near: bool = False

    def body(self, prompt: Prompt, model: str) -> dict[str, Any]:
        """Return the parameters of `chat.completions.create`."""
        body: dict[str, Any] = {
            "model": model,
            "messages": [
                {"role": "system", "content": with_schema(prompt)},
                {"role": "user", "content": prompt.text},
            ],
            self.limit: prompt.max_tokens,
        }
        if self.effort:
            body["reasoning_effort"] = self.effort
        if self.way is Way.FORMAT:
            bounded = prompt.bounded if self.near and prompt.bounded else prompt.schema
            schema = {"name": _NAME, "strict": True, "schema": dict(bounded)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        if self.way is Way.OBJECT:
            body["response_format"] = {"type": "json_object"}
        return body

    def without(self, refusal: str) -> ChatShape | None:
        """Return the shape without the field that a server refused in these words; None at the end.

        Words that name no field of the request lead to the plainest shape.
        """
        words = refusal.lower()
        if self.effort and any(mark in words for mark in _EFFORT):
            return replace(self, effort="")
        if self.limit in words:
            other = _LIMITS[1 - _LIMITS.index(self.limit)]
            # Each names the other one as what to use; `max_tokens` is no part of that name.
            if other in words:
                return replace(self, limit=other)
        if self.way in _BELOW and any(mark in words for mark in _FORMAT):
            return replace(self, way=_BELOW[self.way])
        plainest = replace(self, way=Way.TEXT, effort="")
        return None if self == plainest else plainest

    def below(self) -> ChatShape | None:
        """Return the next plainer shape, after an answer that was not JSON; None at the end."""
        return replace(self, way=_BELOW[self.way]) if self.way in _BELOW else None

    def kept(self) -> dict[str, str | bool]:
        """Return what a note about a server keeps of the shape."""
        return {"way": self.way.value, "effort": bool(self.effort), "limit": self.limit}

    def as_kept(self, fields: Mapping[str, object]) -> ChatShape:
        """Return the shape as a note has it; what cannot be right there stays as it is."""
        ways = {way.value: way for way in (*_BELOW, Way.TEXT)}
        limit = fields.get("limit")
        return replace(
            self,
            way=ways.get(str(fields.get("way")), self.way),
            effort="" if fields.get("effort") is False else self.effort,
            limit=limit if isinstance(limit, str) and limit in _LIMITS else self.limit,
        )
