"""Read a response of the Chat Completions API: an answer, a failure of the server, or a refusal of the model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gitmem.models.endpoint import CHAT
from gitmem.models.reply import Attempt, Prompt, Stop
from gitmem.models.response import body, cut, failed, finished, not_the_api
from gitmem.models.usage import Usage, chat_cache_read, chat_token_counts

if TYPE_CHECKING:
    from gitmem.models.shapes import Way

_API = CHAT.api


def read(content: bytes, *, kind: str, prompt: Prompt, way: Way) -> Attempt:
    """Return the result of a body; ``kind`` is its content type, ``way`` how the question was asked."""
    completion = body(content, kind=kind, api=_API)
    if isinstance(completion, Attempt):
        return completion
    if completion.get("error"):  # some gateways say so with a status of success
        return failed(completion)
    choices = completion.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        return not_the_api(_API, "its answer has no message")
    tokens_in, tokens_out = chat_token_counts(completion.get("usage"))
    named = completion.get("model")
    return replace(
        _judge(choice.get("finish_reason"), message, prompt, way),
        usage=Usage(
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cache_read=chat_cache_read(completion.get("usage")),
            dollars=None,
        ),
        answered=named if isinstance(named, str) else "",
    )


def _judge(reason: object, message: dict[str, Any], prompt: Prompt, way: Way) -> Attempt:
    said = message.get("refusal")
    if reason == "content_filter" or (isinstance(said, str) and said.strip()):
        about = " (content_filter)" if reason == "content_filter" else ""
        return Attempt(stop=Stop.REFUSAL, problem=f"the model refused to answer{about}")
    text = _text(message.get("content"))
    if reason == "length":
        return cut(Stop.CUT, text, prompt, way)
    if reason != "stop":
        problem = f"the answer ended for an unknown reason: {ascii(reason)[:40]}"
        return Attempt(stop=Stop.INVALID, problem=problem)
    return finished(text, prompt, way)


def _text(content: object) -> str:
    """Return a message's text: a string, or the texts of its parts."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""
