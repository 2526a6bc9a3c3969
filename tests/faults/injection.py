"""The faults: what goes wrong in Python, in a git child, or around both.

A fault in Python is the n-th call of one kind that fails with an errno; one in git is the n-th git
child that fails, for real where a limit of the operating system can make it; one around is a state of
the repository or the process that a command meets.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.world import World

_EVENTS = {
    "mkdir": "os.mkdir",
    "rename": "os.rename",
    "unlink": "os.remove",
    "chmod": "os.chmod",
    "list": "os.listdir",
    "start": "os.posix_spawn",
    "utime": "os.utime",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InPython:
    """The n-th call of ``what`` that touches the world fails with ``number``."""

    what: str
    number: int

    def inject(self, world: World, at: int) -> Callable[[], None]:
        """To be called in the child: from then on, that call fails. It leaves ``hit`` in the world."""
        return lambda: _Injected(self, world, at).begin()


class _Injected:
    def __init__(self, fault: InPython, world: World, at: int) -> None:
        self.fault = fault
        self.here = str(world.folder)
        self.mark = str(world.folder / "hit")
        self.left = at

    def begin(self) -> None:
        what = self.fault.what
        if what == "kill":
            sys.addaudithook(self._step)
        elif what in ("open to write", "open to read"):
            sys.addaudithook(self._opened)
        elif what in _EVENTS:
            sys.addaudithook(self._event)
        elif what in ("lock", "unlock"):
            kinds = (
                (fcntl.LOCK_UN,)
                if what == "unlock"
                else (fcntl.LOCK_EX, fcntl.LOCK_EX | fcntl.LOCK_NB)
            )
            self._patch(fcntl, "flock", lambda args: args[1] in kinds)
        else:
            name = {"truncate": "ftruncate", "pipe": "pipe"}.get(what, what)
            self._patch(os, name, lambda args: not args or args[0] > 2)

    def _patch(self, module: object, name: str, counts: Callable[[tuple[int, ...]], bool]) -> None:
        usual = getattr(module, name)

        def call(*args: int, **named: object) -> object:
            if counts(args):
                if self.fault.what == "close":
                    usual(*args)  # close(2): the descriptor is gone whatever it says
                self._count()
            return usual(*args, **named)

        setattr(module, name, call)

    def _opened(self, event: str, args: tuple[object, ...]) -> None:
        if event == "open" and isinstance(args[2], int) and str(args[0]).startswith(self.here):
            writes = bool(args[2] & (os.O_WRONLY | os.O_RDWR))
            if writes == (self.fault.what == "open to write") and self.mark != args[0]:
                self._count()

    def _step(self, event: str, args: tuple[object, ...]) -> None:
        """A step is what changes something outside of the process: a git child, a file, a folder."""
        writes = (
            event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
        )
        inside = event == "os.posix_spawn" or (args and str(args[0]).startswith(self.here))
        if inside and (writes or event in _EVENTS.values()):
            self.left -= 1
            if self.left == 0:
                self.left = -1
                os.close(os.open(self.mark, os.O_CREAT | os.O_WRONLY))
                os.kill(os.getpid(), signal.SIGKILL)

    def _event(self, event: str, args: tuple[object, ...]) -> None:
        if event == _EVENTS[self.fault.what] and (
            event == "os.posix_spawn" or str(args[0]).startswith(self.here)
        ):
            self._count()

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            descriptor = os.open(self.mark, os.O_CREAT | os.O_WRONLY)
            os.dup2(descriptor, 99)
            raise OSError(self.fault.number, os.strerror(self.fault.number))


@dataclass(frozen=True, slots=True, kw_only=True)
class InGit:
    """The n-th git child runs ``script`` (shell; ``$git`` is the real one) in place of its work."""

    script: str

    def inject(self, world: World, at: int) -> Callable[[], None]:
        """To be called in the child: puts the stand-in on PATH. It leaves ``hit`` in the world."""
        folder = world.folder / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "count").write_text("0")
        git = shutil.which("git")
        (folder / "git").write_text(
            f"""#!/bin/sh
