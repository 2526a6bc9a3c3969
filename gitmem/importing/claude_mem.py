"""claude-mem's observations of this project, read from its SQLite database and never written.

The table `observations` as that tool's own schema has it (schema.sql, migration 35 and before): `project` is the
name of the work tree's folder, and for a linked work tree the main one's name, a slash and its own. `facts` and
the lists of files are JSON arrays. Session summaries and prompts are not read: they tell what was done, not
what is true.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.importing import notes
from gitmem.importing.items import Item, SourceContents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.importing.place import ImportPlace

NAME = "claude-mem"
MOST = 500
"""The newest observations that are read: some months of a project in daily use."""
_NEEDED = frozenset({"id", "project", "type", "title"})
_WANTED = ("id", "type", "title", "subtitle", "narrative", "facts", "text", "files_modified")
_KINDS = {"decision": "decision", "bugfix": "gotcha"}
_LONGEST = 20_000  # characters of one field; a body has 4,000 at most


def contents(place: ImportPlace) -> SourceContents:
    """Return what claude-mem has noted about this project; tainted, because what its sessions had read is unknown."""
    folder = place.environ.get("CLAUDE_MEM_DATA_DIR") or os.path.join(
        place.environ.get("HOME", ""), ".claude-mem"
    )
    path = os.path.join(folder, "claude-mem.db")
    source = SourceContents(name=NAME, place="claude-mem's database")
    # What is no whole path would lead into the working folder, and so to a database that a repository brings.
    if not os.path.isabs(path) or not os.path.isfile(path):
        return source
    source.there = True
    try:
        rows, total = _rows(path, _projects(place))
    except sqlite3.Error as error:
        source.leave(NAME, f"its database cannot be read: {error}")
        return source
    except Refused as refused:
        source.leave(NAME, refused.message)
        return source
    for row in rows:
        item = _item(row, place.repo.top)
        if item is None:
            source.leave(_source(row), "it has no text")
        else:
            source.items.append(item)
    if total > len(rows):
        source.leave(NAME, f"{total - len(rows)} older observations: the newest {MOST} are read")
    return source


def _projects(place: ImportPlace) -> list[str]:
    own = os.path.basename(place.repo.top)
    main = os.path.basename(os.path.dirname(place.repo.common))
    return [own] if own == main else [own, main, f"{main}/{own}"]


def _rows(path: str, projects: Sequence[str]) -> tuple[list[dict[str, object]], int]:
    """Return the newest observations, oldest first, and how many there are. Raises sqlite3.Error and Refused."""
    address = f"{Path(path).as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=2.0)) as database:
        database.row_factory = sqlite3.Row
        # A damaged text keeps its bytes as halves of characters: the guards name it, and the others are read.
        database.text_factory = lambda data: data.decode(errors="surrogateescape")
        database.execute("PRAGMA query_only = ON")
        columns = {row["name"] for row in database.execute("PRAGMA table_info(observations)")}
        if not columns >= _NEEDED:
            raise Refused("its database has no table of observations as gitmem knows it")
        # Only names of `_WANTED` come into the statement, and values as parameters.
        wanted = ", ".join(
            f"substr({name}, 1, {_LONGEST}) AS {name}" for name in _WANTED if name in columns
        )
        marks = ", ".join("?" for _ in projects)
        where = f"FROM observations WHERE project IN ({marks})"
        total = database.execute(f"SELECT count(*) {where}", projects).fetchone()[0]
        newest = f"SELECT {wanted} {where} ORDER BY observations.id DESC LIMIT {MOST}"
        rows = [dict(row) for row in database.execute(newest, projects)]
    return rows[::-1], int(total)


def _item(row: dict[str, object], top: str) -> Item | None:
    def said(name: str) -> str:
        value = row.get(name)
        return value.strip() if isinstance(value, str) else ""

    facts = "\n".join(f"- {fact}" for fact in _listed(said("facts")))
    title = " ".join(said("title").split())
    first = said("subtitle") or ("" if title else said("text"))
    told = "\n\n".join(part for part in (first, said("narrative"), facts) if part)
    if not title and not told:
        return None
    item = Item(
        text=title,
        body=told,
        kind=_KINDS.get(said("type"), "fact"),
        source=_source(row),
        paths=tuple(_inside(_listed(said("files_modified")), top)),
        tainted=True,
    )
    return notes.shortened(item) if title else notes.whole(told, "", item)


def _source(row: dict[str, object]) -> str:
    return f"claude-mem observation {row.get('id')}"


def _inside(paths: Sequence[str], top: str) -> list[str]:
    """Return the paths of files in the work tree, from its top."""
    near = [one.removeprefix(top + "/") for one in paths]
    return [
        one
        for one in near
        if one and not one.startswith(("/", "~", "..")) and os.path.exists(f"{top}/{one}")
    ]


def _listed(text: str) -> list[str]:
    try:
        rows = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    return (
        [one for one in rows if isinstance(one, str) and one.strip()]
        if isinstance(rows, list)
        else []
    )
