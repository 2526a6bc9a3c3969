"""`gitmem hook CLIENT [EVENT]`: what an agent client runs at its events (hot lane)."""

from __future__ import annotations

import os
import time

from gitmem.cli import streams
from gitmem.domain.jsonline import loads
from gitmem.harness import registry
from gitmem.store import repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def run(argv: Sequence[str]) -> int:
    """Handles one event; ``argv`` is the command, the client's name, and the event's.

    Whatever happens, it ends with 0 and says nothing that is not meant.
    """
    if os.environ.get("GITMEM_INSIDE"):
        return (
            0  # a drain asks a client as its model: nothing in there is a session of the person's
        )
    started = time.monotonic()
    client, name = [*argv[1:], "", ""][:2]
    repo = None
    entry: dict[str, object] = {"client": client, "event": name}
    try:
        adapter = registry.adapter(client)
        payload = loads(streams.read().decode("utf-8", "replace")) if adapter else None
        if adapter is None or not isinstance(payload, dict):
            return 0
        event = adapter.parse(payload, name)
        entry.update(event=event.name, session=event.session)
        repo = repository.discover(event.cwd or os.getcwd(), os.environ)
        from gitmem.engine import boundaries

        words = boundaries.fire(repo, event, time.time())
        entry["did"] = words.did or "nothing"
        said = adapter.answer(event, person=words.person, model=words.model)
        if said:
            streams.out(said)
    except repository.NoRepository:
        return 0
    except Exception as error:  # noqa: BLE001 - a hook never breaks the agent; the ledger keeps it
        entry["error"] = f"{type(error).__name__}: {error}"[:500]
    _ledger(repo, entry, started)
    return 0


def _ledger(repo: repository.Repository | None, entry: dict[str, object], started: float) -> None:
    if repo is None:
        return
    from gitmem.store import sessions

    entry["ms"] = round((time.monotonic() - started) * 1000, 1)
    try:
        sessions.write_ledger(repo.folder, entry)
    except OSError:
        return  # a git directory that cannot be written to: `flag` and `status` say so
