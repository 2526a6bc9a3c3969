"""A model that knows the labels: it answers each question as well as what the question shows allows.

It gets what any model gets, a prompt, and its answer goes through the same gate. What it does not reach
is what the design loses: a line that is not shown, an operation that is not there, a refusal.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitmem.drain.handover import ExternalModel
from gitmem.memory.topics import fact_key
from gitmem.models.reply import Reply, Stop
from gitmem.models.usage import UNPRICED
from gitmem.safety.harmless import harmless

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from evals.consolidation.project import Label, Project
    from gitmem.models.reply import Prompt

_ACCOUNTS = ("keep", "pending", "edit")  # what an answer does with a flag without more to say
_SUBJECT = 3  # notes of one question that are a topic of their own
_CATCH_ALL = frozenset({"facts", "decisions", "gotchas", "preferences"})


@dataclass(frozen=True, kw_only=True)
class _Question:
    """What a prompt shows: flags and lines by their labels here, targets by the name of their topic.

    ``flags`` maps a label to the flag's short id, ``lines`` to text, ``within`` to the target's label.
    """

    flags: Mapping[str, str]
    lines: Mapping[str, str]
    within: Mapping[str, str]
    targets: Mapping[str, str]
    ops: Sequence[str]
    fields: Mapping[str, Any]


class Oracle(ExternalModel):
    """Answers from a project's labels."""

    name = "oracle"

    def __init__(self, project: Project) -> None:
        super().__init__("labels")
        self._labels = project.labels
        self._rows = {row["id"]: row for row in project.rows}
        self._texts = {_key(row["text"]): row["id"] for row in project.rows}
        self._said = {short: set(_wordings(row)) for short, row in self._rows.items()}
        for label in project.labels.values():
            if label.line:
                self._said[label.id].add(_key(label.line))

    def ask(self, prompt: Prompt, *, until: float) -> Reply:  # noqa: ARG002 - it is not waited for
        """Return the operations that the labels want, as far as the question allows them."""
        question = self._read(prompt)
        operations = [
            {**_empty(question.fields), **operation}
            for operation in self._operations(question)
            if operation["op"] in question.ops
        ]
        known = [
            {name: value for name, value in one.items() if name in question.fields}
            for one in operations
        ]
        return Reply(
            data={"operations": known},
            stop=Stop.END,
            usage=UNPRICED,
            seconds=0.0,
            answered="labels",
        )

    def _read(self, prompt: Prompt) -> _Question:
        parts = [json.loads(row) for row in prompt.text.splitlines() if row.startswith("[")]
        rows = [row for part in parts for row in part if isinstance(row, dict) and "id" in row]
        named = {row["id"]: row for row in rows}
        shape = prompt.schema["properties"]["operations"]["items"]["properties"]
        targets = {
            label: row["file"].rpartition("/")[2].removesuffix(".md")
            for label, row in named.items()
            if "file" in row
        }
        lines = {label: row["text"] for label, row in named.items() if label[0] in "mpi"}
        return _Question(
            flags={
                label: self._texts[_key(row["text"])]
                for label, row in named.items()
                if label[0] == "f"
            },
            lines=lines,
            within={label: named[label].get("in", "") for label in lines},
            targets=targets,
            ops=shape["op"]["enum"],
            fields=shape,
        )

    def _operations(self, question: _Question) -> Iterator[dict[str, Any]]:
        usual = next(op for op in question.ops if op in _ACCOUNTS)
        for label, short in question.flags.items():
            yield {"flags": [label], **self._one(question, short, usual)}
        for label, short in question.flags.items():
            items = self._settled(question, short)
            if items:
                yield {"op": "settled", "flags": [label], "lines": items}
        yield from self._moves(question)

    def _one(self, question: _Question, short: str, usual: str) -> dict[str, Any]:
        """Return the operation that accounts for a flag."""
        label = self._labels[short]
        if label.worthless:
            return {"op": "skip", "reason": "it says nothing that anyone could use later"}
        if self._outdone(question, short):
            return {"op": "skip", "reason": "a newer note of this question replaces it"}
        same = self._same(question, label)
        if same:
            return {"op": "duplicate", "lines": [same]}
        stale = [line for one in label.supersedes for line in self._lines(question, one.id, "m")]
        if stale:
            return {"op": "supersede", "lines": stale, "text": label.line}
        return {"op": usual, **self._target(question, label)}

    def _outdone(self, question: _Question, short: str) -> bool:
        """Tell whether a newer flag of this question makes a flag wrong."""
        return any(
            stale.id == short
            for other in question.flags.values()
            for stale in self._labels[other].supersedes
        )

    def _same(self, question: _Question, label: Label) -> str:
        """Return the label of what a flag repeats; empty where that is not shown."""
        if label.instruction:
            words = _key(label.instruction.removeprefix("- "))
            return next((at for at, text in question.lines.items() if _key(text) == words), "")
        if not label.duplicate_of:
            return ""
        flags = [at for at, short in question.flags.items() if short == label.duplicate_of]
        return next(iter([*flags, *self._lines(question, label.duplicate_of, "mpi")]), "")

    def _settled(self, question: _Question, short: str) -> list[str]:
        items = self._labels[short].settles
        return [line for item in items for line in self._lines(question, item, "mp")]

    def _lines(self, question: _Question, short: str, kinds: str) -> list[str]:
        """Return the labels of the lines that say what a flag says: its own, or one in its place."""
        wordings = set(self._said[short])
        for label in self._labels.values():
            if any(stale.id == short for stale in label.supersedes):
                wordings |= {_key(label.line)} if label.line else set()
        return [
            at
            for at, text in question.lines.items()
            if at[0] in kinds
            and any(_key(text) == words or _key(text).startswith(f"{words} ") for words in wordings)
        ]

    def _target(self, question: _Question, label: Label) -> dict[str, Any]:
        """Return where a line goes: a target of its topic, else a new topic; nothing without a topic."""
        if not label.topics:
            return {}
        topic = label.topics[0]
        mine = [
            short
            for short in question.flags.values()
            if self._labels[short].topics[:1] == (topic,) and self._says_something(question, short)
        ]
        fitting = label.topics if len(mine) < _SUBJECT else (topic,)
        for name in fitting:
            at = next((at for at, file in question.targets.items() if _is_part(file, name)), "")
            if at:
                return {"target": at}
        about = self._rows[next(iter([*mine, label.id]))]["text"]
        return {"topic": topic, "about": about, "reason": f"these notes are about {topic}"}

    def _says_something(self, question: _Question, short: str) -> bool:
        label = self._labels[short]
        return not (self._same(question, label) or self._outdone(question, short))

    def _moves(self, question: _Question) -> Iterator[dict[str, Any]]:
        """Yield the moves of lines that are in a catch-all topic and have a target of their own."""
        for at, text in question.lines.items():
            if question.targets.get(question.within[at]) not in _CATCH_ALL:
                continue
            short = next((one for one, said in self._said.items() if _key(text) in said), "")
            target = self._target(question, self._labels[short]) if short else {}
            if "target" in target and question.targets[target["target"]] not in _CATCH_ALL:
                yield {"op": "move", "flags": [], "lines": [at], "target": target["target"]}


def _wordings(row: Mapping[str, Any]) -> list[str]:
    return [_key(row[name]) for name in ("text", "better") if row.get(name)]


def _key(text: str) -> str:
    return fact_key(harmless(text))


def _is_part(name: str, topic: str) -> bool:
    """Tell whether a target is a topic's file, or a further part of it."""
    return name == topic or (name.startswith(f"{topic}-") and name[len(topic) + 1 :].isdecimal())


def _empty(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: [] if one["type"] == "array" else "" for name, one in fields.items()}
