"""Counts and ages as a person reads them; without `datetime` (pure, hot lane)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_FORMAT = "0000-00-00T00:00:00Z"
_DIGITS = dict.fromkeys(range(ord("1"), ord("9") + 1), "0")
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))


def seconds(at: str) -> int | None:
    """Return the seconds since 1970 of ``YYYY-MM-DDTHH:MM:SSZ``; None for anything else."""
    if at.translate(_DIGITS) != _FORMAT:
        return None
    year, month, day = int(at[:4]), int(at[5:7]), int(at[8:10])
    hours, minutes, rest = int(at[11:13]), int(at[14:16]), int(at[17:19])
    # Days from a date with March as the first month, so that the leap day comes last
    # (the proleptic Gregorian calendar of ISO 8601).
    shifted = year - (month <= 2)  # noqa: PLR2004 - February
    days = 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400
    days += (153 * ((month + 9) % 12) + 2) // 5 + day - 719469
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def ago(at: str, now: float) -> str:
    """Return the age in the largest whole unit, such as ``2 days``; ``now`` is seconds since 1970.

    A time in the future (a clock that was wrong) is ``just now``; an unreadable one ``?``.
    """
    then = seconds(at)
    if then is None:
        return "?"
    for unit, size in _UNITS:
        count = int(now - then) // size
        if count > 0:
            return f"{count} {unit}" + ("s" if count > 1 else "")
    return "just now"


def since(at: str, now: float) -> str:
    """Return when something was, such as ``2 days ago``; the times as `ago` takes them."""
    said = ago(at, now)
    return said if said == "just now" else f"{said} ago"


def oldest(ats: Iterable[str]) -> str:
    """Return the earliest readable time; empty when there is none."""
    return min([at for at in ats if seconds(at) is not None], default="")


def count(number: int, noun: str) -> str:
    """Return ``1 flag``, ``2 flags``, ``2 batches``; the noun takes an s, after ch an es."""
    ending = "" if number == 1 else "es" if noun.endswith("ch") else "s"
    return f"{number} {noun}{ending}"
