"""`gitmem import`: what is found, what becomes a flag, and what is told instead."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import string
import sys
import time
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.support.sandbox import Sandbox

RULES = "# Rules\n\n## Testing\n\n- Tests run with `make test`.\n- Never mock the database.\n"


def github_token() -> str:
    return "ghp_" + "".join(Random(7).choices(string.ascii_letters + string.digits, k=36))


def imported(
    sandbox: Sandbox, *words: str, code: int = 0, env: dict[str, str | None] | None = None
) -> Any:
    done = sandbox.gitmem("import", *words, "--json", env=env)
    assert done.code == code, done.err
    return json.loads(done.out)


def queued(sandbox: Sandbox) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(sandbox.gitmem("log", "--json").out)
    return rows


def lines(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Every flag as its line on the queue branch has it."""
    names = sandbox.git("ls-tree", "-r", "--name-only", "gitmem/queue").splitlines()
    texts = [
        sandbox.git("show", f"gitmem/queue:{name}") for name in names if name.endswith(".jsonl")
    ]
    return [json.loads(row) for text in texts for row in text.splitlines() if row]


def test_alone_it_shows_what_is_there_and_writes_nothing(sandbox: Sandbox) -> None:
    sandbox.write(".cursor/rules/testing.mdc", RULES)

    done = sandbox.gitmem("import")

    assert done.code == 0
    assert "cursor        2 items: 2 new" in done.out
    assert "memory-bank   nothing there" in done.out
    assert "next: gitmem import cursor --dry-run" in done.out
    assert sandbox.git("for-each-ref", "refs/heads/gitmem") == ""


def test_rules_become_flags_with_their_source_and_topic_and_their_file_stays(
    sandbox: Sandbox,
) -> None:
    front = (
        "---\ndescription: how we test\nglobs: tests/**/*.py, src/*.py\nalwaysApply: false\n---\n"
    )
    path = sandbox.write(".cursor/rules/quality.mdc", front + RULES)
    before = path.read_bytes()

    done = sandbox.gitmem("import", "cursor")

    assert (done.code, done.err) == (0, "")
    assert "flagged 2 items" in done.out
    first = lines(sandbox)[0]
    assert first["source"] == ".cursor/rules/quality.mdc:10"
    assert (first["topic"], first["paths"]) == ("testing", ["tests/**/*.py", "src/*.py"])
    assert "tainted" not in first
    assert path.read_bytes() == before


def test_a_dry_run_lists_the_items_and_writes_nothing(sandbox: Sandbox) -> None:
    sandbox.write("docs/notes.md", "- A note of ours.\n")

    done = sandbox.gitmem("import", "docs", "--dry-run")

    assert "would flag (fact) A note of ours. from docs/notes.md:1" in done.out
    assert done.out.endswith("nothing was written\n")
    assert sandbox.git("for-each-ref", "refs/heads/gitmem") == ""


def test_a_second_import_adds_nothing_before_and_after_the_close_and_the_landing(
    sandbox: Sandbox,
) -> None:
    sandbox.write("memory-bank/techContext.md", RULES)
    assert len(imported(sandbox, "memory-bank")["flags"]) == 2

    for step in ((), ("close", "--engine", "verbatim"), ("accept",), ("sync",)):
        if step:
            sandbox.gitmem(*step)
        again = imported(sandbox, "memory-bank")
        assert again["flags"] == []
        assert len(again["known"]) == 2
        assert again["saved"] is None


def test_an_item_that_was_dropped_is_not_flagged_again(sandbox: Sandbox) -> None:
    sandbox.write("notes.md", "- A note to be dropped.\n")
    flag = imported(sandbox, "notes.md")["flags"][0]["id"]
    sandbox.gitmem("drop", flag, "--reason", "not true")

    again = imported(sandbox, "notes.md")

    assert again["flags"] == []
    assert again["known"] == [{"source": "notes.md:1", "known": f"flag {flag}, dropped, has it"}]


