"""Find the shipped `hooks/` and `templates/` files: in an installed package or in a checkout."""

from __future__ import annotations

from gitmem.core.failures import Internal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path


def read(name: str) -> str:
    """Return the text of a shipped file, such as `hooks/claude-code/hooks.json`.

    A wheel has the files in the package's `_data` folder; a checkout (also an editable install) has
    them at its top level, beside the package. Raises Internal when the file is in neither place.
    """
    try:
        return _find(name).read_text(encoding="utf-8")
    except OSError as error:
        raise Internal(
            f"the shipped file {name} is missing", hint="install gitmem-cli again"
        ) from error


def path(name: str) -> Path:
    """Return the path of a shipped file, for a program that reads it.

    Raises Internal when it is missing, or when the package is not unpacked on disk.
    """
    from pathlib import Path

    file = Path(str(_find(name)))
    if not file.is_file():
        raise Internal(f"the shipped file {name} is missing", hint="install gitmem-cli again")
    return file


def _find(name: str) -> Traversable:
    from importlib.resources import files
    from pathlib import Path

    package = files("gitmem")
    shipped = package / "_data"
    if shipped.is_dir():
        return shipped / name
    return Path(str(package)).parent / name
