"""`flag`, `snag` and `hook` for typer: their help and completion.

They run in the hot lane (`gitmem.cli.hot`); a test compares the two.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gitmem.cli.commands import values
from gitmem.cli.commands.options import DryRun, Json

_Source = Annotated[
    str, typer.Option("--source", help="Where it was learned: a URL, a file, a person.")
]
_Paths = Annotated[
    list[str],
    typer.Option("--paths", metavar="PATH", help="A path it is about; can be repeated."),
]


def flag(
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT", help="The durable fact, on one line; - reads lines from stdin."
        ),
    ],
    body: Annotated[
        str,
        typer.Option(
            "--body",
            metavar="TEXT",
            help="More than the line has room for, in Markdown, up to 4,000 characters; - reads it from stdin.",
        ),
    ] = "",
    bodies: Annotated[
        bool,
        typer.Option(
            "--bodies", help="With -: the indented lines below a line of stdin are its body."
        ),
    ] = False,
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            help="fact, decision, gotcha, preference or pending.",
            autocompletion=values.kinds,
        ),
    ] = "fact",
    topic: Annotated[
        str,
        typer.Option(
            "--topic",
            autocompletion=values.topics,
            help="The topic it belongs to, such as build-system; memory/MEMORY.md lists the topics.",
        ),
    ] = "",
    corrects: Annotated[
        str,
        typer.Option(
            "--corrects", metavar="FILE:LINE", help="The line of memory that it says is wrong."
        ),
    ] = "",
    source: _Source = "",
    paths: _Paths = [],  # noqa: B006 - typer copies it
    mine: Annotated[
        bool,
        typer.Option(
            "--mine",
            help="It is true of you in every repository, not of this one: keep it in your own memory.",
        ),
    ] = False,
    json: Json = False,
    dry_run: DryRun = False,
) -> None:
    r"""Keep one durable fact; exit code 0 means saved.

    It is saved in the journal first, then on the queue branch. None of your files change. With
    --corrects, hooks of this clone do not show that line until the flag is drained, and the close
    judges the two together. With --body, the text is a headline: it becomes the line of memory, and
    the body is filed below it in a file that no session loads and that gitmem recall shows.

    With --mine, it goes into your own memory, which `gitmem init --mine` makes and `gitmem --mine close`
    files. An agent may do so only in a session of this repository that has read no untrusted text.

    \b
    Examples: gitmem flag 'uv writes the lock file; it is never edited by hand'
              gitmem flag 'CI runs on arm64' --kind gotcha --topic build-system
              gitmem flag --mine 'Wants short answers'
    """
    _hot()


def snag(
    text: Annotated[str, typer.Argument(metavar="WHAT", help="What snagged, on one line.")],
    better: Annotated[str, typer.Option("--better", help="The better path, on one line.")],
    skill: Annotated[str, typer.Option("--skill", help="The skill that should say so.")] = "",
    rule: Annotated[
        str, typer.Option("--rule", help="The instruction file that should say so.")
    ] = "",
    again: Annotated[
        str,
        typer.Option(
            "--again",
            metavar="ID",
            help="The earlier snag (or flag) that came back.",
            autocompletion=values.ids,
        ),
    ] = "",
    source: _Source = "",
    paths: _Paths = [],  # noqa: B006 - typer copies it
    json: Json = False,
    dry_run: DryRun = False,
) -> None:
    r"""Keep what went wrong and the better path.

    The close turns it into a rule in the instruction file, a line of a skill or, with --paths, a rule
    that loads with these files. A snag that comes back (--again) moves up: rule, skill, guard,
    a guard that holds a call once.

    \b
    Examples: gitmem snag 'pip changed uv.lock' --better 'run uv add'
              gitmem snag 'npm again' --better 'use pnpm' --again t5xq2mzk
    """
    _hot()


def hook(
    client: Annotated[str, typer.Argument(help="The agent client, such as claude-code.")],
    event: Annotated[str, typer.Argument(help="The event's name in that client.")] = "",
) -> None:
    """Answer one hook of an agent client: payload on stdin, answer on stdout, always exit 0."""
    from gitmem.cli.hook import run

    raise typer.Exit(run(_argv()))


def _hot() -> None:
    """Run the hot lane; reached when an option precedes the command's name."""
    from gitmem.cli.hot import run

    raise typer.Exit(run(_argv()))


def _argv() -> list[str]:
    from gitmem.cli.arguments import OPTIONS

    argv = sys.argv[1:]
    start = next(place for place, word in enumerate(argv) if word in OPTIONS)
    return argv[start:]
