"""One trial: a command meets a fault, the fault is lifted, the command runs again; what is judged."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.injection import Around, Fault, InPython
from tests.faults.world import NEW, Answer, Command, World

#: The exit codes that say anything but "a bug".
_HONEST = frozenset({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130})
_PROBE_NAME = 8  # characters, as `tempfile` makes them up


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What a trial found: whether the fault was met, the answer to it, and what was wrong with that."""

    hit: bool
    answer: Answer
    wrong: list[str] = field(default_factory=list)


def trial(command: Command, fault: Fault, at: int, base: World, to: Path) -> Verdict:
    """Runs it in a copy of ``base`` at ``to``."""
    world = base.copied(to)
    before = world.accounted()
    arguments = command.arguments(world)
    env = fault.env if isinstance(fault, Around) else {}
    answer = world.run(*arguments, inject=fault.inject(world, at), env=env, given=command.given)
    verdict = Verdict(hit=(world.folder / "hit").exists(), answer=answer)
    if not verdict.hit:
        return verdict
    killed = isinstance(fault, InPython) and fault.what == "kill"
    _judge_answer(command, world, verdict, killed=killed)
    if isinstance(fault, Around):
        fault.lift(world)
    _judge_after(command, world, verdict, before, arguments)
    return verdict


def _judge_answer(command: Command, world: World, verdict: Verdict, *, killed: bool) -> None:
    answer = verdict.answer
    if answer.hung:
        verdict.wrong.append("hung")
    if answer.code not in _HONEST and not (killed and answer.code == -signal.SIGKILL):
        verdict.wrong.append(f"exit {answer.code}")
    for word in ("Traceback", "a bug in gitmem"):
        if word in answer.err:
            verdict.wrong.append(word)
    if command.argv[0] in ("flag", "snag"):
        kept = f'"text":"{NEW}"' in world.journal()
        if kept and "NOT SAVED" in answer.err:
            verdict.wrong.append("NOT SAVED though kept")
        if not kept and answer.code == 0:
            verdict.wrong.append("exit 0 though not kept")
    if command.argv[0] == "hook" and answer.code and not killed:
        verdict.wrong.append(f"a hook ended with {answer.code}")


def _judge_after(
    command: Command, world: World, verdict: Verdict, before: set[str], arguments: list[str]
) -> None:
    """The fault is gone: everything that was acknowledged is there, and the command works."""
    lost = before - world.accounted()
    if lost:
        verdict.wrong.append(f"lost {sorted(lost)}")
    again = world.run(*arguments, given=command.given)
    if again.code not in (_HONEST - {3}) or "Traceback" in again.err:
        verdict.wrong.append(f"again: exit {again.code} {again.err.strip()[-300:]}")
    status = world.run("status")
    if status.code:
        verdict.wrong.append(f"status: exit {status.code} {status.err.strip()[-300:]}")
    lost = before - world.accounted()
    if lost:
        verdict.wrong.append(f"lost in the rerun {sorted(lost)}")
    complaint = world.sandbox.git(
        "fsck", "--strict", "--no-dangling", "--connectivity-only", check=False
    )
    if complaint:
        verdict.wrong.append(f"fsck: {complaint[:200]}")
    litter = [path for path in world.litter() if "tmp/pytest" not in path and not _probe(path)]
    if litter:
        verdict.wrong.append(f"litter {litter}")


def _probe(path: str) -> bool:
    """Whether it is the file by which Python's `tempfile` looks whether a folder can be written to.

    A process that is killed between the two calls that make it and take it away leaves it.
    """
    file = Path(path)
    return file.is_file() and len(file.name) == _PROBE_NAME and file.read_bytes() in {b"", b"blat"}
