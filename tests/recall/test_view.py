"""What a touched file is told from the view that is kept ready."""

from __future__ import annotations

from contextlib import closing

import pytest

from gitmem.recall import view_file
from gitmem.recall.view import open_view
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
