"""`gitmem status`: what waits, where, and what to do next."""

from __future__ import annotations

from gitmem.cli.commands.options import Json
from gitmem.cli.reports import status as report


def status(json: Json = False) -> None:
    r"""Say what waits, and what to do next.

    Counts flags that are undrained, in review, or accepted and not pushed. Publishes pending flags.

    \b
    Examples: gitmem status
              gitmem status --json
    """
    report.status(as_json=json)
