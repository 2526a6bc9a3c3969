"""What the real client does with gitmem's wiring, read from what it sent to the model."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import Any

import pytest

from gitmem.memory import guard as guards
from gitmem.memory.guard import Guard
from tests.real_clients.claude import Claude, said_at, without_gitmem
from tests.real_clients.evidence import index_line, marks, nudges, queued, turn_over
from tests.real_clients.model import Answer, ScriptedModel, delegates, runs
from tests.support.hooks import ledger
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

COMMIT = "git commit --quiet --allow-empty --message 'a chapter'"
MAY_COMMIT = ["Bash(git *)", "Bash(cd *)", "Bash(bash -c *)"]


def land(sandbox: Sandbox) -> None:
    assert sandbox.gitmem("close").code == 0
    assert sandbox.gitmem("accept").code == 0


@pytest.mark.ability("claude-code", "boot words", "commit", "flag", "session id")
def test_the_whole_loop_reaches_the_model(claude: Claude, wired: Sandbox) -> None:
    wired.gitmem("flag", "the staging database is read-only")
    model = ScriptedModel(
        main=[
            runs("gitmem flag 'deploys need the VPN'"),
            runs(COMMIT),
            runs("gitmem flag 'tests need a free port' --kind gotcha", "ls"),
            Answer(text="The first piece is done."),
        ]
    )

    first = claude.session(
        wired, model, "Do the first piece.", "And now?", allow=[f"Bash({COMMIT})"]
    )

    # The boot words: to the model before its first answer, and to the person.
    (booted,) = said_at("SessionStart", first.main[0])
    assert "1 flag waits undrained" in booted
    assert first.told_person == [booted.splitlines()[0]]
    # One nudge right after the commit, none after any other call, and none for the turn so soon after it.
    assert nudges(first) == [0, 0, 1, 1, 1]
    (nudge,) = said_at("PostToolBatch", first.last)
    assert "gitmem flag" in nudge
    assert "gitmem snag" in nudge
    # The model's flags are on the queue, from this session.
    by_session = {flag["text"]: (flag.get("client"), flag.get("session")) for flag in queued(wired)}
    assert by_session == {
        "the staging database is read-only": (None, None),
        "deploys need the VPN": ("claude-code", first.id),
        "tests need a free port": ("claude-code", first.id),
    }
    # The end of the session left its mark, and no hook failed.
    assert marks(wired, first)[-1] == "end other"
    assert ledger(wired)[-1]["event"] == "SessionEnd"
    assert {code for _, code in first.hooks} == {0}

    land(wired)
    second = claude.session(wired, ScriptedModel(), "What do you know?")

    assert index_line(wired) in second.main[0].all
    # Everything is drained, so the session starts in silence.
    assert said_at("SessionStart", second.main[0]) == []
    assert second.told_person == []


@pytest.mark.ability("claude-code", "accept refused")
def test_the_agent_cannot_land_a_review(claude: Claude, wired: Sandbox) -> None:
    wired.gitmem("flag", "Deploys go out on Tuesdays")
    wired.gitmem("close", "--engine", "verbatim")
    head = wired.git("rev-parse", "HEAD")
    model = ScriptedModel(main=[runs("gitmem accept")])

    session = claude.session(wired, model, "Land it.", allow=["Bash(gitmem *)"])

    assert "accept is a person's command, and this runs inside claude-code" in session.last.all
    assert wired.git("rev-parse", "HEAD") == head


def test_a_commit_is_seen_in_every_spelling_and_only_there(claude: Claude, wired: Sandbox) -> None:
    wired.write("inner/file", "text\n")
    theirs = wired.git("commit-tree", "-p", "HEAD", "-m", "of a colleague", "HEAD^{tree}")
    commands = [
        f"git merge --ff-only {theirs}",
        COMMIT,
        "git -C . commit --quiet --allow-empty --message 'by another folder'",
        "bash -c " + shlex.quote(COMMIT),
        "cd inner",
        "git add file && git commit --quiet --message 'from inside'",
        "git commit --quiet --amend --message 'said better'",
        "git log --oneline; echo git commit",
        "git commit --dry-run --allow-empty",
    ]
    model = ScriptedModel(main=[runs(command) for command in commands])

    session = claude.session(wired, model, "Work.", allow=MAY_COMMIT)

    assert nudges(session) == [0, 0, 1, 2, 3, 3, 4, 5, 5, 5]


def test_a_commit_that_a_hook_of_the_repository_rejects_is_not_a_boundary(
    claude: Claude, wired: Sandbox
) -> None:
    hook = wired.write(".git/hooks/pre-commit", "#!/bin/sh\necho rejected\nexit 1\n")
    hook.chmod(0o755)
    model = ScriptedModel(main=[runs(COMMIT), runs(f"{COMMIT} || true")])

    session = claude.session(wired, model, "Commit.", allow=MAY_COMMIT)

    assert "rejected" in session.last.all
    assert nudges(session) == [0, 0, 0]


def test_two_commits_of_one_batch_are_one_nudge(claude: Claude, wired: Sandbox) -> None:
    before = int(wired.git("rev-list", "--count", "HEAD"))
    model = ScriptedModel(main=[runs(COMMIT, COMMIT)])

    session = claude.session(wired, model, "Commit.", allow=MAY_COMMIT)

    assert int(wired.git("rev-list", "--count", "HEAD")) == before + 2
    assert nudges(session) == [0, 1]


def test_a_sub_agent_is_left_alone_and_its_commit_is_said_to_the_main_thread(
    claude: Claude, wired: Sandbox
) -> None:
    model = ScriptedModel(
        main=[delegates("Commit.")],
        agent=[runs(COMMIT), runs("git status"), Answer(text="THE REPORT")],
    )

    session = claude.session(wired, model, "Delegate.", allow=MAY_COMMIT)

    assert len(session.of_agents) == 3
    assert "gitmem, after" not in session.of_agents[-1].all
    assert nudges(session) == [0, 1]
    assert "THE REPORT" in session.last.all


def test_a_commit_in_the_background_is_said_with_the_sub_agent_s_end(
    claude: Claude, wired: Sandbox
) -> None:
    model = ScriptedModel(
        main=[delegates("Commit.", background=True), Answer(), runs("git status")],
        # A commit before the turn's end would be asked about by itself.
        agent=[replace(runs(COMMIT), until=lambda: turn_over(wired)), Answer(text="THE REPORT")],
    )

    session = claude.session(wired, model, "Delegate.", allow=MAY_COMMIT)

    assert "gitmem, after" not in session.of_agents[-1].all
    assert nudges(session)[-1] == 1
    assert "THE REPORT" in session.last.all


def test_a_linked_worktree_shares_the_queue_and_sees_its_own_commits(
    claude: Claude, wired: Sandbox
) -> None:
    wired.gitmem("flag", "the staging database is read-only")
    linked = wired.worktree("linked")
    model = ScriptedModel(main=[runs(COMMIT), runs("gitmem flag 'deploys need the VPN'")])

    session = claude.session(linked, model, "Work.", allow=MAY_COMMIT)

    assert "1 flag waits" in session.told_person[0]
    assert nudges(session) == [0, 1, 1]
    assert len(queued(wired)) == 2
    assert marks(wired, session)[-1] == "end other"


@pytest.mark.ability("claude-code", "memory index")
@pytest.mark.parametrize("linked", [False, True], ids=["alone", "with CLAUDE.md linked to it"])
def test_a_repository_with_agents_md_shows_the_index(
    claude: Claude, sandbox: Sandbox, linked: bool
) -> None:
    if linked:
        (sandbox.path / "CLAUDE.md").symlink_to("AGENTS.md")
        sandbox.git("add", "CLAUDE.md")
    sandbox.commit("rules", {"AGENTS.md": "# Rules\n\nBe kind.\n"})
    sandbox.wire()
    sandbox.gitmem("flag", "the staging database is read-only")
    land(sandbox)

    session = claude.session(sandbox, ScriptedModel(), "What do you know?")

    assert (sandbox.path / "CLAUDE.md").is_symlink() == linked
    assert "Be kind." in session.main[0].all
    assert index_line(sandbox) in session.main[0].all


@pytest.mark.ability("claude-code", "end mark")
def test_a_session_that_ends_in_a_signal_leaves_its_mark(claude: Claude, wired: Sandbox) -> None:
    wired.write("stop", 'kill -TERM "$CLAUDE_PID"\nsleep 5\n')
    model = ScriptedModel(main=[runs("sh stop")])

    session = claude.session(wired, model, "Stop.", allow=["Bash(sh stop)"])

    assert session.code != 0
    assert marks(wired, session)[-1] == "end other"


def test_without_gitmem_a_session_works_and_a_clone_with_flags_says_so(
    claude: Claude, wired: Sandbox
) -> None:
    path = without_gitmem()
    script = [runs(COMMIT), Answer(text="All done.")]

    new = claude.session(wired, ScriptedModel(main=script), "Commit.", allow=MAY_COMMIT, path=path)
    wired.gitmem("flag", "the staging database is read-only")
    keeping = claude.session(
        wired, ScriptedModel(main=script), "Commit.", allow=MAY_COMMIT, path=path
    )

    assert new.told_person == []
    assert len(keeping.told_person) == 1
    assert "nothing is captured" in keeping.told_person[0]
    for session in (new, keeping):
        assert {code for _, code in session.hooks} == {0}
        assert nudges(session) == [0, 0]
        assert session.stream[-1]["result"] == "All done."


def test_what_the_model_flags_after_it_read_the_web_is_tainted(
    claude: Claude, wired: Sandbox
) -> None:
    with ScriptedModel() as web:
        page = f"curl --silent {web.url}/page"
        model = ScriptedModel(
            main=[
                runs("gitmem flag 'before'"),
                runs(page),
                runs("gitmem flag 'after'"),
                runs(f"{page} && {COMMIT}"),
                runs("gitmem flag 'asked for by the nudge'"),
                runs(COMMIT),
                runs("gitmem flag 'of the next chapter'"),
            ]
        )
        session = claude.session(
            wired, model, "Read, then work.", allow=["Bash(curl *)", *MAY_COMMIT]
        )

    assert {flag["text"]: flag.get("tainted", False) for flag in queued(wired)} == {
        "before": False,
        "after": True,
        "asked for by the nudge": True,
        "of the next chapter": False,
    }
    assert [line for line in marks(wired, session) if line.startswith("taint")] == ["taint Bash"]


@pytest.mark.ability("claude-code", "guard")
def test_a_snag_becomes_a_rule_comes_back_and_becomes_a_guard_that_is_said(
    claude: Claude, wired: Sandbox
) -> None:
    wired.write("Makefile", "release:\n\t@echo released\n")
    wired.git("add", "Makefile")
    wired.commit("a makefile")
    rule = "Finish the changelog before the tag."
    lesson = "Stop and read the changelog first."

    # Session one flags the snag; it is closed and accepted.
    claude.session(
        wired,
        ScriptedModel(
            main=[runs(f"gitmem snag '`make release` tagged too early' --better '{rule}'")]
        ),
        "Release.",
    )
    land(wired)
    (loop,) = loops(wired)
    assert (loop["state"], loop["rung"], loop["recurrences"]) == ("closed", "rule", [])
    (first,) = loop["snags"]

    # Session two sees the rule, and snags on the same thing all the same.
    again = f"gitmem snag 'tagged too early again' --better '{lesson}' --again {first}"
    second = claude.session(wired, ScriptedModel(main=[runs(again)]), "Release.")
    assert (
        "Finish the changelog before the tag (`make release` tagged too early)."
        in second.main[0].all
    )
    (loop,) = loops(wired)
    assert (loop["state"], loop["rung"]) == ("recurred", "guard")
    assert [one["session"] for one in loop["recurrences"]] == [second.id]

    # The next close says so first, and moves the fix up.
    closed = wired.gitmem("close")
    assert "\ncame back: `make release` tagged too early: first time since" in closed.out
    assert wired.gitmem("review").out.startswith("came back: ")
    assert wired.gitmem("accept").code == 0

    # Session three hears the guard when it makes such a call, and at no other; the call is made.
    model = ScriptedModel(main=[runs("ls"), runs("make release"), runs("git status")])
    third = claude.session(wired, model, "Release.", allow=["Bash(make *)"])
    assert [len(said_at("PreToolUse:Bash", request)) for request in third.main] == [0, 0, 1, 1]
    (said,) = said_at("PreToolUse:Bash", third.last)
    assert "Stop and read the changelog first (tagged too early again)." in said
    assert "released" in third.main[2].all
    assert {code for _, code in third.hooks} == {0}
    assert "guard fired 1 time, the snag has not come back" in wired.gitmem("loops").out


def test_a_guard_with_mode_ask_holds_the_call_back_where_nobody_can_be_asked(
    claude: Claude, wired: Sandbox
) -> None:
    guard = Guard(["Bash"], "make release", "Ask ops first.", mode="ask")
    wired.commit(
        "a guard", {guards.FILE: guard.line + "\n", "Makefile": "release:\n\t@echo done\n"}
    )

    session = claude.session(
        wired, ScriptedModel(main=[runs("make release")]), "Go.", allow=["Bash(make *)"]
    )

    assert "Ask ops first." in session.last.all
    assert "done" not in [line.strip() for line in session.last.all.splitlines()]


def loops(sandbox: Sandbox) -> list[dict[str, Any]]:
    return list(json.loads(sandbox.gitmem("loops", "--json").out))
