"""How gitmem's hooks are wired into a client: its settings files, trust, the gitmem that a hook finds."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.clients.abilities import Where, variables
from gitmem.core.failures import NeedsPerson
from gitmem.git import local
from gitmem.install.file_changes import LARGEST
from gitmem.memory.instructions import has_block
from gitmem.models.command import located
from gitmem.proof.finding import Finding, Mend, fail, ok, warn
from gitmem.proof.firing import executable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.clients.abilities import (
        ClientPlace,
        ClientState,
        Hook,
        Probe,
        SettingsFile,
        WiredFile,
        Wiring,
    )

# The client's timeouts are seconds, and nothing of gitmem's takes minutes: a larger number means
# milliseconds.
_LONGEST = 600
_OF_THE_REPOSITORY = (Where.PROJECT, Where.LOCAL)
_TRUST = "read that file; start the client there and tell it to trust the folder, if you do"
_INSTALL = "gitmem init, or gitmem doctor --fix"


def judge(
    sources: Sequence[SettingsFile],
    shipped: Sequence[Hook],
    allow: Sequence[str],
    *,
    once: bool = True,
    own_memory: bool = True,
) -> list[Finding]:
    """Return what is wrong or right about all files together.

    ``shipped`` are the hooks this version installs, ``allow`` the permission rules beside them.
    ``once``: the client runs an equal command of several files once; ``own_memory``: it has a memory
    of its own, which a settings file switches off.
    """
    readable = [source for source in sources if not source.problem]
    found = [_unreadable(source) for source in sources if source.problem]
    found += _switches(readable)
    found += _installed(readable, shipped)
    for source in readable:
        found += _differences(source, shipped)
    found += _twice(readable, once=once)
    if allow:
        found += _leave(readable, allow)
    if own_memory:
        found.append(_auto_memory(readable))
    return found


def tryable(
    sources: Sequence[SettingsFile], shipped: Sequence[Hook], *, trusted: bool
) -> tuple[list[SettingsFile], list[Finding]]:
    """Return the files as far as what they name may be started, and what was left out.

    A repository brings its own files, and a doctor must not run the code of a clone.
    Where the person has not told the client to trust the folder, only commands that this version
    ships are started from them, in the environment of the person's own.
    """
    known = {hook.command for hook in shipped}
    kept, found = [], []
    for source in sources:
        if trusted or source.where not in _OF_THE_REPOSITORY:
            kept.append(source)
            continue
        strange = [hook for hook in source.hooks if hook.command not in known]
        hooks = tuple(hook for hook in source.hooks if hook.command in known)
        kept.append(replace(source, hooks=hooks, variables=()))
        found += [
            fail(
                "not tried",
                f"{hook.event} in {source.path}: a command gitmem does not ship",
                _TRUST,
            )
            for hook in strange
        ]
        if source.variables:
            said = f"the variables that {source.path} sets for hooks are left out"
            found.append(warn("not tried", said, _TRUST))
    return kept, found


def _unreadable(source: SettingsFile) -> Finding:
    return fail(
        "settings",
        f"{source.path} {source.problem}",
        "mend it by hand: the client ignores it whole",
    )


def _switches(sources: Sequence[SettingsFile]) -> list[Finding]:
    found = []
    for source in sources:
        if source.off:
            whose = "your administrator set" if source.where is Where.MANAGED else "take out"
            found.append(
                fail(
                    "hooks off",
                    f"{source.path} switches every hook off",
                    f"{whose} the switch there; until it is gone no boundary is seen",
                )
            )
        if source.managed_only and not source.hooks:
            found.append(
                fail(
                    "hooks off",
                    f"{source.path} lets managed hooks run and no others",
                    "your administrator can add gitmem's hooks to the managed settings",
                )
            )
    return found


def _installed(sources: Sequence[SettingsFile], shipped: Sequence[Hook]) -> list[Finding]:
    """One finding for each event that gitmem needs; one for all when it has none."""
    if not any(source.hooks for source in sources):
        return [fail("hook", "none is installed for this folder", _INSTALL, mend=Mend.WIRING)]
    found = []
    there: dict[str, list[str]] = {}
    for event in dict.fromkeys(hook.event for hook in shipped):
        places = [source for source in sources if _at(source, event)]
        if places:
            names = ", ".join(f"{source.path} ({source.where})" for source in places)
            there.setdefault(names, []).append(event)
        else:
            found.append(
                fail("hook", f"{event} is in no settings file", _INSTALL, mend=Mend.WIRING)
            )
    together = [ok("hook", f"{', '.join(events)}: {names}") for names, events in there.items()]
    return [*together, *found]


def _differences(source: SettingsFile, shipped: Sequence[Hook]) -> list[Finding]:
    """Hooks of ours in a file that are not as this version ships them."""
    mend = Mend.WIRING if source.where is Where.PROJECT else None
    hint = _INSTALL if mend else f"edit {source.path} by hand"
    if source.where is Where.PLUGIN:
        hint = "update the plugin in the client: /plugin"
    found = []
    for hook in source.hooks:
        where = f"{hook.event} in {source.path}"
        peers = [other for other in shipped if other.event == hook.event]
        if not peers:
            found.append(warn("hook", f"{where}: gitmem has nothing to do there", hint, mend=mend))
        elif source.where is not Where.PLUGIN and hook.command not in {p.command for p in peers}:
            said = f"{where}: the command is not the one this version installs"
            found.append(warn("hook", said, hint, mend=mend))
        elif hook.matcher not in {p.matcher for p in peers}:
            said = f"{where}: the matcher {hook.matcher!r} is not the one this version installs"
            found.append(warn("hook", said, hint, mend=mend))
        if hook.timeout is not None and hook.timeout > _LONGEST:
            said = f"{where}: its timeout is {hook.timeout} seconds"
            found.append(warn("hook", said, "the client counts in seconds, not milliseconds"))
    return found


def _twice(sources: Sequence[SettingsFile], *, once: bool) -> list[Finding]:
    """Events that start gitmem more than once.

    Where the client runs an equal command of several files once (``once``), what is left are commands that
    differ, or a handler that stands twice; gitmem itself answers once when a plugin and a file start it.
    """
    found = [] if once else _in_several(sources)
    files = [source for source in sources if source.where is not Where.PLUGIN]
    commands: dict[tuple[str, str], set[str]] = {}
    for source in files:
        for hook in source.hooks:
            commands.setdefault((hook.event, hook.matcher), set()).add(hook.command)
    for (event, _), texts in commands.items():
        if once and len(texts) > 1:
            found.append(
                warn(
                    "hook twice",
                    f"{event} starts gitmem {len(texts)} times, with different commands",
                    "leave gitmem's hooks in one settings file",
                )
            )
    for source in files:
        counted = Counter((hook.event, hook.matcher) for hook in source.hooks)
        stale = [event for (event, _), number in counted.items() if number > 1]
        mend = Mend.WIRING if source.where is Where.PROJECT else None
        hint = _INSTALL if mend else f"edit {source.path} by hand"
        found += [
            warn("hook twice", f"{event} stands twice in {source.path}", hint, mend=mend)
            for event in stale
        ]
    plugins = [source for source in sources if source.where is Where.PLUGIN and source.hooks]
    if plugins and any(source.hooks for source in files):
        found.append(ok("plugin", "beside the settings file: gitmem answers each event once"))
    return found


def _in_several(sources: Sequence[SettingsFile]) -> list[Finding]:
    """Events that start gitmem from more than one file of a client that runs each of them."""
    files: dict[str, list[str]] = {}
    for source in sources:
        for event in dict.fromkeys(hook.event for hook in source.hooks):
            files.setdefault(event, []).append(source.path)
    doubled: dict[str, list[str]] = {}
    for event, paths in files.items():
        if len(paths) > 1:
            doubled.setdefault(" and ".join(paths), []).append(event)
    return [
        warn(
            "hook twice",
            f"{', '.join(events)} start gitmem from each of {paths}: the client runs them all",
            "leave gitmem's hooks in one of these files",
        )
        for paths, events in doubled.items()
    ]


def _leave(sources: Sequence[SettingsFile], allow: Sequence[str]) -> list[Finding]:
    given = {rule for source in sources for rule in source.allow}
    absent = [rule for rule in allow if rule not in given]
    if not absent:
        return [ok("permissions", "the agent may run gitmem flag and snag without asking")]
    return [
        warn(
            "permissions",
            f"the client asks each time before it runs: {', '.join(absent)}",
            _INSTALL,
            mend=Mend.WIRING,
        )
    ]


def _auto_memory(sources: Sequence[SettingsFile]) -> Finding:
    heard = [source for source in sources if source.auto_memory is not None]
    if heard and heard[-1].auto_memory is False:
        return ok("auto memory", f"the client's own is off ({heard[-1].path})")
    return ok("auto memory", "the client's own is on, beside gitmem; gitmem init --no-auto-memory")


def _at(source: SettingsFile, event: str) -> bool:
    return any(hook.event == event for hook in source.hooks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewpoint:
    """Where a doctor stands.

    ``place`` is where a client is looked at, ``running`` the program that runs now;
    ``inside`` says that the environment is the client's own, because this runs inside it.
    """

    place: ClientPlace
    running: Path
    inside: bool


def look(here: Viewpoint, seen: ClientState, wiring: Wiring, probe: Probe) -> list[Finding]:
    """Return all findings about a client; ``wiring`` is what this version installs."""
    findings = _program(here, seen.files)
    findings += judge(
        seen.files,
        wiring.hooks,
        wiring.allow,
        once=probe.once,
        own_memory=wiring.own_memory is not None,
    )
    findings += _other_files(here.place.top, wiring, seen.files)
    findings += _flaws(here.place.top, wiring, seen.files)
    findings += _trust(here, seen, probe.untrusted)
    findings += _instructions(here.place.top, wiring, probe.reads)
    return findings + _folder(here, seen.files, wiring)


def ask(here: Viewpoint, probe: Probe) -> list[Finding]:
    """Return what the client's own program says; it is started, bounded, without the person's credentials."""
    path = here.place.environ.get("PATH", "")
    told = probe.ask(here.place, located(probe.program, path) or "")
    return [
        warn(one.check, one.what, one.hint) if one.hint else ok(one.check, one.what) for one in told
    ]


def _other_files(top: Path, wiring: Wiring, seen: Sequence[SettingsFile]) -> list[Finding]:
    """The files beside those with hooks: whether they are as this version writes them."""
    hooked = {source.path for source in seen if source.hooks or source.problem}
    others = [file for file in wiring.files if file.path not in hooked and not file.below]
    stale = [file.path for file in others if not _is_current(top / file.path, file)]
    if stale:
        said = f"{', '.join(stale)} is not as this version writes it"
        return [warn("file", said, _INSTALL, mend=Mend.WIRING)]
    names = ", ".join(file.path for file in others)
    return [ok("file", f"{names}: as this version writes it")] if others else []


def _flaws(top: Path, wiring: Wiring, seen: Sequence[SettingsFile]) -> list[Finding]:
    """What keeps gitmem's part of a file from working, where it is not told as a switch or a broken file."""
    told = {source.path for source in seen if source.off or source.problem}
    found = []
    for file in wiring.files:
        text = local.read_plain(str(top / file.path), LARGEST).decode("utf-8", "replace")
        if text and file.path not in told:
            with suppress(NeedsPerson):
                found += [warn("file", flaw) for flaw in [file.flaw(text)] if flaw]
    return found


