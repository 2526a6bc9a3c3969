"""The hot lane's own way to load its modules: the same modules, or none."""

from __future__ import annotations

import importlib
import importlib.util
import os
import py_compile
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from gitmem.cli import hook
from gitmem.cli.loader import Finder
from gitmem.core import agent_clients as clients
from tests.support.sandbox import UNMEASURED, changed_environment

_ENDING = f".{sys.implementation.cache_tag}.pyc"


def finder(top: Path, magic: bytes = importlib.util.MAGIC_NUMBER) -> Finder:
    return Finder(str(top), ModuleSpec, magic, _ENDING)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "cli" / "one.py"
    file.parent.mkdir()
    file.write_text("value = 1\n", encoding="utf-8")
    py_compile.compile(str(file))
    return file


def loaded(spec: ModuleSpec | None) -> int:
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(module)
    return int(module.value)


def test_a_compiled_module_is_what_python_would_load(tmp_path: Path, source: Path) -> None:
    spec = finder(tmp_path).find_spec("gitmem.cli.one")
    usual = importlib.util.spec_from_file_location("gitmem.cli.one", source)

    assert loaded(spec) == 1
    assert spec is not None
    assert usual is not None
    told = ("name", "origin", "cached", "has_location", "parent", "submodule_search_locations")
    assert [getattr(spec, one) for one in told] == [getattr(usual, one) for one in told]


def test_a_package_is_loaded_with_its_folder(tmp_path: Path, source: Path) -> None:
    file = source.with_name("__init__.py")
    file.write_text("value = 2\n", encoding="utf-8")
    py_compile.compile(str(file))

    spec = finder(tmp_path).find_spec("gitmem.cli")

    assert loaded(spec) == 2
    assert spec is not None
    assert spec.submodule_search_locations == [str(file.parent)]


def _edited(source: Path) -> None:
    source.write_text("value = 10\n", encoding="utf-8")


def _touched(source: Path) -> None:
    state = source.stat()
    os.utime(source, (state.st_atime, state.st_mtime + 2))


def _removed(source: Path) -> None:
    source.unlink()


def _by_hash(source: Path) -> None:
    py_compile.compile(str(source), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def _cut_off(source: Path) -> None:
    file = Path(importlib.util.cache_from_source(str(source)))
    file.write_bytes(file.read_bytes()[:-9])


def _not_compiled(source: Path) -> None:
    Path(importlib.util.cache_from_source(str(source))).unlink()


@pytest.mark.parametrize("change", [_edited, _touched, _removed, _by_hash, _cut_off, _not_compiled])
def test_what_is_not_compiled_as_it_is_now_is_left_to_python(
    tmp_path: Path, source: Path, change: object
) -> None:
    assert callable(change)
    change(source)

    assert finder(tmp_path).find_spec("gitmem.cli.one") is None


def test_another_interpreter_s_code_and_other_packages_are_left_to_python(
    tmp_path: Path, source: Path
) -> None:
    assert finder(tmp_path, b"1234").find_spec("gitmem.cli.one") is None
    assert finder(tmp_path).find_spec("json") is None
    assert finder(tmp_path).find_spec("gitmem") is None


def test_a_hook_s_modules_are_loaded_this_way() -> None:
    importlib.import_module("gitmem.core.plural")  # compiled, if it was not
    code = (
        "from gitmem.cli import loader; loader.install()\n"
        "import gitmem.core.plural as one, gitmem.core.age\n"
        "print(type(one.__loader__).__name__, one.count(2, 'flag'), one.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=changed_environment(UNMEASURED),
        capture_output=True,
        check=True,
        text=True,
    )
    usual = importlib.import_module("gitmem.core.plural").__file__

    assert done.stdout.split() == ["Ready", "2", "flags", usual]


def test_the_hook_s_name_for_its_client_is_the_table_s() -> None:
    assert hook.NAMED == clients.NAMED
