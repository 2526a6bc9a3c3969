"""A question to a model behind an HTTP API, with the real library against loopback."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from gitmem.models.anthropic import MODEL, Anthropic
from gitmem.models.chat.openai import OpenAI
from gitmem.models.endpoint import CHAT, MESSAGES, endpoint
from gitmem.models.reply import Credentials, Prompt, Reply
from gitmem.models.served import Means, Served
from gitmem.models.server import Patience
from tests.support import messages_api as api
from tests.support.messages_api import Asked, MessagesApi, Script
from tests.support.sandbox import PATIENCE

SCHEMA = {
    "type": "object",
    "properties": {
        "ops": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"op": {"type": "string", "enum": ["keep", "skip"]}},
                "required": ["op"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["ops"],
    "additionalProperties": False,
}
PROMPT = Prompt(system="Judge the flags.", text='["f1"]', schema=SCHEMA, max_tokens=512)
GOOD = {"ops": [{"op": "keep"}]}
OTHER = {"ops": [{"op": "skip"}]}

#: As the real one, but no test waits long.
SHORT = Patience(call=PATIENCE, connect=1.0, pause=0.01, longest_pause=0.03)
BRIEF = replace(SHORT, call=2.0)  # for a call that is not answered


def good(_asked: Asked) -> object:
    """The right answer."""
    return GOOD


@contextmanager
def model(environ: dict[str, str], **more: Any) -> Iterator[Served]:
    """The model of the API that is spoken (`messages_api.SPOKEN`); it is stopped in the end."""
    name = more.pop("model", "")
    means = Means(
        clock=time.monotonic, chance=random.Random(7).random, **{"patience": SHORT, **more}
    )
    made: Served
    if api.SPOKEN[-1] is api.CHAT:
        made = OpenAI(endpoint(environ, CHAT), name or MODEL, means, environ=environ)
    else:
        made = Anthropic(endpoint(environ, MESSAGES), name or MODEL, means)
    try:
        yield made
    finally:
        made.stop()


def ask(made: Served, seconds: float = 20.0) -> Reply:
    """The reply to the question."""
    made.warm()  # a close has done so; what the import takes is not the question's time
    return made.ask(PROMPT, until=time.monotonic() + seconds)


def answered(script: Script, **more: Any) -> tuple[Reply, MessagesApi]:
    """The reply to one question, and the server that was asked it."""
    with MessagesApi(script) as server, model(server.environ, **more) as made:
        return ask(made), server


def refused(script: Script) -> tuple[Credentials, MessagesApi]:
    """The Credentials that one question and then another one raised, and the server."""
    with MessagesApi(script) as server, model(server.environ) as made:
        with pytest.raises(Credentials) as first:
            ask(made)
        with pytest.raises(Credentials) as second:
            ask(made)
    assert second.value.message == first.value.message
    return first.value, server
