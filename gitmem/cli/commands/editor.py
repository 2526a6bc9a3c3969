"""The person's editor, started as git starts it (GIT_EDITOR, core.editor, VISUAL, EDITOR)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.cli import surroundings
from gitmem.core.errors import Refused
from gitmem.core.failures import NoProgress
from gitmem.git import programs
from gitmem.git.claim import temporary_folder
from gitmem.git.process import ANY

if TYPE_CHECKING:
    from gitmem.git.repository import Repository

_LONGEST = 1 << 20  # bytes that are read of what the editor left


def edited_line(repo: Repository, line: str, note: str, *, what: str, instead: str) -> str:
    """Return what the person makes of one line; empty when they empty the file.

    ``note`` stands below it, each row after a `#`; such rows do not count, but the line itself may begin with
    one. ``what`` names it in messages, ``instead`` is what to do without an editor. Raises NoProgress when git
    knows no editor or the editor fails, and Refused for what is not one line of UTF-8.
    """
    told = repo.git("var", "GIT_EDITOR", ok=ANY)
    if told.code or not told.text:
        reason = told.said.strip().removeprefix("error: ").partition("\n")[0]
        raise NoProgress(
            "git knows no editor" + (f": {reason}" if reason else ""),
            hint=f"{instead}, or set core.editor",
        )
    with temporary_folder() as folder:
        path = Path(folder, "LINE.md")
        comments = "".join(f"# {row}".rstrip() + "\n" for row in note.splitlines())
        path.write_text(f"{line}\n\n{comments}", encoding="utf-8")
        # As git starts one: through the shell, because an editor may have arguments.
        argv = ("sh", "-c", f'{told.text} "$@"', told.text, str(path))
        code = programs.attended(argv, cwd=repo.top or repo.folder, env=surroundings.ENVIRON)
        if code:
            raise NoProgress(
                f"the editor ended with {code}",
                hint=f"{instead}, or set core.editor",
            )
        try:
            with path.open("rb") as file:
                text = file.read(_LONGEST).decode()
        except OSError as error:
            raise NoProgress(
                f"the editor left no file to read: {error.strerror}",
                hint=f"{instead}, or save it in place",
            ) from error
        except UnicodeDecodeError as error:
            raise Refused("what the editor left is not a text in UTF-8") from error
    # Only \n and \r\n end a row here: whatever else looks like a line break is refused later.
    rows = [row.strip() for row in text.split("\n")]
    rows = [row for row in rows if row and (row == line or not row.startswith("#"))]
    if len(rows) > 1:
        raise Refused(f"{what} is one line", hint=f"the editor left {len(rows)}; join them")
    return rows[0] if rows else ""
