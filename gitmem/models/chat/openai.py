"""The engine `openai`: the Chat Completions API through the vendor's SDK, or any server that speaks it.

Only this module imports the SDK (3.50 or newer), and only inside functions. It is an extra of the
distribution, because most servers need none of it but the shape of a question.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from gitmem.core.errors import UsageError
from gitmem.models import connection
from gitmem.models.chat import completion
from gitmem.models.chat.shape import ChatShape
from gitmem.models.served import Served

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.models.endpoint import Endpoint
    from gitmem.models.reply import Attempt, Prompt
    from gitmem.models.served import Means
    from gitmem.models.shapes import Shape

MODEL = "gpt-6-luna"  # the vendor's cheapest of the current ones


def installed() -> bool:
    """Tell whether the SDK can be imported, without importing it."""
    return importlib.util.find_spec("openai") is not None


def check_installed() -> None:
    """Raise UsageError, with how to add it, when the SDK is not installed."""
    if not installed():
        raise UsageError(
            "the engine openai needs the library openai, which is not installed",
            hint="add it: pip install 'gitmem-cli[openai]' "
            "(or uv tool install 'gitmem-cli[openai]', pipx inject gitmem-cli openai)",
        )


class OpenAI(Served):
    """A model behind the Chat Completions API.

    ``called`` is what `--engine` said: `openai`, or the name of a server on this machine. ``environ``
    has the person's organization and project. Raises UsageError when the SDK is not installed.
    """

    def __init__(
        self,
        where: Endpoint,
        model: str,
        means: Means,
        *,
        called: str = "openai",
        environ: Mapping[str, str],
    ) -> None:
        check_installed()
        self.name = called
        self._account = environ.get("OPENAI_ORG_ID"), environ.get("OPENAI_PROJECT_ID")
        shape = ChatShape()
        if not where.is_vendor:
            # Thinking counts against the limit, and servers of one's own switch it on by default.
            effort = "none" if where.is_near else "low"
            shape = ChatShape(effort=effort, limit="max_tokens", near=where.is_near)
        super().__init__(where, model, shape, means)

    def _library(self) -> Any:
        import openai

        return openai

    def _connect(self, library: Any) -> Any:
        client = library.AsyncOpenAI(
            api_key=self._endpoint.key,
            base_url=self._endpoint.url,
            max_retries=0,
            http_client=connection.http(self._endpoint),
            default_headers=connection.HEADERS,
        )
        # Where nothing is given, the library takes these from the process's environment.
        client.organization, client.project = (
            self._account if self._endpoint.is_vendor else (None, None)
        )
        client.admin_api_key = client.webhook_secret = None
        return client

    def _create(self, client: Any) -> Any:
        return client.chat.completions.with_streaming_response.create

    def _read(self, content: bytes, kind: str, prompt: Prompt, shape: Shape) -> Attempt:
        return completion.read(content, kind=kind, prompt=prompt, way=shape.way)
