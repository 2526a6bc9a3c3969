"""Whether a flag may go into the person's own memory (hot lane).

What is in there reaches every session in every repository. So text of strangers must not get in: neither from a
session that has read some, nor from one of which that cannot be told.
"""

from __future__ import annotations

from gitmem.core import agent_clients as clients
from gitmem.core.errors import Refused
from gitmem.session import session_file
from gitmem.session.boundary import FORKED, RESUMED
from gitmem.session.session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.git.repository import Repository

_INSTEAD = (
    "flag it without --mine, for this repository, or have the person run it in their own terminal"
)


def refuse_strange(environ: Mapping[str, str], session: str, here: Repository | None) -> None:
    """Raise Refused unless a person makes the flag, or an agent whose session is known ``here`` and never was tainted.

    What a session has read stays in its context, so a taint counts to its end, and not to a nudge as in a repository.
    ``here`` is the repository that the command was started in; None: there is none. What is known of a session is in
    the repository that it began in: in any other one, a taint would not be seen.
    """
    client = clients.inside(environ)
    named = [one for one in dict.fromkeys([session, *clients.sessions(environ)]) if one]
    if not client and not named:
        return
    known = [_known(here, one) for one in named] if here is not None else []
    if not known or not all(map(_began_here, known)):
        raise Refused(
            f"this runs inside {client or 'an agent client'}, in a session of which gitmem does not know here what it "
            "has read, and your own memory reaches every repository",
            hint=_INSTEAD,
        )
    if any(one.strange for one in known):
        raise Refused(
            "untrusted text has entered this session, and your own memory reaches every repository",
            hint=_INSTEAD,
        )


def _known(here: Repository, session: str) -> Session:
    """Return what the session's file says in this repository; nothing where it cannot be read."""
    if not session_file.is_named(session):
        return Session()
    try:
        return session_file.read(here.folder, session)
    except OSError:
        return Session()


def _began_here(session: Session) -> bool:
    """Return whether the session began in this repository, with gitmem's hooks, and knew nothing before.

    A session that was resumed or forked from another one may have read anything before its first line here.
    """
    return session.began is not None and session.began not in (RESUMED, FORKED)
