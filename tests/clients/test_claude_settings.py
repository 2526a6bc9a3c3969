from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.bootstrap import assets
from gitmem.clients.abilities import Hook
from gitmem.clients.claude_code.settings import SETTINGS
from gitmem.clients.hook_settings import parse_hooks
from gitmem.core.failures import Internal, NeedsPerson
from tests.support.sandbox import PATIENCE

SHIPPED = assets.read("hooks/claude-code/hooks.json")
STRANGERS = "Bash|WebFetch|WebSearch|ReadMcpResource.*|ListMcpResources.*"
ALLOW = ("Bash(gitmem flag *)", "Bash(gitmem snag *)")
HOOKS = (
    Hook(event="SessionStart", matcher="", command="x || gitmem hook claude-code SessionStart"),
    Hook(
        event="PostToolUse",
        matcher="Bash",
        command="gitmem hook claude-code PostToolUse",
        timeout=10,
    ),
)
FOREIGN = {"type": "command", "command": "other-tool"}


def merged(text: str | None) -> Any:
    return json.loads(SETTINGS.merge(text, HOOKS, ALLOW).removeprefix("\ufeff"))


def ours(text: str) -> list[tuple[str, str, str]]:
    """Event, matcher and command of each of our handlers."""
    return [
        (event, group.get("matcher", ""), handler["command"])
        for event, groups in json.loads(text.removeprefix("\ufeff")).get("hooks", {}).items()
        for group in groups
        for handler in group["hooks"]
        if "gitmem hook claude-code" in handler.get("command", "")
    ]


EXPECTED = [(hook.event, hook.matcher, hook.command) for hook in HOOKS]


@pytest.mark.parametrize("text", [None, "", " \n", "{}", "{}\n", "\ufeff", "\ufeff{ }\r\n"])
def test_a_missing_or_empty_file_becomes_our_entries_alone(text: str | None) -> None:
    settings = SETTINGS.merge(text, HOOKS, ALLOW)

    assert merged(text) == {
        "permissions": {"allow": list(ALLOW)},
        "hooks": {hook.event: [SETTINGS.group(hook)] for hook in HOOKS},
    }
    assert settings.startswith("\ufeff") == bool(text and text.startswith("\ufeff"))
    assert SETTINGS.remove(settings, ALLOW) is None


def test_a_new_file_ends_with_a_line_end_and_is_indented_by_two() -> None:
    lines = SETTINGS.merge(None, HOOKS, ALLOW).split("\n")

    assert (lines[0], lines[1], lines[-2:]) == ("{", '  "permissions": {', ["}", ""])


def test_the_diff_of_a_file_with_others_hooks_has_additions_only() -> None:
    text = """{
    "model": "opus",
    "hooks": {
        "PostToolUse": [
            {
                "matcher": "Bash",
                "hooks": [{"type": "command", "command": "other-tool", "timeout": 5}]
            }
        ],
        "Stop": []
    },
    "env": {"A": "\u00e9",   "B": "\\u00e9", "C": 1e400}
}
"""

    assert (
        SETTINGS.merge(text, HOOKS, ALLOW)
        == """{
    "model": "opus",
    "hooks": {
        "PostToolUse": [
            {
                "matcher": "Bash",
                "hooks": [{"type": "command", "command": "other-tool", "timeout": 5}]
            },
            {
                "matcher": "Bash",
                "hooks": [
                    {
                        "type": "command",
                        "command": "gitmem hook claude-code PostToolUse",
                        "timeout": 10
                    }
                ]
            }
        ],
        "Stop": [],
        "SessionStart": [
            {
                "hooks": [
                    {
                        "type": "command",
                        "command": "x || gitmem hook claude-code SessionStart"
                    }
                ]
            }
        ]
    },
    "env": {"A": "\u00e9",   "B": "\\u00e9", "C": 1e400},
    "permissions": {
        "allow": ["Bash(gitmem flag *)", "Bash(gitmem snag *)"]
    }
}
"""
    )


def test_tabs_and_windows_line_ends_are_kept_without_a_final_one() -> None:
    text = '{\r\n\t"permissions": {\r\n\t\t"deny": ["Read"]\r\n\t}\r\n}'

    settings = SETTINGS.merge(text, HOOKS, ALLOW)

    assert settings.count("\n") == settings.count("\r\n") > 4
    assert '\r\n\t\t"deny": ["Read"],\r\n\t\t"allow": ["Bash(gitmem flag *)", ' in settings
    assert settings.endswith("}\r\n}")
    assert SETTINGS.remove(settings, ALLOW) == text


def test_lists_on_one_line_stay_on_one_line() -> None:
    text = '{\n  "permissions": {"allow": ["Read", "Write"]}\n}\n'

    rules = '["Read", "Write", "Bash(gitmem flag *)", "Bash(gitmem snag *)"]'
    assert f'{{"allow": {rules}}}' in SETTINGS.merge(text, HOOKS, ALLOW)


