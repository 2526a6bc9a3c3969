"""Every way in which a model's server fails: one table for every API, with the real libraries against loopback."""

from __future__ import annotations

import gzip
import json
import math
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gitmem.core.errors import Refused, UsageError
from gitmem.models import response, usage
from gitmem.models.chat.shape import ChatShape
from gitmem.models.endpoint import CHAT, MESSAGES, check_server, endpoint
from gitmem.models.extract import flaws
from gitmem.models.reply import Cancelled, Credentials, Prompt, Stop
from gitmem.models.server import Patience
from gitmem.models.servers.notes import AGE, Note, ServerNotes
from gitmem.models.shapes import MessagesShape
from gitmem.models.usage import Price
from tests.support import messages_api as api
from tests.support.messages_api import Asked, MessagesApi, Sent
from tests.support.sandbox import ENDLESS, PATIENCE
from tests.support.served import (
    BRIEF,
    GOOD,
    OTHER,
    PROMPT,
    SCHEMA,
    SHORT,
    answered,
    ask,
    good,
    model,
    refused,
)


@pytest.fixture(autouse=True, params=api.DIALECTS, ids=lambda dialect: dialect.engine)
def spoken(request: pytest.FixtureRequest) -> Iterator[api.Dialect]:
    """Every test of this module is of every API."""
    api.SPOKEN.append(request.param)
    yield request.param
    api.SPOKEN.pop()


def test_tokens_and_dollars_are_those_of_every_request_made_and_the_answering_model_is_named() -> (
    None
):
    words = {"type": "text", "text": "no JSON"}
    script = [
        api.message(words, usage=(1_000, 100)),
        api.message({"type": "text", "text": json.dumps(GOOD)}, usage=(2_000, 300)),
    ]
    reply, _ = answered(script)

    assert (reply.usage.calls, reply.usage.tokens_in, reply.usage.tokens_out) == (2, 3_000, 400)
    assert reply.usage.dollars == pytest.approx((3_000 * 0.10 + 400 * 0.50) / 1e6)
    assert reply.answered == "claude-haiku-5-5"


def test_an_unknown_model_has_no_price_until_the_person_gives_one() -> None:
    script = [api.message({"type": "text", "text": json.dumps(GOOD)}, model="qwen3:8b")]

    assert answered(script)[0].usage.dollars is None
    own = {"qwen3:8b": Price(tokens_in=1.0, tokens_out=2.0)}
    reply = answered(script, own_prices=own)[0]
    assert reply.usage.dollars == pytest.approx(0.00104)
    assert reply.usage.priced == "own"


def test_an_own_price_is_for_the_model_asked_for_whatever_name_answers() -> None:
    script = [api.message({"type": "text", "text": json.dumps(GOOD)}, model="big-v2")]
    own = {"big": Price(tokens_in=1.0, tokens_out=2.0)}

    reply, _ = answered(script, own_prices=own, model="big")

    assert (reply.answered, reply.usage.priced) == ("big-v2", "own")
    assert reply.usage.dollars == pytest.approx(0.00104)


def test_a_reply_tells_each_call_with_its_time_its_bytes_and_the_price_table_s_date() -> None:
    began = time.monotonic()
    with (
        MessagesApi([api.error(529), Sent(**says_late(0.1))]) as server,
        model(server.environ) as made,
    ):
        reply = ask(made)
    ended = time.monotonic()

    first, second = reply.usage.spans
    assert began <= first[0] <= first[1] <= second[0] < second[1] <= ended
    assert second[1] - second[0] >= 0.1
    assert reply.usage.sent == pytest.approx(sum(asked.size for asked in server.asked), rel=0.02)
    assert reply.usage.priced == usage.AS_OF


def says_late(seconds: float) -> dict[str, Any]:
    return {"body": api.says(GOOD).body, "delay": seconds}


@pytest.mark.parametrize("shaped", [api.says, api.in_prose, api.fenced])
def test_the_object_is_found_however_it_is_wrapped(shaped: Any) -> None:
    assert answered([shaped(GOOD)])[0].data == GOOD


def test_a_draft_in_the_thinking_is_not_the_answer() -> None:
    assert answered([api.thought(GOOD, draft=OTHER)])[0].data == GOOD

    thinking = {"type": "thinking", "thinking": json.dumps(OTHER), "signature": ""}
    told = {"type": "text", "text": json.dumps(GOOD)}
    assert answered([api.message(thinking, told)])[0].data == GOOD


def test_one_bad_item_does_not_cost_the_answer_and_is_found_later() -> None:
    reply, _ = answered([api.says({"ops": [{"op": "keep"}, {"op": "delete"}]})])

    assert reply.data is not None
    assert flaws(reply.data["ops"][0], SCHEMA["properties"]["ops"]["items"]) == ()  # type: ignore[index]
    assert flaws(reply.data, SCHEMA) == (
        "the answer.ops[1].op is 'delete', which is not among the choices",
    )


