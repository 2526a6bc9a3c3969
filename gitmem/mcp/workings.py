"""What the server works on: a repository, asked and written to as the commands do (hot lane).

Every call looks at the repository again: a server lives as long as its client, and refs move meanwhile.
"""

from __future__ import annotations

import os
import time

from gitmem.core import agent_clients
from gitmem.core.errors import GitmemError, NotSaved, Refused
from gitmem.git import local, repository
from gitmem.mcp import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitmem.capture.capture import FlagDraft
    from gitmem.git.repository import Repository
    from gitmem.recall.line import LandedLine

_LONGEST = 8_000  # bytes of all instructions
_BEGINNING = 600  # characters of a body that one recall gives
_NAME = "abcdefghijklmnopqrstuvwxyz0123456789-"
_INDEX = "gitmem://memory/index"
_TOPICS = "gitmem://memory/topics/"
_PLAIN = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
)  # RFC 3986, 2.3
_HOOK = b"gitmem hook "
_SETTINGS = 1 << 20  # bytes of a client's settings file that are looked at


class RepositoryWorkings:
    """The work in the repository of a folder.

    ``environ`` is the environment that the client gave the server, ``clock`` tells seconds since 1970.
    """

    __slots__ = ("_clock", "_cwd", "_environ")

    def __init__(self, cwd: str, environ: Mapping[str, str], clock: Callable[[], float]) -> None:
        self._cwd = cwd
        self._environ = environ
        self._clock = clock

    def instructions(self, client: str) -> str:
        """Return what a client is told at the start: what the tools are for, what waits, and the memory.

        What the client's hooks say, or what it loads of itself, is left out. Never raises.
        """
        try:
            repo = self._repository(client)
            told = _boot(repo, self._client(client), self._cwd, self._clock())
        except (GitmemError, OSError) as error:
            told = f"{words.NO_REPOSITORY}{error}"
        return _cut(f"{words.ABOUT}\n\n{told}".strip())

    def call(self, tool: str, given: Mapping[str, object], client: str, session: str) -> str:
        """Run a tool with arguments that are of its shape; return what the model is told.

        Raises GitmemError; one that did not save says so, and gives the text back.
        """
        try:
            repo = self._repository(client)
            self._save_spooled(repo, session)
            if tool in ("flag", "snag"):
                return self._keep(repo, tool, given, session)
            if tool == "recall":
                return _recall(repo, given, self._cwd)
            return _status(repo, self._clock())
        except OSError as error:
            raise NotSaved(error.strerror or str(error)) from error

    def resources(self) -> list[Mapping[str, object]]:
        """Return the index and the topics of the commit checked out. Raises GitmemError."""
        found: list[Mapping[str, object]] = []
        for uri, (name, text) in self._texts().items():
            title = "What is in memory" if uri == _INDEX else name.rpartition("/")[2][:-3]
            shown = {"uri": uri, "name": name, "title": title, "mimeType": "text/markdown"}
            found.append({**shown, "size": len(text.encode())})
        return found

    def resource(self, uri: str) -> str | None:
        """Return the lines of a memory file that may be shown; None where there is no such file.

        Raises GitmemError.
        """
        _, text = self._texts().get(uri, ("", None))
        return text

    def _texts(self) -> Mapping[str, tuple[str, str]]:
        """Return the name and the rows that may be shown of each file, by its address, in the order of names."""
        from gitmem.git import refs
        from gitmem.memory import tree_reader
        from gitmem.records.plain_settings import memory_folder
        from gitmem.safety.showable import showable

        repo = self._repository("")
        folder = memory_folder(repo)
        tree = tree_reader.read_tree(repo, refs.resolve(repo, "HEAD"), folder)
        found = {}
        for name in sorted(tree.texts):
            uri = _uri(folder, name)
            if uri:
                rows = tree.texts[name].splitlines(keepends=True)
                found[uri] = name, "".join([row for row in rows if showable(row)])
        return found

    def _repository(self, client: str) -> Repository:
        return repository.discover(
            self._cwd, {**self._environ, agent_clients.NAMED: self._client(client)}
        )

    def _client(self, name: str) -> str:
        """Return the client that asks: as the environment tells it, else as it names itself."""
        known = agent_clients.inside(self._environ)
        plain = "".join([letter if letter in _NAME else "-" for letter in name.lower()]).strip("-")
        for row in agent_clients.CLIENTS:
            if plain.startswith(row.name):
                plain = row.name
        return known or plain or "mcp"

    def _save_spooled(self, repo: Repository, session: str) -> None:
        """Save what a sandboxed command of this client left; `status` and a boot say what was refused."""
        if not local.changed(repo.folder + "/spool"):
            return
        from gitmem.capture import spooled

        told = agent_clients.session(self._environ) or session
        spooled.save(repo, now=self._clock(), session=told)

    def _keep(self, repo: Repository, tool: str, given: Mapping[str, object], session: str) -> str:
        from gitmem.capture import capture
        from gitmem.safety.text import visible

        draft = _draft(tool, given)
        fields = capture.checked(draft, cwd=self._cwd, repo=repo)
        told = {
            "client": agent_clients.inside(repo.environ),
            "session": agent_clients.session(self._environ) or session,
        }
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock()))
        known = {name: value for name, value in told.items() if value}
        try:
            captured = capture.keep(repo, [fields], session=known, at=at)
        except GitmemError as error:
            raise NotSaved(
                f"NOT SAVED: {error.message}\n  {visible(draft.text)}", hint=error.hint
            ) from error
        flag = captured.flags[0]
        said = [capture.sentence(flag)]
        if flag.corrects:
            said.append(f"corrects {visible(flag.corrects)}")
        said += [visible(note) for note in captured.notes]
        if captured.spooled:
            said.append(capture.SPOOLED)
        if captured.reason:
            said.append(f"{capture.JOURNALED}: {visible(captured.reason)}")
        return "\n".join(said)


