r"""What counts as active or hidden Markdown, as data, and the one function that looks (pure).

Sources: CommonMark 0.31 (code spans, raw HTML, links, reference definitions), and what Claude Code
2.1.328 does with a file that it loads. In every one it imports what matches
``(?:^|\s)@((?:[^\s\\]|\\ )+)`` in a text token of its Markdown parser: right behind a code span, a
link or emphasis, and, since the token of a list item is its raw text, behind any blank in a code
span. In a skill or a command, and only there, it runs what matches ``(?<=^|\s)!`([^`]+)` `` or
`` ```!\s*\n?([\s\S]*?)\n?``` ``, in code as well, and replaces ``$ARGUMENTS`` and ``${CLAUDE_...}``.
``gitmem.safety.active`` imports this module only for text that has one of the signs.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_BLANKS = 20
"""So many blanks in a row are refused: they push text out of sight."""
MAX_RUN = 100
"""So many characters of the base64 alphabet in a row are refused, if they look like a payload."""

_BACKTICKS = "Put it in backticks."
_BACKTICK = "Use single backticks."
_PLAIN = "Say it in plain words."

# What may stand before the text of a block: blanks, quote marks, list and heading marks. Possessive,
# because one character must never be tried as two things.
_LEAD = r"^[ \t>]*+(?:(?:[-+*]|#{1,6}|\d{1,9}[.)])[ \t][ \t>]*+)*+"
DECLARATION = _LEAD + r"<![A-Za-z]|<![A-Za-z](?=[^>]{0,999}>)|<!\[CDATA\[|<\?[A-Za-z]"
"""The beginning of an HTML declaration; the part before its ``<`` is the lead of the block."""
_TITLE = r"\]\([ \t]*(?:<[^<>]{0,500}>|(?:[^\s()\\<]|\([^\s()]{0,200}\)|\\.){0,500})[ \t]+[\"'(]"

# (what must be there before the pattern is compiled, pattern, reason, remedy), for the whole line:
# code spans do not protect against these.
_IN_SKILL = (
    (
        "!`",
        r"(?:^|\s)!`",
        "a bang before a backtick runs a command in a skill",
        "Put a blank between them.",
    ),
    ("```!", r"```!", "three backticks and a bang run a command in a skill", "Leave out the bang."),
)
_EVERYWHERE = (
    ("```", _LEAD + r"`{3,}+[^`]*$", "three backticks at the start open a fence", _BACKTICK),
    ("~~~", _LEAD + r"~~~", "three tildes at the start open a fence", _PLAIN),
    ("", r"^[ \t]*(?:<{7}|={7}|>{7}|\|{7})(?![^ \t])", "it is a conflict marker", _PLAIN),
    ("", r"^[-+=*_~>#\s]{3,}$", "it is a rule or a front matter fence", _PLAIN),
    (
        "]:",
        _LEAD + r"\[(?:[^\]\\]|\\.){1,999}\]:",
        "a reference definition is hidden from readers",
        "Write the link where it belongs, or start with another word.",
    ),
    ("", rf"\s{{{MAX_BLANKS}}}", "a long run of blanks hides what follows it", "Use one blank."),
)

# The same, looked for outside code spans only.
_OUTSIDE_CODE = (
    ("<!--", r"<!--", "an HTML comment is hidden from readers", _BACKTICKS),
    ("<", DECLARATION, "an HTML declaration is hidden from readers", _BACKTICKS),
    (
        "](",
        _TITLE,
        "a link title is hidden from readers",
        "Write the title into the sentence.",
    ),
    (
        ":",
        r"(?i:\]\([ \t]*<?|<)(?i:javascript|vbscript|data):",
        "a link may not run a script or carry its own data",
        _PLAIN,
    ),
    (
        "&",
        r"\]\([^\s)]{0,500}&(?i:#|colon;|tab;|newline;)",
        "a link target may not hide characters",
        _PLAIN,
    ),
)
_OUTSIDE_CODE_IN_SKILL = (
    (
        "$",
        r"\$ARGUMENTS|\$\{CLAUDE_",
        "a client replaces this with something else",
        _BACKTICKS,
    ),
)

_TAG_NAMES = """
    a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink
    blockquote body br button canvas caption center cite code col colgroup data datalist dd del
    details dfn dialog dir div dl dt em embed fieldset figcaption figure font footer form frame
    frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins isindex kbd keygen
    label legend li link listing main map mark marquee math menu menuitem meta meter nav nobr
    noembed noframes noscript object ol optgroup option output p param picture plaintext pre
    progress q rp rt ruby s samp script section select slot small source span strike strong style
    sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul
    var video wbr xmp