# ---------------------------------------------------------------- trouble that passes


def test_a01_a_short_wait_is_kept_and_holds_for_every_question() -> None:
    limit = api.error(429, "slow down", retry_after="1")

    def script(asked: Asked) -> Sent:
        return limit if asked.number == 0 else api.says(GOOD)

    limited = threading.Event()

    def heard(words: str) -> None:
        if "slow down" in words:
            limited.set()

    with MessagesApi(script) as server, model(server.environ) as made:
        made.waits = heard
        made.warm()
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(ask, made)
            assert limited.wait(PATIENCE)
            second = pool.submit(ask, made)
        replies = first.result(), second.result()

    assert [reply.data for reply in replies] == [GOOD, GOOD]
    assert [reply.usage.calls for reply in replies] == [2, 1]
    assert all(later.began - server.asked[0].began >= 1 for later in server.asked[1:])


@pytest.mark.parametrize("failure", [api.error(529), api.error(500), api.error(429), api.RESET])
def test_a03_two_failures_are_got_over(failure: Sent) -> None:
    reply, server = answered([failure, failure, api.says(GOOD)])

    assert (reply.data, reply.usage.calls, len(server.asked)) == (GOOD, 3, 3)


@pytest.mark.parametrize(
    ("failure", "stop", "says"),
    [
        (api.error(429, "too fast"), Stop.LIMITED, "is at its rate limit (HTTP 429: too fast)"),
        (api.error(529, "overloaded"), Stop.UNREACHABLE, "is in trouble (HTTP 529: overloaded)"),
        (api.error(500), Stop.UNREACHABLE, "HTTP 500"),
        (api.web_page(502), Stop.UNREACHABLE, "is in trouble (HTTP 502)"),
    ],
)
def test_a03_a_server_that_stays_in_trouble_is_asked_until_no_time_is_left(
    failure: Sent, stop: Stop, says: str
) -> None:
    told: list[str] = []
    quick = replace(SHORT, call=math.inf)
    with MessagesApi([failure]) as server, model(server.environ, patience=quick) as made:
        made.waits = told.append
        reply = ask(made, seconds=2)

    assert (reply.data, reply.stop) == (None, stop)
    # The last request may be cut off before it has arrived.
    assert reply.usage.calls - 1 <= len(server.asked) <= reply.usage.calls
    assert reply.usage.calls > 4
    assert says in reply.problem
    assert [words for words in told if says in words and ", asked again in 0." in words]
    assert f"waiting for {made.host}" in told


def test_a_server_that_recovers_late_is_asked_until_it_does() -> None:
    """Constant overload ended a question after four requests, whatever the deadline was."""
    reply, server = answered([*[api.error(529)] * 9, api.says(GOOD)])

    assert (reply.data, len(server.asked)) == (GOOD, 10)


def test_one_question_may_take_the_whole_deadline() -> None:
    """A local model on a CPU was given up on after a minute of the four hundred seconds it had."""
    assert Patience().call == math.inf
    with (
        MessagesApi([api.says(GOOD).after(1.5)]) as server,
        model(server.environ, patience=Patience()) as made,
    ):
        assert ask(made, seconds=60).data == GOOD


def test_a_server_that_says_not_to_ask_again_is_not_asked_again() -> None:
    assert answered([api.error(503, x_should_retry="false")])[0].usage.calls == 1


@pytest.mark.parametrize(
    "wait",
    [
        {"retry_after": "3600"},
        {"retry_after_ms": "3600000"},
        {"retry_after": "Fri, 20 Nov 2026 13:00:00 GMT", "date": "Fri, 20 Nov 2026 12:00:00 GMT"},
    ],
)
def test_a02_a_long_wait_is_said_and_not_slept(wait: dict[str, str]) -> None:
    with MessagesApi([api.error(429, "limit", **wait)]) as server, model(server.environ) as made:
        replies = ask(made), ask(made)

    assert [reply.stop for reply in replies] == ["rate_limited", "rate_limited"]
    assert [reply.usage.calls for reply in replies] == [1, 0]
    assert all("asks to wait 60 min, and " in reply.problem for reply in replies)
    assert sum(reply.seconds for reply in replies) < 5


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    with (
        MessagesApi([api.error(429, "limit", retry_after="9")]) as server,
        model(server.environ) as made,
    ):
        reply = ask(made, seconds=2)

    assert reply.seconds < 5
    assert "asks to wait 9 s, and 2 s are left" in reply.problem
    assert "HTTP 429: limit" in reply.problem


