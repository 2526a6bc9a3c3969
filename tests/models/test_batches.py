"""Message batches with the real library against loopback: hostile servers, bounds, and what is remembered."""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gitmem.core.failures import NoProgress
from gitmem.models.answer_store import AnswerStore
from gitmem.models.batches.asking import Batching, BatchQuestion, Waiting
from gitmem.models.batches.sent import AGE, MOST, SentBatch, SentBatches, now
from gitmem.models.connection import RESULTS
from gitmem.models.reply import Credentials
from gitmem.models.served import Means
from gitmem.models.usage import Price, Usage, charged
from tests.support import messages_api as api
from tests.support.batches import Batches, batch
from tests.support.messages_api import KEY, RESET, Asked, MessagesApi, Sent
from tests.support.prompt_cache import made_for
from tests.support.sandbox import PATIENCE
from tests.support.served import GOOD, PROMPT, SHORT, good

KEYS = ("a" * 64, "b" * 64)
QUICK = replace(SHORT, look=0.01, longest_look=0.02)


def questions() -> list[BatchQuestion]:
    return [
        BatchQuestion(key=key, flags=(f"flag-{key[0]}",), prompt=replace(PROMPT, text=key))
        for key in KEYS
    ]


class Asking:
    """One close's batches: its answers, and what was told."""

    def __init__(self, batching: Batching) -> None:
        self.batching = batching
        self.told: list[str] = []

    def run(self, seconds: float = PATIENCE) -> dict[str, Any]:
        until = time.monotonic() + seconds
        self.batching.run(questions(), until, self.told.append)
        found = {key: self.batching.answers.find(key) for key in KEYS}
        return {key: reply and reply.data for key, reply in found.items()}


@contextmanager
def asking(folder: Path, server: MessagesApi, **more: Any) -> Iterator[Asking]:
    means = Means(clock=time.monotonic, chance=random.Random(7).random, patience=QUICK, **more)
    made = made_for(server, means)
    made.warm()
    try:
        kept = AnswerStore(str(folder))
        yield Asking(Batching(made.batches(), SentBatches(str(folder)), kept))
    finally:
        made.stop()


@contextmanager
def close_of(folder: Path, script: Batches) -> Iterator[Asking]:
    """One close against a server of its own."""
    with MessagesApi(script) as server, asking(folder, server) as close:
        yield close


def scripted(**more: Any) -> Batches:
    return Batches(answer=lambda asked: api.says(good(asked)), **more)


def at(stage: str, *sent: Sent) -> Batches:
    """A server that answers the first requests of a stage with these, and is well otherwise."""
    left = list(sent)

    def before(now_: str, _asked: Asked) -> Sent | None:
        return left.pop(0) if now_ == stage and left else None

    return scripted(before=before)


def test_a_batch_is_looked_at_until_it_has_ended(tmp_path: Path) -> None:
    script = scripted(running=3, later=0)
    with close_of(tmp_path, script) as close:
        assert close.run() == dict.fromkeys(KEYS, GOOD)
    assert script.stages == ["create", *["look"] * 4, "results"]


def test_the_key_goes_to_no_host_that_a_server_names_for_the_results(tmp_path: Path) -> None:
    with MessagesApi([api.says(GOOD)]) as thief:

        def before(stage: str, _asked: Asked) -> Sent | None:
            url = f"{thief.url}/v1/messages/batches/msgbatch_1/results"
            return batch("msgbatch_1", results_url=url) if stage == "look" else None

        with close_of(tmp_path, scripted(before=before)) as close:
            assert close.run() == dict.fromkeys(KEYS, GOOD)
        assert thief.asked == []


@pytest.mark.parametrize("stage", ["create", "look", "results"])
def test_a_redirect_is_not_followed(tmp_path: Path, stage: str) -> None:
    with MessagesApi([api.says(GOOD)]) as thief:
        script = at(stage, api.elsewhere(thief.url))
        with (
            MessagesApi(script) as server,
            asking(tmp_path, server) as close,
            pytest.raises(NoProgress, match="what is sent stays with the host you named"),
        ):
            close.run()
        assert thief.asked == []


ODD = {
    "a web page": api.web_page(),
    "a list": Sent(body=b"[]"),
    "an id that leads elsewhere": batch("../../../v1/files/x", "in_progress"),
    "no id": batch("", "in_progress"),
    "no status": Sent(body=b'{"id":"msgbatch_1"}'),
    "an endless id": batch("x" * 1000, "in_progress"),
}


