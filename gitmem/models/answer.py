"""Read a response of the Messages API: an answer, a failure of the server, or a refusal of the model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gitmem.models.endpoint import MESSAGES
from gitmem.models.extract import extract, outline
from gitmem.models.reply import Attempt, Prompt, Stop
from gitmem.models.response import body, cut, failed, finished, misshapen, not_the_api
from gitmem.models.shapes import TOOL, Way
from gitmem.models.usage import Usage, cache_counts, token_counts

_API = MESSAGES.api


def read(content: bytes, *, kind: str, prompt: Prompt, way: Way) -> Attempt:
    """Return the result of a body; ``kind`` is its content type, ``way`` how the question was asked."""
    message = body(content, kind=kind, api=_API)
    if isinstance(message, Attempt):
        return message
    if message.get("type") == "error":
        return failed(message)
    if not isinstance(message.get("content"), list):
        return not_the_api(_API, "its answer has no content")
    return _judge(message, prompt, way)


def _judge(message: dict[str, Any], prompt: Prompt, way: Way) -> Attempt:
    named = message.get("model")
    tokens_in, tokens_out = token_counts(message.get("usage"))
    read_in, written = cache_counts(message.get("usage"))
    return replace(
        _answer(message, prompt, way),
        usage=Usage(
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cache_read=read_in,
            cache_write=written,
            dollars=None,
        ),
        answered=named if isinstance(named, str) else "",
    )


def _answer(message: dict[str, Any], prompt: Prompt, way: Way) -> Attempt:
    """Return what the message says, why it stopped, and what follows."""
    reason = message.get("stop_reason")
    if reason == Stop.REFUSAL:
        details = message.get("stop_details")
        category = details.get("category") if isinstance(details, dict) else None
        about = f" ({category})" if isinstance(category, str) else ""
        return Attempt(stop=Stop.REFUSAL, problem=f"the model refused to answer{about}")
    blocks = [block for block in message["content"] if isinstance(block, dict)]
    if reason in (Stop.CUT, Stop.WINDOW):  # no set: a server may send a list
        # A call of our tool that was cut off is the shape that was asked for.
        way = Way.TEXT if _given(blocks) else way
        return cut(Stop(reason), _text(blocks), prompt, way)
    if reason != Stop.END and not (reason == Stop.TOOL and way is Way.TOOL):
        problem = f"the answer ended for an unknown reason: {ascii(reason)[:40]}"
        return Attempt(stop=Stop.INVALID, problem=problem)
    return _find(blocks, prompt, way, Stop(reason))


def _find(blocks: list[dict[str, Any]], prompt: Prompt, way: Way, stop: Stop) -> Attempt:
    """Return the answer among the blocks: the input of our tool, else the JSON object in the text."""
    given = _given(blocks)
    for value in given:
        if isinstance(value, dict) and not outline(value, prompt.schema):
            return Attempt(stop=stop, data=value)
    text = _text(blocks)
    if given and extract(text, prompt.schema).data is None:
        return misshapen(outline(given[0], prompt.schema), way)
    found = finished(text, prompt, way)
    return found if found.data is None else replace(found, stop=stop)


def _given(blocks: list[dict[str, Any]]) -> list[object]:
    """Return the input of each call of our tool."""
    calls = [block for block in blocks if block.get("type") == "tool_use"]
    return [block.get("input") for block in calls if block.get("name") == TOOL]


def _text(blocks: list[dict[str, Any]]) -> str:
    texts = [block.get("text") for block in blocks if block.get("type") == "text"]
    return "".join(text for text in texts if isinstance(text, str))
