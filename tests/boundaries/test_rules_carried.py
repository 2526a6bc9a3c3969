"""Rules in a file that the session's client does not load: the start of the session carries them, once."""

from __future__ import annotations

import json

import pytest

from gitmem.boundaries import carry
from gitmem.clients.client import Client
from gitmem.clients.registry import find
from gitmem.git.repository import discover
from gitmem.memory import instructions, path_rules, places
from gitmem.recall.carried import LONGEST
from gitmem.session.boundary import Words
from tests.support.sandbox import Sandbox

RULE = "Run the linter before a push"
OTHER = "Ask before a migration is written"


def block(*rules: str, kind: str = "claude", before: str = "") -> str:
    text = instructions.with_block(
        before, folder="memory", kind="agents" if kind == "agents" else "claude"
    )
    return instructions.add_rules(text, list(rules))


def scoped(*rules: str) -> str:
    return path_rules.add_lines(path_rules.new_file(("src/api/**",)), list(rules))


def said(sandbox: Sandbox, client: Client | None, before: str = "") -> str:
    words = Words(model=before)
    repo = discover(str(sandbox.path), {})
    carry.add_memory(words, repo, client or Client(), repo.top)
    return words.model


def test_the_hot_lane_knows_where_rules_are() -> None:
    assert carry.INSTRUCTIONS == places.INSTRUCTIONS
    assert carry.HEADING.decode() == instructions.HEADING
    assert carry.SCOPED == path_rules.FOLDER + path_rules.PREFIX


@pytest.mark.parametrize(
    ("client", "files", "carried"),
    [
        ("codex", {"CLAUDE.md": block(RULE), "AGENTS.md": block(kind="agents")}, True),
        ("codex", {"CLAUDE.md": block(RULE)}, True),
        ("codex", {"AGENTS.md": block(RULE, kind="agents")}, False),
        ("codex", {"CLAUDE.md": block(RULE), "AGENTS.md": f"- {RULE}\n"}, False),
        ("codex", {"CLAUDE.md": block(RULE), "AGENTS.md": "@CLAUDE.md\n"}, True),
        ("", {"CLAUDE.md": block(RULE)}, True),
        ("claude-code", {"CLAUDE.md": block(RULE)}, False),
        ("claude-code", {"AGENTS.md": block(RULE, kind="agents")}, False),
        ("claude-code", {"CLAUDE.md": "# Mine\n", "AGENTS.md": block(RULE, kind="agents")}, True),
        ("claude-code", {"CLAUDE.md": "@AGENTS.md\n", "AGENTS.md": block(RULE)}, False),
        ("claude-code", {"CLAUDE.md": "See @./AGENTS.md\n", "AGENTS.md": block(RULE)}, False),
        ("claude-code", {".claude/CLAUDE.md": "# Mine\n", "AGENTS.md": block(RULE)}, True),
        ("opencode", {"CLAUDE.md": block(RULE)}, False),
        ("opencode", {"CLAUDE.md": block(RULE), "AGENTS.md": "# Mine\n"}, True),
        ("gemini", {"CLAUDE.md": block(RULE), "AGENTS.md": "# Mine\n"}, True),
        ("gemini", {"CLAUDE.md": block(RULE), "AGENTS.md": "@CLAUDE.md\n"}, False),
        ("qwen", {"CLAUDE.md": block(RULE)}, True),
        ("copilot", {"CLAUDE.md": block(RULE), "AGENTS.md": block(OTHER)}, False),
    ],
)
def test_rules_are_carried_where_the_client_does_not_load_their_file(
    sandbox: Sandbox, client: str, files: dict[str, str], carried: bool
) -> None:
    sandbox.commit("rules", files)

    told = said(sandbox, find(client))

    assert told.count(f"- {RULE}") == int(carried)
    assert ("in files that this client does not load" in told) is carried


def test_what_is_carried_names_its_file(sandbox: Sandbox) -> None:
    sandbox.commit("rules", {"CLAUDE.md": block(RULE, OTHER), "AGENTS.md": "# Mine\n"})

    told = said(sandbox, find("codex"))

    assert told.endswith(f"Follow them.\n\nCLAUDE.md:\n- {RULE}\n- {OTHER}")


def test_a_link_from_one_file_to_the_other_is_one_file(sandbox: Sandbox) -> None:
    sandbox.write("AGENTS.md", block(RULE, kind="agents"))
    (sandbox.path / "CLAUDE.md").symlink_to("AGENTS.md")
    sandbox.git("add", "--all")
    sandbox.commit("linked")

    assert [said(sandbox, find(name)) for name in ("codex", "claude-code")] == ["", ""]


