"""What `gitmem doctor` asks of Codex and tries with it.

Shapes as recorded from version 0.171.0. The program itself is asked which hooks the person has reviewed
and what the rules allow, in a home that has their trust and no credential of theirs.
"""

from __future__ import annotations

import json
import tomllib
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from gitmem.clients.abilities import ClientState, RecordedSession, SettingsFile, Told, Where
from gitmem.clients.codex.wiring import RULE_FILE, RULES, SETTINGS
from gitmem.clients.probing import HookProbe, apart, as_object, hooks_in, write
from gitmem.git import local, programs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gitmem.clients.abilities import ClientPlace, Hook
    from gitmem.clients.client import Read

_PAYLOADS = "hooks/codex/payloads.json"
_CONFIG = "config.toml"
_TRUSTED = "trusted"
_KEY = "GITMEM_DOCTOR_KEY"
_ASKED = 10.0  # seconds; the program answers in 0.3
_LARGEST = 4 << 20  # bytes of a file
_ASK = 2  # the number of the question that is waited for
_HEAD = "codex-cli "
_ARGUMENTS = (
    "exec",
    "--json",
    "--skip-git-repo-check",
    "--dangerously-bypass-hook-trust",  # trust is looked at; here the hooks are
)
#: A commit needs the git directory, which the sandbox mounts read-only; this rule is of the throw-away home.
_COMMITS = 'prefix_rule(pattern=["git", "commit"], decision="allow")\n'
_MODEL = """\
model = "scripted"
model_provider = "scripted"
check_for_update_on_startup = false
model_context_window = 200000
[analytics]
enabled = false
[features]
plugins = false
[model_providers.scripted]
name = "scripted"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "{key}"
request_max_retries = 0
stream_max_retries = 0
"""
_REVIEW = "start codex in this folder and review them: /hooks"


