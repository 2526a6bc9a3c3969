"""What a fault meets: a shared repository in a known state, and the commands that are run in it.

A world is one folder with a bare remote, a clone of it and a home, made once for each state and copied
for each trial. Commands run in a forked child of this process, so that a trial costs what the command
costs and no start of Python.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.sandbox import Sandbox

#: Seconds after which a command is taken for hung.
PATIENCE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command said: exit code (negative: the signal that ended it), and both outputs."""

    code: int
    out: str
    err: str

    @property
    def hung(self) -> bool:
        """Whether it had to be ended after `PATIENCE`."""
        return self.code == -signal.SIGALRM


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A folder with ``remote.git``, ``repository`` and ``home``."""

    folder: Path

    @property
    def top(self) -> Path:
        return self.folder / "repository"

    @property
    def git_dir(self) -> Path:
        return self.top / ".git"

    @property
    def sandbox(self) -> Sandbox:
        return Sandbox(self.top)

    def copied(self, to: Path) -> World:
        """The same world again, at a fresh place."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.folder, to, symlinks=True)
        return World(folder=to)

    def run(
        self,
        *argv: str,
        inject: Callable[[], object] | None = None,
        env: Mapping[str, str] | None = None,
        given: bytes = b"",
    ) -> Answer:
        """Runs a gitmem command in a child; ``inject`` is called in it before the command begins."""
        out, err = self.folder / "out", self.folder / "err"
        (self.folder / "given").write_bytes(given)
        child = os.fork()
        if not child:
            self._become(argv, inject, {**os.environ, **(env or {})}, out, err)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return Answer(
            code=status,
            out=out.read_text("utf-8", "replace"),
            err=err.read_text("utf-8", "replace"),
        )

    def _become(
        self,
        argv: tuple[str, ...],
        inject: Callable[[], object] | None,
        env: dict[str, str],
        out: Path,
        err: Path,
    ) -> None:
        """In the child: runs the command as the console script does, and ends the process."""
        code = 71
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(PATIENCE)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for number, (path, flags) in enumerate(
                (
                    (self.folder / "given", os.O_RDONLY),
                    (out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
                    (err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
                )
            ):
                os.dup2(os.open(path, flags, 0o666), number)
            sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for the child's life
            sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            os.environ.clear()
            os.environ.update(env)
            os.environ["TMPDIR"] = str(self.folder / "tmp")
            os.environ["HOME"] = str(self.folder / "home")
            import tempfile

            tempfile.tempdir = None
            os.chdir(self.top)
            sys.argv = ["gitmem", *argv]
            from gitmem.cli import entry, surroundings

            surroundings.ENVIRON.clear()
            surroundings.ENVIRON.update(os.environ)
            if inject:
                inject()
            code = entry.main()
            sys.stdout.flush()
        except BaseException as error:  # noqa: BLE001 - what escapes the edge is what a trial looks for
            os.write(2, f"Traceback (escaped): {type(error).__name__}: {error}\n".encode())
        os._exit(code)

    def journal(self) -> str:
        """The journal's text."""
        path = self.git_dir / "gitmem/journal"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def id_of(self, text: str) -> str:
        """The id of the flag with this text."""
        for line in self._lines().splitlines():
            found = re.search(rf'"id":"([a-z2-7]+)"[^}}]*"text":"{re.escape(text)}"', line)
            if found:
                return found[1]
        raise AssertionError(text)

    def accounted(self) -> set[str]:
        """The texts of all flags that the journal, the queue, its archive or a record still has."""
        found = self._lines()
        return {text for text in TEXTS if f'"text":"{text}"' in found}

    def _lines(self) -> str:
        found = self.journal() + "\n"
        for ref in self.sandbox.git("for-each-ref", "--format=%(refname)").split():
            found += self.sandbox.git("grep", "-h", "-F", '"text":', ref, "--", check=False) + "\n"
        return found

    def litter(self) -> list[str]:
        """Files that no command should leave: in the work tree, the temporary folder, git's folder.

        An empty folder from before its lock file goes after an hour (`gitmem.git.claim`).
        """
        tmp = self.folder / "tmp"
        left = [str(path) for path in tmp.rglob("*") if not _empty(path)]
        left += [
            str(path.relative_to(self.folder))
            for path in self.top.rglob("*")
            if ".git" not in path.relative_to(self.top).parts and _odd(path.name)
        ]
        left += [
            str(path.relative_to(self.folder))
            for path in self.git_dir.rglob("*")
            if path.is_file() and _odd(path.name)
        ]
        return sorted(left)


def _empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _odd(name: str) -> bool:
    ends = name != ".gitmem" and name.endswith((".gitmem", ".new"))
    return ends or name.startswith("fast_import_crash")


#: Every flag a world has ever acknowledged.
LANDED, DROPPED = "the landed fact", "the dropped fact"
ONE, TWO = "fact one about the cache", "it broke on the second run"
TEXTS = (LANDED, DROPPED, ONE, TWO)


def made(folder: Path) -> World:
    """A wired and shared repository with a landed flag, and a remote that has it."""
    folder.mkdir(parents=True)
    world = World(folder=folder)
    for name in ("home", "tmp", "repository"):
        (folder / name).mkdir()
    Sandbox(folder).git("init", "--quiet", "--bare", "remote.git")
    sandbox = world.sandbox
    sandbox.git("init", "--quiet")
    sandbox.git("remote", "add", "origin", "../remote.git")
    sandbox.git("config", "gitmem.engine", "verbatim")
    sandbox.commit("start", {"README.md": "# A project\n", "src/a.py": "x = 1\n"})
    sandbox.git("push", "--quiet", "-u", "origin", "main")
    return world


def wired(folder: Path) -> World:
    """The same after init, with what it wrote committed."""
    world = made(folder)
    _done(world, "init", "--engine", "verbatim", "--no-auto-close")
    world.sandbox.git("add", "--all")
    world.sandbox.commit("wired")
    return world


def waiting(folder: Path) -> World:
    """Landed and dropped flags, and two that wait; an edit that is not committed."""
    world = wired(folder)
    _done(world, "flag", LANDED)
    _done(world, "flag", DROPPED)
    _done(world, "drop", world.id_of(DROPPED), "--reason", "not so")
    _done(world, "close")
    _done(world, "accept")
    world.sandbox.git("push", "--quiet")
    _done(world, "sync")
    _done(world, "flag", ONE)
    _done(world, "snag", TWO, "--better", "clear the cache first")
    world.sandbox.write("README.md", "# A project, edited\n")
    return world


def in_review(folder: Path) -> World:
    world = waiting(folder)
    _done(world, "close")
    return world


def on_a_branch(folder: Path) -> World:
    world = waiting(folder)
    world.sandbox.git("switch", "--quiet", "-c", "feature")
    return world


def _done(world: World, *argv: str) -> None:
    answer = world.run(*argv)
    if answer.code:
        raise AssertionError((argv, answer))


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command of the matrix: the state it starts in, and its arguments (``ONE``: that flag's id)."""

    state: Callable[[Path], World]
    argv: tuple[str, ...]
    given: bytes = b""

    def arguments(self, world: World) -> list[str]:
        """The arguments in this world."""
        ids = {"ID:one": ONE, "ID:landed": LANDED, "ID:dropped": DROPPED}
        return [world.id_of(ids[word]) if word in ids else word for word in self.argv]


NEW = "a fact that is new"
_BOOT = b'{"hook_event_name":"SessionStart","session_id":"s1","source":"startup","cwd":"."}'
COMMANDS = {
    "flag": Command(state=waiting, argv=("flag", NEW)),
    "snag": Command(state=waiting, argv=("snag", NEW, "--better", "look twice")),
    "drop": Command(state=waiting, argv=("drop", "ID:one", "--reason", "not so")),
    "edit": Command(state=waiting, argv=("edit", "ID:one", NEW)),
    "undrop": Command(state=waiting, argv=("undrop", "ID:dropped")),
    "status": Command(state=waiting, argv=("status",)),
    "log": Command(state=waiting, argv=("log",)),
    "check": Command(state=waiting, argv=("check", "--offline")),
    "check --trace": Command(state=waiting, argv=("check", "--trace")),
    "sync": Command(state=waiting, argv=("sync",)),
    "close": Command(state=waiting, argv=("close",)),
    "close --here": Command(state=on_a_branch, argv=("close", "--here")),
    "review": Command(state=in_review, argv=("review",)),
    "accept": Command(state=in_review, argv=("accept",)),
    "discard": Command(state=in_review, argv=("discard",)),
    "forget": Command(state=waiting, argv=("forget", "ID:landed", "--reason", "wrong")),
    "why": Command(state=waiting, argv=("why", "memory/facts.md:3")),
    "loops": Command(state=waiting, argv=("loops",)),
    "audit": Command(state=waiting, argv=("audit",)),
    "init": Command(state=made, argv=("init", "--engine", "verbatim", "--no-auto-close")),
    "uninstall": Command(state=wired, argv=("uninstall",)),
    "hook": Command(state=waiting, argv=("hook", "claude-code", "SessionStart"), given=_BOOT),
}
