"""docs/mcp.md against the server."""

from __future__ import annotations

import re
from pathlib import Path

from gitmem.mcp import protocol, tools

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
