"""`gitmem close`: drain the queue into one commit to review."""

from __future__ import annotations

import math
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.bootstrap.engines import (
    DEADLINE,
    PRESETS,
    EngineChoice,
    EngineRequest,
    choose_engine,
)
from gitmem.cli import progress, render, surroundings
from gitmem.cli.commands import close_questions, values
from gitmem.cli.commands.options import All, Diff, DryRun, Here, Json, NoPager, refuse_all
from gitmem.cli.reports import pull_request
from gitmem.cli.reports.close import CloseView, answer, exit_code, report
from gitmem.cli.terminal.paged import Paged
from gitmem.clients import registry
from gitmem.close.close import CloseRequest, closed_entry
from gitmem.close.close import close as run_close
from gitmem.core.errors import GitmemError, UsageError
from gitmem.drain.ports import ReportsWaiting
from gitmem.models.batches.asking import Waiting
from gitmem.models.batches.sent import SentBatches
from gitmem.models.reply import Cancelled
from gitmem.models.usage import duration
from gitmem.session import close_entry, ledger

if TYPE_CHECKING:
    from gitmem.bootstrap.workplace import Workplace
    from gitmem.close.close import CloseResult
    from gitmem.drain.plan import Plan
    from gitmem.drain.ports import Model
    from gitmem.forge.deliver import ForgeSettings
    from gitmem.forge.propose import ProposeResult

_SLOW = 20.0  # seconds of a close from which on they are said before it starts


def close(
    engine: Annotated[
        str,
        typer.Option(
            "--engine",
            autocompletion=values.engines,
            help="Who judges the flags: anthropic, openai, a server of yours (ollama, lmstudio, "
            f"llamacpp), command, or a program with its own login ({', '.join(PRESETS)}); "
            "verbatim files them as written.",
        ),
    ] = "",
    model: Annotated[str, typer.Option("--model", help="The model's name, for that engine.")] = "",
    workers: Annotated[
        int,
        typer.Option(
            "--workers", metavar="N", min=1, max=64, help="How many questions to ask at a time."
        ),
    ] = 8,
    deadline: Annotated[
        float,
        typer.Option(
            "--deadline", metavar="SECONDS", min=1, help="Seconds for all questions together."
        ),
    ] = DEADLINE,
    here: Here = False,
    everything: All = False,
    pr: Annotated[
        bool,
        typer.Option("--pr", help="Push the review, and open or update its pull request."),
    ] = False,
    diff: Diff = False,
    batch: Annotated[
        bool,
        typer.Option(
            "--batch",
            help="Ask by a message batch, for half the price (engine anthropic). An answer may take "
            "up to 24 hours: the exit code is 10 until it is there, and the same command goes on.",
        ),
    ] = False,
    dry_run: DryRun = False,
    no_pager: NoPager = False,
    show_questions: Annotated[
        bool,
        typer.Option("--show-questions", help="With --dry-run: also print what would be sent."),
    ] = False,
    json: Json = False,
) -> None:
    r"""Drain the queue into one commit to review.

    The commit is on gitmem/drain. The answer shows its new lines, and what was skipped and why
    (--diff: the difference). Work tree, index and HEAD do not change. With --here, the current
    branch gets the commit, for the flags that were made on it (--all: for every flag). With --pr,
    the queue is shared and the review is pushed; if that fails, the review is still here, and the
    exit code is 5. --dry-run says how many questions a model would be asked, and about what they
    cost; --show-questions prints them.

    \b
    Examples: gitmem close
              gitmem close --engine anthropic --dry-run --show-questions
              gitmem close --engine anthropic --batch
    """
    if pr and here:
        raise UsageError(
            "--pr and --here cannot be used together",
            hint="--here puts the memory into the pull request of the current branch",
        )
    refuse_all(here=here, everything=everything)
    if show_questions and not dry_run:
        raise UsageError(
            "--show-questions works only with --dry-run",
            hint="gitmem close --dry-run --show-questions sends nothing and writes nothing",
        )
    place = surroundings.here()
    forge = pull_request.settings(place) if pr else None
    request = EngineRequest(
        engine=engine, model=model, deadline=deadline, asks=not dry_run, batch=batch
    )
    chosen = choose_engine(place, request, surroundings.ENVIRON, client=surroundings.agent())
    shown = CloseView(
        dry_run=dry_run,
        here=here,
        json=json,
        everything=everything,
        diff=diff,
    )
    began = time.monotonic()
    try:
        closed, proposed, asks = _close(place, chosen, shown, workers, forge)
    except Waiting as waiting:
        if json:
            render.as_json({"commit": None, "waiting": waiting.message})
        raise
    if not dry_run:
        _keep_entry(place, chosen, closed, workers, time.monotonic() - began)
    render.notes([*(proposed.notes if proposed else ()), *closed.notes])
    render.aside(closed.aside)
    if json:
        told = close_questions.answer(asks, show=show_questions) if asks else {}
        render.as_json(
            answer(closed) | told | ({"pr": pull_request.answer(proposed)} if proposed else {})
        )
        if proposed:
            pull_request.failed(proposed)
    else:
        with Paged(place.repo, "close", wanted=not no_pager):
            if asks:
                close_questions.say(asks, show=show_questions)
            report(place, closed, shown, proposed)
    if chosen.batching and not dry_run:
        chosen.batching.finish()
    code = exit_code(closed, proposed)
    if code:
        raise typer.Exit(code)


