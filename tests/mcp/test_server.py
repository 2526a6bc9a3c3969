"""What the server answers, in a real repository."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import AnyUrl

from gitmem.mcp import protocol, tools
from gitmem.mcp.server import Server
from gitmem.mcp.workings import RepositoryWorkings
from tests.support.sandbox import Sandbox

STATELESS = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "some-host", "version": "1"},
}


def server(folder: Path) -> Server:
    return Server(RepositoryWorkings(str(folder), dict(os.environ), time.time), "0")


def ask(one: Server, method: str, **params: Any) -> Any:
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer: Any = one.answer(message)
    return json.loads(protocol.line(answer))


def call(one: Server, tool: str, **given: Any) -> tuple[str, bool]:
    result = ask(one, "tools/call", name=tool, arguments=given)["result"]
    return result["content"][0]["text"], result["isError"]


def queue(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The flags on the queue branch, as they were written."""
    names = sandbox.git("ls-tree", "-r", "--name-only", "gitmem/queue", check=False).split()
    files = [name for name in names if name.endswith(".jsonl")]
    lines = [sandbox.git("show", f"gitmem/queue:{name}").splitlines() for name in files]
    return [json.loads(line) for part in lines for line in part]


@pytest.fixture
def landed(sandbox: Sandbox) -> Sandbox:
    sandbox.write("src/client.py", "RETRIES = 3\n")
    sandbox.gitmem("flag", "The client retries three times", "--paths", "src/client.py")
    sandbox.gitmem("flag", "Integration tests need Postgres", "--topic", "testing")
    assert sandbox.gitmem("close", "--engine", "verbatim").code == 0
    assert sandbox.gitmem("accept").code == 0
    return sandbox


def test_a_session_begins_with_what_the_server_is_and_can(sandbox: Sandbox) -> None:
    told = ask(
        server(sandbox.path),
        "initialize",
        protocolVersion="2025-06-18",
        capabilities={},
        clientInfo={"name": "some-host", "version": "1"},
    )["result"]

    assert told["protocolVersion"] == "2025-06-18"
    assert told["capabilities"] == {"tools": {}, "resources": {}, "prompts": {}}
    assert told["serverInfo"]["name"] == "gitmem"
    assert "call the tool `flag`" in told["instructions"]


def test_a_client_without_a_handshake_discovers_the_same(sandbox: Sandbox) -> None:
    one = server(sandbox.path)

    told = ask(one, "server/discover", _meta=STATELESS)["result"]

    assert told["supportedVersions"] == [*protocol.STATELESS, *protocol.SESSIONS]
    assert told["resultType"] == "complete"
    assert told["instructions"] == ask(one, "initialize")["result"]["instructions"]


def test_a_flag_is_on_the_queue_with_who_said_it(sandbox: Sandbox) -> None:
    one = server(sandbox.path)
    ask(one, "initialize", clientInfo={"name": "codex-mcp-client", "version": "1"})

    result = ask(
        one,
        "tools/call",
        name="flag",
        arguments={"text": "Deploys go out on Tuesdays", "kind": "decision", "topic": "deploys"},
        _meta={"threadId": "thread-7"},
    )["result"]

    (flag,) = queue(sandbox)
    assert result == {
        "content": [
            {"type": "text", "text": f"flagged {flag['id']} (decision) Deploys go out on Tuesdays"}
        ],
        "isError": False,
    }
    assert flag["topic"] == "deploys"
    assert (flag["client"], flag["session"]) == ("codex", "thread-7")


def test_a_flag_may_have_a_body(sandbox: Sandbox) -> None:
    body = "Ask before a Friday one.\n\n- the pipeline is slow then"

    said, failed = call(server(sandbox.path), "flag", text="Deploys go out on Tuesdays", body=body)

    (flag,) = queue(sandbox)
    assert not failed
    assert flag["id"] in said
    assert flag["body"] == body


def test_a_snag_is_on_the_queue_with_its_better_path(sandbox: Sandbox) -> None:
    said, failed = call(
        server(sandbox.path), "snag", text="npm rewrote the lock file", better="use pnpm install"
    )

    (flag,) = queue(sandbox)
    assert not failed
    assert flag["id"] in said
    assert (flag["kind"], flag["better"]) == ("snag", "use pnpm install")


