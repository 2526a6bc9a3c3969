"""Loads gitmem's own modules in fewer steps than the import system takes (hot lane).

Finding thirty small modules is most of what a silent hook costs. All of them lie in one folder, so
that no search path has to be walked. What was compiled is taken as Python takes it (PEP 552): by this
interpreter, from a source of the same time and size. Anything else (not compiled, compiled by hash,
in an archive, another interpreter) is left to Python.
"""

from __future__ import annotations

import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

_HEAD = 16  # bytes before the code: magic number, flags, the source's time and size
_MOST = 1 << 20  # bytes; the largest module has a tenth
_FEW = 0xFFFFFFFF  # time and size are kept as 32 bits
_PACKAGE = "gitmem."


class Finder:
    """What Python asks for a module before it looks for it; ``top`` is gitmem's own folder."""

    __slots__ = ("_ending", "_magic", "_spec", "_top")

    def __init__(self, top: str, spec: type[ModuleSpec], magic: bytes, ending: str) -> None:
        self._top = top
        self._spec = spec
        self._magic = magic
        self._ending = ending

    def find_spec(
        self,
        name: str,
        _path: Sequence[str] | None = None,
        _target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """What to load; None leaves it to Python."""
        if not name.startswith(_PACKAGE):
            return None
        place = self._top + "/" + name[len(_PACKAGE) :].replace(".", "/")
        code = self._compiled(place)
        folder = ""
        if code is None:
            folder, place = place, place + "/__init__"
            code = self._compiled(place)
        if code is None:
            return None
        ready: Loader = Ready(code)  # type: ignore[assignment] # what Python asks of one, not its base class
        spec = self._spec(name, ready, origin=place + ".py")
        spec.has_location = True
        spec.cached = self._cache(place)
        if folder:
            spec.submodule_search_locations = [folder]
        return spec

    def _cache(self, place: str) -> str:
        folder, _, name = place.rpartition("/")
        return f"{folder}/__pycache__/{name}{self._ending}"

    def _compiled(self, place: str) -> CodeType | None:
        """The code of a source, where that was compiled as it is now."""
        try:
            source = os.stat(place + ".py")
            descriptor = os.open(self._cache(place), os.O_RDONLY)
            try:
                data = os.read(descriptor, _MOST)
            finally:
                os.close(descriptor)
            stamp = (int(source.st_mtime) & _FEW).to_bytes(4, "little")
            size = (source.st_size & _FEW).to_bytes(4, "little")
            if data[:_HEAD] != self._magic + bytes(4) + stamp + size:
                return None
            return marshal.loads(memoryview(data)[_HEAD:])  # type: ignore[no-any-return]  # noqa: S302 - as above
        except (OSError, EOFError, ValueError, TypeError):
            return None


class Ready:
    """Runs the code of one module."""

    __slots__ = ("_code",)

    def __init__(self, code: CodeType) -> None:
        self._code = code

    def create_module(self, spec: ModuleSpec) -> None:
        """Python makes the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Runs it."""
        exec(self._code, module.__dict__)  # noqa: S102 - as Python's own loader does


def install() -> None:
    """Has gitmem's modules loaded this way from now on, where the interpreter keeps them as CPython does."""
    try:
        from _frozen_importlib_external import (
            MAGIC_NUMBER,  # `importlib.util` has it, too, and costs more than all of this saves
        )
    except ImportError:  # pragma: no cover - only on other interpreters
        return
    tag = sys.implementation.cache_tag
    if not tag or sys.pycache_prefix or sys.flags.optimize:
        return
    top = os.path.dirname(os.path.dirname(__file__))
    sys.meta_path.insert(0, Finder(top, type(__spec__), MAGIC_NUMBER, f".{tag}.pyc"))