git='{git}'
read -r n <'{folder}/count'
n=$((n + 1))
echo $n >'{folder}/count'
if test $n = {at}; then
: >'{world.folder}/hit'
{self.script}
fi
exec "$git" "$@"
"""
        )
        (folder / "git").chmod(0o755)

        def begin() -> None:
            os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"

        return begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """A state: ``begin`` makes it, ``lift`` takes it back; ``inject`` acts in the child instead."""

    begin: Callable[[World], object] = lambda _: None
    lift: Callable[[World], object] = lambda _: None
    child: Callable[[World], object] = lambda _: None
    env: dict[str, str] = field(default_factory=dict)

    def inject(self, world: World, at: int) -> Callable[[], object]:  # noqa: ARG002 - like the others
        self.begin(world)
        (world.folder / "hit").touch()
        return lambda: self.child(world)


Fault = InPython | InGit | Around


def _said(words: str, code: int = 128, before: str = "") -> str:
    return f"{before}\necho '{words}' >&2\nexit {code}"


_WORKS = '"$git" "$@"'


def _full(number: int) -> Callable[[World], None]:

    def begin(_: World) -> None:
        os.dup2(os.open("/dev/full", os.O_WRONLY), number)

    return begin


def _kept(
    path: str, change: Callable[[Path], object]
) -> tuple[Callable[[World], None], Callable[[World], None]]:
    """Begin and lift of a change to one path of the work tree, which is kept beside it."""

    def begin(world: World) -> None:
        file = world.top / path
        beside = world.folder / "kept"
        if file.exists() or file.is_symlink():
            file.rename(beside)
            if beside.is_file():
                file.write_bytes(beside.read_bytes())
        change(file)

    def lift(world: World) -> None:
        file = world.top / path
        beside = world.folder / "kept"
        if file.is_dir() and not file.is_symlink():
            shutil.rmtree(file)
        else:
            file.unlink(missing_ok=True)
        if beside.exists():
            beside.rename(file)

    return begin, lift


def _state(path: str, change: Callable[[Path], object]) -> Around:
    begin, lift = _kept(path, change)
    return Around(begin=begin, lift=lift)


def _gone(world: World) -> None:
    folder = world.top / "gone"
    folder.mkdir()
    os.chdir(folder)
    folder.rmdir()


def _put(file: Path, content: bytes) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)


def _instead(file: Path, make: Callable[[Path], object]) -> None:
    file.unlink(missing_ok=True)
    make(file)


def _linked(name: str, to: str) -> Around:
    """The folder moved to another place of the work tree, a symlink where it was; committed."""

    def begin(world: World) -> None:
        sandbox = world.sandbox
        if not (world.top / name).exists():
            (world.top / name).mkdir()
            (world.top / name / "x.md").write_text("- x\n")
        (world.top / to).parent.mkdir(parents=True, exist_ok=True)
        (world.top / name).rename(world.top / to)
        (world.top / name).symlink_to(os.path.relpath(world.top / to, (world.top / name).parent))
        sandbox.git("add", "--all", name, to)
        sandbox.git("commit", "--quiet", "-m", "linked")

    return Around(
        begin=begin,
        lift=lambda world: world.sandbox.git("revert", "--no-edit", "HEAD", check=False),
    )


def _recorded(line: str) -> Around:
    """A drain record of somebody else's, committed on the target."""

    def begin(world: World) -> None:
        world.sandbox.commit(
            "record", {".gitmem/drains/2026/x-record.jsonl": f'{{"v":1,"drain":"x"}}\n{line}\n'}
        )

    return Around(begin=begin)


_FLAG = '{"v":1,"id":"aaaaaaaaaaaa","kind":"fact","text":"x","at":"2026-01-02T03:04:05Z","by":"a <b@c>"}'


def _record(fields: str) -> str:
    return f'{{"id":"aaaaaaaaaaaa","outcome":"added",{fields},"flag":{_FLAG}}}'


