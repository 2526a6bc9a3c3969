"""Print the versions of uv.lock as pip constraints, so that pip installs what uv would.

A package locked at several versions (one for each platform) is left to pip.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from pathlib import Path


def main() -> None:
    """Read the lock file named by the first argument; one ``name==version`` a line."""
    packages = tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["package"]
    entries = Counter(package["name"] for package in packages)
    for package in packages:
        if entries[package["name"]] == 1 and "registry" in package["source"]:
            print(f"{package['name']}=={package['version']}")


if __name__ == "__main__":
    main()
