"""Pages of `gitmem report` with made contents, and what a page in a browser tells of itself."""

from __future__ import annotations

from typing import Any

from gitmem.bootstrap import assets
from gitmem.report.contents import sessions
from gitmem.report.page import html

AT = "2026-11-20T10:00:00Z"


def of_flags(count: int, *, session: int = 50) -> str:
    """A page of so many flags, ``session`` of them in each session."""
    return _page(
        [
            _flag(place, f"the build of part {place} needs <b> & node", f"s{place // session:07}")
            for place in range(count)
        ]
    )


def saying(text: str) -> str:
    """A page in which each text that somebody else may have written is ``text``."""
    flags = [
        {**_flag(place, text, text), "better": text, "kind": text, "state": text}
        for place in range(4)
    ]
    line = {"file": text, "line": 1, "text": text, "ids": [text], "shown": 2, "reason": text}
    found = sessions([], flags)
    for one in found:
        one["client"] = text
        one["gaps"] = [text]
        one["events"] += [
            {"at": AT, "what": "boundary", "name": text},
            {"at": AT, "what": text, "name": ""},
        ]
    snag = {"id": text, "at": AT, "text": text, "better": text}
    fix = {"file": text, "rung": text, "commit": text}
    return _page(
        flags,
        target=text,
        sessions=found,
        loops=[{"state": text, "snags": [snag], "fix": fix, "again": [snag]}],
        topics=[
            {"file": text, "loaded": False, "why": text, "shown": [line]},
            {"file": text, "loaded": True, "why": "", "shown": []},
        ],
        weeks=[
            {
                "week": text, "engines": [text, "letter"], "flags": 4, "tokens": 123_456_789,
                "dollars": 12.5, "unpriced": 2, "drains": [text, text],
            }
        ],
        unreadable=[text],
        stale=[line],
        not_shown={"days": 30, "lines": [line]},
    )  # fmt: skip


def _flag(place: int, text: str, session: str) -> dict[str, Any]:
    return {
        "id": f"{place:012}", "kind": "fact", "text": text, "better": "", "at": AT,
        "session": session, "state": "undrained", "tainted": place % 3 == 0,
    }  # fmt: skip


def _page(flags: list[dict[str, Any]], topics: Any = (), **changed: Any) -> str:
    by: dict[str, dict[str, list[str]]] = {"state": {}, "kind": {}}
    for field, found in by.items():
        for flag in flags:
            found.setdefault(flag[field], []).append(flag["id"])
    contents = {
        "at": AT, "target": "main", "flags": flags, "states": by["state"], "kinds": by["kind"],
        "sessions": sessions([], flags), "loops": [], "weeks": [], "unreadable": [], "stale": [],
        "not_shown": {"days": 30, "lines": []},
        "memory": {
            "bytes": 1, "budget": 2, "lines": 3, "lines_loaded": 4, "showings": 5,
            "topics": list(topics),
        },
        **changed,
    }  # fmt: skip
    return html(contents, assets.read("templates/report/page.html"))
