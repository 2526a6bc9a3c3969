"""Which lines fit, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import pytest

from gitmem.recall.corpus import Kind, LandedLine
from gitmem.recall.index import Index, build
from gitmem.recall.search import Question, search

LINES = (
    ("testing", "Integration tests need a running Postgres; start it with `make db`", ()),
    ("testing", "The upload test is flaky on CI: the fake clock leaks", ("tests/test_upload.py",)),
    ("deploys", "Deploys go out on Tuesdays; ask in the channel before a Friday one", ()),
    ("api", "The client retries three times, so set `RETRIES=0` in tests", ("src/api/client.py",)),
    ("api", "Every handler in src/api returns typed errors, never None", ("src/api",)),
    ("tools", "`pnpm install --frozen-lockfile` fails with ERR_PNPM_OUTDATED_LOCKFILE", ()),
    ("i18n", "テストは並列で走らせない", ()),
)


def at(number: int) -> str:
    return f"2026-11-{number + 1:02}T10:00:00Z"


def found(
    question: Question, lines: Sequence[tuple[str, str, tuple[str, ...]]] = LINES
) -> list[str]:
    """The texts that fit, best first."""
    corpus = [
        LandedLine(
            file=f"memory/{topic}.md",
            number=number,
            text=text,
            kind=Kind.FACT,
            about=about,
            at=at(number),
        )
        for number, (topic, text, about) in enumerate(lines, 1)
    ]
    with closing(Index(build(corpus))) as index:
        return [hit.line.text for hit in search(index, question, 3)]


@pytest.mark.parametrize(
    ("question", "place"),
    [
        (Question(words="uploading tests flake"), 1),
        (Question(words="when do we deploy"), 2),
        (Question(words="postgresql integration"), 0),
        (Question(words="retries"), 3),
        (Question(words="outdated lockfile"), 5),
        (Question(words="並列"), 6),
        (Question(path="src/api/client.py"), 3),
        (Question(path="src/api/routes/users.py"), 4),
        (Question(path="tests/test_upload.py"), 1),
        (Question(command="pnpm install"), 5),
        (Question(command="make db"), 0),
        (Question(error="ERR_PNPM_OUTDATED_LOCKFILE  Cannot install"), 5),
    ],
)
def test_the_line_that_fits_best_comes_first(question: Question, place: int) -> None:
    assert found(question)[0] == LINES[place][1]


@pytest.mark.parametrize("words", ["zebra", "the and of", "'; DROP TABLE line; --", '"', "*", ""])
def test_words_that_fit_nothing_find_nothing(words: str) -> None:
    assert found(Question(words=words)) == []


def test_of_two_lines_that_fit_alike_the_newer_one_comes_first() -> None:
    old, new = "The queue is drained by cron", "The queue is drained by hooks"

    assert found(Question(words="queue drained"), [("a", old, ()), ("a", new, ())]) == [new, old]


def test_a_line_about_the_file_comes_before_one_about_its_folder() -> None:
    assert found(Question(path="src/api/client.py")) == [LINES[3][1], LINES[4][1]]
