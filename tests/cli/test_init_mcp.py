"""`gitmem init --mcp`: the entry in a host's file, and how it goes again."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from gitmem.clients.mcp_hosts import home
from gitmem.clients.mcp_hosts.table import HOSTS
from tests.support.sandbox import GITMEM, Sandbox

FILES = sorted({host.file.path for host in HOSTS})
BEFORE = {
    ".mcp.json": '{"mcpServers":{"other":{"command":"x"}}}',
    ".codex/config.toml": '# mine\nmodel = "x"',
    ".gemini/settings.json": '{\n\t"ui": {} // plain\n}',
    "opencode.json": '{\r\n  "theme": "x",\r\n}\r\n',
    ".qwen/settings.json": "\ufeff{ /* none */ }",
    ".cursor/mcp.json": '{ "mcpServers": { } }\n',
    ".vscode/mcp.json": '{"inputs": [], /* none */ "servers": {}}\n',
    ".zed/settings.json": '// Zed\n{ "tab_size": 2, }\n',
}


def init(sandbox: Sandbox, *arguments: str) -> str:
    done = sandbox.gitmem("init", *arguments)
    assert done.code == 0, done.err
    return done.out


def contents(sandbox: Sandbox) -> dict[str, bytes]:
    paths = (path for path in sandbox.path.rglob("*") if path.is_file())
    named = {path.relative_to(sandbox.path).as_posix(): path for path in paths}
    return {name: path.read_bytes() for name, path in named.items() if not name.startswith(".git/")}


def test_every_host_gets_its_entry_and_a_second_run_changes_nothing(sandbox: Sandbox) -> None:
    said = init(sandbox, "--mcp", "all")
    made = contents(sandbox)

    assert [name for name in FILES if f"wrote {name}\n" not in said] == []
    assert json.loads(made[".mcp.json"])["mcpServers"]["gitmem"] == {
        "command": "gitmem",
        "args": ["mcp"],
    }
    assert "everything is in place already" in init(sandbox, "--mcp", "all")
    assert "everything is in place already" in init(sandbox)
    assert contents(sandbox) == made


def test_only_the_hosts_named_get_an_entry(sandbox: Sandbox) -> None:
    init(sandbox, "--mcp", "cursor", "--mcp", "zed")

    assert {*FILES} & {*contents(sandbox)} == {".cursor/mcp.json", ".zed/settings.json"}


def test_two_hosts_that_read_one_file_get_one_entry(sandbox: Sandbox) -> None:
    init(sandbox, "--mcp", "copilot")
    made = contents(sandbox)

    assert "everything is in place already" in init(sandbox, "--mcp", "claude-code")
    assert contents(sandbox) == made


def test_a_person_hears_what_each_host_asks_and_what_was_not_tried(sandbox: Sandbox) -> None:
    said = init(sandbox, "--mcp", "all")

    assert "Claude Code starts `gitmem mcp` by .mcp.json; it asks once" in said
    assert "qwen mcp approve gitmem" in said
    for host in HOSTS:
        (line,) = [row for row in said.splitlines() if row.startswith(f"{host.title} starts")]
        assert ("untested" in line) is not host.tested


def test_an_uninstall_gives_the_bytes_back(sandbox: Sandbox) -> None:
    assert sorted(BEFORE) == FILES
    for path, text in BEFORE.items():
        sandbox.write(path, text)
    before = contents(sandbox)
    init(sandbox, "--client", "all", "--mcp", "all")
    assert all(contents(sandbox)[path] != before[path] for path in FILES)

    assert sandbox.gitmem("uninstall").code == 0

    assert contents(sandbox) == before


def test_an_entry_and_the_hooks_of_one_file_are_taken_out_together(sandbox: Sandbox) -> None:
    for path in (".gemini/settings.json", ".qwen/settings.json"):
        sandbox.write(path, '// mine\n{\n  "ui": {} // plain\n}\n')
    init(sandbox, "--client", "gemini", "--client", "qwen", "--mcp", "gemini", "--mcp", "qwen")
    for path in (".gemini/settings.json", ".qwen/settings.json"):
        made = sandbox.read(path)
        assert "gitmem hook" in made
        assert "mcpServers" in made
        sandbox.write(path, made.replace("// mine", "// ours"))  # edited since, so by hand it is

    sandbox.gitmem("uninstall")

    for path in (".gemini/settings.json", ".qwen/settings.json"):
        assert sandbox.read(path) == '// ours\n{\n  "ui": {} // plain\n}\n'


def test_an_uninstall_takes_the_entry_out_of_a_file_that_a_person_went_on_editing(
    sandbox: Sandbox,
) -> None:
    sandbox.write(".zed/settings.json", '{\n  "a": 1\n}\n')
    init(sandbox, "--mcp", "zed")
    mine = sandbox.read(".zed/settings.json").replace('"a": 1,', '"a": 2, // now two')
    sandbox.write(".zed/settings.json", mine)

    sandbox.gitmem("uninstall")

    assert sandbox.read(".zed/settings.json") == '{\n  "a": 2 // now two\n}\n'


def test_a_dry_run_shows_the_entry_and_writes_nothing(sandbox: Sandbox) -> None:
    before = contents(sandbox)

    said = init(sandbox, "--mcp", "codex", "--dry-run")

    assert "+[mcp_servers.gitmem]" in said
    assert "would write .codex/config.toml" in said
    assert contents(sandbox) == before


def test_json_names_the_hosts(sandbox: Sandbox) -> None:
    told = json.loads(init(sandbox, "--mcp", "vscode", "--json"))

    assert told["mcp"] == ["vscode"]
    assert ".vscode/mcp.json" in told["changed"]


def test_an_unknown_host_is_named_with_those_there_are(sandbox: Sandbox) -> None:
    before = contents(sandbox)
    done = sandbox.gitmem("init", "--mcp", "emacs")

    assert done.code == 2
    assert "there is no MCP host emacs" in done.err
    assert "claude-code, codex" in done.err
    assert contents(sandbox) == before


@pytest.mark.parametrize("path", FILES)
def test_a_broken_file_stops_the_init_before_anything_is_written(
    sandbox: Sandbox, path: str
) -> None:
    sandbox.write(path, "{ broken\n")
    before = contents(sandbox)

    done = sandbox.gitmem("init", "--mcp", "all")

    assert done.code == 8
    assert path in done.err
    assert "mend it by hand first; nothing was changed" in done.err
    assert contents(sandbox) == before


def test_a_file_behind_a_symlink_inside_the_work_tree_is_written_where_it_is(
    sandbox: Sandbox,
) -> None:
    sandbox.write("tools/mcp.json", "{}\n")
    (sandbox.path / ".mcp.json").symlink_to("tools/mcp.json")

    init(sandbox, "--mcp", "claude-code")

    assert (sandbox.path / ".mcp.json").is_symlink()
    assert "gitmem" in sandbox.read("tools/mcp.json")
    sandbox.gitmem("uninstall")
    assert sandbox.read("tools/mcp.json") == "{}\n"


def test_a_file_behind_a_symlink_that_leads_out_is_refused(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    outside = tmp_path / "mcp.json"
    outside.write_text("{}\n", encoding="utf-8")
    (sandbox.path / ".mcp.json").symlink_to(outside)

    done = sandbox.gitmem("init", "--mcp", "claude-code")

    assert done.code == 4
    assert "is behind a symlink" in done.err
    assert outside.read_text(encoding="utf-8") == "{}\n"


def test_an_ignored_file_is_said_to_be_of_this_clone_only(sandbox: Sandbox) -> None:
    sandbox.write(".gitignore", ".cursor/\n")

    assert "git ignores .cursor/mcp.json" in sandbox.gitmem("init", "--mcp", "cursor").err


WINDSURF = ".codeium/windsurf/mcp_config.json"
DESKTOP = home.home_hosts("/x", "gitmem", sys.platform)[1].file.path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A person's home."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def test_a_host_with_its_file_in_a_home_needs_the_person_s_word(
    sandbox: Sandbox, own: Path
) -> None:
    for name in ("windsurf", "claude-desktop"):
        done = sandbox.gitmem("init", "--mcp", name, env={"HOME": str(own)})
        assert done.code == 2
        assert f"gitmem init --mcp {name} --personal" in done.err
    sandbox.gitmem("init", "--mcp", "all", env={"HOME": str(own)})

    assert not (own / WINDSURF).exists()
    assert not (own / DESKTOP).exists()


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_the_file_of_claude_desktop_is_where_its_system_has_it(system: str) -> None:
    _, desktop = home.home_hosts("/src/shop", "/opt/bin/gitmem", system)

    begin = "Library/Application Support" if system == "darwin" else ".config"
    assert desktop.file.path == f"{begin}/Claude/claude_desktop_config.json"


def test_the_entry_in_a_home_names_program_and_repository(sandbox: Sandbox, own: Path) -> None:
    mine = '{"mcpServers": {"other": {"command": "x"}}, "globalShortcut": ""}'
    (own / DESKTOP).parent.mkdir(parents=True)
    (own / DESKTOP).write_text(mine, encoding="utf-8")
    names = ("--mcp", "windsurf", "--mcp", "claude-desktop", "--personal")
    home_of = {"HOME": str(own)}

    assert (
        f"would write ~/{DESKTOP}" in sandbox.gitmem("init", *names, "--dry-run", env=home_of).out
    )
    assert (own / DESKTOP).read_text(encoding="utf-8") == mine
    done = sandbox.gitmem("init", *names, env=home_of)

    assert done.code == 0, done.err
    assert f"Claude Desktop starts `gitmem mcp` by ~/{DESKTOP}; untested" in done.out
    for path in (WINDSURF, DESKTOP):
        servers = json.loads((own / path).read_text(encoding="utf-8"))["mcpServers"]
        words = {"command": str(GITMEM), "args": ["mcp", "--repo", str(sandbox.path)]}
        assert servers["gitmem-repository"] == words
    assert "in place already" in sandbox.gitmem("init", *names, env=home_of).out

    left = sandbox.gitmem("uninstall", env=home_of)
    assert "gitmem uninstall --personal" in left.err
    assert (own / WINDSURF).exists()
    sandbox.gitmem("uninstall", "--personal", env=home_of)
    assert (own / DESKTOP).read_text(encoding="utf-8") == mine
    assert not (own / WINDSURF).exists()


def test_two_repositories_have_an_entry_each_and_never_each_other_s(
    sandbox: Sandbox, own: Path, tmp_path: Path
) -> None:
    home_of = {"HOME": str(own)}
    names = ("--mcp", "windsurf", "--personal")
    sandbox.gitmem("init", *names, env=home_of)
    shop, twin = (Sandbox(tmp_path / name) for name in ("shop", "twin/repository"))
    for other in (shop, twin):
        other.path.mkdir(parents=True)
        other.git("init", "--quiet")
        other.commit("start", {"README.md": "x\n"})

    assert shop.gitmem("init", *names, env=home_of).code == 0
    done = twin.gitmem("init", *names, env=home_of)
    assert done.code == 8
    assert f"~/{WINDSURF} has another server named gitmem-repository" in done.err
    shop.gitmem("uninstall", "--personal", env=home_of)
    twin.gitmem("uninstall", "--personal", env=home_of)

    servers = json.loads((own / WINDSURF).read_text(encoding="utf-8"))["mcpServers"]
    assert list(servers) == ["gitmem-repository"]


def test_inside_an_agent_client_nothing_is_written_into_a_home(sandbox: Sandbox, own: Path) -> None:
    inside = {"HOME": str(own), "CLAUDECODE": "1"}

    done = sandbox.gitmem("init", "--mcp", "windsurf", "--personal", env=inside)

    assert done.code == 4
    assert not (own / WINDSURF).exists()


def test_personal_without_a_client_or_such_a_host_is_refused(sandbox: Sandbox, own: Path) -> None:
    done = sandbox.gitmem("init", "--mcp", "zed", "--personal", env={"HOME": str(own)})

    assert done.code == 2
    assert "windsurf, claude-desktop" in done.err


def test_doctor_says_where_the_entry_in_a_home_starts_nothing(sandbox: Sandbox, own: Path) -> None:
    home_of = {"HOME": str(own)}
    sandbox.gitmem("init", "--mcp", "windsurf", "--personal", env=home_of)
    file = own / WINDSURF
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(str(GITMEM), "/nowhere/gitmem"), encoding="utf-8")

    said = sandbox.gitmem("doctor", env=home_of).out

    assert f"~/{WINDSURF} (Windsurf) starts /nowhere/gitmem, which is not there" in said


def test_the_help_has_an_example_a_line(sandbox: Sandbox) -> None:
    for command in ("init", "mcp", "recall"):
        said = sandbox.gitmem(command, "--help").out
        assert "\\b" not in said
        assert len([row for row in said.splitlines() if f" gitmem {command}" in row]) >= 2
