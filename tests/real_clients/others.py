"""The real clients beside Claude Code: installed from npm at one version each, run headless in a repository.

The settings that the probes of `gitmem.clients` write for `gitmem doctor --client` are not used here. What a client
needs is read a second time, so that a mistake in a probe shows beside sessions that do not depend on it.
"""

from __future__ import annotations

import json
import os
import platform
import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.real_clients.claude import with_gitmem
from tests.real_clients.npm import installed
from tests.real_clients.wire import Turn, WireModel
from tests.support.sandbox import Sandbox

#: Seconds after which a session is taken for hung; the longest here take ten.
PATIENCE = 120
_MACHINE = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
#: Nothing listens there: whatever a client wants from outside fails.
NOWHERE = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,localhost",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A finished run: exit code and what was printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One client. ``settle`` prepares a home and a clone, ``command`` is what is started, ``environment`` what it gets.

    All three get the home, the repository and the model's address. ``call`` is the tool by which the model runs a
    shell command, and what the tool is given. With the arguments ``unsandboxed`` its shell may write anywhere.
    """

    package: str
    version: str
    file: str
    settle: Callable[[Path, Path, str], None]
    command: Callable[[Path, str], Sequence[str]]
    environment: Callable[[Path, str], Mapping[str, str]]
    call: Callable[[str], tuple[str, dict[str, Any]]]
    unsandboxed: Sequence[str] = ()
    interpreted: bool = False

    def shell(self, command: str, tokens: int = 100) -> Turn:
        """An answer that runs a command in the client's shell."""
        tool, given = self.call(command)
        return Turn(tool=tool, given=given, tokens=tokens)

    def idle(self, number: int, tokens: int = 100) -> list[Turn]:
        """So many calls that are no work, and differ: Gemini CLI and Qwen Code end a session that repeats itself."""
        return [self.shell(f"true {at}", tokens) for at in range(number)]

    @property
    def start(self) -> list[str]:
        """What starts the installed program."""
        program = str(installed(self.package, self.version, self.file))
        return ["node", program] if self.interpreted else [program]

    def put(self, folder: Path, name: str) -> Path:
        """Make a folder for a PATH in which the program has this name; return it."""
        folder.mkdir()
        file = folder / name
        file.write_text(f'#!/bin/sh\nexec {shlex.join(self.start)} "$@"\n', encoding="utf-8")
        file.chmod(0o755)
        return folder

    def run(
        self,
        sandbox: Sandbox,
        home: Path,
        model: WireModel,
        prompt: str,
        *,
        arguments: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        below: str = "",
    ) -> Ended:
        """Run one session with one prompt. ``arguments`` are more of the client's, before the prompt."""
        done = subprocess.run(
            self.argv(home, prompt, arguments),
            cwd=sandbox.path / below,
            env=self.environ(sandbox, home, model, env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
        )
        return Ended(code=done.returncode, out=done.stdout, err=done.stderr)

    def argv(self, home: Path, prompt: str, arguments: Sequence[str] = ()) -> list[str]:
        """Return what is started."""
        return [*self.start, *arguments, *self.command(home, prompt)]

    def environ(
        self,
        sandbox: Sandbox,
        home: Path,
        model: WireModel,
        env: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        """Prepare the home; return the environment of a session."""
        self.settle(home, sandbox.path, model.url)
        return {
            "PATH": with_gitmem(),
            "HOME": str(home),
            "TERM": "dumb",
            "NO_COLOR": "1",
            "LANG": "C.UTF-8",
            **{key: text for key, text in os.environ.items() if key.startswith(("GIT_", "TMPDIR"))},
            **NOWHERE,
            **self.environment(home, model.url),
            **(env or {}),
        }


def _codex_home(home: Path, repository: Path, url: str) -> None:
    """The person's configuration: a model on loopback, and this project trusted."""
    _write(
        home / ".codex/config.toml",
        f"""\
model = "scripted"
model_provider = "scripted"
check_for_update_on_startup = false
model_auto_compact_token_limit = 180000
model_context_window = 200000
[analytics]
enabled = false
[model_providers.scripted]
name = "scripted"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "SCRIPTED_KEY"
request_max_retries = 0
stream_max_retries = 0
[projects."{repository}"]
trust_level = "trusted"
""",
    )

    # The client's shell is a login shell, and a system's profile may set PATH.
    _write(home / ".bash_profile", f"export PATH={shlex.quote(with_gitmem())}\n")


def _gemini_home(home: Path, repository: Path, url: str) -> None:
    del url
    settings = _settings("gemini-api-key", disableAutoUpdate=True, disableUpdateNag=True)
    _write(home / ".gemini/settings.json", settings)

    # Git in the client's shell reads neither the variables that say who commits nor a person's configuration.
    for name, value in (("user.name", "A"), ("user.email", "a@example.com")):
        subprocess.run(["git", "config", name, value], cwd=repository, check=True)


def _opencode_home(home: Path, repository: Path, url: str) -> None:
    del repository
    model = {"name": "Scripted", "limit": {"context": 200_000, "output": 4_000}}
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "Scripted",
        "options": {"baseURL": f"{url}/v1", "apiKey": "unused"},
        "models": {"scripted": model},
    }
    settings = {
        "autoupdate": False,
        "share": "disabled",
        "model": "scripted/scripted",
        "small_model": "scripted/scripted",
        "provider": {"scripted": provider},
    }
    _write(home / "config/opencode/opencode.json", json.dumps(settings))


def _nothing(home: Path, repository: Path, url: str) -> None:
    del home, repository, url


def _qwen_home(home: Path, repository: Path, url: str) -> None:
    del repository, url
    _write(home / ".qwen/settings.json", _settings("openai"))


def _settings(auth: str, **general: bool) -> str:
    """The settings of Gemini CLI and of Qwen Code, which comes from it: they neither update nor report, and sign in with ``auth``."""
    settings = {
        "general": {"enableAutoUpdate": False, **general},
        "privacy": {"usageStatisticsEnabled": False},
        "telemetry": {"enabled": False},
        "security": {"auth": {"selectedType": auth}},
    }
    return json.dumps(settings)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():  # what a test put there before stays
        path.write_text(text, encoding="utf-8")


CODEX = Program(
    package="@openai/codex",
    version="0.171.0",
    file=".bin/codex",
    settle=_codex_home,
    command=lambda _, prompt: (
        "exec",
        "--skip-git-repo-check",
        "--dangerously-bypass-hook-trust",
        prompt,
    ),
    environment=lambda home, _: {"CODEX_HOME": str(home / ".codex"), "SCRIPTED_KEY": "unused"},
    call=lambda command: ("exec_command", {"cmd": command, "yield_time_ms": 10_000}),
    unsandboxed=("-s", "danger-full-access"),
)
GEMINI = Program(
    package="@google/gemini-cli",
    version="0.61.0",
    file="@google/gemini-cli/bundle/gemini.js",
    settle=_gemini_home,
    command=lambda _, prompt: ("-m", "gemini-2.5-flash", "--approval-mode", "yolo", "-p", prompt),
    environment=lambda _, url: {
        "GEMINI_API_KEY": "unused",
        "GOOGLE_GEMINI_BASE_URL": url,
        "GEMINI_TELEMETRY_ENABLED": "false",
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
    },
    call=lambda command: ("run_shell_command", {"command": command}),
    interpreted=True,
)
OPENCODE = Program(
    package="opencode-ai",
    version="1.18.33",
    file=f"opencode-linux-{_MACHINE}/bin/opencode",
    settle=_opencode_home,
    command=lambda _, prompt: ("run", prompt),
    environment=lambda home, _: {
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        "OPENCODE_DISABLE_SHARE": "1",
        # The client installs a package of its own beside a plugin, and waits for it.
        "npm_config_offline": "true",
    },
    call=lambda command: ("bash", {"command": command, "description": "work"}),
)
COPILOT = Program(
    package="@github/copilot",
    version="1.0.102",
    file=f"@github/copilot-linux-{_MACHINE}/copilot",
    settle=_nothing,
    command=lambda _, prompt: (
        "--trust-folder",
        "--allow-all-tools",
        "--disable-client-telemetry",
        "--no-auto-update",
        "-p",
        prompt,
    ),
    environment=lambda home, url: {
        "COPILOT_HOME": str(home / ".copilot"),
        "COPILOT_OFFLINE": "true",
        "COPILOT_PROVIDER_BASE_URL": f"{url}/v1",
        "COPILOT_PROVIDER_TYPE": "openai",
        "COPILOT_PROVIDER_API_KEY": "unused",
        "COPILOT_MODEL": "scripted",
        "COPILOT_AUTO_UPDATE": "false",
        "COPILOT_PROVIDER_MAX_PROMPT_TOKENS": "30000",
        "COPILOT_PROVIDER_MAX_OUTPUT_TOKENS": "2000",
        "CI": "1",
    },
    call=lambda command: ("bash", {"command": command, "description": "work", "initial_wait": 30}),
)
QWEN = Program(
    package="@qwen-code/qwen-code",
    version="0.24.4",
    file="@qwen-code/qwen-code/cli.js",
    settle=_qwen_home,
    command=lambda _, prompt: ("--approval-mode", "yolo", "-p", prompt),
    environment=lambda _, url: {
        "OPENAI_API_KEY": "unused",
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_MODEL": "scripted",
    },
    call=lambda command: (
        "run_shell_command",
        {"command": command, "is_background": False, "description": "work"},
    ),
    interpreted=True,
)
#: Every client beside Claude Code, by the name of its folder.
PROGRAMS: dict[str, Program] = {
    "codex": CODEX,
    "gemini": GEMINI,
    "opencode": OPENCODE,
    "copilot": COPILOT,
    "qwen": QWEN,
}
