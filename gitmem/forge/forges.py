"""Which forge a remote is at, by its URL (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_SCP = re.compile(r"(?:[^@/:]+@)?(\[[^]]+\]|[^/:]+):(?!//)(.*)")
_URL = re.compile(r"(?:https?|ssh|git|git\+ssh)://(?:[^/@]*@)?(\[[^]]+\]|[^/:]*)(?::\d+)?/(.*)")


class Forge(StrEnum):
    """What `git config gitmem.forge` may say the remote is."""

    GITHUB = "github"
    GITLAB = "gitlab"
    FORGEJO = "forgejo"
    GITEA = "gitea"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a remote's URL leads: host and path (``owner/name``); both empty for a folder."""

    host: str = ""
    path: str = ""

    @property
    def forge(self) -> Forge:
        """The forge by the host's name. A Forgejo or Gitea is not known by it, and is never guessed."""
        names = self.host.split(".")
        if self.host == "github.com" or "github" in names or self.host.endswith(".ghe.com"):
            return Forge.GITHUB
        return Forge.GITLAB if "gitlab" in names else Forge.PLAIN


def place_of(url: str) -> Place:
    """Takes a remote's URL apart; an empty place for a path on this machine."""
    found = _URL.fullmatch(url) or (None if "://" in url else _SCP.fullmatch(url))
    if found is None:
        return Place()
    return Place(host=found[1].lower(), path=found[2].strip("/").removesuffix(".git"))
