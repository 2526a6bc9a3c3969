"""One event loop in its own thread, so that many threads can wait for requests at once.

Why not a blocking client: the library's timeouts count from one byte to the next, so a body that
trickles never times out. A task of an event loop is cancelled at its deadline wherever it is.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, TypeVar

from gitmem.models.reply import Cancelled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

T = TypeVar("T")

#: How long `stop` waits for the thread's end, in seconds; it needs milliseconds.
_FAREWELL = 2.0


class _Loop(asyncio.SelectorEventLoop):
    """An event loop whose name look-ups do not keep the program from ending.

    Python waits for the usual look-up threads at exit, and a resolver without an answer takes half a
    minute.
    """

    async def getaddrinfo(self, host: Any, port: Any, **hints: int) -> Any:
        """Return the addresses of a host, as `socket.getaddrinfo` does."""
        answer: asyncio.Future[Any] = self.create_future()

        def settle(addresses: Any, error: OSError | None) -> None:
            if answer.done():
                return
            if error:
                answer.set_exception(error)
            else:
                answer.set_result(addresses)

        def look_up() -> None:
            addresses, trouble = None, None
            try:
                addresses = socket.getaddrinfo(host, port, **hints)
            except OSError as error:
                trouble = error
            if not self.is_closed():
                self.call_soon_threadsafe(settle, addresses, trouble)

        threading.Thread(target=look_up, daemon=True, name="gitmem-names").start()
        return await answer


class LoopThread:
    """Runs coroutines for other threads, from its first use until `stop`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: _Loop | None = None
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._farewells: list[Callable[[], Awaitable[None]]] = []

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of ``work``; raises what it raises, and Cancelled after `stop`."""
        try:
            future = asyncio.run_coroutine_threadsafe(work, self._running())
        except Cancelled:
            work.close()
            raise
        try:
            return future.result()
        except CancelledError:
            raise Cancelled("stopped while a model was being asked") from None

    def at_stop(self, farewell: Callable[[], Awaitable[None]]) -> None:
        """Add something to do in the loop when everything else there has ended."""
        self._farewells.append(farewell)

    def stop(self) -> None:
        """End every coroutine and the thread; callers that wait get Cancelled. May be called twice."""
        with self._lock:
            loop, thread, self._stopped = self._loop, self._thread, True
            self._loop = self._thread = None
        if loop and thread:
            asyncio.run_coroutine_threadsafe(self._end(loop), loop)
            thread.join(_FAREWELL)

    def _running(self) -> _Loop:
        with self._lock:
            if self._stopped:
                raise Cancelled("stopped before a model was asked")
            if self._loop is None:
                self._loop = _Loop()
                self._thread = threading.Thread(
                    target=_serve, args=(self._loop,), daemon=True, name="gitmem-llm"
                )
                self._thread.start()
            return self._loop

    async def _end(self, loop: _Loop) -> None:
        others = asyncio.all_tasks(loop) - {asyncio.current_task(loop)}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for farewell in self._farewells:
            await farewell()
        loop.call_soon(loop.stop)


def _serve(loop: _Loop) -> None:
    loop.run_forever()
    loop.close()
