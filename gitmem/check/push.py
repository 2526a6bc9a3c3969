"""What one push sends, as git or pre-commit tells a pre-push hook (githooks(5)) (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_BRANCH = "refs/heads/"
_OURS = "refs/heads/gitmem/"
_FIELDS = 4  # local ref, local oid, remote ref, remote oid


class Push(NamedTuple):
    """One push that is under way.

    ``branches`` maps the branches it moves at the remote, by short name, to the commits it sends;
    ``names`` are the local branches that these come from. ``own``: it sends only gitmem's own
    branches. A push of tags, or one that only deletes, has no branches. ``known``: the hook was told
    what the push sends.
    """

    branches: Mapping[str, str] = {}
    names: frozenset[str] = frozenset()
    own: bool = False
    known: bool = True


def from_hook(lines: Iterable[str]) -> Push | None:
    """Return the push that a pre-push hook's standard input names; None when the lines are not git's."""
    rows = [line.split(" ") for line in lines if line.strip()]
    if not rows or any(len(row) != _FIELDS or not _is_oid(row[1]) for row in rows):
        return None
    sent = [(local, oid, ref) for local, oid, ref, _ in rows if oid.strip("0")]
    own = all(ref.startswith(_OURS) for _, _, ref, _ in rows)
    return _push(sent, own=own)


def from_pre_commit(environ: Mapping[str, str]) -> Push | None:
    """Return the push that pre-commit's variables name; None outside a pre-push stage."""
    ref = environ.get("PRE_COMMIT_REMOTE_BRANCH", "")
    if not ref:
        return None
    local = environ.get("PRE_COMMIT_LOCAL_BRANCH", "")
    return _push([(local, environ.get("PRE_COMMIT_TO_REF", ""), ref)], own=ref.startswith(_OURS))


def _push(sent: Iterable[tuple[str, str, str]], *, own: bool) -> Push:
    branches: dict[str, str] = {}
    names: set[str] = set()
    for local, oid, ref in sent:
        if not ref.startswith(_BRANCH) or ref.startswith(_OURS):
            continue
        branches[ref.removeprefix(_BRANCH)] = oid
        if local.startswith(_BRANCH):
            names.add(local.removeprefix(_BRANCH))
    return Push(branches=branches, names=frozenset(names), own=own)


def _is_oid(word: str) -> bool:
    return len(word) in (40, 64) and not word.strip("0123456789abcdef")
