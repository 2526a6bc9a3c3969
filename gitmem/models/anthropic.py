"""The engine `anthropic`: the Messages API through the vendor's SDK, or any server that speaks it.

Only this module imports the SDK, and only inside functions: the import takes 1 to 2 seconds and belongs
into a thread beside other work (`Anthropic.warm`). The SDK sends and authenticates. Retries, deadlines
and reading the answer are ours, because those of the SDK (2.10) sleep as long as a server says, never
time out on a body that trickles, and take a login page for an answer.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from gitmem.core import errors
from gitmem.models import answer
from gitmem.models.answer import BodyTooLong, UnexpectedEncoding, decoded
from gitmem.models.endpoint import Endpoint, endpoint
from gitmem.models.event_loop import LoopThread
from gitmem.models.reply import LIMIT, Attempt, Next, Prompt, Reply, Stop
from gitmem.models.server import Patience, Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    import httpx2
    from anthropic import AsyncAnthropic

    from gitmem.models.shapes import Shape
    from gitmem.models.usage import Price

MODEL = "claude-haiku-5-5"


class Anthropic:
    """A model behind the Messages API.

    ``environ`` names the server, the key and the proxy. ``clock`` is monotonic, in seconds.
    ``chance`` gives numbers from 0 to 1 that spread retries. ``own_prices`` go before the table's;
    that of the model asked for also when another name answers. Raises Credentials or Usage at once
    when the environment cannot work.
    """

    name = "anthropic"

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], float],
        chance: Callable[[], float],
        model: str = "",
        patience: Patience | None = None,
        own_prices: Mapping[str, Price] | None = None,
    ) -> None:
        self.model = model or MODEL
        self._endpoint: Endpoint = endpoint(environ)
        self.host = self._endpoint.named
        self.here = self._endpoint.is_here
        self._loop = LoopThread()
        self._lock = threading.Lock()
        self._client: AsyncAnthropic | None = None
        self._server = Server(
            endpoint=self._endpoint,
            model=self.model,
            patience=patience or Patience(),
            clock=clock,
            chance=chance,
            own_prices=own_prices,
        )

    @property
    def waits(self) -> Callable[[str], None]:
        """What receives, from any thread, what is being waited for."""
        return self._server.waits

    @waits.setter
    def waits(self, hear: Callable[[str], None]) -> None:
        self._server.waits = hear

    def warm(self) -> None:
        """Import the SDK and make the client, so that the first question need not wait for it."""
        self._connected()

    def sent(self, prompt: Prompt) -> Mapping[str, object]:
        """Return the body of the first request; a server that refuses a field is asked without it."""
        return self._server.shape.body(prompt, self.model)

    def stop(self) -> None:
        """End every question under way and every later one: they raise Cancelled."""
        self._loop.stop()

    def ask(self, prompt: Prompt, *, until: float) -> Reply:
        """Ask one question, at the latest until the clock shows ``until``.

        May be called from many threads at once. Trouble with the model or on the way to it is a
        Reply with a problem. Raises Credentials when no question has a chance before a person has
        put the account in order, and Cancelled after `stop`.
        """
        client = self._connected()

        async def send(shape: Shape, limit: float) -> Attempt:
            return await self._send(client, shape, prompt, limit)

        return self._loop.run(self._server.ask(prompt, until, send))

    def _connected(self) -> AsyncAnthropic:
        with self._lock:
            if self._client is None:
                self._client = _client(self._endpoint)
                self._loop.at_stop(self._client.close)
            return self._client

    async def _send(
        self, client: AsyncAnthropic, shape: Shape, prompt: Prompt, limit: float
    ) -> Attempt:
        import httpx2

        create: Any = client.messages.with_streaming_response.create  # for it takes a dict here
        timeout = httpx2.Timeout(limit, connect=min(limit, self._server.patience.connect))
        try:
            async with create(**shape.body(prompt, self.model), timeout=timeout) as response:
                content = b"".join([chunk async for chunk in response.iter_bytes()])
                kind = response.headers.get("content-type", "")
            return answer.read(content, kind=kind, prompt=prompt, way=shape.way)
        except TimeoutError:
            raise
        except Exception as error:  # noqa: BLE001 - the SDK lets errors of the libraries below through
            return _trouble(self._endpoint, error)


def _client(endpoint: Endpoint) -> AsyncAnthropic:
    """Return the SDK's client, told everything that it would otherwise read from the environment."""
    import logging

    import anthropic

    # ANTHROPIC_LOG makes it print what servers say as they say it, and what is asked.
    for name in ("anthropic", "httpx2"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    client = anthropic.AsyncAnthropic(
        api_key=None if endpoint.is_token else endpoint.key,
        auth_token=endpoint.key if endpoint.is_token else None,
        base_url=endpoint.url,
        max_retries=0,
        open_telemetry=False,
        http_client=_http(endpoint),
        default_headers={"accept-encoding": "identity"},  # so that what is counted is what is kept
    )
    _ = client.messages  # loaded on first use, which takes as long as the import itself
    return client


def _http(endpoint: Endpoint) -> httpx2.AsyncClient:
    """Return the HTTP client: the person's proxy and authorities, no redirects, bounded bodies."""
    import ssl

    import httpx2

    verify: ssl.SSLContext | bool = True
    if endpoint.cafile or endpoint.capath:
        try:
            verify = ssl.create_default_context(
                cafile=endpoint.cafile or None, capath=endpoint.capath or None
            )
        except OSError as error:
            raise errors.UsageError(
                f"SSL_CERT_FILE or SSL_CERT_DIR holds no certificates: {error}"
            ) from error
    return httpx2.AsyncClient(
        proxy=endpoint.proxy or None,
        verify=verify,
        trust_env=False,
        follow_redirects=False,  # a redirect would send the question to a host that no person named
        event_hooks={"response": [_bound]},
    )


async def _bound(response: httpx2.Response) -> None:
    """Bound the body of every response, also of those that the SDK reads by itself (errors)."""
    import httpx2

    whole = response.stream
    chunks = decoded(response.headers, aiter(whole))  # type: ignore[arg-type]

    class Bounded(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for chunk in chunks:
                yield chunk

        async def aclose(self) -> None:
            await whole.aclose()  # type: ignore[union-attr]

    response.stream = Bounded()


def _trouble(endpoint: Endpoint, error: Exception) -> Attempt:
    """Return the result of a request that ended in an error of the SDK or of the libraries below it.

    Raises Credentials as `answer.refusal` does.
    """
    import anthropic
    import httpx2

    if isinstance(error, anthropic.APIStatusError):
        return answer.refusal(endpoint, error.status_code, error.response.headers, error.body)
    cause = error.__cause__ or error
    if isinstance(cause, BodyTooLong):
        problem = f"{endpoint.host} sends more than any answer has ({LIMIT // 1024} kB)"
        return Attempt(stop=Stop.INVALID, problem=problem)
    if isinstance(cause, UnexpectedEncoding):
        problem = f"{endpoint.host} answers in an encoding that it was not asked for ({cause})"
        return Attempt(stop=Stop.INVALID, problem=endpoint.redact(problem))
    why = endpoint.redact(str(cause) or type(cause).__name__)
    if isinstance(error, anthropic.APIConnectionError | httpx2.HTTPError | OSError):
        problem = f"{endpoint.named} was not reached, or broke off: {why}"
        return Attempt(stop=Stop.UNREACHABLE, then=Next.AGAIN, problem=problem)
    problem = f"the request failed with {type(error).__name__}: {why}"
    return Attempt(stop=Stop.FAILED, problem=problem)
