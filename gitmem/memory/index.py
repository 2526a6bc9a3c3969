"""MEMORY.md: the index that clients load, derived from the files beside it (pure).

Below the line of a topic that fits the budget stands its import, so a client loads its facts. No text
of a topic is copied for that, so nothing in the index goes stale. Claude Code cuts an index of its own
memory at 200 lines or 24.4 KB (measured with 2.1.328); the list stays below both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitmem.core.bounds import BUDGET
from gitmem.markdown import managed_block
from gitmem.markdown.blocks import BlockKind, blocks
from gitmem.markdown.lines import split_lines
from gitmem.memory.imports import SCOPED, Imports, imports, topic_names
from gitmem.memory.topics import facts, own_description, pending
from gitmem.safety.active import find_active
from gitmem.safety.harmless import harmless
from gitmem.safety.paths import PENDING_NAME
from gitmem.safety.text import find_hidden

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_LINES = 200
MAX_BYTES = 24_000
MAX_DESCRIPTION = 150

NOTE = "derived by gitmem from the files in this folder; edit those, not this list"

_HEADING = "# Memory\n"
_NEWEST = 3  # facts that a topic without a description of its own is described by
_CLAUSE = re.compile(r"(?<=[^\W\d]{2})\.(?:\s|$)|[;:]\s|\s[(\u2013\u2014-]")
# Other characters could end the link, or hide in it.
_NAME = re.compile(r"[^\x00-\x1f\x7f\[\]<>\\`|!]+")


def update_index(
    existing: str | None,
    files: Mapping[str, str],
    *,
    folder: str = "memory",
    newest: Mapping[str, str] | None = None,
    budget: int = BUDGET,
) -> str:
    """Return MEMORY.md with its list brought up to date; a person's text around the list stays.

    ``existing`` is its text (None: there is no such file). ``files``: path in the repository to
    text; those outside the folder are ignored. ``newest`` and ``budget`` are those of
    `gitmem.memory.imports.imports`. Raises NeedsPerson when the marks around the list are broken.
    """
    base = existing if existing and existing.strip() else _HEADING
    frame = managed_block.put(base, [], note=NOTE)
    # The list stands between two blank lines.
    lines, size = len(split_lines(frame)) + 2, len(frame.encode()) + 2 * len("\r\n")
    imported = imports(files, newest or {}, folder=folder, budget=budget)
    names = topic_names(files, folder)
    listed = [
        _entry(name, files[f"{folder}/{name}"], imported) for name in names if _linkable(name)
    ]
    last = _pending(files.get(f"{folder}/{PENDING_NAME}", ""))
    content = _fitted(
        listed, last, odd=len(names) - len(listed), lines=MAX_LINES - lines, size=MAX_BYTES - size
    )
    return managed_block.put(base, content, note=NOTE)


def _linkable(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and find_hidden(name) is None


def _entry(name: str, text: str, imported: Imports) -> list[str]:
    """The line of a topic and its import, or what is in it and how to get it."""
    label = name.removesuffix(".md")
    target = f"<{name}>" if re.search(r"[\s()]", name) else name
    link = f"- [{label}]({target})"
    if name in imported.names:
        return [link, f"  @{name}"]
    told = _description(label, text)
    if imported.left[name].reason == SCOPED:
        return [f"{link}: {told}" if told else link]
    recall = f"`gitmem recall {label}`" if label.isascii() and " " not in label else ""
    more = f" ({recall})" if recall else ""
    return [f"{link}: {told}{more}" if told else link + more]


def _pending(text: str) -> list[str]:
    """How many items are open, and the newest of them."""
    items = pending(text)
    if not items:
        return []
    told = _cut(_safe(items[-1].text))
    count = f"{len(items)} open"
    return [
        f"- [PENDING]({PENDING_NAME}): {count}; the newest: {told}"
        if told
        else f"- [PENDING]({PENDING_NAME}): {count}"
    ]


def _description(label: str, text: str) -> str:
    """What is in a file, on one line; empty when nothing may be said of it.

    Its own words where a person or a model wrote some, else the beginnings of its newest facts.
    """
    told = own_description(label, text)
    if not told:
        newest = [_beginning(fact.text) for fact in facts(text)[: -_NEWEST - 1 : -1]]
        headings = (block.text for block in blocks(text) if block.kind is BlockKind.HEADING)
        told = "; ".join(one for one in newest if one) or next(headings, "")
    told = _cut(_safe(told))
    return "" if told.casefold() == label.replace("-", " ").casefold() else told


def _beginning(fact: str) -> str:
    """The first clause of a fact, without what a reader of the index would take for a link."""
    return _safe(_CLAUSE.split(fact, maxsplit=1)[0].strip())


def _safe(words: str) -> str:
    """``words`` on one line; empty when they may not be repeated in the index."""
    line = " ".join(harmless(words).split())
    return "" if find_hidden(line) or find_active(line) else line


def _cut(words: str) -> str:
    if len(words) > MAX_DESCRIPTION:
        words = words[: MAX_DESCRIPTION - 1].rsplit(" ", 1)[0] + "…"
    return "" if find_active(words) else words


def _fitted(
    listed: Sequence[Sequence[str]], last: Sequence[str], *, odd: int, lines: int, size: int
) -> list[str]:
    """Return the list within ``lines`` and ``size`` bytes, ending with a count of what does not fit.

    ``odd`` is the number of files that are never listed because of their names.
    """
    kept = list(listed)
    whole = [*_flat(kept), *last]
    if odd or len(whole) > lines or _bytes(whole) > size:
        closing = [*last, "", _rest(len(listed) + odd)]
        lines -= len(closing) + len(_flat(kept))
        size -= _bytes(closing) + _bytes(_flat(kept))
        while kept and (lines < 0 or size < 0):
            entry = kept.pop()
            lines += len(entry)
            size += _bytes(entry)
        whole = [*_flat(kept), *last, "", _rest(len(listed) + odd - len(kept))]
    return whole


def _flat(entries: Sequence[Sequence[str]]) -> list[str]:
    return [line for entry in entries for line in entry]


def _rest(count: int) -> str:
    told = "1 topic is" if count == 1 else f"{count} topics are"
    return f"{told} not listed here; look into this folder."


def _bytes(lines: Sequence[str]) -> int:
    r"""Return the size of the lines in UTF-8, each with the longer line end, ``\r\n``."""
    return sum(len(line.encode()) + len("\r\n") for line in lines)
