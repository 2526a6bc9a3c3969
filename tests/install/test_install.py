from __future__ import annotations

import json
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from gitmem.bootstrap import assets
from gitmem.bootstrap.shipped import FIRST, wirings
from gitmem.core.errors import Refused
from gitmem.core.failures import NeedsPerson
from gitmem.install.file_changes import FileChange, apply, read_text, render_diff
from gitmem.install.install import (
    InstallPlan,
    Shipped,
    UninstallRequest,
    plan_install,
    plan_uninstall,
)
from gitmem.memory import path_rules
from gitmem.memory.skills import skill_in
from tests.support.sandbox import Sandbox

SHIPPED = Shipped(
    wirings=(wirings()[FIRST],),
    config=assets.read("templates/config.yaml"),
    gitattributes=assets.read("templates/drains.gitattributes"),
    skill=assets.read("templates/skills/gitmem-close/SKILL.md"),
    skills=frozenset(assets.read("templates/skills/gitmem-close/shipped.sha256").split()),
)
UNINSTALL = UninstallRequest(
    wirings=SHIPPED.wirings, attributes=SHIPPED.gitattributes, skills=SHIPPED.skills
)
SKILL = skill_in(".claude/skills")
WIRED = [
    ".claude/settings.json",
    SKILL,
    ".gitmem/.gitattributes",
    ".gitmem/config.yaml",
]


def plan(sandbox: Sandbox, *, folder: str = "memory") -> InstallPlan:
    def ignored(path: str) -> bool:
        return path in sandbox.git("check-ignore", path, check=False).splitlines()

    return plan_install(sandbox.path, shipped=SHIPPED, folder=folder, ignored=ignored)


def install(sandbox: Sandbox) -> InstallPlan:
    planned = plan(sandbox)
    apply(sandbox.path, planned.changes, staging=sandbox.git("rev-parse", "--absolute-git-dir"))
    return planned


def uninstall(sandbox: Sandbox) -> InstallPlan:
    planned = plan_uninstall(sandbox.path, UNINSTALL)
    apply(sandbox.path, planned.changes, staging=sandbox.git("rev-parse", "--absolute-git-dir"))
    return planned


def paths(planned: InstallPlan) -> list[str]:
    return sorted(change.path for change in planned.changes)


def changed(sandbox: Sandbox) -> list[str]:
    """What git sees in the work tree, one `XY path` each."""
    return sandbox.git("status", "--porcelain", "--untracked-files=all").splitlines()


def has_block(sandbox: Sandbox, path: str) -> bool:
    return "<!-- gitmem:begin" in sandbox.read(path)


def test_a_plain_repository_gets_five_files_and_nothing_else(sandbox: Sandbox) -> None:
    planned = install(sandbox)

    assert paths(planned) == [*WIRED, "CLAUDE.md"]
    assert changed(sandbox) == [f"?? {path}" for path in paths(planned)]
    assert planned.notes == ()
    assert "@memory/MEMORY.md" in sandbox.read("CLAUDE.md")
    assert sandbox.read(".gitmem/config.yaml") == SHIPPED.config
    settings = json.loads(sandbox.read(".claude/settings.json"))
    assert settings["hooks"] == json.loads(assets.read("hooks/claude-code/hooks.json"))["hooks"]
    assert settings["permissions"]["allow"] == ["Bash(gitmem flag *)", "Bash(gitmem snag *)"]


def test_planning_writes_nothing(sandbox: Sandbox) -> None:
    plan(sandbox)

    assert changed(sandbox) == []


@pytest.mark.parametrize("committed", [True, False])
def test_a_second_init_has_nothing_to_do(sandbox: Sandbox, committed: bool) -> None:
    install(sandbox)
    if committed:
        sandbox.git("add", "--all")
        sandbox.commit("wired")

    assert plan(sandbox) == InstallPlan(changes=(), notes=())


def test_drain_records_are_marked_generated_and_keep_their_line_ends(sandbox: Sandbox) -> None:
    install(sandbox)

    record = ".gitmem/drains/20260101-abc.jsonl"
    said = sandbox.git("check-attr", "linguist-generated", "text", "--", record)

    assert said.splitlines() == [f"{record}: linguist-generated: true", f"{record}: text: unset"]


