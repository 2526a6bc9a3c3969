"""The topics of memory by name, as the work tree has them (hot lane).

No file is read: a name says what a topic is. Names are slugs, so none of them says anything to a model.
"""

from __future__ import annotations

import os

from gitmem.core.errors import Refused
from gitmem.core.flag import slug
from gitmem.records.plain_settings import memory_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository

MOST = 16  # names in a sentence: some 60 tokens
_ENDING = ".md"
# They take what names no topic, so naming them helps nothing.
_CATCH_ALL = frozenset(["facts", "decisions", "gotchas", "preferences"])


def names(repo: Repository) -> list[str]:
    """Return the topics, the largest first; without further parts and those that take what names none."""
    sizes = _sizes(f"{repo.top}/{memory_folder(repo)}")
    whole = [name for name in sizes if _whole(name, sizes) not in _CATCH_ALL]
    return sorted(
        [name for name in whole if _whole(name, sizes) == name],
        key=lambda name: (-sizes[name], name),
    )


def sentence(repo: Repository) -> str:
    """Return what a model is told of the topics there are; empty without one."""
    found = names(repo)
    if not found:
        return ""
    more = f" and {len(found) - MOST} more" if len(found) > MOST else ""
    return (
        f"Topics of memory: {', '.join(sorted(found[:MOST]))}{more}. "
        "Where one fits, add: --topic NAME"
    )


def near(repo: Repository, name: str) -> str:
    """Return the topic that a new name may be another spelling of; empty for a topic and for no such one."""
    from gitmem.core.topic_names import alike

    there: Sequence[str] = [*_sizes(f"{repo.top}/{memory_folder(repo)}"), *sorted(_CATCH_ALL)]
    return "" if name in there else next((one for one in sorted(there) if alike(name, one)), "")


def _sizes(folder: str) -> dict[str, int]:
    try:
        with os.scandir(folder) as entries:
            found = [
                (entry.name[: -len(_ENDING)], entry.stat(follow_symlinks=False).st_size)
                for entry in entries
                if entry.name.endswith(_ENDING)
            ]
    except OSError:
        return {}
    return {name: size for name, size in found if _is_slug(name)}


def _is_slug(name: str) -> bool:
    try:
        return slug(name) == name
    except Refused:
        return False


def _whole(name: str, there: dict[str, int]) -> str:
    """Return the topic that a file is a further part of, else the topic itself."""
    whole, _, number = name.rpartition("-")
    return whole if number.isdecimal() and (whole in there or whole in _CATCH_ALL) else name