@pytest.mark.parametrize("sent", ODD.values(), ids=ODD)
def test_an_answer_that_is_no_batch_is_told_and_nothing_is_remembered(
    tmp_path: Path, sent: Sent
) -> None:
    script = at("create", sent)
    with (
        close_of(tmp_path, script) as close,
        pytest.raises(NoProgress, match="the batch was not sent"),
    ):
        close.run()
    assert script.stages == ["create"]
    assert close.batching.flags == frozenset()


def test_a_batch_is_not_sent_twice_when_its_answer_breaks_off(tmp_path: Path) -> None:
    script = at("create", RESET)
    with (
        close_of(tmp_path, script) as close,
        pytest.raises(NoProgress, match="was not reached, or broke off"),
    ):
        close.run()
    assert script.stages == ["create"]


def test_a_batch_that_the_server_puts_off_is_sent_later(tmp_path: Path) -> None:
    script = at("create", api.error(429, retry_after="0"), api.error(529))
    with close_of(tmp_path, script) as close:
        assert close.run() == dict.fromkeys(KEYS, GOOD)
    assert script.stages.count("create") == 3


@pytest.mark.parametrize("stage", ["look", "results"])
@pytest.mark.parametrize("sent", [RESET, api.error(500), Sent(body=b"{}", cut=1)])
def test_a_look_that_breaks_off_is_made_again(tmp_path: Path, stage: str, sent: Sent) -> None:
    script = at(stage, sent)
    with close_of(tmp_path, script) as close:
        assert close.run() == dict.fromkeys(KEYS, GOOD)
    assert script.stages.count(stage) == 2
    assert script.stages.count("create") == 1


@pytest.mark.parametrize("stage", ["create", "look", "results"])
def test_a_refused_key_is_told_without_the_key(tmp_path: Path, stage: str) -> None:
    script = at(stage, api.error(401, f"invalid x-api-key {KEY}"))
    with close_of(tmp_path, script) as close:
        with pytest.raises(Credentials) as refused:
            close.run()
        assert KEY not in refused.value.message


def test_an_error_in_the_results_is_told_without_the_key(tmp_path: Path) -> None:
    def result(_place: int, _asked: Asked) -> Mapping[str, Any]:
        return {
            "type": "errored",
            "error": {"type": "error", "error": {"message": f"bad {KEY}\x1b[2J"}},
        }

    with close_of(tmp_path, scripted(result=result)) as close:
        assert close.run() == dict.fromkeys(KEYS)
    (told,) = [line for line in close.told if "not answered" in line]
    assert KEY not in told
    assert "\x1b" not in told


def bomb(size: int) -> Sent:
    body = gzip.compress(b"\n" * size)
    return Sent(body=body, headers={"content-encoding": "gzip"})


def test_results_that_unpack_to_more_than_any_batch_has_are_not_read(tmp_path: Path) -> None:
    script = at("results", bomb(RESULTS + 1))
    with (
        close_of(tmp_path, script) as close,
        pytest.raises(NoProgress, match="sends more than any answer has"),
    ):
        close.run()


def test_only_results_may_be_as_large_as_that(tmp_path: Path) -> None:
    script = at("look", bomb(1024 * 1024))
    with (
        close_of(tmp_path, script) as close,
        pytest.raises(NoProgress, match="sends more than any answer has"),
    ):
        close.run()


def test_a_body_that_trickles_ends_at_the_deadline_and_the_batch_is_remembered(
    tmp_path: Path,
) -> None:
    script = at("results", Sent(body=b"{" * 1000, trickle=0.5))
    with MessagesApi(script) as server:
        with (
            asking(tmp_path, server) as close,
            pytest.raises(Waiting, match="gave no answer within"),
        ):
            close.run(3.0)
        with asking(tmp_path, server) as close:
            assert close.run() == dict.fromkeys(KEYS, GOOD)
    assert script.stages.count("create") == 1


def rows(*results: object) -> Sent:
    return Sent(body="\n".join(map(json.dumps, results)).encode())


def succeeded(key: str) -> dict[str, Any]:
    message = json.loads(api.says(GOOD).body)
    return {"custom_id": key, "result": {"type": "succeeded", "message": message}}