def test_attributes_of_others_in_the_folder_stay(sandbox: Sandbox) -> None:
    sandbox.write(".gitmem/.gitattributes", "*.yaml eol=lf")

    install(sandbox)

    text = sandbox.read(".gitmem/.gitattributes")
    assert text == "*.yaml eol=lf\n" + SHIPPED.gitattributes
    uninstall(sandbox)
    assert sandbox.read(".gitmem/.gitattributes") == "*.yaml eol=lf\n"


def test_uninstall_gives_back_what_was_there_before_init(sandbox: Sandbox) -> None:
    sandbox.commit(
        "settings",
        {
            "CLAUDE.md": "# Rules\r\n\r\nNo tabs.",
            ".claude/settings.json": '{\n\t"model": "opus"\n}',
            ".claude/agents/a.md": "An agent.\n",
        },
    )
    install(sandbox)

    uninstall(sandbox)

    assert changed(sandbox) == []
    assert not (sandbox.path / ".gitmem").exists()


def test_uninstall_after_init_alone_leaves_no_file_and_no_folder(sandbox: Sandbox) -> None:
    install(sandbox)

    planned = uninstall(sandbox)

    assert paths(planned) == [*WIRED, "CLAUDE.md"]
    assert sorted(file.name for file in sandbox.path.iterdir()) == [".git", "README.md"]
    assert plan_uninstall(sandbox.path, UNINSTALL) == InstallPlan(changes=(), notes=())


def test_uninstall_keeps_rule_files_and_guards_and_says_what_still_acts(sandbox: Sandbox) -> None:
    install(sandbox)
    own = path_rules.add_lines(path_rules.new_file(["src/*.py"]), ["Migrate first."])
    sandbox.write(".claude/rules/gitmem-src-py.md", own)
    sandbox.write(".claude/rules/gitmem-theirs.md", "# Mine\n")
    sandbox.write(".gitmem/guards.jsonl", "{}\n")

    rules, guards = uninstall(sandbox).notes

    assert "the client goes on reading them: gitmem-src-py.md in .claude/rules/" in rules
    assert guards == ".gitmem/guards.jsonl stays; without the hooks no guard is said"
    assert sandbox.read(".claude/rules/gitmem-src-py.md") == own


def test_uninstall_keeps_memory_and_drain_records(sandbox: Sandbox) -> None:
    install(sandbox)
    sandbox.write("memory/MEMORY.md", "- a\n")
    sandbox.write(".gitmem/drains/1.jsonl", "{}\n")

    uninstall(sandbox)

    assert changed(sandbox) == [
        "?? .gitmem/.gitattributes",
        "?? .gitmem/drains/1.jsonl",
        "?? memory/MEMORY.md",
    ]


# ---------------------------------------------------------------- which instruction file


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ([], "CLAUDE.md"),
        (["CLAUDE.md"], "CLAUDE.md"),
        (["CLAUDE.md", "AGENTS.md"], "CLAUDE.md"),
        (["AGENTS.md"], "AGENTS.md"),
        (["AGENTS.md", "CLAUDE.local.md"], "AGENTS.md"),
        (["AGENTS.md", ".claude/CLAUDE.md"], "CLAUDE.md"),
        ([".claude/CLAUDE.md"], "CLAUDE.md"),
        (["CLAUDE.local.md"], "CLAUDE.md"),
    ],
)
def test_the_block_goes_where_the_client_reads_and_switches_no_other_file_off(
    sandbox: Sandbox, there: list[str], expected: str
) -> None:
    for path in there:
        sandbox.write(path, "# Text of a person\n")

    planned = install(sandbox)

    assert paths(planned) == [*WIRED, expected]
    blocks = [path for path in {*there, expected} if has_block(sandbox, path)]
    assert blocks == [expected]
    if expected in there:
        assert sandbox.read(expected).startswith("# Text of a person\n")