def test_recall_gives_landed_lines_with_their_place(landed: Sandbox) -> None:
    one = server(landed.path)

    for given in ({"query": "postgres tests"}, {"query": "integration", "limit": 1}):
        said, failed = call(one, "recall", **given)
        assert not failed
        assert "- Integration tests need Postgres (memory/testing.md:8, " in said
    assert "retries three times" in call(one, "recall", path="src/client.py")[0]
    assert "no line of memory fits (of 2)" in call(one, "recall", query="kubernetes")[0]


def test_recall_finds_a_line_by_its_body_and_gives_the_beginning_of_it(sandbox: Sandbox) -> None:
    one = server(sandbox.path)
    call(
        one,
        "flag",
        text="Deploys go out on Tuesdays",
        body="The zebra job is slow.\n\n" + "word " * 400,
    )
    assert sandbox.gitmem("close", "--engine", "verbatim").code == 0
    assert sandbox.gitmem("accept").code == 0

    said, _ = call(one, "recall", query="zebra")
    assert "- Deploys go out on Tuesdays (memory/facts.md:8, " in said
    assert "\n  more in memory/details/facts.md:5: The zebra job is slow." in said
    assert len(said) < 1500


def test_recall_sees_what_landed_while_the_server_ran(landed: Sandbox) -> None:
    one = server(landed.path)
    assert "no line of memory fits" in call(one, "recall", query="kubernetes")[0]
    landed.gitmem("flag", "Kubernetes runs in Frankfurt")
    assert "no line of memory fits" in call(one, "recall", query="kubernetes")[0]
    landed.gitmem("close", "--engine", "verbatim")
    landed.gitmem("accept")

    assert "Kubernetes runs in Frankfurt" in call(one, "recall", query="kubernetes")[0]


def test_status_says_what_waits(sandbox: Sandbox) -> None:
    one = server(sandbox.path)
    assert call(one, "status") == ("nothing waits: everything is drained", False)

    call(one, "flag", text="Deploys go out on Tuesdays")

    assert call(one, "status")[0].startswith("1 flag waits undrained")


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("flag", {}, "flag needs text"),
        ("flag", {"text": ""}, "flag needs text"),
        ("flag", {"text": 7}, "text is a string"),
        ("flag", {"text": "x", "kind": "snag"}, "kind is one of fact, decision,"),
        (
            "flag",
            {"text": "x", "colour": "red"},
            "flag has no argument 'colour'; it takes text, body",
        ),
        ("flag", {"text": "x" * 1_001}, "1001 characters"),
        ("flag", {"text": "x" * 5_000}, "the limit is 4000"),
        ("flag", {"text": "x", "paths": "a"}, "paths is a list of strings"),
        ("flag", {"text": "x", "paths": ["../../etc"]}, "not inside this repository"),
        ("flag", {"text": "x", "topic": "con"}, "is reserved"),
        ("flag", {"text": "x", "kind": "pending", "corrects": "a:1"}, "corrects no line"),
        ("snag", {"text": "x"}, "snag needs better"),
        (
            "snag",
            {"text": "x", "better": "y", "skill": "a", "rule": "CLAUDE.md"},
            "exclude each other",
        ),
        ("recall", {}, "nothing to look for"),
        ("recall", {"query": "x", "limit": 0}, "limit is a number from 1 to 100"),
        ("recall", {"query": "x", "limit": True}, "limit is a number from 1 to 100"),
        ("status", {"x": 1}, "it takes none"),
    ],
)
def test_a_call_that_cannot_be_says_what_to_mend(
    sandbox: Sandbox, tool: str, given: dict[str, Any], said: str
) -> None:
    told, failed = call(server(sandbox.path), tool, **given)

    assert failed
    assert said in told
    assert queue(sandbox) == []


def test_a_credential_is_refused_and_not_repeated(sandbox: Sandbox) -> None:
    secret = "ghp_" + "a1B2" * 9
    told, failed = call(server(sandbox.path), "flag", text=f"The token is {secret}")

    assert failed
    assert "credential" in told
    assert secret not in told


def test_a_folder_without_a_repository_is_an_error_and_no_end(tmp_path: Path) -> None:
    one = server(tmp_path)

    assert "gitmem can save nothing" in ask(one, "initialize")["result"]["instructions"]
    assert call(one, "flag", text="x")[1]
    assert ask(one, "tools/list")["result"]["tools"]


