"""Who started a hook: which client really, and a settings file or a plugin (hot lane)."""

from __future__ import annotations

import os

from gitmem.session import boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.git.repository import Repository

_SETTINGS = "/.gitmem/config.yaml"
# Clients that run Claude Code's settings file; they have no event for a whole batch of calls.
BORROWERS = ("copilot", "cursor")


def runner(environ: Mapping[str, str]) -> str:
    """The plugin's folder when a plugin's hook was started; empty for that of a settings file."""
    return environ.get("CLAUDE_PLUGIN_ROOT", "")


def concerns(repo: Repository, runner: str) -> bool:
    """Whether a hook has anything to do in the repository.

    A settings file stands where `gitmem init` put it. A plugin is everywhere: it keeps silent in a
    repository that was never wired, and where nothing was ever flagged.
    """
    if not runner:
        return True
    return os.path.exists(repo.top + _SETTINGS) or os.path.isdir(repo.folder)


def client(named: str, environ: Mapping[str, str], payload: Mapping[str, object]) -> str:
    """The client that really runs this hook, where the command names Claude Code.

    Copilot CLI 1.0.102 and Cursor run `.claude/settings.json` too. Their variables are inherited by
    a Claude Code that was started inside them, which knows its own session.
    """
    if named != "claude-code" or not payload:
        return named
    session = payload.get("session_id")
    if session and session == environ.get("CLAUDE_CODE_SESSION_ID"):
        return named
    if "conversation_id" in payload or "CURSOR_VERSION" in environ:
        return "cursor"
    # Claude Code's payloads have no time; every one of Copilot's has.
    return "copilot" if "COPILOT_CLI" in environ or "timestamp" in payload else named


def batch_after(event: boundary.Event) -> boundary.Event | None:
    """The end of the batch, where the client has no event of its own for it: after every call."""
    if event.client not in BORROWERS or event.kind != boundary.TOOL:
        return None
    return boundary.Event(
        boundary.BATCH,
        client=event.client,
        name=event.name,
        session=event.session,
        cwd=event.cwd,
        agent=event.agent,
    )
