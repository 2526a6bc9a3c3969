"""The drain record: one file per close, one line per flag, written and read (docs/data-model.md) (pure)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from gitmem.core.flag import BadLine, Flag, is_id, parse
from gitmem.core.jsonline import figure
from gitmem.core.quantities import seconds
from gitmem.markdown.rule_text import with_why
from gitmem.memory.guard import LESSON
from gitmem.models.usage import NOTHING, Usage
from gitmem.safety.harmless import harmless
from gitmem.safety.text import MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

#: The trailer of a review commit that names the tree gitmem made. A commit with another tree was amended by a person.
TRAILER = "Gitmem-Tree"
#: The same of a person's commit on top: `gitmem review -p` made its tree, and its record says what it changed.
REVIEWED = "Gitmem-Reviewed"

NEXT = (
    "~"  # stands for the record of this close, which has no name yet and is newer than every other
)
# Only of a row that begins as a record's does: a flag within it may say anything. A name with a
# backslash or a quote in it is no file that a close writes.
_FILE = re.compile(r'^\{"id":"[a-z2-7]+","outcome":"[a-z]+","file":"([^"\\]+)"', re.MULTILINE)
# The line of a row, as JSON has it.
_LINE = re.compile(
    r'^\{"id":"[a-z2-7]+","outcome":"([a-z]+)","file":"[^"\\]+","line":"((?:[^"\\]|\\.)*)"',
    re.MULTILINE,
)
_CHANGE = '{"change":"'
VERSION = 1
FORGET = "forget"  # the engine in the record of a forget: no engine judged anything


def record_path(name: str) -> str:
    """Return where in a tree the record with this name is."""
    return f".gitmem/drains/{name}.jsonl"


def closed_at(path: str) -> str:
    """Return when a record's close was made, as a flag has a time; empty where its name does not begin with that."""
    name = path.rpartition("/")[2]
    at = f"{name[:4]}-{name[4:6]}-{name[6:11]}:{name[11:13]}:{name[13:16]}"
    return at if seconds(at) is not None else ""


class Fate(StrEnum):
    """What became of a flag, in the record's words."""

    ADDED = "added"
    MERGED = "merged"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    PENDING = "pending"
    EDITED = "edited"
    SKIPPED = "skipped"
    FORGOTTEN = "forgotten"