def test_a_repository_that_cannot_be_written_says_not_saved(sandbox: Sandbox) -> None:
    if os.geteuid() == 0:
        (sandbox.path / ".git/gitmem").write_text("in the way", encoding="utf-8")
    else:
        (sandbox.path / ".git").chmod(0o500)
    try:
        told, failed = call(server(sandbox.path), "flag", text="Deploys go out on Tuesdays")
    finally:
        (sandbox.path / ".git").chmod(0o700)

    assert failed
    assert told.startswith("NOT SAVED: ")
    assert "Deploys go out on Tuesdays" in told


def test_the_index_and_the_topics_are_resources(landed: Sandbox) -> None:
    one = server(landed.path)

    listed = ask(one, "resources/list")["result"]["resources"]

    assert [row["uri"] for row in listed] == [
        "gitmem://memory/index",
        "gitmem://memory/topics/facts",
        "gitmem://memory/topics/testing",
    ]
    (content,) = ask(one, "resources/read", uri="gitmem://memory/topics/testing")["result"][
        "contents"
    ]
    assert "Integration tests need Postgres" in content["text"]


@pytest.mark.parametrize(("meta", "code"), [({}, -32002), ({"_meta": STATELESS}, -32602)])
@pytest.mark.parametrize(
    "uri",
    ["gitmem://memory/topics/none", "gitmem://memory/topics/../../README", "file:///etc/passwd"],
)
def test_there_is_no_other_resource(
    landed: Sandbox, uri: str, meta: dict[str, Any], code: int
) -> None:
    told = ask(server(landed.path), "resources/read", uri=uri, **meta)

    assert told["error"]["code"] == code


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("with space", "with%20space"),
        ("naïve", "na%C3%AFve"),
        ("日本", "%E6%97%A5%E6%9C%AC"),
        ('quo"te', "quo%22te"),
        ("hash#x?y", "hash%23x%3Fy"),
        ("per%20cent", "per%2520cent"),
        ("tab\tx", "tab%09x"),
        ("new\nline", "new%0Aline"),
        ("a.b_c~d-E1", "a.b_c~d-E1"),
        (os.fsdecode(b"bytes\xff"), "bytes%FF"),
    ],
)
def test_a_topic_s_address_is_one_that_a_client_can_parse_and_ask_for(
    sandbox: Sandbox, name: str, address: str
) -> None:
    """The official client library asked for `with%20space`, of which there was nothing."""
    sandbox.commit("memory", {"memory/MEMORY.md": "# Memory\n"})
    (sandbox.path / f"memory/{name}.md").write_text("# Topic\n\n- Its line\n", encoding="utf-8")
    sandbox.git("add", "--all")
    sandbox.git("commit", "--quiet", "--message", "a topic")
    one = server(sandbox.path)

    listed = ask(one, "resources/list")["result"]["resources"]

    (uri,) = [row["uri"] for row in listed if row["uri"] != "gitmem://memory/index"]
    assert uri == f"gitmem://memory/topics/{address}"
    assert str(AnyUrl(uri)) == uri  # what the official client library makes of it
    (content,) = ask(one, "resources/read", uri=uri)["result"]["contents"]
    assert "Its line" in content["text"]


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        ("recall", {"path": "a\0b"}),
        ("flag", {"text": "Deploys are slow", "paths": ["a\0b"]}),
        ("snag", {"text": "It broke", "better": "Ask first", "paths": ["\0"]}),
        ("snag", {"text": "It broke", "better": "Ask first", "rule": "\0"}),
        ("flag", {"text": "Deploys are slow", "source": "\0"}),
        ("flag", {"text": "Deploys are slow", "corrects": "\0:1"}),
    ],
)
def test_a_character_that_no_path_has_is_said_to_the_model(
    sandbox: Sandbox, tool: str, given: dict[str, Any]
) -> None:
    told, failed = call(server(sandbox.path), tool, **given)

    assert failed
    assert "bug" not in told


@pytest.mark.parametrize("thread", ["a\ud800", "\udfff", "a\x1b\nb", "\0", "x" * 1000])
def test_a_session_of_any_name_saves_its_flag(sandbox: Sandbox, thread: str) -> None:
    """Half a surrogate pair in what a client calls its thread lost the flag."""
    told = ask(
        server(sandbox.path),
        "tools/call",
        name="flag",
        arguments={"text": "Deploys go out on Tuesdays"},
        _meta={"threadId": thread},
    )["result"]

    assert told["isError"] is False
    assert [flag["text"] for flag in queue(sandbox)] == ["Deploys go out on Tuesdays"]


