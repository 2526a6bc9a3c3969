"""Find a client's adapter by name; it is loaded when it is asked for (hot lane)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.clients.client import Client

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"


def find(name: str) -> Client | None:
    """Return the client whose folder bears the name, `-` written as `_`; None without a folder."""
    if not name or name.strip(_LETTERS):
        return None
    module = f"gitmem.clients.{name.replace('-', '_')}.adapter"
    try:
        # By position, as a statement does: the hot lane has an import of its own (`gitmem.cli.entry`).
        client: Client = __import__(module, globals(), None, ("CLIENT",), 0).CLIENT
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise  # the adapter is there and imports something that is not
        return None
    return client


def running(name: str, payload: Mapping[str, object], environ: Mapping[str, str]) -> Client | None:
    """Return the client that really runs the hook of the client ``name``."""
    client = find(name)
    if client is None:
        return None
    runner = client.runner(payload, environ)
    return client if runner == name else find(runner)


def every() -> list[Client]:
    """Return every client that has a folder, in the order of the table of clients."""
    from gitmem.core.agent_clients import CLIENTS

    return [client for row in CLIENTS if (client := find(row.name))]


def session(environ: Mapping[str, str]) -> dict[str, str]:
    """Return session and client as the environment tells them; empty outside an agent client."""
    from gitmem.core import agent_clients  # a hook is told its session

    told = {"session": agent_clients.session(environ), "client": agent_clients.inside(environ)}
    return {key: value for key, value in told.items() if value}
