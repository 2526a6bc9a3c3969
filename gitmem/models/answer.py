"""Read the body of an answer that came with HTTP 200: hostile until it has passed here.

The SDK would build objects out of anything (a login page becomes a `str`, a wrong shape a message
without content), so the bytes are read as they came.
"""

from __future__ import annotations

import json
from typing import Any

from gitmem.models.extract import Found, extract, outline
from gitmem.models.outcome import Next, Outcome
from gitmem.models.reply import Prompt, Stop
from gitmem.models.shapes import TOOL, Way
from gitmem.models.usage import Usage, token_counts

_FAILED = {
    Stop.CUT: "the answer was cut off at max_tokens; a smaller question may fit",
    Stop.WINDOW: "the question is larger than the model's context window; a smaller one may fit",
}


def read(content: bytes, *, kind: str, prompt: Prompt, way: Way) -> Outcome:
    """The outcome of a body; ``kind`` is its content type, ``way`` how the question was asked."""
    try:
        message = json.loads(content)
    except (ValueError, RecursionError):
        if "html" in kind or content.lstrip().startswith(b"<"):
            return _not_the_api("it sent a web page (a captive portal, or a proxy's error)")
        what = "is no JSON: it was damaged on its way" if content.strip() else "was empty"
        return Outcome(stop=Stop.INVALID, then=Next.AGAIN, problem=f"the answer {what}")
    if not isinstance(message, dict):
        return _not_the_api("its answer is no message")
    if message.get("type") == "error":
        return Outcome(stop=Stop.REJECTED, problem=f"the server says: {said(message)}")
    if not isinstance(message.get("content"), list):
        return _not_the_api("its answer has no content")
    return _judge(message, prompt, way)


def said(body: object) -> str:
    """The sentence in an error's body, wherever this server puts it; empty when there is none."""
    if isinstance(body, dict):
        for name in ("error", "message", "detail", "msg"):
            if body.get(name):
                return said(body[name])
        return ""
    if isinstance(body, list):
        return json.dumps(body)
    return body if isinstance(body, str) else ""


def _not_the_api(what: str) -> Outcome:
    return Outcome(
        stop=Stop.NOT_THE_API, then=Next.NEVER, problem=f"this is not the Messages API: {what}"
    )


def _judge(message: dict[str, Any], prompt: Prompt, way: Way) -> Outcome:
    named = message.get("model")
    found, stop, then = _answer(message, prompt, way)
    tokens_in, tokens_out = token_counts(message.get("usage"))
    return Outcome(
        stop=stop,
        then=then,
        data=found.data,
        problem=found.reason,
        usage=Usage(tokens_in=tokens_in, tokens_out=tokens_out, dollars=None),
        answered=named if isinstance(named, str) else "",
    )


def _answer(message: dict[str, Any], prompt: Prompt, way: Way) -> tuple[Found, Stop, Next]:
    """What the message says, why it stopped, and what follows."""
    reason = message.get("stop_reason")
    if reason == Stop.REFUSAL:
        details = message.get("stop_details")
        category = details.get("category") if isinstance(details, dict) else None
        about = f" ({category})" if isinstance(category, str) else ""
        return Found(reason=f"the model refused to answer{about}"), Stop.REFUSAL, Next.DONE
    if reason in _FAILED:
        stop = Stop(reason)
        return Found(reason=_FAILED[stop]), stop, Next.DONE
    if reason != Stop.END and not (reason == Stop.TOOL and way is Way.TOOL):
        problem = f"the answer ended for a reason that is none of ours: {ascii(reason)[:40]}"
        return Found(reason=problem), Stop.INVALID, Next.DONE
    return _find(message["content"], prompt, Stop(reason))


def _find(content: list[Any], prompt: Prompt, stop: Stop) -> tuple[Found, Stop, Next]:
    """The answer among the blocks: the input of our tool, else the JSON object in the text."""
    blocks = [block for block in content if isinstance(block, dict)]
    given = [
        block.get("input")
        for block in blocks
        if block.get("type") == "tool_use" and block.get("name") == TOOL
    ]
    for value in given:
        if isinstance(value, dict) and not outline(value, prompt.schema):
            return Found(data=value), stop, Next.DONE
    texts = [block.get("text") for block in blocks if block.get("type") == "text"]
    text = "".join(text for text in texts if isinstance(text, str))
    if not text.strip() and not given:
        return Found(reason="the answer says nothing"), Stop.INVALID, Next.DONE
    found = extract(text, prompt.schema)
    if found.data is not None:
        return found, stop, Next.DONE
    reason = outline(given[0], prompt.schema) if given else found.reason
    problem = f"the answer is not what was asked for: {reason}"
    return Found(reason=problem), Stop.INVALID, Next.PLAINER
