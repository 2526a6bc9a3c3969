"""`gitmem doctor` in real repositories: what it finds, what it tries, what it mends."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitmem.bootstrap import assets
from tests.support import messages_api as api
from tests.support.messages_api import Asked, MessagesApi, Sent
from tests.support.queues import folder_of
from tests.support.sandbox import GITMEM, Result, Sandbox

PATH = os.pathsep.join([str(GITMEM.parent), os.environ["PATH"]])
HOOKS = json.loads(assets.read("hooks/claude-code/hooks.json"))["hooks"]


@pytest.fixture
def home() -> Path:
    """The sealed home of this test's person."""
    return Path(os.environ["HOME"])


def doctor(
    sandbox: Sandbox, *arguments: str, path: str = PATH, cwd: str = "", **environment: str
) -> Result:
    env = {"PATH": path, **environment}
    return sandbox.gitmem("doctor", *arguments, env=env, cwd=sandbox.path / cwd)


def report(sandbox: Sandbox, *arguments: str, **options: str) -> dict[str, Any]:
    done = doctor(sandbox, "--json", *arguments, **options)
    answer: dict[str, Any] = json.loads(done.out)
    assert done.code == (0 if answer["ok"] else 1)
    return answer


def found(answer: dict[str, Any], level: str) -> dict[str, str]:
    """What was found at a level, by check; the last one of a check counts."""
    return {f["check"]: f["what"] for f in answer["findings"] if f["level"] == level}


def settings(home: Path, **entries: Any) -> None:
    file = home / ".claude" / "settings.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(entries), encoding="utf-8")


def trust(sandbox: Sandbox) -> None:
    """The person has told the client to trust this folder."""
    trusted = {"projects": {str(sandbox.path): {"hasTrustDialogAccepted": True}}}
    Path(os.environ["HOME"], ".claude.json").write_text(json.dumps(trusted), encoding="utf-8")


def program(folder: Path, script: str) -> str:
    """A PATH whose first gitmem is this script."""
    folder.mkdir()
    tool = folder / "gitmem"
    tool.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    tool.chmod(0o755)
    return f"{folder}:{PATH}"


def test_a_wired_repository_passes(wired: Sandbox) -> None:
    done = doctor(wired)

    assert (done.code, done.err) == (0, "")
    events = ", ".join(HOOKS)
    assert f"ok    hook          {events}: .claude/settings.json (project)" in done.out
    assert "FAIL" not in done.out


def test_a_repository_without_wiring_fails_and_fix_mends_it(sandbox: Sandbox) -> None:
    answer = report(sandbox)
    assert found(answer, "fail") == {"hook": "none is installed for this folder"}

    shown = doctor(sandbox, "--fix", "--dry-run")
    assert "would write .claude/settings.json" in shown.out
    assert "+++ b/.claude/settings.json" in shown.out
    assert not (sandbox.path / ".claude").exists()

    mended = report(sandbox, "--fix")
    assert mended["ok"]
    assert "wrote .claude/settings.json" in mended["fixed"]
    assert "there is nothing for --fix to do" in doctor(sandbox, "--fix").out


def test_fix_puts_back_what_was_taken_out_and_leaves_what_is_a_person_s(wired: Sandbox) -> None:
    text = json.loads(wired.read(".claude/settings.json"))
    del text["hooks"]["PostToolBatch"]
    text["model"] = "opus"
    wired.write(".claude/settings.json", json.dumps(text))

    assert report(wired, "--fix")["ok"]
    after = json.loads(wired.read(".claude/settings.json"))
    assert (after["model"], after["hooks"].keys()) == ("opus", HOOKS.keys())


@pytest.mark.parametrize("place", [".claude/settings.json", ".claude/settings.local.json", "home"])
def test_switched_off_hooks_fail_wherever_the_switch_is(
    place: str, wired: Sandbox, home: Path
) -> None:
    if place == "home":
        settings(home, disableAllHooks=True)
    else:
        now = json.loads(wired.read(place)) if (wired.path / place).exists() else {}
        wired.write(place, json.dumps({**now, "disableAllHooks": True}))

    answer = report(wired, "--fix")

    assert "switches every hook off" in found(answer, "fail")["hooks off"]


