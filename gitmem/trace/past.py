"""A commit's past, read as it is asked for: its records, who made which commit, files as they were."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from gitmem.trace import history
from gitmem.trace.filed import Filings

if TYPE_CHECKING:
    from collections.abc import Collection

    from gitmem.git.repository import Repository
    from gitmem.trace.history import Commit


class Past:
    """The history of ``commit`` (empty: there is none), each part of it read once."""

    def __init__(self, repo: Repository, commit: str) -> None:
        self.repo = repo
        self.commit = commit
        self._commits: dict[str, Commit] = {}
        self._texts: dict[tuple[str, str], str | None] = {}

    @cached_property
    def filings(self) -> Filings:
        """What the drain records in the commit's tree say."""
        return Filings(history.texts(self.repo, self.commit) if self.commit else {})

    @cached_property
    def cut(self) -> frozenset[str]:
        """The commits behind which this clone knows nothing."""
        return history.shallow(self.repo)

    @cached_property
    def _bringing(self) -> dict[str, str]:
        paths = {filed.path for filed in self.filings.all}
        return history.bringing(self.repo, self.commit, paths) if self.commit else {}

    def brought(self, record: str) -> Commit | None:
        """The commit that brought a record; None when that cannot be known (a shallow clone)."""
        oid = self._bringing.get(record, "")
        return self.seen(oid) if oid and oid not in self.cut else None

    def look(self, oids: Collection[str]) -> None:
        """Reads many commits at once."""
        new = [oid for oid in dict.fromkeys(oids) if oid and oid not in self._commits]
        self._commits |= history.commits(self.repo, new)

    def seen(self, oid: str) -> Commit:
        """One commit of this past."""
        self.look([oid])
        return self._commits[oid]

    def text(self, commit: str, path: str) -> str | None:
        """A file's text at a commit (empty: in the work tree); None without one."""
        key = (commit, path)
        if key not in self._texts:
            self._texts[key] = (
                history.text_at(self.repo, commit, path)
                if commit
                else history.text_here(self.repo, path)
            )
        return self._texts[key]