def test_a_minified_file_stays_minified() -> None:
    settings = SETTINGS.merge('{"a":[1],"permissions":{"allow":["Read"]}}', HOOKS, ALLOW)

    assert "\n" not in settings
    assert '["Read","Bash(gitmem flag *)"' in settings


def test_allow_rules_that_are_there_are_not_added_again() -> None:
    text = json.dumps({"permissions": {"allow": [ALLOW[1], "Read"]}}, indent=2)

    assert merged(text)["permissions"]["allow"] == [ALLOW[1], "Read", ALLOW[0]]


def test_an_older_command_of_ours_is_replaced_where_it_stands_and_what_was_tuned_stays() -> None:
    old = {"command": "gitmem hook claude-code PostToolUse --old", "timeout": 3, "x": 1}
    shared = {"matcher": "Bash", "hooks": [FOREIGN, old, FOREIGN]}
    text = json.dumps({"hooks": {"PostToolUse": [shared]}}, indent=2)

    assert merged(text)["hooks"]["PostToolUse"] == [
        {
            "matcher": "Bash",
            "hooks": [FOREIGN, {**old, "command": HOOKS[1].command, "type": "command"}, FOREIGN],
        }
    ]


def test_our_handlers_at_other_events_and_matchers_and_second_ones_are_cut_out() -> None:
    mine = {"type": "command", "command": "gitmem hook claude-code Stop"}
    text = json.dumps(
        {
            "hooks": {
                "Stop": [{"hooks": [mine]}, {"hooks": [FOREIGN]}],
                "PreCompact": [{"hooks": [mine]}],
                "PostToolUse": [
                    {"matcher": "Edit", "hooks": [mine, FOREIGN]},
                    {"matcher": "Bash", "hooks": [mine]},
                    {"matcher": "Bash", "hooks": [mine]},
                ],
                "SessionStart": [{"matcher": "*", "hooks": [mine]}],
            }
        }
    )

    hooks = merged(text)["hooks"]

    assert hooks == {
        "Stop": [{"hooks": [FOREIGN]}],
        "PostToolUse": [
            {"matcher": "Edit", "hooks": [FOREIGN]},
            {"matcher": "Bash", "hooks": [SETTINGS.handler(HOOKS[1])]},
        ],
        "SessionStart": [{"matcher": "*", "hooks": [SETTINGS.handler(HOOKS[0])]}],
    }


def test_removal_leaves_others_in_the_same_group_and_list() -> None:
    shared = {"matcher": "Bash", "hooks": [FOREIGN, SETTINGS.handler(HOOKS[1]), FOREIGN]}
    text = json.dumps(
        {
            "permissions": {"allow": ["Read", *ALLOW, "Write"]},
            "hooks": {
                "Stop": [],
                "PostToolUse": [shared],
                "SessionStart": [SETTINGS.group(HOOKS[0])],
            },
        }
    )

    left = SETTINGS.remove(text, ALLOW)

    assert left is not None
    assert json.loads(left) == {
        "permissions": {"allow": ["Read", "Write"]},
        "hooks": {"Stop": [], "PostToolUse": [{"matcher": "Bash", "hooks": [FOREIGN, FOREIGN]}]},
    }


@pytest.mark.parametrize("text", ["{}", '{"hooks": {}}', '{"hooks": [], "permissions": 1}', "[1]"])
def test_removal_from_a_file_without_anything_of_ours_changes_nothing(text: str) -> None:
    assert SETTINGS.remove(text, ALLOW) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1,}', "line 1: a name in double quotes is expected"),
        ('{\n  // no\n  "a": 1\n}', "line 2: a name in double quotes is expected"),
        ('{"a": 1} x', "something follows the end"),
        ('{"a": 1', "`,` or `}` is expected"),
        ('{"a" 1}', "`:` is expected"),
        ('{"a": NaN}', "a value is expected"),
        ('{"a": "x\ny"}', "a value is expected"),
        ('{"a": 01}', "`,` or `}` is expected"),
        ('{"a": [1 2]}', "`,` or `]` is expected"),
        ('{"hooks": {}, "a": {"b": 1, "\\u0062": 2}}', "the name 'b' is there twice"),
        ('{"a": ' + "[" * 5000, "nested more than 100 levels deep"),
        ("[]", "the file is a list, and the client wants an object there"),
        ('{"hooks": []}', "`hooks` is a list"),
        ('{"hooks": null}', "`hooks` is a number, true, false or null"),
        ('{"hooks": {"PostToolUse": {}}}', "`hooks.PostToolUse` is an object"),
        ('{"hooks": {"PostToolUse": ["x"]}}', "an entry of `hooks.PostToolUse` is a string"),
        ('{"hooks": {"PostToolUse": [{"hooks": {}}]}}', "`hooks` in an entry"),
        ('{"hooks": {"PostToolUse": [{"hooks": ["x"]}]}}', "a hook of `hooks.PostToolUse`"),
        ('{"permissions": []}', "`permissions` is a list"),
        ('{"permissions": {"allow": "x"}}', "`permissions.allow` is a string"),
    ],
)
def test_a_file_that_is_not_in_order_is_left_to_a_person_with_the_reason(
    text: str, reason: str
) -> None:
    with pytest.raises(NeedsPerson) as caught:
        SETTINGS.merge(text, HOOKS, ALLOW)

    assert reason in caught.value.message
    assert caught.value.message.startswith(".claude/settings.json")


