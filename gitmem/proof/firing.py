"""A throw-away repository, and every installed hook started in it as the client would, to see what comes back."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.capture import capture
from gitmem.clients.abilities import Where
from gitmem.git import process, programs, repository
from gitmem.git.claim import temporary_folder
from gitmem.git.repository import SETTINGS
from gitmem.proof.finding import Finding, fail, ok, warn
from gitmem.session import ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitmem.clients.abilities import Hook, Probe, Recorded, SettingsFile
    from gitmem.git.repository import Repository

FLAG = "gitmem doctor made this flag in a throw-away repository"
COMMIT = "gitmem doctor: a chapter"
_PERSON = ("-c", "user.name=gitmem doctor", "-c", "user.email=doctor@localhost")
_NO_HOOKS = ("-c", "core.hooksPath=/dev/null", "-c", "init.templateDir=")

_SESSION = "gitmem-doctor"
_PATIENCE = 60.0  # seconds for a hook without a timeout of its own
_SLOW = 1500.0  # milliseconds: what all hooks at a session's end have together by default


@dataclass(frozen=True, slots=True, kw_only=True)
class HookStart:
    """One process that the client would start for an event: where its command stands, and for whom."""

    hook: Hook
    root: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FiredHook:
    """One hook that ran: what it said to the person and the model; ``problem`` is empty if all is well.

    ``client`` is the name of the client whose hook it is.
    """

    event: str
    tool: str
    where: str
    code: int
    ms: float
    person: str = ""
    model: str = ""
    problem: str = ""
    client: str = ""

    @property
    def as_json(self) -> dict[str, object]:
        """For a program."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def finding(self) -> Finding:
        """The same as a finding."""
        name = f"{self.event} {self.tool}".strip()
        said = f"{name}, {self.ms:.0f} ms, {self.where}"
        if self.problem:
            return fail(
                "fired", f"{said}: {self.problem}", "the findings above say what may be wrong"
            )
        if self.ms > _SLOW:
            return warn(
                "fired", f"{said}: that is slow", "a busy machine, or a PATH on a slow disk"
            )
        heard = [name for name, text in (("person", self.person), ("model", self.model)) if text]
        return ok("fired", f"{said}: " + (f"told {' and '.join(heard)}" if heard else "silent"))


def fire(
    repo: Repository,
    files: Sequence[SettingsFile],
    probe: Probe,
    environ: Mapping[str, str],
) -> list[FiredHook]:
    """Fire every hook of ours in the files once for each payload it matches, in a session's order.

    ``repo`` is a scratch repository, ``environ`` the environment the client is started in.
    """
    env = probe.environment(environ, files, repo.top, _SESSION)
    # The hook at a start makes a spool in the temporary folder: this one goes with the repository.
    env = {**env, "TMPDIR": str(Path(repo.top).parent)}
    fired: list[FiredHook] = []
    numbers = count(1)
    for recorded in probe.payloads():
        starts = list(_starts(files, recorded, once=probe.once))
        if not starts:
            continue
        if recorded.commits:
            commit(repo)
        body = _body(repo, probe, recorded, next(numbers))
        before, _ = ledger.entries(repo.folder)
        ran = [_start(repo, probe, start, recorded, body=body, env=env) for start in starts]
        fired += _judged(ran, recorded, ledger.entries(repo.folder)[0][len(before) :])
    return fired


def _starts(
    files: Sequence[SettingsFile], recorded: Recorded, *, once: bool
) -> Iterator[HookStart]:
    """What the client would start; ``once``: an equal command of several files once, a plugin's beside it."""
    seen = set()
    for file in files:
        for hook in file.hooks:
            root = file.root if file.where is Where.PLUGIN else ""
            if hook.event != recorded.event or not recorded.matches(hook.matcher):
                continue
            if not once or (root, hook.command) not in seen:
                seen.add((root, hook.command))
                yield HookStart(hook=hook, root=root, where=file.path)


