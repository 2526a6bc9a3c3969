r"""What counts as active or hidden Markdown, as data, and the one function that looks.

Sources: CommonMark 0.31 (code spans, raw HTML, links, reference definitions), and what agent
clients do with an instruction file: Claude Code runs a bang followed by a code span in a skill,
replaces ``$ARGUMENTS`` and ``${CLAUDE_...}`` there, and loads ``@path`` outside code spans.
``gitmem.domain.active`` imports this module only for text that has one of the signs.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_BLANKS = 20
"""So many blanks in a row are refused: they push text out of sight."""
MAX_RUN = 100
"""So many characters of the base64 alphabet in a row are refused, if they look like a payload."""

_BACKTICKS = "Put it in backticks."
_PLAIN = "Say it in plain words."

# What may stand before the text of a block: blanks, quote marks, list and heading marks. Possessive,
# because one character must never be tried as two things.
_LEAD = r"^[ \t>]*+(?:(?:[-+*]|#{1,6}|\d{1,9}[.)])[ \t][ \t>]*+)*+"
_LINK = r"\]\([ \t]*(?:<[^<>]{0,500}>|(?:[^\s()\\<]|\([^\s()]{0,200}\)|\\.){0,500})"

# (what must be there before the pattern is compiled, pattern, reason, remedy), for the whole line:
# code spans do not protect against these.
_EVERYWHERE = (
    (
        "!`",
        r"!`",
        "a bang before a backtick runs a command in a skill",
        "Put a blank between them.",
    ),
    ("```", r"```", "three backticks open a fence", "Use single backticks."),
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
    ("@", r"(?<![^\W_])@[\w./~-]", "an @ before a name loads a file in some clients", _BACKTICKS),
    ("--", r"<!--|-->", "an HTML comment is hidden from readers", _BACKTICKS),
    (
        "<",
        _LEAD + r"<![A-Za-z]|<![A-Za-z](?=[^>]{0,999}>)|<!\[CDATA\[|<\?[A-Za-z]",
        "an HTML declaration is hidden from readers",
        _BACKTICKS,
    ),
    (
        "](",
        _LINK + r"[ \t]+[\"'(]",
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
_TAG = r"<(/?)([A-Za-z][A-Za-z0-9-]{0,40})(?=[\s/>]|$)"
_HIDDEN_PROSE = r"<[A-Za-z][\w:-]{0,40}\s(?=[^<>]{0,999}>)(?:[^<>]{0,999}=\s?[\"']|[^<>]{60})"
_RUN = rf"[A-Za-z0-9+/=_-]{{{MAX_RUN},}}"
_MAX_HEX = 128  # a SHA-512 checksum in hexadecimal digits


def find(text: str) -> str | None:
    """Return the first reason against ``text`` as one sentence with its remedy, or None."""
    for line in text.splitlines():
        for check in _CHECKS:
            reason = check(line)
            if reason is not None:
                return reason
    return None


def _find_everywhere(line: str) -> str | None:
    return _first(_EVERYWHERE, line)


def _find_outside_code(line: str) -> str | None:
    prose = outside_code(line)
    return _first(_OUTSIDE_CODE, prose) or _find_image(prose) or _find_tag(prose)


def _first(rules: tuple[tuple[str, str, str, str], ...], line: str) -> str | None:
    for sign, pattern, reason, remedy in rules:
        if sign in line and re.search(pattern, line):
            return _sentence(reason, remedy)
    return None


def _find_image(prose: str) -> str | None:
    _, bang, rest = prose.partition("![")
    if bang and ("](" in rest or "][" in rest):
        return _sentence("an image loads a file or a web page", "Link to it, or name it.")
    return None


def _find_tag(prose: str) -> str | None:
    """Look for raw HTML. A name that is no HTML tag is a placeholder, unless it carries prose."""
    if "<" not in prose:
        return None
    last_close = prose.rfind(">")
    block_start = re.match(_LEAD, prose)
    for match in re.finditer(_TAG, prose):
        starts_block = block_start is not None and match.start() == block_start.end()
        if match[2].lower() not in _TAGS or _is_bare(prose, match, starts_block=starts_block):
            continue
        if starts_block or last_close >= match.end():
            tag = f"<{match[1]}{match[2].lower()}>"
            return _sentence(f"raw HTML ({tag}) is hidden from readers", _BACKTICKS)
    if re.search(_HIDDEN_PROSE, prose):
        return _sentence("text between angle brackets is hidden from readers", _BACKTICKS)
    return None


def _is_bare(prose: str, match: re.Match[str], *, starts_block: bool) -> bool:
    """Tell whether a tag is one in name only: ``List<Object>``, ``#include <map>``, ``-o <dir>``."""
    name = match[2].lower()
    if match[1] or prose[match.end() : match.end() + 1] != ">":
        return False
    before = prose[max(0, match.start() - 9) : match.start()]
    if before[-1:].isalnum() or before.endswith(("_", "#include ")):
        return name in _TYPES or (len(name) == 1 and match[2].isupper())
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

    Where readers could disagree on what is code (an escaped backtick, a backtick inside a link
    target or an angle bracket), nothing is blanked: the rules then see everything.
    """
    if "\\`" in line:
        return line
    prose, end = "", 0
    for start, stop in _code_spans(line):
        if _reaches(line, end, start):
            return line
        prose += line[end:start] + "\0" * (stop - start)
        end = stop
    stray = line.find("`", end)
    if stray >= 0 and _reaches(line, end, stray):
        return line
    return prose + line[end:]


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


_CHECKS: tuple[Callable[[str], str | None], ...] = (
    _find_everywhere,
    _find_outside_code,
    _find_payload,
)
