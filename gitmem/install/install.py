"""What `gitmem init` writes and `gitmem uninstall` takes out, planned as file changes.

Only wiring: shared settings, the managed block in the instruction file, the client's hooks, and
gitmem's own skill. The first close makes the memory. The plan is a value; `gitmem.install.file_changes` shows and writes it.
"""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal

from gitmem.core.errors import Refused
from gitmem.git import local
from gitmem.install.file_changes import (
    LARGEST,
    FileChange,
    change_text,
    effective,
    read_text,
    real_path,
    undone,
)
from gitmem.install.shipped_files import (
    Host,
    ShippedCi,
    ci_changes,
    skill_changes,
    without_ci,
    without_skill,
)
from gitmem.memory import guard, instructions, path_rules
from gitmem.memory.skills import skill_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from gitmem.clients.abilities import Choice, WiredFile, Wiring
    from gitmem.git.repository import Repository
    from gitmem.install.ci_source import Source
    from gitmem.install.undo import FileBefore

    #: Makes a file's text of the one that it has; None is "no file".
    Edit = Callable[[str | None], str | None]

CONFIG = ".gitmem/config.yaml"
ATTRIBUTES = ".gitmem/.gitattributes"
CLAUDE, AGENTS = "CLAUDE.md", "AGENTS.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """What to install: the wiring of each client, the finished settings file, the attributes of records.

    ``skill`` is gitmem's own skill, ``skills`` the digests of every version of it ever shipped;
    ``ci`` is what runs the check. ``servers`` are the files of the MCP hosts that get an entry.
    """

    wirings: tuple[Wiring, ...]
    config: str
    gitattributes: str
    skill: str
    skills: frozenset[str]
    ci: ShippedCi = field(default_factory=ShippedCi)
    servers: tuple[WiredFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallPlan:
    """The changes (none when everything is as it should be) and sentences for the person.

    ``alone`` are the files of the wiring that git ignores, ``switches`` what switches a client's own
    memory in a file.
    """

    changes: tuple[FileChange, ...]
    notes: tuple[str, ...]
    alone: tuple[str, ...] = ()
    switches: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallOptions:
    """What a person wants beside the wiring at the top.

    ``starts`` are folders below the top, relative to it, that sessions start in: the client reads
    shared settings only there. ``auto_memory`` switches the client's own memory on or off for this
    person and repository, ``status_line`` gitmem's line below the client's prompt; None leaves them as
    they are. ``ci`` is whose CI runs the check; None leaves that as it is, too. ``ci_source`` is
    where that CI gets gitmem.
    """

    starts: tuple[str, ...] = ()
    auto_memory: bool | None = None
    status_line: bool | None = None
    ci: Host | None = None
    ci_source: Source | None = None


def plan_install(
    root: Path,
    *,
    shipped: Shipped,
    folder: str,
    ignored: Callable[[str], bool],
    options: InstallOptions | None = None,
    links: Mapping[str, str] | None = None,
) -> InstallPlan:
    """Return what wiring the clients into the work tree at ``root`` changes.

    ``folder`` is the memory folder; ``ignored`` says whether git ignores a path relative to the
    root; ``links`` are the instruction files that are links to git but ordinary files here, with what
    each names. Raises Refused when a symlink leads out of the work tree, or git ignores a place that a
    close must commit; NeedsPerson when a file to be changed is not in order.
    """
    _refuse_ignored(folder, ignored)
    paths, notes = _instruction_files(root, shipped.wirings, links or {})
    options = options or InstallOptions()
    every = [
        _change(root, CONFIG, lambda _: shipped.config, follow=False),
        _change(
            root, ATTRIBUTES, lambda now: _with_lines(now, shipped.gitattributes), follow=False
        ),
        *[_announced(root, path, folder) for path in paths],
        *_wired(root, shipped, options),
    ]
    own, said = skill_changes(root, _skill_folders(shipped.wirings), shipped.skill, shipped.skills)
    notes += _notes_on_places(root, paths, folder, shipped.wirings)
    checks, told = (
        ci_changes(root, options.ci, shipped.ci, options.ci_source) if options.ci else ([], [])
    )
    every += [*own, *checks]
    skills = [skill_in(folder) for folder in _skill_folders(shipped.wirings)]
    places = dict.fromkeys([*paths, *[change.path for change in every], *skills])
    switches = [file for wiring in shipped.wirings for file in wiring.switches]
    personal = {file.path for file in switches}
    alone = tuple(place for place in places if place not in personal and ignored(place))
    notes += _notes_on_sharing(alone, shipped.wirings)
    changes = effective(every)
    switched = {change.path for change in changes} & personal
    return InstallPlan(
        changes=changes,
        notes=(*notes, *said, *told),
        alone=alone,
        switches=tuple(file.mark for file in switches if file.path in switched),
    )


def _skill_folders(wirings: Iterable[Wiring]) -> list[str]:
    return list(dict.fromkeys(wiring.skills for wiring in wirings))


def _announced(root: Path, path: str, folder: str) -> FileChange:
    text = read_text(root, path)
    kind: Literal["agents", "claude"] = "agents" if path == AGENTS else "claude"
    return change_text(path, text, instructions.with_block(text, folder=folder, kind=kind))


def _wired(root: Path, shipped: Shipped, options: InstallOptions) -> list[FileChange]:
    """The clients' own files: at the top, in the folders below it, and a person's; and the hosts'.

    Several of them may be one file.
    """
    files = [file for wiring in shipped.wirings for file in wiring.files]
    edits: list[tuple[str, Edit]] = [(file.path, file.wire) for file in files]
    edits += [
        (f"{start}/{file.path}", file.wire)
        for file in files
        if file.below
        for start in options.starts
    ]
    memory_off = None if options.auto_memory is None else not options.auto_memory
    for wiring in shipped.wirings:
        for file, on in (
            (wiring.own_memory, memory_off),
            (wiring.status_line, options.status_line),
        ):
            if file and on is not None:
                edits.append((file.path, file.wire if on else partial(undone, file.unwire)))
    edits += [(file.path, file.wire) for file in shipped.servers]
    changes: dict[str, FileChange] = {}
    for path, edit in edits:
        _edit(root, path, edit, changes)
    return list(changes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class UninstallRequest:
    """What an uninstall looks for.

    ``wirings`` are those of every client, ``servers`` the files of every MCP host, ``attributes`` the lines
    of drain records, ``skills`` and ``ci`` the digests of what was ever shipped, ``starts`` the folders
    below the top that were wired too, ``found`` is what init found here, by path.
    """

    wirings: Collection[Wiring]
    attributes: str
    skills: Collection[str]
    ci: Collection[str] = ()
    starts: Collection[str] = ()
    found: Mapping[str, FileBefore] = field(default_factory=dict)
    servers: Collection[WiredFile] = ()


def plan_uninstall(root: Path, request: UninstallRequest) -> InstallPlan:
    """Return what taking the wiring out changes; memory and drain records stay.

    A file behind a symlink that init would refuse is left alone, and a note says so. Raises
    NeedsPerson when a file to be changed is not in order.
    """
    notes: list[str] = []
    steps: list[tuple[str, Callable[[str], str | None]]] = [
        (CONFIG, lambda _: None),
        (CLAUDE, _without_block),
        (AGENTS, _without_block),
    ]
    files = [file for wiring in request.wirings for file in wiring.files]
    steps += [(file.path, file.unwire) for file in (*files, *request.servers)]
    steps += [
        (skill_in(folder), lambda now: without_skill(now, request.skills))
        for folder in _skill_folders(request.wirings)
    ]
    steps += [(f"{start}/{file.path}", file.unwire) for file in files for start in request.starts]
    switches = [file for wiring in request.wirings for file in wiring.switches]
    steps += [(file.path, file.unwire) for file in switches if file.path in request.found]
    if not (root / ".gitmem/drains").is_dir():
        steps.append((ATTRIBUTES, lambda now: _without_lines(now, request.attributes)))
    changes: dict[str, FileChange] = {}
    for path, undo in steps:
        try:
            _edit(root, path, partial(undone, undo), changes)
        except Refused as refused:
            notes.append(f"left alone: {refused.message}")
    for path, known in request.found.items():
        if path in changes:
            changes[path] = known.gives_back(changes[path])
    notes += [
        f"the rules in the block of {change.path} went with it; they stay in the history"
        for change in changes.values()
        if change.before and _has_rules(change.before.decode("utf-8", "replace"))
    ]
    checks, said = without_ci(root, request.ci)
    notes += [*said, *_notes_on_rest(root)]
    return InstallPlan(changes=effective([*changes.values(), *checks]), notes=tuple(notes))


def _notes_on_rest(root: Path) -> list[str]:
    """What stays beside memory and records because it was learned here, and whether it still acts."""
    notes = []
    ruled = [
        path.name
        for path in sorted((root / path_rules.FOLDER).glob(f"{path_rules.PREFIX}*.md"))
        if path.is_file() and path_rules.paths_of(_beginning(path)) is not None
    ]
    if ruled:
        notes.append(
            f"rules for paths stay, and the client goes on reading them: {', '.join(ruled)} in "
            f"{path_rules.FOLDER}; what was learned into skills stays there, too"
        )
    if (root / guard.FILE).is_file():
        notes.append(f"{guard.FILE} stays; without the hooks no guard is said")
    return notes


def _beginning(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(LARGEST).decode("utf-8", "replace")


def _has_rules(text: str) -> bool:
    return instructions.has_block(text) and bool(instructions.rules(text))


def _change(root: Path, path: str, edit: Edit, *, follow: bool = True) -> FileChange:
    real = real_path(root, path, follow=follow)
    text = read_text(root, real)
    return change_text(real, text, edit(text))


def _edit(root: Path, path: str, edit: Edit, changes: dict[str, FileChange]) -> None:
    """Add the edit of a file to the changes, after those that the same file has already."""
    real = real_path(root, path)
    earlier = changes.get(real)
    if earlier is None:
        changes[real] = _change(root, path, edit)
        return
    now = None if earlier.after is None else earlier.after.decode()
    after = change_text(real, now, edit(now)).after
    changes[real] = FileChange(path=real, before=earlier.before, after=after)


def _without_block(text: str) -> str | None:
    if not instructions.has_block(text):
        return text
    return instructions.without_block(text) or None


def _instruction_files(
    root: Path, wirings: Iterable[Wiring], links: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """The files that get the managed block, one for each client, and what to say about the choice."""

    def real(path: str) -> str:
        return real_path(root, posixpath.normpath(links.get(path, path)))

    def exists(path: str) -> bool:
        # A link to a file that is not there is refused where a client reads it.
        return (root / (real(path) if path == CLAUDE else path)).exists()

    def text(path: str) -> str:
        return read_text(root, real(path)) or ""

    chosen = _chosen([wiring.instructions for wiring in wirings], exists, text)
    paths = dict.fromkeys(real(path) for path, _ in chosen)
    return list(paths), [note for _, notes in chosen for note in notes]


def _chosen(
    choices: Sequence[Choice], exists: Callable[[str], bool], text: Callable[[str], str]
) -> list[tuple[str, Sequence[str]]]:
    """What each client chooses, where a file that another one needs is there already.

    So AGENTS.md is the only one where a repository has neither and one client reads no other.
    """
    first = [choose(exists, text)[0] for choose in choices]
    found = []
    for at, choose in enumerate(choices):
        others = {path for number, path in enumerate(first) if number != at}
        found.append(choose(partial(_is_there, others, exists), text))
    return found


def _is_there(made: Collection[str], exists: Callable[[str], bool], path: str) -> bool:
    return path in made or exists(path)


def _refuse_ignored(folder: str, ignored: Callable[[str], bool]) -> None:
    for path in (CONFIG, ".gitmem/drains/record.jsonl", f"{folder}/MEMORY.md"):
        if ignored(path):
            raise Refused(
                f"git ignores {path}, and what a close makes there could never be committed",
                hint="`git check-ignore -v` with that path names the rule",
            )


def _notes_on_sharing(alone: Sequence[str], wirings: Iterable[Wiring]) -> list[str]:
    if not alone:
        return []
    return [f"{not_shared(alone, hook_files(wirings))}; {how_to_share(alone)}"]


def hook_files(wirings: Iterable[Wiring]) -> tuple[str, ...]:
    """Return the paths of the clients' files that hold gitmem's hooks."""
    return tuple(file.path for wiring in wirings for file in wiring.files)


def not_shared(alone: Sequence[str], hooks: tuple[str, ...]) -> str:
    """Say what it means that git ignores files of the wiring; ``hooks`` are those with hooks."""
    what = "the hooks" if any(path.endswith(hooks) for path in alone) else "what is in it"
    return (
        f"git ignores {', '.join(alone)}: others do not get {what}, nor does a linked work tree or a "
        "new clone of yours"
    )


def how_to_share(alone: Sequence[str]) -> str:
    """Return the command by which git takes them; it does not ignore what it tracks."""
    return f"to share: git add --force {' '.join(alone)}, and commit"


def _notes_on_places(
    root: Path, paths: Iterable[str], folder: str, wirings: Iterable[Wiring]
) -> list[str]:
    notes = [
        f"{CLAUDE} is a symlink to {path}: memory is announced there, but a close writes rules "
        f"only into a {CLAUDE} or {AGENTS} that is a file itself"
        for path in paths
        if path not in (CLAUDE, AGENTS)
    ]
    memory = root / folder
    if memory.is_dir() and not (memory / "MEMORY.md").exists() and any(memory.iterdir()):
        notes.append(
            f"{folder}/ holds other files already; for a folder of its own set `memory:` in {CONFIG} "
            "before the first close"
        )
    files = [file for wiring in wirings for file in wiring.files]
    flaws = [file.flaw(read_text(root, real_path(root, file.path)) or "") for file in files]
    return [*notes, *[flaw for flaw in flaws if flaw]]


def _with_lines(text: str | None, lines: str) -> str:
    """The text with each of the lines in it; new ones at its end."""
    there = set((text or "").splitlines())
    absent = [line for line in lines.splitlines() if line not in there]
    if not absent:
        return text or ""
    start = text or ""
    if start and not start.endswith("\n"):
        start += "\n"
    return start + "\n".join(absent) + "\n"


def _without_lines(text: str, lines: str) -> str | None:
    ours = set(lines.splitlines())
    kept = [line for line in text.splitlines(keepends=True) if line.rstrip("\r\n") not in ours]
    return "".join(kept) or None


def wired_folders(repo: Repository, here: str, wirings: Iterable[Wiring]) -> list[str]:
    """Return the folders below the top with a client's file that holds gitmem's hooks, sorted.

    Relative to the top. Found among what git tracks or would track, and in ``here`` (absolute), also
    where git ignores it.
    """
    folders: set[str] = set()
    inside = below(repo, here)
    for file in [file for wiring in wirings for file in wiring.files if file.below]:
        listed = repo.git(
            *("ls-files", "-z", "--cached", "--others", "--exclude-standard"),
            "--",
            f"*/{file.path}",
        ).out
        paths = {os.fsdecode(name) for name in listed.split(b"\0") if name}
        paths |= {f"{inside}/{file.path}"} if inside else set()
        folders |= {
            path.removesuffix(f"/{file.path}")
            for path in paths
            if file.mark in local.read_plain(f"{repo.top}/{path}", LARGEST)
        }
    return sorted(folders)


def below(repo: Repository, folder: str) -> str:
    """Return a folder relative to the top; empty for the top itself and for one that is not below it."""
    top, real = os.path.realpath(repo.top), os.path.realpath(folder)
    return os.path.relpath(real, top) if real.startswith(top + "/") else ""
