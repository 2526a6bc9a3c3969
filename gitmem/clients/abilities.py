"""What the optional abilities of a client give: values, and what each ability must offer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitmem.clients.transcripts import ShownBoundary


@dataclass(slots=True, kw_only=True)
class UnknownRows:
    """Rows of a kind that gitmem does not know: how many, and the first one, cut."""

    count: int
    sample: str


@dataclass(slots=True, kw_only=True)
class SessionTranscript:
    """What a session's transcript shows; times are seconds since 1970, 0 where there is none.

    ``session`` is its id (empty: unknown).
    ``nudges`` are gitmem's nudges that reached the model, ``damaged`` rows that are no JSON object.
    """

    session: str = ""
    cwd: str = ""
    began: int = 0
    ended: int = 0
    versions: set[str] = field(default_factory=set)
    boundaries: list[ShownBoundary] = field(default_factory=list)
    nudges: int = 0
    damaged: int = 0
    unknown: dict[str, UnknownRows] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One hook: at an event (for what ``matcher`` names; "" is everything) run a command.

    ``timeout`` is in seconds; None leaves it to the client.
    """

    event: str
    matcher: str
    command: str
    timeout: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WiredFile:
    """A file of the client's in the work tree that gitmem has a part in.

    ``wire`` gives the text with that part (None: there is no file), ``unwire`` the text without it
    (None: nothing is left); both raise NeedsPerson for a text that is not in order. ``mark`` is in
    every text with gitmem's part. ``below`` says that a session which starts below the top reads the
    file of its own folder only. ``flaw`` says in a sentence what keeps the part from working.
    """

    path: str
    wire: Callable[[str | None], str]
    unwire: Callable[[str], str | None]
    mark: bytes
    below: bool = False
    flaw: Callable[[str], str] = lambda _: ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What `gitmem init` writes for a client, and `gitmem uninstall` takes out.

    ``hooks`` are those that this version ships, ``allow`` the rules by which the agent captures
    without asking. ``instructions`` chooses between CLAUDE.md and AGENTS.md: it is given what says
    whether a file exists and what its text is, and returns the name and notes for the person.
    ``own_memory`` is the file that switches the client's own memory off (wired) and on (unwired).
    """

    title: str
    files: tuple[WiredFile, ...]
    hooks: tuple[Hook, ...]
    allow: tuple[str, ...]
    instructions: Callable[[Callable[[str], bool], Callable[[str], str]], tuple[str, Sequence[str]]]
    own_memory: WiredFile | None = None

    @property
    def events(self) -> frozenset[str]:
        """The events at which gitmem's hooks fire."""
        return frozenset(hook.event for hook in self.hooks)
