"""Which lines fit, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import pytest

from gitmem.recall.index import Index, build
from gitmem.recall.line import Kind, LandedLine
from gitmem.recall.moment import FAILURE_FLOOR
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
    with closing(Index(build(_corpus(lines)))) as index:
        return [hit.line.text for hit in search(index, question, 3)]


def _corpus(lines: Sequence[tuple[str, str, tuple[str, ...]]]) -> list[LandedLine]:
    return [
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


NOTES = (
    ("tools", "`make migrate` needs the VPN", ()),
    (
        "tools",
        "Runs of `make` print the time; a failed one exits with an error and the file's line",
        (),
    ),
    ("tests", "Tests failed on 3.11 with an unexpected value until the cache was emptied", ()),
    ("tools", "`pytest -n auto` breaks the tests of migrations", ()),
    ("facts", "Deploys go out on Tuesdays", ()),
    (
        "facts",
        "The staging cluster sleeps at night, wake it with the bot in the channel of the team",
        (),
    ),
)


@pytest.mark.parametrize(
    "command",
    [
        "make migrate",
        "cd services/api && make migrate 2>&1 | tail -20",
        "DEBUG=1 sudo make migrate",
        "uv run make migrate",
    ],
)
def test_a_line_that_cites_program_and_subcommand_fits_whatever_the_error_says(
    command: str,
) -> None:
    question = Question(command=command, error="Error: unexpected value in line 3\nTests failed")

    assert found(question, NOTES)[0] == NOTES[0][1]
    with closing(Index(build(_corpus(NOTES)))) as index:
        assert search(index, question, 1)[0].weight > FAILURE_FLOOR


def test_what_any_failure_prints_fits_nothing() -> None:
    error = "FAILED tests/test_a.py::test_b - AssertionError\nfile a.py, line 3\n1 failed in 0.4s"

    assert found(Question(command="./check", error=error), NOTES) == []
    assert found(Question(words="tests failed 3.11"), NOTES)[0] == NOTES[2][1]


def test_the_path_that_a_command_is_given_counts_by_its_name_only() -> None:
    lines = [("a", f"Module {name} is in services/api", ()) for name in ("one", "two", "crew")]

    assert found(Question(command="ruff check services/api/crew.py"), lines) == [lines[2][1]]
    assert found(Question(command="ruff check services/api/other.py"), lines) == []


def test_what_a_prompt_says_again_counts_more_and_a_short_line_is_met_by_less() -> None:
    with closing(Index(build(_corpus(NOTES)))) as index:
        once = search(index, Question(words="deploy on a Friday"), 1)[0].weight
        twice = search(index, Question(words="When do deploys go out? Deploy on a Friday"), 1)[
            0
        ].weight
        of_many = search(index, Question(words="the bot"), 1)[0].weight

    assert twice > once > of_many
