"""`mcp` for typer: its help and completion. It runs in the hot lane (`gitmem.cli.mcp`)."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gitmem.cli import mcp as server


def mcp(
    repo: Annotated[
        str,
        typer.Option(
            "--repo",
            metavar="FOLDER",
            help="The repository; else the client's project, else the working folder.",
        ),
    ] = "",
) -> None:
    r"""Serve flag, snag, recall and status over MCP.

    MCP is the Model Context Protocol. A client starts the server; it speaks on standard input and
    output, opens no port, and ends with its client. Nothing in it drains, lands or drops: what is
    flagged waits for a close and a person's review.

    \b
    Examples: gitmem mcp
              gitmem mcp --repo ~/src/shop
    """
    del repo
    raise typer.Exit(server.run(sys.argv[1:]))
