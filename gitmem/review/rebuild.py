"""Rebuild the review on a target that moved; the index is derived again."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import dropwhile
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.drain.assemble import fresh
from gitmem.git import objects, trees
from gitmem.markdown.lines import front_value
from gitmem.memory import guard_file, topics, tree_reader
from gitmem.memory.details.sections import new_file as new_details
from gitmem.memory.details.sections import united as united_details
from gitmem.memory.index import update_index
from gitmem.memory.topics import emptied
from gitmem.records import record_files
from gitmem.records.drain_record import REVIEWED, newest_by_file
from gitmem.review.removal import without_items
from gitmem.safety.paths import INDEX_NAME, PathKind, writable

if TYPE_CHECKING:
    from gitmem.git.claim import Claim
    from gitmem.git.repository import Repository
    from gitmem.git.trees import FileChange, Original


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewTip:
    """The tip of a review, and the commits whose history is not part of it: target and upstream."""

    tip: str
    known: tuple[str, ...]


def rebuilt(repo: Repository, claim: Claim, review: ReviewTip, *, onto: str, folder: str) -> str:
    """Return the tip of the review rebuilt on ``onto``; ``onto`` itself when all has landed.

    Raises `trees.ReplayConflict` when both sides changed the same place, and Refused.
    """
    landed = record_files.at(repo, onto).keys()
    originals = trees.originals(repo, review.known, review.tip)
    # Commits before the first record are rewritten history, not part of the review.
    for original in dropwhile(lambda original: not _records(original), originals):
        made = _records(original)
        if not made or not made <= landed:
            onto = _again(repo, claim, original, onto, folder)
    return onto


def _records(original: Original) -> set[str]:
    return {path for path in original.changes if path.startswith(record_files.FOLDER)}


def _again(repo: Repository, claim: Claim, original: Original, onto: str, folder: str) -> str:
    held = _contents(repo, onto, list(original.changes))
    index = f"{folder}/{INDEX_NAME}"
    worded = f"\n{REVIEWED}: " in original.message
    files = {
        path: (_reworded(path, held.get(path), change, folder) if worded else None)
        or _merged(repo, claim, path, held.get(path), change, folder)
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


def _reworded(path: str, ours: bytes | None, change: FileChange, folder: str) -> bytes | None:
    """Return a memory file with a person's words in the place of the same lines; None for another change."""
    if _kind(path, folder) not in {PathKind.TOPIC, PathKind.PENDING, PathKind.SCOPED}:
        return None
    try:
        before, here, after = [
            (text or b"").decode() for text in (change.before, ours, change.after)
        ]
        text = reworded(before, here, after)
    except UnicodeDecodeError:
        return None
    return None if text is None else text.encode()


def _merged(
    repo: Repository, claim: Claim, path: str, ours: bytes | None, change: FileChange, folder: str
) -> bytes | None:
    """Unite lists of independent lines; merge everything else as git does."""
    if ours is not None and ours != change.before:
        try:
            text = _united(path, ours.decode(), change, _kind(path, folder))
        except (UnicodeDecodeError, Refused):
            text = None
        if text is not None:
            gone = change.after is None and (not text.strip() or emptied(text))
            return None if gone else text.encode()
    return trees.merged(repo, claim, path, ours=ours, change=change)


def _united(path: str, ours: str, change: FileChange, kind: PathKind | None) -> str | None:
    """Return both versions in one where their lines are independent; else None."""
    before = None if change.before is None else change.before.decode()
    after = (change.after or b"").decode()
    if change.after is None and before is not None and kind is not PathKind.GUARDS:
        after = without_items(before)  # a forget removed the emptied file
    if kind is PathKind.DETAILS and change.after is not None:
        empty = new_details(path.rpartition("/")[2])
        return united_details(empty if before is None else before, ours, after)
    if kind in {PathKind.TOPIC, PathKind.PENDING}:
        # Of two reviews that made a topic each has its description; the one that landed first stays.
        new = fresh(path, front_value(after, "part_of"), front_value(after, "description"))
        return united(new if before is None else before, ours, after)
    if kind is PathKind.SCOPED and before is not None:
        return united(before, ours, after)
    return guard_file.unite(before or "", ours, after) if kind is PathKind.GUARDS else None


