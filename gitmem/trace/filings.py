"""All outcomes in a tree's drain records: which flags made a line, and what replaced it (pure)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.memory.passages import line_key
from gitmem.records.drain_record import (
    FORGET,
    Change,
    Fate,
    LineChange,
    Outcome,
    RecordedClose,
    read_changes,
    read_header,
    read_outcomes,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

# Replacements of one line that are kept: each is compared for each record of the line.
_REPLACED = 500
_MOVES = 20  # of one line, one after the other; a close moves a line out of a catch-all topic once


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledOutcome:
    """One outcome with its record: the record's path, and what its header says (None: unreadable).

    ``moved``: the record only moved the line, and this is the outcome that placed it before.
    """

    path: str
    header: RecordedClose | None
    outcome: Outcome
    moved: FiledOutcome | None = None

    @property
    def drain(self) -> str:
        """The drain's name."""
        return _drain(self.path, self.header)

    @property
    def engine(self) -> str:
        """The engine that judged; empty when the header cannot be read."""
        return self.header.run.engine if self.header else ""

    @property
    def model(self) -> str:
        """The model that answered; empty for none."""
        return self.header.run.model if self.header else ""

    @property
    def replaces(self) -> tuple[tuple[str, str], ...]:
        """The lines that it replaced, each as file and text."""
        return () if self.moved else self.outcome.replaced


_Placing = defaultdict[tuple[str, str, str], list[FiledOutcome]]


def _order(record: tuple[str, RecordedClose | None]) -> tuple[str, bool, str]:
    """By name, which has the second in it; of one second a forget comes after what it forgets."""
    path, head = record
    return _second(path), head is not None and head.run.engine == FORGET, path


def _second(path: str) -> str:
    """Return what a record's name begins with: its time, to the second."""
    return path.rpartition("-")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledItem:
    """An open item that a flag settled, and the record that says so, as a filed outcome has it."""

    path: str
    header: RecordedClose | None
    item: LineChange

    @property
    def drain(self) -> str:
        """The drain's name."""
        return _drain(self.path, self.header)


def _drain(path: str, header: RecordedClose | None) -> str:
    return header.drain if header else path.rpartition("/")[2].removesuffix(".jsonl")


def _moves(filed: FiledOutcome) -> int:
    """Return how often closes moved the line before this outcome."""
    return 0 if filed.moved is None else 1 + _moves(filed.moved)


def _spot(filed: FiledOutcome) -> tuple[str, str, str, str]:
    """Return what tells one placing of a line from every other."""
    one = filed.outcome
    return filed.path, one.flag.id, one.file, line_key(one.line)


