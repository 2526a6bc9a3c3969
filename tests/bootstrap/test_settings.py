from __future__ import annotations

import json
import re
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitmem.bootstrap import assets
from gitmem.bootstrap.settings import SharedSettings, read_shared, render_shared
from gitmem.check.terms import STRICT, Policy, Scope
from gitmem.core.failures import NeedsPerson
from gitmem.records.commit_style import PLAIN, CommitStyle

TEMPLATE = assets.read("templates/config.yaml")
MAIN = SharedSettings(target="main")


@pytest.mark.parametrize("text", [None, "", "\n", "# nothing\n", "---\n"])
def test_without_a_word_the_defaults_hold(text: str | None) -> None:
    assert read_shared(text) == SharedSettings(target=None, folder="memory", version=1)


def test_the_form_of_commits_is_read_and_written_back() -> None:
    text = 'target: main\ncommit:\n  subject: "chore(memory): {what}"\n  width: 100\n'
    style = CommitStyle(subject="chore(memory): {what}", width=100)

    assert read_shared(text).commit == style
    assert read_shared("commit:\n  width: 72\n").commit == CommitStyle(width=72)
    assert read_shared("commit:\n").commit == PLAIN
    rendered = render_shared(None, MAIN._replace(commit=style), TEMPLATE)
    assert read_shared(rendered).commit == style


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("subject: memory", "subject must be one line with {what} in it"),
        ("subject: '{what} {what}'", "subject must be one line"),
        ('subject: "a\\n{what}"', "subject must be one line"),
        ('subject: "\\e[31m{what}"', "subject must be one line"),
        ("subject: '" + "x" * 100 + "{what}'", "at most 100 characters"),
        ("subject: 7", "subject must be a string"),
        ("width: 10", "width must be 0 (any) or at least 40"),
        ("width: -1", "width must not be less than 0"),
        ("width: wide", "width must be a whole number"),
        ("colour: red", "'colour' is not a setting; there are subject, width"),
    ],
)
def test_a_form_of_commits_that_is_none_is_named(value: str, reason: str) -> None:
    with pytest.raises(NeedsPerson, match=re.escape(reason)):
        read_shared(f"commit:\n  {value}\n")


def test_the_three_settings_are_read() -> None:
    text = "version: 1\ntarget: release/2.x   # why\nmemory: 'docs/memory'\n"

    assert read_shared(text) == SharedSettings(target="release/2.x", folder="docs/memory")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("colour: red\n", "'colour' is not a setting; there are version, target, memory"),
        ("1: x\n", "'1' is not a setting"),
        ("? [a]\n: x\n", "is not a setting"),
        ("version: 2\n", "version 2 is not known; this gitmem reads version 1"),
        ("version: 0\n", "version 0 is not known"),
        ("version: '1'\n", "version must be a whole number"),
        ("version: true\n", "version must be a whole number"),
        ("version: 1.0\n", "version must be a whole number"),
        ("target: 1.0\n", "target must be a string"),
        ("target: 7\n", "target must be a string"),
        ("target: [main]\n", "target must be a string"),
        ("target: 2026-01-01\n", "target must be a string"),
        ("memory:\n", "memory must be a string"),
        ("memory: {a: b}\n", "memory must be a string"),
        ("memory: ../up\n", "memory: "),
        ("memory: .claude\n", "memory: "),
        ("target: main\ntarget: other\n", 'line 2: found duplicate key "target"'),
        ("target: &a main\nmemory: *a\n", "anchors and aliases are not used here"),
        ("target: !!python/object:os.system x\n", "tags are not used here"),
        ("target: !x main\n", "tags are not used here"),
        ("- target\n", "names and values are expected at the top"),
        ("main\n", "names and values are expected at the top"),
        ("target: 'x\n", "line "),
        ("target: main\n---\ntarget: main\n", "line 2: "),
        ("memory: " + "[" * 60, "nested more than 50 levels deep"),
        ("memory: " + "[" * 30_000, "nested more than 50 levels deep"),
        ("".join("  " * depth + "a:\n" for depth in range(60)), "nested more than 50 levels"),
        ("# " + "x" * 64_000, "longer than 64,000 bytes"),
        ("target: \x00\n", "not YAML 1.2"),
    ],
)
def test_what_is_not_expected_is_refused_with_the_file_and_the_reason(
    text: str, reason: str
) -> None:
    with pytest.raises(NeedsPerson) as caught:
        read_shared(text)

    assert caught.value.message.startswith(".gitmem/config.yaml: ")
    assert reason in caught.value.message


@pytest.mark.parametrize("key", ["engine", "model", "host", "command", "key", "auto-close"])
def test_a_personal_setting_is_refused_and_told_where_it_lives(key: str) -> None:
    with pytest.raises(NeedsPerson) as caught:
        read_shared(f"{key}: x\n")

    assert f"{key!r} is a personal setting" in caught.value.message
    assert f"`git config gitmem.{key}`" in caught.value.hint


@given(
    st.text(alphabet="ab./-@{}~^:?*[\\ \x7f\t", max_size=6) | st.sampled_from(["a.lock", "HEAD"])
)
@example("a.lock/b")
@example("a/.b")
@example("@")
@settings(max_examples=60)
def test_a_target_is_what_git_takes_for_a_branch_name(name: str) -> None:
    done = subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False)
    try:
        read_shared(json.dumps({"target": name}))
        taken = True
    except NeedsPerson:
        taken = False
    ambiguous = name in ("@", "HEAD") or name.startswith("-")  # a ref, and no name to say
    assert taken == (done.returncode == 0 and not ambiguous)


