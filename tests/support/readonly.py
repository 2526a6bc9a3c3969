"""gitmem where the git directory cannot be written, as in a client's sandbox: a read-only mount in a namespace."""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.support.sandbox import GITMEM, PATIENCE, Result, Sandbox, changed_environment

_NAMESPACE = ("unshare", "--map-root-user", "--mount", "sh", "-c")
_READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && '
_PRIVATE = 'mount -t tmpfs none "$1" && '
_RUN = 'shift && exec "$@"'


@functools.cache
def _can_mount() -> bool:
    if not shutil.which("unshare"):
        return False
    done = subprocess.run(
        [*_NAMESPACE, "mount -t tmpfs none /mnt"], capture_output=True, check=False
    )
    return done.returncode == 0


#: On a system without user namespaces nothing here can be shown: root writes through every mode.
needs_mounts = pytest.mark.skipif(
    not _can_mount(), reason="no user and mount namespaces here (2026-11-30)"
)


def sandboxed(
    sandbox: Sandbox,
    *args: str,
    private: Path | None = None,
    input: str | None = None,  # noqa: A002 - as in Sandbox.gitmem
    env: Mapping[str, str | None] | None = None,
    program: Sequence[str] = (str(GITMEM),),
    cwd: Path | None = None,
) -> Result:
    """Run gitmem with the git directory mounted read-only; ``private``: an empty file system is mounted there."""
    common = sandbox.git("rev-parse", "--path-format=absolute", "--git-common-dir")
    script = _READ_ONLY + (_PRIVATE if private else "") + _RUN
    done = subprocess.run(
        [*_NAMESPACE, script, common, str(private or ""), *program, *args],
        cwd=cwd or sandbox.path,
        env=changed_environment(env),
        input=input or "",
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=PATIENCE,
    )
    return Result(code=done.returncode, out=done.stdout, err=done.stderr)
