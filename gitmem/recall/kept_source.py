"""Which index answers now, without git: the source of the last one beside all that it depends on.

Which commit decides is told by git, the settings and refs, and asking costs a dozen processes. The answer is
kept with the state of every file that it came from. While all of them are as they were, it holds; else it
answers nothing, and `gitmem recall` asks again. Only one case is kept: the settings stand in the work tree.
"""

from __future__ import annotations

import os

from gitmem.git import local, repository
from gitmem.recall import view
from gitmem.recall.index import source
from gitmem.records import plain_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitmem.git.repository import Repository
    from gitmem.records.target import Target

_VERSION = b"gitmem-source 1"
_NAME = "recall-source"
_LARGEST = 1 << 18  # bytes; the settings are most of it, and have 64,000 at most
_MOST_FILES = 64  # of git's configuration; who has more is not answered from here
_LEADING = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "HOME", "XDG_CONFIG_HOME")  # fmt: skip
_SYMBOLIC = b"ref:"


def known(repo: Repository) -> str:
    """Return the source of the index that answers now, as `open_kept` takes it; empty where git has to be asked."""
    content = local.read_plain(_path(repo), _LARGEST)
    version, _, rest = content.partition(b"\n")
    kept, _, rest = rest.partition(b"\n")
    named, _, files = rest.partition(b"\n")
    names = os.fsdecode(named).split(" ")
    listed = os.fsdecode(files.partition(b"\n")[0]).split("\t")
    if version != _VERSION or not kept or len(content) > _LARGEST:
        return ""
    if rest != _seen(repo, names, listed):
        return ""
    return kept.decode("utf-8", "surrogateescape")


def remember(repo: Repository, find: Callable[[], tuple[Target, str, str]]) -> None:
    """Keep what `known` answers from now on, where that can be told.

    ``find`` asks for the target, the commit that is searched and the memory folder. It is asked twice: what changes between the two would
    else be kept as what the first answer came from. Raises OSError, and what ``find`` raises.
    """
    settings = plain_settings.in_work_tree(repo)
    if not settings or known(repo):
        return
    where, _, _ = find()
    names = [*where.looked_at, "refs/remotes/" + (where.remote or "origin") + "/HEAD"]
    listed = _configurations(repo)
    if not listed or any("\t" in name or "\n" in name for name in listed):
        return
    if any(_is_symbolic(repo, name) for name in where.looked_at):
        return  # what it leads to is not looked at
    seen = _seen(repo, names, listed)
    again, commit, folder = find()
    if again.looked_at != where.looked_at or again.remote != where.remote or not commit:
        return
    kept = source(commit, folder).encode("utf-8", "surrogateescape")
    content = b"\n".join((_VERSION, kept, seen))
    if b"\n" in kept or len(content) > _LARGEST:
        return
    local.make_folder(os.path.dirname(_path(repo)))
    lock = local.Lock(_path(repo) + ".lock")
    if lock.attempt():
        try:
            local.write_whole(_path(repo), content)
        finally:
            lock.release()


def _path(repo: Repository) -> str:
    """A linked work tree has a HEAD and settings of its own, so it has a file of its own; git removes both."""
    folder = repo.folder if repo.git_dir == repo.common else f"{repo.git_dir}/{repository.FOLDER}"
    return f"{folder}/{_NAME}"


def _seen(repo: Repository, names: Sequence[str], listed: Sequence[str]) -> bytes:
    """All that the target and the settings depend on, as bytes to compare."""
    from gitmem.core import agent_clients as clients

    lines = [os.fsencode(" ".join(names)), os.fsencode("\t".join(listed))]
    lines += [local.state_of(name) for name in listed]
    lines += [os.fsencode(repo.env.get(name, "-")) for name in _LEADING]
    lines += [os.fsencode(repo.top), b"inside" if clients.inside(repo.environ) else b"-"]
    lines.append(local.state_of(repo.git_dir + "/reftable/tables.list"))
    lines.append(local.state_of(repo.common + "/shallow"))  # what contains what
    lines.append(view.depends(repo, names))
    # A change within one tick of the file system's clock leaves the state as it was; a person edits this file.
    lines.append(plain_settings.in_work_tree(repo))
    return b"\n".join(lines)


def _configurations(repo: Repository) -> list[str]:
    """The files of git's configuration: those that it reads, and the usual places where one may appear."""
    answer = repo.git("config", "--list", "-z", "--show-origin", "--name-only", ok=(0, 1, 128))
    origins = os.fsdecode(answer.out).split("\0")[::2]
    read = [name.removeprefix("file:") for name in origins if name.startswith("file:")]
    home = repo.env.get("HOME", "")
    usual = [
        repo.env.get("GIT_CONFIG_SYSTEM", "/etc/gitconfig"),
        repo.env.get("GIT_CONFIG_GLOBAL", f"{home}/.gitconfig"),
        repo.env.get("XDG_CONFIG_HOME", f"{home}/.config") + "/git/config",
        f"{repo.common}/config",
        f"{repo.git_dir}/config.worktree",
    ]
    files = dict.fromkeys(os.path.join(repo.top, name) for name in [*read, *usual])
    return [] if answer.code or len(files) > _MOST_FILES else list(files)


def _is_symbolic(repo: Repository, ref: str) -> bool:
    return local.read(f"{repo.common}/{ref}").startswith(_SYMBOLIC)
