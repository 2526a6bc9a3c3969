"""A line as it is written: what a client would load, or a reader would not see, stands in backticks (pure).

Every client that was looked at takes nothing right behind a backtick for an import, and nothing in a
code span for HTML (see ``gitmem.safety.active_rules``). The words stay, so a line and what it was made
from have the same harmless form, and that form is its own.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from gitmem.safety import active_rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SIGNS = ("@", "<", "](", "][", " " * active_rules.MAX_BLANKS)
_BLANKS = re.compile(rf"\s{{{active_rules.MAX_BLANKS},}}")
_TICKS = (1, 2, 4)  # three could open a fence
_PASSES = 5

# What goes into the backticks with an @: a path before it, a name, path, version or address behind
# it. Letters of scripts that are written without blanks between words are no part of a name.
_BEFORE = re.compile(r"[A-Za-z0-9_./~!$@-]*$")
_MOST_BEFORE = 80
_NAME = re.compile(r"@+(?:[^\W\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef]|[./~@:+=%#-])*")
_TRAILING = ".:+=%#-"
_GLOB = re.compile(r"(?<=/)\*{1,2}")

_DECLARED = re.compile(r"<[!?][\w-]*(?:[^<>]*>)?")
_LINKED = re.compile(
    r"\[[^\[\]\0]*\](?:\([ \t]*(?:<[^<>\0]*>|[^\s()<\0]*)(?:[ \t]+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?[ \t]*\)"
    r"|\[[^\[\]\0]*\])"
)
_BRACKETS = re.compile(r"<[^<>]*>|<[/\w-]*")


def harmless(text: str) -> str:
    """``text``, one line, as it may stand in a file that a client loads.

    Every ``@`` that begins a word, with its word, raw HTML, images and links with a hidden title are
    in backticks; a code span is parted before such an ``@``; of a long run of blanks one is left. Unchanged where it is not sure what is code
    already: ``find_active`` then still objects, as it does to all that backticks do not help.
    """
    if not any(sign in text for sign in _SIGNS):
        return text
    for _ in range(_PASSES):
        after = _quoted(_BLANKS.sub(" ", text))
        if after == text:
            return text
        text = after
    return text


def _quoted(text: str) -> str:
    spans = active_rules.code_spans(text)
    if spans is None:
        return text
    parted = [_parted(text[start:stop]) for start, stop in spans]
    if parted != [text[start:stop] for start, stop in spans]:
        return _with(text, spans, parted)
    regions = [one for one in _regions(active_rules.outside_code(text)) if one[0] < one[1]]
    if not regions:
        return text
    edges = {edge for region in regions for edge in region}
    regions = _united([*regions, *(span for span in spans if edges.intersection(span))])
    ticks = _ticks(text, spans, regions)
    if not ticks or any("`" in (text[a - 1 : a], text[b : b + 1]) for a, b in regions):
        return text
    return _with(text, regions, [_span(text[start:stop], ticks) for start, stop in regions])


def _with(text: str, regions: Sequence[tuple[int, int]], new: Sequence[str]) -> str:
    """``text`` with these parts of it, in order, replaced."""
    pieces, end = [], 0
    for (start, stop), words in zip(regions, new, strict=True):
        pieces += [text[end:start], words]
        end = stop
    return "".join([*pieces, text[end:]])


def _span(code: str, ticks: str) -> str:
    """A code span; one blank on either side keeps backticks apart, and readers take it off."""
    pad = " " if "`" in (code[0], code[-1]) else ""
    return f"{ticks}{pad}{code}{pad}{ticks}"


def _parted(span: str) -> str:
    """A code span as several, each of which may begin with an ``@`` but has none behind a blank."""
    code = span.strip("`")
    ticks = span[: (len(span) - len(code)) // 2]
    parts = [part.strip() for part in active_rules.IN_CODE.split(code)]
    if len(parts) == 1:
        return span
    return " ".join(_span(part, ticks) for part in parts if part)


def _regions(prose: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of what goes into backticks; they may overlap."""
    for at in active_rules.imports(prose):
        before = _BEFORE.search(prose, max(0, at - _MOST_BEFORE), at)
        start = before.start() if before else at
        if prose[start - 1 : start] == "\\":  # it escapes the next character, not a backtick
            start += 1
        yield start, _end_of_name(prose, start, at)
    yield from _between(prose, "<!--", "-->")
    yield from _between(prose, "<![CDATA[", "]]>")
    yield from _between(prose, "<?", "?>")
    for match in re.finditer(active_rules.DECLARATION, prose):
        found = _DECLARED.match(prose, prose.index("<", match.start()))
        if found:
            yield found.span()
    for match in _LINKED.finditer(prose):
        image = prose[match.start() - 1 : match.start()] == "!"
        if image or active_rules.has_title(match[0]):
            yield match.start() - image, match.end()
    for match in active_rules.tags(prose):
        found = _BRACKETS.match(prose, match.start())
        if found:
            yield found.span()


def _between(prose: str, opening: str, closing: str) -> Iterator[tuple[int, int]]:
    """Yield what stands between such marks, with them; of one that is not closed nothing else."""
    last = prose.rfind(closing)
    at = prose.find(opening)
    while at >= 0:
        end = at + len(opening)
        if end <= last:
            end = prose.index(closing, end) + len(closing)
        if opening != "<?" or end > at + len(opening):
            yield at, end
        at = prose.find(opening, end)


def _end_of_name(prose: str, start: int, at: int) -> int:
    name = _NAME.match(prose, at)
    end = name.end() if name else at + 1
    glob = _GLOB.match(prose, end)
    if glob and prose[start - 1 : start] != "*":
        return glob.end()
    while end > at + 2 and prose[end - 1] in _TRAILING:
        end -= 1
    return end


def _united(regions: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The regions in order; those that meet or overlap as one."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted(regions):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found


def _ticks(text: str, spans: Sequence[tuple[int, int]], regions: Sequence[tuple[int, int]]) -> str:
    """A run of backticks that is in no region, and that no stray run of the line would pair with."""
    begins = [begin for begin, _ in regions]
    inside = [
        bisect_right(begins, start) for start, _ in spans
    ]  # after the region that may hold it
    kept = [
        span
        for span, place in zip(spans, inside, strict=True)
        if not place or regions[place - 1][1] <= span[0]
    ]
    bare = active_rules.blanked(text, kept)
    used = {len(run) for run in re.findall(r"`+", bare)}
    return next(("`" * count for count in _TICKS if count not in used), "")
