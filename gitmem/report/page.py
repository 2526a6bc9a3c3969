"""The page as HTML.

Apart from `gitmem.report.contents`, because only the page needs jinja2, and `--json` does not load it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

MARK = '<meta name="generator" content="gitmem report">'
"""Stands near the top of every page, so that gitmem knows its own file before it writes over it."""


def html(contents: Mapping[str, Any], template: str) -> str:
    """Return the page of `gitmem.report.contents.gather`; text of others is escaped twice over.

    `visible` writes hidden and control characters out, then the template escapes what is markup.
    """
    from jinja2 import Environment, StrictUndefined

    frame = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    places: dict[str, int] = {}
    for place, flag in enumerate(contents["flags"], 1):
        places.setdefault(flag["id"], place)
    by_id = {flag["id"]: flag for flag in reversed(contents["flags"])}
    return frame.from_string(template).render(
        {**_shown(contents), "mark": MARK, "places": _shown(places), "by_id": _shown(by_id)}
    )


def _shown(value: Any) -> Any:
    """``value`` with every text in it, also the names of fields, as `visible` writes it."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(key): _shown(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_shown(one) for one in value]
    return value
