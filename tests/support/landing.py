"""Ways in which a review lands, or does not, on a forge: real git, one bare repository, several clones.

``python -m tests.bench.landing`` prints what gitmem makes of each, and writes it to docs/landing.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gitmem.check.check import check
from gitmem.check.report import CheckRequest
from gitmem.check.terms import STRICT
from gitmem.close.close import CloseRequest, CloseResult
from gitmem.core.errors import GitmemError
from gitmem.drain.verbatim import Verbatim
from gitmem.forge.deliver import ForgeSettings
from gitmem.forge.propose import propose
from gitmem.git.network import Talk
from gitmem.queue import contents
from gitmem.sync import sync
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox

DOCUMENT = Path(__file__).parents[2] / "docs" / "landing.md"
START, END = "<!-- the landing matrix -->", "<!-- end of the landing matrix -->"
HEADING = ("way", "status", "check", "fresh clone", "depth 1", "next close", "queue", "lines")

TEXTS = {
    "The build needs Java 21": {"topic": "build"},
    "Invoices are rounded per line": {"kind": "decision"},
    "Who owns the nightly export?": {"kind": "pending"},
    "pytest hung on the network": {"kind": "snag", "better": "Run pytest with --offline"},
}
LINES = [
    f"{fields['better']} ({text})" if "better" in fields else text for text, fields in TEXTS.items()
]
EDITED = "The build needs Java 21 or newer"
BRANCH = "gitmem/drain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """``bare`` is what is shared, ``closer`` made the review, ``other`` works elsewhere.

    ``maintainer`` is a clone of somebody who has no gitmem.
    """

    bare: Sandbox
    closer: Desk
    other: Desk
    maintainer: Sandbox

    def review(self, desk: Desk | None = None) -> CloseResult:
        """`gitmem close --pr`, onto a forge that only takes pushes."""
        desk = desk or self.closer
        wanted = CloseRequest(engine=Verbatim(), configured=desk.target, folder=desk.folder)
        closed, done = propose(desk.repo, wanted, ForgeSettings(template=""), Talk())
        assert not done.problem, done.problem
        return closed

    def on_main(self, *args: str) -> None:
        """The maintainer fetches, runs one git command on main, and pushes."""
        self.fetched()
        self.maintainer.git(*args)
        self.pushed()

    def fetched(self) -> None:
        self.maintainer.git("checkout", "--quiet", "main")
        self.maintainer.git("fetch", "--quiet", "--prune", "origin")
        self.maintainer.git("reset", "--quiet", "--hard", "origin/main")

    def pushed(self) -> None:
        self.maintainer.git("push", "--quiet", "origin", "main")

    def moved(self) -> None:
        """Other work lands on main."""
        self.fetched()
        self.maintainer.commit("other work", {"src/app.py": "print()\n"})
        self.pushed()

    def merged(self) -> None:
        self.on_main("merge", "--quiet", "--no-ff", "-m", "Merge the review", f"origin/{BRANCH}")

    def squashed(self, message: str) -> None:
        self.fetched()
        self.maintainer.git("merge", "--quiet", "--squash", f"origin/{BRANCH}")
        self.maintainer.git("commit", "--quiet", "--allow-empty-message", "-m", message)
        self.pushed()

    def picked(self, *options: str) -> None:
        self.fetched()
        self.maintainer.git("cherry-pick", *options, f"main..origin/{BRANCH}")
        self.pushed()

    def edited(self, change: Callable[[Sandbox], None], message: str = "review: as said") -> None:
        """A reviewer pushes to the review branch."""
        self.fetched()
        self.maintainer.git("checkout", "--quiet", "-B", "look", f"origin/{BRANCH}")
        change(self.maintainer)
        self.maintainer.git("commit", "--quiet", "--all", "-m", message)
        self.maintainer.git("push", "--quiet", "origin", f"look:{BRANCH}")

    def reverted(self, *options: str) -> None:
        self.on_main("revert", "--no-edit", *options, "HEAD")

    def gone(self) -> None:
        """The forge deletes the review branch."""
        self.bare.git("branch", "-D", BRANCH)

    def looked(self, desk: Desk | None = None) -> None:
        (desk or self.closer).sandbox.git("fetch", "--quiet", "--prune", "origin")

    def pruned(self) -> None:
        """The closer's next close, which lets the queue forget what has landed."""
        self.looked()
        self.closer.close()
        self.synced()

    def synced(self, desk: Desk | None = None) -> None:
        desk = desk or self.closer
        sync.sync(desk.repo, sync.SyncRequest(configured=desk.target))


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way of landing: its name, what happens, and what gitmem must make of it."""

    name: str
    happens: Callable[[Forge], None]
    expected: Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one way came to, in the words of the table.

    ``status``: what is open, in the closer's clone. ``check``: there, in a fresh clone, and in one
    of depth 1. ``close``: what the next one does. ``queue``: its branch here, and at the remote,
    after it (and, where it made a review, after that has landed). ``lines``: how often each line
    stands on the target then.
    """

    status: str = "drained"
    check: str = "passes"
    fresh: str = "passes"
    shallow: str = "passes"
    close: str = "nothing"
    queue: str = "gone, empty"
    lines: str = "once"

    @property
    def cells(self) -> tuple[str, ...]:
        return (
            self.status,
            self.check,
            self.fresh,
            self.shallow,
            self.close,
            self.queue,
            self.lines,
        )


