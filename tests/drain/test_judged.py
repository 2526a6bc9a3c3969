"""The engine with a model behind it: what it sends, what it keeps, and what it makes of an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gitmem.core.flag import Flag, make
from gitmem.drain.model_engine import ModelEngine
from gitmem.drain.plan import Op, Request, Work, make_plan
from gitmem.memory.places import Places
from gitmem.models.answer_store import AnswerStore
from gitmem.models.reply import Prompt, Reply, Stop
from gitmem.models.usage import Usage
from tests.support.judge import operation

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


class Scripted:
    """A model that answers as a test says."""

    name = "scripted"
    host = "nowhere"

    def __init__(self, answer: Callable[[list[str]], Reply], model: str = "m-1") -> None:
        self.model = model
        self.asked: list[list[str]] = []
        self.stopped = 0
        self._answer = answer

    here = True

    def warm(self) -> None: ...

    def sent(self, prompt: Prompt) -> dict[str, object]:
        return {"text": prompt.text}

    def stop(self) -> None:
        self.stopped += 1

    def ask(self, prompt: Prompt, *, until: float) -> Reply:
        assert until == 9.0
        data = re.findall(r"^FLAGS \w+\n(.*)\nFLAGS", prompt.text, re.MULTILINE)[0]
        texts = [flag["text"] for flag in json.loads(data)]
        self.asked.append(texts)
        return self._answer(texts)


def keeps(texts: list[str]) -> Reply:
    rows = [operation("keep", f"f{place}") for place, _ in enumerate(texts, 1)]
    return Reply(
        data={"operations": rows},
        stop="end_turn",
        usage=Usage(calls=1, dollars=None),
        seconds=0.1,
        answered="m-1b",
    )


def fails(stop: Stop) -> Reply:
    return Reply(stop=stop, usage=Usage(calls=1, dollars=None), seconds=0.1, problem="it broke")


def flag(number: int, text: str = "", kind: str = "fact") -> Flag:
    key = "b" * 10 + LETTERS[number // 32] + LETTERS[number % 32]
    return make({"id": key, "kind": kind, "text": text or f"fact {number}"})


def request_of(*flags: Flag) -> Request:
    (request,) = make_plan(flags, Places(folder="memory"), {}).requests
    return request


def engine(model: Scripted, folder: Path) -> ModelEngine:
    marks = iter(f"mark{number}" for number in range(1000))
    orders = {work: work.value for work in Work}
    return ModelEngine(
        model, orders, mark=lambda: next(marks), until=9.0, answers=AnswerStore(str(folder / "g"))
    )


def test_the_same_question_is_asked_once(tmp_path: Path) -> None:
    model, request = Scripted(keeps), request_of(flag(1), flag(2))
    first = engine(model, tmp_path).run(request)
    again = engine(model, tmp_path).run(request)

    assert len(model.asked) == 1
    assert again.operations == first.operations
    assert (first.kept, first.usage.calls) == (0, 1)
    assert (again.kept, again.usage.calls, again.usage.dollars) == (1, 0, 0.0)
    assert again.model == first.model == "m-1b"


def test_another_flag_or_model_is_another_question(tmp_path: Path) -> None:
    model, other = Scripted(keeps), Scripted(keeps, "m-2")
    engine(model, tmp_path).run(request_of(flag(1)))
    engine(model, tmp_path).run(request_of(flag(2)))
    engine(other, tmp_path).run(request_of(flag(1)))

    assert (len(model.asked), len(other.asked)) == (2, 1)


def test_a_flag_with_the_same_words_and_another_id_gets_the_answer_under_its_own(
    tmp_path: Path,
) -> None:
    model = Scripted(keeps)
    engine(model, tmp_path).run(request_of(flag(1, "same")))
    answer = engine(model, tmp_path).run(request_of(flag(2, "same")))

    assert [one.flags for one in answer.operations] == [(flag(2).id,)]


def test_trouble_is_not_kept_and_names_every_flag(tmp_path: Path) -> None:
    model = Scripted(lambda _: fails(Stop.UNREACHABLE))
    request = request_of(flag(1), flag(2))
    answer = engine(model, tmp_path).run(request)
    engine(model, tmp_path).run(request)

    assert len(model.asked) == 2
    assert answer.reasons == dict.fromkeys(
        [flag(1).id, flag(2).id], "the engine gave no answer: it broke"
    )


def test_too_much_is_asked_in_halves_and_a_later_close_starts_with_them(tmp_path: Path) -> None:
    def small(texts: list[str]) -> Reply:
        if len(texts) > 2 or "fact 3" in texts:
            return fails(Stop.CUT)
        return keeps(texts)

    request = request_of(*[flag(number) for number in range(4)])
    model = Scripted(small)
    answer = engine(model, tmp_path).run(request)

    assert [len(texts) for texts in model.asked] == [4, 2, 2]
    assert len(answer.operations) == 2
    assert answer.reasons.keys() == {flag(2).id, flag(3).id}

    later = Scripted(keeps)
    answer = engine(later, tmp_path).run(request)
    assert later.asked == [["fact 2", "fact 3"]]
    assert len(answer.operations) == 4


def test_a_flag_that_looks_like_a_credential_is_sent_to_nobody(tmp_path: Path) -> None:
    secret = flag(2, "the token is gh" + "p_" + "a1B2" * 9)
    model, request = Scripted(keeps), request_of(flag(1), secret)
    judged = engine(model, tmp_path)
    answer = judged.run(request)

    assert model.asked == [["fact 1"]]
    assert "credential" in answer.reasons[secret.id]
    plan = make_plan([flag(1), secret], Places(folder="memory"), {})
    assert "gh" + "p_" not in judged.prompt(request_of(flag(1))).text
    assert all(secret not in one.flags for one in engine(model, tmp_path / "x").asking(plan))


def test_nothing_is_asked_about_credentials_alone(tmp_path: Path) -> None:
    model = Scripted(keeps)
    answer = engine(model, tmp_path).run(request_of(flag(2, "gh" + "p_" + "a1B2" * 9)))

    assert (model.asked, answer.operations) == ([], ())


def test_many_open_questions_are_asked_in_parts(tmp_path: Path) -> None:
    model = Scripted(
        lambda texts: Reply(
            data={"operations": [operation("pending", f"f{n}") for n, _ in enumerate(texts, 1)]},
            stop="end_turn",
            usage=Usage(calls=1, dollars=None),
            seconds=0.1,
        )
    )
    answer = engine(model, tmp_path).run(
        request_of(*[flag(number, kind="pending") for number in range(70)])
    )

    assert [len(texts) for texts in model.asked] == [32, 32, 6]
    assert {one.op for one in answer.operations} == {Op.PENDING}
    assert len(answer.operations) == 70


def test_what_will_be_asked_leaves_out_what_is_answered(tmp_path: Path) -> None:
    plan = make_plan([flag(number) for number in range(64)], Places(folder="memory"), {})
    judged = engine(Scripted(keeps), tmp_path)
    assert len(judged.asking(plan)) == 2

    judged.run(plan.requests[0])

    assert judged.asking(plan) == (plan.requests[1],)


def test_stopping_the_engine_stops_the_model(tmp_path: Path) -> None:
    model = Scripted(keeps)
    engine(model, tmp_path).stop()

    assert model.stopped == 1


@pytest.mark.parametrize(("flags", "shared"), [(96, False), (128, True)])
def test_from_four_questions_of_a_kind_on_they_share_a_cache(
    flags: int, shared: bool, tmp_path: Path
) -> None:
    every = [flag(number) for number in range(flags)]
    # Lone questions of other kinds share with none, whatever the others do.
    plan = make_plan([*every, flag(900, "open?", "pending")], Places(folder="memory"), {})
    model = Scripted(keeps)
    made = engine(model, tmp_path)
    prepared = made.prepared(plan)

    prompts = [(part.work, made.prompt(part).shared) for part in made.asking(prepared)]
    assert prompts == [(Work.MEMORY, shared)] * (flags // 32) + [(Work.PENDING, False)]

    # What is answered already is not asked, so it does not count.
    for part in made.asking(prepared)[:1]:
        made.run(part)
    left = made.asking(made.prepared(plan))
    assert not any(made.prompt(part).shared for part in left)