@pytest.mark.parametrize(
    "wait",
    [
        {"retry_after": "inf"},
        {"retry_after": "1e400"},
        {"retry_after": "nan"},
        {"retry_after": "-3"},
        {"retry_after_ms": "inf"},
        {"retry_after": "Fri, 20 Nov 99999999999 13:00:00 GMT"},
        {"retry_after": "Fri, 20 Nov 9999 23:00:00 -9999", "date": "Fri, 20 Nov 2026 12:00:00 GMT"},
        {"retry_after": "soon"},
        {"retry_after": ""},
    ],
    ids=str,
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_is_none_ends_nothing(wait: dict[str, str], status: int) -> None:
    """Infinity ended every question of the close, and a year of eleven digits the close itself."""
    reply, server = answered([api.error(status, "limit", **wait), api.says(GOOD)])

    assert (reply.data, len(server.asked)) == (GOOD, 2)


# ---------------------------------------------------------------- the account


@pytest.mark.parametrize(
    "failure",
    [
        api.error(401, "invalid x-api-key", kind="authentication_error"),
        api.error(402, "pay first", kind="billing_error"),
        api.error(403, "not yours", kind="permission_error"),
        api.error(400, "Your credit balance is too low to access the API"),
        api.error(429, "over", kind="rate_limit_error", code="enforced_spend_limit_reached"),
    ],
)
def test_a04_a_refused_account_ends_everything_after_one_request(failure: Sent) -> None:
    trouble, server = refused([failure])

    assert trouble.exit_code == 9
    assert "HTTP 4" in trouble.message
    assert len(server.asked) == 1


def test_a04_the_key_is_never_said_even_when_the_server_repeats_it() -> None:
    trouble, _ = refused([api.error(401, "no such key: test-key-0123456789")])

    assert "test-key" not in trouble.message + trouble.hint
    assert "no such key: [secret]" in trouble.message


def test_a04_the_key_is_in_no_answer_even_when_the_server_repeats_it() -> None:
    """As the name of a new topic it went into the commit, and the answer kept on the disk had it anyway."""
    for key in (api.KEY, 'quo"te-key-\\012345'):
        echo = {"ops": [{"op": "keep", "note": [f"Bearer {key}", {key: key}]}]}
        with MessagesApi([api.says(echo)]) as server:
            environ = {name: key for name in server.environ if name.endswith("_KEY")}
            with model({**server.environ, **environ}) as made:
                reply = ask(made)

        assert reply.data == {
            "ops": [{"op": "keep", "note": ["Bearer [secret]", {"[secret]": "[secret]"}]}]
        }


def test_a05_without_a_key_nothing_is_begun(spoken: api.Dialect) -> None:
    for environ in ({}, {spoken.key: "  "}, {spoken.address: "https://llm.example"}):
        with pytest.raises(Credentials, match="no key for ") as trouble, model(environ):
            pass
        assert trouble.value.exit_code == 9


def test_a05_a_key_that_cannot_be_sent_is_refused_before_it_is(spoken: api.Dialect) -> None:
    for key in ("two words", "schl\u00fcssel", "line\nbreak"):
        with (
            pytest.raises(Credentials, match="character that no key has") as trouble,
            model({spoken.key: key}),
        ):
            pass
        assert key not in trouble.value.message


def test_a05_a_server_on_this_machine_needs_no_key(spoken: api.Dialect) -> None:
    with MessagesApi(api.vendor(good)) as server, model({spoken.address: server.url}) as made:
        assert ask(made).data == GOOD


# ---------------------------------------------------------------- questions refused


def test_a05_a_server_of_ones_own_that_wants_a_key_is_said_to_want_one(spoken: api.Dialect) -> None:
    """It was said not to accept the key, and the variable to check was one that is never sent."""
    service = CHAT if spoken is api.CHAT else MESSAGES
    with MessagesApi([api.error(401, "Invalid API Key")]) as server:
        for environ in ({}, {spoken.key: "  "}):
            with (
                model({spoken.address: server.url, **environ}) as made,
                pytest.raises(Credentials, match="wants a key, and none was sent") as trouble,
            ):
                ask(made)
            assert "HTTP 401: Invalid API Key" in trouble.value.message
            assert f"set {spoken.key}" in trouble.value.hint
            assert f"the engine {service.engine}, which sends it" in trouble.value.hint


def test_a06_a_refused_question_says_the_servers_words() -> None:
    reply, server = answered([api.error(400, "messages: at least one message is required")])

    assert (reply.data, reply.stop) == (None, "rejected")
    assert "HTTP 400: messages: at least one message is required" in reply.problem
    assert len(server.asked) == 2  # once more in the plainest shape: it did not say what was wrong


@pytest.mark.parametrize(
    "failure",
    [
        api.error(413, "Request exceeds the maximum size", kind="request_too_large"),
        api.error(400, "prompt is too long: 1200000 tokens > 1000000 maximum"),
        Sent(status=413, kind="text/html", body=b"<h1>Request Entity Too Large</h1>"),
    ],
)
def test_a06_a_question_that_is_too_large_may_be_split(failure: Sent) -> None:
    reply, server = answered([failure])

    assert (reply.stop, reply.too_much, len(server.asked)) == ("too_large", True, 1)
    assert "a smaller one may fit" in reply.problem


def test_an_unknown_model_is_asked_for_once_and_no_more() -> None:
    script = [api.error(404, "model: claude-nonesuch", kind="not_found_error")]
    with MessagesApi(script) as server, model(server.environ, model="claude-nonesuch") as made:
        replies = ask(made), ask(made)

    assert [reply.usage.calls for reply in replies] == [1, 0]
    assert all("HTTP 404: model: claude-nonesuch" in reply.problem for reply in replies)


# ---------------------------------------------------------------- the way there


def test_a07_a_closed_port_is_tried_four_times(spoken: api.Dialect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with model({spoken.address: f"http://127.0.0.1:{port}"}) as made:
        reply = ask(made)

    assert (reply.stop, reply.usage.calls) == ("unreachable", 4)
    assert f"127.0.0.1:{port} was not reached" in reply.problem


def test_a07_a_reset_is_tried_four_times() -> None:
    reply, server = answered([api.RESET])

    assert (reply.stop, reply.usage.calls, len(server.asked)) == ("unreachable", 4, 4)


def test_a08_a_server_that_hangs_costs_one_call_and_its_time() -> None:
    reply, server = answered([api.says(GOOD).after(ENDLESS)], patience=BRIEF)

    assert (reply.stop, reply.usage.calls, len(server.asked)) == ("timed_out", 1, 1)
    assert reply.seconds > 0.5
    assert "no answer within 2 s" in reply.problem


def test_a08_the_deadline_of_the_close_goes_before_the_patience_with_a_call() -> None:
    with MessagesApi([api.says(GOOD).after(ENDLESS)]) as server, model(server.environ) as made:
        made.warm()
        reply = ask(made, seconds=1)
        late = ask(made, seconds=-1)

    assert reply.seconds < PATIENCE
    assert (late.stop, late.usage.calls, len(server.asked)) == ("timed_out", 0, 1)
    assert "no time is left" in late.problem


def test_a09_a_body_that_trickles_does_not_outlive_the_call() -> None:
    trickling = Sent(body=api.says(GOOD).body, trickle=0.1)
    reply, _ = answered([trickling], patience=BRIEF)

    assert reply.stop == "timed_out"
    assert "no answer within 2 s" in reply.problem


def test_a10_a_body_that_is_cut_is_asked_for_again() -> None:
    cut = Sent(body=api.says(GOOD).body, cut=40)

    assert answered([cut, api.says(GOOD)])[0].data == GOOD
    reply, _ = answered([cut])
    assert (reply.stop, reply.usage.calls) == ("unreachable", 4)


def test_a11_an_answer_without_a_known_end_is_none(spoken: api.Dialect) -> None:
    foreign = "end_turn_" if spoken is api.CHAT else "stop"
    for stop in (None, "pause_turn", "stop_sequence", foreign, "\x1b[2J"):
        reply, server = answered([api.text(json.dumps(GOOD), stop=stop)])
        assert (reply.data, reply.stop, len(server.asked)) == (None, "invalid", 1)
        assert "\x1b" not in reply.problem


def test_a11_an_end_that_is_no_text_is_said_and_its_tokens_count() -> None:
    for stop in (["end_turn"], {"end_turn": 1}, 7, True):
        reply, _ = answered([api.message({"type": "text", "text": json.dumps(GOOD)}, stop=stop)])
        assert (reply.data, reply.stop, reply.usage.tokens) == (None, "invalid", 1020)
        assert "ended for an unknown reason" in reply.problem


def test_a12_events_that_were_not_asked_for_are_no_answer() -> None:
    events = Sent(kind="text/event-stream", body=b'event: error\ndata: {"type":"error"}\n\n')
    reply, _ = answered([events])

    assert (reply.stop, reply.usage.calls) == ("invalid", 4)


def test_a12_an_error_with_status_200_is_none_either() -> None:
    reply, _ = answered([Sent(body=api.error(200, "overloaded").body)])

    assert (reply.data, reply.problem) == (None, "the server says: overloaded")


# ---------------------------------------------------------------- not the API


@pytest.mark.parametrize(
    "page",
    [
        api.web_page(),
        Sent(kind="text/plain", body=b"  <html>login</html>"),
        Sent(body=b"[]"),
        Sent(body=b"{}"),
        Sent(body=b'{"choices":[{"text":"{}"}],"content":"{}"}'),
        Sent(body=b'{"type":"message","content":"text","stop_reason":"end_turn"}'),
        Sent(status=404, kind="text/html", body=b"<h1>404</h1>"),
        Sent(status=407, kind="text/html", body=b"<h1>Proxy Authentication Required</h1>"),
        Sent(status=405),
    ],
)
def test_a13_a14_what_is_not_the_api_is_asked_once_and_named(
    page: Sent, spoken: api.Dialect
) -> None:
    with MessagesApi([page]) as server, model(server.environ) as made:
        replies = [ask(made), ask(made)]

    assert [reply.stop for reply in replies] == ["not_the_api"] * 2
    assert f"this is not {spoken.api}" in replies[0].problem
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "body", [b"", b"  ", b'{"type":"message","con', b"\xff\xfe", b"[" * 99_999]
)
def test_a15_a_damaged_body_is_asked_for_again(body: bytes) -> None:
    reply, _ = answered([Sent(body=body), api.says(GOOD)])
    assert (reply.data, reply.usage.calls) == (GOOD, 2)

    assert answered([Sent(body=body)])[0].stop == "invalid"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a25_a_redirection_is_not_followed(status: int) -> None:
    with MessagesApi(api.vendor(good)) as elsewhere:
        reply, server = answered([api.elsewhere(f"{elsewhere.url}/v1/messages", status)])

    assert reply.stop == "not_the_api"
    assert f"redirects to {elsewhere.url}" in reply.problem
    assert (len(server.asked), len(elsewhere.asked)) == (1, 0)


# ---------------------------------------------------------------- what the model ends with


@pytest.mark.parametrize("stop", ["max_tokens", "model_context_window_exceeded"])
def test_a16_a_cut_answer_is_discarded_whole_and_may_be_split(
    stop: str, spoken: api.Dialect
) -> None:
    reply, server = answered([api.text(json.dumps(GOOD) + ', {"op"', stop=stop)])

    said = "max_tokens" if spoken is api.CHAT else stop  # there the two are one
    assert (reply.data, reply.stop, reply.too_much) == (None, said, True)
    assert len(server.asked) == 1
    assert reply.usage.tokens_out == 20


def test_a17_a_refusal_is_said_with_its_category_and_not_repeated(spoken: api.Dialect) -> None:
    reply, server = answered([api.refuses()])

    assert (reply.data, reply.stop, len(server.asked)) == (None, "refusal", 1)
    category = "content_filter" if spoken is api.CHAT else "cyber"
    assert reply.problem == f"the model refused to answer ({category})"


@pytest.mark.parametrize(
    "empty",
    [
        api.message(),
        api.text("  \n"),
        api.message({"type": "image", "source": {}}),
        api.message({"type": "thinking", "thinking": "hm", "signature": ""}),
        api.message({"type": "text", "text": 7}),
    ],
)
def test_a18_an_empty_answer_is_not_repeated(empty: Sent) -> None:
    reply, server = answered([empty])

    assert (reply.data, reply.stop, len(server.asked)) == (None, "invalid", 1)
    assert reply.problem == "the answer says nothing"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"operations": []}, "it has no ops"),
        ({"ops": {}}, "its ops is not a list"),
        ([], "there is no JSON object"),
    ],
)
def test_a19_an_answer_of_another_shape_is_none_after_the_whole_ladder(
    wrong: object, says: str, spoken: api.Dialect
) -> None:
    reply, server = answered([api.says(wrong)])

    assert (reply.data, reply.stop) == (None, "invalid")
    assert says in reply.problem
    assert [asked.way for asked in server.asked] == [*spoken.ways]


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a22_a_huge_body_is_refused_while_it_comes(status: int) -> None:
    padded = {"ops": [], "pad": "x" * 300_000}
    body = api.says(padded).body if status == 200 else json.dumps(padded).encode()
    reply, server = answered([Sent(status=status, body=body)])

    assert (reply.data, reply.stop, len(server.asked)) == (None, "invalid", 1)
    assert "sends more than any answer has (256 kB)" in reply.problem


