"""`gitmem doctor` with the real clients beside Claude Code: what it sees, fires and runs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gitmem.bootstrap import assets
from gitmem.clients.probing import parse_payloads
from tests.real_clients.claude import with_gitmem
from tests.real_clients.evidence import any_hook_ran, did, undrained
from tests.real_clients.others import CODEX, COPILOT, OPENCODE, PROGRAMS, Program
from tests.real_clients.wire import WireModel
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

#: What a person's environment may hold; none of it is for a program that `gitmem doctor` starts.
_PRIVATE = dict.fromkeys(
    ("OPENAI_API_KEY", "GEMINI_API_KEY", "GITHUB_TOKEN", "ANTHROPIC_API_KEY"), "a person's own"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person with one client on PATH and a home."""

    name: str
    program: Program
    home: Path
    bin: Path

    def doctor(
        self, sandbox: Sandbox, *words: str, env: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Run `gitmem doctor --json`; return its answer."""
        own = {"HOME": str(self.home), "PATH": f"{self.bin}:{with_gitmem()}", **_PRIVATE}
        done = sandbox.gitmem("doctor", "--json", *words, env={**own, **(env or {})})
        answer: dict[str, Any] = json.loads(done.out)
        assert done.code == (0 if answer["ok"] else 1)
        return answer


def person(name: str, tmp_path: Path) -> Person:
    home = tmp_path / "home"
    home.mkdir()
    program = PROGRAMS[name]
    return Person(name=name, program=program, home=home, bin=program.put(tmp_path / "bin", name))


def said(answer: dict[str, Any], check: str, client: str = "") -> str:
    """What was found at a check, of this client or of all."""
    found = [one for one in answer["findings"] if one["check"] == check]
    return "\n".join(one["what"] for one in found if client in ("", one.get("client")))


def level(answer: dict[str, Any], check: str) -> str:
    (found,) = {one["level"] for one in answer["findings"] if one["check"] == check}
    return str(found)


@pytest.mark.ability("each", "doctor --client")
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_is_run_once_and_tells_what_arrived(
    name: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Boot words, memory, one nudge and the flag arrive."""
    sandbox.wire("--client", name)
    someone = person(name, tmp_path)

    answer = someone.doctor(sandbox, "--client", name)

    (told,) = answer["clients"]
    assert (told["version"], told["problems"]) == (someone.program.version, []), answer
    boot, nudge = told["model"]
    assert "1 flag waits undrained" in boot
    assert "after git commit: flag what's durable, now" in nudge
    assert (told["loaded_bytes"] > 0, told["flagged"]) == (True, True)
    assert list(someone.home.iterdir()) == []


@pytest.mark.ability("each", "doctor fires")
@pytest.mark.parametrize("name", PROGRAMS)
def test_every_hook_fires_and_answers_and_speaks_where_it_must(
    name: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.wire("--client", name)
    version, recorded = parse_payloads(assets.read(f"hooks/{name}/payloads.json"))

    answer = person(name, tmp_path).doctor(sandbox, "--fire")

    assert version == PROGRAMS[name].version
    ran = [one for one in answer["fired"] if one["client"] == name]
    assert {one["event"] for one in ran} == {one.event for one in recorded}
    assert [one for one in ran if one["problem"]] == []
    assert any("1 flag waits undrained" in one["model"] for one in ran)
    assert any("after git commit" in one["model"] for one in ran)


@pytest.mark.ability("codex", "doctor looks")
def test_codex_says_which_hooks_the_person_reviewed(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.wire("--client", "codex")
    someone = person("codex", tmp_path)
    config = someone.home / ".codex/config.toml"
    config.parent.mkdir()

    config.write_text('[projects."/elsewhere"]\ntrust_level = "trusted"\n')
    assert level(someone.doctor(sandbox), "trust") == "warn"

    config.write_text(f'[projects."{sandbox.path}"]\ntrust_level = "trusted"\n')
    before = config.read_text()
    fresh = someone.doctor(sandbox)
    assert said(fresh, "trust") == "the client trusts this folder"
    assert said(fresh, "reviewed") == (
        "7 of 7 hooks are not reviewed yet: codex skips them without a word"
    )
    assert level(fresh, "reviewed") == "warn"
    assert (
        said(fresh, "rules") == "codex lets gitmem flag and snag out of its sandbox without asking"
    )
    assert [path.name for path in config.parent.iterdir()] == ["config.toml"]

    states = "".join(
        f'[hooks.state."{key}"]\ntrusted_hash = "{digest}"\n'
        for key, digest in hashes(someone, sandbox).items()
    )
    config.write_text(before + states)
    assert said(someone.doctor(sandbox), "reviewed") == "codex runs them: you reviewed all 7"

    changed = re.sub(r"sha256:.{4}", "sha256:0000", states, count=1)
    config.write_text(before + changed)
    assert "1 of 7 hooks are changed since your review" in said(someone.doctor(sandbox), "reviewed")


def hashes(someone: Person, sandbox: Sandbox) -> dict[str, str]:
    """What the program calls each hook, and the hash of what it is now."""
    from gitmem.git import programs

    asked = [
        {"id": 1, "method": "initialize", "params": {"clientInfo": {"name": "t", "version": "0"}}},
        {"method": "initialized"},
        {"id": 2, "method": "hooks/list", "params": {"cwds": [str(sandbox.path)]}},
    ]
    line = programs.converse(
        [str(someone.bin / "codex"), "app-server"],
        cwd=str(sandbox.path),
        env={**os.environ, "HOME": str(someone.home), "CODEX_HOME": str(someone.home / ".codex")},
        said=map(json.dumps, asked),
        until=lambda line: '"id":2' in line.replace(" ", ""),
        seconds=30,
    )
    (place,) = json.loads(line)["result"]["data"]
    return {hook["key"]: hook["currentHash"] for hook in place["hooks"]}


@pytest.mark.ability("codex", "doctor looks")
def test_codex_rules_that_forbid_a_capture_are_told(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.wire("--client", "codex")
    rules = sandbox.read(".codex/rules/gitmem.rules")
    forbidden = 'prefix_rule(pattern=["gitmem", "flag"], decision="forbidden")\n'
    sandbox.write(".codex/rules/gitmem.rules", rules + forbidden)

    answer = person("codex", tmp_path).doctor(sandbox)

    assert "does not allow gitmem flag" in said(answer, "rules")


@pytest.mark.ability("codex", "doctor looks")
def test_codex_hooks_in_the_home_and_in_the_project_are_told_and_fire_twice(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.wire("--client", "codex")
    someone = person("codex", tmp_path)
    own = someone.home / ".codex/hooks.json"
    own.parent.mkdir()
    own.write_text(sandbox.read(".codex/hooks.json"))

    answer = someone.doctor(sandbox, "--fire")

    assert "from each of ~/.codex/hooks.json and .codex/hooks.json" in said(answer, "hook twice")
    assert any("more than once" in one["problem"] for one in answer["fired"])
    assert CODEX.version == "0.171.0"  # runs both, where Claude Code runs an equal command once


@pytest.mark.ability("gemini", "doctor looks")
@pytest.mark.parametrize(
    ("rules", "trusted"),
    [
        ({}, False),
        ({"{top}": "TRUST_FOLDER"}, True),
        ({"{above}": "TRUST_FOLDER", "{top}": "DO_NOT_TRUST"}, False),
        ({"{top}": "TRUST_PARENT"}, True),
    ],
)
def test_gemini_starts_where_the_doctor_says_that_it_is_trusted(
    rules: dict[str, str], trusted: bool, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert starts("gemini", rules, sandbox, tmp_path) == (trusted, trusted)


@pytest.mark.ability("qwen", "doctor looks")
@pytest.mark.parametrize(
    ("rules", "trusted"),
    [
        ({"{above}": "TRUST_FOLDER"}, True),
        ({"{top}": "DO_NOT_TRUST"}, False),
    ],
)
def test_qwen_runs_hooks_where_the_doctor_says_that_it_is_trusted(
    rules: dict[str, str], trusted: bool, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert starts("qwen", rules, sandbox, tmp_path) == (trusted, trusted)


def starts(name: str, rules: dict[str, str], sandbox: Sandbox, tmp_path: Path) -> tuple[bool, bool]:
    """Whether the doctor says that the folder is trusted, and whether a real session ran gitmem's hooks."""
    sandbox.wire("--client", name)
    someone = person(name, tmp_path)
    with WireModel() as model:
        someone.program.settle(someone.home, sandbox.path, model.url)
        own = someone.home / f".{name}/settings.json"
        settings = json.loads(own.read_text())
        settings["security"]["folderTrust"] = {"enabled": True}
        own.write_text(json.dumps(settings))
        folders = {"{top}": str(sandbox.path), "{above}": str(sandbox.path.parent)}
        known = {folders[folder]: level for folder, level in rules.items()}
        (someone.home / f".{name}/trustedFolders.json").write_text(json.dumps(known))
        someone.program.run(
            sandbox, someone.home, model, "hello", env={"GEMINI_CLI_TRUST_WORKSPACE": ""}
        )
    answer = someone.doctor(sandbox)
    ran = any_hook_ran(sandbox)
    return said(answer, "trust") == "the client trusts this folder", ran


@pytest.mark.ability("opencode", "doctor looks")
def test_opencode_with_a_plugin_in_the_home_and_in_the_project_is_told_and_runs_both(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.wire("--client", "opencode")
    someone = person("opencode", tmp_path)
    own = someone.home / "config/opencode/plugins/gitmem.js"
    own.parent.mkdir(parents=True)
    own.write_text(sandbox.read(".opencode/plugins/gitmem.js"))

    with WireModel() as model:
        OPENCODE.run(sandbox, someone.home, model, "hello")
    answer = someone.doctor(sandbox, env={"XDG_CONFIG_HOME": str(someone.home / "config")})

    assert [event for event, _ in did(sandbox)].count("boot") == 2
    assert f"from each of {own} and .opencode/plugins/gitmem.js" in said(answer, "hook twice")
    assert said(answer, "fired last").startswith("just now: ")


@pytest.mark.ability("copilot", "doctor looks")
@pytest.mark.parametrize(
    ("state", "trusted"),
    [
        ({}, False),
        ({"trustedFolders": ["{top}"]}, True),
        ({"trustedFolders": ["{above}"]}, True),
        ({"trustedFolders": ["{top}/below", "{top}x"]}, False),
        ({"trusted_folders": ["{top}"]}, True),
    ],
)
def test_copilot_runs_hooks_where_the_doctor_says_that_it_is_trusted(
    state: dict[str, list[str]], trusted: bool, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.wire("--client", "copilot")
    someone = person("copilot", tmp_path)
    folders = {
        name: [folder.format(top=sandbox.path, above=sandbox.path.parent) for folder in given]
        for name, given in state.items()
    }
    file = someone.home / ".copilot/config.json"
    file.parent.mkdir()
    file.write_text("// As the client writes it.\n" + json.dumps(folders), encoding="utf-8")

    session(someone, sandbox)
    answer = someone.doctor(sandbox)

    assert any_hook_ran(sandbox) == trusted
    assert (said(answer, "trust", "copilot") == "the client trusts this folder") == trusted


#: Where Copilot CLI reads hooks, beside the file that `init` writes.
_COPILOTS = (
    ".claude/settings.local.json",
    ".github/copilot/settings.json",
    ".github/copilot/settings.local.json",
    ".github/hooks/gitmem.json",
    "~/.copilot/settings.json",
    "~/.copilot/hooks/gitmem.json",
)


@pytest.mark.ability("copilot", "doctor looks")
@pytest.mark.parametrize("path", [*_COPILOTS, "~/.claude/settings.json"])
def test_copilot_runs_a_second_file_with_hooks_where_the_doctor_says_so(
    path: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.wire("--client", "copilot")
    someone = person("copilot", tmp_path)
    trust(someone, sandbox)
    second(someone, sandbox, path, json.loads(sandbox.read(".claude/settings.json")))

    session(someone, sandbox)
    answer = someone.doctor(sandbox, "--fire")

    twice = [event for event, _ in did(sandbox)].count("SessionEnd") == 2
    assert twice == (path in _COPILOTS)
    assert ("from each of" in said(answer, "hook twice", "copilot")) == twice
    ran = [one for one in answer["fired"] if one["client"] == "copilot"]
    assert any("more than once" in one["problem"] for one in ran) == twice


@pytest.mark.ability("copilot", "doctor looks")
@pytest.mark.parametrize("path", [".claude/settings.json", *_COPILOTS])
def test_copilot_runs_no_hook_where_the_doctor_says_that_a_file_switches_them_off(
    path: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.wire("--client", "copilot")
    someone = person("copilot", tmp_path)
    trust(someone, sandbox)
    there = {} if path in _COPILOTS else json.loads(sandbox.read(path))
    second(someone, sandbox, path, {**there, "disableAllHooks": True})

    session(someone, sandbox)
    answer = someone.doctor(sandbox)

    ran = any_hook_ran(sandbox)
    assert ran == ("hooks/" in path or path.startswith("~"))
    assert (said(answer, "hooks off", "copilot") != "") == (not ran)


@pytest.mark.ability("copilot", "doctor looks")
def test_copilot_reads_no_comments_and_the_doctor_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.wire("--client", "copilot")
    someone = person("copilot", tmp_path)
    trust(someone, sandbox)
    path = ".claude/settings.json"
    sandbox.write(path, "// mine\n" + sandbox.read(path))

    session(someone, sandbox)
    answer = someone.doctor(sandbox)

    assert not any_hook_ran(sandbox)
    assert f"{path} is not plain JSON" in said(answer, "settings", "copilot")


@pytest.mark.ability("copilot", "doctor looks")
@pytest.mark.parametrize(
    ("rule", "flagged"),
    [("shell(gitmem:*)", True), ("shell(gitmem flag:*)", False), ("shell(gitmem flag)", False)],
)
def test_copilot_lets_a_capture_through_by_the_rule_that_the_doctor_names_and_no_narrower_one(
    rule: str, flagged: bool, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.wire("--client", "copilot")
    someone = person("copilot", tmp_path)
    assert "--allow-tool 'shell(gitmem:*)'" in said(
        someone.doctor(sandbox), "permissions", "copilot"
    )

    program = replace(
        COPILOT, command=lambda _, prompt: ("--trust-folder", "--allow-tool", rule, "-p", prompt)
    )
    with WireModel(turns=[COPILOT.shell("gitmem flag 'a fact'")]) as model:
        done = program.run(sandbox, someone.home, model, "hello")

    assert [flag["text"] for flag in undrained(sandbox)] == ["a fact"] * flagged, done


def session(someone: Person, sandbox: Sandbox) -> None:
    """One session that trusts no more than the person does."""
    untrusting = [
        word for word in COPILOT.command(someone.home, "hello") if word != "--trust-folder"
    ]
    program = replace(COPILOT, command=lambda *_: untrusting)
    with WireModel() as model:
        done = program.run(sandbox, someone.home, model, "hello")
    assert (done.code, len(model.main)) == (0, 1), done


def trust(someone: Person, sandbox: Sandbox) -> None:
    file = someone.home / ".copilot/config.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"trustedFolders": [str(sandbox.path)]}), encoding="utf-8")


def second(someone: Person, sandbox: Sandbox, path: str, found: dict[str, Any]) -> None:
    """Write hooks into a file of the folder, or of the home."""
    file = someone.home / path[2:] if path.startswith("~/") else sandbox.path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"version": 1, **found}), encoding="utf-8")
