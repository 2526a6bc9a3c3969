"""Put the flags' own words in place of rewordings that the grounding gate refuses (pure)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from gitmem.drain.content_loss import carries, lost_content, plain_word
from gitmem.drain.plan import BESIDE, Op, Operation, Request, Work, own_words
from gitmem.drain.prompting import BEGINNING
from gitmem.grounding.judge import Rule, judge
from gitmem.grounding.losses import losses, share
from gitmem.markdown.rule_text import rule_of, with_why
from gitmem.safety.active import find_active
from gitmem.safety.body import beginning
from gitmem.safety.harmless import harmless
from gitmem.safety.text import MAX_TEXT, cut, find_hidden

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.grounding.findings import Finding
    from gitmem.memory.tree import MemoryLine

# A finding's own sentence quotes the line, and what was refused must not reach the record after all.
_TOLD = {
    Rule.H2: "a date, day or time that no flag has",
    Rule.H3: "a number that no flag has",
    Rule.H4: "a number with another meaning",
    Rule.H5: "a path, address, option or command that no flag has",
    Rule.H6: "a name that no flag has",
    Rule.H7: "something denied that the flag says, or the other way round",
    Rule.H8: "the opposite of a word",
    Rule.H9: "two things exchanged",
    Rule.H10: "a doubt, a plan or a question told as a fact",
    Rule.H11: "a cause that no flag gives",
    Rule.H12: "who does what, exchanged",
    Rule.H13: "a value given to something else",
    Rule.H14: "wider than the flag",
    Rule.H15: "a clause that no flag has",
    Rule.H16: "something that has to stay is left out",
    Rule.H17: "a language whose denials are not known",
    # Soft where a person checks a wording; here it is filed first.
    Rule.S1: "words that no flag has",
    Rule.S3: "a word that may be a name, and that no flag has",
    Rule.S4: "a word that no flag has",
}

_UNKNOWN = {Rule.S1, Rule.S3}
_INVENTED = {Rule.H2, Rule.H3, Rule.H5, Rule.H6}
_ELSEWHERE = "the line it was to replace is about something else"
_NO_PLACE = "what it was called a duplicate of has no place for its body"
_NO_DUPLICATE = "it was called a duplicate of what does not say the same"
_EMPTY = "a rewording was refused: it has no word of the flag that says anything"
_A_BLOCK = "a rewording was refused: it begins a heading, a list or a quotation"
_STAYS = "the line it was to replace stays, too"
_TELLS = _STAYS + ", because it says more"
_BEGIN = 60  # characters of a line that a sentence to the reviewer has
# What begins a block in Markdown, https://spec.commonmark.org/0.31.2/#blocks-and-inlines
_BLOCK = re.compile(r"#{1,6}(\s|$)|[>|]|[-+*](\s|$)|\d{1,9}[.)](\s|$)|```|~~~|---|===")

_SINGLE = {Work.MEMORY: Op.KEEP, Work.PENDING: Op.PENDING, Work.RULES: Op.EDIT}


def faithful(request: Request, operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """Return the operations with every unsupported wording replaced; each flag is accounted for once.

    A line in a flag's own words passes. A reworded one is judged against the cited flags and the line
    it replaces: any finding except S2 puts the own words in its place (for a merge, those of each
    flag as a line of its own). S2 is told to the reviewer. What a person worded in a review stays, and
    so does what folded into it.
    """
    flags = {flag.id: flag for flag in request.flags}
    # A duplicate of a flag is one of the line that the flag comes to, so those lines come first.
    groups = {
        at: _supported(request, operation, flags)
        for at, operation in enumerate(operations)
        if operation.op is not Op.DUPLICATE
    }
    lines = _lines([one for group in groups.values() for one in group], operations)
    worded = {flag_id for one in operations if one.worded_by for flag_id in one.flags}
    for at, operation in enumerate(operations):
        if at not in groups and operation.survivor in worded:
            groups[at] = [operation]
        elif at not in groups:
            groups[at] = _folded(request, operation, flags, lines)
    return tuple(one for at in sorted(groups) for one in groups[at])


def findings(
    text: str,
    sources: Sequence[str],
    replaced: Sequence[str],
    own: Sequence[str] = (),
    mistakes: Sequence[str] = (),
) -> tuple[list[Finding], list[Finding]]:
    """Return what refuses a reworded line, and what only the reviewer is told about it.

    ``sources`` are the words of the cited flags, ``own`` the lines that each flag would be as it is
    (by default the sources), ``replaced`` the line that goes, ``mistakes`` the sources that tell what went
    wrong. This is the policy of every close, and
    docs/grounding.md publishes its rates.
    """
    merges = bool(own) and set(replaced) <= set(own)
    verdict = judge(text, sources, replaced, mistakes, merges=merges)
    every = [*verdict.hard, *losses(text, own or sources), *verdict.soft]
    refusing = [finding for finding in every if refuses(finding.rule)]
    return refusing, [finding for finding in every if not refuses(finding.rule)]


def describes(about: str, lines: Sequence[str]) -> bool:
    """Tell whether a description says only what these lines are about.

    It leaves out what it likes, and may be wider than one line. It invents and denies nothing.
    """
    verdict = judge(about, lines)
    kept = [finding.rule for finding in verdict.hard if finding.rule is not Rule.H14]
    return not kept and not any(one.rule in _UNKNOWN for one in verdict.soft)


def refuses(rule: Rule) -> bool:
    """Tell whether a finding of this rule refuses a wording: all except S2."""
    return rule in _TOLD


def begins_block(text: str) -> bool:
    """Tell whether a line begins what Markdown reads as a block of its own: a heading, a list, a quotation."""
    return bool(_BLOCK.match(text))


def _supported(
    request: Request, operation: Operation, flags: Mapping[str, Flag]
) -> list[Operation]:
    # What the gate will refuse must not become a sound operation here.
    replaces_nothing = operation.op is Op.SUPERSEDE and not operation.replaced
    if replaces_nothing or operation.op in BESIDE or not flags.keys() >= set(operation.flags):
        return [operation]
    if operation.worded_by:
        return [operation]
    cited = [flags[flag_id] for flag_id in operation.flags]
    if operation.op is Op.SKIP:
        return [replace(operation, reason=_grounded(operation.reason, cited))]
    if operation.op is Op.SUPERSEDE:
        own = [own_words(flag, request.work) for flag in cited]
        elsewhere = {
            line: _ELSEWHERE
            for line in operation.replaced
            if not any(share(words, line.text) for words in own)
        }
        operation = _without(operation, elsewhere)
        if not operation.replaced:
            return _verbatim(request, operation, cited, "")
    return _worded(request, operation, cited)


def _worded(request: Request, operation: Operation, cited: Sequence[Flag]) -> list[Operation]:
    """Return a line as worded, with what the reviewer is told about it; or the own words."""
    own = [own_words(flag, request.work) for flag in cited]
    if not operation.text or _is_own(operation.text, own, cited):
        return _verbatim(request, operation, cited, "")
    if begins_block(operation.text):
        return _verbatim(request, operation, cited, _A_BLOCK)
    if not any(share(words, operation.text) for words in own):
        return _verbatim(request, operation, cited, _EMPTY)
    replaced = [line.text for line in operation.replaced]
    sources = [words for flag in cited for words in _words(flag)]
    # A merge says what the lines it replaces say; what supersedes lines does not.
    kept = [*own, *(replaced if operation.op is Op.MERGE else ())]
    mistakes = [flag.text for flag in cited if flag.better and request.work is Work.RULES]
    refusing, remarks = findings(operation.text, sources, replaced, kept, mistakes)
    if refusing:
        why = f"a rewording was refused: {_TOLD[refusing[0].rule]}"
        return _verbatim(request, operation, cited, why)
    operation = _without(operation, _staying(operation, request.work, cited, operation.text))
    if replaced and not operation.replaced:
        return _verbatim(request, operation, cited, "")
    if remarks:
        look = "look at the wording: " + "; ".join(finding.what for finding in remarks)
        operation = replace(operation, reason=_joined(operation.reason, look))
    return [_placed(operation)]


def _is_own(text: str, own: Sequence[str], cited: Sequence[Flag]) -> bool:
    """Tell whether a text is what one flag says itself, as a rule with its why or without."""
    if len(own) != 1:
        return False
    lines = [own[0], with_why(own[0], cited[0].text, MAX_TEXT)]
    return harmless(text) in [harmless(line) for line in lines]


def _without(operation: Operation, staying: Mapping[MemoryLine, str]) -> Operation:
    """Return the operation without lines that stay after all; its reason says why each does."""
    if not staying:
        return operation
    return replace(
        operation,
        replaced=tuple(line for line in operation.replaced if line not in staying),
        reason=_joined(operation.reason, _told(operation, staying)),
    )


def _told(operation: Operation, staying: Mapping[MemoryLine, str]) -> str:
    """Return why lines stay; of several that were to be replaced, with the line's beginning."""
    if len(operation.replaced) == 1:
        return _joined(*staying.values())
    return _joined(*[f"{why} ({cut(line.text, _BEGIN)})" for line, why in staying.items()])