def test_a22_a_small_body_that_unpacks_to_a_huge_one_is_refused_too() -> None:
    packed = gzip.compress(api.says({"ops": [], "pad": "x" * 3_000_000}).body)
    reply, server = answered([Sent(body=packed, headers={"content-encoding": "gzip"})])

    assert len(packed) < 10_000
    assert "more than any answer" in reply.problem
    assert server.asked[0].headers["accept-encoding"] == "identity"


# ---------------------------------------------------------------- the environment


def test_a26_the_server_and_the_key_come_from_the_environment_given_and_no_other(
    monkeypatch: pytest.MonkeyPatch, spoken: api.Dialect
) -> None:
    with MessagesApi(api.vendor(good)) as real, MessagesApi(api.vendor(good)) as wrong:
        monkeypatch.setenv(spoken.address, wrong.url)
        monkeypatch.setenv(spoken.key, "wrong-key")
        monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "wrong-token")
        monkeypatch.setenv("HTTP_PROXY", wrong.url)
        monkeypatch.setenv("ALL_PROXY", wrong.url)
        with model(real.environ) as made:
            assert ask(made).data == GOOD

    assert wrong.asked == []
    assert real.asked[0].headers["authorization"] == "Bearer test-key-0123456789"


def test_a26_a_proxy_is_used_for_other_machines_and_never_for_this_one(
    spoken: api.Dialect,
) -> None:
    with MessagesApi(api.vendor(good)) as proxy:
        way = {"HTTP_PROXY": proxy.url, spoken.key: api.KEY}
        with model({**way, spoken.address: "http://llm.example"}) as made:
            assert ask(made).data == GOOD
        assert [asked.path for asked in proxy.asked] == [f"http://llm.example{spoken.path}"]

        with MessagesApi(api.vendor(good)) as server:
            for name in ("127.0.0.1", "localhost"):
                url = server.url.replace("127.0.0.1", name)
                with model({**way, spoken.address: url}) as made:
                    assert ask(made).data == GOOD
            assert len(server.asked) == 2
        assert len(proxy.asked) == 1


