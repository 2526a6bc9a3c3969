"""`gitmem hook CLIENT [EVENT]`: what an agent client runs at its events (hot lane)."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # `signal` loads enum, which costs a tenth of a hook
import os
import time

from gitmem.boundaries import claims
from gitmem.cli import streams
from gitmem.clients import registry
from gitmem.core.errors import Gone, NoRepository, Overdue
from gitmem.core.jsonline import loads
from gitmem.git import local, repository
from gitmem.session import boundary
from gitmem.session.boundary import BEFORE, BOOT, FAILURE, TOOL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.clients.client import Client
    from gitmem.git.repository import Repository
    from gitmem.session.boundary import Event, Words

# Seconds for reading which client it is, and for the ledger line.
_PATIENCE = 1.0
_RESULTS = (TOOL, FAILURE)
# `clients.NAMED`, without the table of all clients, which a silent hook does not need.
NAMED = "GITMEM_CLIENT"


def run(argv: Sequence[str]) -> int:
    """Handle one event; ``argv`` is the command, the client's name, and the event's.

    Return 0, whatever happens.
    """
    # A drain asks a client as its model: nothing in there is a session of the person's.
    if os.environ.get("GITMEM_INSIDE"):
        return 0
    client, name = [*argv[1:], "", ""][:2]
    # A hook runs inside a client, whatever that client says of itself.
    os.environ.setdefault(NAMED, client)
    hook = _Hook(client, name)
    try:
        _give_up_after(_PATIENCE)
        hook.handle()
    except NoRepository as error:
        hook.repo = None
        hook.say_why(error)
    except Exception as error:  # noqa: BLE001 - a hook never breaks the agent; the ledger keeps it
        hook.entry["error"] = f"{type(error).__name__}: {error}"[:500]
    except Overdue:
        hook.entry["error"] = f"gave up after {time.monotonic() - hook.started:.1f} s"
        hook.say_overdue()
    try:
        _give_up_after(_PATIENCE)
        hook.write_down()
    except (Exception, Overdue):  # noqa: BLE001 - a git directory that cannot be written to
        return 0  # `flag` and `status` say so
    return 0


class _Hook:
    """One event on its way: what is known when it fails is what the ledger can say."""

    __slots__ = ("adapter", "client", "cwd", "entry", "event", "name", "repo", "started")

    def __init__(self, client: str, name: str) -> None:
        self.client = client
        self.name = name
        self.started = time.monotonic()
        self.cwd = ""
        self.repo: repository.Repository | None = None
        self.adapter: Client | None = None
        self.event: Event | None = None
        self.entry: dict[str, object] = {"client": client, "event": name}

    def handle(self) -> None:
        """Read the payload, act on it, and print the answer."""
        client = registry.find(self.client)
        if client is None:
            return
        _give_up_after(client.patience(self.name))
        given = streams.read()
        payload = loads(given.decode("utf-8", "replace")) if given else None
        if not isinstance(payload, dict):
            return
        adapter = registry.running(self.client, payload, os.environ)
        if adapter is None:
            return
        event = adapter.parse(payload, self.name, os.environ)
        self.adapter, self.event = adapter, event
        self.cwd = event.cwd
        self.entry.update(client=event.client, event=event.name, session=event.session)
        key = ("call", event.call) if event.call else ("turn", event.turn)
        for name, value in (("detail", event.detail), ("agent", event.agent), key):
            if value:
                self.entry[name] = value[:100]
        found = _find(event)
        if not _answers(found, adapter, given):
            return
        self.repo = found
        # One `stat`: what a sandboxed `flag` left is saved before anything is decided.
        saved = _save_spooled(found, event) if local.changed(found.folder + "/spool") else ""
        words = _fire(self.repo, adapter, event)
        self.entry["did"] = ", ".join([part for part in (saved, words.did) if part]) or "nothing"
        if words.decided:
            self.entry["decided"] = list(words.decided)
        if words.shown:
            self.entry.update(shown=list(words.shown), trigger=words.trigger)
        if words.error:
            self.entry["error"] = words.error[:500]
        holds = {"hold": words.hold} if words.hold else {}  # not every client can
        said = adapter.answer(event, person=words.person, model=words.model, ask=words.ask, **holds)
        if said:
            streams.out(said)
        elif event.kind == BEFORE:
            self.entry["did"] = "nothing"  # the client would have dropped it

    def say_why(self, error: NoRepository) -> None:
        """Say at a boot why nothing is captured where gitmem is wired: it would go unnoticed.

        Elsewhere, and at other events, a folder without a repository is nothing new.
        """
        event, adapter = self.event, self.adapter
        if event is None or adapter is None or event.kind != BOOT or adapter.plugin(os.environ):
            return
        known = isinstance(error, Gone) or any(
            repository.refused(place, os.environ) for place in (event.cwd, event.project) if place
        )
        if not known:
            return
        from gitmem.safety.text import visible

        hint = f" ({error.hint})" if error.hint else ""
        told = f"gitmem: nothing can be flagged here: {visible(' '.join((error.message + hint).split()))}"
        said = adapter.answer(event, person=told, model=told)
        if said:
            streams.out(said)

    def say_overdue(self) -> None:
        """Say at a boot that its time ran out: a silent one looks like one with nothing to say."""
        event, adapter = self.event, self.adapter
        if event is None or adapter is None or event.kind != BOOT or adapter.plugin(os.environ):
            return
        from gitmem.boundaries.boot import OVERDUE

        told = f"gitmem: {OVERDUE}"
        said = adapter.answer(event, person=told, model=told)
        if said:
            streams.out(said)

    def write_down(self) -> None:
        """Write the ledger line; raises OSError."""
        if self.repo is None and "error" in self.entry and self.cwd:
            self.repo = repository.unasked(self.cwd, os.environ)
        if self.repo is None:
            return
        from gitmem.session import ledger

        self.entry["ms"] = round((time.monotonic() - self.started) * 1000, 1)
        ledger.write(self.repo.folder, self.entry)


def _answers(repo: Repository, client: Client, given: bytes) -> bool:
    """Return whether this process answers the event: not when its twin did, or for a stray plugin."""
    plugin = client.plugin(os.environ)
    if plugin and not _is_known(repo):
        return False
    return claims.first(repo.folder, plugin, given, time.time())


def _save_spooled(repo: Repository, event: Event) -> str:
    """Save what waits in the spool; return what that came to, for the ledger."""
    from gitmem.capture import spooled

    done = spooled.save(repo, now=time.time(), session=event.session)
    return ", ".join([part for part in (done.did, done.left and f"spool: {done.left}") if part])


def _fire(repo: Repository, client: Client, event: Event) -> Words:
    """Fire an event, with what belongs to it: a batch's end, the memory that a client does not load."""
    if event.kind == BEFORE:  # before every call of a tool: most of a hook is not needed
        if event.text:
            from gitmem.boundaries import arrival

            arrival.keep_task(repo, event)
        from gitmem.boundaries import guards

        words = guards.before(repo, event)
        return words if client.warns or words.hold or words.ask else boundary.Words()
    from gitmem.boundaries import fire

    words = fire.fire(repo, event, time.time())
    if event.kind in _RESULTS and not client.warns:
        from gitmem.boundaries import guards

        words = fire.together([guards.before(repo, event, made=True), words])
    if event.kind in _RESULTS and not client.batches:
        words = fire.together([words, fire.fire(repo, _batch_after(event), time.time())])
    if event.kind == BOOT:
        from gitmem.boundaries import carry

        carry.add_memory(words, repo, client, event.project or event.cwd)
    return words


