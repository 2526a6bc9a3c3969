"""Memory that is broken, huge, missing or somebody else's: a sentence, and never a broken session."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.support.hooks import context, fire, ledger
from tests.support.queues import folder_of
from tests.support.sandbox import Sandbox

FACT = "# One\n\n- A fact that stands\n"
INDEX = "# Memory\n\n- [one](one.md)\n  @one.md\n"
WHOLE = {"memory/MEMORY.md": INDEX, "memory/one.md": FACT}


def committed(files: Mapping[str, str]) -> Callable[[Sandbox], None]:
    return lambda sandbox: _commit(sandbox, files)


def _commit(sandbox: Sandbox, files: Mapping[str, str]) -> None:
    sandbox.commit("memory", {"packages/main.py": "pass\n", **files})


def ignored(sandbox: Sandbox) -> None:
    _commit(sandbox, {".gitignore": "memory/\n"})
    for path, text in WHOLE.items():
        sandbox.write(path, text)


def sparse(sandbox: Sandbox) -> None:
    _commit(sandbox, WHOLE)
    sandbox.git("sparse-checkout", "set", "packages")


def not_text(sandbox: Sandbox) -> None:
    _commit(sandbox, WHOLE)
    (sandbox.path / "memory/two.md").write_bytes(b"\xff\xfe\x00")
    (sandbox.path / "memory/MEMORY.md").write_bytes(b"# Memory \xff\n")
    sandbox.git("add", "-A")
    sandbox.git("commit", "-qm", "not text")


def deleted(sandbox: Sandbox) -> None:
    _commit(sandbox, WHOLE)
    for path in WHOLE:
        (sandbox.path / path).unlink()


def a_file(sandbox: Sandbox) -> None:
    _commit(sandbox, {"memory": "somebody's file\n"})


REPOSITORIES = {
    "a hand-made index": committed({**WHOLE, "memory/MEMORY.md": "# Ours\n\nRead one.md first.\n"}),
    "a broken index": committed({**WHOLE, "memory/MEMORY.md": f"<!-- gitmem:begin x -->\n{INDEX}"}),
    "no memory folder": committed({}),
    "an ignored memory": ignored,
    "a sparse memory": sparse,
    "a deleted memory": deleted,
    "no text": not_text,
    "a file for a folder": a_file,
    "a topic of 10 MB": committed({**WHOLE, "memory/big.md": "- A line of the large topic\n" * 380_000}),
    "a line of 1,000 characters": committed({**WHOLE, "memory/long.md": f"- {'word ' * 200}\n" * 20}),
    "a broken front matter": committed({**WHOLE, "memory/front.md": "---\nname: [\npaths:\n - \n\n- A fact\n"}),
    "somebody else's": committed({"memory/pool.md": "# Allocators\n\n- jemalloc\n", "memory/alloc.c": "int x;\n"}),
    "no settings": committed({**WHOLE, ".gitmem/config.yaml": "memory: [\nmemory.budget: much\n"}),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(REPOSITORIES))
def test_odd_memory_breaks_no_session_and_no_command(sandbox: Sandbox, name: str) -> None:
    REPOSITORIES[name](sandbox)
    assert sandbox.gitmem("flag", "A new fact", "--topic", "two").code in {0, 2}

    for below in ("", "packages"):
        told = context(fire(sandbox, "SessionStart.startup", cwd=str(sandbox.path / below)))
        assert len(told) < 9_000
    prompt = context(fire(sandbox, "UserPromptSubmit", prompt="What of allocators and the fact?"))
    assert len(prompt) < 9_000

    assert [line for line in ledger(sandbox) if "error" in line] == []
    for command in (("status",), ("recall", "fact"), ("close", "--engine", "verbatim")):
        done = sandbox.gitmem(*command)
        assert "Traceback" not in done.err
        assert done.code in range(9)  # each has a meaning of its own; 70 would be a defect
        assert done.code == 0 or (done.err + done.out).strip()


@pytest.mark.parametrize(
    "name", ["a line of 1,000 characters", "a sparse memory", "a topic of 10 MB"]
)
def test_a_session_below_the_top_has_what_is_whole(sandbox: Sandbox, name: str) -> None:
    REPOSITORIES[name](sandbox)

    told = context(fire(sandbox, "SessionStart.startup", cwd=str(sandbox.path / "packages")))

    assert "- A fact that stands" in told


def test_a_memory_that_is_too_large_is_said_below_the_top(sandbox: Sandbox) -> None:
    large = {f"memory/t{number}.md": FACT for number in range(2_100)}
    _commit(sandbox, {**WHOLE, **large})

    for _ in range(2):
        told = context(fire(sandbox, "SessionStart.startup", cwd=str(sandbox.path / "packages")))
        assert told.startswith(
            "gitmem: the repository's memory was not loaded: memory/, with 2102 files"
        )
        assert told.endswith("Look: gitmem status")
    assert fire(sandbox, "SessionStart.startup").out == ""


def test_clones_with_different_budgets_carry_what_their_own_commit_says(sandbox: Sandbox) -> None:
    topics = {f"memory/t{n}.md": f"# T\n\n- {n} {'x' * 300}\n" for n in range(4)}
    for budget, shown in ((10_000, 4), (700, 2)):
        settings = {".gitmem/config.yaml": f"version: 1\nmemory.budget: {budget}\n"}
        sandbox.commit("settings", {"packages/main.py": f"{budget}\n", **settings, **topics})
        assert sandbox.gitmem("flag", f"A fact for {budget}", "--topic", f"t{budget}").code == 0
        assert sandbox.gitmem("close", "--engine", "verbatim").code == 0
        assert sandbox.gitmem("accept").code == 0

        told = context(fire(sandbox, "SessionStart.startup", cwd=str(sandbox.path / "packages")))

        assert len([row for row in told.splitlines() if row.endswith("x" * 300)]) == shown
        assert f"A fact for {budget}" in told
    assert (folder_of(sandbox) / "carried").exists()
