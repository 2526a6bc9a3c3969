"""The engine `command`: a program of the person's own answers, one process for each question.

Beside `gitmem.git.process` only this module starts processes. The program comes from the person's own
configuration, never from a file of the repository, and runs in an empty folder, so that no file of the
repository steers it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.core import agent_clients as clients
from gitmem.core import errors
from gitmem.models.programs import presets
from gitmem.models.programs.program import ProgramCall, ProgramExit
from gitmem.models.reply import (
    LIMIT,
    Attempt,
    Cancelled,
    Credentials,
    Prompt,
    Reply,
    Stop,
    printable,
)
from gitmem.models.usage import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from gitmem.models.usage import Price, Usage

#: Set in the program's environment. A hook that finds it does nothing, and no close starts inside.
INSIDE = "GITMEM_INSIDE"

_SECRETS = ("KEY", "TOKEN", "SECRET", "PASSWORD")

#: Seconds between two looks at the clock while a program runs.
_TICK = 0.05

#: Bytes a program may print; claude prints its answer twice, with an account of the session.
_PRINTED = 3 * LIMIT
#: Bytes on its standard error; Codex repeats the question among its progress.
_COMPLAINED = 8 * 1024 * 1024

#: The presets, for a sentence.
NAMES = ", ".join(presets.PRESETS)

_ORDER = "Answer the user with one JSON object, at once and without using any tool.\n"


class Command:
    """A model behind a program.

    ``words`` are a preset's name (`claude`, `codex`, …) or a command line, as words or as one text in
    a shell's quoting (no shell runs it); see `presets.program`. ``clock`` is monotonic, in seconds. ``price`` is the person's own; it goes before the program's figure. ``folder`` makes a
    fresh folder for one question. Raises Usage when the program does not exist, and Refused inside
    such a program.
    """

    here = False  # where a program sends things is not known

    def __init__(
        self,
        words: str | Sequence[str],
        environ: Mapping[str, str],
        *,
        clock: Callable[[], float],
        model: str = "",
        price: Price | None = None,
        folder: Callable[[], AbstractContextManager[str]] = tempfile.TemporaryDirectory,
    ) -> None:
        if environ.get(INSIDE):
            raise errors.Refused("a close is running already, and this is the program it asks")
        self._ways = presets.program(_split(words), model)
        self._path = _find(self._ways.program, environ)
        self._environ = _environment(environ) | dict(self._ways.settings)
        self._secrets = [value for key, value in environ.items() if key.endswith(_SECRETS)]
        self._clock = clock
        self._price = price
        self._folder = folder
        self._stopped = threading.Event()
        self.name = self._ways.name or "command"
        self.host = printable(Path(self._ways.program).name)
        self.model = self._ways.model or self.host

    def warm(self) -> None:
        """Do nothing: there is nothing to prepare."""

    def sent(self, prompt: Prompt) -> Mapping[str, object]:
        """Return the program's arguments and standard input; FOLDER is a fresh one for each question."""
        call = self._call("FOLDER", prompt)
        return {
            "arguments": [self._path, *self._ways.arguments(call)],
            "stdin": self._ways.question(call),
        }

    def stop(self) -> None:
        """Kill every program that is being asked; callers that wait for one get Cancelled."""
        self._stopped.set()

    def ask(self, prompt: Prompt, *, until: float) -> Reply:
        """Ask one question, at the latest until the clock shows ``until``.

        May be called from many threads at once. Raises Credentials when the program says that it is
        not logged in, and Cancelled after `stop`; any other trouble is a Reply with a problem.
        """
        began = self._clock()
        with self._folder() as folder:
            try:
                outcome, sent = self._run(Path(folder), prompt, until)
            except Credentials as refused:
                message = self._printable(refused.message, folder)
                raise Credentials(message, hint=refused.hint) from refused
        ended = self._clock()
        usage = self._with_price(outcome.usage)
        return Reply(
            data=outcome.data,
            stop=outcome.stop,
            usage=replace(usage, calls=1, sent=sent, spans=((began, ended),)),
            seconds=ended - began,
            problem=self._printable(outcome.problem, folder),
            answered=self._printable(outcome.answered),
        )

    def _with_price(self, usage: Usage) -> Usage:
        """Return the usage with its dollars: by the person's price, else as the program reckons."""
        if self._price is not None and usage.tokens:
            dollars = self._price.dollars(usage.tokens_in, usage.tokens_out)
            return replace(usage, dollars=dollars, priced="own")
        return usage if usage.dollars is None else replace(usage, priced="program")

    def _printable(self, text: str, folder: str = "") -> str:
        """Return a program's words as a line; its own home, which is gone, is the person's in them."""
        for home in (f"{folder}/home", folder) if folder else ():
            text = text.replace(home, "~")
        return printable(text, self._secrets)

    def _run(self, folder: Path, prompt: Prompt, until: float) -> tuple[Attempt, int]:
        """Return the result of the program, and how many bytes it was given: question and command line."""
        call = self._call(str(folder), prompt)
        Path(call.schema_file).write_text(json.dumps(prompt.schema), encoding="utf-8")
        Path(call.order_file).write_text(_ORDER, encoding="utf-8")
        question, arguments = self._ways.question(call), self._ways.arguments(call)
        sent = len("".join([question, *arguments]).encode("utf-8", "replace"))
        (folder / "question").write_text(question, encoding="utf-8", errors="replace")
        (folder / "work").mkdir()
        try:
            environ = self._environ | dict(self._ways.prepare(call))
            child = self._start(folder, [self._path, *arguments], environ)
        except OSError as error:
            problem = f"{self.host} could not be started: {error.strerror}"
            return Attempt(stop=Stop.FAILED, problem=problem), 0
        try:
            ended = self._await(child, folder, until)
        finally:
            _kill(child)
        if isinstance(ended, Attempt):
            return ended, sent
        return self._ways.read(self.host, ended, prompt), sent

    def _call(self, folder: str, prompt: Prompt) -> ProgramCall:
        return ProgramCall(
            prompt=prompt, model=self._ways.model, folder=folder, environ=self._environ
        )

    def _start(
        self, folder: Path, argv: list[str], environ: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start the program in its own process group, its streams tied to files so that nothing blocks."""
        with (
            (folder / "question").open("rb") as question,
            (folder / "printed").open("wb") as out,
            (folder / "complained").open("wb") as err,
        ):
            return subprocess.Popen(
                argv,
                cwd=folder / "work",
                env=environ,
                stdin=question,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def _await(
        self, child: subprocess.Popen[bytes], folder: Path, until: float
    ) -> ProgramExit | Attempt:
        """Return how the program ended, or the result when the wait for it ended first."""
        began = self._clock()
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_TICK)
            if self._stopped.is_set():
                raise Cancelled("stopped while a model was being asked")
            if _size(folder / "printed") > _PRINTED or _size(folder / "complained") > _COMPLAINED:
                problem = f"{self.host} prints more than any answer has"
                return Attempt(stop=Stop.INVALID, problem=problem)
            if child.returncode is not None:
                return self._ended(child.returncode, folder)
            if self._clock() >= until:
                waited = duration(self._clock() - began)
                said = self._ways.trouble(self._ended(0, folder))
                problem = f"{self.host} gave no answer within {waited}"
                problem += f"; the last it said: {said}" if said else ""
                return Attempt(stop=Stop.TIMED_OUT, problem=problem)

    def _ended(self, code: int, folder: Path) -> ProgramExit:
        printed = _read(folder / "printed", _PRINTED)
        complained = _read(folder / "complained", _COMPLAINED).strip()
        complaint = complained.rpartition("\n")[2]
        return ProgramExit(
            code=code,
            answer=_read(folder / "answer", LIMIT) or printed,
            complaint=self._printable(complaint),
            printed=printed,
            complained=complained,
            usage=_read(folder / "usage", LIMIT),
        )


def _split(words: str | Sequence[str]) -> list[str]:
    try:
        split = shlex.split(words) if isinstance(words, str) else list(words)
    except ValueError as error:
        raise errors.UsageError(
            "the command of the engine has a quote that does not end", hint="quote as in a shell"
        ) from error
    if not split:
        raise errors.UsageError("the engine `command` has no command", hint=f"{NAMES}, or your own")
    return split


def located(program: str, path: str) -> str | None:
    """Return the absolute path of a program in the folders of ``path``, a value of PATH; None where there is none.

    A folder relative to the working folder does not count: it could be the repository's.
    """
    folders = os.pathsep.join(one for one in path.split(os.pathsep) if one.startswith("/"))
    if "/" in program and not program.startswith("/"):
        return None
    return shutil.which(program, path=folders)


def _find(program: str, environ: Mapping[str, str]) -> str:
    absolute = located(program, environ.get("PATH", ""))
    if not absolute:
        raise errors.UsageError(
            f"there is no program {printable(program)!r} to ask",
            hint=f"install it, or name another: {NAMES}, or a command of your own",
        )
    return absolute


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the person's environment without git's (it may name the repository) and the session's."""
    kept = {
        key: value for key, value in clients.without(environ).items() if not key.startswith("GIT_")
    }
    return kept | {INSIDE: "1", "NO_COLOR": "1"}


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End the program and everything that it started and left behind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _size(path: Path) -> int:
    return path.stat().st_size


def _read(path: Path, limit: int) -> str:
    try:
        with path.open("rb") as file:
            return file.read(limit).decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