@pytest.mark.parametrize("method", ["tools/call", "prompts/get"])
def test_a_name_of_any_shape_is_unknown(sandbox: Sandbox, method: str) -> None:
    name: object = "x"
    for _ in range(5_000):  # since Python 3.12, JSON nests deeper than it can be shown
        name = [name]

    told = ask(server(sandbox.path), method, name=name)

    assert told["error"]["code"] == protocol.INVALID_PARAMS


def test_the_prompt_asks_for_what_is_durable(sandbox: Sandbox) -> None:
    one = server(sandbox.path)
    (prompt,) = ask(one, "prompts/list")["result"]["prompts"]

    told = ask(one, "prompts/get", name=prompt["name"])["result"]

    assert "tool `flag`" in told["messages"][0]["content"]["text"]
    assert ask(one, "prompts/get", name="other")["error"]["code"] == protocol.INVALID_PARAMS


def test_no_tool_drains_lands_or_drops(sandbox: Sandbox) -> None:
    listed = ask(server(sandbox.path), "tools/list")["result"]["tools"]

    assert [tool["name"] for tool in listed] == ["flag", "snag", "recall", "status"]
    for tool in listed:
        hints = tool["annotations"]
        assert (hints["destructiveHint"], hints["openWorldHint"]) == (False, False)
        assert hints["readOnlyHint"] is (tool["name"] in {"recall", "status"})
        assert tool["inputSchema"]["additionalProperties"] is False


@pytest.mark.parametrize("method", ["close", "logging/setLevel", "resources/subscribe", ""])
def test_an_unknown_method_is_answered_as_the_protocol_says(sandbox: Sandbox, method: str) -> None:
    assert ask(server(sandbox.path), method)["error"]["code"] == protocol.UNKNOWN_METHOD


def test_an_unknown_tool_is_an_error_of_the_protocol(sandbox: Sandbox) -> None:
    one = server(sandbox.path)
    assert ask(one, "tools/call", name="accept")["error"]["code"] == protocol.INVALID_PARAMS
    assert ask(one, "tools/call", name=7)["error"]["code"] == protocol.INVALID_PARAMS
    told = ask(one, "tools/call", name="flag", arguments=[])
    assert told["error"]["code"] == protocol.INVALID_PARAMS


def test_the_memory_is_told_to_a_client_that_loads_none(landed: Sandbox) -> None:
    one = server(landed.path)

    told = ask(one, "initialize", clientInfo={"name": "zed", "version": "1"})["result"]

    assert "- Integration tests need Postgres" in told["instructions"]


def test_what_waits_is_told_without_a_command_to_flag_by(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "Deploys go out on Tuesdays")

    told = ask(server(sandbox.path), "initialize")["result"]["instructions"]

    assert "1 flag waits undrained" in told
    assert "run: gitmem flag" not in told


def test_a_client_with_gitmems_hooks_is_told_nothing_twice(landed: Sandbox) -> None:
    landed.gitmem("flag", "Deploys go out on Tuesdays")
    landed.gitmem("init")
    one = server(landed.path)

    told = ask(one, "initialize", clientInfo={"name": "claude-code", "version": "1"})["result"]

    assert "undrained" not in told["instructions"]
    assert "Postgres" not in told["instructions"]


def test_the_instructions_stay_within_their_bytes(sandbox: Sandbox) -> None:
    for number in range(60):
        text = f"Größe {number}: " + "wörter und noch mehr davon " * 6
        sandbox.gitmem("flag", text, "--topic", f"topic-{number % 4}")
    sandbox.gitmem("close", "--engine", "verbatim")
    sandbox.gitmem("accept")

    told = ask(server(sandbox.path), "initialize")["result"]["instructions"]

    assert 4_000 < len(told.encode()) <= 8_100
    assert told.endswith("More: call `recall`.") or "gitmem recall" in told


def test_every_argument_of_a_tool_is_described() -> None:
    for tool in tools.listed():
        assert isinstance(tool, dict)
        for name, shape in tool["inputSchema"]["properties"].items():
            assert shape["description"], name
