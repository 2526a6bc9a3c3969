"""Anthropic's Messages API, as far as an agent client reads it (pure).

https://docs.anthropic.com/en/api/messages and its streaming page.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gitmem.proof.protocols.turn import OUT, Response, Turn, stream, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDING = "/v1/messages"


def respond(body: dict[str, Any], turn: Turn, number: int, path: str) -> Response:
    """Return the response to a request; ``number`` makes its ids unique."""
    del path
    block: dict[str, Any] = {"type": "text", "text": turn.text}
    if turn.tool:
        name = f"toolu_{number:04}"
        block = {"type": "tool_use", "id": name, "name": turn.tool, "input": turn.given}
    message = {
        "id": f"msg_{number:04}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": [block],
        "stop_reason": "tool_use" if turn.tool else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": turn.tokens, "output_tokens": OUT},
    }
    return finished(body, message)


def finished(body: dict[str, Any], message: dict[str, Any]) -> Response:
    """Return a finished message as the request wants it: whole, or as the events of its stream."""
    return stream(_events(message)) if body.get("stream") else whole(message)


def shown(body: dict[str, Any]) -> list[str]:
    """Return every text of the conversation, in order; the system prompt is the client's own."""
    return [
        text
        for message in body.get("messages") or []
        for text in texts(message.get("content") if isinstance(message, dict) else None)
    ]


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


def _events(message: dict[str, Any]) -> Iterator[str]:
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
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}"
