"""`gitmem review -p`: asks about each line of a review, and writes all answers at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitmem.cli import render, surroundings
from gitmem.cli.commands.editor import edited_line
from gitmem.core.errors import GitmemError, Refused, UsageError
from gitmem.models.reply import Cancelled
from gitmem.review import line_by_line, wording
from gitmem.review.line_by_line import Answers, Asking, ReviewLine
from gitmem.review.wording import Wording

if TYPE_CHECKING:
    from gitmem.bootstrap.workplace import Workplace
    from gitmem.records.drain_record import Outcome

_HELP = (
    "y - keep this line",
    "n - reject this line: its flags never become memory; the reason follows, or is asked for",
    "e - edit this line: the new words follow, or your editor opens",
    "s - skip this line: it stays in the review as it is",
    "a - keep this line and all later ones of this file",
    "d - reject this line and all later ones of this file, as n does",
    "q - quit: what was answered is written, the rest stays as it is",
    "? - print this help",
)
_LETTERS = "y,n,e,s,a,d,q,?"
_INDENT = "  "
_QUIT = 0  # lines that an answer was about
_NOTE = """Write the line as it should be, and save. An unchanged or an empty file leaves it as it is.
Lines that begin with # do not count."""


def run(place: Workplace, *, dry_run: bool) -> None:
    """Ask about each line in review, write the answers, and say what became of them.

    Raises Refused inside an agent client, and UsageError without a terminal.
    """
    client = surroundings.agent()
    if client:
        raise Refused(
            f"a person reviews, and this runs inside {client}",
            hint="run gitmem review -p in your own terminal",
        )
    if not render.can_ask():
        raise UsageError(
            "review -p asks on a terminal, and this is none",
            hint="gitmem drop ID --reason '…', then gitmem close rebuilds the review without it",
        )
    asking = line_by_line.lines(place.repo, place.configured)
    dialogue = _Dialogue(place, asking)
    try:
        dialogue.run()
    except KeyboardInterrupt as stopped:
        render.say()
        raise Cancelled("interrupted; no answer was written") from stopped
    _finish(place, asking, dialogue, dry_run=dry_run)


class _Dialogue:
    """The questions about one review, and what was answered."""

    def __init__(self, place: Workplace, asking: Asking) -> None:
        self._place, self._asking = place, asking
        self._file = ""
        self.rejected: dict[ReviewLine, str] = {}
        self.reworded: dict[ReviewLine, Wording] = {}
        self.kept = 0

    @property
    def answers(self) -> Answers:
        """What changes the review."""
        return Answers(rejected=self.rejected, reworded=self.reworded)

    def run(self) -> None:
        """Ask about every line until there is none, or the person quits."""
        lines = self._asking.lines
        at = 0
        while at < len(lines):
            line = lines[at]
            rest = [one for one in lines[at:] if one.file == line.file]
            self._show(line)
            what = "line" if line.line else "body" if line.outcomes[0].brings_body else "answer"
            done = self._one(line, rest, f"[{at + 1}/{len(lines)}] file this {what}? [{_LETTERS}] ")
            if not done:
                return
            at += done

    def _one(self, line: ReviewLine, rest: Sequence[ReviewLine], question: str) -> int:
        """Ask until one answer counts; return how many lines it was about, 0 to quit."""
        while True:
            said = render.ask(question)
            if said is None:
                return _QUIT
            letter, _, words = said.strip().partition(" ")
            done = self._answered(line, rest, letter.lower(), words.strip())
            if done is not None:
                return done

    def _answered(
        self, line: ReviewLine, rest: Sequence[ReviewLine], letter: str, words: str
    ) -> int | None:
        """Take one answer; None when it does not count."""
        match letter:
            case "y" | "a":
                decided = len(rest) if letter == "a" else 1
                self.kept += decided
                return decided
            case "s" | "q":
                return 1 if letter == "s" else _QUIT
            case "n" | "d":
                return self._rejected(rest if letter == "d" else [line], words)
            case "e":
                return 1 if self._edited(line, words) else None
            case _:
                for row in _HELP:
                    render.say(row)
                return None

    def _rejected(self, chosen: Sequence[ReviewLine], given: str) -> int | None:
        """Take a reason; None when the lines are asked about again."""
        if self._asking.unmade:
            _not_so(self._asking.unmade, self._asking.unmade_hint)
            return None
        said = given or render.ask("why not? ")
        if said is None:
            return _QUIT
        if not said.strip():
            _not_so("a rejection needs a reason", "n, then the reason")
            return None
        try:
            why = line_by_line.reason(said)
        except GitmemError as error:
            _not_so(error.message, error.hint)
            return None
        self.rejected |= dict.fromkeys(chosen, why)
        return len(chosen)

    def _edited(self, line: ReviewLine, given: str) -> bool:
        if not line.line:
            _not_so("it has no line of its own under review")
            return False
        place = self._place
        try:
            new = given or self._written(line)
            if new in {"", line.line}:
                _not_so("the words are unchanged", "" if new else "to take the line out: n")
                return False
            wanted = Wording(file=line.file, line=line.line, new=new)
            tip, folder = self._asking.review.tip, place.settings.folder
            done = wording.checked(place.repo, tip, wanted, folder)
            if any(one.new == done.new for one in self.reworded.values()):
                _not_so("another line has these words already")
                return False
        except GitmemError as error:
            _not_so(error.message, error.hint)
            return False
        self.reworded[line] = done
        return True

    def _written(self, line: ReviewLine) -> str:
        """Return what the person made of a line in their editor; empty for nothing."""
        return edited_line(
            self._place.repo,
            line.line,
            _NOTE,
            what="a line of memory",
            instead="e, then the new words",
        )

    def _show(self, line: ReviewLine) -> None:
        render.say()
        if line.file != self._file:
            self._file = line.file
            render.say(line.file)
            render.say()
        for outcome in line.outcomes[:1]:
            for file, text in outcome.replaced:
                render.change("-", text + (f" ({file})" if file != line.file else ""))
        for item in line.settles:
            render.change("-", f"{item} (settled)")
        if line.line:
            render.change("+", line.line)
        for outcome in (*line.outcomes, *line.folded):
            for row in _origin(line, outcome):
                render.say(_INDENT + row)


