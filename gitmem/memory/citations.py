"""What a memory line cites of its repository: paths, commands, commits (pure).

A citation is looked up later, and what is not there is said to a person; so whatever may be
something else is left out: URLs, system paths, patterns, placeholders, examples, and what the line
itself calls gone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Cites(StrEnum):
    """What kind of thing is cited."""

    PATH = "path"
    MAKE = "make target"
    SCRIPT = "npm script"
    PROGRAM = "program"
    COMMIT = "commit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One thing cited: its name, and how sure it is that it is meant to be in the tree now.

    ``plain``: nothing around it speaks of another place, of something made later, or of prose that
    only looks like a command; else it counts only when it was in the repository once.
    """

    kind: Cites
    name: str
    plain: bool


# No pattern below may look at the same letter more than a bounded number of times, whatever the text is.
_URL = re.compile(
    r"\b[A-Za-z][A-Za-z0-9+.-]{0,30}://\S+|\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+(?::\S+)?"
)
_SPAN = re.compile(r"(?<!`)(?P<tick>`+)(?!`)(?P<code>[^`]+)(?P=tick)")
_LINK = re.compile(r"\]\((?P<to>[^)\s]{1,300})\)")
_SENTENCE = re.compile(r"(?<!\be\.g\.)(?<!\bi\.e\.)(?<=[.;!?])\s+(?=[A-Z`(])")
# What stands for itself: what is said about it is said around it.
_QUOTED = re.compile(r"`[^`]*`")
_NAME_LIKE = re.compile(r"[\w-][/.][\w-]")
_LETTERS = re.compile(r"\S+")
_WORD = re.compile(r"[^\s`]+")
_EDGE = "\"'()[]{},;:!?*_\u201c\u201d\u2018\u2019\u2026"

_PATH = re.compile(r"(?:\./)?(?:[A-Za-z0-9_.+-]+/)*[A-Za-z0-9_.+-]+/?")
_PLACE = re.compile(r"(?:::\S+|:\d+(?:[:-]\d+)*|#\S*)$")
_KNOWN_EXTENSIONS = """
bash bat c cc cfg clj cmake cmd conf cpp cs css csv cts cue dart ex exs fish go gradle graphql h hcl
hpp hs htm html ini ipynb java js json jsonl jsx kt kts less lock lua m md mdx mjs mk ml mts nix php
pl properties proto ps1 py pyi pyx r rb rs rst sass scala scss service sh sql svelte swift tf tfvars
toml ts tsv tsx txt vue xml yaml yml zig zsh
"""
_EXTENSIONS = frozenset(_KNOWN_EXTENSIONS.split())
_NAMES = frozenset({"Dockerfile", "Gemfile", "Jenkinsfile", "Justfile", "Makefile", "Procfile"})
# Made by tools, or not the repository's own.
_MADE_FOLDERS = """
.aws .cache .config .git .gradle .kube .local .m2 .next .npm .ssh .terraform .tox .venv __pycache__
bower_components build coverage dist env etc home htmlcov node_modules opt out proc root
site-packages srv target temp tmp usr var vendor venv
"""
_FOREIGN_FOLDERS = frozenset(_MADE_FOLDERS.split())
_PLACEHOLDER = re.compile(
    r"(?:^|[/_.-])(?:foo|bar|baz|qux|example|examples?\w*|sample|xxx+|yyy+|your\w*|my|some\w*|"
    r"path|to|file|name|dir|folder)(?=$|[/_.-])",
    re.IGNORECASE,
)
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*\.(?:ai|app|cloud|com|de|dev|edu|gov|io|me|net|org|sh)")