def test_a_local_file_that_hides_agents_md_is_told(sandbox: Sandbox) -> None:
    sandbox.write("AGENTS.md", "# A\n")
    sandbox.write("CLAUDE.local.md", "mine\n")

    (note,) = plan(sandbox).notes

    assert "put the line @AGENTS.md into it" in note


def test_a_claude_md_that_imports_the_block_gets_no_second_one(sandbox: Sandbox) -> None:
    sandbox.write("AGENTS.md", "# A\n")
    install(sandbox)
    sandbox.write("CLAUDE.md", "Read this: @AGENTS.md\n")

    assert plan(sandbox).changes == ()

    sandbox.write("CLAUDE.md", "No import of `@AGENTS.md` here.\n")
    assert paths(plan(sandbox)) == ["CLAUDE.md"]


@pytest.mark.parametrize(("link", "file"), [("CLAUDE.md", "AGENTS.md"), ("AGENTS.md", "CLAUDE.md")])
def test_a_symlink_from_one_to_the_other_is_followed_and_stays(
    sandbox: Sandbox, link: str, file: str
) -> None:
    sandbox.write(file, "# A\n")
    (sandbox.path / link).symlink_to(file)

    planned = install(sandbox)

    assert paths(planned) == [*WIRED, file]
    assert planned.notes == ()
    assert (sandbox.path / link).is_symlink()
    assert has_block(sandbox, file)
    uninstall(sandbox)
    assert sandbox.read(file) == "# A\n"
    assert (sandbox.path / link).is_symlink()


def test_a_symlink_to_another_file_inside_is_followed_and_its_limit_told(sandbox: Sandbox) -> None:
    sandbox.write("docs/agents.md", "# A\n")
    (sandbox.path / "CLAUDE.md").symlink_to("docs/agents.md")

    planned = install(sandbox)

    assert paths(planned) == [*WIRED, "docs/agents.md"]
    assert "CLAUDE.md is a symlink to docs/agents.md" in planned.notes[0]


# ---------------------------------------------------------------- refusals: nothing is written


def link_file_out(sandbox: Sandbox, path: str) -> None:
    outside = sandbox.path.parent / "outside"
    outside.write_text("{}\n", encoding="utf-8")
    link = sandbox.path / path
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)


@pytest.mark.parametrize(
    "path",
    ["CLAUDE.md", "AGENTS.md", *[path for path in WIRED if path != SKILL]],
)
def test_a_symlink_out_of_the_repository_is_refused_and_nothing_is_written(
    sandbox: Sandbox, path: str
) -> None:
    link_file_out(sandbox, path)
    before = changed(sandbox)

    with pytest.raises(Refused, match="is behind a symlink"):
        install(sandbox)

    assert changed(sandbox) == before
    assert (sandbox.path.parent / "outside").read_text("utf-8") == "{}\n"


def test_a_symlink_out_that_is_not_needed_is_no_obstacle(sandbox: Sandbox) -> None:
    sandbox.write("CLAUDE.md", "# A\n")
    link_file_out(sandbox, "AGENTS.md")

    install(sandbox)
    planned = uninstall(sandbox)

    assert "left alone: AGENTS.md is behind a symlink" in planned.notes[0]
    assert sandbox.read("CLAUDE.md") == "# A\n"


@pytest.mark.parametrize("folder", [".claude", ".gitmem"])
def test_a_folder_that_is_a_symlink_out_of_the_repository_is_refused(
    sandbox: Sandbox, folder: str
) -> None:
    (sandbox.path.parent / "outside").mkdir()
    (sandbox.path / folder).symlink_to("../outside")

    with pytest.raises(Refused, match="is behind a symlink"):
        install(sandbox)

    assert list((sandbox.path.parent / "outside").iterdir()) == []


