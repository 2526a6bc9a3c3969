"""Start git, by `os.posix_spawn` and without `subprocess` (hot lane).

Each start carries the arguments and the environment that keep a cloned repository from running code or
redirecting gitmem; each has its reason beside it.
"""

from __future__ import annotations

import os
import select
import sys

from gitmem.core import agent_clients as clients
from gitmem.core.errors import GitmemError, Overdue
from gitmem.core.failures import NeedsPerson

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import NoReturn

# `git rev-parse --local-env-vars` (git 2.39 and 2.55) and two that only hooks see. A git hook that
# calls gitmem exports them for the *hook's* repository; gitmem acts on the one that it stands in.
LOCAL_VARIABLES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
    # How the hook's git reads paths and attributes (git(1)); gitmem names files as they are.
    "GIT_ATTR_SOURCE",
    "GIT_GLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
)

# Inside an agent client a repository's settings can set variables. Of git's own only these are passed on
# there: any other can name a configuration, a program, a server's certificate or a file to write.
_HARMLESS = (
    "GIT_AUTHOR_",
    "GIT_COMMITTER_",
    "GIT_CEILING_DIRECTORIES",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_DEFAULT_",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_TEST_ASSUME_DIFFERENT_OWNER",  # it makes git stricter
    "GIT_TERMINAL_PROMPT",
)
# Variables that lead git to a configuration, or to a program that asks for a password.
_CONFIGURATIONS = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "XDG_CONFIG_HOME")
_LEADING = ("SSH_ASKPASS", "XDG_CONFIG_HOME")
_UNTRACED = {"GIT_TRACE2": "0", "GIT_TRACE2_EVENT": "0", "GIT_TRACE2_PERF": "0"}

DURABLE = "core.fsync=committed,reference"  # what a ref names survives a power loss
VIEW = "core.fsync=none"  # what can be rebuilt from the fsynced journal

# git passes larger objects on piece by piece instead of holding them in memory: for objects of others.
STREAMED = ("-c", "core.bigFileThreshold=1m")

HARDENED = (
    "--no-pager",
    "--no-replace-objects",
    "-c",
    "safe.bareRepository=explicit",  # a committed bare repository may bring hooks of its own
    "-c",
    DURABLE,
    "-c",
    "core.fsmonitor=false",  # a command from the configuration, of no use to plumbing
    "-c",
    "core.quotePath=true",
    "-c",
    "gc.auto=0",  # a background gc would hold our lock descriptors
    "-c",
    "maintenance.auto=false",
    "-c",
    "commit.gpgSign=false",  # gitmem signs explicitly where the person wants it
    "-c",
    "color.ui=false",
    "-c",
    "advice.graftFileDeprecated=false",
)

#: The oldest git that the tests ran on.
OLDEST = (2, 39)

_FATAL = 128  # git's exit code when it cannot go on
_USAGE = 129  # and for a command or an option that it does not know

_REMEDIES = (
    ("No space left on device", "free some space, and run the command again"),
    ("Disk quota exceeded", "free some space, and run the command again"),
    (
        "File too large",
        "a limit on file sizes is in force (`ulimit -f`); lift it, and run it again",
    ),
    (
        "Input/output error",
        "the disk does not answer as it should; look there first",
    ),
    ("Read-only file system", "gitmem has to write here; mount it writable, and run it again"),
    ("Permission denied", "the git directory belongs to another user, or a sandbox is around it"),
    ("Too many open files", "raise the limit (`ulimit -n`), and run the command again"),
    ("ut of memory", "close other programs, and run the command again"),
    (".lock': File exists", "another git is at work here, or was killed; `gitmem doctor` tells"),
    ("index file", "git's index is damaged; `git status` says the same"),
    ("packed-refs", "git's list of refs is damaged; `git fsck` says the same"),
)

ANY = range(-64, 256)  # for ``ok``: each exit code is an answer, and so is the end by a signal

SILENT = "there was no answer for"

MOST = 64 << 20  # bytes of one answer of git; a larger one is read piece by piece, or not at all

_CHUNK = 65536
_LOG_BYTES = 256 << 10  # of what detached programs print


class GitMissing(GitmemError):
    """git cannot be started."""

    exit_code = 3


class GitFailed(GitmemError):
    """A git command ended with an exit code that is not an answer; ``stderr`` is its message.

    gitmem's exit code is 7 where git was killed, 70 where it does not know the command or an option,
    and 8 otherwise: the reason is in the disk or the repository.
    """

    exit_code = 8

    def __init__(self, args: Sequence[str], code: int, stderr: str) -> None:
        name = next((word for word in args if not word.startswith("-") and "=" not in word), "")
        said = stderr.strip()
        # Of a broken configuration the last line names the file.
        line = said.rpartition("\n")[2] if _unread_configuration(said) else said.partition("\n")[0]
        first = line.removeprefix("fatal: ").removeprefix("error: ")
        told, hint = first or f"it ended with {code} and said nothing", _hint(said)
        if code < 0:
            self.exit_code, told, hint = 7, f"it was killed (signal {-code})", "run it again"
        elif code == _USAGE:
            self.exit_code = 70
        super().__init__(f"git {name} failed: {told}", hint=hint)
        self.code = code
        self.stderr = stderr


