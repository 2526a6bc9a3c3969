"""server.json, by which the registry of the Model Context Protocol knows the server: the same as the package says."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from gitmem.cli.arguments import parse
from gitmem.clients.mcp_hosts.host import COMMAND

TOP = Path(__file__).parents[2]
SERVER: dict[str, Any] = json.loads((TOP / "server.json").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
(PACKAGE,) = SERVER["packages"]


def test_the_version_is_the_package_s_in_both_places() -> None:
    assert SERVER["version"] == PACKAGE["version"] == PROJECT["version"]


def test_the_package_is_this_one_and_has_a_command_of_its_name() -> None:
    assert PACKAGE["registryType"] == "pypi"
    assert PACKAGE["identifier"] == PROJECT["name"]
    assert PACKAGE["identifier"] in PROJECT["scripts"]  # what `uvx NAME` starts


def test_the_arguments_start_the_server() -> None:
    verb, repo = PACKAGE["packageArguments"]

    assert (verb["type"], verb["value"]) == ("positional", COMMAND[1])
    assert (repo["type"], repo["isRequired"]) == ("named", False)
    for given in ([repo["name"], "folder"], [f"{repo['name']}=folder"]):
        assert parse("mcp", given).value(repo["name"]) == "folder"


def test_the_readme_that_is_published_names_the_server() -> None:
    readme = (TOP / PROJECT["readme"]).read_text(encoding="utf-8")

    assert re.findall(r"<!-- mcp-name: (\S+) -->", readme) == [SERVER["name"]]


def test_what_the_registry_bounds_is_within_bounds() -> None:
    """The schema of 2025-12-11, as far as this file uses it."""
    assert SERVER["$schema"].endswith("/2025-12-11/server.schema.json")
    assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", SERVER["name"])
    assert 1 <= len(SERVER["description"]) <= 100
    assert PACKAGE["transport"] == {"type": "stdio"}
