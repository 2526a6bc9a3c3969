"""The lines of memory that a session's start carries, kept ready for the boot hook (hot lane).

What a client does not load of itself is kept in ``gitmem/carried`` beside what it depends on, as
`gitmem.recall.view` keeps what is about a path. A file that does not hold any more answers nothing:
`gitmem.recall.carried_file` makes it again.
"""

from __future__ import annotations

from gitmem.git import local
from gitmem.recall.view import END, depends

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitmem.git.repository import Repository

VERSION = b"gitmem-carried 2"
#: Characters of all that a boot says. Beyond 10,000 Claude Code shows a beginning, and Codex cuts.
LONGEST = 9_000

# No line of memory that may be shown has one of these.
PARTS, BLOCKS, UNITS = "\x1c", "\x1d", "\x1e"
_HEADING = "#"
_AROUND = 3  # characters around a block's path: a colon, and the ends of two lines


class Block:
    """What is carried of one file: its repository path, its units in order, and how many lines are left out.

    A unit is a bullet with its body, a heading or a paragraph; it is carried whole or not.
    """

    __slots__ = ("left", "path", "units")

    def __init__(self, path: str, units: Sequence[str], left: int = 0) -> None:
        self.path = path
        self.units = units
        self.left = left


class Carried:
    """What can be carried.

    ``index`` is the list of memory, ``topics`` what it imports, the first to be kept first; both for
    a session that loads neither. ``tails`` are the newest lines of files that are too large to be
    loaded, for every session. ``rules`` are those of the instruction files and the rules for certain
    paths, for a client that does not load the file. ``trouble`` says why nothing can be.
    """

    __slots__ = ("index", "rules", "tails", "topics", "trouble")

    def __init__(
        self,
        index: Sequence[Block] = (),
        topics: Sequence[Block] = (),
        tails: Sequence[Block] = (),
        rules: Sequence[Block] = (),
        trouble: str = "",
    ) -> None:
        self.index = index
        self.topics = topics
        self.tails = tails
        self.rules = rules
        self.trouble = trouble


def fitted(
    blocks: Sequence[Block],
    room: int,
    *,
    newest: bool = True,
    size: Callable[[str], int] | None = None,
) -> list[Block]:
    """Return the blocks within ``room``, each unit whole; the first block is served first.

    Of a block that does not fit, the ``newest`` units that do are kept, else the first ones. A unit that is
    too long is passed over for what fits. A block of which nothing fits has no units. ``size`` measures a
    text; without it, characters are counted, as `width` does.
    """
    measure = size or width
    found = []
    for block in blocks:
        rest = room - measure(block.path) - _AROUND
        order = reversed(block.units) if newest else iter(block.units)
        kept: list[str] = []
        for unit in order:
            needed = measure(unit) + 1
            if needed <= rest:
                kept.append(unit)
                rest -= needed
        if not [unit for unit in kept if not unit.startswith(_HEADING)]:
            kept = []
        if kept:
            room = rest
        left = block.left + lines(block.units) - lines(kept)
        found.append(Block(block.path, kept[::-1] if newest else kept, left))
    return found


def lines(units: Sequence[str]) -> int:
    """Return how many lines of memory the units are: a heading is none."""
    return len([unit for unit in units if not unit.startswith(_HEADING)])


def width(text: str) -> int:
    """Return the characters of a text as clients count them, in UTF-16."""
    if text.isascii():
        return len(text)
    return len(text) + len([letter for letter in text if letter > "\uffff"])


def read(repo: Repository) -> Carried | None:
    """Return what is kept; None where it has to be made again."""
    try:
        content = local.read(path_of(repo))
        head, _, body = content.partition(END)
        if head != VERSION + b"\n" + state_of(repo):
            return None
        parts = body.decode("utf-8").split(PARTS)
        index, topics, tails, rules = [_blocks(part) for part in parts[:4]]
        return Carried(index, topics, tails, rules, *parts[4:])
    except (OSError, ValueError, TypeError):
        return None


def keep(repo: Repository, seen: bytes, carried: Carried) -> None:
    """Keep what was made while the repository looked like ``seen``. Raises OSError."""
    told = carried.index, carried.topics, carried.tails, carried.rules
    blocks = [_text(part) for part in told]
    body = PARTS.join([*blocks, carried.trouble]).encode("utf-8", "replace")
    local.make_folder(repo.folder)
    lock = local.Lock(path_of(repo) + ".lock")
    if lock.attempt():
        local.write_whole(path_of(repo), VERSION + b"\n" + seen + END + body)
        lock.release()


def state_of(repo: Repository) -> bytes:
    """Return all that the memory of the commit checked out depends on, as bytes to compare."""
    head = local.read(repo.git_dir + "/HEAD").strip().decode("utf-8", "surrogateescape")
    return depends(repo, [head.removeprefix("ref: ")] if head.startswith("ref: ") else [])


def path_of(repo: Repository) -> str:
    """Return where it is kept: a linked work tree has another commit checked out, so it has its own."""
    own = "" if repo.git_dir == repo.common else "-" + repo.git_dir.rpartition("/")[2]
    return f"{repo.folder}/carried{own}"


def _blocks(part: str) -> list[Block]:
    found = []
    for block in part.split(BLOCKS) if part else []:
        path, left, *units = block.split(UNITS)
        found.append(Block(path, units, int(left)))
    return found


def _text(blocks: Sequence[Block]) -> str:
    return BLOCKS.join(
        [UNITS.join([block.path, str(block.left), *block.units]) for block in blocks]
    )
