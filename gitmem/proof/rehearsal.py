"""Run the installed client once against a model on loopback, and see which words reach that model.

The session is real: the client reads gitmem's hooks from settings files, starts them, and sends what
they say. Only its folder (a throw-away repository), its home, and its model are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gitmem.git import programs
from gitmem.memory.index import update_index
from gitmem.memory.instructions import with_block
from gitmem.memory.topics import add_facts, new_topic_file
from gitmem.proof import firing
from gitmem.proof.finding import Finding, fail, ok, warn
from gitmem.safety.paths import INDEX_NAME
from gitmem.session import ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.clients.abilities import HookAnswer, Probe, RecordedSession, SettingsFile
    from gitmem.git.programs import ProgramResult
    from gitmem.git.repository import Repository

LOADED = "A rehearsal of gitmem doctor loads this line"  # of memory, by the index's import
_FOLDER, _TOPIC = "memory", "rehearsal"
COMMAND = f"git commit --quiet --allow-empty --message '{firing.COMMIT}'"
ANSWER = "This is the answer of the loopback model."
_SECONDS = 90.0  # the client starts in half a second; a busy machine takes some more
_PROMPT = b"This is a rehearsal of gitmem doctor."


class Listening(Protocol):
    """A model on loopback: where it listens, and the texts of each request of the main thread."""

    @property
    def url(self) -> str:
        """Where it answers."""

    @property
    def asked(self) -> Sequence[Sequence[str]]:
        """The conversation as each request showed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What came of it.

    ``version`` is the client's, ``words`` are gitmem's in the order the model saw them, ``person``
    what the person was told, ``answer`` what was printed; ``problems`` is empty when all is well.
    ``loaded`` is the bytes of imported memory that stood in the first request.
    """

    version: str
    words: tuple[str, ...]
    person: tuple[str, ...]
    answer: str
    ms: float
    problems: tuple[str, ...]
    loaded: int = 0

    @property
    def as_json(self) -> dict[str, object]:
        """For a program."""
        return {
            "version": self.version,
            "model": list(self.words),
            "person": list(self.person),
            "answer": self.answer,
            "loaded_bytes": self.loaded,
            "ms": self.ms,
            "problems": list(self.problems),
        }

    def findings(self, recorded: str) -> list[Finding]:
        """The same as findings; ``recorded`` is the version that gitmem was proved with."""
        found = [
            fail(
                "client", problem, "gitmem doctor --fire tells whether the hooks work by themselves"
            )
            for problem in self.problems
        ]
        if self.version and self.version != recorded:
            said = f"the client is {self.version}; gitmem was proved with {recorded}"
            found.append(warn("client", said))
        if not self.problems:
            said = f"{self.version or 'the client'} told its model what the hooks said"
            found.append(
                ok("client", f"{said}, and printed its answer unchanged ({self.ms:.0f} ms)")
            )
            found.append(
                ok("client", f"its first request has the imported memory ({self.loaded} bytes)")
            )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRun:
    """A client to run: the path of its program, what it can be asked, and its settings files."""

    program: str
    probe: Probe
    files: Sequence[SettingsFile]


def rehearse(
    repo: Repository, client: ClientRun, model: Listening, environ: Mapping[str, str]
) -> Rehearsed:
    """Run a client in the scratch repository; ``model`` listens already.

    The model asks for one commit and then answers, so a session start, a commit and a session end
    are what happens. Raises OSError when the client cannot be started.
    """
    _remember(repo)
    home = Path(repo.top).with_name("home")
    arguments = client.probe.settle(client.files, repo.top, home)
    git = environ.get("GIT_CONFIG_GLOBAL") or str(Path(environ.get("HOME", "/")) / ".gitconfig")
    ran = programs.run(
        [client.program, *arguments],
        cwd=repo.top,
        env={
            **client.probe.alone(environ, model.url),
            "HOME": str(home),
            "GIT_CONFIG_GLOBAL": git,
        },
        stdin=_PROMPT,
        seconds=_SECONDS,
    )
    session = client.probe.read(ran.out)
    return judge(ran, session, model.asked, ended=_ended(repo, client.probe.ends))


def _remember(repo: Repository) -> None:
    """Give the scratch repository memory of one line, which the client loads by an import."""
    memory = Path(repo.top) / _FOLDER
    memory.mkdir()
    topic = add_facts(new_topic_file(_TOPIC), [LOADED])
    index = update_index(None, {f"{_FOLDER}/{_TOPIC}.md": topic}, folder=_FOLDER)
    (memory / f"{_TOPIC}.md").write_text(topic, encoding="utf-8")
    (memory / INDEX_NAME).write_text(index, encoding="utf-8")
    block = with_block(None, folder=_FOLDER, kind="claude")
    (Path(repo.top) / "CLAUDE.md").write_text(block, encoding="utf-8")


def judge(
    ran: ProgramResult, session: RecordedSession, asked: Sequence[Sequence[str]], *, ended: bool
) -> Rehearsed:
    """Return what a run of the client came to.

    ``asked`` are the texts of each request the model got, ``ended`` says whether the ledger saw the
    session's end.
    """
    problems = []
    if ran.code:
        last = (ran.err.strip() or session.printed).rpartition("\n")[2]
        problems.append(f"the client ended with {ran.code}: {last or 'it said nothing'}")
    elif not asked:
        problems.append("the client asked its model nothing")
    else:
        problems += _missing(session.answers, asked)
        if not _is_loaded(asked[0]):
            problems.append("the line of memory that the index imports is not in the first request")
        if session.printed != ANSWER:
            problems.append(f"the printed answer is not the model's: {session.printed[:80]!r}")
        if not ended:
            problems.append("the end of the session was not seen")
    return Rehearsed(
        version=session.version,
        words=tuple(_received(words.model, asked) for words in session.answers if words.model),
        person=tuple(words.person for words in session.answers if words.person),
        answer=session.printed,
        loaded=len(LOADED.encode()) if asked and _is_loaded(asked[0]) else 0,
        ms=ran.ms,
        problems=tuple(problems),
    )


def _is_loaded(texts: Sequence[str]) -> bool:
    return any(LOADED in text for text in texts)


def _missing(said: Sequence[HookAnswer], asked: Sequence[Sequence[str]]) -> list[str]:
    """Words that should have been said and were not, or did not reach the model exactly once."""
    boots = [words.model for words in said if words.boot and words.model]
    nudges = [words.model for words in said if not words.boot and words.model]
    problems = []
    if not boots:
        problems.append("no hook told the model at the session's start that a flag waits")
    if not nudges:
        problems.append("no hook nudged the model after the commit")
    first, last = "\n".join(asked[0]), "\n".join(asked[-1])
    for texts, seen, when in (
        (boots, first, "before its first answer"),
        (nudges, last, "after the commit"),
    ):
        for text in texts:
            count = seen.count(text)
            if count != 1:
                problems.append(
                    f"the model should see once, and saw {count} times, {when}: {text[:60]}…"
                )
    if len(nudges) > 1:
        problems.append(f"the model was nudged {len(nudges)} times after one commit")
    return problems


def _received(text: str, asked: Sequence[Sequence[str]]) -> str:
    """The words as they stand in the last request, with how the client introduces them."""
    for received in asked[-1] if asked else ():
        at = received.find(text)
        if at >= 0:
            return received[received.rfind("\n", 0, at) + 1 : at] + text
    return f"(it never arrived) {text}"


def _ended(repo: Repository, event: str) -> bool:
    """Whether the ledger saw the session's end."""
    entries, _ = ledger.entries(repo.folder)
    return any(entry.get("event") == event for entry in entries)
