"""A snag and its returns, judged by a model: the installed command against a server on loopback."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.support import judge
from tests.support.judge import Question
from tests.support.messages_api import MessagesApi
from tests.support.sandbox import Result, Sandbox

SKILL = ".claude/skills/deploy/SKILL.md"
BODY = (
    "---\nname: deploy\ndescription: Bring the app to staging.\n---\n\n# Deploy\n\n"
    "## Before it\n\n- Look at the checks\n\n## After it\n\n- Watch the logs\n"
)


def snag(sandbox: Sandbox, text: str, better: str, *options: str) -> str:
    done = sandbox.gitmem("snag", text, "--better", better, *options, "--json")
    assert done.code == 0, done.err
    return str(json.loads(done.out)["id"])


def close(sandbox: Sandbox, operations: Sequence[Mapping[str, Any]]) -> Result:
    """A close whose model answers a question about rules with these, labels as they were sent."""

    def made(found: Question) -> list[Mapping[str, Any]]:
        assert "edit" in found.ops
        return [*operations]

    with MessagesApi(judge.scripted(made)) as server:
        return sandbox.gitmem("close", env=server.environ)


@pytest.mark.parametrize("text", ["", "Always roll the moon back with teapot 7"])
def test_a_line_in_the_flags_own_words_goes_into_the_section_that_the_model_chose(
    sandbox: Sandbox, text: str
) -> None:
    sandbox.commit("skill", {SKILL: BODY})
    snag(sandbox, "the page was broken", "Open the page in a browser", "--skill", "deploy")

    close(sandbox, [judge.operation("edit", "f1", target="t1", text=text, section="s2")])

    assert (
        sandbox.git("show", f"gitmem/drain:{SKILL}") + "\n"
        == BODY + "- Open the page in a browser (the page was broken)\n"
    )


@pytest.mark.parametrize("text", ["", "Never run npm publish, it takes the moon along"])
def test_a_return_that_the_model_found_climbs_though_the_line_is_in_the_flags_own_words(
    sandbox: Sandbox, text: str
) -> None:
    first = snag(sandbox, "Ran `npm publish` on a dirty tree", "Look at git status first")
    close(sandbox, [judge.operation("edit", "f1", target="t1")])
    sandbox.gitmem("accept")
    again = snag(
        sandbox, "npm publish took a stray file of a dirty tree", "Stash before npm publish"
    )

    done = close(sandbox, [judge.operation("edit", "f1", target="t1", text=text, again="e1")])

    told = f"{again} counts as a return of {first}"
    assert f"came back: {told}; gitmem review shows both\n" in done.out
    shown = sandbox.gitmem("review").out
    assert f"{told}:" in shown
    guard = json.loads(sandbox.git("show", "gitmem/drain:.gitmem/guards.jsonl"))
    why = "npm publish took a stray file of a dirty tree"
    assert guard["match"] == "npm publish"
    assert guard["lesson"] == f"Stash before npm publish ({why})"
    (loop,) = json.loads(sandbox.gitmem("loops", "--json").out)
    assert [one["id"] for one in loop["recurrences"]] == [again]


def test_two_snags_that_change_one_line_are_one_edit_and_a_refusal(sandbox: Sandbox) -> None:
    snag(sandbox, "Cache keys clashed", "Name cache keys after the branch")
    close(sandbox, [judge.operation("edit", "f1", target="t1")])
    sandbox.gitmem("accept")
    one = snag(sandbox, "Cache keys clashed on forks", "Name cache keys after the fork and branch")
    two = snag(sandbox, "Cache keys were too long", "Name cache keys after the branch, cut at 40")
    ops = [judge.operation("supersede", label, lines=["m1"]) for label in ("f1", "f2")]

    done = close(sandbox, ops)

    assert done.code in {6, 7}
    left = [name for name in (one, two) if f"left in the queue: {name}" in done.out]
    rules = [
        line
        for line in sandbox.git("show", "gitmem/drain:CLAUDE.md", check=False).splitlines()
        if line.startswith("- Name cache keys")
    ]
    assert (len(left), len(rules)) == (1, 1)
