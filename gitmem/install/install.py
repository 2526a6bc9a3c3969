"""What `gitmem init` writes and `gitmem uninstall` takes out, planned as file changes.

Only wiring: shared settings, the managed block in the instruction file, the client's hooks, and
gitmem's own skill. The first close makes the memory. The plan is a value; `gitmem.install.file_changes` shows and writes it.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from gitmem.clients.claude_code import auto_memory
from gitmem.clients.claude_code import settings as claude_settings
from gitmem.core.errors import Refused
from gitmem.install.file_changes import LARGEST, FileChange, change_text, read_text, real_path
from gitmem.install.own_skill import skill_changes, without_skill
from gitmem.install.shipped_files import Host, ShippedCi, ci_changes, without_ci
from gitmem.memory import guard, instructions
from gitmem.memory import path_rules as scoped
from gitmem.memory.skills import SKILL

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from gitmem.install.found import Found

CONFIG = ".gitmem/config.yaml"
ATTRIBUTES = ".gitmem/.gitattributes"
SETTINGS = claude_settings.NAME
LOCAL = auto_memory.LOCAL
CLAUDE, AGENTS = "CLAUDE.md", "AGENTS.md"
# What the agent may run without asking, each time: the two commands that capture.
ALLOW = ("Bash(gitmem flag *)", "Bash(gitmem snag *)")
# An import in an instruction file, `@AGENTS.md` or `@./AGENTS.md`.
_IMPORTS_AGENTS = re.compile(r"(?<![\w`])@(?:\./)?AGENTS\.md\b")

_SWITCHED_OFF = (
    "your CLAUDE.local.md keeps Claude Code from reading AGENTS.md, where the memory is announced: "
    "put the line @AGENTS.md into it"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """Texts to install: the hooks file, the finished settings file, the attributes of records.

    ``skill`` is gitmem's own skill, ``skills`` the digests of every version of it ever shipped;
    ``ci`` is what runs the check.
    """

    hooks: str
    config: str
    gitattributes: str
    skill: str
    skills: frozenset[str]
    ci: ShippedCi = field(default_factory=ShippedCi)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallPlan:
    """The changes (none when everything is as it should be) and sentences for the person.

    ``alone`` are the files of the wiring that git ignores.
    """

    changes: tuple[FileChange, ...]
    notes: tuple[str, ...]
    alone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants beside the wiring at the top.

    ``starts`` are folders below the top, relative to it, that sessions start in: the client reads
    shared settings only there. ``auto_memory`` switches the client's own memory on or off for this
    person and repository; None leaves it as it is. ``ci`` is whose CI shall run the check; None
    leaves that as it is, too.
    """

    starts: tuple[str, ...] = ()
    auto_memory: bool | None = None
    ci: Host | None = None


def plan_install(
    root: Path,
    *,
    shipped: Shipped,
    folder: str,
    ignored: Callable[[str], bool],
    wish: Wish | None = None,
    links: Mapping[str, str] | None = None,
) -> InstallPlan:
    """What wiring Claude Code into the work tree at ``root`` changes.

    ``folder`` is the memory folder; ``ignored`` says whether git ignores a path relative to the
    root; ``links`` are the instruction files that are links to git but ordinary files here, with what
    each names. Raises Refused when a symlink leads out of the work tree, or git ignores a place that a
    close must commit; NeedsPerson when a file to be changed is not in order.
    """
    _refuse_ignored(folder, ignored)
    path, notes = _instruction_file(root, links or {})
    text = read_text(root, path)
    block = instructions.with_block(
        text, folder=folder, kind="agents" if path == AGENTS else "claude"
    )
    changes = (
        _change(root, CONFIG, lambda _: shipped.config, follow=False),
        _change(
            root, ATTRIBUTES, lambda now: _with_lines(now, shipped.gitattributes), follow=False
        ),
        change_text(path, text, block),
        _change(root, SETTINGS, lambda now: _wired(now, shipped.hooks)),
    )
    more = _wished(root, shipped, wish or Wish())
    own, said = skill_changes(root, shipped.skill, shipped.skills)
    notes += _notes_on_places(root, path, folder)
    checks, told = ci_changes(root, wish.ci, shipped.ci) if wish and wish.ci else ([], [])
    every = [*changes, *more, *own, *checks]
    places = dict.fromkeys([path, *[change.path for change in every], SKILL])
    alone = tuple(place for place in places if place != LOCAL and ignored(place))
    notes += _notes_on_sharing(alone)
    return InstallPlan(changes=_effective(every), notes=(*notes, *said, *told), alone=alone)


