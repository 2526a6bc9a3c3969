"""The client's side of `gitmem doctor`: settings files, trust, and the gitmem a hook would find."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.clients import client_files
from gitmem.clients.claude_code.sources import variables
from gitmem.clients.claude_code.wiring import ALLOW
from gitmem.proof import wiring
from gitmem.proof.finding import Finding, fail, ok, warn
from gitmem.proof.firing import executable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.clients.abilities import Hook
    from gitmem.clients.claude_code.sources import Source
    from gitmem.clients.client_files import ClientPlaces


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """Where a doctor stands.

    ``running`` is the program that runs now, ``environ`` its environment;
    ``inside`` says that it is the client's own, because this runs inside it.
    """

    places: ClientPlaces
    running: Path
    environ: Mapping[str, str]
    inside: bool


def look(here: Here, sources: Sequence[Source], shipped: Sequence[Hook]) -> list[Finding]:
    """All findings about the client; ``shipped`` are the hooks this version installs."""
    found = _program(here, sources)
    found += wiring.judge(sources, shipped, ALLOW)
    found += _trust(here)
    return found + _folder(here, sources)


def _program(here: Here, sources: Sequence[Source]) -> list[Finding]:
    """The gitmem on the PATH that hooks get: a settings file's, else the one the client inherits."""
    own = variables(list(sources)).get("PATH")
    path = own if own is not None else here.environ.get("PATH", "")
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
    active = here.environ.get("VIRTUAL_ENV", "")
    if active and not here.inside and real.is_relative_to(Path(active).resolve()):
        said = f"{program} is on PATH through the virtual environment that is active here"
        return [
            warn(
                "gitmem", said, "a client started elsewhere finds none: uv tool install gitmem-cli"
            )
        ]
    return [ok("gitmem", f"{program}, on {whose}")]


def _trust(here: Here) -> list[Finding]:
    trusted = client_files.trusted(here.places)
    if trusted:
        return [ok("trust", "the client trusts this folder")]
    if trusted is None:
        return [ok("trust", "this person has not used the client yet; it asks at its first start")]
    return [
        warn(
            "trust",
            f"the client does not trust {here.places.start} yet",
            "start the client there once and say yes; until then it drops the permission rules",
        )
    ]


def _folder(here: Here, sources: Sequence[Source]) -> list[Finding]:
    """A session that starts below the top sees the settings of its own folder only."""
    start, top = here.places.start, here.places.top
    if start == top or any(source.hooks for source in sources):
        return []
    inside = start.relative_to(top) if start.is_relative_to(top) else start
    return [
        warn(
            "folder",
            f"a session that starts in {inside} does not see the settings at the top",
            "gitmem init in that folder wires it too",
        )
    ]
