"""One rung up: where the fix of a loop that came back goes (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.loops.guard_found import proposed
from gitmem.memory import guard as guards
from gitmem.memory.rungs import Climb, Rung, above, rung_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitmem.core.flag import Flag
    from gitmem.loops.rules import Loop
    from gitmem.memory.places import Places

_NO_GUARD = (
    "no guard could be made: no command or path is named that one could match (name it in "
    "backticks, or with --paths)"
)
_NOTHING_ABOVE = f"nothing stronger can be made, as no skill fits and {_NO_GUARD}"
_ABOVE_GUARD = "there is nothing above a guard; a person may set its mode to ask"


def climb(
    loop: Loop, places: Places, *, fits: Callable[[Sequence[Flag]], str], present: str = ""
) -> Climb:
    """Where the next edit of a loop goes, for one that came back.

    ``fits`` says which skill's file suits some flags (empty: none). ``present`` is where the flag
    would go on its own account; a stronger place than the loop's has the last word.
    """
    flags = [entry.flag for entry in loop.entries]
    edit = loop.edit.outcome if loop.edit else None
    now = rung_of(edit.file, places.folder) if edit else None
    root = loop.opened[0].flag.id
    if now is None:  # no edit has landed: there is nothing to climb from
        file = present or places.instructions
        return Climb(file=file, rung=rung_of(file, places.folder), remark="", root=root)
    for rung in above(now):
        found = _at(rung, flags, places, fits)
        if found:
            file, tools, match = found
            remark = f"a rung up from {now.value} to {rung.value}"
            return Climb(
                file=file,
                rung=rung,
                remark=remark,
                tools=tools,
                match=match,
                root=root,
                higher=True,
            )
    if now is Rung.GUARD:
        guard = proposed(flags)
        tools, match = guard or ((), "")
        remark = _ABOVE_GUARD if guard else f"{_ABOVE_GUARD}; {_NO_GUARD}"
        return Climb(
            file=guards.FILE if guard else places.instructions,
            rung=Rung.GUARD if guard else Rung.RULE,
            remark=remark,
            tools=tools,
            match=match,
            root=root,
        )
    return Climb(file=edit.file if edit else "", rung=now, remark=_NOTHING_ABOVE, root=root)


def _at(
    rung: Rung, flags: Sequence[Flag], places: Places, fits: Callable[[Sequence[Flag]], str]
) -> tuple[str, tuple[str, ...], str] | None:
    """File, tools and pattern on a rung; None when there is no place on it."""
    if rung is Rung.RULE:
        return places.instructions, (), ""
    if rung is Rung.SKILL:
        named = [places.skills[flag.skill] for flag in flags if flag.skill in places.skills]
        whole = [file for file in named if places.headed(file)]
        file = whole[-1] if whole else fits(flags)
        return (file, (), "") if file else None
    guard = proposed(flags)
    return (guards.FILE, *guard) if guard else None
