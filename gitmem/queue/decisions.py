"""What was decided about flags, kept in this clone: drops, matches taken back, lines withheld.

Each kind of decision has a file of its own (docs/data-model.md). The last decision about a flag counts;
a torn line does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.jsonline import dumps, loads
from gitmem.git import local

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.queue.contents import Queue

_DROPS = "drops.jsonl"
_UNMATCHED = "unmatched.jsonl"
_CORRECTIONS = "corrections"


def add_drop(repo: Repository, fields: Mapping[str, object]) -> None:
    """Store durably that a flag is dropped: ``id``, ``reason``, ``by``, ``at``."""
    add_drops(repo, [fields])


def add_drops(repo: Repository, every: Sequence[Mapping[str, object]]) -> None:
    """Store the same of several flags, all or none."""
    if not every:
        return
    _add(repo, _DROPS, *every)
    withheld = corrections(repo)
    for dropped in [str(fields.get("id", "")) for fields in every]:
        if dropped in withheld:
            add_correction(repo, dropped, "")


def add_undrops(repo: Repository, flags: Sequence[Flag], *, by: str, at: str) -> None:
    """Store durably that the drops of flags are taken back, all or none."""
    _add(repo, _DROPS, *[{"id": flag.id, "undrop": True, "at": at, "by": by} for flag in flags])
    for flag in flags:
        if flag.corrects:
            add_correction(repo, flag.id, flag.corrects)


def drops(repo: Repository) -> dict[str, str]:
    """Return the dropped flags: id to reason."""
    return dropped(dropping(repo))


def replaced(queue: Queue) -> dict[str, str]:
    """Return the flags that another one of a queue took the place of: id to the newest such id."""
    return {
        flag.replaces: flag.id
        for flag in queue.flags.values()
        if flag.replaces and flag.replaces != flag.id
    }


def rejected(repo: Repository, queue: Queue) -> dict[str, str]:
    """Return the flags that are not to be filed: id to the reason, a person's drop before an edit."""
    edits = {old: f"edited: {new} has its words" for old, new in replaced(queue).items()}
    return {**edits, **drops(repo)}


DROP, UNDROP = "drop", "undrop"


class Decision:
    """One decision about a flag: which (`DROP`, `UNDROP`), whose (`Name <email>`), when, and why."""

    __slots__ = ("at", "by", "reason", "what")

    def __init__(self, fields: Mapping[str, object]) -> None:
        self.what = UNDROP if fields.get("undrop") is True else DROP
        self.at = str(fields.get("at", ""))
        self.by = str(fields.get("by", ""))
        self.reason = str(fields.get("reason", ""))

    @property
    def answer(self) -> dict[str, str | None]:
        """What it was, for a program."""
        return {"what": self.what, "at": self.at, "by": self.by, "reason": self.reason or None}


def dropping(repo: Repository) -> dict[str, list[Decision]]:
    """Return every time that a flag was dropped or queued again, the earliest first, by the flag's id."""
    found: dict[str, list[Decision]] = {}
    for flag, fields in _rows(repo, _DROPS):
        found.setdefault(flag, []).append(Decision(fields))
    return found


def dropped(decided: Mapping[str, Sequence[Decision]]) -> dict[str, str]:
    """Return those of `dropping` that are dropped now: id to reason."""
    last = {flag: made[-1] for flag, made in decided.items()}
    return {flag: one.reason for flag, one in last.items() if one.what == DROP}


def add_unmatch(repo: Repository, fields: Mapping[str, object]) -> None:
    """Store durably that a match is taken back: ``id``, ``again`` (what it was matched to), ``by``, ``at``."""
    _add(repo, _UNMATCHED, fields)


def unmatched(repo: Repository) -> dict[str, str]:
    """Return the matches taken back: a snag's id to the id that it is not a return of."""
    return _read(repo, _UNMATCHED, "again")


def add_correction(repo: Repository, flag: str, line: str) -> None:
    """Store durably that a flag corrects a line (`<file>: <words>`); an empty one takes it back."""
    _add(repo, _CORRECTIONS, {"id": flag, "line": line})


def corrections(repo: Repository) -> dict[str, str]:
    """Return the corrections: a flag's id to the line that it says is wrong."""
    found = _read(repo, _CORRECTIONS, "line")
    return {flag: line for flag, line in found.items() if line}


def _add(repo: Repository, file: str, *rows: Mapping[str, object]) -> None:
    local.make_folder(repo.folder)
    lines = "".join([f"\n{dumps({'v': 1, **fields})}\n" for fields in rows])
    local.append(f"{repo.folder}/{file}", lines.encode(), durable=True)


def _read(repo: Repository, file: str, key: str) -> dict[str, str]:
    return {flag: str(fields.get(key, "")) for flag, fields in _rows(repo, file)}


def _rows(repo: Repository, file: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the id and the fields of each line that can be read."""
    for row in local.read(f"{repo.folder}/{file}").decode(errors="replace").split("\n"):
        try:
            fields = loads(row)
        except ValueError:
            continue
        if isinstance(fields, dict) and isinstance(fields.get("id"), str):
            yield fields["id"], fields
