"""Make the view of what landed lines say of each path (`gitmem.recall.view`)."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from gitmem.core.errors import GitmemError
from gitmem.git import local
from gitmem.markdown.lines import front_matter_lines, split_lines
from gitmem.memory import tree_reader
from gitmem.memory.imports import scopes, topic_names
from gitmem.memory.passages import line_key, row_text
from gitmem.queue import decisions
from gitmem.recall.index import asked, source
from gitmem.recall.line import topic_key
from gitmem.recall.view import END, GLOB, HELD, OFF, VERSION, depends, path_of
from gitmem.records import drain_record, plain_settings, record_files, target
from gitmem.safety.showable import showable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from gitmem.git.repository import Repository
    from gitmem.recall.index import Index

_Row: TypeAlias = (
    "tuple[tuple[str, ...], tuple[str, ...], str]"  # paths, globs, what an entry is read from
)

_TOPIC = 2_000  # bytes of a topic that is shown whole
_MOST = 64  # lines kept for one path; three are shown at a time


def refresh(repo: Repository) -> None:
    """Make the view of the target's tree, and the index it comes from. Raises OSError.

    Without a target, with a memory that cannot be read, or where the person wants no showings, the view
    says nothing; `gitmem status` says what is the matter.
    """
    names = ["HEAD"]
    seen = depends(repo, names)
    content = OFF + b"\n"
    with suppress(GitmemError):
        where = target.find(repo, target.configured_name(repo))
        names = [*where.looked_at]
        seen = depends(repo, names)
        commit, _ = target.leading_commit(repo, where)
        if not _is_off(repo) and commit:
            content = _content(repo, commit)
    local.make_folder(repo.folder)
    lock = local.Lock(path_of(repo) + ".lock")
    if lock.attempt():
        local.write_whole(path_of(repo), VERSION + b"\n" + seen + END + content)
        lock.release()


def _is_off(repo: Repository) -> bool:
    """Whether the person wants no showings; any file may say so, because it only takes words away."""
    return repo.git("config", "--get", "gitmem.recall", ok=(0, 1)).text.strip().lower() == "off"


def _content(repo: Repository, commit: str) -> bytes:
    folder = plain_settings.memory_folder(repo)
    wrong = _wrong(repo, commit)
    rows, unloaded, held = asked(repo, commit, folder, lambda index: _lines(index, wrong))
    keys: defaultdict[str, list[bytes]] = defaultdict(list)
    globs: list[bytes] = []
    lines: list[bytes] = []
    size = 0
    for paths, patterns, text in [*rows, *_topics(repo, commit, folder, wrong)]:
        row = text.encode("utf-8", "replace")
        place = b"%d:%d" % (size, len(row))
        lines.append(row)
        size += len(row)
        globs += [GLOB + pattern.encode("utf-8", "replace") + b"\t" + place for pattern in patterns]
        for path in paths:
            if len(keys[path]) < _MOST:
                keys[path].append(place)
    kept_back = [HELD + " ".join(held).encode()] if held else []
    aside = b"".join(row + b"\n" for row in [*kept_back, *globs])
    table = key_rows(keys)
    counts = b"on %d %d %d " % (unloaded, len(aside), len(table))
    return counts + source(commit, folder).encode() + b"\n" + aside + table + b"".join(lines)


def key_rows(places: Mapping[str, Sequence[bytes]]) -> bytes:
    """Return the rows of paths with the places of their lines, in the order in which a view is searched."""
    named = sorted(
        (path.encode("utf-8", "surrogateescape"), b" ".join(of_path))
        for path, of_path in places.items()
        if not {"\n", "\t"} & {*path}
    )
    return b"".join(b"%s\t%s\n" % row for row in named)


def _wrong(repo: Repository, commit: str) -> set[str]:
    """The `line_key` of each line that a flag of this clone says is wrong and that waits for its close."""
    corrections = decisions.corrections(repo)
    if not corrections:
        return set()
    records = record_files.newest_texts(repo, commit).values()
    drained = {one.flag.id for text in records for one in drain_record.read_outcomes(text)}
    waiting = [line for flag, line in corrections.items() if flag not in drained]
    return {line_key(line.partition(": ")[2]) for line in waiting}


def _lines(index: Index, wrong: Collection[str]) -> tuple[list[_Row], int, list[str]]:
    """The lines about some path, the newest first, how many of all are not loaded, and the keys held back."""
    every = [line for line in index.all() if showable(line.text)]
    held = [line.key for line in every if line_key(line.text) in wrong]
    lines = [line for line in every if line.key not in held]
    unloaded = sum(not line.loaded for line in lines)
    lines.sort(key=lambda line: line.at, reverse=True)
    rows: list[_Row] = [
        (line.about, (), f"{line.key}\t{line.file}:{line.number}\t{line.told}")
        for line in lines
        if line.about
    ]
    return rows, unloaded, held


def _topics(repo: Repository, commit: str, folder: str, wrong: Collection[str]) -> Iterator[_Row]:
    """The topics for certain files, each whole as far as it may be shown."""
    texts = tree_reader.read_tree(repo, commit, folder).texts
    for name in topic_names(texts, folder):
        text = texts[f"{folder}/{name}"]
        globs = tuple(glob for glob in scopes(text) if "\t" not in glob and "\n" not in glob)
        if globs:
            yield (), globs, f"{topic_key(name)}\t{folder}/{name}\t{_beginning(text, wrong)}"


def _beginning(text: str, wrong: Collection[str]) -> str:
    """As many whole lines of a topic as may be shown, without its front matter and what is wrong."""
    kept: list[str] = []
    size = 0
    for line in split_lines(text)[front_matter_lines(text) or 0 :]:
        size += len(line.encode())
        if size > _TOPIC:
            break
        if showable(line) and line_key(row_text(line.rstrip("\r\n"))) not in wrong:
            kept.append(line)
    return "".join(kept).strip()