def test_a_gitmem_that_hooks_do_not_find_fails(wired: Sandbox, home: Path) -> None:
    bare = os.pathsep.join(
        name for name in os.environ["PATH"].split(os.pathsep) if not Path(name, "gitmem").exists()
    )
    assert "no gitmem on this terminal's PATH" in found(report(wired, path=bare), "fail")["gitmem"]

    settings(home, env={"PATH": "/nowhere"})
    assert "no gitmem on the PATH a settings file sets" in found(report(wired), "fail")["gitmem"]


def test_another_gitmem_and_one_of_an_active_environment_are_told(
    wired: Sandbox, tmp_path: Path
) -> None:
    other = program(tmp_path / "other", "exit 0")
    assert "hooks start another gitmem" in found(report(wired, path=other), "warn")["gitmem"]

    active = report(wired, VIRTUAL_ENV=str(GITMEM.parent.parent))
    assert "virtual environment that is active" in found(active, "warn")["gitmem"]


def test_trust_is_read_from_the_client_s_own_file(wired: Sandbox, home: Path) -> None:
    assert "has not used the client yet" in found(report(wired), "ok")["trust"]

    state = home / ".claude.json"
    state.write_text(json.dumps({"projects": {"/elsewhere": {}}}), encoding="utf-8")
    assert "does not trust" in found(report(wired), "warn")["trust"]

    trusted = {"projects": {str(wired.path.parent): {"hasTrustDialogAccepted": True}}}
    state.write_text(json.dumps(trusted), encoding="utf-8")
    assert found(report(wired), "ok")["trust"] == "the client trusts this folder"


def test_a_session_below_the_top_sees_no_hooks_until_that_folder_is_wired(wired: Sandbox) -> None:
    wired.write("packages/app/main.py", "pass\n")

    answer = report(wired, cwd="packages/app")
    assert found(answer, "fail") == {"hook": "none is installed for this folder"}
    assert "starts in packages/app" in found(answer, "warn")["folder"]

    assert (
        "wrote packages/app/.claude/settings.json"
        in report(wired, "--fix", cwd="packages/app")["fixed"]
    )
    assert report(wired, "--fire", cwd="packages/app")["ok"]


# ---------------------------------------------------------------- the repository


def test_a_lock_that_is_left_behind_fails_and_a_fresh_one_does_not(wired: Sandbox) -> None:
    wired.gitmem("flag", "deploys need the VPN")
    lock = wired.write(".git/refs/heads/gitmem/queue.lock", "")
    assert report(wired)["ok"]

    os.utime(lock, (lock.stat().st_mtime - 7200,) * 2)
    answer = report(wired, "--fix")

    assert "gitmem/queue.lock is 2 h old" in found(answer, "fail")["lock"]
    assert lock.exists()


def test_flags_in_the_journal_only_are_told_and_published_by_fix(wired: Sandbox) -> None:
    wired.gitmem("flag", "deploys need the VPN")
    lock = wired.write(".git/refs/heads/gitmem/queue.lock", "")
    wired.gitmem("flag", "tests need a free port")
    lock.unlink()

    assert "in the journal only: 1" in found(report(wired), "warn")["queue"]
    assert "would publish the journal" in doctor(wired, "--fix", "--dry-run").out
    assert "published the journal" in report(wired, "--fix")["fixed"]
    assert "journal and branch agree; 2 undrained" in found(report(wired), "ok")["queue"]


def test_a_queue_that_git_cannot_read_fails_and_fix_rebuilds_it(wired: Sandbox) -> None:
    wired.gitmem("flag", "deploys need the VPN")
    blob = wired.git("rev-parse", "gitmem/queue:README.md")
    file = wired.path / ".git/objects" / blob[:2] / blob[2:]
    file.unlink()

    assert "cannot be read whole" in found(report(wired), "fail")["queue"]


