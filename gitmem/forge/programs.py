"""Programs that open or update a request on a forge: one that the person named, and GitHub's `gh`."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.errors import Usage
from gitmem.core.failures import Unreachable
from gitmem.git import process
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.process import ProcessResult
    from gitmem.git.repository import Repository

_PATIENCE = 60.0  # seconds without a word; a forge's API takes one or two
_MISSING = 127  # a shell's exit code for a program that is not there
_NOT_IN = 4  # gh's exit code when nobody is logged in (gh help exit-codes)
_ADDRESS = re.compile(r"https?://[!#-&(-;=?-~]+")  # printable ASCII without quotes and < >
_SHOWN = 300  # characters of what a program said


class NotProposed(Unreachable):
    """The review is pushed, and its request was not opened or not brought up to date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """The request that shall be there: of which branch, into which, at which remote, and its texts."""

    remote: str
    branch: str
    target: str
    title: str
    body: str


def address(said: str) -> str:
    """The first web address in what a server or a program said; empty without one."""
    found = _ADDRESS.search(said)
    return found[0].rstrip(".,;)") if found else ""


def has_gh(repo: Repository) -> bool:
    """Whether GitHub's program is on the PATH."""
    return shutil.which("gh", path=repo.env.get("PATH")) is not None


def own(repo: Repository, command: str, wish: PullRequest) -> str:
    """Runs the person's command: the text on its stdin, all else in GITMEM_PR_*; the address it says.

    It runs at the top of the work tree, without a shell. Raises NotProposed, and Usage for words
    that no shell would take either.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise Usage(f"git config gitmem.prCommand cannot be read: {error}") from error
    if not words:
        raise Usage("git config gitmem.prCommand is empty")
    env = {
        "GITMEM_PR_REMOTE": wish.remote,
        "GITMEM_PR_BRANCH": wish.branch,
        "GITMEM_PR_TARGET": wish.target,
        "GITMEM_PR_TITLE": wish.title,
    }
    done = process.program(
        words,
        env={**repo.env, **env},
        cwd=repo.top,
        stdin=wish.body.encode("utf-8", "replace"),
        patience=_PATIENCE,
    )
    if done.code:
        raise NotProposed(
            f"{visible(words[0])} (git config gitmem.prCommand) ended with {done.code}: "
            + _said(done),
            hint="the review is pushed; mend the command, then run gitmem close --pr again",
        )
    return address(done.out.decode("utf-8", "replace"))


def gh(repo: Repository, name: str, wish: PullRequest) -> str:
    """Opens the request with `gh`, or updates the one that is open; its address.

    ``name`` is ``host/owner/name``. Raises NotProposed.
    """
    fields = "number,url,isCrossRepository"
    listed = _gh(
        repo, ["list", "--head", wish.branch, "--state", "open", "--json", fields], name
    ).text
    known = _open(listed)
    texts = ["--title", wish.title, "--body-file", "-"]
    text = wish.body.encode("utf-8", "replace")
    if known:
        number, url = known
        _gh(repo, ["edit", number, *texts], name, text)
        return url
    making = ["create", "--head", wish.branch, "--base", wish.target, *texts]
    return address(_gh(repo, making, name, text).text)


def _open(listed: str) -> tuple[str, str] | None:
    """Number and address of the first open request that comes from the repository itself."""
    try:
        rows = json.loads(listed or "[]")
        own = [row for row in rows if not row["isCrossRepository"]]
        return (str(int(own[0]["number"])), address(str(own[0]["url"]))) if own else None
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise NotProposed(f"gh said what is no list of requests: {error}") from error


def _gh(repo: Repository, words: Sequence[str], name: str, text: bytes = b"") -> ProcessResult:
    quiet = {"GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1"}
    done = process.program(
        ["gh", "pr", *words, "--repo", name],
        env={**repo.env, **quiet},
        cwd=repo.top,
        stdin=text,
        patience=_PATIENCE,
    )
    if not done.code:
        return done
    hint = "the review is pushed; open the request by hand, or run gitmem close --pr again"
    if done.code == _NOT_IN:
        hint = "the review is pushed; gh auth login, then run gitmem close --pr again"
    raise NotProposed(f"gh pr {words[0]} ended with {done.code}: {_said(done)}", hint=hint)


def _said(done: ProcessResult) -> str:
    if done.code == _MISSING:
        return "it was not found"
    words = (done.said.strip() or done.text.strip() or "it said nothing").splitlines()
    return visible(" ".join(word.strip() for word in words))[:_SHOWN]
