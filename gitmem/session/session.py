"""A session as its file tells it: actions become lines, lines fold into a value (pure, hot lane).

The lines, and what each means, are in `docs/data-model.md`.
"""

from __future__ import annotations

from gitmem.session import boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.session.boundary import Action

_FAILURES = 50  # how many failed commands are waited for
_TASKS = 64  # tasks of sub-agents that are known at a time
_PROCESSES = 1 << 31  # no process has a larger number
TOLD = "told"  # the line that a boot leaves once it has spoken of the session
# Boundaries of every session that did anything at all: no chapter was closed by them.
_EVERYDAY = (boundary.TURN, boundary.TOKENS)


class Session:
    """What is known of a session.

    ``pending`` are the boundaries marked and not nudged yet, ``seen`` the ids of all that were ever
    marked; ``taints`` are the tools that brought untrusted text in since the last nudge; ``worked`` says that
    something happened since the last nudge or flag; ``failed`` are the commands that did not work since;
    ``compacting`` says that a summary is being made, ``compacted`` when the last one was done; ``base`` and
    ``limit`` are tokens: at the last nudge, and where the client compacts; ``pressed`` says that a compaction was
    announced; ``held`` are the digests of the calls and guards of which a call was held, ``holds`` how often one was;
    ``resting`` that nothing happened since the nudge after a compaction, so that one request may carry both.

    For a boot that looks back: ``marked`` are the boundaries since the last boot that spoke of the session, without
    the everyday ones; ``flagged`` says that a flag was made in it at all, ``ended`` that its end was seen;
    ``process`` and ``started`` are the client's process number (0: unknown) and start.
    """

    __slots__ = (
        "base",
        "compacted",
        "compacting",
        "ended",
        "failed",
        "flagged",
        "held",
        "holds",
        "limit",
        "marked",
        "pending",
        "pressed",
        "process",
        "resting",
        "seen",
        "shown",
        "started",
        "tainted_before",
        "tainted_whole",
        "taints",
        "tasks",
        "worked",
    )

    def __init__(  # noqa: PLR0913 - a record
        self,
        pending: Sequence[str] = (),
        seen: Sequence[str] = (),
        taints: Sequence[str] = (),
        *,
        worked: bool = False,
        failed: Sequence[str] = (),
        compacting: bool = False,
        compacted: str = "",
        base: int = 0,
        limit: int = 0,
        pressed: bool = False,
        resting: bool = False,
    ) -> None:
        self.pending = list(pending)
        self.seen = list(seen)
        self.taints = list(taints)
        self.worked = worked
        self.failed = list(failed)
        self.compacting = compacting
        self.compacted = compacted
        self.base = base
        self.limit = limit
        self.pressed = pressed
        self.resting = resting
        self.marked: list[str] = []
        self.shown: list[str] = []  # keys of the lines of memory that were shown
        self.tasks: list[tuple[str, str, str]] = []  # of sub-agents: turn, kind, words
        self.held: list[str] = []
        self.holds = 0
        self.flagged = self.ended = False
        self.process = 0
        self.started = ""
        self.tainted_before = False  # the chapter that the last nudge closed
        self.tainted_whole = False  # all since the last compaction

    @property
    def tainted(self) -> bool:
        """Whether a flag made in the session now may repeat untrusted text.

        That is what entered since the boundary before the last nudge: what is flagged in answer to a
        nudge comes from the chapter that the nudge closed, or after a compaction from the whole summary.
        """
        return self.tainted_before or bool(self.taints)


def lines(action: Action) -> list[str]:
    """Return the lines an action leaves in the session's file; none for one that only speaks."""
    prefix = _PREFIXES.get(action.kind)
    if prefix is None:
        return []
    about = [" ".join(map(_plain, word.split(" ", 1))) for word in action.about]
    if action.kind in _APART:
        return [f"{prefix} {word}" for word in about]
    return [" ".join([prefix, *about])]


def boot_line(process: int, started: str) -> str:
    """Return the line of a boot: the client's process number and start."""
    return f"boot {process} {started}"


def flag_line(ids: Sequence[str]) -> str:
    """Return the line of flags that were made."""
    return " ".join(["flag", *ids])


def task_line(turn: str, kind: str, text: str) -> str:
    """Return the line of a sub-agent's task: the turn, the agent's kind, and its words as hexadecimal UTF-8."""
    return f"task {_plain(turn)} {_plain(kind)} {text.encode('utf-8', 'replace').hex()}"


def fold(text: str) -> Session:
    """Return the session that the lines of a file tell of; unknown lines are skipped."""
    session = Session()
    for line in text.split("\n"):
        words = line.split(" ")
        step = _STEPS.get(words[0])
        if step:
            step(session, words[1:])
    return session


