"""The managed block of a person's own instruction file: the text of their memory itself.

The file is read in every repository, far from where the memory is, so nothing is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.bounds import LARGEST_BUDGET
from gitmem.core.failures import NeedsPerson
from gitmem.core.quantities import count
from gitmem.git.repository import MINE
from gitmem.markdown import managed_block
from gitmem.memory.imports import imports, topic_names
from gitmem.memory.topics import facts
from gitmem.recall.carried import Block, fitted
from gitmem.safety.showable import showable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Bytes of the whole block, in every request of every session: a fifth of what a repository's memory may take.
LONGEST = 2_000
#: What the first mark of the block begins with. A repository's own block has another note.
NOTE = "your own memory, managed by gitmem; change it with gitmem --mine, not here"
MARK = f"<!-- gitmem:begin {NOTE} -->"

_ABOUT = "What is true of the person you work for, in every repository. What a repository says of itself comes first."
_CAPTURE = (
    "When you learn more that is true of the person in every repository, save it as one line, in single quotes:"
    " `gitmem flag --mine 'the fact'`; without `--mine` it is about the repository."
)
_EMPTY = "Nothing is known yet."


def own_lines(files: Mapping[str, str], newest: Mapping[str, str], *, folder: str) -> list[str]:
    """Return the lines of the block, without its marks, within `LONGEST` bytes with them.

    ``files`` maps path to text of the memory ``folder``, ``newest`` is that of `gitmem.memory.imports.imports`, whose
    order and refusals count. A topic that does not fit whole brings its newest lines that do.
    """
    order = imports(files, newest, folder=folder, budget=LARGEST_BUDGET).names
    every = sum(len(facts(files[f"{folder}/{name}"])) for name in topic_names(files, folder))
    blocks = [Block("", _units(files[f"{folder}/{name}"])) for name in order]
    room = LONGEST - len("\n".join([MARK, *_framed([], every, folder), managed_block.END]).encode())
    kept = [unit for block in fitted(blocks, room, size=_size) for unit in block.units]
    return _framed(kept, every - len(kept), folder)


def with_block(text: str | None, lines: Sequence[str]) -> str:
    """Return the instruction file (None: a new one) with these lines in its block.

    Text outside the block stays byte for byte. Raises NeedsPerson for a broken block, and for a repository's.
    """
    _refuse_others(text or "")
    return managed_block.put(text or "", lines, note=NOTE)


def without_block(text: str) -> str | None:
    """Return the file without the block; None when nothing is left. Raises as `with_block` does."""
    _refuse_others(text)
    return managed_block.cut(text) or None


def _refuse_others(text: str) -> None:
    if managed_block.find(text) is not None and MARK not in text:
        raise NeedsPerson(
            "there is a managed block of a repository in it",
            hint="take that block out, or keep your own memory out of this file",
        )


def _units(text: str) -> list[str]:
    return [unit for line in facts(text) if showable(unit := f"- {line.text}")]


def _framed(units: Sequence[str], left: int, folder: str) -> list[str]:
    """The lines around the units; ``left`` says how many more there are."""
    more = f"{count(left, 'more line')} in `~/{MINE}/{folder}/`: `gitmem --mine recall WORDS`"
    body = list(units) or ([] if left else [_EMPTY])
    return [_ABOUT, "", *body, *(["", more] if left else []), "", _CAPTURE]


def _size(text: str) -> int:
    return len(text.encode())