def _is_known(repo: Repository) -> bool:
    """Return whether the repository was wired, or something was flagged in it: a plugin is everywhere."""
    return os.path.exists(f"{repo.top}/{repository.SETTINGS}") or os.path.isdir(repo.folder)


def _batch_after(event: Event) -> Event:
    """Return the end of the batch, for a client that has no event of its own for it."""
    from gitmem.session.boundary import BATCH, Event

    return Event(
        BATCH,
        client=event.client,
        name=event.name,
        session=event.session,
        cwd=event.cwd,
        agent=event.agent,
        calls=event.calls,
        call=event.call,
        turn=event.turn,
        transcript=event.transcript,
        window=event.window,
        tokens=event.tokens,
        tokens_at=event.tokens_at,
        limit=event.limit,
    )


def _find(event: Event) -> repository.Repository:
    """Return the repository of the working folder, else of the project: an agent may stand elsewhere."""
    try:
        return repository.discover(event.cwd or _working(), os.environ)
    except NoRepository:
        if not event.project or event.project == event.cwd:
            raise
        return repository.discover(event.project, os.environ)


def _working() -> str:
    """Return where this process stands; most payloads tell."""
    from gitmem.cli import folder

    return folder.working()


def _give_up_after(seconds: float) -> None:
    """Raise Overdue in whatever runs then: a hung git, a file system that does not answer."""
    _signal.signal(_signal.SIGALRM, _overdue)
    _signal.setitimer(_signal.ITIMER_REAL, seconds)


def _overdue(_number: int, _frame: object) -> None:
    raise Overdue
