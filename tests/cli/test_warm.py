"""The warm way answers as the cold command does: the same words and codes, never from an older commit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_narrow import seen
from tests.support.queues import folder_of
from tests.support.sandbox import GITMEM, Result, Sandbox, changed_environment

SETTINGS = "version: 1\ntarget: main\n"
LONG = "The release script tags the commit before the changelog of that release is written out"
MEMORY = {
    "memory/testing.md": "# Testing\n\n"
    "- Integration tests need Postgres; see `src/api/client.py`\n"
    '- A "quoted" NEAR(x) line AND another OR none\n'
    "- \N{CJK UNIFIED IDEOGRAPH-6D4B}\N{CJK UNIFIED IDEOGRAPH-8BD5} with \u202ehidden\x1b[31m marks\n"
    f"- {LONG}\n",
}
NO_GIT = {"PATH": "/nowhere"}
_COLD = "import sys; from gitmem.cli import entry; entry.WARM = frozenset(); sys.exit(entry.main())"


@pytest.fixture
def memory(sandbox: Sandbox) -> Sandbox:
    sandbox.commit("memory", {".gitmem/config.yaml": SETTINGS, **MEMORY})
    (sandbox.path / "src/api").mkdir(parents=True)
    return sandbox


def cold(sandbox: Sandbox, *args: str, cwd: Path | None = None) -> Result:
    """What the typer application answers."""
    done = subprocess.run(
        [sys.executable, "-c", _COLD, *args],
        cwd=cwd or sandbox.path,
        env=changed_environment(None),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="surrogateescape",
    )
    return Result(code=done.returncode, out=done.stdout, err=done.stderr)


def found(sandbox: Sandbox, *words: str) -> list[str]:
    done = sandbox.gitmem("recall", "--json", *words)
    assert (done.code, done.err) == (0, "")
    return [line["text"] for line in json.loads(done.out)["lines"]]


def is_warm(sandbox: Sandbox) -> bool:
    """Whether a question is answered without git, which the cold command cannot do."""
    return sandbox.gitmem("recall", "postgres", env={**NO_GIT}).code == 0


def test_an_answer_that_is_ready_needs_no_git(memory: Sandbox) -> None:
    assert not is_warm(memory)
    first = memory.gitmem("recall", "postgres")

    assert is_warm(memory)
    assert memory.gitmem("recall", "postgres", env={**NO_GIT}) == first


@pytest.mark.parametrize(
    "words",
    [
        ("postgres",),
        ("--json", "postgres", "tests"),
        ("postgres", "-n", "1", "--json"),
        ("-n1", "tests"),
        ("-n=1", "tests"),
        ("-n", "-1", "tests"),
        ("-n", "\u0661", "tests"),
        ("-n", "101", "tests"),
        ("-n", "1_0", "tests"),
        ("-n",),
        ("tests", "--path=src/api/client.py"),
        ("--path", "src/api", "--command", "make db"),
        ("--path", "../elsewhere"),
        ("--path", "--json"),
        ("--path=", "tests"),
        ("--", "--path", "tests"),
        ("-", "tests"),
        ('"quoted" NEAR(x) AND * : ^ -',),
        ("'; DROP TABLE line; --",),
        ("\N{CJK UNIFIED IDEOGRAPH-6D4B}\N{CJK UNIFIED IDEOGRAPH-8BD5}",),
        ("\udcff\udcfe tests",),
        ("tests " * 20_000,),
        ("nothing-fits-this",),
        ("",),
        (" ", "--json"),
        ("--jsn", "x"),
        ("--json=yes", "x"),
        ("-j",),
        ("x", "--help"),
        ("--help=x",),
    ],
    ids=lambda words: ascii(words)[:40],
)
def test_the_warm_way_says_what_the_cold_command_says(
    memory: Sandbox, words: tuple[str, ...]
) -> None:
    memory.gitmem("recall", "postgres")
    assert is_warm(memory)

    assert memory.gitmem("recall", *words) == cold(memory, "recall", *words)


def a_landing(sandbox: Sandbox) -> None:
    sandbox.commit("more", {"memory/testing.md": "# Testing\n\n- Postgres listens on 5433\n"})


def a_packed_landing(sandbox: Sandbox) -> None:
    a_landing(sandbox)
    sandbox.git("pack-refs", "--all")


def an_upstream(sandbox: Sandbox) -> None:
    """The remote's branch decides, once it is there."""
    sandbox.git("remote", "add", "origin", str(sandbox.path))
    sandbox.git("switch", "-q", "-c", "other")
    a_landing(sandbox)
    sandbox.git("update-ref", "refs/remotes/origin/main", "other")


