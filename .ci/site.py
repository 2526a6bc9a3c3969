"""What mkdocs asks while it builds the site: links from a page to a file outside docs/ lead to the repository.

In the tree such a link works as it is. On the site the file is not there, so the link becomes the file's address
where the variable REPOSITORY gives one, and the file's name in plain type where it does not.
"""

from __future__ import annotations

import os
import posixpath
import re
from typing import Any
from urllib.parse import quote

_LINK = re.compile(r"(?<!!)\[([^\]\n]*)\]\(([^)\s]+)\)")
_OUTSIDE = ("../", "changelog/")


def on_page_markdown(markdown: str, *, page: Any, **_more: Any) -> str:
    """Return the page with its links that leave docs/ led to the repository."""
    folder = posixpath.dirname(page.file.src_uri)
    source = os.environ.get("REPOSITORY", "").rstrip("/")

    def led(found: re.Match[str]) -> str:
        text, link = found.groups()
        if "://" in link or link.startswith("#"):
            return found[0]
        inside = posixpath.normpath(posixpath.join(folder, link.partition("#")[0]))
        if not inside.startswith(_OUTSIDE) and not link.endswith("/"):
            return found[0]
        path = posixpath.normpath(posixpath.join("docs", inside))
        return f"[{text}]({source}/blob/HEAD/{quote(path)})" if source else text

    return _LINK.sub(led, markdown)