class GitTooOld(GitmemError):
    """The installed git lacks what gitmem needs."""

    exit_code = 3


def _hint(said: str) -> str:
    """Return what to do about git's message."""
    if _unread_configuration(said):
        return "git stops at it everywhere; repair it, and run the command again"
    for words, hint in _REMEDIES:
        if words in said:
            return hint
    return "what was saved is saved; repair what git names, and run the command again"


def version(env: Mapping[str, str], cwd: str) -> tuple[int, int]:
    """Return the installed git's major and minor number; (0, 0) when it does not tell."""
    words = _started(
        ["git", "-C", cwd, "version"], env, _Dialogue(["version"], b""), -1
    ).text.split()
    numbers = words[2].split(".") if len(words) > 2 else []  # noqa: PLR2004 - "git version 2.39.5"
    if len(numbers) > 1 and numbers[0].isdecimal() and numbers[1].isdecimal():
        return int(numbers[0]), int(numbers[1])
    return 0, 0


def _refuse_old(env: Mapping[str, str], cwd: str) -> None:
    """Raise GitTooOld where git is older than `OLDEST`."""
    installed = version(env, cwd)
    if (0, 0) < installed < OLDEST:
        raise GitTooOld(
            f"git {installed[0]}.{installed[1]} is too old",
            hint=f"gitmem needs git {OLDEST[0]}.{OLDEST[1]} or newer",
        )


class TooMuch(NeedsPerson):
    """A child printed more than gitmem reads; ``out`` is the beginning. The child was ended."""

    def __init__(self, args: Sequence[str], out: bytes) -> None:
        what = next((word for word in args if word[:1].islower()), "")
        super().__init__(
            f"git {what} answers with more than gitmem reads ({len(out) >> 20} MiB)",
            hint="somebody may have committed or pushed something of that size on purpose",
        )
        self.out = out


class ProcessResult:
    """A finished process: exit code (negative signal number when killed), stdout, stderr."""

    __slots__ = ("code", "err", "out", "pid")

    def __init__(self, code: int, out: bytes, err: bytes, pid: int) -> None:
        self.code = code
        self.out = out
        self.err = err
        self.pid = pid

    @property
    def text(self) -> str:
        """Stdout as text without the last line break."""
        return os.fsdecode(self.out).removesuffix("\n")

    @property
    def said(self) -> str:
        """Stderr as text."""
        return self.err.decode(errors="replace")


