"""Programs from npm at pinned versions, installed once per person and machine."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.seal import FOUND


def installed(package: str, version: str, program: str) -> Path:
    """Return the path of ``program``, a file of the package's folder, after an installation.

    Skips the test where there is no npm, or none that reaches its registry. What a package would run
    after its installation is not run.
    """
    cache = Path(FOUND.get("XDG_CACHE_HOME") or Path(FOUND["HOME"]) / ".cache")
    folder = cache / "gitmem-tests" / f"{package.rpartition('/')[2]}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    found = folder / "node_modules" / program
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _install_into(folder, f"{package}@{version}")
            assert found.exists(), f"npm installed no {found}"
            (folder / "complete").touch()
    return found


def _install_into(folder: Path, wanted: str) -> None:
    if not shutil.which("npm", path=FOUND.get("PATH")):
        _skip("there is no npm here")
    if _npm(folder, "ping", "--fetch-retries=1", "--fetch-timeout=20000").returncode:
        _skip("npm does not reach its registry")
    done = _npm(folder, "install", "--no-fund", "--no-audit", "--ignore-scripts", wanted)
    assert not done.returncode, done.stderr


def _npm(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["npm", *arguments, "--prefix", str(folder)],
        cwd=folder,
        env=FOUND,
        capture_output=True,
        check=False,
        text=True,
        timeout=170,
    )


def _skip(reason: str) -> None:
    pytest.skip(f"it cannot be installed on {datetime.now(UTC):%Y-%m-%d}: {reason}")
