"""What is timed: the repositories, and the commands run in them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

from gitmem.core.flag import Flag, make, new_id
from gitmem.memory import guard
from gitmem.memory.guard import Guard
from gitmem.queue.prune import prune
from gitmem.recall import view_file
from gitmem.records.drain_record import Fate, Header, Outcome, Run, render
from gitmem.session import session_file
from tests.bench import measure
from tests.bench.measure import Case
from tests.support.queues import folder_of, journal, new_flag, publish, repository_of
from tests.support.sandbox import GITMEM, Sandbox

PYTHON = GITMEM.with_name("python")
SIZES = (0, 1_000, 10_000, 100_000)
CHECKED = 10_000  # flags in the repository that `check` is timed on
FLAG_LIMIT = 2.1
HOOK_LIMIT = 1.25
BACK_LIMIT = 1.35  # a boot that also reads the rows of an earlier session's transcript
NUDGE_LIMIT = 2.0
MCP_LIMIT = 2.0
TRANSCRIPT_LIMIT = (
    1.15  # a batch in a session with a huge transcript against one in a short session
)
CHECK_LIMIT = 45.0
GUARDS = 200
_BATCH_IN = "hook: PostToolBatch, transcript "
SKILLS, LINES, CLOSES = 40, 2_000, 50
LOOPS_LIMIT = 90.0
_SNAG_EVERY, _BACK = 4, 20
_STEP = 1_000  # flags of one commit, so that the history looks like one that grew
_SESSION = "bench"


def baseline(folder: Path) -> Case:
    """The interpreter doing nothing: the unit of all ratios."""
    return Case(name="python -c pass", command=[PYTHON, "-c", "pass"], folder=folder)


def imports(folder: Path) -> list[Case]:
    """Why `gitmem.core.jsonline` is what it is."""
    return [
        Case(name=f"python: import {name}", command=[PYTHON, "-c", f"import {name}"], folder=folder)
        for name in ("_json", "json", "subprocess")
    ]


def hooks(folder: Path) -> list[Case]:
    """Hooks that find nothing to say, and the one that nudges."""
    empty = repository(folder, "empty")
    drained = repository(folder, "drained")
    land(drained, grow(drained, _STEP))
    return [
        hook("hook: PostToolUse without a commit", empty, "PostToolUse", tool_name="Bash"),
        hook("hook: PostToolBatch, nothing marked", empty, "PostToolBatch"),
        hook("hook: Stop", empty, "Stop", prompt_id="p"),
        *grown(empty),
        plugin("hook: a call in OpenCode", empty),
        hook("hook: SessionStart, empty queue", empty, "SessionStart", source="startup"),
        hook("hook: SessionStart, all drained", drained, "SessionStart", source="startup"),
        resumed(folder, drained, "short", 1 << 16),
        resumed(folder, drained, "200 MB", 200 << 20),
        nudge(empty),
        guarded(folder),
        prompted(folder),
        mcp(empty),
    ]


def hook(name: str, sandbox: Sandbox, event: str, **fields: object) -> Case:
    """A hook as the client starts it."""
    payload = {"hook_event_name": event, "session_id": _SESSION, "cwd": str(sandbox.path)}
    return Case(
        name=name,
        command=[GITMEM, "hook", "claude-code", event],
        folder=sandbox.path,
        stdin=json.dumps({**payload, "duration_ms": 50, **fields}),
        says="",
        limit=HOOK_LIMIT,
    )


def plugin(name: str, sandbox: Sandbox) -> Case:
    """A call's end as the plugin of OpenCode tells it."""
    told = {"session_id": _SESSION, "cwd": str(sandbox.path), "tool_name": "read"}
    return Case(
        name=name,
        command=[GITMEM, "hook", "opencode", "after"],
        folder=sandbox.path,
        stdin=json.dumps({**told, "tool_input": {"filePath": "a"}, "duration_ms": 50}),
        says="",
        limit=HOOK_LIMIT,
    )


def mcp(sandbox: Sandbox) -> Case:
    """A server that is started, asked what it is, and left."""
    asked = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "host"}}
    line = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": asked}
    return Case(
        name="mcp: initialize",
        command=[GITMEM, "mcp"],
        folder=sandbox.path,
        stdin=json.dumps(line) + "\n",
        says="serverInfo",
        limit=MCP_LIMIT,
    )