def counted(kinds: Sequence[str]) -> str:
    """Return how many of each kind, such as ``2 commits, 1 sub-agent``."""
    return ", ".join(
        [
            f"{kinds.count(kind)} {kind}{'s' if kinds.count(kind) > 1 else ''}"
            for kind in dict.fromkeys(kinds)
        ]
    )


def _plain(text: str) -> str:
    """Return a text as one word of a line: what a client calls things is not ours to trust."""
    return "".join([letter if "!" <= letter <= "~" else "_" for letter in text[:200]])


def _mark(session: Session, words: Sequence[str]) -> None:
    if len(words) != 2:  # noqa: PLR2004 - boundary, id; anything else is a torn line
        return
    name, key = words
    session.resting = False
    session.pending.append(name)
    if name not in _EVERYDAY:
        session.marked.append(name)
    if key:
        session.seen.append(key)
    if name == boundary.RECOVERY and key in session.failed:
        session.failed.remove(key)


def _seen(session: Session, words: Sequence[str]) -> None:
    session.seen += words[:1]


def _taint(session: Session, words: Sequence[str]) -> None:
    session.taints.append(" ".join(words))
    session.tainted_whole = True


def _nudge(session: Session, words: Sequence[str]) -> None:
    compaction = boundary.COMPACTION in words
    session.tainted_before = session.tainted_whole if compaction else bool(session.taints)
    session.tainted_whole = session.tainted_whole and not compaction
    session.pending = []
    session.taints = []
    session.worked = session.compacting = False
    session.resting = compaction
    session.pressed = session.pressed or boundary.PRESSURE in words


def _work(session: Session, _: Sequence[str]) -> None:
    session.worked = True
    session.resting = False


def _flag(session: Session, _: Sequence[str]) -> None:
    session.worked = False
    session.pending = []
    session.flagged = True


def _held(session: Session, words: Sequence[str]) -> None:
    session.held += words
    session.holds += 1


def _failed(session: Session, words: Sequence[str]) -> None:
    session.failed = [*session.failed, *words[:1]][-_FAILURES:]


def _tokens(session: Session, words: Sequence[str]) -> None:
    session.base = _number(words)


def _compacting(session: Session, words: Sequence[str]) -> None:
    session.compacting = True
    reached = _number(words)
    # The client looks after a request only, so it may have been late: the least is nearest.
    session.limit = min(session.limit or reached, reached or session.limit)


def _compacted(session: Session, words: Sequence[str]) -> None:
    session.compacted = "".join(words[:1])
    session.base = 0
    session.pressed = False


def _shown(session: Session, words: Sequence[str]) -> None:
    session.shown += words[:1]


def _task(session: Session, words: Sequence[str]) -> None:
    try:
        text = bytes.fromhex(words[2]).decode("utf-8", "replace")
    except (IndexError, ValueError):
        return  # a torn line
    session.tasks = [*session.tasks, (words[0], words[1], text)][-_TASKS:]


def _told(session: Session, _: Sequence[str]) -> None:
    session.marked = []


def _end(session: Session, _: Sequence[str]) -> None:
    session.ended = True


def _boot(session: Session, words: Sequence[str]) -> None:
    session.ended = False
    number = _number(words)
    session.process = number if number < _PROCESSES else 0
    session.started = "".join(words[1:2])


def _number(words: Sequence[str]) -> int:
    return int(words[0]) if words and words[0].isdecimal() and len(words[0]) < 12 else 0  # noqa: PLR2004 - digits


_STEPS = {
    "mark": _mark,
    "seen": _seen,
    "taint": _taint,
    "nudge": _nudge,
    "work": _work,
    "flag": _flag,
    "failed": _failed,
    "held": _held,
    "tokens": _tokens,
    "shown": _shown,
    "task": _task,
    "compacting": _compacting,
    "compacted": _compacted,
    TOLD: _told,
    "end": _end,
    "boot": _boot,
}
_PREFIXES = {
    boundary.MARK_SEEN: "seen",
    boundary.MARK_BOUNDARY: "mark",
    boundary.MARK_TAINT: "taint",
    boundary.MARK_WORK: "work",
    boundary.MARK_FLAG: "flag",
    boundary.MARK_FAILED: "failed",
    boundary.MARK_HELD: "held",
    boundary.MARK_TOKENS: "tokens",
    boundary.MARK_SHOWN: "shown",
    boundary.MARK_COMPACTING: "compacting",
    boundary.MARK_COMPACTED: "compacted",
    boundary.NUDGE: "nudge",
    boundary.MARK_END: "end",
}
_APART = (boundary.MARK_SEEN, boundary.MARK_BOUNDARY, boundary.MARK_FAILED, boundary.MARK_SHOWN)
