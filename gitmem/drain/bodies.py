"""Where the bodies of flags go: below the line that each flag came to, in a file that no client loads (pure).

No operation loses a body. What two lines say together has both bodies; a line that takes the place of
another keeps that one's body under `Before`, unless its own words say all of it; a duplicate brings its
body to the line that it folds into.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.markdown.blocks import code_rows
from gitmem.markdown.lines import rows
from gitmem.memory import topics
from gitmem.memory.details import sections
from gitmem.memory.details.sections import DetailsFile
from gitmem.memory.passages import row_text
from gitmem.memory.tree import MemoryLine
from gitmem.safety.body import find_unfit
from gitmem.safety.paths import PathKind, details_of, writable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.memory.tree import MemoryTree

BELOW = "its body goes below that line"
STAYS = "what it replaced had a body, which stays below the new line"
GOES = "what it replaced had a body, which the new words say"

_WITH_BODIES = frozenset({PathKind.TOPIC, PathKind.PENDING})


def unfit_bodies(flags: Sequence[Flag]) -> dict[str, str]:
    """Return why a flag's body may not be filed, by the flag's id; nothing for those that may."""
    reasons = {flag.id: _unfit(flag) for flag in flags if flag.body}
    return {flag_id: reason for flag_id, reason in reasons.items() if reason}


def _unfit(flag: Flag) -> str:
    reason = find_unfit(flag.body, headline=flag.text)
    if reason:
        return reason
    try:
        sections.written(flag.body)
    except Refused as refused:
        return refused.message
    return ""


class Bodies:
    """The details files of one assembly, and the lines that have a link there."""

    def __init__(self, ground: MemoryTree) -> None:
        self._ground = ground
        self._files: dict[str, DetailsFile] = {}
        self._sizes: Counter[str] = Counter()
        # Lines of the tree that come to have a body: memory file to the lines.
        self.linked: dict[str, list[str]] = {}

    def room(self, path: str) -> int:
        """Return the bytes that the details file beside a memory file still takes."""
        before = len(self._ground.texts.get(details_of(path), "").encode())
        return sections.MOST_BYTES - before - self._sizes[path]

    def add(self, path: str, line: str, flags: Sequence[Flag], *, there: bool = False) -> None:
        """Add the flags' bodies below a line of the memory file ``path``.

        ``there``: the line is in the tree already, so it has to get the link. Raises Refused where the
        file cannot take them.
        """
        bodies = [sections.written(flag.body) for flag in flags if flag.body]
        if bodies and self._takes(path):
            head = self._head(MemoryLine(file=path, text=line)) if there else line
            for body in bodies:
                self._put(path, head, body)
            if there:
                self.linked.setdefault(path, []).append(line)

    def replace(
        self, old: MemoryLine, path: str, line: str, flags: Sequence[Flag], *, merged: bool
    ) -> str:
        """Take the body of a line that goes below the one that says it now; return what the reviewer is told.

        Call it for every line that goes, and then `add`. Raises Refused as `add`.
        """
        file = self._there(old.file)
        head = self._head(old)
        if file is None or not file.has(head):
            return ""
        if merged and old.file == path and not file.has(line):
            file.rename(head, line)
            return STAYS
        body = file.body(head)
        file.remove(head)
        if not merged:
            if _said(body, line, flags):
                return GOES
            self.add(path, line, flags)  # what holds now comes first
        self._put(path, line, body if merged else f"{sections.BEFORE}{old.text}\n\n{body}")
        return STAYS

    def move(self, old: MemoryLine, path: str) -> None:
        """Move the body of a line with it, into the file beside ``path``. Raises Refused as `add`."""
        file, head = self._there(old.file), self._head(old)
        if file is not None and file.has(head) and old.file != path:
            body = file.body(head)
            file.remove(head)
            self._put(path, old.text, body)

    def drop(self, old: MemoryLine) -> None:
        """Take out the body of a line that goes and that nothing takes the place of: a settled open item."""
        file = self._there(old.file)
        if file is not None:
            file.remove(self._head(old))

    def line(self, path: str, text: str) -> str:
        """Return a line as it stands in the memory file ``path``: with its link if it has a body."""
        file = self._there(path) if self._takes(path) else None
        return text + topics.link_of(path) if file is not None and file.has(text) else text

    def files(self) -> Mapping[str, str | None]:
        """Return the details files, path to text; None for an emptied one, which goes.

        Raises Refused for one that cannot be changed so.
        """
        texts = {}
        for details, file in self._files.items():
            try:
                texts[details] = file.text()
            except Refused as refused:
                raise Refused(f"gitmem cannot write {details}: {refused.message}") from refused
        return {
            details: None if sections.emptied(text, details.rpartition("/")[2]) else text
            for details, text in texts.items()
        }

    def _head(self, line: MemoryLine) -> str:
        """Return the heading of a line's body: another than the line, where a person reworded one of them."""
        lines = self._ground.texts.get(line.file, "")
        details = self._ground.texts.get(details_of(line.file), "")
        return sections.headings(lines, details).get(line.text, line.text) if details else line.text

    def _takes(self, path: str) -> bool:
        try:
            return writable(path, folder=self._ground.folder) in _WITH_BODIES
        except Refused:
            return False

    def _there(self, path: str) -> DetailsFile | None:
        """Return the details file beside a memory file; None when there is none."""
        details = details_of(path)
        if details not in self._files and details in self._ground.texts:
            self._files[details] = DetailsFile(self._ground.texts[details])
        return self._files.get(details)

    def _put(self, path: str, line: str, body: str) -> None:
        details = details_of(path)
        if details in self._ground.odd:
            raise Refused(f"gitmem does not write {details}: {self._ground.odd[details]}")
        size = len(body.encode()) + len(line.encode())
        if size > self.room(path):
            raise Refused(
                f"{details} is full: it may have {sections.MOST_BYTES:,} bytes",
                hint="take out what is no longer needed; then close again",
            )
        self._sizes[path] += size
        file = self._there(path)
        if file is None:
            file = DetailsFile(sections.new_file(path.rpartition("/")[2]))
            self._files[details] = file
        file.add(line, body)


def _said(body: str, line: str, flags: Sequence[Flag]) -> bool:
    """Return whether a new line and its flags say what each row of an old body says, code to the letter."""
    from gitmem.drain.content_loss import lost_content  # it loads the judge

    bodies = [flag.body for flag in flags if flag.body]
    words = [flag.text for flag in flags]
    known = {row.strip() for text in bodies for row in text.split("\n")}
    code = code_rows(body)
    new = " ".join([line, *[" ".join(text.split()) for text in bodies]])
    for at, row in enumerate(rows(body)):
        said = row_text(row)
        if row.strip() in known or not any(char.isalnum() for char in said):
            continue
        if at in code or lost_content(said, new, [*words, *bodies]):
            return False
    return True
