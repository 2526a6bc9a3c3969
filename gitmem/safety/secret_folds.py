"""Text that is not plain ASCII, as the secret gate reads it: full-width signs and loose accents folded."""

from __future__ import annotations

import unicodedata

_FULL_WIDTH = 0xFF01 - 0x21
_FOLD: dict[int, str] = {
    **{code + _FULL_WIDTH: chr(code) for code in range(0x21, 0x7F)},
    **dict.fromkeys((0x3000, 0xA0, 0x202F, 0x2009), " "),
    # Other colons and equals signs: ratio, modifier, presentation, small, Hebrew, Ethiopic, Armenian.
    **dict.fromkeys((0x2236, 0xA789, 0x02D0, 0xFE13, 0xFE30, 0xFE55, 0x05C3, 0x1361, 0x0589), ":"),
    0xFE66: "=",
    0x0130: "I",  # small, the dotted capital of Turkish is two characters
    **dict.fromkeys(
        (*range(0x0300, 0x0370), 0x3099, 0x309A), ""
    ),  # accents that stand on their own
    **dict.fromkeys((0x200E, 0x200F, 0x061C), ""),  # marks of direction
}
# Composing takes time in the square of a run of accents; a longer text only loses them.
_COMPOSED_TO = 4096


def plain(text: str) -> str:
    """``text`` with full-width signs as ASCII and accents composed, or else dropped."""
    if len(text) <= _COMPOSED_TO:
        text = unicodedata.normalize("NFC", text)
    return text.translate(_FOLD)
