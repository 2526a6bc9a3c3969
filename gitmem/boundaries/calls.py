"""What the calls of an event were: gitmem's own, work, failed, slow, untrusted (pure, hot lane).

Loaded for events that have calls only: a boot or the end of a turn has none.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.session.boundary import Event

SHELL = "Bash"
WEB = ("WebFetch", "WebSearch")
_RESOURCES = ("ReadMcpResource", "ListMcpResources")  # ... and whatever follows
MCP = "mcp__"  # tools of an MCP server begin with it
CHAPTER = "__mark_chapter"

_OWN_MCP = "mcp__gitmem__"
# Programs that fetch, and what of a forge's program reads what others wrote.
_FETCHERS = frozenset(
    ["curl", "wget", "http", "https", "xh", "lynx", "w3m", "links", "elinks", "aria2c"]
)
_FORGES = frozenset(["gh", "glab", "tea", "hub", "jira"])
_AREAS = frozenset(
    [
        "api",
        "issue",
        "issues",
        "pr",
        "prs",
        "mr",
        "search",
        "release",
        "run",
        "gist",
        "snippet",
        "repo",
        "ci",
        "job",
        "pipeline",
        "discussion",
    ]
)
_READING = frozenset(
    [
        "api",
        "search",
        "view",
        "list",
        "diff",
        "status",
        "checks",
        "checkout",
        "clone",
        "log",
        "issues",
        "prs",
        "trace",
    ]
)
_WRITING = frozenset(
    [
        "create",
        "merge",
        "close",
        "edit",
        "comment",
        "ready",
        "reopen",
        "delete",
        "upload",
        "note",
        "approve",
    ]
)
_APART = str.maketrans(dict.fromkeys("\t\n\r;|&<>(){}[]$`\"'\\,=", " "))


def shell_commands(event: Event) -> list[str]:
    """Return the shell commands of the calls, without gitmem's own."""
    found = [command for tool, command in event.calls if tool == SHELL]
    return [command for command in found if command and not own(command)]


def is_slow(event: Event) -> bool:
    """Return whether the time of a call is its own: a sub-agent takes what it takes."""
    return any(
        tool in WEB or tool.startswith(MCP) or (tool == SHELL and not own(command))
        for tool, command in event.calls
    )


def worked(event: Event) -> bool:
    """Return whether any call was not gitmem's own."""
    return not all(_is_own(tool, command) for tool, command in event.calls)


def flagged_last(event: Event) -> bool:
    """Return whether the last call kept a flag, so that nothing has happened since."""
    tool, command = event.calls[-1]
    return tool == SHELL and flags_last(command)


def taint_of(event: Event) -> str:
    """Return the first tool of the event's calls that brought untrusted text in; empty without one."""
    for tool, command in event.calls:
        if untrusted(tool, command):
            return tool
    return ""


def untrusted(tool: str, command: str) -> bool:
    """Return whether a call brings text of strangers in: from the web, an MCP server, an issue or a PR.

    ``command`` is the shell command of a shell call. Its words count wherever they stand, so it says
    yes too often rather than too seldom; only gitmem's own capture of a quoted text is left out.
    """
    if tool in WEB or tool.startswith(_RESOURCES):
        return True
    if tool.startswith(MCP):
        return not (tool.startswith(_OWN_MCP) or tool.endswith(CHAPTER))
    if tool != SHELL or _captures(command):
        return False
    words = {word.rpartition("/")[2] for word in command.translate(_APART).split()}
    if not words.isdisjoint(_FETCHERS):
        return True
    if words.isdisjoint(_FORGES) or words.isdisjoint(_AREAS):
        return False
    return words.isdisjoint(_WRITING) or not words.isdisjoint(_READING)


def own(command: str) -> bool:
    """Return whether the command does nothing but call gitmem (and say what to pipe into it)."""
    if not _may_be_own(command):
        return False
    from gitmem.session import shell_commands

    return shell_commands.are_own(command)


def flags_last(command: str) -> bool:
    """Return whether the last thing the command does is a flag."""
    if not _may_be_own(command):
        return False
    from gitmem.session import shell_commands

    return shell_commands.end_in_flag(command)


def _captures(command: str) -> bool:
    if not command.startswith("gitmem "):
        return False
    from gitmem.session import shell_commands

    return shell_commands.captures(command)


def _is_own(tool: str, command: str) -> bool:
    return tool == SHELL and own(command)


def _may_be_own(command: str) -> bool:
    return "gitmem" in command or "git mem " in command