def _placed(operation: Operation) -> Operation:
    """Return the operation with the line first that its own line is most like: there it goes.

    A reviewer then sees what became of a line at the line. Of equals the one named first.
    """
    lines = sorted(operation.replaced, key=lambda line: -share(line.text, operation.text))
    return replace(operation, file=lines[0].file, replaced=tuple(lines)) if lines else operation


def _staying(
    operation: Operation, work: Work, cited: Sequence[Flag], text: str
) -> dict[MemoryLine, str]:
    """Return the lines to replace that must stay when ``text`` is written, each with the reason.

    A merge says what the lines it replaces say; what supersedes lines says what changed.
    """
    words = [word for flag in cited for word in (own_words(flag, work), flag.text)]
    told = words if text not in words else ()
    changed = operation.op is Op.SUPERSEDE
    lost = {
        # The why of a rule goes into the new line by itself (`gitmem.drain.rules`).
        line: lost_content(
            rule_of(line.text) if work is Work.RULES else line.text, text, told, changed=changed
        )
        for line in operation.replaced
    }
    return {
        line: f"{_TELLS}: {plain_word(word)}" if plain_word(word) else _TELLS
        for line, word in lost.items()
        if word
    }


def _lines(supported: Sequence[Operation], operations: Sequence[Operation]) -> dict[str, str]:
    """Map flag ids to their lines, also through the flags that they are duplicates of."""
    filed = [one for one in supported if one.op not in BESIDE]
    lines = {flag_id: one.text for one in filed for flag_id in one.flags}
    folded = {
        key: one.survivor for one in operations if one.op is Op.DUPLICATE for key in one.flags
    }
    for flag_id in folded:
        at, seen = flag_id, set[str]()
        while at in folded and at not in seen:
            seen.add(at)
            at = folded[at]
        lines.setdefault(flag_id, lines.get(at, at))
    return lines


