"""The engine with a model: nearest lines and a request become a prompt, an answer becomes operations."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from gitmem.drain import gate
from gitmem.drain.faithful import faithful
from gitmem.drain.gate import NO_ANSWER
from gitmem.drain.plan import BESIDE, CHUNK, Plan, Work
from gitmem.drain.ports import Answer, KnowsItsServer
from gitmem.drain.prompting import TOKENS_ANSWERED, make_question, read_operations
from gitmem.drain.shown.nearest import LINES, among, narrow
from gitmem.models.batches.asking import BatchQuestion
from gitmem.models.reply import Prompt
from gitmem.models.shapes import with_schema
from gitmem.models.usage import together, tokens
from gitmem.safety.body import has_secret
from gitmem.safety.secrets import find_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.drain.plan import Plan, Request
    from gitmem.drain.ports import Answers, Model
    from gitmem.drain.prompting import DrainQuestion
    from gitmem.models.reply import Reply

#: Questions of one kind that are worth a vendor's cache. The others wait for the first one's answer, so that a cache holds what they
#: share; for fewer, a second round of waiting saves a hundredth of a cent.
SHARED = 4
#: Further questions of one close, about flags that an answer left out or named twice: as many as halves of eight
#: flags, twice over. An engine that leaves everything out, always, then costs so many small questions.
FURTHER = 32
_LINES_AGAIN = 8  # at least, in such a question: one flag's own nearest lines
_UNSENT = "it looks like it holds a credential, so it was not sent"


class ModelEngine:
    """Asks a model. ``orders`` are the instructions by kind of work, ``mark`` makes a random word.

    ``until`` is the deadline of the whole close, in seconds of the monotonic clock. ``answers`` are
    those kept from an earlier close; what is among them is not asked again. ``further`` is how many
    smaller questions a close may ask about flags that an answer left out.
    """

    def __init__(
        self,
        model: Model,
        orders: Mapping[Work, str],
        *,
        mark: Callable[[], str],
        until: float,
        answers: Answers,
        further: int = FURTHER,
    ) -> None:
        self._model = model
        self._orders = orders
        self._mark = mark
        self._until = until
        self._answers = answers
        self._shared: frozenset[Work] = frozenset()
        self._further = further
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """What `--engine` calls it."""
        return self._model.name

    @property
    def model(self) -> str:
        """The model it asks."""
        return self._model.model

    def prepared(self, plan: Plan) -> Plan:
        """Return the plan with the nearest lines only, and without lines that look like a credential."""
        narrowed = narrow(plan)
        asked = [request.work for request in self.asking(narrowed)]
        self._shared = frozenset(work for work in asked if asked.count(work) >= SHARED)
        return narrowed

    def asking(self, plan: Plan) -> tuple[Request, ...]:
        """Return the questions of a plan, without credentials and what is answered already."""
        return tuple(
            part
            for request in plan.requests
            if not request.told
            for part in self._sized(_safe(request))
            if not self._kept(part)
        )

    def prompt(self, request: Request) -> Prompt:
        """Return exactly what is sent for a question of `asking` (`--dry-run` shows it)."""
        return self._prompt(request, make_question(request, self._mark()))

    def batch(self, plan: Plan) -> list[BatchQuestion]:
        """Return the questions of `asking` as a message batch has them."""
        return [
            BatchQuestion(
                key=self._key(request),
                flags=tuple(flag.id for flag in request.flags),
                prompt=self.prompt(request),
            )
            for request in self.asking(plan)
        ]

    def run(self, request: Request) -> Answer:
        """Ask what is not answered already; what is too much for one answer is asked in halves.

        Flags that look like a credential are not sent, and stay queued.
        """
        safe = _safe(request)
        reasons = {flag.id: _UNSENT for flag in request.flags if flag not in safe.flags}
        answers = [self._part(part) for part in self._sized(safe)]
        return _together([Answer(operations=(), reasons=reasons), *answers])

    def stop(self) -> None:
        """End everything under way."""
        self._model.stop()

    @property
    def pace(self) -> float:
        """Tokens that the model's server answered in a second, when it was last asked; 0 when unknown."""
        return self._model.pace if isinstance(self._model, KnowsItsServer) else 0.0

    def seconds(self, plan: Plan) -> float:
        """Return how long the questions of a plan take on a server as slow as it was; 0 when unknown."""
        flags = sum(len(request.flags) for request in self.asking(plan))
        return flags * TOKENS_ANSWERED / self.pace if self.pace > 0 else 0.0

    def sizes(self, plan: Plan) -> tuple[tuple[int, int], ...]:
        """Return for each question of `asking` how many tokens it and its answer take, about."""
        return tuple(
            (_length(self.prompt(request)), TOKENS_ANSWERED * len(request.flags))
            for request in self.asking(plan)
        )

    def _sized(self, request: Request) -> list[Request]:
        """Return the request in parts that the model takes: CHUNK flags, or fewer for a small context."""
        return [sized for part in _parts(request, CHUNK) for sized in self._within_context(part)]

    def _within_context(self, request: Request) -> list[Request]:
        context = self._model.context if isinstance(self._model, KnowsItsServer) else 0
        if not context or len(request.flags) == 1:
            return [request]
        prompt = self._prompt(request, make_question(request, self._mark()))
        if _length(prompt) + prompt.max_tokens <= context:
            return [request]
        halves = _parts(request, _half(request))
        return [part for half in halves for part in self._within_context(half)]

    def _part(self, request: Request) -> Answer:
        halves = _parts(request, _half(request))
        if self._find(request) is None and any(self._find(half) for half in halves[:2]):
            return _together([self._whole(half, self._asked(half)[0]) for half in halves])
        answer, too_much = self._asked(request)
        if not too_much or len(halves) == 1:
            return self._whole(request, answer)
        spent = Answer(operations=(), usage=answer.usage)
        return _together([spent, *[self._whole(half, self._asked(half)[0]) for half in halves]])

    def _whole(self, request: Request, answer: Answer, *, again: bool = False) -> Answer:
        """Return the answer, with the flags that it left out or named twice asked about in smaller questions.

        What it judged stays. ``again``: it is the answer to such a question.
        """
        open_ = {} if answer.reasons else gate.unaccounted(request, answer.operations)
        if not open_:
            return answer
        stands = tuple(
            one for one in answer.operations if one.op in BESIDE or not open_.keys() & {*one.flags}
        )
        told = {key: f"{why}, also when it was asked again" for key, why in open_.items()}
        rest = Answer(operations=stands, reasons=told if again else open_)
        return _together([replace(answer, operations=()), rest, *self._again(request, open_)])

    def _again(self, request: Request, open_: Mapping[str, str]) -> list[Answer]:
        """Ask about a part of a question's flags: about all of them at once, where they are fewer, else in halves."""
        if len(request.flags) == 1:
            return []
        flags = tuple(flag for flag in request.flags if flag.id in open_)
        less = among(replace(request, flags=flags), max(_LINES_AGAIN, LINES * len(flags) // CHUNK))
        fewer = len(less.flags) < len(request.flags)
        answers: list[Answer] = []
        for part in _parts(less, len(less.flags) if fewer else _half(less)):
            if not self._find(part) and not self._allowed():
                break
            answer, too_much = self._asked(part, each=True)
            if not answer.reasons:
                answers.append(self._whole(part, answer, again=True))
                continue
            # The reason is why it was asked again; and what is too much is asked in halves.
            trouble = {
                key: f"{open_[key]}; asked again, {why}" for key, why in answer.reasons.items()
            }
            answers.append(replace(answer, reasons=trouble))
            if not too_much:
                break
            answers += self._again(part, {flag.id: open_[flag.id] for flag in part.flags})
        return answers

    def _allowed(self) -> bool:
        """Tell whether one more further question may be asked, and count it."""
        with self._lock:
            self._further -= 1
            return self._further >= 0

    def _asked(self, request: Request, *, each: bool = False) -> tuple[Answer, bool]:
        """Return the answer to one question, and whether a smaller question may get an answer.

        ``each``: where the server takes a bounded shape, it has one operation for each flag.
        """
        question = make_question(request, self._mark())
        prompt = self._prompt(request, question)
        prompt = replace(prompt, bounded=question.each) if each else prompt
        key, kept = self._key(request), self._find(request)
        reply = kept or self._model.ask(prompt, until=self._until)
        usage = together([self._answers.spent(key), reply.usage])
        if reply.data is None:
            trouble = NO_ANSWER + reply.problem
            reasons = {flag.id: trouble for flag in request.flags}
            return Answer(operations=(), usage=usage, reasons=reasons), reply.too_much
        told = read_operations(request, question.labels, reply.data)
        # An operation said twice says nothing more.
        operations = tuple(dict.fromkeys(faithful(request, told)))
        # An answer that judges nothing is not worth keeping: the same question may get a better one.
        if not kept and len(gate.unaccounted(request, operations)) < len(request.flags):
            self._answers.keep(key, [flag.id for flag in request.flags], reply)
        return (
            Answer(
                operations=operations,
                usage=usage,
                model=reply.answered,
                kept=int(kept is not None and not reply.usage.calls),
            ),
            False,
        )

    def _prompt(self, request: Request, question: DrainQuestion) -> Prompt:
        return Prompt(
            system=self._orders[request.work],
            text=question.text,
            schema=question.schema,
            max_tokens=question.max_tokens,
            bounded=question.bounded,
            shared=request.work in self._shared,
        )

    def _kept(self, request: Request) -> bool:
        """Tell whether the answer to a question is kept, whole or in halves."""
        halves = _parts(request, _half(request))
        return bool(self._find(request)) or all(self._find(half) for half in halves)

    def _find(self, request: Request) -> Reply | None:
        return self._answers.find(self._key(request))

    def _key(self, request: Request) -> str:
        """Return the key of an answer: everything that is asked, and whom, without the random mark."""
        plain = self._prompt(request, make_question(request, ""))
        parts = [self.name, self.model, plain.system, plain.text, plain.schema]
        return sha256(json.dumps(parts).encode()).hexdigest()


def _length(prompt: Prompt) -> int:
    """Return how many tokens a question takes, about, with its schema."""
    return tokens(with_schema(prompt)) + tokens(prompt.text)


def _has_secret(flag: Flag) -> bool:
    if flag.body and has_secret(flag.text, flag.body):
        return True
    return find_secret(f"{flag.text} {flag.better}") is not None


def _safe(request: Request) -> Request:
    """Return the request without the flags that look like a credential."""
    flags = tuple(flag for flag in request.flags if not _has_secret(flag))
    return replace(request, flags=flags)


def _half(request: Request) -> int:
    return (len(request.flags) + 1) // 2


def _parts(request: Request, size: int) -> list[Request]:
    """Return the request in parts of at most ``size`` flags, each with the lines nearest to its flags."""
    flags = request.flags
    if len(flags) <= size:
        return [request] if flags else []
    room = LINES * size // CHUNK
    return [
        among(replace(request, flags=flags[start : start + size]), room)
        for start in range(0, len(flags), max(1, size))
    ]


def _together(answers: Sequence[Answer]) -> Answer:
    return Answer(
        operations=tuple(one for answer in answers for one in answer.operations),
        usage=together([answer.usage for answer in answers]),
        reasons={key: why for answer in answers for key, why in answer.reasons.items()},
        model=", ".join(dict.fromkeys(answer.model for answer in answers if answer.model)),
        kept=sum(answer.kept for answer in answers),
    )
