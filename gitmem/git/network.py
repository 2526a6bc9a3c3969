"""Fetch and push: the only module in which git opens a connection on purpose.

Git's own words say what went wrong (compared under LC_ALL=C, git 2.39 to 2.55); they become one sentence
and what to do. A push reports the result of each ref (`git push --porcelain`).
"""

from __future__ import annotations

import os
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from gitmem.core.failures import Unreachable
from gitmem.git import local, objects, process
from gitmem.git.process import ANY, SILENT, STREAMED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitmem.git.process import ProcessResult
    from gitmem.git.repository import Repository

_PATIENCE = 60.0  # seconds without a sign of life from a server
# No tags, no garbage collection, no FETCH_HEAD, and no remote-tracking ref except those that are named.
_FETCH = (
    "fetch", "--no-tags", "--no-prune", "--no-write-fetch-head", "--no-auto-maintenance",
    "--recurse-submodules=no", "--refmap=",
)  # fmt: skip
_ABSENT = "fatal: couldn't find remote ref "
# What a server or git says when another push moved the ref in between: try again.
_RACES = (
    "(fetch first)", "(non-fast-forward)", "(stale info)", "(failed to update ref)",
    "(cannot lock ref", "(reference already exists)", "(incorrect old value provided)",
)  # fmt: skip
# files-backend.c: one ref's name is a folder in another one's.
_TAKEN = re.compile(r"'(refs/heads/[^']+)' exists; cannot create")
_FIRST = 256  # bytes of a hook's first line; the kernel reads no more
_NO_OPTIONS = "the receiving end does not support push options"
_LOGIN = (
    "Authentication failed", "could not read Username", "could not read Password",
    "terminal prompts disabled", "Permission denied (", "Host key verification failed",
    "error: 401", "error: 403", "HTTP 401", "HTTP 403",
)  # fmt: skip
# Configuration in the environment (see `gitmem.git.process`): it may be another repository's, and,
# inside an agent client, come from one that was cloned; it could name programs and other servers.
_UNHEARD = (
    "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM",
    "XDG_CONFIG_HOME", "GIT_SSH_COMMAND", "GIT_SSH", "GIT_ASKPASS", "SSH_ASKPASS",
)  # fmt: skip
_OFFLINE = (
    "Could not resolve host", "Couldn't resolve host", "Could not resolve hostname",
    "unable to look up", "Failed to connect", "Connection refused", "Connection timed out",
    "Network is unreachable", "No route to host", "unable to connect", "Connection reset",
    "hung up unexpectedly", "early EOF", "Operation timed out", SILENT,
)  # fmt: skip
# A missing program that git is configured to use: ssh's, or the one for another kind of address.
_NO_PROGRAM = re.compile(r"cannot run [^\n:]+|git: 'remote-[^'\n]+' is not a git command")
_NOWHERE = (
    "does not appear to be a git repository", "Repository not found", "repository not found",
    "not found", "No such file or directory", "not exported",
)  # fmt: skip
#: gitmem's own pushes set this, to the git directory they push from; their hooks inherit it.
PUSHING = "GITMEM_PUSHING"
# Options of git itself whose value is a word of its own (git(1), OPTIONS).
_VALUED = frozenset(
    (b"-C", b"-c", b"--git-dir", b"--work-tree", b"--namespace", b"--super-prefix", b"--config-env",
     b"--attr-source")
)  # fmt: skip
_DEEPEST = 32  # processes between a hook's command and git: shells, package runners


class NotReached(Unreachable):
    """The remote was not reached."""


