"""Review comments of merged pull requests on GitHub, through the person's `gh`.

Each thread's first comment is an item, because the answers make little sense without it. Somebody else may have
written it, so all of them are tainted.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitmem.core.failures import Unreachable
from gitmem.forge import programs
from gitmem.forge.deliver import Forge, place_of
from gitmem.git import network, remotes
from gitmem.importing import notes
from gitmem.importing.items import Item, SourceContents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.importing.place import ImportPlace

NAME = "reviews"
USUAL_LAST = 20
MOST_LAST = 100
_A_PAGE = 100  # comments, the most that GitHub gives at once


def contents(place: ImportPlace, *, last: int = USUAL_LAST) -> SourceContents:
    """Return the review comments of the ``last`` merged pull requests.

    Raises Unreachable where `gh` is missing or fails, the remote is not on GitHub, or there is none.
    """
    repo = place.repo
    remote = remotes.configured(repo)
    address = place_of(network.push_url(repo, remote))
    if address.forge is not Forge.GITHUB:
        raise Unreachable(
            f"{remote} is not on GitHub, and review comments are read there only",
            hint="write them into a Markdown file and import that: gitmem import FILE",
        )
    if not programs.has_gh(repo):
        raise Unreachable("gh was not found", hint="install it: https://cli.github.com")
    name = f"{address.host}/{address.path}"
    source = SourceContents(name=NAME, place=f"the last {last} merged pull requests", there=True)
    listing = [
        "pr",
        "list",
        "--repo",
        name,
        "--state",
        "merged",
        "--limit",
        str(last),
        "--json",
        "number",
    ]
    for row in _json(programs.ask_gh(repo, listing)):
        number = row.get("number") if isinstance(row, dict) else None
        if type(number) is not int:
            raise _unknown()
        path = f"repos/{address.path}/pulls/{number}/comments?per_page={_A_PAGE}"
        comments = _json(programs.ask_gh(repo, ["api", "--hostname", address.host, path]))
        source.items += [item for one in comments if (item := _item(one))]
        if len(comments) == _A_PAGE:
            source.leave(f"pull request {number}", f"only its first {_A_PAGE} comments are read")
    return source


def _json(text: str) -> Sequence[object]:
    try:
        rows = json.loads(text or "[]")
    except (ValueError, RecursionError) as error:
        raise _unknown() from error
    if not isinstance(rows, list):
        raise _unknown()
    return rows


def _unknown() -> Unreachable:
    return Unreachable("gh did not print what was asked for", hint="try it: gh pr list")


def _item(comment: object) -> Item | None:
    if not isinstance(comment, dict):
        raise _unknown()
    text = comment.get("body")
    if comment.get("in_reply_to_id") or not isinstance(text, str) or not text.strip():
        return None
    path = comment.get("path")
    url = comment.get("html_url")
    item = Item(
        text="",
        source=url if isinstance(url, str) and url else "a review comment",
        paths=(path,) if isinstance(path, str) and path else (),
        kind="preference",
        tainted=True,
    )
    return notes.whole(text.replace("\r\n", "\n"), "", item)
