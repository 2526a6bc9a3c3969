"""One server: what is known about it, and how a question is asked of it until there is a reply.

Retries, pauses, deadline, plainer shapes and prices are the same for every protocol, so they are here;
an engine only sends one request. A Server belongs to the thread of its engine's event loop.
"""

from __future__ import annotations

import asyncio
import json
import math
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gitmem.models.reply import Attempt, Credentials, Next, Reply, Stop, model_name
from gitmem.models.usage import NOTHING, Usage, charged, duration, together

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from gitmem.models.endpoint import Endpoint
    from gitmem.models.reply import Prompt
    from gitmem.models.shapes import Shape
    from gitmem.models.usage import Price

# Seconds that questions wait for the first one's answer, which takes 5 to 10: one that hangs must not
# take the time of all the others.
_LEAD = 15.0
_DOUBLED = 16  # times a pause is doubled at most; the longest is reached long before


_CALLED_OFF = Attempt(
    stop=Stop.FAILED, then=Next.CALLED_OFF, problem="the server ignores the shape of the question"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long one question may take, in seconds, and how often it is asked.

    ``call`` limits one request from first to last byte (by default only the deadline of the close
    does: a local model on a CPU takes minutes), ``connect`` its connection. ``pause`` is the first
    wait before a retry, doubled each time up to ``longest_pause``. ``tries`` counts requests that
    break off or bring no answer. A request that the server puts off is retried until the deadline.
    ``look`` is the first wait before a batch is looked at again, doubled each time up to ``longest_look``.
    """

    call: float = math.inf
    connect: float = 10.0
    pause: float = 0.5
    longest_pause: float = 8.0
    tries: int = 4
    look: float = 5.0
    longest_look: float = 60.0


@dataclass(slots=True, kw_only=True)
class Server:
    """One server as the questions so far have found it.

    ``clock`` is monotonic, in seconds; ``chance`` gives numbers from 0 to 1 that spread retries.
    ``waits`` receives what is being waited for. ``shape`` is the shape of the next question, and
    ``settled`` whether the server has been seen to hold to it. ``not_before`` is when the server wants
    to be asked again; it holds for every question, because all of them together make a rate limit.
    ``hopeless`` says why no question has a chance.

    While a server is not settled, one answer that ignores the shape sends its question down the
    ladder, and the others wait for what it finds: what is under way is called off, so that a model on
    a CPU does not chat eight times over until it is cut off.

    Of the questions whose ``prompt.shared`` is set, the vendor is asked one first: its cache holds what
    they share only when an answer has begun, and eight at once would all pay for writing it.
    """

    endpoint: Endpoint
    model: str
    patience: Patience
    clock: Callable[[], float]
    chance: Callable[[], float]
    own_prices: Mapping[str, Price] | None = None
    waits: Callable[[str], None] = lambda _: None
    shape: Shape
    settled: bool = False
    not_before: float = 0.0
    hopeless: Attempt | Credentials | None = None
    usage: Usage = NOTHING
    _leads: dict[str, asyncio.Event] = field(default_factory=dict)
    _search: asyncio.Event | None = None
    _asking: dict[asyncio.Future[Attempt], Shape] = field(default_factory=dict)
    _off: set[asyncio.Future[Attempt]] = field(default_factory=set)

    async def ask(
        self, prompt: Prompt, until: float, send: Callable[[Shape, float], Awaitable[Attempt]]
    ) -> Reply:
        """Return the reply to a question, at the latest when the clock shows ``until``.

        ``send`` makes one request in a shape and in so many seconds, and raises Credentials when no
        question has a chance before a person puts the account in order. So does this, also for
        every later question.
        """
        if not (prompt.shared and self.endpoint.is_vendor):
            return await self._ask(prompt, until, send)
        led = self._leads.get(prompt.system)
        if led:
            await self._once(led, min(until, self.clock() + _LEAD))
            return await self._ask(prompt, until, send)
        led = self._leads[prompt.system] = asyncio.Event()
        try:
            return await self._ask(prompt, until, send)
        finally:
            led.set()

    async def _ask(
        self, prompt: Prompt, until: float, send: Callable[[Shape, float], Awaitable[Attempt]]
    ) -> Reply:
        began, attempts = self.clock(), list[Attempt]()
        own: Shape | None = None  # where this question differs from the others
        search: asyncio.Event | None = None  # while it looks for a shape for all of them
        tries = failed = 0
        try:
            while True:
                if own is None and search is None:
                    await self._found(until)
                shape = own or self.shape
                delay = self.delay(tries)
                attempt = self.foregone(delay, until, attempts)
                if attempt is None:
                    await self.pause(delay, attempts)
                    self.waits(f"waiting for {self.endpoint.named}")
                    attempt = await self._attempt(shape, prompt, until, send)
                    attempt = _with_cause(attempt, attempts)
                    attempts.append(attempt)
                    self.usage = together([self.usage, attempt.usage])
                    self.learn(attempt, shape)
                failed += attempt.then is Next.AGAIN
                # A request that the server puts off is retried until `foregone` sees the deadline.
                again = attempt.then is Next.AGAIN and failed < self.patience.tries
                if again or attempt.then is Next.LATER:
                    tries += 1
                    continue
                if attempt.then is Next.CALLED_OFF:
                    continue
                plainer = _plainer(shape, attempt)
                if plainer is None:
                    return self.reply(attempt, attempts, self.clock() - began)
                if own or self.settled or not attempt.ignored:
                    own = plainer
                elif search or (self._search is None and shape == self.shape):
                    search = search or self._begin_search()
                    self._move(shape, plainer)
        finally:
            if search:
                self._search = None
                search.set()

    def _begin_search(self) -> asyncio.Event:
        self._search = asyncio.Event()
        return self._search

    def _move(self, shape: Shape, plainer: Shape) -> None:
        """Ask in a plainer shape from now on, and call off what is asked in the one that is ignored."""
        self.shape = plainer
        for request, asked in self._asking.items():
            if asked == shape and request.cancel():
                self._off.add(request)

    async def _found(self, until: float) -> None:
        """Wait while another question looks for a shape, at the latest until the deadline."""
        while self._search and self.clock() < until:
            await self._once(self._search, until)

    async def _once(self, event: asyncio.Event, until: float) -> None:
        """Wait for an event, at the latest until the deadline."""
        with suppress(TimeoutError):
            async with asyncio.timeout(until - self.clock()):
                await event.wait()

    def delay(self, tries: int) -> float:
        """Return the seconds to wait before a request that has failed ``tries`` times."""
        asked_for = self.not_before - self.clock()
        if asked_for > 0:
            return asked_for * (1 + self.chance() / 4)
        pause = self.patience.pause * 2.0 ** min(tries - 1, _DOUBLED) if tries else 0.0
        return min(pause, self.patience.longest_pause) * (0.75 + self.chance() / 2)

    def foregone(self, delay: float, until: float, attempts: Sequence[Attempt]) -> Attempt | None:
        """Return the result of a request not worth making; None when it is worth making.

        ``attempts`` came before it. Raises the Credentials that an earlier question raised.
        """
        if isinstance(self.hopeless, Credentials):
            raise Credentials(self.hopeless.message, hint=self.hopeless.hint)
        if self.hopeless:
            return self.hopeless
        host = self.endpoint.named
        before = f"{attempts[-1].problem}; " if attempts else ""
        asked_for = self.not_before - self.clock()
        if asked_for > 0 and self.clock() + asked_for >= until:
            left = duration(max(0.0, until - self.clock()))
            problem = f"{before}{host} asks to wait {duration(asked_for)}, and {left} are left"
            return Attempt(stop=Stop.LIMITED, problem=problem)
        if self.clock() + delay >= until:
            stop = attempts[-1].stop if attempts else Stop.TIMED_OUT
            return Attempt(stop=stop, problem=f"{before}no time is left to ask {host}")
        return None

    async def pause(self, delay: float, attempts: Sequence[Attempt]) -> None:
        """Wait so many seconds before the next request, and tell what for; ``attempts`` came before it."""
        if delay > 0:
            self.waits(self.endpoint.redact(self._waiting(delay, attempts)))
            await asyncio.sleep(delay)

    def _waiting(self, delay: float, attempts: Sequence[Attempt]) -> str:
        if attempts:
            return f"{attempts[-1].problem}, asked again in {duration(delay)}"
        return f"{self.endpoint.named} asks to wait {duration(delay)}"

    def limit(self, until: float) -> float:
        """Return the seconds that a request which is made now may take."""
        return max(0.0, min(self.patience.call, until - self.clock()))

    def timed_out(self, limit: float) -> Attempt:
        """Return the result of a request that had no answer within its limit."""
        problem = f"{self.endpoint.named} gave no answer within {duration(limit)}"
        return Attempt(stop=Stop.TIMED_OUT, problem=problem)

    def heed(self, attempt: Attempt) -> None:
        """Keep when the server wants to be asked again, if an attempt says so."""
        if attempt.wait is not None:
            self.not_before = max(self.not_before, self.clock() + attempt.wait)

    def learn(self, attempt: Attempt, shape: Shape) -> None:
        """Keep what an attempt in this shape says about the server."""
        if attempt.then is Next.NEVER:
            self.hopeless = attempt
        self.heed(attempt)
        if attempt.data is None:
            return
        if not self.settled or shape.way is self.shape.way:
            self.shape = shape
        self.settled = self.settled or not attempt.ignored

    async def _attempt(
        self,
        shape: Shape,
        prompt: Prompt,
        until: float,
        send: Callable[[Shape, float], Awaitable[Attempt]],
    ) -> Attempt:
        began = self.clock()
        limit = self.limit(until)
        request = asyncio.ensure_future(send(shape, limit))
        self._asking[request] = shape
        try:
            async with asyncio.timeout(limit):
                await asyncio.wait({request})
            attempt = _CALLED_OFF if request in self._off else request.result()
        except TimeoutError:
            attempt = self.timed_out(limit)
        except Credentials as refused:
            self.hopeless = refused
            raise
        finally:
            del self._asking[request]
            self._off.discard(request)
            if not request.done():
                request.cancel()
                await asyncio.wait({request})
        span = (began, self.clock())
        return self.with_usage(attempt, shape.body(prompt, self.model), spans=(span,))

    def with_usage(
        self,
        attempt: Attempt,
        body: Mapping[str, object],
        *,
        spans: tuple[tuple[float, float], ...] = (),
    ) -> Attempt:
        """Return the attempt with what its request sent and cost; ``spans`` are those of `Usage`."""
        compact = json.dumps(body, ensure_ascii=False, separators=(",", ":"))  # as on the wire
        usage, own = attempt.usage, self.own_prices or {}
        # The model that answered is charged, unless the person priced the one asked for.
        model = self.model if self.model in own else attempt.answered or self.model
        usage = replace(
            usage,
            calls=1,
            sent=len(compact.encode("utf-8", "replace")),
            spans=spans,
        )
        return replace(attempt, usage=charged(usage, model, own=own))

    def reply(self, last: Attempt, attempts: Sequence[Attempt], seconds: float) -> Reply:
        """Return what a question comes to that these attempts were made at; it ends with the ``last`` one."""
        usage = together([attempt.usage for attempt in attempts])
        return Reply(
            data=self.endpoint.without_secrets(last.data),
            stop=last.stop,
            usage=replace(usage, retries=max(0, len(attempts) - 1)),
            seconds=seconds,
            problem=self.endpoint.redact(last.problem),
            answered=model_name(self.endpoint.redact(last.answered)),
        )


def _with_cause(attempt: Attempt, before: Sequence[Attempt]) -> Attempt:
    """Return a request that the deadline cut off with what failed before it, which is the cause."""
    if attempt.stop is not Stop.TIMED_OUT or not before:
        return attempt
    problem = f"{before[-1].problem}; then {attempt.problem}"
    return replace(attempt, stop=before[-1].stop, problem=problem)


def _plainer(shape: Shape, attempt: Attempt) -> Shape | None:
    if attempt.then is not Next.PLAINER:
        return None
    return shape.below() if attempt.refused is None else shape.without(attempt.refused)