def test_rules_for_certain_paths_are_carried_with_their_paths(sandbox: Sandbox) -> None:
    path = ".claude/rules/gitmem-src-api.md"
    sandbox.commit("rules", {path: scoped(RULE), ".claude/rules/mine.md": "- a person's own\n"})

    told = said(sandbox, find("codex"))

    assert f"\n{path} (for src/api/**):\n- {RULE}" in told
    assert "a person's own" not in told
    assert said(sandbox, find("claude-code")) == ""


def test_a_rule_that_stands_in_two_files_is_carried_once(sandbox: Sandbox) -> None:
    sandbox.commit(
        "rules", {"CLAUDE.md": block(RULE), ".claude/rules/gitmem-src-api.md": scoped(RULE, OTHER)}
    )

    told = said(sandbox, find("codex"))

    assert (told.count(RULE), told.count(OTHER)) == (1, 1)


def test_a_session_that_loads_its_rules_makes_nothing_ready(sandbox: Sandbox) -> None:
    sandbox.commit("rules", {"CLAUDE.md": block(RULE), "AGENTS.md": "# Mine\n"})

    assert said(sandbox, find("claude-code")) == ""
    assert not (sandbox.path / ".git/gitmem/carried").exists()


def test_many_rules_leave_room_for_the_memory_and_say_how_many_are_left(sandbox: Sandbox) -> None:
    rules = [f"Rule {number}: " + "x" * 200 for number in range(40)]
    index = "# Memory\n\n- [testing](testing.md): tests\n  @testing.md\n"
    topic = "---\nname: testing\n---\n\n- Tests need Postgres\n"
    sandbox.commit(
        "rules",
        {"CLAUDE.md": block(*rules), "memory/MEMORY.md": index, "memory/testing.md": topic},
    )

    told = said(sandbox, find("codex"))

    kept = [row.removeprefix("- ") for row in told.splitlines() if row.startswith("- Rule ")]
    assert kept == rules[-len(kept) :]
    assert 5 < len(kept) < len(rules)
    assert f"{len(rules) - len(kept)} lines more: gitmem recall WORDS" in told
    assert "- Tests need Postgres" in told
    assert len(told) < LONGEST


def test_with_little_room_left_nothing_is_cut_in_the_middle(sandbox: Sandbox) -> None:
    sandbox.commit("rules", {"CLAUDE.md": block(RULE, "A rule " + "x" * 900)})

    for left in range(300, 2_000, 50):
        told = said(sandbox, find("codex"), before="y" * (LONGEST - left))
        assert len(told) <= LONGEST
        rows = [row for row in told.splitlines() if row.startswith("- ")]
        assert {*rows} <= {f"- {RULE}", "- A rule " + "x" * 900}


def test_a_rule_that_hides_text_or_acts_is_not_carried(sandbox: Sandbox) -> None:
    text = block(RULE).replace(f"- {RULE}", f"- {RULE}\n- See @secrets.md\n- Hid\u200bden")
    sandbox.commit("rules", {"CLAUDE.md": text})

    told = said(sandbox, find("codex"))

    assert f"- {RULE}" in told
    assert "secrets" not in told
    assert "Hid" not in told


def test_a_broken_block_carries_no_rule_and_hides_no_other(sandbox: Sandbox) -> None:
    broken = block(RULE).replace("<!-- gitmem:end", "<!-- gitmem:gone")
    sandbox.commit("rules", {"CLAUDE.md": broken, ".claude/rules/gitmem-src-api.md": scoped(OTHER)})

    told = said(sandbox, find("codex"))

    assert RULE not in told
    assert f"- {OTHER}" in told


def test_what_a_close_made_of_a_snag_reaches_a_client_that_reads_another_file(
    sandbox: Sandbox,
) -> None:
    sandbox.write("CLAUDE.md", "# Mine\n")
    sandbox.wire("--client", "claude-code", "--client", "codex")
    sandbox.gitmem("snag", "The push failed on lint", "--better", RULE)
    sandbox.gitmem("close", "--engine", "verbatim")
    assert sandbox.gitmem("accept").code == 0
    assert RULE in sandbox.read("CLAUDE.md")
    assert RULE not in sandbox.read("AGENTS.md")

    payload = {"hook_event_name": "SessionStart", "source": "startup", "session_id": "s-1"}
    started = json.dumps({**payload, "cwd": str(sandbox.path)})
    done = sandbox.gitmem("hook", "codex", "SessionStart", input=started)

    assert done.out.count(RULE) == 1, done


def test_the_server_tells_a_host_the_rules_that_it_does_not_load(sandbox: Sandbox) -> None:
    sandbox.commit("rules", {"CLAUDE.md": block(RULE)})
    info = {"name": "zed", "version": "1"}
    params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": info}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}

    done = sandbox.gitmem("mcp", input=json.dumps(asked) + "\n")

    assert f"- {RULE}" in json.loads(done.out)["result"]["instructions"]
