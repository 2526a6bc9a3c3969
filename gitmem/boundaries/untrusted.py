"""Calls that bring text of strangers into a session (pure; hot lane)."""

from __future__ import annotations

from gitmem.boundaries import shell

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


def taint_of(event: Event) -> str:
    """The first tool of the event's calls that brought untrusted text in; empty for none."""
    for tool, command in event.calls:
        if untrusted(tool, command):
            return tool
    return ""


def untrusted(tool: str, command: str) -> bool:
    """Whether a call brings text of strangers in: from the web, an MCP server, an issue or a PR.

    ``command`` is the shell command of a shell call. Its words count wherever they stand, so it says
    yes too often rather than too seldom; only gitmem's own capture of a quoted text is left out.
    """
    if tool in WEB or tool.startswith(_RESOURCES):
        return True
    if tool.startswith(MCP):
        return not (tool.startswith(_OWN_MCP) or tool.endswith(CHAPTER))
    if tool != SHELL or shell.captures(command):
        return False
    words = {word.rpartition("/")[2] for word in command.translate(_APART).split()}
    if not words.isdisjoint(_FETCHERS):
        return True
    if words.isdisjoint(_FORGES) or words.isdisjoint(_AREAS):
        return False
    return words.isdisjoint(_WRITING) or not words.isdisjoint(_READING)
