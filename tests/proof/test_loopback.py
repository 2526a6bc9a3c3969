"""The model on loopback: each protocol over real HTTP, and odd requests."""

from __future__ import annotations

import gzip
import json
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from gitmem.proof import last_fired
from gitmem.proof.loopback import Loopback

CALL: tuple[str, dict[str, object]] = ("shell", {"command": "make"})
PATHS: dict[str, dict[str, Any]] = {
    "/v1/messages?beta=true": {"messages": [{"role": "user", "content": "hello"}]},
    "/v1/responses": {"input": [{"role": "user", "content": [{"text": "hello"}]}]},
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "hello"}]},
    "/v1beta/models/m:generateContent": {"contents": [{"parts": [{"text": "hello"}]}]},
    "/v1beta/models/m:streamGenerateContent?alt=sse": {
        "contents": [{"parts": [{"text": "hello"}]}]
    },
}


def post(url: str, body: bytes, **headers: str) -> tuple[int, str]:
    address = urlsplit(url)
    with closing(HTTPConnection(str(address.hostname), address.port)) as connection:
        connection.request("POST", f"{address.path}?{address.query}", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("streamed", [True, False])
def test_each_protocol_calls_the_tool_and_then_answers(path: str, streamed: bool) -> None:
    body: dict[str, Any] = {**PATHS[path], "tools": [{"name": "shell"}], "stream": streamed}
    with Loopback([CALL], text="Done.") as model:
        code, first = post(model.url + path, json.dumps(body).encode())
        _, second = post(
            model.url + path,
            gzip.compress(json.dumps(body).encode()),
            **{"content-encoding": "gzip"},
        )

    assert code == 200
    assert "make" in first
    assert ("Done." in first, "Done." in second) == (False, True)
    assert ["hello" in texts for texts in model.asked] == [True, True]


@pytest.mark.parametrize("path", PATHS)
def test_a_side_question_gets_the_text_and_is_not_kept(path: str) -> None:
    with Loopback([CALL], text="Done.") as model:
        code, said = post(model.url + path, json.dumps(PATHS[path]).encode())

    assert (code, "Done." in said, model.asked) == (200, True, [])


@pytest.mark.parametrize("body", [b"{torn", b"[]", b"7", b"\xff\xfe", b"{}" * 2])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with Loopback([CALL], text="Done.") as model:
        assert post(model.url + "/v1/responses", body)[0] == 404
        assert post(model.url + "/elsewhere", b"{}")[0] == 404


def test_what_fired_last_is_told_for_each_event_of_a_client() -> None:
    def line(client: str, event: str, at: str) -> dict[str, str]:
        return {"client": client, "event": event, "at": f"2026-11-30T{at}Z"}

    entries = [
        line("codex", "Stop", "10:00:00"),
        line("codex", "SessionStart", "09:00:00"),
        line("codex", "Stop", "11:00:00"),
        line("gemini", "AfterAgent", "11:30:00"),
    ]
    now = 1796040000 - 2 * 3600  # 2026-11-30 10:00 UTC and two hours
    events = ("SessionStart", "Stop", "SessionEnd")

    (codex,) = last_fired.look(entries, "codex", events, now)
    (qwen,) = last_fired.look(entries, "qwen", events, now)

    assert codex.what.endswith("not seen: SessionEnd")
    assert codex.what.index("Stop") < codex.what.index("SessionStart")
    assert qwen.what == "no hook of this client has run in this clone yet"
    assert last_fired.look([], "codex", events, now) == []
