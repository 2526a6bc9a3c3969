"""What a source offers: items that may become flags, and what was left out of it (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Files that are read of one source, bytes of one and of all of them. A memory bank has some ten files;
#: the largest folder of notes that was seen had 300, of 4 kB each.
MOST_FILES = 1_000
LARGEST_FILE = 1 << 20
LARGEST_SOURCE = 8 << 20
#: Items of one import; what is left is the next import's. A commit message holds a trailer for each.
MOST_ITEMS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that a source says: what a flag is made of.

    ``source`` says where it stands, as the flag will; ``tainted`` that somebody else may have written it. Of ``paths``
    the flag has the first, as many as one may have.
    """

    text: str
    source: str
    body: str = ""
    kind: str = "fact"
    topic: str = ""
    paths: tuple[str, ...] = ()
    tainted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something of a source that is not imported, and why, in a sentence's second half."""

    place: str
    reason: str


@dataclass(slots=True, kw_only=True)
class SourceContents:
    """What one source has: ``name`` as a person gives it, ``place`` where it was looked for.

    ``there`` says whether the source exists at all.
    """

    name: str
    place: str
    there: bool = False
    items: list[Item] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def leave(self, place: str, reason: str) -> None:
        """Note what is not imported."""
        self.left_out.append(LeftOut(place=place, reason=reason))