def an_include(sandbox: Sandbox) -> None:
    """A file that the configuration reads names the remote whose branch decides."""
    sandbox.git("switch", "-q", "-c", "other")
    a_landing(sandbox)
    sandbox.git("update-ref", "refs/remotes/there/main", "other")
    home = Path(os.environ["HOME"])
    (home / "more").write_text('[remote "there"]\n\turl = .\n', encoding="utf-8")
    with (home / ".gitconfig").open("a", encoding="utf-8") as file:
        file.write("[include]\n\tpath = more\n")


def another_folder(sandbox: Sandbox) -> None:
    sandbox.commit("notes", {"notes/one.md": "# One\n\n- Postgres is in the notes\n"})
    sandbox.write(".gitmem/config.yaml", SETTINGS + "memory: notes\n")


def another_target(sandbox: Sandbox) -> None:
    sandbox.git("switch", "-q", "-c", "other")
    a_landing(sandbox)
    sandbox.write(".gitmem/config.yaml", "version: 1\ntarget: othe\n")
    sandbox.git("branch", "-m", "othe")


def another_branch_without_a_target(sandbox: Sandbox) -> None:
    sandbox.write(".gitmem/config.yaml", "version: 1\n")
    sandbox.gitmem("recall", "postgres")
    sandbox.git("switch", "-q", "-c", "other")
    a_landing(sandbox)


def a_symbolic_target(sandbox: Sandbox) -> None:
    """Its file stays the same when what it leads to moves."""
    sandbox.git("branch", "real")
    sandbox.git("symbolic-ref", "refs/heads/main", "refs/heads/real")
    sandbox.gitmem("recall", "postgres")
    sandbox.git("switch", "-q", "real")
    a_landing(sandbox)


def settings(text: str) -> Callable[[Sandbox], object]:
    return lambda sandbox: sandbox.write(".gitmem/config.yaml", text)


def git(*args: str) -> Callable[[Sandbox], object]:
    return lambda sandbox: sandbox.git(*args)


