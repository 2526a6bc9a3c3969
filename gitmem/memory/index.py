"""MEMORY.md: the index that clients load, derived from the files beside it (pure).

Claude Code cuts such a file at 200 lines or 24.4 KB (measured with 2.1.328); the index stays below both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitmem.markdown import managed_block
from gitmem.markdown.blocks import BlockKind, blocks
from gitmem.markdown.lines import front_value, split_lines
from gitmem.memory.topics import pending
from gitmem.safety.active import find_active
from gitmem.safety.harmless import harmless
from gitmem.safety.paths import INDEX_NAME, PENDING_NAME
from gitmem.safety.text import find_hidden

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_LINES = 200
MAX_BYTES = 24_000
MAX_DESCRIPTION = 150

NOTE = "derived by gitmem from the files in this folder; edit those, not this list"

_HEADING = "# Memory\n"
_PENDING_LINE = f"- [PENDING]({PENDING_NAME}): Open questions and todos."
# Other characters could end the link, or hide in it.
_NAME = re.compile(r"[^\x00-\x1f\x7f\[\]<>\\`|!]+")


def update_index(existing: str | None, files: Mapping[str, str], *, folder: str = "memory") -> str:
    """Return MEMORY.md with its list brought up to date; a person's text around the list stays.

    ``existing`` is its text (None: no such file). ``files`` maps paths in the repository to texts; files
    outside the folder are ignored. Raises NeedsPerson when the marks around the list are broken.
    """
    base = existing if existing and existing.strip() else _HEADING
    frame = managed_block.put(base, [], note=NOTE)
    # The list stands between two blank lines.
    lines, size = len(split_lines(frame)) + 2, len(frame.encode()) + 2 * len("\r\n")
    names = _names(files, folder)
    listed = [_entry(name, files[f"{folder}/{name}"]) for name in names if _linkable(name)]
    last = [_PENDING_LINE] if pending(files.get(f"{folder}/{PENDING_NAME}", "")) else []
    content = _fitted(
        listed, last, odd=len(names) - len(listed), lines=MAX_LINES - lines, size=MAX_BYTES - size
    )
    return managed_block.put(base, content, note=NOTE)


def _names(files: Mapping[str, str], folder: str) -> list[str]:
    inside = [path.removeprefix(f"{folder}/") for path in files if path.startswith(f"{folder}/")]
    return sorted(
        name
        for name in inside
        if name.endswith(".md") and "/" not in name and name not in {INDEX_NAME, PENDING_NAME}
    )


def _linkable(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and find_hidden(name) is None


def _entry(name: str, text: str) -> str:
    label = name.removesuffix(".md")
    target = f"<{name}>" if re.search(r"[\s()]", name) else name
    told = _description(text)
    if not told or told.casefold() == label.replace("-", " ").casefold():
        return f"- [{label}]({target})"
    return f"- [{label}]({target}): {told}"


def _description(text: str) -> str:
    """Return a file's description on one line; empty when it must not be repeated."""
    headings = (block.text for block in blocks(text) if block.kind is BlockKind.HEADING)
    told = " ".join(harmless(front_value(text, "description") or next(headings, "")).split())
    if len(told) > MAX_DESCRIPTION:
        told = told[: MAX_DESCRIPTION - 1].rsplit(" ", 1)[0] + "…"
    return "" if find_hidden(told) or find_active(told) else told


def _fitted(
    listed: Sequence[str], last: Sequence[str], *, odd: int, lines: int, size: int
) -> list[str]:
    """Return the list within ``lines`` and ``size`` bytes, ending with a count of what does not fit.

    ``odd`` is the number of files that are never listed because of their names.
    """
    kept = list(listed)
    whole = [*kept, *last]
    if odd or len(whole) > lines or _bytes(whole) > size:
        closing = [*last, "", _rest(len(listed) + odd)]
        lines -= len(closing)
        size -= _bytes(closing)
        used = _bytes(kept)
        while kept and (len(kept) > lines or used > size):
            used -= _bytes([kept.pop()])
        whole = [*kept, *last, "", _rest(len(listed) + odd - len(kept))]
    return whole


def _rest(count: int) -> str:
    told = "1 topic is" if count == 1 else f"{count} topics are"
    return f"{told} not listed here; look into this folder."


def _bytes(lines: Sequence[str]) -> int:
    r"""Return the size of the lines in UTF-8, each with the longer line end, ``\r\n``."""
    return sum(len(line.encode()) + len("\r\n") for line in lines)
