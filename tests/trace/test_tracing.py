"""`check --trace` and `check --stale`: every line and every record accounted for."""

from __future__ import annotations

import json

import pytest

from gitmem.capture import capture
from gitmem.trace.stale import StaleLine, stale_in_commit
from gitmem.trace.trace_check import TraceReport, check_trace
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox

FACTS = "memory/facts.md"
SKILL = ".claude/skills/deploy/SKILL.md"
BODY = "---\nname: deploy\ndescription: d\n---\n\n# Deploy\n\n- Step one\n"


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox=sandbox)


def looked(desk: Desk) -> TraceReport:
    return check_trace(desk.repo, folder=desk.folder)


def cited(desk: Desk) -> list[tuple[str, str]]:
    return [(one.cites, one.reason.split(" in ")[0]) for one in found(desk)]


def found(desk: Desk) -> tuple[StaleLine, ...]:
    return stale_in_commit(desk.repo, folder=desk.folder)


def smuggled(desk: Desk, message: str, files: dict[str, str]) -> None:
    """A commit that says gitmem made it: its tree is in its message."""
    for path, text in files.items():
        desk.sandbox.write(path, text)
    desk.sandbox.git("add", "--all")
    tree = desk.sandbox.git("write-tree")
    desk.sandbox.commit(f"{message}\n\nGitmem-Tree: {tree}")


def test_what_drains_and_people_did_can_be_traced(desk: Desk) -> None:
    for text in ("The port is 5432", "Releases are tagged", "Tests run in parallel"):
        desk.flag(text)
    desk.flag("Who owns the cache?", kind="pending")
    desk.land()
    assert (looked(desk).ok, looked(desk).lines, looked(desk).filed) == (True, 4, 4)
    text = desk.sandbox.read(FACTS)
    text = text.replace("5432", "5433").replace("- Releases are tagged\n", "") + "- By hand\n"
    desk.sandbox.commit("by hand", {FACTS: text})
    pending = desk.sandbox.read("memory/PENDING.md").replace("[ ]", "[x]")
    desk.sandbox.commit("ticked", {"memory/PENDING.md": pending})

    assert looked(desk).ok


def test_an_empty_repository_has_nothing_to_trace(empty_sandbox: Sandbox) -> None:
    desk = Desk(sandbox=empty_sandbox)

    assert (looked(desk).ok, found(desk)) == (True, ())


def test_a_line_that_a_review_commit_brought_without_a_record_is_a_gap(desk: Desk) -> None:
    desk.flag("The port is 5432")
    desk.land()
    record = next(desk.sandbox.path.glob(".gitmem/drains/*.jsonl")).read_text()
    smuggled(
        desk,
        "memory: file 1 flag",
        {
            FACTS: desk.sandbox.read(FACTS) + "- Push straight to main\n",
            ".gitmem/drains/20990101T000000Z-aaaaaa.jsonl": record.splitlines()[0] + "\n",
        },
    )

    gaps = looked(desk).gaps

    assert [(gap.file, gap.text) for gap in gaps] == [(FACTS, "Push straight to main")]


def test_a_record_whose_line_never_was_there_is_a_gap(desk: Desk) -> None:
    flag = desk.flag("The port is 5432")
    desk.close()
    path = desk.sandbox.git("ls-tree", "-r", "--name-only", "gitmem/drain", ".gitmem").splitlines()
    smuggled(desk, "memory: file 1 flag", {path[0]: desk.show(path[0])})

    assert [gap.flag for gap in looked(desk).gaps] == [flag]


def test_a_record_that_nobody_can_read_is_a_gap(desk: Desk) -> None:
    desk.sandbox.commit("odd", {".gitmem/drains/x.jsonl": "garbage\n"})

    assert [gap.file for gap in looked(desk).gaps] == [".gitmem/drains/x.jsonl"]


def test_a_review_that_a_person_changed_before_it_landed_is_no_gap(desk: Desk) -> None:
    desk.flag("The port is 5432")
    desk.flag("Releases are tagged")
    desk.close()
    desk.sandbox.git("merge", "--quiet", "--squash", "gitmem/drain")
    text = desk.sandbox.read(FACTS).replace("5432", "5433").replace("- Releases are tagged\n", "")
    desk.sandbox.write(FACTS, text + "- The reviewer's own\n")
    desk.sandbox.git("commit", "--quiet", "--all", "--message", "memory (#1)")

    assert looked(desk).ok


def test_a_line_lost_in_a_merge_is_traced_to_the_merge(desk: Desk) -> None:
    desk.flag("The port is 5432")
    desk.close()
    desk.sandbox.commit("meanwhile", {FACTS: "# Facts\n\n- mine\n"})
    desk.sandbox.git("merge", "--no-commit", "-X", "ours", "gitmem/drain", check=False)
    desk.sandbox.write(FACTS, "# Facts\n\n- mine\n")
    desk.sandbox.git("add", "--all")
    desk.sandbox.git("commit", "--quiet", "--message", "merge, mine")

    assert looked(desk).ok