CHANGES: dict[str, Callable[[Sandbox], object]] = {
    "a landing": a_landing,
    "a packed landing": a_packed_landing,
    "an upstream": an_upstream,
    "an include": an_include,
    "another folder": another_folder,
    "another target": another_target,
    "another branch without a target": another_branch_without_a_target,
    "a symbolic target": a_symbolic_target,
    "no YAML": settings("target: [\n"),
    "an unknown setting": settings("targets: main\n"),
    "a target that is not there": settings("target: gone\n"),
    "empty settings": settings(""),
    "a detached HEAD": git("checkout", "-q", "--detach"),
    "an unborn branch": git("switch", "-q", "--orphan", "unborn"),
    "a bare repository": git("config", "core.bare", "true"),
    "a damaged HEAD": lambda sandbox: sandbox.write(".git/HEAD", "nothing\n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_after_any_change_the_answer_is_the_cold_command_s(
    memory: Sandbox, change: Callable[[Sandbox], object]
) -> None:
    memory.gitmem("recall", "postgres")
    assert is_warm(memory)

    change(memory)

    answer = memory.gitmem("recall", "postgres")
    assert answer == cold(memory, "recall", "postgres")
    assert memory.gitmem("recall", "postgres") == answer


def test_a_target_that_moves_after_a_fetch_is_seen(memory: Sandbox) -> None:
    memory.git("remote", "add", "origin", str(memory.path))
    memory.git("update-ref", "refs/remotes/origin/main", "main")
    memory.gitmem("recall", "postgres")
    assert is_warm(memory)
    old = memory.git("rev-parse", "main")
    a_landing(memory)
    memory.git("update-ref", "refs/remotes/origin/main", "main")
    memory.git("reset", "-q", "--hard", old)

    assert found(memory, "postgres") == ["Postgres listens on 5433"]


def test_linked_work_trees_do_not_take_each_other_s_answer(memory: Sandbox) -> None:
    other = memory.worktree("other")
    for tree in (memory, other):
        tree.gitmem("recall", "postgres")

    assert is_warm(memory)
    assert is_warm(other)
    other.write(".gitmem/config.yaml", SETTINGS + "memory: notes\n")
    assert found(other, "postgres") == []
    assert found(memory, "postgres") != []


@pytest.mark.parametrize("name", ["recall-source", "recall.sqlite"])
@pytest.mark.parametrize("damage", [b"", b"gitmem-source 1\n", b"\xff" * 10_000], ids=len)
def test_what_is_damaged_is_made_again(memory: Sandbox, name: str, damage: bytes) -> None:
    memory.gitmem("recall", "postgres")
    (folder_of(memory) / name).write_bytes(damage)

    assert found(memory, "postgres") != []
    assert is_warm(memory)


def test_an_index_whose_pages_are_damaged_is_made_again(memory: Sandbox) -> None:
    whole = memory.gitmem("recall", "postgres")
    file = folder_of(memory) / "recall.sqlite"
    content = file.read_bytes()
    for start in range(4096, len(content), 4096):  # a page of SQLite
        file.write_bytes(content[:start] + b"\xff" * 4096 + content[start + 4096 :])

        assert memory.gitmem("recall", "postgres") == whole


def test_a_terminal_is_wrapped_and_escaped_alike(memory: Sandbox) -> None:
    memory.gitmem("recall", "postgres")
    shown = seen(memory, 40, "recall", "changelog", "tests", "marks")

    assert max(map(len, shown.splitlines())) <= 40
    assert " ".join(LONG.split()) in " ".join(shown.split())
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("redirection", ["| true", ">&-", ">&- 2>&- <&-", ">/dev/full"])
def test_a_closed_or_full_output_is_answered_alike(memory: Sandbox, redirection: str) -> None:
    memory.gitmem("recall", "postgres")
    assert is_warm(memory)

    def answer(*command: str) -> tuple[int, str]:
        script = f'set -o pipefail; "$@" {redirection}'
        done = subprocess.run(
            ["bash", "-c", script, "bash", *command, "recall", "postgres"],
            cwd=memory.path,
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
        return done.returncode, done.stderr

    assert answer(str(GITMEM)) == answer(sys.executable, "-c", _COLD)


def test_without_a_repository_the_sentence_is_the_cold_command_s(tmp_path: Path) -> None:
    nowhere = Sandbox(tmp_path)

    assert nowhere.gitmem("recall", "postgres") == cold(nowhere, "recall", "postgres")
    assert nowhere.gitmem("recall", "postgres").code == 3


QUEUE_QUESTIONS = [
    ("status",),
    ("status", "--json"),
    ("log",),
    ("log", "-n", "1"),
    ("log", "--number=1", "--all"),
    ("log", "--json"),
    ("log", "--landed"),
    ("log", "--landed", "--json", "-n", "1"),
    ("log", "--by", "Ada", "--by=Tests <t"),
    ("log", "--landed", "--all", "--by", "[A-Z]", "--json"),
    ("log", "--by", "[A"),
    ("log", "--by="),
    ("check",),
    ("check", "--offline", "--json"),
    ("check", "--max-flags", "9", "--max-age=3"),
    ("check", "--allow-in-review"),
    ("check", "--branch", "main"),
    # typer's to judge
    ("status", "extra"),
    ("status", "--bad"),
    ("log", "-n", "0"),
    ("log", "-n", "x"),
    ("log", "-n", "1", "--number", "2"),
    ("log", "--landed=yes"),
    ("log", "--by"),
    ("check", "--max-flags=-1"),
    ("check", "--scope", "all"),
    ("check", "--scope", "none"),
    ("check", "--format", "github"),
    ("check", "--trace"),
]


@pytest.mark.parametrize("question", QUEUE_QUESTIONS, ids=" ".join)
def test_what_waits_is_said_alike(memory: Sandbox, question: tuple[str, ...]) -> None:
    memory.gitmem("flag", "Tests need Postgres")
    memory.gitmem("close", "--engine", "verbatim")
    if "--landed" in question:
        memory.gitmem("accept")
    memory.gitmem("flag", "Deploys go out on Tuesdays")
    memory.gitmem("status")

    assert memory.gitmem(*question) == cold(memory, *question)


def test_what_waits_is_said_without_the_options_library_and_yaml(memory: Sandbox) -> None:
    memory.gitmem("flag", "Tests need Postgres")
    memory.gitmem("status")
    for command in ("status", "log", "check"):
        code = (
            f"import sys; sys.argv = ['gitmem', '{command}']\n"
            "from gitmem.cli import entry; code = entry.main()\n"
            "assert not {'typer', 'ruamel.yaml', 'git', 'rich'} & sys.modules.keys()\n"
            "sys.exit(code)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=memory.path,
            env=changed_environment(None),
            capture_output=True,
            check=False,
            text=True,
        )
        assert (done.returncode, done.stderr) == (int(command == "check"), ""), command


@pytest.mark.parametrize("command", ["status", "log", "check"])
def test_outside_a_repository_what_waits_is_refused_alike(tmp_path: Path, command: str) -> None:
    outside = Sandbox.__new__(Sandbox)
    outside.path = tmp_path
    assert outside.gitmem(command) == cold(outside, command)