_EXAMPLE = re.compile(
    r"\b(?:e\.g\.|for example|for instance|such as|example:|imagine|let's say)|\(eg\b",
    re.IGNORECASE,
)
_GONE = re.compile(
    r"\b(?:remov(?:ed|es|ing)|delet(?:ed|es|ing)|renam(?:ed|es)|moved|replac(?:ed|es)|dropped|gone|"
    r"retired|obsolete|deprecated|no longer|any ?more|used to|formerly|previously|was (?:once|at|in)|"
    r"there (?:is|are|was|were) no|has no|have no|(?:does|do|did)(?: not|n't) (?:have|exist)|missing|"
    r"not there|exists?|split (?:up|into)|merged into|absent)\b",
    re.IGNORECASE,
)
_NOT_THIS = re.compile(
    r"(?:\b(?:not|never|no|without|instead of|rather than|replaces|unlike|avoid|imports?|don't (?:use|run))"
    r"(?:\s+(?:in|the|a|an|run|use|from|with|to|by|old|into))*\s*[`\"'(]*)$",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"\b(?:(?:other|another|their|upstream|separate|sibling|different|external|downstream|ops|infra)"
    r"[\w -]{0,24}(?:repo|repository|project|checkout)|(?:in|of|from) the [\w-]+ (?:repo|repository)|"
    r"container|image|pod|bucket|s3|server|production|staging|virtualenv|home directory|"
    r"librar(?:y|ies)|package|endpoint|route|branch(?:es)?)\b",
    re.IGNORECASE,
)
_MADE = re.compile(
    r"\b(?:writ(?:es?|ing|ten)|generat\w+|creat\w+|outputs?|produc\w+|download\w*|emit\w*|dumps?|"
    r"compil\w+|builds?|built|caches?|cached|logs? to|saves?|saved|uploads?|artifacts?|will be|"
    r"should be|add(?:s|ed)?|todo|planned|scaffold\w*)\b",
    re.IGNORECASE,
)

_STARTS = re.compile(
    r"\b(?:run(?:s|ning)?|use|call|invoke|execute|start with|via)\s+[`\"']?$", re.IGNORECASE
)
_SEPARATE = re.compile(r"\s*(?:&&|\|\||[;|])\s*")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=\S*")
_TARGET = re.compile(r"[A-Za-z0-9_][\w.:/-]*")
_RUNNERS = frozenset({"hatch", "pdm", "poetry", "rye", "uv"})
_PACKAGERS = frozenset({"bun", "npm", "pnpm", "yarn"})
_LIFECYCLE = {"t": "test", "test": "test", "start": "start", "stop": "stop", "restart": "restart"}
_WITH_VALUE = frozenset(
    {
        "-C",
        "-f",
        "-w",
        "-j",
        "--directory",
        "--file",
        "--prefix",
        "--workspace",
        "--filter",
        "--cwd",
    }
)

_HEX = re.compile(r"(?<![\w#/.-])[0-9a-f]{7,40}(?![\w/-]|\.\w)")
_ABOUT_COMMITS = re.compile(
    r"\b(?:commits?|committed|revisions?|revert\w*|landed|introduced|cherry-pick\w*|bisect\w*|rebas\w+|"
    r"regress\w+|since|fixed (?:in|by)|broke(?:n)? (?:in|by))\b",
    re.IGNORECASE,
)
_DIGEST = re.compile(
    r"\b(?:sha-?(?:1|256|512)|md5|digest|checksum|crc|etag|uuid|hash(?:es)?)\b", re.IGNORECASE
)


_LOOKED_AT = 20_000  # characters of a line; a line of ours has a thousand
_LONGEST = 300  # characters of a path, as it is cited
_BEHIND = 120  # characters before a word, and behind it, that tell what is said of it


def citations(line: str) -> list[Citation]:
    """What a line cites, each once, in no particular order; of a very long one the beginning's."""
    found: dict[tuple[Cites, str], Citation] = {}
    for sentence in _SENTENCE.split(line[:_LOOKED_AT]):
        if _EXAMPLE.search(sentence):
            continue
        for one in _in_sentence(_URL.sub(lambda url: " " * len(url[0]), sentence)):
            known = found.get((one.kind, one.name))
            if known is None or one.plain:
                found[one.kind, one.name] = one
    return list(found.values())


def _in_sentence(sentence: str) -> Iterator[Citation]:
    yield from _commits(sentence)
    prose = _LETTERS.sub(
        lambda word: " " if _NAME_LIKE.search(word[0]) else word[0], _QUOTED.sub(" ", sentence)
    )
    if _GONE.search(prose):
        return
    plain = not _ELSEWHERE.search(prose)
    yield from _commands(sentence, plain=plain)
    plain = plain and not _MADE.search(prose)
    spans = [(match.start("code"), match.end("code")) for match in _SPAN.finditer(sentence)]
    begins = [begin for begin, _ in spans]
    for match in _LINK.finditer(sentence):
        yield from _path(match["to"], marked=True, plain=plain)
    for match in _WORD.finditer(_LINK.sub("]", sentence)):
        if _NOT_THIS.search(_before(sentence, match.start())):
            continue
        last = bisect_right(begins, match.start()) - 1
        marked = last >= 0 and match.start() < spans[last][1]
        for word in match[0].split("="):
            yield from _path(word, marked=marked, plain=plain)


def _before(text: str, end: int) -> str:
    """The words before a place, as far back as any of ours that speak of it."""
    if end <= _BEHIND:
        return text[:end]
    return text[end - _BEHIND : end].partition(" ")[2]


