"""Calls that bring text of strangers into a session (pure; hot lane)."""

from __future__ import annotations

from gitmem.domain import shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.domain.boundary import Event

SHELL = "Bash"
WEB = ("WebFetch", "WebSearch")
MCP = "mcp__"  # tools of an MCP server begin with it
CHAPTER = "__mark_chapter"

_OWN_MCP = "mcp__gitmem__"
# Programs that fetch, and what of a forge's program reads what others wrote.
_FETCHERS = ("curl", "wget")
_FORGES = {
    "gh": (("api",), ("issue", "view"), ("issue", "list"), ("pr", "view"), ("pr", "diff"), ("pr", "list")),
    "glab": (("issue",), ("mr",)),
}  # fmt: skip
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
    if tool in WEB:
        return True
    if tool.startswith(MCP):
        return not (tool.startswith(_OWN_MCP) or tool.endswith(CHAPTER))
    if tool != SHELL or shell.captures(command):
        return False
    words = {word.rpartition("/")[2] for word in command.translate(_APART).split()}
    if not words.isdisjoint(_FETCHERS):
        return True
    return any(
        words.issuperset(reads)
        for forge, ways in _FORGES.items()
        if forge in words
        for reads in ways
    )
