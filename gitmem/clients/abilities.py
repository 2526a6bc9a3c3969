"""What the optional abilities of a client give: values, and what each ability must offer (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from gitmem.clients.transcripts import ShownBoundary

    #: Chooses the instruction file; see `Wiring`.
    Choice = Callable[[Callable[[str], bool], Callable[[str], str]], tuple[str, Sequence[str]]]


AGENTS = "AGENTS.md"


@dataclass(slots=True, kw_only=True)
class UnknownRows:
    """Rows of a kind that gitmem does not know: how many, and the first one, cut."""

    count: int
    sample: str


@dataclass(slots=True, kw_only=True)
class SessionTranscript:
    """What a session's transcript shows; times are seconds since 1970, 0 where there is none.

    ``session`` is its id (empty: unknown).
    ``nudges`` are gitmem's nudges that reached the model, ``showings`` the times that it was shown lines
    of memory, ``damaged`` rows that are no JSON object. ``unkept`` are the events at which the client gives
    the model words that no transcript keeps.
    """

    session: str = ""
    cwd: str = ""
    began: int = 0
    ended: int = 0
    versions: set[str] = field(default_factory=set)
    boundaries: list[ShownBoundary] = field(default_factory=list)
    nudges: int = 0
    showings: int = 0
    damaged: int = 0
    unknown: dict[str, UnknownRows] = field(default_factory=dict)
    unkept: frozenset[str] = frozenset()


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
class PersonalFile:
    """A file of the person's own that gitmem has a part in, written only where they ask for it by name.

    ``path`` is relative to the person's home, ``reason`` says in a sentence why the client needs it
    there. The rest is as in `WiredFile`.
    """

    path: str
    reason: str
    wire: Callable[[str | None], str]
    unwire: Callable[[str], str | None]
    mark: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnInstructions:
    """A person's own instruction file: its path relative to their home, and the variable that leads the client elsewhere.

    A repository's settings can set the variable for a session, so gitmem does not follow it. Empty: there is none.
    """

    path: str
    variable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What `gitmem init` writes for a client, and `gitmem uninstall` takes out.

    ``hooks`` are those that this version ships, ``allow`` the rules by which the agent captures
    without asking. ``instructions`` chooses between CLAUDE.md and AGENTS.md: it is given what says
    whether a file exists and what its text is, and returns the name and notes for the person.
    ``own_memory`` is the file that switches the client's own memory off (wired) and on (unwired),
    ``status_line`` the one that has gitmem's line below the prompt; both are the person's, in this clone.
    ``borrowed``: the files are another client's, which this one reads too. ``program`` starts the client,
    ``folders`` are its own, in a repository or in a person's home: by either a person is known to use it.
    ``skills`` is the folder that it reads skills from.
    ``personal`` are files of the person's home, which `gitmem init --personal` writes.
    ``own_instructions`` is the person's own instruction file, which the client reads in every repository (None:
    none that was proved).
    """

    title: str
    files: tuple[WiredFile, ...]
    hooks: tuple[Hook, ...]
    allow: tuple[str, ...]
    instructions: Choice
    own_memory: WiredFile | None = None
    status_line: WiredFile | None = None
    program: str = ""
    folders: tuple[str, ...] = ()
    skills: str = ".agents/skills"
    personal: tuple[PersonalFile, ...] = ()
    own_instructions: OwnInstructions | None = None
    borrowed: bool = False

    @property
    def switches(self) -> tuple[WiredFile, ...]:
        """The files of the person's own in the clone."""
        return tuple(file for file in (self.own_memory, self.status_line) if file)

    @property
    def events(self) -> frozenset[str]:
        """The events at which gitmem's hooks fire."""
        return frozenset(hook.event for hook in self.hooks)


def agents_file(
    exists: Callable[[str], bool], text: Callable[[str], str]
) -> tuple[str, Sequence[str]]:
    """Choose `AGENTS.md`, for a client that reads it whatever lies beside it, and does not read CLAUDE.md."""
    del exists, text
    return AGENTS, ()


