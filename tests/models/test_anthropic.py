"""What is of the Messages API alone: its request, its ladder, its variables."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from typing import Any

import pytest

from gitmem.core.errors import UsageError
from gitmem.models.anthropic import MODEL, Anthropic
from gitmem.models.endpoint import endpoint
from gitmem.models.served import Means
from tests.support import messages_api as api
from tests.support.messages_api import MessagesApi, Sent
from tests.support.sandbox import PATIENCE
from tests.support.served import (
    GOOD,
    SCHEMA,
    answered,
    ask,
    good,
    model,
)

# ---------------------------------------------------------------- the request


def test_the_question_goes_out_once_with_thinking_off_and_the_schema_in_both_places() -> None:
    reply, server = answered(api.vendor(good))

    assert reply.data == GOOD
    assert (reply.stop, reply.usage.calls, reply.problem) == ("end_turn", 1, "")
    (body,) = server.bodies
    assert body.pop("system")[0]["text"].startswith("Judge the flags.\n\nAnswer with one JSON")
    assert body == {
        "model": MODEL,
        "max_tokens": 512,
        "messages": [{"role": "user", "content": '["f1"]'}],
        "thinking": {"type": "disabled"},
        "output_config": {
            "effort": "low",
            "format": {"type": "json_schema", "schema": SCHEMA},
        },
    }
    assert server.asked[0].path == "/v1/messages"
    assert server.asked[0].headers["authorization"] == "Bearer test-key-0123456789"


def test_a_token_goes_out_when_there_is_no_key() -> None:
    with MessagesApi(api.vendor(good)) as server:
        environ = {
            "ANTHROPIC_BASE_URL": server.url + "/api",
            "ANTHROPIC_AUTH_TOKEN": "a-token-1234",
        }
        with model(environ) as made:
            assert ask(made).data == GOOD

    assert server.asked[0].path == "/api/v1/messages"
    assert server.asked[0].headers["authorization"] == "Bearer a-token-1234"


# ---------------------------------------------------------------- servers differ


@pytest.mark.parametrize(
    ("server", "calls", "then"),
    [
        (api.vendor, 1, "format"),
        (api.deaf, 1, "format"),
        (api.only_tools, 2, "tool"),
        (api.only_text, 4, "text"),
        (api.sullen, 2, "text"),
    ],
)
def test_the_ladder_finds_what_a_server_answers_and_only_the_first_question_pays(
    server: Any, calls: int, then: str
) -> None:
    with MessagesApi(server(good)) as running, model(running.environ) as made:
        first, second = ask(made), ask(made)

    assert (first.data, second.data) == (GOOD, GOOD)
    assert (first.usage.calls, second.usage.calls) == (calls, 1)
    last = running.asked[-1]
    assert ("format" if last.wants_format else "tool" if last.tool else "text") == then


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        ("thinking: unknown field", {"thinking"}),
        ("output_config.effort: not supported by this model", {"effort"}),
        ("output_config.format: not supported", {"format"}),
        ("The compiled grammar is too large", {"format"}),
        ("output_config: Extra inputs are not permitted", {"effort", "format"}),
        ('[{"loc": ["body", "thinking"], "type": "extra_forbidden"}]', {"thinking"}),
    ],
)
def test_a_refused_field_alone_is_left_out(words: str, gone: set[str]) -> None:
    refusal = api.error(400, words, kind="invalid_request_error")
    reply, server = answered([refusal, api.fenced(GOOD)])

    assert reply.data == GOOD
    _, second = server.bodies
    fields = {"thinking": second.get("thinking"), **second.get("output_config", {})}
    assert {"thinking", "effort", "format"} - {
        name for name, value in fields.items() if value
    } == gone


def test_a_validation_error_in_the_style_of_fastapi_is_understood() -> None:
    detail = [{"type": "extra_forbidden", "loc": ["body", "output_config"], "msg": "no"}]
    refusal = Sent(status=422, body=json.dumps({"detail": detail}).encode())
    reply, server = answered([refusal, api.uses_tool(GOOD)])

    assert reply.data == GOOD
    assert "output_config" not in server.bodies[1]


def test_a_forced_tool_is_the_only_one_whose_call_counts_as_an_end() -> None:
    unasked, server = answered([api.uses_tool(GOOD)])
    assert unasked.data is None
    assert "tool_use" in unasked.problem
    assert len(server.asked) == 1

    foreign, _ = answered([api.chats(), api.uses_tool(GOOD, name="shell"), api.chats()])
    assert foreign.data is None


def test_a26_no_telemetry_is_made_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANTHROPIC_OPEN_TELEMETRY", "true")
    with model({"ANTHROPIC_API_KEY": "test-key"}) as made:
        assert made._connected()._tracer is None


def test_a_resolver_that_never_answers_delays_neither_the_reply_nor_the_exit() -> None:
    script = """
import random, socket, sys, time
socket.getaddrinfo = lambda *_, **__: time.sleep(3600)
from gitmem.models.reply import Prompt
from gitmem.models.anthropic import MODEL, Anthropic
from gitmem.models.endpoint import endpoint
from gitmem.models.served import Means
environ = {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": "https://llm.example"}
model = Anthropic(endpoint(environ), MODEL, Means(clock=time.monotonic, chance=random.random))
model.warm()
prompt = Prompt(system="s", text="t", schema={"type": "object"})
print(model.ask(prompt, until=time.monotonic() + 0.3).stop)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert (done.stdout.strip(), done.stderr) == ("timed_out", "")


def test_the_sdk_is_not_imported_before_it_is_needed() -> None:
    script = """
import random, sys, time
from gitmem.models.anthropic import MODEL, Anthropic
from gitmem.models.endpoint import endpoint
from gitmem.models.served import Means
model = Anthropic(endpoint({"ANTHROPIC_API_KEY": "k"}), MODEL, Means(clock=time.monotonic, chance=random.random))
print(sorted({"anthropic", "httpx2", "pydantic"} & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE, check=True
    )

    assert done.stdout.strip() == "[]"


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://localhost:11434/v1", "ends in /v1"),
        ("https://llm.example/api/v1/", "ends in /v1"),
        ("https://llm.example/v1/messages", "ends in /v1"),
        ("llm.example", "not the address"),
        ("ftp://llm.example", "not the address"),
        ("http://", "not the address"),
        ("http://llm.example:99999", "not the address"),
        ("http://[::1", "not the address"),
        ("https://me:secret@llm.example", "more than an address"),
        ("https://llm.example/?key=secret", "more than an address"),
    ],
)
def test_an_address_that_cannot_be_right_is_said_before_any_work(url: str, says: str) -> None:
    environ = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "k"}
    with pytest.raises(UsageError, match=says) as trouble:
        Anthropic(endpoint(environ), MODEL, Means(clock=time.monotonic, chance=random.random))

    assert trouble.value.exit_code == 2
    assert "secret" not in trouble.value.message


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("", "api.anthropic.com"),
        ("https://api.anthropic.com/", "api.anthropic.com"),
        ("https://LLM.Example:8443/api", "llm.example:8443"),
        ("http://10.0.0.7:8000", "10.0.0.7:8000"),
    ],
)
def test_the_host_is_named_as_a_person_would(url: str, host: str) -> None:
    with model({"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "k"}) as made:
        assert (made.name, made.model, made.host) == ("anthropic", MODEL, host)
