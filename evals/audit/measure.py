"""Sessions in the shapes of three versions, sound ones and ones with something planted, and what the audit says."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from evals.audit.plants import PLANTS, SOUND, Plant
from evals.boundaries.claude_code import Client, Shape
from evals.boundaries.clone import PAUSE, Clone
from evals.boundaries.sessions import SETS, Recorded, sessions
from evals.rates import Rate
from gitmem.bootstrap.shipped import watched_clients
from gitmem.proof import audit
from gitmem.session import session_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evals.boundaries.claude_code import Fired

SHAPES = {
    "2.0": Shape(version="2.0.76", prompt_ids=False, stop_reasons=False, git_operations=False),
    "2.1.4x": Shape(
        version="2.1.42", prompt_ids=False, stop_reasons=False, git_operations=False, progress=True
    ),
    "2.1.33x": Shape(version="2.1.331"),
}
_EACH = 4  # sessions with a plant of one kind, in each version
_LONG = 150  # calls; longer ones are used where nothing shorter has what a plant needs
_FOUND, _ACCUSED = 0.95, 0.02  # targets


@dataclass(slots=True, kw_only=True)
class Case:
    """A session as it ran, and what was planted in it (None: nothing)."""

    name: str
    shape: str
    plant: Plant | None
    gaps: list[str] = field(default_factory=list)


def run() -> tuple[dict[str, Rate], list[str]]:
    """Return the rates by name, and the cases that fail, one a line."""
    cases = [case for shape in SHAPES for case in _cases(shape)]
    planted: defaultdict[str, list[bool]] = defaultdict(list)
    by_shape: defaultdict[str, list[bool]] = defaultdict(list)
    accused: defaultdict[str, list[bool]] = defaultdict(list)
    misses = []
    for case in cases:
        told = f"{case.shape} {case.name}: {' | '.join(case.gaps) or 'no gap'}"
        if case.plant is None:
            accused[SOUND].append(bool(case.gaps))
            accused[f"{SOUND}, {case.shape}"].append(bool(case.gaps))
            misses += [f"accused, though sound: {told}"] * bool(case.gaps)
            continue
        found, others = case.plant.found(case.gaps), case.plant.others(case.gaps)
        planted[case.plant.name].append(found)
        by_shape[case.shape].append(found)
        accused["beside what is planted"].append(bool(others))
        misses += [f"not found: {told}"] * (not found)
        misses += [f"accused beside, {', '.join(sorted(others))}: {told}"] * bool(others)
    every = [found for kind in planted.values() for found in kind]
    return {
        "found: all": _share(every, _FOUND),
        **{f"found: {shape}": _share(found) for shape, found in by_shape.items()},
        **{f"found: {name}": _share(found) for name, found in planted.items()},
        **{
            f"accused: {name}": Rate(
                count=sum(found), total=len(found), target=_ACCUSED, low_is_good=True
            )
            for name, found in accused.items()
        },
    }, misses


def _cases(shape: str) -> list[Case]:
    """Run the sessions of one version in a clone of its own, and audit it."""
    base = sorted(
        (session for folder in SETS for session in sessions(folder)), key=lambda one: one.calls
    )
    with tempfile.TemporaryDirectory() as name:
        clone = Clone(Path(name).resolve())
        cases = [
            _run(clone, shape, session, None, frozenset(), f"{SOUND}-{session.name}")
            for session in base
        ]
        hooks = {session.name: _hooks(clone, shape, session) for session in base}
        for plant in PLANTS:
            for number, (session, hit) in enumerate(_places(plant, base, hooks)):
                label = "".join(letter if letter.isalnum() else "-" for letter in plant.name)
                cases.append(_run(clone, shape, session, plant, hit, f"{label}-{number}"))
        gaps = _gaps(clone)
    for case in cases:
        case.gaps += gaps[case.name]
    return cases


def _places(
    plant: Plant, base: Sequence[Recorded], hooks: dict[str, list[Fired]]
) -> Iterator[tuple[Recorded, frozenset[int]]]:
    """The sessions that a plant goes into, spread over short and long ones, and the hooks that it hits."""
    found = []
    for turn, session in enumerate(base):
        hit = plant.chosen(hooks[session.name], turn)
        if hit or plant.how == "unheard":
            found.append((session, hit))
    short = [one for one in found if one[0].calls <= _LONG] or found
    step = max(1, len(short) // _EACH)
    yield from short[step // 2 :: step][:_EACH]


def _hooks(clone: Clone, shape: str, session: Recorded) -> list[Fired]:
    """The hooks of a session that runs well; its transcript is thrown away."""
    client = clone.client(replace(session, name="dry"), SHAPES[shape])
    client = replace(client, commit=lambda _: "0" * 40)
    hooks = list(_events(clone, client))
    client.transcript.unlink()
    return hooks


def _events(clone: Clone, client: Client) -> Iterator[Fired]:
    events = [client.start()]
    for step in client.session.steps:
        yield from filter(clone.has_hook, events)
        events = []
        for fired in client.take(step):
            if clone.has_hook(fired):
                yield fired
    yield from filter(clone.has_hook, events)


def _run(
    clone: Clone,
    shape: str,
    session: Recorded,
    plant: Plant | None,
    hit: frozenset[int],
    name: str,
) -> Case:
    """Run a session with a plant in it."""
    client = clone.client(replace(session, name=name), SHAPES[shape])
    how = plant.how if plant else ""
    unheard = how == "unheard"
    for place, fired in enumerate(_events(clone, client)):
        if place in hit and how == "lost":
            continue
        if place in hit and how == "fails":
            clone.write_down(fired, error="OSError: [Errno 28] No space left on device")
            continue
        if place in hit and how == "in vain":
            clone.write_down(fired, did="nothing")
            continue
        words = clone.fire(fired)
        if unheard and words and "nudged" in words.did:
            unheard = False
            continue
        client.hear(fired.name, words.model if words else "")
        if place in hit and how == "erased":
            _erase(clone, name)
    clone.now = client.now + PAUSE
    return Case(name=name, shape=shape, plant=plant)


def _erase(clone: Clone, name: str) -> None:
    """Take the last mark of a commit out of a session's file."""
    file = Path(session_file.path(clone.repo.folder, name))
    lines = file.read_text(encoding="utf-8").splitlines()
    last = max(at for at, line in enumerate(lines) if line.startswith("mark commit "))
    file.write_text("".join(f"{line}\n" for at, line in enumerate(lines) if at != last))


def _gaps(clone: Clone) -> dict[str, tuple[str, ...]]:
    scope = audit.AuditScope(
        since=0,
        clients=watched_clients(),
        environ=clone.environ,
        tops=(str(clone.top),),
        target="",
        by_itself=False,
    )
    report = audit.read(clone.repo, scope, clone.now)
    return {one.evidence.session: one.gaps for one in report.sessions}


def _share(found: Sequence[bool], target: float | None = None) -> Rate:
    return Rate(count=sum(found), total=len(found), target=target)
