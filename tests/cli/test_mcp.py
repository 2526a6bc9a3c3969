"""`gitmem mcp` as a client starts it: a process that answers on its pipe, whatever comes through it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from tests.support.sandbox import GITMEM, PATIENCE, Sandbox, changed_environment

_HUGE = 100 << 20


class Client:
    """A client with one server."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.to: IO[bytes] = process.stdin
        self.back: IO[bytes] = process.stdout
        self.number = 0

    def send(self, line: bytes) -> None:
        self.to.write(line + b"\n")
        self.to.flush()

    def answer(self) -> Any:
        return json.loads(self.back.readline())

    def ask(self, method: str, **params: Any) -> Any:
        self.number += 1
        asked = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        self.send(json.dumps(asked).encode())
        told = self.answer()
        assert told["id"] == self.number
        return told

    def flag(self, text: str) -> Any:
        return self.ask("tools/call", name="flag", arguments={"text": text})["result"]

    def end(self) -> int:
        self.to.close()
        return self.process.wait(PATIENCE)


@contextmanager
def started(
    folder: Path, *arguments: str, env: Mapping[str, str | None] | None = None
) -> Iterator[Client]:
    with subprocess.Popen(
        [GITMEM, "mcp", *arguments],
        cwd=folder,
        env=changed_environment(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            yield Client(process)
        finally:
            process.kill()


def texts(sandbox: Sandbox) -> list[str]:
    return [flag["text"] for flag in json.loads(sandbox.gitmem("log", "--json").out)]


def test_a_server_lives_as_long_as_its_client(sandbox: Sandbox) -> None:
    with started(sandbox.path) as client:
        assert client.ask("initialize", protocolVersion="2025-11-25")["result"]["serverInfo"]
        client.send(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')
        assert client.ask("ping") == {"jsonrpc": "2.0", "id": 2, "result": {}}
        assert not client.flag("Deploys go out on Tuesdays")["isError"]
        assert client.end() == 0

    assert texts(sandbox) == ["Deploys go out on Tuesdays"]


def test_the_folder_is_the_one_that_is_named_or_that_the_client_names(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with started(elsewhere, "--repo", str(sandbox.path)) as client:
        assert not client.flag("By its option")["isError"]
    with started(elsewhere, env={"CLAUDE_PROJECT_DIR": str(sandbox.path)}) as client:
        assert not client.flag("By the variable")["isError"]
    with started(elsewhere) as client:
        assert client.flag("Nowhere")["isError"]

    assert texts(sandbox) == ["By its option", "By the variable"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--repo", "/no/such/folder"), "there is no folder /no/such/folder"),
        (("--repo",), "--repo needs a value"),
        (("--port", "80"), "no such option: --port"),
        (("here",), "it takes no argument"),
    ],
)
def test_bad_arguments_end_with_two_and_a_hint(
    sandbox: Sandbox, arguments: tuple[str, ...], said: str
) -> None:
    done = sandbox.gitmem("mcp", *arguments)

    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", -32700),
        (b"\xff\xfe\x00", -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"\xc3\x28"}', -32700),
        (b"[" * 200_000, -32700),
        (b"[]", -32600),
        (b"7", -32600),
        (b'"' + b"x" * (2 << 20) + b'"', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"close"}', -32601),
    ],
)
def test_a_line_of_any_shape_is_answered_and_the_next_one_too(
    sandbox: Sandbox, line: bytes, code: int
) -> None:
    with started(sandbox.path) as client:
        client.send(line)

        assert client.answer()["error"]["code"] == code
        assert client.ask("ping")["result"] == {}


def test_a_message_of_100_megabytes_is_refused_and_not_kept(sandbox: Sandbox) -> None:
    with started(sandbox.path) as client:
        for _ in range(_HUGE >> 20):
            client.to.write(b"x" * (1 << 20))
        client.send(b"")

        assert client.answer()["error"]["code"] == -32600
        status = Path(f"/proc/{client.process.pid}/status")
        if status.exists():  # on Linux only
            (peak,) = [row for row in status.read_text().splitlines() if row.startswith("VmHWM")]
            assert int(peak.split()[1]) * 1024 < _HUGE
        assert not client.flag("Still here")["isError"]

    assert texts(sandbox) == ["Still here"]


def test_a_batch_is_answered_as_one_and_a_batch_in_it_is_refused(sandbox: Sandbox) -> None:
    with started(sandbox.path) as client:
        client.send(
            b'[{"jsonrpc":"2.0","id":1,"method":"ping"},[{"jsonrpc":"2.0","id":2,"method":"ping"}],'
            b'{"jsonrpc":"2.0","method":"notifications/initialized"}]'
        )

        first, second = client.answer()
        assert first == {"jsonrpc": "2.0", "id": 1, "result": {}}
        assert (second["id"], second["error"]["code"]) == (None, -32600)
        client.send(b'[{"jsonrpc":"2.0","method":"notifications/initialized"}]')
        assert client.ask("ping")["result"] == {}


def test_a_request_that_was_taken_back_in_time_is_not_run(sandbox: Sandbox) -> None:
    with started(sandbox.path) as client:
        asked = {"name": "flag", "arguments": {"text": "Taken back"}}
        lines = [
            {"jsonrpc": "2.0", "id": "a", "method": "ping"},
            {"jsonrpc": "2.0", "id": "b", "method": "tools/call", "params": asked},
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "b"}},
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "z"}},
            {"jsonrpc": "2.0", "id": "c", "method": "ping"},
        ]
        client.send(b"\n".join(json.dumps(line).encode() for line in lines))

        assert [client.answer()["id"], client.answer()["id"]] == ["a", "c"]

    assert texts(sandbox) == []