def _draft(tool: str, given: Mapping[str, object]) -> FlagDraft:
    """Return what is to be kept. Raises Refused for what exclude each other."""
    from gitmem.capture.capture import FlagDraft

    def said(name: str) -> str:
        found = given.get(name)
        return found if isinstance(found, str) else ""

    named = given.get("paths")
    paths = [str(path) for path in named] if isinstance(named, list) else []
    kind = "snag" if tool == "snag" else said("kind") or "fact"
    if said("skill") and said("rule"):
        raise Refused("skill and rule exclude each other", hint="name the one that it belongs to")
    if said("corrects") and kind == "pending":
        raise Refused(
            "an open item corrects no line of memory", hint="flag what is right, with another kind"
        )
    return FlagDraft(
        said("text"),
        body=said("body"),
        kind=kind,
        topic=said("topic"),
        source=said("source"),
        paths=paths,
        better=said("better"),
        skill=said("skill"),
        rule=said("rule"),
        corrects=said("corrects"),
    )


def _boot(repo: Repository, client: str, cwd: str, now: float) -> str:
    """Return what waits and the memory, as a boot hook says them; empty where the client has that hook."""
    from gitmem.boundaries import boot, carry
    from gitmem.clients import registry
    from gitmem.clients.client import Client

    known = registry.find(client) or Client()
    if known.hooked and _HOOK in local.read_plain(f"{repo.top}/{known.hooked}", _SETTINGS):
        return ""
    said = boot.words(repo, now)
    said.model = f"{said.person}\n{words.WAITING}" if said.person else ""  # its words name commands
    carry.add_memory(said, repo, known, cwd)
    return said.model


def _recall(repo: Repository, given: Mapping[str, object], cwd: str) -> str:
    """Return the lines of landed memory that fit, each with its place. Raises GitmemError."""
    from gitmem.capture.capture import inside
    from gitmem.mcp import tools
    from gitmem.recall.index import Index, asked
    from gitmem.recall.search import Hit, Question, search
    from gitmem.records import target
    from gitmem.records.plain_settings import memory_folder
    from gitmem.safety.showable import showable

    named = {name: str(given[name]) for name in ("query", "path", "command") if given.get(name)}
    if not any(text.strip() for text in named.values()):
        raise Refused("there is nothing to look for", hint="give a query, a path or a command")
    path = inside(named["path"], cwd, repo.top) if "path" in named else ""
    question = Question(words=named.get("query", ""), path=path, command=named.get("command", ""))
    limit = given.get("limit")
    most = limit if isinstance(limit, int) else tools.USUAL_LINES

    def answer(index: Index) -> tuple[list[Hit], int]:
        return search(index, question, most, below=True), index.size

    where = target.find(repo, target.configured_name(repo))
    commit, _ = target.leading_commit(repo, where)
    hits, size = asked(repo, commit, memory_folder(repo), answer)
    lines = [hit.line for hit in hits if showable(hit.line.text)]
    if not size:
        return "there is no memory yet"
    if not lines:
        return f"no line of memory fits (of {size:,}); try fewer or other words"
    return "\n".join([words.NOTES, *[row for line in lines for row in _rows(line)]])


def _rows(line: LandedLine) -> Iterator[str]:
    """Yield a line with its place, and the beginning of its body with the place to read on."""
    from gitmem.safety.body import beginning
    from gitmem.safety.paths import details_of
    from gitmem.safety.showable import showable

    yield f"- {line.text} ({line.file}:{line.number}{_day(line.at)})"
    said = beginning(line.body, _BEGINNING) if line.body else ""
    if said and showable(said):
        yield f"  more in {details_of(line.file)}:{line.below}: {said}"


def _day(at: str) -> str:
    """Return the day of a time, to be said after a place; empty without one."""
    return f", {at[:10]}" if at else ""


def _status(repo: Repository, now: float) -> str:
    """Return what waits, in sentences, or that nothing does."""
    from gitmem.boundaries import boot_words
    from gitmem.records import snapshot, target
    from gitmem.safety.text import visible

    seen = snapshot.take(repo, target.configured_name(repo))
    said = [*boot_words.what_waits(seen.state, now), *seen.aside]
    return "\n".join([visible(one) for one in said]) or "nothing waits: everything is drained"


def _uri(folder: str, name: str) -> str:
    """Return the address of a file of memory; empty for any other file."""
    if name == f"{folder}/MEMORY.md":
        return _INDEX
    inside, _, topic = name.rpartition("/")
    if inside != folder or not topic.endswith(".md"):
        return ""
    # As an address has it: a client that parses it would ask for another one.
    return _TOPICS + "".join(
        [chr(one) if chr(one) in _PLAIN else f"%{one:02X}" for one in os.fsencode(topic[:-3])]
    )


def _cut(text: str) -> str:
    """Return the whole lines of a text that fit."""
    kept: list[str] = []
    left = _LONGEST
    for row in text.split("\n"):
        left -= len(row.encode("utf-8", "replace")) + 1
        if left < 0:
            return "\n".join([*kept, "More: call `recall`."])
        kept.append(row)
    return text
