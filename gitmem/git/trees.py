"""Build a commit in the object database, or one again on another base, without work tree, index and hooks.

Also what keeps a file out of a commit: patterns of gitignore(5), filters, links.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.errors import GitmemError, Refused
from gitmem.core.failures import NeedsPerson
from gitmem.git import local, objects, refs
from gitmem.git.claim import temporary_folder
from gitmem.git.process import ANY, GitFailed
from gitmem.safety.paths import check_tree_entry, check_tree_parent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from gitmem.git.claim import Claim
    from gitmem.git.repository import Repository


_HINT = (
    "gitmem discard and gitmem close make the review again on the target; or rebase the branch "
    "gitmem/drain by hand, then accept"
)
_AUTHOR = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_DATE")

# Attributes under which git stores other bytes than it checks out (gitattributes(5)).
_REWRITING = ("filter", "working-tree-encoding", "ident")
_IGNORES = "git ignores"
_SILENT = ("-c", "core.hooksPath=/dev/null")  # `post-index-change` is about the person's own index
_UTF8 = ("-c", "i18n.commitEncoding=UTF-8")
_AT_ONCE = 100  # files named in one start of git
# For what git does not know, so that a missing identity does not stop a close.
_STAND_INS = {
    "GIT_AUTHOR_NAME": "gitmem",
    "GIT_AUTHOR_EMAIL": "gitmem@localhost",
    "GIT_COMMITTER_NAME": "gitmem",
    "GIT_COMMITTER_EMAIL": "gitmem@localhost",
}


class NotSigned(GitmemError):
    """The person's git signs commits and cannot sign this one."""

    exit_code = 8


def unshared(repo: Repository, base: str, paths: Collection[str]) -> dict[str, str]:
    """Return the paths that git ignores or a filter rewrites on top of a commit, each with the reason.

    ``base`` is the commit (empty: none). A tracked file is not ignored. Raises Refused when git cannot
    tell.
    """
    with temporary_folder() as folder:
        objections = _Index(repo, base, folder + "/index").objections(paths)
    return {path: f"{objection} it" for path, objection in objections.items()}


class _Index:
    """A private index that starts as the tree of a commit (``base`` empty: without a tree)."""

    def __init__(self, repo: Repository, base: str, file: str) -> None:
        self._repo = repo
        self._base = base
        self._file = file
        if base:
            objects.refuse_endless(repo, base)
        self._git("read-tree", base or "--empty")

    def objections(self, paths: Collection[str]) -> dict[str, str]:
        """Return the paths that git would not store as they are written, each with what acts on it."""
        reasons = dict.fromkeys(self._ignored(paths), _IGNORES)
        for path, attribute, value in self._attributes(paths):
            if value not in {"unspecified", "unset"}:
                reasons.setdefault(path, f"the attribute {attribute}={value} rewrites")
        return reasons

    def _ignored(self, paths: Collection[str]) -> list[str]:
        tracked = set(self._git("ls-files", "-z", "--", *paths).split("\0")) if paths else set()
        request = _zero_ended([path for path in paths if path not in tracked])
        done = self._repo.git(
            "check-ignore", "--no-index", "-z", "--stdin", stdin=request, ok=(0, 1, 128)
        )
        if done.code == 128:  # noqa: PLR2004 - a link or a repository on the way, in the work tree
            raise Refused(f"git cannot tell what it ignores: {done.said.strip()}")
        return [path for path in _text(done.out).split("\0") if path]

    def _attributes(self, paths: Collection[str]) -> Iterator[tuple[str, str, str]]:
        """Return path, attribute and value, from the .gitattributes of the staged tree."""
        fields = self._git(
            "check-attr", "--cached", "-z", "--stdin", *_REWRITING, stdin=_zero_ended(paths)
        ).split("\0")
        return zip(fields[::3], fields[1::3], fields[2::3], strict=False)

    def _git(self, *args: str, stdin: bytes = b"") -> str:
        env = {"GIT_INDEX_FILE": self._file, "GIT_LITERAL_PATHSPECS": "1"}
        return _text(self._repo.git(*_SILENT, *args, stdin=stdin, env=env).out).removesuffix("\n")