class CodexProbe(HookProbe):
    """Codex, looked at and tried."""

    program = "codex"
    untrusted = "it loads no hooks, no rules and no AGENTS.md"
    answer_keys = ("hookSpecificOutput", "systemMessage")
    inner_keys = (
        "hookEventName",
        "additionalContext",
        "permissionDecision",
        "permissionDecisionReason",
    )
    fields = (*HookProbe.fields, ("turn_id", "prompt"))

    def __init__(self, read: Read) -> None:
        super().__init__(read(_PAYLOADS))
        self._rules = read(RULES).splitlines()

    def look(self, place: ClientPlace) -> ClientState:
        """Return every file with hooks, and whether the person trusts the project."""
        files = [found for found in map(_read, *zip(*_places(place), strict=True)) if found]
        allow = self._allowed(place.top / RULE_FILE)
        if allow:
            files.append(SettingsFile(where=Where.PROJECT, path=RULE_FILE, allow=allow))
        return ClientState(files=files, trusted=_trusts(_config(_home(place.environ)), place))

    def ask(self, place: ClientPlace, program: str) -> Sequence[Told]:
        """Return which hooks the person has reviewed, and whether the rules let a capture through."""
        if not program:
            said = "codex is not on this terminal's PATH: which hooks you reviewed cannot be told"
            return (Told(check="reviewed", what=said),)
        with TemporaryDirectory(prefix="gitmem-") as name:
            home = Path(name).resolve()
            codex = home / ".codex"
            _keep_trust(_home(place.environ), codex)
            env = {**apart(place.environ, home), "CODEX_HOME": str(codex)}
            try:
                return (*_reviewed(program, place, env), *self._let(program, place, env))
            except OSError as error:
                return (Told(check="reviewed", what=f"codex cannot be started: {error}"),)

    def shell(self, environ: Mapping[str, str]) -> Sequence[str]:
        """Return the words before the command with which the client starts a hook: the person's shell."""
        return environ.get("SHELL") or "/bin/sh", "-c"

    def call(self, command: str) -> tuple[str, dict[str, object]]:
        """Return the tool by which its model runs a shell command, and what the tool is given."""
        return "exec_command", {"cmd": command, "yield_time_ms": 10_000}

    def settle(self, files: Iterable[SettingsFile], top: str, home: Path, url: str) -> list[str]:
        """Write gitmem's hooks and rules of each file, and a configuration with this model alone."""
        codex = home / ".codex"
        project = f"[projects.{_text(top)}]\ntrust_level = {_text(_TRUSTED)}\n"
        write(codex / _CONFIG, _MODEL.format(url=url, key=_KEY) + project)
        write(codex / "rules/doctor.rules", _COMMITS)
        hooks: dict[Where, list[Hook]] = {}
        rules: list[str] = []
        for file in files:
            hooks.setdefault(file.where, []).extend(file.hooks)
            rules += [line for line in self._rules if line in file.allow]
        for where, folder in ((Where.USER, codex), (Where.PROJECT, Path(top) / ".codex")):
            if hooks.get(where):
                write(folder / "hooks.json", json.dumps({"hooks": SETTINGS.events(hooks[where])}))
        if rules:
            write(Path(top) / RULE_FILE, "".join(f"{line}\n" for line in rules))
        return list(_ARGUMENTS)

    def alone(self, environ: Mapping[str, str], home: Path, url: str) -> dict[str, str]:
        """Return the environment of a session in that home whose only model listens at ``url``."""
        del url
        # Its shell is a login shell, and a system's profile may set PATH.
        path = environ.get("PATH", "").replace("'", "'\\''")
        for name in (".bash_profile", ".profile", ".zprofile"):
            write(home / name, f"export PATH='{path}'\n")
        return {**apart(environ, home), "CODEX_HOME": str(home / ".codex"), _KEY: "none"}

    def read(self, out: str, err: str) -> RecordedSession:
        """Return what `exec --json` told of the session."""
        del err
        items = [as_object(row.get("item")) for row in _rows(out)]
        texts = [str(item.get("text")) for item in items if item.get("type") == "agent_message"]
        return RecordedSession(version="", printed=texts[-1] if texts else "", answers=None)

    def _allowed(self, path: Path) -> frozenset[str]:
        """gitmem's own rules in the file."""
        text = local.read_plain(str(path), _LARGEST).decode("utf-8", "replace")
        return frozenset(line for line in text.splitlines() if line in self._rules)

    def _let(self, program: str, place: ClientPlace, env: Mapping[str, str]) -> Iterator[Told]:
        """Whether the project's rules let `gitmem flag` and `gitmem snag` out of the sandbox."""
        rules = place.top / RULE_FILE
        if not rules.is_file():
            return
        refused = []
        for verb in ("flag", "snag"):
            argv = [
                program,
                "execpolicy",
                "check",
                "--rules",
                str(rules),
                "--",
                "gitmem",
                verb,
                "x",
            ]
            ran = programs.run(argv, cwd=env["HOME"], env=env, stdin=b"", seconds=_ASKED)
            if as_object(_json(ran.out)).get("decision") != "allow":
                refused.append(f"gitmem {verb}")
        if refused:
            said = f"codex says that {RULE_FILE} does not allow {' and '.join(refused)}"
            hint = "gitmem init writes gitmem's rules; another rule in that file may forbid it"
            yield Told(check="rules", what=said, hint=hint)
        else:
            said = "codex lets gitmem flag and snag out of its sandbox without asking"
            yield Told(check="rules", what=said)


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("CODEX_HOME") or Path(environ.get("HOME") or "/") / ".codex")


def _places(place: ClientPlace) -> list[tuple[Where, Path, str]]:
    """Every file that may bring hooks: the person's own, and those from the top down to the start."""
    home = _home(place.environ)
    shown = "~/.codex" if home == Path(place.environ.get("HOME") or "/") / ".codex" else str(home)
    found = [(Where.USER, home / name, f"{shown}/{name}") for name in ("hooks.json", _CONFIG)]
    below = [place.start, *place.start.parents] if place.start.is_relative_to(place.top) else []
    folders = [folder for folder in below if folder.is_relative_to(place.top)] or [place.top]
    for folder in reversed(folders):
        for name in ("hooks.json", _CONFIG):
            path = folder / ".codex" / name
            found.append((Where.PROJECT, path, path.relative_to(place.top).as_posix()))
    return found


def _read(where: Where, path: Path, said: str) -> SettingsFile | None:
    """The file; None where there is none, or a configuration without a hook of gitmem's."""
    content = local.read_plain(str(path), _LARGEST)
    if not content:
        return None
    try:
        text = content.decode("utf-8")
        found = tomllib.loads(text) if path.name == _CONFIG else json.loads(text)
    except (ValueError, RecursionError) as error:
        return SettingsFile(where=where, path=said, problem=f"cannot be read: {error}")
    if not isinstance(found, dict):
        return SettingsFile(where=where, path=said, problem="is not a JSON object")
    hooks = tuple(hooks_in(found, SETTINGS.ours))
    off = as_object(found.get("features")).get("hooks") is False
    if path.name == _CONFIG and not hooks and not off:
        return None
    return SettingsFile(where=where, path=said, hooks=hooks, off=off)


