"""Run an installed client once against a model on loopback, and see which words reach that model.

The session is real: the client reads gitmem's hooks from its files, starts them, and sends what they
say. Only its folder (a throw-away repository), its home, and its model are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gitmem.boundaries import nudge
from gitmem.clients.abilities import HookAnswer
from gitmem.git import programs
from gitmem.memory.index import update_index
from gitmem.memory.instructions import with_block
from gitmem.memory.topics import add_facts, new_topic_file
from gitmem.proof import firing
from gitmem.proof.finding import Finding, fail, ok, warn
from gitmem.queue import contents
from gitmem.safety.paths import INDEX_NAME
from gitmem.session import boundary, ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.clients.abilities import (
        Probe,
        RecordedSession,
        SettingsFile,
        Wiring,
    )
    from gitmem.git.programs import ProgramResult
    from gitmem.git.repository import Repository

LOADED = "A rehearsal of gitmem doctor loads this line"  # of memory, by the index's import
_FOLDER, _TOPIC = "memory", "rehearsal"
FLAG = "A rehearsal of gitmem doctor flags this"
#: What the model runs, one with each answer.
COMMANDS = (
    f"git commit --quiet --allow-empty --message '{firing.COMMIT}'",
    f"gitmem flag '{FLAG}'",
)
ANSWER = "This is the answer of the loopback model."
_SECONDS = 90.0  # the client starts in half a second; a busy machine takes some more
_PROMPT = b"This is a rehearsal of gitmem doctor."
_VERSION_SECONDS = 20.0
_VERSION = re.compile(r"\d+\.\d+(?:[\w.+-]*\w)?")  # a full stop may end the sentence
# How gitmem's words begin, for a client that does not print what its hooks say.
_BOOT_WORDS = "gitmem: 1 flag waits undrained"
_NUDGE_WORDS = nudge.reminder([boundary.COMMIT]).partition(":")[0]


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
    ``loaded`` is the bytes of memory that stood in the first request, ``flagged`` says that what the model
    flagged is on the queue. ``client`` is the client's name.
    """

    client: str
    version: str
    words: tuple[str, ...]
    person: tuple[str, ...]
    answer: str
    ms: float
    problems: tuple[str, ...]
    loaded: int = 0
    flagged: bool = False

    @property
    def as_json(self) -> dict[str, object]:
        """For a program."""
        return {
            "client": self.client,
            "version": self.version,
            "model": list(self.words),
            "person": list(self.person),
            "answer": self.answer,
            "loaded_bytes": self.loaded,
            "flagged": self.flagged,
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
                ok("client", f"its first request has the line of memory ({self.loaded} bytes)")
            )
            found.append(ok("client", "what its model flagged is on the queue"))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRun:
    """A client to run, by its name: the path of its program, what it can be asked, its settings files."""

    name: str
    program: str
    probe: Probe
    files: Sequence[SettingsFile]
    wiring: Wiring


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What a session left in its repository: its end was seen, and what its model flagged is saved."""

    ended: bool
    flagged: bool


def rehearse(
    repo: Repository, client: ClientRun, model: Listening, environ: Mapping[str, str]
) -> Rehearsed:
    """Run a client in the scratch repository; ``model`` listens already.

    The model asks for one commit, flags one line and then answers, so a session start, a commit, a flag and
    a session end are what happens. Raises OSError when the client cannot be started.
    """
    probe = client.probe
    _remember(repo, client.wiring)
    home = Path(repo.top).with_name("home")
    home.mkdir()
    arguments = probe.settle(client.files, repo.top, home, model.url)
    env = probe.alone(environ, home, model.url)
    # The hook at the start makes a spool in the temporary folder: this one goes with the repository.
    env = {**env, "TMPDIR": str(home.parent)}
    ran = programs.run(
        [client.program, *arguments], cwd=repo.top, env=env, stdin=_PROMPT, seconds=_SECONDS
    )
    session = probe.read(ran.out, ran.err)
    if not session.version:
        session = replace(session, version=_version(client.program, home, env))
    traces = Traces(
        ended=not probe.ends or _ended(repo, probe.ends),
        flagged=any(flag.text == FLAG for flag in contents.read_queue(repo).journal.flags.values()),
    )
    return judge(client.name, ran, session, model.asked, traces)


def _version(program: str, home: Path, env: Mapping[str, str]) -> str:
    """What the program calls its version; empty where it does not tell."""
    ran = programs.run(
        [program, "--version"], cwd=str(home), env=env, stdin=b"", seconds=_VERSION_SECONDS
    )
    found = _VERSION.search(ran.out)
    return found[0] if found else ""


def _remember(repo: Repository, wiring: Wiring) -> None:
    """Give the scratch repository memory of one line, and the file by which the client hears of it."""
    memory = Path(repo.top) / _FOLDER
    memory.mkdir()
    topic = add_facts(new_topic_file(_TOPIC), [LOADED])
    index = update_index(None, {f"{_FOLDER}/{_TOPIC}.md": topic}, folder=_FOLDER)
    (memory / f"{_TOPIC}.md").write_text(topic, encoding="utf-8")
    (memory / INDEX_NAME).write_text(index, encoding="utf-8")
    name, _ = wiring.instructions(lambda _: False, lambda _: "")
    block = with_block(None, folder=_FOLDER, kind="claude" if name == "CLAUDE.md" else "agents")
    (Path(repo.top) / name).write_text(block, encoding="utf-8")
    repo.git("add", "--all")  # a client that follows no import is told the lines that landed
    firing.commit(repo)


def judge(
    client: str,
    ran: ProgramResult,
    session: RecordedSession,
    asked: Sequence[Sequence[str]],
    traces: Traces,
) -> Rehearsed:
    """Return what a run of the client came to; ``asked`` are the texts of each request the model got."""
    problems = []
    answers = session.answers
    if answers is None:
        answers = _arrived(asked)
    if ran.code:
        last = (ran.err.strip() or session.printed).rpartition("\n")[2]
        problems.append(f"the client ended with {ran.code}: {last or 'it said nothing'}")
    elif not asked:
        problems.append("the client asked its model nothing")
    else:
        problems += _missing(answers, asked)
        if not _is_loaded(asked[0]):
            problems.append("the line of memory is not in the first request")
        if session.printed != ANSWER:
            problems.append(f"the printed answer is not the model's: {session.printed[:80]!r}")
        if not traces.flagged:
            problems.append("what the model flagged is not on the queue")
        if not traces.ended:
            problems.append("the end of the session was not seen")
    return Rehearsed(
        client=client,
        version=session.version,
        words=tuple(_received(words.model, asked) for words in answers if words.model),
        person=tuple(words.person for words in answers if words.person),
        answer=session.printed,
        loaded=len(LOADED.encode()) if asked and _is_loaded(asked[0]) else 0,
        flagged=traces.flagged,
        ms=ran.ms,
        problems=tuple(problems),
    )


def _arrived(asked: Sequence[Sequence[str]]) -> tuple[HookAnswer, ...]:
    """gitmem's words as the requests show them: those of the boot, and each nudge."""
    if not asked:
        return ()
    boots = _paragraphs(asked[0], _BOOT_WORDS)[:1]
    nudges = dict.fromkeys(_paragraphs(asked[-1], _NUDGE_WORDS))
    return (
        *(HookAnswer(person="", model=text, boot=True) for text in boots),
        *(HookAnswer(person="", model=text, boot=False) for text in nudges),
    )


def _paragraphs(texts: Sequence[str], beginning: str) -> list[str]:
    """What begins so, to the end of its line, in the order of the texts."""
    return [
        beginning + rest.partition("\n")[0].partition("</")[0]
        for text in texts
        for rest in text.split(beginning)[1:]
    ]


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
