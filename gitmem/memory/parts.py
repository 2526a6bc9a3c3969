"""The parts of a topic: a file that is full goes on in `<topic>-2.md` (pure).

A topic is loaded by file, so that the newest part is loaded where not all of them fit.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from gitmem.markdown.lines import front_value
from gitmem.memory.imports import PART, imported_size, topic_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BULLET = len("- \n")


class Parts:
    """The topic files of a tree and what is added to them, to say which one takes the next line.

    ``of`` maps the path of a further part to the name of its topic.
    """

    __slots__ = ("_folder", "_sizes", "of")

    def __init__(self, folder: str, files: Mapping[str, str]) -> None:
        """``files``: repository path to text; those outside of ``folder`` are ignored."""
        self._folder = folder
        paths = [f"{folder}/{name}" for name in topic_names(files, folder)]
        self._sizes = {path: imported_size(files[path]) for path in paths}
        told = {path: front_value(files[path], "part_of") for path in paths}
        self.of = {path: topic for path, topic in told.items() if topic}

    def with_room(self, path: str, line: str, fits: Callable[[str], bool] = lambda _: True) -> str:
        """Return the file that takes ``line`` for the topic of ``path``: its newest part, or the next.

        ``fits`` tells whether what goes with the line has room beside a file. What is not a topic file
        takes its own lines.
        """
        if not topic_names({path: ""}, self._folder):
            return path
        size = len(line.encode()) + _BULLET
        last = self._newest(path)
        full = last in self._sizes and self._sizes[last] + size > PART
        if full or not fits(last):
            last = self._next(last)
        self._sizes[last] = self._sizes.get(last, 0) + size
        return last

    def put(self, path: str, line: str, topic: str = "") -> str:
        """Return ``path``, which takes ``line`` whatever its size; ``topic`` is what it is a new part of."""
        if topic and path != f"{self._folder}/{topic}.md":
            self.of.setdefault(path, topic)
        self._sizes[path] = self._sizes.get(path, 0) + len(line.encode()) + _BULLET
        return path

    def _newest(self, path: str) -> str:
        topic = self._topic(path)
        parts = [one for one, whole in self.of.items() if whole == topic]
        return max(parts, key=_number, default=f"{self._folder}/{topic}.md")

    def _next(self, path: str) -> str:
        topic = self._topic(path)
        first = _number(path) + 1 if path in self.of else 2
        names = (f"{self._folder}/{topic}-{number}.md" for number in count(first))
        part = next(name for name in names if name not in self._sizes)
        self.of[part] = topic
        return part

    def _topic(self, path: str) -> str:
        return self.of.get(path) or path.rpartition("/")[2].removesuffix(".md")


def _number(path: str) -> int:
    """The number at the end of a part's name; 1 without one."""
    tail = path.removesuffix(".md").rpartition("-")[2]
    return int(tail) if tail.isascii() and tail.isdecimal() else 1