class Staging(_Index):
    """The index of a commit of gitmem's, while a claim is held."""

    def __init__(self, repo: Repository, base: str, claim: Claim) -> None:
        super().__init__(repo, base, claim.folder + "/index")
        self._folder = claim.folder

    def refuse_unshared(self, paths: Collection[str]) -> None:
        """Raise Refused for a path that git ignores, or whose bytes a filter rewrites.

        A tracked file is not ignored, whatever the patterns say.
        """
        self._refuse_links(paths)
        for path, objection in self.objections(paths).items():
            ignored = objection == _IGNORES
            raise Refused(
                f"{objection} {path}, so others would not read what is written there",
                hint="take the pattern out: `git check-ignore -v` with that path names it"
                if ignored
                else "except that path from the attribute in .gitattributes",
            )

    def write(self, files: Mapping[str, bytes | None]) -> str:
        """Add, replace or (None) remove files and return the tree's object name.

        Raises Refused for a path that is not a plain file or lies behind a link or a submodule.
        """
        self._refuse_links(files)
        made = self._stored([content for content in files.values() if content is not None])
        rows = [
            f"0 {'0' * len(self._base)}\t{path}\0"
            if content is None
            else f"100644 {next(made)}\t{path}\0"
            for path, content in files.items()
        ]
        request = "".join(rows).encode("utf-8", "surrogateescape")
        self._git("update-index", "-z", "--index-info", stdin=request)
        return self._git("write-tree")

    def _stored(self, contents: Sequence[bytes]) -> Iterator[str]:
        """Write blobs, many with one start of git; yield their object names in order."""
        for start in range(0, len(contents), _AT_ONCE):
            files = []
            for number, content in enumerate(contents[start : start + _AT_ONCE]):
                files.append(f"{self._folder}/blob-{number}")
                local.write_whole(files[-1], content)
            names = self._git("hash-object", "-w", "-t", "blob", "--no-filters", "--", *files)
            yield from names.split("\n")

    def _refuse_links(self, paths: Collection[str]) -> None:
        if not self._base:
            return
        wanted = {*paths, *(parent for path in paths for parent in _parents(path))}
        for entry in objects.path_entries(self._repo, self._base, *sorted(wanted)):
            if entry.path in wanted:  # git lists a folder on the way by its entries
                check = check_tree_entry if entry.path in paths else check_tree_parent
                check(entry.path, entry.mode, entry.type)


def commit(
    repo: Repository,
    tree: str,
    parents: Sequence[str],
    message: str,
    *,
    author: Mapping[str, str] | None = None,
) -> str:
    """Make one commit object and return its name. No ref moves and no hook runs.

    ``author`` are GIT_AUTHOR_* variables of a commit made again. The commit is signed when the person's
    git signs commits, and signed off with `git config gitmem.signOff true`; ``message`` then ends with
    trailers. Raises NotSigned, and GitFailed when git cannot make the commit.
    """
    known = repo.git("var", "GIT_COMMITTER_IDENT", ok=ANY)
    person = "" if known.code else known.text
    signed = _asked_to_sign(repo)
    arguments = ["-S"] if signed else []
    for parent in parents:
        arguments += ["-p", parent]
    env = {**({} if person else _STAND_INS), **(author or {})}
    body = (message + _sign_off(repo, message, person)).encode("utf-8", "surrogateescape")
    done = repo.git(*_UTF8, "commit-tree", tree, *arguments, stdin=body, ok=ANY, env=env)
    if done.code == 0:
        return done.text
    if signed:
        raise NotSigned(
            f"the review commit could not be signed: {done.said.strip()}",
            hint="commit.gpgSign is set; unlock the key, or unset it for this repository",
        )
    raise GitFailed(["commit-tree"], done.code, done.said)


def _asked_to_sign(repo: Repository) -> bool:
    """Return `commit.gpgSign` as the person set it (each start of git here overrides it)."""
    done = repo.git("config", "--type=bool", "--get-all", "commit.gpgSign", ok=ANY)
    # The last value is our own override from the command line.
    return done.text.splitlines()[:-1][-1:] == ["true"]


def _sign_off(repo: Repository, message: str, person: str) -> str:
    """Return the trailer by which the person certifies the commit, where they asked for it; else empty.

    Only a person known to git signs off, and each message once.
    """
    wanted = repo.git("config", "--type=bool", "--get", "gitmem.signOff", ok=ANY).text
    if wanted != "true" or not person:
        return ""
    line = f"Signed-off-by: {person.rpartition('>')[0]}>\n"
    return "" if line in message else line


def _parents(path: str) -> Iterator[str]:
    head, slash, _ = path.rpartition("/")
    while slash:
        yield head
        head, slash, _ = head.rpartition("/")


def _zero_ended(paths: Collection[str]) -> bytes:
    return "".join([path + "\0" for path in paths]).encode("utf-8", "surrogateescape")


def _text(said: bytes) -> str:
    return said.decode("utf-8", "surrogateescape")


def is_ignored(repo: Repository, path: str) -> bool:
    """Whether git ignores a path of the work tree that is not tracked.

    Raises Refused for a path behind a link or in a repository of its own: git does not tell there.
    """
    done = repo.git("check-ignore", "-q", "--", path, ok=(0, 1, 128))
    if done.code == 128 and ("symbolic link" in done.said or "in submodule" in done.said):  # noqa: PLR2004
        raise Refused(
            f"{path} is behind a link or in a submodule, where nothing is written",
            hint="for the memory folder set `memory:` in .gitmem/config.yaml to the folder itself; "
            "`.gitmem` has to be a folder of this repository",
        )
    if done.code > 1:
        raise GitFailed(["check-ignore"], done.code, done.said)
    return done.code == 0


