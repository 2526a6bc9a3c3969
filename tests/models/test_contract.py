"""What every model promises, whatever is behind it: one suite, run over all of them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from gitmem.bootstrap.engines import ENGINES, PRESETS
from gitmem.models.anthropic import Anthropic
from gitmem.models.command import Command
from gitmem.models.endpoint import endpoint
from gitmem.models.extract import flaws
from gitmem.models.reply import Cancelled, Prompt, Reply
from gitmem.models.served import Means
from gitmem.models.server import Patience
from tests.support import messages_api as api
from tests.support.client_answers import answering
from tests.support.messages_api import Asked, MessagesApi, Sent
from tests.support.programs import Behaviour, FakeProgram
from tests.support.sandbox import ENDLESS, PATIENCE

SCHEMA = {
    "type": "object",
    "properties": {"lines": {"type": "array", "items": {"type": "string"}}},
    "required": ["lines"],
    "additionalProperties": False,
}
PROMPT = Prompt(system="Repeat.", text="line", schema=SCHEMA, max_tokens=256)
GOOD = {"lines": ["line"]}
WORDS = "I would rather talk about \x1b[31mthe weather\x1b[0m."
TROUBLE = "it \x1b]0;burns\x07 here\u202e"


class Model(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def host(self) -> str: ...
    def warm(self) -> None: ...
    def ask(self, prompt: Prompt, *, until: float) -> Reply: ...
    def stop(self) -> None: ...


#: What is behind a model: it answers, chats, hangs, or is in trouble.
Mood = str
Make = Callable[[Mood], Model]
SERVERS = (api.vendor, api.deaf, api.only_tools, api.only_text, api.sullen)
PROGRAMS = (*PRESETS, "mine --model {model}")


def served(kind: Callable[[api.Make], Callable[[Asked], Sent]], stack: ExitStack) -> Make:
    def make(mood: Mood) -> Model:
        scripts: dict[Mood, Any] = {
            "answers": kind(lambda _: GOOD),
            "chats": [api.text(WORDS)],
            "hangs": [api.says(GOOD).after(ENDLESS)],
            "troubled": [api.error(503, TROUBLE)],
        }
        server = stack.enter_context(MessagesApi(scripts[mood]))
        patience = Patience(pause=0.01)
        chance = random.Random(3).random
        return Anthropic(
            endpoint(server.environ),
            "m",
            Means(clock=time.monotonic, chance=chance, patience=patience),
        )

    return make


def started(words: str, folder: Path) -> Make:
    name = words.partition(" ")[0]

    def make(mood: Mood) -> Model:
        behaviours = {
            "answers": answering(name, GOOD),
            "chats": answering(name, None, said=WORDS),
            "hangs": Behaviour(sleep=ENDLESS),
            "troubled": Behaviour(err=TROUBLE + "\n", code=1),
        }
        program = FakeProgram(folder / mood, name, behaviours[mood])
        return Command(words, program.environ, clock=time.monotonic, model="m")

    return make


@pytest.fixture(params=[*SERVERS, *PROGRAMS], ids=lambda one: getattr(one, "__name__", one))
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes the model in a mood; it is stopped in the end."""
    with ExitStack() as stack:
        if isinstance(request.param, str):
            maker = started(request.param, tmp_path)
        else:
            maker = served(request.param, stack)

        def keep(mood: Mood) -> Model:
            model = maker(mood)
            stack.callback(model.stop)
            return model

        yield keep


def ask(model: Model, seconds: float = 20.0) -> Reply:
    return model.ask(PROMPT, until=time.monotonic() + seconds)


def is_a_line(text: str) -> bool:
    return bool(text) and text.isprintable() and len(text) <= 200


def test_it_says_what_it_is_in_words_for_the_first_line_printed(make: Make) -> None:
    model = make("answers")

    assert model.name in ENGINES
    assert is_a_line(model.model)
    assert is_a_line(model.host)


def test_an_answer_is_the_object_asked_for_and_has_no_problem(make: Make) -> None:
    model = make("answers")
    model.warm()
    reply = ask(model)

    assert reply.data == GOOD
    assert flaws(reply.data, SCHEMA) == ()
    assert reply.problem == ""
    assert reply.stop in {"end_turn", "tool_use"}
    assert reply.usage.calls >= 1
    assert reply.usage.tokens_in >= 0
    assert reply.usage.tokens_out >= 0
    assert reply.usage.dollars is None or reply.usage.dollars >= 0
    assert 0 < reply.seconds < 20


@pytest.mark.parametrize("mood", ["chats", "troubled"])
def test_what_is_no_answer_is_a_problem_in_one_line_without_escapes(make: Make, mood: Mood) -> None:
    reply = ask(make(mood), 5.0)  # a server in trouble is asked again until then

    assert reply.data is None
    assert is_a_line(reply.problem)
    assert reply.stop not in {"end_turn", "tool_use"}
    assert reply.usage.calls >= 1


def test_it_gives_up_at_the_deadline(make: Make) -> None:
    model = make("hangs")
    model.warm()
    reply = ask(model, 0.4)

    assert (reply.data, reply.stop) == (None, "timed_out")
    assert is_a_line(reply.problem)
    assert reply.seconds > 0.3


def test_after_the_deadline_it_does_not_wait_for_anything(make: Make) -> None:
    reply = ask(make("hangs"), -1.0)

    assert (reply.data, reply.stop) == (None, "timed_out")


def test_stopped_it_answers_nobody(make: Make) -> None:
    model = make("hangs")
    model.warm()
    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(ask, model) for _ in range(2)]
        time.sleep(0.2)
        model.stop()
        model.stop()
        for future in asking:
            with pytest.raises(Cancelled):
                future.result(timeout=PATIENCE)
    with pytest.raises(Cancelled):
        ask(model)


def test_eight_threads_may_ask_at_once(make: Make) -> None:
    model = make("answers")
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: ask(model), range(8)))

    assert [reply.data for reply in replies] == [GOOD] * 8
