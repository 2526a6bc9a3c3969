"""The section of a skill that a new line belongs to, when nobody has said which."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.drain.plan import Op
from gitmem.markdown.lines import rows
from gitmem.markdown.sections import sections
from gitmem.memory import likeness as alike
from gitmem.safety.paths import Target, writable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.drain.plan import Operation
    from gitmem.memory.memory_tree import Ground


def placed(
    operations: Sequence[Operation], ground: Ground, flags: Mapping[str, Flag]
) -> list[Operation]:
    """The operations, a line for a skill with the section whose words are most like its own."""
    return [
        replace(operation, section=_section(operation, ground, flags))
        if operation.op is Op.EDIT and not operation.section and _is_skill(operation, ground)
        else operation
        for operation in operations
    ]


def _is_skill(operation: Operation, ground: Ground) -> bool:
    try:
        target = writable(operation.file, folder=ground.folder)
    except Refused:
        return False
    return target is Target.SKILL and operation.file in ground.texts


def _section(operation: Operation, ground: Ground, flags: Mapping[str, Flag]) -> str:
    text = ground.texts[operation.file]
    lines = rows(text)
    parts = [part for part in sections(text) if part.title and not part.is_title]
    documents = [
        (part.title, "\n".join(lines[part.blocks[0].last + 1 : part.blocks[-1].last + 1]))
        for part in parts
    ]
    said = " ".join([operation.text, *[flags[key].text for key in operation.flags if key in flags]])
    best = alike.nearest(said, documents, title=2)
    return parts[best[0]].title if best else ""
