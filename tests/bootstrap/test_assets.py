from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gitmem
from gitmem.bootstrap import assets
from gitmem.core.failures import Internal
from tests.support.sandbox import PATIENCE


@pytest.mark.parametrize(
    ("name", "has"),
    [
        ("hooks/claude-code/hooks.json", "gitmem hook claude-code SessionStart"),
        ("templates/config.yaml", "target: main"),
        ("templates/drains.gitattributes", "linguist-generated"),
    ],
)
def test_what_is_shipped_is_found(name: str, has: str) -> None:
    assert has in assets.read(name)


@pytest.mark.parametrize("name", ["templates/nothing", "templates"])
def test_what_is_not_shipped_is_our_bug_and_is_named(name: str) -> None:
    with pytest.raises(Internal, match=name):
        assets.read(name)


def test_an_installed_package_reads_its_own_copy(tmp_path: Path) -> None:
    package = tmp_path / "gitmem"
    (package / "_data/templates").mkdir(parents=True)
    (package / "_data/templates/config.yaml").write_text("installed", encoding="utf-8")
    for file in (
        "__init__.py",
        "bootstrap/__init__.py",
        "bootstrap/assets.py",
        "core/__init__.py",
        "core/errors.py",
        "core/failures.py",
    ):
        (package / file).parent.mkdir(exist_ok=True)
        shutil.copy(Path(gitmem.__file__).parent / file, package / file)

    code = "from gitmem.bootstrap import assets; print(assets.read('templates/config.yaml'))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"],
        capture_output=True,
        check=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )

    assert done.stdout == "installed\n"
