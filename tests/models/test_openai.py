"""What is of the Chat Completions API alone: its request, its ladder, its address, and servers of one's own."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from gitmem.core.errors import UsageError
from gitmem.core.failures import NoProgress
from gitmem.models.chat.openai import check_installed
from gitmem.models.endpoint import CHAT, endpoint
from gitmem.models.reply import Prompt, model_name
from gitmem.models.servers import look
from gitmem.models.servers.look import Look
from tests.support import messages_api as api
from tests.support.messages_api import MessagesApi, Sent
from tests.support.sandbox import PATIENCE
from tests.support.served import GOOD, SCHEMA, answered, ask, good, model


@pytest.fixture(autouse=True)
def spoken() -> Iterator[None]:
    """Every server here speaks Chat Completions."""
    api.SPOKEN.append(api.CHAT)
    yield
    api.SPOKEN.pop()


def test_the_question_goes_out_once_with_the_schema_in_both_places() -> None:
    reply, server = answered(api.vendor(good))

    assert reply.data == GOOD
    (body,) = server.bodies
    system = body["messages"].pop(0)
    assert system["content"].startswith("Judge the flags.\n\nAnswer with one JSON")
    assert body == {
        "model": "claude-haiku-5-5",
        "max_tokens": 512,
        "reasoning_effort": "none",
        "messages": [{"role": "user", "content": '["f1"]'}],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
        },
    }
    assert server.asked[0].headers["authorization"] == "Bearer test-key-0123456789"


def test_a_near_server_gets_the_bounds_of_the_question_and_a_vendor_a_schema_it_can_keep() -> None:
    bounded = {**SCHEMA, "title": "of this question"}
    prompt = Prompt(system="s", text="t", schema=SCHEMA, bounded=bounded)
    with model({"OPENAI_BASE_URL": "http://127.0.0.1:9"}) as near:
        sent: Any = near.sent(prompt)
        assert sent["response_format"]["json_schema"]["schema"] == bounded
    with model({"OPENAI_API_KEY": "test-key"}) as vendor:
        sent = vendor.sent(prompt)
        assert sent["response_format"]["json_schema"]["schema"] == SCHEMA
        assert (sent["max_completion_tokens"], sent["reasoning_effort"]) == (4096, "low")
        assert "max_tokens" not in sent


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        ("Unsupported parameter: 'reasoning_effort'", {"reasoning_effort"}),
        ('"gemma3" does not support thinking', {"reasoning_effort"}),
        (
            "'max_tokens' is not supported here. Use 'max_completion_tokens' instead.",
            {"max_tokens"},
        ),
        ("response_format is unknown", {"response_format"}),
        ("failed to parse grammar", {"response_format"}),
        ("no such thing", {"response_format", "reasoning_effort"}),
    ],
)
def test_a_refused_field_alone_is_left_out_or_replaced(words: str, gone: set[str]) -> None:
    refusal = api.error(400, words, kind="invalid_request_error")
    reply, server = answered([refusal, api.fenced(GOOD)])

    assert reply.data == GOOD
    first, second = server.bodies
    lost = {name for name in first if first[name] != second.get(name)}
    assert lost == gone


def test_an_answer_in_parts_is_one_answer() -> None:
    parts = [{"type": "text", "text": '{"ops": '}, {"type": "text", "text": "[]}"}]
    choice = {"finish_reason": "stop", "message": {"content": parts}}
    reply, _ = answered([Sent(body=json.dumps({"choices": [choice]}).encode())])

    assert reply.data == {"ops": []}


def test_an_error_of_a_gateway_with_status_200_and_a_refusal_in_words_are_no_answer() -> None:
    reply, _ = answered([Sent(body=b'{"error":{"code":502,"message":"no provider"}}')])
    assert (reply.data, reply.problem) == (None, "the server says: no provider")

    choice = {"finish_reason": "stop", "message": {"content": "", "refusal": "I cannot"}}
    reply, _ = answered([Sent(body=json.dumps({"choices": [choice]}).encode())])
    assert (reply.stop, reply.problem) == ("refusal", "the model refused to answer")


def test_a_question_larger_than_llama_cpp_takes_may_be_split() -> None:
    words = "request (20024 tokens) exceeds the available context size (8192 tokens)"
    reply, _ = answered([api.error(400, words, kind="exceed_context_size_error")])

    assert (reply.stop, reply.too_much) == ("too_large", True)


def test_a_model_that_is_called_by_its_file_is_named_without_the_folder() -> None:
    """llama.cpp names the path of a model; a record is for everybody."""
    path = "/home/ann/models/gemma-3.gguf"
    script = [api.message({"type": "text", "text": json.dumps(GOOD)}, model=path)]
    with MessagesApi(script) as server, model(server.environ, model=path) as made:
        reply = ask(made)
        assert (made.model, reply.answered) == ("gemma-3.gguf", "gemma-3.gguf")
    assert server.bodies[0]["model"] == path
    assert [model_name(one) for one in ("C:\\m\\x.gguf", "org/model:free", "~/x", "/")] == [
        "x.gguf", "org/model:free", "x", "/"
    ]  # fmt: skip


def test_without_the_library_one_sentence_says_how_to_add_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="needs the library openai") as trouble:
        check_installed()
    assert "pip install 'gitmem-cli[openai]'" in trouble.value.hint


def test_the_sdk_is_not_imported_before_it_is_needed() -> None:
    script = """
