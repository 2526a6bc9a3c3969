"""How `close --pr` opens a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.bootstrap import assets
from gitmem.core.errors import Usage
from gitmem.forge.deliver import Terms
from gitmem.forge.forges import Forge

if TYPE_CHECKING:
    from gitmem.bootstrap.workplace import Workplace


def terms(place: Workplace, *, client: str) -> Terms:
    """How `close --pr` opens a request: git config gitmem.prCommand and gitmem.forge.

    Never from a file of the repository, and from no environment. Inside an agent client only this
    clone's own configuration names a command: what a global one is there, a repository's settings
    can choose. Raises Usage for a forge nobody knows.
    """
    command = place.counted_personal("prCommand") if client else place.personal("prCommand")
    named = place.personal("forge").lower()
    if named and named not in {one.value for one in Forge}:
        raise Usage(
            f"git config gitmem.forge is {named!r}",
            hint="one of " + ", ".join(one.value for one in Forge),
        )
    return Terms(
        template=assets.read("templates/pr/body.md"),
        command=command.strip(),
        forge=Forge(named) if named else None,
    )
