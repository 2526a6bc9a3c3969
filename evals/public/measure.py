"""What of the published data is shown beside a flag, and what a search finds."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from evals.rates import Rate
from evals.recall.plain_search import PlainSearch
from evals.shown import plain_choice
from gitmem.core.flag import make
from gitmem.drain.plan import Plan, make_plan
from gitmem.drain.shown.nearest import narrow
from gitmem.memory.places import Places
from gitmem.memory.tree import MemoryLine
from gitmem.recall.index import Index, build
from gitmem.recall.line import Kind, LandedLine
from gitmem.recall.search import Question, search

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evals.public.packages import Archive

_FOUND = 5
_LINE = 300  # characters of a body that stand as a line; they have 1,054 in the middle
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def bettermemory(archive: Archive) -> dict[str, Rate]:
    """Return the rates on its topics and on its questions. Raises Unavailable."""
    corpus = archive.value("bench/integrity/corpus.json")
    bodies = archive.rows("bench/retrieval/corpus.jsonl")
    rivals = [_short(row["body"]) for row in bodies]
    rates: dict[str, Rate] = {}
    for name, more in (("alone", []), (f"among {len(rivals):,} more", rivals)):
        rates |= _superseded(f"topics {name}", corpus, more)
    lines = {row["slug"]: _headed(row["body"]) for row in bodies}
    asked = archive.rows("bench/retrieval/questions.jsonl")
    for name, field in (("questions", "question"), ("keywords", "requery")):
        rates |= _found(name, lines, [(row[field], row["slug"]) for row in asked])
    return rates


def ledger(archive: Archive) -> dict[str, Rate]:
    """Return how often the lesson that a task needs is found by the task. Raises Unavailable."""
    lines = {
        f"seed:{path.rpartition('/')[2].removesuffix('.json')}:{node['key']}": (
            node["title"],
            node["body"],
        )
        for path in archive.below("seed")
        for node in archive.value(path)["nodes"]
        if "title" in node and "body" in node
    }
    rates: dict[str, Rate] = {}
    for name in ("tasks", "heldout_tasks"):
        rows = archive.rows(f"evals/{name}.jsonl")
        rates |= _found(name, lines, [(row["task"], row["defect_node"]) for row in rows])
    return rates


def _superseded(name: str, corpus: dict[str, list], more: Sequence[str]) -> dict[str, Rate]:  # type: ignore[type-arg]  # as the file has it
    """How many statements stand beside the newer one of their topic, 32 flags a question."""
    lines = [row["text"] for row in corpus["hard_negatives"]] + list(more)
    wanted: dict[str, str] = {}
    flags = []
    for topic in corpus["topics"]:
        *older, newest = [row["text"] for row in topic["statements"]]
        lines += older
        flags.append(newest)
        if topic["kind"] != "distractor":
            wanted[newest] = older[-1]
    made = [
        make(
            {"id": "b" * 10 + _LETTERS[at // 32] + _LETTERS[at % 32], "kind": "fact", "text": text}
        )
        for at, text in enumerate(flags)
    ]
    existing = tuple(MemoryLine(file="memory/facts.md", text=line) for line in lines)
    plan = make_plan(made, Places(folder="memory", lines=existing), {})
    return {
        f"{name}: shown": _shown(narrow, plan, wanted),
        f"{name}: plain": _shown(plain_choice.narrow, plan, wanted),
    }


def _shown(choose: Callable[[Plan], Plan], plan: Plan, wanted: dict[str, str]) -> Rate:
    count = sum(
        wanted[flag.text] in {line.text for line in request.existing}
        for request in choose(plan).requests
        for flag in request.flags
        if flag.text in wanted
    )
    return Rate(count=count, total=len(wanted))


def _found(
    name: str, lines: dict[str, tuple[str, str]], asked: Sequence[tuple[str, str]]
) -> dict[str, Rate]:
    """How many questions have their headline and body among the first that are found."""
    landed = [
        LandedLine(file=f"{key}.md", number=1, text=head, kind=Kind.PENDING, body=body, below=1)
        for key, (head, body) in lines.items()
    ]
    whole = [
        LandedLine(file=f"{key}.md", number=1, text=f"{head} {body}", kind=Kind.PENDING)
        for key, (head, body) in lines.items()
    ]
    wanted = [f"{key}.md" for _, key in asked]
    with closing(Index(build(landed))) as index, closing(PlainSearch(whole)) as plain:
        ours = [
            [hit.line.file for hit in search(index, Question(words=text), _FOUND, below=True)]
            for text, _ in asked
        ]
        theirs = [[line.file for line in plain.find(text, _FOUND)] for text, _ in asked]
    return {
        f"{name}: hit@5": _hits(wanted, ours),
        f"{name}: plain hit@5": _hits(wanted, theirs),
    }


def _hits(wanted: Sequence[str], found: Sequence[Sequence[str]]) -> Rate:
    count = sum(text in texts for text, texts in zip(wanted, found, strict=True))
    return Rate(count=count, total=len(wanted))


def _headed(body: str) -> tuple[str, str]:
    """A body's first sentence, which stands as the line, and the rest of it."""
    text = " ".join(body.split())
    head = text[: text.find(". ") + 1] or text
    return head, text[len(head) :].strip()


def _short(body: str) -> str:
    """The first words of a body, to the end of a sentence where there is one."""
    head = " ".join(body.split())[:_LINE]
    return head[: head.rfind(". ") + 1] or head
