"""What typer shows of `gitmem statusline`; `gitmem.cli.entry` runs it."""

from __future__ import annotations


def statusline() -> None:
    r"""Print what waits, for a client's status line.

    One line, such as `3 to file · 1 in review · 1 in the spool`, and nothing where nothing waits. It reads the JSON that
    Claude Code hands to its status line, and looks at the repository of the folder named there; without it,
    at the current one. It always exits with 0, and what it cannot tell it leaves out.

    \b
    Examples: gitmem init --statusline
              gitmem statusline < /dev/null
    """