class Declined(Unreachable):
    """The remote was reached and declines the push; ``lasting``: it will decline the next one, too."""

    def __init__(self, message: str, *, hint: str, lasting: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.lasting = lasting


class NoOptions(Declined):
    """The server takes no push options; nothing was sent."""


class Talk:
    """How git may talk to a remote: what gets its progress, and whether it may ask a person.

    ``hears`` gets the bytes of git's stderr as they come. ``alone``: no person is present, so nothing
    may open a window or wait for a passphrase.
    """

    __slots__ = ("alone", "hears")

    def __init__(
        self, hears: Callable[[bytes], None] | None = None, *, alone: bool = False
    ) -> None:
        self.hears = hears
        self.alone = alone

    @property
    def env(self) -> Mapping[str, str]:
        """The variables that keep git, ssh and credential helpers from asking when no person is present."""
        if not self.alone:
            return {}
        return {
            "GIT_ASKPASS": "",
            "SSH_ASKPASS": "",
            "SSH_ASKPASS_REQUIRE": "never",
            "GCM_INTERACTIVE": "never",
        }


def fetch(
    repo: Repository,
    remote: str,
    refs: Sequence[str],
    talk: Talk,
    *,
    options: Sequence[str] = (),
    config: Sequence[str] = (),
) -> str:
    """Fetch refspecs; return the full name of a ref that the remote does not have, else empty.

    With an absent ref nothing is fetched. ``config`` goes to git as `-c`. Raises NotReached.
    """
    shown = "--progress" if talk.hears else "--no-progress"
    done = repo.git(
        *STREAMED,
        *[word for pair in config for word in ("-c", pair)],
        *_FETCH,
        shown,
        *options,
        "--end-of-options",
        remote,
        *refs,
        ok=ANY,
        env=talk.env,
        hears=_without_absent(talk.hears),
        patience=_PATIENCE,
    )
    objects.cache_of(
        repo
    ).clear()  # what is reachable may have changed: --depth moves the end of a history
    # With --depth, git ends with 1 and without a message where a pattern matches nothing.
    if not done.code or (done.code == 1 and not done.said.strip()):
        return ""
    absent = [line for line in done.said.splitlines() if line.startswith(_ABSENT)]
    if absent:
        return absent[0].removeprefix(_ABSENT)
    raise _not_reached(repo, remote, done.said)


def _without_absent(hears: Callable[[bytes], None] | None) -> Callable[[bytes], None] | None:
    """Return the listener without git's message that a missing ref is fatal."""
    if hears is None:
        return None
    mark = _ABSENT.encode()

    def heard(said: bytes) -> None:
        lines = said.splitlines(keepends=True)
        kept = b"".join(line for line in lines if not line.startswith(mark))
        if kept:
            hears(kept)

    return heard


def list_refs(repo: Repository, remote: str, talk: Talk, *patterns: str) -> dict[str, str]:
    """Return the refs of a remote that match: full name to object name. Raises NotReached."""
    done = repo.git(
        "ls-remote",
        "--refs",
        "--end-of-options",
        remote,
        *patterns,
        ok=ANY,
        env=talk.env,
        patience=_PATIENCE,
    )
    if done.code:
        raise _not_reached(repo, remote, done.said)
    rows = [line.partition("\t") for line in done.text.splitlines()]
    return {name: oid for oid, _, name in rows}


def push(repo: Repository, remote: str, oid: str, ref: str, talk: Talk) -> bool:
    """Push a commit to a ref, never by force; return False when another push was faster.

    The person's own pre-push hook runs, as in every push. Raises NotReached and Declined.
    """
    return _push(repo, remote, f"{oid}:{ref}", talk) is not None


def push_review(
    repo: Repository,
    remote: str,
    spec: str,
    talk: Talk,
    *,
    expected: str | None = None,
    options: Sequence[str] = (),
) -> str | None:
    """Push a review (``<oid>:<ref>``); return the server's message, None when the ref moved meanwhile.

    ``expected`` is the value that the ref must have there (empty: no such ref; None: no force at all).
    A review may be made again, so the push need not be a fast-forward: the lease keeps everything that
    this clone has not seen. ``options`` are push options. Raises NotReached, Declined, and NoOptions
    where the server takes none; nothing is sent then.
    """
    words = [f"--push-option={option}" for option in options]
    if expected is not None:
        words.append(f"--force-with-lease={spec.partition(':')[2]}:{expected}")
    return _push(repo, remote, spec, talk, *words)


def fetch_url(repo: Repository, remote: str) -> str:
    """Return the address of a fetch from the remote, after git's own rewriting; nothing is opened."""
    return repo.git("ls-remote", "--get-url", "--end-of-options", remote, ok=ANY).text


def push_url(repo: Repository, remote: str) -> str:
    """Return the address of a push to the remote, after git's own rewriting; empty when git does not say."""
    said = repo.git("remote", "get-url", "--push", remote, ok=ANY).text
    return said.splitlines()[0] if said else ""


def has_ref(repo: Repository, remote: str, ref: str, talk: Talk) -> bool:
    """Whether the remote lists a ref of that full name. Raises NotReached."""
    done = repo.git(
        "ls-remote", "--end-of-options", remote, ref, ok=ANY, env=talk.env, patience=_PATIENCE
    )
    if done.code:
        raise _not_reached(repo, remote, done.said)
    return any(line.endswith("\t" + ref) for line in done.text.splitlines())


def _push(repo: Repository, remote: str, spec: str, talk: Talk, *options: str) -> str | None:
    """Push, and return the server's message; None when another push was faster."""
    flaw = _hook_flaw(repo)
    if flaw:  # git reports that and then waits for ever (git 2.39)
        raise Declined(flaw, hint="make the hook one that runs; every push needs it", lasting=True)
    shown = "--progress" if talk.hears else "--no-progress"
    done = repo.git(
        "-c",
        "push.pushOption=",  # the options of the person's own pushes are not for this one
        "push",
        "--porcelain",
        "--no-follow-tags",
        "--recurse-submodules=no",
        "--no-signed",
        shown,
        *options,
        remote,
        spec,
        ok=ANY,
        env={**talk.env, PUSHING: os.path.realpath(repo.common)},
        hears=talk.hears,
        patience=_PATIENCE,
    )
    if not done.code:
        return "\n".join(_heard(done.said))
    if _NO_OPTIONS in done.said:
        raise NoOptions(f"{remote} takes no push options", hint="")
    rows = [line.split("\t") for line in done.text.splitlines() if line.startswith("!\t")]
    told = [row[2] for row in rows if len(row) > 2]  # noqa: PLR2004 - flag, refs, result
    if not told:
        raise _unanswered(repo, remote, done)
    taken = _TAKEN.search(done.said)
    if taken:
        raise _no_room(remote, taken[1], spec.partition(":")[2])
    if any(word in told[0] for word in _RACES):
        return None
    raise _declined(remote, told[0], done.said)


def _heard(said: str) -> list[str]:
    """Return the server's own lines."""
    lines = [line for line in said.splitlines() if line.startswith("remote:")]
    return [word for word in (line.removeprefix("remote:").strip() for line in lines) if word]


def _unanswered(repo: Repository, remote: str, done: ProcessResult) -> Unreachable:
    """Return the error for a push that ended before the remote said anything about the ref."""
    said = done.said
    no_lease = "underlying transport does not support" in said
    if no_lease or (done.code == 1 and "remote:" not in said and not _fatal(said)):
        if os.path.isfile(push_url(repo, remote).removeprefix("file://")):
            return Declined(
                f"{remote} is a file (a bundle, say): git fetches from one and cannot push to it",
                hint=f"share through another remote: git config gitmem.remote NAME (now {remote})",
                lasting=True,
            )
        if no_lease:
            return _not_reached(repo, remote, said, pushed=True)
        if _hook(repo):
            return Declined(
                f"a hook of this clone (pre-push) declined the push to {remote}",
                hint="see what the hook asks for; it runs for every push, also this one",
                lasting=True,
            )
        return Declined(f"git did not push to {remote}, and gave no reason", hint="")
    return _not_reached(repo, remote, said, pushed=True)


def _no_room(remote: str, there: str, ref: str) -> Declined:
    """Return the error for a ref whose name is below, or above, that of another branch."""
    name = there.removeprefix("refs/heads/")
    return Declined(
        f"{remote} has a branch {name}, so it cannot have {ref.removeprefix('refs/heads/')} beside it",
        hint=f"rename the branch {name} there; git keeps no branch below another one's name",
        lasting=True,
    )


def _hook(repo: Repository) -> str:
    """Return the pre-push hook that git starts here; empty for none."""
    named = repo.git("rev-parse", "--git-path", "hooks/pre-push", ok=ANY).text
    path = os.path.join(repo.top, named)
    return path if named and os.path.isfile(path) and os.access(path, os.X_OK) else ""


def _hook_flaw(repo: Repository) -> str:
    """Return why the kernel cannot start that hook (execve(2), "Interpreter scripts"); empty when it can."""
    path = _hook(repo)
    first = _first_line(path) if path else b""
    # Blanks and tabs end the program's name; a carriage return is part of it.
    named = first.removeprefix(b"#!").strip(b" \t") if first.startswith(b"#!") else b""
    word = re.split(rb"[ \t]", named, maxsplit=1)[0]
    if not word or (os.path.isfile(word) and os.access(word, os.X_OK)):
        return ""
    program = os.fsdecode(word)
    return f"the hook {path} cannot be started: there is no program {program!r}, which its first line names"


def _first_line(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_FIRST).partition(b"\n")[0]
    except OSError:  # a program that may run and that we may not read
        return b""


def _declined(remote: str, told: str, said: str) -> Declined:
    reason = told.partition("(")[2].removesuffix(")") or told
    heard = " ".join(_heard(said))[:300]
    about = f": {heard}" if heard else ""
    protected = "protected" in reason or "protected" in heard.lower()
    if protected:
        hint = "let people push the gitmem/ branches there: except them from the branch protection"
    elif "hook declined" in reason:
        hint = (
            "the server's rules refuse this push; its administrator can except the gitmem/ branches"
        )
    else:
        hint = "the server could not take it; its own log says more"
    return Declined(f"{remote} declined the push ({reason}){about}", hint=hint, lasting=protected)


def _not_reached(repo: Repository, remote: str, said: str, *, pushed: bool = False) -> NotReached:
    """Return the error with one sentence and what to do, from git's message; ``pushed``: of a push."""
    why = _fatal(said) or (said.strip().splitlines() or ["git said nothing"])[-1]
    if any(word in said for word in _LOGIN):
        hint = f"make sure that `git fetch {remote}` works here without asking for a password"
        told, handed = (
            repo.environ,
            process.clean(repo.environ),
        )  # a scratch repository adds its own
        unheard = [name for name in _UNHEARD if name in told and told[name] != handed.get(name)]
        if unheard:
            hint += (
                f"; a login in {unheard[0]} is not handed on, one in a git configuration file is"
            )
        return NotReached(f"{remote} did not let git in: {why}", hint=hint)
    missing = _NO_PROGRAM.search(said)
    if missing:
        return NotReached(
            f"git cannot talk to {remote}: {missing[0]}",
            hint=f"see what it is asked to use: git remote get-url {remote}, git config core.sshCommand",
        )
    if any(word in said for word in _OFFLINE):
        return NotReached(
            f"{remote} was not reached: {why}", hint="run it again when the remote can be reached"
        )
    if any(word in said for word in _NOWHERE):
        return NotReached(
            f"there is no repository at {remote}: {why}",
            hint=f"see where it points: git remote get-url {'--push ' if pushed else ''}{remote}",
        )
    return NotReached(f"git could not talk to {remote}: {why}")


def _fatal(said: str) -> str:
    """Return the first error line without its mark; ssh's lines come before git's."""
    lines = said.splitlines()
    for line, following in pairwise([*lines, ""]):
        if (
            line.startswith(("fatal: ", "error: ", "ssh: "))
            and "failed to push some refs" not in line
        ):
            words = line.partition(": ")[2].strip()
            return f"{words} {following.strip()}".strip() if words.endswith(":") else words
    return ""


def is_own_push(repo: Repository, environ: Mapping[str, str]) -> bool:
    """Whether a push that gitmem started from this repository runs this command."""
    return environ.get(PUSHING, "") == os.path.realpath(repo.common)


def _command(words: Sequence[bytes]) -> bytes:
    """Return git's command, behind its own options: ``push`` may also be a word in a commit's message."""
    left = iter(words)
    for word in left:
        if word in _VALUED:
            next(left, b"")
        elif not word.startswith(b"-"):
            return word
    return b""


def below_push() -> bool:
    """Whether an ancestor of this process is a `git push`; False where the system does not tell (macOS).

    Source: `stat` and `cmdline` in proc(5).
    """
    process = os.getppid()
    for _ in range(_DEEPEST):
        if process <= 1:
            return False
        try:
            words = local.read_there(f"/proc/{process}/cmdline").split(b"\0")
            told = local.read_there(f"/proc/{process}/stat")
        except OSError:
            return False
        if os.path.basename(words[0]) == b"git" and _command(words[1:]) == b"push":
            return True
        process = int(told.rpartition(b")")[2].split()[1])
    return False
