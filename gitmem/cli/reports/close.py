"""The report of a close, in words and as JSON, for `gitmem close` and `gitmem apply`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.cli import folder, progress, render
from gitmem.cli.reports import changes, loaded, pull_request, traces
from gitmem.core.failures import NeedsPerson, NoProgress, Partial, Unreachable
from gitmem.drain.gate import NO_ANSWER, by_reason
from gitmem.git import objects
from gitmem.install.file_changes import FileChange, render_diff
from gitmem.memory.topics import and_parts, by_topic
from gitmem.records.drain_record import Fate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitmem.bootstrap.workplace import Workplace
    from gitmem.close.close import CloseResult
    from gitmem.forge.propose import ProposeResult
    from gitmem.records.drain_record import Outcome

_NAMED = 40  # ids in a sentence; more than one question has
_LINES = 30  # new lines of a summary that are shown, so that it fits on two screens
_SKIPPED = 12  # skipped flags that are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseView:
    """The options that the report depends on."""

    dry_run: bool
    here: bool
    json: bool
    everything: bool = False
    diff: bool = False


def answer(closed: CloseResult) -> dict[str, object]:
    """Return the result of a close, for a program."""
    return {
        "branch": closed.branch,
        "commit": closed.commit or None,
        "engine": closed.run.engine,
        "model": closed.run.model or None,
        "flags": closed.flags,
        "outcomes": dict(Counter(outcome.fate.value for outcome in closed.outcomes)),
        "lines": [
            {"file": file, "line": line, "flags": [item.flag.id for item in items]}
            for file, lines in _new_lines(closed.outcomes).items()
            for line, items in lines.items()
        ],
        "skipped": [
            {"id": item.flag.id, "reason": item.reason or None}
            for item in _skipped(closed.outcomes)
        ],
        "left": [{"id": left.id, "reason": left.reason} for left in closed.left],
        "ran": {
            "calls": closed.run.usage.calls,
            "retries": closed.run.usage.retries,
            "tokens_in": closed.run.usage.tokens_in,
            "tokens_out": closed.run.usage.tokens_out,
            "dollars": closed.run.usage.dollars,
        },
        "wall_s": round(closed.run.wall_s, 3),
        **({"changes": changes.answer(closed.changes)} if closed.changes else {}),
        **({"stale": traces.stale_answer(closed.stale)} if closed.stale else {}),
    }


def exit_code(closed: CloseResult, proposed: ProposeResult | None = None) -> int:
    """Return 0, or the worst of: a person must settle it, not proposed, flags stay queued."""
    if closed.conflicts:
        return NeedsPerson.exit_code
    if proposed and proposed.problem:
        return Unreachable.exit_code
    if closed.left:
        return Partial.exit_code if closed.outcomes else NoProgress.exit_code
    return 0


def report(
    place: Workplace, closed: CloseResult, shown: CloseView, proposed: ProposeResult | None = None
) -> None:
    """Print the result of a close: the new lines, what stays queued, and what to do next."""
    if shown.diff:
        _diff(place, closed)
    elif closed.outcomes:
        _say_lines(closed, shown)
    if shown.dry_run:
        _say_files(closed)
    if closed.outcomes:
        render.say(_summary(closed, shown))
    changes.say(closed.changes, closed.outcomes)
    if closed.imports is not None and not folder.is_mine():
        render.say(loaded.sentence(closed.imports))
    if closed.run.usage.calls:
        render.say(progress.ran(closed.run))
    for item in closed.outcomes:
        if item.again and not item.flag.again:
            earlier = f"{item.flag.id} counts as a return of {item.again}"
            render.say(f"came back: {earlier}; gitmem review shows both")
    _say_left(closed)
    if closed.stale:
        traces.say_stale(closed.stale)
    if proposed is None or not (proposed.commit or proposed.problem):
        render.say(_next(closed, shown))
    if proposed is not None:
        pull_request.report(proposed)


def _diff(place: Workplace, closed: CloseResult) -> None:
    """Print the difference; of a dry run, the one that it would make."""
    if closed.commit:
        text = objects.diff_for_person(place.repo, closed.base, closed.commit)
    else:
        paths = sorted(closed.files)
        old = objects.files(place.repo, closed.base, *paths) if closed.base and paths else {}
        changed = [
            FileChange(
                path=path,
                before=old.get(path),
                after=None if (new := closed.files[path]) is None else new.encode(),
            )
            for path in paths
        ]
        text = render_diff(changed)
    if text:
        render.say()
        render.diff(text)
        render.say()


def _say_files(closed: CloseResult) -> None:
    for path in sorted(closed.files):
        new = closed.files[path]
        render.say(
            f"would remove {path}, which has nothing left"
            if new is None
            else f"would write {path} ({render.count(len(new.splitlines()), 'line')})"
        )


def _new_lines(outcomes: Iterable[Outcome]) -> dict[str, dict[str, list[Outcome]]]:
    """Return the new lines of each file, in order, with what each of them came from."""
    files: dict[str, dict[str, list[Outcome]]] = {}
    for item in outcomes:
        if item.line and item.fate is not Fate.DUPLICATE:
            files.setdefault(item.file, {}).setdefault(item.line, []).append(item)
    return dict(sorted(files.items()))


def _skipped(outcomes: Iterable[Outcome]) -> list[Outcome]:
    return [item for item in outcomes if item.fate is Fate.SKIPPED]


def _say_lines(closed: CloseResult, shown: CloseView) -> None:
    """Print the new lines by file and the skipped flags with their reasons; of many, the first ones."""
    by_file = _new_lines(closed.outcomes)
    topics = by_topic(by_file)
    files = {
        and_parts(of): [row for file in of for row in by_file[file].items()]
        for of in topics.values()
    }
    skipped = _skipped(closed.outcomes)
    named = list(files)[:_LINES]
    room = _LINES if sum(map(len, files.values())) <= _LINES else max(1, _LINES // len(named))
    for file in named:
        lines = files[file]
        render.say()
        render.say(f"{file}: {render.count(len(lines), 'new line')}")
        render.table([row for line, items in lines[:room] for row in _rows(line, items)])
        if len(lines) > room:
            render.say(f"  and {render.count(len(lines) - room, 'more line')}")
    rest = [len(files[file]) for file in list(files)[_LINES:]]
    if rest:
        render.say()
        render.say(f"{render.count(sum(rest), 'line')} in {render.count(len(rest), 'more file')}")
    if skipped:
        render.say()
        render.say(f"skipped: {render.count(len(skipped), 'flag')}")
        render.table(
            [
                (
                    f"  {item.flag.id}",
                    f"{render.words(item.flag)} ({item.reason or 'no reason given'})",
                )
                for item in skipped[:_SKIPPED]
            ]
        )
        if len(skipped) > _SKIPPED:
            render.say(f"  and {render.count(len(skipped) - _SKIPPED, 'more flag')}")
    render.say()
    if rest or len(skipped) > _SKIPPED or any(len(lines) > room for lines in files.values()):
        render.say(f"all of them: {_everything(closed, shown)}")


def _rows(line: str, items: Sequence[Outcome]) -> list[tuple[str, str]]:
    """Return a new line with what a reviewer looks at twice, and the lines whose place it took."""
    marks = [
        mark
        for mark, holds in (
            ("reworded", not any(item.verbatim for item in items)),
            ("with a body", any(item.flag.body for item in items)),
            ("tainted", any(item.flag.tainted for item in items)),
        )
        if holds
    ]
    gone = dict.fromkeys(text for item in items for _, text in item.replaced)
    return [
        *[("  -", text) for text in gone],
        ("  +", line + (f" ({', '.join(marks)})" if marks else "")),
    ]


def _everything(closed: CloseResult, shown: CloseView) -> str:
    """Return the command that shows every line."""
    if shown.dry_run:
        return "the same with --diff, or with --json"
    return f"git show {closed.commit[:12]}" if shown.here else "gitmem review"


def _say_left(closed: CloseResult) -> None:
    for reason, ids in by_reason(closed.left).items():
        render.say(f"left in the queue: {_named(ids)}: {reason}")
    if closed.left:
        render.say(_hint(closed))


def _named(ids: Sequence[str]) -> str:
    if len(ids) <= _NAMED:
        return ", ".join(ids)
    return f"{', '.join(ids[: _NAMED - 1])} and {len(ids) - _NAMED + 1} more"


def _hint(closed: CloseResult) -> str:
    if all(one.reason.startswith(NO_ANSWER) for one in closed.left):
        return (
            "hint: nothing is lost; gitmem close asks again, "
            "gitmem close --engine verbatim files them as written"
        )
    hint = "hint: to reject a flag: gitmem drop ID --reason '…'"
    if closed.run.engine == "verbatim":
        return hint
    return hint + "; to file the rest as written: gitmem close --engine verbatim"


def _summary(closed: CloseResult, shown: CloseView) -> str:
    fates = Counter(outcome.fate.value for outcome in closed.outcomes)
    parts = ", ".join(f"{number} {fate}" for fate, number in fates.most_common())
    where = "" if shown.dry_run else f" -> {closed.branch} {closed.commit[:12]}"
    return f"{render.count(closed.flags, 'flag')}: {parts}{where}"


def _next(closed: CloseResult, shown: CloseView) -> str:
    if shown.dry_run:
        return "nothing was written"
    if closed.commit and not shown.here:
        return "next: gitmem review, then gitmem accept (or gitmem discard)"
    if closed.commit:
        return "the memory travels with this branch; it counts as drained once that has landed"
    held = [f"{render.count(closed.in_review, 'flag')} in review"] if closed.in_review else []
    held += [f"{render.count(closed.to_forget, 'flag')} to forget"] if closed.to_forget else []
    if held:
        then = render.in_mine("gitmem review, then gitmem accept")
        return f"nothing new to drain; {', '.join(held)}: {then}"
    if closed.left:
        return "nothing was committed"
    own = " of this branch" if shown.here and not shown.everything and not closed.queue_gone else ""
    gone = "; the queue branch is gone" if closed.queue_gone else ""
    return f"nothing{own} to drain{gone}"
