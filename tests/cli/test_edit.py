"""`gitmem edit`: other words for a flag that waits, here and on two machines."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from random import Random

import pytest

from gitmem.git import repository
from tests.support.deploys import DEPLOYS, facts, flag, queued, run
from tests.support.desk import Desk
from tests.support.made_secrets import filled
from tests.support.sandbox import Result, Sandbox
from tests.support.server import Server

OLD = DEPLOYS
NEW = "Deploys go out on Tuesdays"
TOKEN = "ghp_" + filled("{T}", Random(1)) + "ab12"


def edited(sandbox: Sandbox, *args: str) -> str:
    """Edits; the id of the flag that takes the place."""
    return str(json.loads(run(sandbox, "edit", *args, "--json"))["id"])


def editor(sandbox: Sandbox, code: str, name: str = "editor") -> str:
    """A program that changes a file as an editor does; ``code`` has its ``text``."""
    script = sandbox.path.with_name(f"{name} of a person.py")
    script.write_text(
        f"import sys\nfrom pathlib import Path\npath = Path(sys.argv[-1])\ntext = path.read_text()\n{code}\n"
        "path.write_text(text)\n",
        encoding="utf-8",
    )
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}"


def test_an_edited_flag_is_filed_in_its_new_words_and_the_old_one_is_not(sandbox: Sandbox) -> None:
    old = flag(sandbox, OLD, "--source", "the wiki", "--paths", "README.md")

    said = run(sandbox, "edit", old[:6], NEW)

    gone, new = queued(sandbox)
    assert said == f"edited {old}, now {new['id']} (fact): {NEW}\n"
    assert (gone["id"], gone["edited"], new["replaces"]) == (old, new["id"], old)
    assert "undrained, edited" in run(sandbox, "log")
    raw = json.loads(run(sandbox, "show", new["id"], "--json"))["flag"]
    assert (raw["replaces"], raw["source"], raw["paths"]) == (old, "the wiki", ["README.md"])
    assert f"in the place of flag {old}" in run(sandbox, "show", new["id"])
    assert f"edited: it is {new['id']} now" in run(sandbox, "show", old)
    run(sandbox, "close", "--engine", "verbatim")
    assert facts(sandbox) == [NEW]
    run(sandbox, "accept")
    assert facts(sandbox, "main") == [NEW]
    assert queued(sandbox) == []
    assert f"edited: {new['id']} has its words" in run(sandbox, "show", old)


def test_kind_topic_source_and_better_path_can_change(sandbox: Sandbox) -> None:
    old = flag(sandbox, OLD, "--source", "the wiki", "--topic", "deploys")
    new = edited(sandbox, old, "--kind", "decision", "--topic", "releases", "--source", "")
    raw = json.loads(run(sandbox, "show", new, "--json"))["flag"]
    assert (raw["kind"], raw["topic"], raw["text"], raw.get("source")) == (
        "decision", "releases", OLD, None,
    )  # fmt: skip

    said = sandbox.gitmem("snag", "npm install broke the lock", "--better", "use npm", "--json")
    new = edited(sandbox, json.loads(said.out)["id"], "--better", "use pnpm")
    raw = json.loads(run(sandbox, "show", new, "--json"))["flag"]
    assert (raw["kind"], raw["better"]) == ("snag", "use pnpm")


@pytest.mark.parametrize("words", [[OLD], [f" {OLD} "], ["--kind", "fact"], ["--topic", ""]])
def test_what_changes_nothing_does_nothing(sandbox: Sandbox, words: list[str]) -> None:
    old = flag(sandbox)

    assert run(sandbox, "edit", old, *words) == f"{old} has these words already; nothing to do\n"
    assert len(queued(sandbox)) == 1


@pytest.mark.parametrize("way", ["GIT_EDITOR", "VISUAL", "EDITOR", "core.editor"])
def test_without_words_the_editor_opens_that_git_opens(sandbox: Sandbox, way: str) -> None:
    old = flag(sandbox)
    program = editor(sandbox, f"text = text.replace({OLD!r}, {NEW!r})")
    env = dict.fromkeys(("GIT_EDITOR", "VISUAL", "EDITOR")) | {"TERM": "xterm"}
    if way == "core.editor":
        sandbox.git("config", "core.editor", program)
    else:
        env[way] = program

    done = sandbox.gitmem("edit", old, env=env)

    assert (done.code, done.err) == (0, "")
    assert [one["text"] for one in queued(sandbox)] == [OLD, NEW]


def by_editor(sandbox: Sandbox, old: str, code: str) -> Result:
    return sandbox.gitmem("edit", old, env={"GIT_EDITOR": editor(sandbox, code)})


def test_what_the_editor_leaves_unchanged_empty_or_wrong_changes_nothing(sandbox: Sandbox) -> None:
    old = flag(sandbox)

    unchanged = by_editor(sandbox, old, "pass")
    assert (unchanged.code, unchanged.out) == (
        0, f"{old} has these words already; nothing to do\n",
    )  # fmt: skip
    emptied = by_editor(sandbox, old, f"text = text.replace({OLD!r}, '')")
    assert (emptied.code, emptied.out) == (7, "")
    assert "the edit is aborted" in emptied.err
    assert by_editor(sandbox, old, "text = 'one\\ntwo\\n'").code == 4
    assert by_editor(sandbox, old, "path.write_bytes(b'\\xff'); sys.exit()").code == 4
    failed = by_editor(sandbox, old, "sys.exit(3)")
    assert (failed.code, "the editor ended with 3" in failed.err) == (7, True)
    none = sandbox.gitmem("edit", old, env={"GIT_EDITOR": "/nowhere/at/all"})
    assert none.code == 7
    assert [one["id"] for one in queued(sandbox)] == [old]


def test_a_text_that_begins_like_a_comment_is_kept_in_the_editor(sandbox: Sandbox) -> None:
    old = flag(sandbox, "# is a comment in YAML")

    done = by_editor(sandbox, old, "pass")

    assert "nothing to do" in done.out


def test_inside_an_agent_client_the_words_are_given(sandbox: Sandbox) -> None:
    old = flag(sandbox)
    env = {"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "s1", "GIT_EDITOR": "true"}

    refused = sandbox.gitmem("edit", old, env=env)
    assert (refused.code, refused.out) == (2, "")
    assert f"gitmem edit {old} 'the new words'" in refused.err
    assert sandbox.gitmem("edit", old, NEW, env=env).code == 0


def test_a_guard_looks_at_the_new_words_and_at_the_old_ones(sandbox: Sandbox) -> None:
    old = flag(sandbox)
    for words in ([f"the token is {TOKEN}"], ["x" * 1001], ["a\u202eb"], ["--source", TOKEN]):
        done = sandbox.gitmem("edit", old, *words)
        assert (done.code, done.out) == (4, ""), words
        assert TOKEN not in done.err
    secret = Desk(sandbox=sandbox).foreign_flag(text="x", source=TOKEN)
    assert sandbox.gitmem("edit", secret, NEW).code == 4

    assert [one["text"] for one in queued(sandbox) if one["id"] != secret] == [OLD]


def test_taint_is_never_lost_and_comes_with_a_tainted_session(sandbox: Sandbox) -> None:
    desk = Desk(sandbox=sandbox)
    tainted = desk.foreign_flag(text=OLD, tainted=True)
    new = edited(sandbox, tainted, NEW)
    assert json.loads(run(sandbox, "show", new, "--json"))["flag"]["tainted"] is True

    old = flag(sandbox, "Tests need MySQL")
    folder = Path(desk.repo.folder, "sessions")
    folder.mkdir(exist_ok=True)
    (folder / "s1").write_text("taint WebFetch\n")
    env = {"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "s1"}
    done = sandbox.gitmem("edit", old, "Tests need Postgres", "--json", env=env)
    shown = json.loads(run(sandbox, "show", json.loads(done.out)["id"], "--json"))["flag"]
    assert (shown["tainted"], shown["session"]) == (True, "s1")


def test_what_does_not_wait_any_more_is_refused_with_the_next_step(sandbox: Sandbox) -> None:
    landed = flag(sandbox, "Tests need Postgres")
    run(sandbox, "close", "--engine", "verbatim")
    run(sandbox, "accept")
    dropped = flag(sandbox, "said twice")
    run(sandbox, "drop", dropped, "--reason", "r")
    replaced = flag(sandbox, "first words")
    latest = edited(sandbox, replaced, "second words")

    for flag_id, reason, hint in (
        (landed, "has landed", "--corrects FILE:LINE"),
        (dropped, "is dropped", f"gitmem undrop {dropped}"),
        (replaced, f"is {latest} now", f"gitmem edit {latest}"),
        ("aaaaaaaaaaaa", "no queued flag has the id", "gitmem log"),
    ):
        done = sandbox.gitmem("edit", flag_id, NEW)
        assert (done.code, done.out) == (2, ""), flag_id
        assert reason in done.err
        assert hint in done.err
    run(sandbox, "close", "--engine", "verbatim")
    done = sandbox.gitmem("edit", latest, NEW)
    assert (done.code, "is in review" in done.err, "gitmem discard" in done.err) == (2, True, True)


@pytest.mark.parametrize(
    "words",
    [
        ["--kind", "nothing"],
        ["--kind", "snag"],
        ["--better", "a path"],
        ["one", "two"],
        ["--kind"],
    ],
)
def test_what_fits_no_flag_is_a_usage_error(sandbox: Sandbox, words: list[str]) -> None:
    old = flag(sandbox)

    done = sandbox.gitmem("edit", old, *words)

    assert (done.code, done.out) == (2, "")
    assert len(queued(sandbox)) == 1


def test_an_empty_text_is_refused(sandbox: Sandbox) -> None:
    assert sandbox.gitmem("edit", flag(sandbox), " ").code == 4


def test_a_dry_run_writes_nothing(sandbox: Sandbox) -> None:
    old = flag(sandbox)

    assert run(sandbox, "edit", old, NEW, "--dry-run") == f"would edit {old} (fact): {NEW}\n"
    told = json.loads(run(sandbox, "edit", old, NEW, "--dry-run", "--json"))
    assert (told["id"], told["replaces"], told["saved"]) == (None, old, None)
    assert [one["id"] for one in queued(sandbox)] == [old]


def test_undrop_and_edit_of_what_was_edited_name_the_flag_that_it_is_now(sandbox: Sandbox) -> None:
    old = flag(sandbox)
    new = edited(sandbox, old, NEW)

    assert run(sandbox, "undrop", old) == f"{old} is {new} now; nothing to do\n"


def test_dropping_the_edited_flag_drops_the_words(sandbox: Sandbox) -> None:
    new = edited(sandbox, flag(sandbox), NEW)
    run(sandbox, "drop", new, "--reason", "not so")
    run(sandbox, "close", "--engine", "verbatim")
    run(sandbox, "accept")

    assert facts(sandbox, "main") == []


def test_two_machines_that_edit_one_flag_keep_both_edits(server: Server) -> None:
    one, two = server.clone("one").sandbox, server.clone("two").sandbox
    old = flag(one)
    for sandbox in (one, two):
        run(sandbox, "sync")
    edited(one, old, "Deploys go out on Mondays")
    edited(two, old, NEW)
    for sandbox in (one, two, one):
        run(sandbox, "sync")

    for sandbox in (one, two):
        assert len(queued(sandbox)) == 3
    run(one, "close", "--engine", "verbatim")
    assert sorted(facts(one)) == ["Deploys go out on Mondays", NEW]


def test_an_edit_that_a_sync_brings_takes_the_old_words_out_of_a_review(server: Server) -> None:
    """The close ran on one machine while the other one edited: the review is rebuilt, and does not land before."""
    one, two = server.clone("one").sandbox, server.clone("two").sandbox
    old = flag(one)
    for sandbox in (one, two):
        run(sandbox, "sync")
    run(one, "close", "--engine", "verbatim")
    assert facts(one) == [OLD]
    edited(two, old, NEW)
    for sandbox in (two, one):
        run(sandbox, "sync")

    assert "1 edited since" in run(one, "status")
    refused = one.gitmem("accept")
    assert (refused.code, old in refused.err) == (8, True)
    run(one, "close", "--engine", "verbatim")
    run(one, "accept")

    assert facts(one, "main") == [NEW]


def test_what_an_edit_corrects_stays_corrected(sandbox: Sandbox) -> None:
    flag(sandbox, "Tests need MySQL")
    run(sandbox, "close", "--engine", "verbatim")
    run(sandbox, "accept")
    old = flag(sandbox, "Tests need Postgres", "--corrects", "memory/facts.md:8")

    new = edited(sandbox, old, "Tests need Postgres 16")

    raw = json.loads(run(sandbox, "show", new, "--json"))["flag"]
    assert raw["corrects"] == "memory/facts.md: Tests need MySQL"


def test_a_body_stays_with_the_edited_headline(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("flag", OLD, "--body", "-", "--json", input="Why: the team is there.\n")
    old = json.loads(done.out)["id"]

    new = edited(sandbox, old, NEW)

    raw = json.loads(run(sandbox, "show", new, "--json"))["flag"]
    assert (raw["text"], raw["body"], raw["v"]) == (NEW, "Why: the team is there.", 2)
    assert repository.discover(str(sandbox.path), {}).top
