"""What a boot that is not silent says: what waits, and what the last turn of a session left (hot lane).

A module of its own, because a silent boot does not load it.
"""

from __future__ import annotations

from gitmem.core import quantities

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.records.states import State
    from gitmem.session.boundary import Event, Words

_NAMED = 3  # sessions
_MOST = 2  # sessions whose last turn is asked about, the latest
_HEAD = 120  # characters of what a person said
_ACTIVE = "@<[`"  # without one of these nothing in a line is active
_LOOKED_AT = 4_000  # characters of it in which a secret is looked for


def what_waits(state: State, now: float) -> list[str]:
    """Return how many flags wait, how old they are, from which sessions, and what to do; empty when none wait."""
    found = []
    if state.undrained or state.unreadable:
        count = len(state.undrained) + len(state.unreadable)
        verb = "waits" if count == 1 else "wait"
        details = _details(state.undrained, now)
        # A close leaves what this version cannot read in the queue.
        then = "Drain them: gitmem close" if state.undrained else "Upgrade gitmem to drain them"
        found.append(f"{quantities.count(count, 'flag')} {verb} undrained{details}. {then}")
    if state.conflicts:
        count = len(state.conflicts)
        has = "1 flag has" if count == 1 else f"{count} flags have"
        found.append(f"{has} two different lines under one id. See both: gitmem log")
    proposed = state.proposed
    if proposed:
        found.append(
            f"{quantities.count(len(proposed), 'flag')} in review{_details(proposed, now)}. "
            "Look and land them: gitmem review, then gitmem accept"
        )
    return found


def look_at_spool(repo: Repository, now: float) -> list[str]:
    """Make the clone's spool if it is not there; return what waits in it and what of it was refused."""
    from gitmem.queue import refused, spool

    try:
        spool.prepare(repo.folder, repo.top, repo.environ.get("TMPDIR", ""))
        number = spool.count(repo.folder, now) if spool.come(repo.folder) else 0
        lost = refused.read(repo.folder)
    except OSError as error:  # `flag` says NOT SAVED in a sandbox, and doctor why
        return (
            [f"the spool cannot be looked at: {error.strerror or error}"]
            if spool.places(repo.folder)
            else []
        )
    said = []
    if number:
        verb = "waits" if number == 1 else "wait"
        said.append(
            f"{quantities.count(number, 'flag')} {verb} in the spool. Save them, or see why not: gitmem status"
        )
    if lost:
        was = "was" if len(lost) == 1 else "were"
        said.append(
            f"{quantities.count(len(lost), 'spooled flag')} {was} refused and {'is' if len(lost) == 1 else 'are'} not in the queue "
            f"({lost[-1].reason}). See them: gitmem status"
        )
    return said


def ask_about_last_turn(
    repo: Repository, event: Event, left: Sequence[tuple[str, bool]], words: Words
) -> None:
    """Add a nudge about what sessions left to the words of a boot, and mark it in their files and this one's.

    ``left`` are sessions and whether each was tainted, the latest first. A session whose transcript tells nothing is
    passed over: the model could not answer. Raises OSError.
    """
    from gitmem.boundaries import nudge
    from gitmem.clients import registry
    from gitmem.session import boundary, session_file
    from gitmem.session.session import ASKED

    client = registry.find(event.client)
    transcripts = client.transcripts() if client else None
    if transcripts is None or not event.transcript:
        return
    asked: list[str] = []
    strange = False
    for session, tainted in left:
        said = transcripts.last_said(event.transcript, session, repo.top)
        heads = [head for one in said if (head := _head(one))]
        if not heads or len(asked) == _MOST:
            continue
        asked.append(nudge.about_last_turn(session, heads, tainted=tainted))
        session_file.mark(repo.folder, session, [ASKED])
        strange = strange or tainted
    if not asked:
        return
    # What is flagged in answer may repeat what that session had read.
    marks = [f"taint {boundary.LAST_TURN}"] if strange else []
    asks = f"nudge {boundary.LAST_TURN}"
    session_file.mark(repo.folder, event.session, [*marks, asks])
    words.model = "\n".join([part for part in (words.model, *asked) if part])
    words.did = ", ".join([part for part in (words.did, "nudged") if part])
    words.decided = [*words.decided, asks]


def _details(flags: Sequence[Flag], now: float) -> str:
    first = quantities.oldest([flag.at for flag in flags])
    details = [f"oldest: {quantities.ago(first, now)}"] if first else []
    sessions = sorted({flag.session for flag in flags if flag.session})
    if sessions:
        named = ", ".join([name[:8] for name in sessions[:_NAMED]])
        more = f" and {len(sessions) - _NAMED} more" if len(sessions) > _NAMED else ""
        details.append(f"from session{'s' if len(sessions) > 1 else ''} {named}{more}")
    return f" ({'; '.join(details)})" if details else ""


def _head(said: str) -> str:
    """The beginning of what a person said, in one harmless line of whole words; empty where a secret is in it."""
    from gitmem.safety import secrets, text

    if secrets.find_secret(said[:_LOOKED_AT]):
        return ""
    plain = " ".join(said[:_LOOKED_AT].split()).replace('"', "'")
    head = plain[:_HEAD]
    if len(plain) > _HEAD:
        whole = head.rpartition(" ")[0]
        head = f"{whole or head} ..."
    if any(sign in head for sign in _ACTIVE):
        from gitmem.safety import harmless  # its expressions cost more than the rest of a boot

        head = harmless.harmless(head)
    return text.visible(head)