def test_a_journal_of_a_newer_gitmem_fails_with_what_to_do(wired: Sandbox) -> None:
    wired.gitmem("flag", "deploys need the VPN")
    (folder_of(wired) / "journal").write_bytes(b"gitmem-journal 9 abcdefgh abcdefghijkl\n")

    assert "journal" in found(report(wired), "fail")["repository"]


def test_a_line_that_cannot_be_read_is_told(wired: Sandbox) -> None:
    wired.gitmem("flag", "deploys need the VPN")
    with (folder_of(wired) / "journal").open("ab") as journal:
        journal.write(b"\n{torn\n")

    assert "a line cannot be read: journal" in found(report(wired), "warn")["queue"]


def test_shared_settings_that_cannot_be_read_fail_and_stop_nothing_else(wired: Sandbox) -> None:
    wired.write(".gitmem/config.yaml", "version: 1\nengine: anthropic\n")
    wired.write(".claude/settings.json", "{}")
    before = wired.git("status", "--porcelain")

    answer = report(wired, "--fix")

    assert ".gitmem/config.yaml" in found(answer, "fail")["settings"]
    assert "none is installed" in found(answer, "fail")["hook"]
    assert wired.git("status", "--porcelain") == before


def test_outside_a_repository_one_sentence_is_said(tmp_path: Path) -> None:
    done = Sandbox(tmp_path).gitmem("doctor", "--json")

    assert (done.code, done.out) == (3, "")
    assert "not inside a git repository" in done.err


def test_nobody_in_git_and_a_hook_that_failed_are_told(wired: Sandbox, home: Path) -> None:
    (home / ".gitconfig").write_text("[user]\n\tuseConfigOnly = true\n", encoding="utf-8")
    folder_of(wired).mkdir(exist_ok=True)
    lines = [
        {"at": "2026-01-02T03:04:05Z", "event": "PostToolUse", "error": "OSError: no space left"},
        {"at": "2026-01-02T03:04:06Z", "event": "SessionEnd", "did": "marked end"},
    ]
    text = "\n".join(["{torn", *[json.dumps(line) for line in lines], ""])
    (folder_of(wired) / "ledger.jsonl").write_text(text, encoding="utf-8")

    told = found(report(wired), "warn")

    assert "git has no name for you" in told["identity"]
    assert "1 hook failed" in told["ledger"]
    assert "no space left" in told["ledger"]


def test_a_close_in_a_terminal_is_no_hook_that_ran(wired: Sandbox) -> None:
    assert wired.gitmem("flag", "a fact").code == 0
    assert wired.gitmem("close").code == 0

    assert found(report(wired), "warn")["ledger"] == "no hook has run in this clone yet"


def test_the_last_close_that_failed_is_told_as_a_close(wired: Sandbox) -> None:
    folder_of(wired).mkdir(exist_ok=True)
    lines = [
        {"at": "2026-01-02T03:04:05Z", "event": "Stop", "did": "marked turn"},
        {"at": "2026-01-02T03:04:06Z", "event": "close", "did": "failed", "error": "no answer"},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder_of(wired) / "ledger.jsonl").write_text(text, encoding="utf-8")

    looked = report(wired)

    assert found(looked, "ok")["ledger"].startswith("Stop was the last hook")
    assert found(looked, "warn")["ledger"].startswith("the last close failed, ")


# ---------------------------------------------------------------- --fire


def test_fire_runs_every_installed_hook_and_hears_the_words(wired: Sandbox) -> None:
    fired = {entry["event"]: entry for entry in report(wired, "--fire")["fired"]}

    assert fired.keys() == HOOKS.keys()
    assert "1 flag waits undrained" in fired["SessionStart"]["person"]
    assert "gitmem, after git commit" in fired["PostToolBatch"]["model"]
    assert all(entry["problem"] == "" and entry["ms"] > 0 for entry in fired.values())


