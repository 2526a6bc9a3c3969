"""What the calls of an event were: whose, how they went, whether they were work (pure; hot lane).

Loaded for events that have calls only: a boot or the end of a turn has none.
"""

from __future__ import annotations

from gitmem.boundaries import shell, untrusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.session.boundary import Event


def commands(event: Event) -> list[str]:
    """The shell commands of the calls, without gitmem's own."""
    found = [command for tool, command in event.calls if tool == untrusted.SHELL]
    return [command for command in found if command and not shell.own(command)]


def is_slow(event: Event) -> bool:
    """Whether the time of a call is its own: a sub-agent takes what it takes."""
    return any(
        tool in untrusted.WEB
        or tool.startswith(untrusted.MCP)
        or (tool == untrusted.SHELL and not shell.own(command))
        for tool, command in event.calls
    )


def worked(event: Event) -> bool:
    """Whether any call was something else than gitmem's own."""
    return not all(_is_own(tool, command) for tool, command in event.calls)


def flagged_last(event: Event) -> bool:
    """Whether the last call kept a flag, so that nothing has happened since."""
    tool, command = event.calls[-1]
    return tool == untrusted.SHELL and shell.flags_last(command)


def _is_own(tool: str, command: str) -> bool:
    return tool == untrusted.SHELL and shell.own(command)
