"""Start every installed hook as the client would, in a throw-away repository, and watch what comes back."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmem.clients.claude_code.sources import Where, variables
from gitmem.core import agent_clients as clients
from gitmem.git import process, programs
from gitmem.proof import scratch
from gitmem.proof.finding import Finding, fail, ok, warn
from gitmem.session import ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitmem.clients.abilities import Hook
    from gitmem.clients.claude_code.payloads import Recorded
    from gitmem.clients.claude_code.sources import Source
    from gitmem.git.repository import Repository

SHELL = "/bin/sh"  # whatever $SHELL is (measured, Claude Code 2.1.328)
_PATIENCE = 60.0  # seconds for a hook without a timeout of its own
_SLOW = 1500.0  # milliseconds: what all hooks at a session's end have together by default
#: What else the session that called gitmem left in the environment; the hook is no part of it.
_FOREIGN = ("CLAUDE", "COPILOT_", "GITMEM_INSIDE")
# The one event whose plain text goes to a model: to the one that writes the summary.
_PLAIN = "PreCompact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One process that the client would start for an event: where its command stands, and for whom."""

    hook: Hook
    root: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """One hook that ran: what it said to the person and the model; ``problem`` is empty if all is well."""

    event: str
    tool: str
    where: str
    code: int
    ms: float
    person: str = ""
    model: str = ""
    problem: str = ""

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
    sources: Sequence[Source],
    payloads: Sequence[Recorded],
    environ: Mapping[str, str],
) -> list[Fired]:
    """Fires every hook of ours in the files once for each payload it matches, in a session's order.

    ``repo`` is a scratch repository, ``environ`` the environment the client is started in.
    """
    env = environment(environ, sources, repo)
    fired: list[Fired] = []
    numbers = count(1)
    for recorded in payloads:
        starts = list(_starts(sources, recorded))
        if not starts:
            continue
        if recorded.commits:
            scratch.commit(repo)
        body = _body(repo, recorded, next(numbers))
        before, _ = ledger.entries(repo.folder)
        ran = [_start(repo, start, recorded, body, env) for start in starts]
        fired += _judged(ran, recorded, ledger.entries(repo.folder)[0][len(before) :])
    return fired


def environment(
    environ: Mapping[str, str], sources: Sequence[Source], repo: Repository
) -> dict[str, str]:
    """What a hook of the client finds in its environment."""
    kept = {
        name: value
        for name, value in clients.without(environ).items()
        if not name.startswith(_FOREIGN) and name not in process.LOCAL_VARIABLES
    }
    return {
        **kept,
        **variables(list(sources)),
        "CLAUDECODE": "1",
        "CLAUDE_CODE_ENTRYPOINT": "cli",
        "CLAUDE_CODE_SESSION_ATTENDED": "1",
        "CLAUDE_CODE_CHILD_SESSION": "1",
        "CLAUDE_CODE_SESSION_ID": _SESSION,
        "CLAUDE_PROJECT_DIR": repo.top,
        "PWD": repo.top,
    }


_SESSION = "gitmem-doctor"


def _starts(sources: Sequence[Source], recorded: Recorded) -> Iterator[Start]:
    """What the client would start: an equal command of several files once, that of a plugin beside it."""
    seen = set()
    for source in sources:
        for hook in source.hooks:
            root = source.root if source.where is Where.PLUGIN else ""
            if hook.event != recorded.event or not recorded.matches(hook.matcher):
                continue
            if (root, hook.command) not in seen:
                seen.add((root, hook.command))
                yield Start(hook=hook, root=root, where=source.path)


def _body(repo: Repository, recorded: Recorded, number: int) -> bytes:
    """The payload as of a session in the scratch repository; each differs from all others."""
    transcript = Path(repo.top).with_name("transcript.jsonl")
    transcript.touch()
    body: dict[str, Any] = {
        "session_id": _SESSION,
        "transcript_path": str(transcript),
        "cwd": repo.top,
        "prompt_id": f"prompt-{number}",
        **recorded.body,
    }
    return json.dumps(body).encode()


def _start(
    repo: Repository, start: Start, recorded: Recorded, body: bytes, env: Mapping[str, str]
) -> Fired:
    own = {"CLAUDE_PLUGIN_ROOT": start.root, "CLAUDE_PLUGIN_DATA": repo.top + "-plugin"}
    ran = programs.run(
        [SHELL, "-c", start.hook.command],
        cwd=repo.top,
        env={**env, **(own if start.root else {})},
        stdin=body,
        seconds=start.hook.timeout or _PATIENCE,
    )
    fired = Fired(
        event=recorded.event, tool=recorded.tool, where=start.where, code=ran.code, ms=ran.ms
    )
    if ran.code == programs.TIMED_OUT:
        return replace(fired, problem=f"it did not end within {start.hook.timeout} s")
    if ran.code:
        said = ran.err.strip().rpartition("\n")[2]
        return replace(fired, problem=f"it ended with {ran.code}: {said or 'it said nothing'}")
    return _heard(fired, ran.out)


def _heard(fired: Fired, out: str) -> Fired:
    """What the client would make of the output."""
    if not out.strip():
        return fired
    if fired.event == _PLAIN:
        return replace(fired, model=out.strip())
    try:
        said = json.loads(out)
        person = said.get("systemMessage", "")
        specific = said.get("hookSpecificOutput", {})
        model = specific.get("additionalContext", "")
        named = specific.get("hookEventName", fired.event)
    except (ValueError, AttributeError):
        return replace(fired, problem=f"the client cannot read its answer: {out[:80]!r}")
    if named != fired.event:
        return replace(fired, problem=f"it answered for {named}, which the client refuses")
    return replace(fired, person=person, model=model)


def _judged(
    ran: list[Fired], recorded: Recorded, lines: Sequence[Mapping[str, object]]
) -> list[Fired]:
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
    """The gitmem that a hook finds on a PATH, made absolute; empty when there is none."""
    for folder in path.split(os.pathsep):
        found = Path(folder) / "gitmem"
        if folder and found.is_file() and os.access(found, os.X_OK):
            return str(found.absolute())
    return ""