@pytest.mark.parametrize(
    ("text", "off"), [('{"disableAllHooks": true}', True), ('{"disableAllHooks": false}', False)]
)
def test_switched_off_hooks_are_noticed(text: str, *, off: bool) -> None:
    assert SETTINGS.are_off(text) is off


def test_the_shipped_hooks_are_one_per_event_and_recognised_as_ours() -> None:
    hooks = parse_hooks(SHIPPED)

    assert [(hook.event, hook.matcher) for hook in hooks] == [
        ("SessionStart", ""),
        ("UserPromptSubmit", ""),
        ("PreToolUse", "Agent|Bash|Edit|MultiEdit|NotebookEdit|Task|Write"),
        ("PostToolUse", f"{STRANGERS}|Agent|Task|TaskOutput|TaskUpdate|TodoWrite|mcp__.*"),
        ("PostToolUseFailure", f"{STRANGERS}|mcp__.*"),
        ("PostToolBatch", ""),
        ("SubagentStart", ""),
        ("Stop", ""),
        ("PreCompact", ""),
        ("SessionEnd", ""),
    ]
    settings = SETTINGS.merge(None, hooks, ALLOW)
    assert ours(settings) == [(hook.event, hook.matcher, hook.command) for hook in hooks]
    assert json.loads(settings)["hooks"] == json.loads(SHIPPED)["hooks"]


@pytest.mark.parametrize("text", ["", "[]", '{"hooks": {"A": [{"hooks": [{}]}]}}'])
def test_a_damaged_shipped_file_is_our_bug(text: str) -> None:
    with pytest.raises(Internal):
        parse_hooks(text)


# ---------------------------------------------------------------- any file, any style

NAMES = st.text(max_size=8) | st.sampled_from(["model", "env", "matcher", "allow"])
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
)
LEAVES = LEAVES.filter(lambda value: value not in (float("inf"), float("-inf")))
JSON: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
HANDLERS = st.fixed_dictionaries(
    {"type": st.just("command")},
    optional={"command": st.text(max_size=9), "timeout": st.integers()},
)
GROUPS = st.fixed_dictionaries(
    {"hooks": st.lists(HANDLERS, max_size=2)}, optional={"matcher": st.text(max_size=5), "x": JSON}
)
EVENTS = st.sampled_from(["PostToolUse", "SessionStart", "Stop"])
KNOWN = {
    "hooks": st.dictionaries(EVENTS, st.lists(GROUPS, max_size=2), max_size=3),
    "permissions": st.fixed_dictionaries(
        {}, optional={"allow": st.lists(st.text(max_size=9) | st.sampled_from(ALLOW)), "deny": JSON}
    ),
}


@st.composite
def settings_objects(draw: st.DrawFn) -> dict[str, Any]:
    free = NAMES.filter(lambda name: name not in KNOWN)
    settings = draw(st.dictionaries(free, JSON, max_size=3))
    settings |= draw(st.fixed_dictionaries({}, optional=KNOWN))
    names = draw(st.permutations(sorted(settings)))
    return {name: settings[name] for name in names}


@st.composite
def renderings(draw: st.DrawFn, settings: dict[str, Any]) -> str:
    text = json.dumps(
        settings,
        indent=draw(st.sampled_from([None, "", 1, 2, 4, "\t"])),
        separators=draw(st.sampled_from([(", ", ": "), (",", ":"), (" , ", " : "), (",", ": ")])),
        ensure_ascii=draw(st.booleans()),
    )
    text = text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    return draw(st.sampled_from(["", "\ufeff"])) + text + draw(st.sampled_from(["", "\n", "\r\n"]))


def merged_by_meaning(settings: dict[str, Any]) -> dict[str, Any]:
    new = copy.deepcopy(settings)
    rules = new.setdefault("permissions", {}).setdefault("allow", [])
    rules += [rule for rule in ALLOW if rule not in rules]
    for hook in HOOKS:
        new.setdefault("hooks", {}).setdefault(hook.event, []).append(SETTINGS.group(hook))
    return new