"""
_TAGS = frozenset(_TAG_NAMES.split())
# Tag names that people use for "put yours here" in the middle of a command. Without attributes and
# a closing tag they hide nothing but themselves, as `<name>` does.
_PLACEHOLDER_NAMES = """
address area base code data dir input label main map object option output param section slot source
time var
"""
_PLACEHOLDERS = frozenset(_PLACEHOLDER_NAMES.split())
# And those that are types in some program, as in `List<Button>`.
_TYPE_NAMES = (
    "article button figure footer form header legend link menu meter progress span table track"
)
_TYPES = _PLACEHOLDERS | frozenset(_TYPE_NAMES.split())
_TAG = r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9-]{0,40})(?=[\s/>]|$)"
_HIDDEN_PROSE = r"<(?P<name>(?P<end>))[A-Za-z][\w:-]{0,40}\s(?=[^<>]{0,999}>)(?:[^<>]{0,999}=\s?[\"']|[^<>]{60})"
_RUN = rf"[A-Za-z0-9+/=_-]{{{MAX_RUN},}}"
_MAX_HEX = 128  # a SHA-512 checksum in hexadecimal digits


IN_CODE = re.compile(r"\s+(?=@[\w./~-])")
"""Blanks before what a client imports even in a code span, where that is in a list item."""

# Addresses: an @ inside of one is no word's start, whatever the client.
_ADDRESS = r"(?:https?|ftp)://[^\s<>\0]*|\]\([^\s()<>\0]*"
_IN_ADDRESS = frozenset("/=:.%+&#?-")
_MOST_BACKSLASHES = 20


def find(text: str, *, skill: bool = False) -> str | None:
    """Return the first reason against ``text`` as one sentence with its remedy, or None.

    ``skill``: the text may come to stand in a skill, where a client also runs commands.
    """
    for line in text.splitlines():
        reason = (
            (_first(_IN_SKILL, line) if skill else None)
            or _first(_EVERYWHERE, line)
            or _find_outside_code(line, skill=skill)
            or _find_payload(line)
        )
        if reason is not None:
            return reason
    return None


def _find_outside_code(line: str, *, skill: bool) -> str | None:
    prose = outside_code(line)
    if next(imports(prose), None) is not None or IN_CODE.search(line):
        return _sentence("an @ before a name loads a file in some clients", _BACKTICKS)
    return (
        _first(_OUTSIDE_CODE, prose)
        or (_first(_OUTSIDE_CODE_IN_SKILL, prose) if skill else None)
        or _find_image(prose)
        or _find_tag(prose)
    )


def _first(rules: tuple[tuple[str, str, str, str], ...], line: str) -> str | None:
    for sign, pattern, reason, remedy in rules:
        if sign in line and re.search(pattern, line):
            return _sentence(reason, remedy)
    return None


def imports(prose: str) -> Iterator[int]:
    """Yield the place of every ``@`` that begins a word and could be taken for a path's.

    ``prose`` is text without code. Wider than any client that was looked at: some take a word's
    start for a blank only, some also for the end of a link or of emphasis.
    """
    if "@" not in prose:
        return
    addresses = [match.span() for match in re.finditer(_ADDRESS, prose)]
    for match in re.finditer(r"@[\w./~-]", prose):
        at = match.start()
        while addresses and addresses[0][1] <= at:
            del addresses[0]
        inside = bool(addresses) and addresses[0][0] < at
        if _begins_word(prose, at, in_address=inside):
            yield at


def _begins_word(prose: str, at: int, *, in_address: bool) -> bool:
    before = prose[at - 1 : at]
    if before == "\\":
        run = prose[max(0, at - _MOST_BACKSLASHES) : at]
        return (len(run) - len(run.rstrip("\\"))) % 2 == 0  # escaped, it is text to every client
    if in_address and before in _IN_ADDRESS:
        return prose[at - 2 : at - 1] == "\\"
    return not before.isalnum()


def has_title(link: str) -> bool:
    """Tell whether a link carries a title, which readers do not see."""
    return bool(re.search(_TITLE, link))


def _find_image(prose: str) -> str | None:
    _, bang, rest = prose.partition("![")
    if bang and ("](" in rest or "][" in rest):
        return _sentence("an image loads a file or a web page", "Link to it, or name it.")
    return None


def _find_tag(prose: str) -> str | None:
    found = next(tags(prose), None)
    if found is None:
        return None
    if not found["name"]:
        return _sentence("text between angle brackets is hidden from readers", _BACKTICKS)
    tag = f"<{found['end']}{found['name'].lower()}>"
    return _sentence(f"raw HTML ({tag}) is hidden from readers", _BACKTICKS)


def tags(prose: str) -> Iterator[re.Match[str]]:
    """Yield the beginning of each raw HTML tag, then of other brackets that carry prose.

    A name that is no HTML tag is a placeholder, unless it carries prose.
    """
    if "<" not in prose:
        return
    last_close = prose.rfind(">")
    block_start = re.match(_LEAD, prose)
    for match in re.finditer(_TAG, prose):
        starts_block = block_start is not None and match.start() == block_start.end()
        if match["name"].lower() not in _TAGS or _is_bare(prose, match, starts_block=starts_block):
            continue
        if starts_block or last_close >= match.end():
            yield match
    yield from re.finditer(_HIDDEN_PROSE, prose)


def _is_bare(prose: str, match: re.Match[str], *, starts_block: bool) -> bool:
    """Tell whether a tag is one in name only: ``List<Object>``, ``#include <map>``, ``-o <dir>``."""
    name = match["name"].lower()
    if match["end"] or prose[match.end() : match.end() + 1] != ">":
        return False
    before = prose[max(0, match.start() - 9) : match.start()]
    if before[-1:].isalnum() or before.endswith(("_", "#include ")):
        return name in _TYPES or (len(name) == 1 and match["name"].isupper())
    return name in _PLACEHOLDERS and not starts_block


