"""The Message Batches API: send a batch, look at it, read its results.

Results are read from the host that the person named, never from the address that a server gives
(`results_url`): the vendor's library sends the key along to wherever that leads.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from gitmem.models import answer, connection, response
from gitmem.models.batches.sent import is_batch_id
from gitmem.models.reply import LIMIT, Attempt, Next, Prompt, Reply, Stop
from gitmem.models.usage import duration

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from gitmem.models.event_loop import LoopThread
    from gitmem.models.server import Server
    from gitmem.models.usage import Usage

API = "the Message Batches API"


class Fault(Exception):
    """A request about a batch failed; ``attempt`` says how, in words that are safe to print."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(attempt.problem)
        self.attempt = attempt


class State(Enum):
    """Where a batch is."""

    RUNNING = auto()
    ENDED = auto()
    UNKNOWN = auto()  # the server does not know it, or not any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What a batch brought, by the keys of its questions.

    ``replies`` are answers, and those of which a smaller question may get one. ``expired`` were not asked.
    ``failed`` has a sentence for each that has no answer, ``spent`` what those cost that were answered all the same.
    """

    replies: Mapping[str, Reply] = field(default_factory=dict)
    expired: frozenset[str] = frozenset()
    failed: Mapping[str, str] = field(default_factory=dict)
    spent: Mapping[str, Usage] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Response:
    """A response: its body, content type, and the seconds that the server asks to wait (0: it does not say)."""

    content: bytes
    kind: str
    wait: float


class MessageBatches:
    """The batches of one server, for one model.

    ``connected`` returns the vendor's client, ``library`` its library. Every method raises Fault, Credentials,
    and Cancelled once the model is stopped; ``until`` is in seconds of the monotonic clock.
    """

    def __init__(
        self,
        server: Server,
        loop: LoopThread,
        *,
        connected: Callable[[], Any],
        library: Callable[[], Any],
    ) -> None:
        self.host = server.endpoint.host
        self.model = server.model
        self._server = server
        self._loop = loop
        self._connected = connected
        self._library = library

    @property
    def clock(self) -> Callable[[], float]:
        """The monotonic clock that ``until`` is of."""
        return self._server.clock

    def send(self, prompts: Mapping[str, Prompt], until: float) -> str:
        """Send questions by key, each as it would be asked alone; return the batch's id.

        A request that breaks off is not made again: the server may have taken it.
        """
        create = self._connected().messages.batches.with_streaming_response.create
        requests = [{"custom_id": key, "params": self._body(one)} for key, one in prompts.items()]

        async def call(limits: object) -> _Response:
            return await _streamed(create(requests=requests, timeout=limits))

        answered = self._loop.run(self._made(call, until, repeat=False))
        if answered is None:
            raise Fault(_fault(f"{self.host} has no message batches (HTTP 404)"))
        name = self._batch(answered).get("id")
        if not is_batch_id(name):
            raise Fault(_fault(f"{self.host} names no batch that it made"))
        return str(name)

    def wait(self, name: str, until: float) -> State:
        """Look at a batch until it has ended; RUNNING when it has not by then."""
        retrieve = self._connected().messages.batches.with_streaming_response.retrieve

        async def call(limits: object) -> _Response:
            return await _streamed(retrieve(name, timeout=limits))

        return self._loop.run(self._ended(name, call, until))

    def results(self, name: str, prompts: Mapping[str, Prompt], until: float) -> Results | None:
        """Return the results of a batch that has ended, of these questions; None when they are gone."""
        client = self._connected()

        async def call(limits: object) -> _Response:
            with connection.at_most(connection.RESULTS):
                answered = await client.get(
                    f"/v1/messages/batches/{name}/results",
                    cast_to=connection.whole_response(),
                    options={"timeout": limits},
                )
            return _Response(
                content=answered.content, kind=answered.headers.get("content-type", ""), wait=0.0
            )

        answered = self._loop.run(self._made(call, until))
        return None if answered is None else self._read(answered, prompts)

    async def _ended(
        self, name: str, call: Callable[[object], Awaitable[_Response]], until: float
    ) -> State:
        import asyncio

        patience = self._server.patience
        pause = patience.look
        while True:
            answered = await self._made(call, until)
            if answered is None:
                return State.UNKNOWN
            if self._batch(answered).get("processing_status") == "ended":
                return State.ENDED
            wait = max(answered.wait, pause)
            if self.clock() + wait >= until:
                return State.RUNNING
            self._server.waits(
                f"batch {name} is being answered, looked at again in {duration(wait)}"
            )
            await asyncio.sleep(wait)
            pause = min(pause * 2, patience.longest_look)

    async def _made(
        self, call: Callable[[object], Awaitable[_Response]], until: float, *, repeat: bool = True
    ) -> _Response | None:
        """Make a request until there is a response; None where the server does not know what it is about."""
        server = self._server
        attempts: list[Attempt] = []
        failed = 0
        while True:
            delay = server.delay(len(attempts))
            foregone = server.foregone(delay, until, attempts)
            if foregone:
                raise Fault(foregone)
            await server.pause(delay, attempts)
            attempt = await self._tried(call, server.limit(until))
            if not isinstance(attempt, Attempt):
                return attempt
            attempts.append(attempt)
            server.heed(attempt)
            failed += attempt.then is Next.AGAIN
            again = repeat and attempt.then is Next.AGAIN and failed < server.patience.tries
            if not again and attempt.then is not Next.LATER:
                raise Fault(attempt)

    async def _tried(
        self, call: Callable[[object], Awaitable[_Response]], limit: float
    ) -> _Response | Attempt | None:
        import asyncio

        server, library = self._server, self._library()
        try:
            async with asyncio.timeout(limit):
                return await call(connection.timeouts(limit, server.patience.connect))
        except TimeoutError:
            return server.timed_out(limit)
        except library.NotFoundError:
            return None
        except Exception as error:  # noqa: BLE001 - the library lets errors of those below it through
            return connection.trouble(server.endpoint, error, library)

    def _batch(self, answered: _Response) -> Mapping[str, Any]:
        batch = response.body(answered.content, kind=answered.kind, api=API)
        if isinstance(batch, Attempt):
            raise Fault(batch)
        if not isinstance(batch.get("processing_status"), str):
            raise Fault(response.not_the_api(API, "its answer is not a batch"))
        return batch

    def _read(self, answered: _Response, prompts: Mapping[str, Prompt]) -> Results:
        rows = [row for row in map(_row, answered.content.splitlines()) if row]
        if not rows:
            raise Fault(response.not_the_api(API, "its results are none"))
        left = dict(prompts)
        replies: dict[str, Reply] = {}
        expired: set[str] = set()
        failed: dict[str, str] = {}
        spent: dict[str, Usage] = {}
        for row in rows:
            key, result = row.get("custom_id"), row.get("result")
            if not isinstance(key, str) or key not in left:
                continue
            prompt = left.pop(key)
            kind = result.get("type") if isinstance(result, dict) else None
            if kind in ("expired", "canceled"):
                expired.add(key)
            elif isinstance(result, dict) and kind == "succeeded":
                reply = self._reply(prompt, result.get("message"))
                if reply.data is not None or reply.too_much:
                    replies[key] = reply
                else:
                    failed[key], spent[key] = reply.problem, reply.usage
            else:
                words = (
                    response.error_sentence(result.get("error")) if isinstance(result, dict) else ""
                )
                failed[key] = self._server.endpoint.redact(words) or "it failed"
        missing = dict.fromkeys(left, "it has no result")
        return Results(
            replies=replies, expired=frozenset(expired), failed={**failed, **missing}, spent=spent
        )

    def _reply(self, prompt: Prompt, message: object) -> Reply:
        """Return the reply that a message of the results is, with half of its price."""
        server = self._server
        content = json.dumps(message).encode()
        way = server.shape.way
        attempt = answer.read(content, kind="application/json", prompt=prompt, way=way)
        attempt = replace(attempt, usage=replace(attempt.usage, batched=attempt.usage.tokens))
        priced = server.with_usage(attempt, self._body(prompt))
        return server.reply(priced, [priced], 0.0)

    def _body(self, prompt: Prompt) -> dict[str, Any]:
        # No mark for the prompt cache: a batch's questions are asked in any order.
        return self._server.shape.body(replace(prompt, shared=False), self.model)


async def _streamed(request: Any) -> _Response:
    async with request as response_:
        content = b"".join([chunk async for chunk in response_.iter_bytes()])
        headers = response_.headers
        wait = response.asked_wait(headers) or 0.0
        return _Response(content=content, kind=headers.get("content-type", ""), wait=wait)


def _row(line: bytes) -> dict[str, Any] | None:
    if len(line) > LIMIT:  # no answer is as long
        return None
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _fault(problem: str) -> Attempt:
    return Attempt(stop=Stop.FAILED, problem=problem)
