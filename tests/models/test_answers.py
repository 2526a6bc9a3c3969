"""Answers that are kept: found again, forgotten in time, never in the way."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitmem.models import answer_store
from gitmem.models.answer_store import AnswerStore
from gitmem.models.reply import Reply
from gitmem.models.usage import Usage

GOOD = Reply(
    data={"operations": []},
    stop="end_turn",
    usage=Usage(calls=1, dollars=0.1),
    seconds=2.0,
    answered="m",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "gitmem"


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "answers").glob("*.json*"))


def test_an_answer_is_found_again_and_costs_nothing(folder: Path) -> None:
    AnswerStore(str(folder)).keep("k", ["a"], GOOD)
    found = AnswerStore(str(folder)).find("k")

    assert found is not None
    assert (found.data, found.answered, found.usage.calls, found.usage.dollars) == (
        GOOD.data,
        "m",
        0,
        0.0,
    )
    assert AnswerStore(str(folder)).find("other") is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"v":2,"data":{}}', b'{"v":1,"data":[]}', b"\xff", b"[" * 9999]
)
def test_what_cannot_be_read_is_no_answer(folder: Path, content: bytes) -> None:
    AnswerStore(str(folder)).keep("k", ["a"], GOOD)
    (folder / "answers/k.json").write_bytes(content)

    assert AnswerStore(str(folder)).find("k") is None


def test_an_answer_goes_when_nothing_of_it_is_wanted_any_more(folder: Path) -> None:
    store = AnswerStore(str(folder))
    store.keep("both", ["a", "b"], GOOD)
    store.keep("one", ["a"], GOOD)

    store.forget(["a"])
    assert kept(folder) == ["both.json"]
    store.forget(["a", "b"])
    assert kept(folder) == []


def test_an_answer_goes_after_a_week(folder: Path) -> None:
    store = AnswerStore(str(folder))
    for name, age in (("old", answer_store.AGE + 60), ("young", answer_store.AGE - 60)):
        store.keep(name, ["a"], GOOD)
        then = time.time() - age
        os.utime(folder / f"answers/{name}.json", (then, then))

    store.forget([])

    assert kept(folder) == ["young.json"]


def test_there_are_never_too_many(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_store, "MOST", 3)
    store = AnswerStore(str(folder))
    for number in range(6):
        store.keep(str(number), ["a"], GOOD)
        os.utime(folder / f"answers/{number}.json", (time.time() + number, time.time() + number))

    store.forget([])

    assert kept(folder) == ["3.json", "4.json", "5.json"]


def test_what_a_killed_close_left_half_written_goes(folder: Path) -> None:
    store = AnswerStore(str(folder))
    store.keep("k", ["a"], GOOD)
    (folder / "answers/x.json.new").write_bytes(b"{")

    store.forget([])

    assert kept(folder) == ["k.json"]


def test_many_threads_may_keep_at_once(folder: Path) -> None:
    store = AnswerStore(str(folder))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.keep(str(number % 5), ["a"], GOOD), range(100)))

    assert kept(folder) == [f"{number}.json" for number in range(5)]
    assert all(store.find(str(number)) for number in range(5))


def test_an_answer_that_cannot_be_kept_is_no_error(folder: Path) -> None:
    folder.write_text("in the way", encoding="utf-8")
    AnswerStore(str(folder)).keep("k", ["a"], GOOD)

    assert AnswerStore(str(folder)).find("k") is None