def _keep_entry(
    place: Workplace, chosen: EngineChoice, closed: CloseResult, workers: int, seconds: float
) -> None:
    """Write to the ledger what was configured and what ran; a full disk does not undo a close."""
    client = registry.session(surroundings.ENVIRON)
    asked = close_entry.CloseSettings(
        how=close_entry.INLINE,
        session=client.get("session", ""),
        client=client.get("client", ""),
        engine=place.counted_personal("engine"),
        model=place.counted_personal("model"),
        why=chosen.why,
        workers=workers,
    )
    with suppress(OSError):
        ledger.write(place.repo.folder, closed_entry(asked, closed, seconds))


def _close(
    place: Workplace,
    chosen: EngineChoice,
    shown: CloseView,
    workers: int,
    forge: ForgeSettings | None,
) -> tuple[CloseResult, ProposeResult | None, close_questions.Questions | None]:
    """Run the close; the model's library loads while git reads, and is stopped at the end.

    Return what came of it, and in a dry run what would be asked.
    """
    proposed = None
    asks: close_questions.Questions | None = None
    model = chosen.model
    if model is not None and not shown.dry_run:
        threading.Thread(target=_warm, args=(model,), daemon=True).start()

    def begin(plan: Plan) -> None:
        nonlocal asks
        _say_plan(chosen, plan, shown)
        _note_batches(place, chosen, plan)
        _ask_by_batch(chosen, plan, shown)
        if shown.dry_run:
            asks = close_questions.read(place, chosen, plan)
        watch.planned(len(plan.requests), workers)

    with progress.Watch(silent=shown.json or shown.dry_run or model is None) as watch:
        telling: object = model
        if isinstance(telling, ReportsWaiting):
            telling.waits = watch.waits
        wanted = CloseRequest(
            engine=chosen.engine,
            configured=place.configured,
            folder=place.settings.folder,
            style=place.settings.commit,
            here=shown.here,
            everything=shown.everything,
            first=chosen.batching.flags if chosen.batching else frozenset(),
            dry_run=shown.dry_run,
            ask=model is None or not shown.dry_run,
            workers=workers,
            begin=begin,
            watch=watch.answered,
        )
        try:
            if forge is None or shown.dry_run:
                closed = run_close(place.repo, wanted)
            else:
                closed, proposed = pull_request.run(place, wanted, forge, silent=shown.json)
        except KeyboardInterrupt as stopped:
            raise Cancelled("interrupted; the next close uses the answers so far") from stopped
        finally:
            if model is not None:
                model.stop()
    if watch.kept:
        answers = render.count(watch.kept, "answer")
        render.note(f"{answers} of an earlier close {'was' if watch.kept == 1 else 'were'} used")
    if forge is not None and shown.dry_run and not shown.json:
        pull_request.preview(place, wanted, forge, closed)
    return closed, proposed, asks


