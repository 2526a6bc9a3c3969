"""A model behind an HTTP API: what every such engine does alike, whatever protocol it speaks.

The vendor's library sends and authenticates. Retries, deadlines and reading the answer are ours,
because the libraries sleep as long as a server says, never time out on a body that trickles, and take
a login page for an answer. Importing one takes 1 to 2 seconds and belongs into a thread beside other
work (`Served.warm`).
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gitmem.models import connection
from gitmem.models.event_loop import LoopThread
from gitmem.models.reply import model_name
from gitmem.models.server import Patience, Server
from gitmem.models.servers.notes import Note

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitmem.models.endpoint import Endpoint
    from gitmem.models.reply import Attempt, Prompt, Reply
    from gitmem.models.servers.notes import ServerNotes
    from gitmem.models.shapes import Shape
    from gitmem.models.usage import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a model needs from outside: a clock, chance, patience, and the person's prices.

    ``clock`` is monotonic, in seconds. ``chance`` gives numbers from 0 to 1 that spread retries.
    ``own_prices`` go before the table's; that of the model asked for also when another name answers.
    ``notes`` is what this clone remembers of servers (None: nothing). ``context`` is how many tokens
    the model takes, question and answer together, as the server says; 0 when it does not. ``afresh``:
    the shape that it honours is found out again.
    """

    clock: Callable[[], float]
    chance: Callable[[], float]
    patience: Patience = field(default_factory=Patience)
    own_prices: Mapping[str, Price] | None = None
    notes: ServerNotes | None = None
    context: int = 0
    afresh: bool = False


class Served(ABC):
    """A model at an endpoint; a subclass has the vendor's library, one request and its answer."""

    name: str

    def __init__(self, endpoint: Endpoint, model: str, shape: Shape, means: Means) -> None:
        self.model = model_name(model)
        self.host = endpoint.named
        self.here = endpoint.is_here
        self._endpoint = endpoint
        self._asked_for = model
        # What the vendor's own server honours is known, and it is not slow.
        self._notes = None if endpoint.is_vendor else means.notes
        self._note_key = f"{endpoint.service.name} {endpoint.host} {model}"
        note = (self._notes.find(self._note_key) if self._notes else None) or Note()
        self.context = means.context or note.context
        self.pace = note.pace
        self._loop = LoopThread()
        self._lock = threading.Lock()
        self._client: Any = None
        self._server = Server(
            endpoint=endpoint,
            model=model,
            patience=means.patience,
            clock=means.clock,
            chance=means.chance,
            own_prices=means.own_prices,
            shape=shape if means.afresh else shape.as_kept(note.shape),
            settled=bool(note.shape) and not means.afresh,
        )

    @abstractmethod
    def _library(self) -> Any:
        """Import the vendor's library and return it. Raises UsageError when it is not installed."""

    @abstractmethod
    def _connect(self, library: Any) -> Any:
        """Return the library's client, told everything that it would otherwise read from the environment."""

    @abstractmethod
    def _create(self, client: Any) -> Any:
        """Return the client's function that sends a question and streams the answer's bytes."""

    @abstractmethod
    def _read(self, content: bytes, kind: str, prompt: Prompt, shape: Shape) -> Attempt:
        """Return the result of an answer's body; ``kind`` is its content type."""

    @property
    def waits(self) -> Callable[[str], None]:
        """What receives, from any thread, what is being waited for."""
        return self._server.waits

    @waits.setter
    def waits(self, hear: Callable[[str], None]) -> None:
        self._server.waits = hear

    def warm(self) -> None:
        """Import the library and make its client, so that the first question need not wait for it."""
        self._connected()

    def sent(self, prompt: Prompt) -> Mapping[str, object]:
        """Return the body of the first request; a server that refuses a field is asked without it."""
        return self._server.shape.body(prompt, self._asked_for)

    @property
    def shape(self) -> str:
        """How the server was made to answer in JSON; empty while it has not been seen to honour a shape."""
        return self._server.shape.way.value if self._server.settled else ""

    def stop(self) -> None:
        """End every question under way and every later one: they raise Cancelled.

        What the server was seen to honour, and how fast it was, is remembered.
        """
        self._loop.stop()
        notes, self._notes = self._notes, None
        usage = self._server.usage
        if notes and self._server.settled and usage.calls:
            shape = self._server.shape.kept()
            note = Note(shape=shape, context=self.context, pace=usage.pace or self.pace)
            notes.keep(self._note_key, note)

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

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                library = self._library()
                # A variable makes it print what servers say as they say it, and what is asked.
                for name in (library.__name__, "httpx2"):
                    logging.getLogger(name).setLevel(logging.CRITICAL)
                self._client = self._connect(library)
                self._create(
                    self._client
                )  # loaded on first use, as long as the import itself takes
                self._loop.at_stop(self._client.close)
            return self._client

    async def _send(self, client: Any, shape: Shape, prompt: Prompt, limit: float) -> Attempt:
        timeout = connection.timeouts(limit, self._server.patience.connect)
        body = shape.body(prompt, self._asked_for)
        try:
            async with self._create(client)(**body, timeout=timeout) as response:
                content = b"".join([chunk async for chunk in response.iter_bytes()])
                kind = response.headers.get("content-type", "")
            return self._read(content, kind, prompt, shape)
        except TimeoutError:
            raise
        except Exception as error:  # noqa: BLE001 - the library lets errors of those below it through
            return connection.trouble(self._endpoint, error, self._library())