def _path(word: str, *, marked: bool, plain: bool) -> Iterator[Citation]:
    """A word as a path; ``marked``: it is code or a link, and not prose with a slash in it."""
    if len(word) > _LONGEST:
        return
    bare = _PLACE.sub("", word.strip(_EDGE)).strip(_EDGE)
    bare = bare.removesuffix(".")
    if not _PATH.fullmatch(bare) or bare.startswith(("../", "-", "+")) or ".." in bare:
        return
    name = bare.removeprefix("./")
    parts = name.rstrip("/").split("/")
    if _HOST.fullmatch(parts[0]) or _PLACEHOLDER.search(name) or not _worded(parts):
        return
    is_file = parts[-1].rpartition(".")[2] in _EXTENSIONS and "." in parts[-1]
    is_file = is_file or parts[-1] in _NAMES
    if len(parts) == 1 and not name.endswith("/"):
        if is_file:
            yield Citation(kind=Cites.PATH, name=name, plain=False)
        return
    sure = is_file or (marked and name.endswith("/"))
    if any(
        "." in part.strip(".") and part.rpartition(".")[2] in _EXTENSIONS for part in parts[:-1]
    ):
        return  # a list of files with slashes between them
    own = parts[0] not in _FOREIGN_FOLDERS
    yield Citation(kind=Cites.PATH, name=name, plain=plain and sure and own)


def _worded(parts: list[str]) -> bool:
    """Whether every part has a letter: no date, no fraction, no version."""
    return all(re.search("[A-Za-z]", part) for part in parts)


def _commands(sentence: str, *, plain: bool) -> Iterator[Citation]:
    for match in _SPAN.finditer(sentence):
        if not _NOT_THIS.search(_before(sentence, match.start())):
            for part in _SEPARATE.split(match["code"].strip()):
                yield from _command(part.split(), plain=plain)
    prose = _SPAN.sub(lambda span: " " * len(span[0]), sentence)
    for match in re.finditer(r"\b(?:make|npm|pnpm|yarn|bun)\b", prose):
        if not _NOT_THIS.search(_before(prose, match.start())):
            said = bool(_STARTS.search(_before(prose, match.start())))
            behind = prose[match.start() : match.start() + 3 * _BEHIND]
            words = [word.strip(_EDGE + ".") for word in behind.split()[:3]]
            words = words[: 2 if words[0] == "make" else 3]
            yield from _command(words, plain=plain and said)


def _command(words: list[str], *, plain: bool) -> Iterator[Citation]:
    """What one command line, in words, asks of the repository."""
    while words and (_ASSIGNED.fullmatch(words[0]) or words[0] in {"$", "sudo", "time", "env"}):
        words = words[1:]
    if not words:
        return
    program, rest = words[0], _arguments(words[1:])
    if program == "make":
        for target in rest:
            if _TARGET.fullmatch(target) and "=" not in target:
                yield Citation(kind=Cites.MAKE, name=target, plain=plain)
        return
    if program in _PACKAGERS:
        script = _script(program, rest)
        if script and _TARGET.fullmatch(script):
            yield Citation(kind=Cites.SCRIPT, name=script, plain=plain)
        return
    if program in _RUNNERS and rest[:1] == ["run"]:
        program = rest[1] if len(rest) > 1 else ""
    if _TARGET.fullmatch(program) and "/" not in program:
        yield Citation(kind=Cites.PROGRAM, name=program, plain=False)


def _arguments(words: list[str]) -> list[str]:
    """The words without options and their values."""
    found, skip = [], False
    for word in words:
        if skip or word.startswith("-"):
            skip = not skip and word in _WITH_VALUE
            continue
        if not _ASSIGNED.fullmatch(word):
            found.append(word)
    return found


def _script(program: str, rest: list[str]) -> str:
    """The script of the package that a package manager is asked for; empty for anything else."""
    if rest[:1] in (["run"], ["run-script"]):
        script = rest[1] if len(rest) > 1 else ""
        return "" if program == "bun" and ("." in script or "/" in script) else script
    return _LIFECYCLE.get(rest[0], "") if rest and program == "npm" else ""


def _commits(sentence: str) -> Iterator[Citation]:
    if _DIGEST.search(sentence) or not _ABOUT_COMMITS.search(sentence):
        return
    for match in _HEX.finditer(sentence):
        name = match[0]
        if not name.isdigit() and not name.isalpha():
            yield Citation(kind=Cites.COMMIT, name=name, plain=True)
