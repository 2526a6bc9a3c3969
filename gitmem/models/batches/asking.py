"""Questions answered by message batches: what is there is used, the rest is sent, and a later close goes on.

Nothing of a close but its asking changes: answers of a batch are kept as those of any question, and the close
then finds nothing to ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gitmem.core.errors import GitmemError
from gitmem.core.failures import NoProgress
from gitmem.core.quantities import count
from gitmem.models.batches.api import Fault, State
from gitmem.models.batches.sent import SentBatch, now
from gitmem.models.reply import Reply, Stop
from gitmem.models.usage import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitmem.models.answer_store import AnswerStore
    from gitmem.models.batches.api import MessageBatches, Results
    from gitmem.models.batches.sent import SentBatches
    from gitmem.models.reply import Prompt
    from gitmem.models.usage import Usage

_AGAIN = "the same command, run again, goes on; the queue is as it was"
_LATER = (Stop.TIMED_OUT, Stop.LIMITED)  # the deadline came first


class Waiting(GitmemError):
    """A batch is being answered: the same command, run later, goes on."""

    exit_code = 10


@runtime_checkable
class SendsBatches(Protocol):
    """A model whose server takes message batches."""

    def batches(self) -> MessageBatches:
        """Return the batches of its server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchQuestion:
    """A question: the key of its answer, the flags that it is about (ids), and what is sent."""

    key: str
    flags: tuple[str, ...]
    prompt: Prompt


class BatchAnswers:
    """The answers of batches before those kept from an earlier close.

    What a batch left open for the next close is here too, as a reply with a problem.
    """

    def __init__(self, kept: AnswerStore) -> None:
        self._kept = kept
        self._new: dict[str, Reply] = {}
        self._spent: dict[str, Usage] = {}

    def find(self, key: str) -> Reply | None:
        """Return the reply under a key; None when there is none."""
        return self._new.get(key) or self._kept.find(key)

    def spent(self, key: str) -> Usage:
        """Return what an answer under a key has cost that could not be used."""
        return self._spent.get(key, NOTHING)

    def keep(self, key: str, flags: Sequence[str], reply: Reply) -> None:
        """Keep an answer about these flags (ids)."""
        self._kept.keep(key, flags, reply)

    def take(self, questions: Mapping[str, BatchQuestion], results: Results) -> None:
        """Take the answers in, and keep those that are whole."""
        self._new |= results.replies
        self._spent |= results.spent
        for key, reply in results.replies.items():
            if reply.data is not None:
                self._kept.keep(key, questions[key].flags, reply)

    def leave(self, keys: frozenset[str], problem: str) -> None:
        """Leave questions open for a later close."""
        for key in keys:
            self._new[key] = Reply(
                data=None, stop=Stop.FAILED, usage=NOTHING, seconds=0.0, problem=problem
            )