def test_the_same_words_in_two_files_are_one_flag(sandbox: Sandbox) -> None:
    sandbox.write("a/one.md", "- The port is 8080.\n")
    sandbox.write("a/two.md", "* The port is 8080\n")

    found = imported(sandbox, "a")

    assert [flag["source"] for flag in found["flags"]] == ["a/one.md:1"]
    assert found["known"] == [{"source": "a/two.md:1", "known": "a/one.md:1 says the same"}]


def test_what_memory_has_is_told_with_its_file(sandbox: Sandbox) -> None:
    sandbox.commit("memory", {"memory/build.md": "# build\n\n- The port is 8080.\n"})
    sandbox.write("notes.md", "- The port is 8080\n- Something new.\n")

    found = imported(sandbox, "notes.md")

    assert [flag["text"] for flag in found["flags"]] == ["Something new."]
    assert found["known"] == [{"source": "notes.md:1", "known": "memory/build.md has it"}]


def test_a_secret_is_told_by_its_place_and_never_repeated_and_the_rest_is_flagged(
    sandbox: Sandbox,
) -> None:
    token = github_token()
    sandbox.write(
        "notes.md",
        f"- The token is {token}.\n- Run it.\n\n```sh\nexport T={token}\n```\n\n- Fine.\n",
    )

    done = sandbox.gitmem("import", "notes.md")

    assert done.code == 6
    assert "refused: notes.md:1: text looks like it holds a credential" in done.out
    assert "refused: notes.md:2: body looks like it holds a credential" in done.out
    assert "--body" not in done.out  # an import has no such option
    assert token not in done.out + done.err
    assert [flag["text"] for flag in queued(sandbox)] == ["Fine."]


def test_hidden_active_and_overlong_text_is_told_one_by_one(sandbox: Sandbox) -> None:
    long = "word " * 1200
    sandbox.write("notes.md", f"- Hidden \u202e text\n\n- {long}\n\n- Good.\n")

    found = imported(sandbox, "notes.md", code=6)

    assert [flag["text"] for flag in found["flags"]] == ["Good."]
    assert [one["source"] for one in found["refused"]] == ["notes.md:1", "notes.md:3"]
    assert "the limit is 4000" in found["refused"][1]["reason"]


def test_a_long_item_becomes_a_headline_and_a_body(sandbox: Sandbox) -> None:
    sandbox.write("notes.md", "- The build has two steps. " + "Each of them is slow. " * 60 + "\n")

    [flag] = imported(sandbox, "notes.md")["flags"]

    assert flag["text"] == "The build has two steps."
    assert flag["body"].startswith("The build has two steps. Each of them")


def test_only_refusals_answer_4_and_keep_nothing(sandbox: Sandbox) -> None:
    sandbox.write("notes.md", f"- {github_token()}\n")
    assert imported(sandbox, "notes.md", code=4)["saved"] is None


def test_an_instruction_file_that_a_wired_client_loads_is_named_and_left_out(
    sandbox: Sandbox,
) -> None:
    sandbox.write("CLAUDE.md", "# Project\n\n- Use pnpm.\n")
    sandbox.write("GEMINI.md", "# Project\n\n- Use the big model.\n")
    assert sandbox.gitmem("init", "--client", "claude-code").code == 0

    for words in (("instructions",), ("CLAUDE.md",)):
        found = imported(sandbox, *words)
        assert {"source": "CLAUDE.md", "reason": "Claude Code loads it in every session"} in found[
            "left_out"
        ]
        assert "Use pnpm." not in [flag["text"] for flag in found["flags"]]
    assert [flag["text"] for flag in queued(sandbox)] == ["Use the big model."]


