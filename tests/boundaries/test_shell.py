"""What is understood of a shell command, and what is not worth understanding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.boundaries import calls
from gitmem.session import shell_commands


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("npm test", "npm test"),
        ("npm test", "npm  test -- --only x"),
        ("cd app && npm test 2>&1", "echo x; cd app && npm test && npm run lint"),
        ("make", "(cd sub && make)"),
        ("CI=1 sudo make build", "make build -j2"),
        ("git add . && git commit -m 'a'", "git commit --no-edit"),
        ("./run.sh --fast", "/opt/run.sh"),
        ("grep -q x file", "grep -q x file"),
        ("python -c 'import x'", "python -c 'import x'"),
        ("pytest tests/a", "pytest tests/b -k 'one or two'"),
        ("uv run pytest -x", "uv run pytest tests/a.py"),
        ("npm run build", "cd app && npm run build"),
        ("python -m pytest a", "python -m pytest b"),
        ("docker compose up -d", "docker compose up"),
        ("python manage.py migrate", "python manage.py check"),
        # However the program is run.
        ("pytest", "uv run pytest -x"),
        ("pytest tests", "timeout 60 python -m pytest"),
        ("vitest", "npx vitest"),
        ("npx vitest", "npm exec vitest"),
        ("mypy .", "uvx mypy src"),
        ("make all", "nice -n 5 make all"),
        ("sudo -E make all", "make all"),
        ("poetry run python manage.py migrate", "python manage.py migrate"),
    ],
)
def test_the_same_thing_was_tried(first: str, then: str) -> None:
    assert shell_commands.failed(first) in shell_commands.tried(then)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("npm test", "npm install"),
        ("git add . && git commit -m 'a'", "git add file"),
        ("grep -q x file", "grep -q y file"),
        ("python -c 'import x'", "python -c 'import y'"),
        ("test -e x", "ls"),
        ("npm test", "npm test || true"),
        ("npm test", "npm test; true"),
        ("npm test", "npm test | tail"),
        ("false", "true"),
        ("make 'a;npm test'", "npm test"),
        # A name that was mistyped behind a program that runs others.
        ("python -m pytst", "python -m pytest"),
        ("uv run pytst", "uv run pytest"),
        ("poetry run pytst", "poetry run ruff check"),
        ("npm run tset", "npm run test"),
        ("docker compose upp", "docker compose up"),
        ("python setup.pyy", "python other.py"),
        ("bundle exec rspc", "bundle exec rspec"),
        ("timeout 60 pytst", "timeout 60 pytest"),
        ("npx vitst", "npx vitest"),
        ("npm test", "pnpm test"),
    ],
)
def test_another_thing_was_tried(first: str, then: str) -> None:
    assert shell_commands.failed(first) not in shell_commands.tried(then)


@pytest.mark.parametrize(
    ("command", "error", "then", "same"),
    [
        ("pytst && git status", "bash: line 1: pytst: command not found", "git status", False),
        ("pytst && git status", "bash: line 1: pytst: command not found", "pytst", True),
        ("make all; git psh", "sh: 1: git: not found", "git psh", True),
        ("make && git push", "remote: Repository not found.", "git push", True),
    ],
)
def test_what_was_not_found_is_what_failed(command: str, error: str, then: str, same: bool) -> None:
    assert (shell_commands.failed(command, error) in shell_commands.tried(then)) is same


def test_a_command_is_not_written_down_itself() -> None:
    assert shell_commands.failed("deploy --key hunter2").isalnum()
    assert len(shell_commands.failed("x" * 9999)) < 20


@pytest.mark.parametrize(
    "command",
    [
        "gitmem flag 'a'",
        'gitmem status && gitmem flag "a; b"',
        "/usr/bin/gitmem close",
        "cd sub && git mem flag 'a'",
        "echo 'a' | gitmem flag -",
    ],
)
def test_gitmem_s_own_commands_are_known(command: str) -> None:
    assert calls.own(command)


@pytest.mark.parametrize(
    "command", ["", "make", "make && gitmem flag 'a'", "cat gitmem.txt", "gitmem status | sh", "'"]
)
def test_anything_else_is_work(command: str) -> None:
    assert not calls.own(command)


@pytest.mark.parametrize(
    ("command", "last"),
    [
        ("gitmem flag 'a'", True),
        ("make && gitmem snag 'a' --better 'b'", True),
        ("gitmem flag 'a' && make", False),
        ("gitmem status", False),
        ("make 'gitmem flag'", False),
    ],
)
def test_a_flag_at_the_end_is_known(command: str, last: bool) -> None:
    assert calls.flags_last(command) == last


@given(st.text(alphabet=st.sampled_from("gitmem flag 'x\"\\;|&<()\n=-"), max_size=60))
def test_no_command_is_too_odd(command: str) -> None:
    assert isinstance(calls.own(command), bool)
    assert isinstance(calls.flags_last(command), bool)
    assert shell_commands.failed(command).isalnum()
    assert shell_commands.tried(command)
