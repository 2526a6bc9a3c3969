"""What `gitmem doctor` says of one thing it looked at (pure)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Level(StrEnum):
    """How bad it is: as it should be, worth a look, or something does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Mend(StrEnum):
    """What `gitmem doctor --fix` can do about it; nothing of it takes anything away."""

    WIRING = "wiring"  # write what `gitmem init` writes
    PUBLISH = "publish"  # bring the journal's lines onto the queue branch


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``check`` names what was looked at, ``what`` says what was found, ``hint`` what to do.

    ``client`` is the name of the client that it is about; empty for the repository.
    """

    level: Level
    check: str
    what: str
    hint: str = ""
    mend: Mend | None = None
    client: str = ""

    @property
    def as_json(self) -> dict[str, str]:
        """The finding for a program."""
        return {
            "level": self.level.value,
            "client": self.client,
            "check": self.check,
            "what": self.what,
            "hint": self.hint,
            "fix": self.mend.value if self.mend else "",
        }


def ok(check: str, what: str) -> Finding:
    """As it should be."""
    return Finding(level=Level.OK, check=check, what=what)


def warn(check: str, what: str, hint: str = "", *, mend: Mend | None = None) -> Finding:
    """Worth a look."""
    return Finding(level=Level.WARN, check=check, what=what, hint=hint, mend=mend)


def fail(check: str, what: str, hint: str = "", *, mend: Mend | None = None) -> Finding:
    """Something does not work."""
    return Finding(level=Level.FAIL, check=check, what=what, hint=hint, mend=mend)


def about(client: str, findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings as those about one client."""
    return [replace(finding, client=client) for finding in findings]


def passed(findings: list[Finding]) -> bool:
    """Whether nothing fails."""
    return all(finding.level is not Level.FAIL for finding in findings)
