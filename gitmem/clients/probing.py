"""What the probes of clients have in common: recorded payloads, the environment of a hook, a session apart.

A client whose hooks read and answer JSON in Claude Code's shape derives its probe from `HookProbe` and adds
where its files are, its trust, and how its program is pointed at a model on this machine.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gitmem.clients.abilities import Hook, HookOutput, Recorded, RecordedSession, variables
from gitmem.core import agent_clients
from gitmem.core.failures import Internal
from gitmem.git import process

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from gitmem.clients.abilities import ClientPlace, SettingsFile, Told

#: What a session apart inherits of the person's environment: where programs are, and the language. No
#: credential is in one of these, and no pointer at a model, a proxy or a home.
_KEPT = frozenset({
    "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "SHELL", "TMPDIR", "TZ", "USER",
})  # fmt: skip
_KEPT_BEGINNINGS = ("LC_",)
_NOWHERE = "http://127.0.0.1:9"  # the discard port: whatever the client wants from outside fails
_QUIET = {
    "HTTP_PROXY": _NOWHERE,
    "HTTPS_PROXY": _NOWHERE,
    "http_proxy": _NOWHERE,
    "https_proxy": _NOWHERE,
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
    "GIT_CONFIG_NOSYSTEM": "1",
    "NO_COLOR": "1",
    "TERM": "dumb",
}
#: What a session that calls gitmem leaves in the environment besides; a hook that is tried is not a part of it.
FOREIGN = ("GITMEM_INSIDE",)
_LARGEST = 4 << 20  # bytes of a client's file; one that keeps state grows to some hundred kB


class HookProbe:
    """The part of `gitmem.clients.abilities.Probe` that is the same for most clients."""

    program: str = ""
    ends = "SessionEnd"
    once = False
    reads: tuple[str, ...] = ()
    untrusted = "it loads no hooks there"
    #: Names of a payload's fields, by what they say: of each payload, whatever was recorded.
    fields: tuple[tuple[str, str], ...] = (
        ("session_id", "session"),
        ("transcript_path", "transcript"),
        ("cwd", "cwd"),
    )
    #: The keys that the client takes of an answer, and of its inner part; empty: it passes over others.
    answer_keys: Collection[str] = ()
    inner_keys: Collection[str] = ()
    #: How the names of variables begin that the client's hooks must not inherit from another session.
    foreign: tuple[str, ...] = FOREIGN

    def __init__(self, shipped: str) -> None:
        self.proved, self._payloads = parse_payloads(shipped)

    def project(self, environ: Mapping[str, str]) -> str:
        """Return the folder of the session that this runs in; empty where the client does not tell."""
        del environ
        return ""

    def ask(self, place: ClientPlace, program: str) -> Sequence[Told]:
        """Return what the person's program says of hooks, trust and rules."""
        del place, program
        return ()

    def payloads(self) -> list[Recorded]:
        """Return the shipped payloads, in a session's order."""
        return self._payloads

    def shell(self, environ: Mapping[str, str]) -> Sequence[str]:
        """Return the words before the command with which the client starts a hook."""
        del environ  # whatever $SHELL is (measured, Claude Code 2.1.328)
        return "/bin/sh", "-c"

    def environment(
        self, environ: Mapping[str, str], files: Iterable[SettingsFile], top: str, session: str
    ) -> dict[str, str]:
        """Return what a hook finds in its environment, of a client started in ``environ``."""
        del session
        return {**outside(environ, self.foreign), **variables(files), "PWD": top}

    def of_plugin(self, root: str, data: str) -> dict[str, str]:
        """Return what a hook of the plugin in the folder ``root`` finds besides."""
        del root, data
        return {}

    def body(self, recorded: Recorded, base: Mapping[str, str]) -> bytes:
        """Return the bytes that a hook reads."""
        fields = {name: base[said] for name, said in self.fields}
        return json.dumps({**fields, **recorded.body}).encode()

    def heard(self, event: str, out: str) -> HookOutput:
        """Return what the client would make of a hook's output."""
        if not out.strip():
            return HookOutput()
        try:
            said = json.loads(out)
            specific = said.get("hookSpecificOutput", {})
            named = specific.get("hookEventName", event)
            odd = _odd(said, self.answer_keys) or _odd(specific, self.inner_keys)
            person, model = said.get("systemMessage", ""), specific.get("additionalContext", "")
        except (ValueError, AttributeError):
            return HookOutput(problem=f"the client cannot read its answer: {out[:80]!r}")
        if named != event:
            return HookOutput(problem=f"it answered for {named}, which the client refuses")
        if odd:
            return HookOutput(problem=f"its answer has the key {odd!r}, which the client refuses")
        if not isinstance(person, str) or not isinstance(model, str):
            return HookOutput(problem=f"the client cannot read its answer: {out[:80]!r}")
        return HookOutput(person=person, model=model)

    def read(self, out: str, err: str) -> RecordedSession:
        """Return what a session without a terminal printed: its answer."""
        del err
        return RecordedSession(version="", printed=out.strip(), answers=None)


def _odd(found: Mapping[str, object], known: Collection[str]) -> str:
    return next((key for key in found if known and key not in known), "")


def parse_payloads(shipped: str) -> tuple[str, list[Recorded]]:
    """Return the client's version they were recorded from, and the payloads; Internal when not in order.

    An entry may name the ``event`` beside the payload, for a client whose payload does not.
    """
    try:
        found = json.loads(shipped)
        return str(found["version"]), [
            Recorded(
                event=entry.get("event") or entry["payload"]["hook_event_name"],
                tool=entry["payload"].get("tool_name", ""),
                body=entry["payload"],
                commits=entry.get("after") == "commit",
                speaks=entry.get("speaks", False),
            )
            for entry in found["payloads"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Internal("the shipped payloads.json is not in order") from error


def outside(environ: Mapping[str, str], dropped: tuple[str, ...]) -> dict[str, str]:
    """Return the environment without a session's variables, git's pointers, and those that begin so."""
    return {
        name: value
        for name, value in agent_clients.without(environ).items()
        if not name.startswith(dropped) and name not in process.LOCAL_VARIABLES
    }


def apart(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return the environment of a session of no person: another home, no credential, no way outside."""
    kept = {
        name: value
        for name, value in environ.items()
        if name in _KEPT or name.startswith(_KEPT_BEGINNINGS)
    }
    return {**kept, **_QUIET, "HOME": str(home)}


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; empty where there is none."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_LARGEST).decode("utf-8", "replace"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def hooks_in(found: Mapping[str, Any], ours: str, *, second: int = 1) -> Iterator[Hook]:
    """Yield gitmem's hooks in settings of Claude Code's shape; other shapes have none.

    ``ours`` is in every command of gitmem's and in no other, ``second`` how many of the client's units
    of a timeout make one.
    """
    for event, groups in as_object(found.get("hooks")).items():
        for group in groups if isinstance(groups, list) else ():
            matcher = as_object(group).get("matcher")
            handlers = as_object(group).get("hooks")
            for handler in handlers if isinstance(handlers, list) else ():
                command = as_object(handler).get("command")
                if isinstance(command, str) and ours in command:
                    timeout = as_object(handler).get("timeout")
                    yield Hook(
                        event=event,
                        matcher=matcher if isinstance(matcher, str) else "",
                        command=command,
                        timeout=timeout // second if isinstance(timeout, int) else None,
                    )


def as_object(value: object) -> dict[str, Any]:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def write(path: Path, text: str) -> None:
    """Write a file of a throw-away home, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
