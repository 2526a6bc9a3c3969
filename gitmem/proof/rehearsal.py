"""Run the installed client once against a model on loopback, and see which words reach that model.

The session is real: the client reads gitmem's hooks from settings files, starts them, and sends what
they say. Only its folder (a throw-away repository), its home, and its model are not. Of the person's
settings it gets what concerns gitmem's hooks, verbatim, and nothing else: nobody else's hooks run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gitmem.clients.claude_code import settings
from gitmem.clients.claude_code.sources import Where
from gitmem.core import agent_clients as clients
from gitmem.git import process, programs
from gitmem.proof import rehearsed, scratch
from gitmem.session import ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitmem.clients.claude_code.sources import Source
    from gitmem.git.repository import Repository
    from gitmem.proof.rehearsed import Rehearsed

TOOL = "Bash"
COMMAND = f"git commit --quiet --allow-empty --message '{scratch.COMMIT}'"
ANSWER = "This is the answer of the loopback model."
_SECONDS = 90.0  # the client starts in half a second; a busy machine takes some more
_PROMPT = b"This is a rehearsal of gitmem doctor."
_ARGUMENTS = (
    "-p",
    "--output-format=stream-json",
    "--include-hook-events",
    "--verbose",
    f"--allowedTools={TOOL}(git commit *)",
)
#: What would lead the client to another model, another home, or the session it is started from.
_DROPPED = ("ANTHROPIC_", "CLAUDE", "COPILOT_", "GITMEM_INSIDE")
_NOWHERE = "http://127.0.0.1:9"  # the discard port: whatever the client wants from outside fails
_QUIET = {
    "ANTHROPIC_API_KEY": "none",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "HTTP_PROXY": _NOWHERE,
    "HTTPS_PROXY": _NOWHERE,
    "http_proxy": _NOWHERE,
    "https_proxy": _NOWHERE,
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}


class Listening(Protocol):
    """A model on loopback: where it listens, and the texts of each request of the main thread."""

    @property
    def url(self) -> str:
        """Where it answers."""

    @property
    def asked(self) -> Sequence[Sequence[str]]:
        """The conversation as each request showed it."""


def rehearse(
    repo: Repository,
    sources: Sequence[Source],
    program: str,
    model: Listening,
    environ: Mapping[str, str],
) -> Rehearsed:
    """Runs the client at ``program`` in the scratch repository; ``model`` listens already.

    The model asks for one commit and then answers, so a session start, a commit and a session end
    are what happens. Raises OSError when the client cannot be started.
    """
    home = Path(repo.top).with_name("home")
    _settle(repo, sources, home)
    env = {
        name: value
        for name, value in clients.without(environ).items()
        if not name.startswith(_DROPPED) and name not in process.LOCAL_VARIABLES
    }
    git = environ.get("GIT_CONFIG_GLOBAL") or str(Path(environ.get("HOME", "/")) / ".gitconfig")
    own = {"HOME": str(home), "GIT_CONFIG_GLOBAL": git, "ANTHROPIC_BASE_URL": model.url}
    ran = programs.run(
        [program, *_ARGUMENTS, *_plugins(sources)],
        cwd=repo.top,
        env={**env, **_QUIET, **own},
        stdin=_PROMPT,
        seconds=_SECONDS,
    )
    return rehearsed.read(ran, model.asked, answer=ANSWER, ended=_ended(repo))


def _settle(repo: Repository, sources: Sequence[Source], home: Path) -> None:
    """What the client finds: a trusted folder, and gitmem's part of each settings file."""
    config = home / ".claude"
    config.mkdir(parents=True)
    trust = {"projects": {repo.top: {"hasTrustDialogAccepted": True}}}
    (home / ".claude.json").write_text(json.dumps(trust), encoding="utf-8")
    places = {
        Where.USER: config / "settings.json",
        Where.PROJECT: Path(repo.top) / ".claude/settings.json",
        Where.LOCAL: Path(repo.top) / ".claude/settings.local.json",
    }
    for source in sources:
        if source.where in places:
            places[source.where].parent.mkdir(exist_ok=True)
            text = json.dumps(_part(source))
            places[source.where].write_text(text, encoding="utf-8")


def _part(source: Source) -> dict[str, object]:
    """What of a settings file concerns gitmem's hooks."""
    hooks: dict[str, list[object]] = {}
    for hook in source.hooks:
        hooks.setdefault(hook.event, []).append(settings.group(hook))
    path = dict(source.variables).get("PATH")
    return {
        "hooks": hooks,
        **({"disableAllHooks": True} if source.off else {}),
        **({"env": {"PATH": path}} if path is not None else {}),
    }


def _plugins(sources: Iterable[Source]) -> list[str]:
    roots = [source.root for source in sources if source.where is Where.PLUGIN and source.root]
    return [word for root in roots for word in ("--plugin-dir", root)]


def _ended(repo: Repository) -> bool:
    """Whether the ledger saw the session's end."""
    entries, _ = ledger.entries(repo.folder)
    return any(entry.get("event") == "SessionEnd" for entry in entries)
