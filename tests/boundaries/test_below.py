"""What a session's start carries of memory: below the top, in a client without imports, of large files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.boundaries import carry
from gitmem.clients.client import Client
from gitmem.clients.registry import find
from gitmem.core.errors import Overdue
from gitmem.git.repository import discover
from gitmem.memory.imports import PART
from gitmem.memory.index import update_index
from gitmem.recall import carried, carried_file
from gitmem.recall.carried import Block
from gitmem.session.boundary import Words
from tests.support.hooks import context, fire, ledger
from tests.support.queues import folder_of, journal, new_flag
from tests.support.sandbox import Sandbox

LIMIT = 9_000
LONG = "The handler of number {n} retries three times and then gives up " + "x" * 200


def remember(sandbox: Sandbox, *, budget: int = 10_000, **topics: str) -> None:
    """Commit a memory of these topics (name to text), as a close leaves it."""
    texts = {f"memory/{name.replace('_', '-')}.md": text for name, text in topics.items()}
    texts["memory/MEMORY.md"] = update_index(None, texts, budget=budget)
    settings = {".gitmem/config.yaml": f"version: 1\nmemory.budget: {budget}\n"}
    sandbox.commit("memory", {**texts, **settings, "packages/app/main.py": "pass\n"})


def topic(*lines: str) -> str:
    return "---\nname: a topic\n---\n\n# A topic\n\n" + "".join(f"- {line}\n" for line in lines)


def boot(sandbox: Sandbox, below: str = "packages/app", **changes: object) -> str:
    """What the model is told when a session starts in a folder of the work tree."""
    return context(fire(sandbox, "SessionStart.startup", cwd=str(sandbox.path / below), **changes))


def said(
    sandbox: Sandbox, client: Client | None = None, project: str = "", before: str = ""
) -> str:
    """The same without a process, for a client of one's own."""
    words = Words(model=before)
    repo = discover(str(sandbox.path), {})
    carry.add_memory(words, repo, client or Client(), project or repo.top)
    return words.model


def test_below_the_top_the_model_gets_the_index_and_the_facts(sandbox: Sandbox) -> None:
    remember(sandbox, testing=topic("Tests need Postgres", "They take two minutes"))

    told = boot(sandbox)

    assert "started in packages/app" in told
    assert "../../memory/MEMORY.md" in told
    assert "- [testing](testing.md)" in told
    assert told.endswith(
        "memory/testing.md:\n# A topic\n- Tests need Postgres\n- They take two minutes"
    )
    assert "@testing.md" not in told
    assert "<!--" not in told
    assert ledger(sandbox)[-1]["did"] == "carried 2 lines"


def test_at_the_top_the_client_loads_what_it_loads(sandbox: Sandbox) -> None:
    remember(sandbox, testing=topic("Tests need Postgres"))

    assert fire(sandbox, "SessionStart.startup").out == ""
    assert not (folder_of(sandbox) / "carried").exists()


def test_outside_of_the_repository_nothing_is_carried(sandbox: Sandbox, tmp_path: Path) -> None:
    remember(sandbox, testing=topic("Tests need Postgres"))
    client = find("claude-code")

    assert [said(sandbox, client, place) for place in (str(tmp_path), "/")] == ["", ""]


@pytest.mark.parametrize(
    ("name", "loads"), [("claude-code", True), ("copilot", True), ("cursor", False)]
)
def test_a_client_that_follows_no_import_gets_it_at_the_top_too(
    sandbox: Sandbox, name: str, loads: bool
) -> None:
    remember(sandbox, testing=topic("Tests need Postgres"))

    told = said(sandbox, find(name))

    assert ("- Tests need Postgres" in told, "This client loads no imports" in told) == (
        not loads,
    ) * 2


def test_the_topics_come_in_the_order_of_imports(sandbox: Sandbox) -> None:
    texts = [LONG.format(n=number) for number in range(12)]
    remember(
        sandbox,
        alpha=topic(*texts),
        beta=topic(*texts),
        pinned=topic(*texts).replace("name:", "pin: true\nname:"),
        zeta=topic("a short one"),
    )
    record = {"id": "abcdefghijkl", "outcome": "added", "file": "memory/beta.md", "flag": {}}
    sandbox.commit(
        "record",
        {
            ".gitmem/drains/20260101T000000Z-aaaa.jsonl": json.dumps(record, separators=(",", ":"))
            + "\n"
        },
    )

    told = boot(sandbox)

    order = [row for row in told.splitlines() if row.startswith("memory/")]
    assert order == [f"memory/{name}.md:" for name in ("pinned", "beta", "alpha", "zeta")]


