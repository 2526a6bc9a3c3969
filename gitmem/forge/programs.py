"""Programs that open or update a pull request: the person's own command, and GitHub's `gh`."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.errors import UsageError
from gitmem.core.failures import Unreachable
from gitmem.git import process
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.process import ProcessResult
    from gitmem.git.repository import Repository

_PATIENCE = 60.0  # seconds without output; a forge's API takes one or two
_MISSING = 127  # a shell's exit code for a program that is not there
_NOT_IN = 4  # gh's exit code without a login (gh help exit-codes)
_ADDRESS = re.compile(r"https?://[!#-&(-;=?-~]+")  # printable ASCII without quotes and < >
_SHOWN = 300  # characters of what a program said


class NotProposed(Unreachable):
    """The review is pushed, but its pull request was not opened or updated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request as it should be: its branch, its target, the remote, and its texts."""

    remote: str
    branch: str
    target: str
    title: str
    body: str


def address(output: str) -> str:
    """Return the first web address in the output of a server or program; empty without one."""
    match = _ADDRESS.search(output)
    return match[0].rstrip(".,;)") if match else ""


def has_gh(repo: Repository) -> bool:
    """Return whether GitHub's program is on the PATH."""
    return shutil.which("gh", path=repo.env.get("PATH")) is not None


def own(repo: Repository, command: str, request: PullRequest) -> str:
    """Run the person's command; return the address that it prints.

    It gets the text on stdin and the rest in GITMEM_PR_*, and runs at the top of the work tree,
    without a shell. Raises NotProposed, and UsageError for a command that cannot be split into words.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"git config gitmem.prCommand cannot be read: {error}") from error
    if not words:
        raise UsageError("git config gitmem.prCommand is empty")
    env = {
        "GITMEM_PR_REMOTE": request.remote,
        "GITMEM_PR_BRANCH": request.branch,
        "GITMEM_PR_TARGET": request.target,
        "GITMEM_PR_TITLE": request.title,
    }
    done = process.program(
        words,
        env={**repo.env, **env},
        cwd=repo.top,
        stdin=request.body.encode("utf-8", "replace"),
        patience=_PATIENCE,
    )
    if done.code:
        raise NotProposed(
            f"{visible(words[0])} (git config gitmem.prCommand) ended with {done.code}: "
            + _said(done),
            hint="the review is pushed; fix the command, then run gitmem close --pr again",
        )
    return address(done.out.decode("utf-8", "replace"))


def gh(repo: Repository, name: str, request: PullRequest) -> str:
    """Open the request with `gh`, or update the open one; return its address.

    ``name`` is ``host/owner/name``. Raises NotProposed.
    """
    fields = "number,url,isCrossRepository"
    listed = _gh(
        repo, ["list", "--head", request.branch, "--state", "open", "--json", fields], name
    ).text
    known = _open(listed)
    texts = ["--title", request.title, "--body-file", "-"]
    text = request.body.encode("utf-8", "replace")
    if known:
        number, url = known
        _gh(repo, ["edit", number, *texts], name, text)
        return url
    making = ["create", "--head", request.branch, "--base", request.target, *texts]
    return address(_gh(repo, making, name, text).text)


def _open(listed: str) -> tuple[str, str] | None:
    """Return number and address of the first open request from the repository itself."""
    try:
        rows = json.loads(listed or "[]")
        own = [row for row in rows if not row["isCrossRepository"]]
        return (str(int(own[0]["number"])), address(str(own[0]["url"]))) if own else None
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise NotProposed(f"gh did not print a list of pull requests: {error}") from error


def ask_gh(repo: Repository, words: Sequence[str]) -> str:
    """Return what a command of `gh` that only looks prints. Raises Unreachable."""
    done = _ran(repo, words)
    if not done.code:
        return done.text
    hint = "run gh auth login" if done.code == _NOT_IN else "nothing was changed; try it again"
    raise Unreachable(f"gh {words[0]} ended with {done.code}: {_said(done)}", hint=hint)


def _gh(repo: Repository, words: Sequence[str], name: str, text: bytes = b"") -> ProcessResult:
    done = _ran(repo, ["pr", *words, "--repo", name], text)
    if not done.code:
        return done
    hint = "the review is pushed; open the pull request by hand, or run gitmem close --pr again"
    if done.code == _NOT_IN:
        hint = "the review is pushed; run gh auth login, then gitmem close --pr again"
    raise NotProposed(f"gh pr {words[0]} ended with {done.code}: {_said(done)}", hint=hint)


def _ran(repo: Repository, words: Sequence[str], text: bytes = b"") -> ProcessResult:
    """Run `gh` without questions and notices."""
    quiet = {"GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1"}
    return process.program(
        ["gh", *words],
        env={**repo.env, **quiet},
        cwd=repo.top,
        stdin=text,
        patience=_PATIENCE,
    )


def _said(done: ProcessResult) -> str:
    if done.code == _MISSING:
        return "it was not found"
    words = (done.said.strip() or done.text.strip() or "it said nothing").splitlines()
    return visible(" ".join(word.strip() for word in words))[:_SHOWN]