def test_fire_and_client_leave_the_repository_as_it_was(wired: Sandbox) -> None:
    def everything() -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in wired.path.rglob("*") if p.is_file()}

    before = everything()

    doctor(wired, "--fire", "--client", "all")

    assert everything() == before


def test_fire_says_when_gitmem_itself_does_not_run(wired: Sandbox, tmp_path: Path) -> None:
    dead = program(tmp_path / "dead", "exit 127")

    problems = {entry["problem"] for entry in report(wired, "--fire", path=dead)["fired"]}

    assert len(problems) == 2
    assert all(problem.startswith("gitmem did not run (") for problem in problems)
    assert any("did not run here, so nothing is captured" in problem for problem in problems)


def test_fire_and_client_run_no_command_that_a_clone_brought(
    wired: Sandbox, tmp_path: Path
) -> None:
    proof = tmp_path / "ran"
    text = json.loads(wired.read(".claude/settings.json"))
    handler = text["hooks"]["PostToolBatch"][0]["hooks"][0]
    handler["command"] = f": > {proof}; gitmem hook claude-code PostToolBatch"
    program(tmp_path / "evil", f": > {proof}")
    wired.write(".claude/settings.json", json.dumps(text))
    wired.write(
        ".claude/settings.local.json", json.dumps({"env": {"PATH": str(tmp_path / "evil")}})
    )

    answer = report(wired, "--fire")

    assert not proof.exists()
    assert "a command gitmem does not ship" in found(answer, "fail")["not tried"]
    assert "variables" in found(answer, "warn")["not tried"]
    assert {entry["event"] for entry in answer["fired"]} == HOOKS.keys() - {"PostToolBatch"}

    trust(wired)
    report(wired, "--fire")
    assert proof.exists()


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("exit 2 # gitmem hook claude-code", "it ended with 2: it said nothing"),
        ("echo no; exit 0 # gitmem hook claude-code", "the client cannot read its answer"),
        ("sleep 9 # gitmem hook claude-code", "it did not end within 1 s"),
    ],
)
def test_fire_says_what_is_wrong_with_a_hook(command: str, problem: str, wired: Sandbox) -> None:
    text = json.loads(wired.read(".claude/settings.json"))
    handler = text["hooks"]["PostToolBatch"][0]["hooks"][0]
    handler.update(command=command, timeout=1)
    wired.write(".claude/settings.json", json.dumps(text))
    trust(wired)

    (fired,) = [f for f in report(wired, "--fire")["fired"] if f["event"] == "PostToolBatch"]

    assert fired["problem"].startswith(problem)


@pytest.fixture
def plugin(home: Path, tmp_path: Path) -> Callable[[], None]:
    """Installs the repository's plugin for this person, as the client's own installation leaves it."""

    def install() -> None:
        root = tmp_path / "cache" / "gitmem"
        (root / "hooks").mkdir(parents=True)
        (root / "hooks/hooks.json").write_text(assets.read("hooks/hooks.json"), encoding="utf-8")
        settings(home, enabledPlugins={"gitmem@gitmem": True})
        listed = {"version": 2, "plugins": {"gitmem@gitmem": [{"installPath": str(root)}]}}
        (home / ".claude/plugins").mkdir()
        (home / ".claude/plugins/installed_plugins.json").write_text(json.dumps(listed))

    return install


def test_a_plugin_alone_is_enough(sandbox: Sandbox, plugin: Callable[[], None]) -> None:
    plugin()

    answer = report(sandbox, "--fire")

    assert answer["ok"]
    assert found(answer, "ok")["hook"].endswith("plugin gitmem@gitmem (plugin)")
    assert {entry["where"] for entry in answer["fired"]} == {"plugin gitmem@gitmem"}


