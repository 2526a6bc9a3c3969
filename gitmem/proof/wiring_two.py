"""The client's side of `gitmem doctor`: settings files, trust, and the gitmem a hook would find."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.clients.abilities import variables
from gitmem.proof import wiring as judge
from gitmem.proof.finding import Finding, fail, ok, warn
from gitmem.proof.firing import executable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.clients.abilities import Place, Seen, SettingsFile, Wiring


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """Where a doctor stands.

    ``place`` is where a client is looked at, ``running`` the program that runs now;
    ``inside`` says that the environment is the client's own, because this runs inside it.
    """

    place: Place
    running: Path
    inside: bool


def look(here: Here, seen: Seen, wiring: Wiring) -> list[Finding]:
    """Return all findings about a client; ``wiring`` is what this version installs."""
    findings = _program(here, seen.files)
    findings += judge.judge(seen.files, wiring.hooks, wiring.allow)
    findings += _trust(here, seen)
    return findings + _folder(here, seen.files)


def _program(here: Here, files: Sequence[SettingsFile]) -> list[Finding]:
    """The gitmem on the PATH that hooks get: a settings file's, else the one the client inherits."""
    own = variables(files).get("PATH")
    path = own if own is not None else here.place.environ.get("PATH", "")
    whose = "the PATH a settings file sets" if own is not None else "this terminal's PATH"
    if own is None and here.inside:
        whose = "the client's own PATH"
    program = executable(path)
    if not program:
        said = f"there is no gitmem on {whose}: hooks do nothing"
        return [fail("gitmem", said, "uv tool install gitmem-cli, or pipx install gitmem-cli")]
    real = Path(program).resolve()
    if real != here.running.resolve() and real.parent != here.running.resolve().parent:
        said = f"hooks start another gitmem: {program}; this is {here.running}"
        return [warn("gitmem", said, "two versions may be installed: `type -a gitmem` lists them")]
    active = here.place.environ.get("VIRTUAL_ENV", "")
    if active and not here.inside and real.is_relative_to(Path(active).resolve()):
        said = f"{program} is on PATH through the virtual environment that is active here"
        return [
            warn(
                "gitmem", said, "a client started elsewhere finds none: uv tool install gitmem-cli"
            )
        ]
    return [ok("gitmem", f"{program}, on {whose}")]


def _trust(here: Here, seen: Seen) -> list[Finding]:
    if seen.trusted:
        return [ok("trust", "the client trusts this folder")]
    if seen.trusted is None:
        return [ok("trust", "this person has not used the client yet; it asks at its first start")]
    return [
        warn(
            "trust",
            f"the client does not trust {here.place.start} yet",
            "start the client there once and say yes; until then it drops the permission rules",
        )
    ]


def _folder(here: Here, files: Sequence[SettingsFile]) -> list[Finding]:
    """A session that starts below the top sees the settings of its own folder only."""
    start, top = here.place.start, here.place.top
    if start == top or any(file.hooks for file in files):
        return []
    inside = start.relative_to(top) if start.is_relative_to(top) else start
    return [
        warn(
            "folder",
            f"a session that starts in {inside} does not see the settings at the top",
            "gitmem init in that folder wires it too",
        )
    ]