def clean(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of git children: without pointers at another repository, without prompts.

    Inside an agent client also without what only a person may choose: no variable names a configuration
    or a program. There the person's configuration is the one in the home that the system knows; `HOME`
    counts when it is that same folder.
    """
    env = {key: value for key, value in environ.items() if key not in LOCAL_VARIABLES}
    for key in [key for key in env if key.startswith(("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"))]:
        del env[key]
    if clients.inside(environ):
        for key in [key for key in env if key.startswith("GIT_") or key in _LEADING]:
            if not key.startswith(_HARMLESS):
                del env[key]
        if not _is_home(env.get("HOME", "")):
            env["GIT_CONFIG_GLOBAL"] = os.devnull
    # gitmem compares messages (a lock, a missing ref), so they must not be translated.
    env.update(LC_ALL="C", LANGUAGE="C", GIT_TERMINAL_PROMPT="0", GIT_OPTIONAL_LOCKS="0")
    return env


def as_told(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the same with the configuration that the variables name. Only to look at values.

    Such a configuration can name files that git appends traces to (`trace2.*`); these are off.
    """
    env = {**clean(environ), **_UNTRACED}
    env.pop("GIT_CONFIG_GLOBAL", None)
    for key in _CONFIGURATIONS:
        if key in environ:
            env[key] = environ[key]
    return env


def is_led(environ: Mapping[str, str]) -> bool:
    """Whether `as_told` leads git to another configuration than `clean`."""
    return bool(clients.inside(environ)) and (
        any(name in environ for name in _CONFIGURATIONS) or withholds(environ)
    )


def withholds(environ: Mapping[str, str]) -> bool:
    """Whether git children read no personal configuration: their home is not the known one."""
    return bool(clients.inside(environ)) and not _is_home(environ.get("HOME", ""))


def _is_home(path: str) -> bool:
    """Whether the folder is the home that the system knows for this user, by device and inode."""
    import pwd  # only inside a client

    try:
        return os.path.samefile(path, pwd.getpwuid(os.geteuid()).pw_dir)
    except (KeyError, OSError):
        return False


def run(  # noqa: PLR0913 - one door for every way git is started
    args: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str,
    stdin: bytes = b"",
    ok: Sequence[int] = (0,),
    keep: int = -1,
    options: Sequence[str] = (),
    hears: Callable[[bytes], None] | None = None,
    patience: float = 0.0,
    takes: Callable[[bytes], None] | None = None,
    most: int = MOST,
) -> ProcessResult:
    """Run one hardened git command in ``cwd`` and wait for it.

    ``keep`` is a descriptor that the child inherits (a held lock). ``ok`` lists the exit codes that are
    answers; any other raises GitFailed. So does a configuration that git cannot read, unless ``ok`` is a
    range. ``hears`` gets the child's stderr as it comes, ``takes`` its stdout, which is not kept then;
    an error that they raise ends the child. A child that prints nothing
    for ``patience`` seconds (0: no limit) is ended, and its stderr says so. Raises GitMissing when git
    cannot be started, GitTooOld when it does not know the command and is older than `OLDEST`, whatever
    ``ok`` says, and TooMuch, with the child ended, for more than ``most`` bytes that nothing takes.
    """
    argv = ["git", "-C", cwd, *HARDENED, *options, *args]
    dialogue = _Dialogue(args, stdin)
    dialogue.hears, dialogue.takes = hears, takes
    dialogue.patience, dialogue.most = patience, most
    done = _started(argv, env, dialogue, keep)
    if done.code == _USAGE:
        _refuse_old(env, cwd)
    # The codes of a look-up say that something is not there. `ANY` takes what comes: a flag is saved all the same.
    unread = done.code == _FATAL and not isinstance(ok, range) and _unread_configuration(done.said)
    if done.code not in ok or unread:
        raise GitFailed(args, done.code, done.said)
    return done


def _unread_configuration(said: str) -> bool:
    """Whether git ended because it cannot read its configuration; it says so under LC_ALL=C."""
    return any(line.startswith("fatal: bad ") and " config " in line for line in said.splitlines())


def program(
    argv: Sequence[str], *, env: Mapping[str, str], cwd: str, stdin: bytes, patience: float
) -> ProcessResult:
    """Run a program that a person named, in ``cwd``; only the caller sees its output.

    Exit code 127 when there is no such program. It is ended after ``patience`` seconds in which it
    prints nothing.
    """
    command = ["/bin/sh", "-c", 'cd -- "$1" && shift && exec "$@"', "sh", cwd, *argv]
    dialogue = _Dialogue(argv, stdin)
    dialogue.patience = patience
    return _started(command, env, dialogue, -1)


class _Dialogue:
    """Input and output of a child."""

    __slots__ = (
        "_heard",
        "_left",
        "_opened",
        "_poll",
        "argv",
        "hears",
        "most",
        "patience",
        "takes",
    )

    def __init__(self, argv: Sequence[str], stdin: bytes) -> None:
        self.argv = argv
        self.hears: Callable[[bytes], None] | None = None
        self.takes: Callable[[bytes], None] | None = None
        self.patience = 0.0
        self.most = MOST
        self._left = memoryview(stdin)
        self._heard: tuple[list[bytes], list[bytes]] = ([], [])
        self._opened: dict[int, int] = {}  # descriptor to the number of the child's stream
        self._poll = select.poll()

    def hold(self, in_write: int, out_read: int, err_read: int) -> tuple[bytes, bytes]:
        """Feed stdin and return stdout and stderr, without ever blocking on one of them.

        Closes all three descriptors, whatever happens.
        """
        self._opened = {in_write: 0, out_read: 1, err_read: 2}
        try:
            self._poll.register(out_read, select.POLLIN)
            self._poll.register(err_read, select.POLLIN)
            if self._left:
                os.set_blocking(in_write, False)
                self._poll.register(in_write, select.POLLOUT)
            else:
                os.close(in_write)
                del self._opened[in_write]
            while {1, 2} & {*self._opened.values()}:
                ready = self._poll.poll(self.patience * 1000 if self.patience else None)
                if not ready:
                    raise _Silent(*self._said())
                for descriptor, _ in ready:
                    self._turn(descriptor)
        finally:
            for descriptor in self._opened:
                os.close(descriptor)
        return self._said()

    def _said(self) -> tuple[bytes, bytes]:
        out, err = self._heard
        return b"".join(out), b"".join(err)

    def _turn(self, descriptor: int) -> None:
        """Write or read what is possible now."""
        stream = self._opened[descriptor]
        if not stream:
            self._left = _feed(descriptor, self._left)
            if not self._left:
                self._end(descriptor)
            return
        data = os.read(descriptor, _CHUNK)
        if not data:
            self._end(descriptor)
        elif stream == 1 and self.takes:
            self.takes(data)
        else:
            self._keep(stream, data)

    def _keep(self, stream: int, data: bytes) -> None:
        self._heard[stream - 1].append(data)
        if self.hears and stream == 2:  # noqa: PLR2004 - stderr
            self.hears(data)
        self.most -= len(data)
        if self.most < 0:
            raise TooMuch(self.argv, self._said()[0])

    def _end(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)
        del self._opened[descriptor]
        os.close(descriptor)


def _started(
    argv: list[str], env: Mapping[str, str], dialogue: _Dialogue, keep: int
) -> ProcessResult:
    """Start a child, feed it and wait; ``keep`` is a lock to inherit."""
    in_read, in_write = os.pipe()
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    actions = [
        (os.POSIX_SPAWN_DUP2, in_read, 0),
        (os.POSIX_SPAWN_DUP2, out_write, 1),
        (os.POSIX_SPAWN_DUP2, err_write, 2),
    ]
    if keep >= 0:
        os.set_inheritable(keep, True)
    try:
        pid = os.posix_spawnp(argv[0], argv, env, file_actions=actions, setsigmask=())
    except OSError as error:
        for descriptor in (in_write, out_read, err_read):
            os.close(descriptor)
        absent = isinstance(error, FileNotFoundError)
        raise GitMissing(
            f"git could not be started: {error.strerror}",
            hint="install git and put it on PATH" if absent else "run the command again",
        ) from error
    finally:
        if keep >= 0:
            os.set_inheritable(keep, False)
        for descriptor in (in_read, out_write, err_write):
            os.close(descriptor)
    try:
        out, err = dialogue.hold(in_write, out_read, err_read)
        _, status = os.waitpid(pid, 0)
    except _Silent as silent:
        os.kill(pid, 15)
        said = f"\nfatal: {SILENT} {dialogue.patience:.0f} seconds\n".encode()
        out, err = silent.out, silent.err + said
        _, status = os.waitpid(pid, 0)
    except (Overdue, Exception):
        os.kill(pid, 9)  # it only answers, and its answer is no longer read
        os.waitpid(pid, 0)
        raise
    return ProcessResult(os.waitstatus_to_exitcode(status), out, err, pid)


class _Silent(Exception):
    """The child printed nothing for too long; holds what it printed until then."""

    def __init__(self, out: bytes, err: bytes) -> None:
        super().__init__()
        self.out = out
        self.err = err


def _feed(descriptor: int, left: memoryview) -> memoryview:
    """Write what fits; a child that stopped reading gets no more (its exit code tells why)."""
    try:
        return left[os.write(descriptor, left[:_CHUNK]) :]
    except BrokenPipeError:
        return left[:0]
    except BlockingIOError:
        return left


def detach(argv: Sequence[str], env: Mapping[str, str], log: str) -> int:
    """Start a program of gitmem's that outlives this process; return its process number.

    It leads a process session of its own, so that neither a signal to this process group nor the end of
    the terminal reaches it. Its input is empty. Its output goes to the end of the file ``log``, which
    starts over when it is long. Raises OSError.
    """
    if os.path.exists(log) and os.stat(log).st_size > _LOG_BYTES:
        os.unlink(log)
    opened = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, opened, 0o666),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    try:
        return os.posix_spawn(argv[0], list(argv), env, file_actions=actions, setsid=True)
    except NotImplementedError:  # a C library without POSIX_SPAWN_SETSID: at least its own group
        return os.posix_spawn(argv[0], list(argv), env, file_actions=actions, setpgroup=0)


def detach_own(
    arguments: Sequence[str], environ: Mapping[str, str], log: str, *, client: str = ""
) -> int:
    """Start a gitmem command that outlives this process, as `detach` does; return its process number.

    It gets the environment without what names this repository to git and without gitmem's own variables;
    ``client`` names the client that it works for.
    """
    env = {
        name: value
        for name, value in environ.items()
        if name not in LOCAL_VARIABLES
        and not name.startswith(("GITMEM_", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"))
    }
    if client:
        env[clients.NAMED] = client  # not every client's hooks have the sign that commands have
    # Without -P, Python would look for gitmem in the working folder first: in the repository.
    return detach([sys.executable, "-P", "-m", "gitmem", *arguments], env, log)


def become(argv: Sequence[str], env: Mapping[str, str]) -> NoReturn:
    """Replace this process by another program (the demo's script)."""
    os.execvpe(argv[0], list(argv), env)  # noqa: S606 - a shipped script, no text of others in it