def _find_payload(line: str) -> str | None:
    if len(line) < MAX_RUN:
        return None
    for match in re.finditer(_RUN, line):
        run = match[0]
        if _looks_encoded(run):
            return _sentence(
                f"a run of {len(run)} characters without a blank looks like encoded data",
                "Store it in a file and name the file.",
            )
    return None


def _looks_encoded(run: str) -> bool:
    r"""Tell data from a long path or name: words have separators and few capitals and digits."""
    if not run.strip("0123456789abcdefABCDEF"):
        return len(run) > _MAX_HEX
    separators = run.count("/") + run.count("-") + run.count("_")
    mixed = sum(char.isdigit() or char.isupper() for char in run)
    return separators * 12 < len(run) and mixed * 10 > len(run)


def outside_code(line: str) -> str:
    """Return ``line`` with each code span blanked out by NULs, one for each character.

    Where readers could disagree on what is code (see `code_spans`), nothing is blanked: the rules
    then see everything.
    """
    return blanked(line, code_spans(line) or ())


def blanked(line: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return ``line`` with these parts of it, in order, as NULs."""
    pieces, end = [], 0
    for start, stop in spans:
        pieces += [line[end:start], "\0" * (stop - start)]
        end = stop
    return "".join([*pieces, line[end:]])


def code_spans(line: str) -> list[tuple[int, int]] | None:
    """Return start and end of each code span of ``line``; None where readers could disagree.

    They do on an escaped backtick, and on one inside a link target or an angle bracket.
    """
    if "\\`" in line:
        return None
    found, end = [], 0
    for start, stop in _code_spans(line):
        if _reaches(line, end, start):
            return None
        found.append((start, stop))
        end = stop
    stray = line.find("`", end)
    return None if stray >= 0 and _reaches(line, end, stray) else found


def _code_spans(line: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each code span: two runs of backticks of the same length."""
    runs = list(re.finditer(r"`+", line))
    at = 0
    while at < len(runs):
        length = len(runs[at][0])
        close = next((j for j in range(at + 1, len(runs)) if len(runs[j][0]) == length), None)
        if close is None:
            at += 1
            continue
        yield runs[at].start(), runs[close].end()
        at = close + 1


def _reaches(line: str, start: int, tick: int) -> bool:
    """Tell whether a link target or bracket opened in ``line[start:tick]`` may go on past it."""
    before = line[start:tick]
    for target in before.split("](")[1:]:
        inside, closed, _ = target.partition(")")
        if not closed or any(char in inside for char in "\\(<\"'"):
            return True
    if line.rfind(">") < tick:
        return False
    for bracket in before.split("<")[1:]:
        inside, closed, _ = bracket.partition(">")
        may_go_on = not closed or inside[:1] in {"!", "?"} or '"' in inside or "'" in inside
        if may_go_on and not inside[:1].isspace():  # a tag, or an address as <`x@example.org>
            return True
    return False


def _sentence(reason: str, remedy: str) -> str:
    return f"{reason[0].upper()}{reason[1:]}. {remedy}"
