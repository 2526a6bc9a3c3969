"""The person's pager, as git chooses and starts it; for an answer that is complete."""

from __future__ import annotations

from gitmem.cli import render, surroundings
from gitmem.core.errors import GitmemError
from gitmem.git import programs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.git.repository import Repository

#: What git sets for its pager where the person has not (git-config(1), core.pager).
_SET = {"LESS": "FRX", "LV": "-c"}
_NONE = frozenset({"", "cat"})
_OFF = frozenset({"false", "no", "off", "0"})  # git-config(1), "boolean"
_ON = frozenset({"", "true", "yes", "on", "1"})
_NOT_STARTED = frozenset({126, 127})  # sh(1): it could not be executed, it was not found


def show(text: str, repo: Repository, command: str) -> None:
    """Show an answer in the pager, or print it where there is none or it cannot be started.

    It is the one that git reports: GIT_PAGER, core.pager, PAGER, git's own. `pager.<command>` turns it off
    or names another. Inside an agent client and on a dumb terminal there is none. That the person
    leaves it early is no error, and Ctrl-C is the pager's.
    """
    pager = _pager(repo, command) if text else ""
    if pager in _NONE:
        render.write(text)
        return
    env = {**_SET, **surroundings.ENVIRON}
    argv = ["sh", "-c", pager]  # git starts it with a shell, too
    try:
        code = programs.attended(argv, cwd=repo.top, env=env, stdin=text.encode("utf-8", "replace"))
    except OSError:
        code = min(_NOT_STARTED)
    if code in _NOT_STARTED:
        render.write(text)
        render.note(
            f"the pager {pager!r} could not be started; this is the whole answer without it"
        )


def _pager(repo: Repository, command: str) -> str:
    """Return the pager's command line; empty for none."""
    if surroundings.agent() or surroundings.ENVIRON.get("TERM", "dumb") == "dumb":
        return ""
    try:
        named = repo.git("config", "--get", f"pager.{command}", ok=(0, 1))
        own = named.text.strip()
        if named.code == 0 and own.lower() in _OFF:
            return ""
        if named.code == 0 and own.lower() not in _ON:
            return own
        # `--no-pager`, which every call of ours has, would make it `cat`.
        return repo.git("--paginate", "var", "GIT_PAGER").text.strip()
    except GitmemError:
        return ""
