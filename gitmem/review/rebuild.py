"""Make the review again on a target that moved; the index is derived anew."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import dropwhile
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.drain.assemble import fresh
from gitmem.git import objects, replay, trees
from gitmem.memory import guard_file
from gitmem.memory import topics as memory
from gitmem.memory import tree as base
from gitmem.memory.index import update_index
from gitmem.records import in_tree as records
from gitmem.review.taking_out import emptied, without_items
from gitmem.safety.paths import INDEX_NAME, Target, writable

if TYPE_CHECKING:
    from gitmem.git.claim import Claim
    from gitmem.git.replay import Change, Original
    from gitmem.git.repository import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The tip of a review, and commits whose history is none of it: the target's and its upstream's."""

    tip: str
    known: tuple[str, ...]


def rebuilt(repo: Repository, claim: Claim, review: Review, *, onto: str, folder: str) -> str:
    """The last of the review's commits made again on ``onto``; ``onto`` when all have landed.

    Raises `replay.Conflict` when both changed the same place, and Refused.
    """
    landed = records.at(repo, onto).keys()
    originals = replay.originals(repo, review.known, review.tip)
    # What comes before the first record is no part of the review: history that was rewritten.
    for original in dropwhile(lambda original: not _records(original), originals):
        made = _records(original)
        if not made or not made <= landed:
            onto = _again(repo, claim, original, onto, folder)
    return onto


def _records(original: Original) -> set[str]:
    return {path for path in original.changes if path.startswith(records.FOLDER)}


def _again(repo: Repository, claim: Claim, original: Original, onto: str, folder: str) -> str:
    held = _contents(repo, onto, list(original.changes))
    index = f"{folder}/{INDEX_NAME}"
    files = {
        path: _merged(repo, claim, path, held.get(path), change, folder)
        for path, change in original.changes.items()
        if path != index
    }
    if any(path.startswith(folder + "/") for path in original.changes):
        files[index] = _index(repo, onto, files, folder)
    staging = trees.Staging(repo, onto, claim)
    staging.refuse_unshared([path for path in files if _kind(path, folder) is not None])
    tree = staging.write(files)
    if tree == repo.git("rev-parse", onto + "^{tree}").text:
        return onto
    return trees.commit(repo, tree, [onto], original.message, author=original.author)


def _merged(
    repo: Repository, claim: Claim, path: str, ours: bytes | None, change: Change, folder: str
) -> bytes | None:
    """Lists of independent lines unite; everything else merges as git does."""
    if ours is not None and ours != change.before:
        try:
            text = _united(path, ours.decode(), change, _kind(path, folder))
        except (UnicodeDecodeError, Refused):
            text = None
        if text is not None:
            gone = change.after is None and (not text.strip() or emptied(text))
            return None if gone else text.encode()
    return replay.merged(repo, claim, path, ours=ours, change=change)


def _united(path: str, ours: str, change: Change, kind: Target | None) -> str | None:
    """Both versions in one where their lines are independent of each other; else None."""
    before = None if change.before is None else change.before.decode()
    after = (change.after or b"").decode()
    if change.after is None and before is not None and kind is not Target.GUARDS:
        after = without_items(before)  # a file that a forget took away because nothing was left
    if kind in {Target.TOPIC, Target.PENDING}:
        return united(fresh(path) if before is None else before, ours, after)
    if kind is Target.SCOPED and before is not None:
        return united(before, ours, after)
    return guard_file.united(before or "", ours, after) if kind is Target.GUARDS else None


def _kind(path: str, folder: str) -> Target | None:
    try:
        return writable(path, folder=folder)
    except Refused:
        return None


def _index(repo: Repository, onto: str, files: dict[str, bytes | None], folder: str) -> bytes:
    ground = base.read(repo, onto, folder)
    texts = {**dict.fromkeys(ground.odd, ""), **ground.texts}
    existing = texts.pop(f"{folder}/{INDEX_NAME}", None)
    for path, content in files.items():
        if content is None:
            texts.pop(path, None)
        else:
            texts[path] = content.decode("utf-8", "replace")
    return update_index(existing, texts, folder=folder).encode()


def _contents(repo: Repository, commit: str, paths: list[str]) -> dict[str, bytes]:
    """Path to content of those of the paths that are plain files at a commit."""
    found = [entry for entry in objects.entries(repo, commit, *paths) if entry.path in set(paths)]
    contents = objects.blobs(repo, [entry.oid for entry in found])
    return {entry.path: content for entry, content in zip(found, contents, strict=True)}


def united(before: str, one: str, other: str) -> str | None:
    """``one`` with the bullets that ``other`` added to ``before``, or the other way round.

    A fact that is there already is not added twice. None when both sides did more than add
    bullets as a close adds them: then the place of a line matters.
    """
    for kept, extended in ((one, other), (other, one)):
        added = _added(before, extended)
        if added is not None:
            there = {memory.fact_key(fact.text) for fact in memory.facts(kept)}
            new = [line for line in added if memory.fact_key(line) not in there]
            return memory.add_facts(kept, new)
    return None


def _added(before: str, after: str) -> list[str] | None:
    """The bullets that make ``after`` of ``before``; None when more than that changed."""
    known = {memory.fact_key(fact.text) for fact in memory.facts(before)}
    facts = [fact.text for fact in memory.facts(after)]
    added = [text for text in facts if memory.fact_key(text) not in known]
    return added if memory.add_facts(before, added) == after else None
