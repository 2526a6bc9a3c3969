"""The guard file: read as hostile text, written one line at a time (pure).

A close adds guards and removes none. It proposes ``mode`` once for a loop; only a person writes ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.markdown.rule_text import rule_of
from gitmem.memory import guard as guards
from gitmem.memory.guard import Guard
from gitmem.memory.topics import fact_key
from gitmem.safety.active import find_active
from gitmem.safety.secrets import find_secret
from gitmem.safety.text import find_hidden

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFile:
    """The guards of a file, and a sentence for each line that is not one."""

    guards: tuple[Guard, ...]
    flaws: tuple[str, ...]


def read_guards(text: str) -> GuardFile:
    """Return the valid guards of a file in order, up to the limit. Nothing else of it is ever shown."""
    if len(text.encode("utf-8", "surrogatepass")) > guards.LARGEST:
        return GuardFile(guards=(), flaws=(f"{guards.FILE} is longer than {guards.LARGEST} bytes",))
    good: list[Guard] = []
    flaws: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found = guards.parse(line)
            reason = unfit(found)
        except ValueError as error:
            found, reason = None, str(error)
        if found is not None and not reason and len(good) >= guards.MOST:
            reason = f"only {guards.MOST} guards are read"
        if reason or found is None:
            flaws.append(f"{guards.FILE}:{number}: {reason}")
        else:
            good.append(found)
    return GuardFile(guards=tuple(good), flaws=tuple(flaws))


def unfit(found: Guard) -> str:
    """Return why a guard's texts must not be shown to a model; empty when they may be."""
    for text in (found.match, found.lesson):
        if "\n" in text or "\r" in text or "\t" in text:
            return "it is not one line"
        if hidden := find_hidden(text):
            return hidden
        if secret := find_secret(text):
            return f"it looks like it holds a credential ({secret.rule})"
    return find_active(found.lesson, skill=True) or ""


def add_guards(text: str, new: Sequence[Guard]) -> str:
    """Return ``text`` with these guards at the end; a guard of the same loop takes the new lesson and flags, and the new mode unless a person set ask.

    The lesson of another loop, or of a person, is not replaced: both are said.

    Raises Refused for a guard that would not be read, and when the file is full.
    """
    lines = text.split("\n")
    for guard in new:
        reason = guards.objection(guard) or unfit(guard)
        if reason:
            raise Refused(f"it cannot be a guard: {reason}")
        at = next((at for at, line in enumerate(lines) if _same(line, guard)), None)
        if at is not None:
            old = guards.parse(lines[at])
            flags = tuple(dict.fromkeys([*old.flags, *guard.flags]))
            mode = old.mode if old.mode == guards.ASK else guard.mode or old.mode
            kept = Guard(old.tools, old.match, guard.lesson, flags=flags, mode=mode)
            lines[at] = kept.line
            continue
        while lines and not lines[-1].strip():
            lines.pop()
        lines += [guard.line, ""]
    after = "\n".join(lines)
    found = read_guards(after)
    if len(found.guards) < len(read_guards(text).guards) or any(
        _key(guard) not in {_key(one) for one in found.guards} for guard in new
    ):
        raise Refused(
            f"{guards.FILE} is full: it holds at most {guards.MOST} guards",
            hint="remove one that is no longer needed",
        )
    return after


def with_lesson(text: str, old: str, new: str) -> str:
    """Return ``text`` with another lesson for the guard that says ``old``; all else of it stays.

    Raises Refused when there is none, and for a guard that would not be read.
    """
    lines = text.split("\n")
    for at, line in enumerate(lines):
        try:
            found = guards.parse(line)
        except ValueError:
            continue
        if found.lesson == old:
            made = Guard(found.tools, found.match, new, flags=found.flags, mode=found.mode)
            reason = guards.objection(made) or unfit(made)
            if reason:
                raise Refused(f"it cannot be a guard: {reason}")
            lines[at] = made.line
            return "\n".join(lines)
    raise Refused(f"no guard says {old[:60]!r}")


def same_rule(one: str, other: str) -> bool:
    """Tell whether two lines are one rule, whatever their why."""
    keys = {fact_key(rule_of(one)), fact_key(one)}
    return not keys.isdisjoint((fact_key(rule_of(other)), fact_key(other)))


def unite(before: str, ours: str, theirs: str) -> str | None:
    """Return ``ours`` with the guards that ``theirs`` added to ``before``; None when it did more than add."""
    new = [line for line in theirs.split("\n") if line not in before.split("\n")]
    kept = [line for line in theirs.split("\n") if line in before.split("\n")]
    if [line for line in before.split("\n") if line] != [line for line in kept if line]:
        return None
    try:
        return add_guards(ours, [guards.parse(line) for line in new if line])
    except (ValueError, Refused):
        return None


def without(text: str, flags: Collection[str], lessons: Collection[str] = ()) -> str:
    """Return ``text`` without the guards that came only from these flags (ids); other guards lose the ids.

    A guard from these flags with one of the ``lessons`` goes, whichever other flags it names.
    """
    kept = []
    for line in text.split("\n"):
        try:
            found = guards.parse(line)
        except ValueError:
            kept.append(line)
            continue
        rest = tuple(one for one in found.flags if one not in flags)
        if rest == found.flags:
            kept.append(line)
        elif rest and found.lesson not in lessons:
            kept.append(
                Guard(found.tools, found.match, found.lesson, flags=rest, mode=found.mode).line
            )
    return "\n".join(kept)


def _key(guard: Guard) -> tuple[tuple[str, ...], str]:
    return guard.tools, guard.match


def _same(line: str, guard: Guard) -> bool:
    """Whether a line is the guard: with its lesson, or one of the same loop."""
    try:
        old = guards.parse(line)
    except ValueError:
        return False
    ours = same_rule(old.lesson, guard.lesson) or not {*old.flags}.isdisjoint(guard.flags)
    return _key(old) == _key(guard) and ours
