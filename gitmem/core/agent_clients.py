"""The agent clients, by what they put into the environment of what they start (pure, hot lane).

One row a client; what else is known of it is in its folder (`gitmem.clients`). What is refused inside a client is refused in all of them, and
what is not part of a session loses the variables of all of them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LONGEST = 100  # characters of a session's name
_NAME = "abcdefghijklmnopqrstuvwxyz0123456789-"


class ClientSigns:
    """What one client sets.

    ``signs``: each says that the client started this process, whatever its value. ``sessions``: where
    the session's id is, the first that has one. ``own``: how names of what it sets for a session begin.
    ``kept``: what begins the same and is a person's own (a login). ``project``: where the folder of the
    session is.
    """

    __slots__ = ("kept", "name", "own", "project", "sessions", "signs")

    def __init__(
        self,
        name: str,
        *,
        signs: tuple[str, ...],
        own: tuple[str, ...],
        sessions: tuple[str, ...] = (),
        kept: tuple[str, ...] = (),
        project: str = "",
    ) -> None:
        self.name = name
        self.signs = signs
        self.sessions = sessions
        self.own = own
        self.kept = kept
        self.project = project


# Seen in a shell command and a hook of each real client (of Cursor: its documentation):
# Claude Code 2.1.332, Codex 0.171.0, Gemini CLI 0.61.0, OpenCode 1.18.33, Copilot CLI 1.0.102,
# Qwen Code 0.24.4. A hook of Gemini CLI has no GEMINI_CLI, and one of Qwen Code no QWEN_CODE.
CLIENTS = (
    ClientSigns(
        "claude-code",
        signs=("CLAUDECODE",),
        sessions=("CLAUDE_CODE_SESSION_ID",),
        own=(
            "CLAUDE_CODE_CHILD_SESSION",
            "CLAUDE_CODE_ENTRYPOINT",
            "CLAUDE_CODE_SESSION_",
            "CLAUDE_EFFORT",
            "CLAUDE_ENV_FILE",
            "CLAUDE_PID",
            "CLAUDE_PLUGIN_",
            "CLAUDE_PROJECT_DIR",
        ),
        project="CLAUDE_PROJECT_DIR",
    ),
    ClientSigns(
        "codex",
        signs=(
            "CODEX_CI",
            "CODEX_SANDBOX",
            "CODEX_SANDBOX_NETWORK_DISABLED",
            "CODEX_SESSION_ID",
            "CODEX_THREAD_ID",
        ),
        sessions=("CODEX_THREAD_ID", "CODEX_SESSION_ID"),
        own=("CODEX_SANDBOX", "CODEX_TOOL_CALL_ID"),
    ),
    ClientSigns(
        "gemini",
        signs=("GEMINI_CLI", "GEMINI_SESSION_ID"),
        sessions=("GEMINI_SESSION_ID",),
        own=("GEMINI_CWD", "GEMINI_PLANS_DIR", "GEMINI_PROJECT_DIR", "GEMINI_CLI_NO_RELAUNCH"),
        project="GEMINI_PROJECT_DIR",
    ),
    ClientSigns("opencode", signs=("OPENCODE",), own=("OPENCODE_PID",)),
    ClientSigns(
        "copilot",
        signs=("COPILOT_CLI", "COPILOT_AGENT_SESSION_ID"),
        sessions=("COPILOT_AGENT_SESSION_ID",),
        own=("COPILOT_CLI_", "COPILOT_HOOK_DIR", "COPILOT_PROJECT_DIR"),
        project="COPILOT_PROJECT_DIR",
    ),
    ClientSigns(
        "qwen",
        signs=("QWEN_CODE", "QWEN_CODE_SESSION_ID"),
        sessions=("QWEN_CODE_SESSION_ID",),
        own=("QWEN_CODE_", "QWEN_PROJECT_DIR"),
        project="QWEN_PROJECT_DIR",
    ),
    ClientSigns("cursor", signs=("CURSOR_AGENT",), own=("CURSOR_",), kept=("CURSOR_API_KEY",)),
)

# What a client's plugin, or another host, says of itself, and a hook to what it starts.
NAMED = "GITMEM_CLIENT"
SESSION = "GITMEM_SESSION"
_OTHERS = (NAMED, SESSION, "AI_AGENT")  # AI_AGENT: what several hosts have agreed on
_OTHER = "an agent client"


def inside(environ: Mapping[str, str]) -> str:
    """Return the client that started this process; empty when a person did.

    A client inside another one inherits its variables. Which is the inner one cannot be told, so the
    first of the table is named.
    """
    for client in CLIENTS:
        for sign in client.signs:
            if sign in environ:
                return client.name
    if not any(name in environ for name in _OTHERS):
        return ""
    named = environ.get(NAMED, "")[:_LONGEST]
    return named if named and not named.strip(_NAME) else _OTHER


def session(environ: Mapping[str, str]) -> str:
    """Return the session's id as the client of `inside` tells it; empty where it tells none."""
    client = inside(environ)
    for name, told in _told(environ):
        if name in (client, ""):
            return told
    return ""


def sessions(environ: Mapping[str, str]) -> list[str]:
    """Return every session's id in the environment: also that of a client around the inner one."""
    return list(dict.fromkeys([told for _, told in _told(environ)]))


def project(environ: Mapping[str, str]) -> str:
    """Return the folder of the session that this process belongs to; empty where no client tells it."""
    for client in CLIENTS:
        if client.project and environ.get(client.project):
            return environ[client.project]
    return ""


def is_own(variable: str) -> bool:
    """Whether a client sets the variable for its session, so that nothing else may inherit it."""
    if variable in _OTHERS:
        return True
    for client in CLIENTS:
        if variable in client.signs or variable in client.sessions:
            return True
        if variable.startswith(client.own) and variable not in client.kept:
            return True
    return False


def without(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of something that is not a part of the session."""
    return {name: value for name, value in environ.items() if not is_own(name)}


def _told(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Client and session for each variable that names one; no client: whichever it is."""
    for client in CLIENTS:
        for name in client.sessions:
            if environ.get(name):
                yield client.name, environ[name][:_LONGEST]
    if environ.get(SESSION):
        yield "", environ[SESSION][:_LONGEST]
