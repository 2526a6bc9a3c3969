"""Write the plugin's files from what they must agree with, or (--check) say which are stale.

`hooks/hooks.json` has the hooks that `gitmem init` installs. Only the sentence at the start of a
session about a gitmem that is missing is left to the settings file, where that has it too.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
REPOSITORY = "gitmem"
_ASKS_GIT = "; d=$(git rev-parse"
_SAID_ALREADY = (
    "; grep -qs 'gitmem hook claude-code SessionStart' "
    '"$CLAUDE_PROJECT_DIR/.claude/settings.json" '
    '"$CLAUDE_PROJECT_DIR/.claude/settings.local.json" && exit 0'
)


def hooks() -> dict[str, Any]:
    """The plugin's hooks file."""
    shipped = json.loads((ROOT / "hooks/claude-code/hooks.json").read_text(encoding="utf-8"))
    (group,) = shipped["hooks"]["SessionStart"]
    (handler,) = group["hooks"]
    before, asks, after = handler["command"].partition(_ASKS_GIT)
    if not asks:
        message = f"the hook of SessionStart has no {_ASKS_GIT!r} any more: change {__file__}"
        raise SystemExit(message)
    handler["command"] = before + _SAID_ALREADY + asks + after
    return dict(shipped)


def manifests() -> dict[str, dict[str, Any]]:
    """Plugin and marketplace, by file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    author = {"name": project["authors"][0]["name"]}
    about = {"description": project["description"], "version": project["version"]}
    plugin = {
        "name": REPOSITORY,
        **about,
        "author": author,
        "license": project["license"],
        "keywords": project["keywords"],
        "skills": ["./templates/skills/"],
    }
    entry = {"name": REPOSITORY, "source": "./", **about}
    market = {
        "name": REPOSITORY,
        "owner": author,
        "metadata": {"description": project["description"]},
        "plugins": [entry],
    }
    return {".claude-plugin/plugin.json": plugin, ".claude-plugin/marketplace.json": market}


def files() -> dict[str, str]:
    """Every generated file with its text."""
    made = {"hooks/hooks.json": hooks(), **manifests()}
    return {
        name: json.dumps(value, indent=2, ensure_ascii=False) + "\n" for name, value in made.items()
    }


def stale() -> list[str]:
    """The files that are not what they would be written as."""
    return [
        name
        for name, text in files().items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text(encoding="utf-8") != text
    ]


if __name__ == "__main__":
    found = stale()
    for name in found:
        if sys.argv[1:] != ["--check"]:
            (ROOT / name).parent.mkdir(exist_ok=True)
            (ROOT / name).write_text(files()[name], encoding="utf-8")
        print(name)
    sys.exit(1 if found and sys.argv[1:] == ["--check"] else 0)
