"""The hot lane's own way to load its modules: the same modules, or none."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import py_compile
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import gitmem
from gitmem.cli import hook
from gitmem.cli.entry import importer
from gitmem.core import agent_clients as clients
from tests.support.sandbox import changed_environment

_ENDING = f".{sys.implementation.cache_tag}.pyc"


class LeftToPython(Exception):
    """The usual import was asked."""


def usual(name: str, *_: object, **__: object) -> ModuleType:
    raise LeftToPython(name)


def load(
    top: Path, name: str, *names: str, magic: bytes = importlib.util.MAGIC_NUMBER
) -> ModuleType:
    """What `from name import names` gets in a package whose folder is ``top``."""
    package = ModuleType("gitmem")
    package.__path__ = [str(top)]
    find = importer(usual, {"gitmem": package}, magic, _ENDING)
    return find(name, {}, None, names, 0)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "cli" / "one.py"
    file.parent.mkdir()
    file.write_text("value = 1\n", encoding="utf-8")
    py_compile.compile(str(file))
    return file


def test_a_compiled_module_is_what_python_would_load(tmp_path: Path, source: Path) -> None:
    module = load(tmp_path, "gitmem.cli.one", "value")
    spec = importlib.util.spec_from_file_location("gitmem.cli.one", source)
    assert spec is not None
    expected = importlib.util.module_from_spec(spec)

    assert module.value == 1
    told = ("__name__", "__file__", "__package__")
    assert [getattr(module, one) for one in told] == [getattr(expected, one) for one in told]


def test_a_package_is_loaded_with_its_folder(tmp_path: Path, source: Path) -> None:
    package = load(tmp_path, "gitmem.cli", "one")

    assert list(package.__path__) == [str(source.parent)]
    assert package.__file__ == str(source.with_name("__init__.py"))
    assert package.one.value == 1


def test_a_package_in_a_package_is_one(tmp_path: Path, source: Path) -> None:
    below = source.parent / "below"
    below.mkdir()
    (below / "two.py").write_text("value = 2\n", encoding="utf-8")
    py_compile.compile(str(below / "two.py"))

    assert load(tmp_path, "gitmem.cli.below", "two").two.__name__ == "gitmem.cli.below.two"


def test_the_packages_are_docstrings_so_that_they_need_not_be_read() -> None:
    top = Path(gitmem.__file__).parent
    said = [ast.parse(file.read_bytes()).body for file in top.glob("*/**/__init__.py")]

    assert said
    assert [ast.unparse(part) for body in said for part in body[1:]] == []


def test_a_module_that_fails_is_not_kept(tmp_path: Path, source: Path) -> None:
    source.write_text("raise KeyError('x')\n", encoding="utf-8")
    py_compile.compile(str(source))
    for _ in range(2):
        with pytest.raises(KeyError):
            load(tmp_path, "gitmem.cli.one", "value")


def test_a_name_given_by_keyword_is_loaded_too(tmp_path: Path, source: Path) -> None:
    package = ModuleType("gitmem")
    package.__path__ = [str(tmp_path)]
    find = importer(usual, {"gitmem": package}, importlib.util.MAGIC_NUMBER, _ENDING)

    assert find("gitmem.cli.one", fromlist=["value"]).value == 1


def test_the_statement_for_the_compiler_loads_no_module(tmp_path: Path) -> None:
    assert load(tmp_path, "__future__", "annotations").__name__ == "__future__"
    with pytest.raises(LeftToPython):
        load(tmp_path, "__future__", "division")


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

    with pytest.raises(LeftToPython):
        load(tmp_path, "gitmem.cli.one", "value")
    with pytest.raises(LeftToPython):
        load(tmp_path, "gitmem.cli", "one")


def test_another_interpreter_s_code_and_other_packages_are_left_to_python(
    tmp_path: Path, source: Path
) -> None:
    with pytest.raises(LeftToPython):
        load(tmp_path, "gitmem.cli.one", "value", magic=b"1234")
    for name, names in (("json", ("loads",)), ("gitmem", ("cli",)), ("gitmem.cli.one", ())):
        with pytest.raises(LeftToPython):
            load(tmp_path, name, *names)
    with pytest.raises(LeftToPython):
        load(tmp_path, "gitmem.cli.one", "other")


def test_a_hook_s_modules_are_loaded_this_way() -> None:
    importlib.import_module("gitmem.core.quantities")  # compiled, if it was not
    code = (
        "from gitmem.cli import entry; entry._import_quickly()\n"
        "from gitmem.core import quantities as one\n"
        "print(one.__spec__, one.count(2, 'flag'), one.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=changed_environment(None),
        capture_output=True,
        check=True,
        text=True,
    )
    usual = importlib.import_module("gitmem.core.quantities").__file__

    assert done.stdout.split() == ["None", "2", "flags", usual]


def test_the_hook_s_name_for_its_client_is_the_table_s() -> None:
    assert hook.NAMED == clients.NAMED
