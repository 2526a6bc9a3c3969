"""The console blocks of the documentation, run in a sandbox: a block says to which story it belongs."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.sandbox import PATIENCE, Sandbox, changed_environment

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

BLOCK = re.compile(r"<!-- run: (\w+) -->\n```console\n(.*?)```\n", re.DOTALL)
#: A flag's id as the pages write it: with a digit, so that no word is one, and no object name.
ID = re.compile(r"\b(?=[a-z]*[2-7])(?=[2-7a-f]*[g-z])[a-z2-7]{12}\b")
#: The beginning of an object name.
OID = re.compile(r"\b(?=[a-f]*[0-9])(?:[0-9a-f]{12}|[0-9a-f]{7})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of a console block, and the lines it shows below it."""

    command: str
    shown: list[str] = field(default_factory=list)


def text() -> str:
    """All pages, one after another."""
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def steps(story: str) -> list[Step]:
    """The commands of all blocks of one story, in order."""
    found: list[Step] = []
    for name, block in BLOCK.findall(text()):
        for line in block.splitlines() if name == story else ():
            if line.startswith("$ "):
                found.append(Step(command=line.removeprefix("$ ")))
            else:
                found[-1].shown.append(line)
    return found


def pattern(line: str, known: dict[str, str]) -> str:
    """A shown line as a regular expression: ids, ages and column widths differ from run to run.

    An id that is ``known`` must come again; a new one becomes a group named after it.
    """
    parts = [re.escape(part) for part in re.split(r"\s+", line)]
    wanted = r"\s+".join(parts).replace(r"just\s+now", r"(?:just\s+now|\d+\s+\w+)")
    wanted = OID.sub(lambda name: f"[0-9a-f]{{{len(name[0])}}}", wanted)
    for word in dict.fromkeys(ID.findall(wanted)):
        again = re.escape(known[word]) if word in known else f"(?P<{word}>[a-z2-7]{{12}})"
        wanted = wanted.replace(word, again, 1)
    return wanted


def matched(shown: list[str], said: list[str], known: dict[str, str]) -> None:
    """Asserts that a command said what is shown, in order; `...` stands for any lines."""
    at, anywhere = 0, False
    for line in shown:
        if line == "...":
            anywhere = True
            continue
        wanted = re.compile(pattern(line, known))
        places = range(at, len(said) if anywhere else min(at + 1, len(said)))
        hit = next((place for place in places if wanted.fullmatch(said[place].rstrip())), None)
        assert hit is not None, f"the page shows {line!r}; it said {said[at:]!r}"
        known.update((wanted.fullmatch(said[hit].rstrip()) or {}).groupdict())  # type: ignore[union-attr]
        at, anywhere = hit + 1, False
    assert anywhere or at == len(said), f"the page leaves out {said[at:]!r}"


def ran(
    command: str, sandbox: Sandbox, bin_folder: Path, **more: str
) -> subprocess.CompletedProcess[str]:
    """Runs one command as a person types it, with a gitmem in ``bin_folder``; what it says is in ``stdout``.

    ``more`` is added to the environment.
    """
    environment = changed_environment(more)
    environment["PATH"] = f"{bin_folder}{os.pathsep}{environment['PATH']}"
    return subprocess.run(
        ["bash", "-c", command],
        cwd=sandbox.path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )


def run(story: str, sandbox: Sandbox, bin_folder: Path) -> None:
    """Runs every command of a story in the sandbox and compares what it says."""
    known: dict[str, str] = {}
    told = steps(story)
    assert told, f"no page tells the story {story}"
    for step in told:
        command = step.command
        for short, whole in known.items():
            for length in range(12, 3, -1):
                command = re.sub(rf"\b{short[:length]}\b", whole[:length], command)
        done = ran(command, sandbox, bin_folder)
        assert done.returncode == 0, f"{command} answered {done.returncode}: {done.stdout}"
        matched(step.shown, done.stdout.splitlines(), known)
