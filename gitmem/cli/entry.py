"""The entry point: choose the lane, turn errors into words and exit codes, once.

`flag`, `snag` and `hook` go through the hot lane, which loads nothing outside the standard library
and little of that; everything else is the typer application.
"""

from __future__ import annotations

import os
import sys

HOT = frozenset(("flag", "snag", "hook"))


def main() -> int:
    """Runs gitmem with the process's arguments; returns the exit code."""
    argv = sys.argv[1:]
    try:
        import fcntl  # noqa: F401 - every lock needs it, and it is what a foreign system lacks
    except ImportError:
        return _foreign_system(argv)
    if argv and argv[0] in HOT and not _asks_for_help(argv):
        # Leaving at once saves a tenth of a silent hook; everything is written without buffers.
        os._exit(_hot(argv))
    _reopen()
    from gitmem.cli import app

    return app.run(argv)


def _reopen() -> None:
    """Streams that were closed at the start (`>&-`), for those who take it that there are some."""
    if sys.stdin and sys.stdout and sys.stderr:
        return
    from gitmem.cli import streams

    streams.reserve()
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115 - as long as the process
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _asks_for_help(argv: list[str]) -> bool:
    """Whether typer shall show a hot command's help; later a `-h` may be an option's value."""
    return argv[1:2] == ["-h"] or "--help" in argv


def _hot(argv: list[str]) -> int:
    import gc

    gc.disable()  # a process of ten milliseconds: looking for circles costs a hundredth of it
    from gitmem.cli import loader

    loader.install()
    from gitmem.cli import streams

    streams.reserve()
    if argv[0] == "hook":
        from gitmem.cli import hook

        return hook.run(argv)
    from gitmem.cli import hot

    return hot.run(argv)


def _foreign_system(argv: list[str]) -> int:
    """A system without `fcntl` (Windows): one sentence, and a hook never breaks the agent."""
    if argv[:1] == ["hook"]:
        return 0
    from gitmem.cli import streams

    saved = "NOT SAVED: " if argv[:1] in (["flag"], ["snag"]) else ""
    streams.err(
        f"{saved}gitmem needs file locks that this system does not have\n"
        "hint: gitmem runs on Linux and macOS; see docs/limitations.md"
    )
    return 3
