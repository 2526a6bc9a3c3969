"""A request as a prompt, and a model's answer as operations (pure).

Flags and lines go in as JSON data between random marks, with short labels of this request instead of
ids; targets are labels of a fixed list. An answer is mapped by label; anything else is not an operation.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gitmem.drain.plan import BESIDE, Op, Operation, Request, Work
from gitmem.markdown.lines import front_matter_lines, rows
from gitmem.markdown.sections import sections
from gitmem.records.drain_record import day
from gitmem.safety.active import find_refused
from gitmem.safety.body import beginning
from gitmem.safety.paths import is_skill
from gitmem.safety.secrets import find_secret
from gitmem.safety.text import find_hidden

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.drain.plan import Request
    from gitmem.memory.tree import MemoryLine

BODY = 12_000  # characters of a file's text in one question
BEGINNING = 240  # characters of a flag's body, so that a flag with one costs some 60 tokens more
ABOUT = 200  # characters of what a skill says it is for
TOPIC_ABOUT = 80  # characters of what a topic says it is about, so that one costs some 25 tokens

_OPS = {
    Work.MEMORY: (
        Op.KEEP,
        Op.MERGE,
        Op.SUPERSEDE,
        Op.DUPLICATE,
        Op.SKIP,
        Op.SETTLED,
        Op.MOVE,
    ),
    Work.PENDING: (Op.PENDING, Op.DUPLICATE, Op.SKIP, Op.SETTLED),
    Work.RULES: (Op.EDIT, Op.SUPERSEDE, Op.DUPLICATE, Op.SKIP),
}
# Tokens of an answer: an operation costs some 60 without a text and 120 with one.
_TOKENS_PER_FLAG = 150
TOKENS_ANSWERED = 100  # for a flag, about
_REASON = 200  # characters of a model's own words that reach the record
_FIELDS = ("op", "target", "text", "reason", "topic", "about", "section", "again")
_WITHOUT_LINE = (Op.DUPLICATE, Op.SKIP, Op.SETTLED)
_REPLACING = (Op.SUPERSEDE, Op.MERGE)
_NEEDING_LINE = (Op.SUPERSEDE, Op.DUPLICATE, *BESIDE)
_TOKENS_AT_LEAST = 1024
# Of a bounded schema. A line that takes in another one is about as long as the longer of the two.
_TEXT_AT_LEAST = 240
_LINES_NAMED = 8  # lines of one operation
_AT_LEAST = {"string": "minLength", "array": "minItems"}
_BESIDE = 4  # operations more than flags: items that are settled, lines that move


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLabels:
    """What the labels of sections (to titles) and of earlier snags (to flag ids) stand for.

    ``near`` has, for each label of a snag, the flags that it was shown as near to.
    """

    sections: Mapping[str, str] = field(default_factory=dict)
    earlier: Mapping[str, str] = field(default_factory=dict)
    near: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What the labels of one request stand for.

    ``lines`` (m1, ...) may be replaced; ``pending`` (p1, ...) may be settled; these and ``fixed``
    (i1, ...) may be named by a duplicate.
    """

    flags: Mapping[str, str]
    lines: Mapping[str, MemoryLine]
    files: Mapping[str, str]
    pending: Mapping[str, MemoryLine] = field(default_factory=dict)
    fixed: Mapping[str, MemoryLine] = field(default_factory=dict)
    rules: RuleLabels = field(default_factory=RuleLabels)

    @property
    def shown(self) -> dict[str, MemoryLine]:
        """Return all lines by label."""
        return {**self.lines, **self.pending, **self.fixed}


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainQuestion:
    """What is sent: the data part and the answer's JSON schema; and what the labels mean.

    ``bounded`` is the schema with what this question allows; in ``each`` it has one operation for each
    flag, in order, so that a server which holds a model to it leaves no flag out.
    """

    text: str
    schema: Mapping[str, object]
    bounded: Mapping[str, object]
    each: Mapping[str, object]
    max_tokens: int
    labels: Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The labels that an answer may name, and how many characters a line of it has at most."""

    flags: tuple[str, ...]
    lines: tuple[str, ...]
    files: tuple[str, ...]
    sections: tuple[str, ...]
    earlier: tuple[str, ...]
    longest: int

    @property
    def most(self) -> int:
        """How many flags there are."""
        return len(self.flags)


def make_question(request: Request, mark: str) -> DrainQuestion:
    """Return the data of a request between lines with ``mark``, a random word that cannot be guessed."""
    rules = request.work is Work.RULES
    labels = Labels(
        rules=rule_labels(request) if rules else RuleLabels(),
        flags={f"f{place}": flag.id for place, flag in enumerate(request.flags, 1)},
        lines={f"m{place}": line for place, line in enumerate(request.existing, 1)},
        pending={f"p{place}": line for place, line in enumerate(request.pending_lines, 1)},
        fixed={f"i{place}": line for place, line in enumerate(request.fixed_lines, 1)},
        files={f"t{place}": file for place, file in enumerate(request.files, 1)},
    )
    target = {file: label for label, file in labels.files.items()}
    line_of: dict[MemoryLine | None, str] = {line: label for label, line in labels.lines.items()}
    flags = []
    for label, flag in zip(labels.flags, request.flags, strict=True):
        item = {"id": label, "day": day(flag.at), "kind": flag.kind, "text": flag.text}
        item["better"] = flag.better
        item["body"] = beginning(flag.body, BEGINNING)
        item["corrects"] = line_of.get(request.corrected.get(flag.id), "")
        # Of rules, a flag without a file of its own may go to any: it has no target here.
        own = not rules or flag.id in request.fixed
        item["target"] = target.get(request.usual.get(flag.id, ""), "") if own else ""
        flags.append({key: value for key, value in item.items() if value})
    lines = [
        {
            "id": label,
            **({"in": target.get(line.file, "")} if label in labels.lines else {}),
            **({"day": request.days[line.text]} if line.text in request.days else {}),
            "text": line.text,
        }
        for label, line in labels.shown.items()
    ]
    files = [
        {"id": label, "file": file, **told_about(request, file)}
        for label, file in labels.files.items()
    ]
    parts: list[tuple[str, object]] = [("FLAGS", flags), ("LINES", lines), ("TARGETS", files)]
    if rules:
        named = {flag_id: label for label, flag_id in labels.flags.items()}
        parts += rule_parts(request, labels.rules, named)
    text = "\n".join(
        f"{name} {mark}\n{json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n{name} {mark}"
        for name, data in parts
    )
    return DrainQuestion(
        text=text,
        schema=schema(request.work),
        bounded=schema(request.work, bounds_of(request, labels)),
        each=schema_of_each(request.work, bounds_of(request, labels)),
        max_tokens=_TOKENS_AT_LEAST + _TOKENS_PER_FLAG * len(request.flags),
        labels=labels,
    )


def schema(work: Work, bounds: Bounds | None = None) -> dict[str, object]:
    """Return the answer's JSON schema: flat, everything required, the same for all requests of a kind.

    It has no lists of one run, because vendors compile and cache a schema; labels are checked when an
    answer is read. With ``bounds`` it has them, for a server that holds a weak model to a grammar: such
    a model repeats itself until it is cut off wherever it is let. An operation that needs a line has no
    place there where none is shown.
    """
    needing = _NEEDING_LINE if bounds and not bounds.lines else ()
    ops = [op for op in _OPS[work] if op not in needing]
    operations: dict[str, object] = {"type": "array", "items": _row(work, bounds, ops)}
    if bounds:
        operations |= {"minItems": 1, "maxItems": bounds.most + _BESIDE}
    return _answer(operations)


def schema_of_each(work: Work, bounds: Bounds) -> dict[str, object]:
    """Return the bounded schema of an answer with one operation for each flag, in order, and none beside.

    Each says what its operation needs: a skip its reason, and what replaces or repeats a line that line. One
    that needs a line has no place where none is shown: of one flag alone, a merge too.
    """
    each = [_whole_row(work, replace(bounds, flags=(label,))) for label in bounds.flags]
    # No `items`: of both, some servers read that one alone.
    return _answer(
        {"type": "array", "prefixItems": each, "minItems": len(each), "maxItems": len(each)}
    )


def _whole_row(work: Work, bounds: Bounds) -> dict[str, object]:
    """Return the schema of an operation about the one flag of ``bounds`` that says what it needs."""
    ops = [op for op in _OPS[work] if op not in BESIDE and (bounds.lines or op is not Op.MERGE)]
    plain = [op for op in ops if op not in (*_NEEDING_LINE, Op.SKIP)]
    ways = [
        _row(work, bounds, plain, needs=["flags"]),
        _row(work, bounds, [Op.SKIP], needs=["flags", "reason"]),
    ]
    if bounds.lines:
        line = [op for op in ops if op in _NEEDING_LINE]
        ways.append(_row(work, bounds, line, needs=["flags", "lines"]))
    return {"anyOf": ways}


def _answer(operations: Mapping[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {"operations": operations},
        "required": ["operations"],
        "additionalProperties": False,
    }


def _row(
    work: Work, bounds: Bounds | None, ops: Sequence[Op], *, needs: Sequence[str] = ()
) -> dict[str, object]:
    """Return the schema of one operation: one of ``ops``; the fields in ``needs`` may not be empty."""
    text: dict[str, object] = {"type": "string"}
    longest = {"maxLength": bounds.longest} if bounds else {}
    fields: dict[str, dict[str, object]] = {
        "op": {"type": "string", "enum": [op.value for op in ops]},
        "flags": _some(bounds.flags if bounds else None, most=bounds.most if bounds else 0),
        "target": _one(bounds.files if bounds else None),
        "lines": _some(bounds.lines if bounds else None, most=_LINES_NAMED),
        "text": {**text, **longest},
        "reason": {**text, **({"maxLength": _REASON} if bounds else {})},
    }
    if work is Work.MEMORY:
        about = {**text, **({"maxLength": TOPIC_ABOUT} if bounds else {})}
        fields |= {"topic": about, "about": about}
    if work is Work.RULES:
        fields |= {
            "section": _one(bounds.sections if bounds else None),
            "again": _one(bounds.earlier if bounds else None),
        }
    for name in needs:
        fields[name] = {**fields[name], _AT_LEAST[str(fields[name]["type"])]: 1}
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def bounds_of(request: Request, labels: Labels) -> Bounds:
    """Return what an answer to one request may name, and how long its texts are at most."""
    longest = max((len(flag.text) + len(flag.better) for flag in request.flags), default=0)
    return Bounds(
        flags=tuple(labels.flags),
        lines=tuple(labels.shown),
        files=tuple(labels.files),
        sections=tuple(labels.rules.sections),
        earlier=tuple(labels.rules.earlier),
        longest=max(_TEXT_AT_LEAST, longest),
    )


def _one(labels: tuple[str, ...] | None) -> dict[str, object]:
    """Return the schema of one label or none, of these (None: of any)."""
    return {"type": "string"} if labels is None else {"type": "string", "enum": ["", *labels]}


def _some(labels: tuple[str, ...] | None, *, most: int) -> dict[str, object]:
    """Return the schema of a list of labels, of these and so many (None: of any, and any number)."""
    if labels is None:
        return {"type": "array", "items": {"type": "string"}}
    items: dict[str, object] = {"type": "string", **({"enum": [*labels]} if labels else {})}
    return {"type": "array", "items": items, "maxItems": most if labels else 0}


def read_operations(
    request: Request, labels: Labels, data: Mapping[str, object]
) -> tuple[Operation, ...]:
    """Return the operations of an answer, labels replaced by what they stand for.

    An entry of another shape, or with a label this request does not have, gives no operation: the
    gate then finds its flags unaccounted for, and they stay queued. An empty text stands for the
    flags' own words (`gitmem.drain.faithful` puts them in).
    """
    rows = data.get("operations")
    every = [_operation(request, labels, row) for row in rows] if isinstance(rows, list) else []
    return tuple(operation for operation in every if operation is not None)


def _operation(request: Request, labels: Labels, row: object) -> Operation | None:
    if not isinstance(row, dict):
        return None
    values = {key: row.get(key, "") for key in _FIELDS}
    if not all(isinstance(value, str) for value in values.values()):
        return None
    if values["op"] not in [op.value for op in _OPS[request.work]]:
        return None
    op = Op(values["op"])
    cited, lines = _labels(row.get("flags")), row.get("lines", [])
    named = _labels([lines] if isinstance(lines, str) else lines)
    if cited is None or named is None:
        return None
    ids = tuple(labels.flags.get(label, "") for label in dict.fromkeys(cited))
    if not all(ids):
        return None
    replaced = _replaced(request, labels, op, named)
    survivor, within = _survivor(labels, named) if op is Op.DUPLICATE else ("", "")
    topic = values["topic"].strip() if request.work is Work.MEMORY and not values["target"] else ""
    return Operation(
        op=op,
        flags=ids,
        file=_file(request, labels, op, values, (ids, replaced)),
        text=replaced[0].text if op is Op.MOVE and replaced else _text(op, values),
        replaced=replaced,
        survivor=survivor,
        within=within,
        topic=topic,
        about=values["about"].strip() if topic else "",
        because=" ".join(values["reason"].split())[:_REASON] if topic else "",
        reason=_reason(request, op, ids, values["reason"]),
        section=labels.rules.sections.get(values["section"], ""),
        again=_again(labels.rules, values["again"], ids),
    )


def _labels(value: object) -> list[str] | None:
    """Return a list of labels; None for anything else."""
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        return None
    return value


def _text(op: Op, values: Mapping[str, str]) -> str:
    return "" if op in (*_WITHOUT_LINE, Op.MOVE) else values["text"].strip()


def _replaced(
    request: Request, labels: Labels, op: Op, named: Sequence[str]
) -> tuple[MemoryLine, ...]:
    """Return the lines that an operation takes away, of those that such an operation may name."""
    known: Mapping[str, MemoryLine] = {}
    if op in (*_REPLACING, Op.MOVE):
        known = labels.lines
    elif op is Op.SETTLED:
        known = labels.lines if request.work is Work.PENDING else labels.pending
    return tuple(dict.fromkeys(known[label] for label in named if label in known))


def _again(labels: RuleLabels, label: str, ids: tuple[str, ...]) -> str:
    """Return the earlier snag that an operation names, if it was shown as near to each of its flags."""
    near = labels.near.get(label, frozenset())
    return labels.earlier[label] if ids and near.issuperset(ids) else ""


def _file(
    request: Request,
    labels: Labels,
    op: Op,
    values: Mapping[str, str],
    about: tuple[tuple[str, ...], tuple[MemoryLine, ...]],
) -> str:
    """Return where the line goes: for a replaced one where it is; else as chosen, or as usual.

    ``about`` is what the operation cites: the ids of its flags, and the lines that it takes away.
    """
    ids, replaced = about
    if op in _WITHOUT_LINE:
        return ""
    if op in _REPLACING and replaced:
        return replaced[0].file
    usual = request.usual.get(ids[0], "") if ids else ""
    return labels.files.get(values["target"], "") if values["target"] else usual


def _reason(request: Request, op: Op, ids: tuple[str, ...], reason: str) -> str:
    """Return the reason for the reviewer: why the model skips; nothing else that the model says."""
    if op is Op.SKIP:
        return " ".join(reason.split())[:_REASON]
    return "; ".join(request.remarks[key] for key in ids if key in request.remarks)


def _survivor(labels: Labels, named: Sequence[str]) -> tuple[str, str]:
    """Return what a duplicate folds into, and the file that it is in (empty for a flag)."""
    lines = labels.shown
    label = named[0] if named else ""
    if label in lines:
        return lines[label].text, lines[label].file
    return labels.flags.get(label, ""), ""


def rule_labels(request: Request) -> RuleLabels:
    """Return the labels of one request: sections in the file's order, snags in that of the flags."""
    # Only a line for a skill goes below a heading; an instruction file takes rules in its block.
    skill = bool(request.files) and is_skill(request.files[0])
    titles = dict.fromkeys(
        part.title
        for part in (sections(request.body) if skill else ())
        if part.title and not part.is_title
    )
    ids = dict.fromkeys(snag.id for snags in request.earlier.values() for snag in snags)
    earlier = {f"e{place}": flag_id for place, flag_id in enumerate(ids, 1)}
    near = {
        label: frozenset(
            key for key, snags in request.earlier.items() if flag_id in [one.id for one in snags]
        )
        for label, flag_id in earlier.items()
    }
    named = {f"s{place}": title for place, title in enumerate(filter(_fit, titles), 1)}
    return RuleLabels(sections=named, earlier=earlier, near=near)