STRANGE = [
    rows(succeeded("c" * 64), succeeded(KEYS[0])),
    rows(7, [], None, {"custom_id": 1}, {"custom_id": KEYS[1], "result": 5}, succeeded(KEYS[0])),
    rows({"custom_id": KEYS[1], "result": {"type": "succeeded"}}, succeeded(KEYS[0])),
    rows(
        {"custom_id": KEYS[1], "result": {"type": "succeeded", "message": {"content": 3}}},
        succeeded(KEYS[0]),
    ),
    rows({"custom_id": KEYS[1], "result": {"type": "novel"}}, succeeded(KEYS[0])),
    rows(succeeded(KEYS[0]), {"custom_id": KEYS[0], "result": {"type": "expired"}}),
    Sent(body=json.dumps(succeeded(KEYS[0])).encode() + b'\n{"custom_id": "' + b"x" * 300_000),
    Sent(body=b"[" * 100_000 + b"\n" + json.dumps(succeeded(KEYS[0])).encode()),
]


@pytest.mark.parametrize("sent", STRANGE, ids=range(len(STRANGE)))
def test_strange_rows_cost_only_their_own_answer(tmp_path: Path, sent: Sent) -> None:
    with close_of(tmp_path, at("results", sent)) as close:
        assert close.run() == {KEYS[0]: GOOD, KEYS[1]: None}
    assert any("1 question was not answered" in line for line in close.told)


@pytest.mark.parametrize("sent", [api.web_page(), Sent(body=b""), Sent(body=b"\n\n")])
def test_results_that_are_none_ask_nothing_at_the_full_price(tmp_path: Path, sent: Sent) -> None:
    with (
        close_of(tmp_path, at("results", sent)) as close,
        pytest.raises(NoProgress, match="its results are none"),
    ):
        close.run()


def test_results_that_are_gone_are_asked_again(tmp_path: Path) -> None:
    gone = api.error(404, kind="not_found_error")
    with MessagesApi(at("results", gone)) as server:
        with asking(tmp_path, server) as close, pytest.raises(NoProgress):
            close.run()
        with asking(tmp_path, server) as close:
            assert close.run() == dict.fromkeys(KEYS, GOOD)


def sent(number: int = 0, **more: Any) -> SentBatch:
    fields: dict[str, Any] = {
        "id": f"b{number}",
        "host": "h",
        "model": "m",
        "at": now(),
        "questions": ("k",),
        "flags": ("f",),
    }
    return SentBatch(**{**fields, **more})


def kept(folder: Path, *batches: SentBatch) -> SentBatches:
    store = SentBatches(str(folder))
    with store.lock():
        for one in batches:
            store.keep(one)
    return store


def test_a_batch_is_remembered_for_its_host_and_model_only(tmp_path: Path) -> None:
    store = kept(tmp_path, sent(1), sent(2, host="other"), sent(3, model="other"))

    assert [one.id for one in store.of("h", "m")] == ["b1"]
    assert store.of("h", "m") == (replace(sent(1), at=store.of("h", "m")[0].at),)


def test_a_batch_whose_results_are_gone_is_not_remembered(tmp_path: Path) -> None:
    store = kept(tmp_path, sent(1, at=now() - AGE - 60), sent(2))

    assert [one.id for one in store.of("h", "m")] == ["b2"]


def test_so_many_batches_are_remembered_at_most(tmp_path: Path) -> None:
    store = kept(tmp_path, *(sent(number) for number in range(MOST + 3)))

    assert next(one.id for one in store.of("h", "m")) == "b3"


def test_a_batch_costs_half_and_a_price_of_ones_own_is_charged_in_full() -> None:
    used = Usage(tokens_in=10_000, tokens_out=1_000, batched=11_000)
    whole = (10_000 * 0.10 + 1_000 * 0.50) / 1e6
    found = charged(used, "claude-haiku-5-5")
    assert found.dollars == pytest.approx(whole / 2)
    assert found.batch_saved == pytest.approx(whole / 2)
    own = charged(used, "x", own={"x": Price(tokens_in=0.10, tokens_out=0.50)})
    assert own.dollars == pytest.approx(whole)
    assert own.batch_saved == 0.0
    unknown = charged(used, "y")
    assert (unknown.dollars, unknown.batch_saved, unknown.batched) == (None, 0.0, 11_000)
