"""OpenAI's Responses API, as far as an agent client reads it (pure).

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

import json
from typing import Any

from gitmem.proof.protocols.turn import OUT, Response, Turn, stream, strings, whole

ENDING = "/responses"


def respond(body: dict[str, Any], turn: Turn, number: int, path: str) -> Response:
    """Return the response to a request; ``number`` makes its ids unique."""
    del path
    said = {"type": "output_text", "text": turn.text, "annotations": []}
    item: dict[str, Any] = {
        "type": "message",
        "id": f"msg_{number}",
        "role": "assistant",
        "content": [said],
    }
    if turn.tool:
        item = {
            "type": "function_call",
            "id": f"fc_{number}",
            "call_id": f"call_{number}",
            "name": turn.tool,
            "arguments": json.dumps(turn.given),
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
        "output_tokens": OUT,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": turn.tokens + OUT,
    }
    done = {**begun, "status": "completed", "output": [item], "usage": usage}
    if not body.get("stream"):
        return whole(done)
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": done},
    ]
    numbered = [{**event, "sequence_number": at} for at, event in enumerate(events)]
    return stream(f"event: {event['type']}\ndata: {json.dumps(event)}" for event in numbered)


def shown(body: dict[str, Any]) -> list[str]:
    """Return every text that the model is shown, in order."""
    return list(strings([body.get("instructions"), body.get("input")]))
