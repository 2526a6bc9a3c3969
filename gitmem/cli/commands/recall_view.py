"""`gitmem recall-view`: what a hook starts when the view of landed lines is not right any more (hidden)."""

from __future__ import annotations

from typing import Annotated

import typer

from gitmem.cli import surroundings
from gitmem.cli.commands.recall import keep_source
from gitmem.git.repository import discover
from gitmem.recall.view_file import refresh


def recall_view(
    top: Annotated[str, typer.Argument(help="The top of the work tree.")],
) -> None:
    """Make the view of landed lines that hooks read, and the index of `gitmem recall`."""
    refresh(discover(top, surroundings.ENVIRON))
    keep_source()
