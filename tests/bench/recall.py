"""`python -m tests.bench.recall`: what memory costs with LINES lines of it, as ratios to an empty Python.

Prints each hook that looks for lines, `gitmem recall`, and the parts that dominate: reading the tree,
building the index, one search in process, the sizes of the index and of the view. LINES and ROUNDS are
variables. Returns 1 when a limit is passed; `make bench` has the hooks among its rows.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from gitmem.recall import corpus, index, view_file
from gitmem.recall.search import Question, search
from gitmem.recall.view import path_of
from tests.bench import cases, measure
from tests.bench.measure import Case
from tests.support.queues import folder_of, repository_of
from tests.support.sandbox import GITMEM, Sandbox
from tests.support.seal import FOUND, seal

LINES = int(FOUND.get("LINES", "10000"))
SILENT_LIMIT, SHOWN_LIMIT, FAILURE_LIMIT = 1.2, 1.5, 3.0
RECALL_LIMIT = 6.0  # 75 ms where an empty Python takes 12.5
RECALL_SECONDS = 0.15  # of a cached search, beside the start of the command
_IN_TOPIC = 25  # lines of a topic file, as large as one part may be
_SUBJECTS = [
    "cache",
    "queue",
    "renewal",
    "invoice",
    "timetable",
    "berth",
    "sensor",
    "ledger",
    "parser",
    "gateway",
]
_HAPPENS = [
    "is",
    "emptied",
    "before",
    "restarts",
    "locks",
    "fails",
    "waits",
    "keeps",
    "rejects",
    "copies",
    "loses",
]


def memory(folder: Path) -> Sandbox:
    """A repository with LINES lines of memory, half of which cite a file."""
    sandbox = cases.repository(folder, "memory")
    files = {".gitmem/config.yaml": "version: 1\ntarget: main\n"}  # the warm way needs it
    for number in range(LINES):
        topic = f"memory/part-{number // _IN_TOPIC:04}.md"
        subject, happens = _SUBJECTS[number % 10], _HAPPENS[number // 10 % 10]
        cited = f"src/part{number % 97}/module{number}.py" if number % 2 else f"step{number}"
        line = (
            f"- The {subject} of unit{number} {happens} when {cited} runs with flag{number % 13}\n"
        )
        files[topic] = files.get(topic, f"# Part {number // _IN_TOPIC}\n\n") + line
    sandbox.commit("memory", files)
    view_file.refresh(repository_of(sandbox))
    return sandbox


def hooks(sandbox: Sandbox) -> list[Case]:
    """A read that no line is about, one that a line is about, and a failure that shares words."""
    session = str(folder_of(sandbox) / "sessions" / "bench")

    def forget() -> None:
        Path(session).unlink(missing_ok=True)

    def batch(name: str, path: str, says: str, limit: float) -> Case:
        call = {"tool_name": "Read", "tool_input": {"file_path": str(sandbox.path / path)}}
        calls = [{**call, "tool_use_id": "toolu_1", "tool_response": "x"}]
        case = cases.hook(name, sandbox, "PostToolBatch", tool_calls=calls)
        case.prepare, case.says, case.limit = forget, says, limit
        return case

    failure = cases.hook(
        f"hook: a failed command, {LINES:,} lines",
        sandbox,
        "PostToolUseFailure",
        tool_name="Bash",
        tool_input={"command": "make renewal"},
        error="Error: renewal of unit4712 is locked",
    )
    failure.prepare, failure.says, failure.limit = forget, "unit4712 ", FAILURE_LIMIT
    return [
        batch(f"hook: a silent read, {LINES:,} lines", "docs/other.txt", "", SILENT_LIMIT),
        batch(
            f"hook: a read that shows, {LINES:,} lines",
            "src/part1/module1.py",
            "unit1 ",
            SHOWN_LIMIT,
        ),
        failure,
    ]


def recall(sandbox: Sandbox) -> Case:
    """The command, with the index kept: after its first run, which is not timed, it answers the warm way."""
    return Case(
        name=f"recall, {LINES:,} lines",
        command=[GITMEM, "recall", "renewal", "unit4712", "--json"],
        folder=sandbox.path,
        says="unit4712 ",
        limit=RECALL_LIMIT,
    )


def parts(sandbox: Sandbox) -> bool:
    """Prints what the work inside one process costs; whether a search takes too long."""
    repo = repository_of(sandbox)
    commit = sandbox.git("rev-parse", "HEAD")
    lines = corpus.read(repo, commit, "memory")
    _told("read the tree's lines", lambda: corpus.read(repo, commit, "memory"))
    _told("build the index", lambda: index.build(lines).close())
    _told("make the view", lambda: view_file.refresh(repo))
    _told("open the kept index", lambda: index.open_index(repo, commit, "memory").close())
    question = Question(words="the renewal of unit4712 waits for the gateway")
    with closing(index.open_index(repo, commit, "memory")) as opened:
        _told("search it", lambda: search(opened, question, 5))

    def whole() -> None:
        with closing(index.open_index(repo, commit, "memory")) as opened:
            search(opened, question, 5)

    spent = _told("open and search", whole)
    kept = folder_of(sandbox) / "recall.sqlite"
    print(f"index {kept.stat().st_size:,} bytes, view {Path(path_of(repo)).stat().st_size:,} bytes")
    return spent > RECALL_SECONDS


def _told(name: str, work: Callable[[], object]) -> float:
    """Prints and returns the median CPU seconds of five runs."""
    spent = []
    for _ in range(5):
        before = time.process_time() + measure.used()
        work()
        spent.append(time.process_time() + measure.used() - before)
    middle = sorted(spent)[2]
    print(f"  {name:24} {middle * 1000:8.1f} ms cpu")
    return middle


def main() -> int:
    """Prints the table; returns 1 when a limit is passed."""
    from tests.bench.run import row  # which has the hooks of this module among its own

    rounds = int(FOUND.get("ROUNDS", "20"))
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name).resolve()
        (folder / "home").mkdir()
        seal(patch, folder / "home")
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        sandbox = memory(folder)
        base = cases.baseline(folder)
        timed = [base, *hooks(sandbox), recall(sandbox)]
        measure.run(timed, rounds)
        over = [row(case, base) for case in timed]
        slow = parts(sandbox)
    print(f"{GITMEM}; {rounds} interleaved rounds; {os.cpu_count()} cores; {LINES:,} lines")
    return 1 if any([*over, slow]) else 0


if __name__ == "__main__":
    sys.exit(main())
