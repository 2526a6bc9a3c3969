"""What of the memory arrives: loaded, found, shown, and shown where it should not be."""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING

from evals.rates import Rate
from evals.recall.plain_search import PlainSearch
from evals.recall.project import FOLDER, Kind, Query, files, queries, repository_with
from gitmem.core.bounds import BUDGET, LARGEST_BUDGET
from gitmem.memory import topics
from gitmem.memory.imports import imports
from gitmem.recall import moment, view_file
from gitmem.recall.index import open_index
from gitmem.recall.search import Question, search
from gitmem.recall.view import open_view
from gitmem.records.drain_record import newest_by_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitmem.git.repository import Repository
    from gitmem.recall.index import Index
    from gitmem.recall.line import LandedLine

HANDS = {"hand_a": "A", "hand_b": "B"}
HELD_OUT = frozenset({"B"})  # its cases are never printed, so that no one tunes on them
NEGATIVES = "negatives"
_FOUND = 5  # lines of an answer that count
_SHOWN = 3  # lines of one showing
_EXACT, _NATURAL = 0.85, 0.60  # targets for hit@5: keywords, paths and commands; prompts
_WRONG = 0.05  # target for showings where no line is about it


def run() -> tuple[dict[str, Rate], list[str]]:
    """Return the rates by name, and the cases that fail, one a line."""
    tree = files()
    with (
        repository_with(tree) as (repo, commit),
        closing(_index(repo, commit)) as index,
        closing(PlainSearch(list(index.all()))) as plain,
    ):
        rates = _loaded(tree)
        misses: list[str] = []
        for name, hand in HANDS.items():
            cases = queries(name)
            by_kind = {kind: [case for case in cases if case.kind is kind] for kind in Kind}
            for kind, some in by_kind.items():
                if some:
                    rates |= _found(f"{hand} {kind}", kind, some, index, plain)
            for kind, some in by_kind.items():
                if some and kind is not Kind.WORDS:
                    rates |= _shown(f"{hand} {kind}", some, repo)
            if hand not in HELD_OUT:
                misses += _misses(cases, index, repo)
        wrong, told = _wrong(index, repo)
    return rates | wrong, misses + told


def _index(repo: Repository, commit: str) -> Index:
    """The index of the lines, and beside it the view that the hooks read."""
    view_file.refresh(repo)
    return open_index(repo, commit, FOLDER)


def name_of(line: LandedLine) -> str:
    """Return how a label names a line: `topic:number`."""
    topic = line.file.rpartition("/")[2].removesuffix(".md")
    return f"{topic}:{line.number}"


def _loaded(tree: Mapping[str, str]) -> dict[str, Rate]:
    """How many lines the index imports where they fit, and at the usual budget."""
    memory = {path: text for path, text in tree.items() if path.startswith(FOLDER)}
    records = {path: text for path, text in tree.items() if path not in memory}
    counts = {path: len(topics.facts(text)) for path, text in memory.items()}
    rates = {}
    for name, budget, target in (
        ("loaded: all fits", LARGEST_BUDGET, 1.0),
        (f"loaded: budget {BUDGET}", BUDGET, None),
    ):
        chosen = imports(memory, newest_by_file(records), folder=FOLDER, budget=budget).names
        loaded = sum(counts[f"{FOLDER}/{topic}"] for topic in chosen)
        rates[name] = Rate(count=loaded, total=sum(counts.values()), target=target)
    return rates


def _found(
    title: str, kind: Kind, cases: Sequence[Query], index: Index, plain: PlainSearch
) -> dict[str, Rate]:
    """Hits and labels among the first lines: of recall, and of the plain search beside it."""
    target = _NATURAL if kind is Kind.PROMPT else _EXACT
    ours = [_names(hit.line for hit in search(index, _question(case), _FOUND)) for case in cases]
    theirs = [_names(plain.find(f"{case.text}\n{case.error}", _FOUND)) for case in cases]
    return {
        f"{title}: hit@5": _hits(cases, ours, target),
        f"{title}: recall@5": _labels(cases, ours),
        f"{title}: plain hit@5": _hits(cases, theirs),
        f"{title}: plain recall@5": _labels(cases, theirs),
    }


