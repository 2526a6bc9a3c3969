"""A pattern picks the people that `git log --author` picks."""

from __future__ import annotations

import pytest

from gitmem.core.author_pattern import LONGEST, compiled
from gitmem.core.errors import UsageError
from tests.support.sandbox import Sandbox

PEOPLE = (
    "Ada Lovelace <ada@example.org>",
    "Bob (he) <bob+git@example.org>",
    "Zoë [z] <zoe.q@example.org>",
    "C*l {x} <c-3po@example.com>",
    "a|b? <back\\slash@example.net>",
)
PATTERNS = (
    "Ada", "ada", "ADA", "example.org", "bob+git", "(he)", r"\(Ada\|Bob\)", "^Ada", "^ada", "net>$",
    "$", "a*", "*l", "C*l", "{x}", r"[z]", r"\[z\]", "[[:digit:]]", "[^]A-Z] <", "[]z]", r"o\{2\}",
    r"zo\+", r"zo\?e", "a|b?", "b?", "Zo.", "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}", r"\<bob\>",
    r"\w*po", r"\(o\).*\1", r"a\^b", "x^", "[&&]", "[a-c]da", "[\\\\]", r"\\s", r"\.q@", "no one",
    "Lovelace <ada", r"\(^Ada\)", r"\(org>$\)", "$x", r"^*",
)  # fmt: skip


@pytest.fixture(scope="module")
def authored(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    sandbox = Sandbox(tmp_path_factory.mktemp("authors"))
    sandbox.git("init", "--quiet")
    sandbox.git("config", "user.name", "Test Person")  # made once, before any test is sealed
    sandbox.git("config", "user.email", "person@example.com")
    for number, person in enumerate(PEOPLE):
        name, _, address = person[:-1].partition(" <")
        env = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": address}
        sandbox.git("commit", "--quiet", "--allow-empty", "-m", str(number), env=env)
    return sandbox


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_people_are_those_that_git_log_picks(authored: Sandbox, pattern: str) -> None:
    said = authored.git("log", "--reverse", "--format=%an <%ae>", f"--author={pattern}")
    people = authored.git("log", "--reverse", "--format=%an <%ae>").splitlines()
    assert people == [*PEOPLE]

    assert [one for one in people if compiled(pattern, "--by").search(one)] == said.splitlines()


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "--by names no one"),
        (" ", "--by names no one"),
        (r"\(", "not a regular expression"),
        ("[a", "not a regular expression"),
        ("[z-a]", "not a regular expression"),
        ("a\\", "a backslash at the end"),
        (r"a\{99999999999999999999\}", "not a regular expression"),
        ("a" * (LONGEST + 1), "too many"),
    ],
)
def test_what_is_no_pattern_is_refused_with_what_to_give(pattern: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason.replace("(", r"\(")) as refused:
        compiled(pattern, "--by")
    assert "as git log --author takes it" in refused.value.hint
