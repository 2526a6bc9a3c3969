from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.bootstrap import assets
from gitmem.clients.abilities import Recorded, SettingsFile, Where, variables
from gitmem.clients.claude_code.settings_files import enabled_plugins, read_source
from gitmem.clients.hook_settings import parse_hooks
from gitmem.clients.probing import parse_payloads
from gitmem.core.failures import Internal
from gitmem.proof.finding import Finding, Level, Mend
from gitmem.proof.wiring import judge

TEXT = assets.read("hooks/claude-code/hooks.json")
SHIPPED = parse_hooks(TEXT)
ALLOW = ("Bash(gitmem flag *)", "Bash(gitmem snag *)")
HOOKS: dict[str, Any] = json.loads(TEXT)["hooks"]
INSTALLED: dict[str, Any] = {"hooks": HOOKS, "permissions": {"allow": list(ALLOW)}}


def source(where: Where = Where.PROJECT, *, root: str = "", **changes: Any) -> SettingsFile:
    found = {**INSTALLED, **changes}
    return read_source(where, f"{where}.json", json.dumps(found), root=root)


def bad(*sources: SettingsFile) -> list[tuple[Level, str, str]]:
    found = judge(sources, SHIPPED, ALLOW)
    return [(f.level, f.check, f.what) for f in found if f.level is not Level.OK]


def only(*sources: SettingsFile) -> Finding:
    (found,) = [f for f in judge(sources, SHIPPED, ALLOW) if f.level is not Level.OK]
    return found


def with_command(event: str, command: str, **more: Any) -> dict[str, Any]:
    handler = {**HOOKS[event][0]["hooks"][0], "command": command, **more}
    return {**HOOKS, event: [{**HOOKS[event][0], "hooks": [handler]}]}


@pytest.mark.parametrize("where", list(Where))
def test_hooks_as_shipped_are_in_order_wherever_they_stand(where: Where) -> None:
    assert bad(source(where, root="/p" if where is Where.PLUGIN else "")) == []


def test_a_folder_without_hooks_fails_and_can_be_mended() -> None:
    found = only(source(hooks={}))

    assert (found.level, found.check, found.mend) == (Level.FAIL, "hook", Mend.WIRING)


def test_an_event_without_its_hook_fails() -> None:
    hooks = {event: groups for event, groups in HOOKS.items() if event != "PostToolBatch"}

    found = only(source(hooks=hooks))

    assert (found.level, found.what) == (Level.FAIL, "PostToolBatch is in no settings file")


@pytest.mark.parametrize("event", ["SubagentStart", "PostToolUseFailure", "PostToolBatch"])
def test_an_event_that_shows_memory_fails_without_its_hook(event: str) -> None:
    hooks = {name: groups for name, groups in HOOKS.items() if name != event}

    found = only(source(hooks=hooks))

    assert found.level is Level.FAIL
    assert event in found.what


def test_a_file_the_client_cannot_read_fails() -> None:
    broken = read_source(Where.USER, "user.json", "{,}")

    assert only(broken, source()).what.startswith("user.json is not plain JSON")
    assert read_source(Where.USER, "user.json", "[]").problem == "is not a JSON object"


@pytest.mark.parametrize("where", [Where.USER, Where.PROJECT, Where.LOCAL, Where.MANAGED])
def test_a_switch_that_turns_all_hooks_off_fails(where: Where) -> None:
    off = read_source(where, "off.json", '{"disableAllHooks": true}')

    found = only(*sorted([off, source()], key=lambda s: list(Where).index(s.where)))

    assert (found.level, found.check) == (Level.FAIL, "hooks off")
    assert "off.json" in found.what


@pytest.mark.parametrize(
    "policy",
    [
        {"allowManagedHooksOnly": True},
        {"strictPluginOnlyCustomization": True},
        {"strictPluginOnlyCustomization": ["hooks"]},
    ],
)
def test_an_administrator_s_hooks_only_fails_unless_gitmem_is_among_them(policy: Any) -> None:
    alone = read_source(Where.MANAGED, "managed.json", json.dumps(policy))
    assert only(source(), alone).what == "managed.json lets managed hooks run and no others"

    assert bad(source(Where.MANAGED, **policy)) == []