@pytest.mark.parametrize("name", ["refs/heads/main", "gitmem/queue", "gitmem/drain"])
def test_a_full_name_and_gitmems_own_branches_are_no_target(name: str) -> None:
    with pytest.raises(NeedsPerson, match="is not a branch name"):
        read_shared(f"target: {name}\n")


def test_a_new_file_is_the_template_filled_in() -> None:
    text = render_shared(None, SharedSettings(target="trunk", folder="docs/mem"), TEMPLATE)

    assert read_shared(text) == SharedSettings(target="trunk", folder="docs/mem")
    expected = TEMPLATE.replace("target: main", "target: trunk")
    assert text == expected.replace("memory: memory", "memory: docs/mem")


def test_the_template_itself_is_a_file_in_order() -> None:
    assert read_shared(TEMPLATE) == MAIN
    assert render_shared(None, MAIN, TEMPLATE) == TEMPLATE


@pytest.mark.parametrize("text", ["target:   main # x\r\n", '{"target": "main"}', "target: main"])
def test_a_file_that_says_the_same_already_keeps_every_byte(text: str) -> None:
    assert render_shared(text, MAIN, TEMPLATE) == text


def test_a_change_keeps_comments_order_and_quotes() -> None:
    text = "# ours\n\nmemory: 'mem'   # short\n# the branch\ntarget: main\nversion: 1\n"

    assert render_shared(text, SharedSettings(target="next", folder="mem"), TEMPLATE) == (
        "# ours\n\nmemory: 'mem'   # short\n# the branch\ntarget: next\nversion: 1\n"
    )


def test_a_file_of_comments_keeps_them_above_the_template() -> None:
    assert render_shared("# ours\n", MAIN, TEMPLATE) == "# ours\n" + TEMPLATE


def test_a_file_that_is_not_in_order_is_not_rewritten() -> None:
    with pytest.raises(NeedsPerson, match="'x' is not a setting"):
        render_shared("x: 1\n", MAIN, TEMPLATE)


BRANCHES = st.from_regex(r"[a-zA-Z0-9_.é#%!&|'\"{},-]{1,12}(/[0-9a-z_]{1,5})?", fullmatch=True)


@given(BRANCHES, st.from_regex(r"[a-z0-9_]{1,9}", fullmatch=True))
@example("null", "1e3")
@example("1.0", "0x10")
@example("yes", "1_000")
def test_any_branch_and_folder_read_back_as_they_were_written(target: str, folder: str) -> None:
    settings = SharedSettings(target=target, folder=folder)
    try:
        text = render_shared(None, settings, TEMPLATE)
    except NeedsPerson:  # no branch, or no folder
        return
    assert read_shared(text) == settings
    assert read_shared(render_shared(text, MAIN, TEMPLATE)) == MAIN


@given(
    st.text(alphabet="versiontagmy: 1-[]{}#&*!|>'\"%@`?,\n\t\r\\/.0xeE_+~=<\ufeff\x85\u2028")
    | st.lists(
        st.sampled_from(
            ["version: ", "target: ", "memory: ", "1", "main", "\n", "- ", "? ", "!!int "]
        )
        | st.sampled_from(["!!binary ", "!!timestamp ", "2001-99-99", "0o9", "0b2", "1e", ".inf"])
        | st.sampled_from(
            ["%YAML 9.9\n", "%TAG ! x\n", "---\n", "...\n", "<<: ", "~", "!", "&a ", "*a"]
        )
        | st.sampled_from(
            ["9" * 5000, "0x", "1__0", ".", "+", "-0", "1:60", "=", "'", '"\\x', "|2\n"]
        )
    ).map("".join)
    | st.text()
)
def test_any_text_is_settings_or_left_to_a_person(text: str) -> None:
    try:
        settings = read_shared(text)
    except NeedsPerson:
        return
    assert read_shared(render_shared(text, MAIN, TEMPLATE)) == MAIN
    assert settings.version == 1


def test_what_may_wait_in_ci_is_shared() -> None:
    text = "target: main\ncheck:\n  max_age: 7\n  max_flags: 20\n  allow_in_review: true\n  scope: all\n"

    assert read_shared(text).check == Policy(
        scope=Scope.ALL, max_age=7, max_flags=20, allow_in_review=True
    )
    assert read_shared("check:\n").check == STRICT
    assert read_shared("check:\n").check == STRICT
    assert render_shared(text, read_shared(text), TEMPLATE) == text
    changed = SharedSettings(target="main", check=Policy(max_flags=3))
    assert read_shared(render_shared(text, changed, TEMPLATE)) == changed


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("7", "check must be"),
        ("{engine: x}", "'engine' is not a setting"),
        ("{max_age: -1}", "must not be less than 0"),
        ("{max_age: seven}", "max_age must be a whole number"),
        ("{max_flags: true}", "max_flags must be a whole number"),
        ("{allow_in_review: 1}", "allow_in_review must be true or false"),
        ("{scope: some}", "scope must be one of auto, branch, all"),
    ],
)
def test_a_wrong_policy_is_named(part: str, said: str) -> None:
    with pytest.raises(NeedsPerson, match=said):
        read_shared(f"check: {part}\n")