def _body(repo: Repository, probe: Probe, recorded: Recorded, number: int) -> bytes:
    """The payload as of a session in the scratch repository; each differs from all others."""
    transcript = Path(repo.top).with_name("transcript.jsonl")
    transcript.touch()
    base = {
        "session": _SESSION,
        "transcript": str(transcript),
        "cwd": repo.top,
        "prompt": f"prompt-{number}",
    }
    return probe.body(recorded, base)


def _start(
    repo: Repository,
    probe: Probe,
    start: HookStart,
    recorded: Recorded,
    *,
    body: bytes,
    env: Mapping[str, str],
) -> FiredHook:
    own = probe.of_plugin(start.root, repo.top + "-plugin") if start.root else {}
    ran = programs.run(
        [*probe.shell(env), start.hook.command],
        cwd=repo.top,
        env={**env, **own},
        stdin=body,
        seconds=start.hook.timeout or _PATIENCE,
    )
    fired = FiredHook(
        event=recorded.event, tool=recorded.tool, where=start.where, code=ran.code, ms=ran.ms
    )
    if ran.code == programs.TIMED_OUT:
        return replace(fired, problem=f"it did not end within {start.hook.timeout} s")
    if ran.code:
        said = ran.err.strip().rpartition("\n")[2]
        return replace(fired, problem=f"it ended with {ran.code}: {said or 'it said nothing'}")
    heard = probe.heard(recorded.event, ran.out)
    return replace(fired, person=heard.person, model=heard.model, problem=heard.problem)


def _judged(
    ran: list[FiredHook], recorded: Recorded, lines: Sequence[Mapping[str, object]]
) -> list[FiredHook]:
    """The same with what can only be told of all processes of an event together."""
    problem = ""
    errors = [str(line["error"]) for line in lines if line.get("error")]
    heard = [fired for fired in ran if fired.model]
    if errors:
        problem = f"gitmem failed inside: {errors[0]}"
    elif not lines:
        missing = next((fired.person for fired in ran if fired.person), "")
        problem = f"gitmem did not run ({missing or 'nothing is in the ledger'})"
    elif recorded.speaks and not heard:
        problem = "the words did not come back"
    elif len(heard) > 1 or len(lines) > 1:
        problem = "gitmem answered more than once"
    if not problem or ran[0].problem:
        return ran
    return [replace(ran[0], problem=problem), *ran[1:]]


def executable(path: str) -> str:
    """Return the gitmem that a hook finds on a PATH, made absolute; empty when there is none."""
    for folder in path.split(os.pathsep):
        found = Path(folder) / "gitmem"
        if folder and found.is_file() and os.access(found, os.X_OK):
            return str(found.absolute())
    return ""


@contextmanager
def scratch(environ: Mapping[str, str], at: str) -> Iterator[Repository]:
    """A repository with one commit, gitmem's settings file, and one flag made at ``at``."""
    with temporary_folder() as name:
        top = Path(name).resolve() / "repository"
        top.mkdir()
        env = process.clean(environ)
        process.run(["init", "--quiet"], env=env, cwd=str(top), options=_NO_HOOKS)
        settings = top / SETTINGS
        settings.parent.mkdir()
        settings.write_text("version: 1\n", encoding="utf-8")
        repo = repository.discover(str(top), environ)
        repo.git("config", "user.name", "gitmem doctor")
        repo.git("config", "user.email", "doctor@localhost")
        repo.git("config", "core.hooksPath", "/dev/null")
        # What a person chose for their own repositories starts nothing here.
        for key, value in (("engine", "verbatim"), ("autoClose", "false")):
            repo.git("config", f"gitmem.{key}", value)
        repo.git("add", "--all")
        commit(repo)
        wish = capture.checked(capture.FlagDraft(FLAG), cwd=str(top), repo=repo)
        capture.keep(repo, [wish], session={}, at=at)
        yield repo


def commit(repo: Repository) -> None:
    """Make a commit, as an agent does."""
    repo.git(*_PERSON, "commit", "--quiet", "--allow-empty", "--no-verify", "--message", COMMIT)
