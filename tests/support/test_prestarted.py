"""A prestarted command cannot tell that it was: what it is given, what it answers and how it ends are as ever."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import prestarted
from tests.support.account import account
from tests.support.prestarted import Prestarted
from tests.support.sandbox import GITMEM, PATIENCE, Sandbox, changed_environment

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="2026-11-30: only Linux tells of a process's end by descriptor"
)

#: A command that says what it finds; its first argument is more code.
_SCRIPT = """#!{python}
import atexit, json, locale, os, random, signal, stat, sys, threading, time
def found():
    streams = [sys.stdin, sys.stdout, sys.stderr]
    return dict(
        argv=sys.argv, cwd=os.getcwd(), env=dict(os.environ), path=sys.path, name=__name__, file=__file__,
        inherited=os.popen("env -0 | sort -z | base64").read(), umask=os.umask(0), time=time.strftime("%Z"), locale=locale.setlocale(locale.LC_CTYPE),
        streams=[[one.name, one.mode, one.encoding, one.errors, one.line_buffering, one.isatty()] for one in streams],
        pipes=[stat.S_ISFIFO(os.fstat(one).st_mode) for one in range(3)],
        open=sorted(int(one) for one in os.listdir("/proc/self/fd"))[:-1],
        group=[os.getpgid(0), os.getsid(0)],
        signals=[str(signal.getsignal(one)) for one in sorted(signal.valid_signals() - {{32, 33}})],
        threads=threading.active_count(), gitmem=sorted(one for one in sys.modules if one.startswith("gitmem")),
        main=sys.modules["__main__"].__dict__ is globals(), flags=str(sys.flags), executable=sys.executable,
    )
exec(sys.argv[1])
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("script")


@pytest.fixture(scope="module")
def script(folder: Path) -> Path:
    file = folder / "command"
    file.write_text(_SCRIPT.format(python=sys.executable), encoding="utf-8")
    file.chmod(0o755)
    return file


@pytest.fixture(scope="module")
def servers() -> Iterator[list[Prestarted]]:
    started: list[Prestarted] = []
    yield started
    for one in started:
        one.stop()


@pytest.fixture
def server(script: Path, servers: list[Prestarted], _sealed: None) -> Prestarted:
    """One for all tests: it starts in the environment of the first."""
    if not servers:
        servers.append(Prestarted(script))
    return servers[0]


def both(
    server: Prestarted, script: Path, code: str, *, given: str = "", cwd: Path | None = None
) -> tuple[tuple[int, str, str], tuple[int, str, str]]:
    """What the script answers as a process of the system, and prestarted."""
    cwd = cwd or script.parent
    done = subprocess.run(
        [script, code, "b c", "\udcff"],
        cwd=cwd,
        env=dict(os.environ),
        input=given,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=PATIENCE,
    )
    ours = server.run(
        [code, "b c", "\udcff"], cwd=cwd, env=dict(os.environ), given=given, patience=PATIENCE
    )
    return (done.returncode, done.stdout, done.stderr), ours


def test_it_finds_all_that_a_process_of_the_system_finds(
    server: Prestarted, script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**account(tmp_path).env, "GITMEM_X": "\udcfe", "TZ": "Asia/Tokyo"}.items():
        monkeypatch.setenv(name, str(value))
    before = os.umask(0o027)
    try:
        usual, ours = both(server, script, "print(json.dumps(found()))", cwd=tmp_path)
    finally:
        os.umask(before)

    assert (usual[0], usual[2]) == (ours[0], ours[2]) == (0, "")
    expected, seen = json.loads(usual[1]), json.loads(ours[1])
    assert expected["gitmem"] == []
    assert expected["umask"] == 0o027
    for name, value in expected.items():
        assert seen[name] == value, name


@pytest.mark.parametrize(
    "code",
    [
        "sys.exit()",
        "sys.exit(3)",
        "sys.exit(-1)",
        "sys.exit(True)",
        "print('out'); print('err', file=sys.stderr); sys.exit('a sentence')",
        "print('no end', end='')",
        "os._exit(7)",
        "os.kill(os.getpid(), signal.SIGKILL)",
        "os.kill(os.getpid(), signal.SIGTERM)",
        "atexit.register(print, 'at the end'); sys.exit(1)",
        "threading.Thread(target=lambda: (time.sleep(0.01), print('later'))).start(); sys.exit(4)",
        "os.dup2(os.open('/dev/full', os.O_WRONLY), 1); print('lost'); sys.exit(0)",
        "sys.stdout.write(sys.stdin.read()[::-1])",
        "sys.stdout.write('a\\r\\nb\\rc'); sys.stdout.buffer.write(b'\\xff')",
        "sys.stdin.close(); print('read nothing')",
        "sys.stdout.close(); os.close(2); time.sleep(0.01); sys.exit(9)",
        "print('x' * 300_000); print('y' * 300_000, file=sys.stderr)",
        "sys.exit(os.spawnv(os.P_WAIT, '/bin/sh', ['sh', '-c', 'cat; echo end; exit 5']))",
    ],
)
def test_it_ends_as_a_process_of_the_system_ends(
    server: Prestarted, script: Path, code: str
) -> None:
    usual, ours = both(server, script, code, given="some\nwords " * 20_000)

    assert ours == usual