def test_requests_that_come_at_once_are_all_answered_in_order(sandbox: Sandbox) -> None:
    with started(sandbox.path) as client:
        lines = [
            json.dumps({"jsonrpc": "2.0", "id": number, "method": "ping"}).encode()
            for number in range(500)
        ]
        client.send(b"\n".join(lines))

        assert [client.answer()["id"] for _ in lines] == list(range(500))


def test_a_line_without_its_end_is_answered_when_the_pipe_closes(sandbox: Sandbox) -> None:
    with started(sandbox.path) as client:
        client.to.write(b'{"jsonrpc":"2.0","id":1,"method":"ping"}')
        client.to.close()

        assert client.answer() == {"jsonrpc": "2.0", "id": 1, "result": {}}
        assert client.process.wait(PATIENCE) == 0


def test_a_client_that_does_not_read_any_more_ends_the_server(sandbox: Sandbox) -> None:
    with started(sandbox.path) as client:
        client.back.close()
        client.send(b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}')

        assert client.process.wait(PATIENCE) == 0


def test_two_servers_at_once_lose_nothing(sandbox: Sandbox) -> None:
    with started(sandbox.path) as one, started(sandbox.path) as other:
        for number in range(10):
            for name, client in (("one", one), ("other", other)):
                asked = {"name": "flag", "arguments": {"text": f"{name} {number}"}}
                message = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": asked}
                client.send(json.dumps(message).encode())
        for client in (one, other):
            assert [client.answer()["id"] for _ in range(10)] == list(range(10))

    assert sorted(texts(sandbox)) == sorted(
        f"{name} {number}" for name in ("one", "other") for number in range(10)
    )


def test_a_client_that_a_drain_asks_gets_no_server(sandbox: Sandbox) -> None:
    with started(sandbox.path, env={"GITMEM_INSIDE": "1"}) as client:
        assert client.back.read() == b""
        assert client.process.wait(PATIENCE) == 0


def test_the_help_says_what_it_serves(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("mcp", "--help")

    assert done.code == 0
    assert "--repo" in done.out
    assert "Examples" in done.out