def test_what_does_not_fit_is_cut_at_whole_lines_and_counted(sandbox: Sandbox) -> None:
    texts = [LONG.format(n=number) for number in range(40)]
    remember(sandbox, budget=60_000, one=topic(*texts))

    told = boot(sandbox)

    kept = [row.removeprefix("- ") for row in told.splitlines() if row.startswith("- The handler")]
    assert len(told) < LIMIT
    assert kept == texts[-len(kept) :]
    assert told.endswith(f"\n{40 - len(kept)} lines more: gitmem recall WORDS")


WORDS = st.text(st.sampled_from("ab \u65e5\u672c\u8a9e\U0001d4b3\u00e9-"), max_size=60)


@given(
    st.lists(
        st.tuples(WORDS, st.lists(st.tuples(WORDS, st.sampled_from([1, 20, 400])), max_size=40)),
        max_size=6,
    ),
    st.integers(0, 10_000),
    st.booleans(),
)
def test_what_is_fitted_stays_within_the_room_and_loses_no_count(
    given_blocks: Sequence[tuple[str, Sequence[tuple[str, int]]]], room: int, newest: bool
) -> None:
    blocks = [Block(path, [text * times for text, times in units]) for path, units in given_blocks]

    found = carried.fitted(blocks, room, newest=newest)

    used = [text for one in found if one.units for text in (one.path + ":\n", *one.units)]
    assert len("\n".join(used).encode("utf-16-le")) // 2 <= room
    for before, after in zip(blocks, found, strict=True):
        assert carried.lines(after.units) + after.left == carried.lines(before.units)
        rest = iter(before.units)
        assert all(unit in rest for unit in after.units)


@pytest.mark.parametrize(
    "line",
    [
        "x" * 1_000,
        "x" * 9_500,
        "\u65e5\u672c\u8a9e" * 120,
        "\U0001f642" * 700,
        "short",
        "a\tb " * 90,
    ],
    ids=["1,000 characters", "longer than all", "CJK", "beyond the BMP", "short", "tabs"],
)
def test_boot_words_and_memory_together_stay_below_9000_characters(
    sandbox: Sandbox, line: str
) -> None:
    lines = [f"{number} {line}" for number in range(400)]
    remember(
        sandbox,
        budget=100_000,
        one=topic(*lines[:90]),
        two=topic("A fact that fits"),
        three=topic(*lines),
    )
    journal(sandbox, [new_flag(f"{n}", session=f"session-{n}") for n in range(400)])

    told = boot(sandbox)

    assert len(told.encode("utf-16-le")) // 2 < LIMIT
    assert "flags wait undrained" in told
    assert "- A fact that fits" in told
    shown = [row.removeprefix("- ") for row in told.splitlines()]
    # Whole lines only.
    assert {row for row in shown if row.endswith(line[-3:]) and row[0].isdecimal()} <= {*lines}


def test_many_sentences_leave_the_words_below_the_limit(sandbox: Sandbox) -> None:
    remember(sandbox, one=topic(*[LONG.format(n=n) for n in range(30)]))

    told = said(sandbox, before="w" * 6_000)

    assert len(told) < LIMIT
    assert "- The handler" in told
    assert len(said(sandbox, before="w" * 8_900)) < LIMIT


def test_a_large_file_that_is_not_imported_gives_its_newest_lines_at_the_top_too(
    sandbox: Sandbox,
) -> None:
    texts = [LONG.format(n=number) for number in range(60)]
    remember(sandbox, large=topic(*texts), small=topic("A fact"))

    told = boot(sandbox, "")

    kept = [row.removeprefix("- ") for row in told.splitlines() if row.startswith("- ")]
    assert kept == texts[-len(kept) :]
    assert "memory/large.md:" in told
    assert "A fact" not in told
    assert len(told) < LIMIT
    assert f"{60 - len(kept)} lines more: gitmem recall WORDS" in told
    below = boot(sandbox)
    assert "- A fact\n" in below
    assert told.splitlines()[0] in below
    assert len(below) < LIMIT


