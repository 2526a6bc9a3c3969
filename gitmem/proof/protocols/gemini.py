"""Google's generateContent, as far as an agent client reads it (pure).

https://ai.google.dev/api/generate-content
A module of its own because each protocol has one.
"""

from __future__ import annotations

import json
from typing import Any

from gitmem.proof.protocols.turn import OUT, Response, Turn, stream, strings, whole

ENDING = "generatecontent"
_JSON = "application/json"


def respond(body: dict[str, Any], turn: Turn, number: int, path: str) -> Response:
    """Return the response to a request; a side question that wants JSON gets an object."""
    del number
    wanted = body.get("generationConfig")
    kind = wanted.get("responseMimeType") if isinstance(wanted, dict) else ""
    part: dict[str, Any] = {"text": turn.text}
    if turn.tool:
        part = {"functionCall": {"name": turn.tool, "args": turn.given}}
    elif kind == _JSON and not body.get("tools"):
        # The one that Gemini CLI asks before a session: which model (0.61.0).
        choice = {"reasoning": "x", "model_choice": "flash", "complexity_score": 1}
        part = {"text": json.dumps({**choice, "complexity_reasoning": "x"})}
    answer = {
        "candidates": [
            {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
        ],
        "usageMetadata": {
            "promptTokenCount": turn.tokens,
            "candidatesTokenCount": OUT,
            "totalTokenCount": turn.tokens + OUT,
        },
        "modelVersion": "scripted",
    }
    return stream([f"data: {json.dumps(answer)}"]) if "stream" in path.lower() else whole(answer)


def shown(body: dict[str, Any]) -> list[str]:
    """Return every text that the model is shown, in order."""
    return list(strings([body.get("systemInstruction"), body.get("contents")]))
