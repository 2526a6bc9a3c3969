"""`gitmem undrop`: what was dropped is queued again, here and after a landing elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from gitmem.queue import decisions
from tests.support.deploys import DEPLOYS, facts, flag, queued, run
from tests.support.desk import Desk
from tests.support.made_secrets import filled
from tests.support.sandbox import Sandbox
from tests.support.server import Server

TEXT = DEPLOYS
TOKEN = "ghp_" + filled("{T}", Random(1)) + "ab12"


def drop(sandbox: Sandbox, flag_id: str, reason: str = "not so") -> None:
    assert sandbox.gitmem("drop", flag_id, "--reason", reason).code == 0


def test_a_dropped_flag_is_queued_again_and_the_next_close_files_it(sandbox: Sandbox) -> None:
    flag_id = flag(sandbox, TEXT, "--source", "the wiki", "--topic", "deploys")
    before = sandbox.git("rev-parse", "gitmem/queue")
    drop(sandbox, flag_id)

    said = run(sandbox, "undrop", flag_id[:6])

    assert said == f"queued {flag_id} again: {TEXT}\nnext: gitmem close\n"
    (one,) = queued(sandbox)
    assert (one["id"], one["dropped"], one["topic"]) == (flag_id, None, "deploys")
    assert sandbox.git("rev-parse", "gitmem/queue") == before  # it had never left the queue
    run(sandbox, "close", "--engine", "verbatim")
    assert Desk(sandbox=sandbox).lines("memory/deploys.md") == [TEXT]


def test_what_is_not_dropped_stays_as_it_is(sandbox: Sandbox) -> None:
    flag_id = flag(sandbox)
    assert run(sandbox, "undrop", flag_id) == f"{flag_id} is not dropped; nothing to do\n"

    drop(sandbox, flag_id)
    run(sandbox, "undrop", flag_id)
    assert run(sandbox, "undrop", flag_id) == f"{flag_id} is not dropped; nothing to do\n"
    assert len(decisions.dropping(Desk(sandbox=sandbox).repo)[flag_id]) == 2


def test_log_show_and_why_tell_drops_and_undrops_in_order(sandbox: Sandbox) -> None:
    flag_id = flag(sandbox)
    drop(sandbox, flag_id, "first doubt")
    run(sandbox, "undrop", flag_id)
    drop(sandbox, flag_id, "second doubt")
    rows = run(sandbox, "log").splitlines()
    assert [" ".join(row.split()[-2:]) for row in rows[1:]] == [
        "first doubt", "Person undrop", "second doubt",
    ]  # fmt: skip
    run(sandbox, "undrop", flag_id)

    (one,) = queued(sandbox)
    assert [made["what"] for made in one["decisions"]] == ["drop", "undrop", "drop", "undrop"]
    assert [made["reason"] for made in one["decisions"]] == [
        "first doubt",
        None,
        "second doubt",
        None,
    ]
    run(sandbox, "close", "--engine", "verbatim")
    run(sandbox, "accept")
    for told in (run(sandbox, "show", flag_id), run(sandbox, "why", TEXT)):
        assert told.index("first doubt") < told.index("queued again") < told.index("second doubt")
    why = json.loads(run(sandbox, "why", TEXT, "--json"))
    assert [made["what"] for made in why["decisions"][flag_id]] == ["drop", "undrop"] * 2


def test_a_review_that_skips_it_is_rebuilt_and_does_not_land_before(sandbox: Sandbox) -> None:
    flag_id, other = flag(sandbox), flag(sandbox, "Tests need Postgres")
    drop(sandbox, flag_id)
    run(sandbox, "close", "--engine", "verbatim")

    assert "the review skips it; next: gitmem close" in run(sandbox, "undrop", flag_id)

    assert "1 queued again since" in run(sandbox, "status")
    assert "queued again since" in run(sandbox, "review")
    refused = sandbox.gitmem("accept")
    assert (refused.code, flag_id in refused.err) == (8, True)
    run(sandbox, "close", "--engine", "verbatim")
    assert facts(sandbox) == [TEXT, "Tests need Postgres"]
    run(sandbox, "accept")
    assert facts(sandbox, "main") == [TEXT, "Tests need Postgres"]
    assert [one["id"] for one in queued(sandbox)] == []
    assert other


def test_a_review_that_still_files_it_is_not_said_to_skip_it(sandbox: Sandbox) -> None:
    flag_id = flag(sandbox)
    run(sandbox, "close", "--engine", "verbatim")
    drop(sandbox, flag_id)

    done = sandbox.gitmem("undrop", flag_id, "--json")

    assert json.loads(done.out) == [
        {"id": flag_id, "queued_again": True, "in_review": False, "as": None}
    ]
    drop(sandbox, flag_id)
    assert "the review files it" in run(sandbox, "undrop", flag_id)
    run(sandbox, "accept")
    assert facts(sandbox, "main") == [TEXT]


def test_dropped_again_in_the_same_review_it_lands_as_dropped(sandbox: Sandbox) -> None:
    flag_id = flag(sandbox)
    drop(sandbox, flag_id)
    run(sandbox, "close", "--engine", "verbatim")
    run(sandbox, "undrop", flag_id)
    drop(sandbox, flag_id)

    run(sandbox, "accept")

    assert facts(sandbox, "main") == []


def test_after_a_landed_drop_the_words_come_back_as_a_new_flag(sandbox: Sandbox) -> None:
    flag_id = flag(sandbox, TEXT, "--source", "the wiki")
    drop(sandbox, flag_id)
    run(sandbox, "close", "--engine", "verbatim")
    run(sandbox, "accept")

    (told,) = json.loads(run(sandbox, "undrop", flag_id, "--json"))

    fresh = told["as"]
    assert fresh != flag_id
    (one,) = queued(sandbox)
    assert (one["id"], one["text"]) == (fresh, TEXT)
    raw = json.loads(run(sandbox, "show", fresh, "--json"))["flag"]
    assert (raw["replaces"], raw["source"]) == (flag_id, "the wiki")
    assert f"Gitmem-Flag: {fresh}" in sandbox.git("log", "-1", "--format=%B", "gitmem/queue")
    again = run(sandbox, "undrop", flag_id)
    assert again == f"{flag_id} was queued again as {fresh}; nothing to do\n"
    run(sandbox, "close", "--engine", "verbatim")
    run(sandbox, "accept")
    assert facts(sandbox, "main") == [TEXT]


def test_a_drop_that_another_machine_landed_is_taken_back_after_a_sync(server: Server) -> None:
    one, two = server.clone("one").sandbox, server.clone("two").sandbox
    flag_id = flag(one)
    run(one, "sync")
    run(two, "sync")
    drop(two, flag_id)
    run(two, "close", "--engine", "verbatim")
    run(two, "accept")
    two.git("push", "--quiet", "origin", "main")
    run(two, "sync")
    run(one, "sync")

    (told,) = json.loads(run(one, "undrop", flag_id[:8], "--json"))
    run(one, "sync")
    run(two, "sync")

    assert [flags["id"] for flags in queued(two)] == [told["as"]]


def test_taint_is_not_lost(sandbox: Sandbox) -> None:
    desk = Desk(sandbox=sandbox)
    line = '{"v":1,"id":"ID","kind":"fact","text":"x","at":"2026-11-20T10:00:00Z","tainted":true}'
    flag_id = desk.foreign_flag(line)
    drop(sandbox, flag_id)
    desk.close()
    desk.accept()

    run(sandbox, "undrop", flag_id)

    (one,) = desk.status().state.undrained
    assert (one.tainted, one.replaces) == (True, flag_id)


def test_a_text_that_a_guard_refuses_stays_dropped(sandbox: Sandbox) -> None:
    desk = Desk(sandbox=sandbox)
    flag_id = desk.foreign_flag(text=f"the token is {TOKEN}", at="2026-11-20T10:00:00Z")
    good = flag(sandbox)
    for one in (flag_id, good):
        drop(sandbox, one)

    refused = sandbox.gitmem("undrop", good, flag_id)

    assert (refused.code, refused.out) == (4, "")
    assert flag_id in refused.err
    assert TOKEN not in refused.err
    assert {*decisions.drops(desk.repo)} == {flag_id, good}  # all or none


def test_what_landed_is_not_there_or_is_not_clear_is_refused(sandbox: Sandbox) -> None:
    landed = flag(sandbox, "Tests need Postgres")
    run(sandbox, "close", "--engine", "verbatim")
    run(sandbox, "accept")
    waits = flag(sandbox)
    drop(sandbox, waits)

    for words, reason in (
        ([landed], f"{landed} has landed"),
        (["aaaaaaaaaaaa"], "no flag has the id"),
        ([waits, "not an id"], "is not a flag id"),
        ([waits, landed], "has landed"),
        ([], "Missing argument"),
    ):
        done = sandbox.gitmem("undrop", *words)
        assert (done.code, done.out) == (2, ""), words
        assert reason in done.err
    assert {*decisions.drops(Desk(sandbox=sandbox).repo)} == {waits}


def test_an_ambiguous_id_is_refused(sandbox: Sandbox) -> None:
    desk = Desk(sandbox=sandbox)
    for letter in "bc":
        desk.foreign_flag(f'{{"v":1,"id":"aa{letter * 10}","kind":"fact","text":"x"}}')

    done = sandbox.gitmem("undrop", "aa")

    assert done.code == 2
    assert "aa stands for 2 flags" in done.err


def test_a_dry_run_writes_nothing(sandbox: Sandbox) -> None:
    flag_id = flag(sandbox)
    drop(sandbox, flag_id)
    folder = Path(Desk(sandbox=sandbox).repo.folder)
    before = (folder / "drops.jsonl").read_bytes()

    said = run(sandbox, "undrop", flag_id, "--dry-run")

    assert said.startswith(f"would queue {flag_id} again: ")
    assert (folder / "drops.jsonl").read_bytes() == before


def test_a_line_that_a_flag_corrects_is_withheld_again(sandbox: Sandbox) -> None:
    flag(sandbox, "Tests need MySQL")
    run(sandbox, "close", "--engine", "verbatim")
    run(sandbox, "accept")
    flag_id = flag(sandbox, "Tests need Postgres", "--corrects", "memory/facts.md:8")
    repo = Desk(sandbox=sandbox).repo
    drop(sandbox, flag_id)
    assert decisions.corrections(repo) == {}

    run(sandbox, "undrop", flag_id)

    assert [*decisions.corrections(repo)] == [flag_id]


@pytest.mark.parametrize("when", ["before the record", "after it"])
def test_a_close_meanwhile_loses_nothing(sandbox: Sandbox, when: str) -> None:
    """Whatever a close had read before: its review skips the flag, so it is rebuilt and not landed."""
    flag_id = flag(sandbox)
    drop(sandbox, flag_id)
    if when == "after it":
        run(sandbox, "close", "--engine", "verbatim")
    run(sandbox, "undrop", flag_id)
    run(sandbox, "close", "--engine", "verbatim")
    run(sandbox, "accept")

    assert facts(sandbox, "main") == [TEXT]


def test_a_drop_of_what_has_landed_names_the_command_that_takes_it_out(sandbox: Sandbox) -> None:
    flag_id = flag(sandbox)
    run(sandbox, "close", "--engine", "verbatim")
    run(sandbox, "accept")

    done = sandbox.gitmem("drop", flag_id, "--reason", "not true")

    assert (done.code, done.out) == (2, "")
    assert f"{flag_id} has landed already" in done.err
    assert f"gitmem forget {flag_id}" in done.err