def without_empty(settings: dict[str, Any]) -> dict[str, Any]:
    new = copy.deepcopy(settings)
    for name in ("hooks", "permissions"):
        for key in [key for key, value in new.get(name, {}).items() if value == []]:
            del new[name][key]
        if new.get(name) == {}:
            del new[name]
    return new


def is_spread_over(part: str, whole: str) -> bool:
    """Whether ``part`` is ``whole`` with some characters left out."""
    rest = iter(whole)
    return all(char in rest for char in part)


@given(st.data())
def test_any_file_in_any_style_keeps_its_meaning_and_its_bytes(data: st.DataObject) -> None:
    settings = data.draw(settings_objects())
    text = data.draw(renderings(settings))

    new = SETTINGS.merge(text, HOOKS, ALLOW)

    # As pairs, so that the order of names counts too.
    assert list(json.loads(new.removeprefix("\ufeff")).items()) == list(
        json.loads(json.dumps(merged_by_meaning(settings))).items()
    )
    assert is_spread_over(text, new)
    assert SETTINGS.merge(new, HOOKS, ALLOW) == new
    assert sorted(ours(new)) == sorted(EXPECTED)


@given(st.data())
def test_any_line_of_a_file_in_lines_is_there_afterwards_in_order(data: st.DataObject) -> None:
    settings = data.draw(settings_objects().filter(bool))
    indents: st.SearchStrategy[int | str] = st.sampled_from([2, 4, "\t"])
    text = json.dumps(settings, indent=data.draw(indents))

    new = iter(line.rstrip(",") for line in SETTINGS.merge(text, HOOKS, ALLOW).split("\n"))

    # An empty object or list that is filled opens up; its line is the one that may change.
    lines = [line.rstrip(",") for line in text.split("\n")]
    assert [line for line in lines if not line.endswith(("{}", "[]")) and line not in new] == []


@given(st.data())
def test_removing_what_was_merged_gives_the_file_back(data: st.DataObject) -> None:
    settings = data.draw(settings_objects())
    allow = settings.get("permissions", {}).get("allow", [])
    allow[:] = [rule for rule in allow if rule not in ALLOW]
    text = data.draw(renderings(settings))

    left = SETTINGS.remove(SETTINGS.merge(text, HOOKS, ALLOW), ALLOW)

    expected = json.loads(json.dumps(without_empty(settings)))
    if left is None:
        assert expected == {}
    else:
        assert without_empty(json.loads(left.removeprefix("\ufeff"))) == expected
        if settings == without_empty(settings):
            assert left == text


@given(st.text(alphabet='{}[]",:\\ \n\t01.-eEtrufalsn/\ufeff\x00' + "x", max_size=30) | st.text())
def test_any_text_is_understood_as_the_json_module_does_or_left_to_a_person(text: str) -> None:
    try:
        new = SETTINGS.merge(text, HOOKS, ALLOW)
    except NeedsPerson:
        return
    body = text.removeprefix("\ufeff")
    assert isinstance(json.loads(body) if body.strip() else {}, dict)
    assert sorted(ours(new)) == sorted(EXPECTED)


def test_a_matcher_of_an_older_version_is_replaced_where_it_stands() -> None:
    tuned = {"type": "command", "command": "gitmem hook claude-code PostToolUse", "timeout": 3}
    settings = {
        "hooks": {"PostToolUse": [{"matcher": "Bash", "hooks": [tuned]}, {"hooks": [FOREIGN]}]}
    }
    wider = [
        Hook(
            event="PostToolUse",
            matcher="Bash|WebFetch",
            command="new; gitmem hook claude-code PostToolUse",
            timeout=PATIENCE,
        )
    ]
    text = json.dumps(settings)

    done = SETTINGS.merge(text, wider, [])

    assert json.loads(done)["hooks"]["PostToolUse"] == [
        {"matcher": "Bash|WebFetch", "hooks": [{**tuned, "command": wider[0].command}]},
        {"hooks": [FOREIGN]},
    ]
    assert SETTINGS.merge(done, wider, []) == done


def test_a_matcher_that_a_foreign_hook_shares_stays_with_it() -> None:
    mine = {"type": "command", "command": "gitmem hook claude-code PostToolUse"}
    settings = {"hooks": {"PostToolUse": [{"matcher": "Bash", "hooks": [mine, FOREIGN]}]}}
    wider = [Hook(event="PostToolUse", matcher="Bash|WebFetch", command=mine["command"])]

    done = json.loads(SETTINGS.merge(json.dumps(settings), wider, []))

    assert done["hooks"]["PostToolUse"] == [
        {"matcher": "Bash", "hooks": [FOREIGN]},
        {"matcher": "Bash|WebFetch", "hooks": [mine]},
    ]
