"""The engine at work in a real repository, called in this process: what the commands do, without their words."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from gitmem.capture import capture
from gitmem.capture import drop as reject
from gitmem.check.check import check as run_check
from gitmem.check.report import CheckRequest, CheckResult
from gitmem.close.close import CloseRequest, CloseResult
from gitmem.close.close import close as run_close
from gitmem.core.flag import new_id
from gitmem.core.jsonline import dumps
from gitmem.drain.ports import Engine
from gitmem.drain.verbatim import Verbatim
from gitmem.git import repository
from gitmem.queue.journal import Journal
from gitmem.records import snapshot, tidy
from gitmem.review import review
from gitmem.review.accept import AcceptResult
from gitmem.review.accept import accept as run_accept
from tests.support.sandbox import Sandbox

AT = "2026-11-20T10:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Somebody at work in a sandbox; ``folder`` is the memory folder, ``target`` the configured one."""

    sandbox: Sandbox
    folder: str = "memory"
    target: str = "main"

    @property
    def repo(self) -> repository.Repository:
        return repository.discover(str(self.sandbox.path), os.environ)

    def flag(self, text: str, kind: str = "fact", **fields: str) -> str:
        """Captures as `gitmem flag` does; the id."""
        return self.keep(capture.FlagDraft(text, kind=kind, **fields))

    def keep(self, wish: capture.FlagDraft) -> str:
        """The same for a wish with any of its fields."""
        wanted = [capture.checked(wish, cwd=str(self.sandbox.path), repo=self.repo)]
        return capture.keep(self.repo, wanted, session={"session": "s1"}, at=AT).flags[0].id

    def foreign_flag(self, line: str = "", **fields: object) -> str:
        """Puts a line into the journal that no guard of this version has seen; its id."""
        flag_id = new_id(os.urandom(12))
        whole = {"v": 1, "id": flag_id, "kind": "fact", "text": "x", **fields}
        Journal(self.repo.folder).append([line.replace("ID", flag_id) or dumps(whole)])
        return flag_id

    def close(
        self,
        *,
        here: bool = False,
        everything: bool = False,
        dry_run: bool = False,
        engine: Engine | None = None,
    ) -> CloseResult:
        wanted = CloseRequest(
            engine=engine or Verbatim(),
            configured=self.target,
            folder=self.folder,
            here=here,
            everything=everything,
            dry_run=dry_run,
        )
        return run_close(self.repo, wanted)

    def accept(self, *, dry_run: bool = False, tainted: bool = False) -> AcceptResult:
        return run_accept(
            self.repo,
            configured=self.target,
            folder=self.folder,
            dry_run=dry_run,
            tainted=tainted,
        )

    def land(self) -> AcceptResult:
        """Close and accept."""
        self.close()
        return self.accept()

    def drop(self, flag_id: str, reason: str = "not true") -> reject.Dropped:
        return reject.drop(self.repo, flag_id, reason, configured=self.target, at=AT)

    def discard(self) -> review.DiscardResult:
        return review.discard(self.repo, self.target)

    def check(self) -> CheckResult:
        return run_check(self.repo, CheckRequest(configured=self.target, offline=True))

    def status(self) -> snapshot.Snapshot:
        """What `gitmem status` does: publish, heal, look."""
        return tidy.settle(self.repo, self.target)[0]

    def states(self) -> dict[str, list[str]]:
        """The flags' texts by where they stand, without empty ones; looks only."""
        state = snapshot.take(self.repo, self.target).state
        return {
            name: sorted(flag.text for flag in flags)
            for name, flags in state.by_state.items()
            if flags
        }

    def show(self, path: str, ref: str = "gitmem/drain") -> str:
        return self.sandbox.git("show", f"{ref}:{path}") + "\n"

    def lines(self, path: str, ref: str = "gitmem/drain") -> list[str]:
        """The bullets of a memory file at a ref."""
        text = self.sandbox.git("show", f"{ref}:{path}", check=False)
        return [line[2:] for line in text.splitlines() if line.startswith("- ")]

    def head(self, ref: str) -> str:
        return self.sandbox.git("rev-parse", "--verify", "--quiet", ref, check=False)

    def clone(self, name: str, *options: str) -> Desk:
        """Another person's clone of this repository, beside it."""
        path = self.sandbox.path.with_name(name)
        self.sandbox.git("clone", "--quiet", *options, self.sandbox.path.as_uri(), str(path))
        return Desk(sandbox=Sandbox(path), folder=self.folder, target=self.target)

    def footprint(self) -> dict[str, str]:
        """Hashes of all that a close must not touch: work tree, git's index, HEAD, stash, config."""
        top = self.sandbox.path
        git = Path(self.repo.git_dir)
        files = [path for path in top.rglob("*") if ".git" not in path.relative_to(top).parts]
        files += [git / name for name in ("index", "HEAD", "config", "logs/HEAD", "refs/stash")]
        found = {str(path.relative_to(top)): _hash(path) for path in files if _is_file(path)}
        found["branches"] = self.sandbox.git(
            "for-each-ref",
            "--format=%(refname) %(objectname)",
            "refs/heads/main",
            "refs/heads/side",
        )
        return found


def whole(folder: Path) -> dict[str, str]:
    """Path to hash and mode of every file below a folder."""
    return {
        str(path.relative_to(folder)): f"{_hash(path)} {path.lstat().st_mode:o}"
        for path in folder.rglob("*")
        if _is_file(path)
    }


def _is_file(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def _hash(path: Path) -> str:
    content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
    return hashlib.sha256(content).hexdigest()
