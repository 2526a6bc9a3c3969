"""Read a response of the Messages API: an answer, a failure of the server, or a refusal of the model."""

from __future__ import annotations

from typing import Any

from gitmem.models.endpoint import MESSAGES
from gitmem.models.extract import Extraction, extract, outline
from gitmem.models.reply import Attempt, Next, Prompt, Stop
from gitmem.models.response import TOO_MUCH, body, failed, not_the_api
from gitmem.models.shapes import TOOL, Way
from gitmem.models.usage import Usage, token_counts

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
    extraction, stop, then = _answer(message, prompt, way)
    tokens_in, tokens_out = token_counts(message.get("usage"))
    return Attempt(
        stop=stop,
        then=then,
        data=extraction.data,
        problem=extraction.reason,
        usage=Usage(tokens_in=tokens_in, tokens_out=tokens_out, dollars=None),
        answered=named if isinstance(named, str) else "",
    )


def _answer(message: dict[str, Any], prompt: Prompt, way: Way) -> tuple[Extraction, Stop, Next]:
    """Return what the message says, why it stopped, and what follows."""
    reason = message.get("stop_reason")
    if reason == Stop.REFUSAL:
        details = message.get("stop_details")
        category = details.get("category") if isinstance(details, dict) else None
        about = f" ({category})" if isinstance(category, str) else ""
        return Extraction(reason=f"the model refused to answer{about}"), Stop.REFUSAL, Next.DONE
    if reason in TOO_MUCH:
        stop = Stop(reason)
        return Extraction(reason=TOO_MUCH[stop]), stop, Next.DONE
    if reason != Stop.END and not (reason == Stop.TOOL and way is Way.TOOL):
        problem = f"the answer ended for an unknown reason: {ascii(reason)[:40]}"
        return Extraction(reason=problem), Stop.INVALID, Next.DONE
    return _find(message["content"], prompt, Stop(reason))


def _find(content: list[Any], prompt: Prompt, stop: Stop) -> tuple[Extraction, Stop, Next]:
    """Return the answer among the blocks: the input of our tool, else the JSON object in the text."""
    blocks = [block for block in content if isinstance(block, dict)]
    given = [
        block.get("input")
        for block in blocks
        if block.get("type") == "tool_use" and block.get("name") == TOOL
    ]
    for value in given:
        if isinstance(value, dict) and not outline(value, prompt.schema):
            return Extraction(data=value), stop, Next.DONE
    texts = [block.get("text") for block in blocks if block.get("type") == "text"]
    text = "".join(text for text in texts if isinstance(text, str))
    if not text.strip() and not given:
        return Extraction(reason="the answer says nothing"), Stop.INVALID, Next.DONE
    extraction = extract(text, prompt.schema)
    if extraction.data is not None:
        return extraction, stop, Next.DONE
    reason = outline(given[0], prompt.schema) if given else extraction.reason
    problem = f"the answer is not what was asked for: {reason}"
    return Extraction(reason=problem), Stop.INVALID, Next.PLAINER
