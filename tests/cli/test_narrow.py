"""What a person sees on terminals of 60 to 200 columns: nothing is lost, no word is broken."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.support.desk import Desk
from tests.support.sandbox import Sandbox
from tests.support.terminal import Terminal

KINDS = ("gotcha", "fact", "decision", "preference", "pending", "snag")
TEXT = (
    "The release script tags the commit before the changelog of that release is written, number {}"
)


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    """Flags of all six kinds in every state that a person has to act on."""
    sandbox.git("config", "user.name", "A Person of Some Length")
    desk = Desk(sandbox=sandbox)
    sandbox.gitmem("init")
    for number, kind in enumerate(KINDS):
        text = TEXT.format(number)
        how = ("--better", "Write it first") if kind == "snag" else ("--kind", kind)
        assert sandbox.gitmem("snag" if kind == "snag" else "flag", text, *how).code == 0
    return desk


def seen(sandbox: Sandbox, width: int, *args: str) -> str:
    """What the command shows on a terminal so wide."""
    with Terminal(sandbox, *args, columns=width, typed=False) as screen:
        screen.end()
        return screen.shown


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_a_terminal_shows_the_words_of_a_pipe_and_none_is_broken(desk: Desk, width: int) -> None:
    for command in (
        ("status",),
        ("log",),
        ("check", "--offline"),
        ("close", "--dry-run"),
        ("init",),
    ):
        piped = desk.sandbox.gitmem(*command)

        shown = seen(desk.sandbox, width, *command)

        assert sorted(words(shown)) == sorted(words(piped.out + piped.err)), command
        longest = max(map(len, words(shown)))
        assert max(map(len, shown.splitlines())) <= max(width, longest + 8), command
        if command == ("status",):
            lines = shown.splitlines()
            assert lines[0].startswith("6 undrained: 1 ")
            assert "(oldest just now)" in " ".join(words(shown))
            assert lines[-1] == "  next: gitmem close"


def test_a_wide_terminal_shows_a_table_and_a_narrow_one_the_words_below(desk: Desk) -> None:
    wide = seen(desk.sandbox, 200, "log").splitlines()
    narrow = seen(desk.sandbox, 80, "log").splitlines()

    assert len(wide) == len(KINDS)
    assert all("A Person of Some" in line for line in wide)
    assert narrow[1].startswith("    The release script")


@pytest.mark.parametrize("width", [40, 60, 80])
def test_text_without_blanks_between_its_words_wraps_under_itself(
    sandbox: Sandbox, width: int
) -> None:
    text = "夜間の取り込みは注文の表を二十分間固定します。配備はそれが終わるまで待ちます。" * 2
    sandbox.gitmem("init")
    assert sandbox.gitmem("flag", text).code == 0

    for command in (("log",), ("close", "--dry-run")):
        shown = seen(sandbox, width, *command)

        rows = [row for row in shown.splitlines() if not row.isascii()]
        assert len(rows) > 1
        assert all(cell_len(row) <= width and row.startswith("  ") for row in rows[1:])
        assert not any(row.strip().startswith("。") for row in rows)
        assert text in "".join(row.strip() for row in rows)


def test_the_log_shows_the_newest_of_all_machines_and_who_made_them(sandbox: Sandbox) -> None:
    desk = Desk(sandbox=sandbox)
    theirs = desk.clone("theirs")
    for at, (where, text) in enumerate(
        [(desk, "the first"), (theirs, "the second"), (desk, "the third"), (theirs, "the fourth")]
    ):
        where.foreign_flag(text=text, at=f"2026-11-20T10:00:0{at}Z", by="Ann B <ann@example.org>")
    theirs.status()
    desk.status()
    desk.sandbox.git("remote", "add", "origin", str(theirs.sandbox.path))
    assert desk.sandbox.gitmem("sync").code == 0

    said = desk.sandbox.gitmem("log", "-n", "2").out

    assert [row.rpartition("  ")[2] for row in said.splitlines()] == ["the third", "the fourth"]
    assert said.count("Ann B") == 2
    assert "ann@" not in said


@pytest.mark.parametrize("width", [60, 80])
def test_a_wide_table_names_each_figure_where_a_row_has_no_room(desk: Desk, width: int) -> None:
    desk.sandbox.git("add", "-A")
    desk.sandbox.git("commit", "-qm", "init")
    assert desk.sandbox.gitmem("close").code == 0
    assert desk.sandbox.gitmem("accept").code == 0

    for command, named in (("stats", "engine verbatim"), ("audit", "ran verbatim")):
        shown = seen(desk.sandbox, width, command)

        assert all(len(line) <= width for line in shown.splitlines()), shown
        assert (named in shown) == (command == "stats" or width == 60)


@pytest.mark.parametrize("width", [60, 80])
def test_a_command_to_type_is_on_one_line(sandbox: Sandbox, width: int) -> None:
    said = seen(sandbox, width, "init")

    for command in ("gitmem init --engine NAME", "gitmem init --no-auto-memory"):
        assert command in said
    assert max(map(len, said.splitlines())) <= width
    assert "gitmem init --no-auto-memory" in seen(sandbox, width, "doctor")
