"""What a shell is offered: asked by each shell's own protocol, and by a real bash."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer._completion_classes import BashComplete, FishComplete, ZshComplete

from gitmem.bootstrap.engines import ENGINES
from gitmem.cli.app import COMMANDS, application
from gitmem.cli.commands import completion
from tests.cli import completion_table
from tests.support.sandbox import GITMEM, PATIENCE, Sandbox

NAMES = {"gitmem": "_GITMEM_COMPLETE", "git-mem": "_GIT_MEM_COMPLETE"}
KINDS = ["fact", "decision", "gotcha", "preference", "pending"]


def offered(sandbox: Sandbox, *words: str, name: str = "gitmem") -> list[str]:
    """What bash is offered for the last word."""
    line = " ".join((name, *words))
    env = {"COMP_WORDS": line, "COMP_CWORD": str(len(words)), NAMES[name]: "complete_bash"}
    answer = sandbox.gitmem(env=env)
    assert answer.err == ""
    return answer.out.split()


def in_shell(
    shell: list[str], sandbox: Sandbox, tmp_path: Path, name: str
) -> subprocess.CompletedProcess[str]:
    """What a real shell answers that finds gitmem by this name."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / name).symlink_to(GITMEM)
    return subprocess.run(
        shell,
        cwd=sandbox.path,
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_values_of_an_option_are_offered_under_both_names(sandbox: Sandbox, name: str) -> None:
    assert offered(sandbox, "flag", "x", "--kind", "''", name=name) == KINDS
    assert offered(sandbox, "flag", "x", "--kind", "p", name=name) == ["preference", "pending"]
    assert offered(sandbox, "close", "--engine", "''", name=name) == list(ENGINES)
    assert "verbatim" in offered(sandbox, "init", "--engine", "v", name=name)
    assert "status" in offered(sandbox, "st", name=name)


def test_topics_are_those_of_memory(sandbox: Sandbox) -> None:
    assert offered(sandbox, "flag", "x", "--topic", "''") == []
    sandbox.write("memory/testing.md", "# Testing\n")
    sandbox.write("memory/build.md", "# Build\n")

    assert set(offered(sandbox, "flag", "x", "--topic", "''")) == {"testing", "build"}
    assert offered(sandbox, "flag", "x", "--topic", "te") == ["testing"]


@pytest.mark.parametrize(
    "words", [("drop",), ("undrop",), ("edit",), ("show",), ("forget",), ("snag", "x", "--again")]
)
def test_ids_are_those_of_the_queue_and_no_text_of_a_flag_is_offered(
    sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    """zsh evaluates what a completion prints, and a flag's text may come from somebody else."""
    said = sandbox.gitmem("flag", "made 'here' for $(id)").out
    flag_id = said.split()[1]

    assert offered(sandbox, *words, flag_id[:4]) == [flag_id]
    for shell in ("zsh", "fish"):
        line = " ".join(("gitmem", *words, flag_id[:4]))
        env = {
            "_GITMEM_COMPLETE": f"complete_{shell}",
            "_TYPER_COMPLETE_ARGS": line,
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        }
        answer = sandbox.gitmem(env=env)
        assert flag_id in answer.out
        assert "here" not in answer.out


def test_outside_a_repository_nothing_is_offered_and_nothing_said(tmp_path: Path) -> None:
    assert offered(Sandbox(tmp_path), "drop", "''") == []
    assert offered(Sandbox(tmp_path), "flag", "x", "--topic", "''") == []


@pytest.mark.parametrize("name", NAMES)
def test_a_real_bash_completes_after_its_script_was_read(
    sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    script = f"""
    eval "$(_{name.replace("-", "_").upper()}_COMPLETE=source_bash {name})"
    COMP_WORDS=({name} flag x --kind p) COMP_CWORD=4
    "$(complete -p {name} | sed 's/.*-F \\([^ ]*\\).*/\\1/')" {name}
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = in_shell(["bash", "--norc", "-c", script], sandbox, tmp_path, name)

    assert done.stdout.split() == ["preference", "pending"], done.stderr


GIT_COMPLETION = Path("/usr/share/bash-completion/completions/git")


@pytest.mark.skipif(not GIT_COMPLETION.exists(), reason="2026-11-30: git brings no completion here")
@pytest.mark.parametrize(
    ("typed", "want"),
    [
        ("git mem stat", ["status ", "stats "]),
        ("git mem flag x --kind p", ["preference ", "pending "]),
        ("git mem flag x --kind=p", ["preference ", "pending "]),
        ("git -C . mem close --engine verb", ["verbatim "]),
        ("git mem flag x --topic ", ["testing "]),
    ],
)
def test_git_s_own_completion_completes_git_mem(
    sandbox: Sandbox, tmp_path: Path, typed: str, want: list[str]
) -> None:
    sandbox.write("memory/testing.md", "# Testing\n")
    words = typed.split(" ")
    script = f"""
    source {GIT_COMPLETION}
    eval "$(_GIT_MEM_COMPLETE=source_bash git-mem)"
    _get_comp_words_by_ref() {{
        words=("${{COMP_WORDS[@]}}") cword=$COMP_CWORD cur=${{COMP_WORDS[COMP_CWORD]}} prev=
    }}
    COMP_WORDS=({shlex.join(words)}) COMP_CWORD={len(words) - 1}
    __git_wrap__git_main
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = in_shell(["bash", "--norc", "-c", script], sandbox, tmp_path, "git-mem")

    assert done.stdout.splitlines() == want, done.stderr


@pytest.mark.skipif(not shutil.which("zsh"), reason="2026-11-30: no zsh on this machine")
@pytest.mark.parametrize("name", NAMES)
def test_zsh_completes_at_once_when_it_runs_the_whole_file(
    sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    """So it does the first time, and git's own completion of `git mem` does so every time."""
    script = f"""
    compdef() {{ :; }}
    _arguments() {{ print -r -- "$@"; }}
    file="$({NAMES[name]}=source_zsh {name})"
    eval "$file"
    print outside
    typeset -A compstate
    words=(mem flag x --kind p) CURRENT=5
    eval "$file"
    """
    done = in_shell(["zsh", "-f", "-c", script], sandbox, tmp_path, name)

    before, _, after = done.stdout.partition("outside")
    assert (before.strip(), done.stderr) == ("", "")
    assert "preference" in after
    assert "pending" in after


SHELLS: dict[str, Any] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


def test_the_table_is_what_typer_knows() -> None:
    text = completion_table.FILE.read_text(encoding="utf-8")
    assert text == completion_table.made(), "python -m tests.cli.completion_table makes it again"


def _rows(answer: str) -> list[str]:
    """The offers in an answer, in one order: typer's order of the names of `--help` is that of a set."""
    return sorted(answer.removeprefix("_arguments '*: :((").removesuffix("))'\n").split("\n"))


@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_offered_without_typer_is_what_typer_offers(
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    shell: str,
) -> None:
    said = [sandbox.gitmem("flag", f"fact number {number}").out for number in range(3)]
    sandbox.write("memory/testing.md", "# Testing\n")
    group = typer.main.get_command(application(completion=True))
    monkeypatch.chdir(sandbox.path)
    monkeypatch.setenv("_GITMEM_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    rows = completion_table.commands()
    words = [
        [],
        ["s"],
        ["nothing"],
        *([row.name, last] for row in COMMANDS for last in ("", "x", "-", "--", "--d", "-h")),
        *([row.name, "x", ""] for row in COMMANDS),
        *(
            [name, option["names"][0], "" if option["takes"] else "-"]
            for name, row in rows.items()
            for option in row["options"]
            if option["names"][0] != "--help"
        ),
        ["drop", said[0].split()[1][:3]],
        ["flag", "--topic", "te"],
        ["flag", "--json", "--json", "--"],
        ["flag", "--paths", "a", "--"],
    ]
    unlike = []
    for line in words:
        text = " ".join(("gitmem", *line)) + ("" if line else " ")
        monkeypatch.setenv("COMP_WORDS", text)
        monkeypatch.setenv("COMP_CWORD", str(max(len(line), 1)))
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", text)
        wanted = SHELLS[shell](group, {}, "gitmem", "_GITMEM_COMPLETE").complete() + "\n"
        capfd.readouterr()
        code = completion.run(os.environ)
        answer = capfd.readouterr().out
        if (code, _rows(answer)) != (0, _rows(wanted)):
            unlike.append((text, code, answer[-200:], wanted[-200:]))
    assert unlike == []


@pytest.mark.parametrize(
    "text",
    [
        "gitmem flag --kind=fa",
        "gitmem flag 'x y' --kind ",
        "gitmem nothing --kind ",
        "gitmem --version ",
        "gitmem -",
        "gitmem flag -- --k",
        "gitmem log -n3 --",
        "gitmem flag --nothing ",
        "gitmem flag --kind --topic ",
    ],
)
def test_a_line_that_is_not_plain_is_left_to_typer(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], text: str
) -> None:
    monkeypatch.setenv("_GITMEM_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", text)

    assert completion.run(os.environ) is None
    assert capfd.readouterr() == ("", "")


def test_a_script_is_asked_of_typer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_GITMEM_COMPLETE", "source_bash")

    assert completion.run(os.environ) is None