def _folded(
    request: Request, operation: Operation, flags: Mapping[str, Flag], lines: Mapping[str, str]
) -> list[Operation]:
    """Return a duplicate; or its own words when the survivor does not say the same."""
    if not flags.keys() >= set(operation.flags):
        return [operation]
    cited = [flags[flag_id] for flag_id in operation.flags]
    survivor = lines.get(operation.survivor, operation.survivor)
    if survivor and any(not carries(survivor, own_words(flag, request.work)) for flag in cited):
        return _unfolded(request, operation, cited, _NO_DUPLICATE)
    fixed = operation.within in {line.file for line in request.fixed_lines} - {*request.files}
    if fixed and any(flag.body for flag in cited):
        return _unfolded(request, operation, cited, _NO_PLACE)
    return [operation]


def _unfolded(
    request: Request, operation: Operation, cited: Sequence[Flag], why: str
) -> list[Operation]:
    """Return own words for a duplicate that is none: it names no file, so each goes to its flag's usual one."""
    return [
        one
        for flag in cited
        for one in _verbatim(
            request,
            replace(operation, file=operation.file or request.usual.get(flag.id, "")),
            [flag],
            why,
        )
    ]


def _grounded(reason: str, cited: Sequence[Flag]) -> str:
    """Return a model's reason to skip, unless it has a value or a name that no cited flag has."""
    if find_hidden(reason) or find_active(reason, skill=True):
        return reason  # the gate refuses it
    sources = [words for flag in cited for words in _words(flag)]
    if any(finding.rule in _INVENTED for finding in judge(reason, sources).hard):
        return "the reason given says what no cited flag says"
    return reason


def _verbatim(
    request: Request, operation: Operation, cited: Sequence[Flag], why: str
) -> list[Operation]:
    """Return own words instead: one operation for each flag, in the same file and loop.

    Only what supersedes lines may still replace them, if these words carry what a line says; else
    both stay.
    """
    if operation.op is Op.SUPERSEDE and len(cited) == 1 and operation.replaced:
        own = own_words(cited[0], request.work)
        staying = _staying(operation, request.work, cited, own)
        stays = _told(operation, staying)
        if len(staying) < len(operation.replaced):
            reason = _joined(operation.reason, why, stays)
            rest = replace(_without(operation, staying), text=own, reason=reason)
            return [_placed(rest)]
    else:
        stays = _stays(len(operation.replaced))
    reason = _joined(operation.reason, why, stays)
    return [
        replace(
            operation,
            op=_SINGLE[request.work],
            flags=(flag.id,),
            text=own_words(flag, request.work),
            replaced=(),
            survivor="",
            within="",
            reason=reason,
        )
        for flag in cited
    ]


def _stays(lines: int) -> str:
    if lines > 1:
        return f"the {lines} lines it was to replace stay, too"
    return _STAYS if lines else ""


def _words(flag: Flag) -> list[str]:
    shown = beginning(flag.body, BEGINNING)
    every = (flag.text, flag.better, flag.source, *flag.paths, shown)
    return [words for words in every if words]


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