class Batching:
    """The batches of one close: `run` before it asks, `finish` when it has ended.

    ``answers`` is where its engine looks for answers.
    """

    def __init__(self, batches: MessageBatches, sent: SentBatches, kept: AnswerStore) -> None:
        self.answers = BatchAnswers(kept)
        self._batches = batches
        self._sent = sent
        self._used: list[str] = []

    @property
    def flags(self) -> frozenset[str]:
        """The flags (ids) of batches that were sent before: other flags would make other questions."""
        sent = self._sent.of(self._batches.host, self._batches.model)
        return frozenset(flag for one in sent for flag in one.flags)

    def run(
        self, questions: Sequence[BatchQuestion], until: float, tell: Callable[[str], None]
    ) -> None:
        """Answer questions by the batches sent before, and by a new one.

        ``tell`` receives what a person should know. Raises Waiting when a batch is not answered by
        ``until`` (seconds of the monotonic clock), NoProgress when one cannot be sent or read,
        Credentials and Cancelled. What a batch does not answer in the right shape is left to be asked
        one by one.
        """
        lock = self._sent.lock()
        if not lock.attempt(max(0.0, until - self._batches.clock())):
            raise Waiting("another close is waiting for a batch", hint=_AGAIN)
        try:
            self._run({one.key: one for one in questions}, until, tell)
        finally:
            lock.release()

    def finish(self) -> None:
        """Forget the batches that a finished close has used: what led nowhere is asked again."""
        if self._used:
            with self._sent.lock():
                self._sent.drop(*self._used)

    def _run(
        self, open_: dict[str, BatchQuestion], until: float, tell: Callable[[str], None]
    ) -> None:
        flags = {flag for one in open_.values() for flag in one.flags}
        for batch in self._sent.of(self._batches.host, self._batches.model):
            mine = {key: open_[key] for key in batch.questions if key in open_}
            if not mine and flags.isdisjoint(batch.flags):
                continue  # of another close
            results = self._results(batch, mine, until) if mine else None
            if results is None:
                why = "is not known there any more" if mine else "asked what is not asked any more"
                tell(f"batch {batch.id} {why}; its questions are asked again")
                self._sent.drop(batch.id)
                continue
            self._take(batch.id, mine, results, tell)
            for key in mine.keys() - results.expired:
                del open_[key]
            if results.expired:
                tell(
                    f"batch {batch.id}: {_were(len(results.expired))} not asked in time, and asked again"
                )
        if open_:
            self._send(open_, until, tell)

    def _send(
        self, open_: dict[str, BatchQuestion], until: float, tell: Callable[[str], None]
    ) -> None:
        try:
            name = self._batches.send({key: one.prompt for key, one in open_.items()}, until)
        except Fault as fault:
            raise NoProgress(
                f"the batch was not sent: {fault.attempt.problem}",
                hint="run it again, or without --batch; the queue is as it was",
            ) from fault
        batch = SentBatch(
            id=name,
            host=self._batches.host,
            model=self._batches.model,
            at=now(),
            questions=tuple(open_),
            flags=tuple(dict.fromkeys(flag for one in open_.values() for flag in one.flags)),
        )
        self._sent.keep(batch)
        tell(f"batch {name}: {count(len(open_), 'question')} sent, for half the price")
        results = self._results(batch, open_, until)
        if results is None:
            raise NoProgress(f"batch {name} is not known where it was sent to", hint=_AGAIN)
        self._take(name, open_, results, tell)
        self.answers.leave(
            results.expired, f"batch {name} ended without asking it; the next close asks again"
        )

    def _results(
        self, batch: SentBatch, mine: Mapping[str, BatchQuestion], until: float
    ) -> Results | None:
        """Return what a batch brought for these questions; None when the server does not know it."""
        try:
            state = self._batches.wait(batch.id, until)
            if state is State.ENDED:
                prompts = {key: one.prompt for key, one in mine.items()}
                return self._batches.results(batch.id, prompts, until)
        except Fault as fault:
            kind = Waiting if fault.attempt.stop in _LATER else NoProgress
            raise kind(f"batch {batch.id}: {fault.attempt.problem}", hint=_AGAIN) from fault
        if state is State.UNKNOWN:
            return None
        asked = count(len(batch.questions), "question")
        raise Waiting(
            f"batch {batch.id} is being answered ({asked})",
            hint=f"{_AGAIN}. An answer may take up to 24 hours",
        )

    def _take(
        self,
        name: str,
        mine: Mapping[str, BatchQuestion],
        results: Results,
        tell: Callable[[str], None],
    ) -> None:
        self.answers.take(mine, results)
        self._used.append(name)
        if results.failed:
            why = next(iter(results.failed.values()))
            tell(
                f"batch {name}: {_were(len(results.failed))} not answered, and asked one by one ({why})"
            )


def _were(number: int) -> str:
    return f"{count(number, 'question')} {'was' if number == 1 else 'were'}"
