"""What `gitmem doctor` reads of each client's files, and how it starts their programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.bootstrap import assets
from gitmem.clients import registry
from gitmem.clients.abilities import ClientPlace, ClientState, Probe, Where
from gitmem.clients.folder_probe import trusts
from gitmem.clients.probing import apart
from gitmem.git import programs
from tests.support.sandbox import Sandbox

WIRED = [client for client in registry.every() if client.wiring(assets.read)]
PROBES: dict[str, Probe] = {
    client.name: probe for client in WIRED if (probe := client.probe(assets.read))
}
SETTINGS = {"gemini": ".gemini/settings.json", "qwen": ".qwen/settings.json"}
COPILOTS = (".claude/settings.json", ".github/copilot/settings.json", ".github/hooks/own.json")


def look(name: str, top: Path, home: Path, start: Path | None = None) -> ClientState:
    place = ClientPlace(
        start=start or top, top=top, environ={"HOME": str(home)}, system=sys.platform
    )
    return PROBES[name].look(place)


def wire(sandbox: Sandbox, name: str) -> None:
    assert sandbox.gitmem("init", "--client", name).code == 0


def test_every_client_that_init_wires_is_looked_at() -> None:
    assert set(PROBES) == {client.name for client in WIRED}


@pytest.mark.parametrize("name", PROBES)
def test_the_recorded_payloads_cover_every_event_that_is_wired(name: str) -> None:
    wiring = registry.find(name).wiring(assets.read)  # type: ignore[union-attr]
    recorded = PROBES[name].payloads()

    assert wiring
    for hook in wiring.hooks:
        assert any(one.event == hook.event and one.matches(hook.matcher) for one in recorded), (
            hook.event
        )
    assert any(one.commits for one in recorded)
    assert any(one.speaks for one in recorded)


@pytest.mark.parametrize("name", PROBES)
def test_what_init_writes_is_seen_with_every_hook(
    name: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    wire(sandbox, name)
    wiring = registry.find(name).wiring(assets.read)  # type: ignore[union-attr]

    seen = look(name, sandbox.path, tmp_path)

    assert wiring
    (file,) = [file for file in seen.files if file.hooks]
    assert (file.where, file.problem) == (Where.PROJECT, "")
    assert {(hook.event, hook.command) for hook in file.hooks} == {
        (hook.event, hook.command) for hook in wiring.hooks
    }
    assert all(hook.timeout is None or 0 < hook.timeout <= 10 for hook in file.hooks)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize(
    "text", ["{,}", "[]", '{"hooks": 7}', "\ufeff{}", "// only words\n", "{" * 200]
)
def test_a_settings_file_that_is_not_in_order_is_told_and_never_raises(
    name: str, text: str, tmp_path: Path
) -> None:
    file = tmp_path / SETTINGS[name]
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")

    (seen,) = look(name, tmp_path, tmp_path / "home").files

    assert (seen.problem != "") == (text not in ('{"hooks": 7}', "\ufeff{}"))
    assert seen.hooks == ()


@pytest.mark.parametrize("name", SETTINGS)
def test_comments_in_a_settings_file_are_read_past(name: str, sandbox: Sandbox) -> None:
    wire(sandbox, name)
    text = sandbox.read(SETTINGS[name])
    sandbox.write(SETTINGS[name], "// mine\n" + text.replace("{", "{ /* too */", 1))

    (seen,) = look(name, sandbox.path, sandbox.path / "home").files

    assert seen.hooks


@pytest.mark.parametrize(
    ("name", "switch"),
    [
        ("gemini", {"hooksConfig": {"enabled": False}}),
        ("gemini", {"hooksConfig": {"disabled": ["gitmem"]}}),
        ("qwen", {"disableAllHooks": True}),
    ],
)
def test_hooks_that_are_switched_off_in_the_home_fail(
    name: str, switch: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    wire(sandbox, name)
    own = tmp_path / SETTINGS[name]
    own.parent.mkdir()
    own.write_text(json.dumps(switch), encoding="utf-8")

    done = sandbox.gitmem("doctor", env={"HOME": str(tmp_path)})

    assert done.code == 1
    assert f"~/{SETTINGS[name]} switches every hook off" in done.out


@pytest.mark.parametrize(
    ("rules", "trusted"),
    [
        ({}, None),
        ({"/a": "TRUST_FOLDER"}, True),
        ({"/a/b": "TRUST_FOLDER"}, True),
        ({"/a": "TRUST_FOLDER", "/a/b": "DO_NOT_TRUST"}, False),
        ({"/a": "DO_NOT_TRUST", "/a/b": "TRUST_FOLDER"}, True),
        ({"/a/c": "TRUST_PARENT"}, True),
        ({"/a/bc": "TRUST_FOLDER"}, False),
        ({"/a": 7}, False),
    ],
)
def test_the_rule_of_the_nearest_folder_says_whether_it_is_trusted(
    rules: dict[str, Any], trusted: bool | None
) -> None:
    assert trusts(rules, Path("/a/b")) is trusted


# ---------------------------------------------------------------- Codex


def config(home: Path, text: str) -> None:
    file = home / ".codex/config.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_codex_trusts_a_linked_work_tree_with_its_repository(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.commit("start")
    linked = tmp_path / "linked"
    sandbox.git("worktree", "add", str(linked))
    config(tmp_path, f'[projects."{sandbox.path}"]\ntrust_level = "trusted"\n')

    assert look("codex", linked, tmp_path).trusted is True
    assert look("codex", tmp_path, tmp_path).trusted is False


def test_codex_hooks_in_its_configuration_and_a_broken_one_are_told(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    wire(sandbox, "codex")
    hook = '[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = "command"\ncommand = "gitmem hook codex Stop"\n'
    config(tmp_path, hook)
    told = sandbox.gitmem("doctor", env={"HOME": str(tmp_path)}).out
    assert "Stop start gitmem from each of ~/.codex/config.toml and .codex/hooks.json" in told

    config(tmp_path, "[features]\nhooks = false\n")
    assert "switches every hook off" in sandbox.gitmem("doctor", env={"HOME": str(tmp_path)}).out

    config(tmp_path, "[torn")
    assert "config.toml cannot be read" in sandbox.gitmem("doctor", env={"HOME": str(tmp_path)}).out


def test_codex_that_is_not_installed_is_no_warning(sandbox: Sandbox, tmp_path: Path) -> None:
    wire(sandbox, "codex")

    done = sandbox.gitmem("doctor", "--json", env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})

    (found,) = [one for one in json.loads(done.out)["findings"] if one["check"] == "reviewed"]
    assert (found["level"], found["client"]) == ("ok", "codex")
    assert "cannot be told" in found["what"]


@pytest.mark.parametrize(
    "script", ["exit 3", "echo garbage; cat", "echo '{\"id\": 2}'; cat", "exec sleep 600"]
)
def test_a_codex_that_says_nothing_of_use_is_no_failure(
    script: str, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire(sandbox, "codex")
    monkeypatch.setattr("gitmem.clients.codex.probe._ASKED", 0.5)
    program = tmp_path / "codex"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    place = ClientPlace(
        start=sandbox.path, top=sandbox.path, environ={"PATH": "/usr/bin:/bin"}, system="linux"
    )

    told = {one.check: one.what for one in PROBES["codex"].ask(place, str(program))}

    assert told["reviewed"] == "codex does not say which hooks you reviewed"
    assert "does not allow gitmem flag and gitmem snag" in told["rules"]


# ---------------------------------------------------------------- Copilot CLI


@pytest.mark.parametrize("path", COPILOTS)
@pytest.mark.parametrize(
    "text", ["{,}", "[]", '{"hooks": 7}', "\ufeff{}", "// only words\n", "[" * 100_000]
)
def test_a_file_of_copilot_s_that_is_not_plain_json_is_told(
    path: str, text: str, tmp_path: Path
) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")

    (seen,) = look("copilot", tmp_path, tmp_path / "home").files

    assert (seen.path, seen.hooks) == (path, ())
    assert (seen.problem != "") == (text != '{"hooks": 7}')


@pytest.mark.parametrize(
    "handler",
    [
        {"command": "gitmem hook copilot agentStop", "timeout": 3},
        {"bash": "gitmem hook copilot agentStop", "timeoutSec": 3},
        {"hooks": [{"command": "gitmem hook copilot agentStop", "timeout": 3}]},
    ],
)
def test_copilot_hooks_in_its_own_spelling_stand_for_the_event_that_they_are(
    handler: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / ".github/hooks/own.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"version": 1, "hooks": {"agentStop": [handler]}}))

    (seen,) = look("copilot", tmp_path, tmp_path / "home").files

    assert [(hook.event, hook.timeout) for hook in seen.hooks] == [("Stop", 3)]


def test_copilot_hooks_that_stand_twice_are_told_with_both_files(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    wire(sandbox, "copilot")
    (tmp_path / ".copilot").mkdir()
    hook = {"bash": "gitmem hook copilot sessionEnd"}
    sandbox.write(".github/hooks/own.json", json.dumps({"hooks": {"sessionEnd": [hook]}}))

    told = sandbox.gitmem("doctor", env={"HOME": str(tmp_path)}).out

    words = "SessionEnd start gitmem from each of .claude/settings.json and .github/hooks/own.json"
    assert words in " ".join(told.split())


@pytest.mark.parametrize(
    ("out", "model", "fails"),
    [
        ("", "", False),
        ('{"additionalContext": "M"}', "M", False),
        ('{"permissionDecision": "deny", "permissionDecisionReason": "R"}', "", False),
        ('{"hookSpecificOutput": {"additionalContext": "M"}}', "", True),
        ("[]", "", True),
        ("M", "", True),
    ],
)
def test_what_copilot_passes_over_of_an_answer_is_a_problem(
    out: str, model: str, fails: bool
) -> None:
    heard = PROBES["copilot"].heard("PostToolUse", out)

    assert (heard.model, heard.problem != "") == (model, fails)


@pytest.mark.parametrize(
    ("state", "environ", "trusted"),
    [
        (None, {}, None),
        (None, {"COPILOT_ALLOW_ALL": "true"}, True),
        (None, {"COPILOT_ALLOW_ALL": "1"}, None),
        ('// words\n{"trustedFolders": ["/a"]}', {}, True),
        ('{"trustedFolders": ["/a/bc"]}', {}, False),
        ('{"trustedFolders": 7}', {}, False),
        ('{"trustedFolders": [7, null]}', {}, False),
        ("torn", {}, False),
    ],
)
def test_copilot_trusts_the_folders_in_its_configuration_and_those_below(
    state: str | None, environ: dict[str, str], trusted: bool | None, tmp_path: Path
) -> None:
    if state:
        (tmp_path / "config.json").write_text(state, encoding="utf-8")
    place = ClientPlace(
        start=Path("/a/b"), top=Path("/a/b"), system="linux",
        environ={"COPILOT_HOME": str(tmp_path), **environ},
    )  # fmt: skip

    assert PROBES["copilot"].look(place).trusted is trusted


# ---------------------------------------------------------------- a session apart


def test_a_program_gets_neither_the_person_s_credentials_nor_their_home(tmp_path: Path) -> None:
    environ = {
        "PATH": "/usr/bin",
        "LC_ALL": "C",
        "HOME": "/home/dev",
        "OPENAI_API_KEY": "k",
        "AWS_SECRET_ACCESS_KEY": "k",
        "GIT_CONFIG_GLOBAL": "/home/dev/.gitconfig",
        "CODEX_HOME": "/home/dev/.codex",
    }

    assert set(environ.values()) & set(apart(environ, tmp_path).values()) == {"/usr/bin", "C"}
    for name, probe in PROBES.items():
        home = tmp_path / name
        home.mkdir()
        (tmp_path / f"{name}-top").mkdir()
        probe.settle([], str(tmp_path / f"{name}-top"), home, "http://127.0.0.1:1")
        env = probe.alone(environ, home, "http://127.0.0.1:1")
        assert "k" not in env.values()
        assert not [value for value in env.values() if value.startswith("/home/dev")]
        assert env["HTTPS_PROXY"] == "http://127.0.0.1:9"


def test_a_conversation_with_a_program_ends_with_the_line_that_was_waited_for() -> None:
    def converse(script: str, seconds: float = 30) -> str:
        return programs.converse(
            ["/bin/sh", "-c", script], cwd="/", env={"PATH": "/usr/bin:/bin"}, said=["hello"],
            until=lambda line: "wanted" in line, seconds=seconds,
        )  # fmt: skip

    assert converse('read a; echo noise; echo "wanted $a"; sleep 600') == "wanted hello\n"
    assert converse("echo noise") == ""
    assert converse("sleep 600", seconds=0.3) == ""


@given(
    st.dictionaries(
        st.sampled_from(["hooks", "context", "disableAllHooks", "hooksConfig", "features"]),
        st.recursive(
            st.none() | st.booleans() | st.text(max_size=4),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["fileName", "enabled", "disabled", "hooks", "Stop"]), inner
                )
            ),
            max_leaves=8,
        ),
    )
)
def test_no_settings_file_is_too_odd_to_be_looked_at(
    tmp_path_factory: pytest.TempPathFactory, found: dict[str, Any]
) -> None:
    top = tmp_path_factory.mktemp("top")
    for path in (*SETTINGS.values(), ".codex/hooks.json", *COPILOTS):
        (top / path).parent.mkdir(parents=True)
        (top / path).write_text(json.dumps(found), encoding="utf-8")

    for name in (*SETTINGS, "codex", "copilot"):
        look(name, top, top / "home")