def _not_so(what: str, hint: str = "") -> None:
    """Say why an answer does not count."""
    render.say(what)
    if hint:
        render.say(f"hint: {hint}")


def _origin(line: ReviewLine, outcome: Outcome) -> list[str]:
    """Return where a line comes from: the flag, what was done with it, and its body."""
    flag = outcome.flag
    own = outcome.line == line.line
    same = own and outcome.verbatim
    how = (
        f"reworded by {outcome.worded_by.partition(' <')[0]}"
        if outcome.worded_by
        else "folded into it"
        if line.line and not own
        else f"below: {outcome.survivor}"
        if not line.line and outcome.brings_body
        else "as flagged"
        if same
        else "reworded"
        if line.line
        else outcome.reason or outcome.fate.value
    )
    marks = [flag.kind, *(["tainted"] if flag.tainted else []), how]
    marks += [f"by {flag.by.partition(' <')[0]}"] if flag.by else []
    rows = [f"{flag.id}  {', '.join(marks)}"]
    if not same:
        rows.append(f"{_INDENT}flagged: {render.words(flag)}")
    if outcome.reason and line.line:
        rows.append(f"{_INDENT}because: {outcome.reason}")
    body = flag.body.split("\n") if flag.body else []
    return [*rows, *[f"{_INDENT}| {row.expandtabs(4)}".rstrip() for row in body]]


def _finish(place: Workplace, asking: Asking, dialogue: _Dialogue, *, dry_run: bool) -> None:
    """Write the answers and say what became of the review."""
    answers = dialogue.answers
    render.say()
    total = len(asking.lines)
    undecided = total - dialogue.kept - len(answers.rejected) - len(answers.reworded)
    parts = [
        f"{number} {verb}"
        for number, verb in (
            (dialogue.kept, "kept"),
            (len(answers.reworded), "edited"),
            (len(answers.rejected), "rejected"),
            (undecided, "undecided"),
        )
        if number
    ]
    render.say(
        f"{render.count(total, 'line')}: {', '.join(parts)}" if parts else "no line to ask about"
    )
    if dry_run:
        render.say("nothing was written")
        return
    if answers:
        done = line_by_line.write(
            place.repo,
            asking,
            answers,
            configured=place.configured,
            folder=place.settings.folder,
            at=surroundings.now(),
            style=place.settings.commit,
        )
        if done.dropped:
            ids = ", ".join(flag.id for flag in done.dropped)
            render.say(f"dropped {ids}: recorded as skipped, with the reason")
        for line in done.back:
            render.say(f"in the review again: {line.line} ({line.file})")
        render.say(f"gitmem/drain is now {done.commit[:12]}")
    if undecided:
        stays = "what is undecided stays in the review, and gitmem accept lands it, too"
        render.say(render.in_mine(stays))
    render.say("next: gitmem accept lands it, gitmem review shows it")
