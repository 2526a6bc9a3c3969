"""The real Claude Code client: installed from npm at one version, run headless in a repository."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tests.real_clients.model import Request, ScriptedModel
from tests.real_clients.npm import installed
from tests.real_clients.terminal import Terminal
from tests.support.sandbox import GITMEM, Sandbox

VERSION = "2.1.332"
PACKAGE = "@anthropic-ai/claude-code"
#: The default model of that version; it gets a hook's words as messages of the role system.
MODEL = "claude-opus-5-5"
#: Seconds after which a session is taken for hung; the longest here take two.
PATIENCE = 60

#: What a session is driven by: words to the model, or something a person does between them.
Prompt: TypeAlias = str | Callable[[], object]

#: A person who is asked: the tool and its input, to the client's form of an answer, and a message that
#: the person sends meanwhile (empty: none).
Asked: TypeAlias = Callable[[str, dict[str, Any]], tuple[dict[str, object], str]]

#: How the client introduces the words of a hook to the model, by event.
_INTRODUCTION = re.compile(r"^([\w:]+) hook additional context: ", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A finished session: what the model was asked and what the client streamed, in order."""

    requests: tuple[Request, ...]
    stream: tuple[dict[str, Any], ...]
    code: int

    @property
    def main(self) -> list[Request]:
        """The requests of the main thread. Each holds the conversation so far."""
        return [one for one in self.requests if not one.of_agent and not one.of_summary]

    @property
    def of_summaries(self) -> list[Request]:
        """The requests for a summary that replaces the conversation."""
        return [request for request in self.requests if request.of_summary]

    @property
    def of_agents(self) -> list[Request]:
        """The requests of sub-agents."""
        return [one for one in self.requests if one.of_agent and not one.of_summary]

    @property
    def last(self) -> Request:
        """The main thread's last request: it holds the whole conversation."""
        return self.main[-1]

    @property
    def told_person(self) -> list[str]:
        """What hooks told the person, in order."""
        outputs = [m["output"] for m in self.stream if m.get("subtype") == "hook_response"]
        answers = [json.loads(output) for output in outputs if output.startswith("{")]
        return [answer["systemMessage"] for answer in answers if "systemMessage" in answer]

    @property
    def hooks(self) -> list[tuple[str, int]]:
        """Event and exit code of each hook that ran."""
        done = [m for m in self.stream if m.get("subtype") == "hook_response"]
        return [(message["hook_event"], message["exit_code"]) for message in done]

    @property
    def printed(self) -> list[str]:
        """The answers a headless run prints, one for each turn."""
        return [one["result"] for one in self.stream if one["type"] == "result"]

    @property
    def id(self) -> str:
        """The session's id, as the client streams it."""
        return str(self.stream[0]["session_id"])


def said(request: Request) -> list[tuple[str, str]]:
    """Event and words of each hook that a request shows the model, in order.

    The client puts the words of several hooks, and its own before them, into one text.
    """
    found: list[tuple[str, str]] = []
    for text in request.texts:
        _, *parts = _INTRODUCTION.split(text)
        words = [part.rstrip("\n") for part in parts[1::2]]
        found += zip(parts[::2], words, strict=True)
    return found


