"""The documents against the tree: links, words, named tests, formats, and what must not stand anywhere."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from gitmem.core import flag
from gitmem.memory import index
from gitmem.queue import branch, journal
from gitmem.records import drain_record, states
from gitmem.safety import text
from tests.support.seal import FOUND

ROOT = Path(__file__).parents[2]


def tracked() -> list[Path]:
    """Every file of the tree that git tracks or would track."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


TRACKED = tracked()
PAGES = [path for path in TRACKED if path.suffix == ".md" and "data" not in path.parts]
RECORDS = sorted((ROOT / "docs" / "adr").glob("*.md"))
DATA_MODEL = (ROOT / "docs" / "data-model.md").read_text(encoding="utf-8")
WORDS = (ROOT / "docs" / "words.md").read_text(encoding="utf-8")

_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_TEST = re.compile(r"tests/[\w/.-]*[\w/]")
#: Complete commands that destroy work; an agent that reads one may run it.
_DESTRUCTIVE = re.compile(
    r"rm -r?f|branch (?:-D|-d -f|--delete --force) \S|push (?:-f|--force)\b|reset --hard"
    r"|clean -\w*f|update-ref -d|reflog expire|worktree remove --force|checkout -f|stash (?:drop|clear)"
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def cells(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table in ``page`` whose first heading cell is ``heading``."""
    start = page.index(f"| {heading} |")
    lines = page[start:].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def words() -> list[str]:
    return [row[0] for row in cells(WORDS, "word")]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_to_a_file_of_the_tree(page: Path) -> None:
    prose = _CODE.sub("", page.read_text(encoding="utf-8"))
    paths = [link.partition("#")[0] for link in _LINK.findall(prose) if "://" not in link]
    targets = [(page.parent / path).resolve() for path in paths if path]

    assert [path for path in targets if not path.exists() or not path.is_relative_to(ROOT)] == []


@pytest.mark.parametrize("page", [*RECORDS, ROOT / "docs" / "promises.md"], ids=name_of)
def test_every_test_a_page_names_exists(page: Path) -> None:
    named = set(_TEST.findall(page.read_text(encoding="utf-8")))

    assert named
    assert {path for path in named if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("page", RECORDS, ids=name_of)
def test_a_decision_record_has_its_parts_and_each_invariant_what_holds_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    invariants = re.split(
        r"^\d+\. ", text.partition("## Invariants")[2].partition("\n## ")[0], flags=re.MULTILINE
    )

    assert re.search(r"^# \d{4}: .+\n\nStatus: (accepted|superseded by .+)\.\n", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Invariants",
        "Refused",
    ]
    assert [item for item in invariants[1:] if "tests/" not in item and ".ci/run" not in item] == []


def test_decision_records_are_numbered_without_a_gap() -> None:
    assert [int(page.name[:4]) for page in RECORDS] == list(range(1, len(RECORDS) + 1))


def test_every_promise_names_a_test_that_holds_it() -> None:
    promises = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
    items = re.split(
        r"^(?=- \*\*P\d+)", promises.partition("## What is not promised")[0], flags=re.MULTILINE
    )

    assert len(items) > 1
    assert [item for item in items[1:] if "tests/" not in item] == []


def test_every_promise_has_a_number_of_its_own_and_none_is_left_out() -> None:
    promises = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
    numbers = sorted(map(int, re.findall(r"^- \*\*P(\d+)\*\*", promises, re.MULTILINE)))

    assert numbers == list(range(1, len(numbers) + 1))


def test_every_word_of_the_list_is_used_outside_the_list() -> None:
    kinds = {".md", ".py", ".json", ".yaml"}
    used = " ".join(
        path.read_text(encoding="utf-8", errors="replace").lower()
        for path in TRACKED
        if path.suffix in kinds and path != ROOT / "docs" / "words.md" and "tests" not in path.parts
    )

    assert [word for word in words() if not re.search(rf"\b{re.escape(word)}", used)] == []


def test_the_list_of_words_is_sorted_and_says_each_word_once() -> None:
    assert words() == sorted(set(words()))


def test_the_list_of_words_knows_the_kinds_and_the_states() -> None:
    told = {row[0]: row[1] for row in cells(WORDS, "word")}

    assert told["kind"] == ", ".join(flag.KINDS)
    for name in (
        states.UNDRAINED,
        states.IN_REVIEW,
        states.CARRIED,
        states.ACCEPTED,
        states.DRAINED,
    ):
        assert told[name].startswith("state of a flag")


def test_the_table_of_a_flag_has_the_fields_the_code_writes_in_their_order() -> None:
    assert [row[0].strip("`") for row in cells(DATA_MODEL, "field")] == list(flag.FIELDS)
    assert f"| `v` | 1, or {flag.VERSION} |" in DATA_MODEL
    assert " ".join(f"`{kind}`" for kind in flag.KINDS) in DATA_MODEL


def test_the_table_of_states_has_the_states_of_the_code() -> None:
    named = [row[0] for row in cells(DATA_MODEL, "state of a flag")]

    known = [states.DRAINED, states.ACCEPTED, states.IN_REVIEW, states.CARRIED, states.UNDRAINED]
    assert named == known


def test_the_page_names_the_outcomes_and_the_header_of_a_drain_record() -> None:
    run = drain_record.Run(engine="verbatim")
    header = drain_record.render(
        drain_record.Header(drain="d", at="a", queue="q", run=run), []
    ).splitlines()[0]
    keys = re.findall(r'"(\w+)":', header)
    outcomes = DATA_MODEL.partition("`outcome` is ")[2].partition(". ")[0]

    assert (
        re.findall(r'"(\w+)":', DATA_MODEL.partition('{"v":1,"drain"')[2].partition("\n")[0])
        == keys[2:]
    )
    assert re.findall(r"`(\w+)`", outcomes) == list(drain_record.Fate)


def test_the_limits_and_lengths_the_page_tells_are_those_of_the_code() -> None:
    assert f"1 to {text.MAX_TEXT:,} characters" in DATA_MODEL
    assert f"fewer than {branch.ACTIVE_LINES} lines" in DATA_MODEL
    assert f"{flag.ID_LENGTH} of `a-z2-7`" in DATA_MODEL
    assert journal.header("w" * 8).decode().startswith("gitmem-journal 1 wwwwwwww ")
    limitations = (ROOT / "docs" / "limitations.md").read_text(encoding="utf-8")
    assert f"{index.MAX_LINES} lines and {index.MAX_BYTES:,} bytes" in limitations
    assert f"at most {text.MAX_TEXT:,} characters" in limitations


def test_what_people_read_is_in_the_words_of_today() -> None:
    old = ("sh" + "all", "no" + "body", "an" + "ew", "who" + "ever")
    pattern = re.compile(rf"\b(?:{'|'.join(old)})\b", re.IGNORECASE)
    read = ("gitmem/", "docs/", "hooks/", "templates/", "README.md", "AGENTS.md", "SECURITY.md")
    # Words of flags.
    data = (
        "gitmem/grounding/lexicon.py",
        "gitmem/grounding/denial_words.py",
        "gitmem/grounding/english/phrases.py",
    )
    found = [
        f"{name_of(path)}:{number}: {hit[0]}"
        for path in TRACKED
        if name_of(path).startswith(read) and name_of(path) not in data
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (hit := pattern.search(line))
    ]

    assert found == []


def forbidden() -> list[str]:
    """What would tell on the machine or the network somebody worked on; built here, so that it stands nowhere."""
    folders = [str(ROOT), FOUND.get("HOME", "")]
    patterns = [re.escape(folder) + r"\b" for folder in folders if folder.count("/") > 1]
    patterns += [
        r"(?<![\w.$}-])/" + name + r"/\w" for name in ("Us" + "ers", "ro" + "ot", "wo" + "rk")
    ]
    patterns += [
        r"//[\w.-]*\b" + name
        for name in ("arti" + "factory", "ne" + "xus", "jfr" + "og", "dev" + "pi")
    ]
    patterns += [
        r"//[\w.-]+\." + name + r"\b"
        for name in ("inter" + "nal", "cor" + "p", "lo" + "cal", "la" + "n")
    ]
    return patterns


def test_no_file_tells_on_the_machine_or_the_package_host_it_was_made_with() -> None:
    pattern = re.compile("|".join(forbidden()))
    found = [
        f"{name_of(path)}: {hit[0]}"
        for path in TRACKED
        if (hit := pattern.search(path.read_bytes().decode("utf-8", "replace")))
    ]

    assert found == []


def test_nothing_but_models_the_doctor_s_loopback_and_git_s_one_door_opens_a_connection() -> None:
    libraries = {
        "aiohttp",
        "ftplib",
        "http",
        "httpx",
        "requests",
        "smtplib",
        "socket",
        "ssl",
        "urllib",
    }
    verbs = {"clone", "fetch", "ls-remote", "pull", "push", "remote", "send-pack"}
    found = []
    for path in TRACKED:
        ours = path.suffix == ".py" and name_of(path).startswith("gitmem/")
        doors = ("gitmem/models/", "gitmem/git/network.py", "gitmem/proof/loopback.py")
        if ours and not name_of(path).startswith(doors):
            for node in ast.walk(ast.parse(path.read_bytes())):
                named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                named += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                # `urllib.parse` takes an address apart, and opens nothing.
                named = [name for name in named if name != "urllib.parse"]
                found += [name for name in named if name.split(".")[0] in libraries]
                if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("git"):
                    words = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                    found += [str(word) for word in words if word in verbs]

    assert found == []


def test_the_lock_file_names_the_public_package_index_only() -> None:
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")

    hosts = set(re.findall(r"https?://([^/\"]+)", lock))

    # The index and its file store, as every lock has them; a mirror would be a third, or one alone.
    assert len(hosts) == 2
    assert all(host.rpartition(".")[2] == "org" for host in hosts)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_holds_a_complete_destructive_command(page: Path) -> None:
    assert _DESTRUCTIVE.findall(page.read_text(encoding="utf-8")) == []


def test_no_string_in_the_package_holds_a_complete_destructive_command() -> None:
    found = []
    for path in TRACKED:
        if path.suffix == ".py" and name_of(path).startswith("gitmem/"):
            strings = [
                node.value
                for node in ast.walk(ast.parse(path.read_bytes()))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
            found += [f"{name_of(path)}: {said}" for said in strings if _DESTRUCTIVE.search(said)]

    assert found == []


def test_no_file_refers_to_a_document_that_is_not_in_the_tree() -> None:
    pattern = re.compile(r"DESIGN[ ,]+(?:section )?\d|facts,\s+section")
    found = [
        f"{name_of(path)}: {hit[0]}"
        for path in TRACKED
        if (hit := pattern.search(path.read_bytes().decode("utf-8", "replace")))
    ]

    assert found == []
