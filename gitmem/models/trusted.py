"""What may choose a model's server inside an agent client, where a repository can set variables.

A client reads a settings file of the repository and puts its variables into the session. So inside
one, the environment's word about the way of the flags counts only as far as a person confirms it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitmem.core.errors import Refused
from gitmem.models.endpoint import VENDOR, endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping


# How the names of variables end by which programs of models find their server.
_ELSEWHERE = ("_BASE_URL", "_API_BASE", "_API_BASE_URL", "_API_URL", "_ENDPOINT")
# What Node.js, sh, bash, Perl and Ruby run or load before the program that was asked for.
_BEFORE_ALL = ("NODE_OPTIONS", "BASH_ENV", "ENV", "PERL5OPT", "PERL5LIB", "RUBYOPT")


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


def check_program(environ: Mapping[str, str], *, client: str, named: str, top: str) -> None:
    """The same for the program `claude`, which hears the same variables: its own server, or ``named``."""
    if environ.get("ANTHROPIC_BASE_URL") or environ.get("ANTHROPIC_CUSTOM_HEADERS"):
        # Whether it has a key or a login of its own is the program's affair.
        keyed = {**environ, "ANTHROPIC_API_KEY": "own"}
        check_server(keyed, client=client, named=named, top=top)


def for_program(environ: Mapping[str, str], *, client: str, keeps: str = "") -> dict[str, str]:
    """The environment of a program that is asked inside ``client``; whole outside of one.

    Without what leads programs to another server, or makes an interpreter run code of the
    repository's before theirs. ``keeps`` begins the names that were looked at already.
    """
    if not client:
        return dict(environ)
    return {
        name: value
        for name, value in environ.items()
        if (keeps and name.startswith(keeps))
        or not (name.endswith(_ELSEWHERE) or name in _BEFORE_ALL)
    }


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
