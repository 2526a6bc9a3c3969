"""`gitmem close --batch`: the installed command and the real SDK against message batches on loopback."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_model_close import close, in_review, refs, said, undrained
from tests.support import judge
from tests.support import messages_api as api
from tests.support.batches import Batches, failed
from tests.support.messages_api import Asked, MessagesApi, Sent
from tests.support.queues import keep
from tests.support.sandbox import Sandbox


def sent_file(sandbox: Sandbox) -> Path:
    return sandbox.path / ".git/gitmem/batches/sent.json"


def waiting(sandbox: Sandbox) -> list[str]:
    """The ids of the batches that the clone remembers."""
    return [one["id"] for one in json.loads(sent_file(sandbox).read_text())["batches"]]


def record(sandbox: Sandbox) -> dict[str, Any]:
    """The header of the newest drain record in review."""
    names = sandbox.git("ls-tree", "--name-only", "gitmem/drain", ".gitmem/drains/").splitlines()
    text = sandbox.git("show", f"gitmem/drain:{max(n for n in names if n.endswith('.jsonl'))}")
    return dict(json.loads(text.splitlines()[0]))


def facts(count: int) -> list[str]:
    return sorted(f"fact {number}" for number in range(count))


def test_a_batch_answers_every_question_for_half_the_price(sandbox: Sandbox) -> None:
    keep(sandbox, 40)
    script = Batches()
    with MessagesApi(script) as server:
        done, answer = close(sandbox, server, "--batch")

    assert (done.code, answer["flags"]) == (0, 40), done.err
    assert script.stages == ["create", "look", "results"]
    header = record(sandbox)
    assert (header["questions"], header["calls"], header["kept"]) == (2, 2, 0)
    assert header["batched"] == header["tokens"] == 2 * 1020
    whole = 2 * (1000 * 0.10 + 20 * 0.50) / 1e6
    assert header["dollars"] == header["batch_saved"] == whole / 2
    assert waiting(sandbox) == []

    sandbox.gitmem("accept")
    shown = sandbox.gitmem("stats")
    assert (
        "message batches answered 2,040 of 2,040 tokens: $0.0001 less than without them"
        in shown.out
    )
    totals = json.loads(sandbox.gitmem("stats", "--json").out)["totals"]
    assert (totals["batched"], totals["batch_saved"]) == (2040, whole / 2)


def test_a_question_in_a_batch_is_the_question_that_is_asked_alone(sandbox: Sandbox) -> None:
    keep(sandbox, 3)
    script = Batches()
    with MessagesApi(script) as server:
        assert said(sandbox, server, "--batch").code == 0
    (batched,) = [one["params"] for one in script.made["msgbatch_1"]]

    sandbox.gitmem("discard")
    with MessagesApi(judge.obedient) as server:
        assert said(sandbox, server).code == 0
    (alone,) = server.bodies
    for body in (batched, alone):
        body["messages"] = [
            len(one["content"]) for one in body["messages"]
        ]  # a random mark differs
    assert batched == alone


def test_a_batch_that_runs_for_two_runs_is_exit_10_and_the_third_goes_on(sandbox: Sandbox) -> None:
    keep(sandbox, 40)
    before = refs(sandbox)
    script = Batches(running=2)
    with MessagesApi(script) as server:
        for sent in (True, False):
            done = said(sandbox, server, "--batch")
            assert done.code == 10
            assert "batch msgbatch_1 is being answered (2 questions)" in done.err
            assert "the same command, run again, goes on" in done.err
            assert ("2 questions sent, for half the price" in done.out) is sent
            assert (undrained(sandbox), refs(sandbox)) == (40, before)
        done, answer = close(sandbox, server, "--batch")

    assert (done.code, answer["flags"]) == (0, 40)
    assert script.stages.count("create") == 1
    assert sorted(in_review(sandbox)) == facts(40)


@pytest.mark.parametrize("words", [[], ["--engine", "verbatim"], ["--dry-run"]])
def test_a_close_without_the_option_says_that_a_batch_is_being_answered(
    sandbox: Sandbox, words: list[str]
) -> None:
    keep(sandbox, 3)
    with MessagesApi(Batches(running=2)) as server:
        assert said(sandbox, server, "--batch").code == 10
    with MessagesApi(judge.obedient) as server:
        done = said(sandbox, server, *words)

    assert done.code == 0
    assert "msgbatch_1 is being answered" in done.err
    assert "gitmem close --batch" in done.err


def test_exit_10_says_so_to_a_program(sandbox: Sandbox) -> None:
    keep(sandbox, 1)
    with MessagesApi(Batches(running=1)) as server:
        done, answer = close(sandbox, server, "--batch")

    assert done.code == 10
    assert answer == {"commit": None, "waiting": "batch msgbatch_1 is being answered (1 question)"}


def test_flags_made_since_a_batch_was_sent_wait_and_its_answers_count(sandbox: Sandbox) -> None:
    keep(sandbox, 3)
    script = Batches(running=1)
    with MessagesApi(script) as server:
        assert said(sandbox, server, "--batch").code == 10
        assert sandbox.gitmem("flag", "the cache is keyed by commit").code == 0
        done = said(sandbox, server, "--batch")
        assert done.code == 0
        assert "1 flag waits for the next close" in done.err
        assert sorted(in_review(sandbox)) == facts(3)
        done, answer = close(sandbox, server, "--batch")

    assert (done.code, answer["flags"]) == (0, 1)
    assert script.stages.count("create") == 2


def test_a_batch_whose_flags_are_all_drained_holds_up_no_other_flag(sandbox: Sandbox) -> None:
    keep(sandbox, 2)
    with MessagesApi(Batches(running=1)) as server:
        assert said(sandbox, server, "--batch").code == 10
    assert sandbox.gitmem("close", "--engine", "verbatim").code == 0
    assert sandbox.gitmem("flag", "the cache is keyed by commit").code == 0
    with MessagesApi(Batches()) as server:
        done, answer = close(sandbox, server, "--batch")

    assert (done.code, answer["flags"]) == (0, 1)


def test_memory_that_changed_since_is_asked_about_again(sandbox: Sandbox) -> None:
    sandbox.commit("memory", {"memory/build.md": "# Build\n\n- fact 7 is old\n"})
    keep(sandbox, 3)
    script = Batches(running=1)
    with MessagesApi(script) as server:
        assert said(sandbox, server, "--batch").code == 10
        sandbox.commit("memory", {"memory/build.md": "# Build\n\n- fact 7 is older\n"})
        done = said(sandbox, server, "--batch")

    assert done.code == 0
    assert "batch msgbatch_1 asked what is not asked any more" in done.out
    assert list(script.made) == ["msgbatch_1", "msgbatch_2"]
    assert waiting(sandbox) == []


@contextmanager
def killed(
    sandbox: Sandbox, running: int = 0
) -> Iterator[tuple[Batches, MessagesApi, Callable[[str], None]]]:
    """A server, and a function that starts a close and kills it when it asks for a stage."""
    at: list[str] = []
    arrived, go_on = threading.Event(), threading.Event()

    def hold(stage: str, _asked: Asked) -> Sent | None:
        if at and stage == at[0]:
            at.clear()
            arrived.set()
            go_on.wait(60)
            return api.RESET
        return None

    script = Batches(running=running, before=hold)
    with MessagesApi(script) as server:

        def kill(stage: str) -> None:
            at.append(stage)
            arrived.clear()
            go_on.clear()
            child = sandbox.start("close", "--batch", env=server.environ)
            assert arrived.wait(60)
            child.kill()
            child.communicate()
            go_on.set()

        yield script, server, kill


@pytest.mark.parametrize(("stage", "made"), [("create", 2), ("look", 1), ("results", 1)])
def test_killed_at_any_request_a_rerun_finishes_the_close(
    sandbox: Sandbox, stage: str, made: int
) -> None:
    """A batch whose answer never arrived has no id here: that one alone is paid for twice."""
    keep(sandbox, 40)
    before = refs(sandbox)
    with killed(sandbox) as (script, server, kill):
        kill(stage)
        assert refs(sandbox) == before
        done, answer = close(sandbox, server, "--batch")

    assert (done.code, answer["flags"]) == (0, 40)
    assert len(script.made) == made
    assert sorted(in_review(sandbox)) == facts(40)


def test_killed_at_every_stage_in_turn_one_batch_is_made(sandbox: Sandbox) -> None:
    keep(sandbox, 40)
    with killed(sandbox, running=1) as (script, server, kill):
        kill("look")
        assert said(sandbox, server, "--batch").code == 10
        kill("look")
        kill("results")
        done, answer = close(sandbox, server, "--batch")

    assert (done.code, answer["flags"]) == (0, 40)
    assert len(script.made) == 1
    assert record(sandbox)["batched"] == 2040


def test_killed_before_the_id_is_kept_the_questions_are_asked_again(sandbox: Sandbox) -> None:
    keep(sandbox, 3)
    sent_file(sandbox).parent.mkdir(parents=True)
    pipe = sent_file(sandbox).with_name("sent.json.new")
    os.mkfifo(pipe)
    script = Batches()
    with MessagesApi(script) as server:
        child = sandbox.start("close", "--batch", env=server.environ)
        with pipe.open("rb"):  # returns when the close is about to write the id
            child.kill()
            child.communicate()
        pipe.unlink(missing_ok=True)
        assert not sent_file(sandbox).exists()
        done, answer = close(sandbox, server, "--batch")

    assert (done.code, answer["flags"]) == (0, 3)
    assert len(script.made) == 2


def test_two_closes_at_once_send_one_batch(sandbox: Sandbox) -> None:
    keep(sandbox, 40)
    both = threading.Barrier(2, timeout=60)

    def hold(stage: str, _asked: Asked) -> None:
        if stage == "create":
            both.wait()

    script = Batches(before=hold)
    with MessagesApi(script) as server:
        children = [sandbox.start("close", "--batch", env=server.environ) for _ in range(2)]
        both.wait()  # would break if each of them sent one
        codes = sorted((child.communicate(timeout=120), child.returncode)[1] for child in children)

    assert len(script.made) == 1
    assert codes == [0, 0]
    assert sorted(in_review(sandbox)) == facts(40)


def one_fails(kind: str) -> Batches:
    return Batches(result=lambda place, _asked: failed(kind) if place == 0 else None)


def test_a_question_that_errored_is_asked_alone(sandbox: Sandbox) -> None:
    keep(sandbox, 40)
    script = one_fails("errored")
    with MessagesApi(script) as server:
        done = said(sandbox, server, "--batch")

    assert done.code == 0
    assert "1 question was not answered, and asked one by one (no)" in done.out
    assert script.stages == ["create", "look", "results", "ask"]
    header = record(sandbox)
    assert (header["tokens"], header["batched"], header["questions"]) == (2040, 1020, 2)
    assert sorted(in_review(sandbox)) == facts(40)


@pytest.mark.parametrize("kind", ["expired", "canceled"])
def test_a_question_that_no_batch_asked_stays_queued_and_the_next_close_sends_it_again(
    sandbox: Sandbox, kind: str
) -> None:
    keep(sandbox, 40)
    script = one_fails(kind)
    with MessagesApi(script) as server:
        done = said(sandbox, server, "--batch")
        assert done.code == 6
        assert "batch msgbatch_1 ended without asking it; the next close asks again" in done.out
        left = undrained(sandbox)
        assert 0 < left < 40
        script.result = lambda _place, _asked: None
        done, answer = close(sandbox, server, "--batch")

    assert (done.code, answer["flags"]) == (0, left)
    assert script.stages == ["create", "look", "results"] * 2
    assert sorted(in_review(sandbox)) == facts(40)


def test_a_batch_that_expired_between_two_runs_is_sent_again_at_once(sandbox: Sandbox) -> None:
    keep(sandbox, 40)
    script = one_fails("expired")
    script.running = 1
    with MessagesApi(script) as server:
        assert said(sandbox, server, "--batch").code == 10
        script.result = lambda place, _asked: (
            failed("expired") if len(script.made) == 1 and place else None
        )
        done = said(sandbox, server, "--batch")

    assert done.code == 0
    assert "1 question was not asked in time, and asked again" in done.out
    assert [len(requests) for requests in script.made.values()] == [2, 1]
    assert sorted(in_review(sandbox)) == facts(40)


def test_an_answer_of_the_wrong_shape_is_asked_alone_and_its_tokens_count(sandbox: Sandbox) -> None:
    keep(sandbox, 3)
    chat = {"type": "succeeded", "message": json.loads(api.chats().body)}
    script = Batches(result=lambda _place, _asked: chat)
    with MessagesApi(script) as server:
        done, answer = close(sandbox, server, "--batch")

    assert (done.code, answer["flags"]) == (0, 3)
    assert script.stages == ["create", "look", "results", "ask"]
    header = record(sandbox)
    assert (header["tokens"], header["batched"]) == (2040, 1020)


def test_an_answer_that_was_cut_off_is_asked_in_halves(sandbox: Sandbox) -> None:
    keep(sandbox, 4)
    cut = {
        "type": "succeeded",
        "message": json.loads(api.text('{"operations": [', stop="max_tokens").body),
    }
    script = Batches(result=lambda _place, _asked: cut)
    with MessagesApi(script) as server:
        done, answer = close(sandbox, server, "--batch")

    assert (done.code, answer["flags"]) == (0, 4)
    assert script.stages[3:] == ["ask", "ask"]
    assert record(sandbox)["tokens"] == 3 * 1020


def test_an_answer_that_led_nowhere_is_not_used_twice(sandbox: Sandbox) -> None:
    keep(sandbox, 1)
    nothing = {"type": "succeeded", "message": json.loads(api.says({"operations": []}).body)}
    script = Batches(result=lambda _place, _asked: nothing)
    with MessagesApi(script) as server:
        assert said(sandbox, server, "--batch").code == 7
        script.result = lambda _place, _asked: None
        done = said(sandbox, server, "--batch")

    assert done.code == 0
    assert len(script.made) == 2


def test_a_batch_that_the_server_does_not_know_is_asked_again(sandbox: Sandbox) -> None:
    keep(sandbox, 3)
    script = Batches(running=1)
    with MessagesApi(script) as server:
        assert said(sandbox, server, "--batch").code == 10
        script.made["msgbatch_other"] = script.made.pop("msgbatch_1")
        done = said(sandbox, server, "--batch")

    assert done.code == 0
    assert "batch msgbatch_1 is not known there any more; its questions are asked again" in done.out
    assert script.stages.count("create") == 2


@pytest.mark.parametrize("engine", ["verbatim", "claude", "command"])
def test_an_engine_without_batches_refuses_the_option(sandbox: Sandbox, engine: str) -> None:
    sandbox.git("config", "gitmem.command", "true")
    done = sandbox.gitmem("close", "--batch", "--engine", engine)

    assert done.code == 2
    assert f"the engine {engine} (--engine) has no message batches" in done.err
    assert "--engine anthropic" in done.err


def test_a_server_without_batches_is_told(sandbox: Sandbox) -> None:
    keep(sandbox, 1)
    before = refs(sandbox)
    with MessagesApi(lambda _asked: api.error(404, kind="not_found_error")) as server:
        done = said(sandbox, server, "--batch")

    assert (done.code, refs(sandbox)) == (7, before)
    assert "has no message batches (HTTP 404)" in done.err
    assert "without --batch" in done.err


def test_a_dry_run_says_that_it_would_be_a_batch_and_sends_nothing(sandbox: Sandbox) -> None:
    keep(sandbox, 3)
    with MessagesApi(Batches()) as server:
        done = said(sandbox, server, "--batch", "--dry-run")

    assert done.code == 0
    assert "they would be sent as one message batch, for half the price" in done.out
    assert server.asked == []
    assert not sent_file(sandbox).exists()


TORN = [
    b"",
    b"{",
    b"[]",
    b"[" * 100_000,
    b'{"v":1}',
    b'{"v":1,"batches":[7,{"id":"../../x"}]}',
    b"\xff",
]


@pytest.mark.parametrize("content", TORN, ids=range(len(TORN)))
def test_a_torn_or_made_up_file_of_batches_is_read_as_none(
    sandbox: Sandbox, content: bytes
) -> None:
    keep(sandbox, 1)
    sent_file(sandbox).parent.mkdir(parents=True)
    sent_file(sandbox).write_bytes(content)
    script = Batches()
    with MessagesApi(script) as server:
        done = said(sandbox, server, "--batch")

    assert done.code == 0, done.err
    assert script.stages == ["create", "look", "results"]
