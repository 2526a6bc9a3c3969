"""All outcomes in a tree's drain records: which flags made a line, and what replaced it (pure)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.memory.passages import line_key
from gitmem.records.drain_record import (
    FORGET,
    Fate,
    Outcome,
    RecordedClose,
    read_header,
    read_outcomes,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

_REPLACING = frozenset({Fate.SUPERSEDED, Fate.MERGED})
# Replacements of one line that are kept: each is compared for each record of the line.
_REPLACED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledOutcome:
    """One outcome with its record: the record's path, and what its header says (None: unreadable)."""

    path: str
    header: RecordedClose | None
    outcome: Outcome

    @property
    def drain(self) -> str:
        """The drain's name."""
        return (
            self.header.drain
            if self.header
            else self.path.rpartition("/")[2].removesuffix(".jsonl")
        )

    @property
    def engine(self) -> str:
        """The engine that judged; empty when the header cannot be read."""
        return self.header.run.engine if self.header else ""

    @property
    def model(self) -> str:
        """The model that answered; empty for none."""
        return self.header.run.model if self.header else ""

    @property
    def replaces(self) -> str:
        """The line that it replaced; empty for none."""
        return self.outcome.survivor if self.outcome.fate in _REPLACING else ""


def _order(record: tuple[str, RecordedClose | None]) -> tuple[str, bool, str]:
    """By name, which has the second in it; of one second a forget comes after what it forgets."""
    path, head = record
    return path.rpartition("-")[0], head is not None and head.run.engine == FORGET, path


class Filings:
    """Every outcome of a tree's records, and the ways to look one up.

    ``unreadable`` are the paths of records whose header cannot be read.
    """

    __slots__ = ("_files", "_flags", "_lines", "_replaced", "all", "unreadable")

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
            place = line_key(filed.replaces) if filed.replaces else own
            if place != own and len(self._replaced[place]) < _REPLACED:
                self._replaced[place].append(filed)

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
        found = self._replaced.get(line_key(filed.outcome.line), [])
        return [later for later in found if later.outcome.file == filed.outcome.file] or found

    def folded(self, placed: Iterable[FiledOutcome]) -> Sequence[FiledOutcome]:
        """Return the duplicates that were folded into the line that these outcomes placed."""
        names = set()
        for filed in placed:
            names |= {filed.outcome.flag.id, f"{filed.outcome.file}: {filed.outcome.line}"}
        return [
            filed
            for filed in self.all
            if filed.outcome.fate is Fate.DUPLICATE and filed.outcome.survivor in names
        ]

    def forgotten(self, flag_id: str) -> FiledOutcome | None:
        """Return the outcome that forgot the flag; None when it was not forgotten."""
        rows = self._flags.get(flag_id, [])
        return next((filed for filed in rows if filed.outcome.fate is Fate.FORGOTTEN), None)
