"""What may be a flag's body: several lines of Markdown below a headline (pure, hot lane).

The guard on the way in, and, for flags that others wrote, on the way out. Only a flag with a body
loads this module. Code in fences is not acted on by any client, so there only hidden characters and
credentials are looked for, as everywhere. Where a fence begins and ends is told by lines here; a
close looks again, with a parser (`gitmem.memory.details`).
"""

from __future__ import annotations

from gitmem.core.errors import Refused
from gitmem.safety.active import find_refused
from gitmem.safety.secrets import find_secret
from gitmem.safety.text import find_hidden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_BODY = 4000
"""The most characters of a body, after normalisation: of 47 real lessons half had over 1,250."""

_RAW = 8  # characters that one composed character takes at most, and then some
_FENCES = ("```", "~~~")
# A table's rule, an underline, a drawn line: no text, so nothing that a client acts on.
_DRAWN = " \t|:=+*_~>#-"
# Letters of a token that a line break may have parted.
_TOKEN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-")


def clean_body(text: str, *, headline: str = "", what: str = "--body") -> str:
    """Return a body in Unicode normal form C, without blank lines around it and blanks at line ends.

    ``headline`` is the flag's text, ``what`` names the body in the message. Raises Refused for one that is
    empty or too long, and for hidden, active or secret text, also where a line break parts it.
    """
    if len(text) > _RAW * MAX_BODY:
        raise _too_long(what, len(text))
    rows = [row.rstrip(" \t") for row in text.replace("\r\n", "\n").split("\n")]
    rows = [_composed(row, f"{what}, line {number}") for number, row in enumerate(rows, 1)]
    while rows and not rows[0]:
        del rows[0]
    while rows and not rows[-1]:
        del rows[-1]
    if not rows:
        raise Refused(f"{what}: it is empty", hint="leave it out, or say more than the headline")
    body = "\n".join(rows)
    if len(body) > MAX_BODY:
        raise _too_long(what, len(body))
    _refuse_active(rows, what)
    _refuse_secret(headline, rows, what)
    return body


def find_unfit(body: str, *, headline: str = "") -> str | None:
    """Say why a body that somebody wrote may not be filed; None when it is as `clean_body` returns it."""
    try:
        cleaned = clean_body(body, headline=headline, what="its body")
    except Refused as refused:
        return refused.message
    return None if cleaned == body else "its body is not as gitmem writes one"


def beginning(body: str, most: int) -> str:
    """Return the beginning of a body on one line, at most ``most`` characters, cut at a word."""
    words = " ".join(body[: 2 * most].split())
    if len(words) <= most and len(body) <= 2 * most:
        return words
    return (words[: most - 1].rpartition(" ")[0] or words[: most - 1]) + "\u2026"


def has_secret(headline: str, body: str) -> bool:
    """Return whether a body looks like it holds a credential, in a line or over several."""
    return _secret(headline, body.split("\n")) is not None


def _composed(row: str, what: str) -> str:
    composed = row
    if not row.isascii():
        from gitmem.safety import unicode_rules

        composed = unicode_rules.compose(row)
    for one in dict.fromkeys((composed, row)):
        reason = find_hidden(one.replace("\t", " "))
        # What is not composed yet is composed by now.
        if reason and (one == composed or "normal form" not in reason):
            raise Refused(f"{what}: {reason[0].lower()}{reason[1:].rstrip('.')}")
    return composed


def _refuse_active(rows: Sequence[str], what: str) -> None:
    fence = ""
    opened = 0
    for number, row in enumerate(rows, 1):
        mark = _fence(row)
        if fence:
            if mark and mark[0] == fence[0] and len(mark) >= len(fence) and _only(row, mark):
                fence = ""
        elif mark and not (mark[0] == "`" and "`" in row.strip().lstrip("`")):
            fence, opened = mark, number
        elif row.strip(_DRAWN):
            reason = find_refused(row.strip(" \t"))
            if reason:
                said, _, remedy = reason.rstrip(".").partition(". ")
                raise Refused(f"{what}, line {number}: {said[0].lower()}{said[1:]}", hint=remedy)
    if fence:
        raise Refused(
            f"{what}, line {opened}: a code fence begins here and does not end",
            hint=f"end it with a line that is {fence}",
        )


def _fence(row: str) -> str:
    """Return the marks that open or close a fence; empty for another line."""
    bare = row.strip(" \t")
    if not bare.startswith(_FENCES):
        return ""
    return bare[: len(bare) - len(bare.lstrip(bare[0]))]


def _only(row: str, mark: str) -> bool:
    return row.strip(" \t") == mark


def _refuse_secret(headline: str, rows: Sequence[str], what: str) -> None:
    found = _secret(headline, rows)
    if found:
        raise Refused(
            f"{what} looks like it holds a credential ({found})",
            hint="say where the credential is kept, not what it is",
        )


def _secret(headline: str, rows: Sequence[str]) -> str | None:
    """Look at each line, at all of them, and at what line breaks may have parted."""
    for text in _readings(headline, rows):
        secret = find_secret(text)
        if secret:
            return f"{secret.rule}, {secret.head}"
    return None


def _readings(headline: str, rows: Sequence[str]) -> Iterator[str]:
    yield from rows
    yield "\n".join(rows)
    # A quote's mark, and a shell's or Markdown's backslash at the end of a line, are no part of a token.
    bare = [told for row in rows if (told := row.lstrip(" \t>").rstrip(" \t>\\"))]
    yield " ".join([headline, *bare])
    glued = bare[0] if bare else ""
    for row in bare[1:]:
        parted = glued[-1] in _TOKEN and row[0] in _TOKEN
        glued += row if parted else "\n" + row
    yield glued


def _too_long(what: str, length: int) -> Refused:
    return Refused(
        f"{what}: it has {length} characters, and the limit is {MAX_BODY}",
        hint="say it shorter, or as several flags",
    )
