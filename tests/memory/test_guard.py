"""Guards: what a line of the file may be, what it fits, and what is never shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.bootstrap import assets
from gitmem.core.errors import Refused
from gitmem.core.flag import Flag, make
from gitmem.loops.guard_proposal import propose_guard
from gitmem.memory import guard as guards
from gitmem.memory import guard_file
from gitmem.memory.guard import HEARD, SHELL, WRITERS, Guard, matches, parse, subject

ID = "a" * 12
OTHER = "b" * 12


def guard(match: str = "make release", **changes: object) -> Guard:
    fields: dict[str, object] = {"tools": ("Bash",), "match": match, "lesson": "look first"}
    return Guard(**{**fields, **changes})  # type: ignore[arg-type]


def snag(text: str, **fields: object) -> Flag:
    return make({"id": ID, "kind": "snag", "text": text, "better": "b", **fields})


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("git push", "cd x && git push -f", True),
        ("git push", "git pushes", False),
        ("make", "cmake .", False),
        ("--force", "git push --force", True),
        ("--force", "git push --force-with-lease", True),
        ("*git push*--force*", "git push origin main --force", True),
        ("*git push*--force*", "git push origin main", False),
        ("make *", "make release", True),
        ("make *", "time make release", False),
        ("*.sql", "src/db/schema.sql", True),
        ("src/db/*", "src/db/schema.sql", True),
        ("src/db/*", "src/other/schema.sql", False),
        ("ab*ba", "aba", False),
        ("ab*ba", "abba", True),
        ("a*b*c", "a-c-b", False),
        ("a.c", "abc", False),
        ("[a-z]+*", "abc", False),
        ("[x]*", "[x] y", True),
    ],
)
def test_a_pattern_is_a_literal_or_a_glob_in_which_only_a_star_is_special(
    pattern: str, text: str, fits: bool
) -> None:
    assert matches(pattern, subject(text)) is fits


def test_a_command_is_seen_on_one_line() -> None:
    assert matches("git push --force", subject("git push \\\n   --force".replace("\\", "")))


@pytest.mark.parametrize(
    "pattern", ["*", "**", "**/*", "* *", "*.*", "", "*a*", "-", "/", "*" * 17 + "abc", "a" * 201]
)
def test_a_pattern_that_fits_everything_or_is_too_large_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        parse(guard(pattern).line)
    with pytest.raises(Refused, match="pattern"):
        guard_file.add_guards("", [guard(pattern)])


@pytest.mark.parametrize("tools", [["Read"], ["mcp__forge__merge"], ["Edit", "WebFetch"]])
def test_a_guard_for_a_tool_that_no_hook_is_wired_to_is_refused_and_the_tool_named(
    tools: list[str],
) -> None:
    reason = f"no hook runs before {tools[-1]}"
    with pytest.raises(ValueError, match=reason):
        parse(guard(tools=tools).line)
    with pytest.raises(Refused, match=reason):
        guard_file.add_guards("", [guard(tools=tools)])


def test_the_tools_of_guards_are_those_that_the_shipped_hook_is_wired_to() -> None:
    hooks = json.loads(assets.read("hooks/claude-code/hooks.json"))
    (wired,) = hooks["hooks"]["PreToolUse"]
    sub_agents = {"Agent", "Task"}  # the hook there is for the lines that fit the task

    assert wired["matcher"].split("|") == sorted({*HEARD} | sub_agents)
    assert {*SHELL, *WRITERS} == {*HEARD}


@pytest.mark.parametrize(
    "line",
    [
        "", "x", "[]", "{}", '{"tool":"Bash","match":"abc"}', '{"tool":"*","match":"abc","lesson":"x"}',
        '{"tool":"Bash|","match":"abc","lesson":"x"}', '{"tool":"Bash","match":["abc"],"lesson":"x"}',
        '{"tool":"Bash","match":"abc","lesson":""}', '{"tool":"Bash","match":"abc","lesson":"x","mode":"deny"}',
        '{"tool":"Bash","match":"abc","lesson":"x","flags":["short"]}',
        '{"tool":"Bash","match":"abc","lesson":"' + "x" * 401 + '"}',
    ],
)  # fmt: skip
def test_a_line_of_another_shape_is_no_guard(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each for a reason of its own
        parse(line)


@pytest.mark.parametrize(
    "lesson",
    [
        "two\nlines",
        "hidden \u202e text",
        "a\u200bb",
        "tab\there",
        "\x1b[31mred",
        "!`rm x`",
        "<!-- x -->",
        "the key is gh" + "p_" + "a1B2" * 9,
    ],
)
def test_a_lesson_that_is_not_one_visible_harmless_line_is_never_shown(lesson: str) -> None:
    text = guard(lesson=lesson).line + "\n" + guard("make test").line + "\n"

    found = guard_file.read_guards(text)

    assert [one.match for one in found.guards] == ["make test"]
    assert found.flaws[0].startswith(".gitmem/guards.jsonl:1: ")


def test_more_guards_than_the_limit_are_not_read_and_a_huge_file_is_not_at_all() -> None:
    many = "".join(guard(f"tool{number}").line + "\n" for number in range(guards.MOST + 5))

    assert len(guard_file.read_guards(many).guards) == guards.MOST
    assert len(guard_file.read_guards(many).flaws) == 5
    assert guard_file.read_guards(" " * (guards.LARGEST + 1)).guards == ()
    with pytest.raises(Refused, match="full"):
        guard_file.add_guards(many, [guard("one more")])


def test_adding_keeps_every_line_that_is_there_and_never_writes_a_mode() -> None:
    mine = '{"mode":"ask", "tool":"Bash","match":"git push","lesson":"wait","note":"by hand"}'
    text = f"{mine}\nnot json\n"

    after = guard_file.add_guards(text, [guard(flags=(ID,))])

    assert after == text + guard(flags=(ID,)).line + "\n"
    assert '"mode"' not in after.removeprefix(mine)


def test_a_guard_that_is_there_takes_the_new_lesson_and_keeps_a_person_s_mode() -> None:
    text = guard(flags=(ID,), mode="ask").line + "\n"

    after = guard_file.add_guards(text, [guard(lesson="better", flags=(ID, OTHER))])

    assert guard_file.read_guards(after).guards == (
        guard(lesson="better", flags=(ID, OTHER), mode="ask"),
    )


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [("", "once", "once"), ("once", "", "once"), ("once", "once", "once"), ("ask", "once", "ask")],
)
def test_a_guard_of_a_loop_takes_the_stronger_mode_and_a_person_s_ask_stays(
    old: str, new: str, kept: str
) -> None:
    before = guard(flags=(ID,), mode=old).line + "\n"

    after = guard_file.add_guards(before, [guard(flags=(ID, OTHER), mode=new)])

    assert guard_file.read_guards(after).guards == (guard(flags=(ID, OTHER), mode=kept),)


@pytest.mark.parametrize("mode", ["ask", "once"])
def test_a_mode_survives_its_line_and_the_loss_of_a_flag(mode: str) -> None:
    known = guard(flags=(ID, OTHER), mode=mode)

    assert parse(known.line) == known
    (rest,) = guard_file.read_guards(guard_file.without(known.line, {OTHER})).guards
    assert (rest.flags, rest.mode) == ((ID,), mode)


@pytest.mark.parametrize("mode", ["Once", "always", "deny", 1, None, True, ["once"], {}])
def test_any_other_mode_is_refused_in_a_sentence(mode: object) -> None:
    fields = json.loads(guard().line) | {"mode": mode}

    with pytest.raises(ValueError, match="mode can only be ask or once"):
        parse(json.dumps(fields))


@pytest.mark.parametrize("flags", [(ID,), ()], ids=["of another loop", "by hand"])
def test_another_lesson_about_the_same_call_is_not_replaced(flags: tuple[str, ...]) -> None:
    old, new = guard(flags=flags), guard(lesson="better", flags=(OTHER,))

    after = guard_file.add_guards(old.line + "\n", [new])

    assert guard_file.read_guards(after).guards == (old, new)


def test_guards_that_two_sides_added_unite_and_anything_more_is_for_a_person() -> None:
    old, one, two = guard("make old"), guard("make one"), guard("make two")
    before = old.line + "\n"
    ours, theirs = before + one.line + "\n", before + two.line + "\n"

    assert guard_file.unite(before, ours, theirs) == ours + two.line + "\n"
    assert guard_file.unite("", one.line + "\n", two.line + "\n") == f"{one.line}\n{two.line}\n"
    assert guard_file.unite(before, ours, two.line + "\n") is None
    assert guard_file.unite(before, ours, before + "not json\n") is None


def test_forgetting_a_flag_takes_its_guards_out_and_leaves_the_others() -> None:
    both, own, hand = guard("both", flags=(ID, OTHER)), guard("own", flags=(ID,)), guard("hand")
    text = "".join(one.line + "\n" for one in (both, own, hand))

    after = guard_file.without(text, {ID})

    assert guard_file.read_guards(after).guards == (guard("both", flags=(OTHER,)), hand)


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    found = guard_file.read_guards(text)

    assert (
        guard_file.read_guards("\n".join(one.line for one in found.guards)).guards == found.guards
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ran `make release` before the tag", (SHELL, "make release")),
        ("git push --force lost the work of others", (SHELL, "*git push*--force*")),
        ("we ran npm test without a port.", (SHELL, "npm test")),
        ("scripts/deploy.sh fails without the VPN", (SHELL, "scripts/deploy.sh")),
        ("edited `src/gen/api.py` by hand", (HEARD, "src/gen/api.py")),
        ("`schema.sql` was stale, then `make db` too", (HEARD, "schema.sql")),
        ("`./run.sh --all` hung", (SHELL, "./run.sh --all")),
        ("the staging database is read-only", None),
        ("make fails when the cache is cold", None),
        ("`*` is not a command", None),
        ("git commit -n passed", (SHELL, "*git commit*-n*")),
        ("pytest -x stops too early", (SHELL, "*pytest*-x*")),
        ("`mytool sync` hung", (SHELL, "mytool sync")),
        ("`DEBUG=1 ./run.sh` hung", (SHELL, "DEBUG=1 ./run.sh")),
        # What no call can look like.
        ("git lost my stash after a rebase", None),
        ("tox rebuilt again", None),
        ("make sure that the cache is warm", None),
        ("go to the folder first", None),
        ("just run it again", None),
        ("docker daemon died", None),
        ("uv resolved another version", None),
        ("`None` came back", None),
        ("`TypeError: not a list` was raised", None),
        ("`parse_config()` read the wrong file", None),
        ("`retry_after` was ignored", None),
        ("`HEAD` had moved", None),
        ("`8080` was taken", None),
        ("`1.2.3` broke it", None),
        ("`404` came back", None),
    ],
)
def test_a_guard_is_made_against_what_the_snag_names(
    text: str, expected: tuple[tuple[str, ...], str] | None
) -> None:
    assert propose_guard([snag(text)]) == expected


def test_without_a_command_the_paths_of_a_snag_make_the_guard() -> None:
    assert propose_guard([snag("it broke", paths=["src/db/**"])]) == (WRITERS, "src/db/*")
    assert propose_guard([snag("it broke", paths=["**"])]) is None


def test_the_newest_snag_that_names_a_command_counts() -> None:
    flags = [snag("`make one` broke"), snag("`make two` broke"), snag("it broke again")]

    assert propose_guard(flags) == (SHELL, "make two")
