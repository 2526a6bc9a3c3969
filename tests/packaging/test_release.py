"""`.ci/run release`: it lets a tree through that agrees with itself, and says each thing that does not."""

from __future__ import annotations

import importlib.util
import json
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("README.md", "server.json", ".claude-plugin/plugin.json", ".claude-plugin/marketplace.json",
         "docs/forges.md", "templates", "pyproject.toml")  # fmt: skip


@pytest.fixture
def release() -> ModuleType:
    """The script."""
    path = ROOT / ".ci" / "release.py"
    if not path.exists():
        pytest.skip("the wheel's tree has no build scripts (2026-11-30)")
    spec = importlib.util.spec_from_file_location("release", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What a release looks at, as it is here, with a changelog that was built."""
    for name in FILES:
        found = ROOT / name
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if found.is_dir():
            shutil.copytree(found, tmp_path / name)
        elif found.exists():
            shutil.copy(found, tmp_path / name)
    (tmp_path / "docs" / "changelog").mkdir()
    log = "# Changes\n\n## 0.1.0 (2026-12-01)\n\n### Added\n\n- It works.\n"
    (tmp_path / "CHANGELOG.md").write_text(log, encoding="utf-8")
    return tmp_path


def edit(tree: Path, name: str, change: Callable[[str], str]) -> None:
    text = (tree / name).read_text(encoding="utf-8")
    assert change(text) != text
    (tree / name).write_text(change(text), encoding="utf-8")


def test_a_tree_that_agrees_with_itself_may_be_released(release: ModuleType, tree: Path) -> None:
    assert release.obstacles("v0.1.0", tree) == []
    assert release.obstacles("v0.1.0", tree, "gitmem/gitmem") == []


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("pyproject.toml", 'version = "0.1.0"', 'version = "0.2.0"', "the tag is v0.1.0"),
        ("CHANGELOG.md", "## 0.1.0", "## 0.0.9", "no section for 0.1.0"),
        (
            "CHANGELOG.md",
            "## 0.1.0",
            "## 0.2.0 (2027-01-01)\n\n- New.\n\n## 0.1.0",
            "is 0.2.0, not",
        ),
        ("CHANGELOG.md", "- It works.", "", "is empty"),
        (
            "README.md",
            "uv tool install gitmem-cli",
            "uv tool install other",
            "`uv tool install git",
        ),
        ("README.md", "pipx install gitmem-cli", "pipx install it", "`pipx install gitmem-cli`"),
        (
            "server.json",
            '"version": "0.1.0"',
            '"version": "0.0.9"',
            "server.json names version 0.0.9",
        ),
        (
            "docs/forges.md",
            "gitmem-cli==0.1.0",
            "gitmem-cli==0.0.9",
            "docs/forges.md names version",
        ),
        (".claude-plugin/plugin.json", "0.1.0", "0.0.9", "plugin.json names version 0.0.9"),
        ("templates/ci/github/gitmem-drain.yml", "==0.1.0", "==0.0.9", "drain.yml names version"),
        ("templates/gitmem-check/template.yml", "==0.1.0", "==0.0.9", "template.yml names version"),
    ],
)
def test_what_disagrees_is_said(
    release: ModuleType, tree: Path, name: str, old: str, new: str, said: str
) -> None:
    edit(tree, name, lambda text: text.replace(old, new))

    assert said in "\n".join(release.obstacles("v0.1.0", tree))


def test_a_fragment_that_is_left_and_another_repository_are_said(
    release: ModuleType, tree: Path
) -> None:
    (tree / "docs/changelog/+more.added.md").write_text("More.\n", encoding="utf-8")

    said = release.obstacles("v0.1.0", tree, "somebody/fork")

    assert len(said) == 2
    assert "+more.added.md" in said[0]
    assert "another repository as its source than somebody/fork" in said[1]


def test_the_addresses_of_the_project_are_those_of_the_server_s_name() -> None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    name = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))["name"]
    owner, repository = name.removeprefix("io.github.").split("/")

    assert urls["Source"] == f"https://github.com/{owner}/{repository}"
    assert all(url.startswith(urls["Source"]) for url in urls.values())