def test_another_command_another_matcher_and_another_event_are_told() -> None:
    stale = with_command("PostToolBatch", "gitmem hook claude-code PostToolBatch")
    stale["PostToolUse"] = [{**HOOKS["PostToolUse"][0], "matcher": "Never"}]
    stale["Notification"] = [{"hooks": [HOOKS["SessionEnd"][0]["hooks"][0]]}]

    found = {what.partition(" in ")[0]: what for _, _, what in bad(source(hooks=stale))}

    assert found.keys() == {"PostToolBatch", "PostToolUse", "Notification"}
    assert "is not the one this version installs" in found["PostToolBatch"]
    assert "the matcher 'Never'" in found["PostToolUse"]
    assert "nothing to do there" in found["Notification"]


def test_milliseconds_for_seconds_are_told() -> None:
    command = HOOKS["SessionEnd"][0]["hooks"][0]["command"]

    found = only(source(hooks=with_command("SessionEnd", command, timeout=10_000)))

    assert found.hint == "the client counts in seconds, not milliseconds"


def test_a_hook_that_would_run_twice_is_told_and_an_equal_one_is_not() -> None:
    assert bad(source(Where.USER), source(), source(Where.LOCAL)) == []

    other = "gitmem hook claude-code SessionEnd"
    mine = source(Where.USER, hooks={"SessionEnd": [{"hooks": [{"command": other}]}]})
    assert ("hook twice", "SessionEnd starts gitmem 2 times, with different commands") in [
        (check, what) for _, check, what in bad(mine, source())
    ]
    doubled = {**HOOKS, "SessionEnd": HOOKS["SessionEnd"] * 2}
    assert only(source(hooks=doubled)).what == "SessionEnd stands twice in project.json"


def test_a_plugin_beside_a_settings_file_is_in_order() -> None:
    found = judge([source(Where.PLUGIN, root="/p"), source()], SHIPPED, ALLOW)

    assert [f.what for f in found if f.check == "plugin"] == [
        "beside the settings file: gitmem answers each event once"
    ]


def test_permissions_that_are_missing_are_told() -> None:
    assert "Bash(gitmem snag *)" in only(source(permissions={"allow": [ALLOW[0]]})).what
    assert bad(source(permissions={}), read_source(Where.LOCAL, "l", json.dumps(INSTALLED))) == []


def test_whether_the_client_s_own_memory_is_on_is_said() -> None:
    off = source(Where.LOCAL, autoMemoryEnabled=False)

    assert "is off (local.json)" in judge([off], SHIPPED, ALLOW)[-1].what
    assert "is on" in judge([source()], SHIPPED, ALLOW)[-1].what


def test_later_files_win_about_variables_and_plugins() -> None:
    user = source(Where.USER, env={"PATH": "/a", "X": 1}, enabledPlugins={"a@m": True, "b@m": True})
    local = source(Where.LOCAL, env={"PATH": "/b"}, enabledPlugins={"a@m": False})

    assert variables([user, local]) == {"PATH": "/b", "X": "1"}
    assert enabled_plugins([user, local]) == ["b@m"]


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["hooks", "command", "SessionStart", "env", "permissions", "allow", "matcher"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(
    st.dictionaries(
        st.sampled_from([*INSTALLED, "env", "enabledPlugins", "autoMemoryEnabled"]), JSON
    )
)
def test_no_settings_file_is_too_odd_to_be_judged(found: dict[str, Any]) -> None:
    judge([read_source(Where.USER, "u", json.dumps(found)), source()], SHIPPED, ALLOW)


def test_the_shipped_payloads_cover_every_installed_event() -> None:
    version, recorded = parse_payloads(assets.read("hooks/claude-code/payloads.json"))

    assert version.count(".") == 2
    for hook in SHIPPED:
        assert any(r.event == hook.event and r.matches(hook.matcher) for r in recorded), hook.event
    assert any(r.speaks for r in recorded)
    with pytest.raises(Internal):
        parse_payloads("{}")


def test_a_matcher_is_a_name_an_expression_or_everything() -> None:
    call = Recorded(event="PostToolUse", tool="Bash", body={}, commits=False, speaks=False)
    matchers = ["", "*", "Bash", "Bash|Edit", "B.*", "Edit", "Bas", "("]

    assert [call.matches(matcher) for matcher in matchers] == [True] * 5 + [False] * 3
