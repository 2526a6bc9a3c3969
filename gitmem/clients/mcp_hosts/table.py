"""Every host that `gitmem init --mcp` knows, with its file and the shape of an entry there (pure).

Where a host starts a server elsewhere than in the project, the entry names the folder: by a variable of
the host, which keeps the file the same for everybody. docs/mcp.md has the same table; a test compares.
"""

from __future__ import annotations

from gitmem.clients.mcp_hosts.host import COMMAND, McpHost
from gitmem.clients.mcp_hosts.json_file import JsonServers
from gitmem.clients.mcp_hosts.toml_file import TomlServers

_PROGRAM, *_ARGUMENTS = COMMAND
_PLAIN: dict[str, object] = {"command": _PROGRAM, "args": _ARGUMENTS}
#: The tools run without a question each: what they save is reviewed before it becomes memory.
_TRUSTED = {**_PLAIN, "trust": True}
_WORKSPACE = [*_ARGUMENTS, "--repo", "${workspaceFolder}"]
_APPROVES = "asks once whether it may start the server"

_SHARED = JsonServers(path=".mcp.json", servers="mcpServers", entry=_PLAIN)

HOSTS = (
    McpHost(name="claude-code", title="Claude Code", file=_SHARED, tested=True, asks=_APPROVES),
    McpHost(
        name="codex",
        title="Codex",
        # Never `required`: a command that is not there then ends the client.
        file=TomlServers(
            path=".codex/config.toml",
            servers="mcp_servers",
            entry={"command": _PROGRAM, "args": _ARGUMENTS},
        ),
        tested=True,
        asks="reads the file in a project that you trust",
    ),
    McpHost(
        name="gemini",
        title="Gemini CLI",
        file=JsonServers(
            path=".gemini/settings.json", servers="mcpServers", entry=_TRUSTED, comments=True
        ),
        tested=True,
        asks="reads the file in a folder that you trust",
    ),
    McpHost(
        name="opencode",
        title="OpenCode",
        file=JsonServers(
            path="opencode.json",
            servers="mcp",
            entry={"type": "local", "command": list(COMMAND)},
            comments=True,
            schema="https://opencode.ai/config.json",
        ),
        tested=True,
    ),
    McpHost(name="copilot", title="Copilot CLI", file=_SHARED, tested=True),
    McpHost(
        name="qwen",
        title="Qwen Code",
        file=JsonServers(
            path=".qwen/settings.json", servers="mcpServers", entry=_TRUSTED, comments=True
        ),
        tested=True,
        asks="starts it once you have run: qwen mcp approve gitmem",
    ),
    McpHost(
        name="cursor",
        title="Cursor",
        file=JsonServers(
            path=".cursor/mcp.json",
            servers="mcpServers",
            entry={"command": _PROGRAM, "args": _WORKSPACE},
            comments=True,
        ),
    ),
    McpHost(
        name="vscode",
        title="VS Code",
        file=JsonServers(
            path=".vscode/mcp.json",
            servers="servers",
            entry={"type": "stdio", "command": _PROGRAM, "args": _WORKSPACE},
            comments=True,
        ),
        asks=_APPROVES,
    ),
    McpHost(
        name="zed",
        title="Zed",
        file=JsonServers(
            path=".zed/settings.json",
            servers="context_servers",
            entry={**_PLAIN, "env": {}},
            comments=True,
        ),
    ),
)