def test_plugin_and_settings_file_are_both_fired_and_one_answers(
    wired: Sandbox, plugin: Callable[[], None]
) -> None:
    plugin()

    fired = report(wired, "--fire")["fired"]

    boots = [entry for entry in fired if entry["event"] == "SessionStart"]
    assert len(boots) == 2
    assert [bool(entry["model"]) for entry in boots].count(True) == 1
    assert {entry["problem"] for entry in fired} == {""}


def test_without_a_client_the_rehearsal_fails_and_says_so(wired: Sandbox) -> None:
    bare = f"{GITMEM.parent}:/usr/bin:/bin"

    assert (
        "claude is not on this terminal's PATH"
        in found(report(wired, "--client", "claude-code", path=bare), "fail")["client"]
    )


def test_a_program_that_the_repository_brings_is_no_client_of_the_person(wired: Sandbox) -> None:
    wired.write("bin/claude", "#!/bin/sh\ntouch ran\n")
    (wired.path / "bin" / "claude").chmod(0o755)
    near = f"bin:{GITMEM.parent}:/usr/bin:/bin"

    assert (
        "claude is not on this terminal's PATH"
        in found(report(wired, "--client", "claude-code", path=near), "fail")["client"]
    )
    assert not list(wired.path.rglob("ran"))


def test_a_client_that_is_unknown_or_not_wired_is_refused_with_what_to_do(wired: Sandbox) -> None:
    unknown, absent = (doctor(wired, "--client", name) for name in ("emacs", "codex"))

    assert (unknown.code, absent.code) == (2, 2)
    assert "there is no client emacs" in unknown.err
    assert "one of claude-code, codex" in unknown.err
    assert "codex is not wired here" in absent.err
    assert "gitmem init --client codex" in absent.err


def test_a_model_on_this_machine_is_asked_one_tiny_question_without_a_flag(wired: Sandbox) -> None:
    wired.gitmem("flag", "the build uses uv")
    copied = {"text": "The quick brown fox"}

    def script(asked: Asked) -> Sent:
        return (
            api.says(copied)
            if asked.way == "object"
            else api.text("Sure! " * 40, stop="max_tokens")
        )

    with MessagesApi(script, dialect=api.CHAT) as server:
        wired.git("config", "gitmem.engine", "llamacpp")
        wired.git("config", "gitmem.host", server.url.removeprefix("http://"))
        answer = report(wired)
        assert found(report(wired, "--dry-run"), "ok").get("model") is None

    told = found(answer, "ok")["model"]
    assert told.startswith(f"{api.MODEL} at {server.url.removeprefix('http://')} answered in ")
    assert told.endswith(" tokens a second; it ignores a schema and answers in JSON")
    assert [asked.way for asked in server.asked] == ["format", "object"]
    assert "uv" not in str(server.bodies)


def test_a_model_on_this_machine_that_is_not_there_is_worth_a_look_and_no_failure(
    wired: Sandbox,
) -> None:
    wired.git("config", "gitmem.engine", "llamacpp")
    wired.git("config", "gitmem.host", "127.0.0.1:9")

    answer = report(wired)

    assert "does not say which models it has" in found(answer, "warn")["model"]


def test_a_vendor_s_model_is_not_asked(wired: Sandbox) -> None:
    wired.git("config", "gitmem.engine", "openai")

    answer = report(wired)

    assert not [one for one in answer["findings"] if one["check"] == "model"]


def test_what_is_said_of_several_clients_stands_in_the_same_columns(sandbox: Sandbox) -> None:
    sandbox.gitmem("init", "--client", "gemini", "--client", "codex")

    lines = sandbox.gitmem("doctor").out.splitlines()

    titles = [line for line in lines if line.endswith(":")]
    assert titles == ["Codex:", "Gemini CLI:", "this repository:"]
    rows = [re.match(r"(?:ok|warn|FAIL) +\w+(?: \w+)* {2,}", line) for line in lines]
    assert len({row.end() for row in rows if row}) == 1