def resumed(folder: Path, sandbox: Sandbox, name: str, size: int) -> Case:
    """A boot after a session that did all it should: committed, was seen and flagged, and ended.

    Its transcript is that long; the boot has 30 ledger lines and two of its boundaries to look at.
    """
    projects = folder / f"projects-{size}"
    projects.mkdir()
    transcript = projects / "before.jsonl"
    with transcript.open("wb") as file:
        file.seek(size)
        file.write(b"\n")
    git_dir = folder_of(sandbox)

    def prepare() -> None:
        # As if the session had run since the last boot, which was two minutes ago.
        now = int(time.time())
        (git_dir / "boot").write_text(f"ledger 0 0\njudged {now - 180}\n", encoding="utf-8")
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now - 90))
        with transcript.open("r+b") as file:
            file.seek(size + 1)
            for number in range(2):
                commit = {"gitOperation": {"commit": {"sha": f"abc123{number}"}}}
                row = {"type": "user", "timestamp": at + ".123Z", "cwd": str(sandbox.path)}
                file.write(json.dumps({**row, "toolUseResult": commit}).encode() + b"\n")
        line = {"at": at + "Z", "client": "claude-code", "event": "PostToolUse", "did": "nothing"}
        text = json.dumps({**line, "session": "before"}, separators=(",", ":")) + "\n"
        (git_dir / "ledger.jsonl").write_text(text * 30, encoding="utf-8")
        marks = f"boot 1 1\nmark commit {'a' * 40}\nnudge commit\nflag abcdefghijkl\nend other\n"
        (git_dir / "sessions").mkdir(exist_ok=True)
        (git_dir / "sessions" / "before").write_text(marks, encoding="utf-8")

    case = hook(
        f"hook: SessionStart, transcript {name}",
        sandbox,
        "SessionStart",
        source="startup",
        transcript_path=str(projects / "now.jsonl"),
    )
    case.prepare = prepare
    case.limit = BACK_LIMIT
    return case


def guarded(folder: Path) -> Case:
    """The hook before a tool call, in a repository with many guards, none of which fits."""
    sandbox = repository(folder, "guarded")
    lines = [
        Guard(["Bash"], f"*tool{number}*--force*", "look first").line for number in range(GUARDS)
    ]
    sandbox.commit("guards", {guard.FILE: "\n".join([*lines, ""])})
    call = {"tool_name": "Bash", "tool_input": {"command": "make test ARGS='-k guards'"}}
    case = hook(f"hook: PreToolUse, {GUARDS} guards", sandbox, "PreToolUse", **call)
    measure.once(case)  # the first call reads the guards from the target's tree
    return case


def prompted(folder: Path) -> Case:
    """A prompt, in a repository whose memory a session has loaded."""
    sandbox = repository(folder, "prompted")
    view_file.refresh(repository_of(sandbox))
    said = {"prompt": "please run the build and the tests"}
    return hook("hook: UserPromptSubmit, all loaded", sandbox, "UserPromptSubmit", **said)


def nudge(sandbox: Sandbox) -> Case:
    """The batch after a commit."""
    case = hook("hook: PostToolBatch that nudges", sandbox, "PostToolBatch")
    folder = str(folder_of(sandbox))
    case.prepare = lambda: session_file.mark(folder, _SESSION, [f"mark commit {'a' * 40}"])
    case.says = "gitmem flag"
    case.limit = NUDGE_LIMIT
    return case


def transcripts(hooks: Sequence[Case]) -> tuple[Case, Case]:
    """Of the hooks the batch in a session with a short transcript, and with a huge one."""
    short, huge = [case for case in hooks if case.name.startswith(_BATCH_IN)]
    return short, huge


def grown(sandbox: Sandbox) -> list[Case]:
    """A batch in a session with a short transcript, and in one with a huge one."""
    cases = []
    for name, size in (("short", 0), ("200 MB", 200_000_000)):
        file = sandbox.path.with_name(f"{name}.jsonl")
        usage = {"model": "claude-opus-5-5", "usage": {"input_tokens": 20_000}}
        row = {"type": "assistant", "timestamp": "2026-11-20T10:00:07.000Z", "message": usage}
        with file.open("w", encoding="utf-8") as rows:
            while rows.tell() < size:
                rows.write((json.dumps({"type": "user", "text": "x" * 4000}) + "\n") * 1000)
            rows.write(json.dumps(row) + "\n")
        cases.append(
            hook(
                f"{_BATCH_IN}{name}",
                sandbox,
                "PostToolBatch",
                transcript_path=str(file),
                tool_calls=[{"tool_name": "Read"}],
            )
        )
    return cases