# ---------------------------------------------------------------- many at once, and the end


def test_eight_questions_are_asked_at_the_same_moment() -> None:
    together = threading.Barrier(8)  # no answer before all have asked

    def script(_: Asked) -> Sent:
        together.wait(PATIENCE)
        return api.says(GOOD)

    patient = Patience()
    with MessagesApi(script) as server, model(server.environ, patience=patient) as made:
        made.warm()
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda _: ask(made, PATIENCE), range(8)))

    assert [reply.data for reply in replies] == [GOOD] * 8
    assert server.most_at_once == 8


def test_sixty_four_threads_each_get_their_own_answer() -> None:
    together = threading.Barrier(64)

    def echo(asked: Asked) -> Sent:
        together.wait(PATIENCE)  # the first is answered when the last is asked
        return api.says({"ops": [], "for": asked.text})

    with MessagesApi(echo) as server, model(server.environ, patience=Patience()) as made:

        def one(number: int) -> object:
            prompt = Prompt(system="s", text=f"question {number}", schema=SCHEMA)
            reply = made.ask(prompt, until=time.monotonic() + PATIENCE)
            assert reply.data, reply.problem
            return reply.data["for"]

        with ThreadPoolExecutor(64) as pool:
            answers = list(pool.map(one, range(128)))

    assert answers == [f"question {number}" for number in range(128)]
    assert server.most_at_once == 64


