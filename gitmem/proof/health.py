"""The repository's side of `gitmem doctor`: git, identity, locks, the queue, and whether memory can be read.

Looks only. What a command that writes would mend by itself is said as such.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.boundaries import guard_tree
from gitmem.core import quantities
from gitmem.core.errors import GitmemError, Refused
from gitmem.git import local, personal, process, refs, remotes, trees
from gitmem.git.objects import Unreadable
from gitmem.git.process import ANY
from gitmem.git.repository import ARCHIVE, BRANCH, SETTINGS
from gitmem.install import install
from gitmem.install.shipped_files import GITHUB_CHECK, GITLAB_CHECK, Host, ShippedCi, is_shipped
from gitmem.loops import loops
from gitmem.memory import guard, instructions
from gitmem.memory.skills import FOLDERS, skill_in
from gitmem.proof import troubles
from gitmem.proof.finding import Finding, Mend, fail, ok, warn
from gitmem.queue import publisher, refused, spool
from gitmem.queue.fast_import import UNKNOWN_AUTHOR, current_author
from gitmem.queue.journal import Journal
from gitmem.records import record_files, snapshot, target
from gitmem.safety.text import visible
from gitmem.sync import push_hook
from gitmem.sync.push_hook import LINE, HookOwner, display_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitmem.git.repository import Repository
    from gitmem.records.snapshot import Snapshot

_STALE = 60.0  # seconds; git holds a ref's lock for milliseconds
_WEEK = 7 * 24 * 3600.0  # seconds in which a guard may wait for its first call before that is odd
_NAMED = 3  # patterns in a sentence
_REBUILD = "gitmem status sets what is broken aside and rebuilds from the journal"
_WAIT = "flags are safe in the journal until it lets go"
_BY_HAND = "look whether a git command is running; if none is, take that one file away by hand"


def look(
    repo: Repository,
    configured: str,
    now: float,
    hook_files: tuple[str, ...],
    entries: Sequence[Mapping[str, object]],
) -> list[Finding]:
    """Return all findings about the repository.

    ``configured`` is the shared target or empty, ``hook_files`` are the clients' files with hooks, ``entries``
    the last lines of the ledger.
    """
    checks: list[Callable[[], list[Finding]]] = [
        lambda: _git(repo),
        lambda: _identity(repo),
        lambda: _settings(repo),
        lambda: _sharing(repo, hook_files),
        lambda: _writable(repo),
        lambda: _locks(repo, now),
        lambda: _queue(repo, configured),
        lambda: _spool(repo, now),
        lambda: _guards(repo, configured, now),
        lambda: _ledger(entries, now),
    ]
    found: list[Finding] = []
    for check in checks:
        try:
            found += check()
        except GitmemError as error:
            found.append(fail("repository", error.message, error.hint))
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            found.append(fail("repository", f"{where}{error.strerror or error}"))
    return found


def _git(repo: Repository) -> list[Finding]:
    said = repo.git("version").text
    if (0, 0) < process.version(repo.env, repo.top) < process.OLDEST:
        oldest = ".".join(map(str, process.OLDEST))
        return [fail("git", f"{said} is too old", f"gitmem needs git {oldest} or newer")]
    return [ok("git", said)]


def _identity(repo: Repository) -> list[Finding]:
    who = current_author(repo)
    if who == UNKNOWN_AUTHOR:
        return [
            warn(
                "identity",
                f"git has no name for you here, or one that looks like a credential: flags are made by {who}",
                "git config user.name and user.email",
            )
        ]
    return [ok("identity", who)]


_LONGEST = 1 << 20  # bytes of an instruction file or of a hook that are looked at
# What decides who is asked, what is sent, and what starts by itself.
_DECIDING = ("engine", "command", "model", "host", "prCommand", "remote", "sync", "autoClose")


def _settings(repo: Repository) -> list[Finding]:
    """Choices of all the person's repositories that do not count in a session of this one."""
    found = []
    for key in _DECIDING:
        elsewhere = personal.elsewhere(repo, f"gitmem.{key}")
        if elsewhere:
            said = f"gitmem.{key} is set in {elsewhere}: inside an agent client it does not count"
            hint = f"to make it count, say it in this clone: git config --local gitmem.{key} VALUE"
            found.append(warn("settings", said, hint))
    return found


