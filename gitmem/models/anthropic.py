"""The engine `anthropic`: the Messages API through the vendor's SDK, or any server that speaks it.

A module of its own because it alone imports the SDK (2.10), and only inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitmem.models import answer, connection
from gitmem.models.batches.api import MessageBatches
from gitmem.models.endpoint import MESSAGES
from gitmem.models.served import Served
from gitmem.models.shapes import MessagesShape

if TYPE_CHECKING:
    from gitmem.models.endpoint import Endpoint
    from gitmem.models.reply import Attempt, Prompt
    from gitmem.models.served import Means
    from gitmem.models.shapes import Shape

MODEL = "claude-haiku-5-5"
_TOKEN = MESSAGES.keys[1]  # a bearer token, not a key


class Anthropic(Served):
    """A model behind the Messages API."""

    name = "anthropic"

    def __init__(self, where: Endpoint, model: str, means: Means) -> None:
        super().__init__(where, model, MessagesShape(cache=where.is_vendor), means)

    def _library(self) -> Any:
        import anthropic

        return anthropic

    def _connect(self, library: Any) -> Any:
        where = self._endpoint
        is_token = where.key_name == _TOKEN
        return library.AsyncAnthropic(
            api_key=None if is_token else where.key,
            auth_token=where.key if is_token else None,
            base_url=where.url,
            max_retries=0,
            open_telemetry=False,
            http_client=connection.http(where),
            default_headers=connection.HEADERS,
        )

    def batches(self) -> MessageBatches:
        """Return the message batches of its server."""
        return MessageBatches(
            self._server, self._loop, connected=self._connected, library=self._library
        )

    def _create(self, client: Any) -> Any:
        return client.messages.with_streaming_response.create

    def _read(self, content: bytes, kind: str, prompt: Prompt, shape: Shape) -> Attempt:
        return answer.read(content, kind=kind, prompt=prompt, way=shape.way)
