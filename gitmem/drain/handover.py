"""Questions printed for another judge, and its answers read back, as JSON lines (pure).

The shapes are in docs/data-model.md, "Plan and apply". An answer names its question by a key: a
digest of everything that was asked. It fits only while the same would be asked again, so an answer
to an older queue or memory fits nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from gitmem.models.reply import Reply, Stop
from gitmem.models.usage import NOTHING, UNPRICED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.drain.plan import Request
    from gitmem.models.reply import Prompt
    from gitmem.models.usage import Usage


_NONE = "no answer was handed in for what would be asked now; gitmem plan says what that is"
_TWICE = "two answers were handed in for it, and they differ"

_KEY = 32  # hexadecimal digits of a key: 128 bits
_MODEL = 100  # characters of a model's name
_MODEL_SIGNS = frozenset("._-:/@+ ")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """One line of answers: its number, the key or the plan and request it names, and the answer."""

    line: int
    data: Mapping[str, Any]
    key: str = ""
    plan: str = ""
    request: int = 0
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A line that is not an answer, and why."""

    line: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSet:
    """Answers by key, the keys that were answered twice, and sentences about unused lines."""

    answers: Mapping[str, AnswerRow]
    twice: frozenset[str]
    notes: tuple[str, ...]


def key_of(prompt: Prompt) -> str:
    """Return the key of a question; its prompt is the one with an empty mark."""
    return _digest([prompt.system, prompt.text, prompt.schema])


def plan_of(keys: Sequence[str]) -> str:
    """Return the key of a whole plan."""
    return _digest(list(keys))


def questions_out(
    requests: Sequence[Request], prompts: Sequence[Prompt], keys: Sequence[str]
) -> list[dict[str, object]]:
    """Return what `gitmem plan` prints: one object for each request, numbered from 1."""
    plan = plan_of(keys)
    return [
        {
            "request": number,
            "key": key,
            "plan": plan,
            "work": request.work.value,
            "flags": len(request.flags),
            "system": prompt.system,
            "text": prompt.text,
            "schema": prompt.schema,
            "max_tokens": prompt.max_tokens,
        }
        for number, (request, prompt, key) in enumerate(
            zip(requests, prompts, keys, strict=True), 1
        )
    ]


def read_answers(text: str) -> list[AnswerRow | BadRow]:
    """Return the answers of a file, in order; blank lines do not count."""
    lines = enumerate(text.split("\n"), 1)
    return [_read(number, line) for number, line in lines if line.strip()]


def match_answers(rows: Sequence[AnswerRow | BadRow], keys: Sequence[str]) -> AnswerSet:
    """Match answers to the questions that would be asked now."""
    plan = plan_of(keys)
    answers: dict[str, AnswerRow] = {}
    twice: set[str] = set()
    notes: list[str] = []
    for row in rows:
        if isinstance(row, BadRow):
            notes.append(f"line {row.line} is not an answer: {row.why}")
            continue
        key, why = _named(row, keys, plan)
        if why:
            notes.append(f"line {row.line} was not applied: {why}")
        elif key in answers and answers[key].data != row.data:
            twice.add(key)
            notes.append(f"line {row.line} answers what line {answers[key].line} does, otherwise")
        else:
            answers.setdefault(key, row)
    return AnswerSet(answers=answers, twice=frozenset(twice), notes=tuple(notes))


def _named(row: AnswerRow, keys: Sequence[str], plan: str) -> tuple[str, str]:
    """Return the key of the question that a line answers, or why there is none."""
    stale = "the queue or the memory changed since gitmem plan; run it again"
    if not row.key and not row.plan:
        return "", "a request's number alone does not say of which plan; give the key as well"
    if row.plan and row.plan != plan and not row.key:
        return "", stale
    place = row.request - 1
    numbered = keys[place] if 0 <= place < len(keys) else ""
    if not row.key:
        return (numbered, "") if numbered else ("", f"there is no request {row.request}")
    if row.key not in keys:
        return "", stale
    if row.request and row.plan == plan and numbered != row.key:
        return "", "its request and its key do not belong together"
    return row.key, ""


def _read(number: int, line: str) -> AnswerRow | BadRow:
    try:
        fields = json.loads(line)
        json.dumps(fields, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return BadRow(line=number, why="it is not valid Unicode")
    except (ValueError, RecursionError):
        return BadRow(line=number, why="it is not one JSON value on one line")
    if not isinstance(fields, dict) or not isinstance(fields.get("operations"), list):
        return BadRow(line=number, why="it is not an object with a list of operations")
    key, plan, request = (fields.get(name) for name in ("key", "plan", "request"))
    if not isinstance(key, str) and type(request) is not int:
        return BadRow(line=number, why="it names neither a key nor a request")
    return AnswerRow(
        line=number,
        data={"operations": fields["operations"]},
        key=key if isinstance(key, str) else "",
        plan=plan if isinstance(plan, str) else "",
        request=request if type(request) is int else 0,
        model=model_name(fields.get("model")),
    )


def model_name(value: object) -> str:
    """Return a model's name for a record and a commit message; empty when it is unfit for them."""
    if not isinstance(value, str) or len(value) > _MODEL:
        return ""
    plain = all(char.isascii() and (char.isalnum() or char in _MODEL_SIGNS) for char in value)
    return value.strip() if plain else ""


def _digest(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:_KEY]


class ExternalModel:
    """A model outside of gitmem, whose answers were given beforehand (`gitmem apply`).

    Its prompts have an empty mark. ``model`` is the name for answers that give none. Nothing is asked,
    so nothing leaves the machine.
    """

    name = "apply"
    host = "nowhere"
    here = True

    def __init__(self, model: str = "") -> None:
        self.model = model
        self._known = AnswerSet(answers={}, twice=frozenset(), notes=())

    def expect(self, known: AnswerSet) -> None:
        """Take the answers that fit the present plan."""
        self._known = known

    def warm(self) -> None:
        """Do nothing: there is nothing to load."""

    def sent(self, prompt: Prompt) -> Mapping[str, object]:  # noqa: ARG002 - it is not sent
        """Return nothing."""
        return {}

    def stop(self) -> None:
        """Do nothing: there is nothing to stop."""

    def ask(self, prompt: Prompt, *, until: float) -> Reply:  # noqa: ARG002 - there is nothing to wait for
        """Return the given answer; a reply with a problem when there is none, or more than one."""
        key = key_of(prompt)
        row = self._known.answers.get(key)
        if row is None or key in self._known.twice:
            problem = _TWICE if row else _NONE
            return Reply(stop=Stop.INVALID, usage=UNPRICED, seconds=0.0, problem=problem)
        return Reply(data=row.data, stop=Stop.END, usage=UNPRICED, seconds=0.0, answered=row.model)


class NoStoredAnswers:
    """A store without answers, for a model whose answers are given beforehand."""

    def find(self, key: str) -> Reply | None:  # noqa: ARG002 - there is none
        """Return None."""
        return None

    def keep(self, key: str, flags: Sequence[str], reply: Reply) -> None:
        """Keep nothing."""

    def spent(self, key: str) -> Usage:  # noqa: ARG002 - there is none
        """Return nothing."""
        return NOTHING