def _sharing(repo: Repository, hook_files: tuple[str, ...]) -> list[Finding]:
    """Files of the wiring that are here and that git ignores: they are in no other work tree or clone."""
    here = [
        path
        for path in (*hook_files, *map(skill_in, FOLDERS), SETTINGS)
        if Path(repo.top, path).is_file()
    ]
    for path in (install.CLAUDE, install.AGENTS):
        text = local.read_plain(f"{repo.top}/{path}", _LONGEST).decode("utf-8", "replace")
        here += [path] if instructions.has_block(text) else []
    alone = [path for path in here if trees.is_ignored(repo, path)]
    if not alone:
        return []
    return [warn("sharing", install.not_shared(alone, hook_files), install.how_to_share(alone))]


def _writable(repo: Repository) -> list[Finding]:
    for folder in (repo.common, repo.folder):
        if Path(folder).is_dir() and not os.access(folder, os.W_OK | os.X_OK):
            return [
                fail(
                    "git directory",
                    f"{folder} cannot be written: a flag goes into the spool, or answers NOT SAVED",
                    "a sandbox, or another owner",
                )
            ]
    return []


def _locks(repo: Repository, now: float) -> list[Finding]:
    """Locks that no process seems to hold: git's on gitmem's refs, and gitmem's own."""
    found = []
    names = [f"{ref}.lock" for ref in (BRANCH, ARCHIVE)] + ["packed-refs.lock", "HEAD.lock"]
    for name in names:
        seconds = _age(f"{repo.common}/{name}", now)
        if seconds > _STALE:
            said = f"git's lock {name} is {_minutes(seconds)} old: the queue branch cannot move"
            if not name.startswith("refs/"):
                said = f"git's lock {name} is {_minutes(seconds)} old: no ref can move"
            found.append(fail("lock", said, _BY_HAND))
    lock = local.Lock(repo.folder + "/publish.lock")
    if Path(repo.folder, "publish.lock").exists():
        if not lock.attempt(1.0):
            found.append(
                warn("lock", "another gitmem has held the publish lock for over a second", _WAIT)
            )
        lock.release()
    return found or [ok("locks", "none is left behind")]


def _queue(repo: Repository, configured: str) -> list[Finding]:
    journal = Journal(repo.folder)
    found: list[Finding] = []
    if journal.exists():
        journal.read()  # NeedsPerson for one that a newer gitmem wrote
    try:
        seen = snapshot.take(repo, configured)
    except Unreadable as broken:
        said = f"the queue branch cannot be read: {broken.message}"
        return [fail("queue", said, _REBUILD, mend=Mend.PUBLISH)]
    found += [
        warn(
            "queue", f"a line cannot be read: {line}", "docs/limitations.md says what becomes of it"
        )
        for line in seen.state.damaged[:3]
    ]
    if journal.exists() and seen.state.journaled:
        number = len(seen.state.journaled)
        reason = publisher.busy_gc(repo)
        found.append(
            warn(
                "queue",
                f"not on the branch yet, in the journal only: {number}"
                + (f" ({reason})" if reason else ""),
                "gitmem status publishes them, and so does gitmem doctor --fix",
                mend=Mend.PUBLISH,
            )
        )
    found += _objects(repo, seen)
    return found or [ok("queue", _counted(seen))]


def _spool(repo: Repository, now: float) -> list[Finding]:
    """Where a flag waits that a sandbox keeps from the git directory, and what of it was refused."""
    found = []
    known = spool.places(repo.folder)
    if known and not any(True for _ in spool.there(repo.folder)):
        said = f"what is at {known[0].path} is not the folder that a session's start made"
        then = "the next start of a session makes another; until then a flag in a sandbox answers NOT SAVED"
        found.append(warn("spool", said, then))
    number = spool.count(repo.folder, now)
    if number:
        said = f"not saved yet, in the spool only: {number}"
        then = "gitmem status saves them, and so does gitmem doctor --fix"
        found.append(warn("spool", said, then, mend=Mend.PUBLISH))
    lost = refused.read(repo.folder)
    if lost:
        said = f"{quantities.count(len(lost), 'spooled text')} refused: {lost[-1].reason}"
        found.append(warn("spool", said, "gitmem status shows each, and where it is kept"))
    return found or ([ok("spool", "nothing waits in it")] if known else [])