import random, sys, time
from gitmem.models.chat.openai import OpenAI
from gitmem.models.endpoint import CHAT, endpoint
from gitmem.models.served import Means
where = endpoint({"OPENAI_API_KEY": "k"}, CHAT)
model = OpenAI(where, "m", Means(clock=time.monotonic, chance=random.random), environ={})
print(sorted({"openai", "httpx2", "pydantic"} & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE, check=True
    )

    assert done.stdout.strip() == "[]"


def test_what_the_library_would_take_from_the_process_goes_to_no_other_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, "of-the-process")
    _, server = answered(api.vendor(good))

    assert "of-the-process" not in str(server.asked[0].headers)


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("at", "url"),
    [
        ("localhost:8080", "http://localhost:8080/v1"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080/v1"),
        ("http://10.0.0.7:1234", "http://10.0.0.7:1234/v1"),
        ("mine.example:8443", "https://mine.example:8443/v1"),
        ("https://openrouter.ai/api/v1/", "https://openrouter.ai/api/v1"),
    ],
)
def test_a_server_is_named_by_host_and_port_or_whole(at: str, url: str) -> None:
    assert endpoint({"OPENAI_API_KEY": "k"}, CHAT, at=at).url == url


@pytest.mark.parametrize("at", ["[::1", "ftp://x", "http://x/v1/chat/completions", "a b:c", "//"])
def test_what_is_no_address_is_said(at: str) -> None:
    with pytest.raises(UsageError, match=r"git config gitmem\.host"):
        endpoint({}, CHAT, at=at)


# ---------------------------------------------------------------- what a server says of itself


def seen(pages: dict[str, object], name: str = "m") -> Look:
    with MessagesApi([], pages=pages) as server:
        return look.look(endpoint(server.environ, CHAT), name)


def listed(*names: str, **more: object) -> dict[str, object]:
    return {"/v1/models": {"data": [{"id": name, **more} for name in names]}}


@pytest.mark.parametrize(
    ("pages", "context"),
    [
        (listed("m", meta={"n_ctx": 8192}), 8192),
        (listed("m", max_model_len=32768), 32768),
        (listed("m", loaded_context_length=4096), 4096),
        ({**listed("m"), "/props": {"default_generation_settings": {"n_ctx": 2048}}}, 2048),
        (
            {
                **listed("m"),
                "/api/v0/models": {"data": [{"id": "m", "loaded_context_length": 512}]},
            },
            512,
        ),
        ({**listed("m"), "/api/ps": {"models": [{"name": "m", "context_length": 16384}]}}, 16384),
        ({**listed("m"), "/api/show": {"parameters": "stop x\nnum_ctx   8000"}}, 8000),
        ({**listed("m"), "/api/show": {"model_info": {"g.context_length": 131072}}}, 4096),
        ({**listed("m"), "/api/show": {"model_info": {"g.context_length": 2048}}}, 2048),
        (listed("m"), 0),
        (listed("m", max_model_len=-1, meta={"n_ctx": "many"}), 0),
        ({**listed("m"), "/props": [1], "/api/show": {"parameters": 7, "model_info": []}}, 4096),
        ({**listed("m"), "/props": Sent(body=b"<html>")}, 0),
    ],
)
def test_the_context_is_found_where_each_server_says_it(
    pages: dict[str, object], context: int
) -> None:
    assert seen(pages) == Look(models=("m",), context=context)


def test_the_only_model_is_the_one_and_several_are_named() -> None:
    where = endpoint({"OPENAI_BASE_URL": "http://localhost:9"}, CHAT)
    assert look.chosen(seen(listed("only"), ""), where) == "only"
    with pytest.raises(UsageError, match="has several models: a, b, c, d, e and 1 more") as several:
        look.chosen(seen(listed(*"abcdef"), ""), where)
    assert "--model NAME" in several.value.hint
    with pytest.raises(NoProgress, match="does not say which models it has"):
        look.chosen(look.look(where, ""), where)


@pytest.mark.parametrize(
    "page",
    [
        Sent(body=b"[]"),
        Sent(body=b'{"data":7}'),
        Sent(body=b'{"data":[7,{"id":7},{"id":""}]}'),
        Sent(status=500, body=b'{"data":[{"id":"m"}]}'),
        Sent(status=302, headers={"location": "/elsewhere"}),
        Sent(body=b"[" * 99_999),
        Sent(body=b"x" * 300_000),
    ],
)
def test_what_is_no_list_of_models_is_none(page: Sent) -> None:
    assert seen({"/v1/models": page}, "") == Look()


def test_init_looks_for_servers_on_this_machine_and_believes_only_those_with_models(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        MessagesApi([], pages=listed("m")) as real,
        MessagesApi([], pages={"/v1/models": {"hello": "world"}}) as other,
    ):
        local = {"ollama": real.url, "lmstudio": other.url, "llamacpp": "http://127.0.0.1:9"}
        monkeypatch.setattr(look, "LOCAL", local)
        assert look.listening({}) == {"ollama": ("m",)}
