"""The cold lane: the table of commands, and the edge where errors become exit codes."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from gitmem.bootstrap.version import version
from gitmem.cli import edge, folder, render, surroundings
from gitmem.cli.commands.completion import VARIABLES
from gitmem.cli.lazy import Row, group
from gitmem.core.errors import UsageError
from gitmem.safety.secrets import redacted
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class _Group(TyperGroup):
    """A group whose errors escape what a person typed, as gitmem's own errors do."""

    def make_context(self, *args: Any, **more: Any) -> Any:
        """Do what the library does, with such errors."""
        with _escaped_errors():
            return super().make_context(*args, **more)

    def invoke(self, ctx: Any) -> Any:
        """Do what the library does, with such errors."""
        with _escaped_errors():
            return super().invoke(ctx)


@contextmanager
def _escaped_errors() -> Iterator[None]:
    """Escape what an error of the library repeats, and leave out credentials."""
    try:
        yield
    except TyperException as error:
        message = getattr(error, "message", None)
        context = getattr(error, "ctx", None)
        ours = context is not None and message == context.get_help()  # gitmem alone: its help
        if isinstance(message, str) and not ours:
            error.message = visible(redacted(message))
        raise


_COMPLETION = ("--install-completion", "--show-completion")

COMMANDS = (
    Row("init", "Wire gitmem into this repository."),
    Row("flag", "Keep one durable fact; exit code 0 means saved."),
    Row("snag", "Keep what went wrong and the better path.", module="flag"),
    Row(
        "import",
        "Flag what is known elsewhere: notes, rules, reviews.",
        module="import_",
        function="import_",
    ),
    Row("drop", "Reject a flag: it never becomes memory."),
    Row("edit", "Change the words of a flag that waits."),
    Row("undrop", "Take a drop back: the flag is queued again."),
    Row("status", "Say what waits, and what to do next."),
    Row("log", "List the queued flags and where each stands."),
    Row("close", "Drain the queue into one commit to review."),
    Row("review", "Show what is in review, line by line."),
    Row("accept", "Land the review on the local target branch."),
    Row("discard", "Discard the review; nothing is lost."),
    Row("recall", "Find the lines of memory that fit, best first."),
    Row("loops", "Show which snags are closed, and which came back."),
    Row("sync", "Share the queue through the remote, both ways."),
    Row("check", "Fail when flags are not drained, for CI."),
    Row("why", "Say where a line comes from: flags, session, drain."),
    Row("show", "Say what became of a flag."),
    Row("forget", "Make a review that removes what a flag brought."),
    Row("stats", "Show what each close ran and cost, and what of memory arrives."),
    Row("report", "Write one HTML page of what gitmem keeps."),
    Row("audit", "Compare what should have run with what ran; exit 1 on a gap."),
    Row("doctor", "Prove that what is configured is what runs."),
    Row("mcp", "Serve flag, snag, recall and status over MCP."),
    Row("uninstall", "Remove what init wrote."),
    Row("demo", "Show the whole loop in a throw-away repository."),
    Row("hook", "", module="flag", hidden=True),
    Row("recall-view", "", module="recall_view", function="recall_view", hidden=True),
    Row("statusline", "", hidden=True),
    Row("plan", "", hidden=True),
    Row("apply", "", hidden=True),
    Row("auto-close", "", module="auto_close", function="auto_close", hidden=True),
)


def _version(given: bool) -> None:
    if given:
        render.say(f"gitmem {version()}")
        raise typer.Exit


def main(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
    mine: Annotated[
        bool,
        typer.Option(
            "--mine",
            help="Before a command: in your own memory, which every repository reads, not in this one's.",
        ),
    ] = False,
) -> None:
    """A coding agent's memory, kept in git: flag durable facts, close, review, accept."""
    del version  # printed already
    if mine:
        command = ctx.invoked_subcommand or ""
        if command not in folder.MINE:
            raise UsageError(
                f"gitmem --mine {command}: that is for a repository, not for your own memory",
                hint=f"--mine goes before {', '.join(sorted(folder.MINE - {''}))}",
            )
        folder.work_in_mine()


#: Git's own completion calls this function for `git mem`; its words and its place of the command are set by then.
#: It adds the blank behind a word itself. Two signs of percent are one in the script.
_AFTER_GIT = """
_git_mem() {
    local IFS=$'\\n' at=${__git_cmd_idx:-1}
    COMPREPLY=( $( env COMP_WORDS="git-mem"$'\\n'"${words[*]:at+1}" \\
                   COMP_CWORD=$((cword - at)) \\
                   %(autocomplete_var)s=complete_bash git-mem ) )
    COMPREPLY=( "${COMPREPLY[@]/%%/ }" )
}
"""
#: The first time zsh runs the whole file to complete, and git's own completion runs it every time.
_IN_COMPLETION = """
if (( ${+compstate} )); then %(complete_func)s "$@"; fi
"""


def _complete_at_once(name: str) -> None:
    """Make what a shell reads complete at the first try, and `git mem` as well as `git-mem`."""
    with suppress(ImportError, AttributeError):  # typer has no public place for it
        from typer import _completion_classes as classes
        from typer import _completion_shared as shared

        bash = shared.COMPLETION_SCRIPT_BASH + (_AFTER_GIT if name == "git-mem" else "")
        zsh = shared.COMPLETION_SCRIPT_ZSH + _IN_COMPLETION
        scripts = shared._completion_scripts  # noqa: SLF001 - as above
        scripts["bash"] = classes.BashComplete.source_template = bash
        scripts["zsh"] = classes.ZshComplete.source_template = zsh


def application(*, completion: bool) -> typer.Typer:
    """Return the typer application, with the two options for shell completion or without."""
    app = typer.Typer(
        name="gitmem",
        cls=type("Commands", (_Group, group(COMMANDS)), {}),
        add_completion=completion,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(main)
    return app


app = application(completion=True)


def run(argv: Sequence[str]) -> int:
    """Run one command; return the exit code (docs/adr/0006-exit-codes.md)."""
    surroundings.seal()
    edge.end_on_signals()
    return edge.ended(_ran(argv), surroundings.left_out())


def _ran(argv: Sequence[str]) -> int:
    # Typer reads the value of every option of the group, and for these two it loads pydantic, which
    # costs half of a command. After a command's name they do not apply.
    completing = [name for name, variable in VARIABLES.items() if variable in os.environ]
    shown = not argv or argv[0].startswith("-") or bool(completing)
    name = completing[0] if completing else "gitmem"
    called = Path(sys.argv[0]).name
    if argv and argv[0] in _COMPLETION and called in VARIABLES:
        name = called
    if completing or (argv and argv[0] in _COMPLETION):
        _complete_at_once(name)

    def command() -> int:
        try:
            application(completion=shown)(args=list(argv), prog_name=name)
        except SystemExit as leaving:
            return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        return 0

    return edge.answered(command)
