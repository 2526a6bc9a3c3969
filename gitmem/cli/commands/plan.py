"""`gitmem plan`: what a close would ask, for a program with a model of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.bootstrap.engines import handover
from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import All, Here, refuse_all
from gitmem.close.close import CloseRequest
from gitmem.close.close import close as run_close
from gitmem.drain.handover import ExternalModel, key_of, questions_out

if TYPE_CHECKING:
    from gitmem.drain.plan import Plan


def plan(here: Here = False, everything: All = False) -> None:
    r"""Print what a close would ask, one JSON request a line; gitmem apply takes the answers.

    A line has `request` (its number), `key`, `plan`, `work`, `flags` (how many), `system`, `text`,
    `schema` and `max_tokens`. Send system and text to a model unchanged, and ask for JSON of that
    schema. Answer with one line for each request: {"key": its key, "model": the model's name,
    "operations": [...]}. Writes nothing. For gitmem apply --here, plan with --here. The skill
    gitmem-close tells an agent how to use it.

    \b
    Examples: gitmem plan > questions.jsonl
              gitmem plan --here
    """
    refuse_all(here=here, everything=everything)
    place = surroundings.here()
    model = ExternalModel()
    sent, plain = handover(model, marked=True), handover(model, marked=False)
    rows: list[dict[str, object]] = []

    def begin(planned: Plan) -> None:
        requests = sent.asking(planned)
        prompts = [sent.prompt(request) for request in requests]
        rows[:] = questions_out(
            requests, prompts, [key_of(plain.prompt(request)) for request in requests]
        )

    wanted = CloseRequest(
        engine=sent,
        configured=place.configured,
        folder=place.settings.folder,
        style=place.settings.commit,
        here=here,
        everything=everything,
        dry_run=True,
        ask=False,
        begin=begin,
    )
    closed = run_close(place.repo, wanted)
    render.notes(closed.notes)
    for row in rows:
        render.as_json(row)
    if not rows:
        render.note("nothing to ask")