def forge(folder: Path) -> Forge:
    """A project with gitmem's queue shared, and four flags in it."""
    seed = Sandbox(folder / "seed")
    seed.path.mkdir(parents=True)
    seed.git("init", "--quiet")
    seed.commit("start", {"README.md": "# A project\n", "CLAUDE.md": "# Rules\n\n- Be brief.\n"})
    bare = Sandbox(folder / "project.git")
    seed.git("clone", "--quiet", "--bare", ".", str(bare.path))

    def clone(name: str) -> Sandbox:
        seed.git("clone", "--quiet", bare.path.as_uri(), str(folder / name))
        return Sandbox(folder / name)

    made = Forge(
        bare=bare,
        closer=Desk(sandbox=clone("closer")),
        other=Desk(sandbox=clone("other")),
        maintainer=clone("maintainer"),
    )
    for text, fields in TEXTS.items():
        made.closer.flag(text, **fields)
    made.synced()
    return made


def observed(folder: Path, way: Way) -> Seen:
    """Lets one way happen, and looks."""
    made = forge(folder)
    way.happens(made)
    made.looked()
    status = _status(made.closer)
    here = _check(made.closer)
    fresh, shallow = _elsewhere(made, folder, here)
    close = _close(made)
    return Seen(
        status=status,
        check=here,
        fresh=fresh,
        shallow=shallow,
        close=close,
        queue=_queue(made),
        lines=_lines(made),
    )


def _elsewhere(made: Forge, folder: Path, here: str) -> list[str]:
    """What a full and a shallow clone say, now, and after a sync where that is another thing."""
    kinds = {"fresh": (), "shallow": ("--depth=1", "--no-single-branch")}

    def looked(name: str, when: str) -> str:
        path = folder / f"{name} {when}"
        url = made.bare.path.as_uri()
        made.bare.git("clone", "--quiet", *kinds[name], url, str(path))
        return _check(Desk(sandbox=Sandbox(path), target=made.closer.target))

    found = {name: looked(name, "before") for name in kinds}
    if {*found.values()} != {here}:
        made.synced()
        later = {name: looked(name, "after a sync") for name in kinds}
        found = {
            name: said if said == later[name] else f"{said}, {later[name]} after a sync"
            for name, said in found.items()
        }
    return [*found.values()]


def _status(desk: Desk) -> str:
    try:
        state = desk.status().state
    except GitmemError as error:
        return f"exit {error.exit_code}"
    counts = {name: len(flags) for name, flags in state.by_state.items() if name != "drained"}
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "drained"


def _check(desk: Desk) -> str:
    found = check(desk.repo, CheckRequest(configured=desk.target))
    if found.cannot_tell:
        return "cannot tell"
    return "passes" if found.ok(STRICT) else "fails"


def _close(made: Forge) -> str:
    """The next close, and, where it made or kept a review, its landing here and its push."""
    try:
        closed = made.closer.close()
    except GitmemError as error:
        return f"exit {error.exit_code}"
    fates = Counter(outcome.fate.value for outcome in closed.outcomes)
    said = ", ".join(f"{count} {fate}" for fate, count in fates.items()) or "nothing"
    if closed.in_review and not closed.commit:
        said = "it is in review"
    if closed.commit or closed.in_review:
        made.closer.sandbox.git("pull", "--quiet", "--ff-only", "origin", made.closer.target)
        made.closer.accept()
        made.closer.sandbox.git("push", "--quiet", "origin", made.closer.target)
    return said


def _queue(made: Forge) -> str:
    try:
        made.synced()
        tip = made.closer.head("gitmem/queue")
        made.looked()
        remote = contents.read_queue(made.closer.repo).branch.flags
    except GitmemError as error:
        return f"exit {error.exit_code}"
    return f"{'stays' if tip else 'gone'}, {len(remote) or 'empty'}"


def _lines(made: Forge) -> str:
    text = ""
    for ref in ("main", "trunk"):
        if made.bare.git("rev-parse", "--verify", "--quiet", f"refs/heads/{ref}", check=False):
            paths = made.bare.git("ls-tree", "-r", "--name-only", ref).split("\n")
            shown = [path for path in paths if path.endswith(".md")]
            text = "\n".join(made.bare.git("show", f"{ref}:{path}") for path in shown)
    rows = text.splitlines()
    counts = Counter(row.removeprefix("- ").removeprefix("[ ] ") for row in rows)
    found = {line: counts[line] for line in LINES}
    if counts[EDITED]:
        found.pop(LINES[0])
        found[EDITED] = counts[EDITED]
    if set(found.values()) == {1}:
        return "once"
    odd = Counter({0: "none", 1: "once", 2: "twice"}.get(n, str(n)) for n in found.values())
    return ", ".join(f"{count} {name}" for name, count in odd.items())


def rendered(rows: dict[str, Seen]) -> str:
    """The table of docs/landing.md."""
    lines = [HEADING, tuple("---" for _ in HEADING)]
    lines += [(name, *seen.cells) for name, seen in rows.items()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