def _wished(root: Path, shipped: Shipped, wish: Wish) -> list[FileChange]:
    changes = [
        _change(root, f"{start}/{SETTINGS}", lambda now: _wired(now, shipped.hooks))
        for start in wish.starts
    ]
    if wish.auto_memory is False:
        changes.append(_change(root, LOCAL, auto_memory.switch_off))
    elif wish.auto_memory:
        changes.append(_change(root, LOCAL, partial(_undone, auto_memory.switch_on)))
    return changes


def plan_uninstall(
    root: Path,
    *,
    attributes: str,
    skills: Collection[str],
    ci: Collection[str] = (),
    starts: Collection[str] = (),
    found: Mapping[str, Found] | None = None,
) -> InstallPlan:
    """What taking the wiring out changes; memory and drain records stay.

    ``skills`` and ``ci`` are the digests of what was ever shipped, ``starts`` the folders below the
    top that were wired too, ``found`` is what init found here, by path. A file behind a symlink that
    init would refuse is left alone, and a note says so. Raises
    NeedsPerson when a file to be changed is not in order.
    """
    notes: list[str] = []
    steps: list[tuple[str, Callable[[str], str | None]]] = [
        (CONFIG, lambda _: None),
        (CLAUDE, _without_block),
        (AGENTS, _without_block),
        (SETTINGS, lambda now: claude_settings.remove(now, ALLOW)),
        (SKILL, lambda now: without_skill(now, skills)),
    ]
    steps += [(f"{start}/{SETTINGS}", steps[3][1]) for start in starts]
    if LOCAL in (found or {}):
        steps.append((LOCAL, auto_memory.switch_on))
    if not (root / ".gitmem/drains").is_dir():
        steps.append((ATTRIBUTES, lambda now: _without_lines(now, attributes)))
    changes: dict[str, FileChange] = {}
    for path, undo in steps:
        try:
            change = _change(root, path, partial(_undone, undo))
        except Refused as refused:
            notes.append(f"left alone: {refused.message}")
        else:
            known = (found or {}).get(change.path)
            changes[change.path] = known.gives_back(change) if known else change
    notes += [
        f"the rules in the block of {change.path} went with it; they stay in the history"
        for change in changes.values()
        if change.before and _has_rules(change.before.decode("utf-8", "replace"))
    ]
    checks, said = without_ci(root, ci)
    notes += [*said, *_notes_on_rest(root)]
    return InstallPlan(changes=_effective([*changes.values(), *checks]), notes=tuple(notes))


def _notes_on_rest(root: Path) -> list[str]:
    """What stays besides memory and records, because it was learned here, and whether it still acts."""
    notes = []
    ruled = [
        path.name
        for path in sorted((root / scoped.FOLDER).glob(f"{scoped.PREFIX}*.md"))
        if path.is_file() and scoped.paths_of(_beginning(path)) is not None
    ]
    if ruled:
        notes.append(
            f"rules for paths stay, and the client goes on reading them: {', '.join(ruled)} in "
            f"{scoped.FOLDER}; what was learned into skills stays there, too"
        )
    if (root / guard.FILE).is_file():
        notes.append(f"{guard.FILE} stays; without the hooks no guard is said")
    return notes


