"""What a landing does with an instruction file that has local edits: only our block is ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.errors import GitmemError, Refused
from gitmem.drain import assemble
from gitmem.memory import instructions
from gitmem.safety.paths import Target, writable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.git.fast_forward import Merge


def merger(folder: str) -> Merge:
    """Merges the landing's block into a file of the work tree; every edit around it is kept.

    ``folder`` is the memory folder. Answers None when anything would be lost: another kind of file,
    or a block that is none of ours, because somebody edited it.
    """

    def merge(path: str, versions: Mapping[str, bytes | None]) -> bytes | None:
        if not _is_instructions(path):
            return None
        try:
            old, new, here = [(versions[name] or b"").decode() for name in ("old", "new", "here")]
            block = _block(here)
            ours = {_block(old), _block(new), _block(assemble.with_block(path, "", folder))}
            if block is None or _block(new) is None or block not in ours:
                return None
            return instructions.transplant_block(new, here).encode()
        except (UnicodeDecodeError, GitmemError):
            return None  # git says what is in the way

    return merge


def _is_instructions(path: str) -> bool:
    try:
        return writable(path) is Target.INSTRUCTIONS
    except Refused:
        return False


def _block(text: str) -> str | None:
    """The block, whatever the line ends."""
    block = instructions.block_of(text)
    return None if block is None else block.replace("\r\n", "\n")
