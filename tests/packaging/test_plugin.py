"""The repository as a plugin of Claude Code, as far as the client is not needed to tell."""

from __future__ import annotations

import importlib.util
import json
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def maker() -> ModuleType:
    """The script that writes the plugin's files."""
    path = ROOT / ".ci" / "plugin.py"
    if not path.exists():
        pytest.skip("the wheel's tree has no build scripts (2026-11)")
    spec = importlib.util.spec_from_file_location("plugin", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_plugin_s_files_are_made_from_the_hooks_and_the_project(maker: ModuleType) -> None:
    assert maker.stale() == [], "run .ci/plugin.py"


def test_the_plugin_has_the_version_of_the_project() -> None:
    if not (ROOT / ".claude-plugin").exists():
        pytest.skip("the wheel's tree has no plugin (2026-11)")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    plugin = json.loads((ROOT / ".claude-plugin/plugin.json").read_text(encoding="utf-8"))
    market = json.loads((ROOT / ".claude-plugin/marketplace.json").read_text(encoding="utf-8"))

    assert plugin["version"] == market["plugins"][0]["version"] == project["version"]


def test_the_plugin_fires_at_the_events_that_init_installs() -> None:
    shipped = json.loads((ROOT / "hooks/claude-code/hooks.json").read_text(encoding="utf-8"))
    plugin = json.loads((ROOT / "hooks/hooks.json").read_text(encoding="utf-8"))

    assert plugin["hooks"].keys() == shipped["hooks"].keys()