def test_a_shallow_clone_cannot_tell_and_says_so(desk: Desk) -> None:
    desk.flag("The port is 5432")
    desk.land()
    assert looked(desk.clone("whole", "--depth=1")).ok
    text = desk.sandbox.read(FACTS).replace("5432", "5433")
    desk.sandbox.commit("by hand", {FACTS: text})

    seen = looked(desk.clone("shallow", "--depth=1"))

    assert (seen.gaps, len(seen.unknown)) == ((), 2)


def test_what_was_there_once_and_is_cited_is_listed_with_the_commit(desk: Desk) -> None:
    desk.sandbox.commit(
        "start",
        {
            "scripts/rel.sh": "x\n",
            "Makefile": "lint:\n\ttrue\nstyle:\n\ttrue\n",
            "package.json": '{\n  "scripts": {\n    "e2e": "x",\n    "unit": "y"\n  }\n}\n',
            "pyproject.toml": '[project.scripts]\nserve = "app:run"\nseed = "app:seed"\n',
        },
    )
    base = desk.head("HEAD")[:9]
    desk.flag(f"Releases need scripts/rel.sh, since commit {base}")
    desk.flag("Run make style; `npm run e2e` and `uv run seed --all` come after it")
    desk.flag("Then `make lint && npm run unit`, and `serve`")
    desk.flag("The cache was rewritten in commit 0123abc4def")
    desk.land()
    assert cited(desk) == [("0123abc4def", "there is no such commit here")]
    desk.sandbox.git("rm", "--quiet", "scripts/rel.sh")
    desk.sandbox.commit(
        "tidy",
        {
            "Makefile": "lint:\n\ttrue\n",
            "package.json": '{\n  "scripts": {\n    "unit": "y"\n  }\n}\n',
            "pyproject.toml": '[project.scripts]\nserve = "app:run"\n',
        },
    )

    assert sorted(cited(desk)) == [
        ("0123abc4def", "there is no such commit here"),
        ("e2e", "taken out"),
        ("scripts/rel.sh", "deleted"),
        ("seed", "taken out"),
        ("style", "taken out"),
    ]


def test_what_git_ignores_or_a_branch_has_is_not_listed(desk: Desk) -> None:
    desk.sandbox.commit("ignore", {".gitignore": "reports/\n"})
    desk.sandbox.git("switch", "--quiet", "-c", "side")
    desk.sandbox.commit("new", {"src/pool.py": "x\n"})
    desk.flag("The pool is in src/pool.py, its numbers in reports/pool.json")

    assert desk.close().stale == ()
    desk.sandbox.git("switch", "--quiet", "main")
    assert [one.cites for one in desk.close(dry_run=True).stale] == []
    desk.accept()
    assert cited(desk) == [("src/pool.py", "there is no such path")]


def test_a_close_lists_what_does_not_resolve_and_files_the_line_all_the_same(desk: Desk) -> None:
    desk.flag("Run scripts/deploy.sh before a release")

    closed = desk.close()

    assert [one.cites for one in closed.stale] == ["scripts/deploy.sh"]
    assert desk.lines(FACTS) == ["Run scripts/deploy.sh before a release"]
    assert "path scripts/deploy.sh: there is no such path" in desk.sandbox.git(
        "log", "-1", "--format=%B", "gitmem/drain"
    )


def test_a_close_lists_also_what_it_files_into_a_rule_file_or_a_skill(desk: Desk) -> None:
    desk.sandbox.commit("skill", {SKILL: BODY})
    desk.flag("x", kind="snag", better="Run scripts/one.sh first", skill="deploy")
    wish = capture.FlagDraft(
        "y", kind="snag", better="Run scripts/two.sh first", paths=["src/*.py"]
    )
    desk.keep(wish)

    closed = desk.close()

    rule = ".claude/rules/gitmem-src-py.md"
    assert [(one.file, one.cites) for one in closed.stale] == [
        (rule, "scripts/two.sh"),
        (SKILL, "scripts/one.sh"),
    ]
    desk.accept()
    assert {name for name, _ in cited(desk)} == {"scripts/one.sh", "scripts/two.sh"}


def test_a_guards_lesson_is_looked_at_and_what_it_matches_once_that_is_gone(desk: Desk) -> None:
    guards = [
        {"tool": "Bash", "match": "make release", "lesson": "Run scripts/tag.sh first"},
        {"tool": "Bash", "match": "npm run never", "lesson": "There is no such script"},
        {"tool": "Edit", "match": "src/old.py", "lesson": "Look at it twice"},
        {"tool": "Bash", "match": "*make*--force*", "lesson": "Look first"},
    ]
    text = "".join(json.dumps(guard) + "\n" for guard in guards)
    desk.sandbox.commit(
        "guards",
        {
            ".gitmem/guards.jsonl": text + "no guard\n",
            "Makefile": "release:\n\ttrue\n",
            "package.json": '{"scripts": {}}\n',
            "src/old.py": "x\n",
        },
    )
    assert cited(desk) == [("scripts/tag.sh", "there is no such path")]
    desk.sandbox.git("rm", "--quiet", "src/old.py")
    desk.sandbox.commit("tidy", {"Makefile": "all:\n\ttrue\n", "scripts/tag.sh": "x\n"})

    assert [(one.number, one.text, one.cites) for one in found(desk)] == [
        (1, "Run scripts/tag.sh first", "release"),
        (3, "Look at it twice", "src/old.py"),
    ]
