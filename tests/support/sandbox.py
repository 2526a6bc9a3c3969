"""A real repository in a temporary folder, and the real command run in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.prestarted import prestarted
from tests.support.schemas import answer_fits
from tests.support.seal import FOUND

#: The command under test: the one GITMEM_BIN names, else the one beside the running Python.
GITMEM = Path(FOUND.get("GITMEM_BIN") or Path(sys.executable).with_name("gitmem")).absolute()

#: Where CI gets gitmem: where this checkout came from, and whether its remote has it, no test may depend on.
SOURCE = ("--ci-source", "gitmem-cli==0.1.0")

#: Seconds after which a child is taken for hung. Nothing passes or fails by it on a machine that is only busy.
PATIENCE = 600

#: Seconds that something takes that no test waits for: a test that does runs out of patience.
ENDLESS = 6 * PATIENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a finished command answered."""

    code: int
    out: str
    err: str


def heed_interrupts() -> None:
    """For a child between fork and exec: a runner's workers, and a shell's background jobs, ignore
    SIGINT, and what is ignored stays so in a child."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def changed_environment(changes: Mapping[str, str | None] | None) -> dict[str, str]:
    """This process's environment with ``changes``; the value None removes a variable."""
    environment = {**os.environ, **(changes or {})}
    return {name: value for name, value in environment.items() if value is not None}


class Sandbox:
    """A work tree at ``path``. It may be unborn, linked to another, or no repository at all."""

    __slots__ = ("path",)

    def __init__(self, path: Path) -> None:
        self.path = path

    def git(
        self,
        *args: str,
        input: str | None = None,  # noqa: A002  # subprocess's own word for it
        check: bool = True,
        env: Mapping[str, str | None] | None = None,
    ) -> str:
        """Run git here; its standard output without the last line end.

        A failure raises AssertionError with what git said, unless ``check`` is false.
        """
        done = subprocess.run(
            ["git", *args],
            cwd=self.path,
            input=input,
            env=changed_environment(env),
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=PATIENCE,
        )
        if check and done.returncode:
            message = f"git {' '.join(args)} answered {done.returncode}: {done.stderr}"
            raise AssertionError(message)
        return done.stdout.removesuffix("\n")

    def write(self, path: str, text: str) -> Path:
        """Write ``text`` to ``path`` in the work tree, with its folders; the file's full path."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")
        return file

    def read(self, path: str) -> str:
        """The text of ``path`` in the work tree."""
        return (self.path / path).read_bytes().decode("utf-8")

    def commit(self, message: str, files: Mapping[str, str] | None = None) -> str:
        """Write ``files``, commit exactly them (an empty commit without any); the new commit's id."""
        for path, text in (files or {}).items():
            self.write(path, text)
        if files:
            self.git("add", "--force", "--", *files)
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def worktree(self, name: str, *, branch: str | None = None) -> Sandbox:
        """A linked work tree beside this one, on a new branch (default: named like the folder)."""
        path = self.path.with_name(name)
        self.git("worktree", "add", "--quiet", "-b", branch or name, str(path))
        return Sandbox(path)

    def start(
        self,
        *args: str,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        interruptible: bool = False,
    ) -> subprocess.Popen[str]:
        """Start the installed command without waiting for it; its three streams are pipes."""
        return subprocess.Popen(
            [GITMEM, *args],
            cwd=cwd or self.path,
            env=changed_environment(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
            preexec_fn=heed_interrupts if interruptible else None,  # noqa: PLW1509 - only one call between fork and exec
        )

    def gitmem(
        self,
        *args: str,
        input: str | None = None,  # noqa: A002  # subprocess's own word for it
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
    ) -> Result:
        """Run the installed command here as a person or a hook would; without ``input`` its stdin is empty.

        What it prints for `--json` has to fit the command's schema.
        """
        code, out, err = self._run(args, input, env, cwd or self.path)
        answer_fits(args, out)
        return Result(code=code, out=out, err=err)

    def _run(
        self,
        args: tuple[str, ...],
        given: str | None,
        env: Mapping[str, str | None] | None,
        cwd: Path,
    ) -> tuple[int, str, str]:
        whole = changed_environment(env)
        server = prestarted(GITMEM, args, cwd=cwd, env=whole)
        if server is not None:
            return server.run(args, cwd=cwd, env=whole, given=given or "", patience=PATIENCE)
        with self.start(*args, env=env, cwd=cwd) as child:
            try:
                out, err = child.communicate(given, timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()
                raise
        return child.returncode, out, err

    def wire(self, *options: str) -> Sandbox:
        """Run `gitmem init` with these options, and commit the files that it wrote; this repository."""
        done = self.gitmem("init", *options)
        assert done.code == 0, done.err
        self.git("add", "--all")
        self.commit("wire gitmem")
        return self

    def land(self, text: str, *options: str) -> None:
        """Flag one text with these options of `gitmem flag`, and land all that waits, as it is."""
        for command in (["flag", text, *options], ["close", "--engine", "verbatim"], ["accept"]):
            done = self.gitmem(*command)
            assert done.code == 0, done.err
