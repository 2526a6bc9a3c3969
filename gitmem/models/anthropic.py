"""The engine `anthropic`: the Messages API through the vendor's SDK, or any server that speaks it.

The only importer of the SDK, and only inside functions: importing it takes 1 to 2 seconds and
belongs into a thread beside other work (`Anthropic.warm`). The SDK sends and authenticates; retries,
deadlines, reading the answer and what happens next are ours, because its own (2.10) sleep as long as
a server says, never time out on a body that trickles, and take a login page for an answer.
"""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gitmem.core import errors
from gitmem.models import answer, prices
from gitmem.models.attempt import LIMIT, Attempt, Next
from gitmem.models.endpoint import Endpoint, endpoint
from gitmem.models.event_loop import LoopThread
from gitmem.models.reply import Credentials, Prompt, Reply, Stop
from gitmem.models.response_body import BodyTooLong, UnexpectedEncoding, decoded
from gitmem.models.server import Patience, Server, duration
from gitmem.models.usage import together

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    import httpx2
    from anthropic import AsyncAnthropic

    from gitmem.models.shapes import Shape

MODEL = "claude-haiku-5-5"


class Anthropic:
    """A model behind the Messages API.

    ``environ`` names the server, the key and the proxy; ``clock`` is monotonic, in seconds;
    ``chance`` gives numbers from 0 to 1 that spread retries; ``own_prices`` go before the table's,
    that of the model asked for also when another name answers. Raises Credentials or Usage at once when the environment cannot work.
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
        own_prices: Mapping[str, prices.Price] | None = None,
    ) -> None:
        self.model = model or MODEL
        self._endpoint: Endpoint = endpoint(environ)
        self.host = self._endpoint.named
        self.here = self._endpoint.is_here
        self._clock = clock
        self._own_prices = own_prices
        self._background = LoopThread()
        self._lock = threading.Lock()
        self._client: AsyncAnthropic | None = None
        # Only the background thread touches what the questions have taught about the server.
        self.waits: Callable[[str], None] = lambda _: None
        self._server = Server(
            host=self.host, patience=patience or Patience(), clock=clock, chance=chance
        )

    def warm(self) -> None:
        """Imports the SDK and makes the client, so that the first question need not wait for it."""
        self._connected()

    def sent(self, prompt: Prompt) -> Mapping[str, object]:
        """The body of the first request; a server that refuses a field is asked again without it."""
        return self._server.shape.body(prompt, self.model)

    def stop(self) -> None:
        """Ends every question being asked and every later one: they raise Cancelled."""
        self._background.stop()

    def ask(self, prompt: Prompt, *, until: float) -> Reply:
        """Asks one question, at the latest until the clock shows ``until``.

        May be called from many threads at once. Trouble with the model or on the way there is a
        Reply with a problem. Raises Credentials when no question has a chance before a person has
        put the account in order, and Cancelled after `stop`.
        """
        client = self._connected()
        return self._background.run(self._ask(client, prompt, until))

    def _connected(self) -> AsyncAnthropic:
        with self._lock:
            if self._client is None:
                self._client = _client(self._endpoint)
                self._background.at_stop(self._client.close)
            return self._client

    async def _ask(self, client: AsyncAnthropic, prompt: Prompt, until: float) -> Reply:
        server = self._server
        began, asked, shape = self._clock(), list[Attempt](), server.shape
        tries = failed = 0
        while True:
            delay = server.delay(tries)
            outcome = server.foregone(delay, until, asked)
            if outcome is None:
                if delay > 0:
                    self.waits(self._endpoint.redact(server.waiting(delay, asked)))
                    await asyncio.sleep(delay)
                self.waits(f"waiting for {self.host}")
                called = self._clock()
                outcome = await self._request(client, shape, prompt, until)
                outcome = self._with_usage(outcome, shape, prompt, called)
                asked.append(_with_cause(outcome, asked))
                outcome = asked[-1]
                server.learn(outcome, shape)
            failed += outcome.then is Next.AGAIN
            # What a server puts off is asked until no time is left, which `foregone` sees.
            again = outcome.then is Next.AGAIN and failed < server.patience.tries
            if again or outcome.then is Next.LATER:
                tries += 1
                continue
            plainer = _plainer(shape, outcome)
            if plainer is None:
                return self._reply(outcome, asked, self._clock() - began)
            shape = plainer

    async def _request(
        self, client: AsyncAnthropic, shape: Shape, prompt: Prompt, until: float
    ) -> Attempt:
        limit = max(0.0, min(self._server.patience.call, until - self._clock()))
        try:
            async with asyncio.timeout(limit):
                return await self._exchange(client, shape, prompt, limit)
        except TimeoutError:
            problem = f"{self.host} gave no answer within {duration(limit)}"
            return Attempt(stop=Stop.TIMED_OUT, problem=problem)
        except Exception as error:  # noqa: BLE001 - the SDK lets errors of the libraries below through
            try:
                return _trouble(self._endpoint, error)
            except Credentials as refused:
                self._server.hopeless = refused
                raise

    async def _exchange(
        self, client: AsyncAnthropic, shape: Shape, prompt: Prompt, limit: float
    ) -> Attempt:
        import httpx2

        create: Any = client.messages.with_streaming_response.create  # for it takes a dict here
        timeout = httpx2.Timeout(limit, connect=min(limit, self._server.patience.connect))
        async with create(**shape.body(prompt, self.model), timeout=timeout) as response:
            content = b"".join([chunk async for chunk in response.iter_bytes()])
            kind = response.headers.get("content-type", "")
        return answer.read(content, kind=kind, prompt=prompt, way=shape.way)

    def _reply(self, outcome: Attempt, asked: list[Attempt], seconds: float) -> Reply:
        usage = together([one.usage for one in asked])
        return Reply(
            data=outcome.data,
            stop=outcome.stop,
            usage=replace(usage, retries=max(0, len(asked) - 1)),
            seconds=seconds,
            problem=self._endpoint.redact(outcome.problem),
            answered=self._endpoint.redact(outcome.answered),
        )

    def _with_usage(self, outcome: Attempt, shape: Shape, prompt: Prompt, called: float) -> Attempt:
        """Return the outcome with what its call, begun at ``called``, sent and cost."""
        text = json.dumps(
            shape.body(prompt, self.model), ensure_ascii=False, separators=(",", ":")
        )  # as it goes over the wire
        usage = outcome.usage
        model = self._charged(outcome)
        own = self._own_prices
        return replace(
            outcome,
            usage=replace(
                usage,
                calls=1,
                sent=len(text.encode("utf-8", "replace")),
                dollars=prices.dollars(model, usage.tokens_in, usage.tokens_out, own=own),
                priced=prices.basis(model, own=own) if usage.tokens else "",
                spans=((called, self._clock()),),
            ),
        )

    def _charged(self, one: Attempt) -> str:
        """The model whose price counts: the one that answered, unless the person priced ours."""
        if self.model in (self._own_prices or {}):
            return self.model
        return one.answered or self.model


def _with_cause(outcome: Attempt, asked: list[Attempt]) -> Attempt:
    """A request that the deadline cut off tells what had failed before it, which is what counts."""
    if outcome.stop is not Stop.TIMED_OUT or not asked:
        return outcome
    return replace(
        outcome, stop=asked[-1].stop, problem=f"{asked[-1].problem}; then {outcome.problem}"
    )


def _plainer(shape: Shape, outcome: Attempt) -> Shape | None:
    if outcome.then is not Next.PLAINER:
        return None
    return shape.below() if outcome.refused is None else shape.without(outcome.refused)


def _client(endpoint: Endpoint) -> AsyncAnthropic:
    """The SDK's client, told everything that it would otherwise read from the environment."""
    import logging
    import ssl

    import anthropic
    import httpx2

    # ANTHROPIC_LOG has it print what servers say as they say it, and what is asked.
    for name in ("anthropic", "httpx2"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    verify: ssl.SSLContext | bool = True
    if endpoint.cafile or endpoint.capath:
        try:
            verify = ssl.create_default_context(
                cafile=endpoint.cafile or None, capath=endpoint.capath or None
            )
        except OSError as error:
            raise errors.Usage(
                f"SSL_CERT_FILE or SSL_CERT_DIR holds no certificates: {error}"
            ) from error
    http = httpx2.AsyncClient(
        proxy=endpoint.proxy or None,
        verify=verify,
        trust_env=False,
        follow_redirects=False,  # the question would be sent on to a host that nobody named
        event_hooks={"response": [_bound]},
    )
    client = anthropic.AsyncAnthropic(
        api_key=None if endpoint.is_token else endpoint.key,
        auth_token=endpoint.key if endpoint.is_token else None,
        base_url=endpoint.url,
        max_retries=0,
        open_telemetry=False,
        http_client=http,
        default_headers={"accept-encoding": "identity"},  # so that what is counted is what is kept
    )
    _ = client.messages  # loaded on first use, which takes as long as the import itself
    return client


async def _bound(response: httpx2.Response) -> None:
    """Bounds the body of every response, also of those that the SDK reads by itself (errors)."""
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
    """The outcome of a request that ended in an error of the SDK or of the libraries below it.

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
