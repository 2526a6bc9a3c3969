"""The one form of a spelling that is compared: quotes, contractions, numbers, units, dates, hours (pure)."""

from __future__ import annotations

import re
import unicodedata

from gitmem.grounding import lexicon
from gitmem.grounding.english.phrases import one_form
from gitmem.grounding.lexicon import SCALE_LETTERS, UNITS

#: Lead a date (``Y-M-D``, 0 for what is not said) and an hour in what `prose` returns.
DATE_SIGN, TIME_SIGN = "\x01", "\x02"

_FOLD = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201b": "'", "\u00b4": "'", "\u02bc": "'", "\u2032": "'", "\uff07": "'",
     "\u201c": '"', "\u201d": '"', "\u00a0": " ", "\u2009": " ", "\u202f": " ",
     "\u2011": "-", "\u2212": "-", "\u2014": " ; ", "\u2026": "...", "\u2192": " to ", DATE_SIGN: " ", TIME_SIGN: " ",
     # Full-width punctuation ends a word although no blank follows.
     "\uff0c": ", ", "\u3001": ", ", "\uff1a": ": ", "\uff1b": "; ", "\uff01": "! ", "\uff1f": "? ", "\u3002": ". ",
     "\uff08": " (", "\uff09": ") "}
)  # fmt: skip
# Some type a backtick for an apostrophe.
_TICKED = re.compile(
    r"(?<=\b(?:do|is|ca|wo|ai))n`t\b|(?<=\b(?:did|are|was|has|had))n`t\b|(?<=\b(?:does|were|have|must))n`t\b"
    r"|(?<=\b(?:could|would))n`t\b|(?<=\bshould)n`t\b",
    re.IGNORECASE,
)
_NT = re.compile(r"n't\b", re.IGNORECASE)
_MONTH = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
    r"Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_DAY = r"(?:st|nd|rd|th)?"
_WORDED_DATE = re.compile(
    rf"(?:\b(?P<before>\d{{1,2}}){_DAY} (?:of )?)?\b{_MONTH}"
    rf"(?: (?P<after>\d{{1,2}}){_DAY}(?![\d:.]\d))?(?:,? (?P<year>[12]\d{{3}})\b)?"
)
_IN = re.compile(
    r"\b(?:in|since|until|till|by|of|from|before|after|during|last|next|this|to|early|late|mid|and|or) $"
)
_CLOCK = re.compile(r"\b(\d{1,2})(?::(\d{2}))? ?([ap])\.?m\b\.?", re.IGNORECASE)


def fold(text: str) -> str:
    """``text`` in normal form C, with plain quotes, dashes and blanks."""
    return _TICKED.sub("n't", unicodedata.normalize("NFC", text).translate(_FOLD))


def flatten(text: str) -> str:
    """``text`` in normal form C, without backticks, every run of blanks one blank."""
    return " ".join(fold(text).replace("`", "").split())


def spell(prose: str) -> str:
    """Text outside code: fixed phrases as one word, ``n't`` as ``not``, dates and hours as signed chunks."""
    prose = _NT.sub(" not", one_form(prose))
    prose = _WORDED_DATE.sub(_dated, prose)
    return _CLOCK.sub(_clocked, prose)


def _dated(match: re.Match[str]) -> str:
    month, before, after, year = match.group("month", "before", "after", "year")
    told = before or after or year
    if not told and month in {"May", "March", "Mar", "Dec", "Jan"}:
        start = match.start()
        if not _IN.search(match.string[max(0, start - 8) : start].lower()):
            return match[0]
    number = next(
        at for at, name in enumerate(lexicon.MONTHS, start=1) if name.startswith(month[:3].lower())
    )
    tail = "," if match[0].endswith(",") else ""
    return f" {DATE_SIGN}{year or '0'}-{number}-{int(before or after or 0)}{tail} "


def _clocked(match: re.Match[str]) -> str:
    hour = int(match[1]) % 12 + (12 if match[3] in "pP" else 0)
    return f" {TIME_SIGN}{hour}:{match[2] or '00'} "


_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?P<money>[$\u20ac\u00a3\u00a5]?)(?P<digits>\d{1,30}(?:[,_']\d{3}){0,9}(?:[.,]\d{1,30})?)"
    r"(?P<unit>[^\W\d_]{0,12}|[%\u00b0$\u20ac\u00a3\u00a5]|\u00b0[CF])"
)
_LONG = 30  # digits; a longer number is not scaled
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
        return scaled(value, SCALE_LETTERS[word]), ""
    unit = unit_of(word) or unit_of(match["money"])
    if word and not unit and word.lower() not in _ORDINALS:
        return "", ""
    sign = "-" if match["sign"] == "-" else ""
    return sign + value, unit


def scaled(value: str, scale: int) -> str:
    """``2.5`` by 1000 is ``2500``; what is too long, or no number, stays as it is."""
    whole, _, part = value.partition(".")
    if len(value) > _LONG or not (whole + part).isdigit():
        return value
    quotient, rest = divmod(int(whole + part) * scale, 10 ** len(part))
    return str(quotient) if not rest else f"{quotient}.{rest}".rstrip("0")


def date_of(chunk: str) -> str:
    """``2026-12-31``, ``2026-12``, ``31.12.2026`` as ``2026-12-31`` without leading zeros; else empty.

    With slashes and the year last the order of day and month is unknown, so it is kept as written.
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