def test_what_nothing_catches_is_told(server: Prestarted, script: Path) -> None:
    usual, ours = both(server, script, "raise KeyError('lost')")

    assert usual[0] == ours[0] == 1
    assert usual[2].splitlines()[-1] == ours[2].splitlines()[-1] == "KeyError: 'lost'"


def test_what_one_command_loads_and_draws_is_not_in_the_next(
    server: Prestarted, script: Path
) -> None:
    code = "print('wave' in sys.modules, random.random()); import wave"
    _, first = both(server, script, code)
    _, second = both(server, script, code)

    assert first[1].split()[0] == second[1].split()[0] == "False"
    assert first[1] != second[1]


def test_many_at_once_get_their_own_answers(server: Prestarted, script: Path) -> None:
    def answer(number: int) -> str:
        code = "print(sys.stdin.read(), os.environ['NUMBER'])"
        env = {**os.environ, "NUMBER": str(number)}
        done = server.run([code], cwd=script.parent, env=env, given=str(number), patience=PATIENCE)
        return done[1]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(answer, range(16))) == [f"{one} {one}\n" for one in range(16)]


def test_one_that_hangs_is_killed(server: Prestarted, script: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        server.run(
            ["signal.pause()"], cwd=script.parent, env=dict(os.environ), given="", patience=0
        )

    pid = server._process.pid
    until = time.monotonic() + PATIENCE
    while Path(f"/proc/{pid}/task/{pid}/children").read_text():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize(
    "change",
    [
        {"PATH": "/nowhere"},
        {"PYTHONPATH": None},
        {"PYTHONPATH": "/nowhere"},
        {"PYTHONWARNINGS": "error"},
        {"LC_ALL": "C"},
        {"LANG": None},
        {"GIT_PYTHON_TRACE": "1"},
        {"TYPER_USE_RICH": "no"},
        {"ANTHROPIC_LOG": "debug"},
        {"OPENAI_LOG": "debug"},
        {"PYDANTIC_DISABLE_PLUGINS": "1"},
    ],
    ids=str,
)
def test_what_changes_a_start_gets_a_start(
    server: Prestarted, change: Mapping[str, str | None]
) -> None:
    assert server.suits(changed_environment({"HOME": "/elsewhere", "GITMEM_ENGINE": "x"}))
    assert not server.suits(changed_environment(change))


def test_a_site_of_another_kind_gets_a_start(server: Prestarted, tmp_path: Path) -> None:
    site = account(tmp_path).env["PYTHONPATH"]
    assert server.suits(changed_environment({"PYTHONPATH": site}))

    Path(str(site), "anthropic.py").touch()
    assert not server.suits(changed_environment({"PYTHONPATH": site}))


def test_gitmem_says_the_same(sandbox: Sandbox) -> None:
    server = Prestarted(GITMEM)
    try:
        for args in (["init", "--dry-run"], ["close"], ["nonsense"], ["why", "--help"], []):
            with sandbox.start(*args) as child:
                out, err = child.communicate(timeout=PATIENCE)
            ours = server.run(
                args, cwd=sandbox.path, env=dict(os.environ), given="", patience=PATIENCE
            )
            assert ours == (child.returncode, out, err), args
    finally:
        server.stop()


def test_the_first_of_its_kind_the_hot_lane_and_a_lost_folder_get_a_start(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prestarted, "_WORKER", prestarted._Worker())
    monkeypatch.setattr(prestarted, "_WANTED", True)

    def found(*args: str, cwd: Path = tmp_path) -> Prestarted | None:
        return prestarted.prestarted(script, args, cwd=cwd, env=dict(os.environ))

    for _ in range(2):
        assert [found("flag"), found("hook", "x"), found("--mine", "flag")] == [None] * 3
    assert found("close") is None
    assert found("accept") is None
    assert found("close") is found("accept", "--json") is not None
    assert found("close", cwd=tmp_path / "gone") is None
