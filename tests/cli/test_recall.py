"""`gitmem recall`: what is searched, what is said, and bad input."""

from __future__ import annotations

import json

import pytest

from tests.support.hooks import read_file
from tests.support.sandbox import Sandbox


@pytest.fixture
def landed(sandbox: Sandbox) -> Sandbox:
    sandbox.write("src/api/client.py", "RETRIES = 3\n")
    for words in (
        ("The client retries three times", "--paths", "src/api/client.py"),
        ("Integration tests need Postgres; start it with make db", "--topic", "testing"),
    ):
        assert sandbox.gitmem("flag", *words).code == 0
    assert sandbox.gitmem("close", "--engine", "verbatim").code == 0
    assert sandbox.gitmem("accept").code == 0
    return sandbox


def texts(sandbox: Sandbox, *words: str) -> list[str]:
    done = sandbox.gitmem("recall", *words, "--json")
    assert done.code == 0
    return [line["text"] for line in json.loads(done.out)["lines"]]


def test_words_a_path_and_a_command_find_the_line_that_is_about_them(landed: Sandbox) -> None:
    client = "The client retries three times"
    tests = "Integration tests need Postgres; start it with make db"

    assert texts(landed, "retry", "client") == [client]
    assert texts(landed, "--path", "src/api/client.py") == [client]
    assert texts(landed, "--command", "make db") == [tests]
    done = landed.gitmem("recall", "postgres")
    assert done.out.splitlines() == [tests, "  memory/testing.md:8, just now"]


def test_a_path_counts_from_the_folder_that_the_command_runs_in(landed: Sandbox) -> None:
    done = landed.gitmem("recall", "--path", "client.py", cwd=landed.path / "src/api")

    assert done.out.splitlines()[0] == "The client retries three times"


def test_what_is_queued_or_in_review_is_not_found(landed: Sandbox) -> None:
    landed.gitmem("flag", "Kubernetes runs in Frankfurt")
    assert texts(landed, "kubernetes") == []
    landed.gitmem("close", "--engine", "verbatim")

    assert texts(landed, "kubernetes") == []
    assert "no line of memory fits (of 2)" in landed.gitmem("recall", "kubernetes").out


def test_the_target_is_searched_whatever_is_checked_out(landed: Sandbox) -> None:
    landed.write(".gitmem/config.yaml", "version: 1\ntarget: main\n")
    landed.git("switch", "-q", "-c", "other")
    landed.git("rm", "-q", "-r", "memory")
    landed.git("commit", "-q", "-m", "no memory here")

    assert texts(landed, "postgres") != []


def test_a_repository_without_memory_says_how_it_begins(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("recall", "postgres")

    assert (done.code, "there is no memory yet" in done.out) == (0, True)


def test_a_line_says_how_often_it_was_shown_in_this_clone(landed: Sandbox) -> None:
    landed.gitmem("recall-view", str(landed.path))
    for session in ("one", "two"):
        assert "retries three times" in read_file(landed, "src/api/client.py", session)

    rows = landed.gitmem("recall", "retries", "postgres").out.splitlines()
    (client, tests) = (
        next(rows[place + 1] for place, row in enumerate(rows) if word in row)
        for word in ("retries", "Postgres")
    )

    assert client.endswith(", just now, shown 2 times in 2 sessions")
    assert "shown" not in tests
    found = json.loads(landed.gitmem("recall", "retries", "--json").out)["lines"][0]["shown"]
    assert (found["times"], found["sessions"], found["triggers"]) == (2, 2, {"path": 2})


def test_the_count_stays_when_a_newer_flag_says_the_same(landed: Sandbox) -> None:
    landed.gitmem("recall-view", str(landed.path))
    assert read_file(landed, "src/api/client.py", "one")
    landed.gitmem("flag", "The client retries three times")
    landed.gitmem("close", "--engine", "verbatim")
    landed.gitmem("accept")

    assert "shown 1 time in 1 session" in landed.gitmem("recall", "retries").out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        ((" ",), 2),
        (("postgres", "-n", "0"), 2),
        (("postgres", "-n", "many"), 2),
        (("--path", "../elsewhere"), 4),
    ],
)
def test_bad_input_is_refused_with_a_sentence(
    landed: Sandbox, words: tuple[str, ...], code: int
) -> None:
    done = landed.gitmem("recall", *words)

    assert (done.code, done.out) == (code, "")
    assert done.err


def test_what_is_accepted_counts_before_it_is_pushed(landed: Sandbox) -> None:
    remote = landed.path.with_name("remote.git")
    landed.git("init", "-q", "--bare", str(remote))
    landed.git("remote", "add", "origin", str(remote))
    landed.git("push", "-q", "-u", "origin", "main")
    landed.gitmem("flag", "Kubernetes runs in Frankfurt")
    landed.gitmem("close", "--engine", "verbatim")
    landed.gitmem("accept")

    assert texts(landed, "kubernetes") == ["Kubernetes runs in Frankfurt"]
    assert "topics are loaded" in landed.gitmem("status").out
