"""Messages of the protocol: what is one, what gets an answer, and in which shape."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.mcp import protocol
from gitmem.mcp.protocol import Failed

STATELESS = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)


def test_a_request_has_its_method_id_and_parameters() -> None:
    asked = protocol.request({"jsonrpc": "2.0", "id": "a", "method": "ping", "params": {"x": 1}})

    assert asked is not None
    assert (asked.identity, asked.method, asked.params) == ("a", "ping", {"x": 1})


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "flag"}},
        {"jsonrpc": "2.0", "id": 1, "result": {}},
        {"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "x"}},
    ],
)
def test_a_notification_and_an_answer_get_no_answer(message: object) -> None:
    assert protocol.request(message) is None


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        7,
        "ping",
        {},
        {"jsonrpc": "1.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1},
        {"jsonrpc": "2.0", "id": 1, "method": 7},
        {"jsonrpc": "2.0", "id": None, "method": "ping"},
        {"jsonrpc": "2.0", "id": True, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1.5, "method": "ping"},
        {"jsonrpc": "2.0", "id": [1], "method": "ping"},
    ],
)
def test_what_is_no_request_is_refused_as_one(message: object) -> None:
    with pytest.raises(Failed) as refused:
        protocol.request(message)

    assert refused.value.code == protocol.INVALID_REQUEST


def test_parameters_that_are_no_object_are_refused() -> None:
    with pytest.raises(Failed) as refused:
        protocol.request({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]})

    assert refused.value.code == protocol.INVALID_PARAMS


@pytest.mark.parametrize("line", [b"", b"{", b"\xff\xfe", b'{"a":1} {"b":2}', b"[" * 100_000])
def test_a_line_that_is_no_json_is_a_parse_error(line: bytes) -> None:
    with pytest.raises(Failed) as refused:
        protocol.messages(line)

    assert refused.value.code == protocol.PARSE_ERROR


def test_a_batch_is_bounded_and_not_empty() -> None:
    assert protocol.messages(b'[{"a":1}]') == ([{"a": 1}], True)
    for line in (b"[]", json.dumps([1] * (protocol.MOST + 1)).encode()):
        with pytest.raises(Failed) as refused:
            protocol.messages(line)
        assert refused.value.code == protocol.INVALID_REQUEST


@pytest.mark.parametrize("asked", protocol.SESSIONS)
def test_a_session_speaks_the_revision_that_the_client_asks_for(asked: str) -> None:
    assert protocol.agreed({"protocolVersion": asked}) == asked


@pytest.mark.parametrize("asked", ["1900-01-01", "2026-07-28", 7, None])
def test_a_session_of_another_revision_speaks_the_newest_with_a_handshake(asked: object) -> None:
    assert protocol.agreed({"protocolVersion": asked}) == protocol.SESSIONS[0]


def test_a_stateless_request_of_an_unknown_revision_is_told_the_known_ones() -> None:
    meta = {**STATELESS, "io.modelcontextprotocol/protocolVersion": "2099-01-01"}
    asked = protocol.request(
        {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": meta}}
    )

    assert asked is not None
    with pytest.raises(Failed) as refused:
        asked.refuse_unknown_revision()
    assert refused.value.code == protocol.UNSUPPORTED_VERSION
    assert refused.value.data == {
        "supported": [*protocol.STATELESS, *protocol.SESSIONS],
        "requested": "2099-01-01",
    }


def test_a_stateless_request_says_what_its_client_can() -> None:
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}
    asked = protocol.request(
        {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": meta}}
    )

    assert asked is not None
    with pytest.raises(Failed) as refused:
        asked.refuse_unknown_revision()
    assert refused.value.code == protocol.INVALID_PARAMS


def test_a_stateless_result_is_complete_names_the_server_and_how_long_it_may_be_kept() -> None:
    asked = protocol.request(
        {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": STATELESS}}
    )
    assert asked is not None

    told = protocol.cached({"tools": []}, asked, seconds=2)

    assert protocol.result(asked, told, {"name": "gitmem", "version": "1"}) == {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {
            "resultType": "complete",
            "tools": [],
            "ttlMs": 2000,
            "cacheScope": "private",
            "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "gitmem", "version": "1"}},
        },
    }


def test_a_result_of_a_session_has_none_of_that() -> None:
    asked = protocol.request({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert asked is not None

    told = protocol.cached({"tools": []}, asked, seconds=2)

    assert protocol.result(asked, told, {"name": "gitmem", "version": "1"}) == {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {"tools": []},
    }


@given(VALUES)
def test_any_value_is_a_request_gets_none_or_is_refused(value: object) -> None:
    asked: protocol.Request | None = None
    code = 0
    with contextlib.suppress(Failed):
        code = protocol.INVALID_REQUEST
        asked = protocol.request(value)
        code = 0

    assert asked is None or isinstance(asked.method, str)
    told = json.loads(protocol.line(protocol.error(protocol.identity(value), Failed(code, "x"))))
    assert told["error"]["code"] == code


@given(st.text(max_size=40))
def test_an_answer_is_one_line_whatever_is_said(text: str) -> None:
    line = protocol.line(protocol.error(1, Failed(protocol.INTERNAL_ERROR, text)))

    assert line.count(b"\n") == 1
    assert json.loads(line)["id"] == 1
