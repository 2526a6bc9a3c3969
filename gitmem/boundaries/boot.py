"""Session start: say loudly what waits and what went wrong since, or nothing (hot lane).

Where every flag stands follows from a few refs and files. While none of them has changed since a
boot that was silent, the next one is silent too, and costs no git process.
"""

from __future__ import annotations

import os

from gitmem.core.errors import GitmemError, Overdue
from gitmem.git import local
from gitmem.git.repository import ARCHIVE, BRANCH, NAME
from gitmem.session.boundary import Words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository
    from gitmem.records.target import Target
    from gitmem.session.boundary import Event

_COMPACTED = "compact"  # the session goes on: nothing has begun, and nothing ended
#: What a boot says that ran out of time.
OVERDUE = (
    "cannot tell what waits: the look at the queue took too long. Look yourself: gitmem status"
)
_LONGEST = 600  # characters of one sentence
_MOST = 10  # sentences; memory follows them, and all together stays below 9,000 characters
_REQUEST = (
    "The person decides when to drain; mention it once if it fits. When you learn something durable "
    "in this session, run: gitmem flag 'what is durable'"
)


def words(repo: Repository, now: float, event: Event | None = None) -> Words:
    """Return what to say to person and model at a boot; nothing when everything has landed and all went well.

    What cannot be told is said too, unless nothing was ever flagged here. Without an ``event`` only
    the queue is looked at. Raises OSError when the queue cannot be read.
    """
    since, left = _since(repo, event, now) if event is not None and event.session else ([], [])
    waiting, known = _waiting(repo, now)
    own = [] if event is None or event.detail == _COMPACTED else _own()
    words = _words(repo, [*since, *waiting, *own], known=known, certain=bool(since))
    if left and event is not None:
        from gitmem.boundaries import boot_words

        boot_words.ask_about_last_turn(repo, event, left, words)
    return words


def _own() -> list[str]:
    """Return what to say of the person's own memory; a boot without one loads no more than the look takes."""
    from gitmem.git import mine

    if not mine.may_be_there():
        return []
    from gitmem.queue import mine as queued

    said = queued.sentence(queued.waiting())
    return [said] if said else []


def _words(repo: Repository, said: Sequence[str], *, known: bool, certain: bool) -> Words:
    if not said:
        return Words("" if known else "could not tell")
    person = _shown(said)
    model = f"{person}\n{_REQUEST}{_topics(repo)}" if certain or known else ""
    return Words("said boot words" if known else "could not tell", person=person, model=model)


def _topics(repo: Repository) -> str:
    # A silent boot does not look.
    from gitmem.records import topic_list

    found = topic_list.sentence(repo)
    return f". {found}" if found else ""


def still_quiet(repo: Repository) -> bool:
    """Return whether nothing changed since `remember_quiet`; False when nothing is remembered."""
    remembered = local.read(_quiet_path(repo))
    if not remembered:
        return False
    names = remembered.split(b"\n", 1)[0].decode("utf-8", "surrogateescape").split(" ")
    return remembered == look(repo, names)


def deciding_refs(target: Target) -> list[str]:
    """Return the refs that decide, beside gitmem's own."""
    return [target.ref, target.upstream_ref or target.ref, target.shared_ref or target.ref]


def look(repo: Repository, names: Sequence[str]) -> bytes:
    """Return all that the states depend on, as bytes to compare; the first line holds ``names``.

    Empty where refs are no files (reftable).
    """
    if os.path.isdir(repo.common + "/reftable"):
        return b""
    files = [repo.git_dir + "/HEAD", f"{repo.common}/refs/remotes/origin/HEAD"]
    files += [f"{repo.common}/{ref}" for ref in (*names, BRANCH, ARCHIVE, *_tracking(repo))]
    lines = [" ".join(names).encode("utf-8", "surrogateescape")]
    # Refs are often the same.
    texts = {file: local.read(file).strip() for file in dict.fromkeys(files)}
    lines += [texts[file] for file in files]
    lines += [
        local.state_of(repo.folder + "/journal"),
        local.state_of(repo.folder + "/spool"),
        local.state_of(repo.folder + "/refused.jsonl"),
        local.state_of(repo.common + "/packed-refs"),
        local.state_of(repo.common + "/config"),
        local.state_of(repo.top + "/.gitmem/config.yaml"),
    ]
    return b"\n".join(lines)


def remember_quiet(repo: Repository, seen: bytes) -> None:
    """Keep what `look` saw before a boot that turned out silent."""
    if not seen or seen == local.read(_quiet_path(repo)):
        return
    local.make_folder(repo.folder)
    lock = local.Lock(_quiet_path(repo) + ".lock")
    if lock.attempt():
        local.write_whole(_quiet_path(repo), seen)
        lock.release()


def _since(repo: Repository, event: Event, now: float) -> tuple[list[str], list[tuple[str, bool]]]:
    """Return what went wrong since the last boot, or that this cannot be told, and the sessions that left a turn."""
    if event.detail == _COMPACTED:
        return [], []
    from gitmem.boundaries import lookback

    try:
        return lookback.look(repo, event, now)
    except OSError as error:
        return [f"cannot tell what happened since the last session start: {error}"], []


def _waiting(repo: Repository, now: float) -> tuple[list[str], bool]:
    """Return what to say of the queue, and whether anything can be told of it."""
    if still_quiet(repo):
        return [], True
    # Only now is loaded what reads the queue: it needs more than a silent hook may cost.
    from gitmem.boundaries import boot_words
    from gitmem.records import snapshot, target

    spooled = boot_words.look_at_spool(repo, now)
    try:
        configured = target.configured_name(repo)
        seen = look(repo, deciding_refs(target.find(repo, configured)))
        found = snapshot.take(repo, configured)
    except GitmemError as error:
        return [*spooled, *_cannot_tell(repo, error)], False
    except (
        Overdue
    ):  # the time of a hook is over, and a boot that is silent then looks like a good one
        return [OVERDUE], False
    state = found.state
    said = [*spooled, *boot_words.what_waits(state, now), *found.aside]
    # What is carried or accepted can be taken back by a ref that `quiet` does not look at.
    if not (said or state.carried or state.accepted):
        remember_quiet(repo, seen)
    return said, True


def _cannot_tell(repo: Repository, error: GitmemError) -> list[str]:
    from gitmem.queue.journal import Journal

    if not Journal(repo.folder).exists():
        return []
    hint = f" ({error.hint})" if error.hint else ""
    return [f"cannot tell what waits: {error.message}{hint}"]


def _shown(sentences: Sequence[str]) -> str:
    """Return the sentences as lines that a terminal can only print: ids, errors and reasons are text of others."""
    from gitmem.safety.text import visible

    lines = [f"gitmem: {visible(sentence)[:_LONGEST]}" for sentence in sentences[:_MOST]]
    left = len(sentences) - len(lines)
    return "\n".join([*lines, f"gitmem: {left} more: gitmem status"] if left else lines)


def _quiet_path(repo: Repository) -> str:
    return repo.folder + "/quiet"


def _tracking(repo: Repository) -> list[str]:
    try:
        remotes = sorted(os.listdir(repo.common + "/refs/remotes"))
    except OSError:
        return []
    return [f"refs/remotes/{remote}/{NAME}" for remote in remotes]
