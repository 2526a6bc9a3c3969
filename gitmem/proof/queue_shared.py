"""Whether CI gets to see the flags of this clone: the doctor's look at what shares the queue."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.git import local, personal, remotes
from gitmem.install.shipped_files import GITHUB_CHECK, GITLAB_CHECK, Host, ShippedCi, is_shipped
from gitmem.proof.finding import Finding, ok, warn
from gitmem.sync import push_hook
from gitmem.sync.push_hook import LINE, HookOwner, display_path

if TYPE_CHECKING:
    from gitmem.git.repository import Repository

#: Where hook managers keep what a push runs: husky, lefthook, pre-commit (their own documentation).
_MANAGED = (
    ".husky/pre-push", "lefthook.yml", "lefthook.yaml", ".lefthook.yml", ".lefthook.yaml",
    ".pre-commit-config.yaml",
)  # fmt: skip

_SHARES = (b"gitmem sync", b"gitmem-sync", b"git mem sync")

_LONGEST = 1 << 20  # bytes of such a file that are looked at


def look(repo: Repository, shipped: ShippedCi) -> list[Finding]:
    """Whether CI gets to see this clone's flags: empty where no CI is wired, or there is no remote."""
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