def test_stop_ends_what_is_being_asked_at_once_and_everything_after_it() -> None:
    with (
        MessagesApi([api.says(GOOD).after(ENDLESS)]) as server,
        model(server.environ, patience=Patience()) as made,
    ):
        made.warm()
        with ThreadPoolExecutor(4) as pool:
            asking = [pool.submit(ask, made) for _ in range(4)]
            while server.most_at_once < 4:
                time.sleep(0.01)
            made.stop()
            for future in asking:
                with pytest.raises(Cancelled):
                    future.result(timeout=PATIENCE)
        with pytest.raises(Cancelled):
            ask(made)
    assert not [thread for thread in threading.enumerate() if thread.name == "gitmem-llm"]


# ---------------------------------------------------------------- compressed bodies


def packed(content: bytes, times: int) -> bytes:
    for _ in range(times):
        content = gzip.compress(content)
    return content


@cache
def bomb(times: int) -> bytes:
    """An error's body of 64 MiB, compressed so many times."""
    return packed(b'{"error":{"message":"' + bytes(64 << 20) + b'"}}', times)


@pytest.mark.parametrize("status", [200, 400, 401, 404, 429, 500, 529])
@pytest.mark.parametrize(
    ("times", "named"), [(1, "gzip"), (2, "gzip, gzip"), (1, "br"), (1, "deflate")]
)
def test_a_bomb_of_any_status_and_encoding_is_never_unpacked(
    status: int, times: int, named: str
) -> None:
    """An error's body was bounded as it came, 3,500 bytes, and then unpacked to 5,200 million."""
    sent = Sent(status=status, body=bomb(times), headers={"content-encoding": named})
    with MessagesApi([sent]) as server, model(server.environ) as made:
        made.warm()
        tracemalloc.start()
        try:
            reply = ask(made, seconds=2)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert reply.data is None
    assert "sends more than any answer" in reply.problem or "encoding" in reply.problem
    assert reply.usage.calls == 1
    assert peak < 16 << 20


@pytest.mark.parametrize("named", ["gzip", "x-gzip", "identity", "", "GZIP"])
def test_an_answer_that_a_proxy_compressed_is_read(named: str, spoken: api.Dialect) -> None:
    sent = spoken.say(api.says(GOOD))
    body = gzip.compress(sent.body) if "gz" in named.lower() else sent.body

    reply, _ = answered([replace(sent, body=body, headers={"content-encoding": named})])

    assert reply.data == GOOD


