"""The vendor's prompt cache: what is marked, who goes first, and what it costs and saves."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from gitmem.models import usage
from gitmem.models.anthropic import Anthropic
from gitmem.models.reply import Prompt, Reply
from gitmem.models.served import Means
from gitmem.models.usage import PRICES, Price, Usage, charged
from gitmem.records.drain_record import Header, Run, read_header, render
from tests.support import messages_api as api
from tests.support.messages_api import Asked, MessagesApi, Script, Sent
from tests.support.prompt_cache import PromptCache, made_for
from tests.support.served import GOOD, PROMPT, SHORT, good, model

SHARED = replace(PROMPT, system="Judge the flags. " * 200, shared=True)
MEANS = Means(clock=time.monotonic, chance=random.Random(7).random, patience=SHORT)


def all_at_once(made: Anthropic, prompts: Sequence[Prompt], seconds: float = 20.0) -> list[Reply]:
    made.warm()
    with ThreadPoolExecutor(len(prompts)) as pool:
        until = time.monotonic() + seconds
        return list(pool.map(lambda prompt: made.ask(prompt, until=until), prompts))


def vendor(script: Script, prompts: Sequence[Prompt]) -> tuple[list[Reply], MessagesApi]:
    with MessagesApi(script) as server:
        made = made_for(server, MEANS)
        try:
            return all_at_once(made, prompts), server
        finally:
            made.stop()


def marked(asked: Asked) -> bool:
    return "cache_control" in asked.body["system"][0]


def test_of_eight_questions_at_once_one_writes_the_cache_and_seven_read_it() -> None:
    replies, server = vendor(PromptCache(good), [SHARED] * 8)

    assert [reply.data for reply in replies] == [GOOD] * 8
    assert [marked(asked) for asked in server.asked] == [True] * 8
    assert sum(reply.usage.cache_write > 0 for reply in replies) == 1
    assert sum(reply.usage.cache_read > 0 for reply in replies) == 7
    assert sum(reply.usage.saved for reply in replies) > 0


def test_two_kinds_of_question_do_not_wait_for_each_other() -> None:
    both = threading.Barrier(2, timeout=20)

    def answer(asked: Asked) -> Sent:
        if asked.number <= 2:
            both.wait()  # breaks, and fails the questions, when one kind waits for the other
        return api.says(GOOD)

    replies, _ = vendor(answer, [SHARED, replace(SHARED, system="Judge other flags.")])

    assert [reply.data for reply in replies] == [GOOD] * 2


def test_a_first_question_that_fails_holds_up_no_other() -> None:
    def answer(asked: Asked) -> Sent:
        return api.refuses() if asked.number == min(numbers(asked)) else api.says(GOOD)

    seen: list[int] = []

    def numbers(asked: Asked) -> list[int]:
        seen.append(asked.number)
        return seen

    replies, _ = vendor(answer, [SHARED] * 4)

    assert sorted(reply.data is None for reply in replies) == [False, False, False, True]


def test_a_first_question_that_hangs_takes_not_the_time_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gitmem.models.server._LEAD", 0.1)
    others = threading.Event()
    first = threading.Lock()

    def answer(asked: Asked) -> Sent:
        if first.acquire(blocking=False):
            others.wait(20)
        else:
            others.set()
        return api.says(GOOD)

    replies, _ = vendor(answer, [SHARED] * 3)

    assert [reply.data for reply in replies] == [GOOD] * 3
    assert others.is_set()


def test_the_text_of_a_question_is_the_same_with_the_mark() -> None:
    _, with_mark = vendor(PromptCache(good), [SHARED])
    _, without = vendor(PromptCache(good), [replace(SHARED, shared=False)])

    (bare,), (body,) = without.bodies, with_mark.bodies
    assert body["system"][0].pop("cache_control") == {"type": "ephemeral"}
    assert body == bare


def test_only_the_vendor_is_sent_a_mark() -> None:
    with MessagesApi(api.vendor(good)) as server, model(server.environ) as made:
        all_at_once(made, [SHARED] * 4)  # type: ignore[arg-type]

    assert not any(marked(asked) for asked in server.asked)


def test_a_refused_mark_is_left_out_alone() -> None:
    def answer(asked: Asked) -> Sent:
        if marked(asked):
            return api.error(400, "system.0.cache_control: Extra inputs are not permitted")
        return api.says(GOOD)

    (reply,), server = vendor(answer, [SHARED])

    assert (reply.data, reply.usage.calls) == (GOOD, 2)
    assert "thinking" in server.bodies[-1]
    assert "format" in server.bodies[-1]["output_config"]


HAIKU = "claude-haiku-5-5"


def test_read_and_written_tokens_have_their_own_prices() -> None:
    used = Usage(tokens_in=10_000, tokens_out=1_000, cache_read=4_000, cache_write=2_000)
    found = charged(used, HAIKU)

    own = 4_000 * 0.10 + 4_000 * 0.01 + 2_000 * 0.125 + 1_000 * 0.50
    assert found.dollars == pytest.approx(own / 1e6)
    assert found.saved == pytest.approx((10_000 * 0.10 + 1_000 * 0.50 - own) / 1e6)


def test_a_long_prompts_cached_tokens_cost_what_the_vendor_asks_for_them() -> None:
    used = Usage(tokens_in=200_000, cache_read=100_000, cache_write=100_000)

    assert charged(used, HAIKU).dollars == pytest.approx((100_000 * 0.05 + 100_000 * 0.625) / 1e6)


def test_with_a_price_of_ones_own_cached_tokens_cost_as_much_as_others() -> None:
    used = Usage(tokens_in=10_000, cache_read=4_000, cache_write=2_000)
    found = charged(used, HAIKU, own={HAIKU: Price(tokens_in=3.0, tokens_out=1.0)})

    assert found.dollars == pytest.approx(0.03)
    assert (found.saved, found.priced) == (0.0, "own")


def test_what_was_written_and_never_read_has_cost_more() -> None:
    assert charged(Usage(tokens_in=1_000, cache_write=1_000), HAIKU).saved < 0


def test_a_chat_completions_cached_tokens_are_among_those_in() -> None:
    told = {"prompt_tokens": 100, "prompt_tokens_details": {"cached_tokens": 60}}

    assert usage.chat_cache_read(told) == 60
    assert usage.chat_cache_read({**told, "prompt_tokens": 50}) == 50
    odd: tuple[object, ...] = (
        None,
        [],
        {"prompt_tokens_details": []},
        {"prompt_tokens_details": {"cached_tokens": "6"}},
    )
    assert [usage.chat_cache_read(one) for one in odd] == [0] * len(odd)


@pytest.mark.parametrize("saved", [0.00125, -0.0005, 0.0])
def test_a_record_keeps_what_the_cache_did_and_an_older_one_has_none(saved: float) -> None:
    used = Usage(calls=1, tokens_in=9, cache_read=5, cache_write=3, saved=saved)
    text = render(
        Header(drain="d", at="2026-11-30T10:00:00Z", queue="", run=Run(engine="e", usage=used)), []
    )
    found = read_header(text)

    assert found is not None
    assert found.run.usage == used
    header = json.loads(text.splitlines()[0])
    older = read_header(
        json.dumps({k: v for k, v in header.items() if k[:5] not in {"cache", "saved"}})
    )
    assert older is not None
    assert older.run.usage == replace(used, cache_read=0, cache_write=0, saved=0.0)


def test_every_claude_model_of_the_table_has_a_price_for_writing() -> None:
    assert {price.written for name, price in PRICES.items() if name.startswith("claude")} == {1.25}
