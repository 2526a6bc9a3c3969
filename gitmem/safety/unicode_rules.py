"""Which characters may not stand in a line, where, and why (pure).

The rules follow the Unicode Character Database (general categories, default-ignorable code points,
emoji) and Unicode Technical Standard 39 in spirit: text a person cannot see must not reach a model.
``gitmem.safety.text`` imports this module only for text it cannot settle itself.
"""

from __future__ import annotations

import unicodedata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_STACK = 4
"""The most combining marks on one character; Hebrew with cantillation needs four."""

_ONE_LINE = "write one line, or pipe several into: gitmem flag -"
_LEAVE_OUT = "write it again without that character"

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_TEXT_STYLE, _EMOJI_STYLE = "\ufe0e", "\ufe0f"
_KEYCAP = "\u20e3"
_KEYCAP_BASES = "0123456789#*"

# Categories that never belong in a line. Marks, letters, symbols and blanks are judged one by one.
_BY_CATEGORY = {
    "Cc": "a control character",
    "Cf": "an invisible format character",
    "Cs": "half of a character (a lone surrogate), from broken decoding",
    "Co": "a private-use character, which means something else on every machine",
    "Cn": "a code point that this Python's Unicode data does not know",
    "Zl": "a line break",
    "Zp": "a line break",
}

# Ranges that need a better reason than their category gives, or whose category looks harmless.
_HIDDEN_RANGES = (
    (0x0A, 0x0D, "a line break"),
    (0x1C, 0x1E, "a line break"),
    (0x85, 0x85, "a line break"),
    (0x09, 0x09, "a tab"),
    (0x00AD, 0x00AD, "invisible (a soft hyphen)"),
    (0x034F, 0x034F, "invisible"),
    (0x061C, 0x061C, "a mark that reorders text"),
    (0x115F, 0x1160, "a filler that looks like nothing"),
    (0x17B4, 0x17B5, "invisible"),
    (0x180B, 0x180F, "an invisible Mongolian selector or separator"),
    (0x200B, 0x200B, "a character of no width"),
    (0x200E, 0x200F, "a mark that reorders text"),
    (0x202A, 0x202E, "a control that reorders text"),
    (0x2060, 0x2065, "a character of no width"),
    (0x2066, 0x2069, "a control that reorders text"),
    (0x206A, 0x206F, "an invisible format character"),
    (0x2800, 0x2800, "a filler that looks like a blank"),
    (0x3164, 0x3164, "a filler that looks like nothing"),
    (0xFE00, 0xFE0D, "a variation selector, which is invisible"),
    (0xFEFF, 0xFEFF, "a character of no width"),
    (0xFFA0, 0xFFA0, "a filler that looks like nothing"),
    (0xFFF9, 0xFFFB, "an interlinear annotation mark, which hides text"),
    (0xFFFC, 0xFFFC, "a stand-in for an object that is not there"),
    (0x16FE4, 0x16FE4, "a filler that looks like nothing"),
    (0x1D159, 0x1D159, "a filler that looks like nothing"),
    (0x1D173, 0x1D17A, "an invisible format character"),
    (0xE0000, 0xE007F, "an invisible tag character"),
    (0xE0100, 0xE01EF, "a variation selector, which is invisible"),
)
_HIDDEN = {code: why for first, last, why in _HIDDEN_RANGES for code in range(first, last + 1)}

# Format characters with a shape of their own (Prepended_Concatenation_Mark).
_VISIBLE_FORMAT = frozenset(
    [*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD]
)

# Scripts whose spelling needs the joiners: Arabic and its kin, Indic, Khmer, Myanmar, Mongolian.
_JOINING_SCRIPTS = (
    (0x0600, 0x07FF),
    (0x0840, 0x0DFF),
    (0x1000, 0x109F),
    (0x1780, 0x18AF),
    (0x1A20, 0x1AAF),
    (0x1B00, 0x1C4F),
    (0xA840, 0xA87F),
    (0xA880, 0xA8FF),
    (0xA980, 0xAA7F),
    (0xFB50, 0xFDFF),
    (0xFE70, 0xFEFE),
    (0x10A00, 0x10AFF),
    (0x10D00, 0x10FDF),
    (0x11000, 0x1173F),
    (0x1E900, 0x1E95F),
)

# Where characters with an emoji style live; all of them are visible.
_EMOJI = (
    (0x00A9, 0x00A9),
    (0x00AE, 0x00AE),
    (0x203C, 0x203C),
    (0x2049, 0x2049),
    (0x2122, 0x2122),
    (0x2139, 0x2139),
    (0x2194, 0x21AA),
    (0x231A, 0x23FF),
    (0x24C2, 0x24C2),
    (0x25AA, 0x25FE),
    (0x2600, 0x27BF),
    (0x2934, 0x2935),
    (0x2B05, 0x2B55),
    (0x3030, 0x3030),
    (0x303D, 0x303D),
    (0x3297, 0x3299),
    (0x1F000, 0x1FAFF),
)
_SKIN_TONES = (0x1F3FB, 0x1F3FF)
# Code points kept for emoji of later Unicode versions: visible, and known to a newer Python.
_FUTURE_EMOJI = (0x1F300, 0x1FAFF)
# Tibetan writes consonants under one another; each is a letter, whatever its category.
_SUBJOINED = (0x0F90, 0x0FBC)