def _counted(seen: Snapshot) -> str:
    state = seen.state
    waiting = len(state.undrained) + len(state.unreadable)
    if not seen.known:
        return "nothing was flagged here yet"
    return f"journal and branch agree; {waiting} undrained, {len(state.in_review)} in review"


def _objects(repo: Repository, seen: Snapshot) -> list[Finding]:
    """Whether git can read everything that the queue's tip and the archive's need, contents too."""
    found = []
    for ref in (BRANCH, ARCHIVE):
        tip = seen.queue.tip if ref == BRANCH else refs.resolve(repo, ref)
        if not tip:
            continue
        done = repo.git("rev-list", "--objects", "--max-count=1", tip, ok=process.ANY)
        names = b"".join(line.split(b" ")[0] + b"\n" for line in done.out.splitlines())
        read = repo.git("cat-file", "--batch", stdin=names, ok=process.ANY)
        if done.code or read.code or b" missing\n" in read.out:
            said = (done.said or read.said).strip().splitlines() or ["an object is missing"]
            found.append(
                fail(
                    "queue",
                    f"{ref} cannot be read whole: {said[-1]}",
                    _REBUILD,
                    mend=Mend.PUBLISH,
                )
            )
    return found


def _guards(repo: Repository, configured: str, now: float) -> list[Finding]:
    """How many guards are in force, which never matched, and which lines of their file are none."""
    where = target.find(repo, configured)
    commit = where.local or where.upstream
    landed = guard_tree.landed(repo, commit).guards
    known, once = len(landed), sum(one.mode == guard.ONCE for one in landed)
    flaws = loops.guard_flaws(repo, configured)
    found = [
        warn("guard", f"{flaw}: it is never said", "docs/data-model.md has the shape")
        for flaw in flaws[:3]
    ]
    if not known:
        return found
    in_force = "1 guard is" if known == 1 else f"{known} guards are"
    holds = f", {once} of mode {guard.ONCE}" if once else ""
    found.append(ok("guards", f"{in_force} in force on {where.name}{holds}"))
    never = loops.unmatched_guards(repo, configured)
    if never:
        more = f" and {len(never) - _NAMED} more" if len(never) > _NAMED else ""
        names = ", ".join(visible(match) for match in never[:_NAMED])
        said = f"never matched a call in this clone: {names}{more}"
        fresh = now - _changed(repo, commit) < _WEEK
        hint = "a guard that cannot match is no fix: change or take out its line in " + guard.FILE
        found.append(ok("guards", said) if fresh else warn("guards", said, hint))
    return found


def _changed(repo: Repository, commit: str) -> float:
    """When the file of guards last changed, in seconds since 1970; 0 where history does not tell."""
    done = repo.git(
        "log", "-1", "--format=%ct", "--no-show-signature", commit, "--", guard.FILE, ok=process.ANY
    )
    return float(done.text) if done.text.isdigit() else 0.0


def _ledger(entries: Sequence[Mapping[str, object]], now: float) -> list[Finding]:
    """What the hooks' own record says: when one last ran, and what went wrong lately."""
    hooks = [entry for entry in entries if entry.get("event") not in troubles.RUNS]
    if hooks:
        when = quantities.since(str(hooks[-1].get("at", "")), now)
        found = [ok("ledger", f"{hooks[-1].get('event')} was the last hook, {when}")]
    else:
        said = "no hook has run in this clone yet"
        hint = "a session of your client runs them; gitmem doctor --fire tries them"
        found = [warn("ledger", said, hint)]
    wrong = troubles.troubles(entries, now)
    return [*found, *(warn("ledger", one.said, one.hint) for one in wrong)]


def _age(path: str, now: float) -> float:
    try:
        return now - Path(path).stat().st_mtime
    except OSError:
        return 0.0