def test_gitmems_own_block_is_no_item(sandbox: Sandbox) -> None:
    assert sandbox.gitmem("init", "--client", "claude-code").code == 0
    text = sandbox.read("CLAUDE.md")
    sandbox.git("rm", "-rqf", "--cached", ".")
    for name in (".claude/settings.json", ".mcp.json"):
        (sandbox.path / name).unlink(missing_ok=True)
    sandbox.write("CLAUDE.md", text + "\n- Ours.\n")

    found = imported(sandbox, "instructions")

    assert [flag["text"] for flag in found["flags"]] == ["Ours."]


def test_claude_codes_own_memory_is_read_file_by_file_and_its_index_is_not_repeated(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    slug = "".join(char if char.isascii() and char.isalnum() else "-" for char in str(sandbox.path))
    folder = tmp_path / "claude" / "projects" / slug / "memory"
    folder.mkdir(parents=True)
    (folder / "MEMORY.md").write_text(
        "# Memory\n\n- [Tests](feedback_tests.md): how\n- The queue is Redis.\n"
    )
    (folder / "feedback_tests.md").write_text(
        "---\nname: tests\ndescription: Run one test file, never the suite\nmetadata:\n  type: feedback\n---\n\n"
        "The suite takes an hour.\n"
    )

    found = imported(sandbox, "claude-code", env={"CLAUDE_CONFIG_DIR": str(tmp_path / "claude")})

    told = {flag["text"]: (flag["kind"], flag["body"], flag["source"]) for flag in found["flags"]}
    assert told == {
        "The queue is Redis.": ("fact", None, "claude-code:MEMORY.md:4"),
        "Run one test file, never the suite": (
            "preference", "The suite takes an hour.", "claude-code:feedback_tests.md",
        ),
    }  # fmt: skip
    assert all(str(tmp_path) not in json.dumps(row) for row in lines(sandbox))


def claude_mem(folder: Path, rows: list[tuple[Any, ...]]) -> Path:
    """claude-mem's database, as far as gitmem reads it."""
    folder.mkdir()
    path = folder / "claude-mem.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "CREATE TABLE observations (id INTEGER PRIMARY KEY AUTOINCREMENT, memory_session_id TEXT NOT NULL,"
            " project TEXT NOT NULL, text TEXT, type TEXT NOT NULL, title TEXT, subtitle TEXT, facts TEXT,"
            " narrative TEXT, concepts TEXT, files_read TEXT, files_modified TEXT,"
            " created_at TEXT NOT NULL, created_at_epoch INTEGER NOT NULL)"
        )
        database.executemany(
            "INSERT INTO observations (memory_session_id, project, type, title, subtitle, facts, narrative,"
            " files_modified, created_at, created_at_epoch) VALUES ('s', ?, ?, ?, ?, ?, ?, ?, '2026', 1)",
            rows,
        )
        database.commit()
    return path


def test_claude_mems_observations_of_this_project_are_tainted_flags_and_the_database_stays(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    name = sandbox.path.name
    readme = json.dumps([f"{sandbox.path}/README.md", "/elsewhere/x"])
    path = claude_mem(
        tmp_path / "mem",
        [
            (
                name,
                "decision",
                "Redis holds the queue",
                "It was Postgres",
                '["one", "two"]',
                "Long story.",
                readme,
            ),
            ("another", "bugfix", "Not ours", None, "[]", None, "[]"),
        ],
    )
    before = path.read_bytes()

    found = imported(sandbox, "claude-mem", env={"CLAUDE_MEM_DATA_DIR": str(tmp_path / "mem")})

    assert [(flag["text"], flag["kind"]) for flag in found["flags"]] == [
        ("Redis holds the queue", "decision")
    ]
    [line] = lines(sandbox)
    assert line["body"] == "It was Postgres\n\nLong story.\n\n- one\n- two"
    assert (line["tainted"], line["source"], line["paths"]) == (
        True,
        "claude-mem observation 1",
        ["README.md"],
    )
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["claude-mem.db"]


@pytest.mark.parametrize("content", [b"no database at all" * 50, b""])
def test_a_database_of_another_shape_is_told(
    sandbox: Sandbox, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "mem").mkdir()
    (tmp_path / "mem" / "claude-mem.db").write_bytes(content)

    found = imported(sandbox, "claude-mem", env={"CLAUDE_MEM_DATA_DIR": str(tmp_path / "mem")})

    assert found["flags"] == []
    assert found["left_out"][0]["reason"].startswith("its database ")


def test_an_observation_without_a_title_is_flagged_or_told(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    name = sandbox.path.name
    path = claude_mem(
        tmp_path / "mem",
        [
            (
                name,
                "discovery",
                "",
                "",
                "[]",
                "The import runs at night.\n\nIt takes an hour.",
                "[]",
            ),
            (name, "discovery", None, None, '["The port is 8080", "It is fixed"]', None, "[]"),
            (name, "discovery", "", "", "[]", "", "[]"),
            (name, "discovery", b"\xff\xfe", "", "[]", "", "[]"),
            (name, "discovery", "Kept beside a damaged one", "", "[]", "", "[]"),
        ],
    )
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "INSERT INTO observations (memory_session_id, project, type, title, created_at, created_at_epoch)"
            " VALUES ('s', ?, 'discovery', CAST(x'63616663e9' AS TEXT), '2026', 1)",
            (name,),
        )
        database.commit()

    found = imported(
        sandbox, "claude-mem", code=6, env={"CLAUDE_MEM_DATA_DIR": str(tmp_path / "mem")}
    )

    assert {flag["text"]: flag["body"] for flag in found["flags"]} == {
        "The import runs at night.": "It takes an hour.",
        "The port is 8080": "- It is fixed",
        "Kept beside a damaged one": None,
    }
    assert [one["source"] for one in found["left_out"]] == [
        "claude-mem observation 3", "claude-mem observation 4",
    ]  # fmt: skip
    assert [one["source"] for one in found["refused"]] == ["claude-mem observation 6"]


def test_a_data_folder_that_is_no_whole_path_is_not_looked_for_in_the_work_tree(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    row = (sandbox.path.name, "discovery", "Brought by the repository", "", "[]", "", "[]")
    for folder in (sandbox.path / "mem", sandbox.path / ".claude-mem"):
        claude_mem(folder, [row])

    for env in ({"CLAUDE_MEM_DATA_DIR": "mem"}, {"CLAUDE_MEM_DATA_DIR": None, "HOME": None}):
        found = imported(sandbox, "claude-mem", env={**env})
        assert found["flags"] == []
        assert found["sources"][0]["there"] is False


GH = """#!{python}
import json, sys
words = sys.argv[1:]
if words[:2] == ["pr", "list"]:
    print(json.dumps([{{"number": 7}}, {{"number": 5}}][: int(words[words.index("--limit") + 1])]))
elif words[0] == "api" and "/pulls/7/comments" in words[-1]:
    print(json.dumps([
        {{"body": "Please close the file.\\r\\n\\r\\nIt leaks.", "path": "README.md", "html_url": "https://github.com/a/b/pull/7#r1"}},
        {{"body": "Done", "in_reply_to_id": 1, "path": "README.md", "html_url": "https://github.com/a/b/pull/7#r2"}},
    ]))
else:
    print("[]")
"""


def with_gh(sandbox: Sandbox, folder: Path, script: str) -> dict[str, str | None]:
    sandbox.git("remote", "add", "origin", "https://github.com/a/b.git")
    folder.mkdir()
    (folder / "gh").write_text(script)
    (folder / "gh").chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def test_review_comments_are_tainted_flags_with_their_address(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    env = with_gh(sandbox, tmp_path / "bin", GH.format(python=sys.executable))

    found = imported(sandbox, "reviews", "--last", "2", env=env)

    assert [flag["text"] for flag in found["flags"]] == ["Please close the file."]
    [line] = lines(sandbox)
    assert (line["tainted"], line["body"]) == (True, "It leaks.")
    assert line["source"] == "https://github.com/a/b/pull/7#r1"
    sandbox.gitmem("close", "--engine", "verbatim")
    assert sandbox.gitmem("accept").code == 4


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("#!/bin/sh\necho 'To get started: gh auth login' >&2; exit 4\n", "gh auth login"),
        ("#!/bin/sh\necho no json\n", "did not print what was asked for"),
        ("#!/bin/sh\necho '[7]'\n", "did not print what was asked for"),
    ],
)
def test_a_gh_that_fails_is_said_and_nothing_is_flagged(
    sandbox: Sandbox, tmp_path: Path, script: str, said: str
) -> None:
    done = sandbox.gitmem("import", "reviews", env=with_gh(sandbox, tmp_path / "bin", script))

    assert done.code == 5
    assert said in done.err
    assert sandbox.git("for-each-ref", "refs/heads/gitmem") == ""


def test_a_session_that_was_told_review_comments_is_tainted_from_then_on(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    env = with_gh(sandbox, tmp_path / "bin", GH.format(python=sys.executable))
    env |= {"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "one"}
    sandbox.gitmem("import", "reviews", "--dry-run", env=env)

    sandbox.gitmem("flag", "said by a comment", env=env)

    assert lines(sandbox)[0]["tainted"] is True


def test_a_name_that_is_no_source_and_no_path_is_refused_with_the_names(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("import", "curser")

    assert done.code == 2
    assert "'curser' is no source" in done.err
    assert "claude-mem" in done.err


def test_links_large_files_and_binary_files_are_told_and_not_read(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "secret.md").write_text("- A secret of this machine.\n")
    (sandbox.write("notes/ok.md", "- Fine.\n").parent / "link.md").symlink_to(
        tmp_path / "secret.md"
    )
    sandbox.write("notes/large.md", "x" * ((1 << 20) + 1))
    (sandbox.path / "notes/binary.md").write_bytes(b"\xff\xfe\x00")

    found = imported(sandbox, "notes")

    assert [flag["text"] for flag in found["flags"]] == ["Fine."]
    assert {one["source"] for one in found["left_out"]} == {
        "notes/link.md", "notes/large.md", "notes/binary.md",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("link", "below", "source"),
    [
        ("memory-bank", "", "memory-bank"),
        ("docs", "memory-bank/", "memory-bank"),
        (".cursor", "rules/", "cursor"),
        (".claude/rules", "", "instructions"),
        (".github", "", "instructions"),
    ],
)
def test_a_folder_that_is_a_link_in_the_work_tree_is_named_and_its_files_stay_private(
    sandbox: Sandbox, tmp_path: Path, link: str, below: str, source: str
) -> None:
    diary = tmp_path / "elsewhere" / below / "copilot-instructions.md"
    diary.parent.mkdir(parents=True)
    diary.write_text("- A private note of another place.\n")
    place = sandbox.path / link
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(tmp_path / "elsewhere")

    found = imported(sandbox, source)

    assert found["flags"] == []
    assert [one["source"].startswith(link) for one in found["left_out"]] == [True]
    assert "link" in found["left_out"][0]["reason"]


def test_a_linked_folder_below_a_named_one_is_named_too(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "diary.md").write_text("- A private note of another place.\n")
    (sandbox.write("notes/ok.md", "- Fine.\n").parent / "more").symlink_to(tmp_path / "elsewhere")

    found = imported(sandbox, "notes")

    assert [flag["text"] for flag in found["flags"]] == ["Fine."]
    assert [one["source"] for one in found["left_out"]] == ["notes/more"]


def test_what_gitmem_wrote_itself_is_no_note_of_anybody(sandbox: Sandbox) -> None:
    sandbox.gitmem("init")
    sandbox.write(".claude/rules/gitmem-app.md", "- A rule that a close filed.\n")
    sandbox.write("notes.md", "- Fine.\n")

    found = imported(sandbox, ".")

    assert [flag["text"] for flag in found["flags"]] == ["Fine."]
    assert ".claude/skills/gitmem-close/SKILL.md" in {one["source"] for one in found["left_out"]}


def test_an_empty_name_is_no_source(sandbox: Sandbox) -> None:
    sandbox.write("notes.md", "- What an unset variable of a script would have flagged.\n")

    done = sandbox.gitmem("import", "")

    assert done.code == 2
    assert "'' is no source" in done.err


def test_more_items_than_one_import_takes_come_with_the_next(sandbox: Sandbox) -> None:
    sandbox.write(
        "notes.md", "".join(f"- Note number {number} of many.\n" for number in range(1100))
    )

    first = imported(sandbox, "notes.md")
    second = imported(sandbox, "notes.md")

    assert (len(first["flags"]), len(second["flags"])) == (1000, 100)
    assert "100 more items" in first["left_out"][0]["reason"]
    assert len(queued(sandbox)) == 1100


def test_forty_rules_and_sixty_notes_are_under_review_with_two_commands(sandbox: Sandbox) -> None:
    for number in range(4):
        rules = "".join(
            f"- Rule {number}.{rule}: the module {rule} has an owner.\n" for rule in range(10)
        )
        sandbox.write(f".cursor/rules/area{number}.mdc", f"# Area\n\n{rules}")
    for number in range(60):
        sandbox.write(
            f"memory-bank/note{number}.md",
            f"# Note\n\nThe service {number} listens on {4000 + number}.\n",
        )

    found = imported(sandbox, "cursor", "memory-bank")
    closed = sandbox.gitmem("close", "--engine", "verbatim")

    assert len(found["flags"]) == 100
    assert closed.code == 0
    text = sandbox.git(
        "grep", "-h", "-e", "has an owner", "-e", "listens on", "gitmem/drain", "--", "memory/"
    )
    assert len([row for row in text.splitlines() if row.startswith("- ")]) == 100


def test_an_interrupt_loses_nothing_and_the_next_import_takes_the_rest(sandbox: Sandbox) -> None:
    sandbox.write(
        "notes.md", "".join(f"- Note number {number} of many.\n" for number in range(900))
    )
    journal = sandbox.path / ".git" / "gitmem" / "journal"
    child = sandbox.start("import", "notes.md", interruptible=True)
    while child.poll() is None and not (journal.exists() and journal.stat().st_size > 1000):
        time.sleep(0.005)
    child.send_signal(signal.SIGINT)
    child.communicate()

    second = imported(sandbox, "notes.md")

    texts = [flag["text"] for flag in queued(sandbox)]
    assert len(texts) == len(set(texts)) == 900
    assert len(second["flags"]) < 900
    assert imported(sandbox, "notes.md")["flags"] == []


def test_a_journal_that_cannot_be_written_answers_3_and_the_next_import_flags_it(
    sandbox: Sandbox,
) -> None:
    sandbox.write("notes.md", "- A note of ours.\n")
    lock = sandbox.path / ".git" / "gitmem" / "journal.lock"
    lock.mkdir(parents=True)

    assert sandbox.gitmem("import", "notes.md").code == 3

    lock.rmdir()
    assert [flag["text"] for flag in imported(sandbox, "notes.md")["flags"]] == ["A note of ours."]


@pytest.mark.parametrize(
    ("written", "paths"),
    [
        ('globs:\n  - "src/**"\n  - lib/x.py\n', ["src/**", "lib/x.py"]),
        ('globs: ["src/**", "lib/x.py"]\n', ["src/**", "lib/x.py"]),
        ("globs: **/*\n", None),
        ("globs:\n", None),
    ],
)
def test_globs_of_a_rule_are_paths_however_they_are_written(
    sandbox: Sandbox, written: str, paths: list[str] | None
) -> None:
    sandbox.write(".cursor/rules/a.mdc", f"---\n{written}alwaysApply: false\n---\n- A rule.\n")

    imported(sandbox, "cursor")

    assert lines(sandbox)[0].get("paths") == paths