_REPLACING = frozenset({Fate.SUPERSEDED, Fate.MERGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one flag: where its line is, what it folded into, and why.

    ``survivor`` is what a duplicate folded into, or the line of ``file`` that was replaced; ``also``
    are further lines that were replaced, each as ``file: line``. ``again`` is the id of the earlier
    flag that a drain matched it to. ``worded_by`` is the person who reworded the line in a review
    (empty: no one), and ``was`` how the close had it.
    """

    flag: Flag
    fate: Fate
    file: str = ""
    line: str = ""
    survivor: str = ""
    also: tuple[str, ...] = ()
    reason: str = ""
    again: str = ""
    worded_by: str = ""
    was: str = ""

    @property
    def replaced(self) -> tuple[tuple[str, str], ...]:
        """The lines whose place it took, each as file and text, the one that gave the place first."""
        if self.fate not in _REPLACING or not self.survivor:
            return ()
        further = [line.partition(": ") for line in self.also]
        return (self.file, self.survivor), *((file, text) for file, _, text in further)

    @property
    def brings_body(self) -> bool:
        """Whether a duplicate brings its body below the line that it folded into."""
        return self.fate is Fate.DUPLICATE and bool(self.flag.body)

    @property
    def verbatim(self) -> bool:
        """Whether the line has the flag's own words, in backticks or not; of a rule, its why too."""
        flag = self.flag
        own = ["", flag.text, flag.better]
        if flag.better:
            own += [with_why(flag.better, flag.text, most) for most in (LESSON, MAX_TEXT)]
        return self.line in own or self.line in [harmless(words) for words in own]


class Change(StrEnum):
    """What a close did to a line beside filing its flags, in the record's words."""

    SETTLED = "settled"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """An open item that is settled, or a line that is in another file now; ``line`` are its words.

    ``file`` is where it was (settled) or is now (moved), ``before`` where a moved line was.
    ``flags`` are the ids of the flags that settle the item, or that the line comes from, ``drain``
    names the record that filed the line where it was.
    """

    what: Change
    file: str
    line: str
    flags: tuple[str, ...]
    before: str = ""
    drain: str = ""

    def told(self, tainted: Collection[str] = ()) -> str:
        """Return what became of the line; ``tainted`` are the ids of tainted flags."""
        if self.what is Change.MOVED:
            return f"moved as it is from {self.before} to {self.file}"
        ids = [f"{flag}, tainted" if flag in tainted else flag for flag in self.flags]
        return f"settled by {', '.join(ids)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What really ran, and what it cost; times are seconds of wall clock.

    ``model`` answered; ``asked`` was requested. ``workers`` limits how many questions run at once,
    ``in_flight`` is the largest number of calls under way at one moment. ``kept`` answers come from an
    earlier close. ``calls_s`` is the time from the start of the first call to the end of the last one;
    ``wall_s`` includes the time before and after.
    """

    engine: str
    model: str = ""
    asked: str = ""
    workers: int = 1
    in_flight: int = 0
    questions: int = 0
    kept: int = 0
    usage: Usage = NOTHING
    wall_s: float = 0.0
    calls_s: float = 0.0
    slowest_s: float = 0.0
    sum_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line of a new record: its name, the time, the queue's tip as a hint, and what ran."""

    drain: str
    at: str
    queue: str
    run: Run


def render(header: Header, outcomes: Sequence[Outcome], changes: Sequence[LineChange] = ()) -> str:
    """Return the text of the record's file. Each flag stands verbatim, as captured."""
    run, usage = header.run, header.run.usage
    first = {
        "v": VERSION,
        "drain": header.drain,
        "at": header.at,
        "queue": header.queue,
        "flags": len(outcomes),
        "engine": run.engine,
        "model": run.model or None,
        "asked": run.asked or None,
        "workers": run.workers,
        "in_flight": run.in_flight,
        "questions": run.questions,
        "kept": run.kept,
        "calls": usage.calls,
        "retries": usage.retries,
        "tokens": usage.tokens,
        "tokens_in": usage.tokens_in,
        "tokens_out": usage.tokens_out,
        **({"cache_read": usage.cache_read} if usage.cache_read else {}),
        **({"cache_write": usage.cache_write} if usage.cache_write else {}),
        "sent": usage.sent,
        "dollars": None if usage.dollars is None else round(usage.dollars, 8),
        **({"saved": round(usage.saved, 8)} if usage.saved else {}),
        **({"batched": usage.batched} if usage.batched else {}),
        **({"batch_saved": round(usage.batch_saved, 8)} if usage.batch_saved else {}),
        "priced": usage.priced or None,
        "wall_s": round(run.wall_s, 3),
        "calls_s": round(run.calls_s, 3),
        "slowest_s": round(run.slowest_s, 3),
        "sum_s": round(run.sum_s, 3),
    }
    rows = [*map(_line, outcomes), *map(_change, changes)]
    return "\n".join([_dump(first), *rows, ""])


def _line(outcome: Outcome) -> str:
    fields = {
        "id": outcome.flag.id,
        "outcome": outcome.fate.value,
        "file": outcome.file,
        "line": outcome.line,
        "survivor": outcome.survivor,
        "also": [*outcome.also],
        "reason": outcome.reason,
        "again": outcome.again,
        "worded_by": outcome.worded_by,
        "was": outcome.was,
    }
    known = _dump({key: value for key, value in fields.items() if value})
    # JSON allows a carriage return between its tokens, but a reader of lines stops there.
    flag = outcome.flag.line.replace("\r", " ")
    return f'{known[:-1]},"flag":{flag}}}'


def _change(change: LineChange) -> str:
    # Without an id in front: it accounts for no flag, and a reader of ids passes it over.
    fields = {
        "change": change.what.value,
        "file": change.file,
        "line": change.line,
        "from": change.before,
        "drain": change.drain,
        "flags": [*change.flags],
    }
    return _dump({key: value for key, value in fields.items() if value})


def reworded(text: str, file: str, line: str, new: str, by: str) -> str:
    """Return a record's text with ``new`` for a line of ``file``, as ``by`` reworded it in a review.

    What folded into the line follows it. Every other row stays byte for byte.
    """
    return "\n".join(_reworded(row, file, line, new, by) for row in text.split("\n"))


def _reworded(row: str, file: str, line: str, new: str, by: str) -> str:
    outcome = _outcome(row.rstrip())
    if outcome is None:
        return row
    there = f"{file}: {line}"
    if (outcome.file, outcome.line) == (file, line):
        was = outcome.was or line
        return _line(replace(outcome, line=new, worded_by=by, was=was))
    if outcome.fate is Fate.DUPLICATE and outcome.survivor == there:
        return _line(replace(outcome, survivor=f"{file}: {new}"))
    return row


def read_changes(text: str) -> list[LineChange]:
    """Return the lines that a record's text says were settled or moved, without those that cannot be read."""
    rows = (_read_change(row) for row in text.split("\n") if row.startswith(_CHANGE))
    return [change for change in rows if change is not None]


def read_outcomes(text: str) -> list[Outcome]:
    """Return the outcomes of a record's text in order, without lines that cannot be read.

    A record says which flags are accounted for, so a reader takes what it can.
    """
    rows = (_outcome(row.rstrip()) for row in text.split("\n"))
    return [outcome for outcome in rows if outcome is not None]


def newest_by_file(contents: Mapping[str, str]) -> dict[str, str]:
    """Return, for each file that a record wrote a line of, the newest such record's name.

    ``contents``: path to text of the records. A record's name begins with its time.
    """
    found: dict[str, str] = {}
    for path in sorted(contents):
        name = path.rpartition("/")[2].removesuffix(".jsonl")
        for match in _FILE.finditer(contents[path]):
            found[match[1]] = name
    return found


def day(at: str) -> str:
    """Return the day, ``YYYY-MM-DD``, of a time as a flag has it; empty for anything else."""
    try:
        return "" if seconds(at) is None else date.fromisoformat(at[:10]).isoformat()
    except ValueError:
        return ""


def filed_days(contents: Mapping[str, str], lines: Iterable[str]) -> dict[str, str]:
    """Return the day, ``YYYY-MM-DD`` in UTC, on which the newest record filed each of these lines.

    ``contents`` as in `newest_by_file`. A line that no record has as it reads now is left out.
    """
    wanted = {_dump(line)[1:-1]: line for line in lines}
    days: dict[str, str] = {}
    for path in sorted(contents):
        filed = day(closed_at(path))
        if filed:
            for match in _LINE.finditer(contents[path]):
                if match[2] in wanted:
                    days[wanted[match[2]]] = filed
    return days


def is_forget(record: Iterable[Outcome]) -> bool:
    """Whether a record is that of a forget: what it says of other flags was not judged either."""
    return any(outcome.fate is Fate.FORGOTTEN for outcome in record)


def _outcome(row: str) -> Outcome | None:
    try:
        fields = json.loads(row)
        flag = parse(row[row.index('"flag":') + len('"flag":') : -1])
        fate = Fate(fields["outcome"])
    except (ValueError, KeyError, TypeError, RecursionError, BadLine):
        return None
    names = ("file", "line", "survivor", "reason", "again", "worded_by", "was")
    words = {name: str(fields.get(name, "")) for name in names}
    if words["file"] and not _inside(words["file"]):
        return None
    return Outcome(flag=flag, fate=fate, also=_also(fields), **words)


def _also(fields: Mapping[str, object]) -> tuple[str, ...]:
    named = fields.get("also")
    lines = [line for line in named if isinstance(line, str)] if isinstance(named, list) else []
    return tuple(line for line in lines if _inside(line.partition(": ")[0]))


def _read_change(row: str) -> LineChange | None:
    try:
        fields = json.loads(row)
        what = Change(fields["change"])
        flags = tuple(flag for flag in fields["flags"] if is_id(flag))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    file, line, before, drain = (_word(fields, key) for key in ("file", "line", "from", "drain"))
    moved = what is Change.MOVED
    if not (line and flags and _inside(file) and _inside(before) is moved):
        return None
    return LineChange(what=what, file=file, line=line, flags=flags, before=before, drain=drain)


def _inside(file: str) -> bool:
    """Whether a path stays in the work tree. A record can come from anyone's commit, and its files are opened."""
    parts = file.split("/")
    return (
        not {"", ".", ".."}.intersection(parts)
        and ".git" not in [part.lower() for part in parts]
        and file.isprintable()
    )


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedClose:
    """A close as its record's header tells it: the drain's name, the time, how many flags, what ran.

    ``tokens`` is the sum of tokens in and out; an older header has no more than that.
    """

    drain: str
    at: str
    flags: int
    tokens: int
    run: Run


def read_header(text: str) -> RecordedClose | None:
    """Return what the first line of a record says, of any version; None when it is not a header.

    Anyone can commit a record, so a figure that is not a number counts as 0. A field that an older
    header lacks is derived from the fields it has, or is 0.
    """
    first, _, rest = text.partition("\n")
    try:
        fields = json.loads(first)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or not isinstance(fields.get("drain"), str):
        return None
    run = _run(fields)
    flags = _count(fields, "flags") if "flags" in fields else rest.count('{"id":"')
    tokens = _count(fields, "tokens") or run.usage.tokens
    at = _word(fields, "at")
    return RecordedClose(drain=fields["drain"], at=at, flags=flags, tokens=tokens, run=run)


def _run(fields: Mapping[str, object]) -> Run:
    model, calls = _word(fields, "model"), _count(fields, "calls")
    retries = _count(fields, "retries")
    return Run(
        engine=_word(fields, "engine"),
        model=model,
        asked=_word(fields, "asked") or model,
        workers=_count(fields, "workers"),
        in_flight=_count(fields, "in_flight"),
        questions=_count(fields, "questions") or max(0, calls - retries),
        kept=_count(fields, "kept"),
        usage=Usage(
            calls=calls,
            retries=retries,
            tokens_in=_count(fields, "tokens_in"),
            tokens_out=_count(fields, "tokens_out"),
            cache_read=_count(fields, "cache_read"),
            cache_write=_count(fields, "cache_write"),
            sent=_count(fields, "sent"),
            dollars=None if fields.get("dollars") is None else figure(fields.get("dollars")),
            saved=_signed(fields.get("saved")),
            batched=_count(fields, "batched"),
            batch_saved=figure(fields.get("batch_saved")),
            priced=_word(fields, "priced"),
        ),
        wall_s=figure(fields.get("wall_s")),
        calls_s=figure(fields.get("calls_s")),
        slowest_s=figure(fields.get("slowest_s")),
        sum_s=figure(fields.get("sum_s")),
    )


def _signed(value: object) -> float:
    """Return a figure that may be below 0: `figure` reads neither its sign nor a figure that cannot be one."""
    less = isinstance(value, int | float) and value < 0
    return -figure(-value) if less and isinstance(value, int | float) else figure(value)


def _word(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _count(fields: Mapping[str, object], name: str) -> int:
    return int(figure(fields.get(name)))
