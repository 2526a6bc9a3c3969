"""What may be a line of text: the guard on the way in, the guard on the way out, and the escape (pure, hot lane).

This module runs for every flag, so it imports nothing but the errors. Printable ASCII, and Western
text with its usual punctuation, is settled here with ``str`` methods alone; everything else is
judged by ``gitmem.safety.unicode_rules``, which is imported only then.
"""

from __future__ import annotations

from gitmem.core.errors import Refused

MAX_TEXT = 1000
"""The most characters one line may have, after normalisation."""

_RAW = 8  # characters that one composed character takes at most, and then some


def clean(text: str, *, what: str = "text", limit: int = MAX_TEXT) -> str:
    """Return ``text`` in Unicode normal form C, without blanks around it.

    ``what`` names the text in the message. Raises Refused when nothing is left, when the line is
    longer than ``limit`` characters, or when it holds a character that breaks the line, cannot be
    seen, or changes how its neighbours are read.
    """
    if len(text) > _RAW * limit:  # composing a line that long costs more than its length
        text = text.strip()
        if len(text) > _RAW * limit:
            raise _too_long(what, len(text), limit)
    if _is_plain(text):
        cleaned = text.strip()
    else:
        from gitmem.safety import unicode_rules

        composed = unicode_rules.compose(text)
        hidden = unicode_rules.find(text)
        if hidden is None and composed != text:
            hidden = unicode_rules.find(composed)
        if hidden is not None:
            raise Refused(
                f"{what}: {hidden.reason[0].lower()}{hidden.reason[1:]}", hint=hidden.remedy
            )
        cleaned = composed.strip()
    if not cleaned:
        raise Refused(f"{what}: it is empty", hint="say it in one line")
    if len(cleaned) > limit:
        raise _too_long(what, len(cleaned), limit)
    return cleaned


def _too_long(what: str, length: int, limit: int) -> Refused:
    return Refused(
        f"{what}: it has {length} characters, and the limit is {limit}",
        hint="say it shorter, or as several flags",
    )


def cut(text: str, most: int) -> str:
    """Return the text, or its beginning and an ellipsis: at most ``most`` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def find_hidden(text: str) -> str | None:
    """Say why ``text``, one line without its line break, may not be written; None when it may.

    The reason names the code point, its Unicode name and its place, counted in characters from 1.
    Besides what ``clean`` refuses, text that is not in normal form C is a reason.
    """
    if _is_plain(text):
        return None
    from gitmem.safety import unicode_rules

    hidden = unicode_rules.find(text)
    if hidden is not None:
        return hidden.reason
    if unicode_rules.compose(text) != text:
        return "The line is not in Unicode normal form C."
    return None


def visible(text: str) -> str:
    r"""Return ``text`` as one line that a terminal or a CI log can only print.

    What ``clean`` refuses becomes an escape (``\x1b``, ``\u202e``, ``\U000e0041``), line breaks
    too. Workflow commands are broken with a blank: a CI runner obeys ``##[...]`` anywhere in a
    line and ``::...`` at its start (https://github.com/actions/runner, ActionCommand.cs).
    """
    if not _is_plain(text):
        from gitmem.safety import unicode_rules

        text = unicode_rules.escape(text)
    if "##" in text:
        text = _break_marks(text)
    if "::" in text and text.lstrip().startswith("::"):
        text = text.replace("::", ": :", 1)
    return text


def _is_plain(text: str) -> bool:
    """Tell whether every character is printable, and none can combine with or hide another.

    Below U+0300, and in these blocks of punctuation, currency, arrows, mathematics and boxes,
    nothing combines, so printable means harmless and already in normal form C.
    """
    if not text.isprintable():
        return False
    if text.isascii():
        return True
    for char in set(text):
        if char >= "\u0300" and not (
            "\u2010" <= char <= "\u205e"
            or "\u20a0" <= char <= "\u20bf"
            or "\u2190" <= char <= "\u22ff"
            or "\u2500" <= char <= "\u25ff"
        ):
            return False
    return True


def _break_marks(text: str) -> str:
    """Put a blank into each ``##[`` and ``##word[``, the command marks of several CI runners."""
    pieces = text.rsplit("##")  # from the right: in "###[" the mark is the last three characters
    broken = pieces[0]
    for piece in pieces[1:]:
        word = piece.partition("[")[0]
        is_mark = "[" in piece and (not word or word.isalnum())
        broken += ("# #" if is_mark else "##") + piece
    return broken
