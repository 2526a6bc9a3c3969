"""What each real client puts into the environment of a shell command and of a hook.

Recorded from Codex 0.171.0, Gemini CLI 0.61.0, OpenCode 1.18.33, Copilot CLI 1.0.102, Qwen Code 0.24.4 and
Claude Code 2.1.332, in sessions with a scripted model; ids and paths are replaced.
"""

from __future__ import annotations

SESSION = "01a2284f-6704-7480-b2d2-2270688f7839"

COMMANDS: dict[str, dict[str, str]] = {
    "claude-code": {
        "CLAUDECODE": "1",
        "CLAUDE_CODE_ENTRYPOINT": "cli",
        "CLAUDE_CODE_SESSION_ID": SESSION,
    },
    "codex": {
        "CODEX_APPLY_PATCH_PRESERVE_LINE_ENDINGS": "1",
        "CODEX_CI": "1",
        "CODEX_MANAGED_BY_NPM": "1",
        "CODEX_SESSION_ID": SESSION,
        "CODEX_THREAD_ID": SESSION,
        "CODEX_TOOL_CALL_ID": "call_d9aeba9d",
        "CODEX_VERSION": "0.171.0",
    },
    "gemini": {
        "GEMINI_CLI": "1",
        "GEMINI_CLI_NO_RELAUNCH": "true",
        "GEMINI_TELEMETRY_ENABLED": "false",
    },
    "opencode": {"AGENT": "1", "OPENCODE": "1", "OPENCODE_PID": "18796"},
    "copilot": {
        "COPILOT_AGENT_SESSION_ID": SESSION,
        "COPILOT_AUTO_UPDATE": "false",
        "COPILOT_CLI": "1",
        "COPILOT_CLI_BINARY_VERSION": "1.0.102",
        "COPILOT_MODEL": "fake-model",
    },
    "qwen": {
        "QWEN_CODE": "1",
        "QWEN_CODE_AGENT_ID": "",
        "QWEN_CODE_MODEL": "fake-model",
        "QWEN_CODE_NO_RELAUNCH": "true",
        "QWEN_CODE_PROMPT_ID": f"{SESSION}########0",
        "QWEN_CODE_SESSION_ID": SESSION,
    },
}

HOOKS: dict[str, dict[str, str]] = {
    "gemini": {
        "GEMINI_SESSION_ID": SESSION,
        "GEMINI_CWD": "/project",
        "CLAUDE_PROJECT_DIR": "/project",
    },
    "copilot": {
        "COPILOT_CLI": "1",
        "COPILOT_HOOK_DIR": "/project",
        "CLAUDE_PROJECT_DIR": "/project",
    },
    "qwen": {
        "QWEN_CODE_SESSION_ID": SESSION,
        "GEMINI_PROJECT_DIR": "/project",
        "CLAUDE_PROJECT_DIR": "/project",
    },
}

#: Clients whose commands do not tell the session.
SILENT = {"gemini", "opencode"}
