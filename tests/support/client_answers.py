"""What the clients print when they are asked as a model: as much of it as is read.

Of each the version in tests/real_clients/others.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.support.programs import Behaviour, session


def answering(client: str, data: object | None, *, said: str = "") -> Behaviour:
    """A client that answers with ``data``, or in words: 100 tokens read and 10 written, by the model `m-1`."""
    text = said or json.dumps(data)
    if client == "claude":
        return Behaviour(out=session(data, said=said))
    printed = _PRINTED.get(client)
    return printed(text, data is not None) if printed else Behaviour(out=text)


def events(*rows: object) -> str:
    """One JSON object on each line."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def _codex(text: str, _: bool) -> Behaviour:
    message = {"type": "item.completed", "item": {"type": "agent_message", "text": text}}
    usage = {"input_tokens": 100, "cached_input_tokens": 40, "output_tokens": 10}
    done = {"type": "turn.completed", "usage": {**usage, "reasoning_output_tokens": 5}}
    return Behaviour(out=events({"type": "turn.started"}, message, done), answer=text)


def _gemini(text: str, _: bool) -> Behaviour:
    tokens = {"input": 60, "prompt": 100, "candidates": 7, "thoughts": 3, "cached": 40}
    stats = {"models": {"m-1": {"tokens": tokens}}}
    out = json.dumps({"response": text, "stats": stats}, indent=2)
    return Behaviour(out=out, err="Warning: 256-color support not detected.\n")


def _opencode(text: str, _: bool) -> Behaviour:
    tokens = {"input": 50, "output": 7, "reasoning": 3, "cache": {"read": 40, "write": 10}}
    finish = {"type": "step_finish", "part": {"tokens": tokens, "cost": 0.002}}
    return Behaviour(out=events({"type": "text", "part": {"text": text}}, finish))


def _copilot(text: str, _: bool) -> Behaviour:
    usage = {"inputTokens": 100, "outputTokens": 10, "cacheReadTokens": 40}
    figures = {"modelMetrics": {"m-1": {"usage": usage}}}
    message = {"type": "assistant.message", "data": {"content": text, "model": "m-1"}}
    out = events({"type": "assistant.turn_start", "data": {}}, message, {"type": "result"})
    return Behaviour(out=out, usage=json.dumps(figures))


def _qwen(text: str, answered: bool) -> Behaviour:
    block = {"type": "text", "text": text}
    message = {"type": "assistant", "message": {"model": "m-1", "content": [block]}}
    usage = {"input_tokens": 100, "output_tokens": 10, "cache_read_input_tokens": 40}
    result: dict[str, Any] = {"type": "result", "usage": usage, "is_error": not answered}
    if answered:
        result["result"] = text
    else:
        why = "Model produced plain text instead of calling the structured_output tool"
        result["error"] = {"message": why}
    return Behaviour(out=json.dumps([message, result]), code=int(not answered))


_PRINTED: dict[str, Callable[[str, bool], Behaviour]] = {
    "codex": _codex,
    "gemini": _gemini,
    "opencode": _opencode,
    "copilot": _copilot,
    "qwen": _qwen,
}