def rule_parts(
    request: Request, labels: RuleLabels, flags: Mapping[str, str]
) -> list[tuple[str, object]]:
    """Return the other parts of a question about rules, by name; ``flags`` is flag id to label."""
    snags = {snag.id: snag for near in request.earlier.values() for snag in near}
    earlier = [
        {
            "id": label,
            "near": sorted(flags[key] for key in labels.near[label] if key in flags),
            **({"day": on} if (on := day(snags[flag_id].at)) else {}),
            "text": snags[flag_id].text,
            "better": snags[flag_id].better,
        }
        for label, flag_id in labels.earlier.items()
        if not find_secret(f"{snags[flag_id].text} {snags[flag_id].better}")
    ]
    named = [{"id": label, "title": title} for label, title in labels.sections.items()]
    headings: list[tuple[str, object]] = [("SECTIONS", named)] if named else []
    return [("TEXT", _body(request.body)), *headings, ("EARLIER", earlier)]


def told_about(request: Request, file: str) -> dict[str, str]:
    """Return what a target says it is for, as a field of its entry; none when it says nothing.

    A topic that a line is shown of needs none: so a question of many topics stays short.
    """
    most = ABOUT
    if request.work is Work.MEMORY:
        most = 0 if any(line.file == file for line in request.existing) else TOPIC_ABOUT
    about = " ".join(request.about.get(file, "").split())[:most]
    return {"about": about} if about and _fit(about) else {}


def _body(text: str) -> list[str]:
    """Return the lines of a file below its front matter, cut; a line with a credential is left empty."""
    body = rows(text)[front_matter_lines(text) or 0 :]
    shown: list[str] = []
    left = BODY
    for row in body:
        left -= len(row) + 1
        if left < 0:
            shown.append("…")
            break
        shown.append("" if find_secret(row) else row)
    return shown


def _fit(text: str) -> bool:
    return not (find_hidden(text) or find_refused(text) or find_secret(text))
