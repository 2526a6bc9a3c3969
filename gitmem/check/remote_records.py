"""The drain records at a remote, on its target and in review: trees first, then the new records.

They are fetched into a scratch repository, at depth 1. History is fetched only to compare a review
with its target, and only the target's commits since the review was made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.git.network import NotReached
from gitmem.records import record_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitmem.git.scratch import Scratch

_WITHOUT_FILES = "--filter=blob:none"


class RemoteRecords:
    """The records at refs of a remote; ``tips`` are the commits of the refs that exist there.

    ``known`` are records that were read elsewhere, object name to the ids in it; ``texts`` as for
    `gitmem.records.in_tree.ids`. Only the trees of the tips and unknown records are fetched, where
    the server supports `--filter`. Raises `network.NotReached` and `objects.Unreadable`.
    """

    __slots__ = ("_files", "_place", "_read", "tips")

    def __init__(
        self,
        place: Scratch,
        wanted: Sequence[str],
        known: Mapping[str, frozenset[str]],
        texts: record_files.Texts | None = None,
    ) -> None:
        self._place = place
        self.tips = place.fetch_tips(wanted, "--depth=1", _WITHOUT_FILES)
        self._files = {ref: record_files.at(place.repo, tip) for ref, tip in self.tips.items()}
        oids = dict.fromkeys(oid for files in self._files.values() for oid in files.values())
        new = [oid for oid in oids if oid not in known]
        place.fetch_objects(new, _WITHOUT_FILES)
        self._read = {oid: known[oid] for oid in oids if oid in known}
        paths = {oid: path for files in self._files.values() for path, oid in files.items()}

        def note(path: str, content: bytes) -> None:
            self._read[named[path]] = record_files.ids_in([content], texts)

        named = {f"{paths[oid]} ({oid[:12]})": oid for oid in new}
        record_files.read_each(place.repo, named, note)

    def ids(self, ref: str) -> frozenset[str]:
        """Return the ids of all records at a ref; none where it is absent."""
        return self._ids(self._files.get(ref, {}).values())

    def proposed(self, review: str, target: str) -> frozenset[str]:
        """Return the ids of the records at a review that the target neither has nor once had.

        As in `gitmem.records.in_tree.proposed`: what landed and was reverted is not proposed any more.
        """
        landed = self._files.get(target, {})
        files = {
            path: oid for path, oid in self._files.get(review, {}).items() if path not in landed
        }
        if files and target in self.tips and self._moved(review, target):
            repo = self._place.repo
            once = record_files.touched(repo, [self.tips[target]], self.tips[review])
            for oid in self._place.fetch_parents(self.tips[target], _WITHOUT_FILES):
                once |= record_files.at(repo, oid).keys()
            files = {path: oid for path, oid in files.items() if path not in once}
        return self._ids(files.values())

    def _moved(self, review: str, target: str) -> bool:
        """Fetch what the target has and the review lacks; return whether there is anything."""
        if self._is_base(review, target):
            return False
        try:
            self._place.fetch_tips([target], f"--shallow-exclude={review}", _WITHOUT_FILES)
        except NotReached:
            # A server also hangs up when it has nothing to send: then the review is on the target.
            self._place.fetch_tips([review], f"--shallow-exclude={target}", _WITHOUT_FILES)
            if self._is_base(review, target):
                return False
            raise
        return True

    def _is_base(self, review: str, target: str) -> bool:
        """Return whether the review's fetched commits start at the target's tip."""
        return self.tips[target] in self._place.cut_parents(self.tips[review])

    def _ids(self, oids: Iterable[str]) -> frozenset[str]:
        return frozenset[str]().union(*[self._read[oid] for oid in oids])