def test_settings_behind_a_symlink_inside_are_followed_but_gitmems_own_folder_is_not(
    sandbox: Sandbox,
) -> None:
    sandbox.write("shared/settings.json", "{}\n")
    (sandbox.path / ".claude").symlink_to("shared")

    assert "shared/settings.json" in paths(install(sandbox))
    assert (sandbox.path / ".claude").is_symlink()

    uninstall(sandbox)
    sandbox.write("elsewhere/config.yaml", SHIPPED.config)
    (sandbox.path / ".gitmem").symlink_to("elsewhere")
    with pytest.raises(Refused, match=r"\.gitmem/config\.yaml is behind a symlink"):
        plan(sandbox)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (".git/config", "is not followed"),
        ("CLAUDE.md", "leads nowhere|is not followed|does not exist"),
        ("missing.md", "does not exist"),
        ("docs", "is not an ordinary file"),
    ],
)
def test_a_symlink_to_where_nothing_may_be_written_is_refused(
    sandbox: Sandbox, target: str, reason: str
) -> None:
    (sandbox.path / "docs").mkdir()
    (sandbox.path / "CLAUDE.md").symlink_to(target)

    with pytest.raises(Refused, match=reason):
        plan(sandbox)


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        (".claude/settings.json", '{"a": 1, // no\n}', r"settings\.json is not plain JSON: line 1"),
        (".claude/settings.json", '{"hooks": []}', "`hooks` is a list"),
        ("CLAUDE.md", "<!-- gitmem:begin -->\nx\n", "the managed block is broken"),
        (".claude", "a file", r"\.claude/settings\.json cannot be read"),
    ],
)
def test_a_file_that_is_not_in_order_stops_init_with_nothing_written(
    sandbox: Sandbox, path: str, text: str, reason: str
) -> None:
    sandbox.write(path, text)
    before = changed(sandbox)

    with pytest.raises(NeedsPerson, match=reason):
        install(sandbox)

    assert changed(sandbox) == before
    assert sandbox.read(path) == text


def test_a_file_that_is_not_utf_8_is_left_to_a_person(sandbox: Sandbox) -> None:
    (sandbox.path / "CLAUDE.md").write_bytes("# \u00e9\n".encode("utf-16"))

    with pytest.raises(NeedsPerson, match=r"CLAUDE\.md is not UTF-8 \(byte 0\)"):
        plan(sandbox)


@pytest.mark.parametrize("rule", [".gitmem/", "memory/", "*.jsonl", "MEMORY.md"])
def test_a_place_that_git_ignores_and_a_close_needs_is_refused(sandbox: Sandbox, rule: str) -> None:
    sandbox.write(".gitignore", rule + "\n")

    with pytest.raises(Refused, match="could never be committed"):
        plan(sandbox)


@pytest.mark.parametrize(
    ("rule", "path"), [(".claude/", ".claude/settings.json"), ("CLAUDE.md", "CLAUDE.md")]
)
def test_wiring_that_git_ignores_is_written_and_said_to_be_local(
    sandbox: Sandbox, rule: str, path: str
) -> None:
    sandbox.write(".gitignore", rule + "\n")

    planned = install(sandbox)

    (said,) = planned.notes
    assert said.startswith(f"git ignores {path}")
    assert "others do not get" in said
    assert "a linked work tree" in said
    assert f"to share: git add --force {path}" in said
    assert (sandbox.path / path).exists()
    sandbox.git(*said.partition("to share: git ")[2].partition(",")[0].split())
    assert plan(sandbox).notes == ()


def test_a_folder_with_other_files_and_switched_off_hooks_are_told(sandbox: Sandbox) -> None:
    sandbox.write("memory/allocator.c", "int main;\n")
    sandbox.write(".claude/settings.json", '{"disableAllHooks": true}\n')

    notes = plan(sandbox).notes

    assert notes[0].startswith("memory/ holds other files already")
    assert "disableAllHooks" in notes[1]
    assert plan(sandbox, folder="docs/memory").notes == notes[1:]


# ---------------------------------------------------------------- writing


def test_an_existing_file_keeps_its_mode_and_a_new_one_follows_the_umask(sandbox: Sandbox) -> None:
    settings = sandbox.write(".claude/settings.json", "{}\n")
    settings.chmod(0o640)
    previous = os.umask(0o027)
    try:
        install(sandbox)
    finally:
        os.umask(previous)

    assert stat.S_IMODE(settings.stat().st_mode) == 0o640
    assert stat.S_IMODE((sandbox.path / "CLAUDE.md").stat().st_mode) == 0o640
    assert not list(sandbox.path.rglob(".*.gitmem"))


