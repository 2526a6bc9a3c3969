"""Where an import runs: the repository, the environment, and what wired clients load."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitmem.clients import registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitmem.git.repository import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlace:
    """The repository, its memory folder, the environment, the working folder.

    ``loaded`` maps an instruction file, or a folder of them with a final slash, to the wired client that loads it.
    """

    repo: Repository
    folder: str
    environ: Mapping[str, str]
    cwd: str
    loaded: Mapping[str, str] = field(default_factory=dict)

    def loader(self, path: str) -> str:
        """Return the title of the client that loads a file of the work tree in every session; empty for none."""
        for name, title in self.loaded.items():
            if path == name or (name.endswith("/") and path.startswith(name)):
                return title
        return ""


def loaded(top: str, wired: Iterable[str]) -> dict[str, str]:
    """Return what the clients of these names load of the work tree at ``top``, each with the client's title."""
    titles: dict[str, str] = {}
    for name in wired:
        client = registry.find(name)
        if client is None:
            continue
        groups = [*client.reads, *((one,) for one in client.own_reads)]
        for group in groups:
            first = next((one for one in group if os.path.lexists(f"{top}/{one}")), "")
            if first:
                titles.setdefault(first, client.title)
    return titles
