"""`gitmem edit`: a waiting flag gets other words."""

from __future__ import annotations

from typing import Annotated

import typer

from gitmem.capture import edit as edits
from gitmem.capture.capture import JOURNALED
from gitmem.cli import render, surroundings
from gitmem.cli.commands import values
from gitmem.cli.commands.editor import edited_line
from gitmem.cli.commands.options import DryRun, Json
from gitmem.clients import registry
from gitmem.core.errors import UsageError
from gitmem.core.failures import NoProgress
from gitmem.core.flag import Flag
from gitmem.git.repository import Repository

_NOTE = """Write the flag as it should be, on one line, and save. Rows that begin with # do not count.
An unchanged text changes nothing, and an empty one aborts.

"""


def edit(
    flag: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="The flag's id, or its beginning.", autocompletion=values.queued_ids
        ),
    ],
    text: Annotated[
        str | None,
        typer.Argument(metavar="[TEXT]", help="The new words; without them your editor opens."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--kind", help="Another kind.", autocompletion=values.kinds),
    ] = None,
    topic: Annotated[
        str | None,
        typer.Option("--topic", help="Another topic; '' for none.", autocompletion=values.topics),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="Where it was learned; '' for none.")
    ] = None,
    better: Annotated[
        str | None, typer.Option("--better", help="Of a snag: another better path.")
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    r"""Change the words of a flag that waits.

    Without TEXT and options, git's editor opens. A flag is never rewritten: a new one takes its
    place, with an id of its own and everything that did not change, and the old one is not filed.
    Everyone who shares the queue sees both.

    \b
    Examples: gitmem edit t5xq2mzk 'Releases are tagged on Mondays'
              gitmem edit t5xq2mzk --kind decision --topic releases
    """
    place = surroundings.here()
    old = edits.editable(place.repo, flag, configured=place.configured)
    given = {"text": text, "kind": kind, "topic": topic, "source": source, "better": better}
    changes = {name: said for name, said in given.items() if said is not None}
    if not changes:
        changes = {"text": _written(place.repo, old)}
    done = edits.edit(
        place.repo,
        old,
        changes,
        session=registry.session(surroundings.ENVIRON),
        at=surroundings.now(),
        dry_run=dry_run,
    )
    render.notes(done.notes)
    if done.reason:
        render.note(f"{JOURNALED}: {done.reason}")
    if json:
        render.as_json(_answer(done, dry_run=dry_run))
        return
    if done.new is None:
        render.say(f"{old.id} has these words already; nothing to do")
        return
    verb = "would edit" if dry_run else "edited"
    new = "" if dry_run else f", now {done.new.id}"
    render.say(f"{verb} {old.id}{new} ({done.new.kind}): {render.words(done.new)}")


def _written(repo: Repository, old: Flag) -> str:
    """Return what the person makes of a flag's text. Raises NoProgress when they empty it."""
    client = surroundings.agent()
    if client:
        raise UsageError(
            f"an editor is a person's, and this runs inside {client}",
            hint=f"give the words: gitmem edit {old.id} 'the new words'",
        )
    told = f"flag {old.id} ({old.kind}) by {old.by}, {old.at}"
    text = edited_line(
        repo, old.text, _NOTE + told, what="a flag", instead="give the words after the id"
    )
    if not text:
        raise NoProgress("the text is empty, so the edit is aborted; the flag stays as it was")
    return text


def _answer(done: edits.EditResult, *, dry_run: bool) -> dict[str, object]:
    new = done.new
    return {
        "id": None if dry_run and new else new.id if new else done.old.id,
        "replaces": done.old.id if new else None,
        "kind": (new or done.old).kind,
        "text": (new or done.old).text,
        "saved": done.saved or None,
    }
