"""`python -m tests.bench.price`: what the questions of a close weigh, beside those of an earlier commit, and cost.

Makes one repository (256 flags; 1,000 lines of memory in 20 topics with a drain record, 40 open items, 60
instructions) and runs `gitmem plan` in it as this tree has it and as BEFORE (a commit, default 4da2dce) had
it. Prints bytes and tokens (a fourth of the characters: no tokenizer is at hand), side by side, and fails
above 1.3 times. Then the questions are asked of a loopback server that counts as the vendor's prompt cache
does, with the mark, without, and by a message batch: the dollars of the recorded usage, and their ratios to
without. Fails at 1 or more.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from evals.shown.fillers import fillers
from evals.shown.project import pairs
from gitmem.drain.model_engine import SHARED
from gitmem.models.reply import Prompt
from gitmem.models.served import Means
from gitmem.models.usage import Usage, together
from gitmem.records.drain_record import Fate, Header, Outcome, Run, render
from tests.support.batches import Batches
from tests.support.messages_api import Asked, MessagesApi
from tests.support.prompt_cache import PromptCache, made_for
from tests.support.queues import journal, new_flag, publish
from tests.support.sandbox import Sandbox
from tests.support.seal import FOUND, seal

BEFORE = FOUND.get("BEFORE", "4da2dce")
MOST = 1.3
FLAGS, LINES, TOPICS, ITEMS, RULES = 256, 1_000, 20, 40, 60
_PENDING, _SNAGS = 16, 20  # of the flags
_TOKEN = 4  # characters
_TOP = Path(__file__).resolve().parents[2]
_START = "import sys; from gitmem.cli.entry import main; sys.argv[0] = 'gitmem'; sys.exit(main())"
_WORKS = ("memory", "pending", "rules")


def build(sandbox: Sandbox) -> None:
    """Fill the repository with memory and a queue; every line is one that a drain filed."""
    project = pairs()[0].project
    own = [(pair.flag, pair.line) for pair in pairs() if pair.project == project]
    made = fillers(project, own, lines=LINES, flags=FLAGS)
    topics = [f"topic-{'abcdefghijklmnopqrst'[number]}" for number in range(TOPICS)]
    files: dict[str, list[str]] = defaultdict(list)
    for number, line in enumerate(made.lines[:LINES]):
        files[f"memory/{topics[number % TOPICS]}.md"].append(line)
    outcomes = [
        Outcome(flag=new_flag(line), fate=Fate.ADDED, file=file, line=line)
        for file, lines in files.items()
        for line in lines
    ]
    texts = {file: _described(file) + _list(lines) for file, lines in files.items()}
    texts["memory/PENDING.md"] = "# Pending\n\n" + _list(
        [f"[ ] {one}" for one in made.items[:ITEMS]]
    )
    texts["CLAUDE.md"] = "# Rules\n\n" + _list(list(made.rules[:RULES]))
    header = Header(
        drain="20251130T120000Z-aaaaaa",
        at="2025-11-30T12:00:00Z",
        queue="",
        run=Run(engine="verbatim"),
    )
    texts[f".gitmem/drains/{header.drain}.jsonl"] = render(header, outcomes)
    sandbox.commit("memory", texts)
    flags = []
    for number, text in enumerate(made.flags[:FLAGS]):
        if number < _PENDING:
            flags.append(new_flag(f"{text}?", kind="pending"))
        elif number < _PENDING + _SNAGS:
            flags.append(new_flag(text, kind="snag", better=made.rules[number % len(made.rules)]))
        else:
            flags.append(new_flag(text))
    journal(sandbox, flags)
    publish(sandbox)


def _described(file: str) -> str:
    """Return the beginning of a topic file with a description of its own, as long as a question shows."""
    told = f"What {file} holds, in some words that a person or a model may have given it here."
    return f"---\nname: {file[7:-3]}\ndescription: {told}\n---\n\n# Topic\n\n"


def _list(lines: list[str]) -> str:
    return "".join(f"- {line}\n" for line in lines)


def questions(sandbox: Sandbox, tree: Path) -> list[dict[str, object]]:
    """Return what `gitmem plan` of a tree prints."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tree)!r}); {_START}", "plan"],
        cwd=sandbox.path,
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def earlier(folder: Path) -> Path:
    """Return the tree of BEFORE in a temporary folder."""
    packed = subprocess.run(
        ["git", "-C", str(_TOP), "archive", BEFORE], capture_output=True, check=True
    ).stdout
    with tarfile.open(fileobj=BytesIO(packed)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def weights(asked: list[dict[str, object]]) -> dict[str, tuple[int, int, int]]:
    """Return, for each kind of work and all together, the questions, their bytes and their characters."""
    found: dict[str, tuple[int, int, int]] = dict.fromkeys((*_WORKS, "all"), (0, 0, 0))
    for one in asked:
        sent = f"{one['system']}{one['text']}{json.dumps(one['schema'])}"
        for name in (str(one["work"]), "all"):
            count, size, letters = found[name]
            found[name] = count + 1, size + len(sent.encode()), letters + len(sent)
    return found


def _keeps(asked: Asked) -> object:
    """Return an answer about as long as a real one: an operation with its text for each flag."""
    flags = json.loads(asked.text.splitlines()[1])
    return {"operations": [{"op": "keep", "flags": [f["id"]], "text": f["text"]} for f in flags]}


def prompts_of(asked: list[dict[str, object]], *, mark: bool) -> list[Prompt]:
    """Return the prompts of questions, marked for the prompt cache where a close marks them."""
    number = Counter(str(one["work"]) for one in asked)
    return [
        Prompt(
            system=str(one["system"]),
            text=str(one["text"]),
            schema=dict(one["schema"]),  # type: ignore[call-overload]
            shared=mark and number[str(one["work"])] >= SHARED,
        )
        for one in asked
    ]


def asked_as(asked: list[dict[str, object]], *, mark: bool) -> Usage:
    """Return the usage of questions that are all asked at once, of a server that stands for the vendor."""
    prompts = prompts_of(asked, mark=mark)
    with MessagesApi(PromptCache(_keeps)) as server, ThreadPoolExecutor(8) as pool:
        model = made_for(server, Means(clock=time.monotonic, chance=lambda: 0.5))
        model.warm()
        until = time.monotonic() + 60
        replies = list(pool.map(lambda prompt: model.ask(prompt, until=until), prompts))
        model.stop()
    return together([reply.usage for reply in replies])


def batched(asked: list[dict[str, object]]) -> Usage:
    """Return the usage of the same questions in one message batch."""
    prompts = {f"q{number}": one for number, one in enumerate(prompts_of(asked, mark=False))}
    with MessagesApi(Batches(answer=PromptCache(_keeps))) as server:
        model = made_for(server, Means(clock=time.monotonic, chance=lambda: 0.5))
        model.warm()
        batches, until = model.batches(), time.monotonic() + 60
        name = batches.send(prompts, until)
        batches.wait(name, until)
        found = batches.results(name, prompts, until)
        model.stop()
    assert found is not None
    assert len(found.replies) == len(prompts)
    return together([reply.usage for reply in found.replies.values()])


def main() -> int:
    """Print the tables; return 1 above MOST times the weight before, or when the cache saves nothing."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name).resolve()
        (folder / "home").mkdir()
        before = earlier(folder / "before")
        seal(patch, folder / "home")
        sandbox = Sandbox(folder / "project")
        sandbox.path.mkdir()
        sandbox.git("init", "--quiet", "--initial-branch=main")
        build(sandbox)
        then = weights(questions(sandbox, before))
        asked = questions(sandbox, _TOP)
        now = weights(asked)
        plain, cached = asked_as(asked, mark=False), asked_as(asked, mark=True)
        batch = batched(asked)
    print(f"{FLAGS} flags, {LINES:,} lines: this tree beside {BEFORE}")
    for work in (*_WORKS, "all"):
        (count, size, letters), (older, was, signs) = now[work], then[work]
        print(
            f"{work:8} {count} : {older} questions, {size:,} : {was:,} bytes = {size / was:.2f}, "
            f"{letters // _TOKEN:,} : {signs // _TOKEN:,} tokens (characters / {_TOKEN}) = {letters / signs:.2f}"
        )
    without, ours = plain.dollars or 0.0, cached.dollars or 0.0
    print(
        f"prompt cache: {cached.calls} questions, {cached.cache_read:,} of {cached.tokens_in:,} tokens read, "
        f"{cached.cache_write:,} written: ${ours:.5f} : ${without:.5f} without = {ours / without:.2f}"
    )
    half = batch.dollars or without
    print(
        f"message batch: {batch.calls} questions, {batch.batched:,} tokens: "
        f"${half:.5f} : ${without:.5f} one by one = {half / without:.2f}"
    )
    return int(now["all"][2] > MOST * then["all"][2] or max(ours, half) >= without)


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C")
    sys.exit(main())