def test_a_large_file_gets_no_more_than_the_budget_leaves(sandbox: Sandbox) -> None:
    texts = [LONG.format(n=number) for number in range(60)]
    remember(sandbox, budget=700, large=topic(*texts), small=topic("A fact"))

    kept = [row for row in boot(sandbox, "").splitlines() if row.startswith("- ")]

    assert kept == [f"- {texts[-2]}", f"- {texts[-1]}"]


def test_a_topic_for_certain_files_and_a_small_one_are_no_large_files(sandbox: Sandbox) -> None:
    texts = [LONG.format(n=number) for number in range(60)]
    scoped = topic(*texts).replace("name:", "paths: src/**\nname:")
    remember(sandbox, budget=1_000, scoped=scoped, small=topic(*texts[:10]))

    assert boot(sandbox, "") == ""


def test_the_limit_of_a_large_file_is_the_one_of_a_topic_file() -> None:
    assert carry.LARGE == PART


def test_a_line_that_acts_or_hides_is_not_carried(sandbox: Sandbox) -> None:
    remember(sandbox, one=topic("A fact"))
    index = "# Memory\n\nSee @~/.netrc\n\nOurs\u202e.\n\n- [one](one.md)\n  @one.md\n  @two.md\n"
    two = topic("Fine", "See @~/.netrc")
    sandbox.commit("by hand", {"memory/MEMORY.md": index, "memory/two.md": two})

    told = boot(sandbox)

    assert "- A fact" in told
    assert "netrc" not in told
    assert "\u202e" not in told


def test_the_view_is_made_once_and_follows_the_commit_checked_out(sandbox: Sandbox) -> None:
    remember(sandbox, one=topic("An old fact"))
    boot(sandbox)
    kept = (folder_of(sandbox) / "carried").stat().st_ino
    boot(sandbox)
    assert (folder_of(sandbox) / "carried").stat().st_ino == kept

    remember(sandbox, one=topic("A new fact"))

    assert "A new fact" in boot(sandbox)
    assert "An old fact" not in boot(sandbox)


def test_a_linked_work_tree_has_a_view_of_its_own(sandbox: Sandbox, tmp_path: Path) -> None:
    remember(sandbox, one=topic("A fact of main"))
    sandbox.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    side = Sandbox(tmp_path / "side")
    remember(side, one=topic("A fact of the side"))

    for _ in range(2):
        assert "A fact of main" in boot(sandbox)
        assert "A fact of the side" in boot(side)
    assert {path.name for path in folder_of(sandbox).glob("carried*")} >= {
        "carried",
        "carried-side",
    }


@pytest.mark.parametrize(
    "damage", [b"", b"x", b"gitmem-carried 1\n", b"\xff" * 10_000, b"body", b"\x1c\x1c\x1c\x1c\x1c"]
)
def test_a_damaged_view_is_made_again(sandbox: Sandbox, damage: bytes) -> None:
    remember(sandbox, one=topic("A fact"))
    told = boot(sandbox)
    path = folder_of(sandbox) / "carried"
    head = path.read_bytes().partition(b"\n\n")[0] + b"\n\n"
    for content in (damage, head + damage):
        path.write_bytes(content)
        assert boot(sandbox) == told


def test_the_folder_of_the_settings_counts(sandbox: Sandbox) -> None:
    remember(sandbox, one=topic("A fact"))
    sandbox.commit("other", {".gitmem/config.yaml": "version: 1\nmemory: notes  # not code\n"})
    assert boot(sandbox) == ""

    sandbox.commit("notes", {"notes/MEMORY.md": "# Notes\n\n- ours\n"})
    assert "../../notes/MEMORY.md" in boot(sandbox)


def test_an_index_that_is_a_link_is_not_followed(sandbox: Sandbox) -> None:
    remember(sandbox, one=topic("A fact"))
    (sandbox.path / "memory/MEMORY.md").unlink()
    (sandbox.path / "memory/MEMORY.md").symlink_to("/etc/hostname")
    sandbox.git("commit", "-qam", "link")

    assert boot(sandbox) == ""


def test_a_look_that_took_too_long_leaves_the_boot_words(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(sandbox, one=topic("A fact"))

    def late(_: object) -> None:
        raise Overdue

    monkeypatch.setattr(carried_file, "refresh", late)

    told = said(sandbox, before="gitmem: 1 flag waits undrained")

    assert told.startswith(
        "gitmem: 1 flag waits undrained\n\ngitmem: the repository's memory was not loaded"
    )