class Where(StrEnum):
    """Whose file it is, in the order in which a later one overrides an earlier one."""

    PLUGIN = "plugin"
    USER = "user"
    PROJECT = "project"
    LOCAL = "local"
    MANAGED = "managed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """A client's settings file as far as it concerns gitmem: a file that can bring hooks.

    ``path`` is as a person is told it, ``root`` the plugin's folder, ``problem`` why the file
    cannot be read (all else is empty then). ``hooks`` are gitmem's own in it. ``variables`` is what
    the file sets in the environment of hooks; ``plugins`` are ids switched on or off; ``named`` are the
    instruction files that it tells the client to read;
    ``auto_memory`` and ``off`` are the switches of those names, None and False when not set.
    """

    where: Where
    path: str
    root: str = ""
    problem: str = ""
    hooks: tuple[Hook, ...] = ()
    off: bool = False
    managed_only: bool = False
    allow: frozenset[str] = frozenset()
    variables: tuple[tuple[str, str], ...] = ()
    plugins: tuple[tuple[str, bool], ...] = ()
    named: tuple[str, ...] = ()
    auto_memory: bool | None = None


def variables(files: Iterable[SettingsFile]) -> dict[str, str]:
    """Return the environment that all files set together; ``files`` in the order of `Where`."""
    return {name: text for file in files for name, text in file.variables}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One payload.

    ``commits``: the agent's commit was made just before it. ``speaks``: a hook must answer with
    words for the model; at other events it may.
    """

    event: str
    tool: str
    body: dict[str, Any]
    commits: bool
    speaks: bool

    def matches(self, matcher: str) -> bool:
        """Whether a handler with the matcher fires.

        Empty and ``*`` are everything, else it is a regular expression for the whole name of the
        tool (or the source of a session's start, the cause of its end).
        """
        subject = self.tool or str(self.body.get("source") or self.body.get("reason") or "")
        if matcher in {"", "*"} or not subject:
            return True
        try:
            return re.fullmatch(matcher, subject) is not None
        except re.error:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPlace:
    """Where a client is looked at.

    ``start`` is the folder a session starts in, ``top`` the repository's, ``environ`` the person's
    environment, ``system`` Python's name for the operating system.
    """

    start: Path
    top: Path
    environ: Mapping[str, str]
    system: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientState:
    """What a client has at a place: every settings file, in the order of `Where`, and trust.

    ``trusted`` says whether the person told the client to trust the folder; None: they were never
    asked.
    """

    files: list[SettingsFile]
    trusted: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a client says of one more thing: what was asked about, and in a sentence what came of it.

    ``hint`` is what a person does about it; empty where it is as it should be.
    """

    check: str
    what: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookOutput:
    """What the client makes of a hook's output; ``problem`` says why it takes nothing from it."""

    person: str = ""
    model: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookAnswer:
    """What one of gitmem's hooks answered in a session; ``boot`` says that it was at its start."""

    person: str
    model: str
    boot: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSession:
    """What a client printed of one session: its version, its last answer, and gitmem's words.

    ``version`` is empty where it is not printed, ``answers`` None where what hooks say is not.
    """

    version: str
    printed: str
    answers: tuple[HookAnswer, ...] | None


class Probe(Protocol):
    """The ability to be looked at and tried by `gitmem doctor`.

    ``program`` is the command that starts the client, ``proved`` the version whose payloads were
    recorded, ``ends`` the event of a session's end (empty: a single prompt has none). ``once`` says
    that an equal command of several files runs once, ``reads`` names the instruction files that a
    session loads all of, and ``untrusted`` what is left out in a folder that the person does not trust.
    """

    program: str
    proved: str
    ends: str
    once: bool
    reads: tuple[str, ...]
    untrusted: str

    def project(self, environ: Mapping[str, str]) -> str:
        """Return the folder of the session that this runs in; empty where the client does not tell."""

    def look(self, place: ClientPlace) -> ClientState:
        """Return what the client would read there; never raises for a file that is not in order."""

    def ask(self, place: ClientPlace, program: str) -> Sequence[Told]:
        """Return what the person's program at this path says of hooks, trust and rules (empty: none is there).

        It is not given the person's credentials, writes nothing into their home, and takes a few
        seconds at most.
        """

    def payloads(self) -> list[Recorded]:
        """Return recorded payloads, in a session's order; Internal when the shipped file is damaged."""

    def shell(self, environ: Mapping[str, str]) -> Sequence[str]:
        """Return the words before the command with which the client starts a hook."""

    def environment(
        self, environ: Mapping[str, str], files: Iterable[SettingsFile], top: str, session: str
    ) -> dict[str, str]:
        """Return what a hook finds in its environment, of a client started in ``environ``."""

    def of_plugin(self, root: str, data: str) -> dict[str, str]:
        """Return what a hook of the plugin in the folder ``root`` finds besides."""

    def body(self, recorded: Recorded, base: Mapping[str, str]) -> bytes:
        """Return the bytes that a hook reads; ``base`` has session, transcript, cwd and prompt."""

    def heard(self, event: str, out: str) -> HookOutput:
        """Return what the client would make of a hook's output."""

    def call(self, command: str) -> tuple[str, dict[str, object]]:
        """Return the tool by which its model runs a shell command, and what the tool is given."""

    def settle(self, files: Iterable[SettingsFile], top: str, home: Path, url: str) -> list[str]:
        """Prepare a home and a trusted folder for one session; return the command's arguments.

        ``url`` is where its only model listens, for a client that reads it from a file. The prompt
        comes on standard input.
        """

    def alone(self, environ: Mapping[str, str], home: Path, url: str) -> dict[str, str]:
        """Return the environment of a session in that home whose only model listens at ``url``."""

    def read(self, out: str, err: str) -> RecordedSession:
        """Return what the client printed of that session."""