class Filings:
    """Every outcome of a tree's records, and the ways to look one up.

    ``unreadable`` are the paths of records whose header cannot be read.
    """

    __slots__ = (
        "_closed",
        "_files",
        "_flags",
        "_lines",
        "_moved",
        "_replaced",
        "_settled",
        "all",
        "unreadable",
    )

    def __init__(self, records: Mapping[str, str]) -> None:
        """``records``: path to text."""
        heads = dict(sorted(((path, read_header(records[path])) for path in records), key=_order))
        self.unreadable = tuple(path for path, head in heads.items() if head is None)
        self.all: tuple[FiledOutcome, ...] = tuple(
            FiledOutcome(path=path, header=head, outcome=outcome)
            for path, head in heads.items()
            for outcome in read_outcomes(records[path])
        )
        self._flags: defaultdict[str, list[FiledOutcome]] = defaultdict(list)
        self._lines: defaultdict[str, list[FiledOutcome]] = defaultdict(list)
        self._files: defaultdict[str, set[str]] = defaultdict(set)
        self._replaced: defaultdict[str, list[FiledOutcome]] = defaultdict(list)
        for filed in self.all:
            self._flags[filed.outcome.flag.id].append(filed)
            own = line_key(filed.outcome.line) if filed.outcome.line else ""
            if own:
                self._lines[own].append(filed)
                self._files[own].add(filed.outcome.file)
            for _, text in filed.replaces:
                place = line_key(text)
                if place != own and len(self._replaced[place]) < _REPLACED:
                    self._replaced[place].append(filed)
        self._moved: dict[tuple[str, str, str, str], FiledOutcome] = {}
        self._closed: dict[tuple[str, str], SettledItem] = {}
        self._settled: defaultdict[str, list[SettledItem]] = defaultdict(list)
        changes = [
            (path, head, change)
            for path, head in heads.items()
            for change in read_changes(records[path])
        ]
        placed = self._placing({line_key(one.line) for _, _, one in changes if one.before})
        for path, head, change in changes:
            if change.what is Change.SETTLED:
                settled = SettledItem(path=path, header=head, item=change)
                self._closed[change.file, line_key(change.line)] = settled
                for flag_id in change.flags:
                    self._settled[flag_id].append(settled)
            else:
                self._move(placed, path, head, change)

    def _placing(self, keys: Collection[str]) -> _Placing:
        """Return the outcomes that placed the lines with these keys, by key, file and drain."""
        found: _Placing = defaultdict(list)
        for key in keys:
            for one in self._lines.get(key, ()):
                found[key, one.outcome.file, one.drain].append(one)
        return found

    def _move(
        self, placed: _Placing, path: str, head: RecordedClose | None, change: LineChange
    ) -> None:
        """Place the outcomes that a change moved in the file where their line is now, too.

        A line moves once from where a record placed it, so each of them is looked at once.
        """
        key = line_key(change.line)
        for one in placed.pop((key, change.before, change.drain), ()):
            if one.outcome.flag.id not in change.flags or _moves(one) >= _MOVES:
                continue
            there = replace(
                one,
                path=path,
                header=head,
                outcome=replace(one.outcome, file=change.file),
                moved=one,
            )
            self._moved[_spot(one)] = there
            self._lines[key].append(there)
            self._files[key].add(change.file)
            placed[key, change.file, there.drain].append(there)

    def moved(self, filed: FiledOutcome) -> FiledOutcome | None:
        """Return the outcome as a later close moved its line; None when none did."""
        return self._moved.get(_spot(filed)) if filed.outcome.line else None

    def settling(self, filed: FiledOutcome) -> SettledItem | None:
        """Return what settled the open item of an outcome, newest; None when nothing did."""
        found = self._closed.get((filed.outcome.file, line_key(filed.outcome.line)))
        # What was asked again later is another item.
        later = found is not None and _second(found.path) >= _second(filed.path)
        return found if filed.outcome.line and later else None

    def settled(self, flag_id: str) -> Sequence[SettledItem]:
        """Return the open items that a flag settled, in the order of the records."""
        return self._settled.get(flag_id, [])

    @property
    def ids(self) -> Iterable[str]:
        """Ids of all flags that a record accounts for."""
        return self._flags.keys()

    def of(self, flag_id: str) -> Sequence[FiledOutcome]:
        """Return the outcomes of one flag, in the order of the records' names."""
        return self._flags.get(flag_id, [])

    def at(self, file: str, line: str) -> Sequence[FiledOutcome]:
        """Return the outcomes that filed a line in that file, else (a person moved it) in any file."""
        found = self._lines.get(line_key(line), [])
        return [filed for filed in found if filed.outcome.file == file] or found

    def files(self, line: str) -> Collection[str]:
        """Return the files in which records say a line was filed."""
        return self._files.get(line_key(line), ())

    def after(self, filed: FiledOutcome) -> Sequence[FiledOutcome]:
        """Return the outcomes that replaced this line."""
        if not filed.outcome.line:
            return []
        key = line_key(filed.outcome.line)
        found = self._replaced.get(key, [])
        return [
            later
            for later in found
            if any(
                file == filed.outcome.file and line_key(text) == key
                for file, text in later.replaces
            )
        ] or found

    def folded(self, placed: Iterable[FiledOutcome]) -> Sequence[FiledOutcome]:
        """Return the duplicates that were folded into the line that these outcomes placed."""
        names = set()
        for filed in placed:
            names.add(filed.outcome.flag.id)
            at: FiledOutcome | None = filed
            while at is not None:
                names.add(f"{at.outcome.file}: {at.outcome.line}")
                at = at.moved
        return [
            filed
            for filed in self.all
            if filed.outcome.fate is Fate.DUPLICATE and filed.outcome.survivor in names
        ]

    def forgotten(self, flag_id: str) -> FiledOutcome | None:
        """Return the outcome that forgot the flag; None when it was not forgotten."""
        rows = self._flags.get(flag_id, [])
        return next((filed for filed in rows if filed.outcome.fate is Fate.FORGOTTEN), None)
