"""The interface of an agent client: optional abilities, each one absent until its folder has it (hot lane).

A client is one folder, `gitmem/clients/<name>/`, whose `adapter` module holds `CLIENT`, an instance
of a subclass of `Client`. How it is recognised is its row in `gitmem.core.agent_clients`. The users of
this interface name no client: what a client cannot do, it leaves to the defaults below.
"""

from __future__ import annotations

from gitmem.core.jsonline import dumps
from gitmem.session import boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitmem.clients.abilities import Probe, SessionTranscript, Wiring
    from gitmem.clients.transcripts import SeenBy, Transcripts

    #: Returns the text of a shipped file by its name, such as `hooks/claude-code/hooks.json`.
    Read = Callable[[str], str]


class Client:
    """One agent client.

    ``name`` is the word in `gitmem hook NAME` and in the table of `gitmem.core.agent_clients`,
    ``title`` what a person calls it. ``batches`` says that an event of its own follows the last
    call of a model's answer; without one, every call counts as the end of a batch. ``imports`` says that
    a session at the top of a repository loads what its instruction file imports, and what that imports;
    without it, the boot hook carries the text. ``reads`` are the instruction files at the top that a session
    loads, of each group the first that is there; ``scoped`` says that it loads the rules for certain paths
    in `.claude/rules`. ``own_reads`` are instructions that it loads besides and gitmem never writes to; a folder
    ends in a slash. What gitmem wrote elsewhere, the boot hook carries. ``hooked`` is the file, from the top of the work tree, that
    has gitmem's hooks for it. ``alone`` says that its shell lets a capture through only as a command of its
    own: no pipe, no variable, nothing before it. ``warns`` says that words before a call reach the model;
    without it, a guard speaks with the call's result. ``briefs`` says that words before a compaction reach
    the writer of the summary; without it, the nudge afterwards names no section of one. ``timed`` says that the
    event after a call tells how long the call took; without it, a commit counts since the event before.
    """

    __slots__ = ()

    name = ""
    title = ""
    batches = True
    imports = False
    reads: tuple[tuple[str, ...], ...] = (("AGENTS.md",),)
    own_reads: tuple[str, ...] = ()
    scoped = False
    hooked = ""
    alone = False
    warns = True
    briefs = False
    timed = True

    def runner(self, payload: Mapping[str, object], environ: Mapping[str, str]) -> str:
        """Return the name of the client that really runs this hook; others may read its settings."""
        del payload, environ
        return self.name

    def plugin(self, environ: Mapping[str, str]) -> str:
        """Return the folder of the plugin that started this hook; empty for a settings file."""
        del environ
        return ""

    def patience(self, name: str) -> float:
        """Return the seconds after which a hook at an event gives up, within the client's own limit."""
        del name
        return 4.0

    def parse(
        self, payload: Mapping[str, object], name: str, environ: Mapping[str, str] | None = None
    ) -> boundary.Event:
        """Return the event of one payload; ``name`` is the event's name when the payload has none."""
        del payload, environ
        return boundary.Event(boundary.OTHER, client=self.name, name=name, session="")

    def answer(
        self, event: boundary.Event, *, person: str, model: str, ask: str = "", hold: str = ""
    ) -> str:
        """Return what the client reads from standard output; empty where it would drop the words.

        ``ask`` is why the person must be asked before the call, ``hold`` why the call is denied; it
        comes only where `parse` said that the client can hold the call (``can_hold``).
        """
        del event, person, model, ask, hold
        return ""

    def context(self, event: boundary.Event) -> tuple[int, str, int]:
        """Return the tokens in the context, their time (ISO 8601), and the limit of a compaction.

        (0, "", 0) where the client's transcript does not tell.
        """
        del event
        return 0, "", 0

    def transcripts(self) -> Transcripts | None:
        """Return the reader of the end of its transcripts, for a boot."""
        return None

    def conversations(
        self, environ: Mapping[str, str], tops: Sequence[str], since: int
    ) -> dict[str, SessionTranscript]:
        """Return its sessions in these work trees written to since a moment, by their id.

        Raises OSError for a transcript that cannot be read.
        """
        del environ, tops, since
        return {}

    def seen_by(self) -> SeenBy:
        """Return which events' hooks see which boundary of `conversations`; empty: none is read."""
        found = self.transcripts()
        return found.seen_by if found else {}

    def wiring(self, read: Read) -> Wiring | None:
        """Return what `gitmem init` writes for it."""
        del read
        return None

    def probe(self, read: Read) -> Probe | None:
        """Return what `gitmem doctor` can look at and try."""
        del read
        return None


def hook_answer(event: boundary.Event, person: str, special: Mapping[str, object]) -> str:
    """Return an answer as several clients take it: JSON on one line, with no key that says nothing.

    ``person`` is said at a boot; elsewhere the person is not disturbed. ``special`` is the part that reaches
    the model. The answer is empty where there is neither.
    """
    said: dict[str, object] = {}
    if person and event.kind == boundary.BOOT:
        said["systemMessage"] = person
    if special:
        said["hookSpecificOutput"] = {"hookEventName": event.name, **special}
    return dumps(said) if said else ""
