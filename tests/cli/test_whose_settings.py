"""Inside an agent client only the clone's own configuration decides what is executed, sent or started."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support.clients import COMMANDS, SESSION
from tests.support.queues import folder_of
from tests.support.sandbox import Sandbox

CLIENT = COMMANDS["claude-code"]

Way = Callable[[Sandbox, str], Mapping[str, str | None]]


def _file(sandbox: Sandbox, text: str, path: str = ".gitcfg") -> Path:
    return sandbox.write(path, text)


def by_the_working_folder(sandbox: Sandbox, text: str) -> Mapping[str, str | None]:
    _file(sandbox, text)
    return {"GIT_CONFIG_GLOBAL": "/proc/self/cwd/.gitcfg"}


def by_a_relative_path(sandbox: Sandbox, text: str) -> Mapping[str, str | None]:
    _file(sandbox, text)
    return {"GIT_CONFIG_GLOBAL": ".gitcfg"}


def by_a_link_from_outside(sandbox: Sandbox, text: str) -> Mapping[str, str | None]:
    link = sandbox.path.with_name("link")
    if not link.exists():
        link.symlink_to(_file(sandbox, text))
    return {"GIT_CONFIG_GLOBAL": str(link)}


def by_the_system_s(sandbox: Sandbox, text: str) -> Mapping[str, str | None]:
    return {"GIT_CONFIG_SYSTEM": str(_file(sandbox, text)), "GIT_CONFIG_NOSYSTEM": None}


def by_a_home(sandbox: Sandbox, text: str) -> Mapping[str, str | None]:
    home = _file(sandbox, text, ".h/.gitconfig").parent
    return {"HOME": str(home), "GIT_CONFIG_GLOBAL": None, "XDG_CONFIG_HOME": None}


def by_a_home_elsewhere(sandbox: Sandbox, text: str) -> Mapping[str, str | None]:
    home = sandbox.path.with_name("of-another-clone")
    home.mkdir(exist_ok=True)
    (home / ".gitconfig").write_text(text, "utf-8")
    return {"HOME": str(home), "GIT_CONFIG_GLOBAL": None, "XDG_CONFIG_HOME": None}


def by_the_desktop_s_folder(sandbox: Sandbox, text: str) -> Mapping[str, str | None]:
    folder = _file(sandbox, text, ".x/git/config").parents[1]
    return {"XDG_CONFIG_HOME": str(folder), "GIT_CONFIG_GLOBAL": None}


def by_an_include(sandbox: Sandbox, text: str) -> Mapping[str, str | None]:
    inner = sandbox.path.with_name("inner")
    inner.write_text(text, "utf-8")
    return by_a_relative_path(sandbox, f'[includeIf "gitdir:/**"]\n\tpath = {inner}\n')


def by_values(sandbox: Sandbox, text: str) -> Mapping[str, str | None]:
    pairs = {}
    section, count = "", 0
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
            continue
        key, _, value = line.strip().partition(" = ")
        pairs[f"GIT_CONFIG_KEY_{count}"] = f"{section}.{key}"
        pairs[f"GIT_CONFIG_VALUE_{count}"] = value
        count += 1
    return {"GIT_CONFIG_COUNT": str(count), **pairs}


WAYS: list[Way] = [
    by_the_working_folder,
    by_a_relative_path,
    by_a_link_from_outside,
    by_the_system_s,
    by_a_home,
    by_a_home_elsewhere,
    by_the_desktop_s_folder,
    by_an_include,
    by_values,
]


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def way(request: pytest.FixtureRequest) -> Way:
    found: Way = request.param
    return found


@pytest.fixture
def mark(sandbox: Sandbox) -> Path:
    """What exists once something was executed that must not be."""
    return sandbox.path.with_name("executed")


@pytest.fixture
def program(mark: Path) -> str:
    path = mark.with_name("program")
    path.write_text(f"#!/bin/sh\ntouch {mark}\ncat >/dev/null\necho '{{}}'\n", "utf-8")
    path.chmod(0o755)
    return str(path)


def test_a_close_runs_no_command_of_the_repository_s(
    sandbox: Sandbox, way: Way, program: str, mark: Path
) -> None:
    sandbox.gitmem("flag", "deploys need the VPN")
    env = way(sandbox, f"[gitmem]\n\tengine = command\n\tcommand = {program}\n")

    done = sandbox.gitmem("close", env={**env, **CLIENT})

    assert not mark.exists()
    if way is not by_values:  # variables are not handed to git at all: nothing is configured
        assert done.code == 4
        assert "this runs inside claude-code" in done.err
        assert "git config --local gitmem.engine VALUE" in done.err


def test_a_session_s_end_starts_nothing_the_repository_asks_for_and_a_boot_says_so(
    sandbox: Sandbox, way: Way
) -> None:
    sandbox.gitmem("flag", "deploys need the VPN")
    env = {**way(sandbox, "[gitmem]\n\tautoClose = true\n\tsync = auto\n"), **CLIENT}
    payload = {"session_id": SESSION, "cwd": str(sandbox.path)}

    end = json.dumps({**payload, "hook_event_name": "SessionEnd", "reason": "other"})
    sandbox.gitmem("hook", "claude-code", "SessionEnd", input=end, env=env)

    ledger = (folder_of(sandbox) / "ledger.jsonl").read_text("utf-8")
    assert "started" not in ledger
    assert not sandbox.git("branch", "--list", "gitmem/drain")
    if way is by_values:
        return
    assert "marked end, refused a close, refused a sync" in ledger
    start = json.dumps({**payload, "hook_event_name": "SessionStart", "session_id": "next"})
    said = sandbox.gitmem("hook", "claude-code", "SessionStart", input=start, env=env).out
    assert "gitmem.autoClose comes from" in said
    assert "gitmem.sync comes from" in said
    assert "git config --local gitmem.autoClose VALUE" in said


def test_no_hook_of_the_repository_s_runs_when_a_flag_is_made(
    sandbox: Sandbox, way: Way, program: str, mark: Path
) -> None:
    hooks = sandbox.path / "hooks"
    hooks.mkdir()
    (hooks / "reference-transaction").symlink_to(program)
    env = way(sandbox, f"[core]\n\thooksPath = {hooks}\n")

    done = sandbox.gitmem("flag", "deploys need the VPN", env={**env, **CLIENT})

    assert (done.code, mark.exists()) == (0, False)


def test_a_sync_asks_no_program_and_no_server_of_the_repository_s(
    sandbox: Sandbox, way: Way, program: str, mark: Path
) -> None:
    sandbox.git("remote", "add", "origin", "ssh://git@nowhere.invalid/project.git")
    sandbox.gitmem("flag", "deploys need the VPN")
    stolen = sandbox.path.with_name("stolen.git")
    sandbox.git("init", "--quiet", "--bare", str(stolen))
    text = (
        f"[core]\n\tsshCommand = {program}\n"
        f'[url "{stolen.as_uri()}"]\n\tinsteadOf = ssh://git@nowhere.invalid/project.git\n'
    )
    if way is by_values:
        text = f"[core]\n\tsshCommand = {program}\n"

    done = sandbox.gitmem("sync", env={**way(sandbox, text), **CLIENT})

    assert (done.code, mark.exists()) == (5, False)
    assert not Sandbox(stolen).git("for-each-ref")


@pytest.mark.parametrize("key", ["acceptInAgent", "remote"])
def test_a_person_s_word_is_not_the_repository_s(sandbox: Sandbox, way: Way, key: str) -> None:
    evil = sandbox.path.with_name("evil.git")
    sandbox.git("init", "--quiet", "--bare", str(evil))
    origin = sandbox.path.with_name("origin.git")
    sandbox.git("init", "--quiet", "--bare", str(origin))
    sandbox.git("remote", "add", "origin", origin.as_uri())
    sandbox.git("remote", "add", "evil", evil.as_uri())
    sandbox.gitmem("flag", "deploys need the VPN")
    sandbox.gitmem("close")
    before = sandbox.git("rev-parse", "main")
    values = {"acceptInAgent": "true", "remote": "evil"}
    env = {**way(sandbox, f"[gitmem]\n\t{key} = {values[key]}\n"), **CLIENT}

    done = sandbox.gitmem("accept" if key == "acceptInAgent" else "sync", env=env)

    assert done.code == (0 if way is by_values and key == "remote" else 4)
    assert sandbox.git("rev-parse", "main") == before
    assert not Sandbox(evil).git("for-each-ref")


@pytest.mark.parametrize(
    "name", ["GIT_SSH_COMMAND", "GIT_SSH", "GIT_ASKPASS", "GIT_PROXY_COMMAND", "GIT_EXEC_PATH"]
)
def test_a_variable_names_no_program_inside_a_client(
    sandbox: Sandbox, program: str, mark: Path, name: str
) -> None:
    sandbox.git("remote", "add", "origin", "ssh://git@nowhere.invalid/project.git")
    sandbox.gitmem("flag", "deploys need the VPN")
    value = str(mark.parent) if name == "GIT_EXEC_PATH" else program

    done = sandbox.gitmem("sync", env={**CLIENT, name: value})

    assert (done.code, mark.exists()) == (5, False)


def test_a_variable_names_no_file_to_write_inside_a_client(sandbox: Sandbox, mark: Path) -> None:
    traces = {"GIT_TRACE": str(mark), "GIT_TRACE2_EVENT": str(mark), "GIT_TRACE_SETUP": str(mark)}

    for args in (("flag", "deploys need the VPN"), ("close",), ("review",)):
        assert sandbox.gitmem(*args, env={**CLIENT, **traces}).code == 0
    assert not mark.exists()


def test_a_configuration_of_the_repository_s_names_no_file_to_write_inside_a_client(
    sandbox: Sandbox, mark: Path, way: Way
) -> None:
    keys = ("eventTarget", "normalTarget", "perfTarget")
    env = way(sandbox, "[trace2]\n" + "".join(f"\t{key} = {mark}\n" for key in keys))

    for args in (("flag", "deploys need the VPN"), ("status",), ("close",), ("accept",)):
        sandbox.gitmem(*args, env={**CLIENT, **env})
    assert not mark.exists()


def test_a_git_dir_of_the_repository_s_takes_no_flag(
    tmp_path: Path, program: str, mark: Path
) -> None:
    folder = tmp_path / "downloaded"
    folder.mkdir()
    opened = Sandbox(folder)
    opened.git("init", "--quiet", "--separate-git-dir", str(folder / "store"))
    (folder / ".git").unlink()
    (folder / "store" / "hooks").mkdir(exist_ok=True)
    (folder / "store" / "hooks" / "reference-transaction").symlink_to(program)
    named = {"GIT_DIR": str(folder / "store"), "GIT_WORK_TREE": str(folder)}

    done = opened.gitmem("flag", "deploys need the VPN", env={**CLIENT, **named})

    assert (done.code, mark.exists()) == (3, False)
    assert "NOT SAVED" in done.err
    assert "GIT_DIR" in done.err
    assert opened.gitmem("flag", "deploys need the VPN", env=named).code == 0


def test_one_word_in_the_clone_confirms_what_a_person_chose_for_all(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "deploys need the VPN")
    sandbox.git("config", "--global", "gitmem.engine", "verbatim")
    refused = sandbox.gitmem("close", env=CLIENT)
    sandbox.git("config", "--local", "gitmem.engine", "verbatim")
    confirmed = sandbox.gitmem("close", env=CLIENT)

    assert (refused.code, confirmed.code) == (4, 0)
    assert sandbox.gitmem("close", "--engine", "verbatim", env=CLIENT).code == 0


def test_in_a_terminal_of_the_person_s_a_choice_for_all_repositories_counts(
    sandbox: Sandbox,
) -> None:
    sandbox.gitmem("flag", "deploys need the VPN")
    sandbox.git("config", "--global", "gitmem.engine", "command")
    done = sandbox.gitmem("close")

    assert "the engine command has no command" in done.err


@pytest.mark.parametrize("way", [by_the_working_folder, by_a_relative_path, by_a_link_from_outside])
def test_a_file_of_the_work_tree_counts_nowhere(
    sandbox: Sandbox, way: Way, program: str, mark: Path
) -> None:
    sandbox.gitmem("flag", "deploys need the VPN")
    env = way(sandbox, f"[gitmem]\n\tengine = command\n\tcommand = {program}\n")

    done = sandbox.gitmem("close", env=env)

    assert (done.code, mark.exists()) == (4, False)
    assert "a file in the work tree" in done.err


def test_an_include_of_the_clone_s_own_configuration_is_another_file(
    sandbox: Sandbox, program: str, mark: Path
) -> None:
    sandbox.gitmem("flag", "deploys need the VPN")
    outside = sandbox.path.with_name("outside")
    outside.write_text(f"[gitmem]\n\tengine = command\n\tcommand = {program}\n", "utf-8")
    sandbox.git("config", "--local", "include.path", str(outside))

    assert sandbox.gitmem("close", env=CLIENT).code == 4
    assert not mark.exists()


def test_the_author_stays_the_person_inside_a_client(sandbox: Sandbox) -> None:
    assert sandbox.gitmem("flag", "deploys need the VPN", env=CLIENT).code == 0
    assert sandbox.gitmem("close", env=CLIENT).code == 0

    for ref in ("gitmem/queue", "gitmem/drain"):
        who = sandbox.git("log", "-1", "--format=%an <%ae> %cn <%ce>", ref)
        assert who == "Test Person <person@example.com> Test Person <person@example.com>"


def test_doctor_tells_a_choice_that_sessions_do_not_hear(sandbox: Sandbox) -> None:
    sandbox.gitmem("init")
    sandbox.git("config", "--global", "gitmem.autoClose", "true")

    told = sandbox.gitmem("doctor").out

    assert "gitmem.autoClose is set in" in told
    assert "inside an agent client it does not count" in told
    assert "the end of a session prepares nothing" in sandbox.gitmem("init").out