def said_at(event: str, request: Request) -> list[str]:
    """The words of hooks at an event that a request shows the model, without the introduction."""
    return [words for name, words in said(request) if name == event]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claude:
    """The client: its program, and a home of its own for the person who runs it."""

    program: Path
    home: Path

    def session(  # its script is its parameters
        self,
        sandbox: Sandbox,
        model: ScriptedModel,
        *prompts: Prompt,
        allow: Sequence[str] = (),
        path: str | None = None,
        arguments: Sequence[str] = (),
        below: str = "",
        trusted: bool = True,
        person: Asked | None = None,
    ) -> Session:
        """Run one session: each prompt is sent when the one before is answered.

        A prompt that is a function is what the person does meanwhile. ``allow`` are permission
        rules of the person's own, beside the repository's; ``path`` is the session's PATH
        (default: with the gitmem under test first). ``arguments`` are more of the client's,
        ``below`` the folder of the work tree that the session starts in, ``trusted`` whether the
        person trusts it, ``person`` who is asked whether a call may run (default: none is).
        """
        self._settle(sandbox, allow, trusted=trusted)
        with model:
            asks = ("--permission-prompt-tool", "stdio") if person else ()
            command = [str(self.program), *_HEADLESS, "--model", MODEL, *asks, *arguments]
            with subprocess.Popen(
                command,
                cwd=sandbox.path / below,
                env={**os.environ, **self._environment(model, path or with_gitmem())},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            ) as child:
                watchdog = threading.Timer(PATIENCE, child.kill)
                watchdog.start()
                try:
                    stream = tuple(_converse(child, prompts, person))
                finally:
                    watchdog.cancel()
        return Session(requests=tuple(model.requests), stream=stream, code=child.returncode)

    def show(
        self,
        sandbox: Sandbox,
        model: ScriptedModel,
        terminal: Terminal,
        *,
        allow: Sequence[str] = (),
    ) -> None:
        """Start one session on a terminal, for a person. The model is entered already."""
        self._settle(sandbox, allow, trusted=True)
        environment = self._environment(model, with_gitmem())
        terminal.start(sandbox.path, environment, str(self.program), "--model", MODEL)

    def _environment(self, model: ScriptedModel, path: str) -> dict[str, str]:
        own = {"HOME": str(self.home), "ANTHROPIC_BASE_URL": model.url, "PATH": path}
        return {**_ISOLATION, **own}

    def _settle(self, sandbox: Sandbox, allow: Sequence[str], *, trusted: bool) -> None:
        """What a person has said yes to before: this project is trusted, these commands may run."""
        # A linked work tree is trusted with the repository it belongs to.
        common = sandbox.git("rev-parse", "--path-format=absolute", "--git-common-dir")
        known = {
            "hasCompletedOnboarding": True,
            "customApiKeyResponses": {"approved": [_ISOLATION["ANTHROPIC_API_KEY"]]},
            "projects": {str(Path(common).parent): {"hasTrustDialogAccepted": trusted}},
        }
        (self.home / ".claude.json").write_text(json.dumps(known), encoding="utf-8")
        own = self.home / ".claude/settings.json"
        own.parent.mkdir(exist_ok=True)
        own.write_text(json.dumps({"permissions": {"allow": list(allow)}}), encoding="utf-8")


_HEADLESS = (
    "-p",
    "--input-format=stream-json",
    "--output-format=stream-json",
    "--include-hook-events",
    "--verbose",
)
# Whatever the client wants from outside goes to a port on which nothing listens.
_ISOLATION = {
    "ANTHROPIC_API_KEY": "unused",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1",
}


def _converse(
    child: subprocess.Popen[str], prompts: Sequence[Prompt], person: Asked | None
) -> Iterator[dict[str, Any]]:
    assert child.stdin
    assert child.stdout
    waiting = iter(prompts)
    answered = True
    while answered:
        prompt = next(waiting, None)
        while callable(prompt):
            prompt()
            prompt = next(waiting, None)
        if prompt is None:
            child.stdin.close()
            yield from (json.loads(line) for line in child.stdout)
            return
        _send(child, _message(prompt))
        answered = False
        for line in child.stdout:
            streamed = json.loads(line)
            yield streamed
            if person and streamed["type"] == "control_request":
                _answer(child, streamed, person)
            answered = streamed["type"] == "result"
            if answered:
                break


def _message(text: str) -> dict[str, object]:
    return {"type": "user", "message": {"role": "user", "content": text}}


def _answer(child: subprocess.Popen[str], asked: dict[str, Any], person: Asked) -> None:
    request = asked["request"]
    answer, message = person(request["tool_name"], request["input"])
    if message:
        _send(child, _message(message))
    response = {"subtype": "success", "request_id": asked["request_id"], "response": answer}
    _send(child, {"type": "control_response", "response": response})


def _send(child: subprocess.Popen[str], message: dict[str, object]) -> None:
    assert child.stdin
    child.stdin.write(json.dumps(message) + "\n")
    child.stdin.flush()


def with_gitmem() -> str:
    """The PATH with the gitmem under test first."""
    return os.pathsep.join([str(GITMEM.parent), os.environ["PATH"]])


def without_gitmem() -> str:
    """The PATH without the folders that have a gitmem."""
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(name for name in folders if not (Path(name) / "gitmem").exists())


def install() -> Path:
    """Return the client's program at the pinned version; skips the test where npm does not give it."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    # The package's own post-install step only links this program, so it is not run.
    return installed(PACKAGE, VERSION, f"{PACKAGE}-{sys.platform}-{machine}/claude")