PYTHON = {
    f"{what}: {errno.errorcode[number]}": InPython(what=what, number=number)
    for what, numbers in {
        "open to write": (errno.ENOSPC, errno.EROFS, errno.EACCES),
        "open to read": (errno.EIO, errno.EMFILE),
        "write": (errno.ENOSPC, errno.EIO),
        "fsync": (errno.EIO,),
        "close": (errno.EIO,),
        "rename": (errno.ENOSPC,),
        "mkdir": (errno.ENOSPC,),
        "unlink": (errno.EIO,),
        "truncate": (errno.EIO,),
        "lock": (errno.ENOLCK,),
        "unlock": (errno.EIO,),
        "list": (errno.EIO,),
        "pread": (errno.EIO,),
        "start": (errno.EAGAIN,),
        "pipe": (errno.EMFILE,),
    }.items()
    for number in numbers
}
PYTHON["killed"] = InPython(what="kill", number=0)
GIT = {
    "git: no space, before": InGit(script=_said("fatal: write error: No space left on device")),
    "git: no space, after": InGit(
        script=_said("fatal: sha1 file write error: No space left on device", before=_WORKS)
    ),
    "git: I/O error": InGit(script=_said("error: unable to read x: Input/output error")),
    "git: read-only": InGit(script=_said("fatal: Unable to create x.lock: Read-only file system")),
    "git: file size limit": InGit(script="trap '' XFSZ\nulimit -f 0"),
    "git: too many files": InGit(script="ulimit -n 4"),
    "git: no memory": InGit(script="ulimit -v 9000"),
    "git: its output full": InGit(script='exec "$git" "$@" >/dev/full'),
    "git: killed before": InGit(script="kill -9 $$"),
    "git: killed after": InGit(script=f"{_WORKS}\nkill -9 $$"),
    "git: fails silently": InGit(script="exit 1"),
}
AROUND = {
    "stdout full": Around(child=_full(1)),
    "stderr full": Around(child=_full(2)),
    "stdout closed": Around(child=lambda _: os.close(1)),
    "working folder gone": Around(child=_gone),
    "no git": Around(child=lambda world: os.environ.update(PATH=str(world.folder / "tmp"))),
    "no temporary folder": Around(
        child=lambda _: os.environ.update(TMPDIR="/nonexistent"),
    ),
    "packed-refs damaged": _state(
        ".git/packed-refs", lambda file: file.write_bytes(b"\0garbage\n")
    ),
    "index damaged": _state(".git/index", lambda file: file.write_bytes(b"garbage")),
    "config damaged": _state(".git/config", lambda file: file.write_text("[core\n")),
    "HEAD damaged": _state(".git/HEAD", lambda file: file.write_text("garbage\n")),
    "HEAD a FIFO": _state(".git/HEAD", lambda file: _instead(file, os.mkfifo)),
    "journal damaged": _state(".git/gitmem/journal", lambda file: _put(file, b"\0\0\n")),
    "settings damaged": _state(".gitmem/config.yaml", lambda file: _put(file, b"\xff: [")),
    "memory a symlink inside": _linked("memory", "docs/memory"),
    ".gitmem a symlink inside": _linked(".gitmem", "docs/gitmem"),
    ".claude a symlink inside": _linked(".claude", "docs/claude"),
    "a branch named gitmem": Around(
        begin=lambda world: world.sandbox.git("branch", "gitmem", check=False),
        lift=lambda world: world.sandbox.git("branch", "-D", "gitmem", check=False),
    ),
    "record: file outside": _recorded(_record('"file":"../../etc/passwd","line":"x"')),
    "record: file absolute": _recorded(_record('"file":"/etc/passwd","line":"x"')),
    "record: file of git": _recorded(_record('"file":".git/config","line":"x"')),
    "record: no text": _recorded(_record('"file":"a\\u0000b","line":"x"')),
    "record: garbage": _recorded('{"id":[1],"outcome":{}}\n\x00\xff'),
}
FAULTS: dict[str, Fault] = {**PYTHON, **GIT, **AROUND}