def test_a_compressed_refusal_is_read_and_understood() -> None:
    sent = api.error(400, "Your credit balance is too low")

    found, _ = refused(
        [replace(sent, body=gzip.compress(sent.body), headers={"content-encoding": "gzip"})]
    )

    assert "will not be paid" in found.message


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (500, "failed to load model vocabulary required for format"),
        (500, "Failed to parse grammar"),
        (503, "response_format: json_schema is not supported by this backend"),
        (501, "not implemented"),
        (200, "tool_choice and response_format are not supported"),
    ],
)
def test_a_server_that_cannot_make_the_shape_is_asked_in_a_plainer_one(
    status: int, words: str, spoken: api.Dialect
) -> None:
    """It was asked the same until the deadline, or given up on at once."""

    def script(asked: Asked) -> Sent:
        if asked.way == "text":
            return api.says(GOOD)
        refusal = api.error(status, words)
        return replace(refusal, status=status)

    reply, server = answered(script)

    assert reply.data == GOOD
    assert [asked.way for asked in server.asked][-1] == "text"
    assert len(server.asked) <= len(spoken.ways)


@pytest.mark.parametrize("words", ["no further information", "the database is reformatted", "busy"])
def test_trouble_that_names_no_shape_is_asked_again_in_the_same(words: str) -> None:
    reply, server = answered([api.error(500, words), api.says(GOOD)])

    assert reply.data == GOOD
    assert [asked.way for asked in server.asked] == ["format", "format"]


@pytest.mark.parametrize(
    "address",
    ["http://a\nb", "http://a\x00b", "http://\ud800.example", "http://a b", "http://a\u00a0b"],
)
def test_an_address_that_no_server_has_is_refused(address: str, spoken: api.Dialect) -> None:
    """The library that sends the question ended the close in a traceback."""
    service = CHAT if spoken is api.CHAT else MESSAGES
    for environ, at in (({spoken.address: address}, ""), ({}, address)):
        with pytest.raises(UsageError, match="is not the address of a server"):
            endpoint({**environ, spoken.key: api.KEY}, service, at=at)


@pytest.mark.parametrize(
    "proxy", ["http://x:abc", "http://[::1", "x:99999", "http://", "http://x:0"]
)
def test_a_proxy_that_is_none_is_refused_before_anything_is_sent(
    proxy: str, spoken: api.Dialect
) -> None:
    service = CHAT if spoken is api.CHAT else MESSAGES
    for name in ("HTTPS_PROXY", "all_proxy"):
        with pytest.raises(UsageError, match="does not hold the address of one") as raised:
            endpoint({name: proxy, spoken.key: api.KEY}, service)
        assert proxy not in raised.value.message + raised.value.hint  # it may hold a password


def test_a_host_with_an_ipv6_address_is_shown_as_a_person_can_name_it(spoken: api.Dialect) -> None:
    """It was shown as `: :1:9`, and inside a client the host that the hint named was none."""
    service = CHAT if spoken is api.CHAT else MESSAGES
    url = f"http://[::1]:9{spoken.root}"
    where = endpoint({spoken.address: url}, service)

    assert (where.named, where.is_here) == ("[::1]:9", True)
    assert endpoint({}, service, at=where.named).url == f"http://[::1]:9{service.root}"
    check_server(where, {}, client="codex", named=where.named, top="/src")
    check_server(where, {}, client="codex", named=url, top="/src")
    with pytest.raises(Refused) as refusal:
        check_server(where, {}, client="codex", named="", top="/src")
    assert refusal.value.hint.endswith("git config gitmem.host [::1]:9")


@pytest.mark.parametrize("named", ["gzip", "deflate"])
@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_damaged_packing_is_said_as_one(named: str, status: int) -> None:
    sent = Sent(status=status, body=b"not packed at all", headers={"content-encoding": named})

    reply, _ = answered([sent])

    assert reply.stop == "invalid"
    assert f"an encoding that it was not asked for ({named}, damaged)" in reply.problem


@pytest.mark.parametrize("charset", ["rot13", "zlib_codec", "hex", "idna", "nonsense"])
def test_the_charset_of_a_refusal_hides_nothing_of_it(charset: str) -> None:
    """A charset that Python knows and that is none made a rejected key a failed request."""
    kind = f"application/json; charset={charset}"
    found, _ = refused([replace(api.error(401, "bad key"), kind=kind)])
    assert "does not accept the key (HTTP 401: bad key)" in found.message

    page = Sent(status=502, body=b"<h1>oops</h1>", kind=f"text/html; charset={charset}")
    reply, server = answered([page, api.says(GOOD)])
    assert (reply.data, len(server.asked)) == (GOOD, 2)


def test_an_error_that_nests_deeper_than_calls_may_is_read() -> None:
    """From Python 3.12 on, JSON is read that is nested so deep, and the close ended in a traceback."""
    inner: object = "no"
    listed: object = []
    for _ in range(5_000):
        inner, listed = {"error": inner}, [listed]

    assert response.error_sentence(inner) == "no"
    assert response.error_sentence({"error": listed}) in ("", "[" * 5_001 + "]" * 5_001)


# ---------------------------------------------------------------- the ladder