def _minutes(seconds: float) -> str:
    minutes = int(seconds // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"  # noqa: PLR2004 - two hours


#: Where hook managers keep what a push runs: husky, lefthook, pre-commit (their own documentation).
_MANAGED = (
    ".husky/pre-push", "lefthook.yml", "lefthook.yaml", ".lefthook.yml", ".lefthook.yaml",
    ".pre-commit-config.yaml",
)  # fmt: skip

_SHARES = (b"gitmem sync", b"gitmem-sync", b"git mem sync")


def look_at_sharing(repo: Repository, shipped: ShippedCi) -> list[Finding]:
    """Return whether CI gets to see this clone's flags: empty where no CI is wired, or there is no remote."""
    files = {Host.GITHUB: GITHUB_CHECK, Host.GITLAB: GITLAB_CHECK}
    wired = [host for host, path in files.items() if Path(repo.top, path).exists()]
    try:
        remote = remotes.configured(repo)
    except remotes.NoRemote:
        return []
    if not wired:
        return []
    if personal.read(repo, "gitmem.sync").value.strip() == "auto":
        return [ok("sharing", f"a session's end shares the queue through {remote}")]
    hook = push_hook.find_hook(repo, partial(is_shipped, versions=shipped.versions))
    texts = [hook.path, *[f"{repo.top}/{path}" for path in _MANAGED]]
    if hook.owner is HookOwner.OURS or any(_shares(path) for path in texts):
        return [ok("sharing", f"a push shares the queue through {remote}")]
    if hook.owner in (HookOwner.NONE, HookOwner.PERSON):
        hint = f"gitmem init --ci {wired[0].value}"
    else:
        hint = f"add the line `{LINE}` to the pre-push hook in {display_path(repo, hook)[: -len('/pre-push')]}"
    said = (
        "CI is wired, but nothing in this clone shares the queue: CI sees only what somebody synced"
    )
    return [warn("sharing", said, hint)]


def _shares(path: str) -> bool:
    text = local.read_plain(path, _LONGEST)
    return any(
        word in line
        for line in text.splitlines()
        if not line.lstrip().startswith(b"#")
        for word in _SHARES
    )


def look_at_memory(repo: Repository, folder: str) -> list[Finding]:
    """Return findings about the memory folder; none where what a close writes is what this clone reads.

    ``folder`` is relative to the top of the work tree. Looks only.
    """
    return [*_rewritten(repo, folder), *_left_out(repo, folder)]


def _rewritten(repo: Repository, folder: str) -> list[Finding]:
    """A close refuses a path whose bytes a filter (LFS, git-crypt) would change."""
    paths = [
        f"{folder}/MEMORY.md",
        f"{folder}/topic.md",
        SETTINGS,
        f"{record_files.FOLDER}record.jsonl",
    ]
    try:
        reasons = trees.unshared(repo, refs.resolve(repo, "HEAD"), paths)
    except Refused as refused:
        return [fail("memory", refused.message, refused.hint)]
    found = {
        reason: path
        for path, reason in reversed(reasons.items())
        if reason.startswith("the attribute")
    }
    return [
        fail(
            "memory",
            f"{reason.removesuffix(' it')} {path}: every close that writes there is refused",
            f"except it in .gitattributes: {path.rpartition('/')[0]}/** -filter -ident "
            "-working-tree-encoding",
        )
        for reason, path in found.items()
    ]


def _left_out(repo: Repository, folder: str) -> list[Finding]:
    """git-sparse-checkout(1): what is not in the work tree, no client can load."""
    if repo.git("config", "--bool", "core.sparseCheckout", ok=ANY).text != "true":
        return []
    skipped = [
        row[2:]
        for row in repo.git("ls-files", "-z", "-t", "--", folder, ".gitmem").text.split("\0")
        if row.startswith("S ")
    ]
    if not skipped and _in_cone(repo, folder):
        return []
    return [
        warn(
            "memory",
            f"{folder}/ is outside this clone's sparse checkout, so the client loads nothing of it",
            f"git sparse-checkout add {folder} .gitmem",
        )
    ]


def _in_cone(repo: Repository, folder: str) -> bool:
    """Whether a folder that no file is tracked in yet would be checked out.

    In cone mode the folders are listed. Otherwise the patterns are gitignore's, and only one that
    names the folder or everything is understood.
    """
    listed = repo.git("sparse-checkout", "list", ok=ANY).text.splitlines()
    names = {line.strip().strip("/").removesuffix("/*") for line in listed}
    if f"!/{folder}" in names:
        return False
    parents = ["/".join(folder.split("/")[: at + 1]) for at in range(folder.count("/") + 1)]
    return bool(names.intersection(["*", "", *parents]))
