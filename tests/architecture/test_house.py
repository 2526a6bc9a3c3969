"""The rules about the tree itself that no linter knows."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def toml(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / name).read_text(encoding="utf-8"))


def test_every_lint_ignore_carries_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    ignored = re.search(r"^ignore = \[\n(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    assert ignored is not None

    assert [line for line in ignored[1].splitlines() if not re.search(r'",\s+# \S+', line)] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_and_names_its_version(workflow: Path) -> None:
    uses = re.findall(r"^\s*-? ?uses: (.*)$", workflow.read_text(encoding="utf-8"), re.MULTILINE)
    assert uses

    assert [use for use in uses if not re.fullmatch(r"[\w/.-]+@[0-9a-f]{40} # v[\d.]+", use)] == []


def test_the_lock_file_is_up_to_date_with_what_the_project_asks_for() -> None:
    project = toml("pyproject.toml")
    locked = next(p for p in toml("uv.lock")["package"] if p["name"] == project["project"]["name"])

    def asked(requirements: list[Any]) -> set[tuple[str, str]]:
        texts = [requirement for requirement in requirements if isinstance(requirement, str)]
        parts = [re.fullmatch(r"([\w.-]+?)(?:\[.*\])?([<>=!~].*)?", text) for text in texts]
        return {(part[1].replace(".", "-"), part[2] or "") for part in parts if part}

    def found(requirements: list[dict[str, str]]) -> set[tuple[str, str]]:
        return {(entry["name"], entry.get("specifier", "")) for entry in requirements}

    assert locked["version"] == project["project"]["version"]
    metadata = locked["metadata"]
    extras = project["project"]["optional-dependencies"].values()
    wanted = [*project["project"]["dependencies"], *itertools.chain(*extras)]
    assert found(metadata["requires-dist"]) == asked(wanted)
    for group in ("test", "lint", "docs", "dist"):
        assert asked(project["dependency-groups"][group]) == found(metadata["requires-dev"][group])


def test_the_lock_file_knows_one_index_and_no_folder_of_a_machine() -> None:
    sources = [package["source"] for package in toml("uv.lock")["package"]]

    assert len({source["registry"] for source in sources if "registry" in source}) == 1
    assert [source for source in sources if "registry" not in source] == [{"editable": "."}]
