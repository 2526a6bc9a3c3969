"""`gitmem log`: whose flags, and what landed, in the order of time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.desk import Desk
from tests.support.sandbox import Sandbox

ADA = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org"}
BOB = {"GIT_AUTHOR_NAME": "Bob", "GIT_AUTHOR_EMAIL": "bob+git@example.org"}
COMMITTER = ("NAME", "EMAIL")


def as_person(who: dict[str, str]) -> dict[str, str | None]:
    also = {f"GIT_COMMITTER_{what}": who[f"GIT_AUTHOR_{what}"] for what in COMMITTER}
    return {**who, **also}


def flag(sandbox: Sandbox, text: str, who: dict[str, str], **env: str) -> str:
    said = sandbox.gitmem("flag", "--json", text, env={**as_person(who), **env})
    assert said.code == 0, said.err
    return str(json.loads(said.out)["id"])


def asked(sandbox: Sandbox, *options: str) -> list[dict[str, Any]]:
    done = sandbox.gitmem("log", "--json", *options)
    assert (done.code, done.err) == (0, "")
    return list(json.loads(done.out))


def land(sandbox: Sandbox, who: dict[str, str]) -> None:
    for command in (("close", "--engine", "verbatim"), ("accept",)):
        done = sandbox.gitmem(*command, env=as_person(who))
        assert done.code == 0, done.err


def test_by_lists_what_a_person_or_a_session_flagged(sandbox: Sandbox) -> None:
    ours = flag(
        sandbox, "Tests need Postgres", ADA, CLAUDECODE="1", CLAUDE_CODE_SESSION_ID="5e55-10n"
    )
    theirs = flag(sandbox, "Deploys go out on Tuesdays", BOB)

    for by in ("Ada", "ada@example", "5e55", "^Ada <ada@example.org>$"):
        assert [one["id"] for one in asked(sandbox, "--by", by)] == [ours], by
    assert [one["id"] for one in asked(sandbox, "--by=bob+git@")] == [theirs]
    assert [one["id"] for one in asked(sandbox, "--by", "Bob", "--by", "Ada")] == [ours, theirs]
    assert [one["id"] for one in asked(sandbox, "--by", "example", "-n", "1")] == [theirs]
    assert asked(sandbox, "--by", "10n") == []  # not the beginning of the session
    assert sandbox.gitmem("log", "--by", "Zoe").out == "no queued flag is theirs\n"


def test_by_lists_what_a_person_dropped_and_accepted(sandbox: Sandbox) -> None:
    dropped = flag(sandbox, "Deploys go out on Fridays", ADA)
    sandbox.gitmem("drop", dropped, "--reason", "not so", env=as_person(BOB))
    assert [one["id"] for one in asked(sandbox, "--by", "Bob")] == [dropped]

    mine = Desk(sandbox=sandbox).clone("mine").sandbox
    accepted = flag(mine, "Tests need Postgres", ADA)
    land(mine, BOB)
    assert {one["id"] for one in asked(mine, "--by", "Bob")} == {dropped, accepted}
    assert asked(mine, "--by", "Zoe") == []


def test_landed_lists_each_line_with_its_time_its_flags_and_who_accepted(sandbox: Sandbox) -> None:
    first = flag(sandbox, "Tests need Postgres", ADA)
    wrong = flag(sandbox, "Deploys go out on Fridays", ADA)
    sandbox.gitmem("drop", wrong, "--reason", "not so")
    land(sandbox, BOB)
    second = flag(sandbox, "Releases are tagged first", ADA)
    waits = sandbox.gitmem("log", "--landed").out
    land(sandbox, ADA)
    flag(sandbox, "Nothing of this has landed", ADA)

    one, two = asked(sandbox, "--landed")

    assert (one["line"], one["file"], one["outcome"]) == (
        "Tests need Postgres", "memory/facts.md", "added",
    )  # fmt: skip
    assert [flags["id"] for flags in one["flags"]] == [first]
    assert [flags["id"] for flags in two["flags"]] == [second]
    assert (one["by"], two["by"]) == ("Bob <bob+git@example.org>", "Ada <ada@example.org>")
    commit = sandbox.git(
        "log", "-1", "--format=%H %cd", "--date=format-local:%FT%TZ", env={"TZ": "UTC"}
    )
    assert f"{two['commit']} {two['at']}" == commit
    assert second not in waits
    said = sandbox.gitmem("log", "--landed").out.splitlines()
    assert [
        row.endswith(f"[{flag_id}]") for row, flag_id in zip(said, (first, second), strict=True)
    ]
    assert "Bob" in said[0]
    assert asked(sandbox, "--landed", "-n", "1") == [two]
    assert asked(sandbox, "--landed", "--all") == [one, two]
    assert asked(sandbox, "--landed", "--by", "Bob") == [one]  # who accepted
    assert asked(sandbox, "--landed", "--by", "Ada") == [one, two]  # who flagged


def test_a_merge_tells_who_landed_the_review_and_when(sandbox: Sandbox) -> None:
    flag(sandbox, "Tests need Postgres", ADA)
    assert sandbox.gitmem("close", "--engine", "verbatim", env=as_person(ADA)).code == 0
    sandbox.commit("other work")
    late = {"GIT_COMMITTER_DATE": "2031-05-05T05:05:05Z", **as_person(BOB)}
    sandbox.git("merge", "--quiet", "--no-ff", "-m", "merge", "gitmem/drain", env=late)

    (one,) = asked(sandbox, "--landed")

    assert (one["by"], one["at"]) == ("Bob <bob+git@example.org>", "2031-05-05T05:05:05Z")
    assert one["commit"] == sandbox.git("rev-parse", "HEAD")


def test_the_order_is_that_of_landing_whatever_the_clocks_said(sandbox: Sandbox) -> None:
    flag(sandbox, "landed first", ADA)
    assert sandbox.gitmem("close", "--engine", "verbatim").code == 0
    later = {"GIT_COMMITTER_DATE": "2031-05-05T05:05:05Z"}
    sandbox.git("merge", "--quiet", "--no-ff", "-m", "merge", "gitmem/drain", env=later)
    flag(sandbox, "landed second", ADA)
    land(sandbox, ADA)

    assert [one["line"] for one in asked(sandbox, "--landed")] == ["landed first", "landed second"]


def test_what_was_taken_back_has_not_landed(sandbox: Sandbox) -> None:
    flag(sandbox, "Tests need Postgres", ADA)
    land(sandbox, ADA)
    sandbox.git("revert", "--no-edit", "HEAD")

    assert asked(sandbox, "--landed") == []
    assert sandbox.gitmem("log", "--landed").out == "nothing has landed yet\n"


def test_a_shallow_clone_lists_the_lines_and_says_what_it_cannot_know(sandbox: Sandbox) -> None:
    flag(sandbox, "Tests need Postgres", ADA)
    land(sandbox, BOB)
    sandbox.commit("other work")
    path = sandbox.path.with_name("shallow")
    sandbox.git("clone", "--quiet", "--depth=1", sandbox.path.as_uri(), str(path))

    (one,) = asked(Sandbox(path), "--landed")

    assert (one["line"], one["commit"], one["by"]) == ("Tests need Postgres", None, None)
    assert one["at"]
    assert asked(Sandbox(path), "--landed", "--by", "Ada") == [one]


def test_without_commits_nothing_has_landed(empty_sandbox: Sandbox) -> None:
    assert empty_sandbox.gitmem("log", "--landed").out == "nothing has landed yet\n"
    assert asked(empty_sandbox, "--landed", "--by", "Ada") == []


@pytest.mark.parametrize("by", ["", "[a", r"\(", "x" * 201])
def test_what_is_no_person_is_refused_with_a_hint(sandbox: Sandbox, by: str) -> None:
    done = sandbox.gitmem("log", "--by", by)

    assert (done.code, done.out) == (2, "")
    assert "hint: give a part of a name or an address" in done.err
