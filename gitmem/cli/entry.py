# ruff: noqa: I002 - that import would load a module of its own, a hundredth of a silent hook
"""Start gitmem: choose the lane, and load the hot one quickly (hot lane).

`flag`, `snag`, `hook`, `mcp` and `statusline` go through the hot lane, which loads nothing outside the standard library
and little of that; everything else is the typer application. `recall`, `status`, `log` and `check` first try the
warm way, which answers the usual case without it (docs/adr/0003-two-lanes.md).

Finding thirty small modules is most of what a silent hook costs, so the hot lane has an import of its own. All
modules lie in one folder: no search path is walked, and a process of one thread needs none of Python's specs and
locks. What was compiled is taken as Python takes it (PEP 552): by this interpreter, from a source of the same time
and size. Anything else (not compiled, compiled by hash, in an archive, another interpreter) is left to Python.
All of this is in one module because a module more, found Python's way, costs a hundredth of a silent hook.
"""

import builtins
import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from types import CodeType, ModuleType
    from typing import Any

HOT = frozenset(("flag", "snag", "hook", "mcp", "statusline"))
WARM = frozenset(("", "recall", "status", "log", "check"))  # the first one is `gitmem` alone

_PACKAGE = "gitmem"
_HEAD = 16  # bytes before the code: magic number, flags, the source's time and size
# Bytes; more than almost every module has. A larger buffer takes more pages of the heap, and each costs a fault.
_CHUNK = 1 << 15
_MOST = 1 << 20  # bytes; the largest module has a tenth
_FEW = 0xFFFFFFFF  # time and size are kept as 32 bits
_SHAPE = 4  # what `import` passes beside the name: globals, locals, names, level


def main() -> int:
    """Run gitmem with the process's arguments; return the exit code."""
    argv = sys.argv[1:]
    if argv and argv[0] == "--mine":
        return _in_mine(argv[1:])
    try:
        import fcntl  # noqa: F401 - every lock needs it, and it what a foreign system lacks
    except ImportError:
        return _foreign_system(argv)
    if argv and argv[0] in HOT and not _asks_for_help(argv):
        # Leaving at once saves a tenth of a silent hook; everything is written without buffers.
        os._exit(_hot(argv))
    return _cold(argv, argv)


def _in_mine(argv: list[str]) -> int:
    """Run what follows `gitmem --mine`, in the person's own memory; typer judges what does not fit there."""
    if argv and argv[0] == "flag" and not _asks_for_help(argv):
        os._exit(_hot(["flag", "--mine", *argv[1:]]))
    from gitmem.cli import folder

    if (argv[0] if argv else "") in folder.MINE:
        folder.work_in_mine()
        return _cold(argv, ["--mine", *argv])
    from gitmem.cli import app

    return app.run(["--mine", *argv])


def _cold(argv: list[str], whole: list[str]) -> int:
    """Run a command by the warm way, else by typer, which gets the ``whole`` arguments."""
    _reopen()
    if _is_completion():
        from gitmem.cli.commands import completion

        code = completion.run(os.environ)
        if code is not None:
            return code
    if (argv[0] if argv else "") in WARM and not _is_typers(argv):
        usual = builtins.__import__
        _import_quickly()
        from gitmem.cli import warm

        code = warm.run(argv)
        if code is not None:
            return code
        builtins.__import__ = usual  # the cold lane's libraries expect Python's own
    from gitmem.cli import app

    return app.run(whole)


def _reopen() -> None:
    """Open streams that were closed at the start (`>&-`): libraries expect them."""
    if sys.stdin and sys.stdout and sys.stderr:
        return
    from gitmem.cli import streams

    streams.reserve()
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115 - as long as the process
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _asks_for_help(argv: list[str]) -> bool:
    """Return whether typer shows a hot command's help; later a `-h` may be an option's value."""
    return argv[1:2] == ["-h"] or "--help" in argv


def _is_completion() -> bool:
    """Return whether a shell completes a command, or asks for its script."""
    return "_GITMEM_COMPLETE" in os.environ or "_GIT_MEM_COMPLETE" in os.environ


def _is_typers(argv: list[str]) -> bool:
    """Return whether typer has to answer: help, or a shell that completes a command."""
    return "-h" in argv or "--help" in argv or _is_completion()


