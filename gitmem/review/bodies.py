"""A forget takes the bodies of its flags out of the details files; others' bodies follow their lines (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.core.failures import NeedsPerson
from gitmem.memory import topics
from gitmem.memory.details import sections
from gitmem.memory.details.sections import BEFORE, DetailsFile
from gitmem.safety.paths import details_of, is_details, lines_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.records.drain_record import Outcome
    from gitmem.review.removal import Removal


class ForgottenBodies:
    """The details files without the bodies of some flags. `take` every line that goes, then ask for `texts`.

    ``texts`` are the files of the memory, ``known`` all flags that records know.
    """

    def __init__(
        self, texts: Mapping[str, str], folder: str, flags: Iterable[Flag], known: Iterable[Flag]
    ) -> None:
        self._before = texts
        self._files = {
            path: DetailsFile(text) for path, text in texts.items() if is_details(path, folder)
        }
        self._known = known
        self.notes: list[str] = []
        for flag in flags:
            body = _written(flag)
            for file in self._files.values() if body else ():
                for line in file.headlines:
                    file.remove_body(line, body)

    def take(self, removal: Removal, restored: Sequence[Outcome]) -> None:
        """Take out what is below a line that goes; the bodies of ``restored`` go below their own words.

        Raises NeedsPerson for what no flag brought, or a person changed.
        """
        line, details = removal.item.text, details_of(removal.file)
        file = self._files.get(details)
        if file is None or not file.has(line):
            return
        for outcome in restored:
            body = _written(outcome.flag)
            if outcome.survivor == line and body and file.remove_body(line, body):
                file.add(outcome.line, body)
        if file.body(line):
            self._refuse_changed(details, line, file.body(line))
            self.notes.append(f"{details}: what else was below {line!r} goes with it")
        file.remove(line)

    def texts(self) -> dict[str, str | None]:
        """Return the details files that change, path to text; None for an emptied one, which goes.

        Raises Refused, with the path, for one that `DetailsFile.text` refuses.
        """
        changed: dict[str, str | None] = {}
        for path, file in self._files.items():
            try:
                text = file.text()
            except Refused as refused:
                raise Refused(f"gitmem cannot write {path}: {refused.message}") from refused
            if text != self._before[path]:
                empty = sections.emptied(text, path.rpartition("/")[2])
                changed[path] = None if empty else text
        return changed

    def linked(self, path: str, text: str) -> str:
        """Return a memory file whose lines have links to the bodies that are left, and no others."""
        file = self._files.get(details_of(path))
        if file is None:
            return text
        had = DetailsFile(self._before[details_of(path)])
        for raw in topics.raw_facts(text):
            line = topics.bare(raw)
            if raw == line and file.has(line) and not had.has(line):
                text = topics.with_link(text, line, topics.link_of(path))
            elif raw != line and had.has(line) and not file.has(line):
                text = topics.without_link(text, line)
        return text

    def beside(self) -> list[str]:
        """Return the memory files whose bodies change."""
        return [lines_file(path) for path in self.texts()]

    def _refuse_changed(self, details: str, line: str, left: str) -> None:
        """Raise NeedsPerson unless what is left are bodies that records have as they are."""
        rest = f"\n{left}\n"
        for flag in self._known:
            body = _written(flag)
            rest = rest.replace(f"\n{body}\n", "\n") if body else rest
        if any(row.strip() and not row.startswith(BEFORE) for row in rest.split("\n")):
            raise NeedsPerson(
                f"a person wrote below {line!r} in {details}",
                hint="remove what comes from the flag by hand and commit that",
            )


def _written(flag: Flag) -> str:
    """Return a flag's body as a close filed it; empty without one, or where none was filed."""
    try:
        return sections.written(flag.body) if flag.body else ""
    except Refused:
        return ""
