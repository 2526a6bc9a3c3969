"""A vendor's prompt cache on loopback: it counts as the vendor does, and is filled by what was answered."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace

from gitmem.models.anthropic import MODEL, Anthropic
from gitmem.models.endpoint import MESSAGES, endpoint
from gitmem.models.served import Means
from tests.support import messages_api as api
from tests.support.messages_api import Asked, MessagesApi, Sent

_TOKEN = 4  # characters


def made_for(server: MessagesApi, means: Means) -> Anthropic:
    """The engine for a loopback server that stands for the vendor's own."""
    where = endpoint(server.environ, MESSAGES)
    return Anthropic(replace(where, service=replace(MESSAGES, vendor=server.url)), MODEL, means)


class PromptCache:
    """Answers with the usage that a vendor with a prompt cache counts.

    ``answer`` gives the answer's JSON. The cache holds a part for the questions that arrive after an
    answer to it, as that of the vendor does.
    """

    def __init__(self, answer: Callable[[Asked], object]) -> None:
        self._answer = answer
        self._lock = threading.Lock()
        self._held: dict[str, float] = {}

    def __call__(self, asked: Asked) -> Sent:
        """Answer one request."""
        (system,) = asked.body["system"]
        shared, own = len(system["text"]) // _TOKEN, len(asked.text) // _TOKEN
        read = written = 0
        if "cache_control" in system:
            with self._lock:
                held = self._held.get(system["text"], asked.began) < asked.began
                self._held.setdefault(system["text"], asked.began + 0.02)
            read, written = (shared, 0) if held else (0, shared)
        said = json.dumps(self._answer(asked))
        usage = {
            "input_tokens": own + shared - read - written,
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": written,
            "output_tokens": len(said) // _TOKEN,
        }
        block = {"type": "text", "text": said}
        sent = api.message(block)
        return replace(
            sent, body=json.dumps(json.loads(sent.body) | {"usage": usage}).encode(), delay=0.05
        )
