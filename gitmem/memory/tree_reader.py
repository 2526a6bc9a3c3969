"""Reads the memory tree of a commit: its writable files as text, and the places they offer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitmem.core.bounds import FILE_LINES, GROUND, GROUND_FILE, GROUND_FILES, GROUND_LINES
from gitmem.core.errors import Refused
from gitmem.git import objects, trees
from gitmem.git.repository import SETTINGS, SETTINGS_LONGEST
from gitmem.markdown.lines import front_matter_lines, front_value
from gitmem.memory import guard, guard_file, path_rules
from gitmem.memory.imports import budget_in, topic_names
from gitmem.memory.places import Places
from gitmem.memory.skills import is_own
from gitmem.memory.topics import is_catch_all, own_description
from gitmem.memory.tree import MemoryTree, existing_lines, fixed_lines, rule_lines
from gitmem.safety.paths import RULING, PathKind, is_details, writable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.git.objects import Entry
    from gitmem.git.repository import Repository

_PLAIN = "100644"
_LINK = "120000"
_ODD = {_LINK: "it is a link", "100755": "it is executable", "160000": "it is a submodule"}
TOO_LARGE = f"it is larger than {GROUND_FILE >> 20} MiB or {FILE_LINES:,} lines, and was not read"
_INSTRUCTIONS = ("CLAUDE.md", "AGENTS.md")
_SKILLS = (".agents/skills/", ".claude/skills/")  # of two with one name the last one counts
_RULING = (*_INSTRUCTIONS, *_SKILLS, path_rules.FOLDER, guard.FILE)


def read_tree(repo: Repository, commit: str, folder: str) -> MemoryTree:
    """Return the memory tree of a commit (empty: no commit); raises TooLarge beyond `gitmem.core.bounds`."""
    found = _read(repo, commit, folder, *_RULING)
    outside = [path for path in found.texts if not path.startswith(folder + "/")]
    # A close makes this instruction file when there is none.
    if not {*_INSTRUCTIONS} & {*found.texts, *found.odd}:
        outside.append(_INSTRUCTIONS[0])
    # In the memory folder no file is odd for that reason: there a close is refused as a whole.
    return replace(found, odd={**found.odd, **trees.unshared(repo, commit, outside)})


def read_memory(repo: Repository, commit: str, folder: str) -> MemoryTree:
    """Return the same without rules and skills, for a command that only looks at the memory folder."""
    return _read(repo, commit, folder)


def _read(repo: Repository, commit: str, folder: str, *more: str) -> MemoryTree:
    below = (folder + "/", *more, SETTINGS)
    entries = objects.entries(repo, commit, *below, sized=True) if commit else []
    wanted = [entry for entry in entries if _concerns(entry.path, folder)]
    shared = [
        entry for entry in entries if entry.path == SETTINGS and entry.size <= SETTINGS_LONGEST
    ]
    odd = {entry.path: _ODD[entry.mode] for entry in wanted if entry.mode in _ODD}
    odd |= {entry.path: TOO_LARGE for entry in wanted if entry.size > GROUND_FILE}
    small = [entry for entry in wanted if entry.size <= GROUND_FILE]
    readable = [entry for entry in small if entry.mode in {_PLAIN, _LINK}]
    _refuse_too_much(folder, readable)
    contents = objects.blobs(repo, [entry.oid for entry in (*readable, *shared)])
    settings = contents.pop() if shared else b""
    texts: dict[str, str] = {}
    links: dict[str, str] = {}
    lines = 0
    for entry, content in zip(readable, contents, strict=True):
        number = content.count(b"\n")
        if number > FILE_LINES:
            odd[entry.path] = TOO_LARGE
            continue
        # Bodies are bounded by their bytes: a close reads few of them line by line.
        lines += 0 if is_details(entry.path, folder) else number
        if lines > GROUND_LINES:
            raise objects.TooLarge(f"{folder}/, with more than {GROUND_LINES:,} lines,", GROUND)
        try:
            found = texts if entry.mode == _PLAIN else links
            found[entry.path] = content.decode()
        except UnicodeDecodeError:
            odd[entry.path] = "it is not UTF-8 text"
    return MemoryTree(
        folder=folder,
        texts=texts,
        odd=odd,
        links=links,
        # Of the tree's own settings, so that every clone derives the same index.
        budget=budget_in(settings),
    )


def _refuse_too_much(folder: str, files: Sequence[Entry]) -> None:
    """Raise TooLarge for more than a close can build on; each single file is small enough."""
    if len(files) > GROUND_FILES:
        raise objects.TooLarge(
            f"{folder}/, with {len(files)} files beside the skills and rules,", 0
        )
    size = sum(entry.size for entry in files)
    if size > GROUND:
        raise objects.TooLarge(f"{folder}/, together with the skills and rules,", size)


def left_aside(ground: MemoryTree) -> list[str]:
    """Return sentences about files that are too large to build on."""
    large = [path for path, reason in ground.odd.items() if reason == TOO_LARGE]
    return [f"set aside, unread: {path}: {TOO_LARGE}" for path in sorted(large)]


def places(ground: MemoryTree) -> Places:
    """Return the places for lines in a tree."""
    rules = _rules(ground)
    skills = _skills({**ground.texts, **ground.odd})
    ruling = {
        path: ground.texts[path]
        for path in (*rules.values(), *skills.values(), *_scoped(ground))
        if path in ground.texts
    }
    return Places(
        folder=ground.folder,
        lines=existing_lines(ground),
        rule_lines=rule_lines(ground),
        fixed_lines=fixed_lines(ground),
        instructions=next(iter(rules.values()), _INSTRUCTIONS[0]),
        rules=rules,
        skills=skills,
        scoped={path: ground.texts.get(path, "") for path in _scoped(ground)},
        bodies=ruling,
        guards=guard_file.read_guards(ground.texts.get(guard.FILE, "")).guards,
        about={
            path: f"{name}: {front_value(ground.texts[path], 'description')}"
            for name, path in skills.items()
            if path in ground.texts
            and front_matter_lines(ground.texts[path]) != 0
            and not is_own(path)
        },
        topics=_described(ground),
    )


def _described(ground: MemoryTree) -> dict[str, str]:
    """Return what each topic file says it is about, of those with a description of their own."""
    names = [name for name in topic_names(ground.texts, ground.folder) if not is_catch_all(name)]
    texts = {name: ground.texts[f"{ground.folder}/{name}"] for name in names}
    told = {name: own_description(name.removesuffix(".md"), text) for name, text in texts.items()}
    return {f"{ground.folder}/{name}": about for name, about in told.items() if about}


def _scoped(ground: MemoryTree) -> list[str]:
    return sorted(
        path for path in {**ground.texts, **ground.odd} if path.startswith(path_rules.FOLDER)
    )


def _concerns(path: str, folder: str) -> bool:
    """Whether gitmem writes a file, or its index lists it."""
    if path.rpartition("/")[0] == folder and path.endswith(".md"):
        return True
    try:
        return writable(path, folder=folder) in RULING | {PathKind.DETAILS}
    except Refused:
        return False


def _rules(ground: MemoryTree) -> dict[str, str]:
    """Return each instruction file to the file that its rules go to: itself, or the target of its link.

    CLAUDE.md is preferred to AGENTS.md.
    """
    files = {}
    for name in _INSTRUCTIONS:
        link = ground.links.get(name, "").removeprefix("./").strip()
        if name in ground.texts or name in ground.odd:
            files[name] = link if link in _INSTRUCTIONS and link in ground.texts else name
    return files


def _skills(paths: Mapping[str, str]) -> dict[str, str]:
    return {
        path.removeprefix(folder).partition("/")[0]: path
        for folder in _SKILLS
        for path in paths
        if path.startswith(folder)
    }
