"""OpenAI's Chat Completions API, as far as an agent client reads it (pure).

https://platform.openai.com/docs/api-reference/chat
A module of its own because each protocol has one.
"""

from __future__ import annotations

import json
from typing import Any

from gitmem.proof.protocols.turn import OUT, Response, Turn, stream, strings, whole

ENDING = "/chat/completions"


def respond(body: dict[str, Any], turn: Turn, number: int, path: str) -> Response:
    """Return the response to a request; ``number`` makes its ids unique."""
    del path
    called = {"name": turn.tool, "arguments": json.dumps(turn.given)}
    calls = [{"id": f"call_{number}", "type": "function", "function": called}]
    usage = {
        "prompt_tokens": turn.tokens,
        "completion_tokens": OUT,
        "total_tokens": turn.tokens + OUT,
    }
    head = {"id": f"chatcmpl-{number}", "created": 1, "model": body.get("model")}
    why = "tool_calls" if turn.tool else "stop"
    if not body.get("stream"):
        message: dict[str, Any] = {"role": "assistant", "content": turn.text}
        if turn.tool:
            message = {"role": "assistant", "content": None, "tool_calls": calls}
        choice = {"index": 0, "message": message, "finish_reason": why}
        return whole({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
    delta: dict[str, Any] = {"content": turn.text}
    if turn.tool:
        delta = {"tool_calls": [{"index": 0, **one} for one in calls]}
    parts: list[list[dict[str, Any]]] = [
        [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}],
        [{"index": 0, "delta": delta, "finish_reason": None}],
        [{"index": 0, "delta": {}, "finish_reason": why}],
    ]
    chunk = {**head, "object": "chat.completion.chunk"}
    events = [json.dumps({**chunk, "choices": choices}) for choices in parts]
    events += [json.dumps({**chunk, "choices": [], "usage": usage}), "[DONE]"]
    return stream(f"data: {event}" for event in events)


def shown(body: dict[str, Any]) -> list[str]:
    """Return every text that the model is shown, in order."""
    return list(strings(body.get("messages")))
