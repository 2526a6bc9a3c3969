"""Refuse a release that is not ready: tag, version, changelog, README and the files beside them disagree."""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Any


def obstacles(tag: str, root: Path, repository: str = "") -> list[str]:
    """What stands in the way of releasing ``tag`` of the tree at ``root``; empty when nothing does.

    ``repository`` is the owner/name that publishes it, where that is known.
    """
    project = tomllib.loads(_read(root, "pyproject.toml"))["project"]
    version = project["version"]
    found = []
    if tag != f"v{version}":
        found.append(f"the tag is {tag} and the version in pyproject.toml is {version}")
    left = sorted(path.name for path in (root / "docs/changelog").glob("*.*.md"))
    if left:
        found.append(f"fragments are left: {', '.join(left)} (run towncrier build)")
    found += _changelog(_read(root, "CHANGELOG.md"), version)
    found += _readme(_read(root, project["readme"]), project["name"])
    found += _pinned(root, project["name"], version)
    if repository and not project.get("urls", {}).get("Source", "").endswith(f"/{repository}"):
        found.append(f"pyproject.toml names another repository as its source than {repository}")
    return found


def _changelog(text: str, version: str) -> list[str]:
    sections = re.findall(r"^## (\S+) \(", text, re.MULTILINE)
    if version not in sections:
        return [f"CHANGELOG.md has no section for {version}"]
    if sections[0] != version:
        return [f"the newest section of CHANGELOG.md is {sections[0]}, not {version}"]
    section = text.partition(f"\n## {version} (")[2].partition("\n## ")[0]
    return [] if "\n- " in section else [f"the section for {version} in CHANGELOG.md is empty"]


def _readme(text: str, name: str) -> list[str]:
    missing = [way for way in ("uv tool install", "pipx install") if f"{way} {name}" not in text]
    return [f"README.md does not say `{way} {name}`" for way in missing]


def _pinned(root: Path, name: str, version: str) -> list[str]:
    """Every other file that names the version names this one."""
    server: dict[str, Any] = json.loads(_read(root, "server.json"))
    named = {"server.json": {server["version"], *[one["version"] for one in server["packages"]]}}
    for path in (".claude-plugin/plugin.json", ".claude-plugin/marketplace.json"):
        named[path] = set(re.findall(r'"version": "([^"]+)"', _read(root, path)))
    pages = ["README.md", "docs/forges.md", *_below(root, "templates/ci/**/*.yml")]
    for path in (*pages, "templates/gitmem-check/template.yml"):
        named[path] = set(re.findall(rf"\b{name}==([\w.+!-]*\d)", _read(root, path)))
    return [
        f"{path} names version {', '.join(sorted(versions - {version}))}"
        for path, versions in named.items()
        if versions - {version}
    ]


def _below(root: Path, pattern: str) -> list[str]:
    return [path.relative_to(root).as_posix() for path in sorted(root.glob(pattern))]


def _read(root: Path, path: str) -> str:
    return (root / path).read_text(encoding="utf-8")


if __name__ == "__main__":
    reasons = obstacles(sys.argv[1], Path(), os.environ.get("GITHUB_REPOSITORY", ""))
    for reason in reasons:
        print(reason)
    sys.exit(1 if reasons else 0)
