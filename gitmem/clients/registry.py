"""Client name to adapter module; an adapter is loaded when it is asked for (hot lane)."""

from __future__ import annotations

from gitmem.clients.origin import BORROWERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from gitmem.clients.borrowed import Borrowed


def adapter(client: str) -> ModuleType | Borrowed | None:
    """The adapter of a client; None for a client nobody wrote one for."""
    if client == "claude-code":
        from gitmem.clients.claude_code import adapter as claude_code

        return claude_code
    if client in BORROWERS:
        from gitmem.clients.borrowed import Borrowed

        return Borrowed(client)
    return None


def session(environ: Mapping[str, str]) -> dict[str, str]:
    """Session and client as the environment tells; empty outside an agent client."""
    from gitmem.core import agent_clients as clients  # a hook is told its session

    found = {"session": clients.session(environ), "client": clients.inside(environ)}
    return {key: value for key, value in found.items() if value}
