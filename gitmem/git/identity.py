"""Who git says is committing, as ``Name <email>`` (hot lane)."""

from __future__ import annotations

from gitmem.git.process import ANY
from gitmem.safety.secrets import find_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.git.repository import Repository

NOBODY = "gitmem <gitmem@localhost>"


def identity(repo: Repository) -> str:
    """The author git would use here; gitmem's own name when git knows nobody, or a credential.

    A flag must not fail because user.name is unset or user.useConfigOnly forbids a guess, nor
    because that git command was killed.
    """
    done = repo.git("var", "GIT_AUTHOR_IDENT", ok=ANY)
    person = done.text.rpartition(">")[0]
    if done.code or "<" not in person or find_secret(person):
        return NOBODY
    return f"{person}>"