def _beginning(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(LARGEST).decode("utf-8", "replace")


def _has_rules(text: str) -> bool:
    return instructions.has_block(text) and bool(instructions.rules(text))


def _change(
    root: Path, path: str, edit: Callable[[str | None], str | None], *, follow: bool = True
) -> FileChange:
    real = real_path(root, path, follow=follow)
    text = read_text(root, real)
    return change_text(real, text, edit(text))


def _undone(undo: Callable[[str], str | None], text: str | None) -> str | None:
    return None if text is None else undo(text)


def _effective(changes: Iterable[FileChange]) -> tuple[FileChange, ...]:
    return tuple(change for change in changes if change.before != change.after)


def _wired(settings: str | None, hooks: str) -> str:
    return claude_settings.merge(settings, claude_settings.parse_hooks(hooks), ALLOW)


def _without_block(text: str) -> str | None:
    if not instructions.has_block(text):
        return text
    return instructions.without_block(text) or None


def _instruction_file(root: Path, links: Mapping[str, str]) -> tuple[str, list[str]]:
    """The file that gets the managed block, and what to say about the choice.

    Claude Code 2.1 reads AGENTS.md only where no CLAUDE.md, .claude/CLAUDE.md or CLAUDE.local.md
    is beside it, so a new CLAUDE.md would switch it off. CLAUDE.local.md is a person's own.
    """
    claude = real_path(root, posixpath.normpath(links.get(CLAUDE, CLAUDE)))
    agents = (root / AGENTS).exists()
    if (root / claude).exists():
        imports = _IMPORTS_AGENTS.search(read_text(root, claude) or "")
        if agents and imports and instructions.has_block(_agents_text(root)):
            return real_path(root, AGENTS), []
        return claude, []
    if not agents or (root / ".claude/CLAUDE.md").exists():
        return claude, []
    if AGENTS in links:
        return real_path(root, posixpath.normpath(links[AGENTS])), []
    return real_path(root, AGENTS), [_SWITCHED_OFF] if (root / "CLAUDE.local.md").exists() else []


def _agents_text(root: Path) -> str:
    return read_text(root, real_path(root, AGENTS)) or ""


def _refuse_ignored(folder: str, ignored: Callable[[str], bool]) -> None:
    for path in (CONFIG, ".gitmem/drains/record.jsonl", f"{folder}/MEMORY.md"):
        if ignored(path):
            raise Refused(
                f"git ignores {path}, and what a close makes there could never be committed",
                hint="`git check-ignore -v` with that path names the rule",
            )


def _notes_on_sharing(alone: Sequence[str]) -> list[str]:
    if not alone:
        return []
    return [f"{shared_by_nobody(alone)}; {how_to_share(alone)}"]


def shared_by_nobody(alone: Sequence[str]) -> str:
    """What it means that git ignores files of the wiring."""
    what = "the hooks" if any(path.endswith(SETTINGS) for path in alone) else "what is in it"
    return (
        f"git ignores {', '.join(alone)}: nobody else gets {what}, and neither does a linked work tree "
        "or a new clone of yours"
    )


def how_to_share(alone: Sequence[str]) -> str:
    """The command by which git takes them all the same; it does not ignore what it tracks."""
    return f"to share: git add --force {' '.join(alone)}, and commit"


def _notes_on_places(root: Path, path: str, folder: str) -> list[str]:
    notes = []
    if path not in (CLAUDE, AGENTS):
        notes.append(
            f"{CLAUDE} is a symlink to {path}: memory is announced there, but a close writes rules "
            f"only into a {CLAUDE} or {AGENTS} that is a file itself"
        )
    memory = root / folder
    if memory.is_dir() and not (memory / "MEMORY.md").exists() and any(memory.iterdir()):
        notes.append(
            f"{folder}/ holds other files already; for a folder of its own set `memory:` in {CONFIG} "
            "before the first close"
        )
    settings = read_text(root, real_path(root, SETTINGS))
    if settings and settings.strip("\ufeff \t\r\n") and claude_settings.hooks_are_off(settings):
        notes.append(f"{SETTINGS} has disableAllHooks set: no hook runs until that is taken out")
    return notes


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
