"""What may choose a model's server inside an agent client, where a repository can set variables.

A client reads a settings file of the repository and puts its variables into the session. So inside
one, the environment's word about the way of the flags counts only as far as a person confirms it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitmem.domain.errors import Refused
from gitmem.llm.endpoint import VENDOR, endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_server(environ: Mapping[str, str], *, client: str, named: str, top: str) -> None:
    """Refuses a way to a server that only the repository at ``top`` may have set.

    ``client`` is the agent client this runs in, ``named`` the server that the person named: a host
    with its port, or a whole address where it is plain http. Raises Refused, and what `endpoint`
    raises.
    """
    where = endpoint(environ)
    plain = urlsplit(where.url).scheme == "http"
    # What goes to this machine goes through no proxy, so nobody on the way could read it.
    open_way = plain and not where.is_here
    address = f"http://{where.host}" if open_way else where.host
    trusted = {named, "" if open_way else urlsplit(VENDOR).hostname}
    if address not in trusted:
        raise Refused(
            f"this runs inside {client}, where a repository's settings can name the server "
            f"{address} (ANTHROPIC_BASE_URL)",
            hint=f"if that server is yours: git config gitmem.host {address}",
        )
    if environ.get("ANTHROPIC_CUSTOM_HEADERS"):
        raise Refused(
            f"this runs inside {client}, where a repository's settings can set "
            "ANTHROPIC_CUSTOM_HEADERS, which every request would carry",
            hint="unset it, or close in your own terminal",
        )
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if environ.get(name) and _inside(environ[name], top):
            raise Refused(
                f"this runs inside {client}, and {name} names certificates in the repository's "
                "work tree",
                hint="keep your own certificates outside of it, or close in your own terminal",
            )


def confirmed(name: str, said: str, *, client: str, own: str, key: str) -> str:
    """What the variable ``name`` says, ``said``; raises Refused where it may not count.

    Inside a client it counts when the person's setting ``key`` says the same (``own``).
    """
    if client and said and said != own:
        raise Refused(
            f"this runs inside {client}, where a repository's settings can set {name}",
            hint=f"if the choice is yours: git config gitmem.{key} {said}, or unset {name}",
        )
    return said


def _inside(path: str, top: str) -> bool:
    real, root = os.path.realpath(path), os.path.realpath(top)
    return real == root or real.startswith(root.rstrip("/") + "/")
