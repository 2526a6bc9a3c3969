"""A landed line, and what names it.

Apart from `gitmem.recall.corpus`, because the hook after a failed command holds lines and cannot afford
what reads them: no dataclass, no Markdown, no digest unless it is asked for.
"""

from __future__ import annotations

from enum import StrEnum

_DIGEST = 6  # bytes; the id of a line that no flag made


class Kind(StrEnum):
    """What a line is."""

    FACT = "fact"
    RULE = "rule"
    PENDING = "pending"


class LandedLine:
    """A landed line: repository-relative file, 1-based line number there, its words on one line.

    ``about`` are the repository paths that the line cites or that its flags name. ``flags`` are the
    ids that made it, the newest first, ``at`` the time of the newest (ISO 8601; empty: no flag did).
    ``loaded``: a session has it from its first request, by an import or in the managed block.
    ``digest`` is its `digest_key` (empty: it is computed when it is asked for). ``body`` is what is below it
    in the details file beside its own, ``below`` the 1-based line of the heading there (0: nothing is).
    """

    __slots__ = (
        "_digest",
        "about",
        "at",
        "below",
        "body",
        "file",
        "flags",
        "kind",
        "loaded",
        "number",
        "text",
    )

    def __init__(  # noqa: PLR0913  # the fields of a value
        self,
        *,
        file: str,
        number: int,
        text: str,
        kind: Kind,
        about: tuple[str, ...] = (),
        flags: tuple[str, ...] = (),
        at: str = "",
        loaded: bool = False,
        digest: str = "",
        body: str = "",
        below: int = 0,
    ) -> None:
        self.file = file
        self.number = number
        self.text = text
        self.kind = kind
        self.about = about
        self.flags = flags
        self.at = at
        self.loaded = loaded
        self._digest = digest
        self.body = body
        self.below = below

    @property
    def told(self) -> str:
        """Return the line's words, and where to read on if it has a body."""
        if not self.below:
            return self.text
        from gitmem.safety.paths import details_of

        return f"{self.text} (more: {details_of(self.file)}:{self.below})"

    @property
    def digest(self) -> str:
        """Return what names the line where no flag made it."""
        return self._digest or digest_key(self.text)

    @property
    def key(self) -> str:
        """Return what names the line in the ledger: its newest flag, else a digest of its words."""
        return self.flags[0] if self.flags else self.digest

    @property
    def keys(self) -> tuple[str, ...]:
        """Return all that may name the line: its flags, the newest first, its digest, its whole topic."""
        own = (*self.flags, self.digest)
        return (*own, topic_key(self.file)) if self.kind is Kind.FACT else own


def digest_key(text: str) -> str:
    """Return what names a line with these words that no flag made."""
    from hashlib import blake2b

    from gitmem.memory.passages import line_key

    return "~" + blake2b(line_key(text).encode(), digest_size=_DIGEST).hexdigest()


def topic_key(file: str) -> str:
    """Return what names a topic that is shown whole; ``file`` is its path or its name."""
    name = file.rpartition("/")[2]
    from hashlib import blake2b

    return "#" + blake2b(name.encode(), digest_size=_DIGEST).hexdigest()