def test_a_file_that_changed_since_the_plan_stops_everything(sandbox: Sandbox) -> None:
    planned = plan(sandbox)
    sandbox.write(".claude/settings.json", "{}\n")

    with pytest.raises(NeedsPerson, match=r"\.claude/settings\.json changed meanwhile"):
        apply(sandbox.path, planned.changes, staging=sandbox.git("rev-parse", "--absolute-git-dir"))

    assert changed(sandbox) == ["?? .claude/settings.json"]


def test_a_file_that_cannot_be_written_stops_everything_and_leaves_no_rest(tmp_path: Path) -> None:
    (tmp_path / "first").write_bytes(b"old")
    changes = [
        FileChange(path="first", before=b"old", after=b"new"),
        FileChange(path="f" * 300, before=None, after=b"new"),
    ]

    with pytest.raises(NeedsPerson, match="cannot be read: File name too long"):
        apply(tmp_path, changes, staging=str(tmp_path))

    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("first", b"old")]


def test_a_folder_that_became_a_link_after_the_plan_leads_nothing_out(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (sandbox.path / ".claude").mkdir()
    planned = plan(sandbox)
    (sandbox.path / ".claude").rmdir()
    (sandbox.path / ".claude").symlink_to(outside)

    with pytest.raises(NeedsPerson, match="behind a symlink"):
        apply(sandbox.path, planned.changes, staging=sandbox.git("rev-parse", "--absolute-git-dir"))

    assert list(outside.iterdir()) == []
    assert changed(sandbox) == ["?? .claude"]


def test_a_folder_exchanged_for_a_link_while_files_are_written_leads_nothing_out(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    claude = sandbox.path / ".claude"

    def exchange(event: str, args: tuple[object, ...]) -> None:
        if event == "os.rename" and str(args[1]) == "config.yaml" and not claude.is_symlink():
            claude.rename(sandbox.path / "aside")
            claude.symlink_to(outside)

    child = os.fork()
    if not child:
        sys.addaudithook(exchange)
        try:
            install(sandbox)
        finally:
            os._exit(0)
    os.waitpid(child, 0)

    assert claude.is_symlink()
    assert list(outside.iterdir()) == []


def test_what_a_killed_init_left_is_gone_after_the_next(sandbox: Sandbox) -> None:
    def kill(event: str, _: tuple[object, ...]) -> None:
        if event == "os.rename":
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if not child:
        sys.addaudithook(kill)
        install(sandbox)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    left = [path.name for path in (sandbox.path / ".git").glob("gitmem-*")]
    assert len(left) == 1
    assert changed(sandbox) == []

    install(sandbox)

    assert list((sandbox.path / ".git").glob("gitmem-*")) == []


def test_the_diff_shows_additions_as_git_would_and_escapes_what_a_terminal_obeys() -> None:
    changes = [
        FileChange(path="a/b.md", before=b"one\r\n\x1b[2J\tx\n", after=b"one\r\n\x1b[2J\tx\ntwo\n"),
        FileChange(path="new", before=None, after=b"x"),
        FileChange(path="old", before=b"y\n", after=None),
    ]

    assert render_diff(changes) == (
        "--- a/a/b.md\n+++ b/a/b.md\n@@ -1,2 +1,3 @@\n one\n \\x1b[2J\tx\n+two\n"
        "--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n"
        "--- a/old\n+++ /dev/null\n@@ -1 +0,0 @@\n-y\n"
    )


def test_text_is_read_with_its_line_ends_and_mark(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xef\xbb\xbfa\r\nb")

    assert read_text(tmp_path, "file") == "\ufeffa\r\nb"
    assert read_text(tmp_path, "missing") is None


def test_init_works_in_a_linked_worktree_without_touching_the_main_one(sandbox: Sandbox) -> None:
    linked = sandbox.worktree("linked")

    install(linked)

    assert len(changed(linked)) == 5
    assert changed(sandbox) == []
