"""docs/mcp.md against the server."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from gitmem.clients.mcp_hosts.home import home_hosts
from gitmem.clients.mcp_hosts.json_file import JsonServers
from gitmem.clients.mcp_hosts.table import HOSTS
from gitmem.mcp import protocol, tools
from tests.real_clients import table as clients_page

PAGE = (Path(__file__).parents[2] / "docs" / "mcp.md").read_text(encoding="utf-8")


def test_the_page_lists_the_tools_and_their_arguments() -> None:
    table = PAGE.partition("<!-- table: tools -->")[2].partition("<!-- /table -->")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) ?\|", table, re.MULTILINE)
    offered = {}
    for tool in tools.listed():
        assert isinstance(tool, dict)
        offered[tool["name"]] = sorted(tool["inputSchema"]["properties"])

    assert {name: sorted(re.findall(r"`(\w+)`", given)) for name, given in rows} == offered


def test_the_page_names_every_revision() -> None:
    named = re.findall(r"\d{4}-\d{2}-\d{2}", PAGE)

    assert sorted({*named}) == sorted([*protocol.STATELESS, *protocol.SESSIONS])


def test_the_page_has_the_entry_of_each_host_and_the_version_it_was_tested_with() -> None:
    table = PAGE.partition("<!-- table: hosts -->")[2].partition("<!-- /table -->")[0]
    rows = [[cell.strip() for cell in row[1:-1].split(" | ")] for row in table.splitlines() if row][
        2:
    ]
    assert [row[:3] for row in rows] == [
        [f"`{host.name}`", host.title, f"`{host.file.path}`"] for host in HOSTS
    ]

    for host, (*_, entry, version) in zip(HOSTS, rows, strict=True):
        assert host.tested is ((host.name, "mcp") in clients_page.tested())
        assert version == (clients_page.CLIENTS[host.name][1] if host.tested else "untested")
        written = host.file.wire(None)
        if isinstance(host.file, JsonServers):
            made = json.loads(written)
            made.pop("$schema", None)
            assert json.loads(entry.strip("`")) == made
        else:
            assert [line for line in written.splitlines() if f"`{line}`" not in entry] == []
            assert tomllib.loads(written)


def test_the_page_has_the_hosts_with_a_file_in_a_home() -> None:
    table = PAGE.partition("<!-- table: hosts in a home -->")[2].partition("<!-- /table -->")[0]
    _, *rows = [row for row in table.splitlines() if row.startswith("| `")]
    linux, mac = (home_hosts("/src/shop", "/opt/bin/gitmem", name) for name in ("linux", "darwin"))

    assert len(rows) == len(linux)
    for row, host, other in zip(rows, linux, mac, strict=True):
        assert row.startswith(f"| `{host.name}` | {host.title} |")
        assert f"`{host.place}`" in row
        assert f"`{other.place}`" in row
        assert ("untested" in row) is not host.tested
        assert json.loads(host.file.wire(None)) == json.loads(re.findall(r"`(\{.*?)`", rows[0])[0])
