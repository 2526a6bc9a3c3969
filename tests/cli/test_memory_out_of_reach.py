"""Where memory cannot be read in a clone, `init` and `doctor` say so before a close does."""

from __future__ import annotations

import json

import pytest

from tests.support.sandbox import Sandbox


def findings(sandbox: Sandbox) -> list[tuple[str, str]]:
    answer = json.loads(sandbox.gitmem("doctor", "--json").out)
    return [
        (entry["level"], f"{entry['what']} {entry['hint']}")
        for entry in answer["findings"]
        if entry["check"] == "memory"
    ]


@pytest.mark.parametrize(
    "attribute", ["filter=lfs diff=lfs merge=lfs -text", "filter=git-crypt", "ident"]
)
def test_a_filter_on_markdown_is_told_at_init_and_by_the_doctor(
    sandbox: Sandbox, attribute: str
) -> None:
    sandbox.commit("attributes", {".gitattributes": f"*.md {attribute}\n"})

    said = sandbox.gitmem("init")
    [(level, told)] = findings(sandbox)

    assert "every close that writes there is refused" in said.err.replace("\n    ", " ")
    assert (level, ".gitattributes: memory/**" in told) == ("fail", True)

    attributes = sandbox.read(".gitattributes")
    sandbox.write(
        ".gitattributes", attributes + "memory/** -filter -ident -working-tree-encoding\n"
    )
    sandbox.git("add", "--all")
    sandbox.git("commit", "--quiet", "--message", "except memory")
    assert findings(sandbox) == []


@pytest.mark.parametrize("tracked", [True, False])
@pytest.mark.parametrize("how", [("--cone", "src"), ("--no-cone", "/*", "!/memory/")])
def test_a_sparse_checkout_without_memory_is_told(
    sandbox: Sandbox, tracked: bool, how: tuple[str, ...]
) -> None:
    files = {"src/a.py": "", ".gitmem/config.yaml": "target: main\n"}
    sandbox.commit("files", files | ({"memory/MEMORY.md": "# Memory\n"} if tracked else {}))
    sandbox.git("sparse-checkout", "set", *how)

    [(level, told)] = findings(sandbox)

    assert (level, "git sparse-checkout add memory" in told) == ("warn", True)
    if how[0] == "--cone":
        sandbox.git("sparse-checkout", "add", "memory", ".gitmem")
        assert findings(sandbox) == []


def test_a_checkout_that_is_whole_has_no_finding(sandbox: Sandbox) -> None:
    sandbox.gitmem("init")

    assert findings(sandbox) == []