def _say_plan(chosen: EngineChoice, plan: Plan, shown: CloseView) -> None:
    """Print who judges and why, what leaves this machine, and what came back."""
    model = chosen.model
    tell = render.note if shown.json else render.say
    if plan.flags and not (shown.json and model is None):
        for line in _engine_lines(chosen, plan, dry_run=shown.dry_run):
            tell(line)
        if not shown.dry_run:
            for line in _slow_lines(chosen, plan):
                tell(line)
    if not shown.json:
        for told in plan.recurred:
            render.say(f"came back: {told}")


def _note_batches(place: Workplace, chosen: EngineChoice, plan: Plan) -> None:
    """Say that a batch asks about these flags, too, where this close does not take its answers."""
    if chosen.batching is not None:
        return
    for batch in SentBatches(place.repo.folder).asking(plan.flags):
        of = "this close does not use its answers, which are paid for; gitmem close --batch does"
        render.note(f"batch {batch.id} is being answered for some of these flags: {of}")


def _ask_by_batch(chosen: EngineChoice, plan: Plan, shown: CloseView) -> None:
    """Have the questions of a plan answered by a batch; in a dry run, say so. Raises Waiting."""
    if chosen.batching is None:
        return
    from gitmem.drain.model_engine import ModelEngine  # it loads the judge

    if not isinstance(chosen.engine, ModelEngine):
        return
    tell = render.note if shown.json else render.say
    if not shown.dry_run:
        chosen.batching.run(chosen.engine.batch(plan), chosen.until, tell)
    elif chosen.engine.asking(plan):
        tell("they would be sent as one message batch, for half the price")


def _warm(model: Model) -> None:
    with suppress(GitmemError):  # asking will say it again
        model.warm()


def _engine_lines(chosen: EngineChoice, plan: Plan, *, dry_run: bool) -> list[str]:
    who = f"engine {chosen.engine.name} ({chosen.why})"
    if chosen.model is None:
        nothing = "flags are filed as written; nothing is judged, nothing leaves this machine"
        return [who, nothing]
    model = chosen.model
    named = f", model {model.model}" if model.model != model.host else ""
    return [f"{who}{named} at {model.host}: {_leaving(chosen, plan, dry_run)}"]


def _slow_lines(chosen: EngineChoice, plan: Plan) -> list[str]:
    """Say how long a slow server will take, by how fast it was; nothing of one that is quick."""
    if chosen.model is None:
        return []
    from gitmem.drain.model_engine import ModelEngine

    if not isinstance(chosen.engine, ModelEngine):
        return []
    seconds = chosen.engine.seconds(plan)
    if seconds < _SLOW:
        return []
    pace = chosen.engine.pace
    about = f"about {duration(seconds)}, at the {pace:.1f} tokens a second of this server so far"
    if seconds < chosen.deadline:
        return [about]
    more = math.ceil(seconds * 1.5 / 60) * 60
    stays = "what is not answered by then stays queued"
    allowed = f"--deadline allows {duration(chosen.deadline)}, and {stays}"
    return [f"{about}; {allowed}: give it more with --deadline {more}"]


def _leaving(chosen: EngineChoice, plan: Plan, dry_run: bool) -> str:
    from gitmem.drain.model_engine import ModelEngine

    asking = (
        chosen.engine.asking(plan)
        if isinstance(chosen.engine, ModelEngine)
        else [one for one in plan.requests if not one.told]
    )
    sent = sum(len(request.flags) for request in asking)
    if not sent:
        return "no question to ask; nothing leaves this machine"
    what = f"{render.count(sent, 'flag')} in {render.count(len(asking), 'question')}"
    verb = "leaves" if sent == 1 else "leave"
    if chosen.model is not None and chosen.model.here:
        return f"{what}; nothing leaves this machine"
    return f"{what} {'would leave' if dry_run else verb} this machine"