def _config(home: Path) -> dict[str, Any]:
    """The person's configuration; empty where it cannot be read."""
    with suppress(OSError, ValueError, RecursionError):
        return tomllib.loads((home / _CONFIG).read_text(encoding="utf-8"))
    return {}


def _trusts(config: Mapping[str, Any], place: ClientPlace) -> bool | None:
    """Whether the person trusts the project: this folder, the top, or a linked work tree's repository."""
    projects = as_object(config.get("projects"))
    if not projects:
        return None
    folders = (place.start, place.top, _repository(place.top))
    levels = [as_object(projects.get(str(folder))).get("trust_level") for folder in folders]
    return _TRUSTED in levels


def _repository(top: Path) -> Path:
    """The top of the main work tree, of which this one may be linked (gitrepository-layout(5))."""
    text = local.read_plain(str(top / ".git"), _LARGEST).decode("utf-8", "replace")
    folder = Path(text.removeprefix("gitdir: ").strip())
    linked = text.startswith("gitdir: ") and folder.parent.name == "worktrees"
    return folder.parents[2] if linked else top


def _keep_trust(home: Path, codex: Path) -> None:
    """Write a home with what the person decided about projects and hooks, and nothing else of theirs."""
    config = _config(home)
    lines = ["[features]", "plugins = false"]
    if as_object(config.get("features")).get("hooks") is False:
        lines.append("hooks = false")
    lines += ["[analytics]", "enabled = false"]
    for name, project in as_object(config.get("projects")).items():
        level = as_object(project).get("trust_level")
        if isinstance(level, str):
            lines += [f"[projects.{_text(name)}]", f"trust_level = {_text(level)}"]
    for key, state in as_object(as_object(config.get("hooks")).get("state")).items():
        where = key.replace(f"{home}/", f"{codex}/", 1) if key.startswith(f"{home}/") else key
        lines.append(f"[hooks.state.{_text(where)}]")
        for name, value in as_object(state).items():
            if isinstance(value, str | bool) and name.isidentifier():
                lines.append(f"{name} = {_text(value)}")
    write(codex / _CONFIG, "\n".join(lines) + "\n")
    own = local.read_plain(str(home / "hooks.json"), _LARGEST)
    if own:
        write(codex / "hooks.json", own.decode("utf-8", "replace"))


def _text(value: object) -> str:
    """A string or a boolean in TOML; a basic string's escapes are JSON's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _reviewed(program: str, place: ClientPlace, env: Mapping[str, str]) -> Iterator[Told]:
    """What the program says of gitmem's hooks: reviewed, changed since, switched off."""
    client = {"clientInfo": {"name": "gitmem", "version": "0"}}
    asked = [
        {"id": 1, "method": "initialize", "params": client},
        {"method": "initialized"},
        {"id": _ASK, "method": "hooks/list", "params": {"cwds": [str(place.start)]}},
    ]
    line = programs.converse(
        [program, "app-server"],
        cwd=env["HOME"],
        env=env,
        said=[json.dumps(one) for one in asked],
        until=lambda line: as_object(_json(line)).get("id") == _ASK,
        seconds=_ASKED,
    )
    answer = as_object(as_object(_json(line)).get("result")).get("data")
    if not isinstance(answer, list):
        yield Told(check="reviewed", what="codex does not say which hooks you reviewed")
        return
    listed = [as_object(hook) for one in answer for hook in _list(as_object(one).get("hooks"))]
    ours = [hook for hook in listed if SETTINGS.ours in str(hook.get("command"))]
    new = [hook for hook in ours if hook.get("trustStatus") not in (_TRUSTED, "modified")]
    changed = [hook for hook in ours if hook.get("trustStatus") == "modified"]
    off = [hook for hook in ours if hook.get("trustStatus") == _TRUSTED and not hook.get("enabled")]
    for some, how in ((new, "not reviewed yet"), (changed, "changed since your review")):
        if some:
            said = f"{len(some)} of {len(ours)} hooks are {how}: codex skips them without a word"
            yield Told(check="reviewed", what=said, hint=_REVIEW)
    if off:
        said = f"{len(off)} of {len(ours)} hooks are switched off"
        yield Told(check="reviewed", what=said, hint="switch them on in codex: /hooks")
    if ours and not (new or changed or off):
        yield Told(check="reviewed", what=f"codex runs them: you reviewed all {len(ours)}")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _rows(out: str) -> Iterator[dict[str, Any]]:
    for line in out.splitlines():
        yield as_object(_json(line))
