"""`python -m tests.real_clients.table` writes the table of docs/clients.md: client by ability.

"tested" is read from the tests with the real programs: `@pytest.mark.ability(CLIENT, ABILITY, …)` on a test. Where that
holds only with a setting or a model, what is proved with recorded payloads only, and what a client makes impossible,
stands below.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.real_clients import claude
from tests.real_clients.others import PROGRAMS

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
#: In a mark: the test runs once for each client beside Claude Code.
EACH = "each"
#: What the tests ran on; other systems were not tried.
SYSTEMS = "Linux"
#: When each version was the newest of its package in the registry.
NEWEST = "2026-11-30"

#: Each client, by its name in `gitmem init --client`: title and version.
CLIENTS = {
    "claude-code": ("Claude Code", claude.VERSION),
    "codex": ("Codex", PROGRAMS["codex"].version),
    "gemini": ("Gemini CLI", PROGRAMS["gemini"].version),
    "opencode": ("OpenCode", PROGRAMS["opencode"].version),
    "copilot": ("Copilot CLI", PROGRAMS["copilot"].version),
    "qwen": ("Qwen Code", PROGRAMS["qwen"].version),
}
#: Each ability, and what is seen when it works.
ABILITIES = {
    "boot words": "the first request says what waits",
    "memory index": "the first request has the lines of memory",
    "commit": "one nudge follows a commit",
    "sub-agent": "a finished sub-agent is named in a nudge",
    "chapter tool": "a finished task or chapter is named in a nudge",
    "recovery": "a failed command that then worked is named in a nudge",
    "turn nudge": "the next prompt asks about the turn before",
    "growth": "a context that grew is asked about",
    "words to the summariser": "a compaction is told to keep what is durable",
    "after a compaction": "a compaction is asked about afterwards",
    "end mark": "the end of the session is on record",
    "guard": "a lesson is said with the call that it is about",
    "recall at need": "a call that a line of memory names brings the line",
    "flag": "what the agent flags in its shell is on the queue",
    "accept refused": "the agent cannot land a review",
    "session id": "a flag knows the session it came from",
    "started in a subfolder": "the hooks run in a session below the top",
    "own memory": "the first request has the lines of the person's own memory",
    "mcp": "the server's `flag` is called with the entry that `init --mcp` wrote",
    "audit": "`gitmem audit` reads its transcripts",
    "close preset": "`gitmem close --engine` runs the client as the model",
    "doctor looks": "`gitmem doctor` reads its files and its trust",
    "doctor fires": "`gitmem doctor --fire` starts its hooks",
    "doctor --client": "`gitmem doctor --client` runs the program",
}
#: What makes a tested ability work: (client, ability) to a setting or a model.
CONDITIONS: dict[tuple[str, str], str] = {
    (
        "codex",
        "recall at need",
    ): "with a model that has the tool `apply_patch`; a patch that the shell applies fires no hook afterwards",
    ("qwen", "chapter tool"): "with `tools.todoWrite.enabled`; its task list is off by default",
}
#: Proved with recorded payloads or with a program of our own: (client, ability) to how.
BY_CODE: dict[tuple[str, str], str] = {}
#: What a client makes impossible: (client, ability) to why.
NOT_POSSIBLE: dict[tuple[str, str], str] = {
    (
        "codex",
        "words to the summariser",
    ): "what a hook says before a compaction goes to the person only",
    ("copilot", "chapter tool"): "it has none, and tells a hook of no finished task",
    ("copilot", "words to the summariser"): "it drops what a hook says before a compaction",
    (
        "copilot",
        "started in a subfolder",
    ): "hooks at the top do not run in a session that starts below",
    (
        "qwen",
        "started in a subfolder",
    ): "it reads the settings of the folder that a session starts in",
    ("gemini", "words to the summariser"): "what a hook says before a compaction is dropped",
    ("gemini", "after a compaction"): "its event for one fires before every request",
    ("gemini", "session id"): "a shell command is told none",
    (
        "gemini",
        "started in a subfolder",
    ): "it reads the settings of the folder that a session starts in",
}
#: What stands below the table, under these headings.
_REASONS = {
    "Tested on a condition": CONDITIONS,
    "By code, with recorded payloads only": BY_CODE,
    "Not possible": NOT_POSSIBLE,
}


def tested() -> set[tuple[str, str]]:
    """Return each client and ability that a test with the real program is marked with."""
    files = sorted(Path(__file__).parents[1].glob("*/test_*.py"))
    return {pair for file in files for pair in _marks(file)}


def _marks(file: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
            continue
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.ability":
                client, *abilities = (ast.literal_eval(argument) for argument in mark.args)
                for name in PROGRAMS if client == EACH else [client]:
                    yield from ((name, ability) for ability in abilities)


def table() -> str:
    """Return the table, and below it the reason of each cell that is not "tested"."""
    seen = tested()
    heads = [f"{title} {version}" for title, version in CLIENTS.values()]
    rows = [
        "| | " + " | ".join(heads) + " |",
        "|---" * (len(heads) + 1) + "|",
        *(
            f"| {ability}: {meaning} | " + " | ".join(_cells(ability, seen)) + " |"
            for ability, meaning in ABILITIES.items()
        ),
    ]
    return "\n".join(
        [
            f"Run on {SYSTEMS}. On {NEWEST} each version was the newest of its package.",
            "",
            *rows,
            *_reasons(),
        ]
    )


def _cells(ability: str, seen: set[tuple[str, str]]) -> Iterator[str]:
    for client in CLIENTS:
        cell = (client, ability)
        if cell in seen:
            yield "tested"
        elif cell in BY_CODE:
            yield "by code"
        else:
            yield "not possible" if cell in NOT_POSSIBLE else "no"


def _reasons() -> Iterator[str]:
    for name, known in _REASONS.items():
        if known:
            yield from ("", f"{name}:", "")
        yield from (
            f"- {CLIENTS[client][0]}, {ability}: {known[client, ability]}."
            for client in CLIENTS
            for ability in ABILITIES
            if (client, ability) in known
        )


def written(page: str) -> str:
    """Return the page with its table as it is now."""
    found = re.search(r"<!-- table: .*? -->\n(.*?)<!-- /table -->", page, flags=re.DOTALL)
    assert found
    return page[: found.start(1)] + table() + "\n" + page[found.end(1) :]


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
