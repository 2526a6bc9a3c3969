"""Find the shipped `hooks/` and `templates/` files: in an installed package or in a checkout."""

from __future__ import annotations

from gitmem.core.failures import Internal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path


def read(name: str) -> str:
    """The text of a shipped file, e.g. `hooks/claude-code/hooks.json`.

    A wheel carries the files in the package's `_data` folder; a checkout (also one installed in
    editable mode) has them at its top level, beside the package. Raises Internal when it is
    neither there nor here.
    """
    try:
        return _find(name).read_text(encoding="utf-8")
    except OSError as error:
        raise Internal(
            f"the shipped file {name} is missing", hint="install gitmem-cli again"
        ) from error


def path(name: str) -> Path:
    """Where a shipped file lies on disk, for a program that is given its path.

    Raises Internal when it is missing, also for a package that was never unpacked.
    """
    from pathlib import Path

    found = Path(str(_find(name)))
    if not found.is_file():
        raise Internal(f"the shipped file {name} is missing", hint="install gitmem-cli again")
    return found


def _find(name: str) -> Traversable:
    from importlib.resources import files
    from pathlib import Path

    package = files("gitmem")
    shipped = package / "_data"
    if shipped.is_dir():
        return shipped / name
    return Path(str(package)).parent / name