def _instructions(top: Path, wiring: Wiring, reads: Sequence[str]) -> list[Finding]:
    """Whether the memory is announced in the file that the client reads, and whether in two of them."""
    name, notes = wiring.instructions(lambda name: (top / name).exists(), partial(_text, top))
    found = [warn("instructions", note) for note in notes]
    if not has_block(_text(top, name)):
        said = f"{name}, which the client reads, does not announce the memory"
        return [*found, warn("instructions", said, _INSTALL, mend=Mend.WIRING)]
    announced = [one for one in reads if has_block(_text(top, one))]
    if len(announced) > 1:
        said = f"the client reads {' and '.join(announced)}: the memory is announced twice"
        return [*found, ok("instructions", said)]
    return [*found, ok("instructions", f"{name} announces the memory")]


def _text(top: Path, name: str) -> str:
    """The text of an instruction file; empty where there is none, or a link leads out of the work tree."""
    path = (top / name).resolve()
    if not path.is_relative_to(top.resolve()):
        return ""
    return local.read_plain(str(path), LARGEST).decode("utf-8", "replace")


def _program(here: Viewpoint, files: Sequence[SettingsFile]) -> list[Finding]:
    """The gitmem on the PATH that hooks get: a settings file's, else the one the client inherits."""
    own = variables(files).get("PATH")
    path = own if own is not None else here.place.environ.get("PATH", "")
    whose = "the PATH a settings file sets" if own is not None else "this terminal's PATH"
    if own is None and here.inside:
        whose = "the client's own PATH"
    program = executable(path)
    if not program:
        said = f"there is no gitmem on {whose}: hooks do nothing"
        return [fail("gitmem", said, "uv tool install gitmem-cli, or pipx install gitmem-cli")]
    real = Path(program).resolve()
    if real != here.running.resolve() and real.parent != here.running.resolve().parent:
        said = f"hooks start another gitmem: {program}; this is {here.running}"
        return [warn("gitmem", said, "two versions may be installed: `type -a gitmem` lists them")]
    active = here.place.environ.get("VIRTUAL_ENV", "")
    if active and not here.inside and real.is_relative_to(Path(active).resolve()):
        said = f"{program} is on PATH through the virtual environment that is active here"
        return [
            warn(
                "gitmem", said, "a client started elsewhere finds none: uv tool install gitmem-cli"
            )
        ]
    return [ok("gitmem", f"{program}, on {whose}")]


def _trust(here: Viewpoint, seen: ClientState, untrusted: str) -> list[Finding]:
    if seen.trusted:
        return [ok("trust", "the client trusts this folder")]
    if seen.trusted is None:
        return [ok("trust", "this person has not used the client yet; it asks at its first start")]
    return [
        warn(
            "trust",
            f"the client does not trust {here.place.start} yet",
            f"start the client there once and say yes; until then {untrusted}",
        )
    ]


def _folder(here: Viewpoint, files: Sequence[SettingsFile], wiring: Wiring) -> list[Finding]:
    """A session that starts below the top sees the settings of its own folder only."""
    start, top = here.place.start, here.place.top
    below = any(file.below for file in wiring.files)
    if start == top or not below or any(file.hooks for file in files):
        return []
    inside = start.relative_to(top) if start.is_relative_to(top) else start
    return [
        warn(
            "folder",
            f"a session that starts in {inside} does not see the settings at the top",
            "gitmem init in that folder wires it too",
        )
    ]


def _is_current(path: Path, file: WiredFile) -> bool:
    text = local.read_plain(str(path), LARGEST).decode("utf-8", "replace")
    try:
        return bool(text) and file.wire(text) == text
    except NeedsPerson:
        return False
