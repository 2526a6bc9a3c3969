"""Spellings brought to one form before a line is cut into tokens: quotes, contractions, dates, hours."""

from __future__ import annotations

import re
import unicodedata

from gitmem.grounding import lexicon

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
_PHRASES = {
    r"no longer|not any ?more|any ?more": "not",
    r"not only": "also",
    r"up[- ]to[- ]date": "current",
    r"(?:no|not) (?:more|longer|later|older|greater) than|at most|up to|(?:a )?maximum of": "atmost",
    r"(?:no|not) (?:less|fewer|shorter|earlier|newer) than|at least|(?:a )?minimum of": "atleast",
    r"or (?:newer|later|higher|more|greater|above|up|longer)\b": "atleast",
    r"or (?:older|earlier|lower|less|fewer|below|shorter)\b": "atmost",
    r"instead of|rather than": "insteadof",
    r"(?:has|have|had|needs?) to\b": "must",
    r"(?:is|are) required to\b": "must",
    r"per cent\b": "%",
    r"as well as": "and",
    r"as soon as": "when",
    r"thread[- ]safe": "threadsafe",
    r"can'?t\b|cannot": "can not",
    r"won'?t\b": "will not",
    r"(?:do|does|did|is|are|was|were|has|have|should|could|would|must)nt\b": "not",
    r"(?:stop|stopped|quit) using": "not use",
    r"w/o\b": "without",
}
_PHRASE = re.compile("|".join(rf"(\b(?:{form}))" for form in _PHRASES), re.IGNORECASE)
_PHRASE_WORDS = tuple(_PHRASES.values())
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
    prose = _PHRASE.sub(lambda match: f" {_PHRASE_WORDS[(match.lastindex or 1) - 1]} ", prose)
    prose = _NT.sub(" not", prose)
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