def _shown(title: str, cases: Sequence[Query], repo: Repository) -> dict[str, Rate]:
    """How many moments bring one of their lines in spite of the floors; and what else they bring."""
    shown = [_showing(case, repo) for case in cases]
    right = sum(
        len(case.lines.intersection(lines)) for case, lines in zip(cases, shown, strict=True)
    )
    return {
        f"{title}: shown": _hits(cases, shown),
        f"{title}: lines shown that are labelled": Rate(count=right, total=sum(map(len, shown))),
    }


def _wrong(index: Index, repo: Repository) -> tuple[dict[str, Rate], list[str]]:
    """Moments that bring a line although none is about them."""
    fired: defaultdict[Kind, list[bool]] = defaultdict(list)
    misses = []
    texts = {name_of(line): line.text for line in index.all()}
    for case in queries(NEGATIVES):
        lines = _showing(case, repo)
        fired[case.kind].append(bool(lines))
        misses += [f"wrong {case.kind}: {case.text!r} shows {_told(lines, texts)}"] * bool(lines)
    rates = {f"wrong: {kind}": _wrong_rate(fires) for kind, fires in fired.items()}
    every = [fire for fires in fired.values() for fire in fires]
    return {**rates, "wrong: all": _wrong_rate(every)}, misses


def _wrong_rate(fires: Sequence[bool]) -> Rate:
    return Rate(count=sum(fires), total=len(fires), target=_WRONG, low_is_good=True)


def _showing(case: Query, repo: Repository) -> list[str]:
    """The lines that a hook shows at this moment, where the session has seen none of them before."""
    view = open_view(repo)
    if view is None:
        raise RuntimeError("the view of the memory is not there")
    try:
        match case.kind:
            case Kind.PATH:
                entries = view.about(case.text)
            case Kind.COMMAND:
                entries = moment.at_failure(repo, view, case.text, case.error)
            case _:
                entries = moment.at_prompt(repo, view, case.text)
    finally:
        view.close()
    places = [entry.place.rpartition("/")[2].split(":") for entry in entries[:_SHOWN]]
    return [f"{file.removesuffix('.md')}:{number}" for file, number in places]


def _question(case: Query) -> Question:
    """What `gitmem recall` is asked."""
    match case.kind:
        case Kind.PATH:
            return Question(path=case.text)
        case Kind.COMMAND:
            return Question(command=case.text, error=case.error)
        case _:
            return Question(words=case.text)


def _misses(cases: Sequence[Query], index: Index, repo: Repository) -> list[str]:
    told = []
    texts = {name_of(line): line.text for line in index.all()}
    for case in cases:
        found = _names(hit.line for hit in search(index, _question(case), _FOUND))
        shown = _showing(case, repo)
        wanted = " ".join(sorted(case.lines))
        if not case.lines.intersection(found):
            told.append(
                f"not found: {case.kind} {case.text!r} wants {wanted}: {_told(found, texts)}"
            )
        if case.kind is not Kind.WORDS and not case.lines.intersection(shown):
            told.append(
                f"not shown: {case.kind} {case.text!r} wants {wanted}: {_told(shown, texts)}"
            )
    return told


def _names(lines: Iterable[LandedLine]) -> list[str]:
    return [name_of(line) for line in lines]


def _told(names: Iterable[str], texts: Mapping[str, str]) -> str:
    return " | ".join(f"{name} {texts[name][:60]}" for name in names) or "nothing"


def _hits(
    cases: Sequence[Query], answers: Sequence[Sequence[str]], target: float | None = None
) -> Rate:
    """How many queries have one of their lines in the answer."""
    hits = sum(
        bool(case.lines.intersection(lines)) for case, lines in zip(cases, answers, strict=True)
    )
    return Rate(count=hits, total=len(cases), target=target)


def _labels(cases: Sequence[Query], answers: Sequence[Sequence[str]]) -> Rate:
    """How many of all labels are in the answers."""
    found = sum(
        len(case.lines.intersection(lines)) for case, lines in zip(cases, answers, strict=True)
    )
    return Rate(count=found, total=sum(len(case.lines) for case in cases))
