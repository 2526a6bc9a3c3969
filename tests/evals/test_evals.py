"""The evals: their arithmetic, their data, and that a drop fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals import __main__ as program
from evals import baselines
from evals.rates import Rate
from evals.recall import project
from evals.recall.project import Kind
from gitmem.memory import topics
from gitmem.safety.secrets import find_secret

LABELLED = ("hand_a", "hand_b")


def lines() -> dict[str, str]:
    """The memory's lines by the name that a label has for them."""
    return {
        f"{Path(path).stem}:{line.number}": line.text
        for path, text in project.files().items()
        if path.startswith(project.FOLDER)
        for line in topics.facts(text)
    }


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (10, 10, 0.722, 1.0), (81, 263, 0.255, 0.366)],
)
def test_the_interval_is_wilson_s(count: int, total: int, low: float, high: float) -> None:
    found = Rate(count=count, total=total).interval

    assert found == pytest.approx((low, high), abs=0.001)


@pytest.mark.parametrize(
    ("count", "low_is_good", "dropped"),
    [(34, False, False), (31, False, False), (28, False, True), (0, True, False), (6, True, True)],
)
def test_a_rate_drops_when_it_leaves_the_accepted_interval(
    count: int, low_is_good: bool, dropped: bool
) -> None:
    rate = Rate(count=count, total=34, low_is_good=low_is_good)

    assert rate.dropped(1 if low_is_good else 34, 34) is dropped


def test_the_memory_is_as_large_as_a_project_s() -> None:
    assert len(lines()) >= 150
    assert len({name.partition(":")[0] for name in lines()}) >= 15
    assert [text for text in lines().values() if find_secret(text)] == []


@pytest.mark.parametrize("hand", LABELLED)
def test_every_label_names_a_line(hand: str) -> None:
    queries = project.queries(hand)

    assert {name for query in queries for name in query.lines} <= lines().keys()
    assert [query for query in queries if not query.lines] == []
    assert not queries or (len(queries) >= 60 and {query.kind for query in queries} == set(Kind))


def cases(name: str) -> list[tuple[Kind, str, str]]:
    return [(query.kind, query.text, query.error) for query in project.queries(name)]


@pytest.mark.parametrize("name", [*LABELLED, "negatives"])
def test_no_case_stands_twice_in_a_file(name: str) -> None:
    assert len(set(cases(name))) == len(cases(name))


@pytest.mark.parametrize("hand", LABELLED)
def test_no_case_is_both_labelled_and_negative(hand: str) -> None:
    assert set(cases(hand)) & set(cases("negatives")) == set()


def test_nothing_is_about_the_negatives() -> None:
    queries = project.queries("negatives")

    assert len(queries) == 200
    assert [query for query in queries if query.lines or query.kind is Kind.WORDS] == []


def test_a_drop_is_told_and_exits_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rates = {"found": Rate(count=30, total=40), "wrong": Rate(count=1, total=40, low_is_good=True)}
    monkeypatch.setattr(program, "_EVALS", {"recall": lambda: (rates, [])})
    monkeypatch.setattr(baselines, "FILE", tmp_path / "baselines.json")

    assert program.main(["recall", "--accept"]) == 0
    assert program.main(["recall"]) == 0
    rates |= {
        "found": Rate(count=20, total=40),
        "wrong": Rate(count=10, total=40, low_is_good=True),
    }
    capsys.readouterr()
    assert program.main(["recall", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["recall"]["drops"] == ["found", "wrong"]
    del rates["found"], rates["wrong"]
    rates["new"] = Rate(count=1, total=1)
    assert program.main([]) == 1
    assert "found: accepted, but not measured any more" in capsys.readouterr().out


def test_the_eval_of_recall_is_where_the_baselines_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["recall"]) == 0
    assert "wrong: all" in capsys.readouterr().out