def _hot(argv: list[str]) -> int:
    import gc

    gc.disable()  # a process of ten milliseconds: looking for circles costs a hundredth of it
    _import_quickly()
    from gitmem.cli import streams

    streams.reserve()
    if argv[0] == "hook":
        from gitmem.cli import hook

        return hook.run(argv)
    if argv[0] == "mcp":
        from gitmem.cli import mcp

        return mcp.run(argv)
    if argv[0] == "statusline":
        from gitmem.cli.reports import statusline

        return statusline.run(argv)
    from gitmem.cli import hot

    return hot.run(argv)


def _import_quickly() -> None:
    """Load gitmem's modules this way from now on, where the interpreter keeps them as CPython does."""
    try:
        from _frozen_importlib_external import (
            MAGIC_NUMBER,  # `importlib.util` has it, too, and costs more than all of this saves
        )
    except ImportError:  # pragma: no cover - only on other interpreters
        return
    tag = sys.implementation.cache_tag
    if not tag or sys.pycache_prefix or sys.flags.optimize:
        return
    builtins.__import__ = importer(builtins.__import__, sys.modules, MAGIC_NUMBER, f".{tag}.pyc")


def compiled(place: str, cache: str, magic: bytes) -> "CodeType | None":
    """Return the code of the source ``place`` from the file ``cache``; None where that is not of the source as it is now."""
    try:
        source = os.stat(place)
        descriptor = os.open(cache, os.O_RDONLY)
        try:
            data = os.read(descriptor, _CHUNK)
            if len(data) == _CHUNK:
                data += os.read(descriptor, _MOST)
        finally:
            os.close(descriptor)
        stamp = (int(source.st_mtime) & _FEW).to_bytes(4, "little")
        size = (source.st_size & _FEW).to_bytes(4, "little")
        if data[:_HEAD] != magic + bytes(4) + stamp + size:
            return None
        return marshal.loads(memoryview(data)[_HEAD:])  # type: ignore[no-any-return]  # noqa: S302 - as above
    except (OSError, EOFError, ValueError, TypeError):
        return None


def importer(
    usual: "Callable[..., ModuleType]",
    modules: "MutableMapping[str, ModuleType]",
    magic: bytes,
    ending: str,
) -> "Callable[..., ModuleType]":
    """Return what the `import` statement calls: as ``usual``, but quicker for `from gitmem... import`.

    ``modules`` are the loaded ones, `gitmem` among them; ``magic`` and ``ending`` are the interpreter's mark
    in its compiled files and in their names.
    """
    new = type(builtins)
    future = new("__future__")
    future.annotations = None  # type: ignore[attr-defined]

    def load(name: str) -> "ModuleType | None":
        above, _, child = name.rpartition(".")
        parent = modules.get(above) or load(above)
        folders = getattr(parent, "__path__", None)
        if not folders:
            return None
        place = f"{folders[0]}/{child}"
        module = new(name)
        code = None
        # Right below the top are folders only. Their `__init__.py` is a docstring, so it is not read.
        if above != _PACKAGE:
            code = compiled(f"{place}.py", f"{folders[0]}/__pycache__/{child}{ending}", magic)
            if code is None and not os.path.isdir(place):
                return None
        if code is None:
            module.__path__ = [place]
            module.__file__ = f"{place}/__init__.py"
            module.__package__ = name
            modules[name] = module
        else:
            module.__file__ = f"{place}.py"
            module.__package__ = above
            modules[name] = module
            try:
                exec(code, module.__dict__)  # noqa: S102 - as Python's own loader does
            except BaseException:
                del modules[name]
                raise
        setattr(parent, child, module)
        return module

    def has(module: "ModuleType", one: str) -> bool:
        name = f"{module.__name__}.{one}"
        return hasattr(module, one) or name in modules or load(name) is not None

    def find(name: str, *rest: "Any", **named: "Any") -> "ModuleType":
        names = rest[2] if len(rest) == _SHAPE else named.get("fromlist")
        if names and name.startswith(f"{_PACKAGE}."):
            module = modules.get(name) or load(name)
            if module is not None and all(has(module, one) for one in names):
                return module
        if names == ("annotations",) and name == "__future__":
            return future  # the compiler has read it; Python would load a module for it
        return usual(name, *rest, **named)

    return find


def _foreign_system(argv: list[str]) -> int:
    """Say that this system lacks `fcntl` (Windows); a hook stays silent and never breaks the agent."""
    if argv[:1] == ["hook"]:
        return 0
    from gitmem.cli import streams

    saved = "NOT SAVED: " if argv[:1] in (["flag"], ["snag"]) else ""
    streams.err(
        f"{saved}gitmem needs file locks that this system does not have\n"
        "hint: gitmem runs on Linux and macOS; see docs/limitations.md"
    )
    return 3
