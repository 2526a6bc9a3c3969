"""Refuse a release that is not ready: tag and version differ, a fragment is left, or the notes are missing."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def obstacles(tag: str) -> list[str]:
    """What stands in the way of releasing ``tag``; empty when nothing does."""
    version = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
    found = []
    if tag != f"v{version}":
        found.append(f"the tag is {tag} and the version in pyproject.toml is {version}")
    left = sorted(path.name for path in Path("docs/changelog").glob("*.*.md"))
    if left:
        found.append(f"fragments are left: {', '.join(left)} (run towncrier build)")
    if f"\n## {version} (" not in Path("CHANGELOG.md").read_text(encoding="utf-8"):
        found.append(f"CHANGELOG.md has no section for {version}")
    return found


if __name__ == "__main__":
    reasons = obstacles(sys.argv[1])
    for reason in reasons:
        print(reason)
    sys.exit(1 if reasons else 0)
