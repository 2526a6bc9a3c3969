"""What a touched file is told from the view that is kept ready."""

from __future__ import annotations

import os
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.recall import view_file
from gitmem.recall.view import View, open_view, path_of
from tests.support.queues import repository_of
from tests.support.sandbox import Sandbox

FACTS = (
    "The watcher misses changes in services/ on a Mac",
    "Handlers in services/api return typed errors",
    "The clock is in services/api/core/clock.py",
)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("services/api/core/clock.py", {2, 1}),
        ("services/api/core/zones.py", {1}),
        ("services/api/core/a/zones.py", set()),
        ("services/worker/main.go", set()),
        ("services/Makefile", {0}),
        ("services", {0}),
        ("README.md", set()),
    ],
)
def test_a_folder_counts_for_a_file_where_it_is_half_of_its_path(
    sandbox: Sandbox, path: str, told: set[int]
) -> None:
    sandbox.commit(
        "memory", {"memory/api.md": "# API\n\n" + "".join(f"- {fact}\n" for fact in FACTS)}
    )
    repo = repository_of(sandbox)
    view_file.refresh(repo)
    view = open_view(repo)

    assert view is not None
    with closing(view):
        assert {entry.text for entry in view.about(path)} == {FACTS[place] for place in told}


def test_a_path_is_found_among_many_by_reading_little_of_the_view(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"- src/part{number % 97}/module{number}.py is generated\n" for number in range(4_000)]
    sandbox.commit("memory", {"memory/parts.md": "# Parts\n\n" + "".join(rows)})
    repo = repository_of(sandbox)
    view_file.refresh(repo)
    view = open_view(repo)
    assert view is not None
    read: list[int] = []
    pread = os.pread

    def counted(file: int, size: int, at: int) -> bytes:
        read.append(size)
        return pread(file, size, at)

    monkeypatch.setattr(os, "pread", counted)

    with closing(view):
        told = [view.about("docs/other.txt"), view.about("src/part1/module1.py")]

    assert [[entry.text for entry in one] for one in told] == [
        [],
        ["src/part1/module1.py is generated"],
    ]
    assert sum(read) < Path(path_of(repo)).stat().st_size / 2


_NAMES = st.text(
    st.characters(exclude_characters="\n\t/", exclude_categories=["Cs"]), min_size=1, max_size=9
)
_ROWS = st.dictionaries(
    st.tuples(_NAMES, st.sampled_from([1, 1, 1, 50, 3000])).map(lambda one: one[0] * one[1]),
    st.integers(1, 64),
    max_size=60,
)


@given(rows=_ROWS, other=_NAMES)
def test_each_path_of_a_view_is_found_whatever_its_length_and_no_other(
    rows: dict[str, int], other: str
) -> None:
    words = b"".join(b"%02d\tfile\tline" % one for one in range(64))
    places = [b"%d:12" % (one * 12) for one in range(64)]
    keys = view_file.key_rows({name: places[:many] for name, many in rows.items()})
    with tempfile.TemporaryFile() as file:
        file.write(keys + words)
        file.flush()
        view = View(file.fileno(), 0, 0, len(keys), unloaded=0, source="")

        found = {name: [int(one.key) for one in view.about(name)] for name in [*rows, other]}

    assert found == {name: list(range(rows.get(name, 0))) for name in [*rows, other]}
