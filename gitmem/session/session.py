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
_SOURCE = 20  # letters
_PROCESSES = 1 << 31  # no process has a larger number
TOLD = "told"  # the line that a boot leaves once it has spoken of the session
ASKED = "asked"  # the line that a boot leaves once it has asked about the session's last turn
_BOOT = "boot "
SAID = "said"  # of a `work` line: a person said something, and nothing was done yet
# Boundaries of every session that did anything at all: no chapter was closed by them.
_EVERYDAY = (
    boundary.TURN,
    boundary.TOKENS,
    boundary.TASK,
    boundary.WORDS,
    boundary.COMPACTION,
)


class Session:
    """What is known of a session.

    ``pending`` are the boundaries marked and not nudged yet, ``seen`` the ids of all that were ever
    marked; ``taints`` are the tools that brought untrusted text in since the last nudge; ``worked`` says that
    something happened since the last nudge or flag, ``busy`` that tools were called; ``failed`` are the commands that did not work since;
    ``compacting`` says that a summary is being made, ``compacted`` when the last one was done; ``base`` and
    ``limit`` are tokens: at the last nudge, and where the client compacts; ``pressed`` says that a compaction was
    announced; ``base`` is None after a compaction, until something was counted; ``held`` are the digests of the calls and guards of which a call was held, ``holds`` how often one was;
    ``turn`` is the id of the last prompt, ``requests`` how many requests the model has answered since the start or the last
    nudge (as far as they were counted); ``told`` says that the whole nudge is in its context.

    For a boot that looks back: ``marked`` are the boundaries since the last boot that spoke of the session, without
    the everyday ones; ``flagged`` says that a flag was made in it at all, ``ended`` that its end was seen, ``asked_about``
    that a boot asked about its last turn; ``process`` and ``started`` are the client's process number (0: unknown)
    and start, ``tree`` is the work tree's digest.

    For a flag about the person: ``began`` is the client's word for what began at the first boot here (empty: it had
    none; None: there was no boot), ``strange`` says that untrusted text ever entered.
    """

    __slots__ = (
        "asked_about",
        "base",
        "began",
        "busy",
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
        "requests",
        "seen",
        "shown",
        "started",
        "strange",
        "tainted_before",
        "tainted_whole",
        "taints",
        "tasks",
        "told",
        "tree",
        "turn",
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
        base: int | None = 0,
        limit: int = 0,
        pressed: bool = False,
        requests: int = 0,
        told: bool = False,
        turn: str = "",
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
        self.requests = requests
        self.told = told
        self.turn = turn
        self.marked: list[str] = []
        self.shown: list[str] = []  # keys of the lines of memory that were shown
        self.tasks: list[tuple[str, str, str]] = []  # of sub-agents: turn, kind, words
        self.held: list[str] = []
        self.holds = 0
        self.busy = worked
        self.flagged = self.ended = self.asked_about = False
        self.process = 0
        self.started = self.tree = ""
        self.tainted_before = False  # the chapter that the last nudge closed
        self.began: str | None = None
        self.strange = False
        self.tainted_whole = False  # all since the last compaction

    @property
    def tainted(self) -> bool:
        """Whether a flag made in the session now may repeat untrusted text.

        That is what entered since the boundary before the last nudge: what is flagged in answer to a
        nudge comes from the chapter that the nudge closed, or after a compaction from the whole summary.
        """
        return self.tainted_before or bool(self.taints)

    def left(self, between: int) -> bool:
        """Return whether its last turn did something that no nudge, flag or boot has asked about.

        What came less than ``between`` requests after a nudge counts only where it waits for no distance.
        """
        marked = {*self.pending} - {boundary.TURN, *boundary.ASIDE}
        if self.asked_about or not (self.busy or marked):
            return False
        far = not self.told or self.requests >= between
        return far or not marked.isdisjoint(boundary.AT_ONCE)


def lines(action: Action) -> list[str]:
    """Return the lines an action leaves in the session's file; none for one that only speaks."""
    prefix = _PREFIXES.get(action.kind)
    if prefix is None:
        return []
    about = [" ".join(map(_plain, word.split(" ", 1))) for word in action.about]
    if action.kind in _APART:
        return [f"{prefix} {word}" for word in about]
    return [" ".join([prefix, *about])]


def boot_line(process: int, started: str, top: str, source: str = "") -> str:
    """Return the line of a boot: the client's process number and start, a digest of the work tree's top, the source.

    ``source`` is the client's word for what began: a new session, one that goes on, a fork.
    """
    word = "".join([letter for letter in source if letter.isalpha()])[:_SOURCE]
    return f"boot {process} {started} {boundary.short_word(top)} {word}".rstrip()


def flag_line(ids: Sequence[str]) -> str:
    """Return the line of flags that were made."""
    return " ".join(["flag", *ids])


def task_line(turn: str, kind: str, text: str) -> str:
    """Return the line of a sub-agent's task: the turn, the agent's kind, and its words as hexadecimal UTF-8."""
    return f"task {_plain(turn)} {_plain(kind)} {text.encode('utf-8', 'replace').hex()}"


def fold(text: str) -> Session:
    """Return the session that the lines of a file tell of; unknown lines are skipped."""
    session = Session()
    before = ""
    for line in text.split("\n"):
        if line == before and line.startswith(_BOOT):
            continue  # a session that is started again and again says nothing new
        before = line
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
    session.pending.append(name)
    session.asked_about = False
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
    session.tainted_whole = session.strange = True


def _nudge(session: Session, words: Sequence[str]) -> None:
    compaction = boundary.COMPACTION in words
    session.tainted_before = session.tainted_whole if compaction else bool(session.taints)
    session.tainted_whole = session.tainted_whole and not compaction
    session.pending = []
    session.taints = []
    session.worked = session.busy = session.compacting = False
    session.requests = 0
    # What a boot asks about another session is in words of its own.
    session.told = session.told or boundary.LAST_TURN not in words
    session.pressed = session.pressed or boundary.PRESSURE in words


def _work(session: Session, words: Sequence[str]) -> None:
    session.worked = True
    if SAID not in words:
        session.busy = True
        session.asked_about = False


def _turn(session: Session, words: Sequence[str]) -> None:
    session.turn = "".join(words[:1])
    session.seen += words[1:2]


def _request(session: Session, _: Sequence[str]) -> None:
    session.requests += 1


def _flag(session: Session, _: Sequence[str]) -> None:
    session.worked = session.busy = False
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
    session.base = None
    session.pressed = session.told = session.compacting = False


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


def _asked(session: Session, _: Sequence[str]) -> None:
    session.asked_about = True


def _end(session: Session, _: Sequence[str]) -> None:
    session.ended = True


def _boot(session: Session, words: Sequence[str]) -> None:
    session.ended = False
    number = _number(words)
    session.process = number if number < _PROCESSES else 0
    session.started = "".join(words[1:2])
    session.tree = "".join(words[2:3])
    if words and session.began is None:
        session.began = "".join(words[3:4])


def _number(words: Sequence[str]) -> int:
    return int(words[0]) if words and words[0].isdecimal() and len(words[0]) < 12 else 0  # noqa: PLR2004 - digits


_STEPS = {
    "mark": _mark,
    "seen": _seen,
    "taint": _taint,
    "nudge": _nudge,
    "work": _work,
    "turn": _turn,
    "request": _request,
    "flag": _flag,
    "failed": _failed,
    "held": _held,
    "tokens": _tokens,
    "shown": _shown,
    "task": _task,
    "compacting": _compacting,
    "compacted": _compacted,
    TOLD: _told,
    ASKED: _asked,
    "end": _end,
    "boot": _boot,
}
_PREFIXES = {
    boundary.MARK_SEEN: "seen",
    boundary.MARK_BOUNDARY: "mark",
    boundary.MARK_TAINT: "taint",
    boundary.MARK_WORK: "work",
    boundary.MARK_TURN: "turn",
    boundary.MARK_REQUEST: "request",
    boundary.MARK_FLAG: "flag",
    boundary.MARK_FAILED: "failed",
    boundary.MARK_HELD: "held",
    boundary.MARK_TOKENS: "tokens",
    boundary.MARK_SHOWN: "shown",
    boundary.MARK_COMPACTING: "compacting",
    boundary.MARK_COMPACTED: "compacted",
    boundary.NUDGE: "nudge",
    boundary.REMIND: "nudge",
    boundary.MARK_END: "end",
}
_APART = (boundary.MARK_SEEN, boundary.MARK_BOUNDARY, boundary.MARK_FAILED, boundary.MARK_SHOWN)