def _kind(path: str, folder: str) -> PathKind | None:
    try:
        return writable(path, folder=folder)
    except Refused:
        return None


def _index(repo: Repository, onto: str, files: dict[str, bytes | None], folder: str) -> bytes:
    ground = tree_reader.read_tree(repo, onto, folder)
    texts = {**dict.fromkeys(ground.odd, ""), **ground.texts}
    existing = texts.pop(f"{folder}/{INDEX_NAME}", None)
    for path, content in files.items():
        if content is None:
            texts.pop(path, None)
        else:
            texts[path] = content.decode("utf-8", "replace")
    proposed = {
        path: texts[path]
        for path in files
        if path.startswith(record_files.FOLDER) and path in texts
    }
    return update_index(
        existing,
        texts,
        folder=folder,
        newest=newest_by_file({**record_files.newest_texts(repo, onto), **proposed}),
        budget=ground.budget,
    ).encode()


def _contents(repo: Repository, commit: str, paths: list[str]) -> dict[str, bytes]:
    """Return path to content, for the paths that are plain files at a commit."""
    files = [entry for entry in objects.entries(repo, commit, *paths) if entry.path in set(paths)]
    contents = objects.blobs(repo, [entry.oid for entry in files])
    return {entry.path: content for entry, content in zip(files, contents, strict=True)}


def united(before: str, one: str, other: str) -> str | None:
    """Return ``one`` with the bullets that ``other`` added to ``before``, or the reverse.

    A fact that is there already is not added twice. A link that one side gave to a line stays. None when both sides did more than add bullets
    as a close does: then the position of a line matters.
    """
    for kept, extended in ((one, other), (other, one)):
        links = _new_links(before, extended)
        for line in links:
            extended = topics.without_link(extended, line)  # noqa: PLW2901 - as if the lines had none
        added = _added(before, extended)
        if added is not None:
            present = {topics.fact_key(fact.text) for fact in topics.facts(kept)}
            new = [line for line in added if topics.fact_key(line) not in present]
            links |= {topics.bare(line): line[len(topics.bare(line)) :] for line in added}
            text = topics.add_facts(kept, new)
            for line, link in links.items():
                text = topics.with_link(text, line, link) if link else text
            return text
    return None


def reworded(before: str, ours: str, after: str) -> str | None:
    """Return ``ours`` with the words that ``after`` gave to lines of ``before``; None when it did more.

    So a line that a person reworded in a review keeps these words, wherever it stands now.
    """
    old, new = topics.raw_facts(before), topics.raw_facts(after)
    if len(old) != len(new):
        return None
    changed = {was: now for was, now in zip(old, new, strict=True) if was != now}
    try:
        for was, now in changed.items():
            before = topics.replace_fact(before, was, now)
            ours = topics.replace_fact(ours, was, now)
    except Refused:
        return None
    return ours if changed and before == after else None


def _new_links(before: str, after: str) -> dict[str, str]:
    """Return the lines of ``before`` without a link that have one in ``after``, each with its link."""
    plain = {*topics.raw_facts(before)}
    lines = [(topics.bare(raw), raw) for raw in topics.raw_facts(after)]
    return {line: raw[len(line) :] for line, raw in lines if raw != line and line in plain}


def _added(before: str, after: str) -> list[str] | None:
    """Return the bullets that ``after`` adds to ``before``; None when more changed."""
    known = {topics.fact_key(fact.text) for fact in topics.facts(before)}
    facts = topics.raw_facts(after)
    added = [text for text in facts if topics.fact_key(text) not in known]
    return added if topics.add_facts(before, added) == after else None