def flags(folder: Path) -> list[Case]:
    """A flag, on queues from empty to large."""
    cases = []
    for size in SIZES:
        sandbox = repository(folder, f"queue-{size}")
        grow(sandbox, size)
        cases.append(flag(f"flag, {size:,} queued", sandbox))
    cases.append(
        flag("flag --topic, 1,000 queued", Sandbox(folder / "queue-1000"), "--topic", "ci")
    )
    return cases


def flag(name: str, sandbox: Sandbox, *options: str) -> Case:
    """A flag that is in the journal and on the branch when the command ends."""
    text = "the build cache is keyed by the lock file, not by the branch"
    return Case(
        name=name,
        command=[GITMEM, "flag", "--json", text, *options],
        folder=sandbox.path,
        says='"saved":"queue"',
        limit=FLAG_LIMIT,
    )


def check(folder: Path) -> Case:
    """`check` on a repository with many undrained flags."""
    sandbox = Sandbox(folder / f"queue-{CHECKED}")
    return Case(
        name=f"check, {CHECKED:,} queued",
        command=[GITMEM, "check", "--json"],
        folder=sandbox.path,
        codes=(1,),
        limit=CHECK_LIMIT,
    )


def loops(folder: Path) -> Case:
    """`loops` where there is much: skills, memory, records of many closes, and snags that came back."""
    sandbox = repository(folder, "loops")
    skills = {
        f".claude/skills/skill-{number}/SKILL.md": (
            f"---\nname: skill-{number}\ndescription: How part {number} is built and released.\n---\n\n"
            f"# Part {number}\n\n## Steps\n\n1. Build it.\n"
        )
        for number in range(SKILLS)
    }
    files = {**skills, "memory/facts.md": "# Facts\n"}
    for close in range(CLOSES):
        each = LINES // CLOSES
        outcomes = [_outcome(close * each + number) for number in range(each)]
        files["memory/facts.md"] += "".join(f"- {one.line}\n" for one in outcomes)
        header = Header(drain=f"drain-{close:04}", at="", queue="", run=Run(engine="bench"))
        sandbox.commit(
            "close", {f".gitmem/drains/drain-{close:04}.jsonl": render(header, outcomes)}
        )
    sandbox.commit("memory", files)
    for number in range(_BACK):
        again = _outcome(number * _SNAG_EVERY).flag.id
        made = {"id": new_id(os.urandom(12)), "kind": "snag", "text": f"part {number} broke again"}
        journal(sandbox, [make({**made, "better": "look first", "again": again})])
    assert publish(sandbox).reason == ""
    return Case(
        name=f"loops, {SKILLS} skills, {LINES:,} lines",
        command=[GITMEM, "loops", "--json"],
        folder=sandbox.path,
        says='"recurred"',
        limit=LOOPS_LIMIT,
    )


def _outcome(number: int) -> Outcome:
    """A record line; every fourth is a snag's."""
    digits = "".join(chr(ord("a") + int(digit)) for digit in f"{number:012}")
    snag = number % _SNAG_EVERY == 0
    text = f"part {number % 97} of the build broke in step {number}"
    fields = {"id": digits, "kind": "snag" if snag else "fact", "text": text}
    flag = make({**fields, "better": f"check step {number} first"} if snag else fields)
    fate = Fate.EDITED if snag else Fate.ADDED
    file = "CLAUDE.md" if snag else "memory/facts.md"
    return Outcome(flag=flag, fate=fate, file=file, line=flag.better or flag.text)


def repository(folder: Path, name: str) -> Sandbox:
    """A repository with one commit that no tool of today made."""
    sandbox = Sandbox(folder / name)
    sandbox.path.mkdir()
    sandbox.git("init", "-q")
    os.environ["GIT_COMMITTER_DATE"] = "2020-01-01T00:00:00Z"
    sandbox.commit("start", {"README.md": "# A project\n"})
    del os.environ["GIT_COMMITTER_DATE"]
    return sandbox


def grow(sandbox: Sandbox, count: int) -> list[Flag]:
    """Queues flags without a process for each."""
    made: list[Flag] = []
    for start in range(0, count, _STEP):
        step = [new_flag(f"fact number {start + number} of many") for number in range(_STEP)]
        journal(sandbox, step)
        assert publish(sandbox).reason == ""
        made += step
    if count:
        sandbox.git("gc", "--quiet")
    return made


def land(sandbox: Sandbox, queued: Sequence[Flag]) -> None:
    """Records the flags as drained on main and prunes them."""
    lines = [f'{{"id":"{one.id}","outcome":"added"}}\n' for one in queued]
    sandbox.commit("drain", {".gitmem/drains/a.jsonl": "".join(lines)})
    done = prune(repository_of(sandbox), {one.id for one in queued})
    assert done.branch_gone, done.reason