_CONTROL_NAMES = {
    0x00: "NULL",
    0x07: "BELL",
    0x08: "BACKSPACE",
    0x09: "TAB",
    0x0A: "LINE FEED",
    0x0B: "LINE TABULATION",
    0x0C: "FORM FEED",
    0x0D: "CARRIAGE RETURN",
    0x1B: "ESCAPE",
    0x7F: "DELETE",
    0x85: "NEXT LINE",
    0x9B: "CONTROL SEQUENCE INTRODUCER",
}


class Hidden:
    """One refused character: its index from 0, the reason as a sentence, and the remedy."""

    __slots__ = ("index", "reason", "remedy")

    def __init__(self, index: int, char: str, why: str) -> None:
        self.index = index
        self.reason = f"Character {index + 1} is {_describe(char)}: {why}."
        self.remedy = _ONE_LINE if why == "a line break" else _LEAVE_OUT


def find(text: str) -> Hidden | None:
    """Return the first refused character of ``text``, or None."""
    for index, why in _problems(text):
        return Hidden(index, text[index], why)
    return None


def compose(text: str) -> str:
    """Return ``text`` in normal form C; lone surrogates stay as they are."""
    return unicodedata.normalize("NFC", text)


def escape(text: str) -> str:
    r"""Return ``text`` with every refused character as ``\xNN``, ``\uNNNN`` or ``\UNNNNNNNN``."""
    chars = list(text)
    for index, _ in _problems(text):
        code = ord(text[index])
        if code <= 0xFF:  # noqa: PLR2004 (the widths of the three escapes)
            chars[index] = f"\\x{code:02x}"
        elif code <= 0xFFFF:  # noqa: PLR2004
            chars[index] = f"\\u{code:04x}"
        else:
            chars[index] = f"\\U{code:08x}"
    return "".join(chars)


def _problems(text: str) -> Iterator[tuple[int, str]]:
    """Yield the index of each refused character with its reason, in order."""
    stack = 0
    for index, char in enumerate(text):
        if " " <= char <= "~":
            stack = 0
            continue
        category = unicodedata.category(char)
        stack = stack + 1 if category in {"Mn", "Me"} and not _within(char, _SUBJOINED) else 0
        why = _why_never(char, category) or _why_not_here(text, index)
        if why is None and stack > MAX_STACK:
            why = f"more than {MAX_STACK} combining marks on one character"
        if why is not None:
            yield index, why


def _why_never(char: str, category: str) -> str | None:
    code = ord(char)
    known = _HIDDEN.get(code)
    if known is not None:
        return known
    if char in {_ZWNJ, _ZWJ} or code in _VISIBLE_FORMAT:
        return None
    if category == "Cn":
        if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:  # noqa: PLR2004 (Unicode, chapter 23.7)
            return "a noncharacter"
        if _within(char, _FUTURE_EMOJI):
            return None
    return _BY_CATEGORY.get(category)


def _why_not_here(text: str, index: int) -> str | None:
    char = text[index]
    before = text[index - 1] if index else ""
    after = text[index + 1 : index + 2]
    if char in {_TEXT_STYLE, _EMOJI_STYLE}:
        fits = _is_emoji(before) or (before in _KEYCAP_BASES and after == _KEYCAP and before)
        return None if fits else "a variation selector with no emoji before it"
    if char == _ZWJ and _is_emoji(after):
        if before == _EMOJI_STYLE or (before and _within(before, _SKIN_TONES)):
            before = text[index - 2] if index > 1 else ""
        return None if _is_emoji(before) else "a joiner with no emoji before it"
    if char in {_ZWNJ, _ZWJ}:
        fits = _spells(before) or (before.isalnum() and _spells(after))
        return None if fits else "a joiner outside the scripts that need it"
    return None


def _is_emoji(char: str) -> bool:
    return bool(char) and any(_within(char, block) for block in _EMOJI)


def _spells(char: str) -> bool:
    """Tell whether ``char`` is a letter, mark or digit of a script that needs joiners."""
    return (
        bool(char)
        and unicodedata.category(char)[0] in "LMN"
        and any(_within(char, block) for block in _JOINING_SCRIPTS)
    )


def _within(char: str, block: tuple[int, int]) -> bool:
    return block[0] <= ord(char) <= block[1]


def _describe(char: str) -> str:
    code = ord(char)
    name = unicodedata.name(char, "") or _CONTROL_NAMES.get(code, "")
    return f"U+{code:04X} {name}".rstrip()