def unmade_links(repo: Repository, *paths: str) -> dict[str, str]:
    """Return the paths that are links to git and plain files in this work tree, each with the link's text.

    A checkout makes such files where ``core.symlinks`` is false.
    """
    links = {}
    for row in repo.git("ls-files", "--stage", "-z", "--", *paths).out.split(b"\0"):
        head, _, path = row.decode("utf-8", "surrogateescape").partition("\t")
        mode, oid, *_ = [*head.split(" "), "", ""]
        if mode == "120000" and not os.path.islink(f"{repo.top}/{path}"):
            links[path] = repo.git("cat-file", "blob", oid).out.decode("utf-8", "surrogateescape")
    return links


class ReplayConflict(NeedsPerson):
    """The review and the target change the same place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file's content before and after a commit; None: no file."""

    before: bytes | None
    after: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A commit to make again: its message, its GIT_AUTHOR_* variables, and its changes by path."""

    message: str
    author: Mapping[str, str]
    changes: Mapping[str, FileChange]


def originals(repo: Repository, known: Sequence[str], tip: str) -> list[Original]:
    """Return the commits of ``tip`` that none of the ``known`` commits has, oldest first.

    A review with merges counts as one commit with all its changes. Raises ReplayConflict.
    """
    span = [tip, *["^" + commit for commit in known]]
    rows = repo.git("rev-list", "--reverse", "--topo-order", "--parents", *span).text
    commits = [row.split(" ") for row in rows.splitlines()]
    if all(len(commit) <= 2 for commit in commits):  # noqa: PLR2004 - itself and one parent
        return [_original(repo, oid, *parents) for oid, *parents in commits]
    start = _latest(repo, known, tip)
    own = [_original(repo, oid, *parents) for oid, *parents in commits if len(parents) < 2]  # noqa: PLR2004 - as above
    if not own:
        return []
    return [
        Original(
            message="\n".join(one.message for one in own),
            author=own[0].author,
            changes=_changes(repo, start, tip),
        )
    ]


def merges(repo: Repository, one: str, other: str) -> bool:
    """Whether git merges two commits without a conflict. No work tree and no ref changes.

    git before 2.38 cannot tell; then two commits merge when no file is changed on both sides.
    """
    done = repo.git("merge-tree", "--write-tree", "--no-messages", one, other, ok=ANY)
    if done.code in (0, 1):
        return done.code == 0
    base = refs.merge_base(repo, one, other)
    if not base:
        return False
    mine, yours = (
        set(
            repo.git("diff-tree", "-r", "--name-only", "--no-renames", "-z", base, tip).out.split(
                b"\0"
            )
        )
        for tip in (one, other)
    )
    return not (mine & yours) - {b""}


def _latest(repo: Repository, known: Sequence[str], tip: str) -> str:
    """Return the latest commit that ``tip`` has in common with a known one; empty without one."""
    latest = ""
    for commit in known:
        common = refs.merge_base(repo, commit, tip)
        if common and (not latest or refs.contains(repo, common, latest)):
            latest = common
    return latest


def _original(repo: Repository, oid: str, parent: str = "") -> Original:
    shown = repo.git(
        "log", "-1", "--no-show-signature", "--encoding=UTF-8", "--date=raw",
        "--format=%an%x00%ae%x00@%ad%x00%B", oid,
    ).out  # fmt: skip
    name, email, date, message = shown.decode("utf-8", "surrogateescape").split("\0", 3)
    author = dict(zip(_AUTHOR, (name, email, date), strict=True))
    return Original(message=message, author=author, changes=_changes(repo, parent, oid))


def _changes(repo: Repository, old: str, new: str) -> dict[str, FileChange]:
    start = old or repo.git("hash-object", "-t", "tree", "--stdin").text
    raw = repo.git("diff-tree", "-r", "-z", "--no-renames", start, new).out
    fields = raw.decode("utf-8", "surrogateescape").split("\0")
    changes = {}
    for meta, path in zip(fields[::2], fields[1::2], strict=False):
        _, mode, before, after, _ = meta.split(" ")
        if mode not in {"100644", "000000"}:
            raise ReplayConflict(
                f"the review makes {path} something other than a plain file, and the target moved",
                hint=_HINT,
            )
        changes[path] = FileChange(before=_blob(repo, before), after=_blob(repo, after))
    return changes


def _blob(repo: Repository, oid: str) -> bytes | None:
    return objects.blobs(repo, [oid])[0] if oid.strip("0") else None


def merged(
    repo: Repository, claim: Claim, path: str, *, ours: bytes | None, change: FileChange
) -> bytes | None:
    """Return a file's content with the change on top of ``ours``; None: deleted. Raises ReplayConflict."""
    if ours in (change.before, change.after):
        return change.after
    if ours is None or change.after is None:
        raise ReplayConflict(f"{path} was deleted on one side and changed on the other", hint=_HINT)
    names = [f"{claim.folder}/{side}" for side in ("ours", "base", "theirs")]
    contents = (ours, change.before or b"", change.after)
    for name, content in zip(names, contents, strict=True):
        local.write_whole(name, content)
    done = repo.git("merge-file", "-p", "--quiet", *names, ok=range(256))
    if done.code:
        raise ReplayConflict(
            f"{path} changed on the target and in the review at the same place", hint=_HINT
        )
    return done.out