def chatty(lowest: int, spoken: api.Dialect) -> Any:
    """A server that ignores all shapes above the ``lowest``: its model chats until it is cut off."""

    def script(asked: Asked) -> Sent:
        if asked.way in spoken.ways[lowest:]:
            return api.uses_tool(GOOD) if asked.way == "tool" else api.says(GOOD)
        return api.text("Let me think about these flags. " * 20, stop="max_tokens")

    return script


@pytest.mark.parametrize("lowest", [1, 2])
def test_an_answer_cut_off_where_the_shape_was_ignored_leads_to_the_next_shape(
    lowest: int, spoken: api.Dialect
) -> None:
    """A local server was asked the same in smaller and smaller parts, and chatted about each."""
    with MessagesApi(chatty(lowest, spoken)) as server, model(server.environ) as made:
        first, second = ask(made), ask(made)

    assert (first.data, second.data) == (GOOD, GOOD)
    assert [asked.way for asked in server.asked] == [
        *spoken.ways[: lowest + 1],
        spoken.ways[lowest],
    ]


def test_a_shape_is_looked_for_once_however_many_questions_there_are(spoken: api.Dialect) -> None:
    """While one question goes down the ladder, what is under way in the ignored shape is called off."""
    together = threading.Barrier(8)
    late = threading.Event()

    def script(asked: Asked) -> Sent:
        if asked.way == spoken.ways[-1]:
            return api.says(GOOD)
        if asked.way == spoken.ways[0]:
            together.wait(PATIENCE)
            if asked.number:
                late.wait(PATIENCE)  # seven chat on, until the close needs them no longer
        return api.text("Let me think. " * 20, stop="max_tokens")

    with MessagesApi(script) as server, model(server.environ, patience=Patience()) as made:
        made.warm()
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda _: ask(made, PATIENCE), range(8)))
        late.set()

    assert [reply.data for reply in replies] == [GOOD] * 8
    ways = [asked.way for asked in server.asked]
    assert [ways.count(way) for way in spoken.ways] == [8, 1, 8]


def test_one_odd_answer_of_a_server_that_honours_the_shape_moves_no_other_question(
    spoken: api.Dialect,
) -> None:
    def script(asked: Asked) -> Sent:
        return api.chats() if asked.number == 1 else api.says(GOOD)

    with MessagesApi(script) as server, model(server.environ) as made:
        replies = [ask(made) for _ in range(3)]

    assert [reply.data for reply in replies] == [GOOD] * 3
    assert [asked.way for asked in server.asked] == ["format", "format", spoken.ways[1], "format"]


def test_a_cut_answer_that_keeps_to_the_shape_is_for_a_smaller_question() -> None:
    reply, server = answered([api.text('{"ops": [{"op": "ke', stop="max_tokens")])

    assert (reply.stop, reply.too_much, len(server.asked)) == ("max_tokens", True, 1)


def test_what_a_server_honours_and_how_fast_it_is_is_remembered(
    tmp_path: Path, spoken: api.Dialect
) -> None:
    notes = ServerNotes(str(tmp_path))
    with MessagesApi(chatty(2, spoken)) as server:
        with model(server.environ, notes=notes, context=4096) as made:
            assert (made.pace, made.shape) == (0.0, "")
            ask(made)
            assert made.shape == "text"
        with model(server.environ, notes=notes) as made:
            assert (made.context, made.shape) == (4096, "text")
            assert made.pace > 0
            assert ask(made).usage.calls == 1
        with model(server.environ, notes=notes, model="another") as made:
            assert (made.pace, made.context, made.shape) == (0.0, 0, "")


def test_a_note_that_is_damaged_or_old_does_not_count(tmp_path: Path) -> None:
    notes = ServerNotes(str(tmp_path))
    notes.keep("a", Note(shape={"way": "text"}, context=9, pace=1.5))
    file = tmp_path / "servers.json"
    kept = json.loads(file.read_text("utf-8"))
    assert notes.find("a") == Note(shape={"way": "text"}, context=9, pace=1.5)

    kept["servers"]["a"]["at"] -= AGE + 60
    file.write_text(json.dumps(kept), "utf-8")
    assert notes.find("a") is None
    for damaged in ("", "[]", '{"v":1,"servers":[]}', '{"v":2}', '{"v":1,"servers":{"a":7}}'):
        file.write_text(damaged, "utf-8")
        assert notes.find("a") is None
    notes.keep("b", Note(pace=2.0))
    assert notes.find("b") == Note(pace=2.0)


@pytest.mark.parametrize("kept", [{"way": "tool"}, {"way": 7, "limit": "rm"}, {"effort": []}, {}])
def test_a_note_of_another_hand_makes_no_odd_request(kept: dict[str, object]) -> None:
    for shape in (MessagesShape(), ChatShape()):
        assert set(shape.as_kept(kept).body(PROMPT, "m")) <= {
            *shape.body(PROMPT, "m"), "tools", "tool_choice"
        }  # fmt: skip
