"""The official client library of the Model Context Protocol against the installed `gitmem mcp`."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gitmem.mcp import protocol
from tests.support.sandbox import GITMEM, Sandbox, changed_environment

pytestmark = pytest.mark.client

#: How the library begins: with a handshake, or as the revision without one says.
MODES = {"legacy": protocol.SESSIONS[0], "auto": protocol.STATELESS[0]}


def with_client(sandbox: Sandbox, mode: str, use: Callable[[Any], Awaitable[None]]) -> None:
    # The library is in a dependency group of its own (`.ci/run client` installs it).
    library: Any = importlib.import_module("mcp")
    server = library.StdioServerParameters(
        command=str(GITMEM), args=["mcp"], cwd=str(sandbox.path), env=changed_environment(None)
    )

    async def run() -> None:
        async with library.Client(server, mode=mode) as client:
            await use(client)

    asyncio.run(run())


@pytest.mark.parametrize("mode", MODES)
def test_the_library_agrees_on_a_revision_and_reads_everything(sandbox: Sandbox, mode: str) -> None:
    sandbox.land("Integration tests need Postgres", "--topic", "testing")

    async def use(client: Any) -> None:
        assert client.protocol_version == MODES[mode]
        assert client.server_info is not None
        assert client.server_info.name == "gitmem"
        assert "call the tool `flag`" in (client.instructions or "")
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == ["flag", "snag", "recall", "status"]
        resources = (await client.list_resources()).resources
        assert str(resources[0].uri) == "gitmem://memory/index"
        read = await client.read_resource("gitmem://memory/topics/testing")
        assert "Postgres" in read.contents[0].text
        prompt = await client.get_prompt("flag-now")
        assert "durable" in prompt.messages[0].content.text

    with_client(sandbox, mode, use)


@pytest.mark.parametrize("mode", MODES)
def test_what_the_library_flags_is_on_the_queue_and_what_landed_is_recalled(
    sandbox: Sandbox, mode: str
) -> None:
    sandbox.land("Integration tests need Postgres", "--topic", "testing")

    async def use(client: Any) -> None:
        flagged = await client.call_tool("flag", {"text": "Deploys go out on Tuesdays"})
        assert not flagged.is_error
        wrong = await client.call_tool("flag", {"text": "x", "kind": "rumour"})
        assert wrong.is_error
        recalled = await client.call_tool("recall", {"query": "postgres"})
        assert "Integration tests need Postgres" in recalled.content[0].text
        waits = await client.call_tool("status", {})
        assert waits.content[0].text.startswith("1 flag waits")

    with_client(sandbox, mode, use)
    flags = json.loads(sandbox.gitmem("log", "--json").out)
    assert [flag["text"] for flag in flags if flag["state"] == "undrained"] == [
        "Deploys go out on Tuesdays"
    ]
