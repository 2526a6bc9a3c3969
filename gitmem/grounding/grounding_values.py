"""Numbers, units and dates in the one form in which they are compared."""

from __future__ import annotations

import re

from gitmem.grounding.lexicon import SCALE_LETTERS, UNITS

_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?P<money>[$\u20ac\u00a3\u00a5]?)(?P<digits>\d{1,30}(?:[,_']\d{3}){0,9}(?:[.,]\d{1,30})?)"
    r"(?P<unit>[^\W\d_]{0,12}|[%\u00b0$\u20ac\u00a3\u00a5]|\u00b0[CF])"
)
_THOUSANDS = re.compile(r"\d{1,3}(?:[,_']\d{3})+(?:\.\d+)?")
_ORDINALS = frozenset({"st", "nd", "rd", "th"})
_YEAR_FIRST = re.compile(
    r"([12]\d{3})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:T[\d:.]*(?:Z|[+-][\d:]*)?)?"
)
_YEAR_LAST = re.compile(r"(\d{1,2})([./])(\d{1,2})\2([12]\d{3})")
_MONTHS_OF_YEAR, _DAYS_OF_MONTH = 12, 31
_BY_SPELLING = {
    spelling: row.split()[0] for row in UNITS.strip().splitlines() for spelling in row.split()
}
# One letter is a unit only right behind the digits ("10 s" is told by the caller's next word).
_BY_FOLDED = {key.lower(): unit for key, unit in reversed(_BY_SPELLING.items()) if len(key) > 1}


def unit_of(word: str) -> str:
    """The unit a word names, in its one spelling; empty for any other word."""
    return _BY_SPELLING.get(word) or _BY_FOLDED.get(word.lower(), "")


def number_of(chunk: str) -> tuple[str, str]:
    """Value and unit of ``1,200``, ``3rd``, ``200ms``, ``$5``, ``10k``; two empty strings for anything else.

    Zeros behind a decimal point stay: version 3.10 is not 3.1.
    """
    match = _NUMBER.fullmatch(chunk)
    if match is None:
        return "", ""
    digits = match["digits"]
    if _THOUSANDS.fullmatch(digits):
        digits = digits.translate({ord(","): None, ord("_"): None, ord("'"): None})
    digits = digits.replace(",", ".")
    if not digits.replace(".", "", 1).isdigit():
        return "", ""
    value = digits.lstrip("0") or "0"
    value = f"0{value}" if value[0] == "." else value
    word = match["unit"]
    if word in SCALE_LETTERS:
        return (str(int(value) * SCALE_LETTERS[word]) if value.isdigit() else value + word), ""
    unit = unit_of(word) or unit_of(match["money"])
    if word and not unit and word.lower() not in _ORDINALS:
        return "", ""
    sign = "-" if match["sign"] == "-" else ""
    return sign + value, unit


def date_of(chunk: str) -> str:
    """``2026-12-31``, ``2026-12``, ``31.12.2026`` as ``2026-12-31`` without leading zeros; else empty.

    With slashes and the year last the order of day and month is anybody's guess: kept as written.
    """
    match = _YEAR_FIRST.fullmatch(chunk)
    if match:
        year, month, day = int(match[1]), int(match[2]), int(match[3] or 0)
    else:
        match = _YEAR_LAST.fullmatch(chunk)
        if match is None:
            return ""
        if match[2] == "/":
            return chunk
        day, month, year = int(match[1]), int(match[3]), int(match[4])
    if not 1 <= month <= _MONTHS_OF_YEAR or day > _DAYS_OF_MONTH:
        return ""
    return f"{year}-{month}-{day}"


def dates_agree(one: str, other: str) -> bool:
    """Whether ``one`` says nothing that ``other`` does not say: ``0-12-0`` agrees with ``2026-12-31``."""
    said, known = one.split("-"), other.split("-")
    if len(said) != len(known):
        return one == other
    return all(left in {"0", right} for left, right in zip(said, known, strict=True))
