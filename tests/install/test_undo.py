"""`uninstall` gives back the bytes that `init` found."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitmem.bootstrap import assets
from gitmem.bootstrap.shipped import FIRST, wirings
from gitmem.clients.claude_code.adapter import CLIENT
from gitmem.clients.claude_code.wiring import ALLOW
from gitmem.install import undo
from gitmem.install.file_changes import apply
from gitmem.install.install import (
    InstallOptions,
    Shipped,
    UninstallRequest,
    plan_install,
    plan_uninstall,
)
from tests.support.sandbox import Sandbox

SHIPPED_HOOKS = assets.read("hooks/claude-code/hooks.json")
SHIPPED = Shipped(
    wirings=(wirings()[FIRST],),
    config=assets.read("templates/config.yaml"),
    gitattributes=assets.read("templates/drains.gitattributes"),
    skill=assets.read("templates/skills/gitmem-close/SKILL.md"),
    skills=frozenset(assets.read("templates/skills/gitmem-close/shipped.sha256").split()),
)
SETTINGS, LOCAL = ".claude/settings.json", ".claude/settings.local.json"

HANDLER = {"type": "command", "command": "other-tool"}
HOOKS = st.sampled_from(
    [{}, {"Stop": []}, {"PostToolUse": [{"matcher": "Bash", "hooks": [HANDLER]}]},
     {"SessionStart": [{"hooks": []}], "SessionEnd": [{"hooks": [HANDLER, HANDLER]}]}]
)  # fmt: skip
RULES = st.lists(st.sampled_from(["Bash(ls *)", "Read", *ALLOW]), unique=True)
OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "model": st.text(max_size=5),
        "hooks": HOOKS,
        "permissions": st.one_of(st.just({}), st.fixed_dictionaries({"allow": RULES})),
        "env": st.just({"A": "1", "B": []}),
        "autoMemoryEnabled": st.booleans(),
        "disableAllHooks": st.booleans(),
    },
)
LAYOUTS = st.builds(
    lambda value, indent, end, mark, spread: (
        mark
        + json.dumps(value, indent=indent, separators=(", ", ": ") if spread else (",", ":"))
        + end
    ),
    OBJECTS,
    st.sampled_from([None, 0, 2, 4, "\t"]),
    st.sampled_from(["", "\n", "\r\n", "\n\n"]),
    st.sampled_from(["", "\ufeff"]),
    st.booleans(),
)
FILES = st.none() | st.sampled_from(["", " \n", "{}", "{ }\n"]) | LAYOUTS


def install(
    root: Path, *, options: InstallOptions | None = None, hooks: str = SHIPPED_HOOKS
) -> None:
    wiring = CLIENT.wiring(lambda _: hooks)
    shipped = Shipped(
        wirings=(wiring,),
        config=SHIPPED.config,
        gitattributes=SHIPPED.gitattributes,
        skill=SHIPPED.skill,
        skills=SHIPPED.skills,
    )
    planned = plan_install(
        root, shipped=shipped, folder="memory", ignored=lambda _: False, options=options
    )
    undo.remember(str(root / "git"), planned.changes, planned.switches)
    apply(root, planned.changes, staging=str(root / "git"))


def uninstall(root: Path, *, starts: tuple[str, ...] = ()) -> None:
    planned = plan_uninstall(
        root,
        UninstallRequest(
            wirings=SHIPPED.wirings,
            attributes=SHIPPED.gitattributes,
            skills=SHIPPED.skills,
            starts=starts,
            found=undo.recall(str(root / "git")),
        ),
    )
    apply(root, planned.changes, staging=str(root / "git"))


def files(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file())
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in found
        if "git" not in path.parent.parts
    }


@settings(max_examples=60)
@given(
    shared=FILES,
    personal=FILES,
    below=FILES,
    instructions=st.none() | st.sampled_from(["", "# Rules\r\n\r\nNo tabs.", "@AGENTS.md\n"]),
    auto_memory=st.sampled_from([None, True, False]),
    twice=st.booleans(),
)
def test_any_layout_of_any_file_comes_back_byte_for_byte(
    shared: str | None,
    personal: str | None,
    below: str | None,
    instructions: str | None,
    auto_memory: bool | None,
    twice: bool,
) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / "git").mkdir()
        given_files = {SETTINGS: shared, LOCAL: personal, f"app/{SETTINGS}": below}
        for name, text in {**given_files, "CLAUDE.md": instructions}.items():
            if text is not None:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_bytes(text.encode())
        before = files(root)
        if auto_memory and personal is not None and "false" in personal:
            return  # that file is the person's own wish now, see the next test

        for _ in range(1 + twice):
            install(root, options=InstallOptions(starts=("app",), auto_memory=auto_memory))
        assert files(root) != before
        uninstall(root, starts=("app",))

        assert files(root) == before


def test_a_memory_switched_on_again_stays_on(tmp_path: Path) -> None:
    (tmp_path / "git").mkdir()
    install(tmp_path, options=InstallOptions(auto_memory=False))
    assert json.loads((tmp_path / LOCAL).read_text()) == {"autoMemoryEnabled": False}

    install(tmp_path, options=InstallOptions(auto_memory=True))
    assert not (tmp_path / LOCAL).exists()
    uninstall(tmp_path)

    assert not (tmp_path / LOCAL).exists()


def test_what_the_client_added_meanwhile_stays_and_only_the_switch_goes(tmp_path: Path) -> None:
    (tmp_path / "git").mkdir()
    install(tmp_path, options=InstallOptions(auto_memory=False))
    added = {"autoMemoryEnabled": False, "permissions": {"allow": ["Bash(ls *)"]}}
    (tmp_path / LOCAL).write_text(json.dumps(added))

    uninstall(tmp_path)

    assert json.loads((tmp_path / LOCAL).read_text()) == {"permissions": {"allow": ["Bash(ls *)"]}}


def test_a_switch_that_a_person_set_is_not_ours_to_take(tmp_path: Path) -> None:
    (tmp_path / "git").mkdir()
    (tmp_path / ".claude").mkdir()
    (tmp_path / LOCAL).write_text('{"autoMemoryEnabled": false}\n')
    install(tmp_path, options=InstallOptions(auto_memory=False))

    uninstall(tmp_path)

    assert (tmp_path / LOCAL).read_text() == '{"autoMemoryEnabled": false}\n'


def test_wiring_that_came_with_the_clone_is_taken_out_and_not_given_back(tmp_path: Path) -> None:
    (tmp_path / "git").mkdir()
    older = SHIPPED_HOOKS.replace("command -v gitmem", "which gitmem")
    install(tmp_path, hooks=older)
    undo.forget(str(tmp_path / "git"))  # a clone has the files and not the git directory
    install(tmp_path)

    uninstall(tmp_path)

    assert files(tmp_path) == {}


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"v":2,"files":{}}', '{"v":1,"files":{"a":1}}']
)
def test_a_damaged_note_is_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "gitmem-init.json").write_text(content)

    assert undo.recall(str(tmp_path)) == {}


def test_every_file_that_init_writes_bears_a_mark() -> None:
    for text in (SHIPPED_HOOKS, SHIPPED.config, SHIPPED.gitattributes, SHIPPED.skill):
        assert any(mark in text.encode() for mark in undo.MARKS)


def test_a_folder_below_is_wired_from_inside_it_and_taken_out_from_the_top(
    sandbox: Sandbox,
) -> None:
    sandbox.commit("code", {"packages/app/.claude/settings.json": '{"model":"opus"}'})
    sandbox.write("packages/web/x", "")
    for name in ("app", "web"):
        done = sandbox.gitmem("init", cwd=sandbox.path / "packages" / name)
        assert f"wrote packages/{name}/.claude/settings.json" in done.out

    assert "everything is in place" in sandbox.gitmem("init").out
    assert sandbox.gitmem("uninstall").code == 0
    assert sandbox.read("packages/app/.claude/settings.json") == '{"model":"opus"}'
    assert sandbox.git("status", "--porcelain", "--untracked-files=all") == "?? packages/web/x"


def test_the_client_s_own_memory_is_switched_off_only_when_asked(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("init")
    assert "Claude Code's own memory is unchanged" in done.out
    assert not (sandbox.path / LOCAL).exists()

    done = sandbox.gitmem("init", "--no-auto-memory")
    assert f"wrote {LOCAL}" in done.out
    assert "is off for you here" in done.out
    assert json.loads(sandbox.read(LOCAL)) == {"autoMemoryEnabled": False}

    assert sandbox.gitmem("uninstall").code == 0
    assert not (sandbox.path / ".claude").exists()
